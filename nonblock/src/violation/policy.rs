//! The policies: what can be done with a violation.

use core::error::Error;
use core::fmt;
use core::str::FromStr;

use super::array_string::ArrayString;

/// The environment variable that names the policy.
const ENV_VAR: &str = "NONBLOCK";

/// What is done with a violation that no test expects and no handler takes.
///
/// It is [`Panic`](Policy::Panic), unless the environment variable `NONBLOCK` (`panic`, `warn`, `abort` or `ignore`) or
/// [`set_policy`](crate::set_policy) says otherwise. If both do, `set_policy` decides. Whatever the policy, violations are
/// counted in [`stats`](crate::stats).
///
/// The variable is read only with the feature `std`. Without it, the program's [backend](crate::backend) says which policy holds
/// at first. With checks off there are no violations, so neither the variable nor `set_policy` does anything.
///
/// A misspelt `NONBLOCK` is named once on standard error, when the program first calls a root
/// ([`sleepable`](crate::sleepable), `#[may_sleep(cx)]`), starts a thread by `nonblock::thread` or a test by
/// `#[nonblock::test]`, and at the latest at the first violation. [`Panic`](Policy::Panic) holds then, and
/// [`stats`](crate::stats) say so.
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
    /// Panic with the report.
    ///
    /// On a thread that is panicking already, the report is written, as by `Warn`. In a call from C, which no panic may
    /// pass, it is as `Abort`. In a destructor of a thread-local value, every panic ends the program, and so does this one.
    Panic,
    /// Write the report with a call trace, once for every site and section that it is reached from, and go on.
    ///
    /// What allocates in a section has the allocator's place in common, if the allocator makes the check. So the section counts
    /// too, and the call trace leads to the caller. The first 128 such pairs are known to have been written; others are written
    /// each time. Without compare-and-swap, every report is written, unless the feature `portable-atomic` is on.
    ///
    /// With the feature `std` the trace comes from [`std::backtrace`], which takes a lock. If a global allocator breaks a rule
    /// while its thread makes another such trace, it waits for itself.
    Warn,
    /// Write the report with a call trace, as `Warn` does, and abort the program.
    Abort,
    /// Only count.
    ///
    /// Nothing is allocated, and no system call is made, but for the first look at the environment variable.
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
    /// A program calls this at its start to refuse a misspelt value. If it does not, the value is named as [`Policy`] says, and
    /// [`Policy::Panic`] holds.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Errors
    ///
    /// If the variable is set to something that is no policy. If it is unset or empty, returns `Ok(None)`.
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
        match std::env::var_os(ENV_VAR) {
            None => Ok(None),
            Some(value) if value.is_empty() => Ok(None),
            // No policy has a name that is not Unicode, so the lossy text is no policy either.
            Some(value) => match value.to_string_lossy().parse::<Self>() {
                Ok(policy) => Ok(Some(policy)),
                Err(error) => Err(ParsePolicyError { in_environment: true, ..error }),
            },
        }
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
        Self::ALL.into_iter().find(|policy| policy.name() == text).ok_or_else(|| ParsePolicyError {
            found: ArrayString::new(text),
            in_environment: false,
        })
    }
}

/// The text is not the name of a [`Policy`].
///
/// It names what was found. Of a long text, it names the first 48 bytes.
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
    found: ArrayString,
    in_environment: bool,
}

impl fmt::Display for ParsePolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found.as_str();
        if self.in_environment {
            write!(f, "the environment variable {ENV_VAR} is `{found}`")?;
        } else {
            write!(f, "`{found}` is no policy")?;
        }
        f.write_str(": expected one of `panic`, `warn`, `abort`, `ignore`")
    }
}

impl Error for ParsePolicyError {}
