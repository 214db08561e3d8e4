//! Law 2: a section's token is no right to sleep.

use nonblock::{Sleepable, non_block};

fn flush(_cx: &mut Sleepable) {}

fn main() {
    non_block(|nb| flush(nb));
}
