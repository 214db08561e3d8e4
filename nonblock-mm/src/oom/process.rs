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

/// Another process, whose memory can be taken once it is killed, before it has ended or even if it cannot.
///
/// It is held by a descriptor, so it is never taken for another one that has got its identifier. The memory is
/// taken by the kernel's own reaper: `process_mrelease()` (`mm/oom_kill.c`, 6.12) runs the code of its OOM reaper on the
/// caller's thread, and calls the kernel's drivers in its sections.
///
/// # Context
///
/// What may sleep takes `&mut Sleepable`. Killing does not, and neither does dropping it.
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

/// What came of reclaiming a process's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reclaimed {
    /// How many bytes were resident before the kill.
    pub resident_before: usize,
    /// How many bytes were resident after the last try; 0 if it had ended by then.
    pub resident_after: usize,
    /// How many tries it took.
    pub attempts: u32,
    /// Whether it had given its memory back by itself, before it could be taken.
    pub by_itself: bool,
}

impl Reclaimed {
    /// Returns by how many bytes less is resident than before.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn bytes(&self) -> usize {
        self.resident_before.saturating_sub(self.resident_after)
    }
}

impl Process {
    /// Takes hold of a process by its identifier.
    ///
    /// The identifier may have passed to another process since it was learnt, unless the process is a child that has not been
    /// waited for: see [`of_child`](Process::of_child).
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
            // What the kernel says of a thread that is not its process's first.
            Err(Errno::INVAL) => Err(ProcessError::NoSuchProcess { pid }),
            Err(errno) => Err(OPEN.failed(pid, &errno.into())),
        }
    }

    /// Takes hold of a child, which keeps its identifier until it is waited for.
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

    /// Returns how many bytes of the process are resident, as the kernel tells it in `/proc/PID/statm` (or in that of another
    /// thread, if the first has ended); 0 for a process that has ended, or has given its memory back and is about to.
    ///
    /// # Context
    ///
    /// May sleep, as it reads files.
    ///
    /// # Errors
    ///
    /// If the process has been waited for, or the kernel does not say.
    #[track_caller]
    pub fn resident(&self, cx: &mut Sleepable) -> Result<usize, ProcessError> {
        let _ = cx;
        might_sleep();
        let own = self.pages_of(&format!("/proc/{}/statm", self.pid))?;
        // A process whose first thread has ended has its memory as long as another thread is there.
        let pages = if own == 0 { self.pages_of_any_thread()? } else { own };
        // If the process has been waited for meanwhile, this may have been another one's.
        let about = format!("/proc/self/fdinfo/{}", self.pidfd.as_raw_fd());
        let about = fs::read_to_string(about).map_err(|error| STATM.failed(self.pid, &error))?;
        let pid = about.lines().find_map(|line| line.strip_prefix("Pid:")).unwrap_or_default();
        if pid.trim() != format!("{}", self.pid) {
            return Err(ProcessError::NoSuchProcess { pid: self.pid });
        }
        pages.checked_mul(page_size()).ok_or_else(|| self.strange())
    }

    /// Reads how many pages are resident, as a thread has them.
    fn pages_of(&self, statm: &str) -> Result<usize, ProcessError> {
        let told = fs::read_to_string(statm).map_err(|error| STATM.failed(self.pid, &error))?;
        let pages = told.split_whitespace().nth(1).and_then(|pages| pages.parse().ok());
        pages.ok_or_else(|| self.strange())
    }

    /// Reads how many pages are resident, as that thread has them that has any.
    fn pages_of_any_thread(&self) -> Result<usize, ProcessError> {
        let failed = |error| STATM.failed(self.pid, &error);
        let mut most = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.pid)).map_err(failed)? {
            let statm = thread.map_err(failed)?.path().join("statm");
            // A thread that has ended meanwhile has none.
            most = most.max(statm.to_str().and_then(|path| self.pages_of(path).ok()).unwrap_or(0));
        }
        Ok(most)
    }

    /// The kernel tells something else than it documents.
    fn strange(&self) -> ProcessError {
        let errno = Errno::PROTO.raw_os_error();
        ProcessError::Other { pid: self.pid, call: STATM.name, errno }
    }

    /// Kills the process by `SIGKILL`. It ends when it gets to it, and keeps its memory until then.
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
    /// [`NotDying`](ProcessError::NotDying) if it has not been killed; [`NoSuchProcess`](ProcessError::NoSuchProcess) if it
    /// has given its memory back by itself; [`Held`](ProcessError::Held) if a driver in the kernel refused.
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

    /// Kills the process and takes its memory: with [`TRIES`] tries, [`INTERVAL`] apart, as the kernel's reaper.
    ///
    /// The process is not waited for: a parent still has to. It counts as done too if the process gives its memory
    /// back by itself.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// [`ProcessError`]. After [`Held`](ProcessError::Held) or [`TooOld`](ProcessError::TooOld) the process has been killed all
    /// the same.
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
        // Who has been waited for by now has nothing.
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
    // SAFETY: the descriptor is open as long as it is borrowed. The kernel takes memory from a process only that is being
    // killed, with all that share its memory, so never from this one while it runs.
    let result = unsafe { libc::syscall(libc::SYS_process_mrelease, pidfd.as_raw_fd(), NO_FLAGS) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
