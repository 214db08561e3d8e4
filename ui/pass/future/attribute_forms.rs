//! `#[non_block]` on functions that return futures: each poll is a section.
#![deny(warnings)]

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use nonblock::non_block;

#[non_block]
async fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    std::future::ready(()).await;
    let number = text.parse::<u32>()?;
    if number > 10 {
        return Ok(10);
    }
    Ok(number)
}

#[non_block]
fn opaque(number: &u32) -> impl Future<Output = u32> {
    async move { *number }
}

struct Service;

impl Service {
    #[non_block]
    fn call(&self, number: u32) -> Pin<Box<dyn Future<Output = u32> + Send + '_>> {
        Box::pin(async move { number })
    }
}

fn main() {
    let task = async {
        parse("7").await.unwrap() + opaque(&1).await + Service.call(2).await
    };
    assert_eq!(pin!(task).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(10));
}
