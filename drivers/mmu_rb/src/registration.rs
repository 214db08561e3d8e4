//! A cache that is registered with an address space.

use core::error::Error;
use core::fmt;
use core::ops::Deref;
use std::io;
use std::sync::Arc;

use nonblock::Sleepable;
use nonblock_mm::mmu::{AddressSpace, Released, Subscription};

use crate::handler::{MmuRbHandler, MmuRbOps, Sizes};

/// A cache that is told of invalidations of a process's memory, until it is [unregistered](Registration::unregister).
#[derive(Debug)]
#[must_use = "the cache is told of the memory as long as this is kept"]
pub struct Registration<O: MmuRbOps> {
    handler: Arc<MmuRbHandler<O>>,
    subscription: Subscription,
}

impl<O: MmuRbOps> Registration<O> {
    /// Makes a cache, and registers it. Linux's `hfi1_mmu_rb_register()`.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// [`RegisterError`]: the process is gone, or the system cannot start a thread.
    #[track_caller]
    pub fn register(
        ops: O,
        space: &AddressSpace,
        sizes: Sizes,
        cx: &mut Sleepable,
    ) -> Result<Self, RegisterError> {
        let handler = Arc::new(MmuRbHandler::new(ops, sizes).map_err(RegisterError::Thread)?);
        let subscription = space.subscribe(handler.clone(), cx).map_err(RegisterError::Released)?;
        Ok(Self { handler, subscription })
    }

    /// Ends the registration, and releases all buffers that are cached or wait to be released. Linux's
    /// `hfi1_mmu_rb_unregister()`.
    ///
    /// # Context
    ///
    /// May sleep: waits for callbacks, for the worker, and for whatever the release of a buffer waits for.
    pub fn unregister(self, cx: &mut Sleepable) {
        // First, so that no callback pushes to the queue any more.
        self.subscription.unsubscribe(cx);
        self.handler.unregister(cx);
    }
}

impl<O: MmuRbOps> Deref for Registration<O> {
    type Target = MmuRbHandler<O>;

    fn deref(&self) -> &MmuRbHandler<O> {
        &self.handler
    }
}

/// Why a cache could not be registered.
#[derive(Debug)]
#[non_exhaustive]
pub enum RegisterError {
    /// The process is gone.
    Released(Released),
    /// The system cannot start a thread.
    Thread(io::Error),
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Released(_) => f.write_str("the process is gone: there is nothing to cache"),
            Self::Thread(_) => f.write_str("the worker that releases buffers could not be started"),
        }
    }
}

impl Error for RegisterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Released(error) => Some(error),
            Self::Thread(error) => Some(error),
        }
    }
}
