//! Law 3: a section borrows the token that it was opened by.

use nonblock::{Reserve, Sleepable};

fn prepare(spare: &Reserve<u64>, cx: &mut Sleepable) -> u64 {
    cx.non_block(|_nb| {
        let Ok(taken) = spare.take_from(cx);
        *taken
    })
}

fn main() {}
