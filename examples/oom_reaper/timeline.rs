//! The output: a line for each thing that happens, with the time since the start.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// When the first line was written.
static START: OnceLock<Instant> = OnceLock::new();

/// Writes a title for the lines that follow.
pub(crate) fn title(text: &str) {
    println!("\n{text}");
}

/// Writes what a thread does now. Further lines of the text are aligned below the first.
pub(crate) fn line(thread: &str, text: impl fmt::Display) {
    let elapsed = elapsed();
    let text = text.to_string().replace('\n', &format!("\n{:28}", ""));
    println!("{:>9.1} ms  {thread:<12}  {text}", elapsed.as_secs_f64() * 1000.0);
}

/// Returns the time since the start.
pub(crate) fn elapsed() -> Duration {
    START.get_or_init(Instant::now).elapsed()
}

/// A number of bytes, in MiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mib(pub usize);

impl fmt::Display for Mib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (self.0 as u128 * 100 + (1 << 19)) >> 20;
        write!(f, "{}.{:02} MiB", hundredths / 100, hundredths % 100)
    }
}
