//! Law 2: waiting for room in a channel takes the right to sleep, before the value.

use nonblock::sync::channel::Sender;

fn report(faults: &Sender<u64>) {
    let _ = faults.send(4096);
}

fn main() {}
