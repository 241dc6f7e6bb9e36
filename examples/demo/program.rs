//! One of the programs that write through the outage: started, listened to, and held to its account in the end.
//!
//! A thread of its own reads what the program prints: its account is kept, everything else is shown. The program is
//! killed when the value is dropped before it has ended.

use crate::Result;
use crate::account::Account;
use crate::record::{Record, Told};
use crate::screen::Screen;
use crate::support::Server;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

pub struct Program {
    child: Child,
    listener: Option<JoinHandle<Told>>,
    record: PathBuf,
    /// Its lists are this, a colon, and the thread's number.
    key: &'static str,
}

/// A program that has ended.
pub struct Finished {
    pub told: Told,
    pub record: Record,
    pub account: Account,
}

impl Program {
    pub fn start(
        mut command: Command,
        key: &'static str,
        record: PathBuf,
        screen: Option<Arc<Screen>>,
    ) -> Result<Self> {
        if record.exists() {
            std::fs::remove_file(&record)?;
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the program has no standard output")?;
        let listener = std::thread::spawn(move || {
            let mut told = Told::default();
            for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                if !told.note(&line)
                    && let Some(screen) = &screen
                {
                    // The time before it is by the program's own clock.
                    screen.line(line.split_once(" s  ").map_or(line.as_str(), |(_, text)| text));
                }
            }
            told
        });
        Ok(Self { child, listener: Some(listener), record, key })
    }

    /// What it has recorded so far.
    pub fn record(&self) -> Record {
        Record::read(&self.record)
    }

    /// Waits for its end and compares what it was told with what the server has.
    pub fn finish(mut self, server: &Server, threads: u32) -> Result<Finished> {
        let status = self.child.wait()?;
        let told = self.listener.take().map(JoinHandle::join).and_then(std::result::Result::ok).unwrap_or_default();
        if !status.success() {
            return Err(format!("the program that writes to {} ended with {status}", self.key).into());
        }
        let record = self.record();
        if record.fates.len() != threads as usize {
            return Err(format!("{} has no complete record", self.record.display()).into());
        }
        let mut account = Account::default();
        for (thread, fates) in record.fates.iter().enumerate() {
            let key = format!("{}:{thread}", self.key);
            let list: Vec<u64> = redis::from_redis_value(server.try_command(&["LRANGE", &key, "0", "-1"])?)?;
            account += Account::of(fates, &list);
        }
        Ok(Finished { told, record, account })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, unless something went wrong here.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill().and_then(|()| self.child.wait());
        }
    }
}
