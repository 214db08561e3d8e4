//! Law 3: a section cannot wait for room in a channel; it can only try.

use nonblock::{NonBlock, sync::channel::Sender};

fn report(faults: &Sender<u64>, nb: &mut NonBlock) {
    let _ = faults.send(nb, 4096);
}

fn main() {}
