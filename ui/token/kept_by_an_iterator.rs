//! Law 1: a lazy iterator cannot carry a token out of its scope.

use nonblock::Sleepable;

fn read(_cx: &mut Sleepable, block: u64) -> u64 {
    block
}

fn main() {
    let blocks = nonblock::sleepable(|cx| (0..4).map(move |block| read(cx, block)));
    assert_eq!(blocks.count(), 4);
}
