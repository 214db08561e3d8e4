//! Tests of who waits for whom: what is reported at the first run, and what is silent.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nonblock::testing::violations;
use nonblock::{Sleepable, Violation, ViolationKind, raw};

/// Runs what is to be reported once, before it waits. A thread that would wait for itself ends there.
///
/// # Context
///
/// May sleep.
///
/// # Panics
///
/// If there was no violation, or there were several.
#[track_caller]
pub fn reported(f: impl FnOnce(&mut Sleepable)) -> Violation {
    let found = recorded(f);
    let [violation] = found.as_slice() else {
        panic!("expected one violation: {}", texts(&found));
    };
    violation.clone()
}

/// As [`reported`], for waits that close a circle.
///
/// # Context
///
/// May sleep.
///
/// # Panics
///
/// If that was not reported, or more was.
#[track_caller]
pub fn circle(f: impl FnOnce(&mut Sleepable)) -> Violation {
    let violation = reported(f);
    assert_eq!(violation.kind(), ViolationKind::CircularWait, "{violation}");
    violation
}

/// As [`reported`], for a thread that would wait for itself.
///
/// # Context
///
/// May sleep.
///
/// # Panics
///
/// If that was not reported, or more was.
#[track_caller]
pub fn waits_for_itself(f: impl FnOnce(&mut Sleepable)) -> Violation {
    let violation = reported(f);
    assert_eq!(violation.kind(), ViolationKind::WaitForItself, "{violation}");
    violation
}

/// Runs what is to be silent.
///
/// # Context
///
/// May sleep.
///
/// # Panics
///
/// If there was a violation.
#[track_caller]
pub fn silent(f: impl FnOnce(&mut Sleepable)) {
    let found = recorded(f);
    assert!(found.is_empty(), "expected nothing: {}", texts(&found));
}

/// Runs what may be reported, and returns all that was. Its own panics end it.
///
/// # Context
///
/// May sleep.
pub fn recorded(f: impl FnOnce(&mut Sleepable)) -> Vec<Violation> {
    let mut panicked = None;
    let found = violations(|| {
        // Not caught around the record: a panic would lose what was found.
        panicked = catch_unwind(AssertUnwindSafe(|| raw::sleepable(f))).err();
    });
    if let Some(payload) = panicked.filter(|payload| is_of_the_test(payload.as_ref())) {
        eprintln!("{}", texts(&found));
        std::panic::resume_unwind(payload);
    }
    found
}

/// Runs it on a thread of its own, to its end.
///
/// # Context
///
/// May sleep.
///
/// # Panics
///
/// If it does.
#[track_caller]
pub fn on_a_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    let ended = std::thread::scope(|scope| scope.spawn(f).join());
    ended.unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}

/// Whether it is a panic with a message. A thread that would wait for itself ends without one.
fn is_of_the_test(payload: &(dyn std::any::Any + Send)) -> bool {
    payload.is::<&str>() || payload.is::<String>()
}

fn texts(found: &[Violation]) -> String {
    let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
    texts.join("\n\n")
}
