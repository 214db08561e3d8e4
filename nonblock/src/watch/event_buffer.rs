//! What was seen in a section, noted where nothing can be allocated or locked: in a signal handler, or within the allocator.

use core::cell::UnsafeCell;
use core::ptr;

use crate::backend::thread_local::last_began;
use crate::primitive::{AtomicUsize, Ordering};
use crate::violation::Place;

use super::captured_stack::{CapturedStack, Registers};
use super::raw_code;
#[cfg(target_arch = "x86_64")]
use super::trap::syscalls::SystemCall;

/// How many events of a section are kept. The others are counted.
pub(super) const MAX_EVENTS: usize = 16;

/// How many of them may be allocations and releases: so many that the rest has room still.
const MAX_ALLOCATIONS: usize = 8;

/// How many bytes of a path are kept.
#[cfg(target_arch = "x86_64")]
pub(super) const MAX_PATH: usize = 64;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// A system call that may block.
    #[cfg(target_arch = "x86_64")]
    SystemCall {
        call: &'static SystemCall,
        number: usize,
        arguments: [usize; 6],
        /// What it returned, once it has.
        result: Option<isize>,
        /// Why it may block.
        why: &'static str,
        /// The beginning of a path among the arguments, up to a nul.
        path: [u8; MAX_PATH],
        /// How often the thread went to sleep in it.
        sleeps: u64,
    },
    /// An allocation of so many bytes.
    Allocation(usize),
    /// A release of so many bytes.
    Release(usize),
    /// The thread went to sleep so many times, or waited for pages, and no other event tells of it.
    Sleep { times: u64, major_faults: u64 },
    /// The section lasted too long.
    OverBudget,
}

/// Something that happened in a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) what: What,
    /// How long it took, in ticks.
    pub(super) ticks: u64,
    pub(super) registers: Registers,
    /// Where the section began.
    pub(super) section: Option<Place>,
}

impl Event {
    /// Where the section began that is open now.
    pub(super) fn section_now() -> Option<Place> {
        last_began()
    }
}

/// How large the stack is on which the handler of stopped calls runs.
#[cfg(target_arch = "x86_64")]
const HANDLER_STACK: usize = 64 * 1024;

#[repr(C, align(16))]
#[derive(Debug)]
#[cfg(target_arch = "x86_64")]
struct HandlerStack(UnsafeCell<[u8; HANDLER_STACK]>);

/// The events of a section, and the stacks on which they happened.
#[derive(Debug)]
pub(super) struct EventBuffer {
    /// How many events asked for a place, also those that got none.
    count: AtomicUsize,
    /// How many allocations and releases there were. Those above their share did not ask for a place.
    allocations: AtomicUsize,
    events: [UnsafeCell<Event>; MAX_EVENTS],
    stacks: [CapturedStack; MAX_EVENTS],
    #[cfg(target_arch = "x86_64")]
    handler_stack: HandlerStack,
}

// SAFETY: a place is written by the thread or signal handler that took its number, and read by the thread after the section.
unsafe impl Sync for EventBuffer {}

impl EventBuffer {
    /// Maps memory for one, full of zeros. It takes memory where it is used only.
    pub(super) fn map() -> Option<*mut Self> {
        let size = size_of::<Self>();
        let protection = (libc::PROT_READ | libc::PROT_WRITE) as usize;
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as usize;
        let arguments = [0, size, protection, flags, usize::MAX, 0];
        // SAFETY: it maps new memory.
        let address = unsafe { raw_code::syscall(libc::SYS_mmap, arguments) };
        // Error numbers are the last page's worth below zero.
        if (-4095..0).contains(&address) {
            return None;
        }
        let buffer = ptr::with_exposed_provenance_mut::<Self>(address.cast_unsigned());
        // SAFETY: it is new, and as large as this.
        let count = unsafe { &raw mut (*buffer).count };
        // SAFETY: nobody else knows of it yet.
        unsafe { count.write(AtomicUsize::new(0)) };
        Some(buffer)
    }

    /// Takes a place for an event. `None` if all are taken: then it is only counted.
    ///
    /// A signal handler may take another place meanwhile.
    pub(super) fn take(&self) -> Option<(usize, &UnsafeCell<Event>, &CapturedStack)> {
        // A thread and its signal handlers: no other processor looks.
        let at = self.count.fetch_add(1, Ordering::Relaxed);
        Some((at, self.events.get(at)?, self.stacks.get(at)?))
    }

    /// Returns the event of a number, if it is kept.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn event(&self, at: usize) -> Option<&UnsafeCell<Event>> {
        self.events.get(at)
    }

    /// The top of the stack on which the handler of stopped calls runs.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn handler_stack(&self) -> *mut core::ffi::c_void {
        self.handler_stack.0.get().cast::<u8>().wrapping_add(HANDLER_STACK).cast()
    }

    /// Takes a place for an allocation or a release, of which there may be so many that nothing else would be kept.
    pub(super) fn take_for_allocation(
        &self,
    ) -> Option<(usize, &UnsafeCell<Event>, &CapturedStack)> {
        if self.allocations.fetch_add(1, Ordering::Relaxed) >= MAX_ALLOCATIONS {
            return None;
        }
        self.take()
    }

    /// Returns how many allocations did not ask for a place.
    fn refused(&self) -> usize {
        self.allocations.load(Ordering::Relaxed).saturating_sub(MAX_ALLOCATIONS)
    }

    /// Returns whether nothing was noted.
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// Returns how many events there were.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed) + self.refused()
    }

    /// Returns how many events there were that were not kept.
    pub(super) fn lost(&self) -> usize {
        self.count.load(Ordering::Relaxed).saturating_sub(MAX_EVENTS) + self.refused()
    }

    /// Returns the events. Call it after the section, on the same thread.
    pub(super) fn events(&self) -> impl Iterator<Item = (Event, &CapturedStack)> {
        let count = self.count.load(Ordering::Relaxed).min(MAX_EVENTS);
        self.events[..count].iter().zip(&self.stacks).map(|(event, stack)| {
            // SAFETY: it was written by this thread, and is not written again before `clear`.
            (unsafe { *event.get() }, stack)
        })
    }

    /// Forgets the events.
    pub(super) fn clear(&self) {
        self.count.store(0, Ordering::Relaxed);
        self.allocations.store(0, Ordering::Relaxed);
    }
}
