//! How the shared library is linked. Its name by cargo-c's rule says what it is compatible with: 0.m.p with 0.m, later
//! M.m.p with M. It stays in memory once loaded: its threads may be running when a program unloads it.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let part = |name: &str| var(format!("CARGO_PKG_VERSION_{name}")).unwrap_or_default();
    let (major, minor, patch) = (part("MAJOR"), part("MINOR"), part("PATCH"));
    let compatible = match (major.as_str(), minor.as_str()) {
        ("0", "0") => format!("0.0.{patch}"),
        ("0", _) => format!("0.{minor}"),
        _ => major,
    };
    if var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libresilient_redis.so.{compatible}");
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
