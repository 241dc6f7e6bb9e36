//! A connection that ends at each byte of a command and of its reply: what the program is told is what the server holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use resilient_redis::client::{Client, CommandOptions, Executed, Incomplete, PipelineOptions};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::resp::Reply;
use support::{Action, Ask, Direction, Plan, Proxy, SOON, Server, append, is_reply, open_ready};

/// Where a connection is cut, and how.
#[derive(Clone, Copy, Debug)]
struct Cut {
    direction: Direction,
    bytes: u64,
    action: Action,
}

impl Cut {
    /// Every byte of a request and of its reply, by end of file and by reset.
    fn all(request: u64, reply: u64) -> impl Iterator<Item = Cut> {
        let points = (0..=request).map(|bytes| (Direction::ToServer, bytes));
        let points = points.chain((0..reply).map(|bytes| (Direction::ToClient, bytes)));
        points.flat_map(|(direction, bytes)| {
            [Action::Close, Action::Reset].map(|action| Cut { direction, bytes, action })
        })
    }

    fn arm(self, proxy: &Proxy) {
        proxy.plan(match self.direction {
            Direction::ToServer => Plan::to_server(self.bytes, self.action),
            Direction::ToClient => Plan::to_client(self.bytes, self.action),
        });
    }

    /// Has the server surely all of a request of this length, or surely not?
    fn has_arrived(self, request: u64) -> bool {
        self.direction == Direction::ToClient || self.bytes >= request
    }
}

struct Bench {
    server: Server,
    proxy: Proxy,
    client: Client,
}

impl Bench {
    fn new(options: &[(&str, &str)]) -> Self {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        // An attempt at once after each cut: nothing here is about pauses, or about buffering.
        let mut all = vec![("outage_grace_ms", "4000"), ("reconnect_max_delay_ms", "10")];
        all.extend_from_slice(options);
        let client = open_ready(&proxy.url(), &all);
        Bench { server, proxy, client }
    }

    /// How many bytes a request and its reply take on the wire.
    fn measure(&self, run: impl Fn(&Client)) -> (u64, u64) {
        let before = self.proxy.state();
        run(&self.client);
        let after = self.proxy.state();
        (after.bytes_to_server - before.bytes_to_server, after.bytes_to_client - before.bytes_to_client)
    }

    /// What the server holds, once nothing is on its way to it any more.
    fn held(&self, key: &str) -> i64 {
        let text: Option<String> = redis::from_redis_value(self.server.command(&["GET", key])).unwrap();
        text.map_or(0, |text| text.parse().unwrap())
    }

    fn forget(&self, key: &str) {
        // A cut right behind the last byte of a request, or of a reply that was forwarded, comes after the answer.
        self.proxy.forget_plans();
        self.client.wait_ready(SOON).unwrap();
        self.server.command(&["DEL", key]);
    }
}

const NO_RETRY: CommandOptions =
    CommandOptions { timeout: None, no_buffer: false, no_retry: true, from_primary: false };

/// Cuts INCR everywhere and hands on what came back and what the server then holds.
fn cut_incr(options: &[(&str, &str)], how: &CommandOptions, check: impl Fn(Cut, bool, Result<i64, Outcome>, i64)) {
    let bench = Bench::new(options);
    let incr = ["INCR", "n"];
    let (request, reply) = bench.measure(|client| assert!(is_reply(&client.run(&incr))));
    for cut in Cut::all(request, reply) {
        bench.forget("n");
        cut.arm(&bench.proxy);
        let told = match bench.client.run_with(&incr, how) {
            Ok(Executed::Reply(reply)) => Ok(reply.root().as_integer().unwrap()),
            Ok(Executed::Buffered) => panic!("{cut:?}: buffered"),
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::ConnectionLost, "{cut:?}: {error:?}");
                Err(error.outcome)
            }
        };
        check(cut, cut.has_arrived(request), told, bench.held("n"));
    }
}

fn never_twice(cut: Cut, arrived: bool, told: Result<i64, Outcome>, held: i64) {
    assert_eq!(held, if told.is_ok() { 1 } else { i64::from(arrived) }, "{cut:?}: {told:?}");
    match told {
        Ok(value) => assert_eq!(value, 1, "{cut:?}"),
        Err(outcome) => assert_eq!(outcome, Outcome::Unknown, "{cut:?}"),
    }
}

#[test]
fn at_least_once_answers_an_incr_that_was_cut_anywhere() {
    cut_incr(&[], &CommandOptions::default(), |cut, arrived, told, held| {
        let times = told.unwrap_or_else(|outcome| panic!("{cut:?}: {outcome:?}"));
        assert_eq!(times, held, "{cut:?}: the reply is that of the last run");
        assert!(held == 1 || (arrived && held == 2), "{cut:?}: it ran {held} times");
    });
}

#[test]
fn at_most_once_never_runs_an_incr_twice_that_was_cut_anywhere() {
    cut_incr(&[("delivery", "at_most_once")], &CommandOptions::default(), never_twice);
}

#[test]
fn without_retry_unsafe_an_incr_that_was_cut_anywhere_never_runs_twice() {
    cut_incr(&[("retry_unsafe", "false")], &CommandOptions::default(), never_twice);
}

#[test]
fn a_command_with_no_retry_never_runs_twice() {
    cut_incr(&[], &NO_RETRY, never_twice);
}

#[test]
fn a_set_that_was_cut_anywhere_is_sent_again_unless_at_most_once() {
    for options in [&[][..], &[("retry_unsafe", "false")], &[("delivery", "at_most_once")]] {
        let bench = Bench::new(options);
        let set = ["SET", "k", "7"];
        let (request, reply) = bench.measure(|client| assert!(is_reply(&client.run(&set))));
        for cut in Cut::all(request, reply) {
            bench.forget("k");
            cut.arm(&bench.proxy);
            match bench.client.run(&set) {
                Ok(executed) => assert!(matches!(executed, Executed::Reply(_)) && bench.held("k") == 7, "{cut:?}"),
                Err(error) => {
                    assert_eq!(options, [("delivery", "at_most_once")], "{cut:?}: {error:?}");
                    assert_eq!(error.outcome, Outcome::Unknown, "{cut:?}: {error:?}");
                    assert_eq!(bench.held("k") == 7, cut.has_arrived(request), "{cut:?}");
                }
            }
        }
        assert_eq!(bench.client.stats().resent_unsafe, 0);
    }
}

#[test]
fn a_get_that_was_cut_anywhere_is_always_answered() {
    let bench = Bench::new(&[("delivery", "at_most_once"), ("retry_unsafe", "false")]);
    bench.client.ask(&["SET", "k", "value"]);
    let get = ["GET", "k"];
    let (request, reply) = bench.measure(|client| assert!(is_reply(&client.run(&get))));
    for cut in Cut::all(request, reply) {
        bench.proxy.forget_plans();
        bench.client.wait_ready(SOON).unwrap();
        cut.arm(&bench.proxy);
        assert_eq!(bench.client.text(&get).as_deref(), Some("value"), "{cut:?}");
    }
}

/// Counts three keys up in one pipeline.
fn three_incrs(client: &Client, atomic: bool) -> Result<Executed, Incomplete> {
    let mut pipeline = client.pipeline(PipelineOptions { atomic, ..PipelineOptions::default() });
    for key in ["a", "b", "c"] {
        append(&mut pipeline, &["INCR", key]);
    }
    pipeline.execute()
}

/// Cuts a pipeline of three everywhere and hands on what came back and what the server then holds.
fn cut_pipeline(options: &[(&str, &str)], atomic: bool, check: impl Fn(Cut, Result<Executed, Incomplete>, [i64; 3])) {
    let bench = Bench::new(options);
    let (request, reply) = bench.measure(|client| assert!(three_incrs(client, atomic).is_ok()));
    for cut in Cut::all(request, reply) {
        ["a", "b", "c"].iter().for_each(|key| bench.forget(key));
        cut.arm(&bench.proxy);
        let told = three_incrs(&bench.client, atomic);
        check(cut, told, ["a", "b", "c"].map(|key| bench.held(key)));
    }
}

fn integers(reply: &Reply) -> Vec<i64> {
    reply.root().iter().map(|value| value.as_integer().unwrap()).collect()
}

/// Each reply is a number, or an error that says what became of its command.
fn check_partial(cut: Cut, incomplete: &Incomplete, held: [i64; 3]) {
    assert_eq!(incomplete.error.kind, ErrorKind::ConnectionLost, "{cut:?}: {incomplete:?}");
    let Some(reply) = &incomplete.reply else {
        assert_eq!(incomplete.error.outcome, Outcome::Unknown, "{cut:?}");
        assert!(held.iter().all(|held| *held <= 1), "{cut:?}: {held:?}");
        return;
    };
    assert_eq!(reply.root().len(), 3, "{cut:?}");
    for (value, held) in reply.root().iter().zip(held) {
        match value.error_code() {
            None => assert_eq!((value.as_integer(), held), (Some(1), 1), "{cut:?}"),
            Some("UNKNOWN") => assert!(held <= 1, "{cut:?}: it ran {held} times"),
            Some("NOTAPPLIED") => assert_eq!(held, 0, "{cut:?}"),
            Some(other) => panic!("{cut:?}: {other}"),
        }
    }
}

#[test]
fn at_least_once_answers_a_pipeline_that_was_cut_anywhere_and_keeps_what_was_answered() {
    cut_pipeline(&[], false, |cut, told, held| {
        let Ok(Executed::Reply(reply)) = told else { panic!("{cut:?}: {told:?}") };
        assert_eq!(integers(&reply), held, "{cut:?}: the replies are those of the last runs");
        assert!(held.iter().all(|held| (1..=2).contains(held)), "{cut:?}: {held:?}");
        // What was answered did not run again: the first reply has 4 bytes.
        let answered = if cut.direction == Direction::ToClient { cut.bytes / 4 } else { 0 };
        for held in held.iter().take(usize::try_from(answered).unwrap()) {
            assert_eq!(*held, 1, "{cut:?}");
        }
    });
}

#[test]
fn at_most_once_never_runs_a_part_of_a_pipeline_twice() {
    cut_pipeline(&[("delivery", "at_most_once")], false, |cut, told, held| match told {
        Ok(Executed::Reply(reply)) => assert_eq!((integers(&reply), held), (vec![1; 3], [1; 3]), "{cut:?}"),
        Ok(Executed::Buffered) => panic!("{cut:?}: buffered"),
        Err(incomplete) => check_partial(cut, &incomplete, held),
    });
}

#[test]
fn without_retry_unsafe_no_part_of_a_pipeline_runs_twice() {
    cut_pipeline(&[("retry_unsafe", "false")], false, |cut, told, held| match told {
        Ok(Executed::Reply(reply)) => assert_eq!((integers(&reply), held), (vec![1; 3], [1; 3]), "{cut:?}"),
        Ok(Executed::Buffered) => panic!("{cut:?}: buffered"),
        Err(incomplete) => check_partial(cut, &incomplete, held),
    });
}

#[test]
fn an_atomic_pipeline_that_was_cut_anywhere_is_all_or_nothing() {
    for options in [&[][..], &[("retry_unsafe", "false")], &[("delivery", "at_most_once")]] {
        cut_pipeline(options, true, |cut, told, held| {
            assert!(held[0] == held[1] && held[1] == held[2], "{cut:?}: {held:?}");
            match told {
                Ok(Executed::Reply(reply)) => assert_eq!(integers(&reply), held, "{cut:?}"),
                Ok(Executed::Buffered) => panic!("{cut:?}: buffered"),
                Err(incomplete) => {
                    assert!(!options.is_empty(), "{cut:?}: {incomplete:?}");
                    assert_eq!(incomplete.error.outcome, Outcome::Unknown, "{cut:?}");
                }
            }
            assert!(held[0] <= if options.is_empty() { 2 } else { 1 }, "{cut:?}: {held:?}");
        });
    }
}

#[test]
fn two_cuts_in_a_row_lose_nothing_and_keep_the_order() {
    let server = Server::start();
    let proxy = Proxy::start(server.address());
    let client = open_ready(&proxy.url(), &[("outage_grace_ms", "0"), ("reconnect_max_delay_ms", "10")]);
    // What the server tells of itself is not of the same length each time, but nearly.
    let handshake = proxy.state();
    let mut expected = Vec::new();
    for round in 0..40_u64 {
        // Buffered while the server is away, then cut twice while the buffer drains.
        proxy.refuse(true);
        proxy.close_all();
        client.wait_state(resilient_redis::client::State::Reconnecting);
        for _ in 0..50 {
            let number = (expected.len() + 1).to_string();
            assert!(support::is_buffered(&client.run(&["RPUSH", "list", &number])));
            expected.push(number);
        }
        let next = proxy.total_connections();
        // The handshake comes first; then it is cut at ever other places of the drain.
        for (place, action) in [(next, Action::Reset), (next + 1, Action::Close)] {
            let plan = match round % 2 {
                0 => Plan::to_server(handshake.bytes_to_server + 24 + 37 * round, action),
                _ => Plan::to_client(handshake.bytes_to_client + 20 + 5 * round, action),
            };
            proxy.plan(plan.counted_from_start().on_connection(place));
        }
        proxy.refuse(false);
        client.reconnect().unwrap();
        client.flush(SOON).unwrap();
        proxy.forget_plans();
        client.wait_ready(SOON).unwrap();
    }
    let list: Vec<String> = redis::from_redis_value(server.command(&["LRANGE", "list", "0", "-1"])).unwrap();
    // What was sent again may stand there again, as a run of numbers that goes back and leads on without a gap.
    let mut reached = 0;
    for number in list.iter().map(|number| number.parse::<usize>().unwrap()) {
        assert!(number <= reached + 1, "{number} follows {reached}");
        reached = reached.max(number);
    }
    assert_eq!(reached, expected.len());
    let stats = client.stats();
    // Not once what was answered: what stands there twice is at most what was sent again.
    assert!((list.len() - expected.len()) as u64 <= stats.resent_unsafe, "{} {stats:?}", list.len());
    assert!(stats.disconnects >= 80, "{stats:?}");
}
