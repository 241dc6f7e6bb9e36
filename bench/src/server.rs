//! A redis-server of our own: on a free loopback port and a unix socket, in a temporary folder, without persistence. One
//! over TLS has certificates that were made for it alone.
//!
//! It is ended by its pid when the value is dropped, and by the system when the driver dies.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::authority::Authority;
use crate::{Result, launch};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    folder: TempDir,
    port: u16,
    core: usize,
    /// Whom its clients are to trust, if it speaks TLS on its port.
    authority: Option<Authority>,
    process: Option<Child>,
}

impl Server {
    /// A server that answers, on the given processor.
    pub fn start(core: usize) -> Result<Self> {
        Self::start_with(core, |_| Ok(None))
    }

    /// The same, with TLS on its port.
    pub fn start_with_tls(core: usize) -> Result<Self> {
        Self::start_with(core, |folder| Authority::create(folder).map(Some))
    }

    fn start_with(core: usize, authority: impl FnOnce(&Path) -> Result<Option<Authority>>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("rr-bench-").tempdir().map_err(|error| error.to_string())?;
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = port.map_err(|error| format!("no free port: {error}"))?.port();
        let authority = authority(folder.path())?;
        let mut server = Server { folder, port, core, authority, process: None };
        server.start_again()?;
        server.wait_until_it_answers()?;
        Ok(server)
    }

    /// HOST:PORT.
    pub fn tcp(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The path of its unix socket.
    pub fn unix(&self) -> String {
        self.folder.path().join("redis.sock").display().to_string()
    }

    /// What a worker is told of where it is.
    pub fn place(&self) -> Vec<String> {
        let authorities =
            self.authority.as_ref().map(|authority| format!("authorities={}", authority.file().display()));
        [format!("address={}", self.tcp())].into_iter().chain(authorities).collect()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Starts it after a kill, on the same port. It may not answer yet.
    pub fn start_again(&mut self) -> Result<()> {
        let log = File::create(self.log()).map_err(|error| error.to_string())?;
        let mut command = Command::new("redis-server");
        let port = self.port.to_string();
        match &self.authority {
            None => command.args(["--port", &port]),
            Some(authority) => command
                .args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"])
                .args(["--tls-ca-cert-file".as_ref(), authority.file().as_os_str()])
                .args(["--tls-cert-file".as_ref(), authority.certificate().as_os_str()])
                .args(["--tls-key-file".as_ref(), authority.key().as_os_str()]),
        };
        command.args(["--bind", "127.0.0.1", "--unixsocket", &self.unix()]);
        command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
        command.args(["--maxclients", "500", "--dir", &self.folder.path().display().to_string()]);
        command.stdin(Stdio::null()).stderr(log.try_clone().map_err(|error| error.to_string())?).stdout(log);
        launch::bind(&mut command, &[self.core]);
        self.process = Some(command.spawn().map_err(|error| format!("redis-server: {error}"))?);
        Ok(())
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Freezes it or lets it go on.
    pub fn signal(&self, signal: libc::c_int) -> Result<()> {
        let process = self.process.as_ref().ok_or("the server is not running")?;
        let pid = libc::pid_t::try_from(process.id()).map_err(|error| error.to_string())?;
        // SAFETY: the process is our own child and was not waited for, so the number is still its.
        if unsafe { libc::kill(pid, signal) } != 0 {
            return Err(format!("signal {signal}: {}", std::io::Error::last_os_error()));
        }
        Ok(())
    }

    pub fn wait_until_it_answers(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let error = match self.command(&["PING"]) {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let ended = self.process.as_mut().is_none_or(|process| !matches!(process.try_wait(), Ok(None)));
            if ended || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.log()).unwrap_or_default();
                return Err(format!("redis-server does not answer: {error}\n{log}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it something, on a connection for that alone.
    pub fn command(&self, argv: &[&str]) -> Result<redis::Value> {
        self.try_command(argv).map_err(|error| format!("{argv:?}: {error}"))
    }

    fn try_command(&self, argv: &[&str]) -> redis::RedisResult<redis::Value> {
        let client = redis::Client::open(format!("redis+unix://{}", self.unix()))?;
        let mut connection = client.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        redis::cmd(argv.first().copied().unwrap_or("PING"))
            .arg(argv.get(1..).unwrap_or_default())
            .query(&mut connection)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
