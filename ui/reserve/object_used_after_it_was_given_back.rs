//! What was given back is another's.

use nonblock::Reserve;

fn main() {
    let spare = Reserve::with_capacity(1, || 0);
    let mut taken = spare.take().expect("one is set aside");
    drop(taken);
    *taken = 1;
}
