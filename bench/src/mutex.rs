//! A worker: the `redis` crate as programs share it between threads, one connection behind a mutex.

use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use redis::IntoConnectionInfo as _;

use crate::Result;
use crate::launch::processor_time;

const KEY: &str = "bench:key";

pub fn run(arguments: &[String]) -> Result<()> {
    let value = |name: &str| arguments.iter().find_map(|argument| argument.strip_prefix(name)?.strip_prefix('='));
    let seconds: f64 = value("seconds").and_then(|text| text.parse().ok()).ok_or("seconds=?")?;
    let threads: usize = value("threads").and_then(|text| text.parse().ok()).ok_or("threads=?")?;
    let connection = connect(value("address").ok_or("address=?")?).map_err(|error| error.to_string())?;
    let connection = Mutex::new(connection);
    let barrier = Barrier::new(threads + 1);
    let (count, elapsed, cpu) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| get_for(&connection, &barrier, seconds))).collect();
        barrier.wait();
        let (begun, cpu) = (Instant::now(), processor_time());
        let counts: Result<Vec<u64>> =
            workers.into_iter().map(|worker| worker.join().map_err(|_| "a thread panicked".to_owned())?).collect();
        counts.map(|counts| (counts.iter().sum::<u64>(), begun.elapsed(), processor_time() - cpu))
    })?;
    println!("seconds {}\ncpu {cpu}\nops {count}", elapsed.as_secs_f64());
    Ok(())
}

fn connect(address: &str) -> redis::RedisResult<redis::Connection> {
    let info = format!("redis://{address}").into_connection_info()?;
    let info = info.set_tcp_settings(redis::io::tcp::TcpSettings::default().set_nodelay(true));
    let connection = redis::Client::open(info)?.get_connection_with_timeout(Duration::from_secs(5))?;
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(connection)
}

fn get_for(connection: &Mutex<redis::Connection>, barrier: &Barrier, seconds: f64) -> Result<u64> {
    barrier.wait();
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
