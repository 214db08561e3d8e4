//! Law 3: calling a blocking chain may sleep.

use nonblock::NonBlock;
use nonblock::notifier::{BlockingChain, Outcome};

fn tell(chain: &BlockingChain<u32>, nb: &mut NonBlock) -> Outcome {
    chain.call(&1, nb)
}

fn main() {}
