//! What happens when a violation is found.

use core::error::Error;
use core::fmt;
use core::str::FromStr;
use core::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

use super::Violation;
use super::text::Text;
use crate::backend::{Backend as _, Chosen};

/// The environment variable that names the policy.
pub(super) const VARIABLE: &str = "NONBLOCK";

/// What is done with a violation that no test expects and no handler takes.
///
/// It is [`Panic`](Policy::Panic) unless the environment variable `NONBLOCK` (`panic`, `warn`, `abort` or
/// `ignore`) or [`set_policy`] says otherwise; the code's word goes over the variable's. Whatever the policy,
/// violations are counted in [`stats`](crate::stats).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use nonblock::Policy;
///
/// assert_eq!("warn".parse(), Ok(Policy::Warn));
/// nonblock::set_policy(Policy::Warn);
/// assert_eq!(nonblock::policy().to_string(), "warn");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// Panic with the report. On a thread that is panicking already: write it, as `Warn` does. In a call from C, which
    /// no panic may pass: as `Abort`. In a destructor of a thread's locals every panic ends the program, this one too.
    Panic,
    /// Write the report with a call trace, once for every site, and go on.
    ///
    /// With the feature `std` the trace is that of [`std::backtrace`], which has a lock: a global allocator that breaks a rule
    /// while its thread makes another such trace waits for itself.
    Warn,
    /// Write the report with a call trace, as `Warn` does, and abort the program.
    Abort,
    /// Only count.
    Ignore,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::Panic, Self::Warn, Self::Abort, Self::Ignore];

    /// Returns the policy's name, as `NONBLOCK` takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Warn => "warn",
            Self::Abort => "abort",
            Self::Ignore => "ignore",
        }
    }

    /// Reads the policy from the environment variable `NONBLOCK`.
    ///
    /// Programs that want to refuse a misspelt value at their start call this; otherwise it is named at the
    /// first violation, and [`Policy::Panic`] holds.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Errors
    ///
    /// If the variable is set to something that is no policy. Unset or empty, it is `Ok(None)`.
    ///
    /// # Examples
    ///
    /// ```
    /// # if std::env::var_os("NONBLOCK").is_none() {
    /// assert_eq!(nonblock::Policy::from_env(), Ok(None));
    /// # }
    /// ```
    #[cfg(feature = "std")]
    pub fn from_env() -> Result<Option<Self>, ParsePolicyError> {
        super::environment::policy()
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Policy {
    type Err = ParsePolicyError;

    fn from_str(text: &str) -> Result<Self, ParsePolicyError> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or_else(|| ParsePolicyError { found: Text::new(text), in_environment: false })
    }
}

/// The text is not the name of a [`Policy`].
///
/// It names what was found, of a long text the first 48 bytes.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// let error = "wran".parse::<nonblock::Policy>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`wran` is no policy: expected one of `panic`, `warn`, `abort`, `ignore`",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsePolicyError {
    found: Text,
    in_environment: bool,
}

impl ParsePolicyError {
    /// The same, found in the variable.
    #[cfg(feature = "std")]
    pub(super) const fn in_environment(self) -> Self {
        Self { in_environment: true, ..self }
    }
}

impl fmt::Display for ParsePolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found.as_str();
        if self.in_environment {
            write!(f, "the environment variable {VARIABLE} is `{found}`")?;
        } else {
            write!(f, "`{found}` is no policy")?;
        }
        f.write_str(": expected one of `panic`, `warn`, `abort`, `ignore`")
    }
}

impl Error for ParsePolicyError {}

/// What a program can do with a violation in place of the policy.
///
/// It is called for every violation, repeated ones too ([`Violation::occurrence`] tells), on the thread that
/// broke the rule, whose sections are put aside meanwhile. So it may sleep; but the section may hold a
/// spin lock, and whoever waits for that waits for the handler too.
///
/// A handler that panics unwinds through the call that broke the rule. On a thread that is unwinding already, it ends the
/// program, as any second panic does.
pub type Handler = fn(&Violation);

/// No policy was set: the backend's initial one holds.
const UNSET: u8 = u8::MAX;

static POLICY: AtomicU8 = AtomicU8::new(UNSET);
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
    let code = POLICY.load(Ordering::Relaxed);
    if let Some(policy) = Policy::ALL.into_iter().find(|policy| *policy as u8 == code) {
        return policy;
    }
    let initial = Chosen::initial_policy();
    // Another thread's `set_policy` in between goes over the initial one.
    match POLICY.compare_exchange(UNSET, initial as u8, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => initial,
        Err(code) => {
            Policy::ALL.into_iter().find(|policy| *policy as u8 == code).unwrap_or(initial)
        }
    }
}

/// Sets the policy for the program, over what `NONBLOCK` says.
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

/// Sets, or takes away, the function that is called in place of the policy.
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
    // SAFETY: `Option<fn>` is null or the function's pointer, and `set_handler` stores nothing else.
    unsafe { core::mem::transmute::<*mut (), Option<Handler>>(pointer) }
}
