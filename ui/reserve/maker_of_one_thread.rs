//! Any thread may refill a reserve, so what makes its objects captures only what threads can share.

use std::cell::Cell;

use nonblock::Reserve;

fn numbered(last: &'static Cell<u64>) -> Reserve<u64> {
    Reserve::with_capacity(4, || last.replace(last.get() + 1))
}

fn main() {}
