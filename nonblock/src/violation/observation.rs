//! What the watch saw of a violation.

use core::fmt;
use core::time::Duration;
use std::string::String;
use std::vec::Vec;

/// What the watch saw: a system call, an allocation, a sleep, or a section that was too long.
///
/// Returned by [`Violation::observation`](super::Violation::observation).
///
/// # Context
///
/// A plain value: everything on it may be called anywhere. It owns memory, so drop it where memory may be released.
///
/// # Examples
///
/// ```no_run
/// fn handler(violation: &nonblock::Violation) {
///     if let Some(observation) = violation.observation() {
///         eprintln!("{} by {:?}", observation.found(), observation.user_frame());
///     }
/// }
/// nonblock::set_handler(Some(handler));
/// ```
#[derive(Clone, Debug)]
pub struct Observation {
    pub(crate) found: String,
    pub(crate) system_call: Option<&'static str>,
    pub(crate) slept: bool,
    pub(crate) took: Duration,
    pub(crate) frames: Vec<Frame>,
    pub(crate) user_frame: Option<usize>,
    /// The same for all that come of one fault of the program.
    pub(crate) fault: u64,
}

impl Observation {
    /// Returns what was found, as the report says it.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// Returns the name of the system call, if it was one.
    #[must_use]
    pub const fn system_call(&self) -> Option<&'static str> {
        self.system_call
    }

    /// Returns whether the thread really slept, by the kernel's own count.
    #[must_use]
    pub const fn slept(&self) -> bool {
        self.slept
    }

    /// Returns how long the system call took, or the section that was too long. It is zero where nothing was measured.
    #[must_use]
    pub const fn took(&self) -> Duration {
        self.took
    }

    /// Returns the chain of calls, the innermost first. It is empty where only the section is known.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns the innermost frame of the program's own code: neither the standard library's, nor a package's of a registry.
    #[must_use]
    pub fn user_frame(&self) -> Option<&Frame> {
        self.frames.get(self.user_frame?)
    }

    /// Writes the chain of calls, if there is one. What lies around the program's own calls, such as a runtime, is left out if it is long.
    pub(super) fn write_frames(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.frames.is_empty() {
            return Ok(());
        }
        f.write_str("\ncalls, the innermost first:")?;
        let mut at = 0;
        for frames in self.frames.chunk_by(|one, next| one.is_own == next.is_own) {
            let is_around = at > self.user_frame.unwrap_or(usize::MAX) && !frames[0].is_own;
            if is_around && frames.len() > MOST_AROUND {
                write!(f, "\n   …  {} calls of other code", frames.len())?;
            } else {
                for (at, frame) in (at..).zip(frames) {
                    write!(f, "\n{at:4}: {frame}")?;
                }
            }
            at += frames.len();
        }
        Ok(())
    }
}

/// How many calls of other code are written in a row where the program's own calls lie within them.
const MOST_AROUND: usize = 3;

/// One function in a chain of calls.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere. It owns memory, so drop it where memory may be released.
///
/// # Examples
///
/// See [`Observation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub(crate) address: usize,
    pub(crate) function: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    /// Whether it is the program's own code.
    pub(crate) is_own: bool,
}

impl Frame {
    /// Returns the address of the instruction.
    #[must_use]
    pub const fn address(&self) -> usize {
        self.address
    }

    /// Returns the function's name, if the program has symbols.
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Returns the source file, if the program has debug information.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// Returns the line in the source file.
    #[must_use]
    pub const fn line(&self) -> Option<u32> {
        self.line
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Some(function) => f.write_str(function)?,
            None => write!(f, "{:#x}", self.address)?,
        }
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "\n             at {file}:{line}"),
            (Some(file), None) => write!(f, "\n             at {file}"),
            (None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::fmt;
    use core::time::Duration;
    use std::borrow::ToOwned as _;
    use std::string::{String, ToString as _};
    use std::vec::Vec;

    use super::{Frame, Observation};

    struct Calls(Observation);

    impl fmt::Display for Calls {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.write_frames(f)
        }
    }

    /// What is written of a chain: in capitals the program's own functions.
    fn written(functions: &str) -> String {
        let frame = |name: &str| Frame {
            address: 1,
            function: Some(name.to_owned()),
            file: None,
            line: None,
            is_own: name.chars().all(char::is_uppercase),
        };
        let frames: Vec<_> = functions.split(' ').map(frame).collect();
        let user_frame = frames.iter().position(|frame| frame.is_own);
        Calls(Observation {
            found: String::new(),
            system_call: None,
            slept: false,
            took: Duration::ZERO,
            frames,
            user_frame,
            fault: 0,
        })
        .to_string()
    }

    #[test]
    fn a_runtime_around_the_programs_calls_is_left_out() {
        assert_eq!(
            written("libc std HANDLER pin SERVE poll run worker thread MAIN start"),
            "\ncalls, the innermost first:\n   0: libc\n   1: std\n   2: HANDLER\n   3: pin\n   4: SERVE\n   \
             …  4 calls of other code\n   9: MAIN\n  10: start"
        );
    }

    #[test]
    fn what_the_program_called_is_written_to_its_end() {
        let text = written("a b c d e OWN");
        // The first line is empty.
        assert_eq!(text.lines().count(), 8, "{text}");
        // Whose code it is may not be known.
        let text = written("a b c d e f");
        assert_eq!(text.lines().count(), 8, "{text}");
    }
}
