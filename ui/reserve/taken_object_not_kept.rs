//! An object that is not kept is given back at once.
#![deny(unused_must_use)]

use nonblock::Reserve;

fn prepare(spare: &Reserve<u64>) {
    spare.take();
}

fn main() {}
