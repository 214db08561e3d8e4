//! What was taken is given back, so the reserve must still be there.

use nonblock::Reserve;

fn main() {
    let spare = Reserve::with_capacity(1, || 0);
    let taken = spare.take();
    drop(spare);
    assert!(taken.is_some());
}
