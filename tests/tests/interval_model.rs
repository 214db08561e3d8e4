//! The address space against a plain slow one, over random histories.
//!
//! A history subscribes and unsubscribes drivers of all kinds, opens invalidations that nest and overlap and ends them in
//! any order, is refused, waits in second passes, and reads by the collision-retry protocol. The model keeps lists, and looks through all of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use nonblock::{Context, NonBlock, Sleepable, raw};
use nonblock_mm::mmu::{
    AddressSpace, Event, Finish, IntervalSubscription, Invalidate, InvalidateInterval,
    InvalidateTwoPass, Invalidation, PAGE_SIZE, Range, Seq, Subscription,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// How many pages the ranges lie in: few, so that they meet.
const PAGES: usize = 24;

#[derive(Clone, Debug)]
enum Step {
    SubscribeList,
    SubscribeInterval {
        first: usize,
        count: usize,
        two_pass: bool,
    },
    /// Ends the subscription at that place, modulo how many there are: dropped in a section, or not, or waited for.
    End {
        which: usize,
        how: u8,
    },
    Synchronize,
    /// Whether the driver at that place has to wait: in a section it refuses, else one of two passes has its second.
    Refuse {
        which: usize,
        refuses: bool,
    },
    Invalidate {
        first: usize,
        count: usize,
        blocking: bool,
    },
    Finish {
        which: usize,
    },
    /// Notes a sequence number of the interval at that place.
    Read {
        which: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let range = (0..PAGES, 1..=PAGES).prop_map(|(first, count)| (first, count.min(PAGES - first)));
    let step = prop_oneof![
        1 => Just(Step::SubscribeList),
        4 => (range.clone(), any::<bool>()).prop_map(|((first, count), two_pass)| {
            Step::SubscribeInterval { first, count, two_pass }
        }),
        3 => (any::<usize>(), 0..3_u8).prop_map(|(which, how)| Step::End { which, how }),
        1 => Just(Step::Synchronize),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(which, refuses)| Step::Refuse { which, refuses }),
        5 => (range, any::<bool>()).prop_map(|((first, count), blocking)| Step::Invalidate {
            first,
            count: count.min(6),
            blocking
        }),
        4 => any::<usize>().prop_map(|which| Step::Finish { which }),
        3 => any::<usize>().prop_map(|which| Step::Read { which }),
    ];
    proptest::collection::vec(step, 1..80)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Callback {
    Start,
    Finish,
    End,
}

/// Whose callback, and which.
type Call = (usize, Callback);

/// A driver that notes its calls and refuses when told to.
struct Driver {
    number: usize,
    refuses: AtomicBool,
    log: Arc<Mutex<Vec<Call>>>,
}

impl Driver {
    fn start<C: Context>(&self, cx: &mut C) -> Result<(), C::Refusal> {
        if self.refuses.load(Ordering::Relaxed) {
            cx.or_refuse()?;
        }
        self.note(Callback::Start);
        Ok(())
    }

    fn end(&self) {
        self.note(Callback::End);
    }

    fn note(&self, callback: Callback) {
        self.log.lock().unwrap().push((self.number, callback));
    }
}

impl Invalidate for Driver {
    fn invalidate<C: Context>(&self, _: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.start(cx)
    }

    fn finish(&self, _: &Range, _: &mut NonBlock) {
        self.end();
    }
}

impl InvalidateInterval for Driver {
    fn invalidate_interval<C: Context>(&self, _: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.start(cx)
    }

    fn finish_interval(&self, _: &Range, _: &mut NonBlock) {
        self.end();
    }
}

impl InvalidateTwoPass for Driver {
    type Operation = Arc<()>;

    fn invalidate_start<'cx, C: Context>(
        &self,
        _: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, Arc<()>>>, C::Refusal> {
        self.start(cx)?;
        if !self.refuses.load(Ordering::Relaxed) {
            return Ok(None);
        }
        Ok(Some(Finish::new(Arc::new(()), cx.or_refuse()?)))
    }

    fn invalidate_finish(&self, _: &Range, operation: Arc<()>, _: &mut Sleepable) {
        assert_eq!(Arc::strong_count(&operation), 1);
        self.note(Callback::Finish);
    }

    fn invalidate_end(&self, _: &Range, _: &mut NonBlock) {
        self.end();
    }
}

enum Held {
    List(Subscription),
    Interval(IntervalSubscription),
}

/// A subscription, as the model knows it.
struct Subscribed {
    driver: Arc<Driver>,
    /// First page and the page behind the last, of an interval.
    pages: Option<(usize, usize)>,
    two_pass: bool,
    held: Held,
    /// Invalidations that were open when it was subscribed: it cannot read before those are over.
    before: Vec<usize>,
    /// How many that meet it have begun since, refused ones that reached it too.
    begun: usize,
    /// A sequence number, with `begun` of its time.
    read: Option<(Seq, usize)>,
}

/// An invalidation under way, as the model knows it: who gets its end.
struct Under {
    number: usize,
    invalidation: Invalidation<'static>,
    started: Vec<usize>,
}

struct World {
    space: &'static AddressSpace,
    log: Arc<Mutex<Vec<Call>>>,
    drivers: usize,
    invalidations: usize,
    subscribed: Vec<Subscribed>,
    open: Vec<Under>,
    ended: Vec<Arc<Driver>>,
}

impl World {
    fn new() -> Self {
        Self {
            // The invalidations borrow it.
            space: Box::leak(Box::default()),
            log: Arc::default(),
            drivers: 0,
            invalidations: 0,
            subscribed: Vec::new(),
            open: Vec::new(),
            ended: Vec::new(),
        }
    }

    fn driver(&mut self) -> Arc<Driver> {
        let number = self.drivers;
        self.drivers += 1;
        let refuses = AtomicBool::new(false);
        Arc::new(Driver { number, refuses, log: Arc::clone(&self.log) })
    }

    fn subscribe(&mut self, pages: Option<(usize, usize)>, two_pass: bool, cx: &mut Sleepable) {
        let driver = self.driver();
        let held = match pages {
            None => Held::List(self.space.subscribe(driver.clone(), cx).unwrap()),
            Some((first, end)) => {
                let range = Range::new(first * PAGE_SIZE, end * PAGE_SIZE).unwrap();
                let subscribed = if two_pass {
                    self.space.subscribe_two_pass(range, Arc::clone(&driver), cx)
                } else {
                    self.space.subscribe_interval(range, driver.clone(), cx)
                };
                Held::Interval(subscribed.unwrap())
            }
        };
        let before = self.open.iter().map(|under| under.number).collect();
        self.subscribed.push(Subscribed {
            driver,
            pages,
            two_pass,
            held,
            before,
            begun: 0,
            read: None,
        });
    }

    /// Whom an invalidation calls: intervals by their starts, and then the list.
    fn told(&self, first: usize, end: usize) -> Vec<usize> {
        let mut places: Vec<_> = (0..self.subscribed.len())
            .filter(|place| {
                self.subscribed[*place].pages.is_none_or(|(from, to)| from < end && first < to)
            })
            .collect();
        // Stable, so the order of subscription stays among equals.
        places.sort_by_key(|place| {
            self.subscribed[*place].pages.map_or(usize::MAX, |(from, _)| from)
        });
        places
    }

    fn invalidate(
        &mut self,
        first: usize,
        end: usize,
        blocking: bool,
        cx: &mut Sleepable,
    ) -> TestCaseResult {
        let mut started = Vec::new();
        let mut refused = false;
        // Second passes come after the first passes of all intervals, and before the list.
        let (mut intervals, mut finishes, mut list) = (Vec::new(), Vec::new(), Vec::new());
        for place in self.told(first, end) {
            let one = &mut self.subscribed[place];
            let number = one.driver.number;
            one.begun += 1;
            if one.driver.refuses.load(Ordering::Relaxed) {
                if !blocking {
                    refused = true;
                    break;
                }
                if one.two_pass {
                    finishes.push((number, Callback::Finish));
                }
            }
            started.push(number);
            if one.pages.is_some() { &mut intervals } else { &mut list }
                .push((number, Callback::Start));
        }
        let mut expected = [intervals, finishes, list].concat();
        if refused {
            expected.extend(started.iter().map(|number| (*number, Callback::End)));
        }

        let range = Range::new(first * PAGE_SIZE, end * PAGE_SIZE).unwrap();
        let invalidation = if blocking {
            Ok(self.space.invalidate(range, Event::Unmap, cx))
        } else {
            self.space.try_invalidate(range, Event::Unmap, cx)
        };
        prop_assert_eq!(self.calls(), expected);
        prop_assert_eq!(invalidation.is_err(), refused);
        if let Ok(invalidation) = invalidation {
            let number = self.invalidations;
            self.invalidations += 1;
            self.open.push(Under { number, invalidation, started });
        }
        Ok(())
    }

    fn finish(&mut self, which: usize) -> TestCaseResult {
        let under = self.open.swap_remove(which);
        drop(under.invalidation);
        let expected: Vec<Call> =
            under.started.iter().map(|number| (*number, Callback::End)).collect();
        prop_assert_eq!(self.calls(), expected);
        Ok(())
    }

    fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Reads the interval at a place, if none is under way that it must wait for.
    fn read(&mut self, place: usize, cx: &mut Sleepable) -> TestCaseResult {
        let meets = self.open.iter().any(|under| {
            under.started.contains(&self.subscribed[place].driver.number)
                || self.subscribed[place].before.contains(&under.number)
        });
        let idle = self.open.is_empty();
        let one = &mut self.subscribed[place];
        let Held::Interval(subscription) = &one.held else { return Ok(()) };
        let seq = if idle {
            // Cannot wait for anything, or this would never end.
            Some(subscription.read_begin(cx))
        } else {
            subscription.try_read_begin()
        };
        prop_assert!(!(meets && seq.is_some()), "read within an invalidation that meets it");
        if let Some(seq) = seq {
            prop_assert!(!subscription.read_retry(seq));
            one.read = Some((seq, one.begun));
        } else {
            // It says no for nothing only before it was read for the first time.
            prop_assert!(meets || one.read.is_none());
        }
        Ok(())
    }

    /// What must hold after each step.
    fn check(&self) -> TestCaseResult {
        for one in &self.subscribed {
            let (Held::Interval(subscription), Some((seq, begun))) = (&one.held, one.read) else {
                continue;
            };
            prop_assert_eq!(subscription.read_retry(seq), begun != one.begun);
        }
        let whole = Range::new(0, PAGES * PAGE_SIZE).unwrap();
        let intervals = self.subscribed.iter().filter(|one| one.pages.is_some()).count();
        prop_assert_eq!(self.space.interval_subscriptions(&whole), intervals);
        prop_assert_eq!(self.space.subscriptions(), self.subscribed.len() - intervals);
        Ok(())
    }

    fn step(&mut self, step: &Step, cx: &mut Sleepable) -> TestCaseResult {
        let place = |which: usize, count: usize| (count > 0).then(|| which % count.max(1));
        match *step {
            Step::SubscribeList => self.subscribe(None, false, cx),
            Step::SubscribeInterval { first, count, two_pass } => {
                self.subscribe(Some((first, first + count)), two_pass, cx);
            }
            Step::End { which, how } => {
                let Some(place) = place(which, self.subscribed.len()) else { return Ok(()) };
                let one = self.subscribed.remove(place);
                match (one.held, how) {
                    (Held::List(subscription), 0) => subscription.unsubscribe(cx),
                    (Held::Interval(subscription), 0) => subscription.unsubscribe(cx),
                    (held, 1) => cx.non_block(|_nb| drop(held)),
                    (held, _) => drop(held),
                }
                self.ended.push(one.driver);
            }
            Step::Synchronize => self.space.synchronize(cx),
            Step::Refuse { which, refuses } => {
                if let Some(place) = place(which, self.subscribed.len()) {
                    self.subscribed[place].driver.refuses.store(refuses, Ordering::Relaxed);
                }
            }
            Step::Invalidate { first, count, blocking } => {
                self.invalidate(first, first + count, blocking, cx)?;
            }
            Step::Finish { which } => {
                if let Some(place) = place(which, self.open.len()) {
                    self.finish(place)?;
                }
            }
            Step::Read { which } => {
                if let Some(place) = place(which, self.subscribed.len()) {
                    self.read(place, cx)?;
                }
            }
        }
        prop_assert_eq!(self.calls(), []);
        self.check()
    }

    /// Ends everything: each driver is free then.
    fn end(mut self, cx: &mut Sleepable) -> TestCaseResult {
        while !self.open.is_empty() {
            self.finish(0)?;
            self.check()?;
        }
        for place in 0..self.subscribed.len() {
            self.read(place, cx)?;
        }
        self.ended.extend(self.subscribed.drain(..).map(|one| one.driver));
        self.space.synchronize(cx);
        for driver in &self.ended {
            prop_assert_eq!(Arc::strong_count(driver), 1, "driver {} is leaked", driver.number);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 400 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn it_does_as_a_plain_one_would(steps in steps()) {
        raw::sleepable(|cx| {
            let mut world = World::new();
            for step in &steps {
                world.step(step, cx)?;
            }
            world.end(cx)
        })?;
    }
}

/// Enough intervals that the tree grows several levels, and shrinks again, against a list that is looked through.
#[test]
fn a_tall_tree_finds_what_a_plain_list_finds() {
    let count = if cfg!(miri) { 300 } else { 6_000 };
    let mut state = 1_u64;
    let mut below = |limit: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit
    };
    let space = AddressSpace::new();
    let log = Arc::default();
    let driver = Arc::new(Driver { number: 0, refuses: AtomicBool::new(false), log });
    raw::sleepable(|cx| {
        let mut kept: Vec<(usize, usize, IntervalSubscription)> = Vec::new();
        for round in 0..2 * count {
            // Grows for the first half, and shrinks for the second.
            let grows = (round < count) == (below(4) != 0);
            if grows || kept.is_empty() {
                let first = below(count);
                let end = first + 1 + if below(50) == 0 { below(count) } else { below(4) };
                let range = Range::new(first * PAGE_SIZE, end * PAGE_SIZE).unwrap();
                let subscription = space.subscribe_interval(range, driver.clone(), cx).unwrap();
                kept.push((first, end, subscription));
            } else {
                let (_, _, subscription) = kept.swap_remove(below(kept.len()));
                if below(2) == 0 {
                    drop(subscription);
                } else {
                    subscription.unsubscribe(cx);
                }
            }
            if round % 7 == 0 {
                let (first, len) = (below(count), 1 + below(8));
                let range = Range::with_len(first * PAGE_SIZE, len * PAGE_SIZE).unwrap();
                let meets = |(from, to, _): &&(usize, usize, _)| *from < first + len && first < *to;
                let expected = kept.iter().filter(meets).count();
                assert_eq!(space.interval_subscriptions(&range), expected, "round {round}");
            }
        }
        drop(kept);
        space.synchronize(cx);
        assert_eq!(Arc::strong_count(&driver), 1);
    });
}
