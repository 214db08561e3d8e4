//! Sections that C code opens are watched as others are, and so are functions under `#[non_block]`.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use nonblock::capi::{nonblock_end_at, nonblock_start, nonblock_start_at};
use nonblock::testing::violations;
use nonblock::watch::{Layers, Observation, Watch};
use nonblock::{Policy, ViolationKind, non_block, set_policy};
use nonblock_tests::process;

fn watch() -> Watch {
    let layers = Layers::TRAP | Layers::SCHEDULE;
    Watch::builder().layers(layers).this_thread_only().start().expect("it is here")
}

fn sleep() {
    std::thread::sleep(Duration::from_micros(1));
}

#[test]
fn a_section_that_c_opened_is_watched() {
    let watch = watch();
    let seen = violations(|| {
        // SAFETY: the text is a literal.
        unsafe { nonblock_start_at(c"driver.c".as_ptr(), 12) };
        sleep();
        // SAFETY: as above.
        unsafe { nonblock_end_at(c"driver.c".as_ptr(), 14) };
    });
    drop(watch);
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(violation.kind(), ViolationKind::SyscallInNonBlock);
    assert_eq!(violation.place().to_string(), "driver.c:12");
    let system_call = violation.observation().and_then(Observation::system_call);
    assert_eq!(system_call, Some("clock_nanosleep"));
}

/// A panic must not unwind through C.
#[test]
fn what_is_seen_in_a_section_of_c_aborts_where_the_policy_is_to_panic() {
    let name = "what_is_seen_in_a_section_of_c_aborts_where_the_policy_is_to_panic";
    let output = process::own(name, &[], || {
        set_policy(Policy::Panic);
        let _watch = watch();
        nonblock_start();
        sleep();
        // SAFETY: the text is a literal.
        unsafe { nonblock_end_at(c"driver.c".as_ptr(), 14) };
        unreachable!("it aborts");
    });
    assert_eq!(output.status.signal(), Some(nix::libc::SIGABRT), "{output:#?}");
    assert!(
        output.stderr.contains("BUG: blocking system call from invalid context"),
        "{output:#?}"
    );
}

#[non_block]
fn callback() {
    sleep();
}

#[test]
fn a_function_under_the_attribute_is_watched() {
    let watch = watch();
    let seen = violations(callback);
    drop(watch);
    let [violation] = &seen[..] else { panic!("{seen:?}") };
    let frame = violation.observation().and_then(Observation::user_frame);
    assert!(frame.is_some_and(|frame| frame.function().is_some_and(|f| f.ends_with("::sleep"))));
}
