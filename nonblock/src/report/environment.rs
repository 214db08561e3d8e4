//! The environment variable `NONBLOCK`.

use std::format;

use super::policy::{ParsePolicyError, Policy, VARIABLE};

/// Reads the variable; unset or empty, it says nothing.
pub(super) fn policy() -> Result<Option<Policy>, ParsePolicyError> {
    match std::env::var_os(VARIABLE) {
        None => Ok(None),
        Some(value) if value.is_empty() => Ok(None),
        // What is not Unicode is no policy's name either.
        Some(value) => match value.to_string_lossy().parse::<Policy>() {
            Ok(policy) => Ok(Some(policy)),
            Err(error) => Err(error.in_environment()),
        },
    }
}

/// Reads the variable; where it cannot be read, says so and falls back on the strictest that goes on.
pub(crate) fn policy_or_default(write: fn(&str)) -> Policy {
    match policy() {
        Ok(policy) => policy.unwrap_or(Policy::Panic),
        Err(error) => {
            write(&format!("nonblock: {error}; using `{}`\n", Policy::Panic));
            Policy::Panic
        }
    }
}
