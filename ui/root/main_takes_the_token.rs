//! Nobody lends `main` a token: it begins with a root, or has one bound.

use nonblock::Sleepable;

fn main(cx: &mut Sleepable) {
    cx.non_block(|_| ());
}
