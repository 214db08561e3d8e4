//! The fault of an untyped driver, found by the counters.

use std::sync::Arc;

use legacy::{Adapter, Card, MirrorOps};
use nonblock::{Sleepable, ViolationKind, testing};
use nonblock_mm::mmu::{AddressSpace, Event, Range};

/// Where the card waits, by the name of this crate's source file.
const DRIVER: &str = "drivers/legacy/src/lib.rs";

fn range() -> Range {
    Range::with_len(0x10_0000, 0x1000).expect("a page")
}

fn card() -> Card {
    let card = Card::default();
    card.mirror(range().start(), range().end());
    card
}

#[nonblock::test]
fn sleeping_outside_a_section_is_no_fault(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let adapter = Arc::new(Adapter::new(Box::new(card())));
    let subscription = space.subscribe(adapter, cx).expect("a live space");
    drop(space.invalidate(range(), Event::Unmap, cx));
    subscription.unsubscribe(cx);
}

#[nonblock::test]
fn sleeping_in_the_section_is_reported_at_the_drivers_line(cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let adapter = Arc::new(Adapter::new(Box::new(card())));
    let subscription = space.subscribe(adapter, cx).expect("a live space");

    let called_at = line!() + 2;
    let violation = testing::expect_violation(|| {
        space.try_invalidate(range(), Event::Unmap, cx).expect("it knows no refusal")
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
    assert!(violation.location().file().ends_with(DRIVER), "{violation}");
    let section = violation.section().expect("a section was open");
    assert!(section.file().ends_with("tests/caught.rs"), "{violation}");
    assert_eq!(section.line(), called_at, "the section is the caller's");
    subscription.unsubscribe(cx);
}

#[nonblock::test]
fn the_fault_does_not_depend_on_the_adapter(_cx: &mut Sleepable) {
    let card: Box<dyn MirrorOps> = Box::new(card());
    let violation = testing::expect_violation(|| {
        nonblock::raw::non_block(|_nb| card.invalidate(range().start(), range().end()));
    });
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[nonblock::test]
fn the_card_gives_up_what_meets_the_range() {
    let card = card();
    card.mirror(range().end(), range().end() + 0x1000);
    card.invalidate(range().start(), range().end());
    assert_eq!(card.mirrored(), 1);
}
