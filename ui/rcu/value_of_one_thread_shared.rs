//! Readers on several threads share the value, so it must allow that.

use std::cell::Cell;
use std::sync::Arc;

use nonblock::rcu::Rcu;

fn main() {
    let limit = Arc::new(Rcu::new(Cell::new(10)));
    nonblock::thread::spawn(move |_cx| limit.read().set(20));
}
