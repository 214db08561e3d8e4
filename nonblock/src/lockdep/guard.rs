//! What is held, or runs, until it is dropped.

#[cfg(feature = "lockdep")]
use super::observer;

/// Something that a thread holds, until this is dropped. Made by [`Class::acquire`](super::Class::acquire) and the like.
///
/// # Context
///
/// May be dropped anywhere. Drop it on the thread that made it: another thread does not hold it.
///
/// # Examples
///
/// See [`Class`](super::Class).
#[must_use = "it is held until this is dropped: bind it to a name, since `let _` drops it too"]
#[derive(Debug)]
pub struct Acquired {
    #[cfg(feature = "lockdep")]
    pub(super) serial: u32,
}

#[cfg(feature = "lockdep")]
impl Drop for Acquired {
    #[inline]
    fn drop(&mut self) {
        observer::release(self.serial);
    }
}

/// Code that others wait for the end of, until this is dropped. Made by [`Class::region`](super::Class::region).
///
/// # Context
///
/// May be dropped anywhere, on the thread that made it.
///
/// # Examples
///
/// ```
/// use nonblock::lockdep::Class;
/// use nonblock::sync::Mutex;
///
/// static CALLBACK: Class = Class::new("callback");
/// static TABLE: Mutex<u32> = Mutex::new(0).in_class("table");
///
/// fn call(callback: impl FnOnce()) {
///     let _running = CALLBACK.region();
///     callback();
/// }
///
/// fn wait_for_callbacks() {
///     CALLBACK.wait();
///     // ... wait until no callback runs ...
/// }
///
/// nonblock::sleepable(|cx| {
///     call(|| nonblock::raw::sleepable(|cx| *TABLE.lock(cx) += 1));
///     wait_for_callbacks();
///     // To wait for callbacks with the table locked would be reported: a callback may wait for the table.
///     assert_eq!(*TABLE.lock(cx), 1);
/// });
/// ```
#[must_use = "it ends when this is dropped: bind it to a name, since `let _` drops it too"]
#[derive(Debug)]
pub struct Region {
    #[cfg(feature = "lockdep")]
    pub(super) serial: u32,
}

#[cfg(feature = "lockdep")]
impl Drop for Region {
    #[inline]
    fn drop(&mut self) {
        observer::release(self.serial);
    }
}
