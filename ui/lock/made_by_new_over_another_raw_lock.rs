//! `new` makes a lock over the default raw lock; `with_raw` one over another.

use nonblock::sync::{Mutex, RawSpin};

fn main() {
    let _table: Mutex<u32, RawSpin> = Mutex::new(0);
}
