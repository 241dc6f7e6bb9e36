//! The subscriber beside the programs that write, and a publisher that numbers its messages. Compares what was published
//! with what arrived: every message that is missing has to lie in a gap that the subscriber was told of.
//!
//! A thread publishes through a client of its own kind while the server is there; another reads what the subscriber
//! prints. Both end with the value.

use crate::screen::Screen;
use crate::support::Server;
use crate::{Result, now_us};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const CHANNEL: &str = "demo:ticks";
/// Between two messages.
const PAUSE: Duration = Duration::from_millis(5);

pub struct Subscriber {
    child: Child,
    listener: Option<JoinHandle<Heard>>,
    publisher: Option<JoinHandle<BTreeMap<u64, (i64, i64)>>>,
    stop: Arc<AtomicBool>,
}

/// What the subscriber printed.
#[derive(Default)]
struct Heard {
    /// When each number arrived, in the order of arrival.
    received: Vec<(i64, u64)>,
    gaps: Vec<(i64, i64)>,
    lost: u64,
}

/// What came of the messages.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    pub published: u64,
    /// When each message arrived.
    pub arrivals_us: Vec<i64>,
    /// The gaps that the subscriber was told of.
    pub gaps: Vec<(i64, i64)>,
    /// Missing, and published within one of these gaps.
    pub in_gaps: u64,
    /// Missing elsewhere.
    pub missing: u64,
    pub repeated: u64,
    pub out_of_order: u64,
}

impl Delivery {
    pub fn holds(&self) -> bool {
        self.missing + self.repeated + self.out_of_order == 0 && !self.arrivals_us.is_empty()
    }
}

impl Subscriber {
    /// Starts the program, waits until it listens, and begins to publish.
    pub fn start(mut command: Command, server: &Server, screen: Arc<Screen>) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the subscriber has no standard output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(std::result::Result::ok);
        if lines.next().as_deref() != Some("listening") {
            return Err("the subscriber does not listen".into());
        }
        let listener = std::thread::spawn(move || {
            let mut heard = Heard::default();
            lines.for_each(|line| heard.note(&line, &screen));
            heard
        });
        let stop = Arc::<AtomicBool>::default();
        let publisher = std::thread::spawn({
            let (url, stop) = (server.url(), stop.clone());
            move || publish(&url, &stop)
        });
        Ok(Self { child, listener: Some(listener), publisher: Some(publisher), stop })
    }

    /// Ends the publisher, waits for the subscriber's end, and compares.
    pub fn finish(mut self) -> Result<Delivery> {
        self.stop.store(true, Ordering::Relaxed);
        let published =
            self.publisher.take().map(JoinHandle::join).and_then(std::result::Result::ok).ok_or("no publisher")?;
        let status = self.child.wait()?;
        let heard = self.listener.take().map(JoinHandle::join).and_then(std::result::Result::ok).unwrap_or_default();
        if !status.success() {
            return Err(format!("the subscriber ended with {status}").into());
        }
        Ok(heard.compare(&published))
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // It has ended already, unless something went wrong here.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill().and_then(|()| self.child.wait());
        }
    }
}

/// Publishes one number after the other until told to stop: when each that the server took was sent and answered.
fn publish(url: &str, stop: &AtomicBool) -> BTreeMap<u64, (i64, i64)> {
    let mut published = BTreeMap::new();
    let mut connection = None;
    for number in 1.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if connection.is_none() {
            connection = redis::Client::open(url).and_then(|client| client.get_connection()).ok();
        }
        let begun = now_us();
        if let Some(open) = &mut connection {
            match redis::cmd("PUBLISH").arg(CHANNEL).arg(number).exec(open) {
                Ok(()) => drop(published.insert(number, (begun, now_us()))),
                Err(_) => connection = None,
            }
        }
        std::thread::sleep(PAUSE);
    }
    published
}

impl Heard {
    fn note(&mut self, line: &str, screen: &Screen) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["received", at, number] => {
                self.received.extend(at.parse().ok().zip(number.parse().ok()));
            }
            ["gap", from, to] => {
                if let Some((from, to)) = from.parse::<i64>().ok().zip(to.parse::<i64>().ok()) {
                    screen.line(&format!("subscriber: restored, and told of a gap of {} ms", (to - from) / 1000));
                    self.gaps.push((from, to));
                }
            }
            ["lost", count] => self.lost += count.parse::<u64>().unwrap_or(1),
            _ => {}
        }
    }

    /// Messages that came before the first that is compared, or after the last, do not count: the subscriber ends by its
    /// own clock.
    fn compare(self, published: &BTreeMap<u64, (i64, i64)>) -> Delivery {
        let mut delivery = Delivery { gaps: self.gaps, missing: self.lost, ..Delivery::default() };
        let last = self.received.iter().map(|(_, number)| *number).max().unwrap_or_default();
        let mut highest = 0;
        let mut seen = std::collections::BTreeSet::new();
        for (at, number) in self.received {
            delivery.arrivals_us.push(at);
            delivery.repeated += u64::from(!seen.insert(number));
            delivery.out_of_order += u64::from(number < highest);
            highest = highest.max(number);
        }
        for (number, (sent, answered)) in published.range(..=last) {
            delivery.published += 1;
            if !seen.contains(number) {
                let in_gap = delivery.gaps.iter().any(|(from, to)| answered >= from && sent <= to);
                delivery.in_gaps += u64::from(in_gap);
                delivery.missing += u64::from(!in_gap);
            }
        }
        delivery
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(numbers: &[u64], gaps: &[(i64, i64)]) -> Heard {
        let received = numbers.iter().map(|number| (*number as i64 * 10, *number)).collect();
        Heard { received, gaps: gaps.to_vec(), lost: 0 }
    }

    fn published(numbers: std::ops::RangeInclusive<u64>) -> BTreeMap<u64, (i64, i64)> {
        numbers.map(|number| (number, (number as i64 * 10, number as i64 * 10 + 1))).collect()
    }

    #[test]
    fn what_is_missing_is_in_a_gap_or_missing() {
        let delivery = heard(&[1, 2, 5, 6], &[(25, 45)]).compare(&published(1..=7));
        assert_eq!((delivery.published, delivery.in_gaps, delivery.missing), (6, 2, 0));
        assert!(delivery.holds());
        let delivery = heard(&[1, 2, 5, 6], &[(25, 35)]).compare(&published(1..=6));
        assert_eq!((delivery.in_gaps, delivery.missing), (1, 1));
        assert!(!delivery.holds());
    }

    #[test]
    fn what_comes_twice_or_late_is_told() {
        let delivery = heard(&[1, 3, 2, 3], &[]).compare(&published(1..=3));
        assert_eq!((delivery.repeated, delivery.out_of_order, delivery.missing), (1, 1, 0));
    }
}
