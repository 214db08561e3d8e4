//! Work queues of `nonblock-linux`, in its half for user space.

use std::sync::atomic::{AtomicU64, Ordering};

use nonblock::{Sleepable, ViolationKind, testing, thread};
use nonblock_linux::errno::Errno;
use nonblock_linux::sync::{Arc, Completion};
use nonblock_linux::work::{Full, Handle, Queue};

/// Handles an item for each time that the gate was opened.
struct Gated(Arc<Shared>);

struct Shared {
    gate: Completion,
    begun: Completion,
    handled: AtomicU64,
}

impl Handle for Gated {
    type Item = u64;

    fn handle(&self, item: u64, cx: &mut Sleepable) {
        self.0.begun.complete();
        self.0.gate.wait(cx);
        self.0.handled.fetch_add(item, Ordering::SeqCst);
    }
}

fn queue(capacity: usize, cx: &mut Sleepable) -> (Queue<Gated>, Arc<Shared>) {
    let completion = |cx: &mut Sleepable| Completion::new(cx).expect("there is memory");
    let (gate, begun) = (completion(cx), completion(cx));
    let shared = Shared { gate, begun, handled: AtomicU64::new(0) };
    let shared = Arc::new(shared, cx).expect("there is memory");
    let queue = Queue::new(capacity, Gated(Arc::clone(&shared)), cx).expect("a thread starts");
    (queue, shared)
}

#[nonblock::test]
fn a_queue_that_is_full_gives_the_item_back(cx: &mut Sleepable) {
    let (queue, shared) = queue(2, cx);
    cx.non_block(|nb| queue.push(nb, 1)).expect("there is room");
    shared.begun.wait(cx);
    cx.non_block(|nb| {
        queue.push(nb, 10).expect("there is room");
        queue.push(nb, 100).expect("there is room");
        assert_eq!(queue.push(nb, 1000), Err(Full(1000)));
    });
    shared.gate.complete_all();
    queue.flush(cx);
    assert_eq!(shared.handled.load(Ordering::SeqCst), 111);
    assert_eq!(queue.handler().0.handled.load(Ordering::SeqCst), 111);
    queue.shutdown(cx);
    assert!(Arc::into_inner(shared).is_some(), "the handler is gone");
}

#[nonblock::test]
fn a_shutdown_handles_what_was_pushed_and_a_drop_only_what_was_begun(cx: &mut Sleepable) {
    for (is_dropped, expected) in [(false, 11), (true, 1)] {
        let (queue, shared) = queue(4, cx);
        cx.non_block(|nb| queue.push(nb, 1)).expect("there is room");
        shared.begun.wait(cx);
        cx.non_block(|nb| queue.push(nb, 10)).expect("there is room");
        thread::scope(cx, |scope, cx| {
            let shared = &shared;
            let end =
                scope.spawn(move |cx| if is_dropped { drop(queue) } else { queue.shutdown(cx) });
            // The drop has time to take what was not begun.
            thread::sleep(cx, std::time::Duration::from_millis(100));
            assert!(!end.is_finished(), "it waits for the item that was begun");
            shared.gate.complete_all();
            end.join(cx).expect("it ends");
        });
        assert_eq!(shared.handled.load(Ordering::SeqCst), expected, "dropped: {is_dropped}");
    }
}

#[nonblock::test]
fn a_queue_that_is_dropped_in_a_section_is_reported(cx: &mut Sleepable) {
    let (queue, _shared) = queue(1, cx);
    let violation = testing::expect_violation(|| nonblock::raw::non_block(|_nb| drop(queue)));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
    let (queue, _shared) = self::queue(1, cx);
    queue.shutdown(cx); // which is no drop that waits
}

#[nonblock::test]
fn a_queue_has_room_for_something(cx: &mut Sleepable) {
    let completion = |cx: &mut Sleepable| Completion::new(cx).expect("there is memory");
    let (gate, begun) = (completion(cx), completion(cx));
    let shared = Shared { gate, begun, handled: AtomicU64::new(0) };
    let shared = Arc::new(shared, cx).expect("there is memory");
    assert_eq!(Queue::new(0, Gated(shared), cx).err(), Some(Errno::EINVAL));
}

/// As in a kernel, where `kmalloc` says so.
#[nonblock::test]
fn a_queue_for_which_there_is_no_memory_is_an_error(cx: &mut Sleepable) {
    struct Nothing;

    impl Handle for Nothing {
        type Item = u8;

        fn handle(&self, _item: u8, _cx: &mut Sleepable) {}
    }

    for capacity in [usize::MAX, usize::MAX / 2, usize::MAX / 64] {
        assert_eq!(Queue::new(capacity, Nothing, cx).err(), Some(Errno::ENOMEM), "{capacity:#x}");
    }
}
