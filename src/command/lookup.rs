//! From a name to its row: a hash index over the table, built when the library is compiled.
//!
//! Runs on the path of every command, on the caller's thread: a name becomes two words and its length, no byte is
//! copied and no case is changed in memory. It never allocates and never takes a lock.

use super::table::{ROWS, Row, Rule};

/// Slots of the index: a power of two, several times the rows, so that a search ends at once.
const SLOTS: usize = 2048;
const SLOT_BITS: u32 = SLOTS.trailing_zeros();
const EMPTY: u16 = u16::MAX;

const ROW_COUNT: usize = ROWS.len();

static PACKED: [Packed; ROW_COUNT] = pack_rows();
static INDEX: [u16; SLOTS] = build_index();

/// The rule of the command called `name`, in any case.
#[inline]
pub(super) fn find(name: &[u8]) -> Option<&'static Rule> {
    find_row(name).map(|row| &row.rule)
}

/// The row of the command called `name`, in any case.
#[inline]
pub(super) fn find_row(name: &[u8]) -> Option<&'static Row> {
    let packed = Packed::of(name);
    let mut slot = packed.slot();
    loop {
        let index = usize::from(*INDEX.get(slot)?);
        // An empty slot holds no row's index, which ends the search here.
        if *PACKED.get(index)? == packed {
            let row = ROWS.get(index)?;
            if packed.is_whole() || name.eq_ignore_ascii_case(row.name.as_bytes()) {
                return Some(row);
            }
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// A name's first and last bytes in upper case, and its length: the whole name, when it has at most 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Packed {
    first: u64,
    last: u64,
    length: usize,
}

impl Packed {
    #[inline]
    const fn of(name: &[u8]) -> Packed {
        let (first, last) = if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64)
        } else if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            (u16::from_le_bytes(*first) as u64, u16::from_le_bytes(*last) as u64)
        } else if let Some(only) = name.first() {
            (*only as u64, 0)
        } else {
            (0, 0)
        };
        Packed { first: upper_case(first), last: upper_case(last), length: name.len() }
    }

    /// Does it hold every byte of the name?
    #[inline]
    const fn is_whole(self) -> bool {
        self.length <= 16
    }

    #[inline]
    const fn slot(self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(23) ^ self.length as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (u64::BITS - SLOT_BITS)) as usize
    }
}

/// Eight ASCII letters at once to upper case; every other byte stays what it is.
#[inline]
const fn upper_case(bytes: u64) -> u64 {
    const EVERY: u64 = 0x0101_0101_0101_0101;
    let low_seven = bytes & (0x7F * EVERY);
    let from_a = low_seven + (0x80 - b'a' as u64) * EVERY;
    let beyond_z = low_seven + (0x7F - b'z' as u64) * EVERY;
    let is_letter = (from_a ^ beyond_z) & !bytes & (0x80 * EVERY);
    bytes ^ (is_letter >> 2)
}

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, where a bad index is a compile error")]
const fn pack_rows() -> [Packed; ROW_COUNT] {
    let mut packed = [Packed { first: 0, last: 0, length: 0 }; ROW_COUNT];
    let mut row = 0;
    while row < ROW_COUNT {
        packed[row] = Packed::of(ROWS[row].name.as_bytes());
        row += 1;
    }
    packed
}

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, where a bad index is a compile error")]
const fn build_index() -> [u16; SLOTS] {
    assert!(ROW_COUNT * 2 < SLOTS && SLOTS < EMPTY as usize, "the index is too small for the table");
    let packed = pack_rows();
    let mut index = [EMPTY; SLOTS];
    let mut row = 0;
    while row < ROW_COUNT {
        let mut slot = packed[row].slot();
        while index[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        index[slot] = row as u16;
        row += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_own_name_in_any_case() {
        for row in ROWS {
            for name in [row.name.to_owned(), row.name.to_lowercase()] {
                assert_eq!(find_row(name.as_bytes()).map(|found| found.name), Some(row.name));
            }
        }
    }

    #[test]
    fn a_name_that_is_not_in_the_table_is_not_found() {
        for name in ["", "g", "ge", "getx", "xget", "set ", "get\0", "a.name.of.more.than.sixteen.bytes", "ge\u{e9}t"] {
            assert!(find(name.as_bytes()).is_none(), "{name}");
        }
        // The first eight bytes, the last eight and the length of GEORADIUSBYMEMBER_RO, and another middle.
        assert!(find(b"GEORADIUxxxxEMBER_RO").is_none());
    }

    #[test]
    fn only_letters_change_case() {
        for byte in 0..=u8::MAX {
            let eight = [byte, b'a', byte, b'Z', byte, b'{', byte, 0x80];
            let upper = upper_case(u64::from_le_bytes(eight)).to_le_bytes();
            assert_eq!(upper, eight.map(|byte| byte.to_ascii_uppercase()));
        }
    }

    #[test]
    fn a_search_is_short() {
        let steps = |name: &str| {
            let start = Packed::of(name.as_bytes()).slot();
            (0..).find(|step| ROWS[usize::from(INDEX[(start + step) % SLOTS])].name == name).unwrap()
        };
        assert!(ROWS.iter().map(|row| steps(row.name)).max().unwrap() < 8);
        for name in ["GET", "SET", "MGET", "INCR", "DEL", "HGET", "HSET", "LPUSH", "SADD", "ZADD", "EXPIRE", "PING"] {
            assert!(steps(name) <= 1, "{name} takes {} steps", steps(name));
        }
    }
}
