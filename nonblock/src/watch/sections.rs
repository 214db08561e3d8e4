//! What happens at the two ends of a watched section, where its quick way does not do.

use crate::backend::thread_local::{last_began, with_watched};
use crate::backend::watched::Hooks;
#[cfg(target_arch = "x86_64")]
use crate::backend::watched::Watched;
use crate::primitive::{AtomicBool, AtomicUsize, Ordering};
use crate::violation::Place;

use super::captured_stack::Registers;
use super::clock;
use super::event_buffer::{Event, EventBuffer, What};
use super::layers::{self, Layers, Setting};
use super::report_lock;
use super::schedule::{self, Marker, Usage};
use super::statistics;
use super::thread_record::ThreadRecord;
#[cfg(target_arch = "x86_64")]
use super::trap;

/// What the sections call.
pub(super) static HOOKS: Hooks = Hooks { begin, end, pause };

/// What the marker of this program tells: a [`Marker`] as a number. It is asked for when the watch is first switched on.
static MARKER: AtomicUsize = AtomicUsize::new(Marker::None as usize);

/// Whether the marker is taken for one that tells of interruptions only. Tests set it.
static INTERRUPTIONS_ONLY: AtomicBool = AtomicBool::new(false);

/// Takes the marker for one that tells of interruptions only, as from Linux 6.19 on.
pub(super) fn assume_interruptions_only() {
    INTERRUPTIONS_ONLY.store(true, Ordering::Relaxed);
}

/// Tries what the marker tells, on this thread. May sleep.
pub(super) fn ask_marker() -> Marker {
    let mut told =
        ThreadRecord::mine_or_claim().map_or(Marker::None, |record| Marker::ask(&record.own_area));
    if told == Marker::All && INTERRUPTIONS_ONLY.load(Ordering::Relaxed) {
        told = Marker::Interruptions;
    }
    MARKER.store(told as usize, Ordering::Relaxed);
    told
}

/// Returns what the marker of this program tells.
pub(super) fn marker() -> Marker {
    [Marker::All, Marker::Interruptions, Marker::None]
        .into_iter()
        .find(|marker| *marker as usize == MARKER.load(Ordering::Relaxed))
        .unwrap_or(Marker::None)
}

/// Returns whether the counts are asked for at both ends of a section: where no marker tells of a sleep.
fn counts_always(setting: Setting) -> bool {
    match marker() {
        Marker::All => false,
        // The trap sees what the marker does not.
        Marker::Interruptions => !setting.layers.contains(Layers::TRAP),
        Marker::None => true,
    }
}

/// Begins to watch a section. Returns whether it is watched.
fn begin() -> bool {
    let Some(record) = ThreadRecord::mine_or_claim() else {
        statistics::count_unwatched_thread();
        return false;
    };
    if record.ending().get() || report_lock::is_mine() {
        return false;
    }
    let setting = layers::setting();
    if record.setting() != Some(setting) {
        set_up(record, setting);
    }
    if setting.layers.is_empty() {
        return false;
    }
    let goes_on = record.paused().take();
    if setting.sample > 1 && !goes_on {
        let number = record.sections().get().wrapping_add(1);
        record.sections().set(number);
        if number % setting.sample != 0 {
            return false;
        }
    }
    if !goes_on {
        record.told_sleeps().set(0);
        #[cfg(target_arch = "x86_64")]
        record.call_under_way().set(None);
        if !record.waiting().get()
            && let Some(buffer) = record.buffer()
            && !buffer.is_empty()
        {
            // Of a section that ended while it was suspended.
            statistics::count_lost(buffer.len());
            buffer.clear();
        }
    }
    let mark = schedule::mark(setting.change);
    if setting.layers.contains(Layers::SCHEDULE) {
        match record.marker() {
            Some(marker) if !counts_always(setting) => {
                if marker.load(Ordering::Relaxed) != mark {
                    // Set first: what takes the processor away from now on clears it again.
                    marker.store(mark, Ordering::Relaxed);
                    count_from_now(record);
                }
            }
            _ => count_from_now(record),
        }
    }
    record.own_marker.store(mark, Ordering::Relaxed);
    if record.waiting().get() || goes_on {
        // So that the end looks, and reports.
        record.disturb_markers();
    }
    record.open().set(true);
    #[cfg(target_arch = "x86_64")]
    if record.traps().get()
        && setting.layers.contains(Layers::TRAP)
        && (!traps_by_section(setting) || switch_trap_on(record))
    {
        if setting.quick_trap {
            if with_watched(Watched::selects) {
                record.program_call.selector.store(trap::BLOCK, Ordering::Relaxed);
            }
        } else if trap::has_room_for_frame() {
            // What the program has set since the last section.
            trap::install_handler();
            trap::sweep_handlers(false);
            record.mask().set(Some(trap::block_signals()));
            record.program_call.selector.store(trap::BLOCK, Ordering::Relaxed);
        } else {
            statistics::count_untrapped_thread();
        }
    }
    record.began().set(clock::now());
    true
}

/// Counts sleeps from now on. What the trap has told of before is no matter then: it may have been on alone.
fn count_from_now(record: &ThreadRecord) {
    record.baseline().set(Usage::of_this_thread());
    record.told_sleeps().set(0);
}

/// Sets this thread up for what is to be watched.
#[cold]
fn set_up(record: &'static ThreadRecord, setting: Setting) {
    let layers = setting.layers;
    record.buffer_or_make();
    if record.marker().is_none() {
        record.set_marker(schedule::marker(&record.own_area));
    }
    #[cfg(target_arch = "x86_64")]
    if layers.contains(Layers::TRAP) {
        if !record.traps().get() {
            trap::sweep_handlers(setting.quick_trap);
        }
        record.traps().set(switch_trap_on(record));
        if record.traps().get() && traps_by_section(setting) {
            trap::switch_off();
        }
    } else if record.traps().take() {
        trap::switch_off();
    }
    let traps = record.traps().get();
    #[cfg(target_arch = "x86_64")]
    if traps && setting.quick_trap {
        trap::install_handler();
        trap::open_sigsys();
    }
    // Which word tells a section that there is nothing to look at.
    let marker = if setting.sample > 1
        || layers.is_empty()
        || layers.contains(Layers::BUDGET)
        || setting.counts_sections
        || traps && !setting.quick_trap
    {
        None
    } else if layers.contains(Layers::SCHEDULE) {
        record.marker().filter(|_| !counts_always(setting))
    } else {
        Some(&record.own_marker)
    };
    #[cfg(target_arch = "x86_64")]
    let selector = (traps && (!setting.quick_trap || trap::has_room_for_frame()))
        .then_some(&record.program_call.selector);
    #[cfg(not(target_arch = "x86_64"))]
    let selector = None;
    with_watched(|watched| watched.set_up(marker, selector, u8::from(traps && setting.quick_trap)));
    record.set_setting(setting);
}

/// Returns whether the kernel is told at both ends of a section that it may stop the thread's calls.
///
/// Where it may, each call of the thread takes longer, between sections too. If most sections are not watched, that costs more than to
/// tell it for those that are.
#[cfg(target_arch = "x86_64")]
fn traps_by_section(setting: Setting) -> bool {
    setting.sample > 1
}

/// Has the kernel stop calls of this thread where the selector says so. Returns whether it does.
#[cfg(target_arch = "x86_64")]
fn switch_trap_on(record: &'static ThreadRecord) -> bool {
    let is_on = trap::switch_on(record).is_ok();
    if !is_on {
        statistics::count_untrapped_thread();
    }
    is_on
}

/// Ends a watched section. Returns whether there is nothing to report.
fn end() -> bool {
    let now = clock::now();
    let Some(record) = ThreadRecord::mine() else { return true };
    record.ending().set(true);
    look(record, Some(now));
    #[cfg(target_arch = "x86_64")]
    if record.traps().get() && record.setting().is_some_and(traps_by_section) {
        trap::switch_off();
    }
    record.paused().set(false);
    record.ending().set(false);
    record.buffer().is_none_or(EventBuffer::is_empty)
}

/// Looks at what happened in a section that is suspended. It is reported when the section ends.
fn pause() {
    let Some(record) = ThreadRecord::mine() else { return };
    look(record, None);
    record.paused().set(true);
    record.disturb_markers();
}

/// Looks at what happened in the section up to now.
///
/// # Arguments
///
/// * `ended`: when the section ended, if it did.
fn look(record: &'static ThreadRecord, ended: Option<u64>) {
    if let Some(setting) = record.setting() {
        if setting.layers.contains(Layers::SCHEDULE) {
            look_at_counts(record, setting);
        }
        if let Some(ended) = ended
            && record.open().get()
        {
            if setting.counts_sections {
                statistics::count_section(section());
            }
            if setting.layers.contains(Layers::BUDGET) {
                look_at_length(record, ended.saturating_sub(record.began().get()));
            }
        }
    }
    record.open().set(false);
    // Last: the signals that waited arrive now.
    #[cfg(target_arch = "x86_64")]
    if let Some(mask) = record.mask().take() {
        trap::restore_signals(record, mask);
    }
}

/// Asks for the counts, if the marker says that there is something to ask for.
fn look_at_counts(record: &'static ThreadRecord, setting: Setting) {
    let mark = schedule::mark(setting.change);
    if let Some(marker) = record.marker()
        && !counts_always(setting)
        && marker.load(Ordering::Relaxed) == mark
    {
        return;
    }
    let usage = Usage::of_this_thread();
    let since = usage.since(record.baseline().replace(usage));
    statistics::count_preemptions(since.involuntary, section());
    // The trap has told of some already.
    let told = record.told_sleeps().take();
    let untold = since.voluntary.saturating_sub(told);
    if untold > 0 || since.major_faults > 0 {
        let what = What::Sleep { times: untold, major_faults: since.major_faults };
        note(
            record,
            Event {
                what,
                ticks: 0,
                registers: Registers::default(),
                section: Event::section_now(),
            },
        );
    }
}

/// Counts the length of a section, and notes it if it is too long.
fn look_at_length(record: &'static ThreadRecord, ticks: u64) {
    let nanoseconds = clock::nanoseconds(ticks);
    statistics::record_length(nanoseconds, section());
    if nanoseconds > layers::budget() {
        note(
            record,
            Event {
                what: What::OverBudget,
                ticks,
                registers: Registers::default(),
                section: Event::section_now(),
            },
        );
    }
}

/// Returns where the section began that ends now, or is suspended.
fn section() -> Place {
    last_began().unwrap_or(Place::caller())
}

fn note(record: &'static ThreadRecord, event: Event) {
    if let Some((_, place, stack)) = record.buffer().and_then(|buffer| buffer.take()) {
        stack.forget();
        // SAFETY: the place was taken for this event, and nobody else has it.
        unsafe { *place.get() = event };
    }
}
