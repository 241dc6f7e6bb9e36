//! How a configuration is made: options by name, URLs, the environment, what is refused and what is never shown.
#![allow(clippy::expect_used, clippy::panic, reason = "a test's helpers fail the test")]

use std::path::PathBuf;
use std::time::Duration;

use resilient_redis::config::{
    Address, Backoff, Config, Delivery, OptionSpec, OutageReads, Overflow, Protocol, Secret, Unit,
};
use resilient_redis::error::{ErrorKind, Result};

const PASSWORD: &str = "hunter2";

/// The message of a refusal that is what a refusal must be.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.expect_err("it must be refused");
    assert_eq!(error.kind, ErrorKind::Config, "{error}");
    let debug = format!("{error:?}");
    assert!(!debug.contains(PASSWORD), "{debug}");
    error.message.into()
}

#[track_caller]
fn from_url(url: &str) -> Config {
    match Config::from_url(url) {
        Ok(config) => config,
        Err(error) => panic!("{url}: {error}"),
    }
}

fn from_variables(variables: &[(&str, &str)]) -> Result<Config> {
    let mut config = Config::default();
    config.apply_variables(variables.iter().copied())?;
    Ok(config)
}

fn tcp(host: &str, port: u16) -> Address {
    Address::Tcp { host: host.into(), port }
}

fn numbers() -> impl Iterator<Item = (&'static OptionSpec, Unit, i64, i64)> {
    Config::options().iter().filter_map(|spec| spec.range().map(|(unit, min, max)| (spec, unit, min, max)))
}

#[test]
fn the_documentation_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CONFIGURATION.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, Config::markdown()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == Config::markdown(), "run: UPDATE_DOCS=1 cargo test --test configuration");
}

#[test]
fn the_urls_in_the_documentation_work() {
    let page = Config::markdown();
    let urls: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let urls: Vec<_> = urls.into_iter().filter(|text| text.contains("://")).collect();
    assert!(urls.len() >= 5, "{urls:?}");
    for url in urls {
        from_url(url).validate().unwrap();
    }
}

#[test]
fn names_are_distinct_and_their_endings_are_their_units() {
    let mut names: Vec<_> = Config::options().iter().map(|spec| spec.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Config::options().len());
    for (spec, unit, ..) in numbers() {
        assert_eq!(spec.name.ends_with("_ms"), unit == Unit::Milliseconds, "{}", spec.name);
        assert_eq!(spec.name.ends_with("_us"), unit == Unit::Microseconds, "{}", spec.name);
        assert_eq!(spec.name.ends_with("_bytes"), unit == Unit::Bytes, "{}", spec.name);
    }
}

#[test]
fn meanings_fit_into_a_table_and_name_only_options_that_exist() {
    for spec in Config::options() {
        assert!(spec.meaning.ends_with('.') && !spec.meaning.contains(['|', '\n']), "{}", spec.name);
        for word in spec.meaning.split('`').skip(1).step_by(2) {
            let name = word.split('=').next().unwrap();
            if name.contains('_') && !name.starts_with("RR_") && !name.ends_with('…') && !spec.choices().contains(&name)
            {
                let elsewhere = Config::options().iter().any(|other| other.choices().contains(&name));
                assert!(
                    elsewhere || name == "exactly_once" || Config::default().get(name).is_ok(),
                    "{}: {word}",
                    spec.name
                );
            }
        }
    }
}

#[test]
fn the_default_configuration_is_what_the_table_says_and_is_valid() {
    let mut config = Config::default();
    for spec in Config::options() {
        config.set(spec.name, spec.default).unwrap();
        assert_eq!(config, Config::default(), "{}", spec.name);
    }
    config.validate().unwrap();
}

#[test]
fn what_an_option_reads_back_as_can_be_set() {
    let original = from_url(
        "redis://app@[::1]:7000/3?protocol=3&buffer_max_bytes=3KiB&buffer_max_age_ms=7&reconnect_tries=-1&spin_us=50\
         &health_check_interval_ms=0&tcp_nodelay=off&delivery=at_most_once&buffer_overflow=drop_oldest&client_name=x",
    );
    let mut copy = Config::default();
    for spec in Config::options() {
        copy.set(spec.name, &original.get(spec.name).unwrap()).unwrap();
    }
    assert_eq!(copy, original);
}

#[test]
fn what_is_allowed_and_may_not_be_meant_is_said() {
    assert_eq!(Config::default().surprises(), Vec::<String>::new());
    for (options, said) in [
        (&[("outage_grace_ms", "5000")][..], "outage_grace_ms is not below command_timeout_ms"),
        (&[("connect_timeout_ms", "5001")], "connect_timeout_ms is above command_timeout_ms"),
        (&[("health_check_interval_ms", "0"), ("tcp_keepalive_ms", "0")], "are both off"),
        (&[("buffer_commands", "no"), ("reads_during_outage", "fail")], "reads fail at once"),
        (&[("reconnect_tries", "0")], "reconnect_tries is 0"),
        (&[("lib_name", "none"), ("lib_version", "1")], "the server is told neither"),
    ] {
        let mut config = Config::default();
        for (name, value) in options {
            config.set(name, value).unwrap();
        }
        let surprises = config.surprises();
        assert!(surprises.len() == 1 && surprises[0].contains(said), "{options:?}: {surprises:?}");
        config.validate().unwrap();
    }
}

#[test]
fn an_address_reads_as_one_would_write_it() {
    for (url, shown) in [
        ("redis://localhost", "localhost:6379"),
        ("redis://user:hunter2@[::1]:7000", "[::1]:7000"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
    ] {
        assert_eq!(from_url(url).address.to_string(), shown);
    }
}

#[test]
fn every_number_takes_the_ends_of_its_range_and_nothing_beyond() {
    for (spec, _, min, max) in numbers() {
        let mut config = Config::default();
        for inside in [min, max] {
            config.set(spec.name, &inside.to_string()).unwrap();
            assert_eq!(config.get(spec.name).unwrap(), inside.to_string());
            spec.set(&mut config, &inside.to_string()).unwrap();
        }
        let before = config.clone();
        let mut outside = vec![(max + 1).to_string(), i64::MAX.to_string(), "99999999999999999999".into()];
        if spec.zero().is_none() || min > 1 {
            outside.push((min - 1).to_string());
        }
        outside.extend(["-2", "", " ", "x", "1.5", "+5", "5 ", "5ms", "0x10", "1e3", "١"].map(String::from));
        for wrong in outside {
            let message = refused(config.set(spec.name, &wrong));
            assert!(message.contains(&format!("option {:?} cannot be {wrong:?}: ", spec.name)), "{message}");
            assert!(message.contains(&format!("from {min}")) && message.contains(&max.to_string()), "{message}");
            assert_eq!(config, before, "{message}");
        }
    }
}

#[test]
fn zero_switches_off_where_the_table_says_so() {
    for (spec, _, min, _) in numbers() {
        let mut config = Config::default();
        match spec.zero() {
            Some(zero) => {
                config.set(spec.name, "0").unwrap();
                assert_eq!(config.get(spec.name).unwrap(), "0");
                assert!(refused(config.set(spec.name, "x")).contains(&format!("0 ({zero}) or ")));
            }
            None => assert_eq!(config.set(spec.name, "0").is_ok(), min <= 0, "{}", spec.name),
        }
    }
    let config =
        from_url("redis://h?buffer_max_age_ms=0&health_check_interval_ms=0&tcp_user_timeout_ms=0&tcp_keepalive_ms=0");
    assert_eq!((config.buffer_max_age, config.health_check_interval), (None, None));
    assert_eq!((config.tcp_user_timeout, config.tcp_keepalive), (None, None));
}

#[test]
fn numbers_reach_their_fields_in_the_right_unit() {
    let mut config = Config::default();
    for (spec, ..) in numbers() {
        config.set(spec.name, "1024").unwrap();
    }
    assert_eq!(config.address, tcp("127.0.0.1", 1024));
    assert_eq!(config.reconnect_tries, Some(1024));
    assert_eq!(config.spin, Duration::from_micros(1024));
    assert_eq!(config.command_timeout, Duration::from_millis(1024));
    assert_eq!(config.buffer_max_age, Some(Duration::from_millis(1024)));
    assert_eq!(config.max_reply_bytes, 1024);
    config.set("reconnect_tries", "-1").unwrap();
    assert_eq!(config.reconnect_tries, None);
    config.set("reconnect_tries", "0").unwrap();
    assert_eq!(config.reconnect_tries, Some(0));
}

#[test]
fn bytes_take_binary_suffixes_and_read_back_as_plain_bytes() {
    let mut config = Config::default();
    for (spec, ..) in numbers().filter(|(_, unit, ..)| *unit == Unit::Bytes) {
        for (text, bytes) in [("2048", "2048"), ("2KiB", "2048"), ("3 mib", "3145728"), ("1024GiB", "1099511627776")] {
            config.set(spec.name, text).unwrap();
            assert_eq!(config.get(spec.name).unwrap(), bytes, "{text}");
        }
        for wrong in ["64K", "64MB", "64M", "1TiB", "KiB", "-1KiB", "1.5MiB", "64MiB ", "64 ", "9999999999GiB", "1KiB1"]
        {
            let message = refused(config.set(spec.name, wrong));
            assert!(message.contains(spec.name) && message.contains("KiB, MiB and GiB may follow"), "{message}");
        }
    }
    assert!(refused(config.set("max_in_flight", "1KiB")).contains("max_in_flight"));
}

#[test]
fn flags_take_the_usual_spellings() {
    let mut config = Config::default();
    for name in ["buffer_commands", "retry_unsafe", "tcp_nodelay"] {
        for (text, value) in [
            ("true", "true"),
            ("no", "false"),
            ("YES", "true"),
            ("off", "false"),
            ("on", "true"),
            ("0", "false"),
            ("1", "true"),
            ("False", "false"),
        ] {
            config.set(name, text).unwrap();
            assert_eq!(config.get(name).unwrap(), value, "{text}");
        }
        for wrong in ["", "2", "truth", " true", "y"] {
            let message = refused(config.set(name, wrong));
            assert_eq!(
                message,
                format!("option {name:?} cannot be {wrong:?}: it takes true or false (also yes/no, on/off, 1/0)")
            );
        }
    }
}

#[test]
fn choices_take_their_names_only() {
    for spec in Config::options().iter().filter(|spec| !spec.choices().is_empty()) {
        let mut config = Config::default();
        for name in spec.choices() {
            config.set(spec.name, &name.to_uppercase()).unwrap();
            assert_eq!(config.get(spec.name).unwrap(), *name);
        }
        for wrong in ["", "sometimes", "1"] {
            let message = refused(config.set(spec.name, wrong));
            assert!(message.contains(&format!("option {:?} cannot be {wrong:?}", spec.name)), "{message}");
            assert!(message.contains(&spec.choices().join(", ")), "{message}");
        }
    }
    let config = from_url(
        "redis://h?protocol=resp2&reconnect_backoff=fixed&buffer_overflow=block&reads_during_outage=fail&delivery=at_most_once",
    );
    assert_eq!(config.protocol, Protocol::Resp2);
    assert_eq!(config.reconnect_backoff, Backoff::Fixed);
    assert_eq!(config.buffer_overflow, Overflow::Block);
    assert_eq!(config.reads_during_outage, OutageReads::Fail);
    assert_eq!(config.delivery, Delivery::AtMostOnce);
}

#[test]
fn exactly_once_is_known_and_refused_and_nothing_weaker_takes_its_place() {
    let mut config = from_url("redis://h?delivery=at_most_once");
    let message = refused(config.set("delivery", "exactly_once"));
    assert!(
        message.contains("\"delivery\" cannot be \"exactly_once\": this version has at_most_once and at_least_once")
    );
    assert_eq!(config.delivery, Delivery::AtMostOnce);
    assert!(refused(Config::from_url("redis://h?delivery=exactly_once")).contains("exactly_once"));
    assert!(refused(from_variables(&[("RR_DELIVERY", "exactly_once")])).contains("exactly_once"));
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_known_one() {
    let mut config = Config::default();
    for (wrong, right) in [
        ("reconect_tries", "reconnect_tries"),
        ("command_timeout", "command_timeout_ms"),
        ("pasword", "password"),
        ("hots", "host"),
        ("HOST", ""),
        ("user", ""),
        ("buffer_max_byte", "buffer_max_bytes"),
        ("something_else_entirely", ""),
    ] {
        let message = refused(config.set(wrong, PASSWORD));
        assert!(message.starts_with(&format!("there is no option {wrong:?}: ")), "{message}");
        if !right.is_empty() {
            assert!(message.ends_with(&format!("did you mean {right:?}?")), "{message}");
        }
        assert_eq!(message, refused(config.get(wrong)));
    }
    assert_eq!(config, Config::default());
    assert!(refused(config.set("something_else_entirely", "")).contains("docs/CONFIGURATION.md"));
}

#[test]
fn a_message_shows_what_is_invisible_and_not_more_than_a_line() {
    let message = refused(Config::default().set("db", "1\n"));
    assert!(message.contains(r#""1\n""#), "{message}");
    let message = refused(Config::default().set("db", &"ü".repeat(10_000)));
    assert!(message.len() < 400 && message.contains('…'), "{message}");
    let message = refused(Config::default().set(&"ü".repeat(10_000), "1"));
    assert!(message.len() < 400, "{message}");
}

#[test]
fn text_that_would_break_the_wire_is_refused() {
    let mut config = Config::default();
    for spec in Config::options() {
        let message = refused(config.set(spec.name, "a\0b"));
        assert!(message.contains(spec.name), "{message}");
    }
    for wrong in ["my name", "a\nb", "a\tb", "müller", "\u{7f}"] {
        for name in ["client_name", "lib_name", "lib_version"] {
            assert!(refused(config.set(name, wrong)).contains("printable ASCII"), "{name} {wrong:?}");
        }
    }
    for wrong in ["my name", "a\nb", "a\u{a0}b"] {
        assert!(refused(config.set("username", wrong)).contains("username"), "{wrong:?}");
    }
    for wrong in ["", "a b", "a/b", "a@b", "[::1", "::1]", ":::", "0.0.0.0", "::", "[::]", "h%20", "a\r\n", "h:6379"] {
        assert!(refused(config.set("host", wrong)).contains("a host name, an IPv4 address or"), "{wrong:?}");
    }
    assert!(refused(config.set("unix_socket", &"x".repeat(108))).contains("107 bytes"));
    assert_eq!(config, Config::default());
}

#[test]
fn text_that_is_fine_is_kept_as_it_is() {
    let mut config = Config::default();
    for (name, text) in [("client_name", "shop:1/a"), ("username", "jürgen"), ("host", "redis-1.example.org")] {
        config.set(name, text).unwrap();
        assert_eq!(config.get(name).unwrap(), text);
    }
    for name in ["client_name", "username"] {
        config.set(name, "").unwrap();
    }
    assert_eq!((config.client_name, config.username), (None, None));
    let mut config = Config::default();
    config.set("password", "pass word\n☃").unwrap();
    assert_eq!(config.password.as_ref().map(Secret::expose), Some("pass word\n☃"));
    config.set("password", "").unwrap();
    assert_eq!(config.password, None);
}

#[test]
fn the_library_is_this_one_another_one_or_none() {
    let own = env!("CARGO_PKG_VERSION");
    let mut config = Config::default();
    for (name, version, told) in [
        ("", "", Some(("resilient-redis", Some(own)))),
        ("resilient-redis", "", Some(("resilient-redis", Some(own)))),
        ("", "1.2", Some(("resilient-redis", Some("1.2")))),
        ("", "none", Some(("resilient-redis", None))),
        ("shop", "", Some(("shop", None))),
        ("shop", "1.2", Some(("shop", Some("1.2")))),
        ("none", "", None),
        ("None", "1.2", None),
    ] {
        config.set("lib_name", name).unwrap();
        config.set("lib_version", version).unwrap();
        assert_eq!(config.library(), told, "{name:?} {version:?}");
    }
    let told = from_variables(&[("RR_URL", "redis://h?lib_version=7"), ("RR_LIB_NAME", "none")]).unwrap();
    assert_eq!((told.library(), told.lib_version.as_deref()), (None, Some("7")));
}

#[test]
fn host_port_and_unix_socket_make_up_the_address() {
    let mut config = Config::default();
    config.set("port", "7000").unwrap();
    config.set("host", "[fe80::1%eth0]").unwrap();
    assert_eq!(config.address, tcp("fe80::1%eth0", 7000));
    config.set("unix_socket", "/run/redis.sock").unwrap();
    assert_eq!(config.address, Address::Unix(PathBuf::from("/run/redis.sock")));
    assert_eq!((config.get("host").unwrap(), config.get("port").unwrap()), (String::new(), String::new()));
    let message = refused(config.set("port", "7000"));
    assert!(message.contains("set host first"), "{message}");
    config.set("host", "h").unwrap();
    assert_eq!(config.address, tcp("h", 6379));
    assert_eq!(config.get("unix_socket").unwrap(), "");
    config.set("unix_socket", "").unwrap();
    assert_eq!(config.address, tcp("h", 6379));
}

#[test]
fn urls_say_address_login_database_and_options() {
    for (url, address, username, password, db) in [
        ("redis://localhost", tcp("localhost", 6379), None, None, 0),
        ("REDIS://localhost/", tcp("localhost", 6379), None, None, 0),
        ("valkey://10.0.0.1:7000/15", tcp("10.0.0.1", 7000), None, None, 15),
        ("redis://:hunter2@h", tcp("h", 6379), None, Some("hunter2"), 0),
        ("redis://app:hunter2@h:1/2", tcp("h", 1), Some("app"), Some("hunter2"), 2),
        ("redis://app:p%40%3A%2F%3f%23%25+s@h", tcp("h", 6379), Some("app"), Some("p@:/?#%+s"), 0),
        ("redis://a%C3%BC:%20x%C3%9F@h", tcp("h", 6379), Some("aü"), Some(" xß"), 0),
        ("redis://app:p@ss@h", tcp("h", 6379), Some("app"), Some("p@ss"), 0),
        ("redis://app:@h", tcp("h", 6379), Some("app"), None, 0),
        ("redis://[::1]", tcp("::1", 6379), None, None, 0),
        ("redis://:x@[2001:db8::1]:7000/1", tcp("2001:db8::1", 7000), None, Some("x"), 1),
        ("redis://h?db=4", tcp("h", 6379), None, None, 4),
        ("redis://h/?port=7&username=a&password=a+b%26%3D@", tcp("h", 7), Some("a"), Some("a+b&=@"), 0),
        ("unix:///run/r.sock", Address::Unix("/run/r.sock".into()), None, None, 0),
        ("redis+unix:///run/r%20s%23.sock?db=3", Address::Unix("/run/r s#.sock".into()), None, None, 3),
        ("valkey+unix://app:p%2Fq@/run/r.sock", Address::Unix("/run/r.sock".into()), Some("app"), Some("p/q"), 0),
        ("unix:///r?username=a&password=b", Address::Unix("/r".into()), Some("a"), Some("b"), 0),
    ] {
        let config = from_url(url);
        assert_eq!(config.address, address, "{url}");
        assert_eq!(config.username.as_deref(), username, "{url}");
        assert_eq!(config.password.as_ref().map(Secret::expose), password, "{url}");
        assert_eq!(config.db, db, "{url}");
    }
    let config = from_url("redis://h?command_timeout_ms=250&buffer_max_bytes=1MiB&protocol=resp3&client_name=a%2Db");
    assert_eq!(config.command_timeout, Duration::from_millis(250));
    assert_eq!(config.buffer_max_bytes, 1 << 20);
    assert_eq!(config.protocol, Protocol::Resp3);
    assert_eq!(config.client_name.as_deref(), Some("a-b"));
}

#[test]
fn a_scheme_with_an_s_is_tls_and_one_without_is_not() {
    for (url, tls) in [
        ("rediss://h", true),
        ("valkeys://h:7?tls_ca_file=/ca.pem&tls_min_version=1.3", true),
        ("redis://h", false),
        ("redis://h?tls=true", true),
        ("unix:///r", false),
    ] {
        assert_eq!(from_url(url).tls, tls, "{url}");
        let mut config = Config::default();
        config.tls = !tls;
        config.apply_url(url).unwrap();
        assert_eq!(config.tls, tls, "{url}");
    }
    assert!(from_variables(&[("RR_URL", "redis://h"), ("RR_TLS", "yes")]).unwrap().tls);
}

#[test]
fn options_of_tls_that_contradict_each_other_are_refused() {
    for (url, part) in [
        ("rediss://h?tls_cert_file=/c", "\"tls_key_file\" is not"),
        ("rediss://h?tls_key_file=/k", "\"tls_cert_file\" is not"),
        ("redis://h?tls_ca_file=/ca.pem", "\"tls_ca_file\" is set but \"tls\" is off"),
        ("redis://h?tls_server_name=h", "\"tls_server_name\" is set but \"tls\" is off"),
        ("redis://h?tls_insecure_skip_verify=yes", "\"tls_insecure_skip_verify\" is set but \"tls\" is off"),
        ("unix:///r?tls=yes", "where servers speak no TLS"),
    ] {
        let message = refused(from_url(url).validate());
        assert!(message.contains(part), "{url}: {message}");
    }
}

#[test]
fn every_option_can_stand_in_a_url() {
    for spec in Config::options() {
        let value = match spec.default {
            "" if spec.name == "tls_server_name" => "x",
            "" if spec.name == "replica_address" => "x:1",
            "" => "/x",
            default => default,
        };
        let base = match spec.name {
            "host" => continue,
            "unix_socket" => continue,
            _ => "redis://h",
        };
        from_url(&format!("{base}?{}={value}", spec.name));
    }
}

#[test]
fn a_wrong_url_is_refused_with_what_would_be_right() {
    for (url, part) in [
        ("", "no scheme"),
        ("localhost", "no scheme"),
        ("localhost:6379", "no scheme"),
        ("http://h", "\"http\" is not known: it takes redis, rediss, valkey, valkeys, unix"),
        ("rediss://h?tls=false", "which the URL already says elsewhere"),
        ("redis://", "redis://[user[:password]@]host"),
        ("redis:///1", "redis://[user[:password]@]host"),
        ("redis://:6379", "redis://[user[:password]@]host"),
        ("redis://h:port", "a port is 1 to 65535"),
        ("redis://h:0", "from 1 to 65535"),
        ("redis://h:65536", "a port is 1 to 65535"),
        ("redis://h:-1", "a port is 1 to 65535"),
        ("redis://[::1", "cannot be read"),
        ("redis://::1", "cannot be read"),
        ("redis://0.0.0.0", "not 0.0.0.0 or ::"),
        ("redis://[::]", "not 0.0.0.0 or ::"),
        ("redis://a%20b", "a host name, an IPv4"),
        ("redis://h/x", "option \"db\" cannot be \"x\": it takes a whole number from 0"),
        ("redis://h/-1", "option \"db\""),
        ("redis://h/1/2", "option \"db\""),
        ("redis://h/1?db=2", "\"db\", which the URL already says elsewhere"),
        ("redis://h:1?port=2", "\"port\", which the URL already says elsewhere"),
        ("redis://h?host=i", "\"host\", which"),
        ("redis://h?unix_socket=/r", "\"unix_socket\", which"),
        ("redis://h?db=1&db=1", "\"db\", which"),
        ("redis://:x@h?password=y", "\"password\", which"),
        ("redis://h?pasword=hunter2", "no option \"pasword\": did you mean \"password\"?"),
        ("redis://h?ssl=true", "no option \"ssl\""),
        ("redis://h?protocol=4", "option \"protocol\" cannot be \"4\": it takes one of auto, 2, 3"),
        ("redis://h?retry_unsafe", "option \"retry_unsafe\" cannot be \"\""),
        ("redis://h?client_name=a%20b", "option \"client_name\" cannot be \"a b\""),
        ("redis://h?client_name=%FF", "\"client_name\" is not UTF-8"),
        ("redis://:%FFhunter2@h", "cannot be read"),
        ("redis://:%00hunter2@h", "the URL's password cannot be used"),
        ("redis://%20:hunter2@h", "the URL's username cannot be used"),
        ("redis://h#insecure", "write %23"),
        ("redis://h\n", "a space or a control character"),
        ("redis://:my hunter2@h", "a space or a control character"),
        ("unix://", "absolute path"),
        ("unix:///", "absolute path"),
        ("unix://run/r.sock", "absolute path"),
        ("unix:///r%00", "unix_socket"),
        ("unix:///r%FF", "not UTF-8"),
        ("unix:///r?port=1", "\"port\", which"),
    ] {
        let message = refused(Config::from_url(url));
        assert!(message.contains(part), "{url}: {message}");
    }
}

#[test]
fn a_password_that_breaks_its_url_is_not_repeated() {
    for url in [
        "hunter2",
        "app:hunter2@h:6379",
        "app:hunter2@://h",
        "redis://app:hunter2",
        "redis://:hunter2",
        "redis://app:12/hunter2@h",
        "redis://app:12?hunter2@h",
        "redis://app:12?a=b&hunter2=@h",
        "redis://app:12?db=hunter2@h",
        "redis://app:12#hunter2@h",
        "redis://app:12 hunter2@h",
        "redis://app:x/hunter2@h",
        "redis://app:x?hunter2@h",
        "redis://app:a@b:1/hunter2@h",
        "redis://app:hunter2@h:x",
        "redis://app:hunter2@",
        "redis://app:hunter2@h/x",
        "redis://app:hunter2@h?db=x",
        "redis://app:hunter2@h?nothing=x",
        "redis://h?password=hunter2&db=x",
        "redis://h?password=hunter2&password=hunter2",
        "redis://h?password=hunter2%00",
        "rediss://app:hunter2@h?tls=no",
        "http://app:hunter2@h",
        "unix://app:hunter2@h/r",
        "unix://app:hunter2/r",
        "unix://app:1/hunter2@/r?db=x",
    ] {
        refused(Config::from_url(url));
        let message = refused(from_variables(&[("RR_URL", url)]));
        assert!(message.starts_with("environment variable RR_URL: "), "{message}");
    }
    refused(Config::default().set("password", "hunter2\0"));
    refused(from_variables(&[("RR_PASSWORD", "hunter2\0")]));
}

#[test]
fn no_character_that_is_not_encoded_makes_a_message_repeat_a_password() {
    let special =
        [":", "/", "?", "#", "[", "]", "@", "%", "&", "=", "+", " ", "\\", "://", "?db=", "&db=", "?a=b&", "//", "%00"];
    let mut refusals = 0;
    for (first, second) in special.into_iter().flat_map(|first| special.map(|second| (first, second))) {
        for start in ["hunter", "12", ""] {
            let password = format!("{start}{first}secret{second}agent");
            for url in [
                format!("redis://app:{password}@h:1/2"),
                format!("redis://app:{password}@h:x/y?z"),
                format!("redis://:{password}@h/1?spin_us=x"),
                format!("redis://{password}@h?nothing=1"),
                format!("unix://app:{password}@/r?db=x"),
                format!("app:{password}@h"),
            ] {
                let Err(error) = Config::from_url(&url) else { continue };
                refusals += 1;
                for part in ["hunter", "secret", "agent"] {
                    assert!(!format!("{error:?}").contains(part), "{url}: {error}");
                }
            }
        }
    }
    assert!(refusals > 1000, "{refusals}");
}

#[test]
fn a_secret_is_never_shown() {
    for config in [from_url("redis://:hunter2@h"), from_variables(&[("RR_PASSWORD", PASSWORD)]).unwrap()] {
        for debug in [format!("{config:?}"), format!("{config:#?}"), format!("{:?}", config.password)] {
            assert!(!debug.contains(PASSWORD) && debug.contains("***"), "{debug}");
        }
        for spec in Config::options() {
            assert!(!config.get(spec.name).unwrap().contains(PASSWORD), "{}", spec.name);
        }
        assert_eq!(config.get("password").unwrap(), "***");
    }
    assert_eq!(Config::default().get("password").unwrap(), "");
    assert!(refused(Config::default().set("password", "***")).contains("reads back as"));
    assert!(Config::options().iter().all(|spec| spec.secret == (spec.name == "password")));
}

#[test]
fn secrets_compare_by_what_they_hold() {
    assert_eq!(Secret::new("a"), Secret::from("a"));
    assert_ne!(Secret::new("a"), Secret::new("b"));
    assert_ne!(from_url("redis://:a@h"), from_url("redis://:b@h"));
}

#[test]
fn every_option_has_its_variable() {
    for spec in Config::options() {
        let value = match spec.default {
            "" if spec.name == "replica_address" => "x:1",
            "" => "x",
            default => default,
        };
        let variable = format!("RR_{}", spec.name.to_uppercase());
        assert_eq!(spec.variable(), variable);
        let mut expected = Config::default();
        expected.set(spec.name, value).unwrap();
        assert_eq!(from_variables(&[(&variable, value)]).unwrap(), expected);
        let message = refused(from_variables(&[(&variable, "\0")]));
        assert!(message.starts_with(&format!("environment variable {variable}: option {:?} ", spec.name)), "{message}");
    }
}

#[test]
fn variables_of_options_override_the_url_variable_in_any_order() {
    let mut variables = vec![
        ("RR_DB", "2"),
        ("RR_PORT", "7"),
        ("PATH", "x"),
        ("RR_URL", "redis://a:b@h:1/1?spin_us=3"),
        ("RR_HOST", ""),
    ];
    for _ in 0..2 {
        let config = from_variables(&variables).unwrap();
        assert_eq!((config.address, config.db, config.spin), (tcp("h", 7), 2, Duration::from_micros(3)));
        assert_eq!(config.username.as_deref(), Some("a"));
        variables.reverse();
    }
}

#[test]
fn what_is_applied_later_wins_and_changes_only_what_it_names() {
    let mut config =
        from_variables(&[("RR_URL", "redis://:env@env:1/1?spin_us=1"), ("RR_CLIENT_NAME", "env")]).unwrap();
    config.apply_url("redis://url/2").unwrap();
    config.set("client_name", "code").unwrap();
    assert_eq!(config.address, tcp("url", 6379));
    assert_eq!(config.db, 2);
    assert_eq!(config.spin, Duration::from_micros(1));
    assert_eq!(config.password.as_ref().map(Secret::expose), Some("env"));
    assert_eq!(config.client_name.as_deref(), Some("code"));
}

#[test]
fn a_refusal_leaves_the_configuration_as_it_was() {
    let mut config = from_url("redis://h/1");
    let before = config.clone();
    refused(config.apply_url("redis://other/2?spin_us=x"));
    refused(config.apply_variables([("RR_DB", "3"), ("RR_SPIN_US", "x")]));
    refused(config.apply_variables([("RR_URL", "redis://other/2"), ("RR_SPIN_US", "x")]));
    assert_eq!(config, before);
}

#[test]
fn a_misspelt_variable_is_refused_and_a_foreign_one_left_alone() {
    for (wrong, right) in [
        ("RR_PASWORD", "RR_PASSWORD"),
        ("RR_COMMAND_TIMEOUT_S", "RR_COMMAND_TIMEOUT_MS"),
        ("RR_RECONNECT_TRY", ""),
        ("RR_HOSTS", "RR_HOST"),
        ("RR_password", "RR_PASSWORD"),
        ("RR_BUFFER_MAX_BYTE", "RR_BUFFER_MAX_BYTES"),
    ] {
        match right {
            "" => assert_eq!(from_variables(&[(wrong, PASSWORD)]).unwrap(), Config::default()),
            _ => assert_eq!(
                refused(from_variables(&[(wrong, PASSWORD)])),
                format!("environment variable {wrong} is not an option: did you mean {right}?")
            ),
        }
    }
    for foreign in
        ["RR_", "RR_LOG", "RR_TRACE_DIR", "RR_MODE", "RR_RPC", "RR_HTTP", "RR_DBX", "RRDB", "DB", "rr_db", "R"]
    {
        assert_eq!(from_variables(&[(foreign, "x")]).unwrap(), Config::default(), "{foreign}");
    }
}

#[test]
fn two_addresses_in_the_environment_are_refused() {
    for other in [("RR_HOST", "h"), ("RR_PORT", "1")] {
        let message = refused(from_variables(&[("RR_UNIX_SOCKET", "/r"), other]));
        assert!(message.contains("RR_UNIX_SOCKET") && message.contains(other.0), "{message}");
    }
    assert!(refused(from_variables(&[("RR_URL", "unix:///r"), ("RR_PORT", "1")])).contains("set host first"));
    let config = from_variables(&[("RR_URL", "unix:///r"), ("RR_PORT", "1"), ("RR_HOST", "h")]).unwrap();
    assert_eq!(config.address, tcp("h", 1));
    let config = from_variables(&[("RR_URL", "redis://h"), ("RR_UNIX_SOCKET", "/r")]).unwrap();
    assert_eq!(config.address, Address::Unix("/r".into()));
}

#[test]
fn the_process_environment_is_read() {
    // In a process of its own: tests share theirs.
    if std::env::var_os("CONFIGURATION_TEST_CHILD").is_some() {
        let config = Config::from_environment().unwrap();
        assert_eq!((config.address, config.db), (tcp("from-url", 6379), 5));
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_environment_is_read"])
        .envs([("CONFIGURATION_TEST_CHILD", "1"), ("RR_URL", "redis://from-url"), ("RR_DB", "5")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn contradictions_are_found_whatever_the_order() {
    let config = from_url("redis://app@h");
    assert!(refused(config.validate()).contains("\"password\" is not set"));
    from_url("redis://app:x@h").validate().unwrap();
    from_url("redis://:x@h").validate().unwrap();
}

#[test]
fn fields_that_were_written_directly_are_checked_too() {
    type Change = fn(&mut Config);
    let changes: [(&str, Change); 12] = [
        ("buffer_max_commands", |config| config.buffer_max_commands = 0),
        ("buffer_max_bytes", |config| config.buffer_max_bytes = usize::MAX),
        ("command_timeout_ms", |config| config.command_timeout = Duration::ZERO),
        ("connect_timeout_ms", |config| config.connect_timeout = Duration::MAX),
        ("spin_us", |config| config.spin = Duration::from_secs(1)),
        ("health_check_interval_ms", |config| config.health_check_interval = Some(Duration::ZERO)),
        ("reconnect_tries", |config| config.reconnect_tries = Some(u32::MAX)),
        ("client_name", |config| config.client_name = Some("a b".into())),
        ("username", |config| config.username = Some("a\r\n".into())),
        ("password", |config| config.password = Some(Secret::new("hunter2\0"))),
        ("host", |config| config.address = tcp("", 1)),
        ("port", |config| config.address = tcp("h", 0)),
    ];
    for (name, change) in changes {
        let mut config = Config::default();
        change(&mut config);
        let message = refused(config.validate());
        assert!(message.contains(&format!("option {name:?} cannot ")), "{message}");
    }
    // Less than a millisecond is not nothing.
    let mut config = Config::default();
    config.outage_grace = Duration::ZERO;
    config.command_timeout = Duration::from_micros(10);
    config.validate().unwrap();
}
