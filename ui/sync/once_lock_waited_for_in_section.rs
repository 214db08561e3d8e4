//! Law 3: a section cannot wait for a value; it can only look.

use nonblock::{NonBlock, sync::OnceLock};

fn firmware(cell: &OnceLock<Vec<u8>>, nb: &mut NonBlock) -> usize {
    cell.wait(nb).len()
}

fn main() {}
