//! The end of the requests that use a buffer.

use core::convert::Infallible;
use std::sync::Arc;

use nonblock::Sleepable;
use nonblock::sync::channel::{self, Receiver, Sender};

/// Tells when the last request has ended that uses a buffer.
#[derive(Debug)]
pub struct Fence {
    /// A copy of it in each request. Nothing is ever sent: its end is the signal.
    requests: Arc<Sender<Infallible>>,
    ended: Receiver<Infallible>,
}

/// A request's share in a [`Fence`]. Dropping it does not sleep, so an interrupt can; the last may free the fence.
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

    /// Says whether no request uses the buffer. One may begin meanwhile.
    pub fn is_idle(&self) -> bool {
        Arc::strong_count(&self.requests) == 1
    }

    /// Waits until every request has ended. None begins any more.
    ///
    /// # Context
    ///
    /// May sleep.
    #[track_caller]
    pub fn wait(self, cx: &mut Sleepable) {
        let Self { requests, ended } = self;
        drop(requests);
        // No more than an error can come, when the last copy is gone.
        let Err(_) = ended.recv(cx);
    }
}
