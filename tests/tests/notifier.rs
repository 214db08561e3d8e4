//! Notifier chains: who is called, in which order, until when, and what may happen meanwhile.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::thread as native;
use std::time::Duration;

use nonblock::notifier::{
    AlreadyRegistered, Answer, AtomicChain, AtomicNotifier, BlockingChain, BlockingNotifier,
    Registration,
};
use nonblock::testing::violations;
use nonblock::{NonBlock, Sleepable, raw, sleepable, thread};

/// Long enough for what must not happen to happen.
const A_WHILE: Duration = Duration::from_millis(50);

/// How deep a callback in a section finds itself.
const IN_SECTION: u32 = if nonblock::CHECKS { 1 } else { 0 };

type Log = Arc<Mutex<Vec<(&'static str, u32)>>>;

fn taken(log: &Log) -> Vec<(&'static str, u32)> {
    std::mem::take(&mut log.lock().unwrap())
}

/// A callback that notes what it is told, and answers as told.
fn noting(
    name: &'static str,
    log: &Log,
    answer: fn(u32) -> Answer<&'static str>,
) -> Arc<dyn AtomicNotifier<u32, &'static str>> {
    let log = Arc::clone(log);
    Arc::new(move |event: &u32, _nb: &mut NonBlock| {
        assert_eq!(raw::depth() >= 1, nonblock::CHECKS);
        log.lock().unwrap().push((name, *event));
        answer(*event)
    })
}

fn goes_on(_event: u32) -> Answer<&'static str> {
    Answer::Continue
}

fn keep(registration: Result<Registration, AlreadyRegistered>) {
    std::mem::forget(registration.unwrap());
}

#[test]
fn the_higher_priority_goes_first_and_the_earlier_among_equals() {
    let (log, chain) = (Log::default(), AtomicChain::<u32, &'static str>::new());
    sleepable(|cx| {
        for (name, priority) in
            [("a", 0), ("b", 5), ("c", 0), ("d", i32::MIN), ("e", 5), ("f", i32::MAX), ("g", -1)]
        {
            keep(chain.register(noting(name, &log, goes_on), priority, cx));
        }
        let outcome = chain.call(&1, cx);
        assert_eq!((outcome.called(), outcome.answer()), (7, &Answer::Continue));
        assert_eq!(outcome.into_result(), Ok(7));
        let order = taken(&log).into_iter().map(|(name, _)| name).collect::<String>();
        assert_eq!(order, "fbeacgd");
        assert_eq!(chain.callbacks(), 7);
    });
}

#[test]
fn stop_and_bad_end_the_call() {
    let (log, chain) = (Log::default(), AtomicChain::<u32, &'static str>::new());
    sleepable(|cx| {
        keep(chain.register(noting("a", &log, goes_on), 2, cx));
        let answer = |event| match event {
            1 => Answer::Stop,
            2 => Answer::Bad("no"),
            _ => Answer::Continue,
        };
        keep(chain.register(noting("b", &log, answer), 1, cx));
        keep(chain.register(noting("c", &log, goes_on), 0, cx));

        assert_eq!(chain.call(&0, cx).into_result(), Ok(3));
        taken(&log);
        let stopped = chain.call(&1, cx);
        assert_eq!((stopped.called(), *stopped.answer()), (2, Answer::Stop));
        assert_eq!(stopped.into_result(), Ok(2));
        assert_eq!(taken(&log), [("a", 1), ("b", 1)]);
        let bad = cx.non_block(|nb| chain.call(&2, nb));
        assert_eq!((bad.called(), *bad.answer()), (2, Answer::Bad("no")));
        assert_eq!(bad.into_result(), Err("no"));
        assert_eq!(taken(&log), [("a", 2), ("b", 2)]);
    });
}

#[test]
fn the_robust_call_undoes_after_an_error_for_those_called_before() {
    let (log, chain) = (Log::default(), AtomicChain::<u32, &'static str>::new());
    sleepable(|cx| {
        // Stops the undoing as well, which is not looked at.
        let first = |event| if event == 9 { Answer::Stop } else { Answer::Continue };
        keep(chain.register(noting("a", &log, first), 3, cx));
        keep(chain.register(noting("b", &log, goes_on), 2, cx));
        let answer = |event| match event {
            1 => Answer::Stop,
            2 => Answer::Bad("no"),
            3 => panic!("as told"),
            _ => Answer::Continue,
        };
        keep(chain.register(noting("c", &log, answer), 1, cx));
        keep(chain.register(noting("d", &log, goes_on), 0, cx));

        assert_eq!(chain.call_robust(&0, &9, cx).into_result(), Ok(4));
        assert_eq!(taken(&log), [("a", 0), ("b", 0), ("c", 0), ("d", 0)]);
        assert_eq!(chain.call_robust(&1, &9, cx).into_result(), Ok(3));
        assert_eq!(taken(&log), [("a", 1), ("b", 1), ("c", 1)]);
        let undone = [("a", 9), ("b", 9)];
        let outcome = chain.call_robust(&2, &9, cx);
        assert_eq!((outcome.called(), outcome.into_result()), (3, Err("no")));
        assert_eq!(taken(&log), [&[("a", 2), ("b", 2), ("c", 2)][..], &undone].concat());
        let panic = catch_unwind(AssertUnwindSafe(|| chain.call_robust(&3, &9, cx)));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"as told"));
        assert_eq!(taken(&log), [&[("a", 3), ("b", 3), ("c", 3)][..], &undone].concat());
        assert_eq!(raw::depth(), 0);
    });
}

#[test]
fn one_undoing_that_panics_does_not_keep_the_others_from_theirs() {
    let (log, chain) = (Log::default(), AtomicChain::<u32, &'static str>::new());
    sleepable(|cx| {
        let panics = |event| if event == 9 { panic!("in undoing") } else { Answer::Continue };
        keep(chain.register(noting("a", &log, panics), 3, cx));
        keep(chain.register(noting("b", &log, goes_on), 2, cx));
        keep(chain.register(noting("c", &log, |_| Answer::Bad("no")), 1, cx));
        let panic = catch_unwind(AssertUnwindSafe(|| chain.call_robust(&2, &9, cx)));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"in undoing"));
        assert_eq!(taken(&log), [("a", 2), ("b", 2), ("c", 2), ("a", 9), ("b", 9)]);
    });
}

#[test]
fn a_blocking_chain_lends_the_right_to_sleep() {
    struct Sleeper(AtomicU64);

    impl BlockingNotifier<u32> for Sleeper {
        fn notify_blocking(&self, event: &u32, cx: &mut Sleepable) -> Answer {
            thread::sleep(cx, Duration::from_millis(1));
            self.0.fetch_add(u64::from(*event), Ordering::Relaxed);
            match event {
                0 => Answer::Bad(ErrorKind::ResourceBusy.into()),
                _ => Answer::Continue,
            }
        }
    }

    let chain = BlockingChain::<u32>::default();
    let sleeper = Arc::new(Sleeper(AtomicU64::new(0)));
    let faults = violations(|| {
        sleepable(|cx| {
            keep(chain.register(sleeper.clone(), 0, cx));
            assert_eq!(chain.call(&3, cx).into_result().unwrap(), 1);
            assert_eq!(chain.call_robust(&4, &100, cx).into_result().unwrap(), 1);
            let busy = chain.call(&0, cx).into_result().unwrap_err();
            assert_eq!(busy.kind(), ErrorKind::ResourceBusy);
        });
    });
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(sleeper.0.load(Ordering::Relaxed), 7);
}

#[test]
fn a_callback_registered_twice_is_refused_until_it_is_removed() {
    let (log, chain) = (Log::default(), AtomicChain::<u32, &'static str>::new());
    let callback = noting("a", &log, goes_on);
    sleepable(|cx| {
        let registration = chain.register(Arc::clone(&callback), 0, cx).unwrap();
        let refused = chain.register(Arc::clone(&callback), 1, cx).unwrap_err();
        assert_eq!(refused, AlreadyRegistered);
        assert_eq!(refused.to_string(), "the callback is registered with this chain already");
        assert_eq!(chain.callbacks(), 1);
        // A drop is enough, though it is still listed.
        cx.non_block(|_nb| drop(registration));
        let registration = chain.register(Arc::clone(&callback), 1, cx).unwrap();
        assert_eq!(chain.call(&0, cx).called(), 1);
        registration.unregister(cx);
        assert_eq!(chain.call(&0, cx).called(), 0);
        assert_eq!(Arc::strong_count(&callback), 1);
    });
}

#[test]
fn callbacks_register_and_remove_within_a_call() {
    let chain = Arc::new(BlockingChain::<u32>::new());
    let weak: Weak<BlockingChain<u32>> = Arc::downgrade(&chain);
    let own = Arc::new(Mutex::new(None::<Registration>));
    let late = Arc::new(AtomicU64::new(0));
    sleepable(|cx| {
        let changing = {
            let (own, late) = (Arc::clone(&own), Arc::clone(&late));
            move |_: &u32, cx: &mut Sleepable| {
                // Removes itself: it waits for nobody, since that would be itself.
                if let Some(own) = own.lock().unwrap().take() {
                    own.unregister(cx);
                    let late = Arc::clone(&late);
                    let new = move |_: &u32, _: &mut Sleepable| {
                        late.fetch_add(1, Ordering::Relaxed);
                        Answer::Continue
                    };
                    keep(weak.upgrade().unwrap().register(Arc::new(new), 0, cx));
                }
                Answer::Continue
            }
        };
        let registration = chain.register(Arc::new(changing), 1, cx).unwrap();
        *own.lock().unwrap() = Some(registration);
        assert_eq!(chain.call(&0, cx).called(), 1);
        assert_eq!(late.load(Ordering::Relaxed), 0, "the call goes on without it");
        assert_eq!(chain.call(&0, cx).called(), 1);
        assert_eq!(late.load(Ordering::Relaxed), 1);
        chain.synchronize(cx);
    });
    assert_eq!(Arc::strong_count(&own), 1, "the one that removed itself was dropped");
}

#[test]
fn an_atomic_callback_may_drop_its_registration() {
    let chain = AtomicChain::<u32>::new();
    let own = Arc::new(Mutex::new(None::<Registration>));
    sleepable(|cx| {
        let once = {
            let own = Arc::clone(&own);
            move |_: &u32, _: &mut NonBlock| {
                drop(own.lock().unwrap().take());
                Answer::Continue
            }
        };
        let registration = chain.register(Arc::new(once), 0, cx).unwrap();
        *own.lock().unwrap() = Some(registration);
        assert_eq!(chain.call(&0, cx).called(), 1);
        assert_eq!(chain.call(&0, cx).called(), 0);
        assert_eq!(Arc::strong_count(&own), 2);
        chain.synchronize(cx);
        assert_eq!(Arc::strong_count(&own), 1);
    });
}

#[test]
fn unregister_waits_for_a_call_on_another_thread() {
    let chain = Arc::new(AtomicChain::<u32>::new());
    let inside = Arc::new(AtomicBool::new(false));
    sleepable(|cx| {
        let (begun, has_begun) = mpsc::channel();
        let (let_go, may_go) = mpsc::channel::<()>();
        let may_go = Mutex::new(may_go);
        let slow = {
            let inside = Arc::clone(&inside);
            move |_: &u32, _: &mut NonBlock| {
                inside.store(true, Ordering::Relaxed);
                begun.send(()).unwrap();
                may_go.lock().unwrap().recv().unwrap();
                inside.store(false, Ordering::Relaxed);
                Answer::Continue
            }
        };
        let registration = chain.register(Arc::new(slow), 0, cx).unwrap();
        let calling = thread::spawn({
            let chain = Arc::clone(&chain);
            move |cx| chain.call(&0, cx).called()
        });
        has_begun.recv().unwrap();
        let removing = thread::spawn(move |cx| registration.unregister(cx));
        native::sleep(A_WHILE);
        assert!(!removing.is_finished());
        let_go.send(()).unwrap();
        removing.join(cx).unwrap();
        assert!(!inside.load(Ordering::Relaxed));
        assert_eq!(calling.join(cx).unwrap(), 1);
    });
}

/// A thread that changes the chain sleeps while it waits for calls under way, and while it drops removed callbacks. Calls of the
/// chain wait for neither.
#[test]
fn a_call_does_not_wait_for_who_changes_the_chain() {
    /// A callback whose drop waits.
    struct Lingering(mpsc::Sender<()>, Mutex<mpsc::Receiver<()>>);

    impl AtomicNotifier<u32> for Lingering {
        fn notify_atomic(&self, _event: &u32, _nb: &mut NonBlock) -> Answer {
            Answer::Continue
        }
    }

    impl Drop for Lingering {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
            self.1.lock().unwrap().recv().unwrap();
        }
    }

    let chain = Arc::new(AtomicChain::<u32>::new());
    sleepable(|cx| {
        let (dropping, is_dropping) = mpsc::channel();
        let (let_go, may_go) = mpsc::channel();
        let lingering = Arc::new(Lingering(dropping, Mutex::new(may_go)));
        let registration = chain.register(lingering, 0, cx).unwrap();
        let _other = chain.register(Arc::new(|_: &u32, _: &mut NonBlock| Answer::Continue), 0, cx);
        let removing = thread::spawn(move |cx| registration.unregister(cx));
        is_dropping.recv().unwrap();
        let (called, is_called) = mpsc::channel();
        let calling = thread::spawn({
            let chain = Arc::clone(&chain);
            move |cx| {
                let count = cx.non_block(|nb| chain.call(&0, nb).called());
                called.send(count).unwrap();
            }
        });
        let count = is_called.recv_timeout(Duration::from_secs(20)).expect("the call waits");
        assert_eq!(count, 1);
        assert!(!removing.is_finished());
        let_go.send(()).unwrap();
        removing.join(cx).unwrap();
        calling.join(cx).unwrap();
    });
}

/// Callers, and callbacks that come and go: none is called after its removal returned.
#[test]
fn no_callback_after_its_removal_returned() {
    let length = Duration::from_millis(if cfg!(miri) { 100 } else { 500 });
    let chain = AtomicChain::<u32>::new();
    let running = AtomicBool::new(true);
    let (calls, rounds) = (AtomicU64::new(0), AtomicU64::new(0));
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            for _ in 0..2 {
                scope.spawn(|cx| {
                    while running.load(Ordering::Relaxed) {
                        drop(chain.call(&0, cx));
                    }
                });
                scope.spawn(|cx| {
                    while running.load(Ordering::Relaxed) {
                        let (gone, called) = (Arc::new(AtomicBool::new(false)), Arc::default());
                        let callback = {
                            let (gone, called) =
                                (Arc::clone(&gone), Arc::<AtomicU64>::clone(&called));
                            move |_: &u32, _: &mut NonBlock| {
                                called.fetch_add(1, Ordering::Relaxed);
                                native::yield_now();
                                assert!(!gone.load(Ordering::Acquire));
                                Answer::Continue
                            }
                        };
                        let registration = chain.register(Arc::new(callback), 0, cx).unwrap();
                        native::yield_now();
                        registration.unregister(cx);
                        gone.store(true, Ordering::Release);
                        rounds.fetch_add(1, Ordering::Relaxed);
                        calls.fetch_add(called.load(Ordering::Relaxed), Ordering::Relaxed);
                        assert_eq!(Arc::strong_count(&gone), 1);
                    }
                });
            }
            thread::sleep(cx, length);
            running.store(false, Ordering::Relaxed);
        });
    });
    assert!(rounds.load(Ordering::Relaxed) > 0 && calls.load(Ordering::Relaxed) > 0);
    assert_eq!(chain.callbacks(), 0);
}

#[test]
fn a_registration_may_outlive_its_chain() {
    let (log, chain) = (Log::default(), AtomicChain::<u32, &'static str>::new());
    sleepable(|cx| {
        let callback = noting("a", &log, goes_on);
        let first = chain.register(callback.clone(), 0, cx).unwrap();
        let second = chain.register(noting("b", &log, goes_on), 0, cx).unwrap();
        assert_eq!(format!("{chain:?}"), "Chain { callbacks: 2 }");
        assert_eq!(format!("{first:?}"), "Registration { .. }");
        drop(chain);
        assert_eq!(Arc::strong_count(&callback), 1);
        first.unregister(cx);
        cx.non_block(|_nb| drop(second));
    });
}

#[test]
fn callbacks_run_in_a_section_or_out_of_it() {
    let depths = Arc::new(Mutex::new(Vec::new()));
    let (atomic, blocking) = (AtomicChain::<str>::new(), BlockingChain::<str>::new());
    sleepable(|cx| {
        let seen = Arc::clone(&depths);
        let note = move |_: &str, _: &mut NonBlock| {
            seen.lock().unwrap().push(raw::depth());
            Answer::Continue
        };
        keep(atomic.register(Arc::new(note), 0, cx));
        let seen = Arc::clone(&depths);
        let note = move |_: &str, _: &mut Sleepable| {
            seen.lock().unwrap().push(raw::depth());
            Answer::Continue
        };
        keep(blocking.register(Arc::new(note), 0, cx));
        drop(atomic.call("event", cx));
        cx.non_block(|nb| drop(atomic.call("event", nb)));
        drop(blocking.call("event", cx));
    });
    assert_eq!(*depths.lock().unwrap(), [IN_SECTION, 2 * IN_SECTION, 0]);
}
