//! What the fixture needs of the operating system and the standard library does not offer: signals, polling many
//! sockets, resets, children that die with the test, and a look at this process from outside.
//!
//! The only file of the fixture with unsafe code; callers get safe functions. Owns nothing but the thread that starts
//! children, which lives as long as the process.

#![allow(unsafe_code, reason = "system calls")]

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

/// Sends `signal` to a process that the caller started and has not yet waited for.
pub fn send_signal(pid: u32, signal: libc::c_int) {
    let pid = libc::pid_t::try_from(pid).expect("a pid fits pid_t");
    assert!(pid > 1, "{pid} is not a child");
    // SAFETY: kill takes two integers and touches no memory.
    let result = unsafe { libc::kill(pid, signal) };
    assert_eq!(result, 0, "signal {signal} to {pid}: {}", io::Error::last_os_error());
}

/// Whether there is a process `pid`, be it a zombie.
pub fn process_exists(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

type Birth = (Command, Sender<io::Result<Child>>);

/// Starts `command` so that the kernel kills the child when this process ends, however it ends.
///
/// The kernel watches the *thread* that forked, and a test's thread ends with its test, so one thread that lives as long as
/// the process does all the forking.
pub fn spawn_dying_with_us(mut command: Command) -> io::Result<Child> {
    static MIDWIFE: OnceLock<Mutex<Sender<Birth>>> = OnceLock::new();
    let midwife = MIDWIFE.get_or_init(|| {
        let (sender, births) = channel::<Birth>();
        std::thread::Builder::new()
            .name("fixture-spawn".into())
            .spawn(move || {
                for (mut command, answer) in births {
                    // The one who asked waits for the answer, so it is there to take it.
                    let _ = answer.send(command.spawn());
                }
            })
            .expect("a thread to start children from");
        Mutex::new(sender)
    });

    let parent = std::process::id();
    let die_with_parent = move || {
        // SAFETY: prctl with these arguments takes integers only, and is async-signal-safe.
        if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // The parent may have died before the line above took effect.
        if std::os::unix::process::parent_id() == parent { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    };
    // SAFETY: the closure runs between fork and exec and only makes two async-signal-safe system calls.
    unsafe { command.pre_exec(die_with_parent) };

    let (answer, child) = channel();
    midwife.lock().expect("nobody panics while sending").send((command, answer)).expect("the thread lives on");
    child.recv().expect("the thread answers")
}

/// From now on closing `stream` for the last time sends a reset instead of a FIN, and drops what was not yet sent.
pub fn reset_on_close(stream: &TcpStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    set_option(stream.as_raw_fd(), libc::SO_LINGER, &linger).expect("SO_LINGER");
}

/// The number of bytes, the FIN included, that the peer's kernel has not acknowledged. 0 for a dead connection.
pub fn unacknowledged(stream: &TcpStream) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the descriptor is open for as long as the borrow, and TIOCOUTQ writes one int to a valid place.
    let result = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &mut count) };
    if result == 0 { usize::try_from(count).unwrap_or(0) } else { 0 }
}

/// A socket that is bound to `address` with SO_REUSEADDR and does not listen.
pub fn bound_socket(address: SocketAddr) -> io::Result<OwnedFd> {
    let SocketAddr::V4(address) = address else { return Err(io::ErrorKind::Unsupported.into()) };
    // SAFETY: socket takes integers only.
    let descriptor = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just opened and nobody else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(descriptor) };
    let name = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.ip().octets()) },
        sin_zero: [0; 8],
    };
    let length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    // SAFETY: `name` is a sockaddr_in of `length` bytes that outlives the call.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const name).cast(), length) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // After the bind: a socket that may share its port while it is bound could be given one that another holder has.
    let on: libc::c_int = 1;
    set_option(socket.as_raw_fd(), libc::SO_REUSEADDR, &on)?;
    Ok(socket)
}

fn set_option<T>(descriptor: RawFd, option: libc::c_int, value: &T) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: `value` points to `length` readable bytes for the duration of the call.
    let result = unsafe { libc::setsockopt(descriptor, libc::SOL_SOCKET, option, (&raw const *value).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A descriptor to wait for, and whether it is ready after [`poll`].
#[derive(Clone, Copy)]
pub struct Interest(libc::pollfd);

impl Interest {
    pub fn new(source: &impl AsRawFd, readable: bool, writable: bool) -> Self {
        let mut events = 0;
        if readable {
            events |= libc::POLLIN;
        }
        if writable {
            events |= libc::POLLOUT;
        }
        Self(libc::pollfd { fd: source.as_raw_fd(), events, revents: 0 })
    }

    pub fn is_ready(&self) -> bool {
        self.0.revents != 0
    }
}

/// Waits until one of `interests` is ready or `timeout` has passed; without one, for as long as it takes.
pub fn poll(interests: &mut [Interest], timeout: Option<Duration>) {
    let limit = timeout.map(|timeout| libc::timespec {
        tv_sec: timeout.as_secs() as libc::time_t,
        tv_nsec: timeout.subsec_nanos() as libc::c_long,
    });
    let limit = limit.as_ref().map_or(std::ptr::null(), |limit| &raw const *limit);
    let mut descriptors: Vec<libc::pollfd> = interests.iter().map(|interest| interest.0).collect();
    let count = descriptors.len() as libc::nfds_t;
    // SAFETY: `descriptors` holds `count` entries, and `limit` is null or points to a timespec that is still alive.
    let result = unsafe { libc::ppoll(descriptors.as_mut_ptr(), count, limit, std::ptr::null()) };
    if result < 0 {
        let error = io::Error::last_os_error();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted, "poll: {error}");
        return;
    }
    for (interest, descriptor) in interests.iter_mut().zip(descriptors) {
        interest.0.revents = descriptor.revents;
    }
}

/// How many threads this process has, those of the test harness and of the fixture included.
pub fn threads_of_this_process() -> usize {
    status_field("Threads:")
}

/// How much of this process's memory is resident, in KiB.
pub fn resident_kib() -> usize {
    status_field("VmRSS:")
}

/// How many descriptors this process has open.
pub fn open_descriptors() -> usize {
    // One of them is the listing itself.
    std::fs::read_dir("/proc/self/fd").expect("/proc/self/fd").count() - 1
}

fn status_field(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc/self/status");
    let value = status.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in /proc/self/status"))
}
