//! The attributes, as this crate hands them on: their documentation stands here, so that its examples
//! name the crate as users do.

/// Says that a function may sleep, and checks it: it takes a [`Sleepable`](crate::Sleepable), and is
/// entered where sleeping is allowed.
///
/// | on | it does |
/// |---|---|
/// | a function or method that takes `cx: &mut Sleepable` | checks that the parameter really is the token, and [`might_sleep`](crate::might_sleep) at entry |
/// | one that takes `cx: &mut C`, where `C: Context` | checks at entry that a `Sleepable` is outside sections, and a `NonBlock` in one |
/// | one whose signature is not yours, as `#[may_sleep(cx)]` | binds `cx: &mut Sleepable` in the body, checked at run time |
/// | a declared method of a trait | checks the parameter's type |
/// | an `impl` or `trait` block | applies to each method that has no attribute of its own; `#[may_sleep(skip)]` leaves one out |
/// | `unsafe extern "C" { ... }` | makes each foreign function private, and gives its name to a function that takes `cx` first |
///
/// The function's documentation gets a line that says so, after its summary. The check at entry is
/// there only where [checks](crate::CHECKS) are on.
///
/// # Arguments
///
/// * a name, to bind the token to in the body: `#[may_sleep(cx)]`;
/// * `skip`, on a method of an annotated block: `#[may_sleep(skip)]`;
/// * `crate = path`, where the crate has another name: `#[may_sleep(crate = my_reexports::nonblock)]`. Where
///   `Cargo.toml` renames the crate, the error without it is "cannot find `nonblock` in the crate root", and
///   `extern crate new_name as nonblock;` in the root of yours does for all of them.
///
/// # Which parameter is the token
///
/// The type decides, not its name. `cx: &mut S` after `use nonblock::Sleepable as S`, and `cx: Cx<'_>` after
/// `type Cx<'a> = &'a mut Sleepable`, are the token; a type of another crate's that is called `Sleepable` is not.
/// A token under a `#[cfg]` is refused, and so is `_: &mut impl Context`, which neither a name nor a type can check. In a declared
/// method, the bound of a `cx: &mut impl Context` is not checked: a trait of another crate's that is called `Context` passes there.
///
/// # Context
///
/// The function may sleep: its callers need a `&mut Sleepable`. With a name to bind, they need none, and a call in a
/// section is found when it runs.
///
/// # Errors
///
/// Does not compile on an `async fn`, which must not sleep; on a `const fn`, which cannot be checked; on a function
/// that takes no token and binds none; on one foreign function, which gets it from its block; and on what is no
/// function. A closure takes the token as its parameter instead.
///
/// # Panics
///
/// The function, when it is entered in a section, reports
/// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock), which panics under the default
/// [`Policy`](crate::Policy). As no panic leaves an `extern "C"` function, that one aborts after the report.
///
/// # Examples
///
/// ```
/// use nonblock::{Sleepable, may_sleep};
///
/// /// Writes everything out.
/// #[may_sleep]
/// fn flush(cx: &mut Sleepable, lines: &[&str]) -> usize {
///     let _ = cx; // ... pass it on to what waits for the disk
///     lines.len()
/// }
///
/// struct Journal;
///
/// impl Drop for Journal {
///     // `drop` has a signature of its own: the token is bound in the body.
///     #[may_sleep(cx)]
///     fn drop(&mut self) {
///         flush(cx, &["closed"]);
///     }
/// }
///
/// nonblock::sleepable(|cx| {
///     let _journal = Journal;
///     assert_eq!(flush(cx, &["opened"]), 1);
/// });
/// ```
///
/// A function that takes no token does not compile:
///
/// ```compile_fail
/// #[nonblock::may_sleep]
/// fn flush(lines: &[&str]) {} // help: write `fn flush(cx: &mut Sleepable, lines: &[&str])`
/// ```
pub use nonblock_macros::may_sleep;

/// Says that a function does not block, and checks it: its body is a section, or it is called in one.
///
/// | on | it does |
/// |---|---|
/// | a function or method that takes `nb: &NonBlock` or `nb: &mut NonBlock` | checks that the parameter really is the token, and [`cant_sleep`](crate::cant_sleep) at entry |
/// | one that takes no token | runs the body in a section: `return`, `?` and early exits work as always |
/// | the same, as `#[non_block(nb)]` | runs the body in a section, and binds `nb: &mut NonBlock` in it |
/// | a declared method of a trait, which takes the token | checks the parameter's type |
/// | an `impl` or `trait` block | applies to each method that has no attribute of its own; `#[non_block(skip)]` leaves one out |
/// | `unsafe extern "C" { ... }` | makes each foreign function private, and gives its name to a function that calls it in a section |
///
/// What the body borrows, binds and drops is dropped in the section too, the temporaries of its last expression
/// included. The section begins at the function, as reports name it; at its caller, if it is
/// `#[track_caller]`. The function's documentation gets a line that says so, after its summary.
///
/// # Arguments
///
/// * a name, to bind the token to in the body: `#[non_block(nb)]`;
/// * `skip`, on a method of an annotated block: `#[non_block(skip)]`;
/// * `crate = path`, where the crate has another name: `#[non_block(crate = my_reexports::nonblock)]`. Where
///   `Cargo.toml` renames the crate, the error without it is "cannot find `nonblock` in the crate root", and
///   `extern crate new_name as nonblock;` in the root of yours does for all of them.
///
/// # Which parameter is the token
///
/// The type decides, as for [`macro@may_sleep`]. On a function with a body, a parameter whose type has another name can be the
/// token if it is called as one is (`cx`, `nb`, `ctx`, `context`, `token`, `sleepable`), if it has no name, or if its type has a
/// lifetime. Any other is only checked not to be a `Sleepable`, and the body is a section of its own. Checked are mutable
/// references, tuples, arrays and slices of them, and the receivers `&mut self` and `self`.
///
/// Left to the counters is a `Sleepable` that comes in where its type does not show it: in a struct, a closure, a `dyn Trait`
/// or a type parameter; by another name in a generic type, as `Option<&mut Alias>`; by an alias of a tuple or an
/// array, or one whose lifetime is not written; and in a receiver such as `self: Box<Self>`.
///
/// What is called `Sleepable` or `Context` and is another crate's is no token, and may come in. The name decides only where no
/// code can ask the type: in a declared method, inside another type as in `Option<&mut Sleepable>`, for `_: &mut impl Context`, and
/// beside a token that the attribute binds.
///
/// A `Sleepable` must not come in, nor a `Context` that may be one. To serve both contexts, leave the attribute out and open a
/// section in the body: `cx.non_block(|nb| ...)`.
///
/// # Context
///
/// Does not sleep. A function that takes the token can be called in a section only, any other from
/// anywhere.
///
/// # Errors
///
/// Does not compile on an `async fn`, or with an `.await` in the body, since a section cannot be left and come back to;
/// on a `const fn`; on a declared method that takes no token, as it has no body to run in a section; on one foreign
/// function, which gets it from its block; and on what is no function. For a closure there is
/// `cx.non_block(|nb| ...)`.
///
/// # Panics
///
/// A function that takes the token, when it is entered outside sections all the same, reports
/// [`NotInNonBlock`](crate::ViolationKind::NotInNonBlock), which panics under the default
/// [`Policy`](crate::Policy). As no panic leaves an `extern "C"` function, that one aborts after the report.
///
/// # Examples
///
/// ```
/// use nonblock::{NonBlock, non_block};
///
/// /// Counts an interrupt.
/// #[non_block]
/// fn count(hits: &mut u32, limit: u32) -> Option<u32> {
///     *hits = hits.checked_add(1)?; // the section ends here too
///     (*hits <= limit).then_some(*hits)
/// }
///
/// #[non_block]
/// fn deep(_nb: &NonBlock) -> u32 {
///     7
/// }
///
/// // A callback that C code calls.
/// #[non_block(nb)]
/// extern "C" fn on_interrupt(irq: u32) -> u32 {
///     irq + deep(nb)
/// }
///
/// assert_eq!(count(&mut 1, 5), Some(2));
/// assert_eq!(on_interrupt(3), 10);
/// ```
///
/// What may sleep does not compile in it:
///
/// ```compile_fail,E0308
/// # use nonblock::{Sleepable, non_block};
/// # fn flush(cx: &mut Sleepable) {}
/// #[non_block(nb)]
/// fn on_interrupt() {
///     flush(nb);
/// }
/// ```
pub use nonblock_macros::non_block;

/// Makes a function a test that fails if a rule was broken in it, whatever the policy.
///
/// The body runs in [`testing::run`](crate::testing::run). A token that the test takes is lent to it: `cx: &mut Sleepable`,
/// `nb: &mut NonBlock` or `nb: &NonBlock`. It may return what any test may, and `#[should_panic]`, `#[ignore]` and
/// [`macro@may_sleep`] or [`macro@non_block`] beside it work as always.
///
/// # Arguments
///
/// * `crate = path`, where the crate has another name.
///
/// # Context
///
/// The test may sleep, unless it takes a `NonBlock`: then it runs in a section.
///
/// # Errors
///
/// Does not compile on an `async fn`, a `const fn`, an `unsafe fn` or a method, on a function with type parameters,
/// and on one that takes anything but one token.
///
/// # Panics
///
/// The test, after it has run, if there was a violation that no
/// [`expect_violation`](crate::testing::expect_violation) took.
///
/// # Examples
///
/// ```
/// use nonblock::{NonBlock, Sleepable};
///
/// #[nonblock::test]
/// fn waits(cx: &mut Sleepable) {
///     nonblock::thread::sleep(cx, std::time::Duration::from_millis(1));
/// }
///
/// #[nonblock::test]
/// fn counts(nb: &mut NonBlock) -> Result<(), std::num::TryFromIntError> {
///     let hits = nb.non_block(|_| 5_i32);
///     u8::try_from(hits).map(drop)
/// }
/// ```
#[cfg(feature = "std")]
pub use nonblock_macros::test;
