//! A library with watched sections, in a host that loads it and unloads it.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::process::Command;
use std::time::Duration;

use nonblock_tests::fixture::Fixture;
use nonblock_tests::process::{self, Outcome};

const PATIENCE: Duration = Duration::from_mins(1);

/// Builds the host and the library, and runs the host in three ways.
#[test]
fn a_library_that_was_watched_stays_loaded_and_one_that_was_not_can_go() {
    let fixture = Fixture::new("plugin", env!("CARGO_TARGET_TMPDIR"));
    fixture.succeed("build", &["--quiet"]);
    let built = fixture.target().join("debug");
    let host = |how: &str, watch: Option<&str>| -> Outcome {
        let mut command = Command::new(built.join("host"));
        command.arg(built.join("libplugin.so")).arg(how);
        command.env_remove("NONBLOCK").env_remove("NONBLOCK_WATCH");
        command.envs(watch.map(|value| ("NONBLOCK_WATCH", value)));
        process::run(&mut command, PATIENCE)
    };
    for how in ["watch", "quick"] {
        let outcome = host(how, None);
        outcome.assert_success();
        assert!(outcome.stdout.contains("mapped at the end: true"), "{outcome:#?}");
        // One fault, told with the names of the library that was loaded.
        assert_eq!(outcome.stderr.matches("BUG: blocking system call").count(), 1, "{outcome:#?}");
        assert!(outcome.stderr.contains("called by `plugin::plugin_section"), "{outcome:#?}");
    }
    // The variable switches the watch on when the library is loaded.
    let outcome = host("watch", Some("schedule"));
    outcome.assert_success();
    assert!(outcome.stderr.contains("nonblock: watching sections: schedule"), "{outcome:#?}");
    let outcome = host("unwatched", None);
    outcome.assert_success();
    assert!(outcome.stdout.contains("mapped at the end: false"), "{outcome:#?}");
}
