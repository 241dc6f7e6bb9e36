//! Topics: what is wanted, by which subscriptions, and what the server has agreed to on the present connection. Owns the
//! difference between the two, and which topics have a gap that nobody was told of yet.
//!
//! Plain data under the hub's lock; any thread. It sends nothing: it says what to ask for next, and is told the answers.
//! One change of a topic is asked for at a time, so that answers need no numbers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::error::Error;
use crate::session::pubsub::inbox::Inbox;
use crate::session::pubsub::message::{Gap, Message, Refused, TopicKind};
use crate::time;

/// The most names in one request.
const PIECE: usize = 100;
/// The most bytes of names in one request, if there are several.
const PIECE_BYTES: usize = 32 << 10;
/// How long after the server ended a subscription by itself it is asked for it again.
const TAKEN_BACK: Duration = Duration::from_millis(100);

/// A channel, pattern or shard channel.
pub(super) type Name = Arc<[u8]>;

/// A subscription that wants a topic.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) id: u64,
    pub(super) inbox: Arc<Inbox>,
}

/// What is to be asked for next: names of one kind that are wanted, or not any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) kind: TopicKind,
    pub(super) wants: bool,
    pub(super) names: Vec<Name>,
}

/// How a topic stands for somebody who waits for it.
#[derive(Debug)]
pub(super) enum Standing {
    Subscribed,
    Waiting,
    Refused(Error),
}

#[derive(Debug, Default)]
struct Topic {
    readers: Vec<Reader>,
    /// The server has agreed to it.
    is_on: bool,
    /// It was asked for a change, and has not answered.
    is_pending: bool,
    /// It is in `differing`.
    is_listed: bool,
    /// Not to be asked for before the next round of retries.
    is_parked: bool,
    /// Not to be asked for together with others: one of them is refused.
    is_alone: bool,
    refusal: Option<Arc<Refused>>,
    /// Since when it is missing, when it was on before.
    gap: Option<SystemTime>,
    /// It is one of those that are being restored together.
    is_restoring: bool,
}

/// See above.
#[derive(Debug, Default)]
pub(super) struct Topics {
    by_kind: [HashMap<Name, Topic>; 3],
    /// Topics that may stand otherwise than they are wanted.
    differing: VecDeque<(TopicKind, Name)>,
    /// When those that are parked are asked for again.
    retry_at: Option<Instant>,
    /// Topics that are being restored together.
    to_restore: usize,
    /// Some are, or just have been.
    is_restoring: bool,
}

/// What was restored together.
#[derive(Debug)]
pub(super) struct Restoration {
    pub(super) gap: Gap,
    pub(super) topics: usize,
}

impl Topic {
    /// The server has agreed to it, and was not asked for anything else since.
    fn is_steady(&self) -> bool {
        self.is_on && !self.is_pending
    }
}

fn place(kind: TopicKind) -> usize {
    match kind {
        TopicKind::Channel => 0,
        TopicKind::Pattern => 1,
        TopicKind::ShardChannel => 2,
    }
}

impl Topics {
    fn map(&mut self, kind: TopicKind) -> Option<&mut HashMap<Name, Topic>> {
        self.by_kind.get_mut(place(kind))
    }

    fn topic(&mut self, kind: TopicKind, name: &[u8]) -> Option<&mut Topic> {
        self.map(kind)?.get_mut(name)
    }

    /// Is nothing wanted, and nothing to be ended?
    pub(super) fn is_empty(&self) -> bool {
        self.by_kind.iter().all(HashMap::is_empty)
    }

    /// A subscription wants a topic.
    pub(super) fn add(&mut self, kind: TopicKind, name: &Name, reader: Reader) {
        let Some(map) = self.map(kind) else { return };
        let topic = map.entry(name.clone()).or_default();
        topic.readers.push(reader);
        if !topic.is_on {
            // Who asks anew is told anew.
            topic.refusal = None;
            topic.is_parked = false;
        }
        self.list(kind, name);
    }

    /// A subscription does not want a topic any more.
    pub(super) fn remove(&mut self, kind: TopicKind, name: &Name, id: u64) {
        let Some(topic) = self.topic(kind, name) else { return };
        topic.readers.retain(|reader| reader.id != id);
        if !topic.readers.is_empty() {
            return;
        }
        topic.gap = None;
        self.no_longer_restoring(kind, name);
        self.list(kind, name);
        self.forget_if_over(kind, name);
    }

    fn no_longer_restoring(&mut self, kind: TopicKind, name: &[u8]) {
        if self.topic(kind, name).is_some_and(|topic| std::mem::take(&mut topic.is_restoring)) {
            self.to_restore = self.to_restore.saturating_sub(1);
        }
    }

    fn list(&mut self, kind: TopicKind, name: &Name) {
        if let Some(topic) = self.topic(kind, name)
            && !std::mem::replace(&mut topic.is_listed, true)
        {
            self.differing.push_back((kind, name.clone()));
        }
    }

    /// How a topic stands.
    pub(super) fn standing(&self, kind: TopicKind, name: &[u8]) -> Standing {
        match self.by_kind.get(place(kind)).and_then(|map| map.get(name)) {
            Some(topic) if topic.is_steady() => Standing::Subscribed,
            Some(Topic { refusal: Some(refused), .. }) => Standing::Refused(refused.error.clone()),
            _ => Standing::Waiting,
        }
    }

    /// Who gets the messages of a topic. Nobody while it is being ended: who wants it again by now has not begun.
    pub(super) fn readers(&self, kind: TopicKind, name: &[u8]) -> &[Reader] {
        let topic = self.by_kind.get(place(kind)).and_then(|map| map.get(name));
        topic.filter(|topic| topic.is_steady()).map_or(&[], |topic| &topic.readers)
    }

    /// What to ask for next.
    pub(super) fn next_request(&mut self) -> Option<Request> {
        self.retry();
        let mut request: Option<Request> = None;
        let mut bytes = 0;
        while let Some((kind, name)) = self.differing.pop_front() {
            let Some(topic) = self.topic(kind, &name) else { continue };
            let wants = !topic.readers.is_empty();
            // What is pending is looked at again when it is answered.
            if topic.is_pending || wants == topic.is_on || (wants && topic.is_parked) {
                topic.is_listed = false;
                self.forget_if_over(kind, &name);
                continue;
            }
            let is_alone = topic.is_alone;
            let fits = request.as_ref().is_none_or(|request| {
                let is_alike = request.kind == kind && request.wants == wants && !is_alone;
                is_alike && request.names.len() < PIECE && bytes + name.len() <= PIECE_BYTES
            });
            if !fits {
                self.differing.push_front((kind, name));
                break;
            }
            topic.is_listed = false;
            topic.is_pending = true;
            bytes += name.len();
            request.get_or_insert_with(|| Request { kind, wants, names: Vec::new() }).names.push(name);
            if is_alone {
                break;
            }
        }
        request
    }

    fn forget_if_over(&mut self, kind: TopicKind, name: &[u8]) {
        let is_over = |topic: &Topic| topic.readers.is_empty() && !topic.is_on && !topic.is_pending;
        if let Some(map) = self.map(kind)
            && map.get(name).is_some_and(is_over)
        {
            map.remove(name);
        }
    }

    /// The server has begun or ended a subscription as it was asked. What was missing by itself is told here.
    pub(super) fn answered(&mut self, kind: TopicKind, is_on: bool, name: &Name) -> Option<Restoration> {
        let topic = self.topic(kind, name)?;
        topic.is_on = is_on;
        topic.is_pending = false;
        let mut restored = None;
        if is_on {
            topic.is_alone = false;
            topic.refusal = None;
            if !topic.is_restoring
                && let Some(down_since) = topic.gap.take()
            {
                let gap = Gap { down_since, up_at: time::wall_clock() };
                for reader in &topic.readers {
                    reader.inbox.put(Message::Restored(Arc::new(gap)));
                    reader.inbox.tell();
                }
                restored = Some(Restoration { gap, topics: 1 });
            }
            self.no_longer_restoring(kind, name);
        }
        self.list(kind, name);
        restored
    }

    /// The server refused a request for several names: each is to be asked for alone.
    pub(super) fn ask_alone(&mut self, kind: TopicKind, names: &[Name]) {
        for name in names {
            if let Some(topic) = self.topic(kind, name) {
                topic.is_pending = false;
                topic.is_alone = true;
            }
            self.list(kind, name);
        }
    }

    /// The server refused to begin a subscription, or to end it; it is asked again after `pause`.
    pub(super) fn refused(&mut self, kind: TopicKind, name: &Name, error: Error, pause: Duration) {
        let Some(topic) = self.topic(kind, name) else { return };
        topic.is_pending = false;
        topic.is_parked = true;
        topic.is_alone = true;
        if topic.readers.is_empty() {
            // It ends with the connection.
            topic.is_on = false;
        } else if topic.refusal.as_ref().is_none_or(|earlier| earlier.error.message != error.message) {
            let refused = Arc::new(Refused { kind, name: name.clone(), error });
            topic.refusal = Some(refused.clone());
            for reader in &topic.readers {
                reader.inbox.put(Message::Refused(refused.clone()));
                reader.inbox.tell();
            }
        }
        self.no_longer_restoring(kind, name);
        self.list(kind, name);
        self.retry_after(pause);
    }

    /// The server ended a subscription by itself.
    pub(super) fn taken_back(&mut self, kind: TopicKind, name: &Name, heard_at: SystemTime) {
        let Some(topic) = self.topic(kind, name) else { return };
        if !std::mem::take(&mut topic.is_on) {
            return;
        }
        topic.is_parked = true;
        if !topic.readers.is_empty() {
            topic.gap.get_or_insert(heard_at);
        }
        self.list(kind, name);
        self.retry_after(TAKEN_BACK);
    }

    fn retry_after(&mut self, pause: Duration) {
        let Some(at) = time::now().checked_add(pause) else { return };
        self.retry_at = Some(self.retry_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// How long until those that are parked are asked for again.
    pub(super) fn retry_in(&self) -> Option<Duration> {
        self.retry_at.map(|at| at.saturating_duration_since(time::now()))
    }

    fn retry(&mut self) {
        if self.retry_in().is_some_and(|left| left.is_zero()) {
            self.retry_now();
        }
    }

    /// Those that are parked are asked for again.
    pub(super) fn retry_now(&mut self) {
        self.retry_at = None;
        self.list_all(|topic| std::mem::take(&mut topic.is_parked));
    }

    fn list_all(&mut self, mut which: impl FnMut(&mut Topic) -> bool) {
        for (kind, map) in TopicKind::ALL.into_iter().zip(&mut self.by_kind) {
            for (name, topic) in map.iter_mut() {
                if which(topic) && !std::mem::replace(&mut topic.is_listed, true) {
                    self.differing.push_back((kind, name.clone()));
                }
            }
        }
    }

    /// The connection is lost, and was last heard at `heard_at`. All that is wanted is to be asked for again; what was on
    /// is restored together, and what comes for its readers meanwhile is held back.
    pub(super) fn lost(&mut self, heard_at: SystemTime) {
        self.retry_at = None;
        for map in &mut self.by_kind {
            map.retain(|_, topic| !topic.readers.is_empty());
        }
        let mut to_restore = 0;
        self.list_all(|topic| {
            if topic.is_steady() {
                topic.gap.get_or_insert(heard_at);
                topic.is_restoring = true;
            }
            topic.is_on = false;
            topic.is_pending = false;
            topic.is_parked = false;
            if topic.is_restoring {
                to_restore += 1;
                topic.readers.iter().for_each(|reader| reader.inbox.hold());
            }
            true
        });
        self.to_restore = to_restore;
        self.is_restoring |= to_restore > 0;
    }

    /// When all that was being restored is on again, or given up: lets the readers go on, behind the gap.
    pub(super) fn settle<'a>(&mut self, everybody: impl Iterator<Item = &'a Arc<Inbox>>) -> Option<Restoration> {
        if !self.is_restoring || self.to_restore > 0 {
            return None;
        }
        self.is_restoring = false;
        let up_at = time::wall_clock();
        let mut told: HashMap<u64, (Arc<Inbox>, Gap)> = HashMap::new();
        let (mut whole, mut topics): (Option<Gap>, _) = (None, 0);
        for topic in self.by_kind.iter_mut().flat_map(HashMap::values_mut).filter(|topic| topic.is_on) {
            let Some(down_since) = topic.gap.take() else { continue };
            let gap = Gap { down_since, up_at };
            topics += 1;
            whole = Some(whole.map_or(gap, |others| others.and(gap)));
            for reader in &topic.readers {
                let (_, all) = told.entry(reader.id).or_insert_with(|| (reader.inbox.clone(), gap));
                *all = all.and(gap);
            }
        }
        for (inbox, gap) in told.values() {
            inbox.release(Some(*gap));
            inbox.tell();
        }
        for inbox in everybody {
            if inbox.release(None) {
                inbox.tell();
            }
        }
        whole.map(|gap| Restoration { gap, topics })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ErrorKind, Outcome};
    use crate::session::pubsub::inbox::Bounds;

    const PAUSE: Duration = Duration::from_secs(60);

    fn reader(id: u64) -> Reader {
        Reader { id, inbox: Arc::new(Inbox::new(Bounds { messages: 100, bytes: 1 << 20 }, None)) }
    }

    fn name(text: &str) -> Name {
        text.as_bytes().into()
    }

    fn add(topics: &mut Topics, text: &str, reader: &Reader) {
        topics.add(TopicKind::Channel, &name(text), reader.clone());
    }

    fn asked(topics: &mut Topics) -> Option<(bool, Vec<String>)> {
        let request = topics.next_request()?;
        let text = |name: &Name| String::from_utf8_lossy(name).into_owned();
        Some((request.wants, request.names.iter().map(text).collect()))
    }

    fn agree(topics: &mut Topics) {
        while let Some(request) = topics.next_request() {
            for name in request.names {
                topics.answered(request.kind, request.wants, &name);
            }
        }
    }

    fn next(reader: &Reader) -> Option<Message> {
        reader.inbox.next(Duration::ZERO).unwrap()
    }

    #[test]
    fn a_topic_is_asked_for_once_and_ended_when_its_last_reader_goes() {
        let (mut topics, one, other) = (Topics::default(), reader(1), reader(2));
        add(&mut topics, "a", &one);
        add(&mut topics, "a", &other);
        assert_eq!(asked(&mut topics), Some((true, vec!["a".into()])));
        assert_eq!(asked(&mut topics), None);
        topics.answered(TopicKind::Channel, true, &name("a"));
        topics.remove(TopicKind::Channel, &name("a"), 1);
        assert_eq!(asked(&mut topics), None);
        topics.remove(TopicKind::Channel, &name("a"), 2);
        assert_eq!(asked(&mut topics), Some((false, vec!["a".into()])));
        topics.answered(TopicKind::Channel, false, &name("a"));
        assert_eq!(asked(&mut topics), None);
        assert!(topics.is_empty());
    }

    #[test]
    fn what_changes_while_the_server_answers_is_asked_for_afterwards() {
        let (mut topics, one) = (Topics::default(), reader(1));
        add(&mut topics, "a", &one);
        assert!(asked(&mut topics).is_some());
        topics.remove(TopicKind::Channel, &name("a"), 1);
        assert_eq!(asked(&mut topics), None);
        topics.answered(TopicKind::Channel, true, &name("a"));
        assert_eq!(asked(&mut topics), Some((false, vec!["a".into()])));
        // What still comes is of the subscription that is being ended.
        add(&mut topics, "a", &one);
        assert!(topics.readers(TopicKind::Channel, b"a").is_empty());
        assert!(matches!(topics.standing(TopicKind::Channel, b"a"), Standing::Waiting));
        topics.answered(TopicKind::Channel, false, &name("a"));
        assert_eq!(asked(&mut topics), Some((true, vec!["a".into()])));
        assert!(topics.answered(TopicKind::Channel, true, &name("a")).is_none());
        assert_eq!(topics.readers(TopicKind::Channel, b"a").len(), 1);
    }

    #[test]
    fn many_names_are_asked_for_in_pieces_of_one_kind() {
        let (mut topics, one) = (Topics::default(), reader(1));
        for number in 0..250 {
            add(&mut topics, &number.to_string(), &one);
        }
        topics.add(TopicKind::Pattern, &name("p*"), one.clone());
        topics.add(TopicKind::Channel, &vec![b'x'; PIECE_BYTES].into(), one);
        let sizes: Vec<usize> =
            std::iter::from_fn(|| topics.next_request()).map(|request| request.names.len()).collect();
        assert_eq!(sizes, [100, 100, 50, 1, 1]);
    }

    #[test]
    fn a_gap_is_told_to_its_readers_when_all_is_back() {
        let (mut topics, one, other) = (Topics::default(), reader(1), reader(2));
        add(&mut topics, "a", &one);
        add(&mut topics, "b", &one);
        agree(&mut topics);
        add(&mut topics, "c", &other);
        topics.lost(SystemTime::UNIX_EPOCH);
        assert_eq!(topics.to_restore, 2);
        let inboxes = || [one.inbox.clone(), other.inbox.clone()];
        assert!(topics.settle(inboxes().iter()).is_none());
        agree(&mut topics);
        let restored = topics.settle(inboxes().iter()).unwrap();
        assert_eq!((restored.topics, restored.gap.down_since), (2, SystemTime::UNIX_EPOCH));
        assert!(matches!(next(&one), Some(Message::Restored(gap)) if *gap == restored.gap));
        assert!(next(&one).is_none() && next(&other).is_none());
        assert!(topics.settle(inboxes().iter()).is_none());
    }

    #[test]
    fn a_second_loss_before_all_is_back_makes_the_gap_longer() {
        let (mut topics, one) = (Topics::default(), reader(1));
        add(&mut topics, "a", &one);
        add(&mut topics, "b", &one);
        agree(&mut topics);
        topics.lost(SystemTime::UNIX_EPOCH);
        topics.next_request();
        topics.answered(TopicKind::Channel, true, &name("a"));
        topics.lost(SystemTime::now());
        assert_eq!(topics.to_restore, 2);
        agree(&mut topics);
        let restored = topics.settle([&one.inbox].into_iter()).unwrap();
        assert_eq!(restored.gap.down_since, SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn what_is_removed_while_it_is_restored_is_not_waited_for() {
        let (mut topics, one) = (Topics::default(), reader(1));
        add(&mut topics, "a", &one);
        agree(&mut topics);
        topics.lost(SystemTime::UNIX_EPOCH);
        topics.remove(TopicKind::Channel, &name("a"), 1);
        assert!(topics.settle([&one.inbox].into_iter()).is_none());
        assert!(!one.inbox.release(None), "nothing is held back any more");
        agree(&mut topics);
        assert!(topics.is_empty());
    }

    #[test]
    fn one_refused_name_is_found_told_once_and_asked_for_again_later() {
        let (mut topics, one) = (Topics::default(), reader(1));
        add(&mut topics, "good", &one);
        add(&mut topics, "bad", &one);
        let both = topics.next_request().unwrap().names;
        topics.ask_alone(TopicKind::Channel, &both);
        assert_eq!(asked(&mut topics), Some((true, vec!["good".into()])));
        assert_eq!(asked(&mut topics), Some((true, vec!["bad".into()])));
        let refuse = |topics: &mut Topics| {
            let error = Error::server("NOPERM no", Outcome::NotApplied);
            topics.refused(TopicKind::Channel, &name("bad"), error, PAUSE);
        };
        refuse(&mut topics);
        assert!(
            matches!(topics.standing(TopicKind::Channel, b"bad"), Standing::Refused(error) if error.kind == ErrorKind::Server)
        );
        assert!(matches!(next(&one), Some(Message::Refused(refused)) if &*refused.name == b"bad"));
        assert_eq!(asked(&mut topics), None);
        assert!(topics.retry_in().unwrap() <= PAUSE);
        topics.retry_now();
        assert_eq!(asked(&mut topics), Some((true, vec!["bad".into()])));
        refuse(&mut topics);
        assert!(next(&one).is_none());
        topics.retry_now();
        assert!(asked(&mut topics).is_some());
        topics.answered(TopicKind::Channel, true, &name("bad"));
        assert!(matches!(topics.standing(TopicKind::Channel, b"bad"), Standing::Subscribed));
    }

    #[test]
    fn what_the_server_takes_back_is_asked_for_again_and_has_a_gap_of_its_own() {
        let (mut topics, one) = (Topics::default(), reader(1));
        add(&mut topics, "a", &one);
        agree(&mut topics);
        topics.taken_back(TopicKind::Channel, &name("a"), SystemTime::UNIX_EPOCH);
        assert_eq!(asked(&mut topics), None);
        assert!(topics.retry_in().unwrap() <= TAKEN_BACK);
        topics.retry_now();
        assert!(asked(&mut topics).is_some());
        assert_eq!(topics.answered(TopicKind::Channel, true, &name("a")).unwrap().topics, 1);
        assert!(matches!(next(&one), Some(Message::Restored(_))));
    }
}
