//! The fixture that all integration tests stand on does what it says.
//!
//! A test that relies on "exactly n bytes arrived" or "the server is down" is worth no more than the helper that made it
//! so; here each helper is held against real sockets and a real redis-server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use redis::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use support::{Action, Direction, Ending, Plan, Proxy, ReservedPort, Scripted, Server, Step, wait_until};

const SOON: Duration = Duration::from_secs(10);
/// Long enough to tell silence from an answer that is on its way over loopback.
const SILENCE: Duration = Duration::from_millis(100);

const SET: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// A client without any mind of its own.
fn raw_client(port: u16) -> TcpStream {
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.set_read_timeout(Some(SOON)).unwrap();
    client.set_nodelay(true).unwrap();
    client
}

/// Reads until the end, whichever it is.
fn read_to_the_end(mut client: &TcpStream) -> (Vec<u8>, Result<(), ErrorKind>) {
    let mut bytes = Vec::new();
    let result = client.read_to_end(&mut bytes);
    (bytes, result.map(|_| ()).map_err(|error| error.kind()))
}

fn read_exactly(mut client: &TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    client.read_exact(&mut bytes).unwrap();
    bytes
}

fn assert_silent(mut client: &TcpStream) {
    client.set_read_timeout(Some(SILENCE)).unwrap();
    let answer = client.read(&mut [0; 64]);
    client.set_read_timeout(Some(SOON)).unwrap();
    let silent = answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    assert!(silent, "expected silence, got {answer:?}");
}

/// Runs one test of this program in a process of its own, with its own place for temporary files.
fn run_alone(test: &str) -> Output {
    let program = std::env::current_exe().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env("FIXTURE_ALONE", test).env("TMPDIR", folder.path()).output().unwrap()
}

fn runs_alone(test: &str) -> bool {
    std::env::var_os("FIXTURE_ALONE").is_some_and(|alone| alone == test)
}

mod a_server {
    use super::*;

    #[test]
    fn that_is_killed_comes_back_with_its_appended_data() {
        let server = Server::builder().appendonly(true).start();
        let port = server.port();
        server.command(&["SET", "k", "v"]);
        server.kill();
        assert!(!server.is_running());
        assert!(server.try_connection(SILENCE).is_err_and(|error| error.is_connection_refusal()));
        server.start_again();
        assert_eq!(server.port(), port);
        assert_eq!(server.command(&["GET", "k"]), Value::BulkString(b"v".to_vec()));
    }

    #[test]
    fn that_is_restarted_is_another_process_and_keeps_nothing_by_default() {
        let server = Server::start();
        server.command(&["SET", "k", "v"]);
        let pid = server.pid();
        server.restart();
        assert_ne!(server.pid(), pid);
        assert!(!support::process_exists(pid));
        assert_eq!(server.command(&["GET", "k"]), Value::Nil);
    }

    #[test]
    fn that_is_paused_answers_nobody_until_it_is_resumed() {
        let server = Server::start();
        let mut connection = server.connection();
        connection.set_read_timeout(Some(SILENCE)).unwrap();
        server.pause();
        assert!(redis::cmd("PING").exec(&mut connection).unwrap_err().is_timeout());
        server.resume();
        assert_eq!(server.command(&["PING"]), Value::SimpleString("PONG".into()));
    }

    #[test]
    fn can_be_stopped_and_dropped_while_paused() {
        let server = Server::start();
        server.pause();
        server.stop();
        server.start_again();
        let pid = server.pid();
        server.pause();
        drop(server);
        assert!(!support::process_exists(pid));
    }

    #[test]
    fn has_a_password_a_unix_socket_and_directives_if_asked() {
        let server = Server::builder().password("p@ss w%rd\"/").unix_socket(true).arg("maxclients", "7").start();
        for url in [server.url(), server.unix_url()] {
            let mut connection = redis::Client::open(url.as_str()).unwrap().get_connection().unwrap();
            redis::cmd("PING").exec(&mut connection).unwrap_or_else(|error| panic!("{url}: {error}"));
        }
        let mut stranger = raw_client(server.port());
        stranger.write_all(PING).unwrap();
        assert_eq!(read_exactly(&stranger, 7), b"-NOAUTH");
        assert_eq!(server.info("clients", "maxclients").as_deref(), Some("7"));
        assert_eq!(server.info("clients", "no_such_field"), None);
    }

    #[test]
    fn can_do_without_tcp() {
        let server = Server::builder().tcp(false).unix_socket(true).start();
        assert_eq!(server.info("server", "tcp_port").as_deref(), Some("0"));
        assert_eq!(server.command(&["ECHO", "hi"]), Value::BulkString(b"hi".to_vec()));
    }

    #[test]
    fn that_cannot_start_shows_its_log() {
        let failure = std::panic::catch_unwind(|| Server::builder().arg("maxclients", "many").start()).err().unwrap();
        let message = failure.downcast_ref::<String>().unwrap();
        assert!(message.contains("redis-server ended") && message.contains("maxclients"), "{message}");
    }

    #[test]
    fn is_asked_once_even_if_it_closed_the_connection_in_between() {
        let server = Server::start();
        server.command(&["INCR", "n"]);
        redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal"]).exec(&mut server.connection()).unwrap();
        assert_eq!(server.command(&["INCR", "n"]), Value::Int(2));
        assert!(server.try_command(&["INCR"]).is_err());
    }

    #[test]
    fn answers_loading_for_a_while_if_asked() {
        for appendonly in [true, false] {
            let server = Server::builder().appendonly(appendonly).start();
            server.command(&["SET", "k", "v"]);
            let about = Duration::from_millis(800);
            server.restart_slowly_loading(about);
            let since = Instant::now();
            assert_eq!(server.try_command(&["GET", "k"]).unwrap_err().code(), Some("LOADING"));
            server.wait_ready();
            assert!(since.elapsed() > about / 2, "loaded within {:?}", since.elapsed());
            assert_eq!(server.command(&["GET", "k"]), Value::BulkString(b"v".to_vec()));

            server.kill();
            let since = Instant::now();
            server.start_again();
            assert!(since.elapsed() < about, "the next start is quick again, took {:?}", since.elapsed());
        }
    }

    #[test]
    fn outlives_the_thread_that_started_it() {
        let server = std::thread::spawn(Server::start).join().unwrap();
        assert_eq!(server.command(&["PING"]), Value::SimpleString("PONG".into()));
        assert!(server.is_running());
    }

    #[test]
    fn is_gone_when_its_test_has_panicked() {
        let (sender, pid) = std::sync::mpsc::channel();
        let test = std::thread::spawn(move || {
            let server = Server::start();
            sender.send(server.pid()).unwrap();
            panic!("as a failing test would");
        });
        assert!(test.join().is_err());
        assert!(!support::process_exists(pid.recv().unwrap()));
    }

    #[test]
    fn dies_with_the_test_program() {
        if runs_alone("a_server::dies_with_the_test_program") {
            let server = Server::start();
            println!("pid={};", server.pid());
            std::process::abort();
        }
        let output = run_alone("a_server::dies_with_the_test_program");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let pid = text.split("pid=").nth(1).and_then(|rest| rest.split(';').next()).unwrap().parse().unwrap();
        wait_until("the orphaned server is gone", SOON, || !support::process_exists(pid));
    }
}

mod a_reserved_port {
    use super::*;

    #[test]
    fn refuses_connections_and_can_be_listened_on_again_and_again() {
        let port = ReservedPort::new();
        for _ in 0..3 {
            assert_eq!(TcpStream::connect(port.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
            let listener = port.listen();
            TcpStream::connect(port.address()).unwrap();
            drop(listener);
        }
    }

    #[test]
    fn is_given_to_nobody_else() {
        let ports: Vec<ReservedPort> = (0..200).map(|_| ReservedPort::new()).collect();
        let distinct: std::collections::HashSet<u16> = ports.iter().map(ReservedPort::number).collect();
        assert_eq!(distinct.len(), ports.len());
    }
}

mod a_proxy {
    use super::*;

    #[test]
    fn forwards_both_ways_and_counts() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let mut client = redis::Client::open(proxy.url()).unwrap().get_connection().unwrap();
        let before = proxy.state();
        assert_eq!(redis::cmd("SET").arg(&["k", "v"]).query(&mut client), Ok(Value::Okay));
        assert_eq!(proxy.bytes_to_server() - before.bytes_to_server, SET.len() as u64);
        assert_eq!(proxy.bytes_to_client() - before.bytes_to_client, 5);
        assert_eq!((proxy.connections(), proxy.total_connections()), (1, 1));
        drop(client);
        proxy.wait_until("the connection is over", |state| state.connections == 0);
        assert_eq!(proxy.total_connections(), 1);
    }

    #[test]
    fn forwards_more_than_all_buffers_hold() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let mut client = redis::Client::open(proxy.url()).unwrap().get_connection().unwrap();
        let value: Vec<u8> = (0..20_000_000_u32).map(|number| number as u8).collect();
        redis::cmd("SET").arg("k").arg(&value).exec(&mut client).unwrap();
        let back: Vec<u8> = redis::cmd("GET").arg("k").query(&mut client).unwrap();
        assert!(back == value);
    }

    #[test]
    fn delivers_exactly_n_bytes_of_a_request_before_a_cut() {
        for (action, ending) in [(Action::Close, Ending::Closed), (Action::Reset, Ending::Reset)] {
            let far_end = Scripted::silent();
            let proxy = Proxy::start(far_end.address());
            for count in 0..=SET.len() {
                proxy.cut_after_to_server(count as u64, action);
                let mut client = raw_client(proxy.port());
                client.write_all(SET).unwrap();
                let (answer, end) = read_to_the_end(&client);
                assert_eq!(answer, b"");
                let expected = if action == Action::Close { Ok(()) } else { Err(ErrorKind::ConnectionReset) };
                assert_eq!(end, expected, "the client's end after {count} bytes and {action:?}");

                let heard = far_end.wait_until("the far end sees the cut", |heard| {
                    heard.get(count).is_some_and(|heard| heard.ending.is_some())
                });
                assert_eq!(heard[count].bytes, &SET[..count], "{action:?}");
                assert_eq!(heard[count].ending, Some(ending));
            }
            assert_eq!(proxy.state().plans_done, SET.len() + 1);
        }
    }

    #[test]
    fn delivers_exactly_n_bytes_of_a_reply_before_a_cut() {
        let reply = b"$5\r\nhello\r\n";
        for action in [Action::Close, Action::Reset] {
            let far_end = Scripted::serve(move |_, peer| {
                while peer.request().is_some() {
                    peer.send(reply);
                }
            });
            let proxy = Proxy::start(far_end.address());
            for count in 0..=reply.len() {
                proxy.cut_after_to_client(count as u64, action);
                let mut client = raw_client(proxy.port());
                client.write_all(PING).unwrap();
                let (answer, end) = read_to_the_end(&client);
                assert_eq!(answer, &reply[..count], "{action:?}");
                let expected = if action == Action::Close { Ok(()) } else { Err(ErrorKind::ConnectionReset) };
                assert_eq!(end, expected, "after {count} bytes and {action:?}");
            }
            assert_eq!(proxy.bytes_to_client(), (0..=reply.len() as u64).sum::<u64>());
        }
    }

    #[test]
    fn counts_from_now_or_from_the_start_on_the_connection_it_is_told() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let clients: Vec<TcpStream> = (0..3).map(|_| raw_client(proxy.port())).collect();
        let ping = |mut client: &TcpStream| {
            client.write_all(PING).unwrap();
            read_exactly(client, 7)
        };
        for client in &clients {
            ping(client);
        }
        proxy.plan(Plan::to_client(3, Action::Close).on_connection(1));
        proxy.plan(Plan::to_client(10, Action::Close).on_connection(2).counted_from_start());
        proxy.plan(Plan::to_client(2, Action::Close).on_next_connection());
        assert_eq!(ping(&clients[0]), b"+PONG\r\n");
        for (client, expected) in clients[1..].iter().chain([&raw_client(proxy.port())]).zip([3, 3, 2]) {
            (&*client).write_all(PING).unwrap();
            assert_eq!(read_to_the_end(client), (b"+PONG\r\n"[..expected].to_vec(), Ok(())));
        }
        assert_eq!(ping(&clients[0]), b"+PONG\r\n");
        assert_eq!(proxy.connections(), 1);
    }

    #[test]
    fn forgets_plans_that_are_not_wanted_any_more() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        proxy.cut_after_to_server(3, Action::Reset);
        proxy.forget_plans();
        let mut client = raw_client(proxy.port());
        client.write_all(PING).unwrap();
        assert_eq!(read_exactly(&client, 7), b"+PONG\r\n");
    }

    #[test]
    fn cuts_after_a_request_that_the_server_runs_all_the_same() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        for (round, action) in [Action::Close, Action::Reset].into_iter().cycle().take(20).enumerate() {
            proxy.on_request_containing(b"INCR", action);
            let mut client = raw_client(proxy.port());
            client.write_all(PING).unwrap();
            assert_eq!(read_exactly(&client, 7), b"+PONG\r\n");
            client.write_all(b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*2\r\n$4\r\nINCR\r\n$5\r\nother\r\n").unwrap();
            assert_eq!(read_to_the_end(&client).0, b"", "{action:?}");
            let expected = Value::BulkString((round + 1).to_string().into_bytes());
            wait_until("the request has run", SOON, || server.command(&["GET", "n"]) == expected);
        }
        assert_eq!(server.command(&["GET", "other"]), Value::Nil);
    }

    #[test]
    fn cuts_when_the_server_has_surely_run_a_request() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        for round in 1..=10 {
            proxy.plan(Plan::answer_to_request_containing(b"INCR", Action::Reset));
            let mut client = raw_client(proxy.port());
            client.write_all(b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n").unwrap();
            assert_eq!(read_to_the_end(&client), (Vec::new(), Err(ErrorKind::ConnectionReset)));
            assert_eq!(server.command(&["GET", "n"]), Value::BulkString(round.to_string().into_bytes()));
        }
    }

    #[test]
    fn holds_a_reply_until_it_is_released() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        proxy.pause_after_to_client(2);
        let mut client = raw_client(proxy.port());
        client.write_all(PING).unwrap();
        assert_eq!(read_exactly(&client, 2), b"+P");
        proxy.wait_until("the rest is held", |state| state.waiting_to_client == 5);
        assert_silent(&client);
        proxy.release();
        assert_eq!(read_exactly(&client, 5), b"ONG\r\n");
    }

    #[test]
    fn lets_late_bytes_of_a_dead_connection_reach_the_server() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        proxy.plan(Plan::to_server(10, Action::Hold(Direction::ToServer)));
        let mut client = raw_client(proxy.port());
        client.write_all(SET).unwrap();
        proxy.wait_until("the request is held", |state| state.waiting_to_server == SET.len() - 10);
        proxy.reset_clients();
        assert_eq!(read_to_the_end(&client).1, Err(ErrorKind::ConnectionReset));

        let mut successor = raw_client(proxy.port());
        successor.write_all(PING).unwrap();
        assert_eq!(read_exactly(&successor, 7), b"+PONG\r\n");
        assert_eq!(server.command(&["GET", "k"]), Value::Nil);
        proxy.release();
        wait_until("the late request has run", SOON, || server.command(&["GET", "k"]) != Value::Nil);
        proxy.wait_until("the dead connection is over", |state| state.connections == 1);
    }

    #[test]
    fn keeps_what_a_client_sent_before_it_reset_the_connection_itself() {
        let far_end = Scripted::silent();
        let proxy = Proxy::start(far_end.address());
        proxy.plan(Plan::to_server(0, Action::Hold(Direction::ToServer)));
        let inner = Proxy::start(proxy.address());
        let mut client = raw_client(inner.port());
        client.write_all(SET).unwrap();
        proxy.wait_until("the request is held", |state| state.waiting_to_server == SET.len());
        inner.reset_all();
        proxy.release();
        let heard = far_end.wait_until("the far end sees the reset", |heard| {
            heard.first().is_some_and(|heard| heard.ending.is_some())
        });
        assert_eq!((heard[0].bytes.as_slice(), heard[0].ending), (SET, Some(Ending::Reset)));
    }

    #[test]
    fn is_a_black_hole_while_told_so() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let mut old = raw_client(proxy.port());
        old.write_all(PING).unwrap();
        read_exactly(&old, 7);
        proxy.black_hole(true);
        let mut new = raw_client(proxy.port());
        for client in [&mut old, &mut new] {
            client.write_all(PING).unwrap();
            assert_silent(client);
        }
        proxy.black_hole(false);
        for client in [&old, &new] {
            assert_eq!(read_exactly(client, 7), b"+PONG\r\n");
        }
    }

    #[test]
    fn makes_a_black_hole_of_one_connection() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        proxy.cut_after_to_client(4, Action::BlackHole);
        let mut silenced = raw_client(proxy.port());
        silenced.write_all(PING).unwrap();
        assert_eq!(read_exactly(&silenced, 4), b"+PON");
        assert_silent(&silenced);
        let mut other = raw_client(proxy.port());
        other.write_all(PING).unwrap();
        assert_eq!(read_exactly(&other, 7), b"+PONG\r\n");
        proxy.release();
        assert_eq!(read_exactly(&silenced, 3), b"G\r\n");
    }

    #[test]
    fn delays_each_way_by_as_much_as_it_is_told() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let mut client = raw_client(proxy.port());
        let mut round_trip = || {
            let since = Instant::now();
            client.write_all(PING).unwrap();
            read_exactly(&client, 7);
            since.elapsed()
        };
        let by = Duration::from_millis(60);
        proxy.delay(by);
        assert!(round_trip() >= by * 2);
        proxy.delay_one_way(Direction::ToServer, Duration::ZERO);
        let one_way = round_trip();
        assert!(one_way >= by && one_way < by * 10, "{one_way:?}");
        proxy.delay(Duration::ZERO);
        proxy.cut_after_to_client(3, Action::Delay(by));
        assert!(round_trip() >= by, "stands still once");
        assert_eq!(proxy.state().plans_done, 1);
    }

    #[test]
    fn forwards_in_fragments() {
        let far_end = Scripted::serve(|_, peer| {
            while let Some(request) = peer.request() {
                peer.send(&request.raw);
            }
        });
        let proxy = Proxy::start(far_end.address());
        proxy.fragment(1);
        let mut client = raw_client(proxy.port());
        let request = format!("*1\r\n$20000\r\n{}\r\n", "x".repeat(20_000)).into_bytes();
        client.write_all(&request).unwrap();
        let (mut echo, mut reads, mut buffer) = (Vec::new(), 0, [0; 32 << 10]);
        while echo.len() < request.len() {
            let length = client.read(&mut buffer).unwrap();
            echo.extend_from_slice(&buffer[..length]);
            reads += 1;
        }
        assert!(echo == request && reads > 10, "{reads} reads");
        proxy.cut_after_to_client(4, Action::Close);
        client.write_all(PING).unwrap();
        assert_eq!(read_to_the_end(&client), (PING[..4].to_vec(), Ok(())));
    }

    #[test]
    fn refuses_then_accepts_on_the_same_port() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let mut open = raw_client(proxy.port());
        for _ in 0..3 {
            proxy.refuse(true);
            assert_eq!(TcpStream::connect(proxy.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
            proxy.refuse(false);
            raw_client(proxy.port());
        }
        open.write_all(PING).unwrap();
        assert_eq!(read_exactly(&open, 7), b"+PONG\r\n");
    }

    #[test]
    fn closes_or_resets_everything_at_once() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        for (cut, expected) in [
            (Proxy::close_all as fn(&Proxy), Ok(())),
            (Proxy::reset_all as fn(&Proxy), Err(ErrorKind::ConnectionReset)),
        ] {
            let clients: Vec<TcpStream> = (0..5).map(|_| raw_client(proxy.port())).collect();
            proxy.wait_until("all are there", |state| state.connections == 5);
            cut(&proxy);
            for client in &clients {
                assert_eq!(read_to_the_end(client).1, expected);
            }
            assert_eq!(proxy.connections(), 0);
        }
    }

    #[test]
    fn passes_on_the_end_of_either_side() {
        let server = Server::start();
        let proxy = Proxy::start(server.address());
        let mut client = raw_client(proxy.port());
        client.write_all(PING).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(read_to_the_end(&client), (b"+PONG\r\n".to_vec(), Ok(())));
        proxy.wait_until("the half-closed connection is over", |state| state.connections == 0);

        let client = raw_client(proxy.port());
        proxy.wait_until("the second is there", |state| state.total_connections == 2);
        server.kill();
        assert_ne!(read_to_the_end(&client).1, Err(ErrorKind::WouldBlock));
        assert_eq!(read_to_the_end(&raw_client(proxy.port())).0, b"", "nobody to dial");
    }

    #[test]
    fn can_be_pointed_to_another_server() {
        let (first, second) = (Server::start(), Server::start());
        let proxy = Proxy::start(first.address());
        let port_behind = || {
            let mut client = redis::Client::open(proxy.url()).unwrap().get_connection().unwrap();
            let info: String = redis::cmd("INFO").arg("server").query(&mut client).unwrap();
            info.lines().find_map(|line| line.strip_prefix("tcp_port:")).unwrap().parse::<u16>().unwrap()
        };
        assert_eq!(port_behind(), first.port());
        proxy.retarget(second.address());
        assert_eq!(port_behind(), second.port());
    }
}

mod a_scripted_server {
    use super::*;

    #[test]
    fn plays_steps_and_records_what_it_hears() {
        let scripted = Scripted::play(vec![
            Step::expect("HELLO"),
            Step::send("-ERR unknown command 'HELLO'\r\n"),
            Step::expect("PING"),
            Step::send(">2\r\n+invalidate\r\n*0\r\n"),
            Step::send("+PONG\r\n"),
            Step::Reset,
        ]);
        let mut client = raw_client(scripted.port());
        client.write_all(b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n").unwrap();
        assert_eq!(read_exactly(&client, 30), b"-ERR unknown command 'HELLO'\r\n");
        client.write_all(b"PING\r\n").unwrap();
        let (answer, end) = read_to_the_end(&client);
        assert_eq!(answer, b">2\r\n+invalidate\r\n*0\r\n+PONG\r\n");
        assert_eq!(end, Err(ErrorKind::ConnectionReset));

        let heard = &scripted.heard()[0];
        assert_eq!(heard.requests[0].argv, [b"HELLO".to_vec(), b"3".to_vec()]);
        assert_eq!((heard.requests[1].name(), heard.requests[1].text(1)), ("PING".into(), String::new()));
        assert_eq!(scripted.total_connections(), 1);
    }

    #[test]
    fn can_be_all_but_the_handshake_to_the_reference_client() {
        let scripted = Scripted::serve(|number, peer| {
            while let Some(request) = peer.request_after_handshake() {
                peer.send(format!("+{} on {number}\r\n", request.name()));
            }
        });
        let mut clients: Vec<redis::Connection> = ["", "?protocol=resp3"]
            .iter()
            .map(|query| redis::Client::open(scripted.url() + query).unwrap().get_connection().unwrap())
            .collect();
        for (number, client) in clients.iter_mut().enumerate().rev() {
            let answer: String = redis::cmd("GET").arg("k").query(client).unwrap();
            assert_eq!(answer, format!("GET on {number}"));
        }
    }

    #[test]
    fn that_panics_fails_its_test() {
        let scripted = Scripted::play(vec![Step::expect("PING")]);
        let mut client = raw_client(scripted.port());
        client.write_all(SET).unwrap();
        assert_eq!(read_to_the_end(&client).0, b"");
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(scripted))).is_err());
    }

    #[test]
    fn that_nobody_talks_to_ends_at_once() {
        let scripted = Scripted::silent();
        let _client = raw_client(scripted.port());
        scripted.wait_until("the client is there", |heard| heard.len() == 1);
        let since = Instant::now();
        drop(scripted);
        assert!(since.elapsed() < SOON / 2);
    }
}

#[test]
fn waiting_says_what_it_waited_for() {
    let mut looks = 0;
    wait_until("the third look", SOON, || {
        looks += 1;
        looks == 3
    });
    let failure = std::panic::catch_unwind(|| wait_until("pigs fly", SILENCE, || false)).unwrap_err();
    assert!(failure.downcast_ref::<String>().unwrap().contains("pigs fly"));
}

/// Counts threads and descriptors, so it needs a process where no other test makes any.
#[test]
fn nothing_is_left_behind() {
    if !runs_alone("nothing_is_left_behind") {
        let output = run_alone("nothing_is_left_behind");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let use_everything = || {
        let server = Server::builder().unix_socket(true).start();
        let proxy = Proxy::start(server.address());
        let scripted = Scripted::silent();
        server.command(&["PING"]);
        let clients = [raw_client(proxy.port()), raw_client(scripted.port()), raw_client(proxy.port())];
        proxy.wait_until("both are there", |state| state.connections == 2);
        scripted.wait_until("it is there", |heard| heard.len() == 1);
        proxy.black_hole(true);
        (server, proxy, scripted, clients)
    };
    // The thread that starts servers stays.
    drop(use_everything());
    let (threads, descriptors) = (support::threads_of_this_process(), support::open_descriptors());
    let everything = use_everything();
    assert!(support::threads_of_this_process() > threads && support::open_descriptors() > descriptors);
    let pid = everything.0.pid();
    drop(everything);
    wait_until("all threads are gone", SOON, || support::threads_of_this_process() == threads);
    assert_eq!(support::open_descriptors(), descriptors);
    assert!(!support::process_exists(pid));
    assert!(support::resident_kib() > 1000);
}
