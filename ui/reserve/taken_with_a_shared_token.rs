//! Law 2: to wait takes the token exclusively.

use nonblock::{Reserve, Sleepable};

fn prepare(spare: &Reserve<u64>, cx: &Sleepable) -> u64 {
    let Ok(taken) = spare.take_from(cx);
    *taken
}

fn main() {}
