//! The C interface, used from C: each program in tests/c is compiled strictly and run against a real server, plainly,
//! under valgrind, and with the address sanitizer in it.
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

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serve::{serve, sources};
use support::Server;
use toolchain::{STRICT, library, root, run, scratch, tool};

/// How a program is looked at while it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Under {
    Nothing,
    Valgrind,
    AddressSanitizer,
}

fn compile(source: &Path, under: Under) -> PathBuf {
    let (folder, name) = (source.parent().unwrap().file_name().unwrap(), source.file_stem().unwrap());
    let program = scratch("c-api").join(format!("{}-{}-{under:?}", folder.display(), name.display()));
    let mut gcc = tool("gcc", "gcc");
    gcc.arg("-std=c11").args(STRICT).args(["-g", "-O1", "-D_DEFAULT_SOURCE", "-pthread"]);
    if under == Under::AddressSanitizer {
        gcc.args(["-fsanitize=address", "-fno-omit-frame-pointer"]);
    }
    gcc.arg("-I").arg(root().join("include")).arg("-I").arg(root().join("tests/c")).arg(source).arg("-o").arg(&program);
    gcc.arg("-L").arg(library()).arg("-lresilient_redis").arg(format!("-Wl,-rpath,{}", library().display()));
    run(&mut gcc);
    program
}

fn command(program: &Path, under: Under) -> Command {
    let mut command = if under == Under::Valgrind {
        let mut valgrind = tool("valgrind", "valgrind");
        valgrind.args(["--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=99"]);
        valgrind.args(["--show-leak-kinds=definite", "--child-silent-after-fork=yes"]).arg(program);
        valgrind
    } else {
        Command::new(program)
    };
    if under != Under::Nothing {
        command.env("SLOW_TOOL", "1");
    }
    command.env("ASAN_OPTIONS", "detect_leaks=1");
    command.env("LIBRARIES", two_copies());
    command
}

/// The library at two paths, for a program that loads both.
fn two_copies() -> String {
    static COPY: OnceLock<String> = OnceLock::new();
    COPY.get_or_init(|| {
        let original = library().join("libresilient_redis.so");
        let copy = scratch("copy").join("libanother.so");
        std::fs::copy(&original, &copy).unwrap();
        format!("{}:{}", original.display(), copy.display())
    })
    .clone()
}

fn passes(name: &str) {
    let source = root().join("tests/c").join(format!("{name}.c"));
    for under in [Under::Nothing, Under::AddressSanitizer, Under::Valgrind] {
        // The sanitizer's allocator, unlike the system's, keeps its locks as they were when a process with busy threads
        // forks: the child would wait for a thread that it does not have.
        if name == "fork" && under == Under::AddressSanitizer {
            continue;
        }
        let (passed, said) = serve(command(&compile(&source, under), under));
        assert!(passed, "{said}");
    }
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
            assert_eq!(sources("tests/c", "c"), run);
        }
    };
}

programs! {
    blocking command config credentials errors events fork format layout lifetimes loading log metrics outage pipeline reply
    resolver script
    submit subscribe threads transaction
}

/// The examples are programs like any other; what they print is for people, so that only their end is looked at.
fn example_passes(name: &str, arguments: &[&str], says: &str) {
    let program = compile(&root().join("examples/c").join(format!("{name}.c")), Under::Nothing);
    let server = Server::start();
    let said = run(Command::new(program).arg(server.url()).args(arguments));
    assert!(said.contains(says), "{said}");
}

#[test]
fn the_example_hello_runs() {
    example_passes("hello", &[], "hello\n");
}

#[test]
fn the_example_pipeline_runs() {
    example_passes("pipeline", &[], "RR_TYPE_MAP of 4\n");
}

#[test]
fn the_example_transaction_runs() {
    example_passes("transaction", &[], "70 and 30\n");
}

#[test]
fn the_example_blocking_runs() {
    example_passes("blocking", &[], "3 jobs done, 0 waiting, 0 left behind\n");
}

#[test]
fn the_example_events_runs() {
    example_passes("events", &["0"], "RR_EVENT_CONNECTED: ");
}

#[test]
fn the_example_subscribe_runs() {
    example_passes("subscribe", &["3"], "news.example: message 3\n");
}

#[test]
fn a_program_can_link_the_library_into_itself() {
    let program = scratch("c-api").join("hello-static");
    let mut gcc = tool("gcc", "gcc");
    gcc.arg("-std=c11").args(STRICT).arg("-I").arg(root().join("include")).arg(root().join("examples/c/hello.c"));
    gcc.arg(library().join("libresilient_redis.a")).arg("-o").arg(&program);
    // What resilient_redis.pc says as Libs.private.
    gcc.args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"]);
    run(&mut gcc);
    let server = Server::start();
    assert_eq!(run(Command::new(program).arg(server.url())), "hello\n");
}

fn faulty(name: &str, body: &str, under: Under) -> (bool, String) {
    let source = scratch("c-api").join(format!("{name}.c"));
    let program = format!(
        "#include \"check.h\"\nint main(int argc, char **argv) {{\n    rr_client *client = open_client(argv[argc - 1]);\n    {body}\n    rr_client_free(client);\n    return 0;\n}}\n"
    );
    std::fs::write(&source, program).unwrap();
    serve(command(&compile(&source, under), under))
}

#[test]
fn the_address_sanitizer_is_in_and_sees_into_replies() {
    let body = "rr_reply *reply = NULL; CHECK_OK(COMMAND(client, &reply, &err, \"TIME\"));
    rr_reply_view(reply); rr_reply_free(reply); if (*(volatile const char *)reply == 'x') return 1;";
    let (passed, said) = faulty("use_after_free", body, Under::AddressSanitizer);
    assert!(!passed && said.contains("heap-use-after-free"), "{said}");
    let body = "rr_reply *reply = NULL; CHECK_OK(COMMAND(client, &reply, &err, \"TIME\")); reply = NULL;";
    let (passed, said) = faulty("leak", body, Under::AddressSanitizer);
    assert!(!passed && said.contains("LeakSanitizer"), "{said}");
}

#[test]
fn valgrind_is_in_and_sees_a_leak() {
    let body = "rr_reply *reply = NULL; CHECK_OK(COMMAND(client, &reply, &err, \"TIME\")); reply = NULL;";
    let (passed, said) = faulty("leak", body, Under::Valgrind);
    assert!(!passed && said.contains("definitely lost"), "{said}");
}
