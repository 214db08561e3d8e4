//! Waiting for readers sleeps: the outer token is borrowed by the section.

use nonblock::rcu::Rcu;

fn main() {
    let limit = Rcu::new(10);
    nonblock::sleepable(|cx| {
        cx.non_block(|_nb| limit.synchronize(cx));
    });
}
