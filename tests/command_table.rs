//! The table of commands, held against a real redis-server.
//!
//! Every example is run twice in a row, from several prepared states, and the whole state of the server is compared
//! before, between and after: the table may never claim more than the server shows. Then the server's own list of
//! commands is compared with the table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper fails where its test fails"
)]

use std::collections::BTreeSet;

use redis::{Cmd, Connection, ConnectionLike, Value};
use resilient_redis::command::{Placement, Traits, classify, name};
use server::Server;

/// `expectation command … [<- setup; setup …]`
///
/// read: changes nothing, same reply. varies: changes nothing. write: changes once more. state: same state, another
/// reply. both: same state, same reply. session: only the connection, same reply. asking: only the connection.
///
/// Without `?` the server must show exactly what is claimed. With `?` it may show more, because the table is cautious
/// there, or because the example cannot show the difference.
///
/// `\s` and `\e` stand for a space and an empty argument.
const EXAMPLES: &str = r"
# Keys.
state    DEL s none
state?   DEL none
state    UNLINK l
read     EXISTS s none
read     TYPE s
varies   TTL ttl
varies   PTTL ttl
read     EXPIRETIME ttl
read     PEXPIRETIME ttl
read     KEYS *
varies   RANDOMKEY
read     TOUCH s
read     DUMP s
varies   SCAN 0
both     EXPIRE s 1000
both     EXPIRE none 1000
state    EXPIRE s 0
state    EXPIRE s -1
state    EXPIRE s 1000 NX
state?   EXPIRE ttl 1000 NX
both     EXPIRE ttl 1000 XX
both     EXPIRE s 1000 XX
state?   EXPIRE ttl 200000 GT
state    EXPIRE ttl 1000 LT
state?   EXPIRE ttl 1000 XX LT
both     PEXPIRE s 1000000
state    PEXPIRE s 0
state    PEXPIRE s 1000000 NX
state?   EXPIREAT s 33177117420
state    EXPIREAT s 1
state?   EXPIREAT s 33177117420 XX
state    PEXPIREAT s 1
state?   PEXPIREAT s 33177117420000
state    PERSIST ttl
state?   PERSIST s
state    RENAME s none
both     RENAME s s
both     RENAME none none
state    RENAMENX s none
state?   RENAMENX s l
state    COPY s none
state?   COPY s l
state    COPY s none DB 1
both     COPY s l REPLACE
both     COPY s none DB 1 REPLACE
both     COPY none l REPLACE
state    MOVE s 1
state?   MOVE none 1
state    RESTORE none 0 @DUMP
state    RESTORE none 100000 @DUMP
both     RESTORE l 0 @DUMP REPLACE
both     RESTORE l 100000 @DUMP REPLACE
both     RESTORE none 33177117420000 @DUMP ABSTTL REPLACE
both     RESTORE none 1 @DUMP ABSTTL REPLACE
state    RESTORE-ASKING none 0 @DUMP
read     SORT nums
read     SORT l ALPHA DESC
read     SORT nums BY w_* GET # GET w_* LIMIT 0 2
both     SORT nums STORE out
both     SORT nums LIMIT 1 2 STORE l
both     SORT nums BY w_* GET w_* STORE out
both     SORT set ALPHA STORE out
write?   SORT nums STORE nums
write    SORT nums LIMIT 1 2 STORE nums
write    SORT nums BY w_* STORE w_1
read     SORT_RO nums DESC
read     OBJECT ENCODING s
varies   OBJECT FREQ s
varies   OBJECT IDLETIME s
varies   OBJECT REFCOUNT s
read     OBJECT HELP

# Strings.
read     GET s
read     GET none
read     GETRANGE s 0 2
read     SUBSTR s 0 2
read     STRLEN s
read     MGET s n none
read     LCS s n
both     SET s v
both     SET none v
both     SET s v EX 1000
both     SET s v PX 1000000
both     SET s v EXAT 33177117420
both     SET s v PXAT 33177117420000
both     SET s v EXAT 1
both     SET s v EX 0
both     SET ttl v KEEPTTL
both     SET s v XX
both     SET none v XX
both     SET s v EX 1000 XX
state    SET s v XX PXAT 1
state    SET none v NX
state    SET none v NX EX 1000
state?   SET s v NX
state    SET s v GET
state    SET s v EX 1000 GET XX
state?   SET s v NX GET
write?   SET s v NEWOPTION
both     SETEX s 1000 v
both     PSETEX s 1000000 v
state    SETNX none v
state?   SETNX s v
both     SETRANGE s 2 xyz
both     SETRANGE none 5 x
both     SETRANGE s 0 \e
state    GETSET s v
state    GETDEL s
state?   GETDEL none
read     GETEX s
read     GETEX none
both     GETEX s EX 1000
both     GETEX s PX 1000000
both     GETEX ttl PERSIST
state    GETEX s EXAT 1
state?   GETEX s PXAT 33177117420000
both     MSET s 1 none 2
state    MSETNX none 1 none2 2
state?   MSETNX s 1
write    APPEND s x
write    INCR n
write    INCRBY n 5
write?   INCRBY n 0
write    INCRBYFLOAT n 1.5
write    DECR n
write    DECRBY n 2

# Bits.
read     BITCOUNT s
read     BITPOS s 1
read     GETBIT s 1
state    SETBIT s 1 0
state    SETBIT none 7 1
state?   SETBIT s 1 1
read     BITFIELD_RO s GET u8 0
read     BITFIELD s GET u8 0 GET i4 #1
read     BITFIELD s
state    BITFIELD s SET u8 0 255
state    BITFIELD s SET u8 0 255 SET u4 2 3 GET u8 8
state    BITFIELD s OVERFLOW FAIL SET u8 0 7
write    BITFIELD s INCRBY u8 0 1
write    BITFIELD s OVERFLOW WRAP INCRBY u8 0 1
write?   BITFIELD s OVERFLOW SAT INCRBY u8 0 300
both     BITOP AND out s n
both     BITOP OR out s n
both     BITOP XOR out s n
both     BITOP NOT out s
both     BITOP AND s s n
both     BITOP OR n s n
write    BITOP XOR s s n
write    BITOP NOT s s

# Hashes.
read     HGET h f
read     HMGET h f none
read     HGETALL h
read     HKEYS h
read     HVALS h
read     HLEN h
read     HEXISTS h f
read     HSTRLEN h f
varies   HRANDFIELD h
varies   HSCAN h 0
state    HSET h f 2 x 3
state?   HSET h f 9
both     HMSET h f 9 x 3
state    HSETNX h x 1
state?   HSETNX h f 9
state    HDEL h f
write    HINCRBY h f 1
write    HINCRBYFLOAT h f 1.5

# Lists.
read     LINDEX l 0
read     LLEN l
read     LRANGE l 0 -1
read     LPOS l a
write    LPUSH l x
write    RPUSH l x
write    LPUSHX l x
write    RPUSHX l x
write?   LPUSHX none x
write    LPOP l
write    LPOP l 2
write    RPOP l
write    LMPOP 1 l LEFT
write    LMOVE l l2 LEFT RIGHT
write    LMOVE l l LEFT RIGHT
write    RPOPLPUSH l l2
write    BLPOP l 0.01
write    BRPOP l 0.01
write    BLMOVE l l2 LEFT RIGHT 0.01
write    BRPOPLPUSH l l2 0.01
write    BLMPOP 0.01 1 l LEFT
both     LSET l 0 x
both     LSET l -1 x
both     LSET l 99 x
write    LINSERT l BEFORE b x
state    LREM l 0 a
write    LREM l 1 a
write    LREM l -1 a
both     LTRIM l 0 1
both     LTRIM l 0 -1
both     LTRIM l -2 -1
both     LTRIM l -5 3
both     LTRIM l 1 0
write    LTRIM l 1 -1
write    LTRIM l 0 -2
write    LTRIM l 1 2

# Sets.
read     SCARD set
read     SISMEMBER set a
read     SMISMEMBER set a none
read     SMEMBERS set
read     SINTER set set2
read     SINTERCARD 2 set set2
read     SUNION set set2
read     SDIFF set set2
varies   SRANDMEMBER set
varies   SSCAN set 0
state    SADD set x y
state?   SADD set a
state    SREM set a
state    SMOVE set set2 a
state?   SMOVE set set a
write    SPOP set
write    SPOP set 2
both     SINTERSTORE out set set2
both     SINTERSTORE set set set2
both     SUNIONSTORE out set set2
both     SUNIONSTORE set2 set set2
both     SDIFFSTORE out set set2
both     SDIFFSTORE set set set2
write    SDIFFSTORE set2 set set2

# Sorted sets.
read     ZCARD z
read     ZCOUNT z 0 9
read     ZSCORE z a
read     ZMSCORE z a none
read     ZRANK z a
read     ZREVRANK z a
read     ZRANGE z 0 -1 WITHSCORES
read     ZRANGEBYSCORE z 0 9
read     ZRANGEBYLEX lex - +
read     ZREVRANGE z 0 -1
read     ZREVRANGEBYSCORE z 9 0
read     ZREVRANGEBYLEX lex + -
read     ZLEXCOUNT lex - +
read     ZDIFF 2 z z2
read     ZINTER 2 z z2
read     ZINTERCARD 2 z z2
read     ZUNION 2 z z2
varies   ZRANDMEMBER z
varies   ZSCAN z 0
state    ZADD z 9 x
state    ZADD z 1 x 2 x
state?   ZADD z 9 a
state    ZADD z CH 9 a
state    ZADD z NX 1 x
both     ZADD z XX 9 a
both     ZADD z XX GT 9 a 1 none
state    ZADD z XX CH 9 a
state    ZADD z GT CH 9 a
state    ZADD z LT CH 0 a
write    ZADD z INCR 1 a
write    ZADD z XX INCR 1 a
write?   ZADD z NX INCR 1 x
write    ZINCRBY z 1 a
state    ZREM z a
state    ZREMRANGEBYSCORE z 1 2
state    ZREMRANGEBYLEX lex [a [b
state    ZREMRANGEBYRANK z 0 -1
state    ZREMRANGEBYRANK z 0 -3
state    ZREMRANGEBYRANK z 2 -1
write    ZREMRANGEBYRANK z 0 0
write    ZREMRANGEBYRANK z -1 -1
write    ZPOPMIN z
write    ZPOPMAX z
write    ZMPOP 1 z MIN
write    BZPOPMIN z 0.01
write    BZPOPMAX z 0.01
write    BZMPOP 0.01 1 z MIN
both     ZRANGESTORE out z 0 1
write    ZRANGESTORE z z 1 -1
write?   ZRANGESTORE z z 0 1
both     ZUNIONSTORE out 2 z z2
both     ZUNIONSTORE out 2 z z2 WEIGHTS 2 3
write    ZUNIONSTORE z 2 z z2
write    ZUNIONSTORE z 2 z z
write    ZUNIONSTORE z 1 z WEIGHTS 2
write?   ZUNIONSTORE z 2 z z2 AGGREGATE MAX
both     ZINTERSTORE out 2 z z2
write    ZINTERSTORE z 2 z z2
both     ZDIFFSTORE out 2 z z2
both     ZDIFFSTORE z 2 z z2
write    ZDIFFSTORE z2 2 z z2

# Places.
read     GEODIST geo Palermo Catania
read     GEOHASH geo Palermo
read     GEOPOS geo Palermo
read     GEOSEARCH geo FROMLONLAT 15 37 BYRADIUS 200 km
read     GEORADIUS_RO geo 15 37 200 km
read     GEORADIUSBYMEMBER_RO geo Palermo 200 km
read     GEORADIUS geo 15 37 200 km
read     GEORADIUS geo 15 37 200 km WITHDIST COUNT 1 ANY ASC
both     GEORADIUS geo 15 37 200 km STORE out
both     GEORADIUS geo 15 37 200 km COUNT 1 STOREDIST out
write    GEORADIUS geo 15 37 200 km STOREDIST geo
write?   GEORADIUS geo 15 37 200 km STORE geo
read     GEORADIUSBYMEMBER geo Palermo 200 km WITHCOORD
both     GEORADIUSBYMEMBER geo Palermo 200 km STORE out
write    GEORADIUSBYMEMBER geo Palermo 200 km STOREDIST geo
both     GEOSEARCHSTORE out geo FROMLONLAT 15 37 BYRADIUS 200 km
write    GEOSEARCHSTORE geo geo FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST
state    GEOADD geo 1 1 x
state?   GEOADD geo NX 1 1 Palermo
state    GEOADD geo CH 1 1 Palermo
both     GEOADD geo XX 1 1 Palermo

# HyperLogLogs.
state    PFADD hll x
state?   PFADD hll a
read     PFCOUNT hll
read     PFCOUNT hll hll2
both     PFMERGE hll hll2
both     PFMERGE out hll hll2
write?   PFDEBUG ENCODING hll

# Streams.
read     XLEN st
read     XRANGE st - +
read     XREVRANGE st + -
read     XREAD STREAMS st 0
read     XREAD COUNT 1 STREAMS st $
read     XREAD BLOCK 10 STREAMS st 0
varies   XREAD BLOCK 1 STREAMS st $
read     XPENDING st g
varies   XPENDING st g - + 10
varies   XINFO STREAM st
read     XINFO GROUPS st
varies   XINFO CONSUMERS st g
read     XINFO HELP
write    XADD st * f v
write    XADD st 9-* f v
write    XADD st MAXLEN 2 * f v
state    XADD st 9-1 f v
state    XADD st 9 f v
state    XADD none 9-1 f v
state    XADD st MAXLEN 2 9-1 f v
state    XADD st NOMKSTREAM MAXLEN ~ 100 LIMIT 5 9-1 f v
state    XADD st MINID = 2-1 9-1 f v
state?   XADD none NOMKSTREAM 9-1 f v
state    XDEL st 1-1
state    XTRIM st MAXLEN 1
state    XTRIM st MAXLEN = 1
state    XTRIM st MINID 2-1
write?   XTRIM st MAXLEN ~ 1
state?   XTRIM st MAXLEN ~ 1 LIMIT 0
both     XSETID st 9-9
state    XACK st g 1-1
state    XGROUP CREATE st g2 0
state    XGROUP CREATE none g2 $ MKSTREAM
both     XGROUP SETID st g 0
both     XGROUP SETID st g $
state    XGROUP DESTROY st g
state    XGROUP CREATECONSUMER st g c2
state    XGROUP DELCONSUMER st g c
read     XGROUP HELP
write    XREADGROUP GROUP g c COUNT 1 STREAMS st > <- XADD st 4-1 f v
write    XREADGROUP GROUP g c BLOCK 10 COUNT 1 STREAMS st > <- XADD st 4-1 f v
write    XREADGROUP GROUP g c STREAMS st 0
write    XCLAIM st g c2 0 1-1
state?   XCLAIM st g c2 0 1-1 JUSTID
state?   XCLAIM st g c2 0 3-1 FORCE JUSTID
state?   XCLAIM st g c2 0 1-1 RETRYCOUNT 5
write?   XCLAIM st g c2 100000 1-1
write    XAUTOCLAIM st g c2 0 0
write    XAUTOCLAIM st g c2 0 0 COUNT 1

# Messages and scripts.
write?   PUBLISH c m
write?   SPUBLISH c m
varies   PUBSUB CHANNELS
varies   PUBSUB NUMPAT
varies   PUBSUB NUMSUB c
varies   PUBSUB SHARDCHANNELS
varies   PUBSUB SHARDNUMSUB c
read     PUBSUB HELP
write    EVAL return\sredis.call('INCR','n') 0
write?   EVAL return\s1 0
write    EVALSHA @SHA 0 <- SCRIPT LOAD @SCRIPT
varies   EVAL_RO return\s1 0
varies   EVALSHA_RO @SHA 0
write    FCALL bump 0 <- FUNCTION LOAD @LIBRARY
varies   FCALL_RO look 0 <- FUNCTION LOAD @LIBRARY
state    FUNCTION LOAD @LIBRARY
both     FUNCTION LOAD REPLACE @LIBRARY
state    FUNCTION DELETE lib <- FUNCTION LOAD @LIBRARY
both     FUNCTION FLUSH <- FUNCTION LOAD @LIBRARY
read     FUNCTION DUMP <- FUNCTION LOAD @LIBRARY
read     FUNCTION LIST <- FUNCTION LOAD @LIBRARY
state    FUNCTION RESTORE @FUNCTIONS
both     FUNCTION RESTORE @FUNCTIONS REPLACE
both     FUNCTION RESTORE @FUNCTIONS FLUSH
varies   FUNCTION STATS
write?   FUNCTION KILL
read     FUNCTION HELP
both     SCRIPT LOAD @SCRIPT
both     SCRIPT FLUSH <- SCRIPT LOAD @SCRIPT
read     SCRIPT EXISTS @SHA
write?   SCRIPT KILL
read     SCRIPT HELP

# Connection.
session  SELECT 1
session  AUTH default any
session  CLIENT SETNAME me
asking   HELLO
asking   HELLO 2 SETNAME me
asking   WAIT 0 1
read     PING
read     PING me
read     ECHO me
read     CLIENT GETNAME
read     CLIENT GETREDIR
read     CLIENT TRACKINGINFO
read     CLIENT HELP
varies   CLIENT ID
varies   CLIENT INFO
varies   CLIENT LIST
state?   CLIENT KILL ID 999999999
write?   CLIENT KILL TYPE pubsub
state?   CLIENT UNBLOCK 999999999
both     CLIENT PAUSE 20 WRITE
both     CLIENT UNPAUSE

# Server.
state?   ACL SETUSER alice on >secret ~app:* +@all
write    ACL SETUSER alice (~k\s+get)
state    ACL SETUSER alice ~foo ~*
state    ACL SETUSER alice <secret <- ACL SETUSER alice >secret
state    ACL DELUSER alice <- ACL SETUSER alice on
read     ACL CAT
read     ACL DRYRUN default GET k
varies   ACL GENPASS
read     ACL GETUSER default
read     ACL LIST
read     ACL USERS
read     ACL WHOAMI
read     ACL HELP
varies   ACL LOG
both     ACL LOG RESET
both     ACL SAVE
state?   ACL LOAD
both     CONFIG SET maxmemory-policy allkeys-lru
both     CONFIG SET timeout 100 tcp-keepalive 200
both     CONFIG RESETSTAT
both     CONFIG REWRITE
read     CONFIG GET max*
read     CONFIG HELP
read     COMMAND
read     COMMAND COUNT
read     COMMAND DOCS GET
read     COMMAND GETKEYS GET k
read     COMMAND GETKEYSANDFLAGS GET k
read     COMMAND INFO GET
read     COMMAND LIST
read     COMMAND HELP
read     DBSIZE
both     FLUSHDB
both     FLUSHALL
both     FLUSHALL ASYNC
write    SWAPDB 0 1
write?   SWAPDB 0 0
varies   INFO
varies   LASTSAVE
varies   LOLWUT
varies   ROLE
varies   TIME
varies   LATENCY DOCTOR
varies   LATENCY GRAPH event
varies   LATENCY HISTOGRAM
varies   LATENCY HISTORY event
varies   LATENCY LATEST
state?   LATENCY RESET
read     LATENCY HELP
varies   MEMORY DOCTOR
varies   MEMORY MALLOC-STATS
varies   MEMORY STATS
varies   MEMORY USAGE s
both     MEMORY PURGE
read     MEMORY HELP
read     MODULE LIST
read     MODULE HELP
varies   SLOWLOG GET
varies   SLOWLOG LEN
both     SLOWLOG RESET
read     SLOWLOG HELP
state?   REPLICAOF NO ONE
state?   SLAVEOF NO ONE
read     CLUSTER HELP
both     SAVE
state?   BGREWRITEAOF
state?   BGSAVE
";

/// What no example runs, beside the commands that are refused.
const NOT_RUN: &[(&str, &str)] = &[
    ("CLUSTER", "needs a cluster; HELP is run"),
    ("DEBUG", "may end the server"),
    ("FAILOVER", "needs a replica"),
    ("MIGRATE", "needs a second server"),
    ("MODULE LOAD", "needs a module"),
    ("MODULE LOADEX", "needs a module"),
    ("MODULE UNLOAD", "needs a module"),
    ("PFSELFTEST", "takes a second and touches no key"),
    ("SHUTDOWN", "ends the server"),
];

/// What every example finds.
const PREPARED: &[&str] = &[
    "MSET s hello n 10 w_1 3 w_2 2 w_3 1",
    "SET ttl v EX 100000",
    "RPUSH l a b c d a b",
    "RPUSH nums 3 1 2",
    "SADD set a b c",
    "SADD set2 b c d",
    "ZADD z 1 a 2 b 3 c 4 d",
    "ZADD z2 5 a 6 e",
    "ZADD lex 0 a 0 b 0 c",
    "HSET h f 1 g 2",
    "GEOADD geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
    "PFADD hll a b c",
    "PFADD hll2 d",
    "XADD st 1-1 f v",
    "XADD st 2-1 f v",
    "XADD st 3-1 f v",
    "XGROUP CREATE st g 0",
    "XREADGROUP GROUP g c COUNT 2 STREAMS st >",
];

const SCRIPT: &str = "return redis.call('INCR', 'n')";

const LIBRARY: &str = "#!lua name=lib
redis.register_function('bump', function() return redis.call('INCR', 'n') end)
redis.register_function{function_name='look', callback=function() return 1 end, flags={'no-writes'}}";

const DATABASES: usize = 2;

/// The states from which an example is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Prepared,
    EverythingExpires,
    EverythingOfAnotherType,
    Empty,
}

#[test]
fn the_table_never_claims_more_than_a_server_shows() {
    let bench = Bench::new();
    let mut watching = bench.server.connect();
    let mut wrong = Vec::new();
    for example in examples() {
        let argv = bench.arguments(&example.command);
        let traits = classify_owned(&argv);
        if !example.is_expected(traits) {
            wrong.push(format!("{}: expected {}, the table says {traits:?}", example.command, example.expectation));
        }
        let (read, state, reply) = (traits.is_read(), traits.is_state_idempotent(), traits.is_reply_idempotent());
        for start in [Start::Prepared, Start::EverythingExpires, Start::EverythingOfAnotherType, Start::Empty] {
            let shown = bench.run_twice(&mut watching, &example, &argv, start);
            if (read && !shown.read) || (state && !shown.state) || (reply && !shown.reply) {
                wrong.push(format!("{} ({start:?}): {traits:?} claims more than {shown:?}", example.command));
            }
            // The replies of what may vary need not vary here.
            let is_exact = state == shown.state && (!state || reply == shown.reply || !traits.is_write());
            if example.is_exact && start == Start::Prepared && !is_exact {
                wrong.push(format!("{}: {traits:?} is not exactly {shown:?}", example.command));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_of_the_server_is_run_or_named_with_its_reason() {
    let server = Server::start();
    let run: BTreeSet<String> = examples().map(|example| name(&words(&example.command)).to_string()).collect();
    let is_named = |command: &str| {
        let is_within = |rest: &str| rest.is_empty() || rest.starts_with(' ');
        NOT_RUN.iter().any(|(named, _)| command.strip_prefix(named).is_some_and(is_within))
    };
    for command in commands(&mut server.connect()) {
        let is_refused = matches!(command.traits().placement(), Placement::Refused(_));
        let is_excused = is_refused || command.is_container || is_named(&command.name);
        assert!(run.contains(&command.name) || is_excused, "{} is not run", command.name);
    }
}

#[test]
fn trimming_a_list_is_idempotent_exactly_where_a_server_shows_it() {
    let server = Server::start();
    let mut connection = server.connect();
    for (start, stop) in ranges() {
        let settles = (0..=10).all(|length| {
            let mut pipeline = redis::pipe();
            pipeline.cmd("DEL").arg("l").ignore();
            for element in 0..length {
                pipeline.cmd("RPUSH").arg("l").arg(element).ignore();
            }
            for _ in 0..2 {
                pipeline.cmd("LTRIM").arg("l").arg(start).arg(stop).ignore();
                pipeline.cmd("LRANGE").arg("l").arg(0).arg(-1);
            }
            let (once, twice): (Vec<i64>, Vec<i64>) = pipeline.query(&mut connection).unwrap();
            once == twice
        });
        let line = format!("LTRIM l {start} {stop}");
        assert_eq!(classify(&words(&line)).is_state_idempotent(), settles, "{line}");
    }
}

#[test]
fn removing_ranks_is_idempotent_exactly_where_a_server_shows_it() {
    let server = Server::start();
    let mut connection = server.connect();
    for (start, stop) in ranges() {
        let settles = (0..=10).all(|length| {
            let mut pipeline = redis::pipe();
            pipeline.cmd("DEL").arg("z").ignore();
            for element in 0..length {
                pipeline.cmd("ZADD").arg("z").arg(element).arg(element).ignore();
            }
            for _ in 0..2 {
                pipeline.cmd("ZREMRANGEBYRANK").arg("z").arg(start).arg(stop).ignore();
                pipeline.cmd("ZRANGE").arg("z").arg(0).arg(-1);
            }
            let (once, twice): (Vec<i64>, Vec<i64>) = pipeline.query(&mut connection).unwrap();
            once == twice
        });
        let line = format!("ZREMRANGEBYRANK z {start} {stop}");
        // Removes the only member or nothing: it settles, and nobody asks for it.
        let is_odd = (start, stop) == (-1, 0);
        assert_eq!(classify(&words(&line)).is_state_idempotent(), settles && !is_odd, "{line}");
    }
}

fn ranges() -> impl Iterator<Item = (i64, i64)> {
    (-4..=4).flat_map(|start| (-4..=4).map(move |stop| (start, stop)))
}

#[test]
fn every_command_of_the_server_is_in_the_table() {
    let server = Server::start();
    for command in commands(&mut server.connect()) {
        // By itself a container is no command.
        assert!(command.traits().is_known() || command.is_container, "{} is not in the table", command.name);
        assert_eq!(name(&words(&command.name)).as_str(), command.name);
    }
}

#[test]
fn reads_and_writes_agree_with_the_server() {
    let server = Server::start();
    for command in commands(&mut server.connect()) {
        if command.has("readonly") {
            assert!(command.traits().is_read(), "{} only reads", command.name);
        }
        if command.has("write") {
            assert!(command.traits().is_write(), "{} writes", command.name);
        }
        let runs_code = command.has("movablekeys") && command.has("no_mandatory_keys");
        assert_eq!(command.traits().is_script(), runs_code && !command.has("readonly"), "{}", command.name);
    }
}

#[test]
fn a_writing_command_without_the_options_that_write_is_a_read() {
    // The server says that these commands write, whatever their options.
    for line in ["SORT l", "GEORADIUS g 1 1 1 m", "GEORADIUSBYMEMBER g m 1 m", "BITFIELD k GET u8 0", "GETEX k"] {
        assert!(classify(&words(line)).is_read(), "{line}");
    }
}

#[test]
fn blocking_commands_agree_with_the_server() {
    // Blocking only with an option.
    let forms = [("XREAD", "XREAD BLOCK 0 STREAMS s $"), ("XREADGROUP", "XREADGROUP GROUP g c BLOCK 0 STREAMS s >")];
    // It waits, but not every version of the server says so.
    let unflagged = ["WAIT"];
    let server = Server::start();
    for command in commands(&mut server.connect()) {
        let form = forms.iter().find(|(name, _)| *name == command.name).map_or(&*command.name, |(_, form)| form);
        let is_blocking = classify(&words(form)).placement() == Placement::Blocking;
        let expected = command.has("blocking") || unflagged.contains(&&*command.name);
        assert_eq!(is_blocking, expected, "{}", command.name);
    }
}

#[test]
fn what_takes_the_connection_over_agrees_with_the_server() {
    let server = Server::start();
    for command in commands(&mut server.connect()) {
        let is_refused = matches!(command.traits().placement(), Placement::Refused(_));
        let subscribes = command.has("pubsub") && command.has("noscript");
        // SAVE blocks the server itself instead.
        let replicates = command.has("no_multi") && command.has("no_async_loading") && command.name != "SAVE";
        if subscribes || replicates {
            assert!(is_refused, "{} takes the connection over", command.name);
        }
        if is_refused {
            let may_be_in_scripts = ["ASKING", "READONLY", "READWRITE"].contains(&&*command.name);
            assert!(command.has("noscript") || may_be_in_scripts, "{}", command.name);
            assert!(!command.has("write") && !command.has("readonly"), "{}", command.name);
        }
        if command.categories.contains("@connection") && command.traits().is_write() && !command.is_container {
            let others = ["CLIENT KILL", "CLIENT PAUSE", "CLIENT UNBLOCK", "CLIENT UNPAUSE"];
            assert!(others.contains(&&*command.name), "{} is about its own connection", command.name);
        }
    }
}

fn words(line: &str) -> Vec<&[u8]> {
    line.split_whitespace().map(str::as_bytes).collect()
}

struct Example {
    command: String,
    expectation: String,
    is_exact: bool,
    setup: Vec<String>,
}

fn examples() -> impl Iterator<Item = Example> {
    EXAMPLES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let (expectation, rest) = line.split_once(' ').unwrap();
        let (command, setup) = rest.split_once(" <- ").unwrap_or((rest, ""));
        Example {
            command: command.trim().to_owned(),
            expectation: expectation.trim_end_matches('?').to_owned(),
            is_exact: !expectation.ends_with('?'),
            setup: setup.split(';').filter(|step| !step.is_empty()).map(str::to_owned).collect(),
        }
    })
}

impl Example {
    fn is_expected(&self, traits: Traits) -> bool {
        let (read, write, state, reply) = match &*self.expectation {
            "read" => (true, false, true, true),
            "varies" => (true, false, true, false),
            "write" => (false, true, false, false),
            "state" => (false, true, true, false),
            "both" => (false, true, true, true),
            "session" => (false, false, true, true),
            "asking" => (false, false, true, false),
            other => panic!("no such expectation: {other}"),
        };
        (traits.is_read(), traits.is_write()) == (read, write)
            && (traits.is_state_idempotent(), traits.is_reply_idempotent()) == (state, reply)
    }
}

fn classify_owned(argv: &[Vec<u8>]) -> Traits {
    let borrowed: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
    classify(&borrowed)
}

/// What two runs in a row showed: nothing changed at all; the second changed nothing more; it answered the same.
#[derive(Clone, Copy, Debug)]
struct Shown {
    read: bool,
    state: bool,
    reply: bool,
}

/// A server, and the binary arguments that examples need.
struct Bench {
    server: Server,
    dump: Vec<u8>,
    functions: Vec<u8>,
    sha: String,
}

impl Bench {
    fn new() -> Bench {
        let server = Server::start();
        let mut connection = server.connect();
        redis::cmd("SET").arg("s").arg("dumped").exec(&mut connection).unwrap();
        let dump = redis::cmd("DUMP").arg("s").query(&mut connection).unwrap();
        redis::cmd("FUNCTION").arg("LOAD").arg(LIBRARY).exec(&mut connection).unwrap();
        let functions = redis::cmd("FUNCTION").arg("DUMP").query(&mut connection).unwrap();
        let sha = redis::cmd("SCRIPT").arg("LOAD").arg(SCRIPT).query(&mut connection).unwrap();
        Bench { server, dump, functions, sha }
    }

    fn arguments(&self, line: &str) -> Vec<Vec<u8>> {
        let argument = |word: &str| match word {
            "@DUMP" => self.dump.clone(),
            "@FUNCTIONS" => self.functions.clone(),
            "@LIBRARY" => LIBRARY.into(),
            "@SCRIPT" => SCRIPT.into(),
            "@SHA" => self.sha.clone().into(),
            word => word.replace(r"\s", " ").replace(r"\e", "").into_bytes(),
        };
        line.split_whitespace().map(argument).collect()
    }

    /// Prepares the state anew, and runs the command twice on one connection.
    fn run_twice(&self, watching: &mut Connection, example: &Example, argv: &[Vec<u8>], start: Start) -> Shown {
        self.prepare(watching, &example.setup, start);
        let mut running = self.server.connect();
        let before = self.state(watching);
        let first_reply = reply(&mut running, argv);
        let once = self.state(watching);
        let second_reply = reply(&mut running, argv);
        let twice = self.state(watching);
        Shown {
            read: before.is_same(&once) && once.is_same(&twice),
            state: once.is_same(&twice),
            reply: first_reply == second_reply,
        }
    }

    fn prepare(&self, connection: &mut Connection, setup: &[String], start: Start) {
        let mut pipeline = redis::pipe();
        let mut run = |line: &str| {
            pipeline.add_command(command(&self.arguments(line)));
        };
        run("CLIENT UNPAUSE");
        run("FLUSHALL");
        run("FUNCTION FLUSH");
        run("SCRIPT FLUSH");
        run("ACL DELUSER alice");
        run("CONFIG SET maxmemory-policy noeviction timeout 0 tcp-keepalive 300");
        if start != Start::Empty {
            PREPARED.iter().for_each(|line| run(line));
            setup.iter().for_each(|line| run(line));
        }
        match start {
            Start::Prepared | Start::Empty => {}
            Start::EverythingExpires => _ = pipeline.cmd("EVAL").arg(EXPIRE_EVERYTHING).arg(0),
            Start::EverythingOfAnotherType => _ = pipeline.cmd("EVAL").arg(CHANGE_EVERY_TYPE).arg(0),
        }
        pipeline.exec(connection).unwrap();
    }

    fn state(&self, connection: &mut Connection) -> State {
        let mut pipeline = redis::pipe();
        pipeline.cmd("EVAL_RO").arg(DESCRIBE_EVERY_KEY).arg(0).arg(DATABASES);
        pipeline.cmd("FUNCTION").arg("LIST").arg("WITHCODE").cmd("ACL").arg("LIST");
        pipeline.cmd("CONFIG").arg("GET").arg("maxmemory-policy").cmd("CONFIG").arg("GET").arg("timeout");
        pipeline.cmd("CONFIG").arg("GET").arg("tcp-keepalive").cmd("SCRIPT").arg("EXISTS").arg(&self.sha);
        let mut server: Vec<Value> = pipeline.query(connection).unwrap();
        State { keys: redis::from_redis_value(server.remove(0)).unwrap(), server }
    }
}

fn command(argv: &[Vec<u8>]) -> Cmd {
    let mut command = Cmd::new();
    for argument in argv {
        command.arg(argument);
    }
    command
}

fn reply(connection: &mut Connection, argv: &[Vec<u8>]) -> Result<Value, String> {
    let is_unordered = matches!(&*argv[0], b"KEYS" | b"SMEMBERS" | b"SINTER" | b"SUNION" | b"SDIFF");
    match connection.req_command(&command(argv)) {
        Ok(Value::Array(elements)) if is_unordered => Ok(Value::Array(sorted(elements))),
        Ok(value) => Ok(value),
        Err(error) => Err(error.to_string()),
    }
}

fn sorted(mut elements: Vec<Value>) -> Vec<Value> {
    elements.sort_by_key(|element| format!("{element:?}"));
    elements
}

/// Everything that a command can have changed for others.
struct State {
    /// Database and name, the moment of expiry in milliseconds (negative when there is none), type and content.
    keys: Vec<(Value, i64, Value)>,
    /// Functions, users, settings, one script.
    server: Vec<Value>,
}

impl State {
    /// Relative expiries were set a moment apart.
    fn is_same(&self, other: &State) -> bool {
        type Key = (Value, i64, Value);
        let is_same_key =
            |(one, other): (&Key, &Key)| one.0 == other.0 && one.2 == other.2 && i64::abs_diff(one.1, other.1) < 5000;
        self.server == other.server
            && self.keys.len() == other.keys.len()
            && self.keys.iter().zip(&other.keys).all(is_same_key)
    }
}

/// Without times other than expiries, without the count that a HyperLogLog caches in its head and a read may fill in,
/// and in an order that does not depend on the server's memory.
const DESCRIBE_EVERY_KEY: &str = "
local function sorted(elements) table.sort(elements) return elements end

local read = {
    string = function(key)
        local bytes = redis.call('GET', key)
        return bytes:sub(1, 4) == 'HYLL' and bytes:sub(1, 8) .. bytes:sub(17) or bytes
    end,
    list = function(key) return redis.call('LRANGE', key, 0, -1) end,
    set = function(key) return sorted(redis.call('SMEMBERS', key)) end,
    zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
    hash = function(key)
        local pairs_ = {}
        local flat = redis.call('HGETALL', key)
        for i = 1, #flat, 2 do pairs_[#pairs_ + 1] = flat[i] .. '=' .. flat[i + 1] end
        return sorted(pairs_)
    end,
    stream = function(key)
        local found = {redis.call('XRANGE', key, '-', '+'), redis.call('XINFO', 'GROUPS', key)}
        local about = redis.call('XINFO', 'STREAM', key)
        for i = 1, #about, 2 do
            if not about[i]:find('radix') then found[#found + 1] = {about[i], about[i + 1]} end
        end
        for _, group in ipairs(found[2]) do
            for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', key, group[2])) do
                found[#found + 1] = {consumer[2], consumer[4]}
            end
            for _, pending in ipairs(redis.call('XPENDING', key, group[2], '-', '+', 100)) do
                found[#found + 1] = {pending[1], pending[2], pending[4]}
            end
        end
        return found
    end,
}

local described = {}
for database = 0, ARGV[1] - 1 do
    redis.call('SELECT', database)
    for _, key in ipairs(sorted(redis.call('KEYS', '*'))) do
        local kind = redis.call('TYPE', key).ok
        described[#described + 1] = {{database, key}, redis.call('PEXPIRETIME', key), {kind, read[kind](key)}}
    end
end
return described";

const EXPIRE_EVERYTHING: &str = "
for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('EXPIRE', key, 50000) end";

const CHANGE_EVERY_TYPE: &str = "
for _, key in ipairs(redis.call('KEYS', '*')) do
    local kind = redis.call('TYPE', key).ok
    redis.call('DEL', key)
    if kind == 'string' then redis.call('RPUSH', key, 'x', 'y') else redis.call('SET', key, 5) end
end";

fn elements(array: Value) -> Vec<Value> {
    match array {
        Value::Array(elements) => elements,
        other => panic!("not an array: {other:?}"),
    }
}

/// A command or a subcommand as the server describes it.
struct ServerCommand {
    name: String,
    flags: BTreeSet<String>,
    categories: BTreeSet<String>,
    /// Does it exist only with one of its subcommands?
    is_container: bool,
}

impl ServerCommand {
    fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    fn traits(&self) -> Traits {
        classify(&words(&self.name))
    }
}

fn commands(connection: &mut Connection) -> Vec<ServerCommand> {
    let mut found = Vec::new();
    let mut left: Vec<Value> = redis::cmd("COMMAND").query(connection).unwrap();
    while let Some(command) = left.pop() {
        let fields = elements(command);
        let name: String = redis::from_redis_value(fields[0].clone()).unwrap();
        let subcommands = elements(fields[9].clone());
        found.push(ServerCommand {
            name: name.to_uppercase().replace('|', " "),
            flags: redis::from_redis_value(fields[2].clone()).unwrap(),
            categories: redis::from_redis_value(fields[6].clone()).unwrap(),
            is_container: !subcommands.is_empty() && name != "command",
        });
        left.extend(subcommands);
    }
    assert!(found.len() > 300, "only {} commands", found.len());
    found
}

mod server {
    use std::net::TcpListener;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use redis::{Client, Connection};
    use tempfile::TempDir;

    /// A redis-server of its own, on a free port, gone with this value.
    pub struct Server {
        process: Child,
        port: u16,
        _directory: TempDir,
    }

    impl Server {
        pub fn start() -> Server {
            // Somebody else may take the free port before the server does.
            (0..5).find_map(|_| Self::try_start()).expect("redis-server does not start")
        }

        fn try_start() -> Option<Server> {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let directory = tempfile::tempdir().unwrap();
            let process = Command::new("redis-server")
                .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"])
                .args(["--hz", "100", "--save", "", "--appendonly", "no", "--databases", &super::DATABASES.to_string()])
                .arg("--dir")
                .arg(directory.path())
                .stdout(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| {
                    panic!("redis-server does not run ({error}): install redis-server, 7.0 or newer")
                });
            let mut server = Server { process, port, _directory: directory };
            let deadline = Instant::now() + Duration::from_secs(20);
            while Instant::now() < deadline && server.process.try_wait().unwrap().is_none() {
                if server.try_connect().is_some_and(|mut connection| redis::cmd("PING").exec(&mut connection).is_ok()) {
                    return Some(server);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            None
        }

        fn try_connect(&self) -> Option<Connection> {
            Client::open(("127.0.0.1", self.port)).unwrap().get_connection().ok()
        }

        pub fn connect(&self) -> Connection {
            self.try_connect().expect("the server accepts connections")
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}
