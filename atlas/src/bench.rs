//! What an operation is given to be measured with.

use std::cell::UnsafeCell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::figures::{Range, Sample};
use crate::measure::{self, Beside, When};

/// What is measured of an operation in a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Memory and sleeps.
    Counts(When),
    /// System calls by their names.
    Calls(When),
    /// What the watch reports.
    Watched(When),
    /// Which threads there are to stand still beside it.
    Names,
    /// Beside a peer that has stopped, by its place among the peers.
    Peer(usize),
    /// Beside a holder that sleeps, likewise.
    Holder(usize),
}

/// What is done by operations.
pub type Action<'a> = &'a (dyn Fn() + Sync);
type Holder<'a> = &'a (dyn Fn(&dyn Fn()) + Sync);

/// Measures one operation: what it is made of is said first, and [`call`](Self::call) comes last.
pub struct Bench<'a> {
    mode: Mode,
    result: &'a mut Sample,
    pub(crate) prepare: Action<'a>,
    prepare_beside: Option<Action<'a>>,
    pub(crate) after: Action<'a>,
    pub(crate) call: Action<'a>,
    peers: Vec<(&'static str, Action<'a>)>,
    holders: Vec<(&'static str, Holder<'a>)>,
}

impl fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl<'a> Bench<'a> {
    /// One that measures this, and puts the result there.
    pub fn new(mode: Mode, result: &'a mut Sample) -> Self {
        Self {
            mode,
            result,
            prepare: &|| (),
            prepare_beside: None,
            after: &|| (),
            call: &|| (),
            peers: Vec::new(),
            holders: Vec::new(),
        }
    }

    /// What is done before each call, and does not count.
    #[must_use]
    pub fn prepare(self, prepare: Action<'a>) -> Self {
        Self { prepare, ..self }
    }

    /// What is done in its place where the call is made beside others.
    #[must_use]
    pub fn prepare_beside(self, prepare: Action<'a>) -> Self {
        Self { prepare_beside: Some(prepare), ..self }
    }

    /// What is done after each call, and does not count: it brings things back to where they were.
    #[must_use]
    pub fn after(self, after: Action<'a>) -> Self {
        Self { after, ..self }
    }

    /// What another thread does, which is stopped in the middle of it, after each of its instructions. It must not wait for anything.
    #[must_use]
    pub fn peer(mut self, name: &'static str, peer: Action<'a>) -> Self {
        self.peers.push((name, peer));
        self
    }

    /// Somebody that stands still in the middle of something, by calling what it is given.
    #[must_use]
    pub fn holder(mut self, name: &'static str, holder: Holder<'a>) -> Self {
        self.holders.push((name, holder));
        self
    }

    /// The operation itself.
    pub fn call(mut self, call: Action<'a>) {
        self.call = call;
        if let (Mode::Peer(_) | Mode::Holder(_), Some(prepare)) = (&self.mode, self.prepare_beside)
        {
            self.prepare = prepare;
        }
        *self.result = match self.mode {
            Mode::Counts(when) => measure::count(&self, when, false),
            Mode::Calls(when) => measure::count(&self, when, true),
            Mode::Watched(when) => measure::watch(&self, when),
            Mode::Names => self.names(),
            Mode::Peer(place) => {
                let (name, peer) = self.peers[place];
                beside(name, measure::beside_stopped(&self, peer))
            }
            Mode::Holder(place) => {
                let (name, holder) = self.holders[place];
                beside(name, measure::beside_holder(&self, holder))
            }
        };
    }

    fn names(&self) -> Sample {
        let mut sample = Sample::default();
        for (place, (name, _)) in (0..).zip(&self.peers) {
            sample.set(&format!("peer {name}"), Range::of([place]));
        }
        for (place, (name, _)) in (0..).zip(&self.holders) {
            sample.set(&format!("holder {name}"), Range::of([place]));
        }
        sample
    }
}

fn beside(name: &str, beside: Beside) -> Sample {
    let mut sample = Sample::default();
    sample.set(&format!("waits for {name}"), Range::of([u64::from(beside == Beside::Waits)]));
    sample
}

/// A value that threads use in turn, without a lock: two at once is a fault of the operation's description.
///
/// It is for one end of something that has two, and for what is handed from `prepare` to the call.
#[derive(Debug)]
pub struct InTurn<T> {
    is_used: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: only one thread at a time gets at the value.
unsafe impl<T: Send> Sync for InTurn<T> {}

impl<T> InTurn<T> {
    /// One with this value.
    pub const fn new(value: T) -> Self {
        Self { is_used: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Lends the value.
    ///
    /// # Panics
    ///
    /// If it is lent already.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        assert!(!self.is_used.swap(true, Ordering::SeqCst), "two threads at once");
        // SAFETY: nobody else has it, as was just seen.
        let result = f(unsafe { &mut *self.value.get() });
        self.is_used.store(false, Ordering::SeqCst);
        result
    }
}

impl<T> InTurn<Option<T>> {
    /// Puts a value there for the call.
    pub fn put(&self, value: T) {
        self.with(|place| *place = Some(value));
    }

    /// Takes it.
    pub fn take(&self) -> T {
        self.with(Option::take).expect("it was prepared")
    }
}

/// A value whose thread does not matter, although its type says so: it is used by one thread at a time, and not tied to any.
#[derive(Debug)]
pub struct AnyThread<T>(pub T);

// SAFETY: whoever makes one has looked that the type is tied to no thread.
unsafe impl<T> Send for AnyThread<T> {}
