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
use super::sharers::Sharers;

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
/// # As events of `tracing`
///
/// With the feature `tracing`, [`reclaim`](Process::reclaim) makes these events of the crate `tracing`, with the target
/// `nonblock_mm::oom`. Fields `kind` and `pid` are in each. The subscriber is called on the thread that reclaims, outside a
/// section, and its panic does not end the reclaiming.
///
/// | level | `kind` | other fields | what |
/// |---|---|---|---|
/// | `WARN` | `ReclaimFailed` | `error`, displayed | the memory was not taken |
/// | `INFO` | `ReclaimBegan` | `resident`, in bytes | the process is about to be killed |
/// | `INFO` | `ReclaimDone` | the fields of [`Reclaimed`], by their names | the memory was taken |
/// | `DEBUG` | `ReclaimHeld` | `attempt` | a driver in the kernel refused in a try |
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
    /// How many processes were killed: the process itself, and those that shared its memory.
    pub killed: usize,
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
        // If the process has been waited for meanwhile, these pages may belong to another process.
        self.check_identifier()?;
        pages.checked_mul(page_size()).ok_or_else(|| self.malformed())
    }

    /// Returns an error if the process has been waited for. Then the descriptor no longer has the identifier, which may belong
    /// to another process.
    fn check_identifier(&self) -> Result<(), ProcessError> {
        let about = format!("/proc/self/fdinfo/{}", self.pidfd.as_raw_fd());
        let about = fs::read_to_string(about).map_err(|error| STATM.failed(self.pid, &error))?;
        let pid = about.lines().find_map(|line| line.strip_prefix("Pid:")).unwrap_or_default();
        if pid.trim() != format!("{}", self.pid) {
            return Err(ProcessError::NoSuchProcess { pid: self.pid });
        }
        Ok(())
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
    /// Every process that shares the memory is killed too, as by Linux's OOM killer: a process in `vfork()` and its child, or
    /// processes made by `clone()` with `CLONE_VM`. The memory would stay as long as one of them lives. They are found by
    /// `kcmp()`, as far as this process may look at them. The first process of the system is spared.
    ///
    /// The process is not waited for: its parent still has to do that. This succeeds too if the process gives its memory back
    /// by itself.
    ///
    /// # Context
    ///
    /// May sleep. It looks at all processes of the system.
    ///
    /// # Errors
    ///
    /// [`ProcessError`]. After [`Oneself`](ProcessError::Oneself), nothing was killed. After [`Held`](ProcessError::Held),
    /// [`Shared`](ProcessError::Shared) or [`TooOld`](ProcessError::TooOld), the process has been killed all the same.
    #[track_caller]
    pub fn reclaim(&self, cx: &mut Sleepable) -> Result<Reclaimed, ProcessError> {
        let outcome = self.kill_and_release(cx);
        #[cfg(feature = "tracing")]
        self.emit(|pid| match &outcome {
            Ok(Reclaimed { resident_before, resident_after, attempts, by_itself, killed }) => {
                let resident = (*resident_before, *resident_after);
                super::tracing::reclaim_done(pid, resident, *attempts, *by_itself, *killed);
            }
            Err(error) => super::tracing::reclaim_failed(pid, error),
        });
        outcome
    }

    /// Gives an event to the subscriber of `tracing`, and stops its panic.
    #[cfg(feature = "tracing")]
    #[track_caller]
    fn emit(&self, event: impl FnOnce(u32)) {
        nonblock::unwind::catch(nonblock::Place::caller(), || event(self.pid));
    }

    #[track_caller]
    fn kill_and_release(&self, cx: &mut Sleepable) -> Result<Reclaimed, ProcessError> {
        let pid = self.pid;
        let resident_before = self.resident(cx)?;
        // They are looked for before the kill: the process may give up its part of the memory at once, and then nobody could
        // tell who has another part.
        let sharers = Sharers::of(pid);
        self.check_identifier()?;
        if pid == std::process::id() || sharers.include_caller() {
            return Err(ProcessError::Oneself { pid });
        }
        let others = open_all(&sharers, cx);
        #[cfg(feature = "tracing")]
        self.emit(|pid| super::tracing::reclaim_began(pid, resident_before));
        self.kill()?;
        let (mut killed, mut attempts, mut by_itself) = (1, 1, true);
        let mut alive = sharers.pids.iter().copied().find(|pid| Sharers::is_spared(*pid));
        for other in &others {
            match other.kill() {
                Ok(()) => killed += 1,
                // It has ended.
                Err(ProcessError::NoSuchProcess { .. }) => {}
                Err(_) => alive = Some(other.pid),
            }
        }
        if let Some(with) = alive {
            return Err(ProcessError::Shared { pid, with: Some(with) });
        }
        // The kernel takes the memory by any of the processes. One that gave up its part has none to take.
        for process in std::iter::once(self).chain(&others) {
            match process.release_repeatedly(&mut attempts, cx) {
                Ok(()) => by_itself = false,
                Err(ProcessError::NoSuchProcess { .. }) => {}
                Err(ProcessError::Held { .. }) => return Err(ProcessError::Held { pid, attempts }),
                // All processes that were found have been killed.
                Err(ProcessError::NotDying { .. }) => {
                    let with = Sharers::of(process.pid)
                        .pids
                        .into_iter()
                        .find(|with| *with != pid && others.iter().all(|other| other.pid != *with));
                    return Err(ProcessError::Shared { pid, with });
                }
                Err(other) => return Err(other),
            }
        }
        let mut resident_after = 0;
        for process in std::iter::once(self).chain(&others) {
            // A process that has been waited for by now has no memory.
            match process.resident(cx) {
                Err(ProcessError::NoSuchProcess { .. }) => {}
                resident => resident_after = resident_after.max(resident?),
            }
        }
        Ok(Reclaimed { resident_before, resident_after, attempts, by_itself, killed })
    }

    /// Tries to take the memory, again and again while a driver in the kernel refuses.
    ///
    /// # Arguments
    ///
    /// * `attempts`: which try is the first; set to the last.
    #[track_caller]
    fn release_repeatedly(
        &self,
        attempts: &mut u32,
        cx: &mut Sleepable,
    ) -> Result<(), ProcessError> {
        loop {
            match self.release(cx) {
                Err(ProcessError::Held { .. }) if *attempts < TRIES => {
                    #[cfg(feature = "tracing")]
                    self.emit(|pid| super::tracing::reclaim_held(pid, *attempts));
                    *attempts += 1;
                    thread::sleep(cx, INTERVAL);
                }
                outcome => return outcome,
            }
        }
    }
}

/// Opens the processes that share the memory, but for the one that is spared. One that has ended meanwhile is left out.
#[track_caller]
fn open_all(sharers: &Sharers, cx: &mut Sleepable) -> Vec<Process> {
    let pids = sharers.pids.iter().filter(|pid| !Sharers::is_spared(**pid));
    let opened = pids.filter_map(|pid| Process::open(*pid, cx).ok());
    // The identifier may have passed to another process before it was opened.
    opened.filter(|process| sharers.include(process.pid)).collect()
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
