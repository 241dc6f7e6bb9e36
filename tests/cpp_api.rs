//! The C++ binding: each program in bindings/cpp/tests is compiled strictly and run against a real server, plainly, with the
//! address and undefined behaviour sanitizers in it, and with the thread sanitizer in it. The headers stand alone, under both
//! compilers and both standards, with exceptions and without; and all of the C interface can be reached by them.
//!
//! A program fails by its exit code, with a message. That the tools would notice is tested too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot do its work fails the test that asked for it"
)]

#[path = "toolchain/serve.rs"]
mod serve;
mod support;
mod toolchain;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serve::{serve, serve_over_tls, sources};
use support::Server;
use toolchain::{library, prototypes, root, run, scratch, tool};

const STRICT: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"];

/// How a program is looked at while it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Under {
    Nothing,
    AddressAndUndefined,
    Thread,
}

fn includes() -> [PathBuf; 3] {
    ["include", "bindings/cpp/include", "bindings/cpp/tests"].map(|folder| root().join(folder))
}

fn compiler(name: &str, standard: &str) -> Command {
    let mut compiler = tool(name, if name == "clang++" { "clang libclang-rt-dev" } else { name });
    compiler.arg(format!("-std={standard}")).args(STRICT);
    compiler.args(includes().iter().flat_map(|folder| ["-I".into(), folder.clone().into_os_string()]));
    compiler
}

/// Coroutines are C++20, which clang has from version 15 on only; the rest is C++17. One program does without exceptions.
fn compile(source: &Path, under: Under) -> PathBuf {
    let name = source.file_stem().unwrap().to_str().unwrap();
    let program = scratch("cpp-api").join(format!("{name}-{under:?}"));
    let (compiler_name, standard) = match (name, under) {
        ("coroutine", _) => ("g++", "c++20"),
        (_, Under::Nothing) => ("g++", "c++17"),
        // In half the time that the other one takes.
        _ => ("clang++", "c++17"),
    };
    let mut command = compiler(compiler_name, standard);
    command.args(["-O0", "-pthread"]).args(match under {
        Under::Nothing => &[] as &[&str],
        Under::AddressAndUndefined => {
            &["-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
        }
        Under::Thread => &["-g1", "-fsanitize=thread"],
    });
    if name == "no_exceptions" {
        command.arg("-fno-exceptions");
    }
    command.arg(source).arg("-o").arg(&program);
    command.arg("-L").arg(library()).arg("-lresilient_redis").arg(format!("-Wl,-rpath,{}", library().display()));
    run(&mut command);
    program
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    let suppressions = root().join("bindings/cpp/tests/tsan.supp");
    command.env("ASAN_OPTIONS", "detect_leaks=1").env("UBSAN_OPTIONS", "print_stacktrace=1");
    command.env(
        "TSAN_OPTIONS",
        format!("halt_on_error=1 second_deadlock_stack=1 suppressions={}", suppressions.display()),
    );
    command
}

fn passes(name: &str) {
    let source = root().join("bindings/cpp/tests").join(format!("{name}.cpp"));
    for under in [Under::Nothing, Under::AddressAndUndefined, Under::Thread] {
        let (passed, said) = serve(command(&compile(&source, under)));
        assert!(passed, "{under:?}: {said}");
    }
}

#[test]
fn outages_are_the_same_over_tls() {
    let source = root().join("bindings/cpp/tests/outage.cpp");
    let (passed, said) = serve_over_tls(command(&compile(&source, Under::Nothing)));
    assert!(passed, "{said}");
}

macro_rules! programs {
    ($($name:ident)+) => {
        mod programs {
            $(#[test] fn $name() { super::passes(stringify!($name)); })+
        }

        #[test]
        fn every_program_is_run() {
            let mut run = vec![$(stringify!($name).to_owned()),+];
            run.sort();
            assert_eq!(sources("bindings/cpp/tests", "cpp"), run);
        }
    };
}

programs! {
    asynchronous client commands_basic commands_collections commands_scan commands_sorted commands_streams config coroutine errors
    exceptions lifetimes memory no_exceptions outage pipeline subscription threads transaction values
}

/// A program that goes wrong on purpose.
fn faulty(name: &str, body: &str, under: Under) -> (bool, String) {
    let source = scratch("cpp-api-faulty").join(format!("{name}.cpp"));
    let program = format!(
        "#include <resilient_redis/resilient_redis.hpp>\n#include \"check.hpp\"\n\
         int main(int, char **argv) {{\n    rr::Client client(argv[1]);\n    {body}\n}}\n"
    );
    std::fs::write(&source, program).unwrap();
    serve(command(&compile(&source, under)))
}

/// What would look into a reply that is gone, or ask the wrong question, is no program.
const NO_PROGRAMS: [(&str, &str); 8] = [
    ("client.hgetall<std::map<std::string_view, std::string_view>>(\"h\");", "a reply that is gone"),
    (
        "client.command<std::vector<std::pair<std::string_view, std::string>>>(\"HGETALL\", \"h\");",
        "a reply that is gone",
    ),
    ("client.lmpop<std::vector<std::string_view>>({\"l\"}, rr::ListWhence::LEFT);", "a reply that is gone"),
    (
        "client.async().command<std::map<std::string, std::string_view>>(\"HGETALL\", \"h\");",
        "the reply ends with the callback",
    ),
    ("client.scan_page<std::string_view>(0);", "a reply that is gone"),
    ("client.pipeline().get(\"k\").exec().get<std::string_view>(0);", "replies that are gone"),
    ("rr::Value v = *client.command(\"GET\", \"k\"); v.type();", "deleted function"),
    ("if (client.attempt().setnx(\"k\", \"v\")) return 1;", "deleted function"),
];

#[test]
fn what_would_look_into_a_reply_that_is_gone_does_not_compile() {
    for (number, (body, reason)) in NO_PROGRAMS.iter().enumerate() {
        let source = scratch("cpp-api-faulty").join(format!("no_program_{number}.cpp"));
        let program = format!(
            "#include <resilient_redis/resilient_redis.hpp>\n#include <map>\nint main() {{\n    rr::Client client(\"redis://\");\n    {body}\n    \
             return 0;\n}}\n"
        );
        std::fs::write(&source, program).unwrap();
        let output = toolchain::output(compiler("g++", "c++17").arg("-fsyntax-only").arg(&source));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(reason), "{body}\n{said}");
    }
}

#[test]
fn an_optimising_compiler_sees_no_null_pointer_that_is_followed() {
    let source = root().join("bindings/cpp/tests/client.cpp");
    let object = scratch("cpp-api").join("client-null-dereference.o");
    run(compiler("g++", "c++17").args(["-O2", "-Wnull-dereference", "-c"]).arg(source).arg("-o").arg(object));
}

#[test]
fn the_address_sanitizer_is_in_and_sees_into_replies() {
    let body = "std::string_view gone; { rr::Reply reply = client.command(\"PING\"); gone = reply.string(); }
    if (*static_cast<const volatile char *>(gone.data()) == 'x') return 1;";
    let (passed, said) = faulty("use_after_free", body, Under::AddressAndUndefined);
    assert!(!passed && said.contains("heap-use-after-free"), "{said}");
    let body = "static_cast<void>(rr_config_new());";
    let (passed, said) = faulty("leak", body, Under::AddressAndUndefined);
    assert!(!passed && said.contains("LeakSanitizer"), "{said}");
}

#[test]
fn the_thread_sanitizer_is_in_and_sees_a_race_with_a_callback() {
    let body = "int count = 0;
    rr::Subscription subscription = client.subscribe({\"c\"}, [&](const rr::Message &) { count++; });
    subscription.wait(std::chrono::seconds(10));
    client.command(\"PUBLISH\", \"c\", \"m\");
    WAIT_UNTIL(count > 0);";
    let (passed, said) = faulty("race", body, Under::Thread);
    assert!(!passed && said.contains("data race"), "{said}");
}

/// All headers, by their paths below the folder that is searched.
fn headers() -> Vec<String> {
    let parts = sources("bindings/cpp/include/resilient_redis/commands", "hpp");
    let mut headers: Vec<String> = parts.iter().map(|name| format!("resilient_redis/commands/{name}.hpp")).collect();
    let nouns = sources("bindings/cpp/include/resilient_redis", "hpp");
    headers.extend(nouns.iter().map(|name| format!("resilient_redis/{name}.hpp")));
    headers
}

/// Compiles a program that includes it, twice, and has nothing else.
fn stands_alone(header: &str, compiler_name: &str, standard: &str, flags: &[&str]) {
    let name = header.replace(['/', '.'], "-");
    let source = scratch("cpp-api-headers").join(format!("{name}-{compiler_name}-{standard}{}.cpp", flags.concat()));
    std::fs::write(&source, format!("#include <{header}>\n#include <{header}>\nint main() {{}}\n")).unwrap();
    run(compiler(compiler_name, standard).args(flags).arg("-fsyntax-only").arg(source));
}

#[test]
fn each_header_compiles_alone_and_twice_with_gcc() {
    headers().iter().for_each(|header| stands_alone(header, "g++", "c++17", &[]));
}

#[test]
fn each_header_compiles_alone_and_twice_with_clang_and_without_exceptions() {
    headers().iter().for_each(|header| stands_alone(header, "clang++", "c++20", &["-fno-exceptions"]));
}

#[test]
fn all_of_it_compiles_in_every_combination() {
    for compiler_name in ["g++", "clang++"] {
        for standard in ["c++17", "c++20"] {
            for flags in [&[] as &[&str], &["-fno-exceptions"]] {
                stands_alone("resilient_redis/resilient_redis.hpp", compiler_name, standard, flags);
            }
        }
    }
}

/// Every program of the tests is C++20 as well, those of the core for both compilers: templates are looked at where they are
/// used.
#[test]
fn what_is_used_compiles_as_cpp_20_too() {
    for name in sources("bindings/cpp/tests", "cpp") {
        for compiler_name in ["clang++", "g++"] {
            let is_core = ["client", "no_exceptions", "values"].contains(&name.as_str());
            if name == "coroutine" || (compiler_name == "g++" && !is_core) {
                continue;
            }
            let mut command = compiler(compiler_name, "c++20");
            if name == "no_exceptions" {
                command.arg("-fno-exceptions");
            }
            run(command.arg("-fsyntax-only").arg(root().join("bindings/cpp/tests").join(format!("{name}.cpp"))));
        }
    }
}

/// Functions of the C interface that the headers do without, and why.
const NOT_WRAPPED: [(&str, &str); 10] = [
    (
        "rr_client_open",
        "a client is made from a config always, so that its callbacks have their own place for exceptions",
    ),
    ("rr_command", "rr_command_with() is it"),
    ("rr_command_packed", "arguments are arrays of pointers"),
    ("rr_command_packed_with", "arguments are arrays of pointers"),
    ("rr_error_new", "errors of the binding are made in C++"),
    ("rr_pipeline_append_packed", "arguments are arrays of pointers"),
    ("rr_script_run_packed", "arguments are arrays of pointers"),
    ("rr_submit_packed_to", "arguments are arrays of pointers"),
    ("rr_transaction_command_packed", "arguments are arrays of pointers"),
    ("rr_transaction_queue_packed", "arguments are arrays of pointers"),
];

#[test]
fn all_of_the_c_interface_is_used_or_left_out_for_a_reason() {
    let mut used = BTreeSet::new();
    for header in headers() {
        let text = std::fs::read_to_string(root().join("bindings/cpp/include").join(header)).unwrap();
        for line in text.lines().map(|line| line.split("//").next().unwrap()) {
            let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            used.extend(words.filter(|word| word.starts_with("rr_")).map(str::to_owned));
        }
    }
    let declared: BTreeSet<String> = prototypes().into_iter().map(|prototype| prototype.name).collect();
    assert!(declared.len() > 100, "{declared:?}");
    let unused: Vec<&String> = declared.iter().filter(|name| !used.contains(*name)).collect();
    assert_eq!(unused, NOT_WRAPPED.map(|(name, _)| name));
}

#[test]
fn a_library_that_is_too_old_is_told_with_both_versions() {
    let source = scratch("cpp-api-faulty").join("too_old.cpp");
    // What the program itself defines comes before what the library does.
    let program = "#include <resilient_redis/resilient_redis.hpp>\n#include <iostream>\n\
                   extern \"C\" uint32_t rr_version_number(void) { return RR_VERSION_NUMBER - 1; }\n\
                   extern \"C\" const char *rr_version(void) { return \"0.0.999\"; }\n\
                   int main(int, char **argv) {\n\
                   try { rr::Client client(argv[1]); } catch (const rr::UsageError &error) { std::cerr << error.what(); return 3; }\n\
                   }\n";
    std::fs::write(&source, program).unwrap();
    let server = Server::start();
    let output = toolchain::output(command(&compile(&source, Under::Nothing)).arg(server.url()));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(env!("CARGO_PKG_VERSION")) && said.contains("0.0.999"), "{said}");
}
