//! Law 1: a token is no unit struct that can be written down.

use nonblock::NonBlock;

fn main() {
    let _nb = NonBlock;
}
