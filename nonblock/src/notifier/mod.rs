//! Notifier chains: callbacks that are told of events, in the order of their priorities.
//!
//! An [`AtomicChain`] calls its callbacks in a section, whatever the context of its caller, and lends them `&mut NonBlock`. A
//! [`BlockingChain`] is called by code that may sleep, and lends its callbacks `&mut Sleepable`. A callback answers with an
//! [`Answer`]: go on, stop here, or stop because of an error.
//!
//! Callbacks run under no lock. While a call is under way, its callbacks and other threads may register and remove callbacks.
//! The call goes on with the callbacks that were there when it began.
//!
//! # From Linux
//!
//! Mirrors `include/linux/notifier.h` and `kernel/notifier.c` (6.12).
//!
//! | Linux | here |
//! |---|---|
//! | `atomic_notifier_call_chain()`: under RCU | [`AtomicChain::call`]: no lock, nothing allocated, nothing freed |
//! | `blocking_notifier_call_chain()`: under a read-write semaphore, so a callback that registers another waits for itself | [`BlockingChain::call`]: under no lock, as `srcu_notifier_call_chain()` |
//! | `NOTIFY_DONE`, `NOTIFY_OK` | [`Answer::Continue`] |
//! | `NOTIFY_STOP` | [`Answer::Stop`] |
//! | `NOTIFY_BAD`, `notifier_from_errno()` | [`Answer::Bad`], with the error |
//! | `NOTIFY_STOP_MASK`, `notifier_to_errno()` | any answer but [`Answer::Continue`]; [`Outcome::into_result`] |
//! | `notifier_call_chain_robust()` undoes after `NOTIFY_STOP` as well, which is no error; a stop while it undoes ends the undoing | [`call_robust`](AtomicChain::call_robust) undoes only after an error, for every callback that was called before |
//! | a callback registered twice: `WARN` and `-EEXIST` | [`AlreadyRegistered`] |
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use nonblock::NonBlock;
//! use nonblock::notifier::{Answer, AtomicChain};
//!
//! enum Power { Low, Fails }
//!
//! let chain = AtomicChain::<Power>::new();
//! let saved = Arc::new(AtomicU32::new(0));
//! nonblock::sleepable(|cx| {
//!     let counter = Arc::clone(&saved);
//!     let save = move |event: &Power, _nb: &mut NonBlock| {
//!         counter.fetch_add(1, Ordering::Relaxed);
//!         match event {
//!             Power::Low => Answer::Continue,
//!             Power::Fails => Answer::Stop,
//!         }
//!     };
//!     let registration = chain.register(Arc::new(save), 10, cx).unwrap();
//!     let look = |_: &Power, _: &mut NonBlock| Answer::Continue;
//!     let _last = chain.register(Arc::new(look), 0, cx);
//!
//!     assert_eq!(chain.call(&Power::Low, cx).called(), 2);
//!     assert_eq!(cx.non_block(|nb| chain.call(&Power::Fails, nb).called()), 1);
//!     registration.unregister(cx);
//!     assert_eq!(chain.call(&Power::Fails, cx).called(), 1);
//! });
//! assert_eq!(saved.load(Ordering::Relaxed), 2);
//! ```

mod answer;
mod atomic;
mod blocking;
mod chain;
mod registration;

pub use answer::{Answer, Outcome};
pub use atomic::{AtomicChain, AtomicNotifier};
pub use blocking::{BlockingChain, BlockingNotifier};
pub use registration::{AlreadyRegistered, Registration};
