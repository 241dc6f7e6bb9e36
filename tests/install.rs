//! The installed tree, as a program's author meets it: pkg-config and CMake find it, the examples and the README's
//! program build from it and run, those in C and those in C++.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;
mod toolchain;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use support::{Server, wait_until};
use toolchain::{STRICT, library, root, run, scratch, soname, tool};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An example, what is written around the server's URL to run it, and what it then says.
const EXAMPLES: [(&str, &[&str], &[&str], &str); 13] = [
    ("blocking", &[], &[], "3 jobs done, 0 waiting, 0 left behind\n"),
    ("epoll", &[], &[], "tick 4 is number 5\n"),
    ("events", &[], &["0"], "RR_EVENT_CONNECTED"),
    ("failover", &[], &["0"], "RR_EVENT_CONNECTED"),
    ("hello", &[], &[], "hello\n"),
    ("monitor", &[], &["1"], "\"PING\""),
    ("outage", &["-s", "0.5", "-t", "2"], &["client_name=outage"], "account left_at_close 0\n"),
    ("pipeline", &[], &[], "RR_TYPE_MAP of 4\n"),
    ("script", &[], &[], "seat 3\nno seat is left\n"),
    ("subscribe", &[], &["3"], "news.example: message 3\n"),
    // Any password is right for the user of a server that asks for none.
    ("token", &[], &["/proc/sys/kernel/ostype"], "logged in as default\n"),
    ("transaction", &[], &[], "70 and 30\n"),
    ("watch", &[], &["0"], "resilient_redis_connects_total{client=\"watch\"} 1\n"),
];

/// The same for those in C++.
const EXAMPLES_IN_CPP: [(&str, &[&str], &[&str], &str); 7] = [
    ("async", &[], &[], "counted to 1000\na function is told 1000\ntag 1 is told 11\n"),
    ("coroutine", &[], &[], "counter:b is 1000\n"),
    ("hello", &[], &[], "hello\nAda, 1815\n"),
    ("outage", &["-s", "0.5", "-t", "2"], &["client_name=outage"], "account left_at_close 0\n"),
    ("pipeline", &[], &[], "apple pie has 9 letters\nrefused: ERR "),
    ("subscribe", &[], &["3"], "news.example: message 3\n"),
    ("transaction", &[], &[], "40 and 60\n"),
];

/// `make`, as a person calls it, for a library that is already built.
fn make(goal: &str, variables: &[(&str, &Path)]) -> String {
    let mut make = tool("make", "make");
    // It may be a make that runs this test.
    make.current_dir(root()).env_remove("MAKEFLAGS").env_remove("MFLAGS").env_remove("MAKELEVEL").arg(goal);
    make.arg(format!("RELEASE={}", library().display()));
    make.args(variables.iter().map(|(name, value)| format!("{name}={}", value.display())));
    run(&mut make)
}

/// The files below a folder, by their path in it, sorted.
fn files(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() { walk(&entry.path(), found) } else { found.push(entry.path()) }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    let mut names: Vec<String> =
        found.iter().map(|path| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn empty(name: &str) -> PathBuf {
    let folder = scratch(name);
    std::fs::remove_dir_all(&folder).unwrap();
    scratch(name)
}

/// An installed tree, made once.
fn prefix() -> &'static Path {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    PREFIX.get_or_init(|| {
        let prefix = empty("installed");
        make("install", &[("PREFIX", &prefix)]);
        prefix
    })
}

fn pkg_config(arguments: &[&str]) -> Vec<String> {
    pkg_config_of("resilient_redis", arguments)
}

fn pkg_config_of(package: &str, arguments: &[&str]) -> Vec<String> {
    let mut pkg_config = tool("pkg-config", "pkg-config");
    pkg_config.env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig")).args(arguments).arg(package);
    run(&mut pkg_config).split_whitespace().map(str::to_owned).collect()
}

fn compile(source: &Path, program: &Path, flags: &[String]) {
    let mut gcc = tool("gcc", "gcc");
    gcc.args(STRICT).arg(source).arg("-o").arg(program).args(flags).arg("-pthread");
    run(&mut gcc);
}

fn compile_cpp(source: &Path, program: &Path, standard: &str) {
    let mut gcc = tool("g++", "g++");
    gcc.arg(format!("-std={standard}")).args(STRICT).arg(source).arg("-o").arg(program);
    run(gcc.args(pkg_config_of("resilient_redis_cpp", &["--cflags", "--libs"])).arg("-pthread"));
}

fn source_in_cpp(example: &str) -> PathBuf {
    root().join("bindings/cpp/examples").join(example).with_extension("cpp")
}

/// Coroutines came with C++20; the rest does with C++17.
fn standard_of(example: &str) -> u32 {
    if example == "coroutine" { 20 } else { 17 }
}

fn source(example: &str) -> PathBuf {
    root().join("examples/c").join(example).with_extension("c")
}

/// Runs an example that was built as `program`; `libraries` is where the loader has to look.
fn check_example(name: &str, program: &Path, libraries: Option<&Path>) {
    check_one_of(&EXAMPLES, name, program, libraries);
}

fn check_one_of(examples: &[(&str, &[&str], &[&str], &str)], name: &str, program: &Path, libraries: Option<&Path>) {
    let (_, before, after, says) = examples.iter().find(|(example, ..)| *example == name).unwrap();
    let server = Server::start();
    let mut command = Command::new(program);
    command.env_remove("LD_LIBRARY_PATH").args(*before).arg(server.url()).args(*after);
    if let Some(libraries) = libraries {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    let said = run(&mut command);
    assert!(said.contains(says), "{name} says: {said}");
}

#[test]
fn a_queue_goes_into_an_event_loop_of_libevent() {
    let program = scratch("libevent").join("ticks");
    let mut flags = pkg_config(&["--cflags", "--libs"]);
    let libevent = run(tool("pkg-config", "pkg-config").args(["--cflags", "--libs", "libevent_core"]));
    flags.extend(libevent.split_whitespace().map(str::to_owned));
    compile(&root().join("examples/libevent/ticks.c"), &program, &flags);
    let server = Server::start();
    let said = run(Command::new(&program).arg(server.url()).env("LD_LIBRARY_PATH", prefix().join("lib")));
    assert!(said.contains("tick 4 is number 5\n"), "{said}");
}

/// The shared libraries that a program or library asks the loader for, and its own name.
fn dynamic(file: &Path) -> String {
    run(tool("readelf", "binutils").arg("-d").arg(file))
}

#[test]
fn every_example_is_built_and_run() {
    let sources = files(&root().join("examples/c"));
    let expected: Vec<String> = EXAMPLES.iter().map(|(name, ..)| format!("{name}.c")).collect();
    assert_eq!(sources, expected);
    let sources = files(&root().join("bindings/cpp/examples"));
    let expected: Vec<String> = EXAMPLES_IN_CPP.iter().map(|(name, ..)| format!("{name}.cpp")).collect();
    assert_eq!(sources, expected);
}

#[test]
fn the_installed_tree_has_everything_and_nothing_else() {
    let installed = files(prefix());
    let (documents, others): (Vec<_>, Vec<_>) = installed.iter().partition(|name| name.starts_with("share/doc/"));
    let (in_cpp, others): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|name| name.starts_with("include/resilient_redis/"));
    let headers = files(&root().join("bindings/cpp/include")).into_iter().map(|name| format!("include/{name}"));
    assert_eq!(in_cpp.into_iter().cloned().collect::<Vec<_>>(), headers.collect::<Vec<_>>());
    let versioned = format!("lib/libresilient_redis.so.{VERSION}");
    let named = format!("lib/{}", soname());
    assert_eq!(
        others,
        [
            "include/resilient_redis.h",
            "include/resilient_redis_format.h",
            "lib/cmake/resilient_redis/resilient_redisConfig.cmake",
            "lib/cmake/resilient_redis/resilient_redisConfigVersion.cmake",
            "lib/libresilient_redis.a",
            "lib/libresilient_redis.so",
            &named,
            &versioned,
            "lib/pkgconfig/resilient_redis.pc",
            "lib/pkgconfig/resilient_redis_cpp.pc",
        ]
    );
    for document in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "CONFIGURATION.md", "METRICS.md"] {
        assert!(documents.contains(&&format!("share/doc/resilient-redis/{document}")), "{documents:?}");
    }
    assert_eq!(std::fs::canonicalize(prefix().join("lib/libresilient_redis.so")).unwrap(), prefix().join(&versioned));
    assert!(dynamic(&prefix().join(versioned)).contains(&format!("soname: [{}]", soname())));
    assert_eq!(pkg_config(&["--modversion"]), [VERSION]);
    assert_eq!(pkg_config_of("resilient_redis_cpp", &["--modversion"]), [VERSION]);
}

#[test]
fn no_blank_of_a_template_is_left() {
    for file in files(prefix()).iter().filter(|name| name.ends_with(".pc") || name.ends_with(".cmake")) {
        let text = std::fs::read_to_string(prefix().join(file)).unwrap();
        assert!(!text.contains('@'), "{file}:\n{text}");
    }
}

#[test]
fn the_examples_build_by_pkg_config_and_run_with_the_shared_library() {
    let flags = pkg_config(&["--cflags", "--libs"]);
    let folder = scratch("by-pkg-config");
    for (name, ..) in EXAMPLES {
        let program = folder.join(name);
        compile(&source(name), &program, &flags);
        assert!(dynamic(&program).contains(&format!("[{}]", soname())), "{name} asks for the library by its name");
        check_example(name, &program, Some(&prefix().join("lib")));
    }
}

#[test]
fn the_examples_build_by_pkg_config_and_run_with_the_library_in_them() {
    let mut flags = pkg_config(&["--static", "--cflags", "--libs"]);
    // Beside a shared library of the same name the linker has to be told which.
    for flag in &mut flags {
        if flag == "-lresilient_redis" {
            *flag = "-l:libresilient_redis.a".into();
        }
    }
    let folder = scratch("by-pkg-config-static");
    for (name, ..) in EXAMPLES {
        let program = folder.join(name);
        compile(&source(name), &program, &flags);
        assert!(!dynamic(&program).contains("resilient_redis"), "{name} has the library in it");
        check_example(name, &program, None);
    }
}

/// Configures a project that asks for `version`; says what CMake said if it did not find that.
fn configure(folder: &Path, tree: &Path, version: &str) -> Result<(), String> {
    let mut project = format!(
        "cmake_minimum_required(VERSION 3.13)\nproject(examples C)\n\
         find_package(resilient_redis {version} REQUIRED)\nfind_package(Threads REQUIRED)\n"
    );
    for (name, ..) in EXAMPLES {
        for (kind, target) in [("shared", "resilient_redis"), ("static", "static")] {
            project.push_str(&format!(
                "add_executable({name}-{kind} {})\n\
                 target_link_libraries({name}-{kind} resilient_redis::{target} Threads::Threads)\n\
                 target_compile_options({name}-{kind} PRIVATE {})\n",
                source(name).display(),
                STRICT.join(" ")
            ));
        }
    }
    std::fs::write(folder.join("CMakeLists.txt"), project).unwrap();
    let mut cmake = tool("cmake", "cmake");
    cmake.arg("-S").arg(folder).arg("-B").arg(folder.join("build"));
    cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", tree.display()));
    let output = toolchain::output(&mut cmake);
    if output.status.success() { Ok(()) } else { Err(toolchain::report(&cmake, &output)) }
}

#[test]
fn the_examples_build_by_cmake_and_run_also_after_the_tree_was_moved() {
    let moved = empty("installed-and-moved").join("elsewhere");
    run(Command::new("cp").arg("-a").arg(prefix()).arg(&moved));
    let folder = empty("by-cmake");
    configure(&folder, &moved, "0.1").unwrap();
    run(tool("cmake", "cmake").arg("--build").arg(folder.join("build")));
    for (name, ..) in EXAMPLES {
        let [shared, linked_in] = ["shared", "static"].map(|kind| folder.join("build").join(format!("{name}-{kind}")));
        assert!(dynamic(&shared).contains(&moved.join("lib").display().to_string()), "{name} finds the moved library");
        check_example(name, &shared, None);
        assert!(!dynamic(&linked_in).contains("resilient_redis.so"), "{name} has the library in it");
        check_example(name, &linked_in, None);
    }
}

#[test]
fn the_examples_in_cpp_build_by_pkg_config_and_run() {
    let folder = scratch("cpp-by-pkg-config");
    for (name, ..) in EXAMPLES_IN_CPP {
        let program = folder.join(name);
        compile_cpp(&source_in_cpp(name), &program, &format!("c++{}", standard_of(name)));
        check_one_of(&EXAMPLES_IN_CPP, name, &program, Some(&prefix().join("lib")));
    }
}

#[test]
fn the_examples_in_cpp_build_by_cmake_and_run_also_after_the_tree_was_moved() {
    let moved = empty("cpp-installed-and-moved").join("elsewhere");
    run(Command::new("cp").arg("-a").arg(prefix()).arg(&moved));
    let folder = empty("cpp-by-cmake");
    // An older standard is asked for, so that it is the target that brings the one it needs.
    let mut project = String::from(
        "cmake_minimum_required(VERSION 3.13)\nproject(examples CXX)\nset(CMAKE_CXX_STANDARD 11)\n\
         find_package(resilient_redis 0.1 REQUIRED)\n",
    );
    // Threads are the target's own business, too.
    project.push_str(
        "get_target_property(linked resilient_redis::cpp INTERFACE_LINK_LIBRARIES)\n\
         if(NOT TARGET Threads::Threads OR NOT \"Threads::Threads\" IN_LIST linked)\n\
         message(FATAL_ERROR \"linked: ${linked}\")\nendif()\n",
    );
    for (name, ..) in EXAMPLES_IN_CPP {
        project.push_str(&format!(
            "add_executable({name} {})\n\
             target_link_libraries({name} resilient_redis::cpp)\n\
             target_compile_options({name} PRIVATE {})\n",
            source_in_cpp(name).display(),
            STRICT.join(" ")
        ));
        if standard_of(name) == 20 {
            project.push_str(&format!("target_compile_features({name} PRIVATE cxx_std_20)\n"));
        }
    }
    std::fs::write(folder.join("CMakeLists.txt"), project).unwrap();
    let mut cmake = tool("cmake", "cmake");
    cmake.arg("-S").arg(&folder).arg("-B").arg(folder.join("build"));
    run(cmake.arg(format!("-DCMAKE_PREFIX_PATH={}", moved.display())));
    run(tool("cmake", "cmake").arg("--build").arg(folder.join("build")));
    for (name, ..) in EXAMPLES_IN_CPP {
        let program = folder.join("build").join(name);
        assert!(dynamic(&program).contains(&moved.join("lib").display().to_string()), "{name} finds the moved library");
        check_one_of(&EXAMPLES_IN_CPP, name, &program, None);
    }
}

#[test]
fn cmake_refuses_a_version_that_is_not_compatible() {
    for version in ["0.0.9", "0.1.99", "0.2", "1"] {
        let folder = empty("cmake-version");
        let said = configure(&folder, prefix(), version).expect_err(version);
        assert!(said.contains("resilient_redis"), "{said}");
    }
    configure(&empty("cmake-version"), prefix(), VERSION).unwrap();
    configure(&empty("cmake-version"), prefix(), "").unwrap();
}

#[test]
fn a_staged_tree_knows_its_final_place_and_is_taken_away_again() {
    let stage = empty("staged");
    let (usr, lib) = (Path::new("/usr"), Path::new("/usr/lib/somewhere-linux-gnu"));
    let variables = [("DESTDIR", stage.as_path()), ("PREFIX", usr), ("LIBDIR", lib)];
    make("install", &variables);
    let staged_lib = stage.join("usr/lib/somewhere-linux-gnu");
    let text = std::fs::read_to_string(staged_lib.join("pkgconfig/resilient_redis.pc")).unwrap();
    assert!(text.starts_with("prefix=/usr\nlibdir=${prefix}/lib/somewhere-linux-gnu\nincludedir=${prefix}/include\n"));
    assert!(!text.contains("staged"), "{text}");

    // The CMake files find the headers from a library folder of another depth.
    configure(&empty("cmake-staged"), &stage.join("usr"), "").unwrap_err();
    let mut cmake = tool("cmake", "cmake");
    cmake.arg("-S").arg(scratch("cmake-staged")).arg("-B").arg(scratch("cmake-staged").join("build"));
    cmake.arg(format!("-Dresilient_redis_DIR={}", staged_lib.join("cmake/resilient_redis").display()));
    run(&mut cmake);
    run(tool("cmake", "cmake").arg("--build").arg(scratch("cmake-staged").join("build")));

    make("uninstall", &variables);
    assert_eq!(files(&stage), [""; 0]);
}

#[test]
fn every_link_of_the_readme_leads_somewhere() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let targets = readme.split("](").skip(1).map(|rest| rest.split_once(')').unwrap().0);
    let mut missing = targets.filter(|target| !target.starts_with("https://") && !root().join(target).exists());
    assert_eq!(missing.next(), None);
}

/// The first block of a language in a document.
fn first_block(document: &str, language: &str) -> String {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let (_, rest) = text.split_once(&format!("```{language}\n")).expect("a program");
    rest.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn the_program_in_the_readme_does_what_is_said() {
    let folder = scratch("readme");
    std::fs::write(folder.join("readme.c"), first_block("README.md", "c")).unwrap();
    let program = folder.join("readme");
    compile(&folder.join("readme.c"), &program, &pkg_config(&["--cflags", "--libs"]));
    counts_visits(&program);
}

#[test]
fn the_program_in_cpp_in_the_readme_does_the_same() {
    let folder = scratch("readme-cpp");
    std::fs::write(folder.join("readme.cpp"), first_block("README.md", "cpp")).unwrap();
    let program = folder.join("readme");
    compile_cpp(&folder.join("readme.cpp"), &program, "c++17");
    counts_visits(&program);
}

#[test]
fn the_program_in_the_readme_of_the_cpp_binding_does_what_is_said() {
    let folder = scratch("readme-cpp");
    std::fs::write(folder.join("binding.cpp"), first_block("bindings/cpp/README.md", "cpp")).unwrap();
    let program = folder.join("binding");
    compile_cpp(&folder.join("binding.cpp"), &program, "c++17");
    let server = Server::start();
    let mut command = Command::new(program);
    let said = run(command.arg(server.url()).env("LD_LIBRARY_PATH", prefix().join("lib")));
    assert_eq!(said, "hello Ada\n3 names: Ada Grace Edsger\nINCR of a list: WRONGTYPE\nnext: 2\n");
}

/// The programs of the README, which print a line for their visit and one for their end.
fn counts_visits(program: &Path) {
    let server = Server::builder().appendonly(true).start();
    // Its lines are wanted when they are printed.
    let mut command = tool("stdbuf", "coreutils");
    command.arg("-oL").arg(program).arg(server.url()).env("LD_LIBRARY_PATH", prefix().join("lib"));
    assert_eq!(run(&mut command), "visit 1\n0 sent, 0 lost\n");
    assert_eq!(run(&mut command), "visit 2\n0 sent, 0 lost\n");

    // Without a server its write is accepted all the same, and sent before the program ends.
    server.kill();
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(said.next().unwrap(), "accepted");
    server.start_again();
    assert_eq!(said.next().unwrap(), "1 sent, 0 lost");
    assert!(child.wait().unwrap().success());
    assert_eq!(run(command.stdout(Stdio::piped())), "visit 4\n0 sent, 0 lost\n");
}

/// The numbers of a program's account.
fn account(said: &[String]) -> BTreeMap<String, u64> {
    let numbers = said.iter().filter_map(|line| line.strip_prefix("account ")?.split_once(' '));
    numbers.map(|(name, number)| (name.to_owned(), number.parse().unwrap())).collect()
}

#[test]
fn the_outage_example_accounts_for_every_write() {
    let program = scratch("readme").join("outage");
    compile(&source("outage"), &program, &pkg_config(&["--cflags", "--libs"]));
    accounts_for_every_write(&program);
}

#[test]
fn the_outage_example_in_cpp_accounts_for_every_write() {
    let program = scratch("readme-cpp").join("outage");
    compile_cpp(&source_in_cpp("outage"), &program, "c++17");
    accounts_for_every_write(&program);
}

fn accounts_for_every_write(program: &Path) {
    let server = Server::builder().appendonly(true).start();
    let mut command = Command::new(program);
    command.env("LD_LIBRARY_PATH", prefix().join("lib")).args(["-s", "4", "-t", "4", "-r", "1000"]);
    command.args([&server.url(), "reconnect_max_delay_ms=100"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains("RR_EVENT_CONNECTED") && server.is_running() && !said.iter().any(is_buffering) {
            wait_until("writes flow", Duration::from_secs(3), || written(&server, 0) > 50);
            server.kill();
        }
        if is_buffering(&line) {
            server.start_again();
        }
        said.push(line);
    }
    assert!(child.wait().unwrap().success());
    let account = account(&said);
    let told = account["acknowledged"] + account["buffered"];
    assert_eq!(account["issued"], told, "{account:?}");
    assert!(account["buffered"] > 0 && account["buffered"] == account["replayed"], "{account:?}");
    assert_eq!(account["left_at_close"], 0);
    let there: u64 = (0..4).map(|thread| written(&server, thread)).sum();
    assert!((told..=told + account["resent"]).contains(&there), "{there} on the server, {account:?}");
}

#[test]
fn the_watch_example_tells_an_outage_by_events_log_lines_and_metrics() {
    let server = Server::builder().appendonly(true).start();
    let program = scratch("readme").join("watch");
    compile(&source("watch"), &program, &pkg_config(&["--cflags", "--libs"]));
    let mut command = Command::new(program);
    let url = format!("{}?reconnect_max_delay_ms=100", server.url());
    command.env("LD_LIBRARY_PATH", prefix().join("lib")).args([&url, "3"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.starts_with("event RR_EVENT_CONNECTED") && !said.iter().any(is_buffering) {
            server.kill();
        }
        if is_buffering(&line) {
            server.start_again();
        }
        said.push(line);
    }
    assert!(child.wait().unwrap().success());
    for expected in [
        "event RR_EVENT_DISCONNECTED: ",
        "log   RR_LOG_WARNING: watch at 127.0.0.1:",
        "log   RR_LOG_DEBUG: ",
        "at the end: ",
        "      resilient_redis_outages_total{client=\"watch\"} 1",
        "      resilient_redis_state{client=\"watch\",state=\"CLOSED\"} 1",
    ] {
        assert!(said.iter().any(|line| line.starts_with(expected)), "nothing says {expected:?}: {said:#?}");
    }
    assert!(said.iter().any(|line| line.contains("commands flow again after")), "{said:#?}");
}

/// How many writes of one of its threads the server has.
fn written(server: &Server, thread: u32) -> u64 {
    redis::from_redis_value(server.command(&["LLEN", &format!("demo:thread:{thread}")])).unwrap()
}

fn is_buffering(line: impl AsRef<str>) -> bool {
    line.as_ref().contains("RR_EVENT_BUFFERING")
}
