//! A runtime whose every task is polled in a section, by the hooks of its builder.
//!
//! tokio has these hooks in builds with `--cfg tokio_unstable` only.

use std::panic;

use ::tokio::runtime::Builder;

use crate::backend::{ActiveBackend, Backend as _};
use crate::future::open_polls;
use crate::section::ended_oddly;
use crate::violation::Place;

/// Adds [`non_block_polls`](Self::non_block_polls) to the builder of a runtime.
///
/// It is there in builds with `--cfg tokio_unstable`, as the hooks that it uses are. Elsewhere use [`spawn`](super::spawn).
pub trait BuilderExt {
    /// Makes every poll of every task of the runtime a section, which in reports begins where the task was spawned.
    ///
    /// It takes the place of both hooks that were set before, `on_before_task_poll` and `on_after_task_poll`.
    ///
    /// # Context
    ///
    /// Allocates. The hooks themselves do not sleep.
    ///
    /// # Panics
    ///
    /// Not itself. A check that finds a call in a poll panics there by the default [`Policy`](crate::Policy), which ends the task. What the
    /// watch finds is reported when the poll has ended. The panic of such a report is caught, after its message was written: no task
    /// could take it any more.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(tokio_unstable)] {
    /// use nonblock::tokio::BuilderExt as _;
    ///
    /// let runtime = tokio::runtime::Builder::new_multi_thread().non_block_polls().build().unwrap();
    /// let depth = runtime.block_on(async { tokio::spawn(async { nonblock::raw::depth() }).await });
    /// assert_eq!(depth.unwrap(), u32::from(nonblock::CHECKS));
    /// # }
    /// ```
    fn non_block_polls(&mut self) -> &mut Self;
}

impl BuilderExt for Builder {
    fn non_block_polls(&mut self) -> &mut Self {
        self.on_before_task_poll(|task| {
            ActiveBackend::start(Place::from(task.spawned_at()));
            open_polls::begin();
        })
        .on_after_task_poll(|task| {
            open_polls::end();
            if !ActiveBackend::end() {
                let spawned = Place::from(task.spawned_at());
                // The message was written when the panic began.
                let _caught = panic::catch_unwind(|| ended_oddly(spawned));
            }
        })
    }
}
