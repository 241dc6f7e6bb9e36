//! The company of a lane: how callers come and go together, and whether a moment's patience with the others pays. Owns
//! the two moments in which a caller waits for others instead of going on alone: before it writes, and before it sleeps.
//!
//! Many replies come in one piece, so many callers are woken at once, and most are back with their next command a moment
//! later. A writer that lets them run first writes for all of them in one system call; a reader that looks once more
//! before it sleeps is spared being woken. Both only give way to whoever is ready to run, and both are given up, for
//! longer each time, where nothing comes of them. Any thread; relaxed numbers, of which a wrong one costs a moment.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::time;

/// How long a reader that is not alone looks for bytes before it sleeps. Above the time that a near server takes, below
/// what anybody would miss.
const LOOK: Duration = Duration::from_micros(100);
/// Giving way for longer than this means that somebody else needs the processor.
const TOO_LONG: Duration = Duration::from_millis(1);
/// Unless so many came meanwhile, each with its share of the time.
const SHARE: Duration = Duration::from_micros(50);
/// What was in vain is left out up to so many times.
const MOST_SKIPPED: u32 = 64;
/// The same where others need the processor.
const MANY_SKIPPED: u32 = 4096;

/// See above.
#[derive(Debug)]
pub(super) struct Company {
    is_patient: bool,
    /// Woken with their replies and not back yet.
    away: AtomicU32,
    /// How many were woken together the last time.
    group: AtomicU32,
    gathering: Worth,
    looking: Worth,
}

impl Company {
    /// Nobody is there. Without patience every caller goes on alone.
    pub(super) fn new(is_patient: bool) -> Self {
        Company {
            is_patient,
            away: AtomicU32::new(0),
            group: AtomicU32::new(0),
            gathering: Worth::default(),
            looking: Worth::default(),
        }
    }

    /// So many callers are about to be woken with their replies.
    pub(super) fn leave(&self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.group.store(count, Ordering::Relaxed);
        self.away.store(self.away.load(Ordering::Relaxed).saturating_add(count), Ordering::Relaxed);
    }

    /// A caller comes with a command. Are others about to?
    #[inline]
    pub(super) fn come(&self) -> bool {
        let away = self.away.load(Ordering::Relaxed);
        if away == 0 {
            return false;
        }
        self.away.store(away - 1, Ordering::Relaxed);
        true
    }

    /// Before writing while earlier commands are unanswered: lets those who are about to come go first, half of them,
    /// so that the server has work meanwhile.
    pub(super) fn gather(&self) {
        if !self.is_patient {
            return;
        }
        let begin = self.away.load(Ordering::Relaxed);
        let enough = begin.saturating_sub(self.group.load(Ordering::Relaxed) / 2);
        if begin <= enough || !self.gathering.is_tried() {
            return;
        }
        let begun = time::now();
        let mut left = begin;
        while left > enough {
            std::thread::yield_now();
            let now = self.away.load(Ordering::Relaxed);
            if now >= left {
                // Whoever is still away has other things to do.
                self.away.store(0, Ordering::Relaxed);
                break;
            }
            left = now;
        }
        if time::now().saturating_duration_since(begun) > TOO_LONG + SHARE * (begin - left) {
            self.gathering.costs();
        } else if left < begin {
            self.gathering.pays();
        } else {
            self.gathering.fails();
        }
    }

    /// Before sleeping for a reply: `look`s for one, giving way in between, until it finds something or a moment has
    /// passed. Did it?
    pub(super) fn look_out(&self, mut look: impl FnMut() -> bool) -> bool {
        if !self.is_patient || !self.looking.is_tried() {
            return false;
        }
        let begun = time::now();
        let mut passed = Duration::ZERO;
        while passed < LOOK {
            // First: what the others have to say comes before what the server answers so far.
            std::thread::yield_now();
            if look() {
                self.looking.pays();
                return true;
            }
            passed = time::now().saturating_duration_since(begun);
        }
        if passed > TOO_LONG {
            self.looking.costs()
        } else {
            self.looking.fails()
        }
        false
    }
}

/// Whether something that may be in vain is worth trying: after each failure it is left out twice as often.
#[derive(Debug, Default)]
struct Worth {
    skips: AtomicU32,
    next: AtomicU32,
}

impl Worth {
    fn is_tried(&self) -> bool {
        let skips = self.skips.load(Ordering::Relaxed);
        if skips > 0 {
            self.skips.store(skips - 1, Ordering::Relaxed);
        }
        skips == 0
    }

    fn pays(&self) {
        self.next.store(0, Ordering::Relaxed);
    }

    fn fails(&self) {
        let next = (self.next.load(Ordering::Relaxed) * 2).clamp(1, MOST_SKIPPED);
        self.next.store(next, Ordering::Relaxed);
        self.skips.store(next, Ordering::Relaxed);
    }

    fn costs(&self) {
        self.skips.store(MANY_SKIPPED, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(worth: &Worth, chances: usize) -> usize {
        (0..chances).filter(|_| worth.is_tried()).count()
    }

    #[test]
    fn what_fails_is_tried_less_and_less_but_never_given_up() {
        let worth = Worth::default();
        let mut skipped = Vec::new();
        for _ in 0..8 {
            worth.fails();
            skipped.push((0..).take_while(|_| !worth.is_tried()).count());
        }
        assert_eq!(skipped, [1, 2, 4, 8, 16, 32, 64, 64]);
        worth.pays();
        worth.fails();
        assert_eq!(tries(&worth, 10), 9);
        worth.costs();
        assert_eq!(tries(&worth, MANY_SKIPPED as usize), 0);
        assert!(worth.is_tried());
    }

    #[test]
    fn callers_come_back_one_by_one() {
        let company = Company::new(true);
        assert!(!company.come());
        company.leave(2);
        assert!(company.come() && company.come() && !company.come());
    }

    #[test]
    fn those_who_do_not_come_back_are_not_waited_for_again() {
        let company = Company::new(true);
        company.leave(4);
        company.gather();
        assert!(!company.come());
    }

    #[test]
    fn looking_out_ends_with_the_first_find_and_not_at_all_without_patience() {
        let company = Company::new(true);
        assert!(company.look_out(|| true));
        assert_eq!(tries(&company.looking, 1), 1);
        assert!(!Company::new(false).look_out(|| unreachable!()));
    }

    #[test]
    fn looking_out_in_vain_ends_by_itself() {
        let company = Company::new(true);
        assert!(!company.look_out(|| false));
        assert_eq!(tries(&company.looking, 1), 0);
    }
}
