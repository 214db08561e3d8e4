//! What tests do otherwise under miri.

use std::panic;

/// Has panics reported in a line each, under miri: a panic while another unwinds is reported with a backtrace else, which
/// takes minutes there.
///
/// # Context
///
/// May be called anywhere, as often as one likes.
pub fn report_panics_briefly() {
    if cfg!(miri) {
        panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    }
}
