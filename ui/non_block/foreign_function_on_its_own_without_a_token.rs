//! A foreign function gets the attribute from its block, and with it the section.

use std::ffi::c_int;

use nonblock::non_block;

unsafe extern "C" {
    #[non_block]
    fn abs(value: c_int) -> c_int;
}

fn main() {}
