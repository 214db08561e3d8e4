//! What is refused by the compiler, and which step of [`moving_over`](super::moving_over) finds which mistake.
//!
//! # Which step finds which mistake
//!
//! "run" is found when it runs, in a build with checks on; "compiler" is found in every build, on every path.
//!
//! | mistake | start | 1 | 2 | 3 | 4 |
//! |---|---|---|---|---|---|
//! | the callback sleeps, on a path that a test runs | | run | run | compiler | compiler |
//! | the callback sleeps, on a path that no test runs | | | | compiler | compiler |
//! | another function that a section calls sleeps | | run | run | run | compiler |
//! | a new call of what sleeps, by somebody who does not know | | run | compiler | compiler | compiler |
//! | the callback refuses a caller that may sleep | | | | compiler | compiler |
//! | a section's caller does not look whether it was refused | | | | a warning | a warning |
//! | an outer token used in a section | | | compiler | compiler | compiler |
//! | an outer token used in a closure that a section is handed | | | run | run | run |
//! | a function that binds its token, called in a section | | | run | run | run |
//! | a root inside a section | | run | run | run | run |
//! | what sleeps and says so in no way | | | | | clippy's list |
//!
//! # What the compiler's words mean
//!
//! | rustc says | write |
//! |---|---|
//! | expected `&mut Sleepable`, found `&mut NonBlock` | in a section nothing waits: try, refuse, or [put the work off](super::recipes::instead#put-work-off) |
//! | expected `&mut Sleepable`, found `&mut C` | `lock.acquire(cx)?` in place of `lock.lock(cx)`; for anything else `cx.or_refuse()?` in place of `cx` |
//! | expected associated type `<C as Context>::Refusal`, found `WouldBlock`; help: consider constraining the associated type to `WouldBlock` | not that: `Refusal = WouldBlock` would keep out every caller that may sleep. Ask for what may refuse with `?`: `acquire(cx)?`, `cx.or_refuse()?` |
//! | `*cx` is borrowed, or needs unique access, in a closure | the section's own token: `cx.non_block(\|nb\| ...)` lends `nb` |
//! | a root's closure captures a token | the token in place of the root: `cx.non_block(...)` |
//!
//! What no step finds is in [`blind_spots`](super::blind_spots).
//!
//! # What the compiler refuses
//!
//! Waiting in the reaper:
//!
//! ```compile_fail,E0308
//! # use nonblock::{NonBlock, Sleepable};
//! # struct Fence;
//! # impl Fence { fn wait(&self, cx: &mut Sleepable) {} }
//! fn reap(fence: &Fence, nb: &mut NonBlock) {
//!     fence.wait(nb); // expected `&mut Sleepable`, found `&mut NonBlock`
//! }
//! ```
//!
//! Waiting without a token, from wherever:
//!
//! ```compile_fail,E0061
//! # use nonblock::Sleepable;
//! # struct Fence;
//! # impl Fence { fn wait(&self, cx: &mut Sleepable) {} }
//! fn helper(fence: &Fence) {
//!     fence.wait(); // argument #1 of type `&mut Sleepable` is missing
//! }
//! ```
//!
//! Waiting in the callback for both, without asking:
//!
//! ```compile_fail,E0308
//! # use nonblock::{Context, Sleepable};
//! # struct Fence;
//! # impl Fence { fn wait(&self, cx: &mut Sleepable) {} }
//! fn invalidate<C: Context>(fence: &Fence, cx: &mut C) -> Result<(), C::Refusal> {
//!     fence.wait(cx); // expected `&mut Sleepable`, found `&mut C`: write `cx.or_refuse()?`
//!     Ok(())
//! }
//! ```
//!
//! Refusing a caller that may sleep. It happened to Linux: the commit 93065ac753e4 ("mm, oom: distinguish blockable mode for
//! mmu notifiers"), which brought the question whether a caller may block, let `gntdev`'s callback answer `-EAGAIN` to
//! all of them (`mn_invl_range_start()`, `drivers/xen/gntdev.c`); a later one mended it.
//! `ui/drivers/gntdev_refuses_whoever_calls.rs` makes that mistake in the driver of `drivers/gntdev/`. rustc proposes to
//! constrain `Refusal` to `WouldBlock`, which is no remedy: see the table above.
//!
//! ```compile_fail,E0308
//! # use nonblock::{Context, WouldBlock};
//! fn invalidate<C: Context>(busy: bool, cx: &mut C) -> Result<(), C::Refusal> {
//!     if busy {
//!         return Err(WouldBlock); // expected `C::Refusal`
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Using the token of before in a section:
//!
//! ```compile_fail,E0500
//! # use nonblock::Sleepable;
//! # struct Fence;
//! # impl Fence { fn wait(&self, cx: &mut Sleepable) {} }
//! fn tries(fence: &Fence, cx: &mut Sleepable) {
//!     cx.non_block(|_nb| fence.wait(cx)); // `*cx` is already borrowed
//! }
//! ```
//!
//! Opening a root around it instead:
//!
//! ```compile_fail,E0277
//! # use nonblock::Sleepable;
//! # struct Fence;
//! # impl Fence { fn wait(&self, cx: &mut Sleepable) {} }
//! fn tries(fence: &Fence, cx: &mut Sleepable) {
//!     nonblock::non_block(|_nb| fence.wait(cx)); // a root's closure captures a token
//! }
//! ```
//!
//! Keeping a token for later:
//!
//! ```compile_fail,E0521
//! # use nonblock::Sleepable;
//! struct Card<'a> {
//!     cx: Option<&'a mut Sleepable>,
//! }
//!
//! fn open(card: &mut Card<'_>) {
//!     nonblock::raw::sleepable(|cx| card.cx = Some(cx)); // borrowed data escapes
//! }
//! ```
//!
//! More of them, each with the compiler's words, are in the folder `ui/` of the repository.
