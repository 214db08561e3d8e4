//! Law 2: what may sleep takes the token.

use nonblock::Reserve;

fn replace(spare: &Reserve<u64>) {
    let made = spare.refill();
    assert_eq!(made, 1);
}

fn main() {}
