//! Which server the client had and which it has now. Owns what was last seen of the former one, and what can be said of
//! the change: the same process, a new one in its place, another server; the same data, or less.
//!
//! A plain value under the desk's lock; no I/O. It says nothing that is not proved: a history that cannot be compared is
//! unknown.

use std::time::{Duration, Instant};

use crate::event::{Failover, History, ServerChange};
use crate::net::standing::Standing;

/// Servers count their age in whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// See above.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    last: Option<Standing>,
}

impl Lineage {
    /// How far the server is by now in the history of its data.
    pub(super) fn heard(&mut self, offset: Option<i64>) {
        if let Some(last) = &mut self.last {
            last.offset = offset.or(last.offset);
        }
    }

    /// There is a connection `now`, to a server that stands there; the former one was lost at `lost`. What has changed, if
    /// anything did and it is known.
    pub(super) fn arrived(&mut self, standing: &Standing, lost: Instant, now: Instant) -> Option<Failover> {
        let last = self.last.replace(standing.clone())?;
        let (Some(old), Some(new)) = (&last.run_id, &standing.run_id) else { return None };
        let (history, shared_offset) = compare(&last, standing);
        let change = if old == new {
            if last.history == standing.history && history != History::RolledBack {
                return None;
            }
            ServerChange::SameServer
        } else if was_running(standing, lost, now) || last.address != standing.address {
            ServerChange::OtherServer
        } else {
            ServerChange::Restarted
        };
        Some(Failover {
            change,
            history,
            old_run_id: old.as_str().into(),
            new_run_id: new.as_str().into(),
            old_offset: last.offset,
            shared_offset,
            new_offset: standing.offset,
        })
    }
}

/// Was this process there already when the connection to the former one was lost?
fn was_running(standing: &Standing, lost: Instant, now: Instant) -> bool {
    let Some(uptime) = standing.uptime else { return false };
    // It was started this long ago, or up to a second longer.
    Duration::from_secs(uptime) > now.saturating_duration_since(lost) + SECOND
}

/// What became of the data, and up to which offset both servers have the same.
fn compare(old: &Standing, new: &Standing) -> (History, Option<i64>) {
    let Some(history) = &old.history else { return (History::Unknown, None) };
    let shared = match (&new.history, &new.former_history) {
        (Some(present), _) if present == history => new.offset,
        (_, Some((former, end))) if former == history => Some(*end),
        _ => None,
    };
    match (shared, old.offset) {
        (Some(shared), Some(seen)) if shared < seen => (History::RolledBack, Some(shared)),
        (Some(shared), Some(_)) => (History::Continued, Some(shared)),
        (shared, _) => (History::Unknown, shared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    fn standing(run_id: &str, history: &str, offset: i64) -> Standing {
        Standing {
            run_id: Some(run_id.into()),
            uptime: Some(0),
            history: Some(history.into()),
            offset: Some(offset),
            address: "a:1".into(),
            ..Standing::default()
        }
    }

    fn promoted(run_id: &str, history: &str, former: &str, shared: i64) -> Standing {
        let former_history = Some((former.into(), shared));
        Standing { former_history, address: "b:1".into(), ..standing(run_id, history, shared + 5) }
    }

    fn change(before: &Standing, after: &Standing) -> Option<Failover> {
        let (now, mut lineage) = (time::now(), Lineage::default());
        assert_eq!(lineage.arrived(before, now, now), None);
        lineage.arrived(after, now, now)
    }

    #[test]
    fn a_reconnect_to_the_same_process_with_the_same_history_is_no_change() {
        assert_eq!(change(&standing("r1", "h1", 10), &standing("r1", "h1", 20)), None);
    }

    #[test]
    fn a_restarted_server_is_told_from_another_one() {
        let found = change(&standing("r1", "h1", 10), &standing("r2", "h2", 0)).unwrap();
        assert_eq!((found.change, found.history), (ServerChange::Restarted, History::Unknown));
        let found = change(&standing("r1", "h1", 10), &promoted("r2", "h2", "h1", 10)).unwrap();
        assert_eq!((found.change, found.history), (ServerChange::OtherServer, History::Continued));
        // Behind one address: it was running before the other was lost.
        let older = Standing { uptime: Some(60), ..standing("r2", "h2", 0) };
        assert_eq!(change(&standing("r1", "h1", 10), &older).unwrap().change, ServerChange::OtherServer);
    }

    #[test]
    fn data_that_was_rolled_back_is_told_with_the_offset_up_to_which_it_is_there() {
        let found = change(&standing("r1", "h1", 90), &promoted("r2", "h2", "h1", 50)).unwrap();
        assert_eq!((found.history, found.old_offset, found.shared_offset), (History::RolledBack, Some(90), Some(50)));
        let found = change(&standing("r1", "h1", 90), &standing("r2", "h1", 50)).unwrap();
        assert_eq!((found.change, found.history), (ServerChange::Restarted, History::RolledBack));
    }

    #[test]
    fn a_server_that_took_over_another_history_is_told() {
        let found = change(&standing("r1", "h1", 90), &standing("r1", "h2", 95)).unwrap();
        assert_eq!((found.change, found.history), (ServerChange::SameServer, History::Unknown));
    }

    #[test]
    fn what_was_heard_last_counts() {
        let (now, mut lineage) = (time::now(), Lineage::default());
        lineage.arrived(&standing("r1", "h1", 10), now, now);
        lineage.heard(Some(70));
        lineage.heard(None);
        let found = lineage.arrived(&promoted("r2", "h2", "h1", 50), now, now).unwrap();
        assert_eq!((found.history, found.old_offset), (History::RolledBack, Some(70)));
    }
}
