//! A worker: the `redis` crate as programs share it between threads, one connection behind a mutex. With a depth it
//! executes the same pipeline again and again; with authorities it speaks TLS.

use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use redis::{IntoConnectionInfo as _, TlsCertificates};

use crate::Result;
use crate::launch::processor_time;

const KEY: &str = "bench:key";

pub fn run(arguments: &[String]) -> Result<()> {
    let value = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='));
    let seconds: f64 = value("seconds").and_then(|text| text.parse().ok()).ok_or("seconds=?")?;
    let threads: usize = value("threads").and_then(|text| text.parse().ok()).ok_or("threads=?")?;
    let depth: Option<usize> = value("depth").and_then(|text| text.parse().ok());
    let connection = connect(value("address").ok_or("address=?")?, value("authorities"))?;
    let connection = Mutex::new(connection);
    let work = || match depth {
        None => get_for(&connection, seconds),
        Some(depth) => pipeline_for(&connection, depth, seconds),
    };
    let (count, elapsed, cpu) = if threads == 1 { alone(work) } else { in_threads(threads, work) }?;
    println!("seconds {}\ncpu {cpu}\nops {count}", elapsed.as_secs_f64());
    Ok(())
}

/// In the main thread, as the workers in C do it.
fn alone(work: impl Fn() -> Result<u64>) -> Result<(u64, Duration, f64)> {
    let (begun, cpu) = (Instant::now(), processor_time());
    let count = work()?;
    Ok((count, begun.elapsed(), processor_time() - cpu))
}

fn in_threads(threads: usize, work: impl Fn() -> Result<u64> + Sync) -> Result<(u64, Duration, f64)> {
    let barrier = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let begin = || {
            barrier.wait();
            work()
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(begin)).collect();
        barrier.wait();
        let (begun, cpu) = (Instant::now(), processor_time());
        let counts: Result<Vec<u64>> =
            workers.into_iter().map(|worker| worker.join().map_err(|_| "a thread panicked".to_owned())?).collect();
        counts.map(|counts| (counts.iter().sum::<u64>(), begun.elapsed(), processor_time() - cpu))
    })
}

fn connect(address: &str, authorities: Option<&str>) -> Result<redis::Connection> {
    let root_cert = authorities.map(std::fs::read).transpose().map_err(|error| format!("authorities: {error}"))?;
    open(address, root_cert).map_err(|error| error.to_string())
}

fn open(address: &str, root_cert: Option<Vec<u8>>) -> redis::RedisResult<redis::Connection> {
    let scheme = if root_cert.is_some() { "rediss" } else { "redis" };
    let info = format!("{scheme}://{address}").into_connection_info()?;
    let info = info.set_tcp_settings(redis::io::tcp::TcpSettings::default().set_nodelay(true));
    let client = match root_cert {
        None => redis::Client::open(info)?,
        root_cert => redis::Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })?,
    };
    let connection = client.get_connection_with_timeout(Duration::from_secs(5))?;
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(connection)
}

fn get_for(connection: &Mutex<redis::Connection>, seconds: f64) -> Result<u64> {
    let deadline = Instant::now() + Duration::from_secs_f64(seconds);
    let mut count = 0;
    while Instant::now() < deadline {
        let mut connection = connection.lock().map_err(|_| "a thread panicked")?;
        let value: Vec<u8> = redis::cmd("GET").arg(KEY).query(&mut *connection).map_err(|error| error.to_string())?;
        if value.len() != 5 {
            return Err("not the value".into());
        }
        count += 1;
    }
    Ok(count)
}

fn pipeline_for(connection: &Mutex<redis::Connection>, depth: usize, seconds: f64) -> Result<u64> {
    let mut pipeline = redis::pipe();
    for _ in 0..depth {
        pipeline.cmd("GET").arg(KEY);
    }
    let deadline = Instant::now() + Duration::from_secs_f64(seconds);
    let mut count = 0;
    while Instant::now() < deadline {
        let mut connection = connection.lock().map_err(|_| "a thread panicked")?;
        let values: Vec<Vec<u8>> = pipeline.query(&mut *connection).map_err(|error| error.to_string())?;
        if values.len() != depth || values.iter().any(|value| value.len() != 5) {
            return Err("not the values".into());
        }
        count += depth as u64;
    }
    Ok(count)
}
