//! Queues of work and reserves, in every order in which threads can take turns.
//!
//! The library's files are compiled here a second time, over atomics, a ring and threads that the model checker loom sees.
//! Run with `.ci/run loom`.
#![cfg(loom)]
#![allow(dead_code, unused_imports, unreachable_pub, reason = "a part of the library is used")]
#![allow(missing_docs, missing_debug_implementations, reason = "none of it is seen from outside")]
#![allow(unexpected_cfgs, reason = "the features are the library's")]
#![allow(clippy::pedantic, reason = "the library's own lints look at it where it is at home")]

extern crate alloc;

mod bell;
mod queues;
mod reserves;

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

mod check {
    pub fn might_sleep() {}
}

#[path = "../../../nonblock/src/context.rs"]
mod context;
#[path = "../../../nonblock/src/reserve.rs"]
mod reserve;
#[path = "../../../nonblock/src/token.rs"]
mod token;

pub use context::{Context, WouldBlock};
pub use token::{NoToken, NonBlock, Sleepable};

/// The real ones but for what is written out here. The crew of workers is made of the standard library's threads: the
/// models have some of their own, that keep to `worker.rs`.
#[path = "../../../nonblock/src/work"]
mod work {
    pub mod atomic {
        pub use loom::cell::UnsafeCell;
        pub use loom::sync::atomic::{AtomicBool, Ordering, fence};
        pub use loom::thread::{Thread, current, park};
        pub use nonblock_tests::model::{ArrayQueue, Count as AtomicUsize};

        /// As many as a model has threads: the checker makes what is in them anew for every order.
        pub const SEATS: usize = 3;

        /// Nobody finds all seats taken in these models.
        pub fn sleep(_time: std::time::Duration) {
            unreachable!("there are seats enough");
        }
    }

    pub mod bell;
    mod duty;
    mod full;
    mod round;
    mod shared;
    mod stats;

    pub use full::Full;
    pub use models::*;

    /// What the models use of files whose items are for this module alone.
    mod models {
        use std::sync::Arc;

        use super::{Full, duty, round, shared};

        /// A queue of counted items, and its workers.
        pub struct Queue<T> {
            shared: shared::Shared<T>,
            on_duty: Arc<duty::OnDuty>,
            rounds: std::sync::Mutex<Vec<Arc<round::Round>>>,
        }

        impl<T> Queue<T> {
            pub fn new(capacity: usize) -> Arc<Self> {
                Arc::new(Self {
                    shared: shared::Shared::with_capacity(capacity),
                    on_duty: Arc::default(),
                    rounds: std::sync::Mutex::default(),
                })
            }

            pub fn push(&self, item: T) -> Result<(), Full<T>> {
                self.shared.push(item)
            }

            pub fn wait_and_push(&self, item: T) -> Result<(), Full<T>> {
                self.shared.wait_and_push(item)
            }

            pub fn pop(&self) -> Option<T> {
                self.shared.wait_and_take()
            }

            pub fn try_pop(&self) -> Option<T> {
                self.shared.take()
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

            /// Hires a worker: returns what its thread does.
            pub fn hire<F: FnMut(T)>(
                self: &Arc<Self>,
                mut handler: F,
            ) -> impl FnOnce() + use<T, F> {
                let (queue, duty) = (Arc::clone(self), duty::Duty::begin(&self.on_duty));
                let round = Arc::new(round::Round::new());
                self.rounds.lock().unwrap().push(Arc::clone(&round));
                move || {
                    let _duty = duty;
                    while let Some(item) = queue.shared.wait_for_item(&round) {
                        handler(item);
                        queue.shared.handled(&round, false);
                    }
                }
            }

            /// Waits until what was pushed before is handled.
            pub fn flush(&self) {
                self.shared.flush(|| self.rounds.lock().unwrap().clone());
            }

            /// Closes the queue, and waits until the workers have ended.
            pub fn shut_down(&self) {
                self.shared.close();
                self.on_duty.wait();
            }
        }
    }
}
