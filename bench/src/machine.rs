//! What the figures were measured on, and with.

use std::fmt;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::plan::Plan;

#[derive(Debug, Serialize, Deserialize)]
pub struct Machine {
    pub date: String,
    pub processor: String,
    pub cores: usize,
    pub kernel: String,
    /// The share of all processors that others used just before the run.
    pub used_by_others: f64,
    pub rounds: usize,
    pub seconds: f64,
    /// Names and versions.
    pub versions: Vec<(String, String)>,
}

/// The processors that this process may use.
pub fn cores() -> Vec<usize> {
    // SAFETY: a cpu_set_t is an array of numbers, for which zero is a value.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is as large as is said.
    if unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) } != 0 {
        return vec![0];
    }
    // SAFETY: the number is within the set.
    (0..libc::CPU_SETSIZE as usize).filter(|&core| unsafe { libc::CPU_ISSET(core, &set) }).collect()
}

impl Machine {
    pub fn describe(plan: &Plan) -> Self {
        let mut versions = vec![(
            "resilient-redis".to_owned(),
            said("git", &["-C", &plan.root.display().to_string(), "describe", "--always", "--dirty"])
                .map_or("unknown".into(), |commit| format!("at {commit}")),
        )];
        let hiredis = match &plan.hiredis {
            Some(version) if plan.hiredis_has_tls => version.clone(),
            Some(version) => format!("{version} without TLS"),
            None => "not installed: its rows are left out".into(),
        };
        versions.push(("hiredis".into(), hiredis));
        if plan.has_cpp {
            let version = plan.redis_plus_plus.clone().unwrap_or("not installed: its rows are left out".into());
            versions.push(("redis-plus-plus".into(), version));
        }
        versions.push(("redis (crate)".into(), "1.8.1".into()));
        let server = said("redis-server", &["--version"]).unwrap_or_default();
        let server = server.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("unknown");
        versions.push(("redis-server".into(), server.into()));
        versions.push((
            "compilers".into(),
            [said("rustc", &["--version"]), said("cc", &["--version"]), said("c++", &["--version"])]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("; "),
        ));
        Machine {
            date: said("date", &["-u", "+%F"]).unwrap_or_default(),
            processor: field("/proc/cpuinfo", "model name").unwrap_or("unknown".into()),
            cores: plan.cores.len(),
            kernel: said("uname", &["-sm"]).unwrap_or_default(),
            used_by_others: used_by_others(),
            rounds: plan.rounds,
            seconds: plan.seconds,
            versions,
        }
    }

    /// Was so much else running that the figures mean little?
    pub fn is_busy(&self) -> bool {
        self.used_by_others > 0.1
    }

    pub fn write(&self, plan: &Plan) -> Result<()> {
        let path = plan.output.join("environment.json");
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        std::fs::write(&path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))
    }

    pub fn read(plan: &Plan) -> Result<Self> {
        let path = plan.output.join("environment.json");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "machine   {}, {} cores, {}", self.processor, self.cores, self.kernel)?;
        for (name, version) in &self.versions {
            writeln!(f, "{name:<16} {version}")?;
        }
        writeln!(f, "rounds    {} of {} s for each side, by turns; medians", self.rounds, self.seconds)?;
        if self.is_busy() {
            writeln!(
                f,
                "CAUTION   others use {:.0} % of this machine, and the figures are rough",
                self.used_by_others * 100.0
            )?;
        }
        Ok(())
    }
}

/// Looked at for a second in which this program sleeps. The load of the last minute would count the build.
fn used_by_others() -> f64 {
    let before = Ticks::read();
    std::thread::sleep(Duration::from_secs(1));
    let after = Ticks::read();
    let idle = after.idle.saturating_sub(before.idle) as f64;
    let all = after.all.saturating_sub(before.all).max(1) as f64;
    (1.0 - idle / all).max(0.0)
}

/// Of all processors together since the system's start.
struct Ticks {
    all: u64,
    idle: u64,
}

impl Ticks {
    fn read() -> Self {
        // user, nice, system, idle, iowait, irq, softirq, steal; what follows is contained in these.
        let line = field_of(&read("/proc/stat"), "cpu ").unwrap_or_default();
        let ticks: Vec<u64> = line.split_whitespace().take(8).filter_map(|ticks| ticks.parse().ok()).collect();
        Ticks { all: ticks.iter().sum(), idle: ticks.iter().skip(3).take(2).sum() }
    }
}

fn field_of(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn field(path: &str, name: &str) -> Option<String> {
    Some(field_of(&read(path), name)?.split_once(':')?.1.trim().to_owned())
}

/// The first line that a program prints.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}
