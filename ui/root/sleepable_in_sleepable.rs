//! Law 3: a root around a token in scope would lend a second right to sleep.

use nonblock::{Sleepable, sleepable};

fn flush(_cx: &mut Sleepable) {}

fn main() {
    sleepable(|a| sleepable(|b| a.non_block(|_| flush(b))));
}
