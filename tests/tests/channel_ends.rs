//! The ends of a channel go, also at once and in the middle of a send: every value is dropped, and no section releases memory in
//! silence.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nonblock::sync::channel::{self, RecvTimeoutError, Sender};
use nonblock::{raw, sleepable, thread};
use nonblock_tests::interpreter::report_panics_briefly;

const SHORT: Duration = Duration::from_millis(20);

thread_local! {
    /// How often this thread released memory in a section.
    static RELEASED: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts what sections release.
struct Counting;

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if raw::depth() > 0 {
            RELEASED.set(RELEASED.get() + 1);
        }
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A request, and who asks. It is so large that a send of it takes a while.
struct Request {
    _reply: Sender<u8>,
    _body: [u8; 256 << 10],
}

/// The client still has the sender, so the channel stays. If the request stayed in it, the client would wait for ever.
#[test]
fn a_request_that_is_sent_while_the_last_receiver_goes_is_dropped() {
    let ask = || {
        let (sender, receiver) = channel::bounded::<Request>(1);
        let (reply, answer) = channel::bounded(1);
        sleepable(|cx| {
            let server = thread::Builder::new().stack_size(64 << 20).spawn(move |_cx| {
                while receiver.is_empty() {
                    spin_loop();
                }
                // The request is in the channel, or about to be.
                drop(receiver);
            });
            let sent = sender.send(cx, Request { _reply: reply, _body: [1; _] });
            server.unwrap().join(cx).unwrap();
            assert!(sent.is_ok(), "the receiver was there");
            let answer = answer.recv_timeout(cx, Duration::from_secs(1));
            assert_eq!(answer, Err(RecvTimeoutError::Disconnected), "the request is kept");
        });
    };
    let client = std::thread::Builder::new().stack_size(64 << 20);
    let rounds = if cfg!(miri) { 1 } else { 50 };
    client.spawn(move || (0..rounds).for_each(|_| ask())).unwrap().join().unwrap();
}

#[test]
fn values_behind_one_whose_drop_panics_go_with_the_last_receiver() {
    enum Value {
        Bad,
        Reply(#[allow(dead_code, reason = "only dropped")] Sender<u8>),
    }

    impl Drop for Value {
        fn drop(&mut self) {
            assert!(matches!(self, Self::Reply(_)), "as told");
        }
    }

    report_panics_briefly();
    for (sender, receiver) in [channel::bounded(8), channel::unbounded()] {
        let (reply, answer) = channel::bounded(1);
        sleepable(|cx| {
            sender.send(cx, Value::Bad).unwrap_or_else(|_| panic!("there is a receiver"));
            sender.send(cx, Value::Reply(reply)).unwrap_or_else(|_| panic!("there is a receiver"));
            sender.send(cx, Value::Bad).unwrap_or_else(|_| panic!("there is a receiver"));
            let dropped = catch_unwind(AssertUnwindSafe(|| drop(receiver)));
            assert!(dropped.is_err(), "the first panic passes through");
            assert_eq!(sender.len(), 0);
            let answer = answer.recv_timeout(cx, SHORT);
            assert_eq!(answer, Err(RecvTimeoutError::Disconnected));
        });
    }
}

/// Which end releases the memory, its count alone can tell. A section that drops the sender may be the one, although a receiver was
/// there a moment ago.
#[test]
fn a_section_that_drops_an_end_beside_the_other_releases_nothing_in_silence() {
    static REPORTS: AtomicUsize = AtomicUsize::new(0);

    fn count(_: &nonblock::Violation) {
        REPORTS.fetch_add(1, Ordering::SeqCst);
    }

    const IDLE: usize = 0;
    const HAS_RECEIVER: usize = 1;
    const GO: usize = 2;

    let rounds = if cfg!(miri) { 20 } else { 3_000 };
    let step = Arc::new(AtomicUsize::new(IDLE));
    let (give, take) = std::sync::mpsc::channel::<channel::Receiver<u8>>();
    let its_step = Arc::clone(&step);
    let until = |step: &AtomicUsize, wanted| {
        while step.load(Ordering::SeqCst) != wanted {
            // Others may need the processor, but for the moment at which both go.
            if wanted == GO {
                spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    };
    let other = std::thread::spawn(move || {
        for (round, receiver) in take.into_iter().enumerate() {
            its_step.store(HAS_RECEIVER, Ordering::SeqCst);
            until(&its_step, GO);
            (0..round % 50).for_each(|_| spin_loop());
            drop(receiver);
            its_step.store(IDLE, Ordering::SeqCst);
        }
    });
    nonblock::set_handler(Some(count));
    let mut in_silence = 0;
    for _ in 0..rounds {
        let (sender, receiver) = channel::bounded::<u8>(1);
        give.send(receiver).unwrap();
        until(&step, HAS_RECEIVER);
        let (reports, released) = (REPORTS.load(Ordering::SeqCst), RELEASED.get());
        nonblock::non_block(|_nb| {
            step.store(GO, Ordering::SeqCst);
            drop(sender);
        });
        let was_reported = REPORTS.load(Ordering::SeqCst) > reports;
        in_silence += usize::from(RELEASED.get() > released && !was_reported);
        until(&step, IDLE);
    }
    nonblock::set_handler(None);
    drop(give);
    other.join().unwrap();
    assert_eq!(in_silence, 0, "of {rounds} sections");
}
