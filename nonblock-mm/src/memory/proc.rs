//! What the kernel says of this process's memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use super::error::ResidentError;
use crate::mmu::Range;

/// An entry of the page map: 64 bits for each page of the address space (`Documentation/admin-guide/mm/pagemap.rst`).
const ENTRY: usize = 8;
/// The bit of an entry that says that the page is in memory.
const PRESENT: u64 = 1 << 63;

const PAGE_MAP: &str = "/proc/self/pagemap";

/// Returns how many bytes of the range are in memory. Pages in swap are not.
pub(super) fn resident(range: &Range) -> Result<usize, ResidentError> {
    let failed = |error: std::io::Error| ResidentError::new(PAGE_MAP, &error);
    let page = rustix::param::page_size();
    let map = File::open(PAGE_MAP).map_err(failed)?;
    let mut left = range.len() / page;
    let mut place = (range.start() / page * ENTRY) as u64;
    let mut present = 0;
    let mut buffer = [0; 512 * ENTRY];
    while left > 0 {
        let entries = &mut buffer[..ENTRY * left.min(512)];
        map.read_exact_at(entries, place).map_err(failed)?;
        let (entries, _) = entries.as_chunks::<ENTRY>();
        present +=
            entries.iter().filter(|entry| u64::from_ne_bytes(**entry) & PRESENT != 0).count();
        left -= entries.len();
        place += (entries.len() * ENTRY) as u64;
    }
    Ok(present * page)
}

/// Returns how much memory the machine has, with its swap, in bytes; nothing where the kernel does not say.
pub(super) fn memory() -> Option<usize> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    Some(kilobytes(&text, "MemTotal:")?.saturating_add(kilobytes(&text, "SwapTotal:")?))
}

/// Reads a line such as `MemTotal:  24682956 kB`.
fn kilobytes(text: &str, name: &str) -> Option<usize> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}
