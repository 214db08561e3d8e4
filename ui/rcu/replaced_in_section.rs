//! Replacing a value may sleep: a section has no token for it.

use nonblock::rcu::Rcu;

fn main() {
    let limit = Rcu::new(10);
    nonblock::sleepable(|cx| {
        cx.non_block(|nb| limit.replace(nb, 20));
    });
}
