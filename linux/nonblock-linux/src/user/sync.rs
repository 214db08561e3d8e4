//! The locks and the completion of [`nonblock::sync`], made as the kernel's are.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use nonblock::{Context, NonBlock, Sleepable, might_sleep};

use crate::alloc::AllocError;

/// Neither is sent to another thread: the kernel's locks are released by the thread that took them.
type NotSend = PhantomData<*mut ()>;

/// A lock that may be held across a sleep: the kernel's `struct mutex` (`include/linux/mutex.h`, 6.12).
///
/// # Context
///
/// Waiting for it may sleep: [`lock`](Self::lock) takes `&mut Sleepable`. In a section, [`try_lock`](Self::try_lock) or
/// [`acquire`](Self::acquire).
///
/// # Examples
///
/// ```
/// use nonblock::WouldBlock;
/// use nonblock_linux::alloc::AllocError;
/// use nonblock_linux::sync::Mutex;
///
/// nonblock::sleepable(|cx| {
///     let table = Mutex::new(5, cx)?;
///     let held = table.lock(cx);
///     assert_eq!(cx.non_block(|nb| table.acquire(nb).map(|table| *table)), Err(WouldBlock));
///     drop(held);
///     assert_eq!(cx.non_block(|nb| table.acquire(nb).map(|table| *table)), Ok(5));
///     Ok::<(), AllocError<i32>>(())
/// })
/// # .unwrap();
/// ```
pub struct Mutex<T>(nonblock::sync::Mutex<T>);

impl<T> Mutex<T> {
    /// Makes a lock. To lockdep, all locks that are made at one place are of one class.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. In the kernel it allocates.
    ///
    /// # Errors
    ///
    /// [`AllocError`], with the value, if there is no memory.
    #[track_caller]
    pub fn new(value: T, cx: &mut Sleepable) -> Result<Self, AllocError<T>> {
        let _ = cx;
        might_sleep();
        Ok(Self(nonblock::sync::Mutex::new(value)))
    }

    /// Waits for the lock and takes it.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. The token is free again while the lock is held.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](nonblock::ViolationKind::SleepInNonBlock).
    #[track_caller]
    pub fn lock(&self, cx: &mut Sleepable) -> MutexGuard<'_, T> {
        MutexGuard { held: self.0.lock(cx), _not_send: PhantomData }
    }

    /// Takes the lock if it is free.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock().map(|held| MutexGuard { held, _not_send: PhantomData })
    }

    /// Waits for the lock if the context may sleep, and tries it if not.
    ///
    /// # Context
    ///
    /// Either: sleeps with a `Sleepable`, never with a `NonBlock`.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](nonblock::WouldBlock), in a section, if somebody holds the lock. Never for a `Sleepable`.
    #[track_caller]
    pub fn acquire<C: Context>(&self, cx: &mut C) -> Result<MutexGuard<'_, T>, C::Refusal> {
        self.0.acquire(cx).map(|held| MutexGuard { held, _not_send: PhantomData })
    }
}

/// Shows the value if the lock is free.
impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A held [`Mutex`]: gives access to the value, and unlocks when dropped.
///
/// # Context
///
/// Its holder may sleep. Dropping it does not sleep. It stays on its thread.
///
/// # Examples
///
/// See [`Mutex`].
#[must_use = "the lock is released when this is dropped: bind it to a name, since `let _` drops it at once"]
pub struct MutexGuard<'a, T> {
    held: nonblock::sync::MutexGuard<'a, T>,
    _not_send: NotSend,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.held
    }
}

impl<T: fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A lock that is held in a section only: the kernel's `spinlock_t` (`include/linux/spinlock.h`, 6.12).
///
/// # Context
///
/// To be taken in a section: [`lock`](Self::lock) takes `&NonBlock`, [`with`](Self::with) opens the section itself.
///
/// # Examples
///
/// ```
/// use nonblock_linux::alloc::AllocError;
/// use nonblock_linux::sync::SpinLock;
///
/// nonblock::sleepable(|cx| {
///     let hits = SpinLock::new(0, cx)?;
///     hits.with(cx, |hits, _nb| *hits += 1);
///     cx.non_block(|nb| *hits.lock(nb) += 1);
///     assert_eq!(hits.with(cx, |hits, _nb| *hits), 2);
///     Ok::<(), AllocError<i32>>(())
/// })
/// # .unwrap();
/// ```
pub struct SpinLock<T>(nonblock::sync::SpinLock<T>);

impl<T> SpinLock<T> {
    /// Makes a lock. To lockdep, all locks that are made at one place are of one class.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. In the kernel it allocates.
    ///
    /// # Errors
    ///
    /// [`AllocError`], with the value, if there is no memory.
    #[track_caller]
    pub fn new(value: T, cx: &mut Sleepable) -> Result<Self, AllocError<T>> {
        let _ = cx;
        might_sleep();
        Ok(Self(nonblock::sync::SpinLock::new(value)))
    }

    /// Waits for the lock and takes it.
    ///
    /// # Context
    ///
    /// Does not sleep: its holder cannot either. Takes `&NonBlock`, and the guard cannot leave that section. A thread that holds
    /// the lock already waits for ever.
    #[track_caller]
    pub fn lock<'a>(&'a self, nb: &'a NonBlock) -> SpinLockGuard<'a, T> {
        SpinLockGuard { held: self.0.lock(nb), _not_send: PhantomData }
    }

    /// Runs the closure with the lock held, in a section that it opens from any context.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token, and lends the closure a `&mut NonBlock`, with which it can take further locks.
    #[track_caller]
    pub fn with<C: Context, R>(&self, cx: &mut C, f: impl FnOnce(&mut T, &mut NonBlock) -> R) -> R {
        self.0.with(cx, f)
    }
}

/// Does not show the value: that could sleep, and so must not happen with the lock held.
impl<T> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A held [`SpinLock`]: gives access to the value, and unlocks when dropped.
///
/// # Context
///
/// Its holder is in a section, which the guard cannot leave. Dropping it does not sleep.
///
/// # Examples
///
/// See [`SpinLock`].
#[must_use = "the lock is released when this is dropped: bind it to a name, since `let _` drops it at once"]
pub struct SpinLockGuard<'a, T> {
    held: nonblock::sync::SpinLockGuard<'a, T>,
    _not_send: NotSend,
}

impl<T> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.held
    }
}

impl<T> DerefMut for SpinLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.held
    }
}

/// Does not show the value, as the lock does not.
impl<T> fmt::Debug for SpinLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLockGuard").finish_non_exhaustive()
    }
}

/// Something that happens once or several times, and for which threads wait: the kernel's `struct completion`
/// (`include/linux/completion.h`, 6.12).
///
/// # Context
///
/// To complete it does not sleep, and can be done in a section. To wait takes `&mut Sleepable`.
///
/// # Examples
///
/// ```
/// use nonblock_linux::alloc::AllocError;
/// use nonblock_linux::sync::Completion;
///
/// nonblock::sleepable(|cx| {
///     let done = Completion::new(cx)?;
///     cx.non_block(|_nb| done.complete());
///     done.wait(cx);
///     Ok::<(), AllocError<()>>(())
/// })
/// # .unwrap();
/// ```
pub struct Completion(nonblock::sync::Completion);

impl Completion {
    /// Makes a completion that nothing has completed yet.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. In the kernel it allocates.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory.
    #[track_caller]
    pub fn new(cx: &mut Sleepable) -> Result<Self, AllocError<()>> {
        let _ = cx;
        might_sleep();
        Ok(Self(nonblock::sync::Completion::new()))
    }

    /// Lets one wait pass: one that is under way, or the next.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[track_caller]
    pub fn complete(&self) {
        self.0.complete();
    }

    /// Lets all waits pass, those under way and those to come.
    ///
    /// # Context
    ///
    /// Does not sleep; takes no token.
    #[track_caller]
    pub fn complete_all(&self) {
        self.0.complete_all();
    }

    /// Waits until it is completed.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](nonblock::ViolationKind::SleepInNonBlock).
    #[track_caller]
    pub fn wait(&self, cx: &mut Sleepable) {
        self.0.wait(cx);
    }
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
