//! The policies by name: what can be done with a violation.

use core::error::Error;
use core::fmt;
use core::str::FromStr;

use super::array_string::ArrayString;

/// The environment variable that names the policy.
const VARIABLE: &str = "NONBLOCK";

/// What is done with a violation that no test expects and no handler takes.
///
/// It is [`Panic`](Policy::Panic) unless the environment variable `NONBLOCK` (`panic`, `warn`, `abort` or
/// `ignore`) or [`set_policy`](crate::set_policy) says otherwise; the code's word goes over the variable's. Whatever the policy,
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
        match std::env::var_os(VARIABLE) {
            None => Ok(None),
            Some(value) if value.is_empty() => Ok(None),
            // What is not Unicode is no policy's name either.
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
    found: ArrayString,
    in_environment: bool,
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
