//! One mapping of real memory, whose pages are resident once they are touched.

use core::hint::black_box;
use core::sync::atomic::Ordering;

use rustix::param::page_size;

use nonblock::lockdep::MEMORY;
use nonblock::raw::might_sleep_in_drop;
use nonblock::{Sleepable, might_sleep};

use super::error::{AccessError, MapError, ResidentError};
use super::mmap::Mmap;
use super::procfs;
use crate::mmu::Range;

/// Private anonymous memory: real pages from the kernel.
///
/// The memory can be zapped at any time, so it is read and written one byte at a time, and no reference to it is given out.
/// It is unmapped when this is dropped.
///
/// # Context
///
/// Everything that touches the memory may sleep, since a page fault may, and so takes `&mut Sleepable`. Mapping takes it too.
/// Dropping unmaps the memory, which may sleep. A drop takes no token, so a drop in a section is found at run time only.
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
    mmap: Mmap,
    range: Range,
}

impl Mapping {
    /// Maps `len` bytes. None of them is resident before it is touched.
    ///
    /// # Arguments
    ///
    /// * `len`: in bytes; a multiple of the machine's page size, not 0, and not more than its memory and swap.
    ///
    /// # Context
    ///
    /// May sleep: the kernel takes the process's `mmap_lock`.
    ///
    /// # Errors
    ///
    /// [`MapError`], which says what was expected of the length.
    #[track_caller]
    pub fn new(len: usize, cx: &mut Sleepable) -> Result<Self, MapError> {
        let _ = cx;
        might_sleep();
        MEMORY.wait();
        let page_size = page_size();
        if len == 0 {
            return Err(MapError::Empty);
        }
        if !len.is_multiple_of(page_size) {
            return Err(MapError::Unaligned { len, page_size });
        }
        // A kernel that overcommits would map more, and kill a process when the memory is touched.
        if let Some(memory) = procfs::total_memory()
            && len > memory
        {
            return Err(MapError::TooLarge { len, memory: Some(memory) });
        }
        if isize::try_from(len).is_err() {
            return Err(MapError::TooLarge { len, memory: None });
        }
        let refused =
            |errno: rustix::io::Errno| MapError::Refused { len, errno: errno.raw_os_error() };
        let mmap = Mmap::new(len).map_err(refused)?;
        // This does not fail: the machine's pages are multiples of `PAGE_SIZE`, and the last page is never mapped.
        let range =
            Range::with_len(mmap.start(), len).map_err(|_| MapError::Refused { len, errno: 0 })?;
        Ok(Self { mmap, range })
    }

    /// Returns where it is mapped.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn range(&self) -> Range {
        self.range
    }

    /// Brings every page into memory, by a write that does not change its contents.
    ///
    /// # Context
    ///
    /// May sleep, as page faults do.
    #[track_caller]
    pub fn touch(&self, cx: &mut Sleepable) {
        let _ = cx;
        might_sleep();
        MEMORY.wait();
        self.touch_bytes(0..self.mmap.len());
    }

    /// Brings every page of a range into memory, by a write that does not change its contents.
    ///
    /// # Context
    ///
    /// May sleep, as page faults do.
    ///
    /// # Errors
    ///
    /// If the range is not within the mapping. Then nothing is touched.
    #[track_caller]
    pub fn touch_range(&self, range: &Range, cx: &mut Sleepable) -> Result<(), AccessError> {
        let _ = cx;
        might_sleep();
        MEMORY.wait();
        let offset = self.offset_of(range)?;
        self.touch_bytes(offset..offset + range.len());
        Ok(())
    }

    fn touch_bytes(&self, offsets: core::ops::Range<usize>) {
        for offset in offsets.step_by(page_size()) {
            // If the compiler knew that this is 0, it could leave the write out.
            self.mmap.byte(offset).fetch_or(black_box(0), Ordering::Relaxed);
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
        MEMORY.wait();
        self.check_offset(offset)?;
        Ok(self.mmap.byte(offset).load(Ordering::Relaxed))
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
        MEMORY.wait();
        self.check_offset(offset)?;
        self.mmap.byte(offset).store(value, Ordering::Relaxed);
        Ok(())
    }

    /// Gives the pages of a range back to the kernel: they are no longer resident, and read as zero.
    ///
    /// This is `madvise` with `MADV_DONTNEED`, which takes the same path through the kernel as its OOM reaper. It calls no
    /// driver: see [`Mm`](super::Mm).
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// If the range is not within the mapping, or does not hold whole pages, or if the kernel refuses. It refuses for locked
    /// memory.
    #[track_caller]
    pub fn zap(&self, range: &Range, cx: &mut Sleepable) -> Result<(), AccessError> {
        let _ = cx;
        might_sleep();
        let offset = self.offset_of(range)?;
        self.mmap
            .dont_need(offset, range.len())
            .map_err(|errno| AccessError::Refused { range: *range, errno: errno.raw_os_error() })
    }

    /// Returns how many bytes are resident, as the kernel tells it for each page.
    ///
    /// A page that was read and never written counts too: it is the kernel's zero page. Pages in swap do not count.
    ///
    /// # Context
    ///
    /// May sleep, as it reads a file.
    ///
    /// # Errors
    ///
    /// If the kernel does not tell it.
    #[track_caller]
    pub fn resident(&self, cx: &mut Sleepable) -> Result<usize, ResidentError> {
        let _ = cx;
        might_sleep();
        procfs::resident(&self.range)
    }

    fn check_offset(&self, offset: usize) -> Result<(), AccessError> {
        let len = self.mmap.len();
        if offset < len { Ok(()) } else { Err(AccessError::OutOfBounds { offset, len }) }
    }

    /// Returns the offset at which a range of whole pages begins in the mapping.
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
        // To unmap, as to map, the kernel takes the process's `mmap_lock`.
        might_sleep_in_drop();
    }
}
