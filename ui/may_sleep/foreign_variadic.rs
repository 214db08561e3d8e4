//! Rust cannot pass `...` on, so a variadic function has no wrapper.

use std::ffi::{c_char, c_int};

use nonblock::may_sleep;

#[may_sleep]
unsafe extern "C" {
    fn printf(format: *const c_char, ...) -> c_int;
}

fn main() {}
