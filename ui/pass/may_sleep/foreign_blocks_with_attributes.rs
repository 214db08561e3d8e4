//! A foreign block keeps its attributes, and each function its own: documentation, `cfg`, `must_use`, `link_name`.
#![deny(warnings, missing_docs)]

use std::ffi::{c_int, c_long, c_uint};

use nonblock::{may_sleep, sleepable};

/// What the C library has.
pub mod libc {
    use super::*;

    #[may_sleep]
    #[allow(clippy::missing_safety_doc)]
    unsafe extern "C" {
        /// Waits.
        ///
        /// # Safety
        ///
        /// The time is below a second.
        #[must_use = "it may have been interrupted"]
        pub unsafe fn usleep(microseconds: c_uint) -> c_int;

        #[cfg(any())]
        pub fn no_such_function();

        /// The absolute value.
        #[cfg_attr(all(), link_name = "labs")]
        pub safe fn absolute(value: c_long) -> c_long;

        /// As `absolute`.
        #[deprecated = "it is here for the attribute"]
        pub safe fn abs(value: c_int) -> c_int;
    }
}

fn main() {
    sleepable(|cx| {
        // SAFETY: the time is below a second.
        assert_eq!(unsafe { libc::usleep(cx, 1) }, 0);
        assert_eq!(libc::absolute(cx, -5), 5);
        #[allow(deprecated)]
        let three = libc::abs(cx, -3);
        assert_eq!(three, 3);
    });
}
