//! Waiting for descriptors. Owns `poll` and the waker that ends it from another thread.
//!
//! `Waker::wake` may be called by any thread and never blocks; waiting is done by the thread that owns the wait.
//! Nothing here reads or writes a socket.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::net::socket::Socket;

/// Ends another thread's wait. Wakes that come before the wait are kept; several count as one.
#[derive(Debug)]
pub struct Waker {
    descriptor: OwnedFd,
}

impl Waker {
    /// A new one, not yet woken.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers; the result is checked below.
        let descriptor = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was just made and belongs to nobody else.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        Ok(Waker { descriptor })
    }

    /// Ends the present or the next wait.
    pub fn wake(&self) {
        let one = 1_u64.to_ne_bytes();
        // SAFETY: the descriptor is open and the buffer has eight bytes. A full counter is as good as a wake.
        let _ = unsafe { libc::write(self.descriptor.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Readable while it is woken.
    pub fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }

    /// Forgets all wakes so far.
    pub fn clear(&self) {
        let mut count = [0_u8; 8];
        // SAFETY: the descriptor is open and the buffer has eight bytes.
        let _ = unsafe { libc::read(self.descriptor.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    }
}

/// Is there something to read from a descriptor?
#[cfg(test)]
pub(crate) fn is_readable(descriptor: RawFd) -> bool {
    let mut watched = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    // SAFETY: one descriptor, which lives through the call; it does not wait.
    unsafe { libc::poll(&raw mut watched, 1, 0) == 1 }
}

/// What to wait for on a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// Bytes to receive.
    pub readable: bool,
    /// Room to send.
    pub writable: bool,
}

/// What a wait ended with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// The waker was woken.
    pub woken: bool,
    /// There are bytes to receive, or the end of the stream.
    pub readable: bool,
    /// There is room to send.
    pub writable: bool,
    /// The other side has closed, or the connection is broken.
    pub hung_up: bool,
}

/// Waits for a waker, a socket, or both, up to `timeout` (`None`: as long as it takes).
///
/// A socket's hang-up is always waited for. An empty result means that the time passed or a signal came.
pub fn wait(waker: Option<&Waker>, socket: Option<(&Socket, Interest)>, timeout: Option<Duration>) -> Ready {
    const NOBODY: RawFd = -1;
    if socket.is_some_and(|(socket, interest)| interest.readable && socket.has_unread()) {
        return Ready { readable: true, ..Ready::default() };
    }
    let events = |interest: Interest| {
        libc::POLLRDHUP
            | if interest.readable { libc::POLLIN } else { 0 }
            | if interest.writable { libc::POLLOUT } else { 0 }
    };
    let mut watched = [
        libc::pollfd {
            fd: waker.map_or(NOBODY, |waker| waker.descriptor.as_raw_fd()),
            events: libc::POLLIN,
            revents: 0,
        },
        libc::pollfd {
            fd: socket.map_or(NOBODY, |(socket, _)| socket.descriptor()),
            events: socket.map_or(0, |(_, interest)| events(interest)),
            revents: 0,
        },
    ];
    let limit = timeout.map(|timeout| libc::timespec {
        tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(timeout.subsec_nanos()),
    });
    // SAFETY: the array lives through the call and its length is 2; the time is a local value or NULL; no signal mask.
    let found = unsafe {
        libc::ppoll(
            watched.as_mut_ptr(),
            2,
            limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref),
            std::ptr::null(),
        )
    };
    if found <= 0 {
        return Ready::default();
    }
    let [waking, talking] = watched;
    let woken = waking.revents != 0;
    if woken && let Some(waker) = waker {
        waker.clear();
    }
    Ready {
        woken,
        readable: talking.revents & (libc::POLLIN | libc::POLLHUP | libc::POLLERR) != 0,
        writable: talking.revents & libc::POLLOUT != 0,
        hung_up: talking.revents & (libc::POLLRDHUP | libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_before_the_wait_is_kept_and_counts_once() {
        let waker = Waker::new().unwrap();
        waker.wake();
        waker.wake();
        assert!(wait(Some(&waker), None, Some(Duration::from_secs(10))).woken);
        assert!(!wait(Some(&waker), None, Some(Duration::ZERO)).woken);
    }
}
