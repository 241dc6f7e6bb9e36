// Code generated from commands_*.go by internal/gen; DO NOT EDIT.

package rr

import (
	"time"
)

// GeoAdd adds what Client.GeoAdd sends; its result is there after Exec.
func (p *Pipeline) GeoAdd(key string, locations ...GeoLocation) *Result[int64] {
	return add(p, commands{}.GeoAdd(key, locations...))
}

// GeoPos adds what Client.GeoPos sends; its result is there after Exec.
func (p *Pipeline) GeoPos(key string, members ...string) *Result[[]*GeoLocation] {
	return add(p, commands{}.GeoPos(key, members...))
}

// GeoDist adds what Client.GeoDist sends; its result is there after Exec.
func (p *Pipeline) GeoDist(key, one, other, unit string) *Result[float64] {
	return add(p, commands{}.GeoDist(key, one, other, unit))
}

// GeoHash adds what Client.GeoHash sends; its result is there after Exec.
func (p *Pipeline) GeoHash(key string, members ...string) *Result[[]string] {
	return add(p, commands{}.GeoHash(key, members...))
}

// GeoSearch adds what Client.GeoSearch sends; its result is there after Exec.
func (p *Pipeline) GeoSearch(key string, query GeoQuery) *Result[[]GeoLocation] {
	return add(p, commands{}.GeoSearch(key, query))
}

// GeoSearchStore adds what Client.GeoSearchStore sends; its result is there after Exec.
func (p *Pipeline) GeoSearchStore(destination, key string, query GeoQuery) *Result[int64] {
	return add(p, commands{}.GeoSearchStore(destination, key, query))
}

// HSet adds what Client.HSet sends; its result is there after Exec.
func (p *Pipeline) HSet(key string, pairs ...any) *Result[int64] {
	return add(p, commands{}.HSet(key, pairs...))
}

// HSetNX adds what Client.HSetNX sends; its result is there after Exec.
func (p *Pipeline) HSetNX(key, field string, value any) *Result[bool] {
	return add(p, commands{}.HSetNX(key, field, value))
}

// HGet adds what Client.HGet sends; its result is there after Exec.
func (p *Pipeline) HGet(key, field string) *Result[string] {
	return add(p, commands{}.HGet(key, field))
}

// HMGet adds what Client.HMGet sends; its result is there after Exec.
func (p *Pipeline) HMGet(key string, fields ...string) *Result[[]Value] {
	return add(p, commands{}.HMGet(key, fields...))
}

// HGetAll adds what Client.HGetAll sends; its result is there after Exec.
func (p *Pipeline) HGetAll(key string) *Result[map[string]string] {
	return add(p, commands{}.HGetAll(key))
}

// HDel adds what Client.HDel sends; its result is there after Exec.
func (p *Pipeline) HDel(key string, fields ...string) *Result[int64] {
	return add(p, commands{}.HDel(key, fields...))
}

// HExists adds what Client.HExists sends; its result is there after Exec.
func (p *Pipeline) HExists(key, field string) *Result[bool] {
	return add(p, commands{}.HExists(key, field))
}

// HLen adds what Client.HLen sends; its result is there after Exec.
func (p *Pipeline) HLen(key string) *Result[int64] {
	return add(p, commands{}.HLen(key))
}

// HKeys adds what Client.HKeys sends; its result is there after Exec.
func (p *Pipeline) HKeys(key string) *Result[[]string] {
	return add(p, commands{}.HKeys(key))
}

// HVals adds what Client.HVals sends; its result is there after Exec.
func (p *Pipeline) HVals(key string) *Result[[]string] {
	return add(p, commands{}.HVals(key))
}

// HIncrBy adds what Client.HIncrBy sends; its result is there after Exec.
func (p *Pipeline) HIncrBy(key, field string, by int64) *Result[int64] {
	return add(p, commands{}.HIncrBy(key, field, by))
}

// HIncrByFloat adds what Client.HIncrByFloat sends; its result is there after Exec.
func (p *Pipeline) HIncrByFloat(key, field string, by float64) *Result[float64] {
	return add(p, commands{}.HIncrByFloat(key, field, by))
}

// HStrLen adds what Client.HStrLen sends; its result is there after Exec.
func (p *Pipeline) HStrLen(key, field string) *Result[int64] {
	return add(p, commands{}.HStrLen(key, field))
}

// HRandField adds what Client.HRandField sends; its result is there after Exec.
func (p *Pipeline) HRandField(key string, count int) *Result[[]string] {
	return add(p, commands{}.HRandField(key, count))
}

// Del adds what Client.Del sends; its result is there after Exec.
func (p *Pipeline) Del(keys ...string) *Result[int64] {
	return add(p, commands{}.Del(keys...))
}

// Unlink adds what Client.Unlink sends; its result is there after Exec.
func (p *Pipeline) Unlink(keys ...string) *Result[int64] {
	return add(p, commands{}.Unlink(keys...))
}

// Exists adds what Client.Exists sends; its result is there after Exec.
func (p *Pipeline) Exists(keys ...string) *Result[int64] {
	return add(p, commands{}.Exists(keys...))
}

// Expire adds what Client.Expire sends; its result is there after Exec.
func (p *Pipeline) Expire(key string, ttl time.Duration) *Result[bool] {
	return add(p, commands{}.Expire(key, ttl))
}

// ExpireAt adds what Client.ExpireAt sends; its result is there after Exec.
func (p *Pipeline) ExpireAt(key string, then time.Time) *Result[bool] {
	return add(p, commands{}.ExpireAt(key, then))
}

// Persist adds what Client.Persist sends; its result is there after Exec.
func (p *Pipeline) Persist(key string) *Result[bool] {
	return add(p, commands{}.Persist(key))
}

// TTL adds what Client.TTL sends; its result is there after Exec.
func (p *Pipeline) TTL(key string) *Result[time.Duration] {
	return add(p, commands{}.TTL(key))
}

// Type adds what Client.Type sends; its result is there after Exec.
func (p *Pipeline) Type(key string) *Result[string] {
	return add(p, commands{}.Type(key))
}

// Rename adds what Client.Rename sends; its result is there after Exec.
func (p *Pipeline) Rename(key, name string) *Result[None] {
	return add(p, commands{}.Rename(key, name))
}

// RenameNX adds what Client.RenameNX sends; its result is there after Exec.
func (p *Pipeline) RenameNX(key, name string) *Result[bool] {
	return add(p, commands{}.RenameNX(key, name))
}

// Copy adds what Client.Copy sends; its result is there after Exec.
func (p *Pipeline) Copy(source, destination string, replace bool) *Result[bool] {
	return add(p, commands{}.Copy(source, destination, replace))
}

// Touch adds what Client.Touch sends; its result is there after Exec.
func (p *Pipeline) Touch(keys ...string) *Result[int64] {
	return add(p, commands{}.Touch(keys...))
}

// RandomKey adds what Client.RandomKey sends; its result is there after Exec.
func (p *Pipeline) RandomKey() *Result[string] {
	return add(p, commands{}.RandomKey())
}

// Keys adds what Client.Keys sends; its result is there after Exec.
func (p *Pipeline) Keys(pattern string) *Result[[]string] {
	return add(p, commands{}.Keys(pattern))
}

// ObjectEncoding adds what Client.ObjectEncoding sends; its result is there after Exec.
func (p *Pipeline) ObjectEncoding(key string) *Result[string] {
	return add(p, commands{}.ObjectEncoding(key))
}

// Dump adds what Client.Dump sends; its result is there after Exec.
func (p *Pipeline) Dump(key string) *Result[string] {
	return add(p, commands{}.Dump(key))
}

// Restore adds what Client.Restore sends; its result is there after Exec.
func (p *Pipeline) Restore(key string, ttl time.Duration, dump string, replace bool) *Result[None] {
	return add(p, commands{}.Restore(key, ttl, dump, replace))
}

// MemoryUsage adds what Client.MemoryUsage sends; its result is there after Exec.
func (p *Pipeline) MemoryUsage(key string) *Result[int64] {
	return add(p, commands{}.MemoryUsage(key))
}

// LPush adds what Client.LPush sends; its result is there after Exec.
func (p *Pipeline) LPush(key string, elements ...any) *Result[int64] {
	return add(p, commands{}.LPush(key, elements...))
}

// RPush adds what Client.RPush sends; its result is there after Exec.
func (p *Pipeline) RPush(key string, elements ...any) *Result[int64] {
	return add(p, commands{}.RPush(key, elements...))
}

// LPushX adds what Client.LPushX sends; its result is there after Exec.
func (p *Pipeline) LPushX(key string, elements ...any) *Result[int64] {
	return add(p, commands{}.LPushX(key, elements...))
}

// RPushX adds what Client.RPushX sends; its result is there after Exec.
func (p *Pipeline) RPushX(key string, elements ...any) *Result[int64] {
	return add(p, commands{}.RPushX(key, elements...))
}

// LPop adds what Client.LPop sends; its result is there after Exec.
func (p *Pipeline) LPop(key string) *Result[string] {
	return add(p, commands{}.LPop(key))
}

// RPop adds what Client.RPop sends; its result is there after Exec.
func (p *Pipeline) RPop(key string) *Result[string] {
	return add(p, commands{}.RPop(key))
}

// LPopCount adds what Client.LPopCount sends; its result is there after Exec.
func (p *Pipeline) LPopCount(key string, count int) *Result[[]string] {
	return add(p, commands{}.LPopCount(key, count))
}

// RPopCount adds what Client.RPopCount sends; its result is there after Exec.
func (p *Pipeline) RPopCount(key string, count int) *Result[[]string] {
	return add(p, commands{}.RPopCount(key, count))
}

// LLen adds what Client.LLen sends; its result is there after Exec.
func (p *Pipeline) LLen(key string) *Result[int64] {
	return add(p, commands{}.LLen(key))
}

// LRange adds what Client.LRange sends; its result is there after Exec.
func (p *Pipeline) LRange(key string, start, stop int64) *Result[[]string] {
	return add(p, commands{}.LRange(key, start, stop))
}

// LIndex adds what Client.LIndex sends; its result is there after Exec.
func (p *Pipeline) LIndex(key string, index int64) *Result[string] {
	return add(p, commands{}.LIndex(key, index))
}

// LSet adds what Client.LSet sends; its result is there after Exec.
func (p *Pipeline) LSet(key string, index int64, element any) *Result[None] {
	return add(p, commands{}.LSet(key, index, element))
}

// LRem adds what Client.LRem sends; its result is there after Exec.
func (p *Pipeline) LRem(key string, count int64, element any) *Result[int64] {
	return add(p, commands{}.LRem(key, count, element))
}

// LTrim adds what Client.LTrim sends; its result is there after Exec.
func (p *Pipeline) LTrim(key string, start, stop int64) *Result[None] {
	return add(p, commands{}.LTrim(key, start, stop))
}

// LInsertBefore adds what Client.LInsertBefore sends; its result is there after Exec.
func (p *Pipeline) LInsertBefore(key string, pivot, element any) *Result[int64] {
	return add(p, commands{}.LInsertBefore(key, pivot, element))
}

// LInsertAfter adds what Client.LInsertAfter sends; its result is there after Exec.
func (p *Pipeline) LInsertAfter(key string, pivot, element any) *Result[int64] {
	return add(p, commands{}.LInsertAfter(key, pivot, element))
}

// LPos adds what Client.LPos sends; its result is there after Exec.
func (p *Pipeline) LPos(key string, element any) *Result[int64] {
	return add(p, commands{}.LPos(key, element))
}

// LMove adds what Client.LMove sends; its result is there after Exec.
func (p *Pipeline) LMove(source, destination string, from, to Side) *Result[string] {
	return add(p, commands{}.LMove(source, destination, from, to))
}

// Eval adds what Client.Eval sends; its result is there after Exec.
func (p *Pipeline) Eval(source string, keys []string, args ...any) *Result[Value] {
	return add(p, commands{}.Eval(source, keys, args...))
}

// EvalRO adds what Client.EvalRO sends; its result is there after Exec.
func (p *Pipeline) EvalRO(source string, keys []string, args ...any) *Result[Value] {
	return add(p, commands{}.EvalRO(source, keys, args...))
}

// EvalSha adds what Client.EvalSha sends; its result is there after Exec.
func (p *Pipeline) EvalSha(sha string, keys []string, args ...any) *Result[Value] {
	return add(p, commands{}.EvalSha(sha, keys, args...))
}

// ScriptLoad adds what Client.ScriptLoad sends; its result is there after Exec.
func (p *Pipeline) ScriptLoad(source string) *Result[string] {
	return add(p, commands{}.ScriptLoad(source))
}

// ScriptExists adds what Client.ScriptExists sends; its result is there after Exec.
func (p *Pipeline) ScriptExists(shas ...string) *Result[[]bool] {
	return add(p, commands{}.ScriptExists(shas...))
}

// ScriptFlush adds what Client.ScriptFlush sends; its result is there after Exec.
func (p *Pipeline) ScriptFlush() *Result[None] {
	return add(p, commands{}.ScriptFlush())
}

// FCall adds what Client.FCall sends; its result is there after Exec.
func (p *Pipeline) FCall(function string, keys []string, args ...any) *Result[Value] {
	return add(p, commands{}.FCall(function, keys, args...))
}

// FCallRO adds what Client.FCallRO sends; its result is there after Exec.
func (p *Pipeline) FCallRO(function string, keys []string, args ...any) *Result[Value] {
	return add(p, commands{}.FCallRO(function, keys, args...))
}

// FunctionLoad adds what Client.FunctionLoad sends; its result is there after Exec.
func (p *Pipeline) FunctionLoad(source string, replace bool) *Result[string] {
	return add(p, commands{}.FunctionLoad(source, replace))
}

// Ping adds what Client.Ping sends; its result is there after Exec.
func (p *Pipeline) Ping() *Result[None] {
	return add(p, commands{}.Ping())
}

// Echo adds what Client.Echo sends; its result is there after Exec.
func (p *Pipeline) Echo(text string) *Result[string] {
	return add(p, commands{}.Echo(text))
}

// Info adds what Client.Info sends; its result is there after Exec.
func (p *Pipeline) Info(sections ...string) *Result[string] {
	return add(p, commands{}.Info(sections...))
}

// DBSize adds what Client.DBSize sends; its result is there after Exec.
func (p *Pipeline) DBSize() *Result[int64] {
	return add(p, commands{}.DBSize())
}

// Time adds what Client.Time sends; its result is there after Exec.
func (p *Pipeline) Time() *Result[time.Time] {
	return add(p, commands{}.Time())
}

// FlushDB adds what Client.FlushDB sends; its result is there after Exec.
func (p *Pipeline) FlushDB() *Result[None] {
	return add(p, commands{}.FlushDB())
}

// FlushAll adds what Client.FlushAll sends; its result is there after Exec.
func (p *Pipeline) FlushAll() *Result[None] {
	return add(p, commands{}.FlushAll())
}

// ConfigGet adds what Client.ConfigGet sends; its result is there after Exec.
func (p *Pipeline) ConfigGet(patterns ...string) *Result[map[string]string] {
	return add(p, commands{}.ConfigGet(patterns...))
}

// ConfigSet adds what Client.ConfigSet sends; its result is there after Exec.
func (p *Pipeline) ConfigSet(name, value string) *Result[None] {
	return add(p, commands{}.ConfigSet(name, value))
}

// ClientList adds what Client.ClientList sends; its result is there after Exec.
func (p *Pipeline) ClientList() *Result[string] {
	return add(p, commands{}.ClientList())
}

// Role adds what Client.Role sends; its result is there after Exec.
func (p *Pipeline) Role() *Result[Value] {
	return add(p, commands{}.Role())
}

// LastSave adds what Client.LastSave sends; its result is there after Exec.
func (p *Pipeline) LastSave() *Result[time.Time] {
	return add(p, commands{}.LastSave())
}

// Publish adds what Client.Publish sends; its result is there after Exec.
func (p *Pipeline) Publish(channel string, message any) *Result[int64] {
	return add(p, commands{}.Publish(channel, message))
}

// SPublish adds what Client.SPublish sends; its result is there after Exec.
func (p *Pipeline) SPublish(channel string, message any) *Result[int64] {
	return add(p, commands{}.SPublish(channel, message))
}

// PubSubChannels adds what Client.PubSubChannels sends; its result is there after Exec.
func (p *Pipeline) PubSubChannels(pattern string) *Result[[]string] {
	return add(p, commands{}.PubSubChannels(pattern))
}

// PubSubNumSub adds what Client.PubSubNumSub sends; its result is there after Exec.
func (p *Pipeline) PubSubNumSub(channels ...string) *Result[map[string]int64] {
	return add(p, commands{}.PubSubNumSub(channels...))
}

// PubSubNumPat adds what Client.PubSubNumPat sends; its result is there after Exec.
func (p *Pipeline) PubSubNumPat() *Result[int64] {
	return add(p, commands{}.PubSubNumPat())
}

// SAdd adds what Client.SAdd sends; its result is there after Exec.
func (p *Pipeline) SAdd(key string, members ...any) *Result[int64] {
	return add(p, commands{}.SAdd(key, members...))
}

// SRem adds what Client.SRem sends; its result is there after Exec.
func (p *Pipeline) SRem(key string, members ...any) *Result[int64] {
	return add(p, commands{}.SRem(key, members...))
}

// SMembers adds what Client.SMembers sends; its result is there after Exec.
func (p *Pipeline) SMembers(key string) *Result[[]string] {
	return add(p, commands{}.SMembers(key))
}

// SIsMember adds what Client.SIsMember sends; its result is there after Exec.
func (p *Pipeline) SIsMember(key string, member any) *Result[bool] {
	return add(p, commands{}.SIsMember(key, member))
}

// SMIsMember adds what Client.SMIsMember sends; its result is there after Exec.
func (p *Pipeline) SMIsMember(key string, members ...any) *Result[[]bool] {
	return add(p, commands{}.SMIsMember(key, members...))
}

// SCard adds what Client.SCard sends; its result is there after Exec.
func (p *Pipeline) SCard(key string) *Result[int64] {
	return add(p, commands{}.SCard(key))
}

// SPop adds what Client.SPop sends; its result is there after Exec.
func (p *Pipeline) SPop(key string) *Result[string] {
	return add(p, commands{}.SPop(key))
}

// SPopN adds what Client.SPopN sends; its result is there after Exec.
func (p *Pipeline) SPopN(key string, count int64) *Result[[]string] {
	return add(p, commands{}.SPopN(key, count))
}

// SRandMember adds what Client.SRandMember sends; its result is there after Exec.
func (p *Pipeline) SRandMember(key string) *Result[string] {
	return add(p, commands{}.SRandMember(key))
}

// SRandMemberN adds what Client.SRandMemberN sends; its result is there after Exec.
func (p *Pipeline) SRandMemberN(key string, count int64) *Result[[]string] {
	return add(p, commands{}.SRandMemberN(key, count))
}

// SMove adds what Client.SMove sends; its result is there after Exec.
func (p *Pipeline) SMove(source, destination string, member any) *Result[bool] {
	return add(p, commands{}.SMove(source, destination, member))
}

// SInter adds what Client.SInter sends; its result is there after Exec.
func (p *Pipeline) SInter(keys ...string) *Result[[]string] {
	return add(p, commands{}.SInter(keys...))
}

// SInterCard adds what Client.SInterCard sends; its result is there after Exec.
func (p *Pipeline) SInterCard(limit int64, keys ...string) *Result[int64] {
	return add(p, commands{}.SInterCard(limit, keys...))
}

// SInterStore adds what Client.SInterStore sends; its result is there after Exec.
func (p *Pipeline) SInterStore(destination string, keys ...string) *Result[int64] {
	return add(p, commands{}.SInterStore(destination, keys...))
}

// SUnion adds what Client.SUnion sends; its result is there after Exec.
func (p *Pipeline) SUnion(keys ...string) *Result[[]string] {
	return add(p, commands{}.SUnion(keys...))
}

// SUnionStore adds what Client.SUnionStore sends; its result is there after Exec.
func (p *Pipeline) SUnionStore(destination string, keys ...string) *Result[int64] {
	return add(p, commands{}.SUnionStore(destination, keys...))
}

// SDiff adds what Client.SDiff sends; its result is there after Exec.
func (p *Pipeline) SDiff(keys ...string) *Result[[]string] {
	return add(p, commands{}.SDiff(keys...))
}

// SDiffStore adds what Client.SDiffStore sends; its result is there after Exec.
func (p *Pipeline) SDiffStore(destination string, keys ...string) *Result[int64] {
	return add(p, commands{}.SDiffStore(destination, keys...))
}

// XAdd adds what Client.XAdd sends; its result is there after Exec.
func (p *Pipeline) XAdd(stream string, pairs ...any) *Result[string] {
	return add(p, commands{}.XAdd(stream, pairs...))
}

// XAddWith adds what Client.XAddWith sends; its result is there after Exec.
func (p *Pipeline) XAddWith(stream string, options XAddOptions, pairs ...any) *Result[string] {
	return add(p, commands{}.XAddWith(stream, options, pairs...))
}

// XLen adds what Client.XLen sends; its result is there after Exec.
func (p *Pipeline) XLen(stream string) *Result[int64] {
	return add(p, commands{}.XLen(stream))
}

// XDel adds what Client.XDel sends; its result is there after Exec.
func (p *Pipeline) XDel(stream string, ids ...string) *Result[int64] {
	return add(p, commands{}.XDel(stream, ids...))
}

// XRange adds what Client.XRange sends; its result is there after Exec.
func (p *Pipeline) XRange(stream, start, stop string) *Result[[]XMessage] {
	return add(p, commands{}.XRange(stream, start, stop))
}

// XRangeN adds what Client.XRangeN sends; its result is there after Exec.
func (p *Pipeline) XRangeN(stream, start, stop string, count int64) *Result[[]XMessage] {
	return add(p, commands{}.XRangeN(stream, start, stop, count))
}

// XRevRange adds what Client.XRevRange sends; its result is there after Exec.
func (p *Pipeline) XRevRange(stream, start, stop string) *Result[[]XMessage] {
	return add(p, commands{}.XRevRange(stream, start, stop))
}

// XRevRangeN adds what Client.XRevRangeN sends; its result is there after Exec.
func (p *Pipeline) XRevRangeN(stream, start, stop string, count int64) *Result[[]XMessage] {
	return add(p, commands{}.XRevRangeN(stream, start, stop, count))
}

// XTrimMaxLen adds what Client.XTrimMaxLen sends; its result is there after Exec.
func (p *Pipeline) XTrimMaxLen(stream string, count int64) *Result[int64] {
	return add(p, commands{}.XTrimMaxLen(stream, count))
}

// XTrimMinID adds what Client.XTrimMinID sends; its result is there after Exec.
func (p *Pipeline) XTrimMinID(stream, id string) *Result[int64] {
	return add(p, commands{}.XTrimMinID(stream, id))
}

// XRead adds what Client.XRead sends; its result is there after Exec.
func (p *Pipeline) XRead(count int64, streams ...StreamAfter) *Result[[]XStream] {
	return add(p, commands{}.XRead(count, streams...))
}

// XReadGroup adds what Client.XReadGroup sends; its result is there after Exec.
func (p *Pipeline) XReadGroup(group, consumer string, count int64, streams ...StreamAfter) *Result[[]XStream] {
	return add(p, commands{}.XReadGroup(group, consumer, count, streams...))
}

// XAck adds what Client.XAck sends; its result is there after Exec.
func (p *Pipeline) XAck(stream, group string, ids ...string) *Result[int64] {
	return add(p, commands{}.XAck(stream, group, ids...))
}

// XGroupCreate adds what Client.XGroupCreate sends; its result is there after Exec.
func (p *Pipeline) XGroupCreate(stream, group, id string) *Result[None] {
	return add(p, commands{}.XGroupCreate(stream, group, id))
}

// XGroupCreateMkStream adds what Client.XGroupCreateMkStream sends; its result is there after Exec.
func (p *Pipeline) XGroupCreateMkStream(stream, group, id string) *Result[None] {
	return add(p, commands{}.XGroupCreateMkStream(stream, group, id))
}

// XGroupSetID adds what Client.XGroupSetID sends; its result is there after Exec.
func (p *Pipeline) XGroupSetID(stream, group, id string) *Result[None] {
	return add(p, commands{}.XGroupSetID(stream, group, id))
}

// XGroupDestroy adds what Client.XGroupDestroy sends; its result is there after Exec.
func (p *Pipeline) XGroupDestroy(stream, group string) *Result[bool] {
	return add(p, commands{}.XGroupDestroy(stream, group))
}

// XGroupDelConsumer adds what Client.XGroupDelConsumer sends; its result is there after Exec.
func (p *Pipeline) XGroupDelConsumer(stream, group, consumer string) *Result[int64] {
	return add(p, commands{}.XGroupDelConsumer(stream, group, consumer))
}

// XPending adds what Client.XPending sends; its result is there after Exec.
func (p *Pipeline) XPending(stream, group string) *Result[XPending] {
	return add(p, commands{}.XPending(stream, group))
}

// XPendingExt adds what Client.XPendingExt sends; its result is there after Exec.
func (p *Pipeline) XPendingExt(stream, group, start, stop string, count int64, consumer string) *Result[[]XPendingEntry] {
	return add(p, commands{}.XPendingExt(stream, group, start, stop, count, consumer))
}

// XClaim adds what Client.XClaim sends; its result is there after Exec.
func (p *Pipeline) XClaim(stream, group, consumer string, idle time.Duration, ids ...string) *Result[[]XMessage] {
	return add(p, commands{}.XClaim(stream, group, consumer, idle, ids...))
}

// XAutoClaim adds what Client.XAutoClaim sends; its result is there after Exec.
func (p *Pipeline) XAutoClaim(stream, group, consumer string, idle time.Duration, start string, count int64) *Result[XClaimed] {
	return add(p, commands{}.XAutoClaim(stream, group, consumer, idle, start, count))
}

// Get adds what Client.Get sends; its result is there after Exec.
func (p *Pipeline) Get(key string) *Result[string] {
	return add(p, commands{}.Get(key))
}

// GetBytes adds what Client.GetBytes sends; its result is there after Exec.
func (p *Pipeline) GetBytes(key string) *Result[[]byte] {
	return add(p, commands{}.GetBytes(key))
}

// Set adds what Client.Set sends; its result is there after Exec.
func (p *Pipeline) Set(key string, value any, ttl time.Duration) *Result[None] {
	return add(p, commands{}.Set(key, value, ttl))
}

// SetWith adds what Client.SetWith sends; its result is there after Exec.
func (p *Pipeline) SetWith(key string, value any, options SetOptions) *Result[bool] {
	return add(p, commands{}.SetWith(key, value, options))
}

// SetNX adds what Client.SetNX sends; its result is there after Exec.
func (p *Pipeline) SetNX(key string, value any, ttl time.Duration) *Result[bool] {
	return add(p, commands{}.SetNX(key, value, ttl))
}

// SetXX adds what Client.SetXX sends; its result is there after Exec.
func (p *Pipeline) SetXX(key string, value any, ttl time.Duration) *Result[bool] {
	return add(p, commands{}.SetXX(key, value, ttl))
}

// GetSet adds what Client.GetSet sends; its result is there after Exec.
func (p *Pipeline) GetSet(key string, value any) *Result[string] {
	return add(p, commands{}.GetSet(key, value))
}

// GetDel adds what Client.GetDel sends; its result is there after Exec.
func (p *Pipeline) GetDel(key string) *Result[string] {
	return add(p, commands{}.GetDel(key))
}

// GetEx adds what Client.GetEx sends; its result is there after Exec.
func (p *Pipeline) GetEx(key string, ttl time.Duration) *Result[string] {
	return add(p, commands{}.GetEx(key, ttl))
}

// MGet adds what Client.MGet sends; its result is there after Exec.
func (p *Pipeline) MGet(keys ...string) *Result[[]Value] {
	return add(p, commands{}.MGet(keys...))
}

// MSet adds what Client.MSet sends; its result is there after Exec.
func (p *Pipeline) MSet(pairs ...any) *Result[None] {
	return add(p, commands{}.MSet(pairs...))
}

// MSetNX adds what Client.MSetNX sends; its result is there after Exec.
func (p *Pipeline) MSetNX(pairs ...any) *Result[bool] {
	return add(p, commands{}.MSetNX(pairs...))
}

// Append adds what Client.Append sends; its result is there after Exec.
func (p *Pipeline) Append(key, value string) *Result[int64] {
	return add(p, commands{}.Append(key, value))
}

// StrLen adds what Client.StrLen sends; its result is there after Exec.
func (p *Pipeline) StrLen(key string) *Result[int64] {
	return add(p, commands{}.StrLen(key))
}

// GetRange adds what Client.GetRange sends; its result is there after Exec.
func (p *Pipeline) GetRange(key string, start, end int64) *Result[string] {
	return add(p, commands{}.GetRange(key, start, end))
}

// SetRange adds what Client.SetRange sends; its result is there after Exec.
func (p *Pipeline) SetRange(key string, offset int64, value string) *Result[int64] {
	return add(p, commands{}.SetRange(key, offset, value))
}

// Incr adds what Client.Incr sends; its result is there after Exec.
func (p *Pipeline) Incr(key string) *Result[int64] {
	return add(p, commands{}.Incr(key))
}

// IncrBy adds what Client.IncrBy sends; its result is there after Exec.
func (p *Pipeline) IncrBy(key string, by int64) *Result[int64] {
	return add(p, commands{}.IncrBy(key, by))
}

// IncrByFloat adds what Client.IncrByFloat sends; its result is there after Exec.
func (p *Pipeline) IncrByFloat(key string, by float64) *Result[float64] {
	return add(p, commands{}.IncrByFloat(key, by))
}

// Decr adds what Client.Decr sends; its result is there after Exec.
func (p *Pipeline) Decr(key string) *Result[int64] {
	return add(p, commands{}.Decr(key))
}

// DecrBy adds what Client.DecrBy sends; its result is there after Exec.
func (p *Pipeline) DecrBy(key string, by int64) *Result[int64] {
	return add(p, commands{}.DecrBy(key, by))
}

// GetBit adds what Client.GetBit sends; its result is there after Exec.
func (p *Pipeline) GetBit(key string, offset int64) *Result[int64] {
	return add(p, commands{}.GetBit(key, offset))
}

// SetBit adds what Client.SetBit sends; its result is there after Exec.
func (p *Pipeline) SetBit(key string, offset int64, bit int) *Result[int64] {
	return add(p, commands{}.SetBit(key, offset, bit))
}

// BitCount adds what Client.BitCount sends; its result is there after Exec.
func (p *Pipeline) BitCount(key string) *Result[int64] {
	return add(p, commands{}.BitCount(key))
}

// BitCountRange adds what Client.BitCountRange sends; its result is there after Exec.
func (p *Pipeline) BitCountRange(key string, start, end int64) *Result[int64] {
	return add(p, commands{}.BitCountRange(key, start, end))
}

// BitPos adds what Client.BitPos sends; its result is there after Exec.
func (p *Pipeline) BitPos(key string, bit int, within ...int64) *Result[int64] {
	return add(p, commands{}.BitPos(key, bit, within...))
}

// BitOp adds what Client.BitOp sends; its result is there after Exec.
func (p *Pipeline) BitOp(operation, destination string, keys ...string) *Result[int64] {
	return add(p, commands{}.BitOp(operation, destination, keys...))
}

// BitField adds what Client.BitField sends; its result is there after Exec.
func (p *Pipeline) BitField(key string, operations ...any) *Result[[]Value] {
	return add(p, commands{}.BitField(key, operations...))
}

// PFAdd adds what Client.PFAdd sends; its result is there after Exec.
func (p *Pipeline) PFAdd(key string, elements ...any) *Result[bool] {
	return add(p, commands{}.PFAdd(key, elements...))
}

// PFCount adds what Client.PFCount sends; its result is there after Exec.
func (p *Pipeline) PFCount(keys ...string) *Result[int64] {
	return add(p, commands{}.PFCount(keys...))
}

// PFMerge adds what Client.PFMerge sends; its result is there after Exec.
func (p *Pipeline) PFMerge(destination string, keys ...string) *Result[None] {
	return add(p, commands{}.PFMerge(destination, keys...))
}

// ZAdd adds what Client.ZAdd sends; its result is there after Exec.
func (p *Pipeline) ZAdd(key string, members ...Z) *Result[int64] {
	return add(p, commands{}.ZAdd(key, members...))
}

// ZAddWith adds what Client.ZAddWith sends; its result is there after Exec.
func (p *Pipeline) ZAddWith(key string, options ZAddOptions, members ...Z) *Result[int64] {
	return add(p, commands{}.ZAddWith(key, options, members...))
}

// ZIncrBy adds what Client.ZIncrBy sends; its result is there after Exec.
func (p *Pipeline) ZIncrBy(key string, by float64, member string) *Result[float64] {
	return add(p, commands{}.ZIncrBy(key, by, member))
}

// ZScore adds what Client.ZScore sends; its result is there after Exec.
func (p *Pipeline) ZScore(key, member string) *Result[float64] {
	return add(p, commands{}.ZScore(key, member))
}

// ZMScore adds what Client.ZMScore sends; its result is there after Exec.
func (p *Pipeline) ZMScore(key string, members ...string) *Result[[]Value] {
	return add(p, commands{}.ZMScore(key, members...))
}

// ZCard adds what Client.ZCard sends; its result is there after Exec.
func (p *Pipeline) ZCard(key string) *Result[int64] {
	return add(p, commands{}.ZCard(key))
}

// ZCount adds what Client.ZCount sends; its result is there after Exec.
func (p *Pipeline) ZCount(key, low, high string) *Result[int64] {
	return add(p, commands{}.ZCount(key, low, high))
}

// ZRank adds what Client.ZRank sends; its result is there after Exec.
func (p *Pipeline) ZRank(key, member string) *Result[int64] {
	return add(p, commands{}.ZRank(key, member))
}

// ZRevRank adds what Client.ZRevRank sends; its result is there after Exec.
func (p *Pipeline) ZRevRank(key, member string) *Result[int64] {
	return add(p, commands{}.ZRevRank(key, member))
}

// ZRem adds what Client.ZRem sends; its result is there after Exec.
func (p *Pipeline) ZRem(key string, members ...any) *Result[int64] {
	return add(p, commands{}.ZRem(key, members...))
}

// ZRange adds what Client.ZRange sends; its result is there after Exec.
func (p *Pipeline) ZRange(key string, start, stop int64) *Result[[]string] {
	return add(p, commands{}.ZRange(key, start, stop))
}

// ZRangeWithScores adds what Client.ZRangeWithScores sends; its result is there after Exec.
func (p *Pipeline) ZRangeWithScores(key string, start, stop int64) *Result[[]Z] {
	return add(p, commands{}.ZRangeWithScores(key, start, stop))
}

// ZRevRange adds what Client.ZRevRange sends; its result is there after Exec.
func (p *Pipeline) ZRevRange(key string, start, stop int64) *Result[[]string] {
	return add(p, commands{}.ZRevRange(key, start, stop))
}

// ZRevRangeWithScores adds what Client.ZRevRangeWithScores sends; its result is there after Exec.
func (p *Pipeline) ZRevRangeWithScores(key string, start, stop int64) *Result[[]Z] {
	return add(p, commands{}.ZRevRangeWithScores(key, start, stop))
}

// ZRangeByScore adds what Client.ZRangeByScore sends; its result is there after Exec.
func (p *Pipeline) ZRangeByScore(key string, by ZRangeBy) *Result[[]string] {
	return add(p, commands{}.ZRangeByScore(key, by))
}

// ZRangeByScoreWithScores adds what Client.ZRangeByScoreWithScores sends; its result is there after Exec.
func (p *Pipeline) ZRangeByScoreWithScores(key string, by ZRangeBy) *Result[[]Z] {
	return add(p, commands{}.ZRangeByScoreWithScores(key, by))
}

// ZRevRangeByScore adds what Client.ZRevRangeByScore sends; its result is there after Exec.
func (p *Pipeline) ZRevRangeByScore(key string, by ZRangeBy) *Result[[]string] {
	return add(p, commands{}.ZRevRangeByScore(key, by))
}

// ZRangeByLex adds what Client.ZRangeByLex sends; its result is there after Exec.
func (p *Pipeline) ZRangeByLex(key string, by ZRangeBy) *Result[[]string] {
	return add(p, commands{}.ZRangeByLex(key, by))
}

// ZRemRangeByRank adds what Client.ZRemRangeByRank sends; its result is there after Exec.
func (p *Pipeline) ZRemRangeByRank(key string, start, stop int64) *Result[int64] {
	return add(p, commands{}.ZRemRangeByRank(key, start, stop))
}

// ZRemRangeByScore adds what Client.ZRemRangeByScore sends; its result is there after Exec.
func (p *Pipeline) ZRemRangeByScore(key, low, high string) *Result[int64] {
	return add(p, commands{}.ZRemRangeByScore(key, low, high))
}

// ZPopMin adds what Client.ZPopMin sends; its result is there after Exec.
func (p *Pipeline) ZPopMin(key string, count int64) *Result[[]Z] {
	return add(p, commands{}.ZPopMin(key, count))
}

// ZPopMax adds what Client.ZPopMax sends; its result is there after Exec.
func (p *Pipeline) ZPopMax(key string, count int64) *Result[[]Z] {
	return add(p, commands{}.ZPopMax(key, count))
}

// ZRandMember adds what Client.ZRandMember sends; its result is there after Exec.
func (p *Pipeline) ZRandMember(key string, count int64) *Result[[]string] {
	return add(p, commands{}.ZRandMember(key, count))
}

// ZUnionStore adds what Client.ZUnionStore sends; its result is there after Exec.
func (p *Pipeline) ZUnionStore(destination string, of ZStore) *Result[int64] {
	return add(p, commands{}.ZUnionStore(destination, of))
}

// ZInterStore adds what Client.ZInterStore sends; its result is there after Exec.
func (p *Pipeline) ZInterStore(destination string, of ZStore) *Result[int64] {
	return add(p, commands{}.ZInterStore(destination, of))
}
