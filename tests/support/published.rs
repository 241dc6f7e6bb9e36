//! Publishers that number their messages, and the account of a reader: what is missing, what comes twice, what overtakes.
//!
//! A publisher has a thread and a connection of its own, past whatever is under test, and goes on through restarts of the
//! server. An account panics at the first message that does not fit.

use super::client::SOON;
use super::server::Server;
use super::wait::wait_until;
use resilient_redis::client::{Gap, Message, Subscription};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Publishes numbers to each of the channels in turn until it is stopped, past whatever happens to the server. Each channel
/// has its own numbers; a number that may have been published is not used again.
pub struct Publisher {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Vec<u64>>,
    sent: Arc<AtomicU64>,
}

impl Publisher {
    pub fn start(server: &Arc<Server>, channels: Vec<String>) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (server, is_over, count) = (server.clone(), stop.clone(), sent.clone());
        let thread = std::thread::spawn(move || {
            let mut numbers = vec![0_u64; channels.len()];
            let mut connection = None;
            'rounds: while !is_over.load(Ordering::Relaxed) {
                let Some(open) = connection.as_mut() else {
                    connection = server.try_connection(Duration::from_secs(2)).ok();
                    continue;
                };
                for (channel, number) in channels.iter().zip(&mut numbers) {
                    *number += 1;
                    let reply: redis::RedisResult<i64> = redis::cmd("PUBLISH").arg(channel).arg(*number).query(open);
                    if reply.is_err() {
                        connection = None;
                        continue 'rounds;
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
            numbers
        });
        Publisher { stop, thread, sent }
    }

    /// The last number of each channel.
    pub fn stop(self) -> Vec<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }

    #[track_caller]
    pub fn wait_for(&self, more: u64) {
        let until = self.sent.load(Ordering::Relaxed) + more;
        wait_until("more was published", SOON, || self.sent.load(Ordering::Relaxed) >= until);
    }
}

/// What was read, and whether it holds together.
#[derive(Default)]
pub struct Account {
    /// The last number by channel and what it came for, and how many gaps had been told by then.
    pub last: HashMap<(String, String), (u64, usize)>,
    pub gaps: Vec<Gap>,
    pub messages: u64,
    pub missing: u64,
}

impl Account {
    /// Nothing twice, nothing out of order, and nothing missing but where a gap was told.
    #[track_caller]
    pub fn take(&mut self, message: &Message) {
        match message {
            Message::Published(published) => {
                let place = (text(published.channel()), text(published.pattern().unwrap_or_default()));
                let number: u64 = text(published.payload()).parse().unwrap();
                self.messages += 1;
                let gaps = self.gaps.len();
                if let Some((last, gaps_then)) = self.last.insert(place.clone(), (number, gaps)) {
                    assert!(number > last, "{place:?}: {number} after {last}");
                    assert!(
                        number == last + 1 || gaps > gaps_then,
                        "{place:?}: {number} after {last}, and no gap between"
                    );
                    self.missing += number - last - 1;
                }
            }
            Message::Restored(gap) => {
                assert!(gap.down_since <= gap.up_at && gap.up_at <= SystemTime::now(), "{gap:?}");
                assert!(self.gaps.last().is_none_or(|earlier| earlier.up_at <= gap.up_at));
                self.gaps.push(**gap);
            }
            other => panic!("unexpected: {other:?}"),
        }
    }

    /// Takes all up to the last messages of a publisher that has stopped.
    #[track_caller]
    pub fn finish(&mut self, subscription: &Subscription, channels: &[String], last: &[u64]) {
        let deadline = Instant::now() + SOON;
        let is_over = |account: &Account| {
            channels.iter().zip(last).all(|(channel, number)| {
                account.last.get(&(channel.clone(), String::new())).is_some_and(|(last, _)| last == number)
            })
        };
        while !is_over(self) {
            assert!(Instant::now() < deadline, "the last messages do not come: {:?}", self.last);
            if let Some(message) = subscription.next(Duration::from_millis(100)).unwrap() {
                self.take(&message);
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
