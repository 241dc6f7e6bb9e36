package rr

// Sets.

// SAdd adds members and tells how many are new.
func (commands) SAdd(key string, members ...any) request[int64] {
	return ask(cmd("SADD").str(key).values(members...), Value.Int)
}

// SRem removes members and tells how many there were.
func (commands) SRem(key string, members ...any) request[int64] {
	return ask(cmd("SREM").str(key).values(members...), Value.Int)
}

// SMembers gives all members, in no order.
func (commands) SMembers(key string) request[[]string] {
	return askStrings(cmd("SMEMBERS").str(key))
}

// SIsMember tells whether member is one.
func (commands) SIsMember(key string, member any) request[bool] {
	return ask(cmd("SISMEMBER").str(key).value(member), Value.Bool)
}

// SMIsMember tells of each of the members whether it is one.
func (commands) SMIsMember(key string, members ...any) request[[]bool] {
	return ask(cmd("SMISMEMBER").str(key).values(members...), Value.Bools)
}

// SCard tells how many members there are.
func (commands) SCard(key string) request[int64] { return ask(cmd("SCARD").str(key), Value.Int) }

// SPop takes a member by chance; ErrNil if there is none.
func (commands) SPop(key string) request[string] { return ask(cmd("SPOP").str(key), Value.Text) }

// SPopN takes up to count members by chance.
func (commands) SPopN(key string, count int64) request[[]string] {
	return askStrings(cmd("SPOP").str(key).int(count))
}

// SRandMember gives a member by chance; ErrNil if there is none.
func (commands) SRandMember(key string) request[string] {
	return ask(cmd("SRANDMEMBER").str(key), Value.Text)
}

// SRandMemberN gives up to count different members by chance; with a negative count that many, of which some may be the same.
func (commands) SRandMemberN(key string, count int64) request[[]string] {
	return askStrings(cmd("SRANDMEMBER").str(key).int(count))
}

// SMove moves a member from source to destination and tells whether there was one.
func (commands) SMove(source, destination string, member any) request[bool] {
	return ask(cmd("SMOVE").str(source).str(destination).value(member), Value.Bool)
}

// SInter gives the members that all of the sets have.
func (commands) SInter(keys ...string) request[[]string] {
	return askStrings(cmd("SINTER").strs(keys...))
}

// SInterCard tells how many members all of the sets have, and counts no further than limit; 0 is no limit. Redis 7.
func (commands) SInterCard(limit int64, keys ...string) request[int64] {
	return ask(cmd("SINTERCARD").keys(keys).str("LIMIT").int(limit), Value.Int)
}

// SInterStore sets destination to what SInter gives and tells how many members that has.
func (commands) SInterStore(destination string, keys ...string) request[int64] {
	return ask(cmd("SINTERSTORE").str(destination).strs(keys...), Value.Int)
}

// SUnion gives the members that any of the sets has.
func (commands) SUnion(keys ...string) request[[]string] {
	return askStrings(cmd("SUNION").strs(keys...))
}

// SUnionStore sets destination to what SUnion gives and tells how many members that has.
func (commands) SUnionStore(destination string, keys ...string) request[int64] {
	return ask(cmd("SUNIONSTORE").str(destination).strs(keys...), Value.Int)
}

// SDiff gives the members of the first set that no other has.
func (commands) SDiff(keys ...string) request[[]string] {
	return askStrings(cmd("SDIFF").strs(keys...))
}

// SDiffStore sets destination to what SDiff gives and tells how many members that has.
func (commands) SDiffStore(destination string, keys ...string) request[int64] {
	return ask(cmd("SDIFFSTORE").str(destination).strs(keys...), Value.Int)
}
