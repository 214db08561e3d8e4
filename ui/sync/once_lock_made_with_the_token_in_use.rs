//! Law 2: the closure that makes the value is lent the token; it does not take the one outside.

use nonblock::{Sleepable, sync::OnceLock};

fn load(_cx: &mut Sleepable) -> Vec<u8> {
    vec![]
}

fn firmware(cell: &OnceLock<Vec<u8>>, cx: &mut Sleepable) -> usize {
    cell.get_or_init(cx, |_| load(cx)).len()
}

fn main() {}
