//! A limited memory: an allocation waits until enough of it is free.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nonblock::{Sleepable, thread};
use nonblock_mm::memory::{Mapping, Mm, ResidentError};

use crate::trace::{self, TraceEvent};

/// How long a waiting allocation sleeps before it looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// The memory. The used part is what the kernel tells of the victim's resident memory.
#[derive(Debug)]
pub(crate) struct LimitedMemory {
    /// In bytes.
    size: usize,
    victim: Arc<Mm>,
    give_up: AtomicBool,
}

impl LimitedMemory {
    /// Makes a memory that is full: its size is what is resident of the victim now.
    pub(crate) fn used_by(victim: &Arc<Mm>, cx: &mut Sleepable) -> Result<Self, ResidentError> {
        let size = victim.resident(cx)?;
        Ok(Self { size, victim: Arc::clone(victim), give_up: AtomicBool::new(false) })
    }

    /// Waits until `bytes` bytes are free, and maps and touches as many.
    pub(crate) fn allocate(
        &self,
        bytes: usize,
        cx: &mut Sleepable,
    ) -> Result<Mapping, AllocateError> {
        loop {
            let used = self.victim.resident(cx).map_err(AllocateError::other)?;
            trace::record(TraceEvent::Resident(used), cx);
            if self.size.saturating_sub(used) >= bytes {
                let mapping = Mapping::new(bytes, cx).map_err(AllocateError::other)?;
                mapping.touch(cx);
                return Ok(mapping);
            }
            if self.give_up.load(Ordering::Relaxed) {
                return Err(AllocateError::GivenUp);
            }
            thread::sleep(cx, LOOK_AGAIN);
        }
    }

    /// Makes the waiting allocations fail.
    pub(crate) fn give_up(&self) {
        self.give_up.store(true, Ordering::Relaxed);
    }
}

/// Why an allocation failed.
#[derive(Debug)]
pub(crate) enum AllocateError {
    /// It was told to give up.
    GivenUp,
    /// The kernel refused.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl AllocateError {
    fn other(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Other(Box::new(error))
    }
}

impl std::fmt::Display for AllocateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::GivenUp => f.write_str("told to do without the memory"),
            Self::Other(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for AllocateError {}
