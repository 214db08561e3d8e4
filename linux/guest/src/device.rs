//! The devices, as a program uses them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::system_calls::ioctl;
use crate::uapi::{self, counter};

/// The driver.
pub(crate) const DMIRROR: &str = "/dev/dmirror";
/// The twin that sleeps.
pub(crate) const UNTYPED: &str = "/dev/untyped";
/// The driver in C.
pub(crate) const PLAIN: &str = "/dev/plain";

/// A command of the twin only: which fault its callbacks make.
const SLEEP: u32 = (3 << 30) | (8 << 16) | ((uapi::KIND as u32) << 8) | 0xa;

/// An open file of one of them.
#[derive(Debug)]
pub(crate) struct Device(OwnedFd);

/// What a read through the device found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) value: u64,
    pub(crate) is_there: bool,
}

impl Device {
    /// Opens a device. It serves the memory of this process from then on.
    pub(crate) fn open(path: &str) -> Result<Self, String> {
        let file: io::Result<File> = OpenOptions::new().read(true).write(true).open(path);
        Ok(Self(file.map_err(|error| format!("cannot open {path}: {error}"))?.into()))
    }

    /// Takes an open file of another process's.
    pub(crate) fn from_fd(file: OwnedFd) -> Self {
        Self(file)
    }

    pub(crate) fn mirror(&self, start: usize, len: usize) -> Result<(), String> {
        named("MIRROR", ioctl(&self.0, uapi::MIRROR, &mut [start as u64, len as u64]))
    }

    pub(crate) fn unmirror(&self) -> Result<(), String> {
        named("UNMIRROR", ioctl(&self.0, uapi::UNMIRROR, &mut [0]))
    }

    pub(crate) fn watch(&self, flags: u64) -> Result<(), String> {
        named("WATCH", ioctl(&self.0, uapi::WATCH, &mut [flags]))
    }

    pub(crate) fn sleep(&self, fault: u64) -> Result<(), String> {
        named("SLEEP", ioctl(&self.0, SLEEP, &mut [fault]))
    }

    /// Makes a translation. Returns the attempts that it took.
    pub(crate) fn fault(&self, address: usize) -> io::Result<u64> {
        let mut words = [address as u64, 0, 0];
        ioctl(&self.0, uapi::FAULT, &mut words)?;
        Ok(words[1])
    }

    /// Says whether the device has a translation.
    pub(crate) fn has(&self, address: usize) -> Result<bool, String> {
        let mut words = [address as u64, 0];
        named("LOOKUP", ioctl(&self.0, uapi::LOOKUP, &mut words))?;
        Ok(words[0] == 1)
    }

    pub(crate) fn read(&self, address: usize) -> Result<Found, String> {
        let mut words = [address as u64, 0, 0];
        named("READ", ioctl(&self.0, uapi::READ, &mut words))?;
        Ok(Found { value: words[0], is_there: words[1] == 1 })
    }

    /// Holds the device's table for a time, asleep in the kernel: no signal ends it.
    pub(crate) fn job(&self, milliseconds: u64) -> Result<(), String> {
        named("JOB", ioctl(&self.0, uapi::JOB, &mut [milliseconds]))
    }

    pub(crate) fn counters(&self) -> Result<[u64; counter::WORDS], String> {
        let mut words = [0; counter::WORDS];
        named("COUNTERS", ioctl(&self.0, uapi::COUNTERS, &mut words))?;
        Ok(words)
    }

    pub(crate) fn selftest(&self, which: u64) -> Result<[u64; 8], String> {
        let mut words = [which, 0, 0, 0, 0, 0, 0, 0];
        named("SELFTEST", ioctl(&self.0, uapi::SELFTEST, &mut words))?;
        Ok(words)
    }
}

impl AsFd for Device {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn named(command: &str, done: io::Result<()>) -> Result<(), String> {
    done.map_err(|error| format!("{command}: {error}"))
}

/// The counters of `dmirror` as notes.
pub(crate) fn notes(counters: &[u64; counter::WORDS]) -> String {
    let names = [
        "interval_calls",
        "interval_section_calls",
        "list_calls",
        "list_section_calls",
        "refusals",
        "pages_dropped",
        "depth_in_interval_section",
        "depth_in_list_section",
        "work_pushed",
        "work_done",
        "work_lost",
        "retries",
        "faults",
        "releases",
        "sleepable_calls",
    ];
    let notes = names.iter().zip(counters).map(|(name, value)| format!("{name}={value}"));
    notes.collect::<Vec<_>>().join(" ")
}
