//! A panic inside the library as it is released does not end the process: it becomes a status.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that cannot do its work fails the test that asked for it"
)]

mod toolchain;

use toolchain::{STRICT, library_that_panics, root, run, scratch, tool};

const PROGRAM: &str = r#"
#include <string.h>
#include "resilient_redis.h"

rr_status rr_test_panic(rr_error **err);

int main(void)
{
    rr_error *err = NULL;
    int i;

    for (i = 0; i < 3; i++) {
        if (rr_test_panic(&err) != RR_ERR_PANIC || rr_error_status(err) != RR_ERR_PANIC)
            return 1;
        if (strstr(rr_error_message(err), "on purpose") == NULL)
            return 2;
        rr_error_free(err);
        if (rr_test_panic(NULL) != RR_ERR_PANIC)
            return 3;
    }
    /* The library goes on. */
    rr_config *config = rr_config_new();
    if (rr_config_set(config, "db", "3", &err) != RR_OK)
        return 4;
    rr_config_free(config);
    return 0;
}
"#;

#[test]
fn a_panic_becomes_a_status() {
    let folder = library_that_panics();
    let source = scratch("panic").join("panic.c");
    let program = scratch("panic").join("panic");
    std::fs::write(&source, PROGRAM).unwrap();
    let mut gcc = tool("gcc", "gcc");
    gcc.arg("-std=c11").args(STRICT).arg("-I").arg(root().join("include")).arg(source).arg("-o").arg(&program);
    gcc.arg("-L").arg(folder).arg("-lresilient_redis").arg(format!("-Wl,-rpath,{}", folder.display()));
    run(&mut gcc);
    run(&mut std::process::Command::new(program));
}
