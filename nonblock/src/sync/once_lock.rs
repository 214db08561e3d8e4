//! A value that is made once, by the first thread that needs it.

use core::fmt;

use crate::check::with_token::{self, might_sleep};
use crate::context::Context;
use crate::event_count::{EventCount, Look};
use crate::lockdep::{Class, Kind, Taken};
use crate::primitive::{self, AtomicUsize, Ordering};
use crate::token::Sleepable;

/// A value that is set once, and is there for good. As [`std::sync::OnceLock`].
///
/// # Context
///
/// A thread that needs the value while another makes it waits. What can wait takes `&mut Sleepable`. Looking does not
/// sleep and takes no token, and neither does `try_set`.
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
    // Set only by the thread that changed the state from `EMPTY` to `INITIALIZING`. So no thread ever waits in here.
    value: primitive::OnceLock<T>,
    state: State,
    /// What threads wait for that would make the value.
    class: Class,
    /// What threads wait for that make none.
    value_class: Class,
}

struct State {
    now: AtomicUsize,
    /// Threads that would make the value, and wait until nobody else makes it.
    turns: EventCount,
    /// Threads that wait for the value.
    set: EventCount,
}

const EMPTY: usize = 0;

/// A thread makes the value, and has the [`InitGuard`].
const INITIALIZING: usize = 1;

const SET: usize = 2;

impl State {
    const fn new(now: usize) -> Self {
        Self { now: AtomicUsize::new(now), turns: EventCount::new(), set: EventCount::new() }
    }

    fn is(&self, state: usize) -> bool {
        self.now.load(Ordering::Acquire) == state
    }

    /// Begins to make the value. `None` if another thread does, or if it is there.
    fn begin(&self) -> Option<InitGuard<'_>> {
        let begun =
            self.now.compare_exchange(EMPTY, INITIALIZING, Ordering::Acquire, Ordering::Relaxed);
        begun.is_ok().then(|| InitGuard { state: self, then: EMPTY })
    }
}

impl<T> OnceLock<T> {
    /// Makes one without a value.
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub const fn new() -> Self {
        Self {
            value: primitive::OnceLock::new(),
            state: State::new(EMPTY),
            class: Class::of(Kind::OnceLock),
            value_class: Class::of(Kind::OnceValue),
        }
    }

    /// Gives the class of this lock a name: those of one name are of one class, wherever they are made. See
    /// [`lockdep`](crate::lockdep).
    ///
    /// # Context
    ///
    /// May be called anywhere, in a `static` too.
    #[must_use = "it returns the lock"]
    pub const fn in_class(mut self, name: &'static str) -> Self {
        self.class.set_name(name);
        self.value_class.set_name(name);
        self
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

    /// Returns the value. If there is none yet, makes it first.
    ///
    /// One thread at a time makes it, and the others wait. There is no poisoning: if the closure panics, the next thread
    /// makes the value. A closure that asks for the same value waits for ever.
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
        let _call = with_token::lend();
        if let Some(value) = self.get() {
            return value;
        }
        let _taken = Taken::waiting(&self.class);
        if let Some(guard) = self.begin() {
            let value = f(cx);
            self.put(guard, value);
        }
        self.get().expect("the value was set, by this thread or by the one that it waited for")
    }

    /// Sets the value. If another thread is making one, waits until it has finished or failed.
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
        let _taken = Taken::waiting(&self.class);
        if let Some(guard) = self.begin() {
            self.put(guard, value);
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
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn try_set(&self, value: T) -> Result<(), T> {
        match self.state.begin() {
            Some(guard) => {
                self.put(guard, value);
                Ok(())
            }
            None => Err(value),
        }
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
            self.class.wait();
            self.value_class.wait();
            self.state.set.wait_while_not(|| self.state.is(SET));
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
    /// Does not sleep, and takes no token: nobody else has the lock.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out, if it is there; it can be set again.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token: the borrow is exclusive, so nobody else has the lock.
    pub fn take(&mut self) -> Option<T> {
        self.state = State::new(EMPTY);
        self.value.take()
    }

    /// Waits for the right to make the value. Returns `None` if the value is there.
    fn begin(&self) -> Option<InitGuard<'_>> {
        self.state.turns.wait(
            || !self.state.is(INITIALIZING),
            || {
                let begun = self.state.begin();
                if begun.is_none() && self.state.is(SET) {
                    return Look::Found(None);
                }
                begun.map(Some).into()
            },
        )
    }

    /// Sets the value, and ends the initialization.
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn put(&self, mut guard: InitGuard<'_>, value: T) {
        let set = self.value.set(value);
        debug_assert!(set.is_ok(), "one thread at a time initializes");
        guard.then = SET;
        drop(guard);
        self.value_class.complete();
    }
}

/// The right to make the value. When it is dropped, by unwinding too, another thread can have it.
struct InitGuard<'a> {
    state: &'a State,
    then: usize,
}

impl Drop for InitGuard<'_> {
    fn drop(&mut self) {
        self.state.now.store(self.then, Ordering::Release);
        self.state.turns.notify_all();
        self.state.set.notify_all();
    }
}

impl<T> Default for OnceLock<T> {
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the value if it is there, and does not wait for it.
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
    #[cfg_attr(feature = "lockdep", track_caller)]
    fn from(value: T) -> Self {
        Self {
            value: primitive::OnceLock::from(value),
            state: State::new(SET),
            class: Class::of(Kind::OnceLock),
            value_class: Class::of(Kind::OnceValue),
        }
    }
}
