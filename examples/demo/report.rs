//! What a run is told as: a table, a verdict, the data, the picture.
//!
//! Pure: a run in, text out.

use crate::account::Account;
use crate::chart::{Chart, Series, Tone, with_thousands};
use crate::program::Finished;
use crate::record::Sample;
use crate::{AWAY, OPTION, Result, Run, SECONDS, THREADS, WRITES_A_SECOND};
use serde_json::json;

/// The width of a line of the chart's first panel: as long as two samples.
const BUCKETS_A_SECOND: u32 = 10;

type Cell = fn(&Run, &Finished) -> String;

pub fn table(run: &Run) -> String {
    let rows: [(&str, Cell); 12] = [
        ("writes issued", |_, of| with_thousands(of.account.issued)),
        ("acknowledged by a reply", |_, of| with_thousands(of.account.acknowledged)),
        ("buffered during an outage", |_, of| told(of, "replayed", of.account.buffered)),
        ("  of these replayed after it", |_, of| told(of, "replayed", of.told.get("replayed").unwrap_or(0))),
        ("failed, certainly not applied", |_, of| with_thousands(of.account.not_applied)),
        ("failed, may have been applied", |_, of| with_thousands(of.account.unknown)),
        ("lost to errors", |_, of| with_thousands(of.account.dropped)),
        ("lost though accepted", |_, of| with_thousands(of.account.lost)),
        ("out of order", |_, of| with_thousands(of.account.out_of_order)),
        ("duplicated", |_, of| with_thousands(of.account.duplicated)),
        ("longest stall of a writer", |_, of| milliseconds(of.told.get("longest_stall_us").unwrap_or(0) as f64)),
        ("server answers -> first reply", recovery_text),
    ];
    let columns: Vec<(String, &Finished)> =
        std::iter::once((format!("resilient-redis {}", run.ours.told.version), &run.ours))
            .chain(run.theirs.as_ref().map(|theirs| (format!("hiredis {}", theirs.told.version), theirs)))
            .collect();
    let mut text = format!("{:31}", "");
    for (name, _) in &columns {
        text.push_str(&format!("{name:>24}"));
    }
    text.push('\n');
    for (name, cell) in rows {
        text.push_str(&format!("{name:31}"));
        for (_, finished) in &columns {
            text.push_str(&format!("{:>24}", cell(run, finished)));
        }
        text.push('\n');
    }
    text.push_str(
        "\nduplicated: delivery is at least once by default, so what was written and not answered when the server died\n\
         is sent again, and may have run before. (It was sent again ",
    );
    text.push_str(&format!("{} times here.)\n", run.ours.told.get("resent").unwrap_or(0)));
    let delivery = &run.delivery;
    text.push_str(&format!(
        "\na subscriber received {} of {} messages; the other {} were published while it had no connection, within the\n\
         {} gaps that it was told of. Missing elsewhere: {}, twice: {}, out of order: {}.\n",
        with_thousands(delivery.arrivals_us.len() as u64),
        with_thousands(delivery.published),
        with_thousands(delivery.in_gaps),
        delivery.gaps.len(),
        delivery.missing,
        delivery.repeated,
        delivery.out_of_order,
    ));
    if run.theirs.is_none() {
        text.push_str("hiredis is not installed (libhiredis-dev): nothing to compare with.\n");
    }
    text
}

pub fn verdict(run: &Run) -> String {
    let account = &run.ours.account;
    let verdict = if account.holds() && run.delivery.holds() { "PASSED" } else { "FAILED" };
    let mut text = format!(
        "{verdict}: {} writes, 2 kills, {} lost, {} out of order",
        with_thousands(account.issued),
        account.lost,
        account.out_of_order
    );
    if account.untrue + account.foreign > 0 {
        text.push_str(&format!(
            ", {} on the server though called not applied, {} that nobody wrote",
            account.untrue, account.foreign
        ));
    }
    text
}

pub fn json(run: &Run) -> Result<String> {
    let seconds = |us: i64| seconds(run, us);
    let program = |finished: &Finished| {
        let account = &finished.account;
        let samples = finished.record.samples.iter().map(|sample| {
            json!([
                seconds(sample.at_us),
                sample.issued,
                sample.replied,
                sample.accepted_into_buffer,
                sample.buffered_now,
                sample.median_us,
                sample.longest_us,
                sample.state,
            ])
        });
        json!({
            "version": finished.told.version,
            "issued": account.issued,
            "acknowledged": account.acknowledged,
            "buffered": account.buffered,
            "replayed": finished.told.get("replayed"),
            "resent": finished.told.get("resent"),
            "failed_not_applied": account.not_applied,
            "failed_applied": account.applied,
            "failed_unknown": account.unknown,
            "lost_to_errors": account.dropped,
            "lost": account.lost,
            "out_of_order": account.out_of_order,
            "duplicated": account.duplicated,
            "longest_stall_us": finished.told.get("longest_stall_us"),
            "recovery_us": recoveries(run, finished),
            "sample_fields": ["seconds", "issued", "acknowledged", "buffered", "buffered_now", "median_us", "longest_us", "state"],
            "samples": samples.collect::<Vec<_>>(),
        })
    };
    let outages = run.outages.iter().map(|outage| {
        json!({
            "killed": seconds(outage.killed_us),
            "restarted": seconds(outage.restarted_us),
            "answers": seconds(outage.answers_us),
        })
    });
    let whole = json!({
        "threads": THREADS,
        "writes_a_second": WRITES_A_SECOND,
        "seconds": SECONDS,
        "options": [OPTION],
        "outages": outages.collect::<Vec<_>>(),
        "resilient_redis": program(&run.ours),
        "hiredis": run.theirs.as_ref().map(program),
        "subscriber": {
            "published": run.delivery.published,
            "received": run.delivery.arrivals_us.len(),
            "gaps": run.delivery.gaps.iter().map(|(from, to)| json!([seconds(*from), seconds(*to)])).collect::<Vec<_>>(),
            "published_in_gaps": run.delivery.in_gaps,
            "missing": run.delivery.missing,
            "repeated": run.delivery.repeated,
            "out_of_order": run.delivery.out_of_order,
        },
    });
    Ok(serde_json::to_string(&whole)?)
}

pub fn picture(run: &Run) -> Chart {
    let account = &run.ours.account;
    let outages = run.outages.iter().map(|outage| (seconds(run, outage.killed_us), seconds(run, outage.answers_us)));
    let gone = |account: &Account| {
        format!("{} of {} writes lost", with_thousands(account.lost + account.dropped), with_thousands(account.issued))
    };
    let mut subtitle = vec![
        (Tone::Plain, "resilient-redis: ".to_owned()),
        (Tone::Ours, gone(account)),
        (Tone::Plain, format!(", {} out of order.", with_thousands(account.out_of_order))),
    ];
    if let Some(theirs) = &run.theirs {
        subtitle.push((Tone::Plain, "   hiredis: ".to_owned()));
        subtitle.push((Tone::Theirs, gone(&theirs.account)));
        subtitle.push((Tone::Plain, " to errors.".to_owned()));
    }
    let over_time = |pick: fn(&Sample) -> Option<f64>| -> Series {
        run.ours.record.samples.iter().map(|sample| (seconds(run, sample.at_us), pick(sample))).collect()
    };
    Chart {
        title: format!(
            "{THREADS} threads keep writing while the server is killed twice, for {} s each",
            AWAY.as_secs()
        ),
        subtitle,
        note: "calls wait 250 ms".to_owned(),
        seconds: SECONDS.into(),
        outages: outages.collect(),
        replied: rate(run, &run.ours, |sample| sample.replied),
        accepted: rate(run, &run.ours, |sample| sample.replied + sample.accepted_into_buffer),
        theirs: run
            .theirs
            .as_ref()
            .map(|theirs| ("hiredis, answered".to_owned(), rate(run, theirs, |sample| sample.replied))),
        buffered: over_time(|sample| Some(sample.buffered_now as f64)),
        messages: arrivals(run),
        gaps: run.delivery.gaps.iter().map(|(from, to)| (seconds(run, *from), seconds(run, *to))).collect(),
        median_us: over_time(|sample| sample.median_us.map(|us| us as f64)),
        longest_us: over_time(|sample| sample.longest_us.map(|us| us as f64)),
    }
}

/// A total over time as a rate, in buckets of equal length.
fn rate(run: &Run, finished: &Finished, total: fn(&Sample) -> u64) -> Series {
    let samples: Vec<(f64, f64)> =
        finished.record.samples.iter().map(|sample| (seconds(run, sample.at_us), total(sample) as f64)).collect();
    let per_second = f64::from(BUCKETS_A_SECOND);
    let edges = (0..=SECONDS * BUCKETS_A_SECOND).map(|edge| f64::from(edge) / per_second);
    let totals: Vec<(f64, f64)> = edges.map(|edge| (edge, total_at(&samples, edge))).collect();
    let pairs = totals.iter().zip(totals.iter().skip(1));
    pairs
        .map(|((from, before), (to, after))| (f64::midpoint(*from, *to), Some((after - before) * per_second)))
        .collect()
}

/// Messages a second that the subscriber received.
fn arrivals(run: &Run) -> Series {
    let per_second = f64::from(BUCKETS_A_SECOND);
    let mut counts = vec![0_u32; (SECONDS * BUCKETS_A_SECOND) as usize];
    for at in &run.delivery.arrivals_us {
        if let Some(count) = counts.get_mut((seconds(run, *at) * per_second) as usize) {
            *count += 1;
        }
    }
    let middle = |bucket: usize| (bucket as f64 + 0.5) / per_second;
    counts.iter().enumerate().map(|(at, count)| (middle(at), Some(f64::from(*count) * per_second))).collect()
}

/// The total at a point in time, between the samples around it.
fn total_at(samples: &[(f64, f64)], at: f64) -> f64 {
    let after = samples.iter().find(|(seconds, _)| *seconds >= at);
    let before = samples.iter().rev().find(|(seconds, _)| *seconds < at);
    match (before, after) {
        (Some((from, low)), Some((to, high))) => low + (high - low) * (at - from) / (to - from),
        (Some((_, total)), None) | (None, Some((_, total))) => *total,
        (None, None) => 0.0,
    }
}

/// From the server's first answer to the first reply that a writer got, for each outage.
fn recoveries(run: &Run, finished: &Finished) -> Vec<Option<i64>> {
    let first_after = |from: i64| finished.record.recovered_us.iter().copied().find(|at| *at >= from);
    let recovery = |outage: &crate::Outage| Some((first_after(outage.restarted_us)? - outage.answers_us).max(0));
    run.outages.iter().map(recovery).collect()
}

fn recovery_text(run: &Run, finished: &Finished) -> String {
    let recoveries = recoveries(run, finished);
    let texts = recoveries.into_iter().map(|us| us.map_or("never".to_owned(), |us| milliseconds(us as f64)));
    texts.collect::<Vec<_>>().join(", ")
}

/// A number that only some programs have.
fn told(finished: &Finished, name: &str, number: u64) -> String {
    finished.told.get(name).map_or("-".to_owned(), |_| with_thousands(number))
}

fn milliseconds(us: f64) -> String {
    if us < 9950.0 { format!("{:.1} ms", us / 1e3) } else { format!("{:.0} ms", us / 1e3) }
}

fn seconds(run: &Run, at_us: i64) -> f64 {
    (at_us - run.began_us) as f64 / 1e6
}
