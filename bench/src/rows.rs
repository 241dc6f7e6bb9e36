//! The rows: what is run on both sides, and how the figures become one.
//!
//! Both sides take turns round by round, and each round's order is the other way round than the last one's, so that what
//! disturbs the machine for a while disturbs both. The server has the first processor. Where a row says so the client
//! has the same one; else it has all others.

use std::process::Command;

use crate::launch::{self, Figures};
use crate::plan::Plan;
use crate::row::{Better, Placement, Row};
use crate::server::Server;
use crate::statistics::median;
use crate::{Result, cpp, outage};

use Placement::{OneCore, OtherCores};

const BIG: usize = 64 << 20;

/// A worker and its arguments.
pub struct Side {
    program: Program,
    arguments: Vec<String>,
}

enum Program {
    /// A program of this name, in C or C++.
    C(&'static str),
    /// This program itself.
    Rust,
}

impl Side {
    pub fn c(name: &'static str, arguments: &[&str]) -> Self {
        Side { program: Program::C(name), arguments: arguments.iter().map(ToString::to_string).collect() }
    }

    pub fn rust(arguments: &[&str]) -> Self {
        Side { program: Program::Rust, ..Self::c("", arguments) }
    }

    /// The same, told more.
    pub fn with(mut self, arguments: &[String]) -> Self {
        self.arguments.extend_from_slice(arguments);
        self
    }

    /// Could it be built with what it needs?
    pub fn can_run(&self, plan: &Plan) -> bool {
        match self.program {
            Program::C("hiredis") => has_hiredis(plan, self.is_over_tls()),
            Program::C(cpp::OURS) => plan.has_cpp,
            Program::C(cpp::HIREDIS) => plan.has_cpp && has_hiredis(plan, false),
            Program::C(cpp::REDIS_PLUS_PLUS) => plan.redis_plus_plus.is_some(),
            Program::C(_) | Program::Rust => true,
        }
    }

    fn is_over_tls(&self) -> bool {
        self.arguments.iter().any(|argument| argument.starts_with("authorities="))
    }

    pub fn command(&self, plan: &Plan) -> Result<Command> {
        let mut command = match self.program {
            Program::C(name) => Command::new(plan.workers.join(name)),
            Program::Rust => {
                let mut command = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
                command.arg("worker");
                command
            }
        };
        command.args(&self.arguments);
        Ok(command)
    }
}

/// Two workers that do the same for a while.
pub struct Pair {
    pub id: &'static str,
    pub name: &'static str,
    pub against: &'static str,
    pub ours: Side,
    pub theirs: Side,
    /// Where, and the goal there.
    pub places: &'static [(Placement, Option<f64>)],
    /// Nanoseconds of processor time each instead of so many a second.
    pub is_cost: bool,
}

pub const CALM: &[(Placement, Option<f64>)] = &[(OneCore, Some(1.0)), (OtherCores, None)];

/// The processors of a client.
pub fn cores_of(plan: &Plan, placement: Placement) -> &[usize] {
    match (placement, plan.cores.as_slice()) {
        (OtherCores, [_, others @ ..]) if !others.is_empty() => others,
        (_, cores) => cores.get(..1).unwrap_or_default(),
    }
}

/// Every row that is asked for and can be had.
pub fn measure_all(plan: &Plan) -> Result<Vec<Row>> {
    let core = cores_of(plan, OneCore).first().copied().unwrap_or(0);
    let server = Server::start(core)?;
    server.command(&["SET", "bench:key", "hello"])?;
    let mut rows = measure_pairs(plan, &pairs(&server));
    cpp::prepare(&server)?;
    rows.extend(measure_pairs(plan, &cpp::pairs(&server)));
    if plan.wants("big") {
        progress("big");
        rows.extend(big(plan, &server, Protection::None));
    }
    drop(server);
    match Server::start_with_tls(core) {
        Ok(server) => rows.extend(measure_over_tls(plan, &server)?),
        Err(error) => eprintln!("bench: the rows over TLS are left out: {error}"),
    }
    rows.extend(outage::measure_all(plan)?);
    eprintln!();
    Ok(rows)
}

fn measure_over_tls(plan: &Plan, server: &Server) -> Result<Vec<Row>> {
    server.command(&["SET", "bench:key", "hello"])?;
    let mut rows = measure_pairs(plan, &pairs_over_tls(server));
    if plan.wants("tls-big") {
        progress("tls-big");
        rows.extend(big(plan, server, Protection::Tls));
    }
    Ok(rows)
}

fn measure_pairs(plan: &Plan, pairs: &[Pair]) -> Vec<Row> {
    let mut rows = Vec::new();
    for pair in pairs {
        for &(placement, goal) in pair.places {
            let id = format!("{}-{}", pair.id, if placement == OneCore { "one-core" } else { "other-core" });
            if plan.wants(&id) && can_be_had(plan, &pair.theirs, placement) {
                progress(&id);
                rows.push(compare(plan, pair, &id, placement, goal));
            }
        }
    }
    rows
}

/// Shows on a terminal what goes on.
pub fn progress(id: &str) {
    eprint!("\r\x1b[K  measuring {id}");
}

fn can_be_had(plan: &Plan, theirs: &Side, placement: Placement) -> bool {
    theirs.can_run(plan) && (placement == OneCore || plan.cores.len() > 1)
}

fn has_hiredis(plan: &Plan, over_tls: bool) -> bool {
    plan.hiredis.is_some() && (plan.hiredis_has_tls || !over_tls)
}

fn pairs(server: &Server) -> Vec<Pair> {
    let tcp = format!("address={}", server.tcp());
    let unix = format!("address={}", server.unix());
    let (tcp, unix) = (tcp.as_str(), unix.as_str());
    let get = |id, name, address, places| Pair {
        id,
        name,
        against: "hiredis",
        ours: Side::c("ours", &["get", address]),
        theirs: Side::c("hiredis", &["get", address]),
        places,
        is_cost: false,
    };
    let threads = |id, name, count: &str, goal| Pair {
        ours: Side::c("ours", &["get", tcp, count]),
        theirs: Side::c("hiredis", &["get", tcp, count]),
        against: "hiredis, a connection each",
        ..get(id, name, tcp, goal)
    };
    let decode = |id, name, shape: &str| Pair {
        id,
        name,
        against: "hiredis reader",
        ours: Side::rust(&["decode", shape]),
        theirs: Side::c("hiredis", &["decode", shape]),
        places: &[(OtherCores, Some(4.0))],
        is_cost: true,
    };
    vec![
        get("get-tcp", "GET, 1 thread, TCP", tcp, CALM),
        Pair {
            against: "redis crate",
            theirs: Side::rust(&["mutex", tcp, "threads=1"]),
            ..get("get-crate", "GET, 1 thread, TCP", tcp, &[(OneCore, None)])
        },
        get("get-unix", "GET, 1 thread, unix socket", unix, CALM),
        Pair {
            ours: Side::c("ours", &["get", tcp, "option=spin_us=50"]),
            ..get("get-spin", "GET, 1 thread, TCP, spin_us=50", tcp, &[(OtherCores, Some(1.5))])
        },
        Pair {
            ours: Side::c("ours", &["pipeline", tcp, "depth=100"]),
            theirs: Side::c("hiredis", &["pipeline", tcp, "depth=100"]),
            ..get("pipeline", "pipeline of 100 GETs", tcp, &[(OneCore, Some(1.5)), (OtherCores, None)])
        },
        Pair {
            ours: Side::c("ours", &["submit", tcp, "depth=100"]),
            theirs: Side::c("hiredis", &["pipeline", tcp, "depth=100"]),
            against: "hiredis pipeline",
            ..get("submit", "100 GETs submitted, then taken", tcp, &[(OneCore, Some(1.2)), (OtherCores, None)])
        },
        threads("threads-4", "GET, 4 threads share a client", "threads=4", &[(OneCore, None), (OtherCores, Some(1.0))]),
        threads("threads-8", "GET, 8 threads share a client", "threads=8", &[(OneCore, None), (OtherCores, Some(1.0))]),
        threads(
            "threads-64",
            "GET, 64 threads share a client",
            "threads=64",
            &[(OneCore, None), (OtherCores, Some(1.5))],
        ),
        Pair {
            against: "redis crate in a mutex",
            theirs: Side::rust(&["mutex", tcp, "threads=64"]),
            ..threads(
                "mutex-64",
                "GET, 64 threads share a client",
                "threads=64",
                &[(OneCore, None), (OtherCores, Some(4.0))],
            )
        },
        Pair {
            ours: Side::c("ours", &["subscribe", tcp]),
            theirs: Side::c("hiredis", &["subscribe", tcp]),
            against: "hiredis, redisGetReply in a loop",
            ..get("subscribe", "messages of a channel, pulled", tcp, &[(OneCore, None), (OtherCores, None)])
        },
        decode("decode-status", "decode +OK", "shape=status"),
        decode("decode-integer", "decode :1", "shape=integer"),
        decode("decode-string", "decode a string of 5 bytes", "shape=string"),
        decode("decode-array", "decode 1000 strings of 10 bytes", "shape=array"),
    ]
}

/// What is measured again over TLS.
fn pairs_over_tls(server: &Server) -> Vec<Pair> {
    const PIPELINE: &[(Placement, Option<f64>)] = &[(OneCore, Some(1.3)), (OtherCores, None)];
    const THREADS: &[(Placement, Option<f64>)] = &[(OneCore, None), (OtherCores, None)];
    let place = server.place();
    let hiredis = |id, name, work: &[&str], against, places| Pair {
        id,
        name,
        against,
        ours: Side::c("ours", work).with(&place),
        theirs: Side::c("hiredis", work).with(&place),
        places,
        is_cost: false,
    };
    // In the worker of the crate all threads have one connection, also if there is one of them.
    let mutex = |id, name, work: &[&str], more: &[&str], against, places| Pair {
        theirs: Side::rust(&[&["mutex"], more].concat()).with(&place),
        ..hiredis(id, name, work, against, places)
    };
    let (get, pipeline, threads) =
        ("GET, 1 thread, TLS", "pipeline of 100 GETs, TLS", "GET, 8 threads share a client, TLS");
    vec![
        hiredis("tls-get", get, &["get"], "hiredis", CALM),
        mutex("tls-crate-get", get, &["get"], &["threads=1"], "redis crate", CALM),
        hiredis("tls-pipeline", pipeline, &["pipeline", "depth=100"], "hiredis", PIPELINE),
        mutex(
            "tls-crate-pipeline",
            pipeline,
            &["pipeline", "depth=100"],
            &["threads=1", "depth=100"],
            "redis crate",
            PIPELINE,
        ),
        hiredis("tls-threads-8", threads, &["get", "threads=8"], "hiredis, a connection each", THREADS),
        mutex("tls-crate-threads-8", threads, &["get", "threads=8"], &["threads=8"], "redis crate in a mutex", THREADS),
    ]
}

fn compare(plan: &Plan, pair: &Pair, id: &str, placement: Placement, goal: Option<f64>) -> Row {
    let unit = if pair.is_cost { "ns" } else { "/s" };
    let empty = Row::new(id, pair.name, pair.against, placement, unit);
    let seconds = format!("seconds={}", plan.seconds);
    let run = |side: &Side| {
        let mut command = side.command(plan)?;
        command.arg(&seconds);
        launch::run(command, cores_of(plan, placement))
    };
    let measured = take_turns(plan.rounds, || run(&pair.ours), || run(&pair.theirs)).and_then(|rounds| {
        let cost = of_both(&rounds, |figures| Ok(figures.get("cpu")? / figures.get("ops")?))?;
        if pair.is_cost {
            let cost: Vec<_> = cost.into_iter().map(|(ours, theirs)| (ours * 1e9, theirs * 1e9)).collect();
            return Ok(empty.clone().compare(&cost, Better::Lower, goal));
        }
        let rates = of_both(&rounds, |figures| Ok(figures.get("ops")? / figures.get("seconds")?))?;
        let (ours, theirs): (Vec<f64>, Vec<f64>) = cost.into_iter().unzip();
        let note =
            format!("processor time of the client {:.2} µs, theirs {:.2}", median(&ours) * 1e6, median(&theirs) * 1e6);
        Ok(empty.clone().compare(&rates, Better::Higher, goal).note(note))
    });
    Row::or_failure(empty.clone(), measured)
}

/// A figure of both sides of each round.
fn of_both(rounds: &[(Figures, Figures)], figure: impl Fn(&Figures) -> Result<f64>) -> Result<Vec<(f64, f64)>> {
    rounds.iter().map(|(ours, theirs)| Ok((figure(ours)?, figure(theirs)?))).collect()
}

/// Both sides by turns: their figures of each round.
pub fn take_turns<T>(
    rounds: usize,
    mut ours: impl FnMut() -> Result<T>,
    mut theirs: impl FnMut() -> Result<T>,
) -> Result<Vec<(T, T)>> {
    (0..rounds)
        .map(|round| {
            if round % 2 == 0 {
                let ours = ours()?;
                Ok((ours, theirs()?))
            } else {
                let theirs = theirs()?;
                Ok((ours()?, theirs))
            }
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    None,
    Tls,
}

/// A value of 64 MiB: how long, and how much memory.
fn big(plan: &Plan, server: &Server, protection: Protection) -> Vec<Row> {
    let (time, space, goal) = match protection {
        Protection::None => {
            (("big-time", "GET of 64 MiB: time"), ("big-memory", "GET of 64 MiB: peak memory"), Some(1.0))
        }
        Protection::Tls => {
            (("tls-big-time", "GET of 64 MiB, TLS: time"), ("tls-big-memory", "GET of 64 MiB, TLS: peak memory"), None)
        }
    };
    let time = Row::new(time.0, time.1, "hiredis", OtherCores, "ms");
    let space = Row::new(space.0, space.1, "hiredis", OtherCores, "payloads");
    if !has_hiredis(plan, protection == Protection::Tls) {
        return Vec::new();
    }
    match big_rounds(plan, server) {
        Ok(rounds) => {
            let by =
                |name: &str, unit: f64| of_both(&rounds, |figures| Ok(figures.get(name)? / unit)).unwrap_or_default();
            let peaks = by("peak", BIG as f64);
            // The goal is 1.1 payloads of ours, whatever theirs are.
            let theirs = median(&peaks.iter().map(|&(_, theirs)| theirs).collect::<Vec<_>>());
            vec![
                time.compare(&by("seconds", 3e-3), Better::Lower, goal),
                space.compare(&peaks, Better::Lower, Some(theirs / 1.1)).note("goal: at most 1.1 payloads"),
            ]
        }
        Err(failure) => [time, space].map(|row| Row::or_failure(row, Err(failure.clone()))).into(),
    }
}

fn big_rounds(plan: &Plan, server: &Server) -> Result<Vec<(Figures, Figures)>> {
    server.command(&["SET", "bench:big", ""])?;
    server.command(&["SETRANGE", "bench:big", &(BIG - 1).to_string(), "x"])?;
    let run = |name| {
        let side = Side::c(name, &["big", "count=3"]).with(&server.place());
        let figures = launch::run(side.command(plan)?, cores_of(plan, OtherCores))?;
        let whole = figures.all("payload").iter().all(|&length| length == BIG as f64);
        whole.then_some(figures).ok_or(format!("{name}: not the whole value"))
    };
    let rounds = take_turns(plan.repetitions(5), || run("ours"), || run("hiredis"));
    server.command(&["DEL", "bench:big"])?;
    rounds
}
