package rr

// Keys of any type.

import (
	"math"
	"time"
)

// NoTTL is the time to live of a key that has none.
const NoTTL time.Duration = -1

// Del deletes keys and tells how many there were.
func (commands) Del(keys ...string) request[int64] { return ask(cmd("DEL").strs(keys...), Value.Int) }

// Unlink deletes keys, frees their memory in the background, and tells how many there were.
func (commands) Unlink(keys ...string) request[int64] {
	return ask(cmd("UNLINK").strs(keys...), Value.Int)
}

// Exists tells how many of the keys exist; one that is given twice counts twice.
func (commands) Exists(keys ...string) request[int64] {
	return ask(cmd("EXISTS").strs(keys...), Value.Int)
}

// Expire lets a key live for ttl and tells whether it exists. A negative time deletes it.
func (commands) Expire(key string, ttl time.Duration) request[bool] {
	return ask(cmd("PEXPIRE").str(key).int(roundUp(ttl, time.Millisecond)), Value.Bool)
}

// ExpireAt lets a key live until then and tells whether it exists.
func (commands) ExpireAt(key string, then time.Time) request[bool] {
	return ask(cmd("PEXPIREAT").str(key).int(then.UnixMilli()), Value.Bool)
}

// Persist lets a key live for ever and tells whether it had a time to live.
func (commands) Persist(key string) request[bool] { return ask(cmd("PERSIST").str(key), Value.Bool) }

// TTL gives how long a key will live: NoTTL for ever, ErrNil if it does not exist.
func (commands) TTL(key string) request[time.Duration] {
	return ask(cmd("PTTL").str(key), func(v Value) (time.Duration, error) {
		ms, err := v.Int()
		switch {
		case err != nil:
			return 0, err
		case ms == -2:
			return 0, ErrNil
		case ms == -1:
			return NoTTL, nil
		}
		if ms > math.MaxInt64/int64(time.Millisecond) {
			return math.MaxInt64, nil
		}
		return time.Duration(ms) * time.Millisecond, nil
	})
}

// Type gives the type of a key, such as "string" or "list"; "none" if it does not exist.
func (commands) Type(key string) request[string] { return ask(cmd("TYPE").str(key), Value.Text) }

// Rename gives a key another name, in place of what is there.
func (commands) Rename(key, name string) request[None] {
	return ask(cmd("RENAME").str(key).str(name), done)
}

// RenameNX gives a key another name only if there is nothing, and tells whether it was done.
func (commands) RenameNX(key, name string) request[bool] {
	return ask(cmd("RENAMENX").str(key).str(name), Value.Bool)
}

// Copy copies a key, in place of what is there only if replace is set, and tells whether it was done.
func (commands) Copy(source, destination string, replace bool) request[bool] {
	return ask(cmd("COPY").str(source).str(destination).when(replace, "REPLACE"), Value.Bool)
}

// Touch marks keys as just used and tells how many exist.
func (commands) Touch(keys ...string) request[int64] {
	return ask(cmd("TOUCH").strs(keys...), Value.Int)
}

// RandomKey gives some key; ErrNil if there is none.
func (commands) RandomKey() request[string] { return ask(cmd("RANDOMKEY"), Value.Text) }

// Keys gives all keys that match a pattern. It holds up the server when there are many: see Client.Scan.
func (commands) Keys(pattern string) request[[]string] {
	return askStrings(cmd("KEYS").str(pattern))
}

// ObjectEncoding gives how the server keeps a key; ErrNil if it does not exist.
func (commands) ObjectEncoding(key string) request[string] {
	return ask(cmd("OBJECT", "ENCODING").str(key), Value.Text)
}

// Dump gives a key in the server's own form, for Restore; ErrNil if it does not exist.
func (commands) Dump(key string) request[string] { return ask(cmd("DUMP").str(key), Value.Text) }

// Restore makes a key of what Dump gave, to live for ttl (0: for ever), in place of what is there only if replace is set.
func (commands) Restore(key string, ttl time.Duration, dump string, replace bool) request[None] {
	return ask(cmd("RESTORE").str(key).millis("RESTORE", ttl).str(dump).when(replace, "REPLACE"), done)
}

// MemoryUsage gives how many bytes a key takes at the server; ErrNil if it does not exist.
func (commands) MemoryUsage(key string) request[int64] {
	return ask(cmd("MEMORY", "USAGE").str(key), Value.Int)
}
