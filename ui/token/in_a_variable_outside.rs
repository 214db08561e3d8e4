//! Law 1: a token cannot be stored outside its closure.

use nonblock::NonBlock;

fn main() {
    let mut kept: Option<&NonBlock> = None;
    nonblock::raw::non_block(|nb| kept = Some(nb));
    assert!(kept.is_some());
}
