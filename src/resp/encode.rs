//! A command's bytes. Owns the encoding of an argv, and the way back for commands that wait in a buffer.
//!
//! Pure functions; whoever has the output buffer calls them. They never look at what a command means.

use super::number;

/// Appends the command `argv` to `out`.
#[inline]
pub fn encode(out: &mut Vec<u8>, argv: &[&[u8]]) {
    out.reserve(encoded_len(argv));
    encode_header(out, argv.len());
    for argument in argv {
        encode_argument(out, argument);
    }
}

/// Exactly how many bytes [`encode`] appends for `argv`.
#[inline]
pub fn encoded_len(argv: &[&[u8]]) -> usize {
    let header = number::digits(argv.len()) + 3;
    argv.iter().map(|argument| number::digits(argument.len()) + argument.len() + 5).sum::<usize>() + header
}

/// Appends the beginning of a command of `argc` arguments, which [`encode_argument`] then appends one by one.
#[inline]
pub fn encode_header(out: &mut Vec<u8>, argc: usize) {
    header(out, b'*', argc);
}

/// Appends one argument.
#[inline]
pub fn encode_argument(out: &mut Vec<u8>, argument: &[u8]) {
    header(out, b'$', argument.len());
    out.extend_from_slice(argument);
    out.extend_from_slice(b"\r\n");
}

/// Appends a type and a number. The short forms have sizes that the compiler knows.
#[inline]
fn header(out: &mut Vec<u8>, mark: u8, number: usize) {
    let digit = |unit: usize| b'0' + (number / unit % 10) as u8;
    match number {
        0..10 => out.extend_from_slice(&[mark, digit(1), b'\r', b'\n']),
        10..100 => out.extend_from_slice(&[mark, digit(10), digit(1), b'\r', b'\n']),
        100..1000 => out.extend_from_slice(&[mark, digit(100), digit(10), digit(1), b'\r', b'\n']),
        _ => long_header(out, mark, number),
    }
}

#[inline(never)]
fn long_header(out: &mut Vec<u8>, mark: u8, mut number: usize) {
    let mut digits = [b'0'; 20];
    let mut count = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        count += 1;
        if number == 0 {
            break;
        }
    }
    out.push(mark);
    out.extend(digits.iter().skip(digits.len() - count));
    out.extend_from_slice(b"\r\n");
}

/// The argv of the encoded command at the beginning of `bytes`, and how many bytes it occupies. `None` if there is no
/// whole command.
pub fn decode_command(bytes: &[u8]) -> Option<(Vec<&[u8]>, usize)> {
    let (argc, mut rest) = counted(bytes, b'*')?;
    // Each argument occupies 6 bytes or more.
    let mut argv = Vec::with_capacity(argc.min(bytes.len() / 6));
    for _ in 0..argc {
        let (length, body) = counted(rest, b'$')?;
        let (argument, behind) = body.split_at_checked(length)?;
        argv.push(argument);
        rest = behind.strip_prefix(b"\r\n")?;
    }
    Some((argv, bytes.len() - rest.len()))
}

/// The number behind `mark`, and the bytes behind the line.
fn counted(bytes: &[u8], mark: u8) -> Option<(usize, &[u8])> {
    let (first, line) = bytes.split_first()?;
    let (number, used) = if *first == mark { number::unsigned(line).ok()?? } else { return None };
    Some((usize::try_from(number).ok()?, line.get(used..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_an_array_of_bulks() {
        let mut out = b"before".to_vec();
        encode(&mut out, &[b"SET", b"key", b"", b"\r\n\0\xff"]);
        assert_eq!(out, b"before*4\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n$4\r\n\r\n\0\xff\r\n");
    }

    #[test]
    fn the_length_is_known_before_and_the_argv_comes_back() {
        for size in [0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 123_456] {
            for argc in [1, 2, 9, 10, 11, 100, 1001] {
                let argument = vec![b'x'; size / argc];
                let mut argv = vec![&argument[..]; argc];
                let long = vec![b'y'; size];
                argv[argc - 1] = &long;
                let mut out = Vec::new();
                encode(&mut out, &argv);
                assert_eq!(out.len(), encoded_len(&argv));
                assert_eq!(out.capacity(), out.len());
                out.extend_from_slice(b"*1\r\n");
                assert_eq!(decode_command(&out), Some((argv.clone(), encoded_len(&argv))));
            }
        }
    }

    #[test]
    fn what_is_not_a_whole_command_is_none() {
        let mut out = Vec::new();
        encode(&mut out, &[b"GET", b"a key"]);
        for end in 0..out.len() {
            assert_eq!(decode_command(&out[..end]), None);
        }
        for wrong in
            ["+OK\r\n", "*x\r\n", "*1\r\n:1\r\n", "*1\r\n$1\r\nabc", "*1\r\n$-1\r\n", "*99999999999999999999\r\n"]
        {
            assert_eq!(decode_command(wrong.as_bytes()), None);
        }
        assert_eq!(decode_command(b"*18446744073709551615\r\n$18446744073709551615\r\nx"), None);
    }
}
