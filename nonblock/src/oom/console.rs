//! Standard error, for what must be told and nobody watches.

use core::fmt;
use std::format;

/// Writes a report to standard error: in one go, and without the lock of std's, whose holder may wait for memory.
pub(super) fn report(text: &dyn fmt::Display) {
    let text = format!("{text}\n");
    // A report that cannot be written has nowhere else to go.
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
}
