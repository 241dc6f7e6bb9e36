//! A name that moves: what a look-up of any name gives, as tests say from moment to moment.

use resilient_redis::client::{Hooks, LookUp};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the name leads.
#[derive(Clone, Default)]
pub struct Signpost {
    sign: Arc<Mutex<Sign>>,
}

#[derive(Default)]
struct Sign {
    addresses: Vec<SocketAddr>,
    asked: usize,
}

impl Signpost {
    /// The name leads to these, in this order.
    pub fn to(addresses: &[SocketAddr]) -> Self {
        let signpost = Self::default();
        signpost.turn(addresses);
        signpost
    }

    /// From now on it leads to these.
    pub fn turn(&self, addresses: &[SocketAddr]) {
        self.sign().addresses = addresses.to_vec();
    }

    /// How often the name was looked up.
    pub fn asked(&self) -> usize {
        self.sign().asked
    }

    /// The look-up, for a client.
    pub fn look_up(&self) -> LookUp {
        let signpost = self.clone();
        Arc::new(move |_: &str, _| {
            let mut sign = signpost.sign();
            sign.asked += 1;
            Ok(sign.addresses.clone())
        })
    }

    /// The look-up as the only hook of a client.
    pub fn hooks(&self) -> Hooks {
        Hooks { look_up: Some(self.look_up()), ..Hooks::default() }
    }

    fn sign(&self) -> std::sync::MutexGuard<'_, Sign> {
        self.sign.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
