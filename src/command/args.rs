//! Reading arguments: words, whole numbers, `numkeys key …`.
//!
//! Owns nothing; pure functions over borrowed bytes, for any thread. It never allocates, and it never accepts what is
//! not plainly a number: `None` makes the asker cautious.

/// The arguments of a command, without its name.
pub(super) type Args<'a, 'b> = &'a [&'b [u8]];

/// Is the argument this word, in any case?
pub(super) fn is(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}

/// Is the argument one of these words, in any case?
pub(super) fn is_any(argument: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| is(argument, word))
}

/// Is one of the arguments this word, in any case? For options that may stand anywhere.
pub(super) fn has(arguments: Args<'_, '_>, word: &str) -> bool {
    arguments.iter().any(|argument| is(argument, word))
}

/// The argument as a whole number.
pub(super) fn integer(argument: &[u8]) -> Option<i64> {
    std::str::from_utf8(argument).ok()?.parse().ok()
}

/// The keys of `numkeys key [key ...] …`.
pub(super) fn counted<'a, 'b>(arguments: Args<'a, 'b>) -> Option<Args<'a, 'b>> {
    let (count, rest) = arguments.split_first()?;
    let count = usize::try_from(integer(count)?).ok()?;
    rest.get(..count).filter(|keys| !keys.is_empty())
}
