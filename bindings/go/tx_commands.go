// Code generated from commands_*.go by internal/gen; DO NOT EDIT.

package rr

import (
	"context"
	"time"
)

// GeoAdd is Client.GeoAdd, sent at once on the connection that watches.
func (tx *Tx) GeoAdd(ctx context.Context, key string, locations ...GeoLocation) (int64, error) {
	return runTx(ctx, tx, commands{}.GeoAdd(key, locations...))
}

// GeoPos is Client.GeoPos, sent at once on the connection that watches.
func (tx *Tx) GeoPos(ctx context.Context, key string, members ...string) ([]*GeoLocation, error) {
	return runTx(ctx, tx, commands{}.GeoPos(key, members...))
}

// GeoDist is Client.GeoDist, sent at once on the connection that watches.
func (tx *Tx) GeoDist(ctx context.Context, key, one, other, unit string) (float64, error) {
	return runTx(ctx, tx, commands{}.GeoDist(key, one, other, unit))
}

// GeoHash is Client.GeoHash, sent at once on the connection that watches.
func (tx *Tx) GeoHash(ctx context.Context, key string, members ...string) ([]string, error) {
	return runTx(ctx, tx, commands{}.GeoHash(key, members...))
}

// GeoSearch is Client.GeoSearch, sent at once on the connection that watches.
func (tx *Tx) GeoSearch(ctx context.Context, key string, query GeoQuery) ([]GeoLocation, error) {
	return runTx(ctx, tx, commands{}.GeoSearch(key, query))
}

// GeoSearchStore is Client.GeoSearchStore, sent at once on the connection that watches.
func (tx *Tx) GeoSearchStore(ctx context.Context, destination, key string, query GeoQuery) (int64, error) {
	return runTx(ctx, tx, commands{}.GeoSearchStore(destination, key, query))
}

// HSet is Client.HSet, sent at once on the connection that watches.
func (tx *Tx) HSet(ctx context.Context, key string, pairs ...any) (int64, error) {
	return runTx(ctx, tx, commands{}.HSet(key, pairs...))
}

// HSetNX is Client.HSetNX, sent at once on the connection that watches.
func (tx *Tx) HSetNX(ctx context.Context, key, field string, value any) (bool, error) {
	return runTx(ctx, tx, commands{}.HSetNX(key, field, value))
}

// HGet is Client.HGet, sent at once on the connection that watches.
func (tx *Tx) HGet(ctx context.Context, key, field string) (string, error) {
	return runTx(ctx, tx, commands{}.HGet(key, field))
}

// HMGet is Client.HMGet, sent at once on the connection that watches.
func (tx *Tx) HMGet(ctx context.Context, key string, fields ...string) ([]Value, error) {
	return runTx(ctx, tx, commands{}.HMGet(key, fields...))
}

// HGetAll is Client.HGetAll, sent at once on the connection that watches.
func (tx *Tx) HGetAll(ctx context.Context, key string) (map[string]string, error) {
	return runTx(ctx, tx, commands{}.HGetAll(key))
}

// HDel is Client.HDel, sent at once on the connection that watches.
func (tx *Tx) HDel(ctx context.Context, key string, fields ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.HDel(key, fields...))
}

// HExists is Client.HExists, sent at once on the connection that watches.
func (tx *Tx) HExists(ctx context.Context, key, field string) (bool, error) {
	return runTx(ctx, tx, commands{}.HExists(key, field))
}

// HLen is Client.HLen, sent at once on the connection that watches.
func (tx *Tx) HLen(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.HLen(key))
}

// HKeys is Client.HKeys, sent at once on the connection that watches.
func (tx *Tx) HKeys(ctx context.Context, key string) ([]string, error) {
	return runTx(ctx, tx, commands{}.HKeys(key))
}

// HVals is Client.HVals, sent at once on the connection that watches.
func (tx *Tx) HVals(ctx context.Context, key string) ([]string, error) {
	return runTx(ctx, tx, commands{}.HVals(key))
}

// HIncrBy is Client.HIncrBy, sent at once on the connection that watches.
func (tx *Tx) HIncrBy(ctx context.Context, key, field string, by int64) (int64, error) {
	return runTx(ctx, tx, commands{}.HIncrBy(key, field, by))
}

// HIncrByFloat is Client.HIncrByFloat, sent at once on the connection that watches.
func (tx *Tx) HIncrByFloat(ctx context.Context, key, field string, by float64) (float64, error) {
	return runTx(ctx, tx, commands{}.HIncrByFloat(key, field, by))
}

// HStrLen is Client.HStrLen, sent at once on the connection that watches.
func (tx *Tx) HStrLen(ctx context.Context, key, field string) (int64, error) {
	return runTx(ctx, tx, commands{}.HStrLen(key, field))
}

// HRandField is Client.HRandField, sent at once on the connection that watches.
func (tx *Tx) HRandField(ctx context.Context, key string, count int) ([]string, error) {
	return runTx(ctx, tx, commands{}.HRandField(key, count))
}

// Del is Client.Del, sent at once on the connection that watches.
func (tx *Tx) Del(ctx context.Context, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.Del(keys...))
}

// Unlink is Client.Unlink, sent at once on the connection that watches.
func (tx *Tx) Unlink(ctx context.Context, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.Unlink(keys...))
}

// Exists is Client.Exists, sent at once on the connection that watches.
func (tx *Tx) Exists(ctx context.Context, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.Exists(keys...))
}

// Expire is Client.Expire, sent at once on the connection that watches.
func (tx *Tx) Expire(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	return runTx(ctx, tx, commands{}.Expire(key, ttl))
}

// ExpireAt is Client.ExpireAt, sent at once on the connection that watches.
func (tx *Tx) ExpireAt(ctx context.Context, key string, then time.Time) (bool, error) {
	return runTx(ctx, tx, commands{}.ExpireAt(key, then))
}

// Persist is Client.Persist, sent at once on the connection that watches.
func (tx *Tx) Persist(ctx context.Context, key string) (bool, error) {
	return runTx(ctx, tx, commands{}.Persist(key))
}

// TTL is Client.TTL, sent at once on the connection that watches.
func (tx *Tx) TTL(ctx context.Context, key string) (time.Duration, error) {
	return runTx(ctx, tx, commands{}.TTL(key))
}

// Type is Client.Type, sent at once on the connection that watches.
func (tx *Tx) Type(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.Type(key))
}

// Rename is Client.Rename, sent at once on the connection that watches.
func (tx *Tx) Rename(ctx context.Context, key, name string) error {
	return runTxNone(ctx, tx, commands{}.Rename(key, name))
}

// RenameNX is Client.RenameNX, sent at once on the connection that watches.
func (tx *Tx) RenameNX(ctx context.Context, key, name string) (bool, error) {
	return runTx(ctx, tx, commands{}.RenameNX(key, name))
}

// Copy is Client.Copy, sent at once on the connection that watches.
func (tx *Tx) Copy(ctx context.Context, source, destination string, replace bool) (bool, error) {
	return runTx(ctx, tx, commands{}.Copy(source, destination, replace))
}

// Touch is Client.Touch, sent at once on the connection that watches.
func (tx *Tx) Touch(ctx context.Context, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.Touch(keys...))
}

// RandomKey is Client.RandomKey, sent at once on the connection that watches.
func (tx *Tx) RandomKey(ctx context.Context) (string, error) {
	return runTx(ctx, tx, commands{}.RandomKey())
}

// Keys is Client.Keys, sent at once on the connection that watches.
func (tx *Tx) Keys(ctx context.Context, pattern string) ([]string, error) {
	return runTx(ctx, tx, commands{}.Keys(pattern))
}

// ObjectEncoding is Client.ObjectEncoding, sent at once on the connection that watches.
func (tx *Tx) ObjectEncoding(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.ObjectEncoding(key))
}

// Dump is Client.Dump, sent at once on the connection that watches.
func (tx *Tx) Dump(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.Dump(key))
}

// Restore is Client.Restore, sent at once on the connection that watches.
func (tx *Tx) Restore(ctx context.Context, key string, ttl time.Duration, dump string, replace bool) error {
	return runTxNone(ctx, tx, commands{}.Restore(key, ttl, dump, replace))
}

// MemoryUsage is Client.MemoryUsage, sent at once on the connection that watches.
func (tx *Tx) MemoryUsage(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.MemoryUsage(key))
}

// LPush is Client.LPush, sent at once on the connection that watches.
func (tx *Tx) LPush(ctx context.Context, key string, elements ...any) (int64, error) {
	return runTx(ctx, tx, commands{}.LPush(key, elements...))
}

// RPush is Client.RPush, sent at once on the connection that watches.
func (tx *Tx) RPush(ctx context.Context, key string, elements ...any) (int64, error) {
	return runTx(ctx, tx, commands{}.RPush(key, elements...))
}

// LPushX is Client.LPushX, sent at once on the connection that watches.
func (tx *Tx) LPushX(ctx context.Context, key string, elements ...any) (int64, error) {
	return runTx(ctx, tx, commands{}.LPushX(key, elements...))
}

// RPushX is Client.RPushX, sent at once on the connection that watches.
func (tx *Tx) RPushX(ctx context.Context, key string, elements ...any) (int64, error) {
	return runTx(ctx, tx, commands{}.RPushX(key, elements...))
}

// LPop is Client.LPop, sent at once on the connection that watches.
func (tx *Tx) LPop(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.LPop(key))
}

// RPop is Client.RPop, sent at once on the connection that watches.
func (tx *Tx) RPop(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.RPop(key))
}

// LPopCount is Client.LPopCount, sent at once on the connection that watches.
func (tx *Tx) LPopCount(ctx context.Context, key string, count int) ([]string, error) {
	return runTx(ctx, tx, commands{}.LPopCount(key, count))
}

// RPopCount is Client.RPopCount, sent at once on the connection that watches.
func (tx *Tx) RPopCount(ctx context.Context, key string, count int) ([]string, error) {
	return runTx(ctx, tx, commands{}.RPopCount(key, count))
}

// LLen is Client.LLen, sent at once on the connection that watches.
func (tx *Tx) LLen(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.LLen(key))
}

// LRange is Client.LRange, sent at once on the connection that watches.
func (tx *Tx) LRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return runTx(ctx, tx, commands{}.LRange(key, start, stop))
}

// LIndex is Client.LIndex, sent at once on the connection that watches.
func (tx *Tx) LIndex(ctx context.Context, key string, index int64) (string, error) {
	return runTx(ctx, tx, commands{}.LIndex(key, index))
}

// LSet is Client.LSet, sent at once on the connection that watches.
func (tx *Tx) LSet(ctx context.Context, key string, index int64, element any) error {
	return runTxNone(ctx, tx, commands{}.LSet(key, index, element))
}

// LRem is Client.LRem, sent at once on the connection that watches.
func (tx *Tx) LRem(ctx context.Context, key string, count int64, element any) (int64, error) {
	return runTx(ctx, tx, commands{}.LRem(key, count, element))
}

// LTrim is Client.LTrim, sent at once on the connection that watches.
func (tx *Tx) LTrim(ctx context.Context, key string, start, stop int64) error {
	return runTxNone(ctx, tx, commands{}.LTrim(key, start, stop))
}

// LInsertBefore is Client.LInsertBefore, sent at once on the connection that watches.
func (tx *Tx) LInsertBefore(ctx context.Context, key string, pivot, element any) (int64, error) {
	return runTx(ctx, tx, commands{}.LInsertBefore(key, pivot, element))
}

// LInsertAfter is Client.LInsertAfter, sent at once on the connection that watches.
func (tx *Tx) LInsertAfter(ctx context.Context, key string, pivot, element any) (int64, error) {
	return runTx(ctx, tx, commands{}.LInsertAfter(key, pivot, element))
}

// LPos is Client.LPos, sent at once on the connection that watches.
func (tx *Tx) LPos(ctx context.Context, key string, element any) (int64, error) {
	return runTx(ctx, tx, commands{}.LPos(key, element))
}

// LMove is Client.LMove, sent at once on the connection that watches.
func (tx *Tx) LMove(ctx context.Context, source, destination string, from, to Side) (string, error) {
	return runTx(ctx, tx, commands{}.LMove(source, destination, from, to))
}

// Eval is Client.Eval, sent at once on the connection that watches.
func (tx *Tx) Eval(ctx context.Context, source string, keys []string, args ...any) (Value, error) {
	return runTx(ctx, tx, commands{}.Eval(source, keys, args...))
}

// EvalRO is Client.EvalRO, sent at once on the connection that watches.
func (tx *Tx) EvalRO(ctx context.Context, source string, keys []string, args ...any) (Value, error) {
	return runTx(ctx, tx, commands{}.EvalRO(source, keys, args...))
}

// EvalSha is Client.EvalSha, sent at once on the connection that watches.
func (tx *Tx) EvalSha(ctx context.Context, sha string, keys []string, args ...any) (Value, error) {
	return runTx(ctx, tx, commands{}.EvalSha(sha, keys, args...))
}

// ScriptLoad is Client.ScriptLoad, sent at once on the connection that watches.
func (tx *Tx) ScriptLoad(ctx context.Context, source string) (string, error) {
	return runTx(ctx, tx, commands{}.ScriptLoad(source))
}

// ScriptExists is Client.ScriptExists, sent at once on the connection that watches.
func (tx *Tx) ScriptExists(ctx context.Context, shas ...string) ([]bool, error) {
	return runTx(ctx, tx, commands{}.ScriptExists(shas...))
}

// ScriptFlush is Client.ScriptFlush, sent at once on the connection that watches.
func (tx *Tx) ScriptFlush(ctx context.Context) error {
	return runTxNone(ctx, tx, commands{}.ScriptFlush())
}

// FCall is Client.FCall, sent at once on the connection that watches.
func (tx *Tx) FCall(ctx context.Context, function string, keys []string, args ...any) (Value, error) {
	return runTx(ctx, tx, commands{}.FCall(function, keys, args...))
}

// FCallRO is Client.FCallRO, sent at once on the connection that watches.
func (tx *Tx) FCallRO(ctx context.Context, function string, keys []string, args ...any) (Value, error) {
	return runTx(ctx, tx, commands{}.FCallRO(function, keys, args...))
}

// FunctionLoad is Client.FunctionLoad, sent at once on the connection that watches.
func (tx *Tx) FunctionLoad(ctx context.Context, source string, replace bool) (string, error) {
	return runTx(ctx, tx, commands{}.FunctionLoad(source, replace))
}

// Ping is Client.Ping, sent at once on the connection that watches.
func (tx *Tx) Ping(ctx context.Context) error {
	return runTxNone(ctx, tx, commands{}.Ping())
}

// Echo is Client.Echo, sent at once on the connection that watches.
func (tx *Tx) Echo(ctx context.Context, text string) (string, error) {
	return runTx(ctx, tx, commands{}.Echo(text))
}

// Info is Client.Info, sent at once on the connection that watches.
func (tx *Tx) Info(ctx context.Context, sections ...string) (string, error) {
	return runTx(ctx, tx, commands{}.Info(sections...))
}

// DBSize is Client.DBSize, sent at once on the connection that watches.
func (tx *Tx) DBSize(ctx context.Context) (int64, error) {
	return runTx(ctx, tx, commands{}.DBSize())
}

// Time is Client.Time, sent at once on the connection that watches.
func (tx *Tx) Time(ctx context.Context) (time.Time, error) {
	return runTx(ctx, tx, commands{}.Time())
}

// FlushDB is Client.FlushDB, sent at once on the connection that watches.
func (tx *Tx) FlushDB(ctx context.Context) error {
	return runTxNone(ctx, tx, commands{}.FlushDB())
}

// FlushAll is Client.FlushAll, sent at once on the connection that watches.
func (tx *Tx) FlushAll(ctx context.Context) error {
	return runTxNone(ctx, tx, commands{}.FlushAll())
}

// ConfigGet is Client.ConfigGet, sent at once on the connection that watches.
func (tx *Tx) ConfigGet(ctx context.Context, patterns ...string) (map[string]string, error) {
	return runTx(ctx, tx, commands{}.ConfigGet(patterns...))
}

// ConfigSet is Client.ConfigSet, sent at once on the connection that watches.
func (tx *Tx) ConfigSet(ctx context.Context, name, value string) error {
	return runTxNone(ctx, tx, commands{}.ConfigSet(name, value))
}

// ClientList is Client.ClientList, sent at once on the connection that watches.
func (tx *Tx) ClientList(ctx context.Context) (string, error) {
	return runTx(ctx, tx, commands{}.ClientList())
}

// Role is Client.Role, sent at once on the connection that watches.
func (tx *Tx) Role(ctx context.Context) (Value, error) {
	return runTx(ctx, tx, commands{}.Role())
}

// LastSave is Client.LastSave, sent at once on the connection that watches.
func (tx *Tx) LastSave(ctx context.Context) (time.Time, error) {
	return runTx(ctx, tx, commands{}.LastSave())
}

// Publish is Client.Publish, sent at once on the connection that watches.
func (tx *Tx) Publish(ctx context.Context, channel string, message any) (int64, error) {
	return runTx(ctx, tx, commands{}.Publish(channel, message))
}

// SPublish is Client.SPublish, sent at once on the connection that watches.
func (tx *Tx) SPublish(ctx context.Context, channel string, message any) (int64, error) {
	return runTx(ctx, tx, commands{}.SPublish(channel, message))
}

// PubSubChannels is Client.PubSubChannels, sent at once on the connection that watches.
func (tx *Tx) PubSubChannels(ctx context.Context, pattern string) ([]string, error) {
	return runTx(ctx, tx, commands{}.PubSubChannels(pattern))
}

// PubSubNumSub is Client.PubSubNumSub, sent at once on the connection that watches.
func (tx *Tx) PubSubNumSub(ctx context.Context, channels ...string) (map[string]int64, error) {
	return runTx(ctx, tx, commands{}.PubSubNumSub(channels...))
}

// PubSubNumPat is Client.PubSubNumPat, sent at once on the connection that watches.
func (tx *Tx) PubSubNumPat(ctx context.Context) (int64, error) {
	return runTx(ctx, tx, commands{}.PubSubNumPat())
}

// SAdd is Client.SAdd, sent at once on the connection that watches.
func (tx *Tx) SAdd(ctx context.Context, key string, members ...any) (int64, error) {
	return runTx(ctx, tx, commands{}.SAdd(key, members...))
}

// SRem is Client.SRem, sent at once on the connection that watches.
func (tx *Tx) SRem(ctx context.Context, key string, members ...any) (int64, error) {
	return runTx(ctx, tx, commands{}.SRem(key, members...))
}

// SMembers is Client.SMembers, sent at once on the connection that watches.
func (tx *Tx) SMembers(ctx context.Context, key string) ([]string, error) {
	return runTx(ctx, tx, commands{}.SMembers(key))
}

// SIsMember is Client.SIsMember, sent at once on the connection that watches.
func (tx *Tx) SIsMember(ctx context.Context, key string, member any) (bool, error) {
	return runTx(ctx, tx, commands{}.SIsMember(key, member))
}

// SMIsMember is Client.SMIsMember, sent at once on the connection that watches.
func (tx *Tx) SMIsMember(ctx context.Context, key string, members ...any) ([]bool, error) {
	return runTx(ctx, tx, commands{}.SMIsMember(key, members...))
}

// SCard is Client.SCard, sent at once on the connection that watches.
func (tx *Tx) SCard(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.SCard(key))
}

// SPop is Client.SPop, sent at once on the connection that watches.
func (tx *Tx) SPop(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.SPop(key))
}

// SPopN is Client.SPopN, sent at once on the connection that watches.
func (tx *Tx) SPopN(ctx context.Context, key string, count int64) ([]string, error) {
	return runTx(ctx, tx, commands{}.SPopN(key, count))
}

// SRandMember is Client.SRandMember, sent at once on the connection that watches.
func (tx *Tx) SRandMember(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.SRandMember(key))
}

// SRandMemberN is Client.SRandMemberN, sent at once on the connection that watches.
func (tx *Tx) SRandMemberN(ctx context.Context, key string, count int64) ([]string, error) {
	return runTx(ctx, tx, commands{}.SRandMemberN(key, count))
}

// SMove is Client.SMove, sent at once on the connection that watches.
func (tx *Tx) SMove(ctx context.Context, source, destination string, member any) (bool, error) {
	return runTx(ctx, tx, commands{}.SMove(source, destination, member))
}

// SInter is Client.SInter, sent at once on the connection that watches.
func (tx *Tx) SInter(ctx context.Context, keys ...string) ([]string, error) {
	return runTx(ctx, tx, commands{}.SInter(keys...))
}

// SInterCard is Client.SInterCard, sent at once on the connection that watches.
func (tx *Tx) SInterCard(ctx context.Context, limit int64, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.SInterCard(limit, keys...))
}

// SInterStore is Client.SInterStore, sent at once on the connection that watches.
func (tx *Tx) SInterStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.SInterStore(destination, keys...))
}

// SUnion is Client.SUnion, sent at once on the connection that watches.
func (tx *Tx) SUnion(ctx context.Context, keys ...string) ([]string, error) {
	return runTx(ctx, tx, commands{}.SUnion(keys...))
}

// SUnionStore is Client.SUnionStore, sent at once on the connection that watches.
func (tx *Tx) SUnionStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.SUnionStore(destination, keys...))
}

// SDiff is Client.SDiff, sent at once on the connection that watches.
func (tx *Tx) SDiff(ctx context.Context, keys ...string) ([]string, error) {
	return runTx(ctx, tx, commands{}.SDiff(keys...))
}

// SDiffStore is Client.SDiffStore, sent at once on the connection that watches.
func (tx *Tx) SDiffStore(ctx context.Context, destination string, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.SDiffStore(destination, keys...))
}

// XAdd is Client.XAdd, sent at once on the connection that watches.
func (tx *Tx) XAdd(ctx context.Context, stream string, pairs ...any) (string, error) {
	return runTx(ctx, tx, commands{}.XAdd(stream, pairs...))
}

// XAddWith is Client.XAddWith, sent at once on the connection that watches.
func (tx *Tx) XAddWith(ctx context.Context, stream string, options XAddOptions, pairs ...any) (string, error) {
	return runTx(ctx, tx, commands{}.XAddWith(stream, options, pairs...))
}

// XLen is Client.XLen, sent at once on the connection that watches.
func (tx *Tx) XLen(ctx context.Context, stream string) (int64, error) {
	return runTx(ctx, tx, commands{}.XLen(stream))
}

// XDel is Client.XDel, sent at once on the connection that watches.
func (tx *Tx) XDel(ctx context.Context, stream string, ids ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.XDel(stream, ids...))
}

// XRange is Client.XRange, sent at once on the connection that watches.
func (tx *Tx) XRange(ctx context.Context, stream, start, stop string) ([]XMessage, error) {
	return runTx(ctx, tx, commands{}.XRange(stream, start, stop))
}

// XRangeN is Client.XRangeN, sent at once on the connection that watches.
func (tx *Tx) XRangeN(ctx context.Context, stream, start, stop string, count int64) ([]XMessage, error) {
	return runTx(ctx, tx, commands{}.XRangeN(stream, start, stop, count))
}

// XRevRange is Client.XRevRange, sent at once on the connection that watches.
func (tx *Tx) XRevRange(ctx context.Context, stream, start, stop string) ([]XMessage, error) {
	return runTx(ctx, tx, commands{}.XRevRange(stream, start, stop))
}

// XRevRangeN is Client.XRevRangeN, sent at once on the connection that watches.
func (tx *Tx) XRevRangeN(ctx context.Context, stream, start, stop string, count int64) ([]XMessage, error) {
	return runTx(ctx, tx, commands{}.XRevRangeN(stream, start, stop, count))
}

// XTrimMaxLen is Client.XTrimMaxLen, sent at once on the connection that watches.
func (tx *Tx) XTrimMaxLen(ctx context.Context, stream string, count int64) (int64, error) {
	return runTx(ctx, tx, commands{}.XTrimMaxLen(stream, count))
}

// XTrimMinID is Client.XTrimMinID, sent at once on the connection that watches.
func (tx *Tx) XTrimMinID(ctx context.Context, stream, id string) (int64, error) {
	return runTx(ctx, tx, commands{}.XTrimMinID(stream, id))
}

// XRead is Client.XRead, sent at once on the connection that watches.
func (tx *Tx) XRead(ctx context.Context, count int64, streams ...StreamAfter) ([]XStream, error) {
	return runTx(ctx, tx, commands{}.XRead(count, streams...))
}

// XReadGroup is Client.XReadGroup, sent at once on the connection that watches.
func (tx *Tx) XReadGroup(ctx context.Context, group, consumer string, count int64, streams ...StreamAfter) ([]XStream, error) {
	return runTx(ctx, tx, commands{}.XReadGroup(group, consumer, count, streams...))
}

// XAck is Client.XAck, sent at once on the connection that watches.
func (tx *Tx) XAck(ctx context.Context, stream, group string, ids ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.XAck(stream, group, ids...))
}

// XGroupCreate is Client.XGroupCreate, sent at once on the connection that watches.
func (tx *Tx) XGroupCreate(ctx context.Context, stream, group, id string) error {
	return runTxNone(ctx, tx, commands{}.XGroupCreate(stream, group, id))
}

// XGroupCreateMkStream is Client.XGroupCreateMkStream, sent at once on the connection that watches.
func (tx *Tx) XGroupCreateMkStream(ctx context.Context, stream, group, id string) error {
	return runTxNone(ctx, tx, commands{}.XGroupCreateMkStream(stream, group, id))
}

// XGroupSetID is Client.XGroupSetID, sent at once on the connection that watches.
func (tx *Tx) XGroupSetID(ctx context.Context, stream, group, id string) error {
	return runTxNone(ctx, tx, commands{}.XGroupSetID(stream, group, id))
}

// XGroupDestroy is Client.XGroupDestroy, sent at once on the connection that watches.
func (tx *Tx) XGroupDestroy(ctx context.Context, stream, group string) (bool, error) {
	return runTx(ctx, tx, commands{}.XGroupDestroy(stream, group))
}

// XGroupDelConsumer is Client.XGroupDelConsumer, sent at once on the connection that watches.
func (tx *Tx) XGroupDelConsumer(ctx context.Context, stream, group, consumer string) (int64, error) {
	return runTx(ctx, tx, commands{}.XGroupDelConsumer(stream, group, consumer))
}

// XPending is Client.XPending, sent at once on the connection that watches.
func (tx *Tx) XPending(ctx context.Context, stream, group string) (XPending, error) {
	return runTx(ctx, tx, commands{}.XPending(stream, group))
}

// XPendingExt is Client.XPendingExt, sent at once on the connection that watches.
func (tx *Tx) XPendingExt(ctx context.Context, stream, group, start, stop string, count int64, consumer string) ([]XPendingEntry, error) {
	return runTx(ctx, tx, commands{}.XPendingExt(stream, group, start, stop, count, consumer))
}

// XClaim is Client.XClaim, sent at once on the connection that watches.
func (tx *Tx) XClaim(ctx context.Context, stream, group, consumer string, idle time.Duration, ids ...string) ([]XMessage, error) {
	return runTx(ctx, tx, commands{}.XClaim(stream, group, consumer, idle, ids...))
}

// XAutoClaim is Client.XAutoClaim, sent at once on the connection that watches.
func (tx *Tx) XAutoClaim(ctx context.Context, stream, group, consumer string, idle time.Duration, start string, count int64) (XClaimed, error) {
	return runTx(ctx, tx, commands{}.XAutoClaim(stream, group, consumer, idle, start, count))
}

// Get is Client.Get, sent at once on the connection that watches.
func (tx *Tx) Get(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.Get(key))
}

// GetBytes is Client.GetBytes, sent at once on the connection that watches.
func (tx *Tx) GetBytes(ctx context.Context, key string) ([]byte, error) {
	return runTx(ctx, tx, commands{}.GetBytes(key))
}

// Set is Client.Set, sent at once on the connection that watches.
func (tx *Tx) Set(ctx context.Context, key string, value any, ttl time.Duration) error {
	return runTxNone(ctx, tx, commands{}.Set(key, value, ttl))
}

// SetWith is Client.SetWith, sent at once on the connection that watches.
func (tx *Tx) SetWith(ctx context.Context, key string, value any, options SetOptions) (bool, error) {
	return runTx(ctx, tx, commands{}.SetWith(key, value, options))
}

// SetNX is Client.SetNX, sent at once on the connection that watches.
func (tx *Tx) SetNX(ctx context.Context, key string, value any, ttl time.Duration) (bool, error) {
	return runTx(ctx, tx, commands{}.SetNX(key, value, ttl))
}

// SetXX is Client.SetXX, sent at once on the connection that watches.
func (tx *Tx) SetXX(ctx context.Context, key string, value any, ttl time.Duration) (bool, error) {
	return runTx(ctx, tx, commands{}.SetXX(key, value, ttl))
}

// GetSet is Client.GetSet, sent at once on the connection that watches.
func (tx *Tx) GetSet(ctx context.Context, key string, value any) (string, error) {
	return runTx(ctx, tx, commands{}.GetSet(key, value))
}

// GetDel is Client.GetDel, sent at once on the connection that watches.
func (tx *Tx) GetDel(ctx context.Context, key string) (string, error) {
	return runTx(ctx, tx, commands{}.GetDel(key))
}

// GetEx is Client.GetEx, sent at once on the connection that watches.
func (tx *Tx) GetEx(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return runTx(ctx, tx, commands{}.GetEx(key, ttl))
}

// MGet is Client.MGet, sent at once on the connection that watches.
func (tx *Tx) MGet(ctx context.Context, keys ...string) ([]Value, error) {
	return runTx(ctx, tx, commands{}.MGet(keys...))
}

// MSet is Client.MSet, sent at once on the connection that watches.
func (tx *Tx) MSet(ctx context.Context, pairs ...any) error {
	return runTxNone(ctx, tx, commands{}.MSet(pairs...))
}

// MSetNX is Client.MSetNX, sent at once on the connection that watches.
func (tx *Tx) MSetNX(ctx context.Context, pairs ...any) (bool, error) {
	return runTx(ctx, tx, commands{}.MSetNX(pairs...))
}

// Append is Client.Append, sent at once on the connection that watches.
func (tx *Tx) Append(ctx context.Context, key, value string) (int64, error) {
	return runTx(ctx, tx, commands{}.Append(key, value))
}

// StrLen is Client.StrLen, sent at once on the connection that watches.
func (tx *Tx) StrLen(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.StrLen(key))
}

// GetRange is Client.GetRange, sent at once on the connection that watches.
func (tx *Tx) GetRange(ctx context.Context, key string, start, end int64) (string, error) {
	return runTx(ctx, tx, commands{}.GetRange(key, start, end))
}

// SetRange is Client.SetRange, sent at once on the connection that watches.
func (tx *Tx) SetRange(ctx context.Context, key string, offset int64, value string) (int64, error) {
	return runTx(ctx, tx, commands{}.SetRange(key, offset, value))
}

// Incr is Client.Incr, sent at once on the connection that watches.
func (tx *Tx) Incr(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.Incr(key))
}

// IncrBy is Client.IncrBy, sent at once on the connection that watches.
func (tx *Tx) IncrBy(ctx context.Context, key string, by int64) (int64, error) {
	return runTx(ctx, tx, commands{}.IncrBy(key, by))
}

// IncrByFloat is Client.IncrByFloat, sent at once on the connection that watches.
func (tx *Tx) IncrByFloat(ctx context.Context, key string, by float64) (float64, error) {
	return runTx(ctx, tx, commands{}.IncrByFloat(key, by))
}

// Decr is Client.Decr, sent at once on the connection that watches.
func (tx *Tx) Decr(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.Decr(key))
}

// DecrBy is Client.DecrBy, sent at once on the connection that watches.
func (tx *Tx) DecrBy(ctx context.Context, key string, by int64) (int64, error) {
	return runTx(ctx, tx, commands{}.DecrBy(key, by))
}

// GetBit is Client.GetBit, sent at once on the connection that watches.
func (tx *Tx) GetBit(ctx context.Context, key string, offset int64) (int64, error) {
	return runTx(ctx, tx, commands{}.GetBit(key, offset))
}

// SetBit is Client.SetBit, sent at once on the connection that watches.
func (tx *Tx) SetBit(ctx context.Context, key string, offset int64, bit int) (int64, error) {
	return runTx(ctx, tx, commands{}.SetBit(key, offset, bit))
}

// BitCount is Client.BitCount, sent at once on the connection that watches.
func (tx *Tx) BitCount(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.BitCount(key))
}

// BitCountRange is Client.BitCountRange, sent at once on the connection that watches.
func (tx *Tx) BitCountRange(ctx context.Context, key string, start, end int64) (int64, error) {
	return runTx(ctx, tx, commands{}.BitCountRange(key, start, end))
}

// BitPos is Client.BitPos, sent at once on the connection that watches.
func (tx *Tx) BitPos(ctx context.Context, key string, bit int, within ...int64) (int64, error) {
	return runTx(ctx, tx, commands{}.BitPos(key, bit, within...))
}

// BitOp is Client.BitOp, sent at once on the connection that watches.
func (tx *Tx) BitOp(ctx context.Context, operation, destination string, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.BitOp(operation, destination, keys...))
}

// BitField is Client.BitField, sent at once on the connection that watches.
func (tx *Tx) BitField(ctx context.Context, key string, operations ...any) ([]Value, error) {
	return runTx(ctx, tx, commands{}.BitField(key, operations...))
}

// PFAdd is Client.PFAdd, sent at once on the connection that watches.
func (tx *Tx) PFAdd(ctx context.Context, key string, elements ...any) (bool, error) {
	return runTx(ctx, tx, commands{}.PFAdd(key, elements...))
}

// PFCount is Client.PFCount, sent at once on the connection that watches.
func (tx *Tx) PFCount(ctx context.Context, keys ...string) (int64, error) {
	return runTx(ctx, tx, commands{}.PFCount(keys...))
}

// PFMerge is Client.PFMerge, sent at once on the connection that watches.
func (tx *Tx) PFMerge(ctx context.Context, destination string, keys ...string) error {
	return runTxNone(ctx, tx, commands{}.PFMerge(destination, keys...))
}

// ZAdd is Client.ZAdd, sent at once on the connection that watches.
func (tx *Tx) ZAdd(ctx context.Context, key string, members ...Z) (int64, error) {
	return runTx(ctx, tx, commands{}.ZAdd(key, members...))
}

// ZAddWith is Client.ZAddWith, sent at once on the connection that watches.
func (tx *Tx) ZAddWith(ctx context.Context, key string, options ZAddOptions, members ...Z) (int64, error) {
	return runTx(ctx, tx, commands{}.ZAddWith(key, options, members...))
}

// ZIncrBy is Client.ZIncrBy, sent at once on the connection that watches.
func (tx *Tx) ZIncrBy(ctx context.Context, key string, by float64, member string) (float64, error) {
	return runTx(ctx, tx, commands{}.ZIncrBy(key, by, member))
}

// ZScore is Client.ZScore, sent at once on the connection that watches.
func (tx *Tx) ZScore(ctx context.Context, key, member string) (float64, error) {
	return runTx(ctx, tx, commands{}.ZScore(key, member))
}

// ZMScore is Client.ZMScore, sent at once on the connection that watches.
func (tx *Tx) ZMScore(ctx context.Context, key string, members ...string) ([]Value, error) {
	return runTx(ctx, tx, commands{}.ZMScore(key, members...))
}

// ZCard is Client.ZCard, sent at once on the connection that watches.
func (tx *Tx) ZCard(ctx context.Context, key string) (int64, error) {
	return runTx(ctx, tx, commands{}.ZCard(key))
}

// ZCount is Client.ZCount, sent at once on the connection that watches.
func (tx *Tx) ZCount(ctx context.Context, key, low, high string) (int64, error) {
	return runTx(ctx, tx, commands{}.ZCount(key, low, high))
}

// ZRank is Client.ZRank, sent at once on the connection that watches.
func (tx *Tx) ZRank(ctx context.Context, key, member string) (int64, error) {
	return runTx(ctx, tx, commands{}.ZRank(key, member))
}

// ZRevRank is Client.ZRevRank, sent at once on the connection that watches.
func (tx *Tx) ZRevRank(ctx context.Context, key, member string) (int64, error) {
	return runTx(ctx, tx, commands{}.ZRevRank(key, member))
}

// ZRem is Client.ZRem, sent at once on the connection that watches.
func (tx *Tx) ZRem(ctx context.Context, key string, members ...any) (int64, error) {
	return runTx(ctx, tx, commands{}.ZRem(key, members...))
}

// ZRange is Client.ZRange, sent at once on the connection that watches.
func (tx *Tx) ZRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return runTx(ctx, tx, commands{}.ZRange(key, start, stop))
}

// ZRangeWithScores is Client.ZRangeWithScores, sent at once on the connection that watches.
func (tx *Tx) ZRangeWithScores(ctx context.Context, key string, start, stop int64) ([]Z, error) {
	return runTx(ctx, tx, commands{}.ZRangeWithScores(key, start, stop))
}

// ZRevRange is Client.ZRevRange, sent at once on the connection that watches.
func (tx *Tx) ZRevRange(ctx context.Context, key string, start, stop int64) ([]string, error) {
	return runTx(ctx, tx, commands{}.ZRevRange(key, start, stop))
}

// ZRevRangeWithScores is Client.ZRevRangeWithScores, sent at once on the connection that watches.
func (tx *Tx) ZRevRangeWithScores(ctx context.Context, key string, start, stop int64) ([]Z, error) {
	return runTx(ctx, tx, commands{}.ZRevRangeWithScores(key, start, stop))
}

// ZRangeByScore is Client.ZRangeByScore, sent at once on the connection that watches.
func (tx *Tx) ZRangeByScore(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return runTx(ctx, tx, commands{}.ZRangeByScore(key, by))
}

// ZRangeByScoreWithScores is Client.ZRangeByScoreWithScores, sent at once on the connection that watches.
func (tx *Tx) ZRangeByScoreWithScores(ctx context.Context, key string, by ZRangeBy) ([]Z, error) {
	return runTx(ctx, tx, commands{}.ZRangeByScoreWithScores(key, by))
}

// ZRevRangeByScore is Client.ZRevRangeByScore, sent at once on the connection that watches.
func (tx *Tx) ZRevRangeByScore(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return runTx(ctx, tx, commands{}.ZRevRangeByScore(key, by))
}

// ZRangeByLex is Client.ZRangeByLex, sent at once on the connection that watches.
func (tx *Tx) ZRangeByLex(ctx context.Context, key string, by ZRangeBy) ([]string, error) {
	return runTx(ctx, tx, commands{}.ZRangeByLex(key, by))
}

// ZRemRangeByRank is Client.ZRemRangeByRank, sent at once on the connection that watches.
func (tx *Tx) ZRemRangeByRank(ctx context.Context, key string, start, stop int64) (int64, error) {
	return runTx(ctx, tx, commands{}.ZRemRangeByRank(key, start, stop))
}

// ZRemRangeByScore is Client.ZRemRangeByScore, sent at once on the connection that watches.
func (tx *Tx) ZRemRangeByScore(ctx context.Context, key, low, high string) (int64, error) {
	return runTx(ctx, tx, commands{}.ZRemRangeByScore(key, low, high))
}

// ZPopMin is Client.ZPopMin, sent at once on the connection that watches.
func (tx *Tx) ZPopMin(ctx context.Context, key string, count int64) ([]Z, error) {
	return runTx(ctx, tx, commands{}.ZPopMin(key, count))
}

// ZPopMax is Client.ZPopMax, sent at once on the connection that watches.
func (tx *Tx) ZPopMax(ctx context.Context, key string, count int64) ([]Z, error) {
	return runTx(ctx, tx, commands{}.ZPopMax(key, count))
}

// ZRandMember is Client.ZRandMember, sent at once on the connection that watches.
func (tx *Tx) ZRandMember(ctx context.Context, key string, count int64) ([]string, error) {
	return runTx(ctx, tx, commands{}.ZRandMember(key, count))
}

// ZUnionStore is Client.ZUnionStore, sent at once on the connection that watches.
func (tx *Tx) ZUnionStore(ctx context.Context, destination string, of ZStore) (int64, error) {
	return runTx(ctx, tx, commands{}.ZUnionStore(destination, of))
}

// ZInterStore is Client.ZInterStore, sent at once on the connection that watches.
func (tx *Tx) ZInterStore(ctx context.Context, destination string, of ZStore) (int64, error) {
	return runTx(ctx, tx, commands{}.ZInterStore(destination, of))
}
