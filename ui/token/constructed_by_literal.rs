//! Law 1: nobody outside the crate makes a token.

use nonblock::Sleepable;

fn main() {
    let _cx = Sleepable { _lent: [] };
}
