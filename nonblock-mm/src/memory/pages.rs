//! Pages from the kernel: the part that needs `unsafe`.

use core::ptr::{self, NonNull};
use core::sync::atomic::AtomicU8;

use rustix::io::Result;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// Private anonymous memory of this process, mapped until it is dropped.
#[derive(Debug)]
pub(super) struct Pages {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the memory belongs to the process, not to a thread, and is reached as atomics only.
unsafe impl Send for Pages {}
// SAFETY: as above; `&Pages` gives out nothing but atomics.
unsafe impl Sync for Pages {}

impl Pages {
    /// Maps `len` bytes, wherever the kernel likes: a multiple of the page size, and not 0.
    pub(super) fn map(len: usize) -> Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses a place where nothing is mapped, so no memory in use changes.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), len, protection, MapFlags::PRIVATE) }?;
        // The kernel maps nothing at address 0 of its own accord.
        let start = NonNull::new(start.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        let pages = Self { start, len };
        // With huge pages, a touch would bring in neighbors, of the next mapping too. A kernel that has none says so.
        let _ = pages.advise(0, len, Advice::LinuxNoHugepage);
        Ok(pages)
    }

    /// The address of the first byte.
    pub(super) fn start(&self) -> usize {
        self.start.as_ptr().addr()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// A byte of the memory. The kernel may fault it in, and may zero it meanwhile, as another thread may.
    ///
    /// Panics if the offset is beyond the end.
    pub(super) fn byte(&self, offset: usize) -> &AtomicU8 {
        assert!(offset < self.len, "offset {offset} in a mapping of {} bytes", self.len);
        // SAFETY: the offset is within the mapping.
        let byte = unsafe { self.start.add(offset) };
        // SAFETY: the byte stays mapped, readable and writable, as long as `self` is borrowed; it is only ever reached as
        // an atomic, and the kernel's zeroing is a store like another thread's.
        unsafe { AtomicU8::from_ptr(byte.as_ptr()) }
    }

    /// Gives the pages of a part back to the kernel. They read as zero afterwards.
    ///
    /// Panics if the part is not within the mapping.
    pub(super) fn dont_need(&self, offset: usize, len: usize) -> Result<()> {
        self.advise(offset, len, Advice::LinuxDontNeed)
    }

    fn advise(&self, offset: usize, len: usize, advice: Advice) -> Result<()> {
        let end = offset.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.len), "{len} bytes at {offset} of {}", self.len);
        // SAFETY: the offset is within the mapping, or one behind its end.
        let start = unsafe { self.start.add(offset) };
        // SAFETY: the part is within this mapping, which nobody reaches but as atomics. The advice given here
        // zeroes at most, which to them is a store.
        unsafe { madvise(start.as_ptr().cast(), len, advice) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and nobody borrows from it any more.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
        // It can fail for an argument that is not a mapping, which this is.
        debug_assert_eq!(unmapped, Ok(()));
    }
}
