//! Functions that take the proof of a section, by either reference and any name.
#![deny(warnings)]

use nonblock::{NonBlock, NonBlock as Atomic, non_block, sleepable, sync::SpinLock};

type Nb<'a> = &'a nonblock::NonBlock;

#[non_block]
fn shared(hits: &SpinLock<u32>, nb: &NonBlock) -> u32 {
    *hits.lock(nb)
}

#[non_block]
fn exclusive(nb: &mut NonBlock) -> u32 {
    nb.non_block(|_nb| 1)
}

#[non_block]
fn renamed(_nb: &Atomic) -> u32 {
    2
}

#[non_block]
fn aliased(_nb: Nb<'_>) -> u32 {
    3
}

#[non_block]
fn for_some_time<'a>(hits: &'a SpinLock<u32>, nb: &'a NonBlock) -> impl Iterator<Item = u32> + 'a {
    let hits = hits.lock(nb);
    (0..2).map(move |i| i + *hits)
}

fn main() {
    let hits = SpinLock::new(4);
    sleepable(|cx| {
        cx.non_block(|nb| {
            assert_eq!(shared(&hits, nb), 4);
            assert_eq!(exclusive(nb) + renamed(nb) + aliased(nb), 6);
            assert_eq!(for_some_time(&hits, nb).sum::<u32>(), 9);
        });
    });
}
