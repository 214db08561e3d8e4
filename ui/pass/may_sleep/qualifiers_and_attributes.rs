//! A function keeps its qualifiers and its other attributes.
#![deny(warnings, missing_docs)]

use std::panic::Location;

use nonblock::{Sleepable, may_sleep, sleepable};

/// Waits.
///
/// # Safety
///
/// None.
#[may_sleep]
pub unsafe fn marked(_cx: &mut Sleepable) -> u32 {
    1
}

/// Says where it was called.
#[must_use]
#[track_caller]
#[inline(always)]
#[may_sleep]
pub fn tracked(_cx: &mut Sleepable) -> u32 {
    Location::caller().line()
}

#[may_sleep]
#[cfg(any())]
fn left_out(no_such_type: Nowhere) {}

#[cfg_attr(all(), may_sleep)]
#[allow(unused_variables, reason = "it is a test")]
#[allow(clippy::too_many_arguments)]
fn many(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, cx: &mut Sleepable) -> u8 {
    a
}

#[may_sleep]
extern "C" fn with_an_abi(_cx: &mut Sleepable) -> u32 {
    2
}

#[may_sleep]
fn never(_cx: &mut Sleepable) -> ! {
    std::process::exit(0)
}

#[may_sleep]
fn patterns((a, b): (u32, u32), [first, ..]: [u32; 3], _: u32, cx: &mut Sleepable) -> u32 {
    #![allow(clippy::let_and_return)]
    let sum = a + b + first;
    let _ = cx;
    sum
}

fn main() {
    sleepable(|cx| {
        // SAFETY: it asks for nothing.
        assert_eq!(unsafe { marked(cx) }, 1);
        assert_eq!(tracked(cx), line!());
        assert_eq!(many(1, 2, 3, 4, 5, 6, 7, cx), 1);
        assert_eq!(with_an_abi(cx), 2);
        assert_eq!(patterns((1, 2), [3, 4, 5], 6, cx), 6);
        never(cx)
    });
}
