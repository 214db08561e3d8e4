//! The attribute wraps the future in a box that it can see.

use std::pin::Pin;

use nonblock::non_block;

fn boxed() -> Pin<Box<dyn Future<Output = u32>>> {
    Box::pin(async { 1 })
}

#[non_block]
fn next() -> Pin<Box<dyn Future<Output = u32>>> {
    boxed()
}

fn main() {
    let _task = next();
}
