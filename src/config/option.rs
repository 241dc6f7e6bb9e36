//! What an option is: its name, what it accepts, and how its text is read, checked and written back.
//!
//! Pure functions on text, any thread. It knows no single option, never shows a secret, and never accepts a value that it
//! would have to bend.

use std::borrow::Cow;

use super::{Config, refusal};
use crate::error::Result;

const KIB: i64 = 1 << 10;
const GIB: i64 = 1 << 30;

/// What a secret reads back as.
pub(super) const HIDDEN: &str = "***";

/// One option.
#[derive(Debug)]
#[non_exhaustive]
pub struct OptionSpec {
    /// The section of `docs/CONFIGURATION.md` it belongs to.
    pub group: &'static str,
    /// Its name in [`Config::set`], in a URL's query, and after `RR_` in upper case in the environment.
    pub name: &'static str,
    /// The default as text; empty is not set.
    pub default: &'static str,
    /// What it does and what follows from it, for people.
    pub meaning: &'static str,
    /// Its value is never shown.
    pub secret: bool,
    pub(super) kind: Kind,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Things.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Bytes; the text may end in `KiB`, `MiB` or `GiB`.
    Bytes,
}

pub(super) type Get<T> = fn(&Config) -> Option<T>;
/// A refusal says what would be right.
pub(super) type Set<T> = fn(&mut Config, T) -> std::result::Result<(), &'static str>;

#[derive(Debug)]
pub(super) enum Kind {
    Flag { get: Get<bool>, set: Set<bool> },
    Number { unit: Unit, min: i64, max: i64, zero: Option<&'static str>, get: Get<i64>, set: Set<i64> },
    Choice { names: &'static [&'static str], get: Get<&'static str>, set: for<'a> fn(&mut Config, &'a str) -> Chosen },
    Text { rule: &'static str, allowed: fn(&str) -> bool, get: Get<String>, set: for<'a> fn(&mut Config, &'a str) },
}

/// What became of a choice.
pub(super) enum Chosen {
    Done,
    Unknown,
    Refused(&'static str),
}

impl OptionSpec {
    /// Its type and range, for people.
    pub fn accepts(&self) -> String {
        match &self.kind {
            Kind::Flag { .. } => "`true` or `false`".into(),
            Kind::Number { unit, min, max, zero, .. } => {
                let range = match unit {
                    Unit::Count => format!("{min} to {max}"),
                    Unit::Milliseconds => format!("{min} to {max} ms"),
                    Unit::Microseconds => format!("{min} to {max} µs"),
                    Unit::Bytes => format!("{} to {}", with_suffix(*min), with_suffix(*max)),
                };
                zero.map_or(range.clone(), |zero| format!("0 ({zero}) or {range}"))
            }
            Kind::Choice { names, .. } => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            Kind::Text { rule, .. } => (*rule).into(),
        }
    }

    /// What its number counts and the smallest and largest it may be; nothing for an option that is not a number.
    pub fn range(&self) -> Option<(Unit, i64, i64)> {
        match self.kind {
            Kind::Number { unit, min, max, .. } => Some((unit, min, max)),
            _ => None,
        }
    }

    /// What 0 means, where 0 stands outside the range.
    pub fn zero(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Number { zero, .. } => zero,
            _ => None,
        }
    }

    /// The names to choose from; empty for an option that is not a choice.
    pub fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Choice { names, .. } => names,
            _ => &[],
        }
    }

    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("{}{}", super::VARIABLE_PREFIX, self.variable_suffix())
    }

    pub(super) fn variable_suffix(&self) -> String {
        self.name.to_ascii_uppercase()
    }

    /// Its value as text; empty when it is not set or does not apply, `***` for a secret.
    pub fn get(&self, config: &Config) -> String {
        let text = self.text(config).unwrap_or_default();
        if self.secret && !text.is_empty() { HIDDEN.into() } else { text }
    }

    /// Sets it from text.
    pub fn set(&self, config: &mut Config, text: &str) -> Result<()> {
        match self.store(config, text) {
            Ok(()) => Ok(()),
            Err(right) if self.secret => {
                Err(refusal(format!("option \"{}\" cannot have the value given: {right}", self.name)))
            }
            Err(right) => Err(refusal(format!("option \"{}\" cannot be {}: {right}", self.name, quoted(text)))),
        }
    }

    /// Checks the value that `config` holds.
    pub(super) fn check(&self, config: &Config) -> Result<()> {
        match self.text(config) {
            Some(text) => self.set(&mut config.clone(), &text),
            None => Ok(()),
        }
    }

    fn text(&self, config: &Config) -> Option<String> {
        match &self.kind {
            Kind::Flag { get, .. } => get(config).map(|value| value.to_string()),
            Kind::Number { get, .. } => get(config).map(|value| value.to_string()),
            Kind::Choice { get, .. } => get(config).map(str::to_owned),
            Kind::Text { get, .. } => get(config),
        }
    }

    fn store(&self, config: &mut Config, text: &str) -> std::result::Result<(), Cow<'static, str>> {
        match &self.kind {
            Kind::Flag { set, .. } => {
                let value = parse_flag(text).ok_or("it takes true or false (also yes/no, on/off, 1/0)")?;
                Ok(set(config, value)?)
            }
            Kind::Number { unit, min, max, zero, set, .. } => {
                let number = match unit {
                    Unit::Bytes => parse_bytes(text),
                    _ => parse_integer(text),
                };
                match number {
                    Some(number) if (*min..=*max).contains(&number) || (number == 0 && zero.is_some()) => {
                        Ok(set(config, number)?)
                    }
                    _ => Err(expected_number(*unit, *min, *max, *zero).into()),
                }
            }
            Kind::Choice { names, set, .. } => match set(config, &text.to_ascii_lowercase()) {
                Chosen::Done => Ok(()),
                Chosen::Refused(why) => Err(why.into()),
                Chosen::Unknown => Err(format!("it takes one of {}", names.join(", ")).into()),
            },
            Kind::Text { rule, allowed, set, .. } => {
                if !allowed(text) {
                    return Err(format!("it takes {rule}").into());
                }
                set(config, text);
                Ok(())
            }
        }
    }
}

fn expected_number(unit: Unit, min: i64, max: i64, zero: Option<&str>) -> String {
    let zero = zero.map_or(String::new(), |zero| format!("0 ({zero}) or "));
    match unit {
        Unit::Count => format!("it takes {zero}a whole number from {min} to {max}"),
        Unit::Milliseconds => format!("it takes {zero}a whole number of milliseconds from {min} to {max}"),
        Unit::Microseconds => format!("it takes {zero}a whole number of microseconds from {min} to {max}"),
        Unit::Bytes => format!(
            "it takes {zero}a whole number of bytes from {min} ({}) to {max} ({}); KiB, MiB and GiB may follow it",
            with_suffix(min),
            with_suffix(max)
        ),
    }
}

fn parse_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn parse_integer(text: &str) -> Option<i64> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// `65536`, `64KiB` or `64 KiB`; capital letters do not matter. `K`, `KB` and the like mean different things to
/// different people and are not taken.
fn parse_bytes(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(digits)?;
    let factor = match suffix.trim_start_matches(' ').to_ascii_lowercase().as_str() {
        "" if suffix.is_empty() => 1,
        "kib" => KIB,
        "mib" => KIB * KIB,
        "gib" => GIB,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

fn with_suffix(bytes: i64) -> String {
    [("GiB", GIB), ("MiB", KIB * KIB), ("KiB", KIB)]
        .into_iter()
        .find(|(_, factor)| bytes >= *factor && bytes % factor == 0)
        .map_or_else(|| bytes.to_string(), |(suffix, factor)| format!("{} {suffix}", bytes / factor))
}

/// `text` in quotes, with what is invisible made visible, and not too much of it.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}
