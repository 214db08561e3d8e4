//! A wrapper keeps the safety of its function.

use std::ffi::c_uint;

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
unsafe extern "C" {
    fn sleep(seconds: c_uint) -> c_uint;
}

fn doze(cx: &mut Sleepable) -> c_uint {
    sleep(cx, 1)
}

fn main() {}
