//! A machine with so much memory and no more: who asks for what is not free waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nonblock::{Sleepable, thread};
use nonblock_mm::memory::{Mapping, Mm, ResidentError};

use crate::story::{self, What};

/// How often a waiting allocation looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// The machine. What is used is what the kernel says is resident, of the victim.
#[derive(Debug)]
pub(crate) struct Machine {
    /// In bytes.
    memory: usize,
    victim: Arc<Mm>,
    give_up: AtomicBool,
}

impl Machine {
    /// A machine whose memory the victim has all of, as it is now.
    pub(crate) fn full(victim: &Arc<Mm>, cx: &mut Sleepable) -> Result<Self, ResidentError> {
        let memory = victim.resident(cx)?;
        Ok(Self { memory, victim: Arc::clone(victim), give_up: AtomicBool::new(false) })
    }

    /// Waits until so many bytes are free, and takes them for real.
    pub(crate) fn allocate(
        &self,
        bytes: usize,
        cx: &mut Sleepable,
    ) -> Result<Mapping, AllocateError> {
        loop {
            let used = self.victim.resident(cx).map_err(AllocateError::other)?;
            story::tell(What::Resident(used), cx);
            if self.memory.saturating_sub(used) >= bytes {
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

    /// Tells the allocations that wait to do without.
    pub(crate) fn give_up(&self) {
        self.give_up.store(true, Ordering::Relaxed);
    }
}

/// Why an allocation came to nothing.
#[derive(Debug)]
pub(crate) enum AllocateError {
    /// It was told to do without.
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
