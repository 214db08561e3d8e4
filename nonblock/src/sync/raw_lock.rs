//! Which raw lock is beneath a spin lock.

/// What the type of a spin lock may name as its raw lock: any `RawMutex` of the crate `lock_api`, or a raw lock of this
/// crate.
///
/// Nobody outside the crate can name this trait, so nobody reaches `Raw`. A raw lock of this crate is therefore taken with
/// a token only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a raw lock that a `SpinLock` can stand on",
    label = "implements no `RawMutex` of the crate `lock_api` 0.5",
    note = "generic code takes `R: nonblock::sync::lock_api::RawMutex`",
    note = "name `RawSpin` (feature `spin`), a `RawMutex` of `parking_lot` 0.13, or implement `nonblock::sync::lock_api::RawMutex`"
)]
pub trait RawSpinLock {
    /// What really locks.
    type Raw: lock_api::RawMutex;
}

#[diagnostic::do_not_recommend]
impl<R: lock_api::RawMutex> RawSpinLock for R {
    type Raw = R;
}
