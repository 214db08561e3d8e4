//! The policy and the handler of the program: what happens when a violation is found.

use crate::backend::{ActiveBackend, Backend as _};
use crate::primitive::{AtomicPtr, AtomicU8, Ordering};
use crate::violation::{Policy, Violation};

/// What a program can do with a violation in place of the policy.
///
/// It is called for every violation, for repeated ones too: [`Violation::occurrence`] tells which one it is. What sleeps
/// within a root that was reported has the same cause, and is counted only. The handler runs on the thread that broke the rule,
/// and nothing is allocated before. The sections of the thread are suspended meanwhile, so the handler may sleep. But the section
/// may hold a spin lock, and a thread that waits for the lock then waits for the handler too.
///
/// If a handler panics, the panic unwinds through the call that broke the rule. On a thread that is unwinding already, it
/// ends the program, as any second panic does.
pub type Handler = fn(&Violation);

/// Stands for no policy.
const UNSET: u8 = u8::MAX;

/// The policy that code set.
static POLICY: AtomicU8 = AtomicU8::new(UNSET);
/// The policy that holds until code sets one, once the backend was asked for it.
static INITIAL: AtomicU8 = AtomicU8::new(UNSET);
static HANDLER: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// Returns the policy that holds for the program.
///
/// # Context
///
/// May be called anywhere.
///
/// # Examples
///
/// ```
/// nonblock::set_policy(nonblock::Policy::Abort);
/// assert_eq!(nonblock::policy(), nonblock::Policy::Abort);
/// ```
pub fn policy() -> Policy {
    if let Some(policy) = load(&POLICY).or_else(|| load(&INITIAL)) {
        return policy;
    }
    let initial = ActiveBackend::initial_policy();
    INITIAL.store(initial as u8, Ordering::Relaxed);
    // If another thread has called `set_policy` meanwhile, its policy holds.
    load(&POLICY).unwrap_or(initial)
}

fn load(policy: &AtomicU8) -> Option<Policy> {
    let code = policy.load(Ordering::Relaxed);
    Policy::ALL.into_iter().find(|policy| *policy as u8 == code)
}

/// Sets the policy of the program. It holds in place of what the environment variable `NONBLOCK` says.
///
/// # Context
///
/// May be called anywhere. It holds for every thread, from the next violation on.
///
/// # Examples
///
/// ```
/// use nonblock::{Policy, ViolationKind};
///
/// nonblock::set_policy(Policy::Ignore);
/// nonblock::raw::non_block_end(); // counted, and nothing else
/// # if nonblock::CHECKS {
/// assert_eq!(nonblock::stats().count(ViolationKind::UnbalancedEnd), 1);
/// # }
/// ```
pub fn set_policy(policy: Policy) {
    POLICY.store(policy as u8, Ordering::Relaxed);
}

/// Sets the function that is called in place of the policy, or removes it.
///
/// # Context
///
/// May be called anywhere. It holds for every thread, from the next violation on.
///
/// # Examples
///
/// ```
/// fn log(violation: &nonblock::Violation) {
///     eprintln!("{violation}");
/// }
///
/// nonblock::set_handler(Some(log));
/// nonblock::set_handler(None);
/// ```
pub fn set_handler(handler: Option<Handler>) {
    let pointer = handler.map_or(core::ptr::null_mut(), |handler| handler as *mut ());
    HANDLER.store(pointer, Ordering::Release);
}

pub(super) fn handler() -> Option<Handler> {
    let pointer = HANDLER.load(Ordering::Acquire);
    // SAFETY: an `Option<fn>` is null or the pointer to the function, and `set_handler` stores nothing else.
    unsafe { core::mem::transmute::<*mut (), Option<Handler>>(pointer) }
}
