//! The table: every command, one row each.
//!
//! To add a command, add a row: its name in upper case and what it is, a word of [`Traits`], or
//! a function of [`rules`] when its arguments decide, or its subcommands. The index over the names is
//! built by the compiler; the order of the rows means nothing. Constant data, for any thread, never changed at run time.

use super::args::Args;
use super::placement::{Placement, Refusal, SessionChange};
use super::rules;
use super::traits::Traits;

/// One command, or one subcommand.
pub(super) struct Row {
    /// In upper case.
    pub name: &'static str,
    /// What it is.
    pub rule: Rule,
}

/// How a row answers.
pub(super) enum Rule {
    /// Always the same.
    Is(Traits),
    /// The arguments after the name decide.
    Asks(fn(Args<'_, '_>) -> Traits),
    /// The next argument is a subcommand; without one of these, the second field.
    Holds(&'static [Row], Traits),
}

/// The row of a subcommand, in any case.
pub(super) fn subcommand<'a>(rows: &'a [Row], name: &[u8]) -> Option<&'a Row> {
    rows.iter().find(|row| name.eq_ignore_ascii_case(row.name.as_bytes()))
}

const fn row(name: &'static str, traits: Traits) -> Row {
    Row { name, rule: Rule::Is(traits) }
}

const fn asks(name: &'static str, rule: fn(Args<'_, '_>) -> Traits) -> Row {
    Row { name, rule: Rule::Asks(rule) }
}

const fn holds(name: &'static str, subcommands: &'static [Row]) -> Row {
    Row { name, rule: Rule::Holds(subcommands, Traits::UNKNOWN) }
}

const fn session(name: &'static str, change: SessionChange) -> Row {
    row(name, Traits::SETTING.at(Placement::Session(change)))
}

const fn refused(name: &'static str, refusal: Refusal) -> Row {
    row(name, Traits::TAKEOVER.at(Placement::Refused(refusal)))
}

const READ: Traits = Traits::READ;
const ABOUT: Traits = Traits::ABOUT;
const SAMPLE: Traits = Traits::SAMPLE;
const VARIES: Traits = Traits::VARIES;
const WRITE: Traits = Traits::WRITE;
const STATE: Traits = Traits::STATE;
const BOTH: Traits = Traits::BOTH;
const SCRIPT: Traits = Traits::SCRIPT;
const TAKING: Traits = WRITE.taking();
const BLOCKING: Traits = WRITE.at(Placement::Blocking);
const WAITING: Traits = Traits::ASKING.at(Placement::Blocking);

/// Every command.
pub(super) const ROWS: &[Row] = &[
    // Keys.
    asks("COPY", rules::copy),
    row("DEL", STATE),
    row("DUMP", READ),
    row("EXISTS", READ),
    asks("EXPIRE", rules::expire),
    asks("EXPIREAT", rules::expireat),
    row("EXPIRETIME", READ),
    row("KEYS", READ),
    row("MIGRATE", Traits::HALFWAY),
    row("MOVE", STATE),
    holds("OBJECT", OBJECT),
    row("PERSIST", STATE),
    asks("PEXPIRE", rules::expire),
    asks("PEXPIREAT", rules::expireat),
    row("PEXPIRETIME", READ),
    row("PTTL", SAMPLE),
    row("RANDOMKEY", SAMPLE),
    asks("RENAME", rules::rename),
    row("RENAMENX", STATE),
    asks("RESTORE", rules::copy),
    asks("RESTORE-ASKING", rules::copy),
    row("SCAN", VARIES),
    asks("SORT", rules::sort),
    row("SORT_RO", READ),
    row("TOUCH", READ),
    row("TTL", SAMPLE),
    row("TYPE", READ),
    row("UNLINK", STATE),
    // Strings.
    row("APPEND", WRITE),
    row("DECR", WRITE),
    row("DECRBY", WRITE),
    row("DELEX", STATE),
    row("DIGEST", READ),
    row("GET", READ),
    row("GETDEL", STATE.taking()),
    asks("GETEX", rules::getex),
    row("GETRANGE", READ),
    row("GETSET", STATE.taking()),
    row("INCR", WRITE),
    row("INCRBY", WRITE),
    row("INCRBYFLOAT", WRITE),
    row("INCREX", WRITE),
    row("LCS", READ),
    row("MGET", READ),
    row("MSET", BOTH),
    asks("MSETEX", rules::msetex),
    row("MSETNX", STATE),
    row("PSETEX", BOTH),
    asks("SET", rules::set),
    row("SETEX", BOTH),
    row("SETNX", STATE),
    row("SETRANGE", BOTH),
    row("STRLEN", READ),
    row("SUBSTR", READ),
    // Bits.
    row("BITCOUNT", READ),
    asks("BITFIELD", rules::bitfield),
    row("BITFIELD_RO", READ),
    asks("BITOP", rules::bitop),
    row("BITPOS", READ),
    row("GETBIT", READ),
    row("SETBIT", STATE),
    // Hashes.
    row("HDEL", STATE),
    row("HEXISTS", READ),
    asks("HEXPIRE", rules::expire),
    asks("HEXPIREAT", rules::expireat),
    row("HEXPIRETIME", READ),
    row("HGET", READ),
    row("HGETALL", READ),
    row("HGETDEL", STATE.taking()),
    asks("HGETEX", rules::getex),
    row("HINCRBY", WRITE),
    row("HINCRBYFLOAT", WRITE),
    row("HKEYS", READ),
    row("HLEN", READ),
    row("HMGET", READ),
    row("HMSET", BOTH),
    row("HPERSIST", STATE),
    asks("HPEXPIRE", rules::expire),
    asks("HPEXPIREAT", rules::expireat),
    row("HPEXPIRETIME", READ),
    row("HPTTL", VARIES),
    row("HRANDFIELD", SAMPLE),
    row("HSCAN", VARIES),
    row("HSET", STATE),
    asks("HSETEX", rules::hsetex),
    row("HSETNX", STATE),
    row("HSTRLEN", READ),
    row("HTTL", VARIES),
    row("HVALS", READ),
    // Lists.
    row("BLMOVE", BLOCKING),
    row("BLMPOP", BLOCKING),
    row("BLPOP", BLOCKING),
    row("BRPOP", BLOCKING),
    row("BRPOPLPUSH", BLOCKING),
    row("LINDEX", READ),
    row("LINSERT", WRITE),
    row("LLEN", READ),
    row("LMOVE", WRITE),
    row("LMPOP", TAKING),
    row("LPOP", TAKING),
    row("LPOS", READ),
    row("LPUSH", WRITE),
    row("LPUSHX", WRITE),
    row("LRANGE", READ),
    asks("LREM", rules::lrem),
    row("LSET", BOTH),
    asks("LTRIM", rules::ltrim),
    row("RPOP", TAKING),
    row("RPOPLPUSH", WRITE),
    row("RPUSH", WRITE),
    row("RPUSHX", WRITE),
    // Sets.
    row("SADD", STATE),
    row("SCARD", READ),
    row("SDIFF", READ),
    asks("SDIFFSTORE", rules::sdiffstore),
    row("SINTER", READ),
    row("SINTERCARD", READ),
    row("SINTERSTORE", BOTH),
    row("SISMEMBER", READ),
    row("SMEMBERS", READ),
    row("SMISMEMBER", READ),
    row("SMOVE", STATE),
    row("SPOP", TAKING),
    row("SRANDMEMBER", SAMPLE),
    row("SREM", STATE),
    row("SSCAN", VARIES),
    row("SUNION", READ),
    row("SUNIONSTORE", BOTH),
    // Sorted sets.
    row("BZMPOP", BLOCKING),
    row("BZPOPMAX", BLOCKING),
    row("BZPOPMIN", BLOCKING),
    asks("ZADD", rules::zadd),
    row("ZCARD", READ),
    row("ZCOUNT", READ),
    row("ZDIFF", READ),
    asks("ZDIFFSTORE", rules::zdiffstore),
    row("ZINCRBY", WRITE),
    row("ZINTER", READ),
    row("ZINTERCARD", READ),
    asks("ZINTERSTORE", rules::zunionstore),
    row("ZLEXCOUNT", READ),
    row("ZMPOP", TAKING),
    row("ZMSCORE", READ),
    row("ZPOPMAX", TAKING),
    row("ZPOPMIN", TAKING),
    row("ZRANDMEMBER", SAMPLE),
    row("ZRANGE", READ),
    row("ZRANGEBYLEX", READ),
    row("ZRANGEBYSCORE", READ),
    asks("ZRANGESTORE", rules::zrangestore),
    row("ZRANK", READ),
    row("ZREM", STATE),
    row("ZREMRANGEBYLEX", STATE),
    asks("ZREMRANGEBYRANK", rules::zremrangebyrank),
    row("ZREMRANGEBYSCORE", STATE),
    row("ZREVRANGE", READ),
    row("ZREVRANGEBYLEX", READ),
    row("ZREVRANGEBYSCORE", READ),
    row("ZREVRANK", READ),
    row("ZSCAN", VARIES),
    row("ZSCORE", READ),
    row("ZUNION", READ),
    asks("ZUNIONSTORE", rules::zunionstore),
    // Places.
    asks("GEOADD", rules::zadd),
    row("GEODIST", READ),
    row("GEOHASH", READ),
    row("GEOPOS", READ),
    asks("GEORADIUS", rules::georadius),
    row("GEORADIUS_RO", READ),
    asks("GEORADIUSBYMEMBER", rules::georadiusbymember),
    row("GEORADIUSBYMEMBER_RO", READ),
    row("GEOSEARCH", READ),
    asks("GEOSEARCHSTORE", rules::zrangestore),
    // HyperLogLogs.
    row("PFADD", STATE),
    row("PFCOUNT", READ),
    row("PFDEBUG", WRITE),
    row("PFMERGE", BOTH),
    row("PFSELFTEST", READ),
    // Streams.
    row("XACK", STATE),
    row("XACKDEL", STATE),
    asks("XADD", rules::xadd),
    row("XAUTOCLAIM", TAKING),
    row("XCFGSET", BOTH),
    asks("XCLAIM", rules::xclaim),
    row("XDEL", STATE),
    row("XDELEX", STATE),
    holds("XGROUP", XGROUP),
    holds("XINFO", XINFO),
    row("XLEN", READ),
    row("XNACK", WRITE),
    asks("XPENDING", rules::xpending),
    row("XRANGE", READ),
    asks("XREAD", rules::xread),
    asks("XREADGROUP", rules::xreadgroup),
    row("XREVRANGE", READ),
    row("XSETID", BOTH),
    asks("XTRIM", rules::xtrim),
    // Vector sets. The graph behind one is drawn at random.
    row("VADD", WRITE),
    row("VCARD", READ),
    row("VDIM", READ),
    row("VEMB", READ),
    row("VGETATTR", READ),
    row("VINFO", VARIES),
    row("VISMEMBER", READ),
    row("VLINKS", VARIES),
    row("VRANDMEMBER", SAMPLE),
    row("VRANGE", READ),
    row("VREM", STATE),
    row("VSETATTR", BOTH),
    row("VSIM", SAMPLE),
    // Messages. One that is published twice is delivered twice.
    refused("PSUBSCRIBE", Refusal::Subscribe),
    row("PUBLISH", WRITE),
    holds("PUBSUB", PUBSUB),
    refused("PUNSUBSCRIBE", Refusal::Unsubscribe),
    row("SPUBLISH", WRITE),
    refused("SSUBSCRIBE", Refusal::Subscribe),
    refused("SUBSCRIBE", Refusal::Subscribe),
    refused("SUNSUBSCRIBE", Refusal::Unsubscribe),
    refused("UNSUBSCRIBE", Refusal::Unsubscribe),
    // Scripts.
    row("EVAL", SCRIPT),
    row("EVAL_RO", VARIES),
    row("EVALSHA", SCRIPT),
    row("EVALSHA_RO", VARIES),
    row("FCALL", SCRIPT),
    row("FCALL_RO", VARIES),
    holds("FUNCTION", FUNCTION),
    holds("SCRIPT", SCRIPTS),
    // Transactions.
    refused("DISCARD", Refusal::Transaction),
    refused("EXEC", Refusal::Transaction),
    refused("MULTI", Refusal::Transaction),
    refused("UNWATCH", Refusal::Watch),
    refused("WATCH", Refusal::Watch),
    // Connection.
    session("AUTH", SessionChange::Auth),
    holds("CLIENT", CLIENT),
    row("ECHO", ABOUT),
    asks("HELLO", rules::hello),
    row("PING", ABOUT),
    refused("QUIT", Refusal::Quit),
    refused("RESET", Refusal::Reset),
    session("SELECT", SessionChange::Select),
    row("WAIT", WAITING),
    row("WAITAOF", WAITING),
    // Server.
    holds("ACL", ACL),
    row("BGREWRITEAOF", STATE),
    row("BGSAVE", STATE),
    Row { name: "COMMAND", rule: Rule::Holds(COMMAND, ABOUT) },
    holds("COMMANDLOG", COMMANDLOG),
    holds("CONFIG", CONFIG),
    row("DBSIZE", READ),
    Row { name: "DEBUG", rule: Rule::Holds(DEBUG, WRITE) },
    row("FAILOVER", WRITE),
    row("FLUSHALL", BOTH),
    row("FLUSHDB", BOTH),
    holds("HOTKEYS", HOTKEYS),
    row("INFO", VARIES),
    row("LASTSAVE", VARIES),
    holds("LATENCY", LATENCY),
    row("LOLWUT", VARIES),
    holds("MEMORY", MEMORY),
    holds("MODULE", MODULE),
    refused("MONITOR", Refusal::Monitor),
    refused("PSYNC", Refusal::Replication),
    refused("REPLCONF", Refusal::Replication),
    row("REPLICAOF", STATE),
    row("ROLE", VARIES),
    row("SAVE", BOTH),
    row("SHUTDOWN", WRITE),
    row("SLAVEOF", STATE),
    holds("SLOWLOG", SLOWLOG),
    row("SWAPDB", WRITE),
    refused("SYNC", Refusal::Replication),
    row("TIME", VARIES),
    // Cluster and sentinel.
    refused("ASKING", Refusal::ClusterMode),
    holds("CLUSTER", CLUSTER),
    refused("READONLY", Refusal::ClusterMode),
    refused("READWRITE", Refusal::ClusterMode),
    holds("SENTINEL", SENTINEL),
    row("SFLUSH", STATE),
    // Modules: only what is certain to read. Everything else of theirs is unknown.
    row("JSON.ARRINDEX", READ),
    row("JSON.ARRLEN", READ),
    row("JSON.GET", READ),
    row("JSON.MGET", READ),
    row("JSON.OBJKEYS", READ),
    row("JSON.OBJLEN", READ),
    row("JSON.RESP", READ),
    row("JSON.STRLEN", READ),
    row("JSON.TYPE", READ),
    row("FT._LIST", VARIES),
    asks("FT.AGGREGATE", rules::ft_aggregate),
    row("FT.DICTDUMP", VARIES),
    row("FT.EXPLAIN", VARIES),
    row("FT.EXPLAINCLI", VARIES),
    row("FT.INFO", VARIES),
    row("FT.SEARCH", VARIES),
    row("FT.SPELLCHECK", VARIES),
    row("FT.SUGGET", VARIES),
    row("FT.SUGLEN", VARIES),
    row("FT.SYNDUMP", VARIES),
    row("FT.TAGVALS", VARIES),
    row("BF.CARD", READ),
    row("BF.EXISTS", READ),
    row("BF.INFO", READ),
    row("BF.MEXISTS", READ),
    row("BF.SCANDUMP", READ),
    row("CF.COUNT", READ),
    row("CF.EXISTS", READ),
    row("CF.INFO", READ),
    row("CF.MEXISTS", READ),
    row("CF.SCANDUMP", READ),
    row("CMS.INFO", READ),
    row("CMS.QUERY", READ),
    row("TOPK.COUNT", READ),
    row("TOPK.INFO", READ),
    row("TOPK.LIST", READ),
    row("TOPK.QUERY", READ),
    row("TDIGEST.BYRANK", READ),
    row("TDIGEST.BYREVRANK", READ),
    row("TDIGEST.CDF", READ),
    row("TDIGEST.INFO", VARIES),
    row("TDIGEST.MAX", READ),
    row("TDIGEST.MIN", READ),
    row("TDIGEST.QUANTILE", READ),
    row("TDIGEST.RANK", READ),
    row("TDIGEST.REVRANK", READ),
    row("TDIGEST.TRIMMED_MEAN", READ),
    row("TS.GET", READ),
    row("TS.INFO", VARIES),
    row("TS.MGET", READ),
    row("TS.MRANGE", READ),
    row("TS.MREVRANGE", READ),
    row("TS.QUERYINDEX", READ),
    row("TS.RANGE", READ),
    row("TS.REVRANGE", READ),
];

const ACL: &[Row] = &[
    row("CAT", ABOUT),
    row("DELUSER", STATE),
    row("DRYRUN", ABOUT),
    row("GENPASS", VARIES),
    row("GETUSER", ABOUT),
    row("HELP", ABOUT),
    row("LIST", ABOUT),
    row("LOAD", STATE),
    asks("LOG", rules::acl_log),
    row("SAVE", BOTH),
    asks("SETUSER", rules::acl_setuser),
    row("USERS", ABOUT),
    row("WHOAMI", ABOUT),
];

const CLIENT: &[Row] = &[
    refused("CACHING", Refusal::ClientTracking),
    refused("CAPA", Refusal::ClientFlag),
    row("GETNAME", ABOUT),
    row("GETREDIR", ABOUT),
    row("HELP", ABOUT),
    row("ID", VARIES),
    refused("IMPORT-SOURCE", Refusal::ClientFlag),
    row("INFO", VARIES),
    asks("KILL", rules::client_kill),
    row("LIST", VARIES),
    refused("NO-EVICT", Refusal::ClientFlag),
    refused("NO-TOUCH", Refusal::ClientFlag),
    row("PAUSE", BOTH),
    refused("REPLY", Refusal::ClientReply),
    refused("SETINFO", Refusal::ClientLibrary),
    session("SETNAME", SessionChange::SetName),
    refused("TRACKING", Refusal::ClientTracking),
    row("TRACKINGINFO", ABOUT),
    row("UNBLOCK", STATE),
    row("UNPAUSE", BOTH),
];

const CLUSTER: &[Row] = &[
    row("ADDSLOTS", WRITE),
    row("ADDSLOTSRANGE", WRITE),
    row("BUMPEPOCH", WRITE),
    row("COUNT-FAILURE-REPORTS", VARIES),
    row("COUNTKEYSINSLOT", ABOUT),
    row("DELSLOTS", WRITE),
    row("DELSLOTSRANGE", WRITE),
    row("FAILOVER", WRITE),
    row("FLUSHSLOTS", WRITE),
    row("FORGET", WRITE),
    row("GETKEYSINSLOT", ABOUT),
    row("GETSLOTMIGRATIONS", VARIES),
    row("HELP", ABOUT),
    row("INFO", VARIES),
    row("KEYSLOT", ABOUT),
    row("LINKS", VARIES),
    row("MEET", WRITE),
    row("MYID", VARIES),
    row("MYSHARDID", VARIES),
    row("NODES", VARIES),
    row("REPLICAS", VARIES),
    row("REPLICATE", WRITE),
    row("RESET", WRITE),
    row("SAVECONFIG", WRITE),
    row("SET-CONFIG-EPOCH", WRITE),
    row("SETSLOT", WRITE),
    row("SHARDS", VARIES),
    row("SLAVES", VARIES),
    row("SLOT-STATS", VARIES),
    row("SLOTS", VARIES),
    refused("SYNCSLOTS", Refusal::Replication),
];

const COMMAND: &[Row] = &[
    row("COUNT", ABOUT),
    row("DOCS", ABOUT),
    row("GETKEYS", ABOUT),
    row("GETKEYSANDFLAGS", ABOUT),
    row("HELP", ABOUT),
    row("INFO", ABOUT),
    row("LIST", ABOUT),
];

const COMMANDLOG: &[Row] = &[row("GET", VARIES), row("HELP", ABOUT), row("LEN", VARIES), row("RESET", BOTH)];

const CONFIG: &[Row] =
    &[row("GET", ABOUT), row("HELP", ABOUT), row("RESETSTAT", BOTH), row("REWRITE", BOTH), row("SET", BOTH)];

const DEBUG: &[Row] = &[
    row("DIGEST", ABOUT),
    row("DIGEST-VALUE", ABOUT),
    row("HELP", ABOUT),
    row("HTSTATS", VARIES),
    row("HTSTATS-KEY", VARIES),
    row("OBJECT", VARIES),
    row("SDSLEN", VARIES),
];

const FUNCTION: &[Row] = &[
    row("DELETE", STATE),
    row("DUMP", ABOUT),
    row("FLUSH", BOTH),
    row("HELP", ABOUT),
    row("KILL", WRITE),
    row("LIST", ABOUT),
    asks("LOAD", rules::function_load),
    asks("RESTORE", rules::function_restore),
    row("STATS", VARIES),
];

const HOTKEYS: &[Row] =
    &[row("GET", VARIES), row("HELP", ABOUT), row("RESET", WRITE), row("START", WRITE), row("STOP", WRITE)];

const LATENCY: &[Row] = &[
    row("DOCTOR", VARIES),
    row("GRAPH", VARIES),
    row("HELP", ABOUT),
    row("HISTOGRAM", VARIES),
    row("HISTORY", VARIES),
    row("LATEST", VARIES),
    row("RESET", STATE),
];

const MEMORY: &[Row] = &[
    row("DOCTOR", VARIES),
    row("HELP", ABOUT),
    row("MALLOC-STATS", VARIES),
    row("PURGE", BOTH),
    row("STATS", VARIES),
    row("USAGE", VARIES),
];

const MODULE: &[Row] =
    &[row("HELP", ABOUT), row("LIST", ABOUT), row("LOAD", WRITE), row("LOADEX", WRITE), row("UNLOAD", WRITE)];

const OBJECT: &[Row] =
    &[row("ENCODING", READ), row("FREQ", VARIES), row("HELP", ABOUT), row("IDLETIME", VARIES), row("REFCOUNT", VARIES)];

const PUBSUB: &[Row] = &[
    row("CHANNELS", VARIES),
    row("HELP", ABOUT),
    row("NUMPAT", VARIES),
    row("NUMSUB", VARIES),
    row("SHARDCHANNELS", VARIES),
    row("SHARDNUMSUB", VARIES),
];

const SCRIPTS: &[Row] = &[
    refused("DEBUG", Refusal::ScriptDebug),
    row("EXISTS", ABOUT),
    row("FLUSH", BOTH),
    row("HELP", ABOUT),
    row("KILL", WRITE),
    row("LOAD", BOTH),
    row("SHOW", ABOUT),
];

const SENTINEL: &[Row] = &[
    row("CKQUORUM", VARIES),
    row("CONFIG", WRITE),
    row("DEBUG", WRITE),
    row("FAILOVER", WRITE),
    row("FLUSHCONFIG", WRITE),
    row("GET-MASTER-ADDR-BY-NAME", VARIES),
    row("GET-PRIMARY-ADDR-BY-NAME", VARIES),
    row("HELP", ABOUT),
    row("INFO-CACHE", VARIES),
    row("IS-MASTER-DOWN-BY-ADDR", WRITE),
    row("IS-PRIMARY-DOWN-BY-ADDR", WRITE),
    row("MASTER", VARIES),
    row("MASTERS", VARIES),
    row("MONITOR", WRITE),
    row("MYID", VARIES),
    row("PENDING-SCRIPTS", VARIES),
    row("PRIMARIES", VARIES),
    row("PRIMARY", VARIES),
    row("REMOVE", WRITE),
    row("REPLICAS", VARIES),
    row("RESET", WRITE),
    row("SENTINELS", VARIES),
    row("SET", WRITE),
    row("SIMULATE-FAILURE", WRITE),
    row("SLAVES", VARIES),
];

const SLOWLOG: &[Row] = &[row("GET", VARIES), row("HELP", ABOUT), row("LEN", VARIES), row("RESET", BOTH)];

const XGROUP: &[Row] = &[
    row("CREATE", STATE),
    row("CREATECONSUMER", STATE),
    row("DELCONSUMER", STATE),
    row("DESTROY", STATE),
    row("HELP", ABOUT),
    row("SETID", BOTH),
];

const XINFO: &[Row] = &[row("CONSUMERS", VARIES), row("GROUPS", READ), row("HELP", ABOUT), row("STREAM", VARIES)];
