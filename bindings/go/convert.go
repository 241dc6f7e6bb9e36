package rr

// Replies as they come out of C. Everything is copied, so that nothing of C's memory is in use afterwards.

// #include <resilient_redis.h>
import "C"

import (
	"math"
	"unsafe"
)

// aggregate is a reply of several values that is still in C, to be taken once.
type aggregate struct{ reply *C.rr_reply }

// value takes it as it is.
func (a aggregate) value() Value { return takeReply(a.reply) }

// takeStrings takes an array or set of texts, where nil is "". It fails, and takes nothing, for anything else.
func takeStrings(a aggregate) ([]string, bool) {
	view := C.rr_reply_view(a.reply)
	if view == nil || (view._type != C.RR_TYPE_ARRAY && view._type != C.RR_TYPE_SET) {
		return nil, false
	}
	texts, ok := newTexts(view)
	if !ok {
		return nil, false
	}
	all := make([]string, len(texts.from))
	for i := range texts.from {
		all[i] = texts.next()
	}
	C.rr_reply_free(a.reply)
	return all, true
}

// takeStringMap takes a map, or an array of keys and values in turn, of texts, where nil is "". It fails, and takes nothing, for
// anything else.
func takeStringMap(a aggregate) (map[string]string, bool) {
	view := C.rr_reply_view(a.reply)
	if view == nil || view.count%2 != 0 || (view._type != C.RR_TYPE_MAP && view._type != C.RR_TYPE_ARRAY) {
		return nil, false
	}
	texts, ok := newTexts(view)
	if !ok {
		return nil, false
	}
	all := make(map[string]string, len(texts.from)/2)
	for i := 0; i < len(texts.from); i += 2 {
		key := texts.next()
		all[key] = texts.next()
	}
	C.rr_reply_free(a.reply)
	return all, true
}

// texts copies the texts of elements one by one into one piece of memory.
type texts struct {
	from []C.rr_value
	text []byte
	at   int
}

// newTexts fails if an element is neither text nor nil.
func newTexts(view *C.rr_value) (t texts, ok bool) {
	if view.count == 0 {
		return t, true
	}
	t.from = children(view)
	size := 0
	for i := range t.from {
		switch t.from[i]._type {
		case C.RR_TYPE_STRING, C.RR_TYPE_STATUS, C.RR_TYPE_NIL:
			size += int(t.from[i].length)
		default:
			return t, false
		}
	}
	t.text = make([]byte, 0, size)
	return t, true
}

func (t *texts) next() string {
	value := &t.from[t.at]
	t.at++
	if value.length == 0 {
		return ""
	}
	begin := len(t.text)
	t.text = append(t.text, unsafe.Slice((*byte)(unsafe.Pointer(value.string)), int(value.length))...)
	return unsafe.String(&t.text[begin], int(value.length))
}

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
