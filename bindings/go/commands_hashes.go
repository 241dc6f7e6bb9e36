package rr

// Hashes.

// HSet sets fields to values, given in turn, and tells how many fields are new.
func (commands) HSet(key string, pairs ...any) request[int64] {
	return ask(cmd("HSET").str(key).pairs("HSET", pairs), Value.Int)
}

// HSetNX sets a field only if it does not exist and tells whether it was set.
func (commands) HSetNX(key, field string, value any) request[bool] {
	return ask(cmd("HSETNX").str(key).str(field).value(value), Value.Bool)
}

// HGet gives the value of a field; ErrNil if there is none.
func (commands) HGet(key, field string) request[string] {
	return ask(cmd("HGET").str(key).str(field), Value.Text)
}

// HMGet gives the values of fields, in order; one that does not exist is a Value that is nil.
func (commands) HMGet(key string, fields ...string) request[[]Value] {
	return ask(cmd("HMGET").str(key).strs(fields...), values)
}

// HGetAll gives all fields and values; none if the key does not exist.
func (commands) HGetAll(key string) request[map[string]string] {
	return askStringMap(cmd("HGETALL").str(key))
}

// HDel deletes fields and tells how many there were.
func (commands) HDel(key string, fields ...string) request[int64] {
	return ask(cmd("HDEL").str(key).strs(fields...), Value.Int)
}

// HExists tells whether a field exists.
func (commands) HExists(key, field string) request[bool] {
	return ask(cmd("HEXISTS").str(key).str(field), Value.Bool)
}

// HLen tells how many fields there are.
func (commands) HLen(key string) request[int64] { return ask(cmd("HLEN").str(key), Value.Int) }

// HKeys gives all fields.
func (commands) HKeys(key string) request[[]string] { return askStrings(cmd("HKEYS").str(key)) }

// HVals gives all values.
func (commands) HVals(key string) request[[]string] { return askStrings(cmd("HVALS").str(key)) }

// HIncrBy adds to the integer in a field and gives it.
func (commands) HIncrBy(key, field string, by int64) request[int64] {
	return ask(cmd("HINCRBY").str(key).str(field).int(by), Value.Int)
}

// HIncrByFloat adds to the number in a field and gives it.
func (commands) HIncrByFloat(key, field string, by float64) request[float64] {
	return ask(cmd("HINCRBYFLOAT").str(key).str(field).float(by), Value.Float)
}

// HStrLen gives the length of the value of a field; 0 if there is none.
func (commands) HStrLen(key, field string) request[int64] {
	return ask(cmd("HSTRLEN").str(key).str(field), Value.Int)
}

// HRandField gives up to count different fields by chance; with a negative count that many, of which some may be the same.
func (commands) HRandField(key string, count int) request[[]string] {
	return askStrings(cmd("HRANDFIELD").str(key).int(int64(count)))
}
