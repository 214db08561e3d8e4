//! Memory that a device mirrors: pages that are written, protected, moved and discarded while others look at them.
//!
//! Nothing of Rust is in them. They are words at addresses, which the kernel may take away between one access and the next.

use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes of a page.
pub(crate) const PAGE: usize = 4096;

/// A mapping of private anonymous memory, which is never unmapped.
#[derive(Debug)]
pub(crate) struct Pages {
    start: usize,
    count: usize,
    /// As large: where moved pages go.
    scratch: usize,
}

/// How a page loses its content.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Discard {
    /// `madvise(MADV_DONTNEED)`.
    Advise,
    /// A new mapping in its place.
    MapOver,
    /// The page moves to another address, and an empty one takes its place.
    Move,
}

impl Pages {
    /// Maps so many pages.
    pub(crate) fn new(count: usize) -> io::Result<Self> {
        Ok(Self { start: map(0, count * PAGE)?, scratch: map(0, count * PAGE)?, count })
    }

    /// The address of the first page.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// The bytes of all.
    pub(crate) fn len(&self) -> usize {
        self.count * PAGE
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The address of a page.
    pub(crate) fn address(&self, page: usize) -> usize {
        assert!(page < self.count, "there are {} pages", self.count);
        self.start + page * PAGE
    }

    /// Writes the first word of a page.
    pub(crate) fn write(&self, page: usize, value: u64) {
        let word = ptr::with_exposed_provenance_mut::<u64>(self.address(page));
        // SAFETY: the page is mapped as long as the process lives, and is aligned. All threads access it by atomics.
        let word = unsafe { AtomicU64::from_ptr(word) };
        word.store(value, Ordering::SeqCst);
    }

    /// Takes a page's content away. It is zero from then on.
    pub(crate) fn discard(&self, page: usize, how: Discard) -> io::Result<()> {
        let address = self.address(page);
        let pointer = ptr::with_exposed_provenance_mut(address);
        let done = match how {
            Discard::Advise => {
                // SAFETY: nothing of Rust is in the page.
                unsafe { libc::madvise(pointer, PAGE, libc::MADV_DONTNEED) }
            }
            Discard::MapOver => return map(address, PAGE).map(|_| ()),
            Discard::Move => {
                let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED | libc::MREMAP_DONTUNMAP;
                let to = self.scratch + page * PAGE;
                let to: *mut libc::c_void = ptr::with_exposed_provenance_mut(to);
                // SAFETY: nothing of Rust is in either page.
                let moved = unsafe { libc::mremap(pointer, PAGE, PAGE, flags, to) };
                if moved == libc::MAP_FAILED { -1 } else { 0 }
            }
        };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Makes a page read-only, and writable again.
    pub(crate) fn protect_and_unprotect(&self, page: usize) -> io::Result<()> {
        let pointer = ptr::with_exposed_provenance_mut(self.address(page));
        for rights in [libc::PROT_READ, libc::PROT_READ | libc::PROT_WRITE] {
            // SAFETY: only the thread that owns the page writes it, and that is this one.
            let done = unsafe { libc::mprotect(pointer, PAGE, rights) };
            if done < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    }
}

/// Maps empty memory: anywhere for the address 0, or else in the place of what is there.
fn map(address: usize, len: usize) -> io::Result<usize> {
    let fixed = if address == 0 { 0 } else { libc::MAP_FIXED };
    let place = ptr::with_exposed_provenance_mut(address);
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | fixed;
    // SAFETY: what it replaces is a page of `Pages`, in which nothing of Rust is.
    let mapped = unsafe { libc::mmap(place, len, rights, flags, -1, 0) };
    if mapped == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(mapped.expose_provenance())
}
