//! The killer: a thread that has victims chosen when memory is short, and gives them to the reaper.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::event::{PollFd, PollFlags};

use nonblock::{Place, Sleepable};

use super::event_fd::EventFd;
use super::pressure::{Pressure, Woken, wait_for_any};
use super::pressure_error::PressureError;
use super::reaper::Reaper;
use super::reaping::Reaping;
use super::worker_thread::WorkerThread;
use crate::memory::Mm;
use nonblock::unwind;

/// Why victims are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The kernel reported memory pressure.
    Pressure,
    /// [`Killer::trigger`] was called.
    Manual,
}

/// A thread that waits until memory is short, has victims chosen, and gives them to a [`Reaper`].
///
/// Mirrors Linux's `out_of_memory()` (`mm/oom_kill.c`, 6.12); [`trigger`](Killer::trigger) is its `SysRq-f`
/// (`drivers/tty/sysrq.c`). As in Linux, pressure chooses no new victim while earlier victims are being reaped, but a trigger
/// by hand does. The reaper cannot take a victim that is another process; for that, the closure can call
/// [`Process::reclaim`](super::Process::reclaim) itself.
///
/// # As events of `tracing`
///
/// With the feature `tracing`, these are events of the crate `tracing`, with the target `nonblock_mm::oom`. Field `kind` is a
/// string. The subscriber is called on the killer's thread, outside a section, and its panic does not end the killer.
///
/// | level | `kind` | other fields | what |
/// |---|---|---|---|
/// | `WARN` | `PressureLost` | `error`, displayed | the pressure is no longer watched |
/// | `INFO` | `Chosen` | `cause`, the name of a [`Cause`]; `victims`, unsigned | victims were chosen |
/// | `DEBUG` | `Chosen` | as before, with 0 `victims` | no victim was chosen |
/// | `DEBUG` | `ChoicePanicked` | `cause` | the closure panicked |
///
/// # Context
///
/// The closure that chooses runs on the killer's thread and may sleep. If it panics, no victim is chosen, and the killer goes
/// on. Dropping the killer does not sleep: its thread is told to end, and the reaper keeps the victims.
/// [`shutdown`](Killer::shutdown) waits for the thread.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use nonblock_mm::memory::Mm;
/// use nonblock_mm::oom::{Killer, Reaper};
///
/// let victim = Arc::new(Mm::named("browser"));
/// let reaper = Arc::new(Reaper::builder().spawn()?);
/// let chosen = Arc::clone(&victim);
/// let killer = Killer::manual(Arc::clone(&reaper), move |_cause, _cx| vec![Arc::clone(&chosen)])?;
///
/// nonblock::sleepable(|cx| {
///     let range = victim.map(1 << 20, cx)?;
///     victim.touch(&range, cx)?;
///     killer.trigger();
///     while victim.resident(cx)? > 0 {
///         nonblock::thread::yield_now(cx);
///     }
///     killer.shutdown(cx);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Killer {
    shared: Arc<Shared>,
    /// `None` once it has been joined.
    thread: Option<WorkerThread>,
}

/// What the handle and the thread share.
#[derive(Debug)]
struct Shared {
    event_fd: EventFd,
    closing: AtomicBool,
    /// Why the pressure is no longer watched.
    lost: OnceLock<PressureError>,
}

impl Killer {
    /// Starts a killer that chooses only when it is [triggered](Killer::trigger).
    ///
    /// # Arguments
    ///
    /// * `choose`: returns the victims. Their order does not matter, since the reaper has its own.
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes a thread. It takes no token, like [`thread::spawn`](nonblock::thread::spawn).
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread, or has no more file descriptors.
    #[track_caller]
    pub fn manual<F>(reaper: Arc<Reaper>, choose: F) -> io::Result<Self>
    where
        F: FnMut(Cause, &mut Sleepable) -> Vec<Arc<Mm>> + Send + 'static,
    {
        Self::start(None, reaper, choose, Place::caller())
    }

    /// Starts a killer that chooses when the kernel reports memory pressure, or when it is triggered.
    ///
    /// # Arguments
    ///
    /// * `choose`: as for [`manual`](Killer::manual).
    ///
    /// # Context
    ///
    /// May sleep, since the kernel makes a thread. It takes no token, like [`thread::spawn`](nonblock::thread::spawn).
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread, or has no more file descriptors.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use nonblock_mm::memory::Mm;
    /// use nonblock_mm::oom::{Killer, Pressure, Reaper, Trigger};
    ///
    /// let caches = [Arc::new(Mm::named("thumbnails")), Arc::new(Mm::named("history"))];
    /// let reaper = Arc::new(Reaper::builder().spawn()?);
    /// let choose = move |_cause, cx: &mut nonblock::Sleepable| {
    ///     let largest = caches.iter().max_by_key(|cache| cache.resident(cx).unwrap_or(0));
    ///     largest.cloned().into_iter().collect()
    /// };
    /// let trigger = Trigger::some(Duration::from_millis(150), Duration::from_secs(2))?;
    /// let killer = match nonblock::sleepable(|cx| Pressure::of_system(trigger, cx)) {
    ///     Ok(pressure) => Killer::on_pressure(pressure, reaper, choose)?,
    ///     Err(error) => {
    ///         eprintln!("{error}");
    ///         Killer::manual(reaper, choose)?
    ///     }
    /// };
    /// # nonblock::sleepable(|cx| killer.shutdown(cx));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn on_pressure<F>(pressure: Pressure, reaper: Arc<Reaper>, choose: F) -> io::Result<Self>
    where
        F: FnMut(Cause, &mut Sleepable) -> Vec<Arc<Mm>> + Send + 'static,
    {
        Self::start(Some(pressure), reaper, choose, Place::caller())
    }

    #[track_caller]
    fn start<F>(
        pressure: Option<Pressure>,
        reaper: Arc<Reaper>,
        choose: F,
        place: Place,
    ) -> io::Result<Self>
    where
        F: FnMut(Cause, &mut Sleepable) -> Vec<Arc<Mm>> + Send + 'static,
    {
        let (closing, lost) = (AtomicBool::new(false), OnceLock::new());
        let shared = Arc::new(Shared { event_fd: EventFd::new()?, closing, lost });
        let thread_shared = Arc::clone(&shared);
        let thread = WorkerThread::spawn("oom_killer", move |cx| {
            let mut choose = choose;
            let worker = Worker { pressure, reaper, place, under_way: Vec::new() };
            worker.run(&thread_shared, &mut choose, cx);
            // The captured values may panic in their drops.
            unwind::catch(place, || drop(choose));
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Has victims chosen now, whatever the pressure is. Several calls count as one if the thread has not handled the first.
    ///
    /// # Context
    ///
    /// Does not sleep.
    pub fn trigger(&self) {
        self.shared.event_fd.notify();
    }

    /// Returns why the pressure is no longer watched, if that has happened. The killer has also reported it on standard error,
    /// and can still be triggered by hand.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn lost(&self) -> Option<&PressureError> {
        self.shared.lost.get()
    }

    /// Ends the thread, and waits for it. The reaper keeps the victims that it was given.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Panics
    ///
    /// If called on the killer's own thread, in the closure that chooses: it would wait for itself. The killer then ends, as if
    /// it had been dropped.
    #[track_caller]
    pub fn shutdown(mut self, cx: &mut Sleepable) {
        self.shared.close();
        if let Some(thread) = self.thread.take() {
            assert!(
                !thread.is_own(),
                "the killer's own thread waits for itself: shut the killer down elsewhere"
            );
            thread.join(cx);
        }
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        // As in the drop of a `Reaper`.
        self.thread = None;
        self.shared.close();
    }
}

impl Shared {
    fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.event_fd.notify();
    }
}

/// The state of the killer's thread.
struct Worker {
    pressure: Option<Pressure>,
    reaper: Arc<Reaper>,
    place: Place,
    /// The victims that were chosen before and are still being reaped.
    under_way: Vec<Reaping>,
}

impl Worker {
    fn run<F>(mut self, shared: &Shared, choose: &mut F, cx: &mut Sleepable)
    where
        F: FnMut(Cause, &mut Sleepable) -> Vec<Arc<Mm>>,
    {
        loop {
            let woken = self.wait(shared);
            if shared.closing.load(Ordering::Relaxed) {
                return;
            }
            self.under_way.retain_mut(|reaping| reaping.poll().is_none());
            let cause = if woken.by_hand && shared.event_fd.clear() {
                Cause::Manual
            } else if woken.by_pressure && self.under_way.is_empty() {
                Cause::Pressure
            } else {
                continue;
            };
            let chosen = unwind::catch(self.place, || choose(cause, cx));
            #[cfg(feature = "tracing")]
            unwind::catch(self.place, || {
                let cause = match cause {
                    Cause::Pressure => "Pressure",
                    Cause::Manual => "Manual",
                };
                super::tracing::chosen(cause, chosen.as_ref().map(Vec::len));
            });
            let chosen = chosen.unwrap_or_default();
            self.under_way.extend(chosen.into_iter().map(|victim| self.reaper.reap(victim)));
        }
    }

    /// Waits for the pressure, or for a call of `trigger`. Stops watching a pressure that can no longer be watched.
    fn wait(&mut self, shared: &Shared) -> Woken {
        let error = match &self.pressure {
            None => {
                let mut file = [PollFd::new(&shared.event_fd, PollFlags::IN)];
                // This fails only if the kernel lacks memory. Then it is tried again.
                let by_hand = wait_for_any(&mut file, None).is_ok();
                return Woken { by_pressure: false, by_hand };
            }
            Some(pressure) => match pressure.poll(Some(&shared.event_fd), None) {
                Ok(woken) => return woken,
                Err(error) => error,
            },
        };
        super::write_to_stderr(&format_args!("oom_killer: {error}"));
        #[cfg(feature = "tracing")]
        unwind::catch(self.place, || super::tracing::pressure_lost(&error));
        let _ = shared.lost.set(error);
        self.pressure = None;
        Woken::default()
    }
}
