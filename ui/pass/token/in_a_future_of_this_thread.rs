//! A future may borrow a token as long as it stays in the token's scope.
#![deny(warnings)]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use nonblock::{Sleepable, sleepable};

async fn flush(cx: &mut Sleepable, blocks: u32) -> u32 {
    std::future::ready(()).await;
    cx.non_block(|_nb| blocks)
}

fn main() {
    sleepable(|cx| {
        let poll = pin!(flush(cx, 3)).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll, Poll::Ready(3));
        cx.non_block(|_nb| ());
    });
}
