//! The environment variable `NONBLOCK`.

use std::format;

use super::policy::{ParsePolicyError, Policy};

const VARIABLE: &str = "NONBLOCK";

/// Reads the variable; unset or empty, it says nothing.
pub(super) fn policy() -> Result<Option<Policy>, ParsePolicyError> {
    match std::env::var_os(VARIABLE) {
        None => Ok(None),
        Some(value) if value.is_empty() => Ok(None),
        // What is not Unicode is no policy's name either.
        Some(value) => value.to_string_lossy().parse().map(Some),
    }
}

/// Reads the variable; where it cannot be read, says so and falls back on the strictest that goes on.
pub(crate) fn policy_or_default(write: fn(&str)) -> Policy {
    match policy() {
        Ok(policy) => policy.unwrap_or(Policy::Panic),
        Err(error) => {
            let value = std::env::var_os(VARIABLE).unwrap_or_default();
            write(&format!(
                "nonblock: the environment variable {VARIABLE} is `{}`: {error}; using `{}`\n",
                value.to_string_lossy(),
                Policy::Panic,
            ));
            Policy::Panic
        }
    }
}
