//! A guard borrows what it reads from.

use nonblock::rcu::Rcu;

fn main() {
    let limit = Rcu::new(10);
    let guard = limit.read();
    drop(limit);
    assert_eq!(*guard, 10);
}
