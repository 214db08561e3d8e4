//! Sections as tracepoints: the static probes of `SystemTap`, which `perf`, `bpftrace` and `gdb` know too.
//!
//! Each is a `nop` in the code, and a note in the program's file that says where it is and where its arguments are. They are
//! `nonblock:section_begin` and `nonblock:section_end`.

use crate::violation::Place;

/// A section begins.
///
/// Arguments of the probe: how many sections are open now; the line where this one begins; the address of the file's name, and
/// how many bytes it has.
#[inline]
pub(super) fn section_begin(depth: u32, place: Place) {
    let file = place.file();
    probe::probe!(nonblock, section_begin, depth, place.line(), file.as_ptr(), file.len());
}

/// A section ends.
///
/// Argument of the probe: how many sections are open now.
#[inline]
pub(super) fn section_end(depth: u32) {
    probe::probe!(nonblock, section_end, depth);
}
