//! Where a server stands: which process it is, which role it has, and which history of data it holds. Read from what it
//! says of itself; a plain value.

use crate::net::replicas::join;
use crate::resp::Value;

/// What a server does with writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It takes them.
    Primary,
    /// It follows another server, at this address if it told.
    Replica(Option<String>),
    /// It keeps no data: a sentinel.
    Other(String),
}

/// See above. What the server did not tell is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The address at which it was reached.
    pub address: String,
    /// The process, by the name that Redis gives itself at each start.
    pub run_id: Option<String>,
    /// For how many seconds it has been running.
    pub uptime: Option<u64>,
    /// The history of its data, which a replica has from its primary.
    pub history: Option<String>,
    /// The history that it followed before, and how far that is the same.
    pub former_history: Option<(String, i64)>,
    /// How far it is in its history, in bytes.
    pub offset: Option<i64>,
    /// Those that follow it: address and port as they announce themselves, and whether they have caught up.
    pub replicas: Vec<(String, bool)>,
}

impl Role {
    /// From the words that HELLO and INFO use, and ROLE.
    pub fn named(word: &str) -> Self {
        match word {
            "master" | "primary" => Role::Primary,
            "slave" | "replica" => Role::Replica(None),
            other => Role::Other(other.to_owned()),
        }
    }

    /// From the reply to ROLE, with the offset of a primary.
    pub fn told(reply: Value<'_>) -> Option<(Self, Option<i64>)> {
        let text = |place: usize| Some(String::from_utf8_lossy(reply.get(place)?.as_bytes()?).into_owned());
        let role = Role::named(&text(0)?);
        let second = reply.get(1).and_then(|value| value.as_integer());
        match role {
            Role::Replica(_) => {
                let port = reply.get(2).and_then(|value| value.as_integer());
                let address = text(1).zip(port).map(|(host, port)| format!("{host}:{port}"));
                Some((Role::Replica(address), None))
            }
            role => Some((role, second)),
        }
    }
}

impl Standing {
    /// Takes in a section of INFO: the role, if it is told there.
    pub fn read(&mut self, info: &str) -> Option<Role> {
        let (mut role, mut primary, mut primary_port) = (None, None, None);
        let (mut former, mut former_end) = (None, None);
        for line in info.lines() {
            let Some((name, value)) = line.trim_end().split_once(':') else { continue };
            match name {
                "run_id" => self.run_id = Some(value.to_owned()),
                "uptime_in_seconds" => self.uptime = value.parse().ok(),
                "role" => role = Some(Role::named(value)),
                "master_host" => primary = Some(value),
                "master_port" => primary_port = Some(value),
                "master_replid" => self.history = Some(value.to_owned()),
                "master_replid2" => former = Some(value),
                "second_repl_offset" => former_end = value.parse::<i64>().ok(),
                "master_repl_offset" => self.offset = value.parse().ok(),
                _ if is_replica(name) => self.replicas.extend(replica(value)),
                _ => {}
            }
        }
        // The first offset that is not shared any more; -1 when there was no former history.
        self.former_history = former
            .zip(former_end)
            .filter(|(_, end)| *end > 0)
            .map(|(history, end)| (history.to_owned(), end - 1))
            .or(self.former_history.take());
        match role {
            Some(Role::Replica(_)) => {
                let address = primary.zip(primary_port).map(|(host, port)| format!("{host}:{port}"));
                Some(Role::Replica(address))
            }
            role => role,
        }
    }
}

/// `slave0`, `slave1`, …
fn is_replica(name: &str) -> bool {
    name.strip_prefix("slave").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// From `ip=…,port=…,state=…`.
fn replica(fields: &str) -> Option<(String, bool)> {
    let field = |wanted: &str| {
        fields.split(',').find_map(|field| field.split_once('=').filter(|(name, _)| *name == wanted)).map(|(_, v)| v)
    };
    let (host, port) = (field("ip")?, field("port")?);
    Some((join(host, port), field("state") == Some("online")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_of_a_primary_is_read() {
        let mut standing = Standing::default();
        assert_eq!(standing.read("# Server\r\nrun_id:abc\r\nuptime_in_seconds:12\r\n"), None);
        let role = standing.read(
            "# Replication\r\nrole:master\r\nconnected_slaves:2\r\n\
             slave0:ip=127.0.0.1,port=7,state=online,offset=1,lag=0\r\n\
             slave1:ip=::1,port=8,state=wait_bgsave,offset=0,lag=0\r\nmaster_replid:h1\r\nmaster_replid2:h0\r\n\
             master_repl_offset:90\r\nsecond_repl_offset:51\r\n",
        );
        assert_eq!(role, Some(Role::Primary));
        let expected = Standing {
            address: String::new(),
            run_id: Some("abc".into()),
            uptime: Some(12),
            history: Some("h1".into()),
            former_history: Some(("h0".into(), 50)),
            offset: Some(90),
            replicas: vec![("127.0.0.1:7".into(), true), ("[::1]:8".into(), false)],
        };
        assert_eq!(standing, expected);
    }

    #[test]
    fn info_of_a_replica_names_its_primary() {
        let mut standing = Standing::default();
        let role = standing.read("role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nsecond_repl_offset:-1\r\n");
        assert_eq!(role, Some(Role::Replica(Some("10.0.0.1:6379".into()))));
        assert_eq!(standing.former_history, None);
    }

    #[test]
    fn what_cannot_be_read_is_missing() {
        let mut standing = Standing::default();
        assert_eq!(standing.read("nothing\r\nuptime_in_seconds:x\r\nslave0:ip=1\r\nslaves:ip=1,port=2\r\n"), None);
        assert_eq!(standing, Standing::default());
    }
}
