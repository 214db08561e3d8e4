//! Replacing a value takes the token first.

use nonblock::rcu::Rcu;

fn main() {
    let limit = Rcu::new(10);
    limit.replace(20);
}
