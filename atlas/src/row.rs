//! All that was measured of an operation, and the verdict.

use std::fmt;

use crate::bench::Mode;
use crate::figures::{Range, Sample};
use crate::measure::When;
use crate::operation::{Operation, Package};
use crate::process::measure;

/// How often each measurement is made, each time by a new process.
const REPEATS: usize = 2;

/// May it be called in a section?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It neither asks for memory nor gives any back, makes no system call that may block, and waits for nobody: from the first call on.
    Safe,
    /// The same, but for the first call of a thread.
    SafeAfterFirstOnThread,
    /// The same, but for the first calls: of the process, or with the object.
    SafeAfterFirst,
    /// It does one of these.
    NotSafe,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safe => "safe",
            Self::SafeAfterFirstOnThread => "safe after first use on each thread",
            Self::SafeAfterFirst => "safe after first use",
            Self::NotSafe => "not safe",
        })
    }
}

/// An operation and what was measured.
#[derive(Clone, Debug)]
pub struct Row {
    /// The package.
    pub package: &'static str,
    /// The operation.
    pub operation: Operation,
    /// The first call in the process.
    pub process: Sample,
    /// The first call on a thread.
    pub thread: Sample,
    /// Thousands of calls.
    pub steady: Sample,
    /// Beside threads that stand still: whether it waited for each.
    pub beside: Sample,
}

impl Row {
    /// Measures an operation.
    ///
    /// # Errors
    ///
    /// If a process that measures failed, or the watch saw something else than the counts.
    pub fn measure(package: &Package, operation: &Operation) -> Result<Self, String> {
        let of = |mode: &Mode| measure(package.name, operation, mode);
        let when = |when: When| -> Result<Sample, String> {
            let mut all: Option<Sample> = None;
            for _ in 0..REPEATS {
                let modes = [Mode::Counts(when), Mode::Calls(when), Mode::Watched(when)];
                let [counts, calls, watched] = modes.map(|mode| of(&mode));
                // Memory is counted in both.
                let sample = calls?.and(counts?).and(watched?);
                all = Some(match all {
                    Some(before) => before.or(&sample),
                    None => sample,
                });
            }
            Ok(all.expect("it was measured"))
        };
        let mut beside = Sample::default();
        let names = of(&Mode::Names)?;
        let peers = names.beginning_with("peer ").map(|(_, place)| Mode::Peer(at(place.least)));
        let holders =
            names.beginning_with("holder ").map(|(_, place)| Mode::Holder(at(place.least)));
        for mode in peers.chain(holders) {
            beside = beside.and(of(&mode)?);
        }
        let row = Self {
            package: package.name,
            operation: *operation,
            process: when(When::FirstInProcess)?,
            thread: when(When::FirstOnThread)?,
            steady: when(When::Steady)?,
            beside,
        };
        row.check_watch()?;
        let row = row.with_chance()?;
        if row.verdict() == Verdict::NotSafe
            && operation.instead.is_empty()
            && package.name != "planted"
        {
            return Err(format!(
                "{}, {}: not safe, and nothing instead",
                package.name, operation.name
            ));
        }
        Ok(row)
    }

    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        if self.waits() || !is_clean(&self.steady) {
            Verdict::NotSafe
        } else if !is_clean(&self.thread) {
            Verdict::SafeAfterFirstOnThread
        } else if !is_clean(&self.process) || !is_clean_early(&self.steady) {
            Verdict::SafeAfterFirst
        } else {
            Verdict::Safe
        }
    }

    /// Whether it waits for a thread that stands still.
    pub fn waits(&self) -> bool {
        self.beside.beginning_with("waits for ").any(|(_, waits)| waits.most > 0)
    }

    /// Whether it may sleep, for a thread or in the kernel. Otherwise, if it is not safe, it is so because of memory.
    pub fn blocks(&self) -> bool {
        self.waits() || !is_awake(&self.steady)
    }

    /// Writes figures that are a matter of chance as what they can be.
    fn with_chance(mut self) -> Result<Self, String> {
        let [steady, first] = self.operation.varies;
        for (sample, varies) in
            [(&mut self.steady, steady), (&mut self.thread, first), (&mut self.process, first)]
        {
            for &(name, least) in varies {
                let seen = sample.get(name).least;
                if seen < least {
                    return Err(format!(
                        "{}: {seen} {name}, not {least} or more",
                        self.operation.name
                    ));
                }
                sample.set(name, Range { least, most: u64::MAX });
            }
        }
        Ok(self)
    }

    /// The watch must have seen what was counted, and nothing else.
    fn check_watch(&self) -> Result<(), String> {
        for (when, sample) in
            [("process", &self.process), ("thread", &self.thread), ("steady", &self.steady)]
        {
            let by_rust = sample.get("allocations").most + sample.get("frees").most;
            let watched = sample.get("watch memory").most;
            // Hundreds of calls are watched, and thousands counted.
            if watched > 0 && by_rust == 0 {
                return Err(format!(
                    "{}: {when}: the watch saw memory that nobody counted",
                    self.operation.name
                ));
            }
            if by_rust > 0
                && sample.get("allocations").least + sample.get("frees").least > 0
                && watched == 0
            {
                return Err(format!(
                    "{}: {when}: the watch saw no memory, of {by_rust}",
                    self.operation.name
                ));
            }
        }
        Ok(())
    }
}

fn at(place: u64) -> usize {
    usize::try_from(place).expect("it is small")
}

/// Whether calls neither ask for memory nor may sleep.
fn is_clean(sample: &Sample) -> bool {
    let memory = ["allocations", "frees", "mallocs", "c_frees", "destructors"];
    memory.iter().all(|name| sample.get(name).most == 0) && is_awake(sample)
}

/// Whether the first thousand calls asked for no memory.
fn is_clean_early(sample: &Sample) -> bool {
    sample.beginning_with("early ").all(|(_, range)| range.most == 0)
}

/// Whether calls neither sleep, nor may, nor give their processor away.
fn is_awake(sample: &Sample) -> bool {
    let may_block = |name: &str| {
        // The kernel and the watch both have it: what the allocator calls is not the operation's own.
        let always = ["sched_yield", "mmap", "munmap", "mremap", "mprotect", "madvise", "brk"];
        sample.get(&format!("watch call {name}")).most > 0 || always.contains(&name)
    };
    !slept(sample) && !sample.beginning_with("call ").any(|(name, _)| may_block(name))
}

/// Whether it slept in each run.
fn slept(sample: &Sample) -> bool {
    sample.get("sleeps").least > 0
}

/// What was measured, as the table says it.
pub fn evidence(sample: &Sample) -> String {
    let mut parts = memory(sample, "");
    for (name, range) in sample.beginning_with("call ") {
        parts.push(format!("`{name}` {range}"));
    }
    if slept(sample) {
        parts.push("sleeps".to_owned());
    }
    parts.join(", ")
}

/// What the calls before the steady state did with memory.
pub fn early_evidence(steady: &Sample) -> String {
    memory(steady, "early ").join(", ")
}

fn memory(sample: &Sample, prefix: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut add = |name: &str, one: &str, many: &str| {
        let range = sample.get(&format!("{prefix}{name}"));
        if range.most > 0 {
            parts.push(format!("{range} {}", if range.most == 1 { one } else { many }));
        }
    };
    add("allocations", "allocation", "allocations");
    add("frees", "free", "frees");
    add("mallocs", "C malloc", "C mallocs");
    add("c_frees", "C free", "C frees");
    add("destructors", "thread-local destructor", "thread-local destructors");
    parts
}
