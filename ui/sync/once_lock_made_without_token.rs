//! Law 2: making a value that others may be making takes the right to sleep.

use nonblock::sync::OnceLock;

fn firmware(cell: &OnceLock<Vec<u8>>) -> usize {
    cell.get_or_init(|| vec![]).len()
}

fn main() {}
