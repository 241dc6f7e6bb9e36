package rr

// Lists, and waiting for their elements.

import "time"

// Side is an end of a list.
type Side string

const (
	// Left is the head of a list.
	Left Side = "LEFT"
	// Right is the tail of a list.
	Right Side = "RIGHT"
)

// LPush adds elements at the head, one after the other, and gives the list's length.
func (commands) LPush(key string, elements ...any) request[int64] {
	return ask(cmd("LPUSH").str(key).values(elements...), Value.Int)
}

// RPush adds elements at the tail and gives the list's length.
func (commands) RPush(key string, elements ...any) request[int64] {
	return ask(cmd("RPUSH").str(key).values(elements...), Value.Int)
}

// LPushX is LPush only if the list exists.
func (commands) LPushX(key string, elements ...any) request[int64] {
	return ask(cmd("LPUSHX").str(key).values(elements...), Value.Int)
}

// RPushX is RPush only if the list exists.
func (commands) RPushX(key string, elements ...any) request[int64] {
	return ask(cmd("RPUSHX").str(key).values(elements...), Value.Int)
}

// LPop takes the element at the head; ErrNil if there is none.
func (commands) LPop(key string) request[string] { return ask(cmd("LPOP").str(key), Value.Text) }

// RPop takes the element at the tail; ErrNil if there is none.
func (commands) RPop(key string) request[string] { return ask(cmd("RPOP").str(key), Value.Text) }

// LPopCount takes up to count elements at the head.
func (commands) LPopCount(key string, count int) request[[]string] {
	return ask(cmd("LPOP").str(key).int(int64(count)), orEmpty(Value.Strings))
}

// RPopCount takes up to count elements at the tail.
func (commands) RPopCount(key string, count int) request[[]string] {
	return ask(cmd("RPOP").str(key).int(int64(count)), orEmpty(Value.Strings))
}

// LLen gives the list's length.
func (commands) LLen(key string) request[int64] { return ask(cmd("LLEN").str(key), Value.Int) }

// LRange gives the elements from start to stop, both included; negative ones count from the tail.
func (commands) LRange(key string, start, stop int64) request[[]string] {
	return askStrings(cmd("LRANGE").str(key).int(start).int(stop))
}

// LIndex gives the element at index; ErrNil if there is none.
func (commands) LIndex(key string, index int64) request[string] {
	return ask(cmd("LINDEX").str(key).int(index), Value.Text)
}

// LSet sets the element at index.
func (commands) LSet(key string, index int64, element any) request[None] {
	return ask(cmd("LSET").str(key).int(index).value(element), done)
}

// LRem removes up to count elements that are equal to element, from the head, with a negative count from the tail, with 0 all
// of them, and tells how many.
func (commands) LRem(key string, count int64, element any) request[int64] {
	return ask(cmd("LREM").str(key).int(count).value(element), Value.Int)
}

// LTrim keeps the elements from start to stop only, both included.
func (commands) LTrim(key string, start, stop int64) request[None] {
	return ask(cmd("LTRIM").str(key).int(start).int(stop), done)
}

// LInsertBefore adds an element before the first that is equal to pivot and gives the length; -1 if there is no pivot.
func (commands) LInsertBefore(key string, pivot, element any) request[int64] {
	return ask(cmd("LINSERT").str(key).str("BEFORE").value(pivot).value(element), Value.Int)
}

// LInsertAfter adds an element after the first that is equal to pivot and gives the length; -1 if there is no pivot.
func (commands) LInsertAfter(key string, pivot, element any) request[int64] {
	return ask(cmd("LINSERT").str(key).str("AFTER").value(pivot).value(element), Value.Int)
}

// LPos gives the index of the first element that is equal to element; ErrNil if there is none.
func (commands) LPos(key string, element any) request[int64] {
	return ask(cmd("LPOS").str(key).value(element), Value.Int)
}

// LMove takes an element from an end of source, adds it at an end of destination, and gives it; ErrNil if there is none.
func (commands) LMove(source, destination string, from, to Side) request[string] {
	return ask(cmd("LMOVE").str(source).str(destination).str(string(from)).str(string(to)), Value.Text)
}

// KeyValue is an element, and the key at which it was.
type KeyValue struct{ Key, Value string }

func keyValue(v Value) (KeyValue, error) {
	texts, err := v.Strings()
	if err != nil {
		return KeyValue{}, err
	}
	if len(texts) != 2 {
		return KeyValue{}, v.mismatch("a key and an element")
	}
	return KeyValue{texts[0], texts[1]}, nil
}

// BLPop waits up to timeout (0: for ever) for an element at the head of one of the lists; ErrNil if none came.
func (commands) BLPop(timeout time.Duration, keys ...string) waiting[KeyValue] {
	return await(cmd("BLPOP").strs(keys...).wait("BLPOP", timeout), keyValue)
}

// BRPop waits up to timeout (0: for ever) for an element at the tail of one of the lists; ErrNil if none came.
func (commands) BRPop(timeout time.Duration, keys ...string) waiting[KeyValue] {
	return await(cmd("BRPOP").strs(keys...).wait("BRPOP", timeout), keyValue)
}

// BLMove is LMove that waits up to timeout (0: for ever) for an element; ErrNil if none came.
func (commands) BLMove(source, destination string, from, to Side, timeout time.Duration) waiting[string] {
	return await(cmd("BLMOVE").str(source).str(destination).str(string(from)).str(string(to)).wait("BLMOVE", timeout), Value.Text)
}
