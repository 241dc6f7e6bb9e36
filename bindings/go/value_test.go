package rr

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
)

func text(s string) Value { return Value{kind: KindString, text: s} }

func number(n int64) Value { return Value{kind: KindInteger, number: n} }

func double(f float64) Value { return Value{kind: KindDouble, number: int64(math.Float64bits(f))} }

func array(elements ...Value) Value { return Value{kind: KindArray, elements: elements} }

func mapped(elements ...Value) Value { return Value{kind: KindMap, elements: elements} }

func failure(s string) Value { return Value{kind: KindError, text: s} }

func TestValuesConvertToWhatTheyAreInBothProtocols(t *testing.T) {
	yes := Value{kind: KindBoolean, number: 1}
	ok := Value{kind: KindStatus, text: "OK"}
	for _, c := range []struct{ got, want any }{
		{got(text("a\x00b").Text())(t), "a\x00b"},
		{got(ok.Text())(t), "OK"},
		{got(number(-7).Text())(t), "-7"},
		{got(double(math.Inf(-1)).Text())(t), "-inf"},
		{got(double(1.5).Text())(t), "1.5"},
		{string(got(text("xy").Bytes())(t)), "xy"},
		{got(text("-12").Int())(t), int64(-12)},
		{got(yes.Int())(t), int64(1)},
		{got(Value{kind: KindBigNumber, text: "9223372036854775807"}.Int())(t), int64(math.MaxInt64)},
		{got(text("inf").Float())(t), math.Inf(1)},
		{got(number(3).Float())(t), 3.0},
		{got(double(2.5).Float())(t), 2.5},
		{got(yes.Bool())(t), true},
		{got(number(0).Bool())(t), false},
		{got(ok.Bool())(t), true},
		{got(array(text("a"), Value{}, number(3)).Strings())(t), []string{"a", "", "3"}},
		{got(array(text("1"), number(3)).Ints())(t), []int64{1, 3}},
		{got(array(text("1"), double(3)).Floats())(t), []float64{1, 3}},
		{got(array(number(1), yes).Bools())(t), []bool{true, true}},
		{got(mapped(text("a"), number(1)).StringMap())(t), map[string]string{"a": "1"}},
		{got(array(text("a"), number(1)).StringMap())(t), map[string]string{"a": "1"}},
		{got(mapped(text("a"), number(1)).Map())(t), map[string]Value{"a": number(1)}},
		{got(array(text("a"), number(1)).Pairs())(t), []Pair{{text("a"), number(1)}}},
		{mapped(text("a"), array(number(1), Value{}, double(.5), yes)).Interface(), map[string]any{"a": []any{int64(1), nil, .5, true}}},
		{Value{kind: KindVerbatim, text: "x", format: [3]byte{'t', 'x', 't'}}.Format(), "txt"},
		{text("x").Format(), ""},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("got %#v, want %#v", c.got, c.want)
		}
	}
}

func TestWhatAServerSaysAboutAValueIsPassedOver(t *testing.T) {
	v := Value{kind: KindAttribute, elements: []Value{text("7"), text("ttl"), number(3)}}
	same(t, "the number", got(v.Int())(t), 7)
	same(t, "the kind", v.Kind(), KindAttribute)
	if v.IsNil() || v.Err() != nil {
		t.Error("it is nil, or an error")
	}
}

func TestNoValueAnotherTypeAndAnErrorAreTold(t *testing.T) {
	for _, err := range []error{
		second(Value{}.Text()), second(Value{}.Int()), second(Value{}.Float()), second(Value{}.Bool()), second(Value{}.Slice()),
		second(Value{}.Map()), second(Value{}.Bytes()), second(Value{}.Strings()), second(Value{}.Pairs()),
	} {
		if !errors.Is(err, ErrNil) {
			t.Errorf("got %v, want ErrNil", err)
		}
	}
	for _, err := range []error{
		second(text("x").Int()), second(text("x").Float()), second(text("x").Bool()), second(text("x").Slice()), second(array().Text()),
		second(array(text("a")).Pairs()), second(number(2).Bool()), second(array(array()).Strings()), second(text("1e999").Int()),
		second(array(text("a"), text("b")).Ints()),
	} {
		if !errors.Is(err, ErrUnexpectedType) {
			t.Errorf("got %v, want ErrUnexpectedType", err)
		}
	}
	for _, err := range []error{
		failure("WRONGTYPE no").Err(), second(failure("WRONGTYPE no").Int()), second(array(failure("WRONGTYPE no")).Strings()),
	} {
		if !errors.Is(err, ErrServer) || !IsServerError(err, "WRONGTYPE") || IsServerError(err, "ERR") {
			t.Errorf("got %v, want an error of the server", err)
		}
	}
	if err := text("secret").Err(); err != nil {
		t.Error(err)
	}
	if err := second(text("secret").Int()); fmt.Sprint(err) != "rr: the reply is of another type: wanted an integer, got a text: invalid syntax" {
		t.Errorf("the program's data is shown, or not what is wrong: %v", err)
	}
}

func TestAReplyThatDidNotComeSaysWhatBecameOfItsCommand(t *testing.T) {
	const why = "the time has passed"
	replies := []Value{number(1), failure("UNKNOWN the server's own"), failure("NOTAPPLIED " + why), failure("NOTAPPLIED " + why)}
	markMissing(replies, why)
	isError(t, replies[1].Err(), ErrServer, OutcomeNone)
	isError(t, replies[2].Err(), ErrConnectionLost, OutcomeNotApplied)
	isError(t, second(replies[3].Int()), ErrConnectionLost, OutcomeNotApplied)
	replies = []Value{failure("UNKNOWN " + why)}
	markMissing(replies, why)
	isError(t, replies[0].Err(), ErrConnectionLost, OutcomeUnknown)
	same(t, "its text", replies[0].String(), "(error) the time has passed")
}

func TestNumbersHaveNoExponentUnlessTheyAreVeryLargeOrSmall(t *testing.T) {
	for f, want := range map[float64]string{
		1e6: "1000000", 1234567: "1234567", -1e20: "-100000000000000000000", 1e21: "1e+21", 1e-6: "0.000001", 1e-7: "1e-07", 0: "0", .1: "0.1",
		math.Inf(1): "inf", math.Inf(-1): "-inf",
	} {
		same(t, "the text", got(double(f).Text())(t), want)
		p := got(packArgs([]any{"ECHO", f}))(t)
		same(t, "the argument", string(p.bytes[4:]), want)
		putPacked(p)
	}
	same(t, "an integer", got(double(-5).Int())(t), -5)
	same(t, "the smallest", got(double(math.MinInt64).Int())(t), math.MinInt64)
	for _, f := range []float64{.5, math.MaxInt64, math.Inf(1), math.NaN()} {
		if _, err := double(f).Int(); !errors.Is(err, ErrUnexpectedType) {
			t.Errorf("%v: %v", f, err)
		}
	}
}

func TestBufferedRepliesHaveNoValue(t *testing.T) {
	r := Reply{buffered: true}
	for _, err := range []error{
		second(r.Text()), second(r.Bytes()), second(r.Int()), second(r.Float()), second(r.Bool()), second(r.Slice()), second(r.Strings()),
		second(r.Ints()), second(r.Floats()), second(r.Bools()), second(r.Pairs()), second(r.Map()), second(r.StringMap()),
	} {
		if !errors.Is(err, ErrBuffered) {
			t.Errorf("got %v, want ErrBuffered", err)
		}
	}
	if r.IsNil() || !r.Buffered() || r.Err() != nil || r.String() != "(buffered)" {
		t.Errorf("%v", r)
	}
	same(t, "a reply with a value", got(Reply{Value: number(3)}.Int())(t), 3)
}

func TestValuesAreShownToPeople(t *testing.T) {
	v := mapped(text("a\n"), array(number(1), Value{}, double(.5), Value{kind: KindBoolean}), text("b"), failure("ERR no"))
	same(t, "the text", v.String(), `{"a\n": [1, (nil), 0.5, false], "b": (error) ERR no}`)
	same(t, "a kind", KindBigNumber.String(), "big number")
	same(t, "an unknown kind", Kind(77).String(), "Kind(77)")
}
