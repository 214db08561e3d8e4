//! Law 5: only the two tokens are a `Context`.

use std::convert::Infallible;

use nonblock::{Context, NonBlock, Sleepable};

struct Pretender;

impl Context for Pretender {
    type Refusal = Infallible;

    fn non_block<R>(&mut self, _f: impl FnOnce(&mut NonBlock) -> R) -> R {
        loop {}
    }

    fn or_refuse(&mut self) -> Result<&mut Sleepable, Infallible> {
        loop {}
    }
}

fn main() {}
