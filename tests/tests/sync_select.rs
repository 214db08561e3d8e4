//! Selecting among channels: each value is received once, the channels take turns, and no wake-up is lost.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nonblock::sync::channel::{self, Receiver, RecvError, Select, Sender};
use nonblock::testing::violations;
use nonblock::{Sleepable, raw, sleepable, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(30);

thread_local! {
    static ALLOCATIONS: Cell<u32> = const { Cell::new(0) };
}

/// The system's allocator, which counts the allocations and releases of each thread.
struct Counting;

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Debug, PartialEq)]
enum Event {
    Number(u32),
    Text(&'static str),
    End(&'static str),
}

/// Selects among channels of different types.
fn both<'a>(
    numbers: &'a Receiver<u32>,
    texts: &'a Receiver<&'static str>,
) -> (Select<'a, Event>, [usize; 2]) {
    let mut select = Select::new();
    let indices = [
        select.recv(numbers, |number| number.map_or(Event::End("numbers"), Event::Number)),
        select.recv(texts, |text| text.map_or(Event::End("texts"), Event::Text)),
    ];
    (select, indices)
}

#[test]
fn values_of_different_types_come_from_where_they_are() {
    let (send_number, numbers) = channel::bounded(4);
    let (send_text, texts) = channel::unbounded();
    sleepable(|cx| {
        let (mut select, indices) = both(&numbers, &texts);
        assert_eq!(indices, [0, 1]);
        assert_eq!(format!("{select:?}"), "Select { receivers: 2, .. }");
        assert_eq!(select.try_select(), None);
        send_text.send(cx, "first").unwrap();
        assert_eq!(select.select(cx), Event::Text("first"));
        send_number.send(cx, 2).unwrap();
        assert_eq!(select.select_timeout(cx, LONG), Some(Event::Number(2)));
        send_number.send(cx, 3).unwrap();
        assert_eq!(select.select_timeout(cx, Duration::ZERO), Some(Event::Number(3)));
        send_text.send(cx, "last").unwrap();
        assert_eq!(select.try_select(), Some(Event::Text("last")));
        assert!(numbers.is_empty() && texts.is_empty());
    });
}

#[test]
fn a_value_at_any_of_the_channels_wakes_whoever_selects() {
    let (send_number, numbers) = channel::bounded(1);
    let (send_text, texts) = channel::unbounded();
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let selecting = scope.spawn(|cx| {
                let (mut select, _) = both(&numbers, &texts);
                [select.select(cx), select.select(cx), select.select(cx)]
            });
            thread::sleep(cx, SHORT);
            send_text.send(cx, "one").unwrap();
            thread::sleep(cx, SHORT);
            cx.non_block(|_nb| send_number.try_send(2)).unwrap();
            thread::sleep(cx, SHORT);
            drop(send_text);
            let expected = [Event::Text("one"), Event::Number(2), Event::End("texts")];
            assert_eq!(selecting.join(cx).unwrap(), expected);
        });
    });
}

#[test]
fn a_channel_whose_senders_are_gone_is_ready_until_it_is_removed() {
    let (send_number, numbers) = channel::bounded(2);
    let (send_text, texts) = channel::unbounded();
    sleepable(|cx| {
        let (mut select, [_, of_texts]) = both(&numbers, &texts);
        send_text.send(cx, "left").unwrap();
        drop(send_text);
        assert_eq!(select.select(cx), Event::Text("left"));
        assert_eq!(select.select(cx), Event::End("texts"));
        assert_eq!(select.try_select(), Some(Event::End("texts")));
        assert_eq!(select.try_ready(), Some(of_texts));
        select.remove(of_texts);
        assert_eq!(select.try_select(), None);
        send_number.send(cx, 1).unwrap();
        assert_eq!(select.select(cx), Event::Number(1));
        let again = select.recv(&texts, |text| Event::End(text.map_or("again", |_| "a text")));
        assert_eq!((again, select.select(cx)), (2, Event::End("again")));
    });
}

#[test]
#[should_panic = "no receiver with the index 1"]
fn what_was_removed_is_not_removed_again() {
    let (_sender, receiver) = channel::bounded::<u32>(1);
    let mut select = Select::new();
    for _ in 0..2 {
        select.recv(&receiver, drop);
    }
    select.remove(1);
    select.remove(1);
}

#[test]
fn a_wait_with_a_time_ends_when_it_has_run_out() {
    let (_numbers, numbers) = channel::bounded(1);
    let (_texts, texts) = channel::unbounded();
    sleepable(|cx| {
        let (mut select, _) = both(&numbers, &texts);
        for _ in 0..2 {
            let began = Instant::now();
            assert_eq!(select.select_timeout(cx, SHORT), None);
            assert_eq!(select.ready_timeout(cx, SHORT), None);
            assert!(began.elapsed() >= 2 * SHORT);
        }
        assert_eq!(select.select_timeout(cx, Duration::ZERO), None);
    });
}

#[test]
fn without_receivers_a_wait_with_a_time_waits_it_out() {
    sleepable(|cx| {
        let mut select = Select::<()>::default();
        assert_eq!(select.try_select(), None);
        assert_eq!(select.try_ready(), None);
        let began = Instant::now();
        assert_eq!(select.select_timeout(cx, SHORT), None);
        assert_eq!(select.ready_timeout(cx, SHORT), None);
        assert!(began.elapsed() >= 2 * SHORT);
    });
}

#[test]
#[should_panic = "a `Select` without receivers would wait for ever"]
fn without_receivers_a_wait_is_refused() {
    sleepable(|cx| Select::<()>::new().select(cx));
}

/// Which of the channels was selected, each of so many times.
fn taken<const N: usize>(channels: &[(Sender<u32>, Receiver<u32>); N], times: usize) -> Vec<usize> {
    sleepable(|cx| {
        let mut select = Select::new();
        for (place, (_, receiver)) in channels.iter().enumerate() {
            select.recv(receiver, move |_| place);
        }
        (0..times).map(|_| select.select(cx)).collect()
    })
}

#[test]
fn channels_that_are_ready_take_turns() {
    let channels = [channel::bounded(8), channel::bounded(8), channel::bounded(8)];
    for (sender, _) in &channels {
        (0..4).for_each(|value| sender.try_send(value).unwrap());
    }
    assert_eq!(taken(&channels, 7), [0, 1, 2, 0, 1, 2, 0]);
    // What has nothing is passed over.
    let (_, first) = &channels[0];
    while first.try_recv().is_ok() {}
    assert_eq!(taken(&channels, 4), [1, 2, 1, 2]);
}

#[test]
fn the_turn_stays_in_range_when_receivers_are_removed() {
    let (sender, receiver) = channel::bounded(8);
    (0..8).for_each(|value| sender.try_send(value).unwrap());
    let mut select = Select::new();
    for place in 0..3 {
        select.recv(&receiver, move |_| place);
    }
    assert_eq!([select.try_select(), select.try_select()], [Some(0), Some(1)]);
    select.remove(2);
    assert_eq!(select.try_select(), Some(0));
    select.remove(0);
    assert_eq!([select.try_select(), select.try_select()], [Some(1), Some(1)]);
    select.remove(1);
    assert_eq!(select.try_select(), None);
}

#[test]
fn the_first_in_line_is_the_first_woken_whether_it_selects_or_not() {
    sleepable(|cx| {
        for selects_first in [true, false] {
            let (sender, receiver) = channel::bounded(2);
            let (_other, idle) = channel::bounded::<u32>(1);
            thread::scope(cx, |scope, cx| {
                let (receiver, idle) = (&receiver, &idle);
                let in_order = [selects_first, !selects_first].map(|selects| {
                    let waiting = scope.spawn(move |cx| {
                        if !selects {
                            return receiver.recv(cx).unwrap();
                        }
                        let mut select = Select::new();
                        select.recv(idle, |_| 0);
                        select.recv(receiver, Result::unwrap);
                        select.select(cx)
                    });
                    thread::sleep(cx, SHORT);
                    waiting
                });
                for value in 1..=2 {
                    sender.send(cx, value).unwrap();
                    thread::sleep(cx, SHORT);
                }
                assert_eq!(in_order.map(|waiting| waiting.join(cx).unwrap()), [1, 2]);
            });
        }
    });
}

#[test]
fn a_wake_up_that_is_not_used_goes_to_the_next_receiver() {
    sleepable(|cx| {
        for round in 0..200 {
            let (send_first, first) = channel::bounded(1);
            let (send_second, second) = channel::bounded(1);
            thread::scope(cx, |scope, cx| {
                let selecting = scope.spawn(|cx| {
                    let mut select = Select::new();
                    select.recv(&first, |value| value);
                    select.recv(&second, |value| value);
                    select.select(cx)
                });
                if round % 20 == 0 {
                    // So that it is first in both lines, and both values wake it.
                    thread::sleep(cx, SHORT);
                }
                let receiving = [&first, &second].map(|from| scope.spawn(|cx| from.recv(cx)));
                send_first.send(cx, 1).unwrap();
                send_second.send(cx, 2).unwrap();
                // Whoever is woken takes them, before the end wakes all.
                let began = Instant::now();
                while !(first.is_empty() && second.is_empty()) {
                    assert!(began.elapsed() < LONG, "a value is left, and nobody was woken for it");
                    thread::yield_now(cx);
                }
                drop((send_first, send_second));
                let [one, other] = receiving.map(|waiting| waiting.join(cx).unwrap());
                let mut received = [selecting.join(cx).unwrap(), one, other];
                received.sort_by_key(|one| one.unwrap_or(0));
                assert_eq!(received, [Err(RecvError), Ok(1), Ok(2)]);
            });
        }
    });
}

#[test]
fn nothing_is_lost_among_threads_that_select_and_threads_that_receive() {
    const EACH: u64 = 3000;
    let (first_sender, first) = channel::bounded(2);
    let (second_sender, second) = channel::unbounded();
    let (first, second) = (&first, &second);
    let (sum, count) = (AtomicU64::new(0), AtomicU64::new(0));
    let add = |value| {
        sum.fetch_add(value, Ordering::Relaxed);
        count.fetch_add(1, Ordering::Relaxed);
    };
    let add = &add;
    sleepable(|cx| {
        thread::scope(cx, |scope, _cx| {
            for time in [LONG, Duration::from_micros(20)] {
                scope.spawn(move |cx| {
                    let mut select = Select::new();
                    select.recv(first, |value| value.map_err(|RecvError| 0));
                    select.recv(second, |value| value.map_err(|RecvError| 1));
                    let mut open = 2;
                    while open > 0 {
                        match select.select_timeout(cx, time) {
                            Some(Ok(value)) => add(value),
                            Some(Err(ended)) => {
                                select.remove(ended);
                                open -= 1;
                            }
                            None => {}
                        }
                    }
                });
            }
            for receiver in [first, second] {
                scope.spawn(move |cx| receiver.iter(cx).for_each(add));
            }
            for sender in [first_sender, second_sender] {
                scope.spawn(move |cx| (1..=EACH).for_each(|value| sender.send(cx, value).unwrap()));
            }
        });
    });
    assert_eq!(count.into_inner(), 2 * EACH);
    assert_eq!(sum.into_inner(), EACH * (EACH + 1));
}

#[test]
fn what_is_ready_is_named_and_left_where_it_is() {
    let (send_number, numbers) = channel::bounded(1);
    let (send_text, texts) = channel::unbounded();
    sleepable(|cx| {
        let (mut select, [of_numbers, of_texts]) = both(&numbers, &texts);
        assert_eq!(select.try_ready(), None);
        send_number.send(cx, 1).unwrap();
        assert_eq!(select.ready(cx), of_numbers);
        assert_eq!(select.ready_timeout(cx, LONG), Some(of_numbers));
        assert_eq!(numbers.try_recv(), Ok(1));
        thread::scope(cx, |scope, cx| {
            scope.spawn(|cx| {
                thread::sleep(cx, SHORT);
                send_text.send(cx, "late").unwrap();
            });
            assert_eq!(select.ready(cx), of_texts);
        });
        assert_eq!(texts.try_recv(), Ok("late"));
        drop(send_number);
        assert_eq!(select.try_ready(), Some(of_numbers));
    });
}

#[test]
fn nothing_is_allocated_or_released_from_the_call_to_its_return() {
    let (send_number, numbers) = channel::bounded(1);
    let (_texts, texts) = channel::unbounded();
    sleepable(|cx| {
        thread::scope(cx, |scope, cx| {
            let selecting = scope.spawn(|cx| {
                let (mut select, _) = both(&numbers, &texts);
                let before = ALLOCATIONS.get();
                let late = select.select_timeout(cx, SHORT);
                let found = select.select(cx);
                let tried = select.try_select();
                let allocations = ALLOCATIONS.get() - before;
                (late, found, tried, allocations, before > 0)
            });
            thread::sleep(cx, 3 * SHORT);
            send_number.send(cx, 1).unwrap();
            let found = selecting.join(cx).unwrap();
            assert_eq!(found, (None, Event::Number(1), None, 0, true));
        });
    });
}

#[test]
fn a_closure_that_panics_leaves_no_line_behind() {
    let (sender, receiver) = channel::bounded(2);
    sleepable(|cx| {
        let mut select = Select::new();
        select.recv(&receiver, |value| assert_ne!(value, Ok(1), "the closure panics"));
        thread::scope(cx, |scope, cx| {
            scope.spawn(|cx| {
                thread::sleep(cx, SHORT);
                sender.send(cx, 1).unwrap();
            });
            let selecting = catch_unwind(AssertUnwindSafe(|| select.select(cx)));
            assert!(selecting.is_err());
        });
        sender.send(cx, 2).unwrap();
        select.select(cx);
        sender.send(cx, 3).unwrap();
        assert_eq!(receiver.recv(cx), Ok(3));
    });
}

#[test]
fn a_section_selects_by_trying_and_a_wait_in_it_is_reported() {
    let (sender, receiver) = channel::bounded(1);
    let found = violations(|| {
        sleepable(|cx| {
            let mut select = Select::new();
            select.recv(&receiver, Result::unwrap);
            cx.non_block(|_nb| {
                assert_eq!(select.try_select(), None);
                sender.try_send(1).unwrap();
                assert_eq!(select.try_ready(), Some(0));
                assert_eq!(select.try_select(), Some(1));
            });
        });
    });
    assert!(found.is_empty(), "{found:?}");
    let waits: [fn(&mut Select<'_, u32>, &mut Sleepable); 4] = [
        |select, cx| assert_eq!(select.select(cx), 2),
        |select, cx| assert_eq!(select.select_timeout(cx, SHORT), Some(2)),
        |select, cx| assert_eq!(select.ready(cx), 0),
        |select, cx| assert_eq!(select.ready_timeout(cx, SHORT), Some(0)),
    ];
    for wait in waits {
        let _ = sender.try_send(2);
        let found = violations(|| {
            raw::non_block(|_nb| {
                raw::sleepable(|cx| {
                    let mut select = Select::new();
                    select.recv(&receiver, Result::unwrap);
                    wait(&mut select, cx);
                });
            });
        });
        assert!(!found.is_empty());
    }
}
