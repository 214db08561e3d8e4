//! The section that an operation runs in, what the kernel counted in it, and the threads that wait until it blocks.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whether the operation has begun.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// What the kernel counted for a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// How often it went to sleep.
    pub(crate) voluntary: i64,
    pub(crate) major_faults: i64,
    pub(crate) minor_faults: i64,
}

impl Counts {
    fn of_this_thread() -> Self {
        let usage = usage_of_this_thread();
        Self {
            voluntary: usage.ru_nvcsw,
            major_faults: usage.ru_majflt,
            minor_faults: usage.ru_minflt,
        }
    }

    fn since(self, earlier: Self) -> Self {
        Self {
            voluntary: self.voluntary - earlier.voluntary,
            major_faults: self.major_faults - earlier.major_faults,
            minor_faults: self.minor_faults - earlier.minor_faults,
        }
    }

    /// Whether the thread left its processor to wait for something.
    pub(crate) const fn slept(self) -> bool {
        self.voluntary > 0
    }
}

fn usage_of_this_thread() -> libc::rusage {
    // SAFETY: zeros are such a structure.
    let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
    // SAFETY: the kernel writes another there.
    unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) };
    usage
}

/// Runs an operation in a section. Returns what the kernel counted within.
#[inline(never)]
pub(crate) fn run(body: &mut dyn FnMut(), enter: fn(), exit: fn()) -> Counts {
    nonblock::raw::non_block(|_nb| {
        enter();
        let before = Counts::of_this_thread();
        BEGUN.store(true, Ordering::Release);
        body();
        let after = Counts::of_this_thread();
        exit();
        after.since(before)
    })
}

/// Runs a section in which nothing happens, so that the thread is set up.
pub(crate) fn warm_up(enter: fn(), exit: fn()) {
    run(&mut || {}, enter, exit);
    BEGUN.store(false, Ordering::Release);
}

/// Runs the closure in a thread of its own, once the operation of the calling thread is blocked. Never, if it does not block.
///
/// What the closure returns is kept for ever.
pub(crate) fn once_blocked<T>(release: impl FnOnce() -> T + Send + 'static) -> JoinHandle<()> {
    meanwhile(|blocked| {
        blocked.wait();
        std::mem::forget(release());
    })
}

/// Runs the closure in a thread of its own, and returns when it has come to [`Blocked::wait`].
pub(crate) fn meanwhile(work: impl FnOnce(&Blocked) + Send + 'static) -> JoinHandle<()> {
    let blocked = Blocked { thread: thread_id(), ready: Arc::default() };
    let ready = blocked.ready.clone();
    let handle = thread::spawn(move || work(&blocked));
    while !ready.load(Ordering::Acquire) {
        nap();
    }
    handle
}

/// Sleeps for a moment, and leaves nothing behind in this thread. A channel would: what the first wait for one sets up.
fn nap() {
    thread::sleep(Duration::from_micros(500));
}

/// Waits until the operation is blocked.
pub(crate) struct Blocked {
    thread: libc::pid_t,
    ready: Arc<AtomicBool>,
}

impl Blocked {
    /// Returns when the operation has been asleep for a moment.
    pub(crate) fn wait(&self) {
        self.ready.store(true, Ordering::Release);
        while !BEGUN.load(Ordering::Acquire) {
            nap();
        }
        wait_until_asleep(self.thread);
    }
}

/// Returns when a thread has been asleep for a moment.
fn wait_until_asleep(thread: libc::pid_t) {
    let mut before = None;
    loop {
        let now = asleep(thread);
        if now.is_some() && now == before {
            return;
        }
        before = now;
        nap();
    }
}

/// Returns how often a thread has gone to sleep, if it is asleep now.
fn asleep(thread: libc::pid_t) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_start_matches(':').trim().to_owned())
    };
    let state = field("State")?;
    if state.starts_with(['S', 'D']) { field("voluntary_ctxt_switches") } else { None }
}

/// The kernel's number of the calling thread.
pub(crate) fn thread_id() -> libc::pid_t {
    // SAFETY: it takes nothing.
    unsafe { libc::gettid() }
}

/// Runs the closure in a thread of its own, and returns when it is asleep in it.
pub(crate) fn sleeper(wait: impl FnOnce() + Send + 'static) {
    let number = Arc::new(AtomicI32::new(0));
    let its_number = number.clone();
    thread::spawn(move || {
        its_number.store(thread_id(), Ordering::Release);
        wait();
    });
    loop {
        match number.load(Ordering::Acquire) {
            0 => nap(),
            number => return wait_until_asleep(number),
        }
    }
}
