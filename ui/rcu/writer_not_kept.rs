//! A writer that is not kept lets the next writer in at once.

#![deny(unused_must_use)]

use nonblock::rcu::Rcu;

fn main() {
    let limit = Rcu::new(10);
    nonblock::sleepable(|cx| {
        limit.write(cx);
    });
}
