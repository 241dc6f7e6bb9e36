//! Decimal numbers on a header line. Owns how digits become a number, and what is not one.
//!
//! Pure functions on the bytes behind a line's type byte. `Ok(None)` means that the line goes on beyond the bytes given;
//! a wrong byte is a fault as soon as it is there.

use super::fault::Fault;

/// A line with a number is never longer than this.
const LONGEST: usize = 32;

/// The number of digits that always fit.
const SAFE_DIGITS: usize = 18;

/// The commonest form of [`unsigned`]: a whole line with few digits. `None` says only that it is something else.
#[inline(always)]
pub(super) fn quick(line: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (at, &byte) in line.iter().enumerate().take(SAFE_DIGITS + 1) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let ends = at > 0 && line.get(at..at + 2) == Some(b"\r\n");
            return ends.then_some((value, at + 2));
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    None
}

/// A number without a sign, and the length of the line with its end.
pub(super) fn unsigned(line: &[u8]) -> Result<Option<(u64, usize)>, Fault> {
    let mut value = 0u64;
    for (at, &byte) in line.iter().enumerate() {
        if at >= LONGEST {
            break;
        }
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(u64::from(digit)))
                .ok_or_else(|| Fault::new("a number beyond 64 bits"))?;
            continue;
        }
        return match (byte, line.get(at + 1)) {
            (b'\r', _) if at == 0 => Err(Fault::found("expected a digit", byte)),
            (b'\r', Some(b'\n')) => Ok(Some((value, at + 2))),
            (b'\r', Some(&other)) => Err(Fault::found("expected \\n after \\r", other)),
            (b'\r', None) => Ok(None),
            _ => Err(Fault::found("expected a digit", byte)),
        };
    }
    if line.len() > LONGEST { Err(Fault::new("a line longer than a number")) } else { Ok(None) }
}

/// A number with an optional sign, and the length of the line with its end.
pub(super) fn signed(line: &[u8]) -> Result<Option<(i64, usize)>, Fault> {
    let (negative, digits) = match line.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, line),
    };
    let Some((magnitude, used)) = unsigned(digits)? else {
        return Ok(None);
    };
    let value = match i64::try_from(magnitude) {
        Ok(value) if negative => -value,
        Ok(value) => value,
        Err(_) if negative && magnitude == i64::MIN.unsigned_abs() => i64::MIN,
        Err(_) => return Err(Fault::new("a number beyond 64 bits")),
    };
    Ok(Some((value, used + (line.len() - digits.len()))))
}

/// How many digits `value` has in decimal.
#[inline]
pub(super) fn digits(value: usize) -> usize {
    match value {
        0..10 => 1,
        10..100 => 2,
        100..1000 => 3,
        _ => value.ilog10() as usize + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Option<i64> {
        signed(line.as_bytes()).unwrap().map(|(value, used)| {
            assert_eq!(used, line.len());
            value
        })
    }

    #[test]
    fn every_64_bit_number_has_its_line() {
        for number in [0, 1, -1, 9, 10, 123_456, i64::MAX, i64::MIN, i64::MAX / 10, 999_999_999_999_999_999] {
            assert_eq!(value(&format!("{number}\r\n")), Some(number));
        }
        assert_eq!(value("+7\r\n"), Some(7));
        assert_eq!(value("-0\r\n"), Some(0));
        assert_eq!(value("0000000000000000000000007\r\n"), Some(7));
        assert_eq!(unsigned(b"18446744073709551615\r\n").unwrap(), Some((u64::MAX, 22)));
    }

    #[test]
    fn a_beginning_of_a_number_is_not_yet_one() {
        for line in ["", "-", "1", "12\r", "9223372036854775807", "9223372036854775807\r"] {
            assert_eq!(value(line), None, "{line:?}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_a_fault() {
        let long = format!("{}\r\n", "0".repeat(40));
        for line in [
            "\r\n",
            "-\r\n",
            "--1\r\n",
            "1 \r\n",
            " 1\r\n",
            "1\n",
            "1\rx",
            "0x1\r\n",
            "9223372036854775808\r\n",
            "-9223372036854775809\r\n",
            "99999999999999999999\r\n",
            "1234567890123456789x",
            "1234567890123456789\rx",
            &long,
        ] {
            assert!(signed(line.as_bytes()).is_err(), "{line:?}");
        }
    }

    #[test]
    fn digits_are_counted() {
        for (value, count) in [(0, 1), (9, 1), (10, 2), (99, 2), (100, 3), (usize::MAX, 20)] {
            assert_eq!(digits(value), count);
        }
    }
}
