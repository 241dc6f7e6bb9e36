// Code generated from commands_*.go by internal/gen; DO NOT EDIT.

package rr

import (
	"context"
	"time"
)

// GeoAdd adds members, or moves them, and tells how many are new.
func (c *Client) GeoAdd(ctx context.Context, key string, locations ...GeoLocation) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GeoAdd(key, locations...))
}

// GeoPos gives members' places, in order; nil for what is no member.
func (c *Client) GeoPos(ctx context.Context, key string, members ...string) ([]*GeoLocation, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GeoPos(key, members...))
}

// GeoDist gives the distance of two members, in m, km, mi or ft; ErrNil if one of them is none.
func (c *Client) GeoDist(ctx context.Context, key, one, other, unit string) (float64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GeoDist(key, one, other, unit))
}

// GeoHash gives members' places as geohashes, in order; "" for what is no member.
func (c *Client) GeoHash(ctx context.Context, key string, members ...string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GeoHash(key, members...))
}

// GeoSearch gives the members within an area.
func (c *Client) GeoSearch(ctx context.Context, key string, query GeoQuery) ([]GeoLocation, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GeoSearch(key, query))
}

// GeoSearchStore sets destination to the members within an area and tells how many.
func (c *Client) GeoSearchStore(ctx context.Context, destination, key string, query GeoQuery) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GeoSearchStore(destination, key, query))
}

// HSet sets fields to values, given in turn, and tells how many fields are new.
func (c *Client) HSet(ctx context.Context, key string, pairs ...any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HSet(key, pairs...))
}

// HSetNX sets a field only if it does not exist and tells whether it was set.
func (c *Client) HSetNX(ctx context.Context, key, field string, value any) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HSetNX(key, field, value))
}

// HGet gives the value of a field; ErrNil if there is none.
func (c *Client) HGet(ctx context.Context, key, field string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HGet(key, field))
}

// HMGet gives the values of fields, in order; one that does not exist is a Value that is nil.
func (c *Client) HMGet(ctx context.Context, key string, fields ...string) ([]Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HMGet(key, fields...))
}

// HGetAll gives all fields and values; none if the key does not exist.
func (c *Client) HGetAll(ctx context.Context, key string) (map[string]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HGetAll(key))
}

// HDel deletes fields and tells how many there were.
func (c *Client) HDel(ctx context.Context, key string, fields ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HDel(key, fields...))
}

// HExists tells whether a field exists.
func (c *Client) HExists(ctx context.Context, key, field string) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HExists(key, field))
}

// HLen tells how many fields there are.
func (c *Client) HLen(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HLen(key))
}

// HKeys gives all fields.
func (c *Client) HKeys(ctx context.Context, key string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HKeys(key))
}

// HVals gives all values.
func (c *Client) HVals(ctx context.Context, key string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HVals(key))
}

// HIncrBy adds to the integer in a field and gives it.
func (c *Client) HIncrBy(ctx context.Context, key, field string, by int64) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HIncrBy(key, field, by))
}

// HIncrByFloat adds to the number in a field and gives it.
func (c *Client) HIncrByFloat(ctx context.Context, key, field string, by float64) (float64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HIncrByFloat(key, field, by))
}

// HStrLen gives the length of the value of a field; 0 if there is none.
func (c *Client) HStrLen(ctx context.Context, key, field string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HStrLen(key, field))
}

// HRandField gives up to count different fields by chance; with a negative count that many, of which some may be the same.
func (c *Client) HRandField(ctx context.Context, key string, count int) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.HRandField(key, count))
}

// Del deletes keys and tells how many there were.
func (c *Client) Del(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Del(keys...))
}

// Unlink deletes keys, frees their memory in the background, and tells how many there were.
func (c *Client) Unlink(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Unlink(keys...))
}

// Exists tells how many of the keys exist; one that is given twice counts twice.
func (c *Client) Exists(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Exists(keys...))
}

// Expire lets a key live for ttl and tells whether it exists. A negative time deletes it.
func (c *Client) Expire(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Expire(key, ttl))
}

// ExpireAt lets a key live until then and tells whether it exists.
func (c *Client) ExpireAt(ctx context.Context, key string, then time.Time) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ExpireAt(key, then))
}

// Persist lets a key live for ever and tells whether it had a time to live.
func (c *Client) Persist(ctx context.Context, key string) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Persist(key))
}

// TTL gives how long a key will live: NoTTL for ever, ErrNil if it does not exist.
func (c *Client) TTL(ctx context.Context, key string) (time.Duration, error) {
	return run(ctx, c, CommandOptions{}, commands{}.TTL(key))
}

// Type gives the type of a key, such as "string" or "list"; "none" if it does not exist.
func (c *Client) Type(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Type(key))
}

// Rename gives a key another name, in place of what is there.
func (c *Client) Rename(ctx context.Context, key, name string) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.Rename(key, name))
}

// RenameNX gives a key another name only if there is nothing, and tells whether it was done.
func (c *Client) RenameNX(ctx context.Context, key, name string) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.RenameNX(key, name))
}

// Copy copies a key, in place of what is there only if replace is set, and tells whether it was done.
func (c *Client) Copy(ctx context.Context, source, destination string, replace bool) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Copy(source, destination, replace))
}

// Touch marks keys as just used and tells how many exist.
func (c *Client) Touch(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Touch(keys...))
}

// RandomKey gives some key; ErrNil if there is none.
func (c *Client) RandomKey(ctx context.Context) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.RandomKey())
}

// Keys gives all keys that match a pattern. It holds up the server when there are many: see Client.Scan.
func (c *Client) Keys(ctx context.Context, pattern string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Keys(pattern))
}

// ObjectEncoding gives how the server keeps a key; ErrNil if it does not exist.
func (c *Client) ObjectEncoding(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ObjectEncoding(key))
}

// Dump gives a key in the server's own form, for Restore; ErrNil if it does not exist.
func (c *Client) Dump(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Dump(key))
}

// Restore makes a key of what Dump gave, to live for ttl (0: for ever), in place of what is there only if replace is set.
func (c *Client) Restore(ctx context.Context, key string, ttl time.Duration, dump string, replace bool) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.Restore(key, ttl, dump, replace))
}

// MemoryUsage gives how many bytes a key takes at the server; ErrNil if it does not exist.
func (c *Client) MemoryUsage(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.MemoryUsage(key))
}

// LPush adds elements at the head, one after the other, and gives the list's length.
func (c *Client) LPush(ctx context.Context, key string, elements ...any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LPush(key, elements...))
}

// RPush adds elements at the tail and gives the list's length.
func (c *Client) RPush(ctx context.Context, key string, elements ...any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.RPush(key, elements...))
}

// LPushX is LPush only if the list exists.
func (c *Client) LPushX(ctx context.Context, key string, elements ...any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LPushX(key, elements...))
}

// RPushX is RPush only if the list exists.
func (c *Client) RPushX(ctx context.Context, key string, elements ...any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.RPushX(key, elements...))
}

// LPop takes the element at the head; ErrNil if there is none.
func (c *Client) LPop(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LPop(key))
}

// RPop takes the element at the tail; ErrNil if there is none.
func (c *Client) RPop(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.RPop(key))
}

// LPopCount takes up to count elements at the head.
func (c *Client) LPopCount(ctx context.Context, key string, count int) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LPopCount(key, count))
}

// RPopCount takes up to count elements at the tail.
func (c *Client) RPopCount(ctx context.Context, key string, count int) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.RPopCount(key, count))
}

// LLen gives the list's length.
func (c *Client) LLen(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LLen(key))
}

// LRange gives the elements from start to stop, both included; negative ones count from the tail.
func (c *Client) LRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LRange(key, start, stop))
}

// LIndex gives the element at index; ErrNil if there is none.
func (c *Client) LIndex(ctx context.Context, key string, index int64) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LIndex(key, index))
}

// LSet sets the element at index.
func (c *Client) LSet(ctx context.Context, key string, index int64, element any) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.LSet(key, index, element))
}

// LRem removes up to count elements that are equal to element, from the head, with a negative count from the tail, with 0 all
// of them, and tells how many.
func (c *Client) LRem(ctx context.Context, key string, count int64, element any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LRem(key, count, element))
}

// LTrim keeps the elements from start to stop only, both included.
func (c *Client) LTrim(ctx context.Context, key string, start, stop int64) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.LTrim(key, start, stop))
}

// LInsertBefore adds an element before the first that is equal to pivot and gives the length; -1 if there is no pivot.
func (c *Client) LInsertBefore(ctx context.Context, key string, pivot, element any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LInsertBefore(key, pivot, element))
}

// LInsertAfter adds an element after the first that is equal to pivot and gives the length; -1 if there is no pivot.
func (c *Client) LInsertAfter(ctx context.Context, key string, pivot, element any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LInsertAfter(key, pivot, element))
}

// LPos gives the index of the first element that is equal to element; ErrNil if there is none.
func (c *Client) LPos(ctx context.Context, key string, element any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LPos(key, element))
}

// LMove takes an element from an end of source, adds it at an end of destination, and gives it; ErrNil if there is none.
func (c *Client) LMove(ctx context.Context, source, destination string, from, to Side) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LMove(source, destination, from, to))
}

// BLPop waits up to timeout (0: for ever) for an element at the head of one of the lists; ErrNil if none came.
func (c *Client) BLPop(ctx context.Context, timeout time.Duration, keys ...string) (KeyValue, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BLPop(timeout, keys...).request)
}

// BRPop waits up to timeout (0: for ever) for an element at the tail of one of the lists; ErrNil if none came.
func (c *Client) BRPop(ctx context.Context, timeout time.Duration, keys ...string) (KeyValue, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BRPop(timeout, keys...).request)
}

// BLMove is LMove that waits up to timeout (0: for ever) for an element; ErrNil if none came.
func (c *Client) BLMove(ctx context.Context, source, destination string, from, to Side, timeout time.Duration) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BLMove(source, destination, from, to, timeout).request)
}

// Eval runs a script; what does not begin with keys are its arguments.
func (c *Client) Eval(ctx context.Context, source string, keys []string, args ...any) (Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Eval(source, keys, args...))
}

// EvalRO runs a script that only reads, from Redis 7 on.
func (c *Client) EvalRO(ctx context.Context, source string, keys []string, args ...any) (Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.EvalRO(source, keys, args...))
}

// EvalSha runs a script that the server has, by its digest.
func (c *Client) EvalSha(ctx context.Context, sha string, keys []string, args ...any) (Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.EvalSha(sha, keys, args...))
}

// ScriptLoad gives a script to the server to keep, and its digest back.
func (c *Client) ScriptLoad(ctx context.Context, source string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ScriptLoad(source))
}

// ScriptExists tells of each digest whether the server has the script.
func (c *Client) ScriptExists(ctx context.Context, shas ...string) ([]bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ScriptExists(shas...))
}

// ScriptFlush has the server forget all scripts.
func (c *Client) ScriptFlush(ctx context.Context) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.ScriptFlush())
}

// FCall runs a function of a library that the server has, from Redis 7 on.
func (c *Client) FCall(ctx context.Context, function string, keys []string, args ...any) (Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.FCall(function, keys, args...))
}

// FCallRO runs a function that only reads.
func (c *Client) FCallRO(ctx context.Context, function string, keys []string, args ...any) (Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.FCallRO(function, keys, args...))
}

// FunctionLoad gives a library of functions to the server, in place of one of that name only if replace is set, and tells its
// name.
func (c *Client) FunctionLoad(ctx context.Context, source string, replace bool) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.FunctionLoad(source, replace))
}

// Ping gives an error if the server does not answer.
func (c *Client) Ping(ctx context.Context) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.Ping())
}

// Echo gives back what it is given.
func (c *Client) Echo(ctx context.Context, text string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Echo(text))
}

// Info gives what the server says of itself, in all sections or those named.
func (c *Client) Info(ctx context.Context, sections ...string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Info(sections...))
}

// DBSize tells how many keys the database has.
func (c *Client) DBSize(ctx context.Context) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.DBSize())
}

// Time gives the server's clock.
func (c *Client) Time(ctx context.Context) (time.Time, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Time())
}

// FlushDB deletes all keys of the database.
func (c *Client) FlushDB(ctx context.Context) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.FlushDB())
}

// FlushAll deletes all keys of all databases.
func (c *Client) FlushAll(ctx context.Context) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.FlushAll())
}

// ConfigGet gives the server's settings that match one of the patterns.
func (c *Client) ConfigGet(ctx context.Context, patterns ...string) (map[string]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ConfigGet(patterns...))
}

// ConfigSet changes a setting of the server.
func (c *Client) ConfigSet(ctx context.Context, name, value string) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.ConfigSet(name, value))
}

// ClientList gives the server's clients, one a line.
func (c *Client) ClientList(ctx context.Context) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ClientList())
}

// Role gives what the server is, as it says it.
func (c *Client) Role(ctx context.Context) (Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Role())
}

// LastSave gives when the server last saved its data.
func (c *Client) LastSave(ctx context.Context) (time.Time, error) {
	return run(ctx, c, CommandOptions{}, commands{}.LastSave())
}

// Wait waits up to timeout (0: for ever) until so many replicas have what the client wrote before, and tells how many have.
func (c *Client) Wait(ctx context.Context, replicas int, timeout time.Duration) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Wait(replicas, timeout).request)
}

// Publish publishes a message to a channel and tells how many clients got it.
func (c *Client) Publish(ctx context.Context, channel string, message any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Publish(channel, message))
}

// SPublish publishes a message to a shard channel, from Redis 7 on, and tells how many clients got it.
func (c *Client) SPublish(ctx context.Context, channel string, message any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SPublish(channel, message))
}

// PubSubChannels gives the channels that match a pattern ("": all) and that somebody is subscribed to.
func (c *Client) PubSubChannels(ctx context.Context, pattern string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.PubSubChannels(pattern))
}

// PubSubNumSub tells of channels how many clients are subscribed to each.
func (c *Client) PubSubNumSub(ctx context.Context, channels ...string) (map[string]int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.PubSubNumSub(channels...))
}

// PubSubNumPat tells how many patterns clients are subscribed to.
func (c *Client) PubSubNumPat(ctx context.Context) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.PubSubNumPat())
}

// SAdd adds members and tells how many are new.
func (c *Client) SAdd(ctx context.Context, key string, members ...any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SAdd(key, members...))
}

// SRem removes members and tells how many there were.
func (c *Client) SRem(ctx context.Context, key string, members ...any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SRem(key, members...))
}

// SMembers gives all members, in no order.
func (c *Client) SMembers(ctx context.Context, key string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SMembers(key))
}

// SIsMember tells whether member is one.
func (c *Client) SIsMember(ctx context.Context, key string, member any) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SIsMember(key, member))
}

// SMIsMember tells of each of the members whether it is one.
func (c *Client) SMIsMember(ctx context.Context, key string, members ...any) ([]bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SMIsMember(key, members...))
}

// SCard tells how many members there are.
func (c *Client) SCard(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SCard(key))
}

// SPop takes a member by chance; ErrNil if there is none.
func (c *Client) SPop(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SPop(key))
}

// SPopN takes up to count members by chance.
func (c *Client) SPopN(ctx context.Context, key string, count int64) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SPopN(key, count))
}

// SRandMember gives a member by chance; ErrNil if there is none.
func (c *Client) SRandMember(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SRandMember(key))
}

// SRandMemberN gives up to count different members by chance; with a negative count that many, of which some may be the same.
func (c *Client) SRandMemberN(ctx context.Context, key string, count int64) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SRandMemberN(key, count))
}

// SMove moves a member from source to destination and tells whether there was one.
func (c *Client) SMove(ctx context.Context, source, destination string, member any) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SMove(source, destination, member))
}

// SInter gives the members that all of the sets have.
func (c *Client) SInter(ctx context.Context, keys ...string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SInter(keys...))
}

// SInterCard tells how many members all of the sets have, and counts no further than limit; 0 is no limit. Redis 7.
func (c *Client) SInterCard(ctx context.Context, limit int64, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SInterCard(limit, keys...))
}

// SInterStore sets destination to what SInter gives and tells how many members that has.
func (c *Client) SInterStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SInterStore(destination, keys...))
}

// SUnion gives the members that any of the sets has.
func (c *Client) SUnion(ctx context.Context, keys ...string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SUnion(keys...))
}

// SUnionStore sets destination to what SUnion gives and tells how many members that has.
func (c *Client) SUnionStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SUnionStore(destination, keys...))
}

// SDiff gives the members of the first set that no other has.
func (c *Client) SDiff(ctx context.Context, keys ...string) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SDiff(keys...))
}

// SDiffStore sets destination to what SDiff gives and tells how many members that has.
func (c *Client) SDiffStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SDiffStore(destination, keys...))
}

// XAdd adds an entry of fields and values, given in turn, and gives its id.
func (c *Client) XAdd(ctx context.Context, stream string, pairs ...any) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XAdd(stream, pairs...))
}

// XAddWith is XAdd as the options say; ErrNil if the stream does not exist and must.
func (c *Client) XAddWith(ctx context.Context, stream string, options XAddOptions, pairs ...any) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XAddWith(stream, options, pairs...))
}

// XLen tells how many entries there are.
func (c *Client) XLen(ctx context.Context, stream string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XLen(stream))
}

// XDel deletes entries and tells how many there were.
func (c *Client) XDel(ctx context.Context, stream string, ids ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XDel(stream, ids...))
}

// XRange gives the entries from start ("-": the first) to stop ("+": the last), the oldest first.
func (c *Client) XRange(ctx context.Context, stream, start, stop string) ([]XMessage, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XRange(stream, start, stop))
}

// XRangeN is XRange of up to count entries.
func (c *Client) XRangeN(ctx context.Context, stream, start, stop string, count int64) ([]XMessage, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XRangeN(stream, start, stop, count))
}

// XRevRange gives the entries from start ("+": the last) to stop ("-": the first), the newest first.
func (c *Client) XRevRange(ctx context.Context, stream, start, stop string) ([]XMessage, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XRevRange(stream, start, stop))
}

// XRevRangeN is XRevRange of up to count entries.
func (c *Client) XRevRangeN(ctx context.Context, stream, start, stop string, count int64) ([]XMessage, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XRevRangeN(stream, start, stop, count))
}

// XTrimMaxLen keeps the newest count entries and tells how many went.
func (c *Client) XTrimMaxLen(ctx context.Context, stream string, count int64) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XTrimMaxLen(stream, count))
}

// XTrimMinID keeps the entries from id on and tells how many went.
func (c *Client) XTrimMinID(ctx context.Context, stream, id string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XTrimMinID(stream, id))
}

// XRead gives up to count (0: all) entries of each stream after its id, of what is there; nothing if there is none.
func (c *Client) XRead(ctx context.Context, count int64, streams ...StreamAfter) ([]XStream, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XRead(count, streams...))
}

// XReadBlock is XRead that waits up to timeout (0: for ever) for entries; nothing if none came. Name the last id that was seen, not
// "$": what is added while there is no connection is then not missed.
func (c *Client) XReadBlock(ctx context.Context, timeout time.Duration, count int64, streams ...StreamAfter) ([]XStream, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XReadBlock(timeout, count, streams...).request)
}

// XReadGroup gives up to count (0: all) entries of each stream to a consumer of a group: new ones with the id ">", else those that
// it has got and not acknowledged.
func (c *Client) XReadGroup(ctx context.Context, group, consumer string, count int64, streams ...StreamAfter) ([]XStream, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XReadGroup(group, consumer, count, streams...))
}

// XReadGroupBlock is XReadGroup that waits up to timeout (0: for ever) for entries; nothing if none came.
func (c *Client) XReadGroupBlock(ctx context.Context, timeout time.Duration, group, consumer string, count int64, streams ...StreamAfter) ([]XStream, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XReadGroupBlock(timeout, group, consumer, count, streams...).request)
}

// XAck acknowledges entries of a group and tells how many were waiting for it.
func (c *Client) XAck(ctx context.Context, stream, group string, ids ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XAck(stream, group, ids...))
}

// XGroupCreate makes a group that begins after id ("$": what comes from now on, "0": everything).
func (c *Client) XGroupCreate(ctx context.Context, stream, group, id string) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.XGroupCreate(stream, group, id))
}

// XGroupCreateMkStream is XGroupCreate that makes the stream if there is none.
func (c *Client) XGroupCreateMkStream(ctx context.Context, stream, group, id string) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.XGroupCreateMkStream(stream, group, id))
}

// XGroupSetID has a group go on after id.
func (c *Client) XGroupSetID(ctx context.Context, stream, group, id string) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.XGroupSetID(stream, group, id))
}

// XGroupDestroy deletes a group and tells whether there was one.
func (c *Client) XGroupDestroy(ctx context.Context, stream, group string) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XGroupDestroy(stream, group))
}

// XGroupDelConsumer deletes a consumer and tells how many entries it had not acknowledged.
func (c *Client) XGroupDelConsumer(ctx context.Context, stream, group, consumer string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XGroupDelConsumer(stream, group, consumer))
}

// XPending tells what a group has given out and nobody has acknowledged.
func (c *Client) XPending(ctx context.Context, stream, group string) (XPending, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XPending(stream, group))
}

// XPendingExt gives up to count entries from start to stop that were given out, to consumer ("": to anyone), and not acknowledged.
func (c *Client) XPendingExt(ctx context.Context, stream, group, start, stop string, count int64, consumer string) ([]XPendingEntry, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XPendingExt(stream, group, start, stop, count, consumer))
}

// XClaim gives entries to another consumer that were given out at least so long ago.
func (c *Client) XClaim(ctx context.Context, stream, group, consumer string, idle time.Duration, ids ...string) ([]XMessage, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XClaim(stream, group, consumer, idle, ids...))
}

// XAutoClaim gives up to count (0: 100) entries from start on to another consumer that were given out at least so long ago.
func (c *Client) XAutoClaim(ctx context.Context, stream, group, consumer string, idle time.Duration, start string, count int64) (XClaimed, error) {
	return run(ctx, c, CommandOptions{}, commands{}.XAutoClaim(stream, group, consumer, idle, start, count))
}

// Get gives the string at key; ErrNil if there is none.
func (c *Client) Get(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Get(key))
}

// GetBytes is Get as a byte slice.
func (c *Client) GetBytes(ctx context.Context, key string) ([]byte, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GetBytes(key))
}

// Set sets key to value, to live for ttl; 0 is for ever, KeepTTL as long as it had.
func (c *Client) Set(ctx context.Context, key string, value any, ttl time.Duration) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.Set(key, value, ttl))
}

// SetWith sets key to value as the options say, and tells whether it was set.
func (c *Client) SetWith(ctx context.Context, key string, value any, options SetOptions) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SetWith(key, value, options))
}

// SetNX sets key to value only if it does not exist, to live for ttl (0: for ever), and tells whether it was set.
func (c *Client) SetNX(ctx context.Context, key string, value any, ttl time.Duration) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SetNX(key, value, ttl))
}

// SetXX sets key to value only if it exists, to live for ttl (0: for ever), and tells whether it was set.
func (c *Client) SetXX(ctx context.Context, key string, value any, ttl time.Duration) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SetXX(key, value, ttl))
}

// GetSet sets key to value and gives what it was before; ErrNil if there was nothing (it is set all the same).
func (c *Client) GetSet(ctx context.Context, key string, value any) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GetSet(key, value))
}

// GetDel gives the string at key and deletes it; ErrNil if there is none.
func (c *Client) GetDel(ctx context.Context, key string) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GetDel(key))
}

// GetEx gives the string at key and lets it live for ttl from now on, 0 for ever; ErrNil if there is none.
func (c *Client) GetEx(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GetEx(key, ttl))
}

// MGet gives the strings at keys, in order; one that does not exist is a Value that is nil.
func (c *Client) MGet(ctx context.Context, keys ...string) ([]Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.MGet(keys...))
}

// MSet sets keys to values, given in turn.
func (c *Client) MSet(ctx context.Context, pairs ...any) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.MSet(pairs...))
}

// MSetNX sets keys to values, given in turn, only if none of them exists, and tells whether they were set.
func (c *Client) MSetNX(ctx context.Context, pairs ...any) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.MSetNX(pairs...))
}

// Append adds to the end of the string at key and gives its length.
func (c *Client) Append(ctx context.Context, key, value string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Append(key, value))
}

// StrLen gives the length of the string at key; 0 if there is none.
func (c *Client) StrLen(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.StrLen(key))
}

// GetRange gives the bytes from start to end of the string at key, both included; negative ones count from its end.
func (c *Client) GetRange(ctx context.Context, key string, start, end int64) (string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GetRange(key, start, end))
}

// SetRange overwrites the string at key from offset on and gives its length.
func (c *Client) SetRange(ctx context.Context, key string, offset int64, value string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SetRange(key, offset, value))
}

// Incr adds 1 to the integer at key and gives it.
func (c *Client) Incr(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Incr(key))
}

// IncrBy adds to the integer at key and gives it.
func (c *Client) IncrBy(ctx context.Context, key string, by int64) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.IncrBy(key, by))
}

// IncrByFloat adds to the number at key and gives it.
func (c *Client) IncrByFloat(ctx context.Context, key string, by float64) (float64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.IncrByFloat(key, by))
}

// Decr subtracts 1 from the integer at key and gives it.
func (c *Client) Decr(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.Decr(key))
}

// DecrBy subtracts from the integer at key and gives it.
func (c *Client) DecrBy(ctx context.Context, key string, by int64) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.DecrBy(key, by))
}

// GetBit gives the bit at offset of the string at key.
func (c *Client) GetBit(ctx context.Context, key string, offset int64) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.GetBit(key, offset))
}

// SetBit sets the bit at offset of the string at key and gives what it was.
func (c *Client) SetBit(ctx context.Context, key string, offset int64, bit int) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.SetBit(key, offset, bit))
}

// BitCount counts the bits that are set in the string at key.
func (c *Client) BitCount(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BitCount(key))
}

// BitCountRange counts the bits that are set in the bytes from start to end of the string at key, both included.
func (c *Client) BitCountRange(ctx context.Context, key string, start, end int64) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BitCountRange(key, start, end))
}

// BitPos gives the place of the first bit that is bit, or -1; within the bytes given, if any: start, or start and end.
func (c *Client) BitPos(ctx context.Context, key string, bit int, within ...int64) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BitPos(key, bit, within...))
}

// BitOp sets destination to keys combined by operation (AND, OR, XOR, NOT) and gives its length.
func (c *Client) BitOp(ctx context.Context, operation, destination string, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BitOp(operation, destination, keys...))
}

// BitField does the operations given, such as "INCRBY", "u8", 0, 1; each gives an integer, or nil where it overflowed.
func (c *Client) BitField(ctx context.Context, key string, operations ...any) ([]Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BitField(key, operations...))
}

// PFAdd adds elements to the HyperLogLog at key and tells whether its estimate changed.
func (c *Client) PFAdd(ctx context.Context, key string, elements ...any) (bool, error) {
	return run(ctx, c, CommandOptions{}, commands{}.PFAdd(key, elements...))
}

// PFCount estimates how many different elements the HyperLogLogs at keys have together.
func (c *Client) PFCount(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.PFCount(keys...))
}

// PFMerge makes destination the union of itself and the HyperLogLogs at keys.
func (c *Client) PFMerge(ctx context.Context, destination string, keys ...string) error {
	return runNone(ctx, c, CommandOptions{}, commands{}.PFMerge(destination, keys...))
}

// ZAdd adds members, or changes their scores, and tells how many are new.
func (c *Client) ZAdd(ctx context.Context, key string, members ...Z) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZAdd(key, members...))
}

// ZAddWith is ZAdd as the options say.
func (c *Client) ZAddWith(ctx context.Context, key string, options ZAddOptions, members ...Z) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZAddWith(key, options, members...))
}

// ZIncrBy adds to a member's score and gives it.
func (c *Client) ZIncrBy(ctx context.Context, key string, by float64, member string) (float64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZIncrBy(key, by, member))
}

// ZScore gives a member's score; ErrNil if it is none.
func (c *Client) ZScore(ctx context.Context, key, member string) (float64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZScore(key, member))
}

// ZMScore gives members' scores, in order; what is no member is a Value that is nil.
func (c *Client) ZMScore(ctx context.Context, key string, members ...string) ([]Value, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZMScore(key, members...))
}

// ZCard tells how many members there are.
func (c *Client) ZCard(ctx context.Context, key string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZCard(key))
}

// ZCount tells how many members have a score from low to high: numbers, "(" before one that is not included, "-inf", "+inf".
func (c *Client) ZCount(ctx context.Context, key, low, high string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZCount(key, low, high))
}

// ZRank gives a member's place from the smallest score, from 0; ErrNil if it is none.
func (c *Client) ZRank(ctx context.Context, key, member string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRank(key, member))
}

// ZRevRank gives a member's place from the largest score, from 0; ErrNil if it is none.
func (c *Client) ZRevRank(ctx context.Context, key, member string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRevRank(key, member))
}

// ZRem removes members and tells how many there were.
func (c *Client) ZRem(ctx context.Context, key string, members ...any) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRem(key, members...))
}

// ZRange gives the members from place start to stop, both included, the smallest score first.
func (c *Client) ZRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRange(key, start, stop))
}

// ZRangeWithScores is ZRange with scores.
func (c *Client) ZRangeWithScores(ctx context.Context, key string, start, stop int64) ([]Z, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRangeWithScores(key, start, stop))
}

// ZRevRange gives the members from place start to stop, both included, the largest score first.
func (c *Client) ZRevRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRevRange(key, start, stop))
}

// ZRevRangeWithScores is ZRevRange with scores.
func (c *Client) ZRevRangeWithScores(ctx context.Context, key string, start, stop int64) ([]Z, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRevRangeWithScores(key, start, stop))
}

// ZRangeByScore gives members by their scores, the smallest first.
func (c *Client) ZRangeByScore(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRangeByScore(key, by))
}

// ZRangeByScoreWithScores is ZRangeByScore with scores.
func (c *Client) ZRangeByScoreWithScores(ctx context.Context, key string, by ZRangeBy) ([]Z, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRangeByScoreWithScores(key, by))
}

// ZRevRangeByScore gives members by their scores, the largest first.
func (c *Client) ZRevRangeByScore(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRevRangeByScore(key, by))
}

// ZRangeByLex gives members by their names, where all scores are the same.
func (c *Client) ZRangeByLex(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRangeByLex(key, by))
}

// ZRemRangeByRank removes the members from place start to stop, both included, and tells how many.
func (c *Client) ZRemRangeByRank(ctx context.Context, key string, start, stop int64) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRemRangeByRank(key, start, stop))
}

// ZRemRangeByScore removes the members with a score from low to high and tells how many.
func (c *Client) ZRemRangeByScore(ctx context.Context, key, low, high string) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRemRangeByScore(key, low, high))
}

// ZPopMin takes up to count members with the smallest scores.
func (c *Client) ZPopMin(ctx context.Context, key string, count int64) ([]Z, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZPopMin(key, count))
}

// ZPopMax takes up to count members with the largest scores.
func (c *Client) ZPopMax(ctx context.Context, key string, count int64) ([]Z, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZPopMax(key, count))
}

// ZRandMember gives up to count different members by chance; with a negative count that many, of which some may be the same.
func (c *Client) ZRandMember(ctx context.Context, key string, count int64) ([]string, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZRandMember(key, count))
}

// ZUnionStore sets destination to all members of the sorted sets and tells how many.
func (c *Client) ZUnionStore(ctx context.Context, destination string, of ZStore) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZUnionStore(destination, of))
}

// ZInterStore sets destination to the members that all of the sorted sets have and tells how many.
func (c *Client) ZInterStore(ctx context.Context, destination string, of ZStore) (int64, error) {
	return run(ctx, c, CommandOptions{}, commands{}.ZInterStore(destination, of))
}

// BZPopMin waits up to timeout (0: for ever) for a member of one of the sorted sets and takes the one with the smallest score;
// ErrNil if none came.
func (c *Client) BZPopMin(ctx context.Context, timeout time.Duration, keys ...string) (KeyZ, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BZPopMin(timeout, keys...).request)
}

// BZPopMax is BZPopMin for the largest score.
func (c *Client) BZPopMax(ctx context.Context, timeout time.Duration, keys ...string) (KeyZ, error) {
	return run(ctx, c, CommandOptions{}, commands{}.BZPopMax(timeout, keys...).request)
}
