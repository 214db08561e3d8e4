//! Polls can be sections where there is a body.

use nonblock::non_block;

#[non_block]
#[allow(async_fn_in_trait)]
pub trait Source {
    async fn next(&self) -> u32;
}

fn main() {}
