//! How long to pause before the next connection attempt, and when to give up. Pure functions of the configuration, the
//! failures so far, the time passed and a random number.

use std::time::Duration;

use crate::config::{Backoff, Config};

/// The first pause of the exponential back-off is drawn from up to this.
const FIRST: Duration = Duration::from_millis(10);

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again after this pause.
    After(Duration),
    /// The budget is spent.
    GiveUp,
}

/// What to do after `failures` attempts in an outage that has lasted `elapsed`. `draw` picks a duration between zero and
/// its argument.
pub fn next(config: &Config, failures: u32, elapsed: Duration, draw: impl FnOnce(Duration) -> Duration) -> Next {
    let pause = match config.reconnect_backoff {
        Backoff::Fixed => {
            return match config.reconnect_tries {
                Some(tries) if failures >= tries => Next::GiveUp,
                _ => Next::After(config.reconnect_interval),
            };
        }
        Backoff::Jitter => jitter(config, failures, draw),
    };
    match budget(config) {
        Some(budget) if budget.is_zero() || elapsed + pause > budget => Next::GiveUp,
        _ => Next::After(pause),
    }
}

/// The pause after `failures` attempts under exponential back-off.
///
/// Full jitter: any pause between none and the cap, so that clients that lost the same server do not come back in step
/// (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
pub fn jitter(config: &Config, failures: u32, draw: impl FnOnce(Duration) -> Duration) -> Duration {
    let doublings = failures.saturating_sub(1).min(20);
    draw((FIRST * 2_u32.pow(doublings)).min(config.reconnect_max_delay))
}

/// How long an outage is survived; `None`: for ever.
pub fn budget(config: &Config) -> Option<Duration> {
    config.reconnect_tries.map(|tries| config.reconnect_interval.saturating_mul(tries))
}

/// The pause between probes after giving up; `None`: there are none.
pub fn probe_interval(config: &Config) -> Option<Duration> {
    if config.reconnect_tries == Some(0) { None } else { Some(config.reconnect_interval.max(Duration::from_secs(1))) }
}

/// A random duration of at most `most`.
pub fn draw(most: Duration) -> Duration {
    most.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(most: Duration) -> Duration {
        most
    }

    #[test]
    fn pauses_double_up_to_the_limit_and_may_be_anything_below() {
        let config = Config::default();
        let pauses: Vec<_> = (1..=10).map(|failures| next(&config, failures, Duration::ZERO, longest)).collect();
        let expected =
            [10, 20, 40, 80, 160, 320, 640, 1280, 2000, 2000].map(|ms| Next::After(Duration::from_millis(ms)));
        assert_eq!(pauses, expected);
        assert_eq!(next(&config, 9, Duration::ZERO, |_| Duration::ZERO), Next::After(Duration::ZERO));
        assert!((0..1000).all(|_| draw(Duration::from_millis(7)) <= Duration::from_millis(7)));
    }

    #[test]
    fn an_outage_is_survived_for_tries_times_interval() {
        let config = Config::default();
        let almost = Duration::from_secs(600) - Duration::from_millis(10);
        assert_eq!(next(&config, 1, almost, longest), Next::After(Duration::from_millis(10)));
        assert_eq!(next(&config, 2, almost, longest), Next::GiveUp);
        let for_ever = Config { reconnect_tries: None, ..config };
        assert_eq!(
            next(&for_ever, u32::MAX, Duration::from_secs(1 << 40), longest),
            Next::After(Duration::from_secs(2))
        );
    }

    #[test]
    fn fixed_pauses_are_exact_and_counted() {
        let config = Config {
            reconnect_backoff: Backoff::Fixed,
            reconnect_tries: Some(3),
            reconnect_interval: Duration::from_millis(7),
            ..Config::default()
        };
        let verdicts: Vec<_> = (1..=3).map(|failures| next(&config, failures, Duration::ZERO, longest)).collect();
        let pause = Next::After(Duration::from_millis(7));
        assert_eq!(verdicts, [pause, pause, Next::GiveUp]);
    }

    #[test]
    fn no_tries_means_giving_up_at_once_and_no_probes() {
        let config = Config { reconnect_tries: Some(0), ..Config::default() };
        assert_eq!(next(&config, 1, Duration::ZERO, longest), Next::GiveUp);
        assert_eq!(next(&config, 1, Duration::ZERO, |_| Duration::ZERO), Next::GiveUp);
        assert_eq!(probe_interval(&config), None);
    }
}
