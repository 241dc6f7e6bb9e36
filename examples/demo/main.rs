//! The demonstration that `make demo` runs: a real server is killed and restarted twice while programs write to it,
//! and then what the programs were told is compared with what the server has.
//!
//! `demo <outage> <outage_hiredis or -> <listener> <folder>`: the programs, built from `examples/`, and where the picture
//! and the data go. It fails when a write that was accepted is missing or out of order, or a message is missing outside
//! of the gaps that the subscriber was told of.

#[path = "../../tests/support/mod.rs"]
mod support;

mod account;
mod chart;
mod program;
mod record;
mod report;
mod screen;
mod subscriber;

use program::{Finished, Program};
use record::Record;
use screen::Screen;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use subscriber::{Delivery, Subscriber};
use support::Server;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SECONDS: u32 = 20;
const THREADS: u32 = 8;
const WRITES_A_SECOND: u32 = 2000;
/// When the server is killed, and how long it stays away.
const KILLS: [Duration; 2] = [Duration::from_secs(4), Duration::from_millis(11_500)];
const AWAY: Duration = Duration::from_secs(3);
/// The pause between connection attempts is random; on a local network it may as well be short.
const OPTION: &str = "reconnect_max_delay_ms=250";

/// One outage as the server saw it, in microseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Outage {
    killed_us: i64,
    restarted_us: i64,
    /// From here on the server answers.
    answers_us: i64,
}

/// Everything that was seen.
struct Run {
    began_us: i64,
    outages: Vec<Outage>,
    ours: Finished,
    theirs: Option<Finished>,
    delivery: Delivery,
}

fn main() -> ExitCode {
    match demonstrate() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::from(2)
        }
    }
}

fn demonstrate() -> Result<bool> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let mut argument = || arguments.next();
    let (Some(outage), Some(outage_hiredis), Some(listener), Some(folder)) =
        (argument(), argument(), argument(), argument())
    else {
        return Err("usage: demo <outage> <outage_hiredis or -> <listener> <folder>".into());
    };
    let outage_hiredis = (outage_hiredis != Path::new("-")).then_some(outage_hiredis);
    std::fs::create_dir_all(&folder)?;

    println!(
        "{THREADS} threads write {WRITES_A_SECOND} numbered values a second to a redis-server (appendfsync always),\n\
         which is killed (SIGKILL) twice and restarted {} seconds later. A subscriber listens to it all the while.\n",
        AWAY.as_secs()
    );
    let run = run(&outage, outage_hiredis.as_deref(), &listener, &folder)?;
    let (data, picture) = (folder.join("outage.json"), folder.join("outage.svg"));
    std::fs::write(&data, report::json(&run)?)?;
    std::fs::write(&picture, report::picture(&run).svg())?;
    println!("\n{}", report::table(&run));
    println!("picture: {}\ndata:    {}\n", picture.display(), data.display());
    println!("{}", report::verdict(&run));
    Ok(run.ours.account.holds() && run.ours.account.issued > 0 && run.delivery.holds())
}

fn run(outage: &Path, outage_hiredis: Option<&Path>, listener: &Path, folder: &Path) -> Result<Run> {
    let server = Server::builder().appendonly(true).start();
    let paced = |program: &Path, record: &Path| {
        let mut command = Command::new(program);
        command.args(["-t", &THREADS.to_string(), "-r", &WRITES_A_SECOND.to_string(), "-s", &SECONDS.to_string()]);
        command.arg("-o").arg(record);
        command
    };
    let (our_record, their_record) = (folder.join("outage.record"), folder.join("outage_hiredis.record"));

    let (screen, began_us) = (Arc::new(Screen::new()), now_us());
    let mut listens = Command::new(listener);
    listens.args([&server.url(), &SECONDS.to_string(), OPTION]);
    let subscriber = Subscriber::start(listens, &server, screen.clone())?;
    let mut theirs = paced(outage_hiredis.unwrap_or(Path::new("-")), &their_record);
    theirs.args(["127.0.0.1", &server.port().to_string()]);
    let theirs = outage_hiredis.map(|_| Program::start(theirs, "demo:hiredis", their_record, None)).transpose()?;
    let mut ours = paced(outage, &our_record);
    ours.args([&server.url(), OPTION]);
    let ours = Program::start(ours, "demo:thread", our_record, Some(screen.clone()))?;

    let mut outages = Vec::new();
    for kill_after in KILLS {
        watch(&screen, &ours, theirs.as_ref(), kill_after);
        screen.mark("KILL     the server gets SIGKILL");
        let killed_us = now_us();
        server.kill();
        watch(&screen, &ours, theirs.as_ref(), kill_after + AWAY);
        let restarted_us = now_us();
        server.start_again();
        let answers_us = now_us();
        screen.mark("RESTART  the server answers again");
        outages.push(Outage { killed_us, restarted_us, answers_us });
    }
    watch(&screen, &ours, theirs.as_ref(), Duration::from_secs(SECONDS.into()));
    let ours = ours.finish(&server, THREADS)?;
    let theirs = theirs.map(|theirs| theirs.finish(&server, THREADS)).transpose()?;
    let delivery = subscriber.finish()?;
    screen.done();
    Ok(Run { began_us, outages, ours, theirs, delivery })
}

/// Shows how it goes, once a second, until this long after the beginning.
fn watch(screen: &Screen, ours: &Program, theirs: Option<&Program>, until: Duration) {
    loop {
        let passed = screen.passed();
        let next_second = Duration::from_secs(passed.as_secs() + 1);
        std::thread::sleep(until.min(next_second).saturating_sub(passed));
        if next_second > until {
            return;
        }
        let mut line = progress("resilient-redis", &ours.record());
        if let Some(theirs) = theirs {
            line.push_str(&progress("   |   hiredis", &theirs.record()));
        }
        screen.progress(&line);
        if next_second == until {
            return;
        }
    }
}

/// The last second of a program in a few words.
fn progress(name: &str, record: &Record) -> String {
    let Some(last) = record.samples.last() else { return format!("{name} is starting") };
    let before =
        record.samples.iter().rev().find(|sample| last.at_us - sample.at_us >= 950_000).or(record.samples.first());
    let accepted = |sample: &record::Sample| sample.replied + sample.accepted_into_buffer;
    let rate = before.map_or(0.0, |before| {
        (accepted(last) - accepted(before)) as f64 * 1e6 / (last.at_us - before.at_us).max(1) as f64
    });
    let mut line = format!("{name} {rate:>5.0} writes/s");
    if let Some(state) = last.state.strip_prefix("RR_STATE_") {
        line.push_str(&format!("  buffered {:>5}  {state:<12}", last.buffered_now));
    }
    let failed = last.issued - accepted(last);
    if failed > 0 {
        line.push_str(&format!("  failed {failed:>5}"));
    }
    line
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros().try_into().unwrap_or(i64::MAX))
}
