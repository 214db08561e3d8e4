//! Memory that is set aside for sections is resident: its first use in a section causes no page fault.

#![cfg(target_os = "linux")]

use std::fs;

use nonblock::sync::channel;
use nonblock::work::{Queue, ring};
use nonblock::{NonBlock, Reserve, non_block};

const ITEMS: usize = 1 << 14;

/// 64 bytes, a page for every 64 of them: 256 pages in all.
type Item = [u64; 8];

/// How many page faults this thread has had that needed no disk: the tenth field of its `stat`.
fn faults() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().nth(7).unwrap().parse().unwrap()
}

/// How many page faults a section has, code that runs for the first time included.
fn faults_in_section(f: impl FnOnce(&NonBlock)) -> u64 {
    faults();
    let before = faults();
    nonblock::raw::non_block(|nb| f(nb));
    faults() - before
}

/// More than the code, and less than a quarter of the memory.
const FEW: u64 = 60;

#[test]
fn what_was_set_aside_is_there() {
    let touched = faults_in_section(|_nb| drop(vec![std::hint::black_box([1_u64; 8]); ITEMS]));
    assert!(touched >= 250, "the count does not see first uses: {touched}");

    let (sender, receiver) = channel::bounded::<Item>(ITEMS);
    let found = faults_in_section(|_nb| {
        for _ in 0..ITEMS {
            sender.try_send([1; 8]).unwrap();
        }
    });
    assert!(found < FEW, "a bounded channel: {found} faults");
    drop(receiver);

    // A value that allocates nothing, and whose `None` is all zeros in memory.
    let (sender, _receiver) = channel::bounded::<Box<()>>(ITEMS * 8);
    let found = faults_in_section(|_nb| {
        for _ in 0..ITEMS * 8 {
            sender.try_send(Box::new(())).unwrap();
        }
    });
    assert!(found < FEW, "a bounded channel of pointers: {found} faults");

    let queue = Queue::<Item>::with_capacity(ITEMS);
    let found = faults_in_section(|nb| {
        for _ in 0..ITEMS {
            queue.push(nb, [1; 8]).unwrap();
        }
    });
    assert!(found < FEW, "a work queue: {found} faults");

    let (mut producer, _consumer) = ring::<Item>(ITEMS);
    let found = faults_in_section(|_nb| {
        for _ in 0..ITEMS {
            producer.push([1; 8]).unwrap();
        }
    });
    assert!(found < FEW, "a ring: {found} faults");

    let reserve = Reserve::with_capacity(ITEMS, || [0_u64; 8]);
    let found = faults_in_section(|_nb| {
        for _ in 0..ITEMS {
            reserve.take().unwrap()[0] = 1;
        }
    });
    assert!(found < FEW, "a reserve: {found} faults");
    non_block(|nb| queue.push(nb, [1; 8])).unwrap_err();
}
