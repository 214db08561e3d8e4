//! The two tokens, and the trait that keeps them out of the closures of roots.

use core::fmt;

/// Tells, by its name, why a `Sleepable` is neither `Send` nor `Sync`, and what to use on another thread.
///
/// A pointer to a trait object is neither, and a message of the compiler then shows the name of the trait. On stable Rust,
/// this is the only way to put words of this crate into such a message.
#[allow(non_camel_case_types, reason = "the message names a path")]
trait SleepableIsLentToOneThread_UseTheOneThat_nonblock_thread_spawn_Lends {}

/// Tells, by its name, why a `NonBlock` is neither `Send` nor `Sync`, and what to use on another thread.
#[allow(non_camel_case_types, reason = "the message names a path")]
trait NonBlockIsLentToOneThread_OpenASectionThereBy_nonblock_non_block {}

/// A marker that is neither `Send` nor `Sync`: what was lent to one thread, no other may use. `Why` is a trait object.
///
/// It is an empty array and not a `PhantomData`. A message of the compiler shows every type on the way to the trait, each with
/// its place in the source. An array has no such place in the standard library.
type NotThreadSafe<Why> = [*mut Why; 0];

/// The right to sleep. Code that is lent `&mut Sleepable` may wait for something.
///
/// A function that may sleep takes `&mut Sleepable`, and passes it on to the sleeping functions that it calls. Nobody owns a
/// `Sleepable`. A root ([`sleepable`](crate::sleepable)), a new thread, or a caller lends it, for one call or one closure. It
/// is zero-sized, and neither `Send` nor `Sync`. So safe code can neither keep it, send it, leak it nor forge it.
///
/// # Context
///
/// Holding it means that no section is open, and that this thread may sleep.
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
    // Neither `Send` nor `Sync`: another thread may be in a section.
    _lent: NotThreadSafe<dyn SleepableIsLentToOneThread_UseTheOneThat_nonblock_thread_spawn_Lends>,
}

/// The proof that a section is open. Code that is lent it must not sleep.
///
/// Non-blocking operations that need the proof, such as taking a [`SpinLock`], take `&NonBlock`. Those that open a section of
/// their own, or call back, take `&mut NonBlock`. Like [`Sleepable`], it is lent and never owned, and it stays on its thread.
///
/// # Context
///
/// Holding it means that a section is open on this thread, and stays open at least as long as the borrow.
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
/// [`SpinLock`]: crate::sync::SpinLock
pub struct NonBlock {
    // Neither `Send` nor `Sync`: the section is open on this thread only.
    _lent: NotThreadSafe<dyn NonBlockIsLentToOneThread_OpenASectionThereBy_nonblock_non_block>,
}

// These are no associated functions of the tokens. The compiler would suggest such functions, even private ones, to a user
// who tries to make a token.

/// Makes the token that a root lends. Only the roots of this crate call it.
#[inline]
pub(crate) const fn lend_sleepable() -> Sleepable {
    Sleepable { _lent: [] }
}

/// Makes the token that a section lends. Only the sections of this crate call it.
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

/// A closure that a root may run: one that captures no token.
///
/// Every `Send` type is `NoToken`, and tokens are not `Send`. So a root whose closure captures a token does not compile, and
/// nobody gets the right to sleep inside a section that way. A closure that captures something else that is tied to its
/// thread is refused too: a raw pointer, a `&dyn Fn`, an `Rc`, a `RefCell` by reference, a lock guard. `#[non_block(nb)]` or
/// `#[may_sleep(cx)]` on the function captures nothing, and [`raw`](crate::raw) has the same roots without this bound. The trait is
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
    note = "whatever is not `Send` counts as tied to this thread: a raw pointer, a `&dyn Fn` or another `dyn` that does not say `Send` or `Sync`, an `Rc`, a `&RefCell`, a lock guard; if it is that and no token, write `#[non_block(nb)]` or `#[may_sleep(cx)]` on the function, which captures nothing, or call the root of this name in `nonblock::raw`, such as `raw::non_block`"
)]
pub trait NoToken {
    // Without this, a user could implement the trait for a reference to a trait object of the user, whatever that captured.
    #[doc(hidden)]
    const SEALED: sealed::Sealed;
}

// So a reader gets the message of `NoToken`, and not a chain of `Send` obligations.
#[diagnostic::do_not_recommend]
impl<T: Send> NoToken for T {
    const SEALED: sealed::Sealed = sealed::Sealed;
}

mod sealed {
    /// Only this crate can name it, so only this crate can implement the trait.
    #[derive(Debug)]
    pub struct Sealed;
}
