//! Instructions per GET, which no noise touches: two runs of different length under valgrind, and their difference.

use std::process::Command;

use crate::Result;
use crate::launch::bind;
use crate::plan::Plan;
use crate::row::Placement;
use crate::rows::{Side, cores_of};
use crate::server::Server;

const SHORT: u64 = 200;
const LONG: u64 = 2200;

pub fn run(plan: &Plan) -> Result<()> {
    let server = Server::start(cores_of(plan, Placement::OneCore).first().copied().unwrap_or(0))?;
    server.command(&["SET", "bench:key", "hello"])?;
    let address = format!("address={}", server.tcp());
    println!("instructions in the client, per GET (the kernel's are not counted)\n");
    println!("{:<28}{:>12}{:>12}", "", "GET", "pipelined");
    for name in ["ours", "hiredis"] {
        if name == "hiredis" && plan.hiredis.is_none() {
            continue;
        }
        let single = difference(plan, name, "get", &address, 1)?;
        let piped = difference(plan, name, "pipeline", &address, 100)?;
        println!("{name:<28}{single:>12.0}{piped:>12.0}");
    }
    println!("\nby function: callgrind_annotate {}/callgrind.ours.get.{LONG}", plan.output.display());
    Ok(())
}

/// Instructions per operation of which a step makes `depth`.
fn difference(plan: &Plan, name: &'static str, workload: &str, address: &str, depth: u64) -> Result<f64> {
    let short = instructions(plan, name, workload, address, SHORT)?;
    let long = instructions(plan, name, workload, address, LONG)?;
    Ok((long - short) / ((LONG - SHORT) * depth) as f64)
}

fn instructions(plan: &Plan, name: &'static str, workload: &str, address: &str, steps: u64) -> Result<f64> {
    let side = Side::c(name, &[workload, address, &format!("steps={steps}"), "seconds=0"]).command(plan)?;
    let file = plan.output.join(format!("callgrind.{name}.{workload}.{steps}"));
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", &format!("--callgrind-out-file={}", file.display())]);
    command.arg(side.get_program()).args(side.get_args());
    bind(&mut command, &[]);
    let output = command.output().map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(format!("valgrind: {said}"));
    }
    let count = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.ok_or(format!("valgrind did not say how many instructions: {said}"))
}
