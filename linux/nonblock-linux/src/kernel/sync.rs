//! The kernel's locks, and what is waited for.

use core::cell::UnsafeCell;
use core::ffi::c_char;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::panic::Location;
use core::ptr::{self, NonNull};

use nonblock::{Context, NonBlock, Sleepable};

use super::shim;
use crate::alloc::AllocError;

/// The class of a lock for the kernel's lockdep, by the place where it is made: a name and a key.
///
/// Lockdep uses the key's address only. It asks for one in a module's own data, which a `Location` is.
fn class(place: &'static Location<'static>) -> (*const c_char, *const shim::LockClassKey) {
    (place.file_as_c_str().as_ptr(), ptr::from_ref(place).cast())
}

/// A `struct mutex` and what it guards.
pub struct Mutex<T> {
    raw: NonNull<shim::Mutex>,
    value: UnsafeCell<T>,
}

// SAFETY: the mutex lets one thread at a time to the value, and may be used by all.
unsafe impl<T: Send> Send for Mutex<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// Makes a mutex that is free.
    #[track_caller]
    pub fn new(value: T, cx: &mut Sleepable) -> Result<Self, AllocError<T>> {
        let _ = cx;
        nonblock::might_sleep();
        let (name, key) = class(Location::caller());
        // SAFETY: both point to statics.
        match NonNull::new(unsafe { shim::nonblock_linux_mutex_new(name, key) }) {
            Some(raw) => Ok(Self { raw, value: UnsafeCell::new(value) }),
            None => Err(AllocError::new(value)),
        }
    }

    /// Waits for the mutex.
    #[track_caller]
    pub fn lock(&self, cx: &mut Sleepable) -> MutexGuard<'_, T> {
        let _ = cx;
        nonblock::might_sleep();
        // SAFETY: it lives as long as `self`.
        unsafe { shim::nonblock_linux_mutex_lock(self.raw.as_ptr()) };
        MutexGuard { mutex: self, _of_this_task: PhantomData }
    }

    /// Takes the mutex if it is free.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        // SAFETY: it lives as long as `self`.
        let locked = unsafe { shim::nonblock_linux_mutex_trylock(self.raw.as_ptr()) };
        // Only then: the guard releases the mutex when it is dropped.
        locked.then(|| MutexGuard { mutex: self, _of_this_task: PhantomData })
    }

    /// Waits for the mutex, or refuses in a section if it is not free.
    #[track_caller]
    pub fn acquire<C: Context>(&self, cx: &mut C) -> Result<MutexGuard<'_, T>, C::Refusal> {
        if cx.as_sleepable().is_none()
            && let Some(guard) = self.try_lock()
        {
            return Ok(guard);
        }
        cx.or_refuse().map(|cx| self.lock(cx))
    }
}

impl<T> Drop for Mutex<T> {
    fn drop(&mut self) {
        // SAFETY: nobody holds it, since a guard borrows it.
        unsafe { shim::nonblock_linux_mutex_free(self.raw.as_ptr()) };
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Mutex");
        match self.try_lock() {
            Some(value) => debug.field("value", &*value),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish()
    }
}

/// A mutex that is held.
#[must_use = "the mutex is released when this guard is dropped"]
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// Only the task that took a mutex may release it.
    _of_this_task: PhantomData<*mut ()>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the mutex is held.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the mutex is held, and the guard is borrowed exclusively.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: this task holds it.
        unsafe { shim::nonblock_linux_mutex_unlock(self.mutex.raw.as_ptr()) };
    }
}

impl<T: fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A `spinlock_t` and what it guards.
pub struct SpinLock<T> {
    raw: NonNull<shim::SpinLock>,
    value: UnsafeCell<T>,
}

// SAFETY: the lock lets one processor at a time to the value, and may be used by all.
unsafe impl<T: Send> Send for SpinLock<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    /// Makes a lock that is free.
    #[track_caller]
    pub fn new(value: T, cx: &mut Sleepable) -> Result<Self, AllocError<T>> {
        let _ = cx;
        nonblock::might_sleep();
        let (name, key) = class(Location::caller());
        // SAFETY: both point to statics.
        match NonNull::new(unsafe { shim::nonblock_linux_spin_lock_new(name, key) }) {
            Some(raw) => Ok(Self { raw, value: UnsafeCell::new(value) }),
            None => Err(AllocError::new(value)),
        }
    }

    /// Spins until the lock is free.
    pub fn lock<'a>(&'a self, nb: &'a NonBlock) -> SpinLockGuard<'a, T> {
        let _ = nb;
        self.spin()
    }

    /// Runs the closure in a section, with the lock held.
    #[track_caller]
    pub fn with<C: Context, R>(&self, cx: &mut C, f: impl FnOnce(&mut T, &mut NonBlock) -> R) -> R {
        cx.non_block(|nb| f(&mut self.spin(), nb))
    }

    fn spin(&self) -> SpinLockGuard<'_, T> {
        // SAFETY: it lives as long as `self`.
        unsafe { shim::nonblock_linux_spin_lock(self.raw.as_ptr()) };
        SpinLockGuard { lock: self, _of_this_processor: PhantomData }
    }
}

impl<T> Drop for SpinLock<T> {
    fn drop(&mut self) {
        // SAFETY: nobody holds it, since a guard borrows it.
        unsafe { shim::nonblock_linux_free(self.raw.as_ptr().cast()) };
    }
}

impl<T> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").finish_non_exhaustive()
    }
}

/// A spin lock that is held.
#[must_use = "the lock is released when this guard is dropped"]
pub struct SpinLockGuard<'a, T> {
    lock: &'a SpinLock<T>,
    /// Only the processor that took a spin lock may release it.
    _of_this_processor: PhantomData<*mut ()>,
}

impl<T> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for SpinLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and the guard is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for SpinLockGuard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: this processor holds it.
        unsafe { shim::nonblock_linux_spin_unlock(self.lock.raw.as_ptr()) };
    }
}

impl<T> fmt::Debug for SpinLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLockGuard").finish_non_exhaustive()
    }
}

/// A `struct completion`.
pub struct Completion {
    raw: NonNull<shim::Completion>,
}

// SAFETY: all its functions may be called by all threads.
unsafe impl Send for Completion {}
// SAFETY: as above.
unsafe impl Sync for Completion {}

impl Completion {
    /// Makes a completion that is not done.
    #[track_caller]
    pub fn new(cx: &mut Sleepable) -> Result<Self, AllocError<()>> {
        let _ = cx;
        nonblock::might_sleep();
        let raw = NonNull::new(shim::nonblock_linux_completion_new());
        raw.map(|raw| Self { raw }).ok_or(AllocError::new(()))
    }

    /// Lets one waiter go on.
    pub fn complete(&self) {
        // SAFETY: it lives as long as `self`.
        unsafe { shim::nonblock_linux_complete(self.raw.as_ptr()) };
    }

    /// Lets all waiters go on, and those that come later.
    pub fn complete_all(&self) {
        // SAFETY: it lives as long as `self`.
        unsafe { shim::nonblock_linux_complete_all(self.raw.as_ptr()) };
    }

    /// Waits until it is done.
    #[track_caller]
    pub fn wait(&self, cx: &mut Sleepable) {
        let _ = cx;
        nonblock::might_sleep();
        // SAFETY: it lives as long as `self`.
        unsafe { shim::nonblock_linux_wait_for_completion(self.raw.as_ptr()) };
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        // SAFETY: nobody uses it, since whoever does borrows it.
        unsafe { shim::nonblock_linux_free(self.raw.as_ptr().cast()) };
    }
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion").finish_non_exhaustive()
    }
}
