//! The two tokens, and the bound that keeps them out of root closures.

use core::fmt;

/// Names, in rustc's messages, why a token is neither `Send` nor `Sync`.
///
/// A pointer to a trait object is neither, which makes the trait's name the one place where such a
/// message of the compiler's can be given words of ours on stable Rust.
trait TokenIsLentToOneThread {}

/// A marker that is neither `Send` nor `Sync`: what one thread was lent, no other may use.
///
/// An empty array, not a `PhantomData`, because rustc's messages go through every type on the way
/// to the marker, and an array has no place in the standard library to be pointed at.
type Lent = [*mut dyn TokenIsLentToOneThread; 0];

/// The right to sleep: whoever is lent `&mut Sleepable` may wait for something.
///
/// A function that may sleep takes `&mut Sleepable`, and hands it to the sleeping functions it
/// calls. Nobody owns a `Sleepable`: it is lent for one call, or for one closure, by a root
/// ([`sleepable`](crate::sleepable)), a new thread, or a caller. It is zero-sized, and neither
/// `Send` nor `Sync`, so it can be neither kept, sent, leaked nor forged in safe code.
///
/// # Context
///
/// Holding it says: no section is open, this thread may sleep.
///
/// # Examples
///
/// ```
/// use nonblock::Sleepable;
///
/// fn flush(cx: &mut Sleepable) {
///     nonblock::thread::sleep(cx, core::time::Duration::from_millis(1));
/// }
///
/// nonblock::sleepable(|cx| flush(cx));
/// ```
///
/// Inside a section it cannot be had:
///
/// ```compile_fail,E0308
/// # use nonblock::Sleepable;
/// # fn flush(cx: &mut Sleepable) {}
/// nonblock::non_block(|nb| flush(nb));
/// ```
pub struct Sleepable {
    // Neither `Send` nor `Sync`: another thread may be in a section of its own.
    _lent: Lent,
}

/// The proof that a section is open: whoever is lent it must not sleep.
///
/// Non-blocking operations that need the proof, such as taking a [`SpinLock`], ask for `&NonBlock`;
/// those that open a section of their own, or call back, take `&mut NonBlock`. Like
/// [`Sleepable`], it is lent and never owned, and stays on its thread.
///
/// # Context
///
/// Holding it says: a section is open on this thread, and lasts at least as long as the borrow.
///
/// # Examples
///
/// ```
/// use nonblock::NonBlock;
///
/// fn count(hits: &mut u32, _nb: &NonBlock) {
///     *hits += 1;
/// }
///
/// let mut hits = 0;
/// nonblock::non_block(|nb| count(&mut hits, nb));
/// assert_eq!(hits, 1);
/// ```
///
/// [`SpinLock`]: https://docs.rs/nonblock/latest/nonblock/sync/type.SpinLock.html
pub struct NonBlock {
    // Neither `Send` nor `Sync`: the section is this thread's.
    _lent: Lent,
}

// Not functions of the tokens themselves: rustc would suggest those, private or not, to whoever tries to make a token.

/// Makes the token that a root lends. Only the crate's roots call it.
#[inline]
pub(crate) const fn lend_sleepable() -> Sleepable {
    Sleepable { _lent: [] }
}

/// Makes the token that a section lends. Only the crate's sections call it.
#[inline]
pub(crate) const fn lend_non_block() -> NonBlock {
    NonBlock { _lent: [] }
}

impl fmt::Debug for Sleepable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sleepable")
    }
}

impl fmt::Debug for NonBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NonBlock")
    }
}

/// What the closure of a root may be: one that captures no token.
///
/// Every `Send` type is `NoToken`, and tokens are not `Send`. So a root opened around a token that
/// is in scope does not compile, and nobody gains a right to sleep inside a section that way. A
/// closure that captures something else tied to its thread (an `Rc`, a `RefCell` by reference, a
/// lock guard) is refused too; [`raw`](crate::raw) has the same roots without this bound. The trait is
/// sealed.
///
/// # Examples
///
/// ```compile_fail,E0277
/// nonblock::sleepable(|outer| {
///     nonblock::sleepable(|inner| {
///         outer.non_block(|_| nonblock::thread::sleep(inner, core::time::Duration::ZERO));
///     });
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "a root's closure captures a token, or something else that is tied to this thread",
    label = "this closure must capture neither",
    note = "where a token is in scope, use it instead of a root (`sleepable`, `non_block`, `permit_sleep`): `cx.non_block(|nb| ...)` opens a section, and what may sleep is called with `cx`",
    note = "whatever is not `Send` counts as tied to this thread: an `Rc`, a `&RefCell`, a lock guard, a `dyn` that does not say `Send` or `Sync`; if it is that and no token, use the root of this name in `nonblock::raw`"
)]
pub trait NoToken {
    // A reference to a user's own trait object could implement the trait otherwise, whatever it captured.
    #[doc(hidden)]
    const SEALED: sealed::Sealed;
}

// The bound's own words serve a reader better than a chain of `Send` obligations.
#[diagnostic::do_not_recommend]
impl<T: Send> NoToken for T {
    const SEALED: sealed::Sealed = sealed::Sealed;
}

mod sealed {
    /// What only this crate can name, and so only its own implementation can give.
    #[derive(Debug)]
    pub struct Sealed;
}
