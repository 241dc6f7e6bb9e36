//! What a server of one version cannot show: newer commands, places, names, timeouts, and caution.
//!
//! `tests/command_table.rs` holds the table against a real server; what is tested there is not repeated here.

use std::time::Duration;

use super::*;

fn argv(line: &str) -> Vec<&[u8]> {
    line.split_whitespace().map(str::as_bytes).collect()
}

fn of(line: &str) -> Traits {
    classify(&argv(line))
}

/// A class by its word, at the shared connection.
fn is(line: &str, expected: Traits) {
    assert_eq!(of(line), expected, "{line}");
}

#[test]
fn an_answer_is_a_few_bytes() {
    assert!(size_of::<Traits>() <= 4);
}

#[test]
fn an_answer_reads_as_words() {
    assert_eq!(format!("{:?}", of("DEL k")), r#"{"known", "write", "same state", Shared}"#);
}

#[test]
fn a_reply_is_the_same_only_where_the_state_is() {
    for row in table::ROWS {
        let traits = classify(&[row.name.as_bytes()]);
        assert!(traits.is_state_idempotent() || !traits.is_reply_idempotent(), "{}", row.name);
        assert!(traits.is_state_idempotent() || !traits.is_read(), "{}", row.name);
        assert!(!(traits.is_read() && traits.is_write()), "{}", row.name);
        if let Placement::Session(_) | Placement::Refused(_) = traits.placement() {
            assert!(!traits.is_read() && !traits.is_write(), "{}", row.name);
        } else if !traits.is_read() && !traits.is_write() {
            assert!(["HELLO", "WAIT", "WAITAOF"].contains(&row.name), "{}", row.name);
        }
    }
}

#[test]
fn an_unknown_command_is_a_write_that_must_not_run_twice() {
    for line in ["", "NEWCOMMAND k", "SE T", "CLIENT", "CLIENT NEW", "OBJECT", "XGROUP NEW k", "JSON.SET k $ 1"] {
        let traits = of(line);
        assert!(!traits.is_known() && traits.is_write() && traits.may_fail_halfway(), "{line}");
        assert!(!traits.is_read() && !traits.is_state_idempotent() && !traits.is_reply_idempotent(), "{line}");
        assert_eq!(traits.placement(), Placement::Shared, "{line}");
    }
    assert!(classify(&[]).is_write() && classify(&[b""]).is_write());
    assert!(of("COMMAND").is_read() && of("DEBUG").is_write());
}

#[test]
fn arguments_that_do_not_parse_are_answered_with_caution() {
    let lines = "SET;SET k;SET k v EX;SET k v NEWOPTION;SET k v GET EX;GETEX;GETEX k NEWOPTION 1;MSETEX;MSETEX x a 1;\
                 MSETEX 2 a 1;MSETEX 0;BITFIELD;BITFIELD k GET;BITFIELD k SET u8 0;BITFIELD k NEW u8 0;BITOP AND;\
                 EXPIRE k;EXPIRE k x;EXPIRE k 1 NEW;EXPIREAT k;EXPIREAT k 1 NEW;RENAME a;COPY a;RESTORE k;SORT;\
                 SORT k NEW;SORT k STORE;SORT k LIMIT 1;LREM k;LREM k x v;LREM k 00x v;LTRIM k;LTRIM k x 1;LTRIM k 0;\
                 ZREMRANGEBYRANK k 0;ZREMRANGEBYRANK k 0 x;SDIFFSTORE d;ZDIFFSTORE d;ZDIFFSTORE d x a;\
                 ZDIFFSTORE d 3 a b;ZUNIONSTORE d;ZUNIONSTORE d 9 a;ZUNIONSTORE d -1 a;ZUNIONSTORE d 0;ZRANGESTORE d;\
                 ZADD;ZADD k;ZADD k NX;ZADD k 1;GEORADIUS k 1 1 1;GEORADIUS k 1 1 1 m STORE;GEORADIUS k 1 1 1 m NEW;\
                 GEORADIUSBYMEMBER k m 1 m COUNT;XADD;XADD k;XADD k 1-1;XADD k 1-1 f;XADD k MAXLEN;XADD k x-1 f v;\
                 XADD k 1- f v;XADD k - f v;XADD k 1-1-1 f v;XTRIM k;XTRIM k MAXLEN;XCLAIM k g c 0";
    for line in lines.split(';').map(str::trim) {
        let traits = of(line);
        assert!(traits.is_known() && traits.is_write(), "{line}");
        assert!(!traits.is_state_idempotent() && !traits.is_reply_idempotent(), "{line}");
    }
    assert_eq!(classify(&[b"LREM", b"k", b"\xFF", b"v"]), Traits::WRITE);
}

#[test]
fn newer_options_of_set_are_known() {
    is("SET k v IFEQ old", Traits::STATE);
    is("SET k v EX 10 IFNE old", Traits::STATE);
    is("SET k v IFDEQ 00112233 GET", Traits::STATE.taking());
    is("SET NX XX", Traits::BOTH);
    is("SET k v XX EXAT 1", Traits::STATE);
    is("set k v keepttl xx", Traits::BOTH);
}

#[test]
fn newer_string_commands_are_known() {
    is("DELEX k IFEQ v", Traits::STATE);
    is("DIGEST k", Traits::READ);
    is("INCREX k EX 10", Traits::WRITE);
    is("MSETEX 2 a 1 b 2 EX 10", Traits::BOTH);
    is("MSETEX 2 a 1 b NX", Traits::BOTH);
    is("MSETEX 1 a 1 NX", Traits::STATE);
    is("MSETEX 1 a 1 XX KEEPTTL", Traits::BOTH);
    is("BITOP DIFF d a b", Traits::BOTH);
    is("BITOP DIFF1 d d b", Traits::WRITE);
    is("BITOP ONE d a d", Traits::WRITE);
}

#[test]
fn expiring_hash_fields_are_known() {
    is("HEXPIRE k 10 FIELDS 1 f", Traits::BOTH);
    is("HEXPIRE k 10 NX FIELDS 1 f", Traits::STATE);
    is("HEXPIRE k 0 FIELDS 1 f", Traits::STATE);
    is("HPEXPIRE k 10 XX FIELDS 1 NX", Traits::BOTH);
    is("HEXPIREAT k 33177117420 FIELDS 1 f", Traits::STATE);
    is("HPERSIST k FIELDS 1 f", Traits::STATE);
    is("HTTL k FIELDS 1 f", Traits::VARIES);
    is("HGETDEL k FIELDS 1 f", Traits::STATE.taking());
    is("HGETEX k FIELDS 1 EX", Traits::READ);
    is("HGETEX k EX 10 FIELDS 1 f", Traits::BOTH);
    is("HGETEX k EXAT 1 FIELDS 1 f", Traits::STATE);
    is("HGETEX k PERSIST FIELDS 1 f", Traits::BOTH);
    is("HSETEX k EX 10 FIELDS 1 f v", Traits::BOTH);
    is("HSETEX k FNX FIELDS 1 f v", Traits::STATE);
    is("HSETEX k FXX PX 10 FIELDS 1 f v", Traits::BOTH);
    is("HSETEX k FXX PXAT 10 FIELDS 1 f v", Traits::STATE);
}

#[test]
fn newer_stream_commands_are_known() {
    is("XADD k IDMP producer 1 * f v", Traits::BOTH);
    is("XADD k NOMKSTREAM IDMPAUTO producer MAXLEN ~ 100 * f v", Traits::BOTH);
    is("XADD k ACKED MAXLEN = 10 1-1 f v", Traits::STATE);
    is("XDELEX k ACKED IDS 1 1-1", Traits::STATE);
    is("XACKDEL k g DELREF IDS 1 1-1", Traits::STATE);
    is("XREADGROUP GROUP g c CLAIM 10 STREAMS s >", Traits::WRITE.taking());
}

#[test]
fn only_what_is_certain_to_read_is_known_of_modules() {
    for line in ["JSON.GET k", "bf.exists k a", "TS.RANGE k - +", "TDIGEST.TRIMMED_MEAN k 0 1", "FT.AGGREGATE i *"] {
        assert!(of(line).is_read(), "{line}");
    }
    is("FT.AGGREGATE i * WITHCURSOR", Traits::WRITE);
    is("FT.CURSOR READ i 1", Traits::UNKNOWN);
}

#[test]
fn scripts_may_fail_halfway_and_their_read_only_forms_may_not() {
    for line in ["EVAL s 0", "EVALSHA s 0", "fcall f 0"] {
        assert!(of(line).is_script() && of(line).may_fail_halfway() && of(line).is_write(), "{line}");
        assert!(!of(line).is_state_idempotent(), "{line}");
    }
    for line in ["EVAL_RO s 0", "EVALSHA_RO s 0", "FCALL_RO f 0"] {
        assert!(!of(line).is_script() && !of(line).may_fail_halfway() && of(line).is_read(), "{line}");
    }
    assert!(of("MIGRATE h 1 k 0 1000").may_fail_halfway() && !of("SET k v").may_fail_halfway());
}

#[test]
fn only_by_its_id_a_client_is_killed_once() {
    is("CLIENT KILL TYPE normal ID 7", Traits::STATE);
    is("CLIENT KILL USER id", Traits::WRITE);
    is("CLIENT KILL 127.0.0.1:7", Traits::WRITE);
}

#[test]
fn what_changes_the_session_is_remembered() {
    for (line, change) in [
        ("SELECT 1", SessionChange::Select),
        ("AUTH secret", SessionChange::Auth),
        ("client setname me", SessionChange::SetName),
        ("HELLO 3 AUTH me secret", SessionChange::Hello),
    ] {
        assert_eq!(of(line).placement(), Placement::Session(change), "{line}");
    }
    assert_eq!(of("HELLO").placement(), Placement::Shared);
    assert_eq!(of("CLIENT GETNAME").placement(), Placement::Shared);
}

#[test]
fn what_would_corrupt_a_shared_connection_is_refused() {
    for (lines, refusal) in [
        ("SUBSCRIBE c;PSUBSCRIBE p;SSUBSCRIBE c", Refusal::Subscribe),
        ("UNSUBSCRIBE;PUNSUBSCRIBE;SUNSUBSCRIBE", Refusal::Unsubscribe),
        ("MONITOR", Refusal::Monitor),
        ("SYNC;PSYNC ? -1;REPLCONF ACK 1;CLUSTER SYNCSLOTS", Refusal::Replication),
        ("MULTI;EXEC;DISCARD", Refusal::Transaction),
        ("WATCH k;UNWATCH", Refusal::Watch),
        ("CLIENT REPLY OFF;CLIENT REPLY SKIP;CLIENT REPLY ON", Refusal::ClientReply),
        ("CLIENT TRACKING ON BCAST;CLIENT CACHING YES", Refusal::ClientTracking),
        ("CLIENT NO-EVICT ON;CLIENT NO-TOUCH ON;CLIENT CAPA redirect", Refusal::ClientFlag),
        ("CLIENT SETINFO LIB-NAME x;CLIENT SETINFO LIB-VER x", Refusal::ClientLibrary),
        ("READONLY;READWRITE;ASKING", Refusal::ClusterMode),
        ("SCRIPT DEBUG YES", Refusal::ScriptDebug),
        ("RESET", Refusal::Reset),
        ("QUIT", Refusal::Quit),
    ] {
        for line in lines.split(';') {
            assert_eq!(of(line).placement(), Placement::Refused(refusal), "{line}");
            assert!(!of(line).is_state_idempotent(), "{line}");
        }
    }
}

#[test]
fn a_refusal_names_a_function_or_says_that_there_is_none() {
    for refusal in Refusal::ALL {
        let sentence = refusal.sentence();
        let helps = ["rr_", "no function", "use SELECT"].iter().any(|part| sentence.contains(part));
        assert!(helps && !sentence.ends_with('.'), "{refusal:?}: {sentence}");
    }
}

#[test]
fn a_blocking_command_tells_how_long_it_asks_to_wait() {
    for (line, milliseconds) in [
        ("BLPOP a b 1.5", 1500),
        ("brpop a 2", 2000),
        ("BLMOVE a b LEFT RIGHT 0.001", 1),
        ("BRPOPLPUSH a b 7", 7000),
        ("BZPOPMIN z 1", 1000),
        ("BZPOPMAX z 1e1", 10_000),
        ("BLMPOP 3 1 a LEFT", 3000),
        ("BZMPOP 0.5 1 z MIN", 500),
        ("XREAD COUNT 1 BLOCK 250 STREAMS s $", 250),
        ("XREAD BLOCK 20 COUNT 1 STREAMS BLOCK 0", 20),
        ("XREADGROUP GROUP BLOCK c NOACK BLOCK 30 STREAMS s >", 30),
        ("WAIT 1 100", 100),
        ("WAITAOF 1 0 100", 100),
    ] {
        assert_eq!(of(line).placement(), Placement::Blocking, "{line}");
        assert_eq!(blocking_timeout(&argv(line)), Some(Duration::from_millis(milliseconds)), "{line}");
    }
}

#[test]
fn a_blocking_command_can_ask_for_less() {
    for (line, milliseconds, expected) in [
        ("BLPOP a b 1.5", 400, "BLPOP a b 0.400"),
        ("BLMOVE a b LEFT RIGHT 20", 12_034, "BLMOVE a b LEFT RIGHT 12.034"),
        ("BLMPOP 3 1 a LEFT", 0, "BLMPOP 0.001 1 a LEFT"),
        ("XREAD COUNT 1 BLOCK 250 STREAMS s $", 7, "XREAD COUNT 1 BLOCK 7 STREAMS s $"),
        (
            "XREADGROUP GROUP BLOCK c NOACK BLOCK 30 STREAMS s >",
            0,
            "XREADGROUP GROUP BLOCK c NOACK BLOCK 1 STREAMS s >",
        ),
    ] {
        let (at, text) = shortened_timeout(&argv(line), Duration::from_millis(milliseconds)).unwrap();
        let mut words: Vec<&str> = line.split(' ').collect();
        words[at] = &text;
        assert_eq!(words.join(" "), expected);
    }
    for line in ["BLPOP a 0", "XREAD BLOCK 0 STREAMS s $", "GET k", "BLPOP", "XREAD BLOCK"] {
        assert_eq!(shortened_timeout(&argv(line), Duration::from_secs(1)), None, "{line}");
    }
}

#[test]
fn a_blocking_command_tells_a_key() {
    for (line, key) in [
        ("BLPOP a b 1.5", Some("a")),
        ("BLMOVE a b LEFT RIGHT 20", Some("a")),
        ("BLMPOP 3 1 a LEFT", Some("a")),
        ("BZMPOP 3 1 z MIN", Some("z")),
        ("XREAD COUNT 1 BLOCK 250 STREAMS STREAMS s 0 0", Some("STREAMS")),
        ("XREADGROUP GROUP STREAMS c BLOCK 30 STREAMS s >", Some("s")),
        ("WAIT 1 0", None),
        ("BLMPOP 3 1", None),
        ("XREAD BLOCK 0 STREAMS", None),
        ("GET k", None),
    ] {
        assert_eq!(blocking_key(&argv(line)), key.map(str::as_bytes), "{line}");
    }
}

#[test]
fn no_timeout_is_no_bound() {
    for line in [
        "BLPOP a 0",
        "BLPOP a 0.0",
        "BLPOP",
        "BLPOP a x",
        "BLPOP a -1",
        "BLPOP a nan",
        "BLPOP a inf",
        "BLPOP a 1e400",
        "XREAD BLOCK 0 STREAMS s $",
        "XREAD BLOCK",
        "WAIT 1 0",
        "WAIT 1",
        "WAITAOF 1 1 -5",
    ] {
        assert_eq!(of(line).placement(), Placement::Blocking, "{line}");
        assert_eq!(blocking_timeout(&argv(line)), None, "{line}");
    }
    for line in ["", "GET 5", "CLIENT PAUSE 100", "XREAD STREAMS BLOCK 100", "XREADGROUP GROUP g BLOCK STREAMS s >"] {
        assert_ne!(of(line).placement(), Placement::Blocking, "{line}");
        assert_eq!(blocking_timeout(&argv(line)), None, "{line}");
    }
}

#[test]
fn a_reply_that_hands_out_what_it_takes_away_is_known_as_that() {
    for line in [
        "LPOP k",
        "RPOP k 2",
        "LMPOP 1 k LEFT",
        "SPOP k",
        "ZPOPMIN k",
        "ZPOPMAX k 2",
        "ZMPOP 1 k MIN",
        "GETDEL k",
        "HGETDEL k FIELDS 1 f",
        "GETSET k 0",
        "SET k 0 GET",
        "set k 0 ex 5 get",
        "XREADGROUP GROUP g c STREAMS s >",
        "XCLAIM s g c 0 1-1 JUSTID",
        "XAUTOCLAIM s g c 0 0",
    ] {
        assert!(of(line).is_taking() && of(line).is_write(), "{line}");
    }
    for line in [
        "LMOVE a b LEFT LEFT",
        "RPOPLPUSH a b",
        "SET GET v",
        "SET k GET",
        "SREM k v",
        "INCR n",
        "DEL k",
        "GETEX k",
        "EVAL x 0",
    ] {
        assert!(!of(line).is_taking(), "{line}");
    }
}

#[test]
fn what_dollar_stands_for_differs_when_it_is_asked_again() {
    is("XREAD BLOCK 10 STREAMS s $", Traits::VARIES.at(Placement::Blocking));
    is("XREAD BLOCK 10 STREAMS s 5-1", Traits::READ.at(Placement::Blocking));
    is("XREAD STREAMS s $", Traits::READ);
}

#[test]
fn a_name_is_in_upper_case_and_bounded() {
    let long = "x".repeat(100);
    let shortened = format!("{}...", "X".repeat(37));
    for (line, expected) in [
        ("get k", "GET"),
        ("client setname me", "CLIENT SETNAME"),
        ("Client", "CLIENT"),
        ("client NewOne secret", "CLIENT NEWONE"),
        ("json.get k", "JSON.GET"),
        ("my-module.do_it k", "MY-MODULE.DO_IT"),
        ("sentinel get-primary-addr-by-name x", "SENTINEL GET-PRIMARY-ADDR-BY-NAME"),
        ("", "(EMPTY)"),
        (&long, &shortened),
    ] {
        assert_eq!(name(&argv(line)).as_str(), expected, "{line}");
    }
    assert_eq!(format!("{} {:?}", name(&[b"ping"]), name(&[b"ping"])), "PING \"PING\"");
}

#[test]
fn a_name_never_shows_a_command_line_that_was_passed_as_one() {
    assert_eq!(name(&[b"AUTH secret"]).as_str(), "AUTH...");
    assert_eq!(name(&[b"config", b"set requirepass secret"]).as_str(), "CONFIG SET...");
    assert_eq!(name(&[b"\xFF\0"]).as_str(), "...");
}

#[test]
fn subcommand_rows_are_unique_and_in_upper_case() {
    let check = |rows: &[table::Row]| {
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row.name, row.name.to_ascii_uppercase());
            assert!(rows.iter().skip(index + 1).all(|other| other.name != row.name), "{} stands twice", row.name);
        }
    };
    check(table::ROWS);
    for row in table::ROWS {
        if let Rule::Holds(subcommands, _) = row.rule {
            check(subcommands);
        }
    }
}
