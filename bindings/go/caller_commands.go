// Code generated from commands_*.go by internal/gen; DO NOT EDIT.

package rr

import (
	"context"
	"time"
)

// GeoAdd is Client.GeoAdd with the options of the caller.
func (c Caller) GeoAdd(ctx context.Context, key string, locations ...GeoLocation) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.GeoAdd(key, locations...))
}

// GeoPos is Client.GeoPos with the options of the caller.
func (c Caller) GeoPos(ctx context.Context, key string, members ...string) ([]*GeoLocation, error) {
	return run(ctx, c.client, c.options, commands{}.GeoPos(key, members...))
}

// GeoDist is Client.GeoDist with the options of the caller.
func (c Caller) GeoDist(ctx context.Context, key, one, other, unit string) (float64, error) {
	return run(ctx, c.client, c.options, commands{}.GeoDist(key, one, other, unit))
}

// GeoHash is Client.GeoHash with the options of the caller.
func (c Caller) GeoHash(ctx context.Context, key string, members ...string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.GeoHash(key, members...))
}

// GeoSearch is Client.GeoSearch with the options of the caller.
func (c Caller) GeoSearch(ctx context.Context, key string, query GeoQuery) ([]GeoLocation, error) {
	return run(ctx, c.client, c.options, commands{}.GeoSearch(key, query))
}

// GeoSearchStore is Client.GeoSearchStore with the options of the caller.
func (c Caller) GeoSearchStore(ctx context.Context, destination, key string, query GeoQuery) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.GeoSearchStore(destination, key, query))
}

// HSet is Client.HSet with the options of the caller.
func (c Caller) HSet(ctx context.Context, key string, pairs ...any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.HSet(key, pairs...))
}

// HSetNX is Client.HSetNX with the options of the caller.
func (c Caller) HSetNX(ctx context.Context, key, field string, value any) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.HSetNX(key, field, value))
}

// HGet is Client.HGet with the options of the caller.
func (c Caller) HGet(ctx context.Context, key, field string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.HGet(key, field))
}

// HMGet is Client.HMGet with the options of the caller.
func (c Caller) HMGet(ctx context.Context, key string, fields ...string) ([]Value, error) {
	return run(ctx, c.client, c.options, commands{}.HMGet(key, fields...))
}

// HGetAll is Client.HGetAll with the options of the caller.
func (c Caller) HGetAll(ctx context.Context, key string) (map[string]string, error) {
	return run(ctx, c.client, c.options, commands{}.HGetAll(key))
}

// HDel is Client.HDel with the options of the caller.
func (c Caller) HDel(ctx context.Context, key string, fields ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.HDel(key, fields...))
}

// HExists is Client.HExists with the options of the caller.
func (c Caller) HExists(ctx context.Context, key, field string) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.HExists(key, field))
}

// HLen is Client.HLen with the options of the caller.
func (c Caller) HLen(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.HLen(key))
}

// HKeys is Client.HKeys with the options of the caller.
func (c Caller) HKeys(ctx context.Context, key string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.HKeys(key))
}

// HVals is Client.HVals with the options of the caller.
func (c Caller) HVals(ctx context.Context, key string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.HVals(key))
}

// HIncrBy is Client.HIncrBy with the options of the caller.
func (c Caller) HIncrBy(ctx context.Context, key, field string, by int64) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.HIncrBy(key, field, by))
}

// HIncrByFloat is Client.HIncrByFloat with the options of the caller.
func (c Caller) HIncrByFloat(ctx context.Context, key, field string, by float64) (float64, error) {
	return run(ctx, c.client, c.options, commands{}.HIncrByFloat(key, field, by))
}

// HStrLen is Client.HStrLen with the options of the caller.
func (c Caller) HStrLen(ctx context.Context, key, field string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.HStrLen(key, field))
}

// HRandField is Client.HRandField with the options of the caller.
func (c Caller) HRandField(ctx context.Context, key string, count int) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.HRandField(key, count))
}

// Del is Client.Del with the options of the caller.
func (c Caller) Del(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Del(keys...))
}

// Unlink is Client.Unlink with the options of the caller.
func (c Caller) Unlink(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Unlink(keys...))
}

// Exists is Client.Exists with the options of the caller.
func (c Caller) Exists(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Exists(keys...))
}

// Expire is Client.Expire with the options of the caller.
func (c Caller) Expire(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.Expire(key, ttl))
}

// ExpireAt is Client.ExpireAt with the options of the caller.
func (c Caller) ExpireAt(ctx context.Context, key string, then time.Time) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.ExpireAt(key, then))
}

// Persist is Client.Persist with the options of the caller.
func (c Caller) Persist(ctx context.Context, key string) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.Persist(key))
}

// TTL is Client.TTL with the options of the caller.
func (c Caller) TTL(ctx context.Context, key string) (time.Duration, error) {
	return run(ctx, c.client, c.options, commands{}.TTL(key))
}

// Type is Client.Type with the options of the caller.
func (c Caller) Type(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.Type(key))
}

// Rename is Client.Rename with the options of the caller.
func (c Caller) Rename(ctx context.Context, key, name string) error {
	return runNone(ctx, c.client, c.options, commands{}.Rename(key, name))
}

// RenameNX is Client.RenameNX with the options of the caller.
func (c Caller) RenameNX(ctx context.Context, key, name string) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.RenameNX(key, name))
}

// Copy is Client.Copy with the options of the caller.
func (c Caller) Copy(ctx context.Context, source, destination string, replace bool) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.Copy(source, destination, replace))
}

// Touch is Client.Touch with the options of the caller.
func (c Caller) Touch(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Touch(keys...))
}

// RandomKey is Client.RandomKey with the options of the caller.
func (c Caller) RandomKey(ctx context.Context) (string, error) {
	return run(ctx, c.client, c.options, commands{}.RandomKey())
}

// Keys is Client.Keys with the options of the caller.
func (c Caller) Keys(ctx context.Context, pattern string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.Keys(pattern))
}

// ObjectEncoding is Client.ObjectEncoding with the options of the caller.
func (c Caller) ObjectEncoding(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.ObjectEncoding(key))
}

// Dump is Client.Dump with the options of the caller.
func (c Caller) Dump(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.Dump(key))
}

// Restore is Client.Restore with the options of the caller.
func (c Caller) Restore(ctx context.Context, key string, ttl time.Duration, dump string, replace bool) error {
	return runNone(ctx, c.client, c.options, commands{}.Restore(key, ttl, dump, replace))
}

// MemoryUsage is Client.MemoryUsage with the options of the caller.
func (c Caller) MemoryUsage(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.MemoryUsage(key))
}

// LPush is Client.LPush with the options of the caller.
func (c Caller) LPush(ctx context.Context, key string, elements ...any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.LPush(key, elements...))
}

// RPush is Client.RPush with the options of the caller.
func (c Caller) RPush(ctx context.Context, key string, elements ...any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.RPush(key, elements...))
}

// LPushX is Client.LPushX with the options of the caller.
func (c Caller) LPushX(ctx context.Context, key string, elements ...any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.LPushX(key, elements...))
}

// RPushX is Client.RPushX with the options of the caller.
func (c Caller) RPushX(ctx context.Context, key string, elements ...any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.RPushX(key, elements...))
}

// LPop is Client.LPop with the options of the caller.
func (c Caller) LPop(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.LPop(key))
}

// RPop is Client.RPop with the options of the caller.
func (c Caller) RPop(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.RPop(key))
}

// LPopCount is Client.LPopCount with the options of the caller.
func (c Caller) LPopCount(ctx context.Context, key string, count int) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.LPopCount(key, count))
}

// RPopCount is Client.RPopCount with the options of the caller.
func (c Caller) RPopCount(ctx context.Context, key string, count int) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.RPopCount(key, count))
}

// LLen is Client.LLen with the options of the caller.
func (c Caller) LLen(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.LLen(key))
}

// LRange is Client.LRange with the options of the caller.
func (c Caller) LRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.LRange(key, start, stop))
}

// LIndex is Client.LIndex with the options of the caller.
func (c Caller) LIndex(ctx context.Context, key string, index int64) (string, error) {
	return run(ctx, c.client, c.options, commands{}.LIndex(key, index))
}

// LSet is Client.LSet with the options of the caller.
func (c Caller) LSet(ctx context.Context, key string, index int64, element any) error {
	return runNone(ctx, c.client, c.options, commands{}.LSet(key, index, element))
}

// LRem is Client.LRem with the options of the caller.
func (c Caller) LRem(ctx context.Context, key string, count int64, element any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.LRem(key, count, element))
}

// LTrim is Client.LTrim with the options of the caller.
func (c Caller) LTrim(ctx context.Context, key string, start, stop int64) error {
	return runNone(ctx, c.client, c.options, commands{}.LTrim(key, start, stop))
}

// LInsertBefore is Client.LInsertBefore with the options of the caller.
func (c Caller) LInsertBefore(ctx context.Context, key string, pivot, element any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.LInsertBefore(key, pivot, element))
}

// LInsertAfter is Client.LInsertAfter with the options of the caller.
func (c Caller) LInsertAfter(ctx context.Context, key string, pivot, element any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.LInsertAfter(key, pivot, element))
}

// LPos is Client.LPos with the options of the caller.
func (c Caller) LPos(ctx context.Context, key string, element any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.LPos(key, element))
}

// LMove is Client.LMove with the options of the caller.
func (c Caller) LMove(ctx context.Context, source, destination string, from, to Side) (string, error) {
	return run(ctx, c.client, c.options, commands{}.LMove(source, destination, from, to))
}

// BLPop is Client.BLPop with the options of the caller.
func (c Caller) BLPop(ctx context.Context, timeout time.Duration, keys ...string) (KeyValue, error) {
	return run(ctx, c.client, c.options, commands{}.BLPop(timeout, keys...).request)
}

// BRPop is Client.BRPop with the options of the caller.
func (c Caller) BRPop(ctx context.Context, timeout time.Duration, keys ...string) (KeyValue, error) {
	return run(ctx, c.client, c.options, commands{}.BRPop(timeout, keys...).request)
}

// BLMove is Client.BLMove with the options of the caller.
func (c Caller) BLMove(ctx context.Context, source, destination string, from, to Side, timeout time.Duration) (string, error) {
	return run(ctx, c.client, c.options, commands{}.BLMove(source, destination, from, to, timeout).request)
}

// Eval is Client.Eval with the options of the caller.
func (c Caller) Eval(ctx context.Context, source string, keys []string, args ...any) (Value, error) {
	return run(ctx, c.client, c.options, commands{}.Eval(source, keys, args...))
}

// EvalRO is Client.EvalRO with the options of the caller.
func (c Caller) EvalRO(ctx context.Context, source string, keys []string, args ...any) (Value, error) {
	return run(ctx, c.client, c.options, commands{}.EvalRO(source, keys, args...))
}

// EvalSha is Client.EvalSha with the options of the caller.
func (c Caller) EvalSha(ctx context.Context, sha string, keys []string, args ...any) (Value, error) {
	return run(ctx, c.client, c.options, commands{}.EvalSha(sha, keys, args...))
}

// ScriptLoad is Client.ScriptLoad with the options of the caller.
func (c Caller) ScriptLoad(ctx context.Context, source string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.ScriptLoad(source))
}

// ScriptExists is Client.ScriptExists with the options of the caller.
func (c Caller) ScriptExists(ctx context.Context, shas ...string) ([]bool, error) {
	return run(ctx, c.client, c.options, commands{}.ScriptExists(shas...))
}

// ScriptFlush is Client.ScriptFlush with the options of the caller.
func (c Caller) ScriptFlush(ctx context.Context) error {
	return runNone(ctx, c.client, c.options, commands{}.ScriptFlush())
}

// FCall is Client.FCall with the options of the caller.
func (c Caller) FCall(ctx context.Context, function string, keys []string, args ...any) (Value, error) {
	return run(ctx, c.client, c.options, commands{}.FCall(function, keys, args...))
}

// FCallRO is Client.FCallRO with the options of the caller.
func (c Caller) FCallRO(ctx context.Context, function string, keys []string, args ...any) (Value, error) {
	return run(ctx, c.client, c.options, commands{}.FCallRO(function, keys, args...))
}

// FunctionLoad is Client.FunctionLoad with the options of the caller.
func (c Caller) FunctionLoad(ctx context.Context, source string, replace bool) (string, error) {
	return run(ctx, c.client, c.options, commands{}.FunctionLoad(source, replace))
}

// Ping is Client.Ping with the options of the caller.
func (c Caller) Ping(ctx context.Context) error {
	return runNone(ctx, c.client, c.options, commands{}.Ping())
}

// Echo is Client.Echo with the options of the caller.
func (c Caller) Echo(ctx context.Context, text string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.Echo(text))
}

// Info is Client.Info with the options of the caller.
func (c Caller) Info(ctx context.Context, sections ...string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.Info(sections...))
}

// DBSize is Client.DBSize with the options of the caller.
func (c Caller) DBSize(ctx context.Context) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.DBSize())
}

// Time is Client.Time with the options of the caller.
func (c Caller) Time(ctx context.Context) (time.Time, error) {
	return run(ctx, c.client, c.options, commands{}.Time())
}

// FlushDB is Client.FlushDB with the options of the caller.
func (c Caller) FlushDB(ctx context.Context) error {
	return runNone(ctx, c.client, c.options, commands{}.FlushDB())
}

// FlushAll is Client.FlushAll with the options of the caller.
func (c Caller) FlushAll(ctx context.Context) error {
	return runNone(ctx, c.client, c.options, commands{}.FlushAll())
}

// ConfigGet is Client.ConfigGet with the options of the caller.
func (c Caller) ConfigGet(ctx context.Context, patterns ...string) (map[string]string, error) {
	return run(ctx, c.client, c.options, commands{}.ConfigGet(patterns...))
}

// ConfigSet is Client.ConfigSet with the options of the caller.
func (c Caller) ConfigSet(ctx context.Context, name, value string) error {
	return runNone(ctx, c.client, c.options, commands{}.ConfigSet(name, value))
}

// ClientList is Client.ClientList with the options of the caller.
func (c Caller) ClientList(ctx context.Context) (string, error) {
	return run(ctx, c.client, c.options, commands{}.ClientList())
}

// Role is Client.Role with the options of the caller.
func (c Caller) Role(ctx context.Context) (Value, error) {
	return run(ctx, c.client, c.options, commands{}.Role())
}

// LastSave is Client.LastSave with the options of the caller.
func (c Caller) LastSave(ctx context.Context) (time.Time, error) {
	return run(ctx, c.client, c.options, commands{}.LastSave())
}

// Wait is Client.Wait with the options of the caller.
func (c Caller) Wait(ctx context.Context, replicas int, timeout time.Duration) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Wait(replicas, timeout).request)
}

// Publish is Client.Publish with the options of the caller.
func (c Caller) Publish(ctx context.Context, channel string, message any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Publish(channel, message))
}

// SPublish is Client.SPublish with the options of the caller.
func (c Caller) SPublish(ctx context.Context, channel string, message any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SPublish(channel, message))
}

// PubSubChannels is Client.PubSubChannels with the options of the caller.
func (c Caller) PubSubChannels(ctx context.Context, pattern string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.PubSubChannels(pattern))
}

// PubSubNumSub is Client.PubSubNumSub with the options of the caller.
func (c Caller) PubSubNumSub(ctx context.Context, channels ...string) (map[string]int64, error) {
	return run(ctx, c.client, c.options, commands{}.PubSubNumSub(channels...))
}

// PubSubNumPat is Client.PubSubNumPat with the options of the caller.
func (c Caller) PubSubNumPat(ctx context.Context) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.PubSubNumPat())
}

// SAdd is Client.SAdd with the options of the caller.
func (c Caller) SAdd(ctx context.Context, key string, members ...any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SAdd(key, members...))
}

// SRem is Client.SRem with the options of the caller.
func (c Caller) SRem(ctx context.Context, key string, members ...any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SRem(key, members...))
}

// SMembers is Client.SMembers with the options of the caller.
func (c Caller) SMembers(ctx context.Context, key string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.SMembers(key))
}

// SIsMember is Client.SIsMember with the options of the caller.
func (c Caller) SIsMember(ctx context.Context, key string, member any) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.SIsMember(key, member))
}

// SMIsMember is Client.SMIsMember with the options of the caller.
func (c Caller) SMIsMember(ctx context.Context, key string, members ...any) ([]bool, error) {
	return run(ctx, c.client, c.options, commands{}.SMIsMember(key, members...))
}

// SCard is Client.SCard with the options of the caller.
func (c Caller) SCard(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SCard(key))
}

// SPop is Client.SPop with the options of the caller.
func (c Caller) SPop(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.SPop(key))
}

// SPopN is Client.SPopN with the options of the caller.
func (c Caller) SPopN(ctx context.Context, key string, count int64) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.SPopN(key, count))
}

// SRandMember is Client.SRandMember with the options of the caller.
func (c Caller) SRandMember(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.SRandMember(key))
}

// SRandMemberN is Client.SRandMemberN with the options of the caller.
func (c Caller) SRandMemberN(ctx context.Context, key string, count int64) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.SRandMemberN(key, count))
}

// SMove is Client.SMove with the options of the caller.
func (c Caller) SMove(ctx context.Context, source, destination string, member any) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.SMove(source, destination, member))
}

// SInter is Client.SInter with the options of the caller.
func (c Caller) SInter(ctx context.Context, keys ...string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.SInter(keys...))
}

// SInterCard is Client.SInterCard with the options of the caller.
func (c Caller) SInterCard(ctx context.Context, limit int64, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SInterCard(limit, keys...))
}

// SInterStore is Client.SInterStore with the options of the caller.
func (c Caller) SInterStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SInterStore(destination, keys...))
}

// SUnion is Client.SUnion with the options of the caller.
func (c Caller) SUnion(ctx context.Context, keys ...string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.SUnion(keys...))
}

// SUnionStore is Client.SUnionStore with the options of the caller.
func (c Caller) SUnionStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SUnionStore(destination, keys...))
}

// SDiff is Client.SDiff with the options of the caller.
func (c Caller) SDiff(ctx context.Context, keys ...string) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.SDiff(keys...))
}

// SDiffStore is Client.SDiffStore with the options of the caller.
func (c Caller) SDiffStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SDiffStore(destination, keys...))
}

// XAdd is Client.XAdd with the options of the caller.
func (c Caller) XAdd(ctx context.Context, stream string, pairs ...any) (string, error) {
	return run(ctx, c.client, c.options, commands{}.XAdd(stream, pairs...))
}

// XAddWith is Client.XAddWith with the options of the caller.
func (c Caller) XAddWith(ctx context.Context, stream string, options XAddOptions, pairs ...any) (string, error) {
	return run(ctx, c.client, c.options, commands{}.XAddWith(stream, options, pairs...))
}

// XLen is Client.XLen with the options of the caller.
func (c Caller) XLen(ctx context.Context, stream string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.XLen(stream))
}

// XDel is Client.XDel with the options of the caller.
func (c Caller) XDel(ctx context.Context, stream string, ids ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.XDel(stream, ids...))
}

// XRange is Client.XRange with the options of the caller.
func (c Caller) XRange(ctx context.Context, stream, start, stop string) ([]XMessage, error) {
	return run(ctx, c.client, c.options, commands{}.XRange(stream, start, stop))
}

// XRangeN is Client.XRangeN with the options of the caller.
func (c Caller) XRangeN(ctx context.Context, stream, start, stop string, count int64) ([]XMessage, error) {
	return run(ctx, c.client, c.options, commands{}.XRangeN(stream, start, stop, count))
}

// XRevRange is Client.XRevRange with the options of the caller.
func (c Caller) XRevRange(ctx context.Context, stream, start, stop string) ([]XMessage, error) {
	return run(ctx, c.client, c.options, commands{}.XRevRange(stream, start, stop))
}

// XRevRangeN is Client.XRevRangeN with the options of the caller.
func (c Caller) XRevRangeN(ctx context.Context, stream, start, stop string, count int64) ([]XMessage, error) {
	return run(ctx, c.client, c.options, commands{}.XRevRangeN(stream, start, stop, count))
}

// XTrimMaxLen is Client.XTrimMaxLen with the options of the caller.
func (c Caller) XTrimMaxLen(ctx context.Context, stream string, count int64) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.XTrimMaxLen(stream, count))
}

// XTrimMinID is Client.XTrimMinID with the options of the caller.
func (c Caller) XTrimMinID(ctx context.Context, stream, id string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.XTrimMinID(stream, id))
}

// XRead is Client.XRead with the options of the caller.
func (c Caller) XRead(ctx context.Context, count int64, streams ...StreamAfter) ([]XStream, error) {
	return run(ctx, c.client, c.options, commands{}.XRead(count, streams...))
}

// XReadBlock is Client.XReadBlock with the options of the caller.
func (c Caller) XReadBlock(ctx context.Context, timeout time.Duration, count int64, streams ...StreamAfter) ([]XStream, error) {
	return run(ctx, c.client, c.options, commands{}.XReadBlock(timeout, count, streams...).request)
}

// XReadGroup is Client.XReadGroup with the options of the caller.
func (c Caller) XReadGroup(ctx context.Context, group, consumer string, count int64, streams ...StreamAfter) ([]XStream, error) {
	return run(ctx, c.client, c.options, commands{}.XReadGroup(group, consumer, count, streams...))
}

// XReadGroupBlock is Client.XReadGroupBlock with the options of the caller.
func (c Caller) XReadGroupBlock(ctx context.Context, timeout time.Duration, group, consumer string, count int64, streams ...StreamAfter) ([]XStream, error) {
	return run(ctx, c.client, c.options, commands{}.XReadGroupBlock(timeout, group, consumer, count, streams...).request)
}

// XAck is Client.XAck with the options of the caller.
func (c Caller) XAck(ctx context.Context, stream, group string, ids ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.XAck(stream, group, ids...))
}

// XGroupCreate is Client.XGroupCreate with the options of the caller.
func (c Caller) XGroupCreate(ctx context.Context, stream, group, id string) error {
	return runNone(ctx, c.client, c.options, commands{}.XGroupCreate(stream, group, id))
}

// XGroupCreateMkStream is Client.XGroupCreateMkStream with the options of the caller.
func (c Caller) XGroupCreateMkStream(ctx context.Context, stream, group, id string) error {
	return runNone(ctx, c.client, c.options, commands{}.XGroupCreateMkStream(stream, group, id))
}

// XGroupSetID is Client.XGroupSetID with the options of the caller.
func (c Caller) XGroupSetID(ctx context.Context, stream, group, id string) error {
	return runNone(ctx, c.client, c.options, commands{}.XGroupSetID(stream, group, id))
}

// XGroupDestroy is Client.XGroupDestroy with the options of the caller.
func (c Caller) XGroupDestroy(ctx context.Context, stream, group string) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.XGroupDestroy(stream, group))
}

// XGroupDelConsumer is Client.XGroupDelConsumer with the options of the caller.
func (c Caller) XGroupDelConsumer(ctx context.Context, stream, group, consumer string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.XGroupDelConsumer(stream, group, consumer))
}

// XPending is Client.XPending with the options of the caller.
func (c Caller) XPending(ctx context.Context, stream, group string) (XPending, error) {
	return run(ctx, c.client, c.options, commands{}.XPending(stream, group))
}

// XPendingExt is Client.XPendingExt with the options of the caller.
func (c Caller) XPendingExt(ctx context.Context, stream, group, start, stop string, count int64, consumer string) ([]XPendingEntry, error) {
	return run(ctx, c.client, c.options, commands{}.XPendingExt(stream, group, start, stop, count, consumer))
}

// XClaim is Client.XClaim with the options of the caller.
func (c Caller) XClaim(ctx context.Context, stream, group, consumer string, idle time.Duration, ids ...string) ([]XMessage, error) {
	return run(ctx, c.client, c.options, commands{}.XClaim(stream, group, consumer, idle, ids...))
}

// XAutoClaim is Client.XAutoClaim with the options of the caller.
func (c Caller) XAutoClaim(ctx context.Context, stream, group, consumer string, idle time.Duration, start string, count int64) (XClaimed, error) {
	return run(ctx, c.client, c.options, commands{}.XAutoClaim(stream, group, consumer, idle, start, count))
}

// Get is Client.Get with the options of the caller.
func (c Caller) Get(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.Get(key))
}

// GetBytes is Client.GetBytes with the options of the caller.
func (c Caller) GetBytes(ctx context.Context, key string) ([]byte, error) {
	return run(ctx, c.client, c.options, commands{}.GetBytes(key))
}

// Set is Client.Set with the options of the caller.
func (c Caller) Set(ctx context.Context, key string, value any, ttl time.Duration) error {
	return runNone(ctx, c.client, c.options, commands{}.Set(key, value, ttl))
}

// SetWith is Client.SetWith with the options of the caller.
func (c Caller) SetWith(ctx context.Context, key string, value any, options SetOptions) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.SetWith(key, value, options))
}

// SetNX is Client.SetNX with the options of the caller.
func (c Caller) SetNX(ctx context.Context, key string, value any, ttl time.Duration) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.SetNX(key, value, ttl))
}

// SetXX is Client.SetXX with the options of the caller.
func (c Caller) SetXX(ctx context.Context, key string, value any, ttl time.Duration) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.SetXX(key, value, ttl))
}

// GetSet is Client.GetSet with the options of the caller.
func (c Caller) GetSet(ctx context.Context, key string, value any) (string, error) {
	return run(ctx, c.client, c.options, commands{}.GetSet(key, value))
}

// GetDel is Client.GetDel with the options of the caller.
func (c Caller) GetDel(ctx context.Context, key string) (string, error) {
	return run(ctx, c.client, c.options, commands{}.GetDel(key))
}

// GetEx is Client.GetEx with the options of the caller.
func (c Caller) GetEx(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return run(ctx, c.client, c.options, commands{}.GetEx(key, ttl))
}

// MGet is Client.MGet with the options of the caller.
func (c Caller) MGet(ctx context.Context, keys ...string) ([]Value, error) {
	return run(ctx, c.client, c.options, commands{}.MGet(keys...))
}

// MSet is Client.MSet with the options of the caller.
func (c Caller) MSet(ctx context.Context, pairs ...any) error {
	return runNone(ctx, c.client, c.options, commands{}.MSet(pairs...))
}

// MSetNX is Client.MSetNX with the options of the caller.
func (c Caller) MSetNX(ctx context.Context, pairs ...any) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.MSetNX(pairs...))
}

// Append is Client.Append with the options of the caller.
func (c Caller) Append(ctx context.Context, key, value string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Append(key, value))
}

// StrLen is Client.StrLen with the options of the caller.
func (c Caller) StrLen(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.StrLen(key))
}

// GetRange is Client.GetRange with the options of the caller.
func (c Caller) GetRange(ctx context.Context, key string, start, end int64) (string, error) {
	return run(ctx, c.client, c.options, commands{}.GetRange(key, start, end))
}

// SetRange is Client.SetRange with the options of the caller.
func (c Caller) SetRange(ctx context.Context, key string, offset int64, value string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SetRange(key, offset, value))
}

// Incr is Client.Incr with the options of the caller.
func (c Caller) Incr(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Incr(key))
}

// IncrBy is Client.IncrBy with the options of the caller.
func (c Caller) IncrBy(ctx context.Context, key string, by int64) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.IncrBy(key, by))
}

// IncrByFloat is Client.IncrByFloat with the options of the caller.
func (c Caller) IncrByFloat(ctx context.Context, key string, by float64) (float64, error) {
	return run(ctx, c.client, c.options, commands{}.IncrByFloat(key, by))
}

// Decr is Client.Decr with the options of the caller.
func (c Caller) Decr(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.Decr(key))
}

// DecrBy is Client.DecrBy with the options of the caller.
func (c Caller) DecrBy(ctx context.Context, key string, by int64) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.DecrBy(key, by))
}

// GetBit is Client.GetBit with the options of the caller.
func (c Caller) GetBit(ctx context.Context, key string, offset int64) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.GetBit(key, offset))
}

// SetBit is Client.SetBit with the options of the caller.
func (c Caller) SetBit(ctx context.Context, key string, offset int64, bit int) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.SetBit(key, offset, bit))
}

// BitCount is Client.BitCount with the options of the caller.
func (c Caller) BitCount(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.BitCount(key))
}

// BitCountRange is Client.BitCountRange with the options of the caller.
func (c Caller) BitCountRange(ctx context.Context, key string, start, end int64) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.BitCountRange(key, start, end))
}

// BitPos is Client.BitPos with the options of the caller.
func (c Caller) BitPos(ctx context.Context, key string, bit int, within ...int64) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.BitPos(key, bit, within...))
}

// BitOp is Client.BitOp with the options of the caller.
func (c Caller) BitOp(ctx context.Context, operation, destination string, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.BitOp(operation, destination, keys...))
}

// BitField is Client.BitField with the options of the caller.
func (c Caller) BitField(ctx context.Context, key string, operations ...any) ([]Value, error) {
	return run(ctx, c.client, c.options, commands{}.BitField(key, operations...))
}

// PFAdd is Client.PFAdd with the options of the caller.
func (c Caller) PFAdd(ctx context.Context, key string, elements ...any) (bool, error) {
	return run(ctx, c.client, c.options, commands{}.PFAdd(key, elements...))
}

// PFCount is Client.PFCount with the options of the caller.
func (c Caller) PFCount(ctx context.Context, keys ...string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.PFCount(keys...))
}

// PFMerge is Client.PFMerge with the options of the caller.
func (c Caller) PFMerge(ctx context.Context, destination string, keys ...string) error {
	return runNone(ctx, c.client, c.options, commands{}.PFMerge(destination, keys...))
}

// ZAdd is Client.ZAdd with the options of the caller.
func (c Caller) ZAdd(ctx context.Context, key string, members ...Z) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZAdd(key, members...))
}

// ZAddWith is Client.ZAddWith with the options of the caller.
func (c Caller) ZAddWith(ctx context.Context, key string, options ZAddOptions, members ...Z) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZAddWith(key, options, members...))
}

// ZIncrBy is Client.ZIncrBy with the options of the caller.
func (c Caller) ZIncrBy(ctx context.Context, key string, by float64, member string) (float64, error) {
	return run(ctx, c.client, c.options, commands{}.ZIncrBy(key, by, member))
}

// ZScore is Client.ZScore with the options of the caller.
func (c Caller) ZScore(ctx context.Context, key, member string) (float64, error) {
	return run(ctx, c.client, c.options, commands{}.ZScore(key, member))
}

// ZMScore is Client.ZMScore with the options of the caller.
func (c Caller) ZMScore(ctx context.Context, key string, members ...string) ([]Value, error) {
	return run(ctx, c.client, c.options, commands{}.ZMScore(key, members...))
}

// ZCard is Client.ZCard with the options of the caller.
func (c Caller) ZCard(ctx context.Context, key string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZCard(key))
}

// ZCount is Client.ZCount with the options of the caller.
func (c Caller) ZCount(ctx context.Context, key, low, high string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZCount(key, low, high))
}

// ZRank is Client.ZRank with the options of the caller.
func (c Caller) ZRank(ctx context.Context, key, member string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZRank(key, member))
}

// ZRevRank is Client.ZRevRank with the options of the caller.
func (c Caller) ZRevRank(ctx context.Context, key, member string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZRevRank(key, member))
}

// ZRem is Client.ZRem with the options of the caller.
func (c Caller) ZRem(ctx context.Context, key string, members ...any) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZRem(key, members...))
}

// ZRange is Client.ZRange with the options of the caller.
func (c Caller) ZRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.ZRange(key, start, stop))
}

// ZRangeWithScores is Client.ZRangeWithScores with the options of the caller.
func (c Caller) ZRangeWithScores(ctx context.Context, key string, start, stop int64) ([]Z, error) {
	return run(ctx, c.client, c.options, commands{}.ZRangeWithScores(key, start, stop))
}

// ZRevRange is Client.ZRevRange with the options of the caller.
func (c Caller) ZRevRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.ZRevRange(key, start, stop))
}

// ZRevRangeWithScores is Client.ZRevRangeWithScores with the options of the caller.
func (c Caller) ZRevRangeWithScores(ctx context.Context, key string, start, stop int64) ([]Z, error) {
	return run(ctx, c.client, c.options, commands{}.ZRevRangeWithScores(key, start, stop))
}

// ZRangeByScore is Client.ZRangeByScore with the options of the caller.
func (c Caller) ZRangeByScore(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.ZRangeByScore(key, by))
}

// ZRangeByScoreWithScores is Client.ZRangeByScoreWithScores with the options of the caller.
func (c Caller) ZRangeByScoreWithScores(ctx context.Context, key string, by ZRangeBy) ([]Z, error) {
	return run(ctx, c.client, c.options, commands{}.ZRangeByScoreWithScores(key, by))
}

// ZRevRangeByScore is Client.ZRevRangeByScore with the options of the caller.
func (c Caller) ZRevRangeByScore(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.ZRevRangeByScore(key, by))
}

// ZRangeByLex is Client.ZRangeByLex with the options of the caller.
func (c Caller) ZRangeByLex(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.ZRangeByLex(key, by))
}

// ZRemRangeByRank is Client.ZRemRangeByRank with the options of the caller.
func (c Caller) ZRemRangeByRank(ctx context.Context, key string, start, stop int64) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZRemRangeByRank(key, start, stop))
}

// ZRemRangeByScore is Client.ZRemRangeByScore with the options of the caller.
func (c Caller) ZRemRangeByScore(ctx context.Context, key, low, high string) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZRemRangeByScore(key, low, high))
}

// ZPopMin is Client.ZPopMin with the options of the caller.
func (c Caller) ZPopMin(ctx context.Context, key string, count int64) ([]Z, error) {
	return run(ctx, c.client, c.options, commands{}.ZPopMin(key, count))
}

// ZPopMax is Client.ZPopMax with the options of the caller.
func (c Caller) ZPopMax(ctx context.Context, key string, count int64) ([]Z, error) {
	return run(ctx, c.client, c.options, commands{}.ZPopMax(key, count))
}

// ZRandMember is Client.ZRandMember with the options of the caller.
func (c Caller) ZRandMember(ctx context.Context, key string, count int64) ([]string, error) {
	return run(ctx, c.client, c.options, commands{}.ZRandMember(key, count))
}

// ZUnionStore is Client.ZUnionStore with the options of the caller.
func (c Caller) ZUnionStore(ctx context.Context, destination string, of ZStore) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZUnionStore(destination, of))
}

// ZInterStore is Client.ZInterStore with the options of the caller.
func (c Caller) ZInterStore(ctx context.Context, destination string, of ZStore) (int64, error) {
	return run(ctx, c.client, c.options, commands{}.ZInterStore(destination, of))
}

// BZPopMin is Client.BZPopMin with the options of the caller.
func (c Caller) BZPopMin(ctx context.Context, timeout time.Duration, keys ...string) (KeyZ, error) {
	return run(ctx, c.client, c.options, commands{}.BZPopMin(timeout, keys...).request)
}

// BZPopMax is Client.BZPopMax with the options of the caller.
func (c Caller) BZPopMax(ctx context.Context, timeout time.Duration, keys ...string) (KeyZ, error) {
	return run(ctx, c.client, c.options, commands{}.BZPopMax(timeout, keys...).request)
}
