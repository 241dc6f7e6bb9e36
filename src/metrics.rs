//! Metrics: what a client counted, in the text format of Prometheus (version 0.0.4). Owns the table of names, types and
//! meanings, which the text and `docs/METRICS.md` are made from.
//!
//! Pure functions on values, any thread. It never holds anything but numbers, the client's name and its state.

use std::fmt::Write as _;

use crate::histogram::{BOUNDS, Durations};
use crate::stats::Stats;

const PREFIX: &str = "resilient_redis_";

/// What type of metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Counter,
    Gauge,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
        }
    }
}

/// One number of [`Stats`] as a metric.
struct Metric {
    /// Behind the prefix.
    name: &'static str,
    kind: Type,
    /// What it means, for people.
    help: &'static str,
    value: Value,
}

enum Value {
    Whole(fn(&Stats) -> u64),
    /// Kept in microseconds, shown in seconds.
    Seconds(fn(&Stats) -> u64),
}

/// The histogram's name and meaning.
const DURATION: (&str, &str) = (
    "command_duration_seconds",
    "How long calls took that were answered, waiting through outages included; a pipeline is one call.",
);
const STATE: (&str, &str) = ("state", "1 for the state that the connection is in, 0 for the others.");
const INFO: (&str, &str) = ("info", "Always 1; the label version is the library's.");

macro_rules! metrics {
    ($($name:literal $kind:ident $value:ident($field:ident) $help:literal;)+) => {
        const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            kind: Type::$kind,
            help: $help,
            value: Value::$value(|stats| stats.$field),
        },)+];

        #[cfg(test)]
        const FIELDS: &[&str] = &[$(stringify!($field),)+];
    };
}

metrics! {
    "commands_total" Counter Whole(commands) "Commands that the program issued; a pipeline counts each of its commands.";
    "replies_total" Counter Whole(replies) "Replies that reached the program, server errors among them.";
    "server_errors_total" Counter Whole(server_errors) "Replies that were server errors.";
    "timeouts_total" Counter Whole(timeouts) "Commands that ended in a timeout.";
    "resent_total" Counter Whole(resent) "Commands that were written again after a connection was lost.";
    "resent_unsafe_total" Counter Whole(resent_unsafe) "Of those, the ones that may have run twice with an effect: not idempotent.";
    "unknown_total" Counter Whole(unknown) "Commands that ended with outcome unknown.";
    "buffered_total" Counter Whole(buffered) "Commands accepted into the buffer.";
    "replayed_total" Counter Whole(replayed) "Buffered commands that the server answered.";
    "rejected_total" Counter Whole(rejected) "Writes refused because the buffer was full.";
    "dropped_total" Counter Whole(dropped) "Buffered commands dropped to make room.";
    "expired_total" Counter Whole(expired) "Buffered commands that became too old.";
    "failed_total" Counter Whole(failed) "Buffered commands that the server refused for good.";
    "failed_discarded_total" Counter Whole(failed_discarded) "Entries that the full failed list let go to make room for newer ones.";
    "connects_total" Counter Whole(connects) "Connections made.";
    "connect_failures_total" Counter Whole(connect_failures) "Connection attempts that failed.";
    "disconnects_total" Counter Whole(disconnects) "Connections lost.";
    "health_checks_total" Counter Whole(health_checks) "Health checks sent.";
    "written_bytes_total" Counter Whole(bytes_written) "Bytes written to the server.";
    "read_bytes_total" Counter Whole(bytes_read) "Bytes read from the server.";
    "outages_total" Counter Whole(outages) "Outages that ended with commands flowing again; the time before the first connection is none.";
    "failovers_total" Counter Whole(failovers) "Connections that led to another server, a restarted one, or other data than before.";
    "replica_reads_total" Counter Whole(replica_reads) "Commands that a replica answered.";
    "outage_seconds_total" Counter Seconds(outage_total_us) "How long these outages lasted together.";
    "longest_outage_seconds" Gauge Seconds(longest_outage_us) "How long the longest outage lasted, from the loss to commands flowing again; the time before the first connection counts, too.";
    "last_outage_seconds" Gauge Seconds(last_outage_us) "How long the last outage lasted; the same.";
    "longest_call_seconds" Gauge Seconds(longest_call_us) "How long the slowest call took that was answered; a pipeline is one call.";
    "events_missed_total" Counter Whole(events_missed) "Events that were dropped because nobody took them in time.";
    "log_lines_missed_total" Counter Whole(log_lines_missed) "Log lines that were dropped because the log callback did not come after.";
    "buffer_commands" Gauge Whole(buffered_now) "Commands in the buffer.";
    "buffer_bytes" Gauge Whole(buffered_bytes_now) "Bytes of the commands in the buffer.";
    "in_flight_commands" Gauge Whole(in_flight_now) "Calls written or about to be, not yet answered.";
    "failed_list_entries" Gauge Whole(failed_now) "Entries in the failed list.";
}

/// A text that grows, metric by metric. Writing to a String cannot fail.
struct Page {
    text: String,
    /// The label that every sample has.
    client: String,
}

impl Page {
    fn metric(&mut self, (name, help): (&str, &str), kind: &str) {
        let _ = write!(self.text, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}\n");
    }

    fn sample(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.text, "{PREFIX}{name}{{{}}} {value}", self.client);
    }

    fn labelled(&mut self, name: &str, (label, content): (&str, &str), value: u64) {
        let content = escaped(content);
        let _ = writeln!(self.text, "{PREFIX}{name}{{{},{label}=\"{content}\"}} {value}", self.client);
    }
}

/// The text for a client called `client`; of `states` one is true.
pub fn text(client: &str, states: &[(&str, bool)], stats: &Stats, durations: &Durations) -> String {
    let client = format!("client=\"{}\"", escaped(client));
    let mut page = Page { text: String::with_capacity(10 << 10), client };
    for Metric { name, kind, help, value } in METRICS {
        page.metric((name, help), kind.name());
        match value {
            Value::Whole(value) => page.sample(name, &value(stats).to_string()),
            Value::Seconds(value) => page.sample(name, &seconds(value(stats))),
        }
    }
    page.metric(STATE, "gauge");
    for (state, is_so) in states {
        page.labelled(STATE.0, ("state", state), u64::from(*is_so));
    }
    page.metric(INFO, "gauge");
    page.labelled(INFO.0, ("version", env!("CARGO_PKG_VERSION")), 1);
    page.metric(DURATION, "histogram");
    let mut sum = 0;
    let bounds = BOUNDS.iter().map(|bound| seconds(*bound)).chain([String::from("+Inf")]);
    for (bound, count) in bounds.zip(durations.counts) {
        sum += count;
        page.labelled(&format!("{}_bucket", DURATION.0), ("le", &bound), sum);
    }
    page.sample(&format!("{}_sum", DURATION.0), &seconds(durations.total_us));
    page.sample(&format!("{}_count", DURATION.0), &sum.to_string());
    page.text
}

/// Microseconds as seconds, without needless zeros and without rounding.
fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A label's value, with what the format needs escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

/// The text of `docs/METRICS.md`.
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut row = |name: &str, kind: &str, labels: &str, help: &str| {
        let _ = writeln!(page, "| `{PREFIX}{name}` | {kind} | {labels} | {help} |");
    };
    for metric in METRICS {
        row(metric.name, metric.kind.name(), "", metric.help);
    }
    row(STATE.0, "gauge", "`state`", STATE.1);
    row(INFO.0, "gauge", "`version`", INFO.1);
    row(DURATION.0, "histogram", "`le`", DURATION.1);
    page.push_str(NOTES);
    page
}

const INTRODUCTION: &str = "\
<!-- Made from the table in src/metrics.rs; `UPDATE_DOCS=1 cargo test --test metrics` writes it. -->

# Metrics

`rr_client_metrics` gives what a client counted as text in the exposition format of Prometheus, version 0.0.4. A program hands
it to whoever asks for `/metrics`, as `text/plain; version=0.0.4`. Making it keeps no command waiting for longer than a look at a number.

Every sample has the label `client`: the option `client_name`, empty when it is not set. No sample holds anything else of
what the program says or stores.

| metric | type | more labels | meaning |
|---|---|---|---|
";

const NOTES: &str = "
* Counters begin at 0 when the client is made, and end with it.
* The states are those of `rr_client_state`, without `RR_STATE_`: `CONNECTING`, `READY`, `RECONNECTING`, `RECOVERING`, `GAVE_UP`,
  `CLOSED`.
* The histogram's buckets end at 10, 20, 50, 100, … microseconds up to 10 seconds. A duration begins when the call comes, or the
  command is submitted, and ends when the last reply was read; what ended without a reply has none, nor has what waits at the
  server (BLPOP, ...).
* The format allows each metric once in a text: a program with several clients serves each text by itself, under an address of
  its own, or merges them by metric.
* A duration is measured in microseconds, so that a call on the same machine may be one shorter than it was.

What to watch:

| question | expression |
|---|---|
| Is it connected? | `resilient_redis_state{state=\"READY\"} == 1` |
| How slow are calls? | `histogram_quantile(0.99, rate(resilient_redis_command_duration_seconds_bucket[5m]))` |
| Which part of the time was an outage? | `rate(resilient_redis_outage_seconds_total[1h])` |
| Is the buffer filling? | `resilient_redis_buffer_commands` against the option `buffer_max_commands` |
| Is anything lost? | `rate(resilient_redis_rejected_total[5m])`, and the same for `dropped`, `expired`, `failed` and `unknown` |
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_statistics_is_a_metric() {
        let shown = format!("{:?}", Stats::default());
        let fields = shown.trim_start_matches("Stats { ").trim_end_matches(" }").split(", ");
        let mut fields: Vec<&str> = fields.map(|field| field.split(':').next().unwrap()).collect();
        let mut used = FIELDS.to_vec();
        fields.sort_unstable();
        used.sort_unstable();
        assert_eq!(used, fields);
    }

    #[test]
    fn names_end_as_their_type_and_unit_ask() {
        for Metric { name, kind, help, value } in METRICS {
            assert_eq!(name.ends_with("_total"), *kind == Type::Counter, "{name}");
            assert_eq!(
                name.trim_end_matches("_total").ends_with("_seconds"),
                matches!(value, Value::Seconds(_)),
                "{name}"
            );
            assert!(help.ends_with('.') && !help.contains(['\n', '\\', '|']), "{name}");
        }
    }

    #[test]
    fn seconds_are_exact() {
        for (us, shown) in [(0, "0"), (10, "0.00001"), (1_000_000, "1"), (10_000_000, "10"), (1_500_001, "1.500001")] {
            assert_eq!(seconds(us), shown);
        }
    }

    #[test]
    fn a_name_is_escaped() {
        let text = text("a\"b\\c\nd", &[("READY", true)], &Stats::default(), &Durations::default());
        assert!(text.contains("resilient_redis_commands_total{client=\"a\\\"b\\\\c\\nd\"} 0\n"), "{text}");
    }

    #[test]
    fn buckets_are_cumulative_and_the_last_is_the_count() {
        let mut durations = Durations { total_us: 30_000_025, ..Durations::default() };
        durations.counts[0] = 2;
        durations.counts[3] = 1;
        durations.counts[BOUNDS.len()] = 1;
        let text = text("", &[], &Stats::default(), &durations);
        let name = "resilient_redis_command_duration_seconds";
        for line in [
            format!("{name}_bucket{{client=\"\",le=\"0.00001\"}} 2\n"),
            format!("{name}_bucket{{client=\"\",le=\"0.00005\"}} 2\n"),
            format!("{name}_bucket{{client=\"\",le=\"0.0001\"}} 3\n"),
            format!("{name}_bucket{{client=\"\",le=\"10\"}} 3\n"),
            format!("{name}_bucket{{client=\"\",le=\"+Inf\"}} 4\n"),
            format!("{name}_sum{{client=\"\"}} 30.000025\n"),
            format!("{name}_count{{client=\"\"}} 4\n"),
        ] {
            assert!(text.contains(&line), "{line} in {text}");
        }
    }
}
