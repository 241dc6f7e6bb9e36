//! The rows of the C++ binding: against redis-plus-plus, and against hiredis in C++.
//!
//! What a reply is read as is made on both sides: strings, optionals and vectors of the program's own.

use crate::Result;
use crate::row::Placement::{self, OneCore, OtherCores};
use crate::rows::{CALM, Pair, Side};
use crate::server::Server;

/// The workers, by the names that `run` gives them.
pub const OURS: &str = "cpp-ours";
pub const REDIS_PLUS_PLUS: &str = "cpp-theirs";
pub const HIREDIS: &str = "cpp-hiredis";

/// Elements of the list that is read, and each of them.
const COUNT: usize = 1000;
const ELEMENT: &str = "0123456789";

/// Puts there what the workers read.
pub fn prepare(server: &Server) -> Result<()> {
    let mut command = vec!["RPUSH", "bench:list"];
    command.resize(command.len() + COUNT, ELEMENT);
    server.command(&command).map(drop)
}

type Places = &'static [(Placement, Option<f64>)];

pub fn pairs(server: &Server) -> Vec<Pair> {
    const EIGHT: Places = &[(OneCore, None), (OtherCores, Some(1.0))];
    const MANY: Places = &[(OneCore, None), (OtherCores, Some(1.5))];
    let place = server.place();
    let pair = |id, name, work: &[&str], theirs, against, places| Pair {
        id,
        name,
        against,
        ours: Side::c(OURS, work).with(&place),
        theirs: Side::c(theirs, work).with(&place),
        places,
        is_cost: false,
    };
    let redis_plus_plus =
        |id, name, work: &[&str], places| pair(id, name, work, REDIS_PLUS_PLUS, "redis-plus-plus", places);
    let hiredis = |id, name, work: &[&str], against, places| pair(id, name, work, HIREDIS, against, places);
    let (get, eight, many) =
        ("GET, 1 thread, C++", "GET, 8 threads share a client, C++", "GET, 64 threads share a client, C++");
    let (pipeline, range) = ("pipeline of 100 GETs, C++", "LRANGE of 1000 strings of 10 bytes, C++");
    let each = "hiredis, a connection each";
    vec![
        redis_plus_plus("cpp-redispp-get", get, &["get"], CALM),
        redis_plus_plus("cpp-redispp-threads-8", eight, &["get", "threads=8"], EIGHT),
        redis_plus_plus("cpp-redispp-threads-64", many, &["get", "threads=64"], MANY),
        redis_plus_plus("cpp-redispp-pipeline", pipeline, &["pipeline", "depth=100"], CALM),
        redis_plus_plus("cpp-redispp-lrange", range, &["lrange"], CALM),
        hiredis("cpp-hiredis-get", get, &["get"], "hiredis", CALM),
        hiredis("cpp-hiredis-threads-8", eight, &["get", "threads=8"], each, EIGHT),
        hiredis("cpp-hiredis-threads-64", many, &["get", "threads=64"], each, MANY),
        hiredis("cpp-hiredis-pipeline", pipeline, &["pipeline", "depth=100"], "hiredis", CALM),
        hiredis("cpp-hiredis-lrange", range, &["lrange"], "hiredis", CALM),
    ]
}
