//! What is still held where nothing, or no spin lock, should be.

#[cfg(feature = "lockdep")]
use std::format;
#[cfg(feature = "lockdep")]
use std::string::String;
#[cfg(feature = "lockdep")]
use std::vec::Vec;

#[cfg(feature = "lockdep")]
use super::{report, set_up};
#[cfg(feature = "lockdep")]
use crate::backend::thread_local::sections_began;
#[cfg(feature = "lockdep")]
use crate::backend::{ActiveBackend, Backend as _, Suspended};
#[cfg(feature = "lockdep")]
use crate::lock_graph::{GRAPH, HeldLock, ThreadLocks, with_thread};

/// Code of a thread. When this is dropped, the thread ends, and holds nothing.
#[cfg(feature = "std")]
#[must_use]
#[derive(Debug)]
pub(crate) struct ThreadCode;

#[cfg(all(feature = "std", feature = "lockdep"))]
impl Drop for ThreadCode {
    #[inline]
    fn drop(&mut self) {
        let section = ActiveBackend::began();
        if section.is_some() || with_thread(|thread| !thread.is_empty()) {
            thread_ends();
        }
    }
}

#[cfg(feature = "lockdep")]
#[cold]
fn thread_ends() {
    let held: Vec<HeldLock> = with_thread(|thread| thread.from(0).collect());
    let section = ActiveBackend::began();
    let Some(place) = held.first().map(|lock| lock.since).or(section) else { return };
    let found = match (described(&held), section) {
        (Some(held), Some(_)) => format!("a thread that ends with {held}, and with a section open"),
        (Some(held), None) => format!("a thread that ends with {held}"),
        _ => String::from("a thread that ends with a section open"),
    };
    let _forgotten = Forgotten(0);
    report::still_held(found, held.iter().map(|lock| lock.class), place, true);
}

/// Reports what the process was forked with, if it was and nobody has: the child can neither release it, as the parent does that, nor
/// wait for it.
///
/// # Arguments
///
/// * `may_panic`: whether the policy may act by a panic there.
#[cfg(feature = "lockdep")]
#[inline]
#[track_caller]
pub(super) fn after_fork(may_panic: bool) {
    if with_thread(ThreadLocks::is_forked) {
        forked(may_panic);
    }
}

#[cfg(feature = "lockdep")]
#[cold]
#[track_caller]
fn forked(may_panic: bool) {
    // Nothing unwinds out of a signal handler. What comes after it reports.
    if with_thread(ThreadLocks::is_in_signal_handler) {
        return;
    }
    let inherited = with_thread(ThreadLocks::take_inherited_sections);
    // One that ended since is no fault, and nor is another after that.
    let section = ActiveBackend::began().filter(|_| ActiveBackend::began() == inherited.began);
    let depth = ActiveBackend::depth().unwrap_or(0).min(inherited.depth);
    let held: Vec<HeldLock> =
        with_thread(|thread| thread.from(0).filter(|lock| lock.is_inherited).collect());
    let Some(place) = held.first().map(|lock| lock.since).or(section) else { return };
    let found = match (described(&held), section) {
        (Some(held), Some(section)) => format!(
            "a process that was forked with {held}, and with the section open that began at {section}"
        ),
        (Some(held), None) => format!("a process that was forked with {held}"),
        (None, Some(section)) => {
            format!("a process that was forked with the section open that began at {section}")
        }
        (None, None) => return,
    };
    let _forgotten =
        (ForgottenEach(&held), ForgottenSections(if section.is_some() { depth } else { 0 }));
    report::still_held(found, held.iter().map(|lock| lock.class), place, may_panic);
}

/// A root. When this is dropped, the root ends, and what was taken in sections within it is held no more.
#[must_use]
#[derive(Debug)]
pub(crate) struct RootCode {
    /// How much the thread held when the root began.
    #[cfg(feature = "lockdep")]
    len: usize,
}

impl RootCode {
    #[inline]
    #[track_caller]
    pub(crate) fn begin() -> Self {
        #[cfg(feature = "lockdep")]
        {
            with_thread(set_up::once);
            after_fork(true);
        }
        Self {
            #[cfg(feature = "lockdep")]
            len: with_thread(ThreadLocks::len),
        }
    }
}

#[cfg(feature = "lockdep")]
impl Drop for RootCode {
    #[inline]
    fn drop(&mut self) {
        if with_thread(ThreadLocks::len) > self.len {
            root_ends(self.len);
        }
    }
}

/// A sleeping lock may be handed out of a root, or anything else that was not taken in a section.
#[cfg(feature = "lockdep")]
#[cold]
fn root_ends(len: usize) {
    let is_spin = |lock: &HeldLock| lock.kind.is_held_in_sections();
    if !with_thread(|thread| thread.from(len).any(|lock| is_spin(&lock))) {
        return;
    }
    let held: Vec<HeldLock> = with_thread(|thread| thread.from(len).filter(is_spin).collect());
    let Some(place) = held.first().map(|lock| lock.since) else { return };
    let Some(described) = described(&held) else { return };
    let _forgotten = ForgottenEach(&held);
    let found = format!("a root that ends with {described}");
    report::still_held(found, held.iter().map(|lock| lock.class), place, true);
}

/// Says what is held, and since where.
#[cfg(feature = "lockdep")]
fn described(held: &[HeldLock]) -> Option<String> {
    let each = held.iter().filter_map(|lock| {
        let class = GRAPH.name_of(lock.class)?;
        Some(format!("{class} still held, since {}", lock.since))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| each.join(" and "))
}

/// Once reported, it is forgotten: when this is dropped, by a panic of the report too.
#[cfg(feature = "lockdep")]
struct Forgotten(usize);

#[cfg(feature = "lockdep")]
impl Drop for Forgotten {
    fn drop(&mut self) {
        with_thread(|thread| thread.truncate(self.0));
    }
}

#[cfg(feature = "lockdep")]
struct ForgottenEach<'a>(&'a [HeldLock]);

#[cfg(feature = "lockdep")]
impl Drop for ForgottenEach<'_> {
    fn drop(&mut self) {
        for lock in self.0 {
            with_thread(|thread| _ = thread.remove(lock.serial));
        }
    }
}

/// The outermost sections, so many. Their ends are still to come, and are no faults: as if the sections were suspended until then.
#[cfg(feature = "lockdep")]
struct ForgottenSections(u32);

#[cfg(feature = "lockdep")]
impl Drop for ForgottenSections {
    fn drop(&mut self) {
        if self.0 == 0 {
            return;
        }
        let began = sections_began();
        let open = ActiveBackend::suspend();
        let own = Suspended {
            depth: open.depth.saturating_sub(self.0),
            began: began.get(self.0 as usize).copied().flatten(),
        };
        if own.depth > 0 {
            ActiveBackend::resume(own);
        }
    }
}
