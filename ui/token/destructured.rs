//! Law 1: a token is opaque; no pattern takes it apart.

use nonblock::NonBlock;

fn open(nb: &NonBlock) {
    let NonBlock { _lent } = nb;
}

fn main() {}
