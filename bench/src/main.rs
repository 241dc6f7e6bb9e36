//! The driver of the benchmarks: starts a server, has workers measure, and says what came of it.
//!
//! `run` builds everything and starts it; docs/PERFORMANCE.md says what each row means. It measures nothing itself: every
//! figure is that of a worker, a process of its own for each round, so that no client profits from what another left
//! behind. Two workers that have to be Rust are this program again: `worker decode` and `worker mutex`.

mod authority;
mod callgrind;
mod chart;
mod cpp;
mod decode;
mod document;
mod launch;
mod machine;
mod mutex;
mod outage;
mod plan;
mod row;
mod rows;
mod server;
mod statistics;
mod table;

use std::process::ExitCode;

use plan::{Plan, Wanted};

/// What went wrong, for people.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some("worker") => worker(&arguments[1..]).map(|()| true),
        _ => drive(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn worker(arguments: &[String]) -> Result<()> {
    let (workload, arguments) = arguments.split_first().ok_or("worker of what?")?;
    match workload.as_str() {
        "decode" => decode::run(arguments),
        "mutex" => mutex::run(arguments),
        other => Err(format!("no such workload: {other}")),
    }
}

/// False when a row could not be measured.
fn drive(arguments: &[String]) -> Result<bool> {
    let plan = Plan::from_arguments(arguments)?;
    match plan.wanted {
        Wanted::Help => print!("{}", plan::HELP),
        Wanted::Document => document::write(&plan)?,
        Wanted::Chart => draw(&plan, &row::read(&plan)?, &machine::Machine::read(&plan)?)?,
        Wanted::Callgrind => callgrind::run(&plan)?,
        Wanted::Rows => return measure(&plan),
    }
    Ok(true)
}

fn measure(plan: &Plan) -> Result<bool> {
    let machine = machine::Machine::describe(plan);
    print!("{machine}");
    let rows = rows::measure_all(plan)?;
    println!("\n{}", table::as_text(&rows));
    if plan.only.is_none() {
        row::write(plan, &rows)?;
        machine.write(plan)?;
        draw(plan, &rows, &machine)?;
        println!("\nwritten: {0}/summary.json, environment.json and chart.svg", plan.output.display());
    }
    Ok(rows.iter().all(|row| row.failure.is_none()))
}

fn draw(plan: &Plan, rows: &[row::Row], machine: &machine::Machine) -> Result<()> {
    let path = plan.output.join("chart.svg");
    std::fs::write(&path, chart::svg(rows, machine)).map_err(|error| format!("{}: {error}", path.display()))
}
