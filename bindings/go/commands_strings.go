package rr

// Strings, and the bits of them.

import "time"

// KeepTTL, in place of a time to live, keeps what a key has.
const KeepTTL time.Duration = -1

// Get gives the string at key; ErrNil if there is none.
func (commands) Get(key string) request[string] { return ask(cmd("GET").str(key), Value.Text) }

// GetBytes is Get as a byte slice.
func (commands) GetBytes(key string) request[[]byte] { return ask(cmd("GET").str(key), Value.Bytes) }

// Set sets key to value, to live for ttl; 0 is for ever, KeepTTL as long as it had.
func (commands) Set(key string, value any, ttl time.Duration) request[None] {
	return ask(cmd("SET").str(key).value(value).ttl("SET", ttl), done)
}

// ttl adds a time to live to SET and its like.
func (b builder) ttl(what string, ttl time.Duration) builder {
	switch {
	case ttl == 0:
		return b
	case ttl == KeepTTL:
		return b.str("KEEPTTL")
	case ttl%time.Second == 0 && ttl > 0:
		return b.str("EX").int(int64(ttl / time.Second))
	}
	return b.str("PX").millis(what, ttl)
}

// SetOptions is what SetWith asks for.
type SetOptions struct {
	TTL       time.Duration // 0: for ever; KeepTTL: as long as it had
	Until     time.Time     // unless zero, in place of TTL
	IfExists  bool          // only if the key exists
	IfMissing bool          // only if the key does not exist
}

// SetWith sets key to value as the options say, and tells whether it was set.
func (commands) SetWith(key string, value any, options SetOptions) request[bool] {
	b := cmd("SET").str(key).value(value)
	switch {
	case options.IfExists && options.IfMissing:
		b = b.fail("SET: IfExists and IfMissing exclude each other")
	case !options.Until.IsZero() && options.TTL != 0:
		b = b.fail("SET: TTL and Until exclude each other")
	case !options.Until.IsZero():
		b = b.str("PXAT").int(options.Until.UnixMilli())
	default:
		b = b.ttl("SET", options.TTL)
	}
	return ask(b.when(options.IfExists, "XX").when(options.IfMissing, "NX"), happened)
}

// SetNX sets key to value only if it does not exist, to live for ttl (0: for ever), and tells whether it was set.
func (c commands) SetNX(key string, value any, ttl time.Duration) request[bool] {
	return c.SetWith(key, value, SetOptions{TTL: ttl, IfMissing: true})
}

// SetXX sets key to value only if it exists, to live for ttl (0: for ever), and tells whether it was set.
func (c commands) SetXX(key string, value any, ttl time.Duration) request[bool] {
	return c.SetWith(key, value, SetOptions{TTL: ttl, IfExists: true})
}

// GetSet sets key to value and gives what it was before; ErrNil if there was nothing (it is set all the same).
func (commands) GetSet(key string, value any) request[string] {
	return ask(cmd("SET").str(key).value(value).str("GET"), Value.Text)
}

// GetDel gives the string at key and deletes it; ErrNil if there is none.
func (commands) GetDel(key string) request[string] { return ask(cmd("GETDEL").str(key), Value.Text) }

// GetEx gives the string at key and lets it live for ttl from now on, 0 for ever; ErrNil if there is none.
func (commands) GetEx(key string, ttl time.Duration) request[string] {
	b := cmd("GETEX").str(key)
	switch {
	case ttl == 0:
		b = b.str("PERSIST")
	case ttl != KeepTTL:
		b = b.ttl("GETEX", ttl)
	}
	return ask(b, Value.Text)
}

// MGet gives the strings at keys, in order; one that does not exist is a Value that is nil.
func (commands) MGet(keys ...string) request[[]Value] {
	return ask(cmd("MGET").strs(keys...), values)
}

// MSet sets keys to values, given in turn.
func (commands) MSet(pairs ...any) request[None] { return ask(cmd("MSET").pairs("MSET", pairs), done) }

// MSetNX sets keys to values, given in turn, only if none of them exists, and tells whether they were set.
func (commands) MSetNX(pairs ...any) request[bool] {
	return ask(cmd("MSETNX").pairs("MSETNX", pairs), Value.Bool)
}

// Append adds to the end of the string at key and gives its length.
func (commands) Append(key, value string) request[int64] {
	return ask(cmd("APPEND").str(key).str(value), Value.Int)
}

// StrLen gives the length of the string at key; 0 if there is none.
func (commands) StrLen(key string) request[int64] { return ask(cmd("STRLEN").str(key), Value.Int) }

// GetRange gives the bytes from start to end of the string at key, both included; negative ones count from its end.
func (commands) GetRange(key string, start, end int64) request[string] {
	return ask(cmd("GETRANGE").str(key).int(start).int(end), Value.Text)
}

// SetRange overwrites the string at key from offset on and gives its length.
func (commands) SetRange(key string, offset int64, value string) request[int64] {
	return ask(cmd("SETRANGE").str(key).int(offset).str(value), Value.Int)
}

// Incr adds 1 to the integer at key and gives it.
func (commands) Incr(key string) request[int64] { return ask(cmd("INCR").str(key), Value.Int) }

// IncrBy adds to the integer at key and gives it.
func (commands) IncrBy(key string, by int64) request[int64] {
	return ask(cmd("INCRBY").str(key).int(by), Value.Int)
}

// IncrByFloat adds to the number at key and gives it.
func (commands) IncrByFloat(key string, by float64) request[float64] {
	return ask(cmd("INCRBYFLOAT").str(key).float(by), Value.Float)
}

// Decr subtracts 1 from the integer at key and gives it.
func (commands) Decr(key string) request[int64] { return ask(cmd("DECR").str(key), Value.Int) }

// DecrBy subtracts from the integer at key and gives it.
func (commands) DecrBy(key string, by int64) request[int64] {
	return ask(cmd("DECRBY").str(key).int(by), Value.Int)
}

// GetBit gives the bit at offset of the string at key.
func (commands) GetBit(key string, offset int64) request[int64] {
	return ask(cmd("GETBIT").str(key).int(offset), Value.Int)
}

// SetBit sets the bit at offset of the string at key and gives what it was.
func (commands) SetBit(key string, offset int64, bit int) request[int64] {
	return ask(cmd("SETBIT").str(key).int(offset).int(int64(bit)), Value.Int)
}

// BitCount counts the bits that are set in the string at key.
func (commands) BitCount(key string) request[int64] { return ask(cmd("BITCOUNT").str(key), Value.Int) }

// BitCountRange counts the bits that are set in the bytes from start to end of the string at key, both included.
func (commands) BitCountRange(key string, start, end int64) request[int64] {
	return ask(cmd("BITCOUNT").str(key).int(start).int(end), Value.Int)
}

// BitPos gives the place of the first bit that is bit, or -1; within the bytes given, if any: start, or start and end.
func (commands) BitPos(key string, bit int, within ...int64) request[int64] {
	b := cmd("BITPOS").str(key).int(int64(bit))
	if len(within) > 2 {
		b = b.fail("BITPOS: want a start and an end, got %d numbers", len(within))
	}
	for _, at := range within {
		b = b.int(at)
	}
	return ask(b, Value.Int)
}

// BitOp sets destination to keys combined by operation (AND, OR, XOR, NOT) and gives its length.
func (commands) BitOp(operation, destination string, keys ...string) request[int64] {
	return ask(cmd("BITOP").str(operation).str(destination).strs(keys...), Value.Int)
}

// BitField does the operations given, such as "INCRBY", "u8", 0, 1; each gives an integer, or nil where it overflowed.
func (commands) BitField(key string, operations ...any) request[[]Value] {
	return ask(cmd("BITFIELD").str(key).values(operations...), values)
}

// PFAdd adds elements to the HyperLogLog at key and tells whether its estimate changed.
func (commands) PFAdd(key string, elements ...any) request[bool] {
	return ask(cmd("PFADD").str(key).values(elements...), Value.Bool)
}

// PFCount estimates how many different elements the HyperLogLogs at keys have together.
func (commands) PFCount(keys ...string) request[int64] {
	return ask(cmd("PFCOUNT").strs(keys...), Value.Int)
}

// PFMerge makes destination the union of itself and the HyperLogLogs at keys.
func (commands) PFMerge(destination string, keys ...string) request[None] {
	return ask(cmd("PFMERGE").str(destination).strs(keys...), done)
}
