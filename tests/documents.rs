//! The documents keep up with the code: each test that `docs/GUARANTEES.md` and `ARCHITECTURE.md` name exists, and each
//! file that a document links to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let folders = ["", "docs", "fuzz", "bench", "bindings/cpp", "bindings/go", "bindings/python"];
    for folder in folders.map(|folder| root().join(folder)) {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        found.extend(
            entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "md")),
        );
    }
    found
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Does a test of this name, `file::test` or `file::module::test`, exist?
fn exists(name: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    let (file, test) = (parts[0], parts[parts.len() - 1]);
    let text = fs::read_to_string(root().join(format!("tests/{file}.rs"))).unwrap_or_default();
    text.contains(&format!("fn {test}()"))
}

/// All tests of the Go package.
fn go_tests() -> String {
    let files = fs::read_dir(root().join("bindings/go")).unwrap().map(|entry| entry.unwrap().path());
    let tests = files.filter(|path| path.to_string_lossy().ends_with("_test.go"));
    tests.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_test_that_a_document_names_exists() {
    let mut named = 0;
    for document in ["docs/GUARANTEES.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        assert!(!text.contains('@'), "{document} has a place that was not filled in");
        for line in text.lines().filter(|line| line.starts_with('|') || line.contains("_and_")) {
            for name in quoted(line) {
                if let Some(program) = name.strip_prefix("cpp/") {
                    assert!(root().join("bindings/cpp/tests").join(program).exists(), "{document} names {name}");
                    named += 1;
                } else if let Some(test) = name.strip_prefix("go/") {
                    assert!(go_tests().contains(&format!("func {test}(t *testing.T)")), "{document} names {name}");
                    named += 1;
                } else if let Some(test) = name.strip_prefix("python/") {
                    let (file, test) = test.split_once("::").unwrap_or_else(|| panic!("{document} names {name}"));
                    let tests = fs::read_to_string(root().join("bindings/python/tests").join(file)).unwrap_or_default();
                    assert!(tests.contains(&format!("\ndef {test}(")), "{document} names {name}");
                    named += 1;
                } else if let Some(program) = name.strip_prefix("c/") {
                    assert!(root().join("tests/c").join(program).exists(), "{document} names {name}");
                    named += 1;
                } else if name.contains("::")
                    && name.chars().all(|c| c.is_ascii_lowercase() || "_:0123456789".contains(c))
                {
                    let is_module = root().join(format!("src/{}.rs", name.replace("::", "/"))).exists();
                    assert!(is_module || exists(name), "{document} names {name}");
                    named += 1;
                }
            }
        }
        let promises = text.lines().filter(|line| line.starts_with('|') && line.ends_with("| |"));
        assert_eq!(promises.collect::<Vec<_>>(), Vec::<&str>::new(), "{document} has a promise without a test");
    }
    assert!(named > 60, "only {named} tests are named");
}

#[test]
fn every_file_that_a_document_links_to_exists() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        // What is between backticks is code, where a lambda looks like a link.
        let prose = text.split('`').step_by(2);
        for part in prose.flat_map(|prose| prose.split("](").skip(1)) {
            let target = part.split(')').next().unwrap();
            let file = target.split('#').next().unwrap();
            if file.is_empty() || target.contains("://") {
                continue;
            }
            let path = document.parent().unwrap().join(file);
            assert!(path.exists(), "{} links to {target}", document.display());
        }
    }
}
