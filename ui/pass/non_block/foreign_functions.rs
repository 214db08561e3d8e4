//! Foreign functions that run in a section, and keep what they were declared with.
#![deny(warnings)]

use std::ffi::c_int;

use nonblock::non_block;

#[non_block]
unsafe extern "C" {
    /// The absolute value.
    pub safe fn abs(value: c_int) -> c_int;

    #[link_name = "labs"]
    fn long(value: std::ffi::c_long) -> std::ffi::c_long;
}

fn main() {
    assert_eq!(abs(-3), 3);
    // SAFETY: the value is not the smallest one.
    assert_eq!(unsafe { long(-4) }, 4);
}
