//! A root refuses everything that is tied to its thread; `raw` has the roots that do not.

use std::rc::Rc;

fn main() {
    let shared = Rc::new(5);
    nonblock::sleepable(|_cx| assert_eq!(*shared, 5));
}
