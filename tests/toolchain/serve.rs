//! Running a program of another language against a server of its own, which it may ask, line by line on its standard
//! output, to be killed ("kill") and to be started again ("start"); the answer is "done" on its standard input.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::Server;
use crate::toolchain::{run, tool};

/// Longer than any of them takes under valgrind on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs it with the server's URL as its last argument. Did it succeed, and what did it say as errors?
pub fn serve(command: Command) -> (bool, String) {
    let server = Server::builder().appendonly(true).start();
    serve_at(command, &server, &server.url())
}

/// The same with a server that speaks TLS.
#[allow(dead_code, reason = "each test uses a part")]
pub fn serve_over_tls(command: Command) -> (bool, String) {
    let server = Server::builder().appendonly(true).tls().start();
    serve_at(command, &server, &server.tls_url())
}

fn serve_at(mut command: Command, server: &Server, url: &str) -> (bool, String) {
    command.arg(url).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that its children can be ended with it.
    let mut child = command.process_group(0).spawn().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let mut input = child.stdin.take().unwrap();
    let output = child.stdout.take().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let reader = std::thread::spawn(move || std::io::read_to_string(&mut errors).unwrap_or_default());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for line in BufReader::new(output).lines() {
                match line.unwrap_or_default().as_str() {
                    "kill" => server.kill(),
                    "start" => server.start_again(),
                    other => panic!("{command:?} asks for {other:?}"),
                }
                // The program may have ended meanwhile; its exit code tells.
                let _ = input.write_all(b"done\n");
            }
        });
        let mut patience = PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if patience.is_zero() {
                run(tool("kill", "procps").args(["-KILL", "--", &format!("-{}", child.id())]));
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(10));
            patience = patience.saturating_sub(Duration::from_millis(10));
        };
        let said = reader.join().unwrap();
        let verdict = status.map_or("it did not end".into(), |status| status.to_string());
        (status.is_some_and(|status| status.success()), format!("{command:?}: {verdict}\n{said}"))
    })
}

/// The names, without what they end in, of the sources in a folder of the repository, sorted.
pub fn sources(folder: &str, extension: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(crate::toolchain::root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}
