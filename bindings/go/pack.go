package rr

// A command's arguments in one buffer, as they cross to C. A packed belongs to one goroutine; C reads it during a call
// only.

// #include <stddef.h>
import "C"

import (
	"encoding"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"
)

type packed struct {
	bytes   []byte
	lengths []C.size_t
}

// What grew beyond this is not kept for the next command.
const keepPacked = 64 << 10

var packedPool = sync.Pool{New: func() any {
	return &packed{bytes: make([]byte, 0, 256), lengths: make([]C.size_t, 0, 16)}
}}

func getPacked() *packed {
	return packedPool.Get().(*packed)
}

func putPacked(p *packed) {
	if cap(p.bytes) > keepPacked || cap(p.lengths) > keepPacked/8 {
		return
	}
	p.bytes, p.lengths = p.bytes[:0], p.lengths[:0]
	packedPool.Put(p)
}

// packArgs packs the arguments of a command, its name first. The result goes back by putPacked.
func packArgs(args []any) (*packed, error) {
	p := getPacked()
	for i, arg := range args {
		if err := p.append(arg); err != nil {
			putPacked(p)
			return nil, usageError("argument %d%s: %v", i, nameOf(args), err)
		}
	}
	if len(args) == 0 {
		putPacked(p)
		return nil, usageError("a command without a name")
	}
	return p, nil
}

func nameOf(args []any) string {
	if name, ok := args[0].(string); ok {
		return " of " + name
	}
	return ""
}

// pointers gives what C wants. The buffer is not moved or changed while C reads it.
func (p *packed) pointers() (argc C.size_t, bytes unsafe.Pointer, lengths *C.size_t) {
	return C.size_t(len(p.lengths)), unsafe.Pointer(unsafe.SliceData(p.bytes)), unsafe.SliceData(p.lengths)
}

func (p *packed) close(before int) {
	p.lengths = append(p.lengths, C.size_t(len(p.bytes)-before))
}

func (p *packed) appendString(s string) {
	p.bytes = append(p.bytes, s...)
	p.lengths = append(p.lengths, C.size_t(len(s)))
}

func (p *packed) appendBytes(b []byte) {
	p.bytes = append(p.bytes, b...)
	p.lengths = append(p.lengths, C.size_t(len(b)))
}

func (p *packed) appendInt(n int64) {
	before := len(p.bytes)
	p.bytes = strconv.AppendInt(p.bytes, n, 10)
	p.close(before)
}

func (p *packed) appendUint(n uint64) {
	before := len(p.bytes)
	p.bytes = strconv.AppendUint(p.bytes, n, 10)
	p.close(before)
}

// appendFloat writes the shortest text that gives the same number back, in the server's spelling of infinity.
func (p *packed) appendFloat(f float64, bits int) {
	before := len(p.bytes)
	switch {
	case math.IsInf(f, 1):
		p.bytes = append(p.bytes, "inf"...)
	case math.IsInf(f, -1):
		p.bytes = append(p.bytes, "-inf"...)
	default:
		p.bytes = strconv.AppendFloat(p.bytes, f, floatFormat(f), -1, bits)
	}
	p.close(before)
}

func (p *packed) append(arg any) error {
	switch arg := arg.(type) {
	case string:
		p.appendString(arg)
	case []byte:
		p.appendBytes(arg)
	case int:
		p.appendInt(int64(arg))
	case int64:
		p.appendInt(arg)
	case int32:
		p.appendInt(int64(arg))
	case int16:
		p.appendInt(int64(arg))
	case int8:
		p.appendInt(int64(arg))
	case uint:
		p.appendUint(uint64(arg))
	case uint64:
		p.appendUint(arg)
	case uint32:
		p.appendUint(uint64(arg))
	case uint16:
		p.appendUint(uint64(arg))
	case uint8:
		p.appendUint(uint64(arg))
	case float64:
		p.appendFloat(arg, 64)
	case float32:
		p.appendFloat(float64(arg), 32)
	case bool:
		if arg {
			p.appendString("1")
		} else {
			p.appendString("0")
		}
	case time.Time, *time.Time:
		return fmt.Errorf("a time.Time has no one form here: give a number, as of Unix() or UnixMilli(), or text, as of Format()")
	case encoding.BinaryMarshaler:
		b, err := arg.MarshalBinary()
		if err != nil {
			return err
		}
		p.appendBytes(b)
	case nil:
		return fmt.Errorf("nil is no argument")
	case time.Duration:
		return fmt.Errorf("a time.Duration has no unit here: give a number of seconds or milliseconds, as the command wants")
	default:
		return fmt.Errorf("%T is no argument: give a string, []byte, number, bool or encoding.BinaryMarshaler", arg)
	}
	return nil
}

// Commands that wait at the server for something to come about; XREAD and XREADGROUP if they are asked to.
var waitingCommands = []string{
	"BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT", "WAITAOF", "XREAD", "XREADGROUP",
}

// waitsAtServer tells whether it is such a command.
func (p *packed) waitsAtServer() bool {
	if len(p.lengths) == 0 || p.lengths[0] < 4 || p.lengths[0] > 10 {
		return false
	}
	switch p.bytes[0] | 0x20 {
	case 'b', 'w', 'x':
	default:
		return false
	}
	name := p.bytes[:p.lengths[0]]
	for _, known := range waitingCommands {
		if len(known) == len(name) && strings.EqualFold(known, string(name)) {
			return known[0] != 'X' || p.hasBlock(len(name) == len("XREADGROUP"))
		}
	}
	return false
}

// hasBlock tells whether XREAD, or XREADGROUP with its group and consumer, has the option BLOCK.
func (p *packed) hasBlock(group bool) bool {
	options := 1
	if group {
		options = 4
	}
	at := p.bytes
	for i, length := range p.lengths {
		word := at[:length]
		at = at[length:]
		switch {
		case i < options:
		case len(word) == len("BLOCK") && strings.EqualFold(string(word), "BLOCK"):
			return true
		case len(word) == len("STREAMS") && strings.EqualFold(string(word), "STREAMS"):
			return false
		}
	}
	return false
}
