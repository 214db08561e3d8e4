//! Law 2: waiting for a value takes the right to sleep.

use nonblock::sync::channel::Receiver;

fn next(faults: &Receiver<u64>) -> Option<u64> {
    faults.recv().ok()
}

fn main() {}
