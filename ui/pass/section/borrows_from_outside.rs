//! A section may read and write what is around it, whether or not that is tied to its thread.
#![deny(warnings)]

use std::cell::Cell;
use std::rc::Rc;

use nonblock::{NonBlock, Sleepable, sleepable};

fn work(cx: &mut Sleepable, sum: &mut u32, shared: &Rc<Cell<u32>>) {
    cx.non_block(|nb| {
        *sum += 1;
        nested(nb, shared);
        nb.non_block(|nb| nested(nb, shared));
    });
}

fn nested(_nb: &NonBlock, shared: &Rc<Cell<u32>>) {
    shared.set(shared.get() + 1);
}

fn main() {
    let mut sum = 0;
    let shared = sleepable(|cx| {
        let shared = Rc::new(Cell::new(0));
        work(cx, &mut sum, &shared);
        work(cx, &mut sum, &shared);
        shared.get()
    });
    assert_eq!((sum, shared), (2, 4));
}
