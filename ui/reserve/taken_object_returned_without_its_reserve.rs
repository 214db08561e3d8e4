//! What was taken is given back, so it cannot leave the function that owns the reserve.

use nonblock::{Reserve, Reserved};

fn spare() -> Option<Reserved<'static, u64>> {
    let spare = Reserve::with_capacity(1, || 0);
    spare.take()
}

fn main() {}
