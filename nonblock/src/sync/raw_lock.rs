//! Which raw locks may be beneath spin locks.

use lock_api::{RawMutex, RawRwLock};

/// What the type of a [`SpinLock`](crate::sync::SpinLock) may name as its raw lock: any `RawMutex` of the crate `lock_api`,
/// or a raw lock of this crate.
///
/// Nobody outside the crate can name this trait, so nobody reaches `Raw`. A raw lock of this crate is therefore taken with
/// a token only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a raw lock that a `SpinLock` can stand on",
    label = "implements no `RawMutex` of the crate `lock_api` 0.5",
    note = "generic code takes `R: nonblock::sync::lock_api::RawMutex`",
    note = "name `RawSpin`, a `RawMutex` of `parking_lot` 0.13, or implement `nonblock::sync::lock_api::RawMutex`"
)]
pub trait RawSpinLock {
    /// What really locks.
    type Raw: RawMutex;
}

#[diagnostic::do_not_recommend]
impl<R: RawMutex> RawSpinLock for R {
    type Raw = R;
}

/// As [`RawSpinLock`], for a [`SpinRwLock`](crate::sync::SpinRwLock) and the `RawRwLock`s of `lock_api`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a raw lock that a `SpinRwLock` can stand on",
    label = "implements no `RawRwLock` of the crate `lock_api` 0.5",
    note = "generic code takes `R: nonblock::sync::lock_api::RawRwLock`",
    note = "name `RawSpin`, the `RawRwLock` of `parking_lot` 0.13, or implement `nonblock::sync::lock_api::RawRwLock`"
)]
pub trait RawSpinRwLock {
    /// What really locks.
    type Raw: RawRwLock;

    /// Whether a reader may read again, whatever writers wait.
    const READERS_RECUR: bool = false;
}

#[diagnostic::do_not_recommend]
impl<R: RawRwLock> RawSpinRwLock for R {
    type Raw = R;
}
