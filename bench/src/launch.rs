//! Child processes: pinned to processors, gone when the driver is gone, and their figures.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Result;

/// Has the command run on these processors only, and die with the thread that starts it.
pub fn bind(command: &mut Command, cores: &[usize]) {
    // SAFETY: a cpu_set_t is an array of numbers, for which zero is a value.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    for &core in cores {
        // SAFETY: CPU_SET checks that the number is within the set.
        unsafe { libc::CPU_SET(core, &mut set) };
    }
    let pinned = !cores.is_empty();
    let prepare = move || {
        // SAFETY: prctl() with these arguments changes a property of the calling process only.
        if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
            return Err(std::io::Error::last_os_error());
        }
        // SAFETY: the set lives in this closure.
        if pinned && unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) } != 0 {
            return Err(std::io::Error::last_os_error());
        }
        Ok(())
    };
    // SAFETY: between fork and exec it makes two system calls and allocates nothing.
    unsafe { command.pre_exec(prepare) };
}

/// The figures that a worker printed: by name, in order.
#[derive(Debug, Default)]
pub struct Figures(HashMap<String, Vec<f64>>);

impl Figures {
    /// The last figure with this name.
    pub fn get(&self, name: &str) -> Result<f64> {
        self.all(name).last().copied().ok_or(format!("the worker did not say {name}"))
    }

    pub fn all(&self, name: &str) -> &[f64] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Takes a line; what is no figure is given back.
    fn take<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let Some((name, number)) = line.split_once(' ') else { return Some(line) };
        let Ok(number) = number.trim().parse() else { return Some(line) };
        self.0.entry(name.to_owned()).or_default().push(number);
        None
    }
}

/// A worker that was started.
pub struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    figures: Figures,
}

impl Worker {
    pub fn start(mut command: Command, cores: &[usize]) -> Result<Self> {
        bind(&mut command, cores);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let name = command.get_program().display().to_string();
        let mut child = command.spawn().map_err(|error| format!("{name}: {error}"))?;
        let (input, output) = child.stdin.take().zip(child.stdout.take()).ok_or("no pipes")?;
        Ok(Worker { child, input, output: BufReader::new(output), figures: Figures::default() })
    }

    /// Waits until the worker asks for something, which it does with a line that is no figure. `None` at its end.
    fn wait_for_request(&mut self) -> Result<Option<String>> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
                return Ok(None);
            }
            if let Some(request) = self.figures.take(line.trim_end()) {
                return Ok(Some(request.to_owned()));
            }
        }
    }

    /// Does what the worker asks for until it ends. Its figures, if it ended well.
    pub fn serve(mut self, mut grant: impl FnMut(&str) -> Result<()>) -> Result<Figures> {
        while let Some(request) = self.wait_for_request()? {
            grant(&request)?;
            self.input.write_all(b"done\n").map_err(|error| error.to_string())?;
        }
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() {
            return Ok(std::mem::take(&mut self.figures));
        }
        let mut said = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            let _ = errors.read_to_string(&mut said);
        }
        let said = said.trim();
        Err(if said.is_empty() { format!("the worker ended with {status}") } else { said.to_owned() })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // No effect when it was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a worker that asks for nothing.
pub fn run(command: Command, cores: &[usize]) -> Result<Figures> {
    Worker::start(command, cores)?.serve(|request| Err(format!("unexpected: {request}")))
}

/// Seconds of processor time that this process has taken.
pub fn processor_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place for the time is writable.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(failed, 0, "this clock exists everywhere");
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}
