//! A lock can be shared between threads only if its value can be sent between them.

use std::ptr;

use nonblock::sync::Mutex;

static SHARED: Mutex<*const u8> = Mutex::new(ptr::null());

fn main() {
    assert!(!SHARED.is_locked());
}
