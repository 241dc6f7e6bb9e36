package rr

// Replies as they come out of C. Everything is copied, so that nothing of C's memory is in use afterwards.

// #include <resilient_redis.h>
import "C"

import (
	"math"
	"unsafe"
)

// takeReply copies a reply out and frees it.
func takeReply(reply *C.rr_reply) Value {
	view := C.rr_reply_view(reply)
	if view == nil {
		return Value{}
	}
	v := copyValue(view)
	C.rr_reply_free(reply)
	return v
}

// copyValue copies a reply that stays C's: at most one allocation for all texts and one for all values below the top.
func copyValue(view *C.rr_value) Value {
	if view.count == 0 {
		v := plainValue(view)
		if view.length > 0 {
			v.text = copyString(view.string, view.length)
		}
		return v
	}
	var size measure
	size.add(view)
	c := copier{text: make([]byte, 0, size.bytes), values: make([]Value, 0, size.values)}
	return c.copy(view)
}

func copyString(at *C.char, length C.size_t) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(at)), int(length)))
}

func children(view *C.rr_value) []C.rr_value {
	return unsafe.Slice(view.children, int(view.count))
}

// How much there is below a value.
type measure struct{ bytes, values int }

func (m *measure) add(view *C.rr_value) {
	m.bytes += int(view.length)
	m.values += int(view.count)
	for i := range children(view) {
		m.add(&children(view)[i])
	}
}

type copier struct {
	text   []byte
	values []Value
}

func (c *copier) copy(view *C.rr_value) Value {
	v := plainValue(view)
	if view.length > 0 {
		begin := len(c.text)
		c.text = append(c.text, unsafe.Slice((*byte)(unsafe.Pointer(view.string)), int(view.length))...)
		v.text = unsafe.String(&c.text[begin], int(view.length))
	}
	if view.count > 0 {
		begin, end := len(c.values), len(c.values)+int(view.count)
		c.values = c.values[:end]
		v.elements = c.values[begin:end:end]
		below := children(view)
		for i := range below {
			v.elements[i] = c.copy(&below[i])
		}
	} else if isAggregate(v.kind) {
		v.elements = []Value{}
	}
	return v
}

// plainValue is everything of a value but its text and elements.
func plainValue(view *C.rr_value) Value {
	v := Value{kind: Kind(view._type), number: int64(view.integer)}
	switch v.kind {
	case KindDouble:
		v.number = int64(math.Float64bits(float64(view.real)))
	case KindVerbatim:
		v.format = [3]byte{byte(view.format[0]), byte(view.format[1]), byte(view.format[2])}
	}
	return v
}
