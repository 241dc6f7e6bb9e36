//! The layers: each uses only those below it, and what is special to a layer is found in no other.
//!
//! Reads the sources as text, without tests and comments. `src/lib.rs` is the map that this holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot do its work fails the test that asked for it"
)]

use std::path::{Path, PathBuf};

/// Lowest first. Modules of one layer may use each other only in the ground.
const LAYERS: [&[&str]; 8] = [
    &["config", "dispatch", "error", "event", "histogram", "log", "metrics", "stats", "sync", "time"],
    &["command", "resp"],
    &["net"],
    &["link"],
    &["delivery"],
    &["session"],
    &["client"],
    &["ffi"],
];

/// Where system calls need `unsafe`.
const SYSTEM_CALLS: [&str; 3] = ["link/slot.rs", "net/socket.rs", "net/wake.rs"];

struct Source {
    /// From `src` on.
    path: String,
    module: String,
    /// Without comments, and without the tests at its end.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
                found.push(source(&root, path));
            }
        }
    }
    assert!(found.len() > 30);
    found
}

fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|name| name == "tests") || path.components().any(|part| part.as_os_str() == "tests")
}

fn source(root: &Path, path: PathBuf) -> Source {
    let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let module = name.split(['/', '.']).next().unwrap().to_owned();
    Source { path: name, module, code }
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The modules that `crate::` names in the code, also in `use crate::{a::b, c}`.
fn named(code: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => modules.push(std::mem::take(&mut item)),
                    _ => {}
                }
                if depth == 0 && c != ',' {
                    item.push(c);
                }
            }
            modules.push(item);
        } else {
            modules.push(rest.to_owned());
        }
    }
    let word = |text: &String| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    modules.iter().map(word).filter(|module| !module.is_empty()).collect()
}

#[test]
fn each_layer_uses_only_those_below_it() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path != "lib.rs") {
        let own = layer(&source.module).unwrap_or_else(|| panic!("{} is in no layer", source.path));
        for module in named(&source.code) {
            let Some(used) = layer(&module) else {
                wrong.push(format!("{}: crate::{module} is in no layer", source.path));
                continue;
            };
            if module != source.module && used >= own && own > 0 || used > own {
                wrong.push(format!("{} uses crate::{module}, which is not below it", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_lists_the_layers_in_their_order() {
    let sources = sources();
    let map = &sources.iter().find(|source| source.path == "lib.rs").unwrap().code;
    let listed: Vec<&str> = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(listed, LAYERS.concat());
}

fn only_in(word: &str, allowed: impl Fn(&Source) -> bool) {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_word = |code: &str| {
        code.match_indices(word).any(|(at, _)| {
            let before = code[..at].chars().next_back().is_some_and(part_of_word);
            let after = word.ends_with(part_of_word) && code[at + word.len()..].starts_with(part_of_word);
            !before && !after
        })
    };
    let wrong: Vec<String> = sources()
        .into_iter()
        .filter(|source| is_word(&source.code) && !allowed(source))
        .map(|source| source.path)
        .collect();
    assert!(wrong.is_empty(), "{word} is in {}", wrong.join(", "));
}

#[test]
fn unsafe_is_at_the_boundary_and_in_system_calls_only() {
    only_in("unsafe", |source| source.module == "ffi" || SYSTEM_CALLS.contains(&source.path.as_str()));
}

#[test]
fn the_clock_is_read_in_one_place() {
    for clock in ["Instant::now", "SystemTime::now"] {
        only_in(clock, |source| source.path == "time.rs");
    }
}

#[test]
fn c_enters_at_the_boundary_only() {
    only_in("extern \"C\"", |source| source.module == "ffi");
    only_in("no_mangle", |source| source.module == "ffi");
}

#[test]
fn the_control_plane_s_crate_stays_in_its_place() {
    only_in("redis::", |source| ["config", "net"].contains(&source.module.as_str()));
}

#[test]
fn the_boundary_calls_nothing_but_the_facade() {
    let below = ["link", "net", "delivery", "session", "command"];
    let wrong: Vec<String> = sources()
        .into_iter()
        .filter(|source| {
            source.module == "ffi" && named(&source.code).iter().any(|module| below.contains(&module.as_str()))
        })
        .map(|source| source.path)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
