//! Law 4: a permit cannot use what a spin lock guards: its waiters cannot wait for a sleeper.

use nonblock::{NonBlock, Sleepable, permit_sleep, sync::SpinLock};

fn read(_cx: &mut Sleepable) -> u64 {
    7
}

fn fill(blocks: &SpinLock<Vec<u64>>, nb: &NonBlock) {
    let mut blocks = blocks.lock(nb);
    permit_sleep("reading is quick", |cx| blocks.push(read(cx)));
}

fn main() {}
