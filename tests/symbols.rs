//! What the shared library exports is what the header declares and what docs/ABI.md lists: nothing more, nothing less.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot do its work fails the test that asked for it"
)]

mod toolchain;

use resilient_redis::command::Refusal;
use std::collections::BTreeSet;
use toolchain::{library, library_that_panics, prototypes, root, run, soname, tool};

fn exported() -> BTreeSet<String> {
    let mut nm = tool("nm", "binutils");
    let text = run(nm
        .args(["--dynamic", "--defined-only", "--format=just-symbols"])
        .arg(library().join("libresilient_redis.so")));
    text.lines().map(str::to_owned).collect()
}

fn declared() -> BTreeSet<String> {
    prototypes().into_iter().map(|prototype| prototype.name).collect()
}

/// The rows of the symbol table: name and the version it came with.
fn listed() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("docs/ABI.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `rr_")?.split_once("` | "));
    rows.map(|(name, rest)| (format!("rr_{name}"), rest.split(" |").next().unwrap().to_owned())).collect()
}

#[test]
fn the_library_exports_what_the_header_declares() {
    let (exported, declared) = (exported(), declared());
    assert!(declared.len() > 50, "{declared:?}");
    assert!(exported.iter().all(|name| name.starts_with("rr_")), "{exported:?}");
    assert_eq!(exported, declared);
}

#[test]
fn the_table_lists_what_the_header_declares_with_a_version() {
    let listed = listed();
    let names: BTreeSet<String> = listed.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names.len(), listed.len(), "a name is listed twice");
    assert_eq!(names, declared());
    let version = |text: &str| text.split('.').map(|part| part.parse::<u32>().unwrap()).collect::<Vec<_>>();
    for (name, since) in listed {
        assert!(version(&since) <= version(env!("CARGO_PKG_VERSION")), "{name} is of the future: {since}");
    }
}

/// A command that is refused is told which function to use instead.
#[test]
fn each_function_that_a_refusal_names_is_in_the_header() {
    // Those are declared with the parts that they belong to.
    let announced = ["rr_subscribe", "rr_subscription_", "rr_transaction_new"];
    let header = std::fs::read_to_string(root().join("include/resilient_redis.h")).unwrap();
    let declared = declared();
    let mut named = 0;
    for refusal in Refusal::ALL {
        for word in refusal.sentence().split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let known = match word {
                _ if word.starts_with("rr_") => declared.contains(word),
                _ if word.starts_with("RR_") => header.contains(&format!("#define {word} ")),
                _ => continue,
            };
            named += 1;
            assert!(known || announced.iter().any(|name| word.starts_with(name)), "{refusal:?} names {word}");
        }
    }
    assert!(named >= 9, "only {named} names");
}

#[test]
fn the_library_is_named_by_what_it_is_compatible_with_and_is_never_unloaded() {
    let mut readelf = tool("readelf", "binutils");
    let text = run(readelf.args(["--dynamic", "--wide"]).arg(library().join("libresilient_redis.so")));
    assert!(text.contains(&format!("Library soname: [{}]", soname())), "{text}");
    assert!(text.lines().any(|line| line.contains("FLAGS_1") && line.contains("NODELETE")), "{text}");
}

#[test]
fn a_function_that_panics_is_only_in_a_library_built_for_it() {
    let mut nm = tool("nm", "binutils");
    let text = run(nm.args(["--dynamic", "--defined-only"]).arg(library_that_panics().join("libresilient_redis.so")));
    assert!(text.contains("rr_test_panic"));
    assert!(!exported().contains("rr_test_panic"));
}
