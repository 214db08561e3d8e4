//! Law 2: a loop over what is to come waits for it: `faults.iter(cx)`, or `try_iter()` for what is there.

use nonblock::sync::channel::Receiver;

fn sum(faults: &Receiver<u64>) -> u64 {
    let mut sum = 0;
    for fault in faults {
        sum += fault;
    }
    sum
}

fn main() {}
