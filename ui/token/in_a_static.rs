//! Law 1: a token cannot wait in a static.

use std::sync::OnceLock;

use nonblock::NonBlock;

static TOKEN: OnceLock<&'static NonBlock> = OnceLock::new();

fn main() {
    assert!(TOKEN.get().is_none());
}
