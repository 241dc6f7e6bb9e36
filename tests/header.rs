//! The header is what the sources say, with the package's version, and any C or C++ compiler takes it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot do its work fails the test that asked for it"
)]

mod toolchain;

use std::path::PathBuf;
use toolchain::{STRICT, has, root, run, scratch, tool};

/// The files that the header is made of, in its order.
const SOURCES: [&str; 23] = [
    "version",
    "status",
    "error",
    "callback",
    "config",
    "client",
    "command",
    "reply",
    "pipeline",
    "script",
    "transaction",
    "queue",
    "submit",
    "event",
    "credentials",
    "resolver",
    "failed",
    "monitor",
    "message",
    "subscription",
    "stats",
    "metrics",
    "log",
];

#[test]
fn every_file_that_exports_is_in_the_header() {
    for entry in std::fs::read_dir(root().join("src/ffi")).unwrap() {
        let path = entry.unwrap().path();
        let exports = std::fs::read_to_string(&path).unwrap_or_default().contains("no_mangle");
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(!exports || SOURCES.contains(&name) || name == "test_panic", "{name} is not in SOURCES");
    }
}

fn generated() -> String {
    let folder = root();
    let mut config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let [major, minor, patch] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    let number = |text: &str| text.parse::<u32>().unwrap();
    let whole = number(major) * 1_000_000 + number(minor) * 1_000 + number(patch);
    let macros = config.after_includes.take().unwrap();
    let macros = macros.replace("@MAJOR@", major).replace("@MINOR@", minor).replace("@PATCH@", patch);
    config.after_includes = Some(macros.replace("@NUMBER@", &whole.to_string()));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(folder.join(format!("src/ffi/{source}.rs")));
    }
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn the_committed_header_is_what_the_sources_say() {
    let path = root().join("include/resilient_redis.h");
    let generated = generated();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((at, (ours, theirs))) =
        generated.lines().zip(committed.lines()).enumerate().find(|(_, (ours, theirs))| ours != theirs)
    {
        panic!(
            "include/resilient_redis.h, line {}: {theirs:?} should be {ours:?}.\n\
             Run `UPDATE_HEADER=1 cargo test --test header`.",
            at + 1
        );
    }
    assert_eq!(generated.len(), committed.len(), "Run `UPDATE_HEADER=1 cargo test --test header`.");
}

#[test]
fn its_comments_speak_c() {
    let header = std::fs::read_to_string(root().join("include/resilient_redis.h")).unwrap();
    for word in ["Rust", "panic", "unsafe ", "Safety", "Option<", "Result", "&mut", "crate", "`rr_", "[`", "drop("] {
        for line in header.lines().filter(|line| !line.contains(" Results ")) {
            assert!(!line.contains(word), "{word} in {line:?}");
        }
    }
}

/// Alone, twice, and together, by every compiler and standard.
fn compiles(headers: &[&str], compiler: &str, package: &str, standard: &str) {
    let language = if standard.contains("++") { "c++" } else { "c" };
    let includes: String = headers.iter().chain(headers).map(|header| format!("#include <{header}>\n")).collect();
    let name = format!("{compiler}-{standard}-{}", headers.join("-")).replace(['+', '.'], "_");
    let source: PathBuf = scratch("header").join(format!("{name}.{language}"));
    std::fs::write(&source, format!("{includes}int main(void) {{ return rr_version() == 0; }}\n")).unwrap();
    let mut command = tool(compiler, package);
    command.arg(format!("-std={standard}")).args(STRICT).args(["-fsyntax-only", "-x", language]);
    run(command.arg("-I").arg(root().join("include")).arg(source));
}

#[test]
fn every_compiler_takes_it_alone_and_twice_in_every_standard() {
    for headers in
        [&["resilient_redis.h"][..], &["resilient_redis_format.h"], &["resilient_redis_format.h", "resilient_redis.h"]]
    {
        for standard in ["c99", "c11", "c17", "c2x"] {
            compiles(headers, "gcc", "gcc", standard);
            if has("clang") {
                compiles(headers, "clang", "clang", standard);
            }
        }
        for standard in ["c++17", "c++20"] {
            compiles(headers, "g++", "g++", standard);
            if has("clang++") {
                compiles(headers, "clang++", "clang", standard);
            }
        }
    }
}
