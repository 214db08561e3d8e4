//! What is read never changes: another value takes its place.

use nonblock::rcu::Rcu;

fn main() {
    let limit = Rcu::new(10);
    *limit.read() = 20;
}
