//! Law 3: a future that captured the token holds it borrowed, so no section can poll it.

use std::pin::pin;
use std::task::{Context, Waker};

use nonblock::Sleepable;

fn flush(_cx: &mut Sleepable) {}

fn run(cx: &mut Sleepable) {
    let mut task = pin!(async { flush(cx) });
    cx.non_block(|_| task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

fn main() {}
