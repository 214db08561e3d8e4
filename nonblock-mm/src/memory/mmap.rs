//! Memory mapped from the kernel: the part that needs `unsafe`.

use core::ptr::{self, NonNull};
use core::sync::atomic::AtomicU8;

use rustix::io::Result;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// Private anonymous memory of this process, mapped until this is dropped.
#[derive(Debug)]
pub(super) struct Mmap {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the memory belongs to the process, not to a thread, and is only accessed as atomics.
unsafe impl Send for Mmap {}
// SAFETY: as above; `&Mmap` gives out nothing but atomics.
unsafe impl Sync for Mmap {}

impl Mmap {
    /// Maps `len` bytes, at a place that the kernel chooses. `len` must be a multiple of the page size, and not 0.
    pub(super) fn new(len: usize) -> Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses a place where nothing is mapped, so no memory in use changes.
        let start = unsafe { mmap_anonymous(ptr::null_mut(), len, protection, MapFlags::PRIVATE) }?;
        // The kernel maps nothing at address 0 of its own accord.
        let start = NonNull::new(start.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        let mmap = Self { start, len };
        // With huge pages, a touch would bring in neighboring pages too, even of the next mapping. A kernel without huge
        // pages returns an error, which is ignored.
        let _ = mmap.advise(0, len, Advice::LinuxNoHugepage);
        Ok(mmap)
    }

    /// Returns the address of the first byte.
    pub(super) fn start(&self) -> usize {
        self.start.as_ptr().addr()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Returns a byte of the memory. An access may fault the page in. The kernel, or another thread, may zero it meanwhile.
    ///
    /// Panics if the offset is beyond the end.
    pub(super) fn byte(&self, offset: usize) -> &AtomicU8 {
        assert!(offset < self.len, "offset {offset} in a mapping of {} bytes", self.len);
        // SAFETY: the offset is within the mapping.
        let byte = unsafe { self.start.add(offset) };
        // SAFETY: the byte stays mapped, readable and writable, as long as `self` is borrowed. It is only ever accessed as an
        // atomic, and the kernel's zeroing is a store like that of another thread.
        unsafe { AtomicU8::from_ptr(byte.as_ptr()) }
    }

    /// Gives `len` bytes of pages at an offset back to the kernel. They read as zero afterwards.
    ///
    /// Panics if they are not within the mapping.
    pub(super) fn dont_need(&self, offset: usize, len: usize) -> Result<()> {
        self.advise(offset, len, Advice::LinuxDontNeed)
    }

    fn advise(&self, offset: usize, len: usize, advice: Advice) -> Result<()> {
        let end = offset.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.len), "{len} bytes at {offset} of {}", self.len);
        // SAFETY: the offset is within the mapping, or just past its end.
        let start = unsafe { self.start.add(offset) };
        // SAFETY: the part is within this mapping, which is only accessed as atomics. The advice given here zeroes at most,
        // and to atomics that is a store.
        unsafe { madvise(start.as_ptr().cast(), len, advice) }
    }
}

impl Drop for Mmap {
    fn drop(&mut self) {
        // SAFETY: the mapping belongs to this value, and no borrow of it is left.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
        // It fails only if the arguments are not a mapping, and these are.
        debug_assert_eq!(unmapped, Ok(()));
    }
}
