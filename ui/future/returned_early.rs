//! What a function returns by `return` is not wrapped.

use nonblock::non_block;

async fn even() {}

#[non_block]
fn next(number: u32) -> impl Future<Output = ()> {
    if number % 2 == 0 {
        return even();
    }
    even()
}

fn main() {
    let _task = next(1);
}
