//! Reports on standard error: what must be told, and nobody watches.

use core::fmt;

/// Writes a line to standard error in one go.
///
/// Without the lock of the standard library, whose holder may wait for memory.
pub(super) fn write_line(text: &dyn fmt::Display) {
    let text = format!("{text}\n");
    // A report that cannot be written has nowhere else to go.
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
}
