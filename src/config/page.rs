//! The page about options, `docs/CONFIGURATION.md`: made from the table, so that it cannot differ from it.

use std::fmt::Write as _;

use super::table::OPTIONS;

/// The text of `docs/CONFIGURATION.md`.
pub(super) fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut group = "";
    for spec in OPTIONS {
        if spec.group != group {
            group = spec.group;
            // Writing to a String cannot fail.
            let _ = write!(page, "\n### {group}\n\n| option | values | default | meaning |\n|---|---|---|---|\n");
        }
        let default = if spec.default.is_empty() { "not set".into() } else { format!("`{}`", spec.default) };
        let _ = writeln!(page, "| `{}` | {} | {default} | {} |", spec.name, spec.accepts(), spec.meaning);
    }
    page.push_str(USE);
    page
}

const INTRODUCTION: &str = "\
<!-- Made from the table in src/config/table.rs; `UPDATE_DOCS=1 cargo test --test configuration` writes it. -->

# Configuration

Every option has a name, takes its value as text, and is the same from code, in a URL and in the environment. A name or
value that cannot be used is refused with `RR_ERR_CONFIG` and a message that names the option, the value and what would be
right; none is clipped into range or ignored.

## Options

* Numbers are written in digits. The end of the name is the unit: `_ms` milliseconds, `_us` microseconds, `_bytes` bytes.
* Bytes may carry `KiB`, `MiB` or `GiB` (1024, 1024² and 1024³): `64MiB`, `64 MiB`. They read back as plain bytes. `K`, `MB` and
  the like are refused, because they do not mean the same to everybody.
* Booleans are `true`/`false`, `yes`/`no`, `on`/`off` or `1`/`0`. Capital letters do not matter in booleans and choices.
* Text options are not set by the empty text. No option takes a NUL.
";

const USE: &str = r#"
## Setting options

### From code

```c
rr_config *config = rr_config_new();
rr_config_set(config, "host", "cache.example.org", &err);
rr_config_set(config, "command_timeout_ms", "500", &err);
rr_config_set(config, "buffer_max_bytes", "256MiB", &err);
```

```rust
let mut config = Config::from_environment()?;
config.apply_url("redis://cache.example.org/1")?;
config.set("command_timeout_ms", "500")?;
config.validate()?;
```

### From a URL

```
redis://[user[:password]@]host[:port][/db][?option=value&option=value…]
rediss://[user[:password]@]host[:port][/db][?option=value&option=value…]
unix://[user[:password]@]/path/to/socket[?db=1&option=value…]
```

* `valkey://` is the same as `redis://`; `redis+unix://` and `valkey+unix://` are the same as `unix://`.
* `rediss://` is `redis://` over TLS; `valkeys://` is the same.
* An IPv6 address stands in brackets: `redis://[2001:db8::1]:6379`. One with a zone (`fe80::1%eth0`) has no form in a URL; set
  the option `host` instead.
* Every option may stand in the query, except those that the URL already says before it. An option said twice is refused.
* Characters with a meaning of their own are percent-encoded: in user and password `: / ? # [ ] @ %`, in the query `& # %`. A
  space is `%20`; a `+` is a plus everywhere. There is no fragment (`#…`).
* No message about a URL repeats a part of it that may belong to a password.

| URL | what it says |
|---|---|
| `redis://localhost` | port 6379, database 0, no login |
| `redis://:secret@10.0.0.7:6380/2` | password of the user `default`, database 2 |
| `valkey://app:p%40ss@cache.example.org?client_name=shop&protocol=3` | user `app`, password `p@ss`, a name, RESP3 only |
| `redis://[::1]:6379/?reconnect_tries=-1&buffer_max_bytes=256MiB` | IPv6; never gives up; a larger buffer |
| `rediss://cache.example.org:6380?tls_ca_file=/etc/ssl/cache.pem` | TLS; the certificate must be for `cache.example.org` and from an authority in that file |
| `unix:///run/redis/redis.sock?db=3&command_timeout_ms=200` | a unix socket, database 3 |

### From the environment

`RR_URL` is a URL as above. `RR_` and an option's name in capital letters is that option, and overrides `RR_URL`:

```sh
RR_URL=redis://cache.example.org:6379/1 RR_PASSWORD=secret RR_COMMAND_TIMEOUT_MS=500 ./program
```

* The environment is read when the program asks for it, never otherwise.
* An empty variable counts as not set.
* `RR_UNIX_SOCKET` together with `RR_HOST` or `RR_PORT` is refused.
* Another variable that starts with `RR_` may belong to another program and is left alone, unless it is one character away
  from an option's (up to two where the option's name has eight characters or more): then it is refused as a misspelling.
  Options with names of three characters or fewer are not compared.

### Which one wins

Each source overrides what was applied before it, option by option, and changes nothing that it does not name; only a URL's
address is always taken as a whole (without a port, 6379). Applied in the usual order, what is later in this list wins:

1. the defaults,
2. the environment: `RR_URL`, then `RR_<OPTION>`,
3. a URL that the program gives,
4. options that the program sets.

## Options that contradict each other

Checked when a client is created, so that the order of setting does not matter:

* `username` without `password`: Redis asks for both. For a user with `nopass`, any password will do.
* `tls_cert_file` without `tls_key_file`, or the other way round.
* `tls_ca_file`, `tls_cert_file`, `tls_server_name` or `tls_insecure_skip_verify` while `tls` is off: the connection would not be
  protected as they suggest.
* `tls` with `unix_socket`.

## What is not shown

The password reads back as `***`, and neither an error message nor a debug print of a configuration contains it. Setting the
password to `***` is refused, so that copying options from one configuration to another cannot put a wrong one in place unnoticed.
"#;
