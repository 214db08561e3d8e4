//! A guard stays on its thread, which must not wait for readers meanwhile.

use nonblock::rcu::Rcu;

fn spawn<F: FnOnce() + Send>(_f: F) {}

fn main() {
    let limit = Rcu::new(10);
    let guard = limit.read();
    spawn(move || assert_eq!(*guard, 10));
}
