//! Refusals: exactly the drivers that started get their end, even if others subscribe, unsubscribe or refuse meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use nonblock::{Context, NonBlock, Sleepable, WouldBlock, raw, sleepable};
use nonblock_mm::mmu::{
    AddressSpace, Event, Finish, Invalidate, InvalidateTwoPass, Invalidation, Range, Subscription,
};
use proptest::prelude::*;
use proptest::test_runner::RngAlgorithm;

/// A call of a callback: whose, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Start(u32),
    Refused(u32),
    Finish(u32),
    End(u32),
}

/// What all drivers of a test share.
#[derive(Debug, Default)]
struct Stage {
    calls: Mutex<Vec<Call>>,
    /// A bit for each driver that refuses.
    refusing: AtomicU64,
    panicking: Mutex<Option<Call>>,
}

impl Stage {
    fn note(&self, call: Call) {
        self.calls.lock().unwrap().push(call);
    }

    /// Notes a call, unless it is the one that panics.
    fn note_or_panic(&self, call: Call) {
        let panics = *self.panicking.lock().unwrap() == Some(call);
        assert!(!panics, "{call:?}");
        self.note(call);
    }

    fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

struct Driver {
    number: u32,
    stage: Arc<Stage>,
}

impl Invalidate for Driver {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let refuses = self.stage.refusing.load(Ordering::Relaxed) & (1 << self.number) != 0;
        if refuses && let Err(refusal) = cx.or_refuse() {
            self.stage.note(Call::Refused(self.number));
            return Err(refusal);
        }
        self.stage.note(Call::Start(self.number));
        Ok(())
    }

    fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
        if nonblock::CHECKS {
            assert!(raw::depth() > 0, "an end runs in a section");
        }
        self.stage.note(Call::End(self.number));
    }
}

/// With two passes: what would refuse in a section begins an operation elsewhere.
impl InvalidateTwoPass for Driver {
    type Operation = u32;

    fn invalidate_start<'cx, C: Context>(
        &self,
        _range: &Range,
        cx: &'cx mut C,
    ) -> Result<Option<Finish<'cx, u32>>, C::Refusal> {
        let is_busy = self.stage.refusing.load(Ordering::Relaxed) & (1 << self.number) != 0;
        if is_busy && let Err(refusal) = cx.or_refuse() {
            self.stage.note(Call::Refused(self.number));
            return Err(refusal);
        }
        self.stage.note_or_panic(Call::Start(self.number));
        Ok(if is_busy { Some(Finish::new(self.number, cx.or_refuse()?)) } else { None })
    }

    fn invalidate_finish(&self, _range: &Range, number: u32, _cx: &mut Sleepable) {
        assert_eq!(number, self.number, "each has its own operation");
        self.stage.note_or_panic(Call::Finish(number));
    }

    fn invalidate_end(&self, range: &Range, nb: &mut NonBlock) {
        self.finish(range, nb);
    }
}

fn range() -> Range {
    Range::with_len(0x10_0000, 4096).unwrap()
}

fn subscribe(
    space: &AddressSpace,
    stage: &Arc<Stage>,
    number: u32,
    cx: &mut Sleepable,
) -> Subscription {
    space.subscribe(Arc::new(Driver { number, stage: Arc::clone(stage) }), cx).unwrap()
}

/// What must be called when those in `live` are told and those in `refusing` refuse, and who has started then.
fn expected(live: &[u32], refusing: u64, may_refuse: bool) -> (Vec<Call>, Option<Vec<u32>>) {
    let refuses = |number: &u32| may_refuse && refusing & (1 << number) != 0;
    match live.iter().position(refuses) {
        None => (live.iter().map(|number| Call::Start(*number)).collect(), Some(live.to_vec())),
        Some(first) => {
            let mut calls: Vec<_> =
                live[..first].iter().map(|number| Call::Start(*number)).collect();
            calls.push(Call::Refused(live[first]));
            calls.extend(live[..first].iter().map(|number| Call::End(*number)));
            (calls, None)
        }
    }
}

fn ends(started: &[u32]) -> Vec<Call> {
    started.iter().map(|number| Call::End(*number)).collect()
}

/// Every number of drivers up to 6, every subset of them that refuses, every kind of caller.
#[test]
fn every_subset_of_six_that_refuses() {
    for drivers in 0..=if cfg!(miri) { 4 } else { 6 } {
        for refusing in 0..1 << drivers {
            sleepable(|cx| {
                let space = AddressSpace::new();
                let stage = Arc::new(Stage::default());
                let live: Vec<u32> = (0..drivers).collect();
                let _subscriptions: Vec<_> =
                    live.iter().map(|number| subscribe(&space, &stage, *number, cx)).collect();
                stage.refusing.store(refusing, Ordering::Relaxed);

                // A caller in a section.
                let (calls, started) = expected(&live, refusing, true);
                cx.non_block(|nb| {
                    let result = space.try_invalidate(range(), Event::Unmap, nb);
                    assert_eq!(result.as_ref().err(), started.is_none().then_some(&WouldBlock));
                    assert_eq!(stage.calls(), calls);
                });
                assert_eq!(stage.calls(), ends(started.as_deref().unwrap_or_default()));

                // A caller that may sleep, and only tries.
                let result = space.try_invalidate(range(), Event::Unmap, cx);
                assert_eq!(result.is_ok(), refusing == 0);
                assert_eq!(stage.calls(), calls);
                drop(result);
                assert_eq!(stage.calls(), ends(started.as_deref().unwrap_or_default()));

                // A caller that may sleep, and waits: it cannot be refused.
                let (calls, started) = expected(&live, refusing, false);
                let invalidation = space.invalidate(range(), Event::Unmap, cx);
                assert_eq!(stage.calls(), calls);
                drop(invalidation);
                assert_eq!(stage.calls(), ends(&started.unwrap()));
            });
        }
    }
}

/// Every number of drivers with two passes, every subset of them that is busy, every first or second pass that panics.
#[test]
fn every_second_pass_of_four_that_is_due_and_every_panic() {
    for drivers in 0..=if cfg!(miri) { 3 } else { 4 } {
        for busy in 0..1 << drivers {
            sleepable(|cx| {
                let space = AddressSpace::new();
                let stage = Arc::new(Stage::default());
                let live: Vec<u32> = (0..drivers).collect();
                let subscriptions = live.iter().map(|number| {
                    let driver = Arc::new(Driver { number: *number, stage: Arc::clone(&stage) });
                    space.subscribe_two_pass(range(), driver, cx).unwrap()
                });
                let subscriptions: Vec<_> = subscriptions.collect();
                stage.refusing.store(busy, Ordering::Relaxed);
                let is_busy = |number: &&u32| busy & (1 << **number) != 0;
                let starts = |of: &[u32]| of.iter().map(|n| Call::Start(*n)).collect::<Vec<_>>();
                let finishes = |of: &[u32]| {
                    of.iter().filter(is_busy).map(|n| Call::Finish(*n)).collect::<Vec<_>>()
                };

                // In a section there is no second pass.
                let (calls, started) = expected(&live, busy, true);
                let result = cx.non_block(|nb| space.try_invalidate(range(), Event::Unmap, nb));
                assert_eq!(result.is_ok(), started.is_some());
                assert_eq!(stage.calls(), calls);
                drop(result);
                assert_eq!(stage.calls(), ends(started.as_deref().unwrap_or_default()));

                let invalidation = space.invalidate(range(), Event::Unmap, cx);
                assert_eq!(stage.calls(), [starts(&live), finishes(&live)].concat());
                drop(invalidation);
                assert_eq!(stage.calls(), ends(&live));

                for panicking in starts(&live).into_iter().chain(finishes(&live)) {
                    *stage.panicking.lock().unwrap() = Some(panicking);
                    let invalidating =
                        AssertUnwindSafe(|| drop(space.invalidate(range(), Event::Unmap, cx)));
                    assert!(catch_unwind(invalidating).is_err());
                    // A driver that panics in its first pass has not started; in its second, it has.
                    let started = match panicking {
                        Call::Start(number) => &live[..number as usize],
                        _ => &live[..],
                    };
                    let mut calls = [starts(started), finishes(started), ends(started)].concat();
                    calls.retain(|call| *call != panicking);
                    assert_eq!(stage.calls(), calls, "{panicking:?}");
                    for subscription in &subscriptions {
                        assert!(subscription.try_read_begin().is_some(), "{panicking:?}");
                    }
                }
            });
        }
    }
}

/// Something that happens to an address space. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Subscribe,
    Unsubscribe(usize),
    Drop(usize),
    DropInSection(usize),
    Synchronize,
    Begin { refusing: u64 },
    BeginInSection { refusing: u64 },
    BeginBlocking { refusing: u64 },
    End(usize),
}

fn step() -> impl Strategy<Value = Step> {
    // Few refuse, so that there are invalidations to end.
    let refusing =
        || prop_oneof![2 => Just(0), 1 => any::<u64>().prop_map(|bits| 1 << (bits % 64))];
    prop_oneof![
        4 => Just(Step::Subscribe),
        1 => any::<usize>().prop_map(Step::Unsubscribe),
        2 => any::<usize>().prop_map(Step::Drop),
        1 => any::<usize>().prop_map(Step::DropInSection),
        1 => Just(Step::Synchronize),
        3 => refusing().prop_map(|refusing| Step::Begin { refusing }),
        2 => refusing().prop_map(|refusing| Step::BeginInSection { refusing }),
        1 => refusing().prop_map(|refusing| Step::BeginBlocking { refusing }),
        4 => any::<usize>().prop_map(Step::End),
    ]
}

/// Takes a chosen element out of what there is, if there is any.
fn take<T>(list: &mut Vec<T>, chosen: usize) -> Option<T> {
    (!list.is_empty()).then(|| list.remove(chosen % list.len()))
}

fn run(steps: &[Step], cx: &mut Sleepable) {
    let space = AddressSpace::new();
    let stage = Arc::new(Stage::default());
    // The model: who is subscribed, in order, and who has started in each invalidation that is open.
    let mut subscribed: Vec<(u32, Subscription)> = Vec::new();
    let mut open: Vec<(Vec<u32>, Invalidation<'_>)> = Vec::new();
    let mut next = 0;
    for step in steps {
        let live: Vec<u32> = subscribed.iter().map(|(number, _)| *number).collect();
        let begin = |refusing: u64, may_refuse: bool, result: Result<_, WouldBlock>| {
            let (calls, started) = expected(&live, refusing, may_refuse);
            assert_eq!(stage.calls(), calls, "{step:?}");
            assert_eq!(result.is_ok(), started.is_some(), "{step:?}");
            started.zip(result.ok())
        };
        match *step {
            Step::Subscribe if next < 64 => {
                subscribed.push((next, subscribe(&space, &stage, next, cx)));
                next += 1;
            }
            Step::Subscribe => {}
            Step::Unsubscribe(chosen) => {
                if let Some((_, subscription)) = take(&mut subscribed, chosen) {
                    // With an invalidation open on this thread, it defers.
                    subscription.unsubscribe(cx);
                }
            }
            Step::Drop(chosen) => drop(take(&mut subscribed, chosen)),
            Step::DropInSection(chosen) => {
                cx.non_block(|_nb| drop(take(&mut subscribed, chosen)));
            }
            Step::Synchronize => space.synchronize(cx),
            Step::Begin { refusing } => {
                stage.refusing.store(refusing, Ordering::Relaxed);
                let result = space.try_invalidate(range(), Event::Clear, cx);
                open.extend(begin(refusing, true, result));
            }
            Step::BeginInSection { refusing } => {
                stage.refusing.store(refusing, Ordering::Relaxed);
                let result = cx.non_block(|nb| space.try_invalidate(range(), Event::Clear, nb));
                open.extend(begin(refusing, true, result));
            }
            Step::BeginBlocking { refusing } => {
                stage.refusing.store(refusing, Ordering::Relaxed);
                let invalidation = space.invalidate(range(), Event::Clear, cx);
                open.extend(begin(refusing, false, Ok(invalidation)));
            }
            Step::End(chosen) => {
                if let Some((started, invalidation)) = take(&mut open, chosen) {
                    drop(invalidation);
                    assert_eq!(stage.calls(), ends(&started), "{step:?}");
                }
            }
        }
        assert_eq!(stage.calls(), [], "{step:?} called nobody else");
        assert_eq!(space.subscriptions(), subscribed.len());
    }
    for (started, invalidation) in open {
        drop(invalidation);
        assert_eq!(stage.calls(), ends(&started));
    }
    for (_, subscription) in subscribed {
        subscription.unsubscribe(cx);
    }
    space.synchronize(cx);
    assert_eq!(Arc::strong_count(&stage), 1, "no driver is left");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 8 } else { 512 },
        // Under miri the other one takes longer than what is tested.
        rng_algorithm: if cfg!(miri) { RngAlgorithm::XorShift } else { RngAlgorithm::default() },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Any course of events, against a model that is a plain list.
    #[test]
    fn any_course_of_events(steps in prop::collection::vec(step(), 0..if cfg!(miri) { 24 } else { 60 })) {
        sleepable(|cx| run(&steps, cx));
    }
}
