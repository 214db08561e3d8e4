//! A token bound in functions whose signature is somebody else's.
#![deny(warnings)]

use std::fmt;

use nonblock::{Sleepable, may_sleep};

fn wait(_cx: &mut Sleepable) -> u32 {
    1
}

struct Fence;

impl fmt::Display for Fence {
    #[may_sleep(cx)]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if wait(cx) == 0 {
            return Err(fmt::Error);
        }
        write!(f, "fence {}", wait(cx))
    }
}

impl Drop for Fence {
    #[may_sleep(cx)]
    fn drop(&mut self) {
        wait(cx);
    }
}

#[may_sleep(token)]
extern "C" fn callback(value: u32) -> u32 {
    value + wait(token)
}

#[may_sleep(_cx)]
fn unused() -> u32 {
    2
}

#[may_sleep(cx)]
fn opens_a_section() -> u32 {
    let inside = cx.non_block(|_nb| 3);
    inside + wait(cx)
}

fn main() {
    assert_eq!(Fence.to_string(), "fence 1");
    let called: extern "C" fn(u32) -> u32 = callback;
    assert_eq!((called(1), unused(), opens_a_section()), (2, 2, 4));
}
