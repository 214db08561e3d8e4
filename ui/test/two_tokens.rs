//! Law 3: nobody holds both tokens, tests neither.

use nonblock::{NonBlock, Sleepable};

#[nonblock::test]
fn flushes(_cx: &mut Sleepable, _nb: &NonBlock) {}

fn main() {}
