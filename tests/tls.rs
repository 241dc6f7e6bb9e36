//! TLS: who is trusted and who is not, what is said of it, and that files may change while a client lives.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use resilient_redis::client::{Client, State};
use resilient_redis::error::{ErrorKind, Outcome};
use resilient_redis::event::EventKind;
use resilient_redis::log::Level;
use support::{
    Ask, Authority, Certified, Proxy, SOON, Scripted, Server, ServerBuilder, VALID, Years, assert_fails, configuration,
    open, open_logged, open_ready, wait_until,
};

const QUICK: [(&str, &str); 2] = [("outage_grace_ms", "4000"), ("reconnect_max_delay_ms", "10")];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A server that demands a certificate of its clients.
fn demanding() -> ServerBuilder {
    Server::builder().arg("tls-auth-clients", "yes").tls()
}

fn showing(certified: &Certified) -> [(&str, &str); 2] {
    [("tls_cert_file", text(&certified.certificate)), ("tls_key_file", text(&certified.key))]
}

/// The client has given up because of TLS: what it says, all of `words` among it.
#[track_caller]
fn assert_refused(client: &Client, words: &[&str]) -> String {
    let event = client.event(EventKind::GaveUp);
    for word in words {
        assert!(event.message.contains(word), "{word:?} is not in {}", event.message);
    }
    assert_eq!(client.state(), State::GaveUp);
    assert_eq!(client.wait_ready(SOON).unwrap_err().kind, ErrorKind::Tls);
    let error = assert_fails(client.run(&["SET", "k", "v"]), ErrorKind::Tls, Outcome::NotApplied);
    assert_eq!(error.message, event.message);
    event.message.into()
}

#[test]
fn a_certificate_from_an_unknown_authority_is_refused() {
    let stranger = Authority::new("somebody else");
    let certified = stranger.issue(&["127.0.0.1"], VALID);
    let server = Server::builder().tls_with(&certified, &stranger).start();
    let client = open(&server.tls_url(), &[]);
    let trusted = format!("no authority of tls_ca_file {}", text(&Authority::common().file()));
    let address = server.tls_address().to_string();
    assert_refused(&client, &["CN=127.0.0.1", "issued by CN=somebody else", &trusted, &address]);
    assert!(open_ready(&stranger.url(server.tls_address()), &[]).text(&["PING"]).is_some());
}

#[test]
fn a_certificate_that_expired_or_is_not_valid_yet_says_when() {
    for (validity, words) in [
        (Years(2020, 2022), ["CN=127.0.0.1", "expired on Jan  1 00:00:00 2022"]),
        (Years(2100, 2110), ["CN=127.0.0.1", "not valid before Jan  1 00:00:00 2100"]),
    ] {
        let certified = Authority::common().issue(&["127.0.0.1"], validity);
        let server = Server::builder().tls_with(&certified, Authority::common()).start();
        assert_refused(&open(&server.tls_url(), &[]), &words);
    }
}

#[test]
fn a_certificate_for_another_name_says_which_and_the_server_s_name_makes_it_right() {
    for (names, wanted) in [
        (&["redis.example", "10.1.2.3"][..], "127.0.0.1"),
        (&["127.0.0.1"], "localhost"),
        (&["*.redis.example"], "a.b.redis.example"),
    ] {
        let certified = Authority::common().issue(names, VALID);
        let server = Server::builder().tls_with(&certified, Authority::common()).start();
        let client = open(&server.tls_url(), &[("tls_server_name", wanted)]);
        let offered = format!("is for {}, and not for {wanted}, which is wanted (tls_server_name)", names.join(", "));
        assert_refused(&client, &[&offered]);
        let name = names[0].replace('*', "any");
        assert!(open_ready(&server.tls_url(), &[("tls_server_name", &name)]).text(&["PING"]).is_some());
    }
}

#[test]
fn a_certificate_for_no_name_is_refused_whatever_its_subject_is() {
    let certified = Authority::common().issue(&[], VALID);
    let server = Server::builder().tls_with(&certified, Authority::common()).start();
    let client = open(&server.tls_url(), &[("tls_server_name", "nobody")]);
    assert_refused(&client, &["CN=nobody", "is for no name", "not for nobody"]);
}

#[test]
fn a_certificate_of_a_client_does_not_serve_as_one_of_a_server() {
    let certified = Authority::common().issue_to_client("127.0.0.1", VALID);
    let server = Server::builder().tls_with(&certified, Authority::common()).start();
    assert_refused(&open(&server.tls_url(), &[]), &["CN=127.0.0.1", "is not for servers (extended key usage)"]);
}

#[test]
fn a_server_is_asked_for_its_host_or_for_the_name_that_is_set_and_never_for_an_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for (host, name, asked) in [
        ("127.0.0.1", None, None),
        ("localhost", None, Some("localhost")),
        ("127.0.0.1", Some("redis.example"), Some("redis.example")),
        ("localhost", Some("10.1.2.3"), None),
        ("localhost", Some("[::1]"), None),
    ] {
        let url = format!("rediss://{host}:{port}/?tls_ca_file={}", Authority::common().file().display());
        let _client = open(&url, &name.map(|name| ("tls_server_name", name)).into_iter().collect::<Vec<_>>());
        let mut acceptor = rustls::server::Acceptor::default();
        let (mut stream, _) = listener.accept().unwrap();
        let accepted = loop {
            acceptor.read_tls(&mut stream).unwrap();
            if let Some(accepted) = acceptor.accept().map_err(|(error, _)| error).unwrap() {
                break accepted;
            }
        };
        assert_eq!(accepted.client_hello().server_name(), asked, "{host} {name:?}");
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_the_one_that_is_configured() {
    let certified = Authority::common().issue_to_client("app", VALID);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let server = demanding().arg("tls-protocols", version).start();
        let client = open_ready(&server.tls_url(), &showing(&certified));
        server.restart();
        assert_eq!(client.text(&["ECHO", version]).as_deref(), Some(version));
    }
}

#[test]
fn a_server_that_does_not_take_the_client_s_certificate_says_why() {
    let stranger = Authority::new("somebody else");
    let strange = stranger.issue_to_client("app", VALID);
    let expired = Authority::common().issue_to_client("app", Years(2020, 2022));
    let wrong = Authority::common().issue(&["app"], VALID);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let server = demanding().arg("tls-protocols", version).start();
        assert_refused(&open(&server.tls_url(), &[]), &["client certificate (tls_cert_file and tls_key_file)"]);
        for (certified, why) in [
            (&strange, "(tls_cert_file) comes from no authority that it trusts"),
            (&expired, "(tls_cert_file) has expired"),
            (&wrong, "the client's certificate (tls_cert_file)"),
        ] {
            assert_refused(&open(&server.tls_url(), &showing(certified)), &["the server ended TLS", why]);
        }
    }
}

#[test]
fn old_and_new_versions_are_spoken_and_the_oldest_is_an_option() {
    for (spoken, oldest, works) in [
        ("TLSv1.2", "1.2", true),
        ("TLSv1.3", "1.2", true),
        ("TLSv1.3", "1.3", true),
        ("\"TLSv1.2 TLSv1.3\"", "1.3", true),
        ("TLSv1.2", "1.3", false),
    ] {
        let server = Server::builder().tls().arg("tls-protocols", spoken).start();
        let (client, lines) = open_logged(&server.tls_url(), Level::Debug, &[("tls_min_version", oldest)]);
        if works {
            client.wait_ready(SOON).unwrap();
            let version = if spoken.contains("1.3") { "TLSv1_3" } else { "TLSv1_2" };
            lines.wait_for(Level::Debug, &["protected by", version]);
        } else {
            assert_refused(&client, &["it speaks no version of TLS from tls_min_version on"]);
        }
    }
}

#[test]
fn without_verification_anybody_is_taken_and_the_log_warns() {
    let stranger = Authority::new("somebody else");
    let certified = stranger.issue(&["elsewhere"], Years(2020, 2022));
    let server = Server::builder().tls_with(&certified, Authority::common()).start();
    let url = format!("rediss://{}/?tls_insecure_skip_verify=true", server.tls_address());
    for version in ["1.2", "1.3"] {
        let (client, lines) = open_logged(&url, Level::Warning, &[("tls_min_version", version)]);
        client.wait_ready(SOON).unwrap();
        assert!(client.text(&["PING"]).is_some());
        lines.wait_for(Level::Warning, &["tls_insecure_skip_verify is on", "can pose as the server"]);
    }
}

#[test]
fn a_client_that_speaks_tls_to_a_plain_server_says_so() {
    // A real one waits for a line to end, or takes one that happens to be in the noise for a command that it does not
    // know.
    let server = Server::start();
    let client = open(&Authority::common().url(server.address()), &[("connect_timeout_ms", "500")]);
    let message = loop {
        let event = client.next_event(SOON).unwrap();
        if matches!(event.kind, EventKind::Reconnecting | EventKind::GaveUp) {
            break event.message;
        }
    };
    assert!(message.contains("TLS on this port?") || message.contains("port on which it speaks TLS?"), "{message}");

    let answers = Scripted::serve(|_, peer| peer.send("-ERR unknown command\r\n"));
    let client = open(&Authority::common().url(answers.address()), &[]);
    assert_refused(&client, &["what the server sent is not TLS", "the port on which it speaks TLS?"]);

    let closes = Scripted::serve(|_, _| ());
    let client = open(&Authority::common().url(closes.address()), &[]);
    let event = client.event(EventKind::Reconnecting);
    let words = "without a word: does it speak TLS on this port";
    assert!(event.message.contains("the handshake of TLS failed") && event.message.contains(words), "{event:?}");
}

#[test]
fn a_plain_client_at_a_port_with_tls_is_told_to_speak_it() {
    // Redis ends such a connection without a word, which may have other causes.
    let server = Server::builder().tls().start();
    let client = open(&format!("redis://{}/", server.tls_address()), &[QUICK[1]]);
    for _ in 0..3 {
        let event = client.event(EventKind::Reconnecting);
        assert!(event.message.ends_with("does the server speak TLS on this port (rediss://)?"), "{event:?}");
    }
    // Others complain in the words of TLS, which have one meaning.
    let complains = Scripted::serve(|_, peer| {
        let _ = peer.request();
        peer.send(b"\x15\x03\x01\x00\x02\x02\x46");
    });
    let client = open(&format!("redis://{}/", complains.address()), &[]);
    assert_refused(&client, &["the server speaks TLS on this port: use a URL with rediss://, or set \"tls\" to true"]);
    assert_eq!(complains.total_connections(), 1);
}

#[test]
fn a_server_that_says_nothing_ends_the_handshake_at_the_connect_timeout() {
    let server = Scripted::silent();
    let client = open(&Authority::common().url(server.address()), &[("connect_timeout_ms", "200"), QUICK[1]]);
    let event = client.event(EventKind::Reconnecting);
    let words =
        ["the handshake of TLS failed", "the connect timeout passed", "does the server speak TLS on this port?"];
    assert!(words.iter().all(|word| event.message.contains(word)), "{event:?}");
    // It is an outage, so it goes on.
    client.event(EventKind::Reconnecting);
    assert!(server.total_connections() >= 2);
}

#[test]
fn a_refused_certificate_is_not_hammered_and_reconnect_tries_at_once() {
    let stranger = Authority::new("somebody else");
    let certified = stranger.issue(&["127.0.0.1"], VALID);
    let server = Server::builder().appendonly(true).tls_with(&certified, Authority::common()).start();
    let proxy = Proxy::start(server.tls_address());
    let client = open(&Authority::common().url(proxy.address()), &[]);
    assert_refused(&client, &["somebody else"]);
    // Somebody else makes the same attempts meanwhile, so that there was the time for others.
    for _ in 0..5 {
        assert_refused(&open(&server.tls_url(), &[]), &["somebody else"]);
    }
    assert_eq!(proxy.total_connections(), 1);
    client.reconnect().unwrap();
    client.event(EventKind::GaveUp);
    assert_eq!(proxy.total_connections(), 2);

    let right = Authority::common().issue(&["127.0.0.1"], VALID);
    server.configure("tls-cert-file", text(&right.certificate));
    server.configure("tls-key-file", text(&right.key));
    server.restart();
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    assert!(client.text(&["PING"]).is_some());
    assert_eq!(proxy.total_connections(), 3);
}

#[test]
fn the_slow_probe_finds_a_certificate_that_was_made_right() {
    let expired = Authority::common().issue(&["127.0.0.1"], Years(2020, 2022));
    let server = Server::builder().tls_with(&expired, Authority::common()).start();
    let client = open(&server.tls_url(), &[("reconnect_interval_ms", "100")]);
    assert_refused(&client, &["expired on"]);
    let right = Authority::common().issue(&["127.0.0.1"], VALID);
    server.configure("tls-cert-file", text(&right.certificate));
    server.configure("tls-key-file", text(&right.key));
    server.restart();
    client.event(EventKind::Connected);
    assert!(client.text(&["PING"]).is_some());
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        text(&path).to_owned()
    };
    let one = Authority::common().issue_to_client("one", VALID);
    let other = Authority::common().issue_to_client("other", VALID);
    let (certificate, key) = (text(&one.certificate).to_owned(), text(&one.key).to_owned());
    let missing = text(&folder.path().join("missing")).to_owned();
    let garbage = file("garbage", "\u{1}garbage");
    let torn = file("torn", &fs::read_to_string(&one.certificate).unwrap()[..200]);
    let noise = file("noise", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
    let no_authority = file("no_authority", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let pkcs8 = file("pkcs8", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let legacy = file(
        "legacy",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    );
    let no_key = file("no_key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let a_folder = text(folder.path()).to_owned();
    let mismatched = text(&other.key).to_owned();

    let (none, ca) = (String::new(), text(&Authority::common().file()).to_owned());
    for (ca, certificate, key, option, file, why) in [
        (&missing, &none, &none, "tls_ca_file", &missing, "cannot be read: No such file"),
        (&a_folder, &none, &none, "tls_ca_file", &a_folder, "cannot be read: Is a directory"),
        (&garbage, &none, &none, "tls_ca_file", &garbage, "holds no PEM certificate"),
        (&torn, &none, &none, "tls_ca_file", &torn, "is not a PEM file: a section has no end"),
        (&noise, &none, &none, "tls_ca_file", &noise, "is not a PEM file: a section is not base64"),
        (
            &no_authority,
            &none,
            &none,
            "tls_ca_file",
            &no_authority,
            "holds a certificate that cannot be an authority (number 1): it is no X.509 certificate",
        ),
        (&key, &none, &none, "tls_ca_file", &key, "holds no PEM certificate"),
        (&ca, &missing, &key, "tls_cert_file", &missing, "cannot be read: No such file"),
        (&ca, &garbage, &key, "tls_cert_file", &garbage, "holds no PEM certificate"),
        (&ca, &certificate, &missing, "tls_key_file", &missing, "cannot be read: No such file"),
        (&ca, &certificate, &garbage, "tls_key_file", &garbage, "holds no PEM key"),
        (&ca, &certificate, &certificate, "tls_key_file", &certificate, "holds no PEM key"),
        (&ca, &certificate, &pkcs8, "tls_key_file", &pkcs8, "holds an encrypted key"),
        (&ca, &certificate, &legacy, "tls_key_file", &legacy, "holds an encrypted key"),
        (&ca, &certificate, &no_key, "tls_key_file", &no_key, "cannot be used"),
        (
            &ca,
            &certificate,
            &mismatched,
            "tls_key_file",
            &mismatched,
            "is not the key of the certificate in tls_cert_file",
        ),
    ] {
        let options = [("tls_ca_file", ca.as_str()), ("tls_cert_file", certificate), ("tls_key_file", key)];
        let error = Client::open(configuration("rediss://127.0.0.1:1/", &options), None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config, "{error:?}");
        let said = format!("{option} {file} {why}");
        assert!(error.message.contains(&said), "{said:?} is not in {}", error.message);
        assert!(!error.message.contains("AAAA") && !error.message.contains('\u{1}'), "{error:?}");
    }
}

/// Puts a file of certificates or a key in the place of another, as a tool that renews them does.
fn replace(place: &Path, with: &Path) {
    let new = place.with_extension("new");
    fs::copy(with, &new).unwrap();
    fs::rename(new, place).unwrap();
}

#[test]
fn authorities_that_are_replaced_on_disk_are_used_at_the_next_connection() {
    let server = Server::builder().appendonly(true).tls().start();
    let own = Authority::new("own");
    let file = own.folder().join("trusted.pem");
    replace(&file, &Authority::common().file());
    let url = format!("rediss://{}/?tls_ca_file={}", server.tls_address(), file.display());
    let client = open_ready(&url, &QUICK);
    // Another authority takes over, at the server and in the client's file.
    let certified = own.issue(&["127.0.0.1"], VALID);
    server.configure("tls-cert-file", text(&certified.certificate));
    server.configure("tls-key-file", text(&certified.key));
    server.stop();
    replace(&file, &own.file());
    server.start_again();
    client.wait_ready(SOON).unwrap();
    client.ask(&["SET", "k", "v"]);
    // And is trusted no more: what the client had before does not come back.
    replace(&file, &Authority::common().file());
    server.restart();
    assert_refused(&client, &["issued by CN=own", "comes from no authority of tls_ca_file", text(&file)]);
}

#[test]
fn a_client_s_certificate_that_is_replaced_on_disk_is_shown_at_the_next_connection() {
    let server = demanding().start();
    let proxy = Proxy::start(server.tls_address());
    let folder = tempfile::tempdir().unwrap();
    let shown = Certified { certificate: folder.path().join("app.crt"), key: folder.path().join("app.key") };
    let show = |certified: &Certified| {
        proxy.refuse(true);
        proxy.close_all();
        replace(&shown.certificate, &certified.certificate);
        replace(&shown.key, &certified.key);
        proxy.refuse(false);
    };
    let good = Authority::common().issue_to_client("app", VALID);
    show(&good);
    let options = [QUICK.as_slice(), &showing(&shown)].concat();
    let client = open_ready(&Authority::common().url(proxy.address()), &options);
    show(&Authority::common().issue_to_client("app", Years(2020, 2022)));
    assert_refused(&client, &["the client's certificate (tls_cert_file) has expired"]);
    show(&Authority::common().issue_to_client("app", VALID));
    client.reconnect().unwrap();
    client.wait_ready(SOON).unwrap();
    assert!(client.text(&["PING"]).is_some());
}

#[test]
fn a_broken_replacement_is_said_once_and_what_was_there_before_stays_in_use() {
    let server = Server::builder().tls().start();
    let proxy = Proxy::start(server.tls_address());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trusted.pem");
    replace(&file, &Authority::common().file());
    let url = format!("rediss://{}/?tls_ca_file={}", proxy.address(), file.display());
    let (client, lines) = open_logged(&url, Level::Debug, &QUICK);
    client.wait_ready(SOON).unwrap();
    let again = |attempt: usize| {
        proxy.close_all();
        client.event(EventKind::Disconnected);
        client.wait_ready(SOON).unwrap();
        assert!(client.text(&["PING"]).is_some());
        wait_until("the log says so", SOON, || lines.count(Level::Debug, &["protected by"]) >= attempt);
    };
    let complaint = ["TLS goes on with what it had before", "tls_ca_file", text(&file)];
    fs::write(&file, "-----BEGIN CERTIFICATE-----\n").unwrap();
    again(2);
    again(3);
    assert_eq!(lines.count(Level::Warning, &complaint), 1, "{:#?}", lines.so_far());
    // It is gone now, which is something else.
    fs::remove_file(&file).unwrap();
    again(4);
    again(5);
    assert_eq!(lines.count(Level::Warning, &complaint), 2, "{:#?}", lines.so_far());
    lines.wait_for(Level::Warning, &["cannot be read"]);
    // Right, and wrong again: that is said again.
    replace(&file, &Authority::common().file());
    again(6);
    fs::remove_file(&file).unwrap();
    again(7);
    assert_eq!(lines.count(Level::Warning, &complaint), 3, "{:#?}", lines.so_far());
}

#[test]
fn without_a_file_the_system_s_authorities_are_trusted() {
    const NAME: &str = "without_a_file_the_system_s_authorities_are_trusted";
    const CHILD: &str = "RR_TEST_TLS_ADDRESS";
    if let Ok(address) = std::env::var(CHILD) {
        // In the child, whose system trusts the common authority of its parent and nobody else.
        let address: SocketAddr = address.parse().unwrap();
        let client = open_ready(&format!("rediss://{address}/"), &[]);
        assert!(client.text(&["PING"]).is_some());
        let stranger = Authority::new("somebody else");
        let certified = stranger.issue(&["127.0.0.1"], VALID);
        let server = Server::builder().tls_with(&certified, &stranger).start();
        let client = open(&format!("rediss://{}/", server.tls_address()), &[]);
        assert_refused(&client, &["issued by CN=somebody else", "no authority of the system's 1 authorities"]);
        return;
    }
    let server = Server::builder().tls().start();
    let child = |authorities: &Path| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", NAME, "--nocapture"]).env(CHILD, server.tls_address().to_string());
        command.env("SSL_CERT_FILE", authorities).env_remove("SSL_CERT_DIR");
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (worked, said) = child(&Authority::common().file());
    assert!(worked && said.contains("1 passed"), "{said}");
    let (worked, said) = child(Path::new("/nonexistent"));
    assert!(!worked && said.contains("the system has no authorities that it trusts"), "{said}");
    assert!(said.contains("tls_ca_file"), "{said}");
}
