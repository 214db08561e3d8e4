//! A guard borrows the token that its lock was taken with: `SpinLockGuard::parts` lends another.

use nonblock::sync::SpinLock;
use nonblock::{NonBlock, non_block};

fn write(_sink: &u32, _nb: &mut NonBlock) {}

fn main() {
    let sinks = SpinLock::new(vec![1, 2]);
    non_block(|nb| {
        for sink in sinks.lock(nb).iter() {
            write(sink, nb);
        }
    });
}
