//! A function whose body is a section keeps its qualifiers, its other attributes and its patterns.
#![deny(warnings, missing_docs)]

use std::panic::Location;

use nonblock::{non_block, raw};

/// Counts.
///
/// # Safety
///
/// None.
#[non_block]
pub unsafe fn marked() -> u32 {
    1
}

/// Says where it was called.
#[must_use]
#[track_caller]
#[inline(always)]
#[non_block]
pub fn tracked() -> u32 {
    Location::caller().line()
}

#[non_block]
#[cfg(any())]
fn left_out(no_such_type: Nowhere) {}

#[cfg_attr(all(), non_block)]
#[allow(unused_variables, reason = "it is a test")]
#[cold]
fn many(a: u8, b: u8) -> u8 {
    a
}

#[non_block]
extern "C" fn with_an_abi(n: u32) -> u32 {
    n + raw::depth()
}

#[non_block]
fn never() -> ! {
    std::process::exit(0)
}

struct Point {
    x: u32,
    y: u32,
}

#[non_block]
fn patterns(
    (a, mut b): (u32, u32),
    [first, .., last]: [u32; 3],
    Point { x, y: ref renamed }: Point,
    &reference: &u32,
    _: u32,
) -> u32 {
    #![allow(clippy::let_and_return)]
    b += 1;
    let sum = a + b + first + last + x + renamed + reference;
    sum
}

fn main() {
    let one = u32::from(cfg!(debug_assertions));
    // SAFETY: it asks for nothing.
    assert_eq!(unsafe { marked() }, 1);
    assert_eq!(tracked(), line!());
    assert_eq!(many(1, 2), 1);
    let callback: extern "C" fn(u32) -> u32 = with_an_abi;
    assert_eq!(callback(2), 2 + one);
    assert_eq!(patterns((1, 2), [3, 4, 5], Point { x: 6, y: 7 }, &8, 9), 33);
    never()
}
