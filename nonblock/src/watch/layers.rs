//! The layers of the watch, and what is set for the whole program.

use core::cell::Cell;
use core::error::Error;
use core::fmt;
use core::ops::BitOr;
use core::str::FromStr;
use core::time::Duration;
use std::borrow::ToOwned as _;
use std::string::String;

use crate::primitive::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};

/// What the watch looks at. Layers are joined by `|`.
///
/// | layer | what it tells | by | what it costs |
/// |---|---|---|---|
/// | [`SCHEDULE`](Self::SCHEDULE) | whether the thread slept in the section, was preempted, or waited for a page | a marker that the kernel clears, and its counts | under 1 ns a section in which nothing happened |
/// | [`TRAP`](Self::TRAP) | each system call in the section that may block, and whether it did | Syscall User Dispatch | about a microsecond a section, or 2 ns with [`quick_trap`](super::Builder::quick_trap); some microseconds a call |
/// | [`ALLOC`](Self::ALLOC) | each allocation and release in the section | a global allocator, [`Allocator`](super::Allocator) | some nanoseconds an allocation |
/// | [`BUDGET`](Self::BUDGET) | how long sections last, and which are too long | the processor's time stamp | some 30 ns a section |
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::watch::Layers;
///
/// let layers = Layers::SCHEDULE | Layers::BUDGET;
/// assert!(layers.contains(Layers::BUDGET) && !layers.contains(Layers::TRAP));
/// assert_eq!(layers.to_string(), "schedule,budget");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Layers(u8);

impl Layers {
    /// No layer: nothing is watched.
    pub const NONE: Self = Self(0);
    /// Whether a thread left its processor in a section.
    pub const SCHEDULE: Self = Self(1);
    /// The system calls that a section makes.
    pub const TRAP: Self = Self(2);
    /// The allocations and releases that a section makes.
    pub const ALLOC: Self = Self(4);
    /// How long a section lasts.
    pub const BUDGET: Self = Self(8);
    /// All layers.
    pub const ALL: Self = Self(15);

    const NAMES: [(&'static str, Self); 4] = [
        ("schedule", Self::SCHEDULE),
        ("trap", Self::TRAP),
        ("alloc", Self::ALLOC),
        ("budget", Self::BUDGET),
    ];

    /// Returns whether all of the other's layers are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns whether there is no layer.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns these layers without the other's.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns the layer of that name: `schedule`, `trap`, `alloc` or `budget`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find_map(|(other, layer)| (other == name).then_some(layer))
    }
}

impl FromStr for Layers {
    type Err = LayersError;

    /// Reads names with commas between, such as `trap,schedule`.
    fn from_str(text: &str) -> Result<Self, LayersError> {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).try_fold(
            Self::NONE,
            |layers, name| match Self::named(name) {
                Some(layer) => Ok(layers | layer),
                None => Err(LayersError { found: name.to_owned() }),
            },
        )
    }
}

/// A name that no layer has.
///
/// # Examples
///
/// ```
/// let error = "trap,shedule".parse::<nonblock::watch::Layers>().unwrap_err();
/// assert_eq!(error.to_string(), "`shedule` is no layer: expected one of `schedule`, `trap`, `alloc`, `budget`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayersError {
    found: String,
}

impl fmt::Display for LayersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no layer: expected one of `schedule`, `trap`, `alloc`, `budget`",
            self.found
        )
    }
}

impl Error for LayersError {}

impl BitOr for Layers {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        let names = Self::NAMES.into_iter().filter(|(_, layer)| self.contains(*layer));
        for (at, (name, _)) in names.enumerate() {
            f.write_str(if at == 0 { "" } else { "," })?;
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// How many marks there are. They are used in turn, one for each change of what is set.
///
/// A thread notices a change by its mark. If it had no section during just so many changes, or a multiple of that, and never
/// lost its processor, it watches as was set before, until it loses it.
pub(super) const MARKS: usize = 256;

/// What a thread sets itself up for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) layers: Layers,
    /// Whether the trap leaves signals as they are: see [`Builder::quick_trap`](super::Builder::quick_trap).
    pub(super) quick_trap: bool,
    /// Of how many sections one is watched.
    pub(super) sample: usize,
    /// Whether watched sections are counted: see [`Builder::count_sections`](super::Builder::count_sections).
    pub(super) counts_sections: bool,
    /// The number of the change that made it so.
    pub(super) change: usize,
}

static LAYERS: AtomicU8 = AtomicU8::new(0);
static QUICK_TRAP: AtomicBool = AtomicBool::new(false);
static SAMPLE: AtomicUsize = AtomicUsize::new(1);
static COUNTS_SECTIONS: AtomicBool = AtomicBool::new(false);
static CHANGE: AtomicUsize = AtomicUsize::new(0);
static BUDGET: AtomicU64 = AtomicU64::new(u64::MAX);
static LEAST_SIZE: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    /// The layers of this thread alone, beside those of the program.
    static OF_THIS_THREAD: Cell<Layers> = const { Cell::new(Layers::NONE) };
}

/// Returns what is set now for this thread. It may still be set up for what was set before.
pub(super) fn setting() -> Setting {
    Setting {
        layers: Layers(LAYERS.load(Ordering::Relaxed)) | OF_THIS_THREAD.get(),
        quick_trap: QUICK_TRAP.load(Ordering::Relaxed),
        sample: SAMPLE.load(Ordering::Relaxed),
        counts_sections: COUNTS_SECTIONS.load(Ordering::Relaxed),
        change: CHANGE.load(Ordering::Relaxed),
    }
}

/// Sets what the whole program is watched for. Returns the number of the change, which is not looked at in the argument. It takes
/// effect with its mark.
pub(super) fn set(setting: Setting) -> usize {
    LAYERS.store(setting.layers.0, Ordering::Relaxed);
    QUICK_TRAP.store(setting.quick_trap, Ordering::Relaxed);
    SAMPLE.store(setting.sample.max(1), Ordering::Relaxed);
    COUNTS_SECTIONS.store(setting.counts_sections, Ordering::Relaxed);
    CHANGE.fetch_add(1, Ordering::Relaxed) + 1
}

/// Sets the layers of this thread alone. Takes effect with the next mark.
pub(super) fn set_of_this_thread(layers: Layers) {
    OF_THIS_THREAD.set(layers);
}

/// Returns the layers of this thread alone.
pub(super) fn of_this_thread() -> Layers {
    OF_THIS_THREAD.get()
}

/// Returns the budget of a section in nanoseconds.
pub(super) fn budget() -> u64 {
    BUDGET.load(Ordering::Relaxed)
}

pub(super) fn set_budget(budget: Option<Duration>) {
    let budget = budget.map_or(u64::MAX, |it| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX));
    BUDGET.store(budget, Ordering::Relaxed);
}

/// Returns the least number of bytes that counts as an allocation.
pub(super) fn least_size() -> usize {
    LEAST_SIZE.load(Ordering::Relaxed)
}

pub(super) fn set_least_size(bytes: usize) {
    LEAST_SIZE.store(bytes, Ordering::Relaxed);
}
