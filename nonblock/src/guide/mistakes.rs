//! What is refused by the compiler, and which step of [`moving_over`](super::moving_over) finds which mistake.
//!
//! # Which step finds which mistake
//!
//! "run" means: found when the code runs, in a build with checks on. "compiler" means: found in every build, on every path.
//!
//! | mistake | start | 1 | 2 | 3 | 4 |
//! |---|---|---|---|---|---|
//! | the callback sleeps, on a path that a test runs | | run | run | compiler | compiler |
//! | the callback sleeps, on a path that no test runs | | | | compiler | compiler |
//! | another function that a section calls sleeps | | run | run | run | compiler |
//! | somebody adds a call of a function that sleeps | | run | compiler | compiler | compiler |
//! | the callback refuses a caller that may sleep | | | | compiler | compiler |
//! | the caller of a section ignores a refusal | | | | a warning | a warning |
//! | an outer token used in a section | | | compiler | compiler | compiler |
//! | an outer token used in a closure that is passed to a section | | | run | run | run |
//! | a function that binds its token, called in a section | | | run | run | run |
//! | a root inside a section | | run | run | run | run |
//! | a call of something that sleeps and does not say so | | | | | [clippy](super::recipes::finding#clippy-finds-what-says-nothing) |
//!
//! # What the compiler's words mean
//!
//! | rustc says | write |
//! |---|---|
//! | expected `&mut Sleepable`, found `&mut NonBlock` | in a section nothing waits: try, refuse, or [put the work off](super::recipes::instead#put-work-off) |
//! | expected `&mut Sleepable`, found `&mut C` | `lock.acquire(cx)?` in place of `lock.lock(cx)`; for anything else `cx.or_refuse()?` in place of `cx` |
//! | expected associated type `<C as Context>::Refusal`, found `WouldBlock`; help: consider constraining the associated type to `WouldBlock` | do not follow the help: `Refusal = WouldBlock` would keep out every caller that may sleep. Write `acquire(cx)?` or `cx.or_refuse()?`, which refuse only in a section |
//! | types differ in mutability: expected `&mut NonBlock`, found `&NonBlock` | `nb: &mut NonBlock` as the parameter of your function: a shared token cannot become an exclusive one |
//! | `?` operator has incompatible types, at `Err(cx.or_refuse()?)`; help: constraining `Refusal` to `&mut Sleepable` | do not follow the help. `cx.or_refuse()?;` as a statement returns the refusal by itself |
//! | expected `&NonBlock`, found `&mut Sleepable` or `&mut C`, at `queue.push(cx, item)` | `queue.push_from(cx, item)`, which waits for room if it may |
//! | cannot borrow `*nb` as mutable because it is also borrowed as immutable, at a call in `for sink in sinks.lock(nb).iter()` | `let mut guard = sinks.lock(nb); let (sinks, nb) = guard.parts();`, or `sinks.with(nb, \|sinks, nb\| ...)`: the guard keeps the token borrowed, and both lend one beside the value |
//! | the trait `From<<C as Context>::Refusal>` is not implemented for `std::io::Error`, at `acquire(cx)?`; help: consider introducing a `where` clause | do not follow the help: it would keep out every caller that may sleep. Write `acquire(cx).or_would_block()?`: see [`OrWouldBlock`](crate::OrWouldBlock) |
//! | the trait `From<WouldBlock>` is not implemented for `<C as Context>::Refusal`, at `acquire(nb)?` in a closure of `with`; help: further restricting the associated type | do not follow the help: it would keep out every caller that may sleep. Take that lock before the section: `let table = table.acquire(cx)?;`, then `with` |
//! | `*cx` is borrowed, or needs unique access, in a closure | use the section's own token: `cx.non_block(\|nb\| ...)` lends `nb` |
//! | no method named `non_block` found for a future | the feature `async` or `tokio`, and `use nonblock::future::NonBlockExt as _;` |
//! | a token cannot be kept across an `.await`; an `async fn` cannot take a token | `#[non_block]` alone; between two awaits `nonblock::non_block(\|nb\| ...)` lends a token to a closure |
//! | future cannot be sent between threads safely, `Sleepable` is not `Send` | give what sleeps to a thread that may: `nonblock::tokio::spawn_blocking(\|cx\| ...).await` |
//! | a root's closure captures a token | open the section by the token, not by a root: `cx.non_block(...)` |
//!
//! Mistakes that no step finds are in [`blind_spots`](super::blind_spots).
//!
//! # What the compiler refuses
//!
//! Waiting in a section:
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
//! Waiting without a token, anywhere:
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
//! Waiting in a callback for both contexts, without asking:
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
//! Refusing a caller that may sleep. rustc proposes to constrain `Refusal` to `WouldBlock`, which does not help: see the
//! table above. (It happened to Linux, when mmu notifiers learnt to refuse. The guide of `nonblock-mm` tells the story.)
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
//! Making an error of what `or_refuse` returns, which is the right to sleep:
//!
//! ```compile_fail,E0308
//! # use nonblock::Context;
//! fn invalidate<C: Context>(busy: bool, cx: &mut C) -> Result<(), C::Refusal> {
//!     if busy {
//!         return Err(cx.or_refuse()?); // write `cx.or_refuse()?;`
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Passing on a shared token where an exclusive one is wanted:
//!
//! ```compile_fail,E0308
//! # use nonblock::NonBlock;
//! # fn play(_nb: &mut NonBlock) {}
//! fn process(nb: &NonBlock) {
//!     play(nb); // types differ in mutability: write `nb: &mut NonBlock`
//! }
//! ```
//!
//! Lending the token while a spin lock's guard borrows it:
//!
//! ```compile_fail,E0502
//! # use nonblock::NonBlock;
//! # use nonblock::sync::SpinLock;
//! # fn play(_sink: &u32, _nb: &mut NonBlock) {}
//! fn process(sinks: &SpinLock<Vec<u32>>, nb: &mut NonBlock) {
//!     for sink in sinks.lock(nb).iter() {
//!         play(sink, nb); // write `sinks.with(nb, |sinks, nb| ...)`
//!     }
//! }
//! ```
//!
//! Refusing from a section that the callback opened itself:
//!
//! ```compile_fail,E0277
//! # use nonblock::Context;
//! # use nonblock::sync::{Mutex, SpinLock};
//! fn invalidate<C: Context>(
//!     under_way: &SpinLock<u32>,
//!     table: &Mutex<u32>,
//!     cx: &mut C,
//! ) -> Result<(), C::Refusal> {
//!     under_way.with(cx, |under_way, nb| {
//!         *under_way += *table.acquire(nb)?; // take `table` before, by `acquire(cx)?`
//!         Ok(())
//!     })
//! }
//! ```
//!
//! Using an earlier token in a section:
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
//! Opening a root around an earlier token:
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
//! The folder `ui/` of the repository has more of them, each with the compiler's words.
