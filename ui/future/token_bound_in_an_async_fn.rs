//! A section ends at each `.await`, so its token cannot be kept across one.

use nonblock::non_block;

#[non_block(nb)]
async fn count() {
    let _ = nb;
}

fn main() {}
