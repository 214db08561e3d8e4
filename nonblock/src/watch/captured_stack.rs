//! The registers and the top of the stack at an event, from which the chain of calls is found later.
//!
//! To go through the stack itself needs tables, and locks of the loader. So it is copied where it must not wait, and gone through
//! after the section.

use core::cell::UnsafeCell;

use crate::primitive::{AtomicUsize, Ordering};

use super::raw_code;

/// How many bytes of the stack are copied.
const CAPTURED: usize = 8192;

/// The granularity in which memory is mapped. A copy that meets memory that is not there ends at a page's end.
const PAGE: usize = 4096;

/// What is needed of the registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Registers {
    pub(super) instruction: usize,
    pub(super) stack: usize,
    pub(super) frame: usize,
}

/// A copy of the top of a stack.
#[derive(Debug)]
pub(super) struct CapturedStack {
    len: AtomicUsize,
    bytes: UnsafeCell<[u8; CAPTURED]>,
}

impl CapturedStack {
    /// Copies the stack from an address upwards, as far as there is memory.
    ///
    /// Safe in a signal handler. It is the only user of this meanwhile.
    pub(super) fn capture(&self, from: usize) {
        self.len.store(0, Ordering::Relaxed);
        let first = PAGE - from % PAGE;
        let pieces = [
            libc::iovec { iov_base: from as *mut _, iov_len: first },
            libc::iovec { iov_base: (from + first) as *mut _, iov_len: PAGE },
            libc::iovec { iov_base: (from + first + PAGE) as *mut _, iov_len: PAGE - first },
        ];
        let whole = libc::iovec { iov_base: self.bytes.get().cast(), iov_len: CAPTURED };
        let (pieces_at, whole_at) = (pieces.as_ptr() as usize, &raw const whole as usize);
        let arguments = [raw_code::process(), whole_at, 1, pieces_at, pieces.len(), 0];
        // SAFETY: it writes to the bytes, as many as there are, and reads memory of this process, or fails.
        let copied = unsafe { raw_code::syscall(libc::SYS_process_vm_readv, arguments) };
        self.len.store(usize::try_from(copied).unwrap_or(0), Ordering::Relaxed);
    }

    /// Says that there is no copy.
    pub(super) fn forget(&self) {
        self.len.store(0, Ordering::Relaxed);
    }

    /// Returns the word at an address of the stack, if it was copied.
    ///
    /// # Arguments
    ///
    /// * `from`: where the copy began.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn word(&self, from: usize, address: usize) -> Option<u64> {
        let at = address.checked_sub(from)?;
        let end = at.checked_add(size_of::<u64>())?;
        if end > self.len.load(Ordering::Relaxed) {
            return None;
        }
        // SAFETY: it lies within the bytes.
        let word = unsafe { self.bytes.get().cast::<u8>().add(at) }.cast::<[u8; 8]>();
        // SAFETY: so does its end. They were copied, and nobody writes them now.
        Some(u64::from_ne_bytes(unsafe { word.read() }))
    }
}

impl Registers {
    /// Returns those of the caller.
    #[cfg(target_arch = "x86_64")]
    #[expect(clippy::inline_always, reason = "a call would have registers of its own")]
    #[inline(always)]
    pub(super) fn here() -> Self {
        let (instruction, stack, frame): (usize, usize, usize);
        // SAFETY: it only reads registers.
        unsafe {
            core::arch::asm!(
                "lea {0}, [rip]", "mov {1}, rsp", "mov {2}, rbp",
                out(reg) instruction, out(reg) stack, out(reg) frame,
                options(nomem, nostack, preserves_flags),
            );
        }
        Self { instruction, stack, frame }
    }

    /// Returns none: chains of calls are not had on this architecture.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn here() -> Self {
        Self::default()
    }
}
