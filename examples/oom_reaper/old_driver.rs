//! Third part: a driver without tokens sleeps in the section, and the counters find it.

use std::sync::{Arc, Mutex, PoisonError};

use legacy::{Adapter, Card};
use nonblock::{Sleepable, Violation, may_sleep, set_handler};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::Event;

use crate::args::MIB;
use crate::failure::Failure;
use crate::timeline::line;

/// The violations that the handler was given. Sections are put aside while it runs, so it may take a sleeping lock.
static REPORTED: Mutex<Vec<Violation>> = Mutex::new(Vec::new());

/// Prints a report, and keeps the violation.
fn report(violation: &Violation) {
    line("nonblock", violation);
    REPORTED.lock().unwrap_or_else(PoisonError::into_inner).push(violation.clone());
}

/// Subscribes the old driver, and invalidates as a reaper would. Returns the violations.
#[may_sleep]
pub(crate) fn play(cx: &mut Sleepable) -> Result<Vec<Violation>, Failure> {
    let victim = Mm::new();
    let range = victim.map(MIB, cx)?;
    victim.touch(&range, cx)?;
    let card = Card::default();
    card.mirror(range.start(), range.end());
    let adapter = Arc::new(Adapter::new(Box::new(card)));
    let subscription = victim.space().subscribe(adapter, cx)?;

    set_handler(Some(report));
    line("reaper", format_args!("calls the old driver in a section, for {range}"));
    let refused = victim.space().try_invalidate(range, Event::Unmap, cx).is_err();
    set_handler(None);
    subscription.unsubscribe(cx);

    let violations = std::mem::take(&mut *REPORTED.lock().unwrap_or_else(PoisonError::into_inner));
    if refused {
        return Err("the old driver refused: it knows no way to".into());
    }
    if violations.is_empty() {
        return Err("the old driver slept in a section, and nothing was reported".into());
    }
    Ok(violations)
}
