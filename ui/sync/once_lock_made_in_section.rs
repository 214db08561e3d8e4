//! Law 3: a section cannot wait for a value that another makes; it can only look.

use nonblock::{NonBlock, sync::OnceLock};

fn firmware(cell: &OnceLock<Vec<u8>>, nb: &mut NonBlock) -> usize {
    cell.get_or_init(nb, |_| vec![]).len()
}

fn main() {}
