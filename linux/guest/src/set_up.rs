//! What is done before the first play: the file systems, and the settings.

use std::fs;

use rustix::mount::{MountFlags, mount};

use crate::Outcome;

/// What the kernel's command line asks of the guest.
#[derive(Debug)]
pub(crate) struct Settings {
    /// How long the play `pressure` lasts.
    pub(crate) seconds: u64,
    /// The plays that are wanted. Empty: all.
    only: Vec<String>,
}

impl Settings {
    /// Reads the kernel's command line.
    pub(crate) fn read() -> Result<Self, String> {
        let line = fs::read_to_string("/proc/cmdline").map_err(|error| error.to_string())?;
        Ok(Self::parse(&line))
    }

    fn parse(line: &str) -> Self {
        let value = |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name));
        let seconds = value("nonblock.seconds=").and_then(|text| text.parse().ok());
        let only = value("nonblock.only=").into_iter().flat_map(|list| list.split(','));
        Self { seconds: seconds.unwrap_or(60), only: only.map(str::to_owned).collect() }
    }

    /// Says whether a play is wanted.
    pub(crate) fn wants(&self, play: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == play)
    }
}

/// Mounts what programs expect.
pub(crate) fn mount_all() -> Outcome {
    let all = [
        ("devtmpfs", "/dev"),
        ("proc", "/proc"),
        ("sysfs", "/sys"),
        ("debugfs", "/sys/kernel/debug"),
        ("tmpfs", "/tmp"),
    ];
    for (kind, folder) in all {
        mount(kind, folder, kind, MountFlags::empty(), None)
            .map_err(|error| format!("cannot mount {kind}: {error}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn settings_are_words_of_the_command_line() {
        let settings =
            Settings::parse("console=ttyS0 nonblock.seconds=7 nonblock.only=oom,mirror\n");
        assert_eq!(settings.seconds, 7);
        assert!(settings.wants("oom") && settings.wants("mirror") && !settings.wants("pressure"));
        let none = Settings::parse("console=ttyS0\n");
        assert!(none.seconds == 60 && none.wants("pressure"));
    }
}
