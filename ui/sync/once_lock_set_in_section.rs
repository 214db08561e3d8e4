//! Law 3: a section sets a value by trying.

use nonblock::{NonBlock, sync::OnceLock};

fn firmware(cell: &OnceLock<Vec<u8>>, nb: &mut NonBlock) {
    let _ = cell.set(nb, vec![]);
}

fn main() {}
