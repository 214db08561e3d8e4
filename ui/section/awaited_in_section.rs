//! Law 3: a section cannot be left and come back to, so nothing is awaited in it.

use nonblock::Sleepable;

async fn run(cx: &mut Sleepable) {
    cx.non_block(|_| std::future::ready(()).await);
}

fn main() {}
