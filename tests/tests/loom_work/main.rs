//! Queues of work, rings, reserves and reclamation, in every order in which threads can take turns.
//!
//! The library's files are compiled here a second time, over atomics, a ring and threads that the model checker loom sees.
//! Run with `.ci/run loom`.
#![cfg(loom)]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "a part of the library is used")]
#![allow(missing_docs, missing_debug_implementations, reason = "none of it is seen from outside")]
#![allow(unexpected_cfgs, reason = "the features are the library's")]
#![allow(clippy::pedantic, reason = "the library's own lints look at it where it is at home")]

extern crate alloc;

mod event_counts;
mod queues;
mod reclaims;
mod reserves;
mod rings;
mod slots;

/// Everything that is replaced.
mod primitive {
    pub use loom::sync::atomic::{AtomicPtr, Ordering, fence};
    pub use nonblock_tests::model::{
        Cell as UnsafeCell, Flag as AtomicBool, Instant, Number as AtomicUsize,
        Number32 as AtomicU32, Thread, current, is_over, lock_is_free, park, park_timeout,
        wait_for_lock,
    };

    /// None, so that there is the less to explore.
    pub const LOOKS_AT_A_HALF_DONE_SLOT: usize = 0;
    pub const LOOKS_BEFORE_WAITING: u32 = 0;

    /// To the checker, looking again is of use only after others went on.
    pub fn relax(_round: u32) {
        loom::thread::yield_now();
    }

    /// The checker knows one order of fences, and none of other operations.
    pub fn load_after_rmw(word: &AtomicU32) -> u32 {
        fence(Ordering::SeqCst);
        word.load(Ordering::Relaxed)
    }
}

/// What the tokens take from the rest of the library, without its counters.
mod section {
    use crate::token::{NonBlock, lend_non_block};

    pub struct Section;

    impl Section {
        pub fn run<R>(f: impl FnOnce(&mut NonBlock) -> R) -> R {
            f(&mut lend_non_block())
        }
    }
}

/// Where a call is, which no model looks at.
mod violation {
    #[derive(Clone, Copy, Debug)]
    pub struct Place;

    impl Place {
        pub fn caller() -> Self {
            Self
        }
    }
}

mod check {
    pub fn might_sleep() {}

    pub fn might_sleep_in_drop() {}

    /// As the library's: what is called with the token that was lent.
    pub mod with_token {
        pub use super::might_sleep;

        pub fn lend() {}
    }
}

#[path = "../../../nonblock/src/cache_padded.rs"]
mod cache_padded;
#[path = "../../../nonblock/src/context.rs"]
mod context;
#[path = "../../../nonblock/src/event_count/mod.rs"]
mod event_count;
/// Nobody looks here at who waits for whom.
#[allow(dead_code, unreachable_pub, unused_imports, reason = "a part of it is used")]
#[path = "../../../nonblock/src/lock_graph/mod.rs"]
mod lock_graph;
#[allow(dead_code, unreachable_pub, unused_imports, reason = "a part of it is used")]
#[path = "../../../nonblock/src/lockdep/mod.rs"]
mod lockdep;
#[path = "../../../nonblock/src/mpmc_ring.rs"]
mod mpmc_ring;
#[path = "../../../nonblock/src/reserve/mod.rs"]
mod reserve;
#[path = "../../../nonblock/src/token.rs"]
mod token;

pub use context::{Context, WouldBlock};
pub use token::{NoToken, NonBlock, Sleepable};

/// The library's own modules, except those that are written out here. The crew of workers is made of the standard library's threads: the
/// models have some of their own, that keep to `worker.rs`.
#[path = "../../../nonblock/src/work"]
mod work {
    mod full;
    mod live_workers;
    mod shared;
    mod stats;
    mod worker_seq;

    pub use full::Full;
    pub use models::*;
    pub use ring::ring;

    mod ring {
        mod chunk;
        mod consumer;
        mod ends;
        mod producer;
        mod slots {
            pub use crate::slots::Slots;
        }

        /// As the library's.
        pub fn ring<T>(capacity: usize) -> (producer::Producer<T>, consumer::Consumer<T>) {
            let (write_end, read_end) = ends::new(capacity);
            (producer::Producer::new(write_end), consumer::Consumer::new(read_end))
        }
    }

    /// What the models use of files whose items are for this module alone.
    mod models {
        use std::sync::Arc;

        use super::{Full, live_workers, shared, worker_seq};

        /// A queue of counted items, and its workers.
        pub struct Queue<T> {
            shared: shared::Shared<T>,
            running: Arc<live_workers::LiveWorkers>,
            busy_counts: std::sync::Mutex<Vec<Arc<worker_seq::BusyCount>>>,
        }

        impl<T> Queue<T> {
            pub fn new(capacity: usize) -> Arc<Self> {
                Arc::new(Self {
                    shared: shared::Shared::with_capacity(capacity),
                    running: Arc::default(),
                    busy_counts: std::sync::Mutex::default(),
                })
            }

            pub fn push(&self, item: T) -> Result<(), Full<T>> {
                self.shared.push(item)
            }

            pub fn wait_and_push(&self, item: T) -> Result<(), Full<T>> {
                self.shared.wait_and_push(item)
            }

            pub fn pop(&self) -> Option<T> {
                self.shared.wait_and_pop()
            }

            pub fn try_pop(&self) -> Option<T> {
                self.shared.try_pop()
            }

            pub fn close(&self) {
                self.shared.close();
            }

            pub fn len(&self) -> usize {
                self.shared.len()
            }

            pub fn stats(&self) -> (usize, usize, usize) {
                let stats = self.shared.stats();
                (stats.pushed, stats.handled, stats.refused)
            }

            /// Adds a worker: returns what its thread does.
            pub fn worker<F: FnMut(T)>(
                self: &Arc<Self>,
                mut handler: F,
            ) -> impl FnOnce() + use<T, F> {
                let (queue, member) = (Arc::clone(self), live_workers::Member::join(&self.running));
                let seq = Arc::new(worker_seq::BusyCount::new());
                self.busy_counts.lock().unwrap().push(Arc::clone(&seq));
                move || {
                    let _member = member;
                    while let Some(item) = queue.shared.next_item(&seq) {
                        handler(item);
                        queue.shared.finish_item(&seq, false);
                    }
                }
            }

            /// Waits until what was pushed before is handled.
            pub fn flush(&self) {
                self.shared.flush(|| self.busy_counts.lock().unwrap().clone());
            }

            /// Closes the queue, and waits until the workers have ended.
            pub fn shut_down(&self) {
                self.shared.close();
                self.running.wait();
            }
        }
    }
}

/// The library's own files, except the thread of a collector: the models have some of their own, that keep to `worker.rs`.
#[path = "../../../nonblock/src/reclaim"]
mod reclaim {
    mod collector;
    mod pointers;
    mod retire_list;

    /// The checker makes what is in a list anew for every order, so no list is taken over.
    mod registry {
        use crate::primitive::AtomicPtr;

        pub fn put(_list: *mut (), _link: &AtomicPtr<()>) {}

        pub fn last() -> *mut () {
            std::ptr::null_mut()
        }
    }

    pub use collector::{Collector, Handle};
    pub use models::Worker;
    pub use pointers::{Owned, Shared};

    mod models {
        use super::{Collector, Handle};
        use crate::token::lend_sleepable;

        pub struct Worker(Handle);

        impl Worker {
            /// Returns what the collector's thread does, until it is told to end. The thread returns how many it dropped.
            pub fn of(collector: Collector) -> (Self, impl FnOnce() -> usize) {
                Self::until(collector, usize::MAX)
            }

            /// As `of`, until it has dropped so many.
            pub fn until(collector: Collector, most: usize) -> (Self, impl FnOnce() -> usize) {
                let handle = collector.handle();
                let list = handle.owner().list();
                list.announce_worker();
                let run = move || {
                    let mut dropped = 0;
                    while dropped < most && list.wait() {
                        dropped += collector.collect(&mut lend_sleepable());
                    }
                    dropped
                };
                (Self(handle), run)
            }

            pub fn stop(&self) {
                self.0.owner().list().stop();
            }
        }
    }
}
