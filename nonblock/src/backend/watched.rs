//! What a section does for the watch: a few loads and stores of its thread's own, and calls where these do not suffice.
//!
//! The module `watch` lies above this one, and hands its functions down in a table.
//!
//! # The quick way
//!
//! A thread has a *marker*: a word that something else overwrites when a section is to be looked at, as the kernel does with
//! the field `rseq_cs` when it takes the processor from the thread. As long as the marker has its value, a section has
//! nothing to do at its two ends but to say whether its system calls are to be stopped, in the *selector*. A thread that is
//! not set up yet has a marker that never has its value. So there is one question for everything, and it is a comparison.

use core::cell::Cell;
use core::ptr;

use crate::primitive::{AtomicPtr, AtomicU8, AtomicUsize, Ordering};

/// The functions of the watch.
#[derive(Debug)]
pub(crate) struct Hooks {
    /// A section begins, and the marker does not have its value. Returns whether the section is to be watched.
    pub(crate) begin: fn() -> bool,
    /// A watched section ends, and the marker does not have its value. Returns whether there is nothing to report.
    pub(crate) end: fn() -> bool,
    /// A watched section is suspended: what was seen so far is kept until it ends.
    pub(crate) pause: fn(),
}

/// What the markers hold as long as there is nothing to look at, or 0 while no section is watched.
///
/// It differs for each setting that a thread sets itself up for. So where the settings change, no marker has its value.
static MARK: AtomicUsize = AtomicUsize::new(0);

/// What a marker holds at the end of a section in which nothing happened. Where no section is watched any more it is no mark, since
/// the kernel stores the 0 that [`MARK`] is then.
static MARK_AT_END: AtomicUsize = AtomicUsize::new(NO_MARK);

/// No mark, and neither 0 nor what [`NEVER_MARKED`] holds.
const NO_MARK: usize = 2;

static HOOKS: AtomicPtr<Hooks> = AtomicPtr::new(ptr::null_mut());

/// What the marker of a thread points to whose sections ask each time. No mark has this value, and it is not 0.
static NEVER_MARKED: AtomicUsize = AtomicUsize::new(1);

/// What sections of a thread look at and store.
#[derive(Debug)]
pub(crate) struct Watched {
    marker: Cell<&'static AtomicUsize>,
    /// What the kernel reads at each system call of this thread, if they are to be stopped.
    selector: Cell<Option<&'static AtomicU8>>,
    /// What a section stores there.
    selected: Cell<u8>,
}

impl Watched {
    pub(super) const fn new() -> Self {
        Self { marker: Cell::new(&NEVER_MARKED), selector: Cell::new(None), selected: Cell::new(0) }
    }

    /// Returns whether sections that begin now are watched.
    #[inline]
    pub(super) fn is_on() -> bool {
        MARK.load(Ordering::Relaxed) != 0
    }

    #[inline]
    fn has(&self, mark: usize) -> bool {
        self.marker.get().load(Ordering::Relaxed) == mark
    }

    /// Begins to watch a section. Returns whether it is watched.
    #[expect(
        clippy::inline_always,
        reason = "it stands where the compiler is told that it is rare"
    )]
    #[inline(always)]
    pub(super) fn begin(&self) -> bool {
        // If the watch was switched off meanwhile, a section may be watched for nothing, to its end.
        if self.has(MARK.load(Ordering::Relaxed)) {
            self.select(self.selected.get());
            return true;
        }
        begin_slowly()
    }

    /// Ends a watched section. Returns whether there is nothing to report.
    #[inline]
    pub(super) fn end(&self) -> bool {
        self.select(0);
        self.has(MARK_AT_END.load(Ordering::Relaxed)) || end_slowly()
    }

    /// Stops watching a section for a while.
    #[cold]
    pub(super) fn pause(&self) {
        self.select(0);
        (hooks().pause)();
    }

    #[inline]
    fn select(&self, selected: u8) {
        if let Some(selector) = self.selector.get() {
            selector.store(selected, Ordering::Relaxed);
        }
    }

    /// Sets this thread up.
    ///
    /// # Arguments
    ///
    /// * `marker`: the word that holds the mark as long as there is nothing to look at, or `None` for sections that ask each
    ///   time.
    /// * `selector`, `selected`: the byte, and what a section stores there that takes the quick way.
    pub(crate) fn set_up(
        &self,
        marker: Option<&'static AtomicUsize>,
        selector: Option<&'static AtomicU8>,
        selected: u8,
    ) {
        self.marker.set(marker.unwrap_or(&NEVER_MARKED));
        self.selector.set(selector);
        self.selected.set(selected);
    }
}

impl Watched {
    /// Stops no system calls of this thread any more, until it is set up again.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn deselect(&self) {
        self.selector.set(None);
    }

    /// Returns whether system calls of this thread can be stopped.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn selects(&self) -> bool {
        self.selector.get().is_some()
    }
}

/// Sets the mark for sections that begin from now on, or switches the watch off by 0. Sections that are watched already are
/// watched to their end.
pub(crate) fn switch(mark: usize, hooks: &'static Hooks) {
    HOOKS.store(ptr::from_ref(hooks).cast_mut(), Ordering::Release);
    MARK_AT_END.store(if mark == 0 { NO_MARK } else { mark }, Ordering::Release);
    MARK.store(mark, Ordering::Release);
}

fn hooks() -> &'static Hooks {
    static NONE: Hooks = Hooks { begin: || false, end: || true, pause: || {} };

    let hooks = HOOKS.load(Ordering::Acquire);
    // SAFETY: only `switch` stores there, and stores references to statics.
    unsafe { hooks.as_ref() }.unwrap_or(&NONE)
}

#[inline(never)]
fn begin_slowly() -> bool {
    (hooks().begin)()
}

#[inline(never)]
fn end_slowly() -> bool {
    (hooks().end)()
}
