//! A foreign function gets the attribute from its block, and with it the token.

use std::ffi::c_int;

use nonblock::may_sleep;

unsafe extern "C" {
    #[may_sleep]
    fn abs(value: c_int) -> c_int;
}

fn main() {}
