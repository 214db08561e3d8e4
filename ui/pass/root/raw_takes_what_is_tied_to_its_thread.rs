//! The roots of `raw` take captures that are tied to their thread.
#![deny(warnings)]

use std::cell::Cell;
use std::rc::Rc;

use nonblock::raw;

fn main() {
    let calls = Rc::new(Cell::new(0));
    raw::sleepable(|_cx| calls.set(calls.get() + 1));
    raw::non_block(|_nb| {
        calls.set(calls.get() + 1);
        raw::permit_sleep("it is a test", |_cx| calls.set(calls.get() + 1));
    });
    assert_eq!(calls.get(), 3);
}
