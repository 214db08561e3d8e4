//! Law 3: what reads files may sleep.

use nonblock::{NonBlock, thread};

fn shards(nb: &mut NonBlock) -> usize {
    thread::available_parallelism(nb).map_or(1, usize::from)
}

fn main() {}
