//! What to measure and for how long, from the command line and the environment.

use std::path::PathBuf;

use crate::Result;
use crate::machine;

pub const HELP: &str = "\
bench/run [--quick] [--seconds S] [--rounds N] [--only TEXT] [--callgrind | --chart | --write-docs]

  --quick        less of everything: about a minute, and rougher
  --seconds S    how long one side of one round takes (default 0.3; also BENCH_SECONDS)
  --rounds N     how often both sides take turns in a row (default 9; also BENCH_ROUNDS)
  --only TEXT    only rows whose id contains TEXT; printed, not written
  --callgrind    instead, count instructions per GET with valgrind
  --chart        instead, draw the chart of the last whole run again
  --write-docs   instead, put the figures of the last whole run into docs/PERFORMANCE.md
";

pub enum Wanted {
    Rows,
    Callgrind,
    Chart,
    Document,
    Help,
}

pub struct Plan {
    pub wanted: Wanted,
    /// Of one side of one round.
    pub seconds: f64,
    pub rounds: usize,
    /// For outage rows and large values: times this much.
    pub effort: f64,
    pub only: Option<String>,
    /// The repository.
    pub root: PathBuf,
    /// Where the figures go.
    pub output: PathBuf,
    /// Where the workers are.
    pub workers: PathBuf,
    /// The processors that this program may use; the first is the server's.
    pub cores: Vec<usize>,
    /// The version of hiredis, if its worker could be built.
    pub hiredis: Option<String>,
    /// Has that worker its SSL part?
    pub hiredis_has_tls: bool,
    /// Could the workers in C++ be built?
    pub has_cpp: bool,
    /// The version of redis-plus-plus, if its worker could be built.
    pub redis_plus_plus: Option<String>,
}

impl Plan {
    pub fn from_arguments(arguments: &[String]) -> Result<Self> {
        let output = PathBuf::from(variable("BENCH_OUTPUT").ok_or("start this with bench/run")?);
        let mut plan = Plan {
            wanted: Wanted::Rows,
            seconds: 0.3,
            rounds: 9,
            effort: 1.0,
            only: None,
            root: PathBuf::from(variable("BENCH_ROOT").ok_or("start this with bench/run")?),
            workers: output.join("bin"),
            output,
            cores: machine::cores(),
            hiredis: variable("BENCH_HIREDIS"),
            hiredis_has_tls: variable("BENCH_HIREDIS_TLS").is_some(),
            has_cpp: variable("BENCH_CPP").is_some(),
            redis_plus_plus: variable("BENCH_REDIS_PLUS_PLUS"),
        };
        let mut seconds = variable("BENCH_SECONDS");
        let mut rounds = variable("BENCH_ROUNDS");
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().cloned().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--quick" => (plan.seconds, plan.rounds, plan.effort) = (0.1, 5, 0.4),
                "--seconds" => seconds = Some(value()?),
                "--rounds" => rounds = Some(value()?),
                "--only" => plan.only = Some(value()?),
                "--callgrind" => plan.wanted = Wanted::Callgrind,
                "--chart" => plan.wanted = Wanted::Chart,
                "--write-docs" => plan.wanted = Wanted::Document,
                "--help" | "-h" => plan.wanted = Wanted::Help,
                _ => return Err(format!("no such argument: {argument}\n{HELP}")),
            }
        }
        if let Some(text) = seconds {
            plan.seconds = text.parse().ok().filter(|s| (0.01..=60.0).contains(s)).ok_or("seconds: 0.01 to 60")?;
        }
        if let Some(text) = rounds {
            plan.rounds = text.parse().ok().filter(|n| (1..=1000).contains(n)).ok_or("rounds: 1 to 1000")?;
        }
        Ok(plan)
    }

    /// Is this row asked for?
    pub fn wants(&self, id: &str) -> bool {
        self.only.as_ref().is_none_or(|only| id.contains(only.as_str()))
    }

    /// Some number of repetitions, fewer when in a hurry.
    pub fn repetitions(&self, usual: usize) -> usize {
        ((usual as f64 * self.effort) as usize).max(1)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
