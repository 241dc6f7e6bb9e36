//! A real redis-server in a folder of its own, which can be killed, stopped, frozen and started again.
//!
//! Owns the process, its folder (configuration, data, log) and its port; the process is ended by its own pid when the
//! value is dropped, and by the kernel when the test program dies. It listens on loopback and, if asked to, on a unix
//! socket. It never touches a process that it did not start. What it asks the server itself goes over one connection
//! of its own, which counts as one client of the server.

use super::certificates::{Authority, Certified, VALID};
use super::link;
use super::os;
use super::port::ReservedPort;
use super::wait::wait_until;
use redis::{Connection, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo, RedisResult, Value};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a question of the fixture to its server may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The database that holds the keys which make loading slow.
const BALLAST_DATABASE: i64 = 15;
const BALLAST_KEYS: u64 = 2000;

/// What a server is started with.
#[derive(Default)]
pub struct ServerBuilder {
    directives: Vec<(String, String)>,
    appendonly: bool,
    unix_socket: bool,
    without_tcp: bool,
    password: Option<String>,
    tls: Option<Certified>,
}

impl ServerBuilder {
    /// A directive as redis.conf has it, the value written as there: `arg("replicaof", "127.0.0.1 6379")`.
    pub fn arg(mut self, name: &str, value: &str) -> Self {
        self.directives.push((name.into(), value.into()));
        self
    }

    /// Every write is on disk before it is answered, so that it survives [`Server::kill`].
    pub fn appendonly(mut self, on: bool) -> Self {
        self.appendonly = on;
        self
    }

    /// Listen on a unix socket too.
    pub fn unix_socket(mut self, on: bool) -> Self {
        self.unix_socket = on;
        self
    }

    /// Listen on a TCP port (the default). Without one there has to be a unix socket.
    pub fn tcp(mut self, on: bool) -> Self {
        self.without_tcp = !on;
        self
    }

    /// Listen on a TLS port too, with a certificate for localhost and 127.0.0.1 from the common authority. Clients need
    /// none.
    pub fn tls(self) -> Self {
        let certified = Authority::common().issue(&["localhost", "127.0.0.1"], VALID);
        self.tls_with(&certified, Authority::common())
    }

    /// The same with a certificate of the test's own. Clients' certificates, if asked for (`tls-auth-clients yes`), come
    /// from `clients`.
    pub fn tls_with(mut self, certified: &Certified, clients: &Authority) -> Self {
        self.tls = Some(certified.clone());
        if !self.directives.iter().any(|(name, _)| name == "tls-auth-clients") {
            self = self.arg("tls-auth-clients", "no");
        }
        let authority = quoted(&clients.file().display().to_string());
        self.arg("tls-ca-cert-file", &authority)
    }

    /// The password of the default user.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The server, answering.
    #[track_caller]
    pub fn start(mut self) -> Server {
        if link::is_tls() && self.tls.is_none() && !self.without_tcp {
            self = self.tls();
        }
        assert!(self.unix_socket || !self.without_tcp, "a server has to listen somewhere");
        let dir = tempfile::Builder::new().prefix("rr-server-").tempdir().expect("a temporary folder");
        let port = ReservedPort::new();
        let tls_port = self.tls.as_ref().map(|_| ReservedPort::new());
        let unix_path = self.unix_socket.then(|| dir.path().join("redis.sock"));

        let mut configuration = String::new();
        let mut directive = |name: &str, value: &str| writeln!(configuration, "{name} {value}").expect("a String");
        directive("bind", "127.0.0.1");
        directive("port", &if self.without_tcp { 0 } else { port.number() }.to_string());
        directive("dir", &quoted(&dir.path().display().to_string()));
        directive("save", "\"\"");
        directive("appendonly", if self.appendonly { "yes" } else { "no" });
        directive("appendfsync", "always");
        directive("repl-diskless-sync-delay", "0");
        if server_version() >= (7, 0) {
            directive("enable-debug-command", "local");
            // How long a primary that is stopped waits for its replicas.
            directive("shutdown-timeout", "8");
        }
        if let Some(path) = &unix_path {
            directive("unixsocket", &quoted(&path.display().to_string()));
        }
        if let (Some(certified), Some(port)) = (&self.tls, &tls_port) {
            directive("tls-port", &port.number().to_string());
            directive("tls-cert-file", &quoted(&certified.certificate.display().to_string()));
            directive("tls-key-file", &quoted(&certified.key.display().to_string()));
        }
        if let Some(password) = &self.password {
            directive("requirepass", &quoted(password));
        }
        for (name, value) in &self.directives {
            directive(name, value);
        }
        std::fs::write(dir.path().join("redis.conf"), configuration).expect("redis.conf");

        let server = Server {
            dir,
            port: (!self.without_tcp).then_some(port),
            tls_port,
            unix_path,
            password: self.password,
            appendonly: self.appendonly,
            process: Mutex::new(None),
            own_connection: Mutex::new(None),
            next_load_delay: Mutex::new(None),
        };
        server.start_again();
        server
    }
}

/// A redis-server of this test.
pub struct Server {
    dir: TempDir,
    port: Option<ReservedPort>,
    tls_port: Option<ReservedPort>,
    unix_path: Option<PathBuf>,
    password: Option<String>,
    appendonly: bool,
    process: Mutex<Option<Child>>,
    own_connection: Mutex<Option<Connection>>,
    /// Microseconds per key at the next start.
    next_load_delay: Mutex<Option<u128>>,
}

impl Server {
    /// A server on a TCP port that keeps nothing on disk.
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().start()
    }

    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    pub fn port(&self) -> u16 {
        self.address().port()
    }

    pub fn address(&self) -> SocketAddr {
        self.port.as_ref().expect("a server with a TCP port").address()
    }

    /// Where it speaks what the fixture speaks.
    pub fn client_address(&self) -> SocketAddr {
        if link::is_tls() { self.tls_address() } else { self.address() }
    }

    /// Where it speaks TLS.
    pub fn tls_address(&self) -> SocketAddr {
        self.tls_port.as_ref().expect("a server with a TLS port").address()
    }

    /// `rediss://…` with the password, if there is one, and trust in the common authority.
    pub fn tls_url(&self) -> String {
        let credentials = self.password.as_ref().map(|password| format!(":{}@", percent_encoded(password)));
        let (port, file) = (self.tls_address().port(), Authority::common().file());
        format!("rediss://{}127.0.0.1:{port}/?tls_ca_file={}", credentials.unwrap_or_default(), file.display())
    }

    pub fn unix_path(&self) -> PathBuf {
        self.unix_path.clone().expect("a server with a unix socket")
    }

    /// The URL of what the fixture speaks, with the password, if there is one.
    pub fn url(&self) -> String {
        if link::is_tls() {
            return self.tls_url();
        }
        let credentials = self.password.as_ref().map(|password| format!(":{}@", percent_encoded(password)));
        format!("redis://{}127.0.0.1:{}/", credentials.unwrap_or_default(), self.port())
    }

    /// `unix://…` with the password, if there is one.
    pub fn unix_url(&self) -> String {
        let credentials = self.password.as_ref().map(|password| format!("?pass={}", percent_encoded(password)));
        format!("unix://{}{}", self.unix_path().display(), credentials.unwrap_or_default())
    }

    /// The pid of the running process.
    pub fn pid(&self) -> u32 {
        self.process().as_ref().expect("a server that was started").id()
    }

    pub fn is_running(&self) -> bool {
        self.process().as_mut().is_some_and(|process| process.try_wait().expect("our own child").is_none())
    }

    /// What the server printed since the first start.
    pub fn log(&self) -> String {
        let log = std::fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Ends the process with SIGKILL and returns when it is gone. What was not on disk is lost.
    pub fn kill(&self) {
        self.forget_connection();
        if let Some(mut process) = self.process().take() {
            process.kill().expect("our own child");
            process.wait().expect("our own child");
        }
    }

    /// Ends the process with SIGTERM, in which the server closes its files and connections, and returns when it is gone.
    #[track_caller]
    pub fn stop(&self) {
        self.forget_connection();
        if !self.is_running() {
            self.kill();
            return;
        }
        self.resume();
        self.signal(libc::SIGTERM);
        wait_until("the server ends after SIGTERM", PATIENCE, || !self.is_running());
        self.process().take();
    }

    /// [`Self::stop`], then [`Self::start_again`].
    #[track_caller]
    pub fn restart(&self) {
        self.stop();
        self.start_again();
    }

    /// Starts a server that is down, on the same port, in the same folder, and returns when it answers.
    #[track_caller]
    pub fn start_again(&self) {
        self.start_without_waiting();
        self.wait_ready();
    }

    /// Starts a server that is down and returns at once: it may not listen yet, or be loading.
    #[track_caller]
    pub fn start_without_waiting(&self) {
        assert!(!self.is_running(), "the server runs already");
        let mut next_load_delay = self.next_load_delay.lock().expect("no panic under this lock");
        if let Some(delay) = next_load_delay.take() {
            self.configure("key-load-delay", &delay.to_string());
            // The start after this one is a quick one again.
            *next_load_delay = (delay > 0).then_some(0);
        }
        drop(next_load_delay);
        let log = File::options().create(true).append(true).open(self.log_path()).expect("the log file");
        let mut command = Command::new("redis-server");
        command.arg(self.configuration_path()).current_dir(self.dir.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a second descriptor")).stderr(log);
        let process = os::spawn_dying_with_us(command).unwrap_or_else(|error| not_started(&error));
        *self.process() = Some(process);
    }

    /// Returns when the server answers something other than LOADING; panics with its log if that does not happen.
    #[track_caller]
    pub fn wait_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.ping() {
                Ok(_) => return,
                Err(error) if error.code().is_some_and(|code| code != "LOADING") => return,
                Err(error) => {
                    let up = self.is_running();
                    let state = if up { "does not answer" } else { "ended" };
                    assert!(up && Instant::now() < deadline, "redis-server {state}: {error}\n{}", self.log());
                }
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Freezes the process: its sockets stay open, the kernel acknowledges what comes, nobody answers.
    pub fn pause(&self) {
        self.signal(libc::SIGSTOP);
        let stat = format!("/proc/{}/stat", self.pid());
        wait_until("the server is frozen", PATIENCE, || {
            std::fs::read_to_string(&stat).expect("our own child").contains(") T ")
        });
    }

    /// Ends [`Self::pause`].
    pub fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    /// A connection of the reference client, for setting up and for checking, with timeouts of five seconds.
    #[track_caller]
    pub fn connection(&self) -> Connection {
        self.try_connection(ANSWER_WITHIN).unwrap_or_else(|error| panic!("connecting to the server: {error}"))
    }

    /// As [`Self::connection`], with timeouts of the caller's own, for a server that may be down.
    pub fn try_connection(&self, timeout: Duration) -> RedisResult<Connection> {
        let address = match (&self.port, &self.unix_path) {
            (Some(port), _) => ConnectionAddr::Tcp("127.0.0.1".into(), port.number()),
            (None, Some(path)) => ConnectionAddr::Unix(path.clone()),
            (None, None) => panic!("a server has to listen somewhere"),
        };
        let mut settings = RedisConnectionInfo::default().set_skip_set_lib_name();
        if let Some(password) = &self.password {
            settings = settings.set_password(password);
        }
        let client = redis::Client::open(address.into_connection_info()?.set_redis_settings(settings))?;
        let connection = client.get_connection_with_timeout(timeout)?;
        connection.set_read_timeout(Some(timeout))?;
        connection.set_write_timeout(Some(timeout))?;
        Ok(connection)
    }

    /// The reply to a command, sent past whatever is under test. Panics when that is an error.
    #[track_caller]
    pub fn command(&self, argv: &[&str]) -> Value {
        self.try_command(argv).unwrap_or_else(|error| panic!("{argv:?}: {error}"))
    }

    /// As [`Self::command`], for a command that may fail. It is sent once, never again.
    pub fn try_command(&self, argv: &[&str]) -> RedisResult<Value> {
        let mut own = self.own_connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // The server may have closed the connection since it was last used; that must not cost a command.
        let usable = own.take().and_then(|mut connection| ping(&mut connection).is_ok().then_some(connection));
        let mut connection = match usable {
            Some(connection) => connection,
            None => self.try_connection(ANSWER_WITHIN)?,
        };
        let (name, arguments) = argv.split_first().expect("a command has a name");
        let reply = redis::cmd(name).arg(arguments).query(&mut connection);
        if !reply.as_ref().is_err_and(redis::RedisError::is_io_error) {
            *own = Some(connection);
        }
        reply
    }

    /// A field of INFO, if the server has it: `info("clients", "connected_clients")`.
    #[track_caller]
    pub fn info(&self, section: &str, field: &str) -> Option<String> {
        let text: String = redis::from_redis_value(self.command(&["INFO", section])).expect("INFO is text");
        let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.map(|value| value.trim_end().to_string())
    }

    /// One that follows this server, once it is [in step](Self::wait_in_step_with).
    #[track_caller]
    pub fn start_replica(&self) -> Server {
        let replica = Server::builder().arg("replicaof", &format!("127.0.0.1 {}", self.port())).start();
        replica.wait_in_step_with(self);
        replica
    }

    /// Waits until it follows that primary, and that one counts it among its replicas: from then on the primary sends it all
    /// that is written, and waits for it when it is stopped.
    #[track_caller]
    pub fn wait_in_step_with(&self, primary: &Server) {
        // Over TLS it gives its other port.
        let ports = [self.port(), self.client_address().port()].map(|port| format!("port={port},state=online"));
        wait_until("the replica is in step", PATIENCE, || {
            let replicas = primary.command(&["INFO", "replication"]);
            let replicas: String = redis::from_redis_value(replicas).expect("INFO is text");
            self.info("replication", "master_link_status").as_deref() == Some("up")
                && ports.iter().any(|port| replicas.contains(port))
        });
    }

    /// Sets a directive from the next start on, as [`ServerBuilder::arg`] does for the first.
    pub fn configure(&self, name: &str, value: &str) {
        let mut file = File::options().append(true).open(self.configuration_path()).expect("redis.conf");
        writeln!(file, "{name} {value}").expect("redis.conf");
    }

    /// Makes the next start, and only that, spend about this long loading, in which every command is answered -LOADING.
    ///
    /// The running server writes all it has to disk, with a few thousand keys in database 15 for it to be slow with.
    #[track_caller]
    pub fn load_slowly_next_time(&self, about: Duration) {
        self.command(&["CONFIG", "SET", "rdbcompression", "no"]);
        let mut connection = self.connection();
        let mut ballast = redis::pipe();
        ballast.cmd("SELECT").arg(BALLAST_DATABASE);
        let filling = "x".repeat(200);
        for number in 0..BALLAST_KEYS {
            ballast.cmd("SET").arg(format!("ballast:{number}")).arg(&filling);
        }
        ballast.query::<()>(&mut connection).expect("room for the ballast");

        // Only a snapshot is loaded key by key with a look at the sockets in between.
        if self.appendonly {
            self.command(&["BGREWRITEAOF"]);
            wait_until("the append-only file is rewritten", PATIENCE, || {
                let info = |field| self.info("persistence", field).unwrap_or_default();
                info("aof_rewrite_in_progress") == "0" && info("aof_rewrite_scheduled") == "0"
            });
            assert_eq!(self.info("persistence", "aof_last_bgrewrite_status").as_deref(), Some("ok"), "{}", self.log());
        } else {
            self.command(&["SAVE"]);
        }
        self.configure("loading-process-events-interval-bytes", "1024");
        let delay = about.as_micros() / u128::from(BALLAST_KEYS);
        *self.next_load_delay.lock().expect("no panic under this lock") = Some(delay);
    }

    /// Restarts the server so that it loads for about this long, and returns when it answers -LOADING.
    #[track_caller]
    pub fn restart_slowly_loading(&self, about: Duration) {
        self.load_slowly_next_time(about);
        self.stop();
        self.start_without_waiting();
        self.wait_loading();
    }

    /// Returns when the server answers -LOADING; panics if it is ready before that was seen.
    #[track_caller]
    pub fn wait_loading(&self) {
        wait_until("the server is loading", PATIENCE, || match self.ping() {
            Err(error) if error.code() == Some("LOADING") => true,
            Err(error) if error.is_io_error() => false,
            answer => panic!("the server has loaded already: {answer:?}"),
        });
    }

    #[track_caller]
    fn signal(&self, signal: libc::c_int) {
        // A process that was waited for has no pid any more: it may be somebody else's by now.
        assert!(self.is_running(), "the server is not running");
        os::send_signal(self.pid(), signal);
    }

    fn ping(&self) -> RedisResult<()> {
        ping(&mut self.try_connection(ANSWER_WITHIN)?)
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn forget_connection(&self) {
        self.own_connection.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }

    fn configuration_path(&self) -> PathBuf {
        self.dir.path().join("redis.conf")
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("server.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.is_running() {
            self.resume();
        }
        self.kill();
    }
}

fn ping(connection: &mut Connection) -> RedisResult<()> {
    redis::cmd("PING").query(connection)
}

/// The major and minor version of the installed redis-server.
fn server_version() -> (u32, u32) {
    static VERSION: OnceLock<(u32, u32)> = OnceLock::new();
    *VERSION.get_or_init(|| {
        let output = Command::new("redis-server").arg("--version").output().unwrap_or_else(|error| not_started(&error));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or_default();
        let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    })
}

fn not_started(error: &std::io::Error) -> ! {
    if error.kind() == std::io::ErrorKind::NotFound {
        panic!("redis-server is not installed: apt-get install redis-server");
    }
    panic!("redis-server did not start: {error}");
}

/// A value as redis.conf wants it when it may hold anything.
fn quoted(value: &str) -> String {
    let escaped = value.bytes().map(|byte| format!("\\x{byte:02x}"));
    format!("\"{}\"", escaped.collect::<String>())
}

fn percent_encoded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}
