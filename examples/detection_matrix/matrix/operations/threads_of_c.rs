//! The locks and threads of C.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::support::{failed_with, in_a_moment, succeeded};
use crate::matrix::operation::{Operation, Prepared, operations};
use crate::matrix::section::{meanwhile, once_blocked};

pub(super) const OPERATIONS: &[Operation] = operations! {
    "pthread_mutex_lock, held" => mutex;
    "pthread_rwlock_wrlock, read" => rwlock;
    "pthread_cond_timedwait" => condvar;
    "pthread_barrier_wait" => barrier;
    "pthread_join" => join;
    "sem_wait" => sem_wait;
    "sem_timedwait" => sem_timedwait;
};

/// An object of C's that threads share.
struct Shared<T>(UnsafeCell<T>);

// SAFETY: C's functions take care of that.
unsafe impl<T> Sync for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Send for Shared<T> {}

impl<T> Shared<T> {
    fn new(value: T) -> Arc<Self> {
        Arc::new(Self(UnsafeCell::new(value)))
    }

    /// Returns one of zeros, for a function that initializes it.
    fn zeroed() -> Arc<Self> {
        // SAFETY: it is of plain words, in all its uses here.
        Self::new(unsafe { std::mem::zeroed() })
    }

    fn get(&self) -> *mut T {
        self.0.get()
    }
}

fn mutex() -> Prepared {
    let lock = Shared::new(libc::PTHREAD_MUTEX_INITIALIZER);
    let others = lock.clone();
    meanwhile(move |blocked| {
        // SAFETY: it is a mutex.
        assert_eq!(unsafe { libc::pthread_mutex_lock(others.get()) }, 0);
        blocked.wait();
        // SAFETY: this thread holds it.
        assert_eq!(unsafe { libc::pthread_mutex_unlock(others.get()) }, 0);
    });
    // SAFETY: it is a mutex.
    Ok(Box::new(move || assert_eq!(unsafe { libc::pthread_mutex_lock(lock.get()) }, 0)))
}

fn rwlock() -> Prepared {
    let lock = Shared::new(libc::PTHREAD_RWLOCK_INITIALIZER);
    let others = lock.clone();
    meanwhile(move |blocked| {
        // SAFETY: it is such a lock.
        assert_eq!(unsafe { libc::pthread_rwlock_rdlock(others.get()) }, 0);
        blocked.wait();
        // SAFETY: this thread holds it.
        assert_eq!(unsafe { libc::pthread_rwlock_unlock(others.get()) }, 0);
    });
    // SAFETY: it is such a lock.
    Ok(Box::new(move || assert_eq!(unsafe { libc::pthread_rwlock_wrlock(lock.get()) }, 0)))
}

fn condvar() -> Prepared {
    let lock = Shared::new(libc::PTHREAD_MUTEX_INITIALIZER);
    let changed = Shared::new(libc::PTHREAD_COND_INITIALIZER);
    // SAFETY: it is a mutex.
    assert_eq!(unsafe { libc::pthread_mutex_lock(lock.get()) }, 0);
    Ok(Box::new(move || {
        let until = in_a_moment();
        // SAFETY: this thread holds the mutex, and the time is one.
        let result =
            unsafe { libc::pthread_cond_timedwait(changed.get(), lock.get(), &raw const until) };
        assert_eq!(result, libc::ETIMEDOUT);
    }))
}

fn barrier() -> Prepared {
    let barrier = Shared::<libc::pthread_barrier_t>::zeroed();
    // SAFETY: nobody uses it yet.
    assert_eq!(unsafe { libc::pthread_barrier_init(barrier.get(), ptr::null(), 2) }, 0);
    let others = barrier.clone();
    // SAFETY: it is a barrier.
    once_blocked(move || unsafe { libc::pthread_barrier_wait(others.get()) });
    Ok(Box::new(move || {
        // SAFETY: it is a barrier.
        let result = unsafe { libc::pthread_barrier_wait(barrier.get()) };
        assert!(result == 0 || result == libc::PTHREAD_BARRIER_SERIAL_THREAD);
    }))
}

fn join() -> Prepared {
    extern "C" fn wait(semaphore: *mut c_void) -> *mut c_void {
        // SAFETY: it is what the thread was started with.
        unsafe { libc::sem_wait(semaphore.cast()) };
        ptr::null_mut()
    }

    let semaphore = semaphore();
    let mut thread = 0;
    let argument = semaphore.get().cast();
    // SAFETY: the semaphore is never freed.
    let result = unsafe { libc::pthread_create(&raw mut thread, ptr::null(), wait, argument) };
    assert_eq!(result, 0);
    // SAFETY: it is a semaphore.
    once_blocked(move || unsafe { libc::sem_post(semaphore.get()) });
    // SAFETY: the thread was started, and is joined once.
    Ok(Box::new(move || assert_eq!(unsafe { libc::pthread_join(thread, ptr::null_mut()) }, 0)))
}

fn semaphore() -> Arc<Shared<libc::sem_t>> {
    let semaphore = Shared::<libc::sem_t>::zeroed();
    // SAFETY: nobody uses it yet.
    succeeded(unsafe { libc::sem_init(semaphore.get(), 0, 0) });
    // Some waits for it are not over when it would be dropped.
    std::mem::forget(semaphore.clone());
    semaphore
}

fn sem_wait() -> Prepared {
    let semaphore = semaphore();
    let others = semaphore.clone();
    // SAFETY: it is a semaphore.
    once_blocked(move || unsafe { libc::sem_post(others.get()) });
    // SAFETY: it is a semaphore.
    Ok(Box::new(move || succeeded(unsafe { libc::sem_wait(semaphore.get()) })))
}

fn sem_timedwait() -> Prepared {
    let semaphore = semaphore();
    Ok(Box::new(move || {
        let until = in_a_moment();
        // SAFETY: it is a semaphore, and the time is one.
        let result = unsafe { libc::sem_timedwait(semaphore.get(), &raw const until) };
        failed_with(libc::ETIMEDOUT, result);
    }))
}
