//! NULL in place of any pointer of any function, by a program that is made from the header: no crash, the right status,
//! and an error where one was asked for. The same program forks, and the child calls every function on a client, a
//! pipeline or a transaction of its parent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot do its work fails the test that asked for it"
)]

mod support;
mod toolchain;

use support::Server;
use toolchain::{Prototype, STRICT, library, prototypes, root, run, scratch, tool};

/// The pointers that may be NULL, and what they are in which function; everything else has to be given.
fn may_be_null(function: &str, parameter: &str) -> bool {
    match parameter {
        "lengths" if names_of_topics(function) => true,
        "err" | "options" | "argvlen" | "report" | "userdata" | "destroy" | "reply" | "id"
            if !is_reply_function(function) =>
        {
            true
        }
        "config" => function == "rr_client_new",
        // With a length of 0, as any bytes.
        "username" | "password" => function == "rr_credentials_set",
        "length" => function == "rr_client_metrics",
        // Texts that end with a NUL.
        "lengths" => ["rr_transaction_new", "rr_transaction_watch", "rr_transaction_run"].contains(&function),
        "message" => function == "rr_error_new",
        _ => false,
    }
}

fn is_reply_function(function: &str) -> bool {
    function.starts_with("rr_reply_")
}

/// Do its lengths belong to names, which may end with a NUL instead?
fn names_of_topics(function: &str) -> bool {
    function.starts_with("rr_subscri")
}

fn is_pointer(kind: &str) -> bool {
    let callbacks = [
        "rr_destroy",
        "rr_event_callback",
        "rr_completion_callback",
        "rr_log_callback",
        "rr_resolver_callback",
        "rr_credentials_callback",
        "rr_transaction_function",
        "rr_message_callback",
    ];
    kind.contains('*') || callbacks.contains(&kind)
}

/// A good value for a parameter. Handles and places for results are variables of the program.
fn good(function: &Prototype, kind: &str, name: &str) -> String {
    let value = match (kind.replace("struct ", "").as_str(), name) {
        ("const char *", "url") => "\"redis://127.0.0.1:1/\"",
        ("const char *", "name") => "\"command_timeout_ms\"",
        ("const char *", "value") => "\"5\"",
        ("const char *", "message") => "\"text\"",
        ("const char *", "address") => "\"127.0.0.1\"",
        ("const char *", "username" | "password") => "\"text\"",
        ("uint16_t", _) => "1",
        // There are none outside of a callback.
        ("rr_addresses *", _) => "(rr_addresses *)config",
        ("rr_credentials *", _) => "(rr_credentials *)config",
        ("rr_resolver_callback", _) => "on_resolve",
        ("rr_credentials_callback", _) => "on_credentials",
        ("const char *", "source") => "\"return 1\"",
        ("char *", _) => "NULL",
        ("char **", _) => "&text",
        ("const char *const *", _) => "argv",
        ("const size_t *", _) => "lengths",
        ("size_t *", _) => "&length",
        ("const void *", _) => "\"PING\"",
        ("void *", _) => "NULL",
        ("rr_destroy", _) => "NULL",
        ("rr_event_callback", _) => "on_event",
        ("rr_completion_callback", _) => "on_completion",
        ("rr_log_callback", _) => "on_line",
        ("rr_log_level", _) => "RR_LOG_DEBUG",
        ("rr_message_callback", _) => "on_message",
        ("rr_kind", "kind") => "RR_CHANNEL",
        ("uint64_t *", _) => "&number",
        ("rr_transaction_function", _) => "on_transaction",
        ("uint32_t", "flags") => "0",
        ("size_t", "argc" | "max" | "count" | "length") | ("uint32_t", _) => "1",
        ("size_t" | "int64_t" | "uint64_t" | "rr_status", _) => "0",
        ("rr_client **", _) => "&new_client",
        ("rr_config **", _) => "&new_config",
        ("rr_pipeline **", _) => "&new_pipeline",
        ("rr_script **", _) => "&new_script",
        ("rr_transaction **", _) => "&new_transaction",
        ("rr_reply **", _) => "&new_reply",
        ("rr_queue **", _) => "&new_queue",
        ("rr_completion *", _) => "&completion",
        ("rr_event **", _) => "&new_event",
        ("rr_monitor **", _) => "&new_monitor",
        ("rr_monitor_entry **", _) => "&new_monitor_entry",
        ("rr_failed **", _) => "&new_failed",
        ("rr_subscription **", _) => "&new_subscription",
        ("rr_message **", _) => "&new_message",
        ("const rr_subscription_options *", _) => "&subscription_options",
        ("rr_error **", _) => "&err",
        ("const rr_command_options *", _) => "&command_options",
        ("const rr_pipeline_options *", _) => "&pipeline_options",
        ("const rr_script_options *", _) => "&script_options",
        ("const rr_transaction_options *", _) => "&transaction_options",
        ("rr_close_report *", _) => "&report",
        ("rr_stats *", _) => "&stats",
        (handle, _) if handle.starts_with("rr_") || handle.starts_with("const rr_") => {
            let noun = handle.trim_start_matches("const ").trim_start_matches("rr_").trim_end_matches([' ', '*']);
            return noun.to_owned();
        }
        _ => panic!("{function:?}: what would be good for {kind} {name}?"),
    };
    value.to_owned()
}

/// The call with NULL in place of the pointers chosen, and the checks of what comes of it.
fn call(function: &Prototype, is_null: impl Fn(&str) -> bool, what: &str) -> String {
    let Prototype { name, returns, parameters } = function;
    let arguments: Vec<String> = parameters
        .iter()
        .map(
            |(kind, parameter)| {
                if is_pointer(kind) && is_null(parameter) { "NULL".into() } else { good(function, kind, parameter) }
            },
        )
        .collect();
    let wrong = parameters
        .iter()
        .any(|(kind, parameter)| is_pointer(kind) && is_null(parameter) && !may_be_null(name, parameter));
    let call = format!("{name}({})", arguments.join(", "));
    let check = match (returns.replace("struct ", "").as_str(), wrong) {
        ("void", _) => format!("{call};"),
        // No error is not a failure.
        ("rr_status", _) if name == "rr_error_status" => format!("CHECK_EQ({call}, RR_OK);"),
        ("rr_status", true) => {
            let given = arguments.last().is_some_and(|argument| argument == "&err");
            let error = if given { "RR_ERR_NULL_ARGUMENT" } else { "RR_OK" };
            format!("CHECK_EQ({call}, RR_ERR_NULL_ARGUMENT); CHECK_EQ(rr_error_status(err), {error});")
        }
        ("rr_status", false) => format!("CHECK({call} != RR_ERR_NULL_ARGUMENT);"),
        ("rr_state" | "int", true) => format!("CHECK_EQ({call}, RR_ERR_NULL_ARGUMENT);"),
        ("int64_t", true) if parameters.iter().any(|(_, name)| ["client", "pipeline"].contains(&name.as_str())) => {
            format!("CHECK_EQ({call}, RR_ERR_NULL_ARGUMENT);")
        }
        ("const char *", true)
            if name.ends_with("_message") || name.ends_with("_address") || name.ends_with("_run_id") =>
        {
            format!("CHECK_TEXT({call}, \"\");")
        }
        ("int64_t", true) if name.ends_with("_offset") => format!("CHECK_EQ({call}, -1);"),
        ("rr_error *", false) => format!("rr_error_free({call});"),
        (kind, true) if kind.ends_with('*') => format!("CHECK({call} == NULL);"),
        ("double", true) => format!("CHECK({call} == 0);"),
        (_, true) => format!("CHECK_EQ({call}, 0);"),
        (_, false) => format!("(void){call};"),
    };
    format!("    fprintf(stderr, \"{name}, {what}\\n\");\n    make();\n    {check}\n    unmake();\n")
}

/// The same in a forked child, with nothing missing.
fn call_in_child(function: &Prototype) -> Option<String> {
    let Prototype { name, returns, parameters } = function;
    let of_the_parent =
        ["rr_client *", "rr_pipeline *", "rr_queue *", "rr_transaction *", "rr_monitor *", "rr_subscription *"];
    if !parameters.iter().any(|(kind, _)| of_the_parent.iter().any(|handle| kind.ends_with(handle))) {
        return None;
    }
    let arguments: Vec<String> = parameters.iter().map(|(kind, parameter)| good(function, kind, parameter)).collect();
    let call = format!("{name}({})", arguments.join(", "));
    Some(match returns.as_str() {
        // The handle is still there: it leaks on purpose.
        "void" => format!("        {call};\n"),
        _ => format!("        CHECK_EQ({call}, RR_ERR_FORKED);\n        rr_error_free(err);\n        err = NULL;\n"),
    })
}

fn program() -> (String, usize) {
    let mut calls = String::new();
    let mut count = 0;
    for function in prototypes() {
        let pointers: Vec<&String> =
            function.parameters.iter().filter(|(kind, _)| is_pointer(kind)).map(|(_, name)| name).collect();
        for pointer in &pointers {
            // With good pointers, ending something is not what is tested here.
            calls += &call(&function, |name| name == pointer.as_str(), pointer);
            count += 1;
        }
        if pointers.len() > 1 {
            calls += &call(&function, |_| true, "all");
            count += 1;
        }
    }
    let in_child: Vec<String> = prototypes().iter().filter_map(call_in_child).collect();
    assert!(in_child.len() > 20, "{in_child:?}");
    let frame = include_str!("c/null_arguments.in");
    (frame.replace("@CALLS@", &calls).replace("@CALLS_IN_CHILD@", &in_child.concat()), count)
}

#[test]
fn null_in_place_of_any_pointer_and_a_fork_are_told() {
    let (program, count) = program();
    assert!(count > 120, "only {count} calls");
    let source = scratch("null").join("null_arguments.c");
    std::fs::write(&source, program).unwrap();
    let server = Server::start();
    for sanitizer in ["-fno-sanitize=all", "-fsanitize=address"] {
        let binary = scratch("null").join(format!("null_arguments{sanitizer}"));
        let mut gcc = tool("gcc", "gcc");
        gcc.arg("-std=c11").args(STRICT).args(["-g", "-D_DEFAULT_SOURCE", sanitizer, "-pthread", "-I"]);
        gcc.arg(root().join("include")).arg("-I").arg(root().join("tests/c")).arg(&source).arg("-o").arg(&binary);
        gcc.arg("-L").arg(library()).arg("-lresilient_redis").arg(format!("-Wl,-rpath,{}", library().display()));
        run(&mut gcc);
        run(std::process::Command::new(binary).arg(server.url()));
    }
}
