//! What has a visibility and no body is foreign, and its attribute goes on the block.

use std::ffi::c_int;

use nonblock::may_sleep;

unsafe extern "C" {
    #[may_sleep]
    pub fn abs(value: c_int) -> c_int;
}

fn main() {}
