//! Invalidations, while another thread subscribes and unsubscribes.

use std::hint::black_box;
use std::sync::Arc;

use benches::batch::Batch;
use benches::{Goal, Group, Plan, repeat, timed, while_running};
use nonblock::{Context, NonBlock, Sleepable};
use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, InvalidateInterval, PAGE_SIZE, Range};

const QUIET: &str = "nobody else";
const LISTED: &str = "a thread that subscribes and unsubscribes";
const INTERVALS: &str = "a thread that subscribes and unsubscribes intervals";
const DROPS: &str = "a thread that subscribes and drops";

pub(crate) fn plan(plan: &mut Plan) {
    if !nonblock::CHECKS {
        plan.group("churn", "Invalidations while others subscribe and unsubscribe", churn);
    }
}

struct Driver;

impl Invalidate for Driver {
    fn invalidate<C: Context>(&self, range: &Range, _cx: &mut C) -> Result<(), C::Refusal> {
        black_box(range.start());
        Ok(())
    }

    fn finish(&self, range: &Range, _nb: &mut NonBlock) {
        black_box(range.end());
    }
}

impl InvalidateInterval for Driver {
    fn invalidate_interval<C: Context>(&self, range: &Range, _: &mut C) -> Result<(), C::Refusal> {
        black_box(range.start());
        Ok(())
    }
}

fn range(number: usize) -> Range {
    Range::with_len(number * 4 * PAGE_SIZE, 4 * PAGE_SIZE).expect("it is aligned")
}

/// Times one thread's invalidations, with ten notifiers and ten intervals, while another thread does something over and over.
fn beside(change: Option<fn(&AddressSpace, &Arc<Driver>, &mut Sleepable)>) -> Batch {
    let (space, driver) = (Arc::new(AddressSpace::new()), Arc::new(Driver));
    let subscriptions: Vec<_> = nonblock::sleepable(|cx| {
        (0..10)
            .map(|number| {
                let interval = space.subscribe_interval(range(number), driver.clone(), cx);
                (space.subscribe(driver.clone(), cx).expect("it is live"), interval)
            })
            .collect()
    });
    let invalidated = Arc::clone(&space);
    let invalidate = move |times| {
        let _ = &subscriptions;
        nonblock::non_block(|nb| {
            repeat(times, || {
                let invalidation = invalidated.try_invalidate(range(3), Event::Unmap, nb);
                drop(invalidation.expect("nobody refuses"));
            });
        });
    };
    match change {
        None => Box::new(timed(invalidate)),
        Some(change) => Box::new(while_running(
            move || nonblock::sleepable(|cx| change(&space, &driver, cx)),
            invalidate,
        )),
    }
}

fn churn(group: &mut Group) {
    group.about(
        "One thread invalidates a range, which ten notifiers and one interval of ten are told of, in its own processor time. \
         Another, on another processor, changes the list or the tree meanwhile, as fast as it can.",
    );
    group.ours(QUIET, || beside(None));
    group.ours(LISTED, || {
        beside(Some(|space, driver, cx| {
            let subscription = space.subscribe(driver.clone(), cx);
            subscription.expect("it is live").unsubscribe(cx);
        }))
    });
    group.ours(INTERVALS, || {
        beside(Some(|space, driver, cx| {
            let subscription = space.subscribe_interval(range(3), driver.clone(), cx);
            subscription.expect("it is live").unsubscribe(cx);
        }))
    });
    group.ours(DROPS, || {
        beside(Some(|space, driver, cx| {
            drop(space.subscribe(driver.clone(), cx));
        }))
    });
    // 80% of the rate.
    for with in [LISTED, INTERVALS, DROPS] {
        group.goal(Goal::at_most(1.25, with, QUIET).cause(
            "the passing of cache lines. A change of the list goes from one processor's cache to the other's: the pointer to it, the \
             list, the version, and back the slot in which the reader shows itself. Each change cost the invalidating thread 1 µs, as a \
             dozen lines would, with a change for every 13 invalidations. The readers' fences are not it: after a change, with nobody beside, \
             invalidations that fence took 46.2 ns, and those that do not 43.6 ns",
        ));
    }
}
