//! The commands whose arguments decide what they are: one function each, named after the command.
//!
//! Pure functions over the arguments without the name, for any thread. Each says why in one line where it is not plain
//! from the command's documentation. None of them ever answers for arguments it does not understand: those are writes
//! that must not run twice.

use super::args::{Args, counted, has, integer, is, is_any};
use super::blocking;
use super::placement::{Placement, SessionChange};
use super::traits::Traits;

/// The options that SET and its younger relatives share.
#[derive(Default)]
struct StoreOptions {
    /// EX, PX, EXAT, PXAT or PERSIST.
    moves_expiry: bool,
    /// EXAT or PXAT: the moment may already have passed, and then the value is gone after the first run.
    may_be_past: bool,
    /// NX, FNX or a comparison: the first run can make the second one fail.
    spoils_condition: bool,
    /// XX or FXX.
    only_present: bool,
    /// GET: the old value is the reply.
    returns_old: bool,
}

impl StoreOptions {
    /// Reads options up to FIELDS or the end. `None` when one of them is not known.
    fn read(mut arguments: Args<'_, '_>) -> Option<StoreOptions> {
        let mut options = StoreOptions::default();
        while let [option, rest @ ..] = arguments {
            let mut values = 0;
            if is(option, "FIELDS") {
                break;
            } else if is_any(option, &["EX", "PX"]) {
                options.moves_expiry = true;
                values = 1;
            } else if is_any(option, &["EXAT", "PXAT"]) {
                options.moves_expiry = true;
                options.may_be_past = true;
                values = 1;
            } else if is(option, "PERSIST") {
                options.moves_expiry = true;
            } else if is_any(option, &["NX", "FNX"]) {
                options.spoils_condition = true;
            } else if is_any(option, &["IFEQ", "IFNE", "IFDEQ", "IFDNE"]) {
                options.spoils_condition = true;
                values = 1;
            } else if is_any(option, &["XX", "FXX"]) {
                options.only_present = true;
            } else if is(option, "GET") {
                options.returns_old = true;
            } else if !is(option, "KEEPTTL") {
                return None;
            }
            arguments = rest.get(values..)?;
        }
        Some(options)
    }

    /// A command that stores values under these options.
    fn storing(arguments: Args<'_, '_>) -> Traits {
        match StoreOptions::read(arguments) {
            None => Traits::WRITE,
            Some(options) if options.spoils_condition || options.returns_old => Traits::STATE,
            Some(options) if options.only_present && options.may_be_past => Traits::STATE,
            Some(_) => Traits::BOTH,
        }
    }

    /// A command that returns values and may move their expiry.
    fn fetching(arguments: Args<'_, '_>) -> Traits {
        match StoreOptions::read(arguments) {
            None => Traits::WRITE,
            Some(options) if options.may_be_past => Traits::STATE,
            Some(options) if options.moves_expiry => Traits::BOTH,
            Some(_) => Traits::READ,
        }
    }
}

/// Whatever the condition, after the first run it is either refused again or stores the same again.
pub(super) fn set(arguments: Args<'_, '_>) -> Traits {
    let [_key, _value, options @ ..] = arguments else { return Traits::WRITE };
    let traits = StoreOptions::storing(options);
    if has(options, "GET") { traits.taking() } else { traits }
}

pub(super) fn msetex(arguments: Args<'_, '_>) -> Traits {
    let Some(keys) = counted(arguments) else { return Traits::WRITE };
    let Some(options) = arguments.get(1 + 2 * keys.len()..) else { return Traits::WRITE };
    StoreOptions::storing(options)
}

pub(super) fn hsetex(arguments: Args<'_, '_>) -> Traits {
    let [_key, options @ ..] = arguments else { return Traits::WRITE };
    StoreOptions::storing(options)
}

/// GETEX and HGETEX.
pub(super) fn getex(arguments: Args<'_, '_>) -> Traits {
    let [_key, options @ ..] = arguments else { return Traits::WRITE };
    StoreOptions::fetching(options)
}

/// GET reads, SET overwrites and answers the old value, INCRBY counts.
pub(super) fn bitfield(arguments: Args<'_, '_>) -> Traits {
    let [_key, operations @ ..] = arguments else { return Traits::WRITE };
    let mut operations = operations;
    let mut answer = Traits::READ;
    while let [operation, rest @ ..] = operations {
        let values = if is(operation, "GET") {
            2
        } else if is(operation, "OVERFLOW") {
            1
        } else if is(operation, "SET") {
            answer = Traits::STATE;
            3
        } else {
            return Traits::WRITE;
        };
        let Some(rest) = rest.get(values..) else { return Traits::WRITE };
        operations = rest;
    }
    answer
}

/// Into one of its own sources only AND and OR settle: XOR and NOT swing, DIFF and ONE may.
pub(super) fn bitop(arguments: Args<'_, '_>) -> Traits {
    let [operation, destination, sources @ ..] = arguments else { return Traits::WRITE };
    if !sources.contains(destination) || is_any(operation, &["AND", "OR"]) { Traits::BOTH } else { Traits::WRITE }
}

/// EXPIRE, PEXPIRE, HEXPIRE, HPEXPIRE: a time that is not in the future deletes, which only the first run can.
pub(super) fn expire(arguments: Args<'_, '_>) -> Traits {
    let [_key, time, conditions @ ..] = arguments else { return Traits::WRITE };
    let Some(time) = integer(time) else { return Traits::WRITE };
    match expire_condition(conditions) {
        None => Traits::WRITE,
        Some(Condition::Lasts) if time > 0 => Traits::BOTH,
        Some(_) => Traits::STATE,
    }
}

/// EXPIREAT, PEXPIREAT, HEXPIREAT, HPEXPIREAT: the moment may already have passed.
pub(super) fn expireat(arguments: Args<'_, '_>) -> Traits {
    let [_key, _time, conditions @ ..] = arguments else { return Traits::WRITE };
    if expire_condition(conditions).is_some() { Traits::STATE } else { Traits::WRITE }
}

enum Condition {
    /// Holds for the second run when it held for the first.
    Lasts,
    /// Does not.
    Spoils,
}

fn expire_condition(conditions: Args<'_, '_>) -> Option<Condition> {
    let mut answer = Condition::Lasts;
    for condition in conditions.iter().take_while(|word| !is(word, "FIELDS")) {
        if is_any(condition, &["NX", "GT", "LT"]) {
            answer = Condition::Spoils;
        } else if !is(condition, "XX") {
            return None;
        }
    }
    Some(answer)
}

/// Onto itself it does nothing; otherwise the second run finds no key.
pub(super) fn rename(arguments: Args<'_, '_>) -> Traits {
    match arguments {
        [from, to] if from == to => Traits::BOTH,
        [_, _] => Traits::STATE,
        _ => Traits::WRITE,
    }
}

/// COPY and RESTORE.
pub(super) fn copy(arguments: Args<'_, '_>) -> Traits {
    let [_, _, options @ ..] = arguments else { return Traits::WRITE };
    // A database or a time can only be a number, a payload is never this word.
    if has(options, "REPLACE") { Traits::BOTH } else { Traits::STATE }
}

/// Into its own source, or into a key that its patterns read, it sorts something else the second time.
pub(super) fn sort(arguments: Args<'_, '_>) -> Traits {
    let [key, options @ ..] = arguments else { return Traits::WRITE };
    let Some(destination) = sort_destination(options) else { return Traits::WRITE };
    let Some(destination) = destination else { return Traits::READ };
    if destination == *key || sort_reads(options, destination) { Traits::WRITE } else { Traits::BOTH }
}

/// The key after STORE. `None` when the options do not parse.
fn sort_destination<'b>(mut options: Args<'_, 'b>) -> Option<Option<&'b [u8]>> {
    let mut destination = None;
    while let [option, rest @ ..] = options {
        let values = if is_any(option, &["ASC", "DESC", "ALPHA"]) {
            0
        } else if is_any(option, &["BY", "GET"]) {
            1
        } else if is(option, "LIMIT") {
            2
        } else if is(option, "STORE") && destination.is_none() {
            destination = Some(*rest.first()?);
            1
        } else {
            return None;
        };
        options = rest.get(values..)?;
    }
    Some(destination)
}

/// Can a pattern of BY or GET, or what looks like one, name this key?
fn sort_reads(options: Args<'_, '_>, key: &[u8]) -> bool {
    options.windows(2).any(|pair| match pair {
        [option, pattern] if is_any(option, &["BY", "GET"]) => {
            let mut parts = pattern.split(|byte| *byte == b'*');
            let before_star = parts.next().unwrap_or_default();
            parts.next().is_some() && key.starts_with(before_star)
        }
        _ => false,
    })
}

/// Removing a bounded number of matches goes on in the second run; removing all of them is over after the first.
pub(super) fn lrem(arguments: Args<'_, '_>) -> Traits {
    match arguments {
        [_key, count, _element] if integer(count) == Some(0) => Traits::STATE,
        _ => Traits::WRITE,
    }
}

/// Keeping the first or the last few settles; cutting a piece off an end goes on.
pub(super) fn ltrim(arguments: Args<'_, '_>) -> Traits {
    let [_key, start, stop] = arguments else { return Traits::WRITE };
    let (Some(start), Some(stop)) = (integer(start), integer(stop)) else { return Traits::WRITE };
    let cuts_nothing_off_the_front = start <= 0;
    let cuts_nothing_off_the_back = stop >= 0 || stop == -1;
    if (cuts_nothing_off_the_front && cuts_nothing_off_the_back) || is_empty_range(start, stop) {
        Traits::BOTH
    } else {
        Traits::WRITE
    }
}

/// Removing all but the first and the last few settles; removing those at fixed ranks goes on.
pub(super) fn zremrangebyrank(arguments: Args<'_, '_>) -> Traits {
    let [_key, start, stop] = arguments else { return Traits::WRITE };
    let (Some(start), Some(stop)) = (integer(start), integer(stop)) else { return Traits::WRITE };
    if (start >= 0 && stop < 0) || is_empty_range(start, stop) { Traits::STATE } else { Traits::WRITE }
}

/// Is it empty whatever the length?
fn is_empty_range(start: i64, stop: i64) -> bool {
    (start < 0) == (stop < 0) && start > stop
}

/// Subtracting from the first source settles, also when that is the destination; subtracting the old result does not.
pub(super) fn sdiffstore(arguments: Args<'_, '_>) -> Traits {
    match arguments {
        [destination, _first, others @ ..] if !others.contains(destination) => Traits::BOTH,
        _ => Traits::WRITE,
    }
}

/// As [`sdiffstore`], with the number of sources in front of them.
pub(super) fn zdiffstore(arguments: Args<'_, '_>) -> Traits {
    match arguments.split_first().map(|(destination, rest)| (destination, counted(rest))) {
        Some((destination, Some([_first, others @ ..]))) if !others.contains(destination) => Traits::BOTH,
        _ => Traits::WRITE,
    }
}

/// ZUNIONSTORE and ZINTERSTORE: into one of the sources, scores are added up again.
pub(super) fn zunionstore(arguments: Args<'_, '_>) -> Traits {
    match arguments.split_first().map(|(destination, rest)| (destination, counted(rest))) {
        Some((destination, Some(sources))) if !sources.contains(destination) => Traits::BOTH,
        _ => Traits::WRITE,
    }
}

/// ZRANGESTORE and GEOSEARCHSTORE: a range of the range, or scores that became distances, is something else.
pub(super) fn zrangestore(arguments: Args<'_, '_>) -> Traits {
    match arguments {
        [destination, source, _, ..] if destination != source => Traits::BOTH,
        _ => Traits::WRITE,
    }
}

/// ZADD and GEOADD: scores are set, unless INCR adds them. Without CH, XX always answers 0.
pub(super) fn zadd(arguments: Args<'_, '_>) -> Traits {
    let [_key, options @ ..] = arguments else { return Traits::WRITE };
    let is_option = |word: &&&[u8]| is_any(word, &["NX", "XX", "GT", "LT", "CH", "INCR"]);
    let end = options.iter().take_while(is_option).count();
    let (Some(options), Some([_, _, ..])) = (options.get(..end), options.get(end..)) else { return Traits::WRITE };
    if has(options, "INCR") {
        Traits::WRITE
    } else if has(options, "XX") && !has(options, "CH") {
        Traits::BOTH
    } else {
        Traits::STATE
    }
}

pub(super) fn georadius(arguments: Args<'_, '_>) -> Traits {
    let [key, _longitude, _latitude, _radius, _unit, options @ ..] = arguments else { return Traits::WRITE };
    radius_store(key, options)
}

pub(super) fn georadiusbymember(arguments: Args<'_, '_>) -> Traits {
    let [key, _member, _radius, _unit, options @ ..] = arguments else { return Traits::WRITE };
    radius_store(key, options)
}

fn radius_store(key: &[u8], mut options: Args<'_, '_>) -> Traits {
    let mut answer = Traits::READ;
    while let [option, rest @ ..] = options {
        let mut values = 0;
        if is(option, "COUNT") {
            values = 1;
        } else if is_any(option, &["STORE", "STOREDIST"]) {
            if rest.first().is_none_or(|destination| *destination == key) {
                return Traits::WRITE;
            }
            answer = Traits::BOTH;
            values = 1;
        } else if !is_any(option, &["WITHCOORD", "WITHDIST", "WITHHASH", "ANY", "ASC", "DESC"]) {
            return Traits::WRITE;
        }
        let Some(rest) = rest.get(values..) else { return Traits::WRITE };
        options = rest;
    }
    answer
}

/// An explicit ID is refused the second time. So is, within the window that the stream remembers, an entry that IDMP
/// names: there the first ID is answered again.
pub(super) fn xadd(arguments: Args<'_, '_>) -> Traits {
    let [_key, options @ ..] = arguments else { return Traits::WRITE };
    let mut options = options;
    let mut is_named = false;
    while let [option, rest @ ..] = options {
        let values = if is_any(option, &["NOMKSTREAM", "KEEPREF", "DELREF", "ACKED"]) {
            0
        } else if is_any(option, &["MAXLEN", "MINID"]) {
            if rest.first().is_some_and(|word| *word == b"=" || *word == b"~") { 2 } else { 1 }
        } else if is(option, "LIMIT") {
            1
        } else if is_any(option, &["IDMP", "IDMPAUTO"]) {
            is_named = true;
            if is(option, "IDMP") { 2 } else { 1 }
        } else {
            break;
        };
        let Some(rest) = rest.get(values..) else { return Traits::WRITE };
        options = rest;
    }
    match options {
        [_id, _field, _value, ..] if is_named => Traits::BOTH,
        [id, _field, _value, ..] if is_entry_id(id) => Traits::STATE,
        _ => Traits::WRITE,
    }
}

/// `milliseconds` or `milliseconds-sequence`, with nothing left to the server.
fn is_entry_id(id: &[u8]) -> bool {
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = id.splitn(2, |byte| *byte == b'-');
    parts.next().is_some_and(is_number) && parts.next().is_none_or(is_number)
}

/// `~` with its limit stops early, and the second run goes on from there.
pub(super) fn xtrim(arguments: Args<'_, '_>) -> Traits {
    match arguments {
        [_key, _strategy, approximately, _threshold, limit @ ..] if *approximately == b"~" => match limit {
            [word, count, ..] if is(word, "LIMIT") && integer(count) == Some(0) => Traits::STATE,
            _ => Traits::WRITE,
        },
        [_key, _strategy, _threshold, ..] => Traits::STATE,
        _ => Traits::WRITE,
    }
}

/// Each claim counts as a delivery, unless it says otherwise.
pub(super) fn xclaim(arguments: Args<'_, '_>) -> Traits {
    let [_key, _group, _consumer, _idle, _first, options @ ..] = arguments else { return Traits::WRITE };
    let traits = if has(options, "JUSTID") || has(options, "RETRYCOUNT") { Traits::STATE } else { Traits::WRITE };
    traits.taking()
}

/// Waits only with BLOCK. What `$` stands for is something else when it is asked again.
pub(super) fn xread(arguments: Args<'_, '_>) -> Traits {
    match blocking::block(arguments) {
        None => Traits::READ,
        Some(_) if arguments.contains(&&b"$"[..]) => Traits::VARIES.at(Placement::Blocking),
        Some(_) => Traits::READ.at(Placement::Blocking),
    }
}

/// Every read counts as a delivery, also one of the consumer's own history.
pub(super) fn xreadgroup(arguments: Args<'_, '_>) -> Traits {
    match blocking::block(arguments) {
        None => Traits::WRITE.taking(),
        Some(_) => Traits::WRITE.at(Placement::Blocking),
    }
}

/// The long form tells how long each entry has been idle.
pub(super) fn xpending(arguments: Args<'_, '_>) -> Traits {
    if arguments.len() == 2 { Traits::READ } else { Traits::VARIES }
}

/// Without arguments it only asks.
pub(super) fn hello(arguments: Args<'_, '_>) -> Traits {
    if arguments.is_empty() { Traits::ASKING } else { Traits::ASKING.at(Placement::Session(SessionChange::Hello)) }
}

/// An ID is never given twice; every other filter may meet a connection that has just come back.
pub(super) fn client_kill(arguments: Args<'_, '_>) -> Traits {
    let is_by_id = arguments.chunks(2).any(|filter| filter.first().is_some_and(|word| is(word, "ID")));
    if is_by_id { Traits::STATE } else { Traits::WRITE }
}

/// Rules are settings, except that each parenthesis adds one more selector.
pub(super) fn acl_setuser(arguments: Args<'_, '_>) -> Traits {
    if arguments.iter().any(|rule| rule.starts_with(b"(")) { Traits::WRITE } else { Traits::STATE }
}

pub(super) fn acl_log(arguments: Args<'_, '_>) -> Traits {
    if has(arguments, "RESET") { Traits::BOTH } else { Traits::VARIES }
}

/// FUNCTION LOAD: the library exists already the second time.
pub(super) fn function_load(arguments: Args<'_, '_>) -> Traits {
    if arguments.first().is_some_and(|word| is(word, "REPLACE")) { Traits::BOTH } else { Traits::STATE }
}

/// FUNCTION RESTORE: the same, for all libraries of the payload.
pub(super) fn function_restore(arguments: Args<'_, '_>) -> Traits {
    let policy = arguments.get(1).copied().unwrap_or_default();
    if is_any(policy, &["FLUSH", "REPLACE"]) { Traits::BOTH } else { Traits::STATE }
}

/// FT.AGGREGATE: a cursor is kept by the server until it is read to its end.
pub(super) fn ft_aggregate(arguments: Args<'_, '_>) -> Traits {
    if has(arguments, "WITHCURSOR") { Traits::WRITE } else { Traits::VARIES }
}
