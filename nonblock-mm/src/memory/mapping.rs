//! One mapping: memory that is there once it is touched.

use core::hint::black_box;
use core::sync::atomic::Ordering;

use rustix::param::page_size;

use nonblock::raw::might_sleep_in_drop;
use nonblock::{Sleepable, might_sleep};

use super::error::{AccessError, MapError, ResidentError};
use super::pages::Pages;
use super::proc;
use crate::mmu::Range;

/// Private anonymous memory: real pages, from the kernel.
///
/// The memory is reached a byte at a time, since it can be zapped at any time; no reference to it is given out. It is
/// unmapped when this is dropped.
///
/// # Context
///
/// Whatever touches the memory may sleep, since a page fault may: it takes `&mut Sleepable`. So does mapping it. Dropping
/// it unmaps it, which may sleep too; a drop can take no token, so in a section it is found at run time only.
///
/// # Examples
///
/// ```
/// use nonblock_mm::memory::Mapping;
///
/// nonblock::sleepable(|cx| {
///     let mapping = Mapping::new(16 * 4096, cx)?;
///     assert_eq!(mapping.resident(cx)?, 0);
///     mapping.write(5, 42, cx)?;
///     assert_eq!(mapping.resident(cx)?, 4096);
///     mapping.touch(cx);
///     assert_eq!(mapping.resident(cx)?, 16 * 4096);
///     assert_eq!(mapping.read(5, cx)?, 42);
///
///     mapping.zap(&mapping.range(), cx)?;
///     assert_eq!(mapping.resident(cx)?, 0);
///     assert_eq!(mapping.read(5, cx)?, 0);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mapping {
    pages: Pages,
    range: Range,
}

impl Mapping {
    /// Maps so many bytes. None of them is resident before it is touched.
    ///
    /// # Arguments
    ///
    /// * `len`: in bytes; a multiple of the machine's page size, not 0, and no more than its memory and swap.
    ///
    /// # Context
    ///
    /// May sleep: the kernel takes the process's `mmap_lock` for it.
    ///
    /// # Errors
    ///
    /// [`MapError`], which says what was expected of the length.
    #[track_caller]
    pub fn new(len: usize, cx: &mut Sleepable) -> Result<Self, MapError> {
        let _ = cx;
        might_sleep();
        let page_size = page_size();
        if len == 0 {
            return Err(MapError::Empty);
        }
        if !len.is_multiple_of(page_size) {
            return Err(MapError::Unaligned { len, page_size });
        }
        // Where the kernel overcommits it would map more, and kill somebody when that is touched.
        if let Some(memory) = proc::memory()
            && len > memory
        {
            return Err(MapError::TooLarge { len, memory: Some(memory) });
        }
        if isize::try_from(len).is_err() {
            return Err(MapError::TooLarge { len, memory: None });
        }
        let refused =
            |errno: rustix::io::Errno| MapError::Refused { len, errno: errno.raw_os_error() };
        let pages = Pages::map(len).map_err(refused)?;
        // The kernel's pages are multiples of ours, and its last page is never mapped.
        let range =
            Range::with_len(pages.start(), len).map_err(|_| MapError::Refused { len, errno: 0 })?;
        Ok(Self { pages, range })
    }

    /// Returns where it is mapped.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn range(&self) -> Range {
        self.range
    }

    /// Brings every page into memory, by a write that leaves its contents as they are.
    ///
    /// # Context
    ///
    /// May sleep, as page faults do.
    #[track_caller]
    pub fn touch(&self, cx: &mut Sleepable) {
        let _ = cx;
        might_sleep();
        self.touch_bytes(0..self.pages.len());
    }

    /// Brings every page of a part into memory, by a write that leaves its contents as they are.
    ///
    /// # Context
    ///
    /// May sleep, as page faults do.
    ///
    /// # Errors
    ///
    /// If the range is not within the mapping; nothing is touched then.
    #[track_caller]
    pub fn touch_range(&self, range: &Range, cx: &mut Sleepable) -> Result<(), AccessError> {
        let _ = cx;
        might_sleep();
        let offset = self.offset_of(range)?;
        self.touch_bytes(offset..offset + range.len());
        Ok(())
    }

    fn touch_bytes(&self, offsets: core::ops::Range<usize>) {
        for offset in offsets.step_by(page_size()) {
            // A compiler that knew the zero would leave the write out.
            self.pages.byte(offset).fetch_or(black_box(0), Ordering::Relaxed);
        }
    }

    /// Reads a byte.
    ///
    /// # Arguments
    ///
    /// * `offset`: from the mapping's start, in bytes.
    ///
    /// # Context
    ///
    /// May sleep, as page faults do.
    ///
    /// # Errors
    ///
    /// If the offset is not within the mapping.
    #[track_caller]
    pub fn read(&self, offset: usize, cx: &mut Sleepable) -> Result<u8, AccessError> {
        let _ = cx;
        might_sleep();
        self.check_offset(offset)?;
        Ok(self.pages.byte(offset).load(Ordering::Relaxed))
    }

    /// Writes a byte.
    ///
    /// # Arguments
    ///
    /// * `offset`: from the mapping's start, in bytes.
    ///
    /// # Context
    ///
    /// May sleep, as page faults do.
    ///
    /// # Errors
    ///
    /// If the offset is not within the mapping.
    #[track_caller]
    pub fn write(&self, offset: usize, value: u8, cx: &mut Sleepable) -> Result<(), AccessError> {
        let _ = cx;
        might_sleep();
        self.check_offset(offset)?;
        self.pages.byte(offset).store(value, Ordering::Relaxed);
        Ok(())
    }

    /// Gives the pages of a part back to the kernel: they are no longer resident, and read as zero.
    ///
    /// By `madvise` with `MADV_DONTNEED`, whose path through the kernel is the OOM reaper's own. It asks no driver: see
    /// [`Mm`](super::Mm).
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// If the range is not within the mapping or does not hold whole pages, or if the kernel refuses, as it does for
    /// locked memory.
    #[track_caller]
    pub fn zap(&self, range: &Range, cx: &mut Sleepable) -> Result<(), AccessError> {
        let _ = cx;
        might_sleep();
        let offset = self.offset_of(range)?;
        self.pages
            .dont_need(offset, range.len())
            .map_err(|errno| AccessError::Refused { range: *range, errno: errno.raw_os_error() })
    }

    /// Returns how many bytes are resident, page by page as the kernel tells it.
    ///
    /// A page that was read and never written counts: it is the kernel's page of zeros then. Pages in swap do not.
    ///
    /// # Context
    ///
    /// May sleep, as it reads a file.
    ///
    /// # Errors
    ///
    /// If the kernel does not say.
    #[track_caller]
    pub fn resident(&self, cx: &mut Sleepable) -> Result<usize, ResidentError> {
        let _ = cx;
        might_sleep();
        proc::resident(&self.range)
    }

    fn check_offset(&self, offset: usize) -> Result<(), AccessError> {
        let len = self.pages.len();
        if offset < len { Ok(()) } else { Err(AccessError::OutOfBounds { offset, len }) }
    }

    /// Returns where in the mapping a range of whole pages begins.
    fn offset_of(&self, range: &Range) -> Result<usize, AccessError> {
        let page_size = page_size();
        if range.start() < self.range.start() || self.range.end() < range.end() {
            Err(AccessError::NotMapped { range: *range })
        } else if !range.start().is_multiple_of(page_size) || !range.len().is_multiple_of(page_size)
        {
            Err(AccessError::Unaligned { range: *range, page_size })
        } else {
            Ok(range.start() - self.range.start())
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // The kernel takes the process's `mmap_lock` to unmap it, as to map it.
        might_sleep_in_drop();
    }
}
