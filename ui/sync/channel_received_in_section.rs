//! Law 3: a section cannot wait for a value; it can only try.

use nonblock::{NonBlock, sync::channel::Receiver};

fn next(faults: &Receiver<u64>, nb: &mut NonBlock) -> Option<u64> {
    faults.recv(nb).ok()
}

fn main() {}
