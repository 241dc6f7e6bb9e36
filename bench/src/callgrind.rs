//! Instructions, which no noise touches: two runs of different length under valgrind, and their difference.

use std::process::Command;

use crate::Result;
use crate::launch::bind;
use crate::plan::Plan;
use crate::row::Placement;
use crate::rows::{Side, cores_of};
use crate::server::Server;

/// How many steps the two runs make.
const STEPS: [u64; 2] = [200, 1200];

/// A name, the workload's arguments, and how many operations a step makes.
const WORK: &[(&str, &[&str], f64)] = &[
    ("GET", &["get"], 1.0),
    ("GET in a pipeline of 100", &["pipeline", "depth=100"], 100.0),
    ("decode +OK", &["decode", "shape=status"], FEED / 5.0),
    ("decode :1", &["decode", "shape=integer"], FEED / 4.0),
    ("decode a string of 5 bytes", &["decode", "shape=string"], FEED / 11.0),
    ("decode 1000 strings of 10 bytes", &["decode", "shape=array"], FEED / 17_007.0),
];
/// Bytes that a step decodes.
const FEED: f64 = 16_384.0;

/// What is counted again over TLS.
const OVER_TLS: &[(&str, &[&str], f64)] =
    &[("GET, TLS", &["get"], 1.0), ("GET in a pipeline of 100, TLS", &["pipeline", "depth=100"], 100.0)];

pub fn run(plan: &Plan) -> Result<()> {
    println!("instructions for each (the kernel's are not counted)\n");
    println!("{:<34}{:>10}{:>10}{:>8}", "", "ours", "hiredis", "ratio");
    let core = cores_of(plan, Placement::OneCore).first().copied().unwrap_or(0);
    count(plan, &Server::start(core)?, WORK, "")?;
    match Server::start_with_tls(core) {
        Ok(server) => count(plan, &server, OVER_TLS, ".tls")?,
        Err(error) => eprintln!("bench: what goes over TLS is left out: {error}"),
    }
    println!("\nby function: callgrind_annotate {}/callgrind.ours.get", plan.output.display());
    Ok(())
}

fn count(plan: &Plan, server: &Server, work: &[(&str, &[&str], f64)], suffix: &str) -> Result<()> {
    server.command(&["SET", "bench:key", "hello"])?;
    for (name, arguments, operations) in work {
        let what = arguments.first().copied().unwrap_or_default();
        let place = if what == "decode" { Vec::new() } else { server.place() };
        let ours = if what == "decode" { Side::rust(arguments) } else { Side::c("ours", arguments).with(&place) };
        let ours = difference(plan, &ours, &format!("ours.{what}{suffix}"))? / operations;
        let theirs = Side::c("hiredis", arguments).with(&place);
        let theirs = if theirs.can_run(plan) {
            difference(plan, &theirs, &format!("hiredis.{what}{suffix}"))? / operations
        } else {
            f64::NAN
        };
        println!("{name:<34}{ours:>10.0}{theirs:>10.0}{:>8.2}", theirs / ours);
    }
    Ok(())
}

/// Instructions of a step.
fn difference(plan: &Plan, side: &Side, file: &str) -> Result<f64> {
    let file = format!("callgrind.{file}");
    let [few, many] = STEPS;
    let less = instructions(plan, side, &file, few)?;
    let more = instructions(plan, side, &file, many)?;
    Ok((more - less) / (many - few) as f64)
}

fn instructions(plan: &Plan, side: &Side, file: &str, steps: u64) -> Result<f64> {
    let worker = side.command(plan)?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", &format!("--callgrind-out-file={}", plan.output.join(file).display())]);
    command.arg(worker.get_program()).args(worker.get_args()).args([format!("steps={steps}"), "seconds=0".into()]);
    bind(&mut command, &[]);
    let output = command.output().map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(format!("valgrind: {said}"));
    }
    let count = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.ok_or(format!("valgrind did not say how many instructions: {said}"))
}
