//! Foreign functions take the token first, and keep what they were declared with.
#![deny(warnings)]

use std::ffi::{c_int, c_uint};

use nonblock::{may_sleep, sleepable};

#[may_sleep]
unsafe extern "C" {
    /// Waits for a time that is short.
    pub fn usleep(microseconds: c_uint) -> c_int;

    #[link_name = "abs"]
    safe fn absolute(_: c_int) -> c_int;

    #[may_sleep(skip)]
    safe fn labs(value: std::ffi::c_long) -> std::ffi::c_long;
}

fn main() {
    sleepable(|cx| {
        // SAFETY: any number of microseconds below a second is allowed.
        assert_eq!(unsafe { usleep(cx, 1) }, 0);
        assert_eq!(absolute(cx, -3), 3);
        assert_eq!(labs(-4), 4);
    });
}
