//! A queue without a worker: items of any kind, taken by whoever may sleep.
#![deny(warnings)]

use std::rc::Rc;

use nonblock::work::Queue;

fn main() {
    let queue = Queue::with_capacity(4);
    let item = Rc::new(5);
    nonblock::raw::sleepable(|cx| {
        cx.non_block(|nb| {
            for _ in 0..3 {
                queue.push(nb, Rc::clone(&item)).expect("there is room");
            }
            // A section takes what is there.
            assert_eq!(queue.try_pop().as_deref(), Some(&5));
        });
        assert_eq!(queue.pop(cx).as_deref(), Some(&5));
        queue.close();
        for rest in queue.drain(cx) {
            cx.non_block(|_nb| assert_eq!(*rest, 5));
        }
        assert_eq!(queue.pop(cx), None);
    });
}
