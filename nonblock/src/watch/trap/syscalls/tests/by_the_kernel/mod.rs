//! Rules tried on the kernel itself: the call that is said not to block is made and returns, and its twin, made where nothing
//! is there for it, sleeps.

mod descriptors;
mod ipc;
mod processes;
mod sockets;
mod waiting;

use super::blocked_thread::{Outcome, try_call};
use super::real::kernel;
use crate::watch::trap::syscalls::classify::classify;

/// A number of libc's or a descriptor as an argument.
macro_rules! arg {
    ($value:expr) => {
        isize::try_from($value).expect("an argument").cast_unsigned()
    };
}

/// The address of a value as an argument.
macro_rules! address {
    ($value:expr) => {
        (&raw const $value).expose_provenance()
    };
}

use {address, arg};

/// Asserts that a call is said to block, and does.
///
/// # Safety
///
/// As for [`try_call`].
#[track_caller]
unsafe fn assert_blocks(number: libc::c_long, arguments: &[usize]) {
    let (number, arguments) = (arg!(number), six(arguments));
    let verdict = classify(number, &arguments, &kernel());
    assert!(verdict.may_block, "{}: {}", verdict.call.name, verdict.why);
    // SAFETY: the caller vouches for the pointers.
    let outcome = unsafe { try_call(number, arguments) };
    assert_eq!(outcome, Outcome::Blocked, "{}", verdict.call.name);
}

/// Asserts that a call is said not to block, and returns this where its twin would block.
///
/// # Safety
///
/// As for [`try_call`].
#[track_caller]
unsafe fn assert_returns(number: libc::c_long, arguments: &[usize], expected: isize) {
    let (number, arguments) = (arg!(number), six(arguments));
    let verdict = classify(number, &arguments, &kernel());
    assert!(!verdict.may_block, "{}: {}", verdict.call.name, verdict.why);
    // SAFETY: the caller vouches for the pointers.
    let outcome = unsafe { try_call(number, arguments) };
    assert_eq!(outcome, Outcome::Returned(expected), "{}", verdict.call.name);
}

fn six(given: &[usize]) -> [usize; 6] {
    let mut arguments = [0; 6];
    arguments[..given.len()].copy_from_slice(given);
    arguments
}

/// An error as the kernel returns it.
fn error(number: i32) -> isize {
    -isize::try_from(number).expect("an error")
}
