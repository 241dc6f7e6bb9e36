//! What role a server must have. Owns what is known of what the program needs: a replica will do until the client has had
//! a primary or has something to write.
//!
//! Any thread.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::ServerRole;
use crate::error::{Error, ErrorKind};
use crate::net::Refusal;
use crate::net::standing::Role;

/// See above.
#[derive(Debug)]
pub struct Demand {
    told: ServerRole,
    /// Under `auto`: nothing but a primary will do by now.
    needs_primary: AtomicBool,
}

impl Demand {
    /// What the configuration says.
    pub fn new(told: ServerRole) -> Self {
        Demand { told, needs_primary: AtomicBool::new(told == ServerRole::Primary) }
    }

    /// The program has something to write.
    pub fn insist(&self) {
        if self.told == ServerRole::Auto {
            self.needs_primary.store(true, Ordering::Release);
        }
    }

    /// Does it matter whether a server is a primary?
    pub fn is_for_primary(&self) -> bool {
        self.needs_primary.load(Ordering::Acquire)
    }

    /// Will a server with this role do? One that does not tell its role will.
    pub fn check(&self, name: &str, role: Option<&Role>) -> Result<(), Refusal> {
        match role {
            Some(Role::Primary) => self.insist(),
            Some(Role::Replica(of)) if self.is_for_primary() => {
                let error = not_a_primary(name, of.as_deref());
                return Err(Refusal::NotNow(error));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The server is a replica, and a primary is needed.
pub fn not_a_primary(name: &str, of: Option<&str>) -> Error {
    let of = of.map_or(String::new(), |of| format!(" of {of}"));
    Error::new(ErrorKind::ConnectionLost, format!("{name} is a replica{of} and not the primary (server_role)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(demand: &Demand, role: Role) -> bool {
        demand.check("x", Some(&role)).is_ok()
    }

    #[test]
    fn a_replica_will_do_until_there_was_a_primary_or_something_to_write() {
        let demand = Demand::new(ServerRole::Auto);
        assert!(takes(&demand, Role::Replica(None)));
        demand.insist();
        assert!(!takes(&demand, Role::Replica(None)));
        let demand = Demand::new(ServerRole::Auto);
        assert!(takes(&demand, Role::Primary));
        assert!(!takes(&demand, Role::Replica(None)));
    }

    #[test]
    fn what_is_told_counts() {
        let demand = Demand::new(ServerRole::Primary);
        assert!(!takes(&demand, Role::Replica(Some("a:1".into()))));
        assert!(demand.check("x", None).is_ok());
        let demand = Demand::new(ServerRole::Any);
        assert!(takes(&demand, Role::Primary));
        demand.insist();
        assert!(takes(&demand, Role::Replica(None)));
    }
}
