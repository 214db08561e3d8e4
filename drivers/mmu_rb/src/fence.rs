//! A fence that waits for the requests that use a buffer.

use core::convert::Infallible;
use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::sync::channel::{self, Receiver, Sender};

/// Waits until the last request that uses a buffer has ended.
#[derive(Debug)]
pub struct Fence {
    /// Each request has a clone. Nothing is ever sent: the drop of the last clone is the signal.
    requests: Arc<Sender<Infallible>>,
    ended: Receiver<Infallible>,
}

/// A request's share in a [`Fence`]. Dropping it does not sleep, so an interrupt handler can do it. The last drop may free the
/// fence.
#[derive(Clone, Debug)]
#[must_use = "the request has ended when this is dropped"]
pub struct InFlight {
    _request: Arc<Sender<Infallible>>,
}

impl Default for Fence {
    fn default() -> Self {
        let (requests, ended) = channel::bounded(1);
        Self { requests: Arc::new(requests), ended }
    }
}

impl Fence {
    /// Begins a request.
    pub fn begin(&self) -> InFlight {
        InFlight { _request: Arc::clone(&self.requests) }
    }

    /// Returns whether no request uses the buffer. A request may begin meanwhile.
    pub fn is_idle(&self) -> bool {
        Arc::strong_count(&self.requests) == 1
    }

    /// Waits until every request has ended. No new request can begin.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn wait(self, cx: &mut Sleepable) {
        let Self { requests, ended } = self;
        drop(requests);
        // Nothing can be received but the error when the last clone is dropped.
        let Err(_) = ended.recv(cx);
    }
}
