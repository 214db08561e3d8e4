//! The layer that sees allocations: a global allocator around another.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

use crate::backend::thread_local::is_watched;
#[cfg(feature = "lockdep")]
use crate::once_cell::OnceCell;
use crate::primitive::{AtomicBool, Ordering};

use super::captured_stack::Registers;
use super::event_buffer::{Event, EventBuffer, What};
use super::layers::{self, Layers};
use super::thread_record::ThreadRecord;

/// A global allocator that notes what sections allocate and release, while [`Layers::ALLOC`] is on.
///
/// It stands around another, by default the system's. With the feature `lockdep`, an allocation outside sections waits for
/// [`lockdep::MEMORY`](crate::lockdep::MEMORY), while the layer is on. What is found so is reported when the thread lets go of
/// something next, and its place is where that was taken: the allocation's own is not known.
///
/// # Context
///
/// What it does itself does not sleep, and is done in sections that are watched only. A report of a section within the inner
/// allocator is made later, when the allocator is not in use: a report allocates.
///
/// # Examples
///
/// ```
/// use nonblock::watch::{Allocator, Layers, Watch};
/// use nonblock::{Policy, ViolationKind};
///
/// #[global_allocator]
/// static ALLOCATOR: Allocator = Allocator::system();
///
/// nonblock::set_policy(Policy::Ignore);
/// let watch = Watch::builder().layers(Layers::ALLOC).start().unwrap();
/// nonblock::non_block(|_nb| drop(std::hint::black_box(vec![0u8; 100])));
/// // An allocation, and a release.
/// assert_eq!(nonblock::stats().count(ViolationKind::AllocInNonBlock), 2);
/// # drop(watch);
/// ```
///
/// Around another allocator:
///
/// ```
/// # use std::alloc::System as OtherAllocator;
/// use nonblock::watch::Allocator;
///
/// #[global_allocator]
/// static ALLOCATOR: Allocator<OtherAllocator> = Allocator::around(OtherAllocator);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocator<A = System> {
    inner: A,
}

/// Whether an allocation has come here, so that this is the global allocator.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

std::thread_local! {
    /// Whether this thread is noting an allocation.
    static NOTING: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread is within the allocator that this one stands around, and how deep.
    static WITHIN: Cell<u32> = const { Cell::new(0) };
}

/// Returns whether this thread is within the allocator. What allocates may not be done then.
pub(crate) fn is_within() -> bool {
    WITHIN.get() > 0
}

/// What is called before each allocation outside sections, while the layer is on.
#[cfg(feature = "lockdep")]
static BEFORE_ALLOCATION: OnceCell<fn()> = OnceCell::empty();

/// Has a function called before each allocation outside sections, while the layer is on. It must not allocate.
#[cfg(feature = "lockdep")]
pub(crate) fn call_before_allocation(f: fn()) {
    BEFORE_ALLOCATION.get_or_set(f);
}

#[inline]
fn before_allocation() {
    #[cfg(feature = "lockdep")]
    if layers::setting().layers.contains(Layers::ALLOC)
        && !is_within()
        && let Some(look) = BEFORE_ALLOCATION.get()
    {
        look();
    }
}

/// Calls the allocator that this one stands around.
#[inline]
fn within<R>(f: impl FnOnce() -> R) -> R {
    WITHIN.set(WITHIN.get() + 1);
    let result = f();
    WITHIN.set(WITHIN.get() - 1);
    result
}

/// Returns whether an [`Allocator`] is the program's global allocator.
pub(super) fn is_installed() -> bool {
    // It needs memory of its own, so that something comes there.
    drop(core::hint::black_box(std::boxed::Box::new(0u8)));
    IS_INSTALLED.load(Ordering::Relaxed)
}

impl Allocator {
    /// Returns one around the system's allocator.
    ///
    /// # Context
    ///
    /// A constant.
    #[must_use]
    pub const fn system() -> Self {
        Self { inner: System }
    }
}

impl<A> Allocator<A> {
    /// Returns one around another allocator.
    ///
    /// # Context
    ///
    /// A constant.
    #[must_use]
    pub const fn around(inner: A) -> Self {
        Self { inner }
    }
}

/// Notes what a watched section does, if it is to be.
#[inline]
fn note(what: What, bytes: usize) {
    if is_watched() {
        note_in_section(what, bytes);
    }
}

#[cold]
#[inline(never)]
fn note_in_section(what: What, bytes: usize) {
    if !layers::setting().layers.contains(Layers::ALLOC) || bytes < layers::least_size() {
        return;
    }
    let Some(record) = ThreadRecord::mine() else { return };
    if NOTING.replace(true) {
        return;
    }
    // So that the end of the section looks.
    record.disturb_markers();
    if let Some((_, event, stack)) = record.buffer().and_then(EventBuffer::take_for_allocation) {
        let registers = Registers::here();
        stack.capture(registers.stack);
        // SAFETY: the place was taken for this event, and nobody else has it.
        unsafe {
            *event.get() = Event { what, ticks: 0, registers, section: Event::section_now() }
        };
    }
    NOTING.set(false);
}

// SAFETY: it passes everything on to an allocator that keeps the contract.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Allocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !IS_INSTALLED.load(Ordering::Relaxed) {
            IS_INSTALLED.store(true, Ordering::Relaxed);
        }
        note(What::Allocation(layout.size()), layout.size());
        before_allocation();
        // SAFETY: the caller keeps the contract.
        within(|| unsafe { self.inner.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(What::Allocation(layout.size()), layout.size());
        before_allocation();
        // SAFETY: the caller keeps the contract.
        within(|| unsafe { self.inner.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(What::Release(layout.size()), layout.size());
        // SAFETY: the caller keeps the contract.
        within(|| unsafe { self.inner.dealloc(pointer, layout) });
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(What::Allocation(size), size);
        before_allocation();
        // SAFETY: the caller keeps the contract.
        within(|| unsafe { self.inner.realloc(pointer, layout, size) })
    }
}
