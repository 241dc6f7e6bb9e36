package rr

// Values of replies: what the server sent, and what it is in Go. A Value never changes and holds no memory of C.

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kind is what type a value is of, by the protocol.
type Kind uint8

const (
	// KindNil: no value.
	KindNil Kind = iota
	// KindInteger: an integer of 64 bits.
	KindInteger
	// KindDouble: a floating point number. RESP2 servers send strings instead.
	KindDouble
	// KindBoolean: true or false. RESP2 servers send integers instead.
	KindBoolean
	// KindStatus: a status, such as OK.
	KindStatus
	// KindString: bytes of any kind.
	KindString
	// KindVerbatim: text with a format of three letters.
	KindVerbatim
	// KindBigNumber: an integer of any size, as its decimal digits.
	KindBigNumber
	// KindError: an error inside of a reply.
	KindError
	// KindArray: values in order.
	KindArray
	// KindMap: keys and values in turn. RESP2 servers send arrays instead.
	KindMap
	// KindSet: values without an order. RESP2 servers send arrays instead.
	KindSet
	// KindPush: what a server sends without being asked.
	KindPush
	// KindAttribute: a value, then keys and values of what the server says about it.
	KindAttribute
)

var kindNames = [...]string{
	"nil", "integer", "double", "boolean", "status", "string", "verbatim string", "big number", "error", "array", "map",
	"set", "push", "attribute",
}

// String gives the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

func isAggregate(k Kind) bool { return k >= KindArray && k <= KindAttribute }

// Value is one value of a reply, or a whole one. Its zero value is nil.
//
// The methods that convert return ErrNil for no value, the server's error as an *Error for an error, and
// ErrUnexpectedType for what is of another type. They take both protocols' ways to say the same: a double may come as a
// string, a map as an array of keys and values.
type Value struct {
	kind   Kind
	format [3]byte // of a verbatim string
	// An integer, 0 or 1 for a boolean, the bits of a double, or for an error that stands for a reply which did not come the Outcome.
	number int64
	text   string
	// Of a map: key, value, key, value.
	elements []Value
}

// Kind says what type it is of.
func (v Value) Kind() Kind { return v.kind }

// IsNil tells whether there is no value.
func (v Value) IsNil() bool { return v.content().kind == KindNil }

// Format gives the three letters of a verbatim string, such as "txt"; "" for others.
func (v Value) Format() string {
	if v.kind != KindVerbatim {
		return ""
	}
	return string(v.format[:])
}

// content is the value itself, without what the server says about it.
func (v Value) content() Value {
	for v.kind == KindAttribute && len(v.elements) > 0 {
		v = v.elements[0]
	}
	return v
}

// Err gives the error that stands in the place of the value as an *Error, or nil.
//
// Its Outcome is OutcomeNone, for the value alone does not tell which command it is about; but in the reply of a pipeline
// of which only a part was answered, what was not answered has the Outcome OutcomeNotApplied or OutcomeUnknown, and no Code.
func (v Value) Err() error {
	v = v.content()
	if v.kind != KindError {
		return nil
	}
	return v.error()
}

// error is the error of a value of that kind.
func (v Value) error() *Error {
	if v.number != int64(OutcomeNone) {
		return &Error{Status: StatusConnectionLost, Outcome: Outcome(v.number), Message: v.text}
	}
	code, _, _ := strings.Cut(v.text, " ")
	return &Error{Status: StatusServer, Code: code, Message: v.text}
}

func (v Value) mismatch(wanted string) error {
	switch v.kind {
	case KindNil:
		return ErrNil
	case KindError:
		return v.error()
	}
	return fmt.Errorf("%w: wanted %s, got %s", ErrUnexpectedType, wanted, v.kind)
}

// Text gives the bytes of a string or status, and a number or boolean as the server writes it.
func (v Value) Text() (string, error) {
	v = v.content()
	switch v.kind {
	case KindString, KindStatus, KindVerbatim, KindBigNumber:
		return v.text, nil
	case KindInteger, KindBoolean:
		return strconv.FormatInt(v.number, 10), nil
	case KindDouble:
		return formatFloat(math.Float64frombits(uint64(v.number))), nil
	}
	return "", v.mismatch("a string")
}

func formatFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	return strconv.FormatFloat(f, floatFormat(f), -1, 64)
}

// floatFormat is that of a number as people and servers write it: with an exponent only if it is very large or small.
func floatFormat(f float64) byte {
	if size := math.Abs(f); size == 0 || size >= 1e-6 && size < 1e21 {
		return 'f'
	}
	return 'g'
}

// Bytes is Text as a new slice.
func (v Value) Bytes() ([]byte, error) {
	text, err := v.Text()
	if err != nil {
		return nil, err
	}
	return []byte(text), nil
}

// Int gives an integer, also one that came as text, or as a double without a fraction.
func (v Value) Int() (int64, error) {
	v = v.content()
	switch v.kind {
	case KindDouble:
		// The first that is too large has an exact double; the last that is not has none.
		if f := math.Float64frombits(uint64(v.number)); f == math.Trunc(f) && f >= math.MinInt64 && f < -math.MinInt64 {
			return int64(f), nil
		}
	case KindInteger, KindBoolean:
		return v.number, nil
	case KindString, KindStatus, KindVerbatim, KindBigNumber:
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err != nil {
			return 0, notANumber("an integer", err)
		}
		return n, nil
	}
	return 0, v.mismatch("an integer")
}

// Float gives a number, also one that came as text.
func (v Value) Float() (float64, error) {
	v = v.content()
	switch v.kind {
	case KindDouble:
		return math.Float64frombits(uint64(v.number)), nil
	case KindInteger, KindBoolean:
		return float64(v.number), nil
	case KindString, KindStatus, KindVerbatim, KindBigNumber:
		f, err := strconv.ParseFloat(v.text, 64)
		if err != nil {
			return 0, notANumber("a number", err)
		}
		return f, nil
	}
	return 0, v.mismatch("a number")
}

// notANumber tells why without the text, which is the program's data.
func notANumber(wanted string, err error) error {
	var e *strconv.NumError
	if errors.As(err, &e) {
		err = e.Err
	}
	return fmt.Errorf("%w: wanted %s, got a text: %w", ErrUnexpectedType, wanted, err)
}

// Bool gives a boolean, the integers 0 and 1, or true for the status OK.
func (v Value) Bool() (bool, error) {
	v = v.content()
	switch {
	case v.kind == KindBoolean, v.kind == KindInteger && (v.number == 0 || v.number == 1):
		return v.number == 1, nil
	case v.kind == KindStatus && v.text == "OK", v.kind == KindString && v.text == "1":
		return true, nil
	case v.kind == KindString && v.text == "0":
		return false, nil
	}
	return false, v.mismatch("a boolean")
}

// Slice gives the elements of an array, set or push; of a map, keys and values in turn. They are shared: do not change
// them.
func (v Value) Slice() ([]Value, error) {
	v = v.content()
	switch v.kind {
	case KindArray, KindSet, KindPush, KindMap:
		return v.elements, nil
	}
	return nil, v.mismatch("an array")
}

// sliceOf converts each element.
func sliceOf[T any](v Value, convert func(Value) (T, error)) ([]T, error) {
	elements, err := v.Slice()
	if err != nil {
		return nil, err
	}
	all := make([]T, len(elements))
	for i, element := range elements {
		if all[i], err = convert(element); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return all, nil
}

// Strings gives the elements as text; what is nil becomes "".
//
// Those of one reply share its memory: who keeps one of them for long keeps all of it, unless strings.Clone makes it its own.
func (v Value) Strings() ([]string, error) { return sliceOf(v, textOrEmpty) }

func textOrEmpty(v Value) (string, error) {
	if v.IsNil() {
		return "", nil
	}
	return v.Text()
}

// Ints gives the elements as integers.
func (v Value) Ints() ([]int64, error) { return sliceOf(v, Value.Int) }

// Floats gives the elements as numbers.
func (v Value) Floats() ([]float64, error) { return sliceOf(v, Value.Float) }

// Bools gives the elements as booleans.
func (v Value) Bools() ([]bool, error) { return sliceOf(v, Value.Bool) }

// Pair is a key and a value of a map.
type Pair struct{ Key, Value Value }

// Pairs gives the keys and values of a map, or of an array of keys and values in turn, in the server's order.
func (v Value) Pairs() ([]Pair, error) {
	elements, err := v.Slice()
	if err != nil {
		return nil, err
	}
	if len(elements)%2 != 0 {
		return nil, fmt.Errorf("%w: wanted keys and values in turn, got %d elements", ErrUnexpectedType, len(elements))
	}
	pairs := make([]Pair, len(elements)/2)
	for i := range pairs {
		pairs[i] = Pair{elements[2*i], elements[2*i+1]}
	}
	return pairs, nil
}

// Map gives a map, or an array of keys and values in turn, by its keys.
func (v Value) Map() (map[string]Value, error) {
	return mapOf(v, func(v Value) (Value, error) { return v, nil })
}

// StringMap is Map with values as text; what is nil becomes "".
func (v Value) StringMap() (map[string]string, error) { return mapOf(v, textOrEmpty) }

func mapOf[T any](v Value, convert func(Value) (T, error)) (map[string]T, error) {
	pairs, err := v.Pairs()
	if err != nil {
		return nil, err
	}
	all := make(map[string]T, len(pairs))
	for i, pair := range pairs {
		key, err := pair.Key.Text()
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		if all[key], err = convert(pair.Value); err != nil {
			return nil, fmt.Errorf("value %d: %w", i, err)
		}
	}
	return all, nil
}

// Interface gives the value as nil, int64, float64, bool, string, []any, map[string]any or, for an error, an *Error.
func (v Value) Interface() any {
	v = v.content()
	switch v.kind {
	case KindNil:
		return nil
	case KindInteger:
		return v.number
	case KindDouble:
		return math.Float64frombits(uint64(v.number))
	case KindBoolean:
		return v.number == 1
	case KindError:
		return v.Err()
	case KindMap:
		all := make(map[string]any, len(v.elements)/2)
		for i := 0; i+1 < len(v.elements); i += 2 {
			all[v.elements[i].key()] = v.elements[i+1].Interface()
		}
		return all
	case KindArray, KindSet, KindPush:
		all := make([]any, len(v.elements))
		for i, element := range v.elements {
			all[i] = element.Interface()
		}
		return all
	}
	return v.text
}

// key is the value as the key of a map in Go.
func (v Value) key() string {
	if text, err := v.Text(); err == nil {
		return text
	}
	return v.String()
}

// String shows the value to people.
func (v Value) String() string {
	var b strings.Builder
	v.show(&b)
	return b.String()
}

func (v Value) show(b *strings.Builder) {
	v = v.content()
	open, end := "[", "]"
	switch v.kind {
	case KindNil:
		b.WriteString("(nil)")
		return
	case KindString, KindVerbatim:
		b.WriteString(strconv.Quote(v.text))
		return
	case KindBoolean:
		b.WriteString(strconv.FormatBool(v.number == 1))
		return
	case KindError:
		b.WriteString("(error) " + v.text)
		return
	case KindMap:
		open, end = "{", "}"
	case KindArray, KindSet, KindPush:
	default:
		text, _ := v.Text()
		b.WriteString(text)
		return
	}
	b.WriteString(open)
	for i, element := range v.elements {
		switch {
		case i == 0:
		case v.kind == KindMap && i%2 == 1:
			b.WriteString(": ")
		default:
			b.WriteString(", ")
		}
		element.show(b)
	}
	b.WriteString(end)
}

// Reply is what became of a command that did not fail: a Value, or a write that was buffered.
type Reply struct {
	Value
	buffered bool
}

// Buffered tells that the write was accepted during an outage and is applied after it. There is no value then: the
// methods that convert return ErrBuffered.
func (r Reply) Buffered() bool { return r.buffered }

func converted[T any](r Reply, convert func(Value) (T, error)) (T, error) {
	if r.buffered {
		var none T
		return none, ErrBuffered
	}
	return convert(r.Value)
}

// IsNil tells whether the server answered that there is no value.
func (r Reply) IsNil() bool { return !r.buffered && r.Value.IsNil() }

// Text is Value.Text.
func (r Reply) Text() (string, error) { return converted(r, Value.Text) }

// Bytes is Value.Bytes.
func (r Reply) Bytes() ([]byte, error) { return converted(r, Value.Bytes) }

// Int is Value.Int.
func (r Reply) Int() (int64, error) { return converted(r, Value.Int) }

// Float is Value.Float.
func (r Reply) Float() (float64, error) { return converted(r, Value.Float) }

// Bool is Value.Bool.
func (r Reply) Bool() (bool, error) { return converted(r, Value.Bool) }

// Slice is Value.Slice.
func (r Reply) Slice() ([]Value, error) { return converted(r, Value.Slice) }

// Strings is Value.Strings.
func (r Reply) Strings() ([]string, error) { return converted(r, Value.Strings) }

// Ints is Value.Ints.
func (r Reply) Ints() ([]int64, error) { return converted(r, Value.Ints) }

// Floats is Value.Floats.
func (r Reply) Floats() ([]float64, error) { return converted(r, Value.Floats) }

// Bools is Value.Bools.
func (r Reply) Bools() ([]bool, error) { return converted(r, Value.Bools) }

// Pairs is Value.Pairs.
func (r Reply) Pairs() ([]Pair, error) { return converted(r, Value.Pairs) }

// Map is Value.Map.
func (r Reply) Map() (map[string]Value, error) { return converted(r, Value.Map) }

// StringMap is Value.StringMap.
func (r Reply) StringMap() (map[string]string, error) { return converted(r, Value.StringMap) }

// String shows the reply to people.
func (r Reply) String() string {
	if r.buffered {
		return "(buffered)"
	}
	return r.Value.String()
}
