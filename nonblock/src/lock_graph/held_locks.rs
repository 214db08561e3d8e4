//! What a thread holds, in the order in which it took it.
//!
//! A signal handler may interrupt a change of the list, and change it too: it takes away again what it puts there. So an entry's
//! place is taken before it is written, and the entry counts only when it is written in full.

use core::cell::Cell;
use core::sync::atomic::{Ordering, compiler_fence};

use super::classes::ClassId;
use super::dependencies::Mode;
use super::kind::Kind;
use crate::primitive::{AtomicU32, per_process};
use crate::violation::{DependencyKind, Place, ShortName, ThreadTag};

/// How much a thread can hold at once, as in Linux. What is beyond is not tracked.
const MAX_HELD: usize = 48;

/// How something came to be in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// The thread waited for it, or would have.
    Waited,
    /// It did not wait.
    Tried,
    /// It is code that others wait for, not something that was waited for.
    Region,
}

impl Entered {
    /// How what the thread waits for meanwhile comes to be needed.
    pub(super) const fn dependency(self) -> DependencyKind {
        match self {
            Self::Region => DependencyKind::Within,
            Self::Waited | Self::Tried => DependencyKind::Held,
        }
    }
}

/// Something that a thread holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldLock {
    pub(crate) kind: Kind,
    pub(crate) class: ClassId,
    /// The object's own number: see `ClassKey::serial`.
    pub(crate) serial: u32,
    pub(crate) mode: Mode,
    pub(crate) entered: Entered,
    pub(crate) since: Place,
    /// Whether another process took it, of which this one is a child.
    pub(crate) is_inherited: bool,
    /// How much the thread had taken before, ever. The list notes it.
    pub(crate) age: u64,
}

/// What a thread holds, and what tells how it runs.
pub(crate) struct ThreadLocks {
    len: Cell<usize>,
    /// How much it has taken, ever.
    age: Cell<u64>,
    /// Whether the entry is written in full.
    is_whole: [Cell<bool>; MAX_HELD],
    entries: [Cell<Option<HeldLock>>; MAX_HELD],
    number: Cell<u32>,
    name: Cell<ShortName>,
    /// In how many signal handlers it is.
    signal_handlers: Cell<u32>,
    /// In how many regions with signals blocked it is.
    signals_blocked: Cell<u32>,
    /// Whether it has not looked yet, outside sections and signal handlers.
    is_new: Cell<bool>,
    /// Whether its process was forked, and what it has inherited was not reported yet.
    is_forked: Cell<bool>,
    inherited_sections: Cell<InheritedSections>,
    /// Whether something was found that is still to be reported.
    #[cfg(feature = "watch")]
    has_found: Cell<bool>,
}

/// The sections that a thread had open when its process was forked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InheritedSections {
    pub(crate) depth: u32,
    /// Where the outermost began.
    pub(crate) began: Option<Place>,
}

std::thread_local! {
    // It has no destructor, and its initial value is a constant. So an access is a plain load.
    static THREAD: ThreadLocks = const { ThreadLocks::new() };
}

per_process! {
    /// How many threads have a number.
    static THREADS: AtomicU32 = AtomicU32::new(0);
}

/// Calls the closure with what the running thread holds.
#[inline]
pub(crate) fn with_thread<R>(f: impl FnOnce(&ThreadLocks) -> R) -> R {
    THREAD.with(f)
}

impl ThreadLocks {
    pub(crate) const fn new() -> Self {
        Self {
            len: Cell::new(0),
            age: Cell::new(0),
            is_whole: [const { Cell::new(false) }; MAX_HELD],
            entries: [const { Cell::new(None) }; MAX_HELD],
            number: Cell::new(0),
            name: Cell::new(ShortName::UNKNOWN),
            signal_handlers: Cell::new(0),
            signals_blocked: Cell::new(0),
            is_new: Cell::new(true),
            is_forked: Cell::new(false),
            inherited_sections: Cell::new(InheritedSections { depth: 0, began: None }),
            #[cfg(feature = "watch")]
            has_found: Cell::new(false),
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    /// How much it has taken, ever. What it takes from now on has this age at least.
    #[inline]
    pub(crate) fn age(&self) -> u64 {
        self.age.get()
    }

    /// Changes how it has an object that it holds.
    pub(crate) fn change_mode(&self, serial: u32, mode: Mode) {
        for entry in self.entries.iter().take(self.len.get()) {
            if let Some(lock) = entry.get().filter(|lock| lock.serial == serial) {
                entry.set(Some(HeldLock { mode, ..lock }));
            }
        }
    }

    /// How many entries there are. Those that were taken from now on come after so many.
    pub(crate) fn len(&self) -> usize {
        self.len.get()
    }

    /// Puts something there.
    #[inline]
    pub(crate) fn push(&self, lock: HeldLock) {
        let age = self.age.get();
        self.age.set(age + 1);
        let at = self.len.get();
        self.len.set(at + 1);
        compiler_fence(Ordering::SeqCst);
        if let (Some(entry), Some(is_whole)) = (self.entries.get(at), self.is_whole.get(at)) {
            entry.set(Some(HeldLock { age, ..lock }));
            compiler_fence(Ordering::SeqCst);
            is_whole.set(true);
        }
    }

    /// Takes away what was put there last of an object. Returns whether it was there.
    #[inline]
    pub(crate) fn remove(&self, serial: u32) -> bool {
        let len = self.len.get();
        let last = len.wrapping_sub(1);
        if self.entry(last).is_some_and(|entry| entry.serial == serial) {
            self.pop(last);
            return true;
        }
        self.remove_inner(serial)
    }

    #[cold]
    fn remove_inner(&self, serial: u32) -> bool {
        let len = self.len.get();
        let entries = len.min(MAX_HELD);
        let found = (0..entries)
            .rev()
            .find(|&at| self.entry(at).is_some_and(|entry| entry.serial == serial));
        // It may be one of those for which there was no room, which leave an empty entry when others are taken away.
        let found = found.or_else(|| (0..entries).find(|&at| self.entry(at).is_none()));
        let Some(at) = found else {
            if len > MAX_HELD {
                self.len.set(len - 1);
            }
            // Else another thread took it.
            return len > MAX_HELD;
        };
        for at in at + 1..entries {
            self.move_down(at);
        }
        // Where there are more than entries, the last entry is free now, too: what it had is one place below.
        if let Some(is_whole) = self.is_whole.get(entries - 1) {
            is_whole.set(false);
        }
        self.pop(len - 1);
        true
    }

    fn move_down(&self, from: usize) {
        let (Some(target), Some(is_whole)) =
            (self.entries.get(from - 1), self.is_whole.get(from - 1))
        else {
            return;
        };
        is_whole.set(false);
        compiler_fence(Ordering::SeqCst);
        target.set(self.entry(from));
        compiler_fence(Ordering::SeqCst);
        is_whole.set(target.get().is_some());
    }

    #[inline]
    fn pop(&self, last: usize) {
        if let Some(is_whole) = self.is_whole.get(last) {
            is_whole.set(false);
        }
        compiler_fence(Ordering::SeqCst);
        self.len.set(last);
    }

    #[inline]
    fn entry(&self, at: usize) -> Option<HeldLock> {
        if self.is_whole.get(at)?.get() { self.entries.get(at)?.get() } else { None }
    }

    /// What it has taken last.
    #[inline]
    pub(crate) fn last(&self) -> Option<HeldLock> {
        self.entry(self.len.get().wrapping_sub(1))
    }

    /// What it holds, the latest first.
    pub(crate) fn latest_first(&self) -> impl Iterator<Item = HeldLock> {
        self.from(0).rev()
    }

    /// What it has taken since there were so many entries.
    pub(crate) fn from(&self, start: usize) -> impl DoubleEndedIterator<Item = HeldLock> {
        (start..self.len.get().min(MAX_HELD)).filter_map(|at| self.entry(at))
    }

    /// Forgets all that came after so many entries.
    pub(crate) fn truncate(&self, len: usize) {
        while self.len.get() > len {
            self.pop(self.len.get() - 1);
        }
    }

    /// How the chains of reports name the thread.
    pub(crate) fn tag(&self) -> ThreadTag {
        if self.number.get() == 0 {
            let number = THREADS.fetch_add(1, crate::primitive::Ordering::Relaxed).wrapping_add(1);
            self.number.set(number);
        }
        ThreadTag { number: self.number.get(), name: self.name.get() }
    }

    pub(crate) fn has_name(&self) -> bool {
        self.name.get() != ShortName::UNKNOWN
    }

    pub(crate) fn set_name(&self, name: &str) {
        self.name.set(ShortName::new(name));
    }

    /// In how many signal handlers it is, as the program says.
    #[inline]
    pub(crate) fn is_in_signal_handler(&self) -> bool {
        self.signal_handlers.get() != 0
    }

    #[inline]
    pub(crate) fn blocks_signals(&self) -> bool {
        self.signals_blocked.get() != 0
    }

    /// Changes the number of signal handlers that it is in.
    pub(crate) fn count_signal_handlers(&self, by: i32) {
        self.signal_handlers.set(self.signal_handlers.get().wrapping_add_signed(by));
    }

    /// Changes the number of regions with signals blocked that it is in.
    pub(crate) fn count_signals_blocked(&self, by: i32) {
        self.signals_blocked.set(self.signals_blocked.get().wrapping_add_signed(by));
    }

    /// Whether it has not looked yet, outside sections and signal handlers.
    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        self.is_new.get()
    }

    pub(crate) fn set_known(&self) {
        self.is_new.set(false);
    }

    /// Notes that it goes on in a new process, which was forked with what it holds and with these sections open. It neither allocates nor
    /// waits: nothing else may be done there.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "forks are seen on Linux only"))]
    pub(crate) fn enters_process(&self, sections: InheritedSections) {
        for at in 0..self.len.get().min(MAX_HELD) {
            if let (Some(lock), Some(entry)) = (self.entry(at), self.entries.get(at)) {
                entry.set(Some(HeldLock { is_inherited: true, ..lock }));
            }
        }
        self.inherited_sections.set(sections);
        self.is_forked.set(true);
        // Another thread may have set things up just then. It is not here to go on with that.
        self.is_new.set(false);
    }

    /// Whether something was found that is still to be reported.
    #[cfg(feature = "watch")]
    #[inline]
    pub(crate) fn has_found(&self) -> bool {
        self.has_found.get()
    }

    #[cfg(feature = "watch")]
    pub(crate) fn set_found(&self, has_found: bool) {
        self.has_found.set(has_found);
    }

    /// Whether its process was forked, and nobody has asked for what it has inherited.
    #[inline]
    pub(crate) fn is_forked(&self) -> bool {
        self.is_forked.get()
    }

    /// Returns the sections that it has inherited. Of what it holds, each entry tells that.
    pub(crate) fn take_inherited_sections(&self) -> InheritedSections {
        self.is_forked.set(false);
        self.inherited_sections.get()
    }
}
