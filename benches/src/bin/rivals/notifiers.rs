//! An invalidation that calls a list of notifiers, against plain loops over a list that has another protection, or none.

use std::hint::black_box;
use std::sync::atomic::Ordering::Acquire;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use benches::{Goal, Group, Plan, repeat, timed};
use crossbeam_epoch::{self as epoch, Atomic};
use nonblock::{Context, NonBlock};
use nonblock_mm::mmu::{AddressSpace, Event, Invalidate, Notifier, PAGE_SIZE, Range, Subscription};

use crate::overlap::overlapping;

const OURS: &str = "try_invalidate";
const BARE: &str = "a loop over Vec";
const LOCK: &str = "parking_lot's RwLock<Vec>";
const STD: &str = "std's RwLock<Vec>";
const SWAP: &str = "arc-swap's ArcSwap<Vec>";
const EPOCH: &str = "crossbeam-epoch's Atomic<Vec>";

/// How many notifiers there are.
const SIZES: [u64; 4] = [1, 10, 100, 1_000];

pub(crate) fn plan(plan: &mut Plan) {
    plan.curve("invalidate", "An invalidation, per notifier", "notifiers", &SIZES, one_thread);
    plan.curve(
        "invalidate_2",
        "Invalidations by two threads at once, per notifier",
        "notifiers",
        &SIZES,
        two_threads,
    );
}

/// A driver that does as good as nothing.
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

type List = Vec<Arc<dyn Notifier>>;

fn list(size: u64) -> List {
    (0..size).map(|_| Arc::new(Driver) as Arc<dyn Notifier>).collect()
}

fn range() -> Range {
    Range::with_len(0x10_0000, 4 * PAGE_SIZE).expect("it is aligned")
}

/// The calls that an invalidation makes.
#[inline]
fn call(list: &List, range: &Range, nb: &mut NonBlock) {
    for notifier in list {
        if notifier.invalidate_range_start_nonblock(range, nb).is_err() {
            return;
        }
    }
    for notifier in list {
        notifier.invalidate_range_end(range, nb);
    }
}

/// Makes so many invalidations, in a section.
#[inline]
fn invalidate(times: u64, mut once: impl FnMut(&Range, &mut NonBlock)) {
    let range = black_box(range());
    nonblock::raw::non_block(|nb| repeat(times, || once(&range, nb)));
}

struct Ours {
    space: AddressSpace,
    _subscriptions: Vec<Subscription>,
}

impl Ours {
    fn new(size: u64) -> Self {
        let space = AddressSpace::new();
        let subscribe = |notifier| {
            nonblock::raw::sleepable(|cx| space.subscribe(notifier, cx).expect("it is live"))
        };
        let subscriptions = list(size).into_iter().map(subscribe).collect();
        Self { space, _subscriptions: subscriptions }
    }

    fn run(&self, times: u64) {
        invalidate(times, |range, nb| {
            let invalidation = self.space.try_invalidate(*range, Event::Unmap, nb);
            drop(invalidation.expect("nobody refuses"));
        });
    }
}

/// Something that holds a list of so many, and goes through it so many times.
fn bare(size: u64) -> impl Fn(u64) + Sync {
    let list = list(size);
    move |times| invalidate(times, |range, nb| call(&list, range, nb))
}

fn lock(size: u64) -> impl Fn(u64) + Sync {
    let list = parking_lot::RwLock::new(list(size));
    move |times| invalidate(times, |range, nb| call(&list.read(), range, nb))
}

fn std_lock(size: u64) -> impl Fn(u64) + Sync {
    let list = RwLock::new(list(size));
    move |times| {
        invalidate(times, |range, nb| call(&list.read().expect("nobody panicked"), range, nb));
    }
}

fn swap(size: u64) -> impl Fn(u64) + Sync {
    let list = ArcSwap::from_pointee(list(size));
    move |times| invalidate(times, |range, nb| call(&list.load(), range, nb))
}

fn pinned(size: u64) -> impl Fn(u64) + Sync {
    let list = Atomic::new(list(size));
    move |times| {
        invalidate(times, |range, nb| {
            let guard = epoch::pin();
            // SAFETY: the list is never replaced, nor freed.
            let list = unsafe { list.load(Acquire, &guard).deref() };
            call(list, range, nb);
        });
    }
}

/// One thread that does it.
fn alone<W: Fn(u64) + 'static>(
    make: impl Fn() -> W,
) -> impl Fn() -> Box<dyn FnMut(u64) -> Duration> {
    move || Box::new(timed(make()))
}

fn one_thread(size: u64, group: &mut Group) {
    group.about(
        "A start and an end for each notifier, through `dyn Notifier`; the callbacks do nothing. The times are per notifier. \
         The loop without protection is the floor: nothing keeps its list while it is gone through.",
    );
    group.per(size);
    group.rival(BARE, alone(move || bare(size)));
    group.ours(OURS, move || {
        let ours = Ours::new(size);
        timed(move |times| ours.run(times))
    });
    group.rival(LOCK, alone(move || lock(size)));
    group.rival(STD, alone(move || std_lock(size)));
    group.rival(SWAP, alone(move || swap(size)));
    group.rival(EPOCH, alone(move || pinned(size)));
    group.counted(1000);
    if !nonblock::CHECKS {
        if size == 1 {
            let cause = "one notifier's two calls, and the loop around them, are 43 instructions of 124. The others: the \
                         snapshot is pinned and let go, the clock's version is read, the list is looked at before the starts and again \
                         before the ends, the range is copied for the callbacks at both, the thread's open invalidations are counted, \
                         and whether the thread is unwinding is asked. crossbeam-epoch's takes 91, of which one is a full fence";
            group.goal(Goal::at_most(1.5, OURS, BARE).cause(cause));
            group.goal(Goal::at_most(0.6, OURS, EPOCH).cause(cause));
        } else {
            group.goal(Goal::at_most(1.2, OURS, BARE).cause(
                "what an invalidation costs besides the callbacks, which the row of one notifier shows, is spread over \
                 all of them: with ten, a tenth of it each",
            ));
        }
    }
}

fn two_threads(size: u64, group: &mut Group) {
    group.about(
        "As above, by two threads at once. The time of one thread's invalidation, per notifier.",
    );
    group.per(size);
    // Of a few nanoseconds for each notifier, and some for the invalidation.
    let chunk = (20_000 / (10 + 3 * size)).max(1);
    group.rival(BARE, move || overlapping(chunk, bare(size)));
    group.ours(OURS, move || {
        let ours = Ours::new(size);
        overlapping(chunk, move |times| ours.run(times))
    });
    group.rival(LOCK, move || overlapping(chunk, lock(size)));
    group.rival(STD, move || overlapping(chunk, std_lock(size)));
    if !nonblock::CHECKS {
        for against in [LOCK, STD] {
            let goal = Goal::faster(2.0, OURS, against);
            group.goal(if size == 1 {
                goal
            } else {
                goal.cause(
                    "The lock is taken once for all the callbacks, whose own time is the same for both: with many of them \
                     nothing else is left to be faster at, as the loop shows that protects nothing.",
                )
            });
        }
    }
}
