//! A move of the server, made before the old connection ends: a thread that connects to the new place while commands go
//! on at the old one. Owns the attempts until one succeeds or the time is over.
//!
//! The supervisor starts it, is woken when it has something, and ends it. It hands over a connection that is ready and
//! never touches the lane.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Receiver;

use crate::error::{Error, ErrorKind, Result};
use crate::link::supervisor::Crew;
use crate::net::Attempt;
use crate::net::connect::{Connected, Connector, Order};
use crate::net::handshake::Interest;
use crate::net::wake::{self, Waker};
use crate::resp::Limits;
use crate::time::Deadline;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(200);

/// Where the server moves to, as it has announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Not before that.
    pub from: Deadline,
    /// The present place is no good any more after that.
    pub until: Deadline,
}

/// See above.
#[derive(Debug)]
pub struct Mover {
    waker: Arc<Waker>,
    is_over: Arc<AtomicBool>,
    result: Receiver<Result<Connected>>,
    thread: Option<JoinHandle<()>>,
}

impl Mover {
    /// Begins to connect as who the client is by then; `attention` is woken when [`Mover::take`] will find something.
    pub fn start(
        connector: Arc<Connector>,
        crew: Arc<dyn Crew>,
        going: Move,
        timeout: Duration,
        attention: Arc<Waker>,
    ) -> Result<Self> {
        let waker = Waker::new().map_err(|error| Error::new(ErrorKind::System, format!("no descriptor: {error}")))?;
        let (waker, is_over) = (Arc::new(waker), Arc::<AtomicBool>::default());
        let (sender, result) = crossbeam_channel::bounded(1);
        let (own_waker, own_end) = (waker.clone(), is_over.clone());
        let thread = std::thread::Builder::new()
            .name("rr-mover".into())
            .spawn(move || {
                let made = connect(&connector, &*crew, &going, timeout, &own_waker, &own_end);
                let _ = sender.send(made);
                attention.wake();
            })
            .map_err(|error| Error::new(ErrorKind::System, format!("cannot start the mover thread: {error}")))?;
        Ok(Mover { waker, is_over, result, thread: Some(thread) })
    }

    /// The new connection, or why there is none, once.
    pub fn take(&self) -> Option<Result<Connected>> {
        self.result.try_recv().ok()
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn connect(
    connector: &Connector,
    crew: &dyn Crew,
    going: &Move,
    timeout: Duration,
    waker: &Waker,
    is_over: &AtomicBool,
) -> Result<Connected> {
    let mut from = going.from;
    loop {
        while !from.has_passed() && !is_over.load(Ordering::Acquire) {
            wake::wait(Some(waker), None, from.remaining());
        }
        let deadline = going.until.min(Deadline::within(timeout));
        let attempt = Attempt { deadline, limit: "the connect timeout", waker: Some(waker), abandoned: is_over };
        let identity = &crew.identity();
        let order = Order { identity, interest: Interest::Standing, limits: Limits::default(), has_to_move: true };
        match connector.connect(&order, &attempt) {
            Ok(connected) => return Ok(connected),
            Err(refusal) if going.until.has_passed() || is_over.load(Ordering::Acquire) => {
                return Err(refusal.error().clone());
            }
            Err(_) => from = Deadline::within(PAUSE),
        }
    }
}
