//! What happens at each wait, with the feature on.

#[cfg(all(feature = "watch", target_os = "linux"))]
use super::allocations;
use super::{report, set_up, still_held};
use crate::backend;
use crate::lock_graph::{
    ClassKey, Entered, GRAPH, HeldLock, Mode, ThreadLocks, Usage, with_thread,
};
use crate::violation::Place;

#[inline]
#[track_caller]
pub(super) fn acquire(key: &ClassKey, mode: Mode, place: Place) {
    // A report is made outside of closures, so that a panic names the caller.
    let due = with_thread(|thread| {
        let class = GRAPH.id_of(key);
        let usages = held_usages(thread, key) | waiting_usages(thread, key);
        let is_known = thread.is_empty() || GRAPH.is_known_wait(thread, key, class, mode);
        if is_known && GRAPH.is_used(class, usages) {
            push(thread, key, mode, Entered::Waited, place);
            return None;
        }
        Some(usages)
    });
    if let Some(usages) = due {
        look(key, mode, usages, place);
        with_thread(|thread| push(thread, key, mode, Entered::Waited, place));
    }
}

#[inline]
#[track_caller]
pub(super) fn try_acquired(key: &ClassKey, mode: Mode, place: Place) {
    let usages = with_thread(|thread| held_usages(thread, key));
    with_thread(|thread| push(thread, key, mode, Entered::Tried, place));
    let class = GRAPH.id_of(key);
    if !GRAPH.is_used(class, usages) {
        look_at_process(place);
        with_thread(name_thread);
        // The lock is taken: a panic might leave it so.
        if let Some(finding) = GRAPH.uses(class, usages, place) {
            report::completed(finding, key, place);
        }
    }
}

/// The thread, which shared a lock and does no more, is about to wait until it has it alone.
#[inline]
#[track_caller]
pub(super) fn upgrade(key: &ClassKey, place: Place) {
    if with_thread(|thread| !thread.is_empty()) {
        look(key, Mode::Upgrade, 0, place);
    }
    // As if it had not waited: what it holds besides depends on the other readers only, and not on what the lock's holder waits for.
    with_thread(|thread| push(thread, key, Mode::Exclusive, Entered::Tried, place));
}

#[inline]
#[track_caller]
pub(super) fn wait(key: &ClassKey, place: Place) {
    if with_thread(|thread| !thread.is_empty()) {
        look(key, Mode::Exclusive, 0, place);
    }
}

#[inline]
#[track_caller]
pub(super) fn wait_for_any<'a>(mut keys: impl Iterator<Item = &'a ClassKey> + Clone, place: Place) {
    if with_thread(ThreadLocks::is_empty) {
        return;
    }
    let is_one = keys.clone().nth(1).is_none();
    let Some(first) = keys.clone().next() else { return };
    if is_one || keys.all(|key| with_thread(|thread| GRAPH.would_close_circle(thread, key))) {
        look(first, Mode::Exclusive, 0, place);
    }
}

#[inline]
#[track_caller]
pub(super) fn complete(key: &ClassKey, place: Place) {
    complete_with(key, place, 0);
}

/// As [`complete`], by a thread that needed for it only what it has taken since it had such an age.
#[inline]
#[track_caller]
pub(super) fn complete_with(key: &ClassKey, place: Place, start: u64) {
    if with_thread(|thread| thread.is_new() || thread.is_forked()) {
        look_at_process(place);
    }
    if let Some(finding) = with_thread(|thread| GRAPH.completes(thread, key, place, start)) {
        report::completed(finding, key, place);
    }
}

#[inline]
#[track_caller]
pub(super) fn follows(key: &ClassKey, other: &ClassKey, place: Place) {
    if let Some(finding) = with_thread(|thread| GRAPH.follows(thread, key, other, place)) {
        report::finding(finding, key, Mode::Exclusive, place);
    }
}

#[inline]
pub(super) fn enter_region(key: &ClassKey, place: Place) {
    with_thread(|thread| push(thread, key, Mode::Exclusive, Entered::Region, place));
}

/// The thread has a lock again, and is not asked how.
pub(super) fn has_again(key: &ClassKey, mode: Mode, place: Place) {
    with_thread(|thread| push(thread, key, mode, Entered::Tried, place));
}

/// The thread has what it holds in another way, and did not wait.
#[inline]
pub(super) fn change_mode(key: &ClassKey, mode: Mode) {
    with_thread(|thread| thread.change_mode(key.serial(), mode));
}

#[inline]
pub(super) fn release(serial: u32) {
    #[cfg(all(feature = "watch", target_os = "linux"))]
    if with_thread(ThreadLocks::has_found)
        && let Some((finding, place)) = allocations::take_found()
    {
        report::completed(finding, &allocations::MEMORY, place);
    }
    with_thread(|thread| _ = thread.remove(serial));
}

#[inline]
fn push(thread: &ThreadLocks, key: &ClassKey, mode: Mode, entered: Entered, place: Place) {
    let (class, serial) = (GRAPH.id_of(key), key.serial());
    thread.push(HeldLock {
        kind: key.kind(),
        class,
        serial,
        mode,
        entered,
        since: place,
        is_inherited: false,
        age: 0,
    });
}

/// How a class is used by a thread that holds one of it.
#[inline]
fn held_usages(thread: &ThreadLocks, key: &ClassKey) -> u8 {
    let is_open_to_signals = !thread.is_in_signal_handler() && !thread.blocks_signals();
    let is_outside = key.kind().is_waited_for_in_sections() && backend::in_section() != Some(true);
    bit(Usage::HeldWithSignals, is_open_to_signals) | bit(Usage::HeldOutsideSections, is_outside)
}

/// How a class is used by a thread that waits for one of it.
#[inline]
fn waiting_usages(thread: &ThreadLocks, key: &ClassKey) -> u8 {
    let is_in_section =
        key.kind().is_waited_for_in_sections() && backend::in_section() == Some(true);
    bit(Usage::WaitedInSignalHandler, thread.is_in_signal_handler())
        | bit(Usage::WaitedInSection, is_in_section)
}

#[inline]
fn bit(usage: Usage, is_so: bool) -> u8 {
    if is_so { usage.bit() } else { 0 }
}

#[inline(never)]
#[track_caller]
fn look(key: &ClassKey, mode: Mode, usages: u8, place: Place) {
    look_at_process(place);
    with_thread(name_thread);
    if let Some(finding) = with_thread(|thread| GRAPH.before_wait(thread, key, mode, place)) {
        report::finding(finding, key, mode, place);
    }
    if usages != 0 {
        look_at_usage(key, usages, place);
    }
}

#[inline(never)]
#[track_caller]
fn look_at_usage(key: &ClassKey, usages: u8, place: Place) {
    look_at_process(place);
    with_thread(name_thread);
    let class = GRAPH.id_of(key);
    if !GRAPH.is_used(class, usages)
        && let Some(finding) = GRAPH.uses(class, usages, place)
    {
        report::finding(finding, key, Mode::Exclusive, place);
    }
}

/// Sets up what a process has once, and reports what it was forked with. The place is that of what the thread does.
#[track_caller]
fn look_at_process(place: Place) {
    with_thread(set_up::once);
    still_held::after_fork(place.location().is_some());
}

/// Notes the name of the thread, for the chains of later reports. A section must not ask for it: that may allocate.
fn name_thread(thread: &ThreadLocks) {
    if !thread.has_name() && backend::in_section() != Some(true) && !thread.is_in_signal_handler() {
        thread.set_name(std::thread::current().name().unwrap_or("?"));
    }
}
