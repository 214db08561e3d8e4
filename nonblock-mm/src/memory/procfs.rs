//! What `/proc` tells about this process's memory and the machine's.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use super::error::ResidentError;
use crate::mmu::Range;

/// The size in bytes of an entry of the page map, which has one for each page of the address space
/// (`Documentation/admin-guide/mm/pagemap.rst`).
const ENTRY: usize = 8;
/// The bit of an entry that is set if the page is in memory.
const PRESENT: u64 = 1 << 63;

const PAGE_MAP: &str = "/proc/self/pagemap";

/// Returns how many bytes of the range are in memory. Pages in swap do not count.
pub(super) fn resident(range: &Range) -> Result<usize, ResidentError> {
    let failed = |error: std::io::Error| ResidentError::new(PAGE_MAP, &error);
    let page_size = rustix::param::page_size();
    let page_map = File::open(PAGE_MAP).map_err(failed)?;
    let mut left = range.len() / page_size;
    let mut offset = (range.start() / page_size * ENTRY) as u64;
    let mut present = 0;
    let mut buffer = [0; 512 * ENTRY];
    while left > 0 {
        let entries = &mut buffer[..ENTRY * left.min(512)];
        page_map.read_exact_at(entries, offset).map_err(failed)?;
        let (entries, _) = entries.as_chunks::<ENTRY>();
        present +=
            entries.iter().filter(|entry| u64::from_ne_bytes(**entry) & PRESENT != 0).count();
        left -= entries.len();
        offset += (entries.len() * ENTRY) as u64;
    }
    Ok(present * page_size)
}

/// Returns the machine's memory and swap in bytes, or `None` if the kernel does not tell it.
pub(super) fn total_memory() -> Option<usize> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    Some(kilobytes(&text, "MemTotal:")?.saturating_add(kilobytes(&text, "SwapTotal:")?))
}

/// Reads a line such as `MemTotal:  24682956 kB`.
fn kilobytes(text: &str, name: &str) -> Option<usize> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}
