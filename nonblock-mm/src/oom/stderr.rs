//! Reports on standard error, for errors that no watcher is told of.

use core::fmt;

/// Writes a line to standard error in one call.
///
/// Does not take the lock of the standard library: its holder may wait for memory.
pub(super) fn write_line(text: &dyn fmt::Display) {
    let text = format!("{text}\n");
    // There is no other place for a report that cannot be written.
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
}
