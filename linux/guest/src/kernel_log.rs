//! The kernel's log, in which the guest's lines stand in order with the kernel's own.

use std::fs::{File, OpenOptions};
use std::io::Write as _;

/// What each of the guest's lines begins with.
const MARK: &str = "nonblock-play:";

/// The kernel's log, and the play that is under way.
#[derive(Debug)]
pub(crate) struct KernelLog {
    file: File,
    play: &'static str,
}

impl KernelLog {
    /// Opens the log. The kernel takes each write as one line.
    pub(crate) fn open() -> Result<Self, String> {
        let file = OpenOptions::new().write(true).open("/dev/kmsg");
        let file = file.map_err(|error| format!("cannot open /dev/kmsg: {error}"))?;
        Ok(Self { file, play: "" })
    }

    fn write(&mut self, line: &str) {
        // There is nowhere to say that it failed. The row that misses the line does.
        let _ = self.file.write_all(line.as_bytes());
    }

    /// Marks where a play begins.
    pub(crate) fn begin(&mut self, play: &'static str) {
        self.play = play;
        self.write(&format!("{MARK} begin {play}\n"));
    }

    /// Marks where the play ends.
    pub(crate) fn end(&mut self) {
        self.write(&format!("{MARK} end {}\n", self.play));
    }

    /// Marks the end of all.
    pub(crate) fn done(&mut self) {
        self.write(&format!("{MARK} done\n"));
    }

    /// Notes `key=value key=value` of the play.
    pub(crate) fn note(&mut self, text: &str) {
        self.write(&format!("{MARK} {} {}\n", self.play, text.replace('\n', " ")));
    }
}
