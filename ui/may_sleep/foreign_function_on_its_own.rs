//! A foreign function gets the attribute from its block: alone, it would pass the token on to C.

use std::ffi::c_int;

use nonblock::{Sleepable, may_sleep};

unsafe extern "C" {
    #[may_sleep]
    fn abs(cx: &mut Sleepable, value: c_int) -> c_int;
}

fn main() {}
