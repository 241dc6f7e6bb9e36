//! The tools and the library that the tests of the C interface need. A missing tool is a failure that says what to
//! install, never a skipped test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot do its work fails the test that asked for it"
)]
#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// What every C program here is compiled with.
pub const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A place for what tests build, under cargo's target directory.
pub fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// A tool by its name, or by what an environment variable says; `package` is what Debian calls it.
pub fn tool(name: &str, package: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    assert!(found, "{name} is needed by this test: install it, for instance by `apt-get install {package}`");
    Command::new(name)
}

/// Is there such a tool?
pub fn has(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Runs it and gives its output; panics with all it said if it fails.
pub fn run(command: &mut Command) -> String {
    let output = output(command);
    assert!(output.status.success(), "{}", report(command, &output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs it and gives what came of it.
pub fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

/// What a command said.
pub fn report(command: &Command, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{command:?}: {}\n{}{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// The library as it is released, built once a test program.
pub fn library() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| build(&[], &target().join("c-abi")))
}

/// The same with the function that panics on purpose.
pub fn library_that_panics() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| build(&["--features", "test-panic"], &target().join("c-abi-panic")))
}

fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Builds in a folder of its own: the features and the profile of the tests themselves must not matter. Whole-program
/// optimisation would cost a minute each time and changes nothing that is tested.
fn build(features: &[&str], target: &Path) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root()).args(["build", "--quiet", "--release", "--lib"]).args(features);
    cargo.arg("--target-dir").arg(target);
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    run(&mut cargo);
    let folder = target.join("release");
    // The name under which the loader looks for it.
    let link = folder.join(soname());
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink("libresilient_redis.so", &link).unwrap();
    folder
}

/// cargo-c's rule: what may break compatibility is in the name.
pub fn soname() -> String {
    let number = |text: &str| text.parse::<u32>().unwrap();
    let [major, minor, patch] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")].map(number);
    match (major, minor) {
        (0, 0) => format!("libresilient_redis.so.0.0.{patch}"),
        (0, _) => format!("libresilient_redis.so.0.{minor}"),
        _ => format!("libresilient_redis.so.{major}"),
    }
}

/// A function's prototype in the header.
#[derive(Debug)]
pub struct Prototype {
    pub name: String,
    pub returns: String,
    /// Type and name.
    pub parameters: Vec<(String, String)>,
}

/// The functions of the header, in its order.
pub fn prototypes() -> Vec<Prototype> {
    let text = std::fs::read_to_string(root().join("include/resilient_redis.h")).unwrap();
    let code: String = without_comments(&text)
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect::<Vec<_>>()
        .join(" ");
    code.split(';').filter_map(prototype).collect()
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let mut code = parts.next().unwrap_or_default().to_string();
    for part in parts {
        code.push_str(part.split_once("*/").expect("a comment ends").1);
    }
    code
}

fn prototype(declaration: &str) -> Option<Prototype> {
    let declaration = declaration.rsplit('{').next()?.trim();
    if declaration.starts_with("typedef") || !declaration.ends_with(')') {
        return None;
    }
    let (head, parameters) = declaration.trim_end_matches(')').split_once('(')?;
    let (returns, name) = type_and_name(head);
    let parameters = parameters.split(',').map(str::trim).filter(|parameter| *parameter != "void");
    Some(Prototype { name, returns, parameters: parameters.map(type_and_name).collect() })
}

fn type_and_name(text: &str) -> (String, String) {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start = text.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    (text[..start].trim().to_string(), text[start..].to_string())
}
