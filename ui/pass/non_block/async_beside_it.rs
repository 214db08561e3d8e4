//! An `async` block in a section is a value like any other; it is awaited elsewhere.
#![deny(warnings)]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use nonblock::non_block;

#[non_block]
fn prepare(value: u32) -> impl Future<Output = u32> {
    async move { std::future::ready(value).await + 1 }
}

async fn run() -> u32 {
    prepare(1).await
}

fn main() {
    let poll = pin!(run()).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll, Poll::Ready(2));
}
