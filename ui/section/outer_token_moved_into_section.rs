//! Law 3: `move` does not bring the token into its own section either.

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    cx.non_block(move |_| flush(cx));
}

fn main() {}
