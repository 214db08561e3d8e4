//! A section cannot be left at an `.await` and come back to.

use nonblock::non_block;

#[non_block]
fn count() -> u32 {
    std::future::ready(1).await
}

fn main() {
    count();
}
