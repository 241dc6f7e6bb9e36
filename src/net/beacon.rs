//! A beacon: the descriptor by which a program's own loop learns that there is something to take. Owns the descriptor,
//! and that it is readable exactly while there is.
//!
//! It stands beside what can be taken, under the same lock: who changes that, on any thread, says so here. It exists from
//! the moment in which the program asks for it; before, and while nothing changes, it costs no system call. Never blocks.

use std::os::fd::RawFd;

use crate::error::{Error, ErrorKind, Result};
use crate::net::wake::Waker;

/// See above.
#[derive(Debug, Default)]
pub struct Beacon {
    lamp: Option<Lamp>,
}

#[derive(Debug)]
struct Lamp {
    waker: Waker,
    is_lit: bool,
}

impl Beacon {
    /// The descriptor, the same each time. When it is made, it shows whether there is something.
    pub fn descriptor(&mut self, has_some: bool) -> Result<RawFd> {
        if let Some(lamp) = &self.lamp {
            return Ok(lamp.waker.descriptor());
        }
        let waker = Waker::new();
        let waker = waker.map_err(|error| Error::new(ErrorKind::System, format!("no descriptor: {error}")))?;
        let descriptor = waker.descriptor();
        self.lamp = Some(Lamp { waker, is_lit: false });
        self.show(has_some);
        Ok(descriptor)
    }

    /// Has the program asked for it?
    pub fn is_watched(&self) -> bool {
        self.lamp.is_some()
    }

    /// There is something to take, or nothing any more.
    pub fn show(&mut self, has_some: bool) {
        if let Some(lamp) = &mut self.lamp
            && lamp.is_lit != has_some
        {
            lamp.is_lit = has_some;
            if has_some { lamp.waker.wake() } else { lamp.waker.clear() }
        }
    }

    /// Closes the descriptor: the program watches it no longer.
    pub fn close(&mut self) {
        self.lamp = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::wake::is_readable;

    #[test]
    fn it_shows_what_there_was_when_it_was_asked_for_and_each_change_since() {
        for before in [true, false] {
            let mut beacon = Beacon::default();
            beacon.show(!before);
            assert!(!beacon.is_watched());
            let descriptor = beacon.descriptor(before).unwrap();
            assert!(beacon.is_watched() && is_readable(descriptor) == before);
            for has_some in [true, true, false, false, true] {
                beacon.show(has_some);
                assert_eq!(is_readable(descriptor), has_some);
            }
            assert_eq!(beacon.descriptor(true).unwrap(), descriptor);
        }
    }
}
