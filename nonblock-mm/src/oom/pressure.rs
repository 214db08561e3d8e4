//! Memory pressure, as the kernel reports it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use nonblock::raw::might_sleep_in_drop;
use nonblock::{Sleepable, might_sleep};

use super::event_fd::EventFd;
use super::pressure_error::PressureError;
use super::trigger::Trigger;

/// The file in which the kernel tells the memory pressure of the whole machine.
pub const SYSTEM: &str = "/proc/pressure/memory";

/// How a pressure file begins.
const PREFIX: &[u8] = b"some avg10=";

/// In seconds: a process without `CAP_SYS_RESOURCE` may only use windows that are a multiple of this.
const UNPRIVILEGED_WINDOW: u64 = 2;

/// Memory pressure of the machine or of a cgroup, watched by a trigger that is registered with the kernel.
///
/// The kernel measures it by pressure stall information (`Documentation/accounting/psi.rst`, 6.12): how long tasks waited for
/// memory. Dropping this removes the trigger.
///
/// # Context
///
/// Registering and waiting may sleep, and take `&mut Sleepable`. Dropping may sleep too: the kernel waits until the trigger is
/// no longer in use. A drop takes no token, so a drop in a section is found at run time only.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use nonblock_mm::oom::{Pressure, Trigger};
///
/// let trigger = Trigger::some(Duration::from_millis(150), Duration::from_secs(2))?;
/// nonblock::sleepable(|cx| match Pressure::of_system(trigger, cx) {
///     Ok(pressure) => {
///         let told = pressure.wait_timeout(cx, Duration::from_millis(1)).expect("it stays");
///         println!("{}", if told { "memory is short" } else { "all is well" });
///     }
///     // Says whether the kernel lacks it, or this process the right to watch it, and what to do.
///     Err(error) => eprintln!("{error}"),
/// });
/// # Ok::<(), nonblock_mm::oom::TriggerError>(())
/// ```
#[derive(Debug)]
pub struct Pressure {
    file: File,
    path: PathBuf,
    trigger: Trigger,
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Woken {
    pub(super) by_pressure: bool,
    pub(super) by_hand: bool,
}

impl Pressure {
    /// Watches the pressure of the whole machine: [`SYSTEM`].
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// [`PressureError`], which says what is missing and what to do.
    #[track_caller]
    pub fn of_system(trigger: Trigger, cx: &mut Sleepable) -> Result<Self, PressureError> {
        let _ = cx;
        might_sleep();
        Self::register(PathBuf::from(SYSTEM), trigger, |path| PressureError::Absent { path })
    }

    /// Watches the pressure of a cgroup: of the tasks in it and in the cgroups below it.
    ///
    /// # Arguments
    ///
    /// * `directory`: the directory of a cgroup of version 2, such as `/sys/fs/cgroup/system.slice`.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// [`PressureError`], which says what is missing and what to do.
    #[track_caller]
    pub fn of_cgroup(
        directory: impl AsRef<Path>,
        trigger: Trigger,
        cx: &mut Sleepable,
    ) -> Result<Self, PressureError> {
        let _ = cx;
        might_sleep();
        let directory = directory.as_ref();
        let absent = |_file| PressureError::NoCgroup { path: directory.into() };
        Self::register(directory.join("memory.pressure"), trigger, absent)
    }

    /// Watches the pressure that a file tells, wherever that is mounted.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// [`PressureError`], which says what is missing and what to do. Nothing is written to a file that does not tell
    /// pressure.
    #[track_caller]
    pub fn of_file(
        path: impl AsRef<Path>,
        trigger: Trigger,
        cx: &mut Sleepable,
    ) -> Result<Self, PressureError> {
        let _ = cx;
        might_sleep();
        Self::register(path.as_ref().into(), trigger, |path| PressureError::Absent { path })
    }

    fn register(
        path: PathBuf,
        trigger: Trigger,
        absent: impl FnOnce(PathBuf) -> PressureError,
    ) -> Result<Self, PressureError> {
        // If it is another kind of file, such as a pipe, this does not wait for the other end.
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK);
        let file = match options.open(&path).map_err(|error| errno(&error)) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::NOTDIR) => return Err(absent(path)),
            Err(other) => return Err(PressureError::new(path, other)),
        };
        let mut prefix = [0; PREFIX.len()];
        match rustix::io::read(&file, &mut prefix) {
            Ok(_) if prefix == PREFIX => {}
            Ok(_) => return Err(PressureError::NotPressure { path }),
            Err(errno) => return Err(PressureError::new(path, errno)),
        }
        // The kernel expects a zero byte at the end, and the whole text in one call.
        let text = format!("{trigger}\0");
        match rustix::io::write(&file, text.as_bytes()) {
            Ok(_) => Ok(Self { file, path, trigger }),
            Err(Errno::INVAL) if !is_unprivileged(trigger.window()) => {
                Err(PressureError::Window { path, trigger })
            }
            Err(errno) => Err(PressureError::new(path, errno)),
        }
    }

    /// Returns the trigger that is registered with the kernel.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Returns the file that tells of the pressure.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until tasks stall as long as the trigger requires. The kernel reports that at most once per window.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// [`PressureError::Gone`] if the cgroup is removed.
    #[track_caller]
    pub fn wait(&self, cx: &mut Sleepable) -> Result<(), PressureError> {
        let _ = cx;
        might_sleep();
        self.poll(None, None).map(drop)
    }

    /// As [`wait`](Pressure::wait), but waits no longer than `timeout`. Returns whether tasks stalled that long.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// As [`wait`](Pressure::wait).
    #[track_caller]
    #[must_use = "the time may have run out"]
    pub fn wait_timeout(
        &self,
        cx: &mut Sleepable,
        timeout: Duration,
    ) -> Result<bool, PressureError> {
        let _ = cx;
        might_sleep();
        // A deadline beyond the range of the clock is never reached.
        let deadline = Instant::now().checked_add(timeout);
        self.poll(None, deadline).map(|woken| woken.by_pressure)
    }

    /// Waits for the pressure, or for the eventfd.
    pub(super) fn poll(
        &self,
        event_fd: Option<&EventFd>,
        deadline: Option<Instant>,
    ) -> Result<Woken, PressureError> {
        let failed = |errno| PressureError::new(self.path.clone(), errno);
        let pressure = PollFd::new(&self.file, PollFlags::PRI);
        // Without an eventfd there is no second file to poll.
        let second = event_fd.map(|event_fd| PollFd::new(event_fd, PollFlags::IN));
        let mut both = [pressure.clone(), second.clone().unwrap_or(pressure)];
        let polled = if second.is_some() { &mut both[..] } else { &mut both[..1] };
        wait_for_any(polled, deadline).map_err(failed)?;
        let revents = polled[0].revents();
        if revents.intersects(PollFlags::ERR | PollFlags::NVAL) {
            return Err(PressureError::Gone { path: self.path.clone() });
        }
        let by_hand = second.is_some() && !polled[1].revents().is_empty();
        Ok(Woken { by_pressure: revents.contains(PollFlags::PRI), by_hand })
    }
}

impl Drop for Pressure {
    fn drop(&mut self) {
        // The kernel waits (`synchronize_rcu()`) when the file is closed.
        might_sleep_in_drop();
    }
}

/// Waits until one of the files is ready. Signals do not end the wait.
pub(super) fn wait_for_any(
    files: &mut [PollFd<'_>],
    deadline: Option<Instant>,
) -> Result<(), Errno> {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let left = left.map(|left| Timespec::try_from(left).unwrap_or(LONGEST));
        match poll(files, left.as_ref()) {
            Err(Errno::INTR) => {}
            other => return other.map(drop),
        }
    }
}

/// The time-out for deadlines beyond the range of a `Timespec`.
const LONGEST: Timespec = Timespec { tv_sec: i64::MAX >> 1, tv_nsec: 0 };

/// Returns whether the kernel accepts a window from unprivileged processes too.
fn is_unprivileged(window: Duration) -> bool {
    window.subsec_nanos() == 0 && window.as_secs().is_multiple_of(UNPRIVILEGED_WINDOW)
}

fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
