//! Law 3: a wait is a wait, however short.

use std::time::Duration;

use nonblock::{NonBlock, sync::channel::Receiver};

fn next(faults: &Receiver<u64>, nb: &mut NonBlock) -> Option<u64> {
    faults.recv_timeout(nb, Duration::from_millis(1)).ok()
}

fn main() {}
