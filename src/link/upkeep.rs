//! The lane as the supervisor looks after it: a connection is put into service, kept alive, found dead, and taken out.
//!
//! Runs on the supervisor's thread. It reads and writes only what no caller does, and leaves the reading to those who take
//! completions for as long as they do it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::link::lane::{Lane, LostEntry};
use crate::link::queue::Owner;
use crate::link::roles::{Hand, WRITER_PATIENCE};
use crate::net::socket::Socket;
use crate::net::wake::{self, Interest, Waker};
use crate::time::{self, Deadline};

/// A connection from which nothing was read for so long, with nothing in flight, is idle.
const IDLE: Duration = Duration::from_millis(100);
/// How long the supervisor leaves the reading to those who take completions, if they did it before.
const LINGER: Duration = Duration::from_millis(1);

/// The token under which the sink gets the reply to the question for the server's role.
pub const ROLE: u64 = u64::MAX;
/// The token under which the sink gets the reply to AUTH with renewed credentials.
pub const LOGIN: u64 = u64::MAX - 1;

impl Lane {
    /// Puts a ready socket into service, not yet open to callers.
    pub fn install(&self, socket: Arc<Socket>) -> io::Result<()> {
        socket.set_receive_timeout(self.settings.stall_timeout)?;
        let mut state = self.state.lock();
        state.socket = Some(socket);
        state.down = None;
        drop(state);
        self.note_read();
        Ok(())
    }

    /// Why the connection is down, if it is.
    pub fn failure(&self) -> Option<Error> {
        self.state.lock().down.clone()
    }

    /// Takes the dead connection out of service, with everything that had no reply, in order.
    pub fn collect(&self) -> Vec<LostEntry> {
        let mut state = self.state.lock();
        while state.reader.is_none() || state.writer.is_none() {
            state = self.roles_back.wait(state, Deadline::within(Duration::from_secs(1)));
        }
        let lost = state.end_connection();
        drop(state);
        self.room.notify_all();
        lost
    }

    /// Queues a health check that nobody waits for.
    pub fn queue_ping(&self) {
        let now = time::now();
        let mut state = self.state.lock();
        if state.socket.is_some() && state.down.is_none() {
            state.add(Owner::Nobody, None, now, |out| out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n"));
            self.counters.health_checks.add(1);
        }
    }

    /// Queues a health check whose reply, the server's role, goes to the sink.
    pub fn queue_role(&self) {
        let now = time::now();
        let mut state = self.state.lock();
        if state.socket.is_some() && state.down.is_none() {
            state.add(Owner::Sink(ROLE), None, now, |out| out.extend_from_slice(b"*1\r\n$4\r\nROLE\r\n"));
            self.counters.health_checks.add(1);
        }
    }

    /// Queues AUTH between two commands; its reply goes to the sink. Its bytes are wiped once they were written.
    pub fn queue_login(&self, auth: Zeroizing<Vec<u8>>) {
        let now = time::now();
        let mut state = self.state.lock();
        if state.socket.is_some() && state.down.is_none() {
            state.add_secret(LOGIN, auth, now);
        }
    }

    /// How long nothing was read.
    pub fn silent_for(&self) -> Duration {
        time::now().saturating_duration_since(self.last_read())
    }

    /// How much longer unanswered commands may go without anything being read; `None` when all are answered. Declares
    /// the connection dead when nothing is left.
    pub fn check_stall(&self) -> Option<Duration> {
        let state = self.state.lock();
        let left = self.stall_left(&state)?;
        let epoch = state.epoch;
        drop(state);
        if left.is_zero() {
            self.fail(epoch, self.stall_error());
        }
        Some(left)
    }

    /// Looks after the connection on the supervisor's thread until the waker is woken, the time passes, `enough` says
    /// so, or the connection is down: notices its end, writes and reads what no caller does.
    pub fn serve(&self, waker: &Waker, timeout: Option<Duration>, enough: &dyn Fn() -> bool) {
        let deadline = Deadline::within_or_never(timeout);
        let mut unwritten = None;
        while !enough() && !deadline.has_passed() {
            let mut state = self.state.lock();
            let Some(socket) = state.socket.as_ref().filter(|_| state.down.is_none()).cloned() else { return };
            let epoch = state.epoch;
            let is_moving = state.looked_at();
            if state.is_pulled && (state.in_flight > 0 || is_moving) {
                // Whoever takes completions reads for itself, or may be about to come for that, but not for long.
                let is_free = state.reader.is_some() && state.in_flight > 0;
                let is_expected = !is_free || time::now().saturating_duration_since(state.pulled_at) < LINGER;
                // What still waits to be written since the last look, nobody writes.
                let waits = (!state.out.is_empty()).then_some(state.queued);
                let is_stuck = std::mem::replace(&mut unwritten, waits) == waits && waits.is_some();
                // Nor what somebody had begun to write, when the socket took no more.
                let is_unfinished = state.writer.as_ref().is_some_and(|writer| writer.written < writer.buffer.len());
                if is_expected && !is_stuck && !is_unfinished {
                    // While a slow answer is waited for there is nothing to look at.
                    state.lingers = is_free || is_moving || waits.is_some();
                    let pause = if state.lingers { LINGER } else { IDLE };
                    drop(state);
                    if wake::wait(Some(waker), Some((&socket, Interest::default())), Some(pause)).woken {
                        return;
                    }
                    continue;
                }
                state.is_pulled = is_expected;
            }
            let writer = state.take_writer();
            let reader = if state.in_flight > 0 { state.take_reader(epoch) } else { None };
            let nobody_reads = reader.is_some();
            // Whatever comes now answers nothing, and the next command must not take it for its reply. Not watched for
            // while there is traffic: each reply to a caller would wake this thread, too.
            let is_idle = state.in_flight == 0 && self.silent_for() >= IDLE;
            drop(state);
            let mut hand = Hand {
                lane: self,
                socket: socket.clone(),
                epoch,
                reader,
                supervised: true,
                own: None,
                has_company: false,
            };
            if let Some(writer) = writer {
                hand.write(writer, Deadline::within(WRITER_PATIENCE));
            }
            let interest = Interest { readable: nobody_reads || is_idle, writable: false };
            if nobody_reads && hand.read_available() {
                continue;
            }
            let look_again = if interest.readable { Deadline::NEVER } else { Deadline::within(IDLE) };
            let ready = wake::wait(Some(waker), Some((&socket, interest)), deadline.min(look_again).remaining());
            if ready.woken {
                return;
            }
            if ready.readable || ready.hung_up {
                if hand.reader.is_none() {
                    hand.reader = self.state.lock().take_reader(epoch);
                }
                if hand.reader.is_some() {
                    hand.read_available();
                } else {
                    // A caller reads and will see the end itself.
                    wake::wait(Some(waker), None, Some(Duration::from_millis(1)));
                    return;
                }
            }
        }
    }
}
