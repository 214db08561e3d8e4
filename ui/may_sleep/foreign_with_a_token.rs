//! A foreign function knows nothing of tokens; its wrapper takes one.

use nonblock::{Sleepable, may_sleep};

#[may_sleep]
unsafe extern "C" {
    fn sync(cx: &mut Sleepable);
}

fn main() {}
