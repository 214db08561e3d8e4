//! A guard that is not kept pins nothing.

#![deny(unused_must_use)]

use nonblock::rcu::Rcu;

fn main() {
    let limit = Rcu::new(10);
    limit.read();
}
