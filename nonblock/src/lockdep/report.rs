//! What is said of a finding.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::{refusal, set_up};
use crate::lock_graph::{
    ClassId, ClassKey, Entered, Finding, GRAPH, HeldLock, Mode, Usage, with_thread,
};
use crate::report;
use crate::suppressions::{self, Subject};
use crate::violation::{ClassName, Dependency, DependencyKind, Place, ViolationKind, WaitReport};

/// Reports a finding about something that a thread has brought about, or has taken. The policy does not panic: what was received, say,
/// would be lost.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn completed(finding: Finding, key: &ClassKey, place: Place) {
    report::about_waits(place, false, || found(finding, name_of(key), Mode::Exclusive, place));
}

/// Reports a finding about something that a thread is about to wait for. Where a test expects it, the thread does not wait then.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn finding(finding: Finding, key: &ClassKey, mode: Mode, place: Place) {
    let is_expected = report::waiting(place, || found(finding, name_of(key), mode, place));
    // Nothing unwinds through C: what waits there does so in a test too.
    let may_unwind = place.location().is_some();
    let may_wait_for_ever = match finding {
        Finding::Itself(_) => true,
        // Nothing unwinds out of a destructor that runs by unwinding: it would end the program. This wait may end.
        Finding::Circle(_) | Finding::ObjectOrder(_) => !std::thread::panicking(),
        // Who is interrupted is another thread, or nobody this time.
        Finding::Usage(..) => false,
    };
    if is_expected && may_unwind && may_wait_for_ever {
        refusal::refuse();
    }
}

/// Reports what is still held, or a section that is still open. The place is where the first began. A place in C is no reason to abort:
/// nothing unwinds through C here.
///
/// # Arguments
///
/// * `may_panic`: whether the policy may act by a panic, if the place is in Rust. Else the report is written.
#[track_caller]
pub(super) fn still_held(
    found: String,
    classes: impl Iterator<Item = ClassId>,
    place: Place,
    may_panic: bool,
) {
    let mut classes = classes.filter_map(|class| GRAPH.name_of(class));
    let may_panic = may_panic && place.location().is_some();
    report::about_waits(place, may_panic, || {
        let suppressed = classes.any(|class| is_suppressed(class, &[], place));
        let report = WaitReport { found, dependencies: Vec::new() };
        (!suppressed).then_some((ViolationKind::StillHeld, report))
    });
}

/// Returns how reports name the class of an object.
fn name_of(key: &ClassKey) -> ClassName {
    GRAPH.name_of(GRAPH.id_of(key)).unwrap_or_else(|| key.class_name())
}

/// Returns what is to be said, if the finding is one, and is not suppressed.
fn found(
    finding: Finding,
    class: ClassName,
    mode: Mode,
    place: Place,
) -> Option<(ViolationKind, WaitReport)> {
    describe(finding, class, mode)
        .filter(|(_, report)| !is_suppressed(class, &report.dependencies, place))
}

/// Returns what is to be said, if the finding is one.
fn describe(finding: Finding, class: ClassName, mode: Mode) -> Option<(ViolationKind, WaitReport)> {
    let (kind, found, dependencies) = match finding {
        Finding::Circle(id) => {
            let dependencies = GRAPH.circle(id);
            (
                ViolationKind::CircularWait,
                circle(dependencies.last()?, dependencies.len()),
                dependencies,
            )
        }
        Finding::ObjectOrder(held) => {
            let since = held.since;
            let found = format!(
                "a wait for one of a class ({class}), while another of it is held since {since}: before, such two were taken in \
                 the opposite order"
            );
            (ViolationKind::CircularWait, found, Vec::new())
        }
        Finding::Itself(held) => {
            (ViolationKind::WaitForItself, itself(&held, class, mode), Vec::new())
        }
        Finding::Usage(usage, at) => {
            (ViolationKind::InconsistentUse, usage_conflict(usage, class, at), Vec::new())
        }
    };
    Some((kind, WaitReport { found, dependencies }))
}

fn circle(new: &Dependency, len: usize) -> String {
    let Dependency { from, on, since, .. } = new;
    let others = if len > 2 { ", through others" } else { "" };
    match new.kind {
        DependencyKind::Held => format!(
            "a wait for {on}, while {from} is held since {since}; but the first depends on the second{others}"
        ),
        DependencyKind::Within => format!(
            "a wait for {on}, in what began at {since} and comes before {from}; but the first depends on the second{others}"
        ),
        DependencyKind::Completed => format!(
            "{from} brought about by who took {on} at {since}; but the second depends on the first{others}"
        ),
    }
}

fn itself(held: &HeldLock, class: ClassName, mode: Mode) -> String {
    let since = held.since;
    match (held.entered, held.mode, mode) {
        (Entered::Region, ..) => {
            format!("a wait for {class}, in code that began at {since} and has to end before")
        }
        (_, Mode::Exclusive, _) | (_, Mode::Upgradable, Mode::Upgradable) => {
            format!("a wait for {class}, which this thread holds itself since {since}")
        }
        (_, _, Mode::Exclusive | Mode::Upgrade) => format!(
            "a wait to write {class}, which this thread holds itself since {since}, to read"
        ),
        _ => format!(
            "a wait to read {class}, which this thread reads already since {since}: a writer that comes between waits for the \
             first reader, and the second waits for the writer"
        ),
    }
}

fn usage_conflict(usage: Usage, class: ClassName, at: Place) -> String {
    match usage {
        Usage::WaitedInSignalHandler => format!(
            "{class} is held where a signal handler may interrupt, and a signal handler waited for one such at {at}"
        ),
        Usage::HeldWithSignals => format!(
            "a wait for {class} in a signal handler, and one such was held at {at} where a signal handler may interrupt"
        ),
        Usage::WaitedInSection => format!(
            "{class} is held outside sections, where its holder may sleep, and a section waited for one such at {at}"
        ),
        Usage::HeldOutsideSections => format!(
            "a wait for {class} in a section, and one such was held at {at} outside sections, where its holder may sleep"
        ),
    }
}

/// Whether a suppression fits the class, one of the chain, or one of their places.
fn is_suppressed(class: ClassName, dependencies: &[Dependency], place: Place) -> bool {
    // The first look may be in a section. Here it is suspended, so suppressions can be read.
    with_thread(set_up::once);
    let classes = || {
        let chain = dependencies.iter().map(|dependency| dependency.on);
        core::iter::once(class).chain(chain)
    };
    let places = || {
        let chain = dependencies.iter().flat_map(|dependency| [dependency.since, dependency.place]);
        core::iter::once(place).chain(chain)
    };
    let names: Vec<String> = classes().map(|class| format!("{class}")).collect();
    let names = || {
        let given = classes().filter_map(|class| class.name);
        names.iter().map(String::as_str).chain(given).map(Subject::Class)
    };
    suppressions::suppresses(|| names().chain(places().map(|place| Subject::File(place.file()))))
}
