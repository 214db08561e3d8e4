//! An item whose push succeeded is handled once, a refused item comes back, and no thread waits for ever.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread::{self, JoinHandle};
use nonblock_tests::model::explore;

use crate::work::{Full, Queue};

/// Counts its handling and its drops, in a place that the checker does not see.
struct Item(Arc<std::sync::atomic::AtomicUsize>);

impl Drop for Item {
    fn drop(&mut self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

/// What was handled, as the threads that handled it say.
#[derive(Default)]
struct Handled(AtomicUsize);

fn worker(queue: &Arc<Queue<usize>>, handled: &Arc<Handled>) -> JoinHandle<()> {
    let handled = Arc::clone(handled);
    thread::spawn(queue.worker(move |item| {
        // Relaxed: that the queue's end is waited for orders it.
        handled.0.fetch_add(item, Ordering::Relaxed);
    }))
}

fn pushing(
    queue: &Arc<Queue<usize>>,
    items: impl IntoIterator<Item = usize> + 'static,
) -> JoinHandle<usize> {
    let queue = Arc::clone(queue);
    thread::spawn(move || items.into_iter().filter(|item| queue.push(*item).is_ok()).sum())
}

#[test]
fn shutting_down_waits_for_every_item_whose_push_succeeded() {
    explore(2, || {
        let (queue, handled) = (Queue::new(2), Arc::<Handled>::default());
        let worker = worker(&queue, &handled);
        let pusher = pushing(&queue, [1]);
        let mine = if queue.push(10).is_ok() { 10 } else { 0 };
        queue.shut_down();
        let found = handled.0.load(Ordering::Relaxed);
        let pushed = pusher.join().unwrap() + mine;
        assert_eq!(found, pushed, "handled when shutting down returned");
        assert_eq!(queue.len(), 0);
        assert_eq!(queue.push(100).map_err(|Full(item)| item), Err(100));
        worker.join().unwrap();
    });
}

#[test]
fn several_workers_handle_each_item_once() {
    explore(1, || {
        let (queue, handled) = (Queue::new(2), Arc::<Handled>::default());
        let workers = [(); 2].map(|()| worker(&queue, &handled));
        assert!(queue.push(1).is_ok() && queue.push(10).is_ok());
        queue.shut_down();
        assert_eq!(handled.0.load(Ordering::Relaxed), 11);
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        assert_eq!(queue.stats(), (2, 2, 0));
    });
}

/// The ring has room for one item. A push succeeds, or is refused and gives the item back.
#[test]
fn a_full_queue_gives_the_item_back() {
    explore(3, || {
        let queue = Queue::new(1);
        let pusher = pushing(&queue, [1]);
        let mine = if queue.push(10).is_ok() { 10 } else { 0 };
        let taken = queue.try_pop();
        let pushed = pusher.join().unwrap() + mine;
        let left = queue.try_pop();
        assert_eq!(taken.unwrap_or(0) + left.unwrap_or(0), pushed);
        let (succeeded, _, refused) = queue.stats();
        assert_eq!(succeeded + refused, 2);
    });
}

#[test]
fn flushing_waits_for_the_items_of_before() {
    explore(1, || {
        let (queue, handled) = (Queue::new(2), Arc::<Handled>::default());
        let worker = worker(&queue, &handled);
        let other = pushing(&queue, [1]);
        queue.push(10).unwrap();
        queue.flush();
        assert!(handled.0.load(Ordering::Relaxed) >= 10, "handled when flushing returned");
        queue.shut_down();
        assert_eq!(handled.0.load(Ordering::Relaxed), 10 + other.join().unwrap());
        worker.join().unwrap();
    });
}

/// An item that was taken first may be done with last.
#[test]
fn flushing_waits_for_every_worker() {
    explore(1, || {
        let (queue, handled) = (Queue::new(2), Arc::<Handled>::default());
        let workers = [(); 2].map(|()| worker(&queue, &handled));
        assert!(queue.push(1).is_ok() && queue.push(10).is_ok());
        queue.flush();
        assert_eq!(handled.0.load(Ordering::Relaxed), 11);
        queue.shut_down();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
}

/// Who flushes is woken by items that are taken by hand, and keeps nobody from the room that they leave.
#[test]
fn flushing_takes_no_wake_away_from_who_waits_for_room() {
    explore(2, || {
        let queue = Queue::new(1);
        queue.push(0).unwrap();
        let waiting = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.wait_and_push(1).is_ok()
        });
        let flushing = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.flush()
        });
        assert_eq!(queue.pop(), Some(0));
        assert_eq!(queue.pop(), Some(1));
        assert!(waiting.join().unwrap());
        flushing.join().unwrap();
    });
}

#[test]
fn who_waits_for_room_gets_it() {
    explore(3, || {
        let queue = Queue::new(1);
        queue.push(0).unwrap();
        let waiting = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.wait_and_push(1).is_ok()
        });
        assert_eq!(queue.pop(), Some(0));
        assert_eq!(queue.pop(), Some(1));
        assert!(waiting.join().unwrap());
    });
}

#[test]
fn who_waits_for_room_gets_its_item_back_when_the_queue_is_closed() {
    explore(3, || {
        let queue = Queue::new(1);
        queue.push(0).unwrap();
        let waiting = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.wait_and_push(1)
        });
        queue.close();
        assert_eq!(queue.pop(), Some(0));
        let pushed = waiting.join().unwrap();
        assert!(matches!(pushed, Err(Full(1))));
        assert_eq!(queue.pop(), None);
    });
}

#[test]
fn all_who_wait_for_items_are_told_of_the_end() {
    explore(1, || {
        let queue = Queue::<usize>::new(1);
        let waiting = [(); 3].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.pop())
        });
        let pusher = pushing(&queue, [1]);
        queue.close();
        let found = waiting.map(|waiter| waiter.join().unwrap());
        assert_eq!(found.into_iter().flatten().sum::<usize>(), pusher.join().unwrap());
    });
}

#[test]
fn an_item_is_dropped_once() {
    explore(3, || {
        let drops = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let queue = Queue::new(1);
        let pusher = thread::spawn({
            let (queue, drops) = (Arc::clone(&queue), Arc::clone(&drops));
            move || drop(queue.push(Item(drops)))
        });
        drop(queue.push(Item(Arc::clone(&drops))));
        drop(queue.try_pop());
        pusher.join().unwrap();
        drop(queue);
        assert_eq!(drops.load(std::sync::atomic::Ordering::Relaxed), 2);
    });
}

/// The last item of a closed queue is taken out by hand while another thread flushes.
#[test]
fn flushing_ends_when_the_last_item_of_a_closed_queue_is_taken_by_hand() {
    explore(3, || {
        let queue = Queue::new(1);
        queue.push(1).unwrap();
        let flushing = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.flush()
        });
        queue.close();
        assert_eq!(queue.try_pop(), Some(1));
        flushing.join().unwrap();
    });
}

/// A pusher waits for room and a thread flushes: items that are taken out by hand are news for both.
#[test]
fn items_that_are_taken_by_hand_wake_the_pusher_and_the_thread_that_flushes() {
    explore(2, || {
        let queue = Queue::new(1);
        queue.push(1).unwrap();
        let flushing = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.flush()
        });
        let pushing = thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.wait_and_push(2).is_ok()
        });
        assert_eq!(queue.try_pop(), Some(1));
        assert!(pushing.join().unwrap());
        // It may have been pushed before the flush began.
        assert_eq!(queue.try_pop(), Some(2));
        flushing.join().unwrap();
    });
}

/// Whoever pops learns that nothing comes any more, though the last item was taken by another.
#[test]
fn popping_ends_when_the_last_item_of_a_closed_queue_is_taken_by_hand() {
    explore(2, || {
        let queue = Queue::new(1);
        queue.push(1).unwrap();
        let popping = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.pop())
        });
        queue.close();
        let mine = queue.try_pop();
        let others = popping.map(|popping| popping.join().unwrap());
        assert_eq!(others.iter().flatten().chain(&mine).sum::<usize>(), 1);
    });
}
