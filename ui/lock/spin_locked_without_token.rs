//! Law 4: taking a spin lock takes the proof of a section.

use nonblock::sync::SpinLock;

fn count(hits: &SpinLock<u32>) {
    *hits.lock() += 1;
}

fn main() {}
