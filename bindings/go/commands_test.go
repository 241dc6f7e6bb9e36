package rr

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"resilient-redis/bindings/go/internal/gen"
	"resilient-redis/bindings/go/internal/redistest"
)

func TestTheGeneratedFilesAreWhatTheCommandsSay(t *testing.T) {
	files, err := gen.Files(".")
	must(t, err)
	for name, want := range files {
		is, err := os.ReadFile(name)
		must(t, err)
		if !bytes.Equal(is, want) {
			t.Errorf("%s is not what the generator makes: run go generate", name)
		}
	}
}

// sample is a typed command, called with data that is made before, and what it must give. A want that begins with "~" is a regular
// expression.
type sample struct {
	method string
	setup  string // commands, with ";" between them and spaces between their words
	args   []any
	want   string
}

const (
	dumpOfOne     = "\x00\xc0\x01\n\x00&x\xe7\xb6\xd1\x01\x11\xfc" // what DUMP gives for the string 1
	digestOfSeven = "59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9"
)

var samples = []sample{
	{"Get", "SET k v", of("k"), `"v"`},
	{"Get", "", of("k"), "error: no value"},
	{"Get", "RPUSH k a", of("k"), "error: WRONGTYPE Operation against a key holding the wrong kind of value"},
	{"GetBytes", "SET k v", of("k"), "v"},
	{"Set", "", of("k", 1, time.Duration(0)), "{}"},
	{"Set", "SET k v EX 100", of("k", 1.5, KeepTTL), "{}"},
	{"Set", "", of("k", []byte("v"), 1500*time.Millisecond), "{}"},
	{"Set", "", of("k", true, time.Second), "{}"},
	{"SetWith", "", of("k", "v", SetOptions{IfExists: true}), "false"},
	{"SetWith", "SET k v", of("k", "v", SetOptions{IfExists: true, Until: time.Now().Add(time.Hour)}), "true"},
	{"SetNX", "", of("k", "v", time.Hour), "true"},
	{"SetNX", "SET k v", of("k", "v", time.Duration(0)), "false"},
	{"SetXX", "SET k v", of("k", "v", time.Hour), "true"},
	{"GetSet", "SET k v", of("k", "w"), `"v"`},
	{"GetSet", "", of("k", "w"), "error: no value"},
	{"GetDel", "SET k v", of("k"), `"v"`},
	{"GetEx", "SET k v", of("k", time.Hour), `"v"`},
	{"GetEx", "SET k v EX 9", of("k", time.Duration(0)), `"v"`},
	{"GetEx", "SET k v", of("k", KeepTTL), `"v"`},
	{"MGet", "SET a 1;SET c 3", of("a", "b", "c"), `["1" (nil) "3"]`},
	{"MSet", "", of("a", 1, "b", "x"), "{}"},
	{"MSetNX", "", of("a", 1, "b", "x"), "true"},
	{"MSetNX", "SET a 1", of("a", 1, "b", "x"), "false"},
	{"Append", "SET k v", of("k", "wx"), "3"},
	{"StrLen", "SET k vw", of("k"), "2"},
	{"GetRange", "SET k abcdef", of("k", 1, -2), `"bcde"`},
	{"SetRange", "SET k abcdef", of("k", 1, "XX"), "6"},
	{"Incr", "SET k 41", of("k"), "42"},
	{"IncrBy", "", of("k", 7), "7"},
	{"IncrByFloat", "SET k 1", of("k", 0.5), "1.5"},
	{"Decr", "", of("k"), "-1"},
	{"DecrBy", "", of("k", 5), "-5"},
	{"GetBit", "SET k a", of("k", 1), "1"},
	{"SetBit", "", of("k", 7, 1), "0"},
	{"BitCount", "SET k a", of("k"), "3"},
	{"BitCountRange", "SET k ab", of("k", 1, 1), "3"},
	{"BitPos", "SET k a", of("k", 1), "1"},
	{"BitPos", "SET k ab", of("k", 1, 1, -1), "9"},
	{"BitOp", "SET a ab;SET b b", of("OR", "d", "a", "b"), "2"},
	{"BitField", "", of("k", "SET", "u8", 0, 7, "INCRBY", "u8", 0, 1), "[0 8]"},
	{"PFAdd", "", of("k", "a", "b"), "true"},
	{"PFCount", "PFADD k a b c", of("k"), "3"},
	{"PFMerge", "PFADD k a b c", of("d", "k"), "{}"},
	{"Del", "SET a 1;SET b 1", of("a", "b", "c"), "2"},
	{"Unlink", "SET a 1", of("a", "c"), "1"},
	{"Exists", "SET a 1", of("a", "a", "b"), "2"},
	{"Expire", "SET a 1", of("a", time.Hour), "true"},
	{"Expire", "", of("a", time.Hour), "false"},
	{"ExpireAt", "SET a 1", of("a", time.Now().Add(time.Hour)), "true"},
	{"Persist", "SET a 1 EX 9", of("a"), "true"},
	{"TTL", "SET a 1 EX 100", of("a"), `~1m(39\.\d+|40)s`},
	{"TTL", "SET a 1", of("a"), "-1ns"},
	{"TTL", "", of("a"), "error: no value"},
	{"Type", "RPUSH k 1", of("k"), `"list"`},
	{"Type", "", of("k"), `"none"`},
	{"Rename", "SET a 1", of("a", "b"), "{}"},
	{"Rename", "", of("a", "b"), "error: ERR no such key"},
	{"RenameNX", "SET a 1;SET b 1", of("a", "b"), "false"},
	{"Copy", "SET a 1", of("a", "b", false), "true"},
	{"Copy", "SET a 1;SET b 1", of("a", "b", true), "true"},
	{"Touch", "SET a 1", of("a", "b"), "1"},
	{"RandomKey", "SET a 1", of(), `"a"`},
	{"RandomKey", "", of(), "error: no value"},
	{"Keys", "SET a1 1;SET b 1", of("a*"), "[a1]"},
	{"ObjectEncoding", "SET a 1", of("a"), `"int"`},
	{"Dump", "SET a 1", of("a"), `~"\\x00\\xc0.*"`},
	{"Restore", "", of("k", time.Duration(0), dumpOfOne, false), "{}"},
	{"MemoryUsage", "SET a 1", of("a"), `~\d\d`},
	{"HSet", "", of("h", "a", 1, "b", 2), "2"},
	{"HSetNX", "HSET h a 1", of("h", "a", 2), "false"},
	{"HGet", "HSET h a 1", of("h", "a"), `"1"`},
	{"HGet", "", of("h", "a"), "error: no value"},
	{"HMGet", "HSET h a 1", of("h", "a", "b"), `["1" (nil)]`},
	{"HGetAll", "HSET h a 1 b 2", of("h"), "map[a:1 b:2]"},
	{"HGetAll", "", of("h"), "map[]"},
	{"HDel", "HSET h a 1", of("h", "a", "b"), "1"},
	{"HExists", "HSET h a 1", of("h", "a"), "true"},
	{"HLen", "HSET h a 1 b 2", of("h"), "2"},
	{"HKeys", "HSET h a 1", of("h"), "[a]"},
	{"HVals", "HSET h a 1", of("h"), "[1]"},
	{"HIncrBy", "", of("h", "a", 3), "3"},
	{"HIncrByFloat", "", of("h", "a", 2.5), "2.5"},
	{"HStrLen", "HSET h a abc", of("h", "a"), "3"},
	{"HRandField", "HSET h a 1", of("h", -2), "[a a]"},
	{"LPush", "", of("l", "a", 2, 3.5), "3"},
	{"RPush", "", of("l", "a", []byte("b")), "2"},
	{"LPushX", "", of("l", "a"), "0"},
	{"RPushX", "RPUSH l a", of("l", "a"), "2"},
	{"LPop", "RPUSH l a b", of("l"), `"a"`},
	{"RPop", "RPUSH l a b", of("l"), `"b"`},
	{"RPop", "", of("l"), "error: no value"},
	{"LPopCount", "RPUSH l a b c", of("l", 2), "[a b]"},
	{"LPopCount", "", of("l", 2), "[]"},
	{"RPopCount", "RPUSH l a b c", of("l", 2), "[c b]"},
	{"LLen", "RPUSH l a b", of("l"), "2"},
	{"LRange", "RPUSH l a b c", of("l", 0, -1), "[a b c]"},
	{"LIndex", "RPUSH l a b c", of("l", 1), `"b"`},
	{"LSet", "RPUSH l a", of("l", 0, "z"), "{}"},
	{"LRem", "RPUSH l a b a", of("l", 0, "a"), "2"},
	{"LTrim", "RPUSH l a b", of("l", 0, 0), "{}"},
	{"LInsertBefore", "RPUSH l a b", of("l", "b", "x"), "3"},
	{"LInsertAfter", "RPUSH l a b", of("l", "q", "x"), "-1"},
	{"LPos", "RPUSH l a b", of("l", "b"), "1"},
	{"LPos", "RPUSH l a b", of("l", "x"), "error: no value"},
	{"LMove", "RPUSH l a b", of("l", "m", Right, Left), `"b"`},
	{"BLPop", "RPUSH l a b", of(time.Second, "x", "l"), "{l a}"},
	{"BLPop", "", of(10*time.Millisecond, "x", "l"), "error: no value"},
	{"BRPop", "RPUSH l a b", of(time.Duration(0), "x", "l"), "{l b}"},
	{"BLMove", "RPUSH l a b", of("l", "m", Left, Right, time.Second), `"a"`},
	{"BLMove", "", of("l", "m", Left, Right, time.Millisecond), "error: no value"},
	{"SAdd", "", of("s", "a", "b", "a"), "2"},
	{"SRem", "SADD s a b", of("s", "a", "x"), "1"},
	{"SMembers", "SADD s a", of("s"), "[a]"},
	{"SIsMember", "SADD s a", of("s", "a"), "true"},
	{"SMIsMember", "SADD s a", of("s", "a", "b"), "[true false]"},
	{"SCard", "SADD s a b", of("s"), "2"},
	{"SPop", "SADD s a", of("s"), `"a"`},
	{"SPopN", "SADD s a", of("s", 5), "[a]"},
	{"SRandMember", "SADD s a", of("s"), `"a"`},
	{"SRandMemberN", "SADD s a", of("s", -2), "[a a]"},
	{"SMove", "SADD s a", of("s", "d", "a"), "true"},
	{"SInter", "SADD s a b;SADD t b c", of("s", "t"), "[b]"},
	{"SInterCard", "SADD s a b;SADD t b c", of(0, "s", "t"), "1"},
	{"SInterStore", "SADD s a b;SADD t b c", of("d", "s", "t"), "1"},
	{"SUnion", "SADD s a", of("s", "t"), "[a]"},
	{"SUnionStore", "SADD s a b;SADD t b c", of("d", "s", "t"), "3"},
	{"SDiff", "SADD s a b;SADD t b c", of("s", "t"), "[a]"},
	{"SDiffStore", "SADD s a b;SADD t b c", of("d", "s", "t"), "1"},
	{"ZAdd", "", of("z", Z{1, "a"}, Z{2.5, "b"}), "2"},
	{"ZAddWith", "ZADD z 1 a", of("z", ZAddOptions{IfGreater: true, Changed: true}, Z{3, "a"}), "1"},
	{"ZIncrBy", "ZADD z 1 a", of("z", 1.5, "a"), "2.5"},
	{"ZScore", "ZADD z 1.5 a", of("z", "a"), "1.5"},
	{"ZScore", "", of("z", "a"), "error: no value"},
	{"ZMScore", "ZADD z 1.5 a", of("z", "a", "b"), `~\["?1\.5"? \(nil\)\]`},
	{"ZCard", "ZADD z 1 a", of("z"), "1"},
	{"ZCount", "ZADD z 1 a 2 b", of("z", Exclusive(1), "+inf"), "1"},
	{"ZRank", "ZADD z 1 a 2 b", of("z", "b"), "1"},
	{"ZRevRank", "ZADD z 1 a 2 b", of("z", "b"), "0"},
	{"ZRank", "", of("z", "b"), "error: no value"},
	{"ZRem", "ZADD z 1 a 2 b", of("z", "b", "c"), "1"},
	{"ZRange", "ZADD z 1 a 2 b", of("z", 0, -1), "[a b]"},
	{"ZRangeWithScores", "ZADD z 1 a 2.5 b -inf c", of("z", 0, -1), "[{-Inf c} {1 a} {2.5 b}]"},
	{"ZRevRange", "ZADD z 1 a 2 b", of("z", 0, -1), "[b a]"},
	{"ZRevRangeWithScores", "ZADD z 1 a 2.5 b", of("z", 0, -1), "[{2.5 b} {1 a}]"},
	{"ZRangeByScore", "ZADD z 1 a 2 b 3 c", of("z", ZRangeBy{Min: "-inf", Max: "3", Offset: 1, Count: 1}), "[b]"},
	{"ZRangeByScoreWithScores", "ZADD z 1 a 2 b", of("z", ZRangeBy{Min: "(1", Max: "3"}), "[{2 b}]"},
	{"ZRevRangeByScore", "ZADD z 1 a 2 b 3 c", of("z", ZRangeBy{Min: "1", Max: "2", Offset: 1}), "[a]"},
	{"ZRangeByLex", "ZADD z 0 a 0 b", of("z", ZRangeBy{Min: "-", Max: "(b"}), "[a]"},
	{"ZRemRangeByRank", "ZADD z 1 a 2 b", of("z", 0, 0), "1"},
	{"ZRemRangeByScore", "ZADD z 1 a 2 b", of("z", "-inf", "1"), "1"},
	{"ZPopMin", "ZADD z 1 a 2 b", of("z", 5), "[{1 a} {2 b}]"},
	{"ZPopMax", "ZADD z 1 a 2 b", of("z", 1), "[{2 b}]"},
	{"ZRandMember", "ZADD z 1 a", of("z", -2), "[a a]"},
	{"ZUnionStore", "ZADD z 1 a;ZADD y 2 b", of("d", ZStore{Keys: []string{"z", "y"}, Weights: []float64{1, 2}, Aggregate: "MAX"}), "2"},
	{"ZInterStore", "ZADD z 1 a;ZADD y 2 a", of("d", ZStore{Keys: []string{"z", "y"}}), "1"},
	{"BZPopMin", "ZADD z 1 a 2 b", of(time.Second, "z"), "{z {1 a}}"},
	{"BZPopMax", "ZADD z 1 a 2 b", of(time.Second, "z"), "{z {2 b}}"},
	{"BZPopMax", "", of(time.Millisecond, "z"), "error: no value"},
	{"GeoAdd", "", of("g", GeoLocation{Name: "P", Longitude: 13.361389, Latitude: 38.115556}), "1"},
	{"GeoPos", "GEOADD g 13.361389 38.115556 P", of("g", "P", "x"), "P 13.361 38.116 nil "},
	{"GeoDist", "GEOADD g 13.361389 38.115556 P 15.087269 37.502669 C", of("g", "P", "C", "km"), "166.2742"},
	{"GeoDist", "", of("g", "P", "C", "km"), "error: no value"},
	{"GeoHash", "GEOADD g 13.361389 38.115556 P", of("g", "P", "x"), "[sqc8b49rny0 ]"},
	{"GeoSearch", "GEOADD g 13.361389 38.115556 P 15.087269 37.502669 C", of("g", GeoQuery{Member: "P", Radius: 200, Unit: "km", Order: "ASC"}), "[{P 0 0 0} {C 0 0 0}]"},
	{"GeoSearch", "GEOADD g 13.361389 38.115556 P", of("g", GeoQuery{Longitude: 13.361389, Latitude: 38.115556, Width: 1, Height: 1, Count: 1, WithDist: true, WithCoord: true}), `~\[\{P 13.36138\d+ 38.1155\d+ 0\.\d+\}\]`},
	{"GeoSearchStore", "GEOADD g 13.361389 38.115556 P", of("d", "g", GeoQuery{Member: "P", Radius: 5}), "1"},
	{"XAdd", "", of("x", "a", 1), `~"\d+-0"`},
	{"XAddWith", "", of("x", XAddOptions{ID: "5-1", MaxLen: 10, Approximate: true}, "a", 1), `"5-1"`},
	{"XAddWith", "", of("x", XAddOptions{MustExist: true}, "a", 1), "error: no value"},
	{"XLen", "XADD x 1-1 a 1", of("x"), "1"},
	{"XDel", "XADD x 1-1 a 1", of("x", "1-1", "2-1"), "1"},
	{"XRange", "XADD x 1-1 a 1 b 2;XADD x 2-1 a 3", of("x", "-", "+"), "[{1-1 map[a:1 b:2]} {2-1 map[a:3]}]"},
	{"XRangeN", "XADD x 1-1 a 1;XADD x 2-1 a 3", of("x", "-", "+", 1), "[{1-1 map[a:1]}]"},
	{"XRevRange", "XADD x 1-1 a 1;XADD x 2-1 a 3", of("x", "+", "-"), "[{2-1 map[a:3]} {1-1 map[a:1]}]"},
	{"XRevRangeN", "XADD x 1-1 a 1;XADD x 2-1 a 3", of("x", "+", "-", 1), "[{2-1 map[a:3]}]"},
	{"XTrimMaxLen", "XADD x 1-1 a 1;XADD x 2-1 a 3", of("x", 1), "1"},
	{"XTrimMinID", "XADD x 1-1 a 1;XADD x 2-1 a 3", of("x", "2-1"), "1"},
	{"XRead", "XADD x 1-1 a 1;XADD y 2-1 a 3", of(0, StreamAfter{"x", "0"}, StreamAfter{"y", "0"}), "[{x [{1-1 map[a:1]}]} {y [{2-1 map[a:3]}]}]"},
	{"XRead", "", of(1, StreamAfter{"x", "0"}), "[]"},
	{"XReadBlock", "XADD x 1-1 a 1", of(time.Second, 5, StreamAfter{"x", "0"}), "[{x [{1-1 map[a:1]}]}]"},
	{"XReadBlock", "", of(time.Millisecond, 5, StreamAfter{"x", "0"}), "[]"},
	{"XReadGroup", "XADD x 1-1 a 1;XGROUP CREATE x g 0", of("g", "me", 10, StreamAfter{"x", ">"}), "[{x [{1-1 map[a:1]}]}]"},
	{"XReadGroupBlock", "XADD x 1-1 a 1;XGROUP CREATE x g 0", of(time.Second, "g", "me", 10, StreamAfter{"x", ">"}), "[{x [{1-1 map[a:1]}]}]"},
	{"XAck", "XADD x 1-1 a 1;XGROUP CREATE x g 0;XREADGROUP GROUP g me STREAMS x >", of("x", "g", "1-1"), "1"},
	{"XGroupCreate", "XADD x 1-1 a 1", of("x", "g", "$"), "{}"},
	{"XGroupCreate", "XADD x 1-1 a 1;XGROUP CREATE x g 0", of("x", "g", "$"), "error: BUSYGROUP Consumer Group name already exists"},
	{"XGroupCreateMkStream", "", of("x", "g", "$"), "{}"},
	{"XGroupSetID", "XADD x 1-1 a 1;XGROUP CREATE x g 0", of("x", "g", "$"), "{}"},
	{"XGroupDestroy", "XADD x 1-1 a 1;XGROUP CREATE x g 0", of("x", "g"), "true"},
	{"XGroupDelConsumer", "XADD x 1-1 a 1;XGROUP CREATE x g 0;XREADGROUP GROUP g me STREAMS x >", of("x", "g", "me"), "1"},
	{"XPending", "XADD x 1-1 a 1;XGROUP CREATE x g 0;XREADGROUP GROUP g me STREAMS x >", of("x", "g"), "{1 1-1 1-1 map[me:1]}"},
	{"XPending", "XADD x 1-1 a 1;XGROUP CREATE x g 0", of("x", "g"), "{0   map[]}"},
	{"XPendingExt", "XADD x 1-1 a 1;XGROUP CREATE x g 0;XREADGROUP GROUP g me STREAMS x >", of("x", "g", "-", "+", 10, "me"), `~\[\{1-1 me [0-9a-zµ.]+ 1\}\]`},
	{"XClaim", "XADD x 1-1 a 1;XGROUP CREATE x g 0;XREADGROUP GROUP g me STREAMS x >", of("x", "g", "you", time.Duration(0), "1-1"), "[{1-1 map[a:1]}]"},
	{"XAutoClaim", "XADD x 1-1 a 1;XGROUP CREATE x g 0;XREADGROUP GROUP g me STREAMS x >", of("x", "g", "you", time.Duration(0), "0", 10), "{0-0 [{1-1 map[a:1]}]}"},
	{"Eval", "", of("return {KEYS[1], ARGV[1], 7}", []string{"k"}, "a"), `["k", "a", 7]`},
	{"EvalRO", "SET k v", of("return redis.call('GET', KEYS[1])", []string{"k"}), `"v"`},
	{"EvalSha", "", of(digestOfSeven, []string{}), "~error: NOSCRIPT.*"},
	{"ScriptLoad", "", of("return 7"), `~"[0-9a-f]{40}"`},
	{"ScriptExists", "SCRIPT FLUSH", of(digestOfSeven), "[false]"},
	{"ScriptFlush", "", of(), "{}"},
	{"FCall", "", of("nothing", []string{}), "~error: ERR Function not found.*"},
	{"FCallRO", "", of("nothing", []string{}), "~error: ERR Function not found.*"},
	{"FunctionLoad", "", of("#!lua name=lib\nredis.register_function('f', function() return 1 end)", true), `"lib"`},
	{"Ping", "", of(), "{}"},
	{"Echo", "", of("hello"), `"hello"`},
	{"Info", "", of("server"), `~"# Server.*redis_version:.*"`},
	{"DBSize", "SET a 1", of(), "1"},
	{"Time", "", of(), `~20\d\d-.*`},
	{"FlushDB", "SET a 1", of(), "{}"},
	{"FlushAll", "SET a 1", of(), "{}"},
	{"ConfigGet", "", of("maxmemory-policy"), "map[maxmemory-policy:noeviction]"},
	{"ConfigSet", "", of("maxmemory-policy", "noeviction"), "{}"},
	{"ClientList", "", of(), `~"id=.*"`},
	{"Role", "", of(), `["master", 0, []]`},
	{"LastSave", "", of(), `~20\d\d-.*`},
	{"Wait", "", of(0, 10*time.Millisecond), "0"},
	{"Publish", "", of("c", "m"), "0"},
	{"SPublish", "", of("c", "m"), "0"},
	{"PubSubChannels", "", of(""), "[]"},
	{"PubSubNumSub", "", of("c", "d"), "map[c:0 d:0]"},
	{"PubSubNumPat", "", of(), "0"},
}

// of is a list of arguments.
func of(args ...any) []any { return args }

// callByName calls a method by its name with arguments, and gives what it returns without the error.
func callByName(t *testing.T, on any, method string, args ...any) (any, error) {
	t.Helper()
	m := reflect.ValueOf(on).MethodByName(method)
	if !m.IsValid() {
		t.Fatalf("%T has no method %s", on, method)
	}
	in := make([]reflect.Value, len(args))
	for i, arg := range args {
		kind := m.Type().In(min(i, m.Type().NumIn()-1))
		if m.Type().IsVariadic() && i >= m.Type().NumIn()-1 {
			kind = kind.Elem()
		}
		in[i] = reflect.ValueOf(arg)
		if in[i].Type().ConvertibleTo(kind) && kind.Kind() != reflect.Interface {
			in[i] = in[i].Convert(kind)
		}
	}
	out := m.Call(in)
	if len(out) == 1 {
		if result, ok := out[0].Interface().(settler); ok {
			return result, nil
		}
		err, _ := out[0].Interface().(error)
		return None{}, err
	}
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

// shown is what a sample's want says.
func shown(value any, err error) string {
	if err != nil {
		return "error: " + strings.TrimPrefix(err.Error(), "rr: ")
	}
	switch value := value.(type) {
	case []*GeoLocation:
		text := ""
		for _, at := range value {
			if at == nil {
				text += "nil "
			} else {
				text += fmt.Sprintf("%s %.3f %.3f ", at.Name, at.Longitude, at.Latitude)
			}
		}
		return text
	case []byte:
		return string(value)
	case string:
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprintf("%v", value)
}

func prepare(t *testing.T, ctx context.Context, c *Client, setup string) {
	t.Helper()
	must(t, c.FlushAll(ctx))
	for _, line := range strings.Split(setup, ";") {
		var words []any
		for _, word := range strings.Fields(line) {
			words = append(words, word)
		}
		if len(words) > 0 {
			if _, err := c.Do(ctx, words...); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
	}
}

func TestEveryTypedCommandGivesTheSameWhereverItIsCalledAndWhateverTheProtocol(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, "--appendonly", "no")
	for _, protocol := range []int{2, 3} {
		c := open(t, s.URL(), WithProtocol(protocol))
		ctx := ctxOf(t)
		check := func(sample sample, on string, value any, err error) {
			t.Helper()
			is := shown(value, err)
			if pattern, ok := strings.CutPrefix(sample.want, "~"); ok && regexp.MustCompile("(?s)^"+pattern+"$").MatchString(is) {
				return
			}
			if is != sample.want {
				t.Errorf("RESP%d, %s.%s%v: got %s, want %s", protocol, on, sample.method, sample.args, is, sample.want)
			}
		}
		for _, sample := range samples {
			with := append([]any{ctx}, sample.args...)
			prepare(t, ctx, c, sample.setup)
			value, err := callByName(t, c, sample.method, with...)
			check(sample, "Client", value, err)
			prepare(t, ctx, c, sample.setup)
			value, err = callByName(t, c.With(CommandOptions{Timeout: longest}), sample.method, with...)
			check(sample, "Caller", value, err)
			if _, ok := reflect.TypeOf(&Pipeline{}).MethodByName(sample.method); !ok {
				continue
			}
			prepare(t, ctx, c, sample.setup)
			must(t, c.Watch(ctx, func(tx *Tx) error {
				value, err := callByName(t, tx, sample.method, with...)
				check(sample, "Tx", value, err)
				return nil
			}, "some key"))
			prepare(t, ctx, c, sample.setup)
			p := c.Pipeline()
			result, err := callByName(t, p, sample.method, sample.args...)
			must(t, err)
			_, err = p.Exec(ctx)
			must(t, err)
			gave := reflect.ValueOf(result).MethodByName("Result").Call(nil)
			err, _ = gave[1].Interface().(error)
			check(sample, "Pipeline", gave[0].Interface(), err)
		}
	}
}

func TestEveryTypedCommandHasASample(t *testing.T) {
	have := map[string]bool{}
	for _, sample := range samples {
		have[sample.method] = true
	}
	all := reflect.TypeOf(commands{})
	if all.NumMethod() < 150 {
		t.Fatalf("only %d commands were found", all.NumMethod())
	}
	for i := range all.NumMethod() {
		if name := all.Method(i).Name; !have[name] {
			t.Errorf("%s has no sample", name)
		}
	}
}

func TestCommandsThatWaitAtTheServerHaveNoPlaceInPipelines(t *testing.T) {
	for _, name := range []string{"BLPop", "BRPop", "BLMove", "BZPopMin", "BZPopMax", "XReadBlock", "XReadGroupBlock", "Wait"} {
		if _, ok := reflect.TypeOf(&Pipeline{}).MethodByName(name); ok {
			t.Errorf("a pipeline has %s", name)
		}
		if _, ok := reflect.TypeOf(&Client{}).MethodByName(name); !ok {
			t.Errorf("a client has no %s", name)
		}
	}
}

func TestBadArgumentsAreNamedAndNothingIsSent(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	before := got(c.Stats())(t).Commands
	for want, err := range map[string]error{
		"SET: the time is negative: -2s":                 c.Set(ctx, "k", "v", -2*time.Second),
		"argument 2: chan int is no argument":            c.Set(ctx, "k", make(chan int), 0),
		"argument 2: nil is no argument":                 c.Set(ctx, "k", nil, 0),
		"MSET: want one or more pairs, got 3 arguments":  c.MSet(ctx, "a", 1, "b"),
		"a time.Duration has no unit here":               second(c.RPush(ctx, "k", time.Second)),
		"SET: IfExists and IfMissing exclude each other": second(c.SetWith(ctx, "k", 1, SetOptions{IfExists: true, IfMissing: true})),
		"SET: TTL and Until exclude each other":          second(c.SetWith(ctx, "k", 1, SetOptions{TTL: 1, Until: time.Now()})),
		"BLPOP: the time is negative":                    second(c.BLPop(ctx, -1, "k")),
		"ZUNIONSTORE: 1 weights for 2 keys":              second(c.ZUnionStore(ctx, "d", ZStore{Keys: []string{"a", "b"}, Weights: []float64{1}})),
		"XREAD: no streams":                              second(c.XRead(ctx, 0)),
		"XADD: MaxLen and MinID exclude each other":      second(c.XAddWith(ctx, "s", XAddOptions{MaxLen: 1, MinID: "1"}, "a", 1)),
		"BITPOS: want a start and an end, got 3 numbers": second(c.BitPos(ctx, "k", 1, 0, 1, 2)),
		"the timeout is negative":                        second(c.With(CommandOptions{Timeout: -1}).Get(ctx, "k")),
		"a command without a name":                       second(c.Do(ctx)),
		"HSET: want one or more pairs, got 0 arguments":  second(c.HSet(ctx, "h")),
	} {
		isError(t, err, ErrInvalidArgument, OutcomeNotApplied)
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	same(t, "commands that were sent", got(c.Stats())(t).Commands, before)
}

func second[T any](_ T, err error) error { return err }

func TestBytesOfAnyKindGoBothWays(t *testing.T) {
	t.Parallel()
	_, c := started(t)
	ctx := ctxOf(t)
	key, value := "k\x00\xff\r\n", "\x00v\xfe\r\n\x00"
	must(t, c.Set(ctx, key, []byte(value), 0))
	same(t, "the value", got(c.Get(ctx, key))(t), value)
	same(t, "the keys", got(c.Keys(ctx, "*"))(t)[0], key)
	must(t, c.Set(ctx, "", "", 0))
	same(t, "the empty one", got(c.Get(ctx, ""))(t), "")
}
