//! The comparison of what a program was told with what the server has.
//!
//! Pure: fates and lists in, numbers out.

use std::collections::BTreeSet;
use std::ops::AddAssign;

/// What came of the writes of one or more threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub issued: u64,
    pub acknowledged: u64,
    pub buffered: u64,
    /// The program was told that it did not run.
    pub not_applied: u64,
    /// The program was told that it ran and its reply is lost.
    pub applied: u64,
    /// The program could not be told.
    pub unknown: u64,
    /// Acknowledged, buffered or told to be applied, and not on the server.
    pub lost: u64,
    /// Failed, and not on the server.
    pub dropped: u64,
    /// Told not to be applied, and on the server.
    pub untrue: u64,
    /// On the server after a later one, without a repetition of that later one after it.
    pub out_of_order: u64,
    /// On the server more than once, each time beyond the first.
    pub duplicated: u64,
    /// Numbers that the program never wrote.
    pub foreign: u64,
}

impl Account {
    /// Of one thread, which wrote 1, 2, 3, … to one list.
    pub fn of(fates: &str, list: &[u64]) -> Self {
        let issued = fates.len() as u64;
        let present: BTreeSet<u64> = list.iter().copied().collect();
        let mut account = Self { issued, out_of_order: out_of_order(list, &present), ..Self::default() };
        for (number, fate) in (1..).zip(fates.chars()) {
            let there = present.contains(&number);
            match fate {
                'r' => account.acknowledged += 1,
                'b' => account.buffered += 1,
                'a' => account.applied += 1,
                'n' => account.not_applied += 1,
                _ => account.unknown += 1,
            }
            match fate {
                'r' | 'b' | 'a' => account.lost += u64::from(!there),
                _ => account.dropped += u64::from(!there),
            }
            account.untrue += u64::from(fate == 'n' && there);
        }
        account.duplicated = (list.len() - present.len()) as u64;
        account.foreign = present.iter().filter(|number| !(1..=issued).contains(*number)).count() as u64;
        account
    }

    /// Was every promise kept?
    pub fn holds(&self) -> bool {
        self.lost == 0 && self.out_of_order == 0 && self.untrue == 0 && self.foreign == 0
    }
}

impl AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.issued += other.issued;
        self.acknowledged += other.acknowledged;
        self.buffered += other.buffered;
        self.not_applied += other.not_applied;
        self.applied += other.applied;
        self.unknown += other.unknown;
        self.lost += other.lost;
        self.dropped += other.dropped;
        self.untrue += other.untrue;
        self.out_of_order += other.out_of_order;
        self.duplicated += other.duplicated;
        self.foreign += other.foreign;
    }
}

/// Sending again begins at some number and goes on from there, so the list may step back, but it never steps over a
/// number that it has elsewhere, and it ends with the last.
fn out_of_order(list: &[u64], present: &BTreeSet<u64>) -> u64 {
    let starts_late = u64::from(list.first() != present.first());
    let ends_early = u64::from(list.last() != present.last());
    let steps = list.iter().zip(list.iter().skip(1));
    let stepped_over =
        steps.filter(|(from, to)| present.range(*from + 1..).next().is_some_and(|next| next < *to)).count();
    starts_late + stepped_over as u64 + ends_early
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out_of_order_in(list: &[u64]) -> u64 {
        out_of_order(list, &list.iter().copied().collect())
    }

    #[test]
    fn all_there_in_order_is_all_well() {
        let account = Account::of("rrbbr", &[1, 2, 3, 4, 5]);
        let expected = Account { issued: 5, acknowledged: 3, buffered: 2, ..Account::default() };
        assert_eq!(account, expected);
        assert!(account.holds());
    }

    #[test]
    fn what_was_accepted_and_is_not_there_is_lost() {
        let account = Account::of("rrb", &[1]);
        assert_eq!((account.lost, account.dropped, account.out_of_order), (2, 0, 0));
        assert!(!account.holds());
    }

    #[test]
    fn what_failed_may_be_missing() {
        let account = Account::of("rnu", &[1]);
        assert_eq!((account.lost, account.dropped, account.untrue), (0, 2, 0));
        assert!(account.holds());
    }

    #[test]
    fn what_was_called_not_applied_must_not_be_there() {
        assert!(!Account::of("rn", &[1, 2]).holds());
    }

    #[test]
    fn what_was_of_unknown_outcome_may_be_there() {
        assert!(Account::of("ru", &[1, 2]).holds());
    }

    #[test]
    fn numbers_that_nobody_wrote_are_noticed() {
        assert!(!Account::of("r", &[1, 2]).holds());
    }

    #[test]
    fn a_batch_sent_again_is_duplicated_but_in_order() {
        assert_eq!(out_of_order_in(&[1, 2, 3, 1, 2, 3, 4]), 0);
        assert_eq!(out_of_order_in(&[1, 2, 2, 3]), 0);
        assert_eq!(Account::of("rrrr", &[1, 2, 3, 1, 2, 3, 4]).duplicated, 3);
    }

    #[test]
    fn one_that_comes_late_is_out_of_order() {
        assert_eq!(out_of_order_in(&[1, 3, 2, 4]), 2);
        assert_eq!(out_of_order_in(&[1, 2, 3, 2, 4]), 1);
        assert_eq!(out_of_order_in(&[2, 3, 1]), 2);
        assert_eq!(out_of_order_in(&[1, 2, 1]), 1);
    }

    #[test]
    fn one_that_is_missing_is_not_out_of_order() {
        assert_eq!(out_of_order_in(&[1, 3, 4]), 0);
        assert_eq!(out_of_order_in(&[]), 0);
    }
}
