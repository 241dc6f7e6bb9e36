//! A command's name for messages: upper case, with its subcommand, of bounded length.
//!
//! A plain value without allocation, for any thread. It never shows an argument: of a command that is not in the table
//! only the leading letters, digits and `.-_` are kept, because a whole command line may have been passed as its name.

use std::fmt;

use super::table::{self, Rule};
use super::{args::Args, lookup};

/// The longest name of the table has 33 bytes.
const CAPACITY: usize = 40;

/// A command's name: `GET`, `CLIENT SETNAME`. Displays as text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; CAPACITY],
    length: usize,
}

/// The name of the command `argv`, with its subcommand where the command has them.
pub fn name(argv: &[&[u8]]) -> Name {
    let mut name = Name { bytes: [0; CAPACITY], length: 0 };
    let Some((command, arguments)) = argv.split_first() else {
        name.push_all(b"(empty)");
        return name;
    };
    match lookup::find_row(command) {
        Some(row) => {
            name.push_all(row.name.as_bytes());
            if let Rule::Holds(subcommands, _) = row.rule {
                name.push_subcommand(subcommands, arguments);
            }
        }
        None => name.push_foreign(command),
    }
    name
}

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn push_subcommand(&mut self, subcommands: &[table::Row], arguments: Args<'_, '_>) {
        let Some(subcommand) = arguments.first() else { return };
        self.push(b' ');
        match table::subcommand(subcommands, subcommand) {
            Some(row) => self.push_all(row.name.as_bytes()),
            None => self.push_foreign(subcommand),
        }
    }

    fn push_foreign(&mut self, bytes: &[u8]) {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
        let plain = bytes.iter().take_while(|byte| is_plain(byte)).count();
        let room = (CAPACITY - self.length).saturating_sub(3);
        let shown = plain.min(room);
        self.push_all(bytes.get(..shown).unwrap_or_default());
        if shown < bytes.len() {
            self.push_all(b"...");
        }
    }

    fn push_all(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push(*byte));
    }

    fn push(&mut self, byte: u8) {
        if let Some(free) = self.bytes.get_mut(self.length) {
            *free = byte.to_ascii_uppercase();
            self.length += 1;
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
