package rr

// Sorted sets.

import (
	"strconv"
	"time"
)

// Z is a member of a sorted set, and its score.
type Z struct {
	Score  float64
	Member string
}

// ZAddOptions is what ZAddWith asks for.
type ZAddOptions struct {
	IfMissing bool // only add members, change none
	IfExists  bool // only change members, add none
	IfLess    bool // change a score only to a smaller one
	IfGreater bool // change a score only to a larger one
	Changed   bool // count those that were changed, too
}

// ZAdd adds members, or changes their scores, and tells how many are new.
func (c commands) ZAdd(key string, members ...Z) request[int64] {
	return c.ZAddWith(key, ZAddOptions{}, members...)
}

// ZAddWith is ZAdd as the options say.
func (commands) ZAddWith(key string, options ZAddOptions, members ...Z) request[int64] {
	b := cmd("ZADD").str(key).when(options.IfMissing, "NX").when(options.IfExists, "XX").
		when(options.IfLess, "LT").when(options.IfGreater, "GT").when(options.Changed, "CH")
	for _, m := range members {
		b = b.float(m.Score).str(m.Member)
	}
	return ask(b, Value.Int)
}

// ZIncrBy adds to a member's score and gives it.
func (commands) ZIncrBy(key string, by float64, member string) request[float64] {
	return ask(cmd("ZINCRBY").str(key).float(by).str(member), Value.Float)
}

// ZScore gives a member's score; ErrNil if it is none.
func (commands) ZScore(key, member string) request[float64] {
	return ask(cmd("ZSCORE").str(key).str(member), Value.Float)
}

// ZMScore gives members' scores, in order; what is no member is a Value that is nil.
func (commands) ZMScore(key string, members ...string) request[[]Value] {
	return ask(cmd("ZMSCORE").str(key).strs(members...), values)
}

// ZCard tells how many members there are.
func (commands) ZCard(key string) request[int64] { return ask(cmd("ZCARD").str(key), Value.Int) }

// ZCount tells how many members have a score from low to high: numbers, "(" before one that is not included, "-inf", "+inf".
func (commands) ZCount(key, low, high string) request[int64] {
	return ask(cmd("ZCOUNT").str(key).str(low).str(high), Value.Int)
}

// ZRank gives a member's place from the smallest score, from 0; ErrNil if it is none.
func (commands) ZRank(key, member string) request[int64] {
	return ask(cmd("ZRANK").str(key).str(member), Value.Int)
}

// ZRevRank gives a member's place from the largest score, from 0; ErrNil if it is none.
func (commands) ZRevRank(key, member string) request[int64] {
	return ask(cmd("ZREVRANK").str(key).str(member), Value.Int)
}

// ZRem removes members and tells how many there were.
func (commands) ZRem(key string, members ...any) request[int64] {
	return ask(cmd("ZREM").str(key).values(members...), Value.Int)
}

// ZRange gives the members from place start to stop, both included, the smallest score first.
func (commands) ZRange(key string, start, stop int64) request[[]string] {
	return askStrings(cmd("ZRANGE").str(key).int(start).int(stop))
}

// ZRangeWithScores is ZRange with scores.
func (commands) ZRangeWithScores(key string, start, stop int64) request[[]Z] {
	return ask(cmd("ZRANGE").str(key).int(start).int(stop).str("WITHSCORES"), scored)
}

// ZRevRange gives the members from place start to stop, both included, the largest score first.
func (commands) ZRevRange(key string, start, stop int64) request[[]string] {
	return askStrings(cmd("ZREVRANGE").str(key).int(start).int(stop))
}

// ZRevRangeWithScores is ZRevRange with scores.
func (commands) ZRevRangeWithScores(key string, start, stop int64) request[[]Z] {
	return ask(cmd("ZREVRANGE").str(key).int(start).int(stop).str("WITHSCORES"), scored)
}

// ZRangeBy says which members: from Min to Max, as ZCount takes them, or "[a", "(a", "-", "+" by name; after Offset of them, up
// to Count (0: all).
type ZRangeBy struct {
	Min, Max      string
	Offset, Count int64
}

func (b builder) within(r ZRangeBy) builder {
	if r.Offset == 0 && r.Count == 0 {
		return b
	}
	count := r.Count
	if count == 0 {
		count = -1
	}
	return b.str("LIMIT").int(r.Offset).int(count)
}

// ZRangeByScore gives members by their scores, the smallest first.
func (commands) ZRangeByScore(key string, by ZRangeBy) request[[]string] {
	return askStrings(cmd("ZRANGEBYSCORE").str(key).str(by.Min).str(by.Max).within(by))
}

// ZRangeByScoreWithScores is ZRangeByScore with scores.
func (commands) ZRangeByScoreWithScores(key string, by ZRangeBy) request[[]Z] {
	return ask(cmd("ZRANGEBYSCORE").str(key).str(by.Min).str(by.Max).str("WITHSCORES").within(by), scored)
}

// ZRevRangeByScore gives members by their scores, the largest first.
func (commands) ZRevRangeByScore(key string, by ZRangeBy) request[[]string] {
	return askStrings(cmd("ZREVRANGEBYSCORE").str(key).str(by.Max).str(by.Min).within(by))
}

// ZRangeByLex gives members by their names, where all scores are the same.
func (commands) ZRangeByLex(key string, by ZRangeBy) request[[]string] {
	return askStrings(cmd("ZRANGEBYLEX").str(key).str(by.Min).str(by.Max).within(by))
}

// ZRemRangeByRank removes the members from place start to stop, both included, and tells how many.
func (commands) ZRemRangeByRank(key string, start, stop int64) request[int64] {
	return ask(cmd("ZREMRANGEBYRANK").str(key).int(start).int(stop), Value.Int)
}

// ZRemRangeByScore removes the members with a score from low to high and tells how many.
func (commands) ZRemRangeByScore(key, low, high string) request[int64] {
	return ask(cmd("ZREMRANGEBYSCORE").str(key).str(low).str(high), Value.Int)
}

// ZPopMin takes up to count members with the smallest scores.
func (commands) ZPopMin(key string, count int64) request[[]Z] {
	return ask(cmd("ZPOPMIN").str(key).int(count), scored)
}

// ZPopMax takes up to count members with the largest scores.
func (commands) ZPopMax(key string, count int64) request[[]Z] {
	return ask(cmd("ZPOPMAX").str(key).int(count), scored)
}

// ZRandMember gives up to count different members by chance; with a negative count that many, of which some may be the same.
func (commands) ZRandMember(key string, count int64) request[[]string] {
	return askStrings(cmd("ZRANDMEMBER").str(key).int(count))
}

// ZStore says which sorted sets are put together, and how.
type ZStore struct {
	Keys      []string
	Weights   []float64 // one for each key, or none
	Aggregate string    // SUM (also ""), MIN or MAX
}

func (b builder) store(what string, s ZStore) builder {
	b = b.keys(s.Keys)
	if len(s.Weights) > 0 {
		if len(s.Weights) != len(s.Keys) {
			b = b.fail("%s: %d weights for %d keys", what, len(s.Weights), len(s.Keys))
		}
		b = b.str("WEIGHTS")
		for _, weight := range s.Weights {
			b = b.float(weight)
		}
	}
	return b.when(s.Aggregate != "", "AGGREGATE", s.Aggregate)
}

// ZUnionStore sets destination to all members of the sorted sets and tells how many.
func (commands) ZUnionStore(destination string, of ZStore) request[int64] {
	return ask(cmd("ZUNIONSTORE").str(destination).store("ZUNIONSTORE", of), Value.Int)
}

// ZInterStore sets destination to the members that all of the sorted sets have and tells how many.
func (commands) ZInterStore(destination string, of ZStore) request[int64] {
	return ask(cmd("ZINTERSTORE").str(destination).store("ZINTERSTORE", of), Value.Int)
}

// KeyZ is a member with its score, and the key at which it was.
type KeyZ struct {
	Key string
	Z
}

// BZPopMin waits up to timeout (0: for ever) for a member of one of the sorted sets and takes the one with the smallest score;
// ErrNil if none came.
func (commands) BZPopMin(timeout time.Duration, keys ...string) waiting[KeyZ] {
	return await(cmd("BZPOPMIN").strs(keys...).wait("BZPOPMIN", timeout), keyScored)
}

// BZPopMax is BZPopMin for the largest score.
func (commands) BZPopMax(timeout time.Duration, keys ...string) waiting[KeyZ] {
	return await(cmd("BZPOPMAX").strs(keys...).wait("BZPOPMAX", timeout), keyScored)
}

func keyScored(v Value) (KeyZ, error) {
	elements, err := v.Slice()
	if err != nil {
		return KeyZ{}, err
	}
	if len(elements) != 3 {
		return KeyZ{}, v.mismatch("a key, a member and a score")
	}
	key, err := elements[0].Text()
	if err != nil {
		return KeyZ{}, err
	}
	z, err := memberScore(elements[1], elements[2])
	return KeyZ{key, z}, err
}

func memberScore(member, score Value) (z Z, err error) {
	if z.Member, err = member.Text(); err != nil {
		return Z{}, err
	}
	if z.Score, err = score.Float(); err != nil {
		return Z{}, err
	}
	return z, nil
}

// scored reads members with scores: pairs in RESP3, in turn in RESP2.
func scored(v Value) ([]Z, error) {
	elements, err := v.Slice()
	if err != nil {
		return nil, err
	}
	if len(elements) > 0 && isAggregate(elements[0].kind) {
		return sliceOf(v, func(v Value) (Z, error) {
			pair, err := v.Slice()
			if err != nil {
				return Z{}, err
			}
			if len(pair) != 2 {
				return Z{}, v.mismatch("a member and a score")
			}
			return memberScore(pair[0], pair[1])
		})
	}
	pairs, err := v.Pairs()
	if err != nil {
		return nil, err
	}
	all := make([]Z, len(pairs))
	for i, pair := range pairs {
		if all[i], err = memberScore(pair.Key, pair.Value); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Exclusive makes a bound of a score that is not included, for ZCount and ZRangeBy.
func Exclusive(score float64) string { return "(" + strconv.FormatFloat(score, 'g', -1, 64) }
