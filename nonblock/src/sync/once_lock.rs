//! The value that is made once, by whoever needs it first.

use core::fmt;

use super::monitor::{Monitor, Waiters};
use crate::check::might_sleep;
use crate::context::Context;
use crate::primitive;
use crate::token::Sleepable;

/// A value that is set once, and is there for good. As [`std::sync::OnceLock`].
///
/// # Context
///
/// Whoever comes while another makes the value waits for it: what can wait takes `&mut Sleepable`. Looking, and
/// setting the value where nobody is making it, does not sleep and takes no token.
///
/// # Examples
///
/// ```
/// use nonblock::sync::OnceLock;
///
/// static FIRMWARE: OnceLock<Vec<u8>> = OnceLock::new();
///
/// nonblock::sleepable(|cx| {
///     assert!(FIRMWARE.get().is_none());
///     let loaded = FIRMWARE.get_or_init(cx, |_cx| vec![1, 2, 3]);
///     assert_eq!(loaded.len(), 3);
///     cx.non_block(|_nb| assert!(FIRMWARE.get().is_some()));
/// });
/// ```
pub struct OnceLock<T> {
    // Set only by who has made `Making` of the phase, or has it locked in `Empty`: so nobody waits in it.
    value: primitive::OnceLock<T>,
    phase: Monitor<Phase>,
    waiters: Waiters,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Empty,
    Making,
    Set,
}

impl<T> OnceLock<T> {
    /// Makes one without a value.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    pub const fn new() -> Self {
        let phase = Monitor::new(Phase::Empty);
        Self { value: primitive::OnceLock::new(), phase, waiters: Waiters::new() }
    }

    /// Returns the value if it is there.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Returns the value if it is there, to be changed.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Returns the value, and makes it first if nobody has.
    ///
    /// One thread at a time makes it; the others wait. There is no poisoning: where the closure panics, the next thread
    /// makes the value. A closure that needs the value itself waits for ever.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`, and lends it on to the closure.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock), whether or not the value is there. A panic of the
    /// closure's passes through.
    #[track_caller]
    pub fn get_or_init(&self, cx: &mut Sleepable, f: impl FnOnce(&mut Sleepable) -> T) -> &T {
        might_sleep();
        if let Some(value) = self.get() {
            return value;
        }
        if self.begin() {
            let making = Making { phase: &self.phase, waiters: &self.waiters, then: Phase::Empty };
            let value = f(cx);
            self.put(making, value);
        }
        self.get().expect("the value was set, by this thread or by the one it waited for")
    }

    /// Sets the value, after another thread that is making one has failed or finished.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. In a section, see [`try_set`](Self::try_set).
    ///
    /// # Errors
    ///
    /// The value given, if there is one already.
    ///
    /// # Panics
    ///
    /// As [`get_or_init`](Self::get_or_init).
    #[track_caller]
    pub fn set(&self, cx: &mut Sleepable, value: T) -> Result<(), T> {
        let _ = cx;
        might_sleep();
        if self.begin() {
            let making = Making { phase: &self.phase, waiters: &self.waiters, then: Phase::Empty };
            self.put(making, value);
            Ok(())
        } else {
            Err(value)
        }
    }

    /// Sets the value if there is none and nobody is making one.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    ///
    /// # Errors
    ///
    /// The value given, if there is one already, or is being made.
    pub fn try_set(&self, value: T) -> Result<(), T> {
        {
            let mut phase = self.phase.lock();
            if *phase != Phase::Empty {
                return Err(value);
            }
            *phase = Phase::Making;
        }
        let making = Making { phase: &self.phase, waiters: &self.waiters, then: Phase::Empty };
        self.put(making, value);
        Ok(())
    }

    /// Waits until the value is there.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`get_or_init`](Self::get_or_init).
    #[track_caller]
    pub fn wait(&self, cx: &mut Sleepable) -> &T {
        let _ = cx;
        might_sleep();
        if self.get().is_none() {
            self.phase.wait(&self.waiters, |phase| (*phase == Phase::Set).then_some(()));
        }
        self.get().expect("the value was set")
    }

    /// Waits until the value is there if the context may sleep, and looks if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if it is not there. Never for a `Sleepable`.
    ///
    /// # Panics
    ///
    /// As [`get_or_init`](Self::get_or_init).
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::{WouldBlock, sync::OnceLock};
    ///
    /// let firmware = OnceLock::new();
    /// nonblock::non_block(|nb| {
    ///     assert_eq!(firmware.acquire(nb), Err(WouldBlock));
    ///     assert_eq!(firmware.try_set("v2"), Ok(()));
    ///     assert_eq!(firmware.acquire(nb), Ok(&"v2"));
    /// });
    /// ```
    #[track_caller]
    pub fn acquire<C: Context>(&self, cx: &mut C) -> Result<&T, C::Refusal> {
        match cx.or_refuse() {
            Ok(cx) => Ok(self.wait(cx)),
            Err(refusal) => self.get().ok_or(refusal),
        }
    }

    /// Takes the value out, if it is there.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token: owning the lock, nobody else has it.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out, if it is there; it can be set again.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token: by the exclusive borrow, nobody else has it.
    pub fn take(&mut self) -> Option<T> {
        *self.phase.get_mut() = Phase::Empty;
        self.value.take()
    }

    /// Waits for the right to make the value; `false` if there is one.
    fn begin(&self) -> bool {
        self.phase.wait(&self.waiters, |phase| match *phase {
            Phase::Empty => {
                *phase = Phase::Making;
                Some(true)
            }
            Phase::Making => None,
            Phase::Set => Some(false),
        })
    }

    /// Puts the value there, by the right to make it.
    fn put(&self, mut making: Making<'_>, value: T) {
        let set = self.value.set(value);
        debug_assert!(set.is_ok(), "nobody else has the right to set it");
        making.then = Phase::Set;
    }
}

/// The right to make the value: passed on when dropped, by unwinding too.
struct Making<'a> {
    phase: &'a Monitor<Phase>,
    waiters: &'a Waiters,
    then: Phase,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        *self.phase.lock() = self.then;
        // All: those that only wait for the value, and those that would make it, wait in one queue.
        self.waiters.wake_all();
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// With the value if it is there; it is not waited for.
impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_tuple("OnceLock");
        match self.get() {
            Some(value) => debug.field(value),
            None => debug.field(&format_args!("<not set>")),
        };
        debug.finish()
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        let phase = Monitor::new(Phase::Set);
        Self { value: primitive::OnceLock::from(value), phase, waiters: Waiters::new() }
    }
}
