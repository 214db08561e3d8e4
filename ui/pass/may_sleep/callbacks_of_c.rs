//! Callbacks that C code calls: they bind the token, since C has none to lend.
#![deny(warnings)]

use std::ffi::{c_int, c_void};

use nonblock::{Sleepable, may_sleep};

fn flush(_cx: &mut Sleepable, number: c_int) -> c_int {
    number
}

#[may_sleep(cx)]
extern "C" fn compare(left: *const c_void, right: *const c_void) -> c_int {
    // SAFETY: the pointers are those of elements of the array below.
    let (left, right) = unsafe { (*left.cast::<c_int>(), *right.cast::<c_int>()) };
    flush(cx, left) - flush(cx, right)
}

unsafe extern "C" {
    fn qsort(
        base: *mut c_void,
        count: usize,
        size: usize,
        compare: extern "C" fn(*const c_void, *const c_void) -> c_int,
    );
}

fn main() {
    let mut numbers: [c_int; 3] = [3, 1, 2];
    // SAFETY: the array has three elements of that size, and is not touched meanwhile.
    unsafe { qsort(numbers.as_mut_ptr().cast(), 3, size_of::<c_int>(), compare) };
    assert_eq!(numbers, [1, 2, 3]);
}
