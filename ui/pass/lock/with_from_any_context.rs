//! `with` takes a spin lock from any context, and lends a token for what is to be done in it.
#![deny(warnings)]

use nonblock::{
    Context, sleepable,
    sync::{Mutex, SpinLock},
};

fn count<C: Context>(hits: &SpinLock<u32>, table: &Mutex<u32>, cx: &mut C) -> u32 {
    hits.with(cx, |hits, nb| {
        *hits += 1;
        if let Ok(mut table) = table.acquire(nb) {
            *table += *hits;
        }
        nb.non_block(|_nb| *hits)
    })
}

fn main() {
    let (hits, table) = (SpinLock::new(0), Mutex::new(0));
    sleepable(|cx| {
        assert_eq!(count(&hits, &table, cx), 1);
        assert_eq!(cx.non_block(|nb| count(&hits, &table, nb)), 2);
    });
    assert_eq!(table.into_inner(), 3);
}
