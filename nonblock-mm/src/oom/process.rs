//! A victim that is another process.

use std::fs;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::process::Child;

use rustix::io::Errno;
use rustix::param::page_size;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use nonblock::thread;
use nonblock::{Sleepable, might_sleep};

use super::config::{INTERVAL, TRIES};
use super::process_error::{Call, ProcessError};

const OPEN: Call = Call { name: "pidfd_open", since: "5.3" };
const SIGNAL: Call = Call { name: "pidfd_send_signal", since: "5.1" };
const RELEASE: Call = Call { name: "process_mrelease", since: "5.15" };
const STATM: Call = Call { name: "reading /proc/PID/statm", since: "2.6" };

/// Another process. Once it is killed, its memory can be taken before it has ended, and even if it cannot end.
///
/// The process is held by a descriptor, so it is never confused with a later process of the same identifier. The kernel takes
/// the memory: `process_mrelease()` (`mm/oom_kill.c`, 6.12) runs the code of the kernel's OOM reaper on the caller's thread,
/// and that calls the kernel's drivers in its sections.
///
/// # Context
///
/// Every method that may sleep takes `&mut Sleepable`. Killing does not sleep, and neither does dropping.
///
/// # Examples
///
/// ```
/// use std::process::{Command, Stdio};
/// use nonblock_mm::oom::{Process, ProcessError};
///
/// let mut child = Command::new("cat").stdin(Stdio::piped()).spawn()?;
/// nonblock::sleepable(|cx| {
///     let process = Process::of_child(&child, cx)?;
///     assert_eq!(process.release(cx), Err(ProcessError::NotDying { pid: child.id() }));
///
///     let reclaimed = process.reclaim(cx)?;
///     println!("took {} bytes of {}", reclaimed.bytes(), reclaimed.resident_before);
///     child.wait()?;
///     assert_eq!(process.kill(), Err(ProcessError::NoSuchProcess { pid: child.id() }));
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Process {
    pidfd: OwnedFd,
    pid: u32,
}

/// The result of reclaiming a process's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reclaimed {
    /// How many bytes were resident before the kill.
    pub resident_before: usize,
    /// How many bytes were resident after the last try; 0 if the process had ended by then.
    pub resident_after: usize,
    /// How many tries were made.
    pub attempts: u32,
    /// Whether the process gave its memory back by itself, before it could be taken.
    pub by_itself: bool,
}

impl Reclaimed {
    /// Returns how many bytes fewer are resident than before.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn bytes(&self) -> usize {
        self.resident_before.saturating_sub(self.resident_after)
    }
}

impl Process {
    /// Opens a process by its identifier.
    ///
    /// By now, the identifier may belong to another process, unless the process is a child that has not been waited for: see
    /// [`of_child`](Process::of_child).
    ///
    /// # Context
    ///
    /// May sleep, as the kernel allocates the descriptor.
    ///
    /// # Errors
    ///
    /// [`ProcessError`], which says what was expected.
    #[track_caller]
    pub fn open(pid: u32, cx: &mut Sleepable) -> Result<Self, ProcessError> {
        let _ = cx;
        might_sleep();
        let number = i32::try_from(pid).ok().filter(|number| *number > 0).and_then(Pid::from_raw);
        let number = number.ok_or(ProcessError::NoSuchProcess { pid })?;
        match pidfd_open(number, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Self { pidfd, pid }),
            // The kernel returns this for a thread that is not the first of its process.
            Err(Errno::INVAL) => Err(ProcessError::NoSuchProcess { pid }),
            Err(errno) => Err(OPEN.failed(pid, &errno.into())),
        }
    }

    /// Opens a child, which keeps its identifier until it is waited for.
    ///
    /// # Context
    ///
    /// May sleep, as [`open`](Process::open).
    ///
    /// # Errors
    ///
    /// As [`open`](Process::open).
    #[track_caller]
    pub fn of_child(child: &Child, cx: &mut Sleepable) -> Result<Self, ProcessError> {
        Self::open(child.id(), cx)
    }

    /// Returns the process's identifier.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns how many bytes of the process are resident, as the kernel tells it in `/proc/PID/statm`.
    ///
    /// If the first thread has ended, another thread's file is read. The result is 0 for a process that has ended, or that has
    /// given its memory back and is about to end.
    ///
    /// # Context
    ///
    /// May sleep, as it reads files.
    ///
    /// # Errors
    ///
    /// If the process has been waited for, or the kernel does not tell it.
    #[track_caller]
    pub fn resident(&self, cx: &mut Sleepable) -> Result<usize, ProcessError> {
        let _ = cx;
        might_sleep();
        let own = self.pages_of(&format!("/proc/{}/statm", self.pid))?;
        // If the first thread has ended, the process keeps its memory as long as another thread runs.
        let pages = if own == 0 { self.pages_of_any_thread()? } else { own };
        // If the process has been waited for meanwhile, these pages may belong to another process. Then the descriptor no
        // longer has this identifier.
        let about = format!("/proc/self/fdinfo/{}", self.pidfd.as_raw_fd());
        let about = fs::read_to_string(about).map_err(|error| STATM.failed(self.pid, &error))?;
        let pid = about.lines().find_map(|line| line.strip_prefix("Pid:")).unwrap_or_default();
        if pid.trim() != format!("{}", self.pid) {
            return Err(ProcessError::NoSuchProcess { pid: self.pid });
        }
        pages.checked_mul(page_size()).ok_or_else(|| self.malformed())
    }

    /// Reads how many pages are resident from a thread's `statm`.
    fn pages_of(&self, statm: &str) -> Result<usize, ProcessError> {
        let told = fs::read_to_string(statm).map_err(|error| STATM.failed(self.pid, &error))?;
        let pages = told.split_whitespace().nth(1).and_then(|pages| pages.parse().ok());
        pages.ok_or_else(|| self.malformed())
    }

    /// Reads how many pages are resident from a thread that still has the memory.
    fn pages_of_any_thread(&self) -> Result<usize, ProcessError> {
        let failed = |error| STATM.failed(self.pid, &error);
        let mut most = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.pid)).map_err(failed)? {
            let statm = thread.map_err(failed)?.path().join("statm");
            // A thread that has ended meanwhile has no file.
            most = most.max(statm.to_str().and_then(|path| self.pages_of(path).ok()).unwrap_or(0));
        }
        Ok(most)
    }

    /// Makes the error for a file that is not what the kernel documents.
    fn malformed(&self) -> ProcessError {
        let errno = Errno::PROTO.raw_os_error();
        ProcessError::Other { pid: self.pid, call: STATM.name, errno }
    }

    /// Kills the process by `SIGKILL`. It ends some time later, and keeps its memory until then.
    ///
    /// # Context
    ///
    /// Does not sleep.
    ///
    /// # Errors
    ///
    /// [`ProcessError`], if the process has been waited for, or killing it is not permitted.
    pub fn kill(&self) -> Result<(), ProcessError> {
        pidfd_send_signal(&self.pidfd, Signal::KILL)
            .map_err(|errno| SIGNAL.failed(self.pid, &errno.into()))
    }

    /// Tries once to take the memory of the process, which must have been killed.
    ///
    /// # Context
    ///
    /// May sleep: the kernel waits for the process's `mmap_lock`.
    ///
    /// # Errors
    ///
    /// [`NotDying`](ProcessError::NotDying) if the process has not been killed. [`NoSuchProcess`](ProcessError::NoSuchProcess)
    /// if it has given its memory back by itself. [`Held`](ProcessError::Held) if a driver in the kernel refused.
    #[track_caller]
    pub fn release(&self, cx: &mut Sleepable) -> Result<(), ProcessError> {
        let _ = cx;
        might_sleep();
        let pid = self.pid;
        process_mrelease(self.pidfd.as_fd()).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::INVAL) => ProcessError::NotDying { pid },
            Some(Errno::AGAIN) => ProcessError::Held { pid, attempts: 1 },
            _ => RELEASE.failed(pid, &error),
        })
    }

    /// Kills the process and takes its memory: with [`TRIES`] tries, [`INTERVAL`] apart, as the kernel's reaper does.
    ///
    /// The process is not waited for: its parent still has to do that. This succeeds too if the process gives its memory back
    /// by itself.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// [`ProcessError`]. After [`Held`](ProcessError::Held) or [`TooOld`](ProcessError::TooOld), the process has been
    /// killed all the same.
    #[track_caller]
    pub fn reclaim(&self, cx: &mut Sleepable) -> Result<Reclaimed, ProcessError> {
        let resident_before = self.resident(cx)?;
        self.kill()?;
        let mut attempts = 1;
        let by_itself = loop {
            match self.release(cx) {
                Ok(()) => break false,
                Err(ProcessError::NoSuchProcess { .. }) => break true,
                Err(ProcessError::Held { pid, .. }) if attempts == TRIES => {
                    return Err(ProcessError::Held { pid, attempts });
                }
                Err(ProcessError::Held { .. }) => {
                    attempts += 1;
                    thread::sleep(cx, INTERVAL);
                }
                Err(other) => return Err(other),
            }
        };
        // A process that has been waited for by now has no memory.
        let resident_after = match self.resident(cx) {
            Err(ProcessError::NoSuchProcess { .. }) => 0,
            other => other?,
        };
        Ok(Reclaimed { resident_before, resident_after, attempts, by_itself })
    }
}

/// Takes the memory of a process that is dying. Mirrors Linux's `process_mrelease()` (`mm/oom_kill.c`, 6.12), since 5.15.
///
/// May sleep.
fn process_mrelease(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    const NO_FLAGS: libc::c_uint = 0;
    // SAFETY: the descriptor is open as long as it is borrowed. The kernel takes memory only from a process that is being
    // killed together with all processes that share its memory, so never from this process while it runs.
    let result = unsafe { libc::syscall(libc::SYS_process_mrelease, pidfd.as_raw_fd(), NO_FLAGS) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
