//! A foreign function gets the attribute from its block: alone, it would pass the token on to C.

use std::ffi::c_int;

use nonblock::{NonBlock, non_block};

unsafe extern "C" {
    #[non_block]
    fn abs(nb: &NonBlock, value: c_int) -> c_int;
}

fn main() {}
