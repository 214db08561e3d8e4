//! An `async fn` is left at every `.await`, and a section cannot be.

use nonblock::non_block;

#[non_block]
async fn count() {}

fn main() {
    let _task = count();
}
