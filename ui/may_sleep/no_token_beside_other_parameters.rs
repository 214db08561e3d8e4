//! A function that may sleep takes a token, and a parameter of another type is none.

use nonblock::may_sleep;

struct Disk;

#[may_sleep]
fn flush<const N: usize>(disk: &mut Disk, blocks: [u64; N]) -> bool {
    let _ = disk;
    blocks.is_empty()
}

fn main() {}
