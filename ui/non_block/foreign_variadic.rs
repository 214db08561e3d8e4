//! Rust cannot pass `...` on, so a variadic function has no wrapper.

use std::ffi::{c_char, c_int};

use nonblock::non_block;

#[non_block]
unsafe extern "C" {
    fn snprintf(buffer: *mut c_char, size: usize, format: *const c_char, ...) -> c_int;
}

fn main() {}
