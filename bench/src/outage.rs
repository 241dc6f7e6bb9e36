//! Rows around outages, which need a server that can be killed, and the row of the client that has nothing to do.

use crate::Result;
use crate::launch::{self, Worker};
use crate::plan::Plan;
use crate::row::{Better, Placement, Row};
use crate::rows::{Side, cores_of, progress};
use crate::server::Server;
use crate::statistics::median;

use Placement::{OneCore, OtherCores};

/// How many writes an outage holds.
const WRITES: usize = 100_000;

pub fn measure_all(plan: &Plan) -> Result<Vec<Row>> {
    let mut server = Server::start(cores_of(plan, OneCore).first().copied().unwrap_or(0))?;
    let mut rows = Vec::new();
    if plan.wants("drain") || plan.wants("buffered-memory") {
        progress("drain");
        rows.extend(drain(plan, &mut server));
    }
    if plan.wants("recovery") {
        progress("recovery");
        rows.push(recovery(plan, &server));
    }
    if plan.wants("failover") {
        progress("failover");
        rows.push(failover(plan, &server));
    }
    if plan.wants("idle") {
        progress("idle");
        rows.extend(idle(plan, &server));
    }
    if plan.wants("frozen") {
        progress("frozen");
        rows.push(frozen(plan, &server));
    }
    Ok(rows)
}

/// Writes that were buffered in an outage reach the server, against a pipeline of them; and what they take meanwhile.
fn drain(plan: &Plan, server: &mut Server) -> Vec<Row> {
    let speed = Row::new("drain", "100 000 buffered writes reach the server", "hiredis pipeline", OtherCores, "ms");
    let space = Row::new("buffered-memory", "memory of a buffered SET over its bytes", "limit", OtherCores, "bytes");
    let rounds: Result<Vec<_>> = (0..plan.repetitions(5)).map(|_| drain_once(plan, server)).collect();
    match rounds {
        Ok(rounds) => {
            let over: Vec<f64> = rounds.iter().map(|round| round.over).collect();
            let space = space.limit(&over, 64.0);
            let pairs: Option<Vec<_>> = rounds.iter().map(|round| Some((round.drain, round.pipeline?))).collect();
            let exchange: Vec<f64> = rounds.iter().filter_map(|round| round.exchange).collect();
            match pairs {
                Some(pairs) => {
                    let note = format!("{:.0} ms of theirs without formatting the commands", median(&exchange));
                    vec![speed.compare(&pairs, Better::Lower, Some(0.8)).note(note), space]
                }
                None => vec![space],
            }
        }
        Err(failure) => [speed, space].map(|row| Row::or_failure(row, Err(failure.clone()))).into(),
    }
}

struct Drained {
    /// Milliseconds.
    drain: f64,
    pipeline: Option<f64>,
    exchange: Option<f64>,
    /// Bytes a command.
    over: f64,
}

fn drain_once(plan: &Plan, server: &mut Server) -> Result<Drained> {
    let cores = cores_of(plan, OtherCores);
    let address = format!("address={}", server.tcp());
    let count = format!("count={WRITES}");
    let worker = Worker::start(Side::c("outage", &["drain", &address, &count]).command(plan)?, cores)?;
    let ours = worker.serve(|request| match request {
        "kill" => {
            server.kill();
            Ok(())
        }
        "restart" => server.start_again(),
        other => Err(format!("unexpected: {other}")),
    })?;
    let size = server.command(&["DBSIZE"])?;
    if size != redis::Value::Int(WRITES as i64) {
        return Err(format!("{WRITES} writes were buffered, and the server has {size:?}"));
    }
    server.command(&["FLUSHALL"])?;
    let mut drained =
        Drained { drain: ours.get("seconds")? * 1e3, pipeline: None, exchange: None, over: ours.get("over")? };
    if plan.hiredis.is_some() {
        let theirs = launch::run(Side::c("hiredis", &["writes", &address, &count]).command(plan)?, cores)?;
        drained.pipeline = Some(theirs.get("seconds")? * 1e3);
        drained.exchange = Some(theirs.get("exchange")? * 1e3);
        server.command(&["FLUSHALL"])?;
    }
    Ok(drained)
}

/// From the moment at which the server accepts again and an attempt is due until the first reply.
fn recovery(plan: &Plan, server: &Server) -> Row {
    let row = Row::new("recovery", "first reply after an outage, over the pause", "limit", OtherCores, "ms");
    let measured = || {
        server.command(&["SET", "bench:key", "hello"])?;
        let (tcp, unix) = (format!("address={}", server.tcp()), format!("admin={}", server.unix()));
        let count = format!("count={}", plan.repetitions(40));
        let side = Side::c("outage", &["recovery", &tcp, &unix, &count]);
        let figures = launch::run(side.command(plan)?, cores_of(plan, OtherCores))?;
        let extra: Vec<f64> = figures.all("extra").iter().map(|seconds| seconds * 1e3).collect();
        Ok(row.clone().limit(&extra, 2.0).note(format!("{} outages", extra.len())))
    };
    Row::or_failure(row.clone(), measured())
}

/// From the moment at which the former primary is a replica and the name leads to the new one until a write is answered
/// there.
fn failover(plan: &Plan, server: &Server) -> Row {
    let row = Row::new("failover", "first write after primary and replica changed places", "limit", OtherCores, "ms");
    let measured = || {
        let other = Server::start(cores_of(plan, OneCore).first().copied().unwrap_or(0))?;
        let (one, two) = (format!("address={}", server.tcp()), format!("admin={}", other.tcp()));
        let count = format!("count={}", plan.repetitions(20));
        let worker = launch::run(
            Side::c("outage", &["failover", &one, &two, &count]).command(plan)?,
            cores_of(plan, OtherCores),
        );
        // Whichever way they stand now.
        server.command(&["REPLICAOF", "NO", "ONE"])?;
        let extra: Vec<f64> = worker?.all("extra").iter().map(|seconds| seconds * 1e3).collect();
        Ok(row.clone().limit(&extra, 5.0).note(format!("{} failovers", extra.len())))
    };
    Row::or_failure(row.clone(), measured())
}

/// A client that nobody uses.
fn idle(plan: &Plan, server: &Server) -> Vec<Row> {
    let wakeups = Row::new("idle-wakeups", "idle client: wake-ups", "limit", OtherCores, "/s");
    let threads = Row::new("idle-threads", "idle client: threads of its own", "limit", OtherCores, "threads");
    let address = format!("address={}", server.tcp());
    let seconds = format!("seconds={}", plan.repetitions(5));
    let side = Side::c("outage", &["idle", &address, &seconds]);
    let measured = side.command(plan).and_then(|command| launch::run(command, cores_of(plan, OtherCores)));
    match measured.and_then(|figures| Ok((figures.get("wakeups")?, figures.get("threads")?))) {
        Ok((count, number)) => vec![wakeups.limit(&[count], 0.0), threads.limit(&[number], 2.0)],
        Err(failure) => [wakeups, threads].map(|row| Row::or_failure(row, Err(failure.clone()))).into(),
    }
}

/// A client whose server is frozen, with a reply to come that nobody waits for.
fn frozen(plan: &Plan, server: &Server) -> Row {
    let row = Row::new("frozen", "frozen server, nobody waits: processor time", "limit", OtherCores, "%");
    let measured = || {
        let (address, seconds) = (format!("address={}", server.tcp()), format!("seconds={}", plan.repetitions(2)));
        let side = Side::c("outage", &["frozen", &address, &seconds]);
        let worker = Worker::start(side.command(plan)?, cores_of(plan, OtherCores))?;
        let figures = worker.serve(|request| match request {
            "freeze" => server.signal(libc::SIGSTOP),
            "thaw" => server.signal(libc::SIGCONT),
            other => Err(format!("unexpected: {other}")),
        });
        // Also when the worker failed meanwhile.
        server.signal(libc::SIGCONT)?;
        Ok(row.clone().limit(&[figures?.get("share")?], 1.0))
    };
    Row::or_failure(row.clone(), measured())
}
