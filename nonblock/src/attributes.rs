//! The attributes, re-exported. Their documentation is here, so that its examples name the crate as users do.

/// Declares that a function may sleep, and checks two things: that it takes a [`Sleepable`](crate::Sleepable), and that it is
/// entered where sleeping is allowed.
///
/// | on | the attribute |
/// |---|---|
/// | a function or method that takes `cx: &mut Sleepable` | checks that the parameter really is the token, and [`might_sleep`](crate::might_sleep) at entry |
/// | a function or method that takes `cx: &mut C`, where `C: Context` | checks at entry that a `Sleepable` comes in outside sections, and a `NonBlock` in a section |
/// | a function whose signature you cannot change, as `#[may_sleep(cx)]` | binds `cx: &mut Sleepable` in the body, and checks at run time that no section is open |
/// | a declared method of a trait | checks the parameter's type |
/// | an `impl` or `trait` block | applies to each method that has no attribute of its own; `#[may_sleep(skip)]` leaves one out; methods that a macro in the block writes are not seen |
/// | `unsafe extern "C" { ... }` | makes each foreign function private, and gives its name to a function whose first argument is `cx` |
///
/// The documentation of the function gets a line, after its summary, that tells so. The check at entry is there only where
/// [checks](crate::CHECKS) are on.
///
/// # Arguments
///
/// * a name, to which the token is bound in the body: `#[may_sleep(cx)]`;
/// * `skip`, on a method of an annotated block: `#[may_sleep(skip)]`;
/// * `crate = path`, if this crate has another name: `#[may_sleep(crate = my_reexports::nonblock)]`. If `Cargo.toml`
///   renames this crate, the error without the argument is "cannot find `nonblock` in the crate root". Then
///   `extern crate new_name as nonblock;` in the root of your crate spares the argument everywhere.
///
/// # Which parameter is the token
///
/// The type decides, and not its name. `cx: &mut S` is the token after `use nonblock::Sleepable as S`, and so is `cx: Cx<'_>`
/// after `type Cx<'a> = &'a mut Sleepable`. A type of another crate that is called `Sleepable` is not.
///
/// A token under a `#[cfg]` is refused. So is `_: &mut impl Context`: it has neither a name nor a type by which it could be
/// checked. In a declared method, the bound of a `cx: &mut impl Context` is not checked: a trait of another crate that is
/// called `Context` passes there.
///
/// # Context
///
/// The function may sleep, so its callers need a `&mut Sleepable`. If the attribute binds the token, they need none, and a call
/// in a section is found at run time.
///
/// # Errors
///
/// Does not compile on an `async fn`, which must not sleep, on a `const fn`, which cannot be checked, or on a function that takes
/// no token and binds none. On a single foreign function it does not compile either: put it on the block. And it does not
/// compile on anything that is no function. A closure takes the token as a parameter instead.
///
/// # Panics
///
/// If the function is entered in a section, it reports [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock), which panics
/// under the default [`Policy`](crate::Policy). No panic leaves an `extern "C"` function, so such a function aborts after the
/// report.
///
/// # Examples
///
/// ```
/// use nonblock::{Sleepable, may_sleep};
///
/// /// Writes everything out.
/// #[may_sleep]
/// fn flush(cx: &mut Sleepable, lines: &[&str]) -> usize {
///     let _ = cx; // ... pass it on to a function that waits for the disk
///     lines.len()
/// }
///
/// struct Journal;
///
/// impl Drop for Journal {
///     // The signature of `drop` is fixed, so the token is bound in the body.
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

/// Declares that a function does not block. Its body is a section, or it is checked that it is called in one.
///
/// | on | the attribute |
/// |---|---|
/// | a function or method that takes `nb: &NonBlock` or `nb: &mut NonBlock` | checks that the parameter really is the token, and [`cant_sleep`](crate::cant_sleep) at entry |
/// | a function or method that takes no token | runs the body in a section: `return`, `?` and early exits work as always |
/// | a function or method that takes no token, as `#[non_block(nb)]` | runs the body in a section, and binds `nb: &mut NonBlock` in it |
/// | a declared method of a trait, which takes the token | checks the parameter's type |
/// | an `impl` or `trait` block | applies to each method that has no attribute of its own; `#[non_block(skip)]` leaves one out; methods that a macro in the block writes are not seen |
/// | an `async fn` | makes every poll of its body a section: see [`future`](crate#features); it needs the feature `async` |
/// | a function that returns `impl Future`, or `Pin<Box<dyn Future>>` and ends in `Box::pin(...)` | opens a section as on any function, and makes every poll of the future one |
/// | `unsafe extern "C" { ... }` | makes each foreign function private, and gives its name to a function that calls it in a section |
///
/// The values that the body binds, and its temporaries, are dropped in the section too. So are the temporaries of its last
/// expression. In reports, the section begins at the function. If the function is `#[track_caller]`, it begins at the caller.
/// The documentation of the function gets a line, after its summary, that tells what the function is.
///
/// # Arguments
///
/// * a name, to which the token is bound in the body: `#[non_block(nb)]`;
/// * `skip`, on a method of an annotated block: `#[non_block(skip)]`;
/// * `crate = path`, if this crate has another name: `#[non_block(crate = my_reexports::nonblock)]`. If `Cargo.toml`
///   renames this crate, the error without the argument is "cannot find `nonblock` in the crate root". Then
///   `extern crate new_name as nonblock;` in the root of your crate spares the argument everywhere.
///
/// # Which parameter is the token
///
/// The type decides, as for [`macro@may_sleep`]. On a function with a body, the type of the token may have another name. Then
/// the parameter must have a usual name of a token (`cx`, `nb`, `ctx`, `context`, `token`, `sleepable`) or no name, or its type
/// must have a lifetime. Every other parameter, and one under a `#[cfg]`, is only checked not to be a `Sleepable`, and the
/// body is a section of its own.
/// The check looks at mutable references, at tuples, arrays and slices of them, and at the receivers `&mut self` and `self`.
///
/// A `Sleepable` must not come in, nor a `Context` that may be one. To serve both contexts, leave the attribute out, and open a
/// section in the body: `cx.non_block(|nb| ...)`.
///
/// The compiler cannot see every `Sleepable` that comes in. The counters find one that comes in
///
/// * in a struct, a closure, a `dyn Trait` or a type parameter;
/// * by another name in a generic type, such as `Option<&mut Alias>`;
/// * by an alias of a tuple or an array, or by an alias whose lifetime is not written;
/// * in a receiver such as `self: Box<Self>`.
///
/// A type of another crate that is called `Sleepable`, or a trait of another crate that is called `Context`, is no token, and may
/// come in. The name decides only where no code can ask for the type: in a declared method, on an `async fn`, inside another type as in
/// `Option<&mut Sleepable>`, for `_: &mut impl Context`, and beside a token that the attribute binds.
///
/// # Context
///
/// Does not sleep. A function that takes the token can be called only in a section. Any other function can be called anywhere.
///
/// # Errors
///
/// Does not compile on an `async fn` that takes or binds a token, which it would keep across its awaits. Does not compile on a function
/// that returns a boxed future and does not end in `Box::pin(...)`, or that returns a future by `return`. Does not compile on
/// a `const fn`, or on a declared method that takes no token: it has no body to run in a section. On a single foreign function
/// it does not compile either: put it on the block. And it does not compile on anything that is no function. For a closure
/// there is `cx.non_block(|nb| ...)`.
///
/// # Panics
///
/// If a function that takes the token is entered outside sections all the same, it reports
/// [`NotInNonBlock`](crate::ViolationKind::NotInNonBlock), which panics under the default [`Policy`](crate::Policy). No panic
/// leaves an `extern "C"` function, so such a function aborts after the report.
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
/// A call that may sleep does not compile in it:
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

/// Makes a function a test. It fails if a rule was broken in it, whatever the policy.
///
/// The body runs in [`testing::run`](crate::testing::run). The test may take one token, which is lent to it:
/// `cx: &mut Sleepable`, `nb: &mut NonBlock` or `nb: &NonBlock`. It may return the types that any test may. Beside it,
/// `#[should_panic]`, `#[ignore]`, [`macro@may_sleep`] and [`macro@non_block`] work as always.
///
/// Under `#[should_panic]`, a test in which a rule was broken writes the reports and ends without a panic, and so fails. This
/// attribute does not see a panic that another one expects, in a `#[cfg_attr]`, of a `#[case]`, or as `#[test_case(1 => panics)]`:
/// there, the panic of a violation counts as the expected one.
///
/// # Arguments
///
/// * A name, as `#[nonblock::test(cx)]`: the body has a token of that name, `cx: &mut Sleepable`. It is for tests whose parameters
///   another attribute fills, such as `#[test_case]` or `#[rstest]`. Write `#[nonblock::test(cx)]` before such an attribute.
/// * `watch = "trap"`, or several layers as in `watch = "trap,schedule"`: the watch is on while the test runs, for its own
///   thread. What it finds fails the test, as every violation does. So a test finds what sleeps in a section without saying
///   so. The layers are `schedule`, `trap` and `alloc`. It needs the feature `watch`, and Linux. A layer with a value, such as
///   `budget`, is set in the body, by `nonblock::watch::Watch::builder()`.
/// * `crate = path`, if this crate has another name.
///
/// # Context
///
/// The test may sleep. But if it takes a `NonBlock`, it runs in a section.
///
/// # Errors
///
/// Does not compile on an `async fn`, a `const fn`, an `unsafe fn`, a method, a function with type parameters, a function that is
/// a test already, or one that takes anything but one token. Does not compile with `watch = "..."` if that names no layer, or, in
/// a build of the tests, where there is no watch: off Linux, or without the feature `watch`.
///
/// After `use nonblock::*`, a plain `#[test]` is ambiguous (E0659), since it may be this attribute. Import what you use by name, or
/// write `use core::prelude::v1::test;` beside the glob.
///
/// # Panics
///
/// The test panics after it has run, unless it has `#[should_panic]`, if there was a violation that no
/// [`expect_violation`](crate::testing::expect_violation) took. A violation on a thread that belongs to no test, such as one of
/// `std::thread`, counts in every test that runs: see [`testing::run`](crate::testing::run).
///
/// If a layer of `watch = "..."` cannot be had, the test fails before its body runs, and says why. With `#[should_panic]` it does
/// so without a panic. So it is on a kernel that lacks the layer, and for `alloc` where the program's allocator is not the watch's.
///
/// It panics too if the harness runs it a second time, as after a
/// `#[test]` that stands before this attribute. With a single thread for all tests, that is not seen.
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
///
/// #[nonblock::test(cx)]
/// fn waits_too() {
///     nonblock::thread::sleep(cx, std::time::Duration::from_millis(1));
/// }
///
/// // Fails if `process` makes a system call that may block, in whatever library.
/// # #[cfg(all(feature = "watch", target_os = "linux"))]
/// #[nonblock::test(watch = "trap")]
/// fn processes_without_a_wait() {
///     let mut block = [0.5f32; 64];
///     nonblock::non_block(|_nb| process(&mut block));
/// }
/// # fn process(_block: &mut [f32]) {}
/// ```
#[cfg(feature = "std")]
pub use nonblock_macros::test;
