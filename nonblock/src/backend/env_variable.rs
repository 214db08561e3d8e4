//! The environment variable `NONBLOCK`, which is read once.

use std::format;
use std::sync::OnceLock;

use super::stderr::write_unlocked;
use crate::violation::{ParsePolicyError, Policy};

static VARIABLE: OnceLock<Result<Option<Policy>, ParsePolicyError>> = OnceLock::new();

/// Returns the policy that the variable names, or the default one.
pub(super) fn policy() -> Policy {
    read().unwrap_or(None).unwrap_or(Policy::Panic)
}

/// Reads the variable if it was not read yet, and names a value that is no policy.
///
/// The roots call it, so such a value is named when the program starts to use the library, and not only at a violation.
#[inline]
pub(crate) fn check() {
    if VARIABLE.get().is_none() {
        let _ = read();
    }
}

/// Returns what is wrong with the variable, if it was read. It neither locks nor allocates.
pub(crate) fn error() -> Option<ParsePolicyError> {
    VARIABLE.get().and_then(|variable| variable.err())
}

#[cold]
fn read() -> Result<Option<Policy>, ParsePolicyError> {
    if let Some(variable) = VARIABLE.get() {
        return *variable;
    }
    // It is not read within the initialization of `VARIABLE`: to read it allocates, and the allocator itself may break a
    // rule, and come here again.
    let variable = Policy::from_env();
    if VARIABLE.set(variable).is_ok()
        && let Err(error) = variable
    {
        write_unlocked(&format!("nonblock: {error}; using `{}`\n", Policy::Panic));
    }
    variable
}
