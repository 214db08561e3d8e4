//! Law 3: a section cannot wait for values one by one either; `try_iter` does not wait.

use nonblock::{NonBlock, sync::channel::Receiver};

fn sum(faults: &Receiver<u64>, nb: &mut NonBlock) -> u64 {
    faults.iter(nb).sum()
}

fn main() {}
