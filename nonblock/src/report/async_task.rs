//! Which task of an executor runs on this thread.

use crate::violation::AsyncTask;

/// Asks the runtime, and the subscriber.
pub(super) fn current() -> Option<AsyncTask> {
    #[cfg(feature = "tokio")]
    let id = ::tokio::task::try_id();
    #[cfg(not(feature = "tokio"))]
    let id = None::<u64>;
    #[cfg(all(feature = "tracing", target_has_atomic = "ptr"))]
    let span = ::tracing::Span::current().metadata().map(::tracing::Metadata::name);
    #[cfg(not(all(feature = "tracing", target_has_atomic = "ptr")))]
    let span = None;
    AsyncTask::new(id, span)
}
