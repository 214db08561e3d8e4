//! The attribute is for what can be called.

use nonblock::may_sleep;

#[may_sleep]
struct Disk;

fn main() {
    let _disk = Disk;
}
