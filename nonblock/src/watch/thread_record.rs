//! What the watch keeps for each thread. It lies in a table of the program, and not in the thread's own memory: the kernel
//! reads and writes in it until the thread has ended, and a thread's own memory may be gone before that.
//!
//! A thread gets a record, and gives it back, as in `rcu::thread_record`: neither by a destructor nor by a lock. The key is
//! the address of a variable of the thread. No two threads that live have the same.

use core::cell::Cell;
use core::ptr;

use crate::primitive::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use super::event_buffer::EventBuffer;
use super::layers::Setting;
use super::raw_code;
#[cfg(target_arch = "x86_64")]
use super::raw_code::ProgramCall;
use super::schedule::{OwnArea, Usage};

/// How many threads can be watched at once.
const RECORDS: usize = 1024;

/// What the watch keeps for one thread. Only the thread, its signal handlers and the kernel use it.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct ThreadRecord {
    /// The key of the owner, with a bit that changes where the next one has the same.
    owner: AtomicUsize,
    /// The number that the kernel gave the owner.
    thread: AtomicUsize,
    /// How calls are made that were stopped, and what the kernel reads at each system call.
    #[cfg(target_arch = "x86_64")]
    pub(super) program_call: ProgramCall,
    /// The marker of a thread that has no other, or whose kernel's tells nothing.
    pub(super) own_marker: AtomicUsize,
    pub(super) own_area: OwnArea,
    buffer: AtomicPtr<EventBuffer>,
    state: State,
}

/// The rest, which is the thread's alone.
#[derive(Debug)]
struct State {
    setting: Cell<Option<Setting>>,
    marker: Cell<Option<&'static AtomicUsize>>,
    baseline: Cell<Usage>,
    began: Cell<u64>,
    sections: Cell<usize>,
    traps: Cell<bool>,
    open: Cell<bool>,
    mask: Cell<Option<u64>>,
    told_sleeps: Cell<u64>,
    ending: Cell<bool>,
    paused: Cell<bool>,
    handling: Cell<bool>,
    #[cfg(target_arch = "x86_64")]
    call_under_way: Cell<Option<CallUnderWay>>,
    #[cfg(target_arch = "x86_64")]
    kept_signal: Cell<Option<SignalInformation>>,
    waiting: Cell<bool>,
}

/// A call that was noted and has not returned yet.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(super) struct CallUnderWay {
    /// The number of the event.
    pub(super) event: usize,
    /// What the kernel had counted before.
    pub(super) usage: Usage,
    /// When it began, in ticks.
    pub(super) began: u64,
}

/// What the kernel tells of a signal: `siginfo_t`.
#[cfg(target_arch = "x86_64")]
pub(super) type SignalInformation = [u64; 16];

// SAFETY: the cells are used by the owner only, and no two threads that live have one record.
unsafe impl Sync for ThreadRecord {}

impl State {
    const fn new() -> Self {
        Self {
            setting: Cell::new(None),
            marker: Cell::new(None),
            baseline: Cell::new(Usage { voluntary: 0, involuntary: 0, major_faults: 0 }),
            began: Cell::new(0),
            sections: Cell::new(0),
            traps: Cell::new(false),
            open: Cell::new(false),
            mask: Cell::new(None),
            told_sleeps: Cell::new(0),
            ending: Cell::new(false),
            paused: Cell::new(false),
            handling: Cell::new(false),
            #[cfg(target_arch = "x86_64")]
            call_under_way: Cell::new(None),
            #[cfg(target_arch = "x86_64")]
            kept_signal: Cell::new(None),
            waiting: Cell::new(false),
        }
    }
}

static TABLE: [ThreadRecord; RECORDS] = [const { ThreadRecord::new() }; RECORDS];

std::thread_local! {
    /// The record of this thread, once it has one.
    static MINE: Cell<Option<&'static ThreadRecord>> = const { Cell::new(None) };
    /// The process in which it was set up. A child process begins with its parent's.
    static PROCESS: Cell<u32> = const { Cell::new(0) };
    /// Whether this thread has found all records taken.
    static FOUND_NONE: Cell<bool> = const { Cell::new(false) };
}

/// How many times this program has been forked, as far as its parents are concerned.
static FORKS: AtomicU32 = AtomicU32::new(0);

impl ThreadRecord {
    const fn new() -> Self {
        Self {
            owner: AtomicUsize::new(0),
            thread: AtomicUsize::new(0),
            #[cfg(target_arch = "x86_64")]
            program_call: ProgramCall::new(),
            own_marker: AtomicUsize::new(0),
            own_area: OwnArea::new(),
            buffer: AtomicPtr::new(ptr::null_mut()),
            state: State::new(),
        }
    }

    /// Returns this thread's record. Claims one if it has none: `None` if all are taken.
    #[inline]
    pub(super) fn mine_or_claim() -> Option<&'static Self> {
        let forks = FORKS.load(Ordering::Relaxed);
        if let Some(mine) = Self::mine() {
            if PROCESS.get() != forks {
                // The kernel has not passed the trap on to this process.
                mine.forget_setting();
                PROCESS.set(forks);
            }
            return Some(mine);
        }
        Self::claim(forks)
    }

    /// Returns this thread's record, if it has one.
    #[inline]
    pub(super) fn mine() -> Option<&'static Self> {
        MINE.get()
    }

    #[cold]
    fn claim(forks: u32) -> Option<&'static Self> {
        let key = MINE.with(|mine| ptr::from_ref(mine).addr());
        let mine = TABLE.iter().find(|record| record.take(key)).or_else(|| {
            // As long as the table is full, and not for each section.
            (!FOUND_NONE.replace(true)).then(|| TABLE.iter().find(|record| record.inherit(key)))?
        })?;
        mine.thread.store(raw_code::thread(), Ordering::Relaxed);
        mine.forget_setting();
        mine.state.marker.set(None);
        mine.state.traps.set(false);
        mine.state.mask.set(None);
        mine.state.open.set(false);
        mine.state.ending.set(false);
        mine.state.paused.set(false);
        mine.state.handling.set(false);
        #[cfg(target_arch = "x86_64")]
        mine.state.call_under_way.set(None);
        #[cfg(target_arch = "x86_64")]
        mine.state.kept_signal.set(None);
        mine.state.waiting.set(false);
        mine.state.told_sleeps.set(0);
        PROCESS.set(forks);
        MINE.set(Some(mine));
        Some(mine)
    }

    /// Takes this record if it is nobody's, or one of an ended thread with the same key.
    fn take(&self, key: usize) -> bool {
        let owner = self.owner.load(Ordering::Relaxed);
        // Each owner has another value than the one before, so of two threads that take it at once, one gets it.
        let new = if owner & !1 == key { owner ^ 1 } else { key };
        (owner == 0 || owner & !1 == key)
            && self.owner.compare_exchange(owner, new, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Takes this record if its thread has ended.
    fn inherit(&self, key: usize) -> bool {
        let owner = self.owner.load(Ordering::Acquire);
        let thread = self.thread.load(Ordering::Relaxed);
        thread != 0
            && has_ended(thread)
            && self.owner.compare_exchange(owner, key, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    fn forget_setting(&self) {
        #[cfg(target_arch = "x86_64")]
        self.program_call.selector.store(0, Ordering::Relaxed);
        self.state.traps.set(false);
        self.state.setting.set(None);
    }

    /// Returns the buffer of events, made if there is none: `None` if there is no memory.
    pub(super) fn buffer_or_make(&self) -> Option<&EventBuffer> {
        if self.buffer.load(Ordering::Relaxed).is_null() {
            let made = EventBuffer::map()?;
            self.buffer.store(made, Ordering::Relaxed);
        }
        self.buffer()
    }

    /// Returns the buffer of events, if there is one.
    pub(super) fn buffer(&self) -> Option<&EventBuffer> {
        // SAFETY: it is null or what `EventBuffer::map` returned, which is never unmapped.
        unsafe { self.buffer.load(Ordering::Relaxed).as_ref() }
    }

    /// What this thread is set up for.
    pub(super) fn setting(&self) -> Option<Setting> {
        self.state.setting.get()
    }

    pub(super) fn set_setting(&self, setting: Setting) {
        self.state.setting.set(Some(setting));
    }

    /// The word that the kernel clears, if there is one.
    pub(super) fn marker(&self) -> Option<&'static AtomicUsize> {
        self.state.marker.get()
    }

    pub(super) fn set_marker(&self, marker: Option<&'static AtomicUsize>) {
        self.state.marker.set(marker);
    }

    /// Has the end of the section look, whatever the kernel does to the marker.
    pub(super) fn disturb_markers(&self) {
        self.own_marker.store(0, Ordering::Relaxed);
        if let Some(marker) = self.marker() {
            marker.store(0, Ordering::Relaxed);
        }
    }

    /// What the kernel had counted when the marker was last set.
    pub(super) fn baseline(&self) -> &Cell<Usage> {
        &self.state.baseline
    }

    /// When the section began that is watched, in ticks.
    pub(super) fn began(&self) -> &Cell<u64> {
        &self.state.began
    }

    /// How many sections there were, where only some of them are watched.
    pub(super) fn sections(&self) -> &Cell<usize> {
        &self.state.sections
    }

    /// Whether the kernel stops the system calls of this thread if the selector says so.
    pub(super) fn traps(&self) -> &Cell<bool> {
        &self.state.traps
    }

    /// Whether a section is watched that went the slow way.
    pub(super) fn open(&self) -> &Cell<bool> {
        &self.state.open
    }

    /// Whether the end of a section is looked at. A signal handler may open a section meanwhile.
    pub(super) fn ending(&self) -> &Cell<bool> {
        &self.state.ending
    }

    /// Whether the handler of stopped calls runs on the stack that it has for itself.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn handling(&self) -> &Cell<bool> {
        &self.state.handling
    }

    /// Whether there are events of a section that has ended where no report could be made.
    pub(super) fn waiting(&self) -> &Cell<bool> {
        &self.state.waiting
    }

    /// The call that was noted last, until it returns.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn call_under_way(&self) -> &Cell<Option<CallUnderWay>> {
        &self.state.call_under_way
    }

    /// A signal of the program's that the section has kept.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn kept_signal(&self) -> &Cell<Option<SignalInformation>> {
        &self.state.kept_signal
    }

    /// Whether a section is suspended, and its events are kept until it ends.
    pub(super) fn paused(&self) -> &Cell<bool> {
        &self.state.paused
    }

    /// How often the thread went to sleep in calls that were noted, since the counts were last asked for.
    pub(super) fn told_sleeps(&self) -> &Cell<u64> {
        &self.state.told_sleeps
    }

    /// The signals that are blocked as far as the program knows, while the section blocks them all.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn mask(&self) -> &Cell<Option<u64>> {
        &self.state.mask
    }
}

/// Notes that this process is a child. What its parent's section has seen is the parent's to report.
pub(super) fn count_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    if let Some(mine) = ThreadRecord::mine() {
        mine.thread.store(raw_code::thread(), Ordering::Relaxed);
        // Nor does a child have the signals that wait for its parent.
        #[cfg(target_arch = "x86_64")]
        mine.state.kept_signal.set(None);
        if let Some(buffer) = mine.buffer() {
            buffer.clear();
        }
    }
}

/// Returns whether a thread of this process has ended.
fn has_ended(thread: usize) -> bool {
    let arguments = [raw_code::process(), thread, 0, 0, 0, 0];
    // SAFETY: it takes no memory, and signal 0 is none.
    let result = unsafe { raw_code::syscall(libc::SYS_tgkill, arguments) };
    result == -(libc::ESRCH as isize)
}
