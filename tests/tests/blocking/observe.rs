//! What shows that a call blocks, locks or allocates. Nothing here is timed: the kernel says that a thread sleeps, and in
//! which system call, and the allocator counts its calls.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::hint::black_box;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::libc::c_long;
use nix::sys::resource::{UsageWho, getrusage};
use nonblock_tools::blocking::Effect;

use crate::Impossible;

/// What was seen.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The effect that it shows.
    pub(crate) effect: Effect,
    /// How it was seen.
    pub(crate) how: String,
}

/// A system call: its name and its number.
pub(crate) type Call = (&'static str, c_long);

/// Names system calls.
macro_rules! calls {
    ($($name:ident),+) => {
        &[$((stringify!($name), ::nix::libc::$name)),+]
    };
}
pub(crate) use calls;

/// What std's locks and threads wait in.
pub(crate) const FUTEX: &[Call] = calls!(SYS_futex);

/// What a wait for several descriptors, or for nothing but a signal, is on this processor.
#[cfg(target_arch = "x86_64")]
pub(crate) const POLL: &[Call] = calls!(SYS_poll, SYS_ppoll);
#[cfg(target_arch = "x86_64")]
pub(crate) const PAUSE: &[Call] = calls!(SYS_pause, SYS_futex);
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const POLL: &[Call] = calls!(SYS_ppoll);
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const PAUSE: &[Call] = calls!(SYS_ppoll, SYS_futex);

/// The system's allocator, which counts the calls of each thread.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    /// Whether this thread stays in its next call of the allocator.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
}

/// By what it stays there.
static KEPT_BY: OnceLock<Gate> = OnceLock::new();

fn count() {
    CALLS.set(CALLS.get() + 1);
    if KEEPS.replace(false)
        && let Some(gate) = KEPT_BY.get()
    {
        gate.keep();
    }
}

/// Has this thread stay in its next call of the allocator, with the locks that it has then, until the gate lets it go on.
pub(crate) fn keep_at_next_allocation(gate: &Gate) {
    KEPT_BY.set(gate.clone()).expect("there is one holder");
    KEEPS.set(true);
}

// SAFETY: it does what the system's does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread called the allocator in the closure. What the closure returns is dropped after that.
fn allocator_calls<R>(call: impl FnOnce() -> R) -> usize {
    let before = CALLS.get();
    let result = black_box(call());
    let calls = CALLS.get() - before;
    drop(result);
    calls
}

/// How often this thread has gone to sleep, as the kernel counts it.
fn switches() -> i64 {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("the kernel counts for each thread");
    usage.voluntary_context_switches()
}

/// Starts a thread with a stack size, without which std would look into the environment, under its lock.
pub(crate) fn spawn<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::Builder::new().stack_size(1 << 20).spawn(f).expect("there is room for a thread")
}

/// Gives the others time. Nothing is shown by how long it takes.
pub(crate) fn pause() {
    thread::sleep(Duration::from_millis(1));
}

/// The number and the state of a thread of this process that sleeps: the system call that it is in.
fn asleep_in(thread: i32) -> Option<c_long> {
    let read = |name| fs::read_to_string(format!("/proc/self/task/{thread}/{name}")).ok();
    // Its number, its name in parentheses, its state.
    let stat = read("stat")?;
    let state = stat.rsplit_once(") ")?.1.chars().next()?;
    // Of a thread that runs it says so, and of one that waits for a page the number is -1.
    let call = read("syscall")?.split(' ').next()?.parse().ok()?;
    (matches!(state, 'S' | 'D') && call >= 0).then_some(call)
}

/// Whether a thread of this process sleeps in a system call.
pub(crate) fn is_asleep(thread: i32) -> bool {
    asleep_in(thread).is_some()
}

/// A call in a thread of its own.
pub(crate) struct Watched {
    thread: Arc<AtomicI32>,
    handle: JoinHandle<i64>,
}

impl Watched {
    /// Makes the call.
    pub(crate) fn start(call: impl FnOnce() + Send + 'static) -> Self {
        Self::start_as(|_| (), call)
    }

    /// Makes the call, after the thread has told its number.
    pub(crate) fn start_as(
        tell: impl FnOnce(i32) + Send + 'static,
        call: impl FnOnce() + Send + 'static,
    ) -> Self {
        if let Err(error) = fs::read("/proc/self/syscall") {
            Impossible::exit("the kernel does not say where a thread sleeps", error);
        }
        let thread = Arc::new(AtomicI32::new(0));
        let own = Arc::clone(&thread);
        let handle = spawn(move || {
            let number = nix::unistd::gettid().as_raw();
            own.store(number, SeqCst);
            tell(number);
            let before = switches();
            call();
            switches() - before
        });
        Self { thread, handle }
    }

    /// Waits until the thread sleeps in one of these system calls, and returns its name.
    ///
    /// # Panics
    ///
    /// If the call returns instead.
    #[track_caller]
    pub(crate) fn wait_until_asleep(&self, calls: &[Call]) -> &'static str {
        loop {
            let asleep = asleep_in(self.thread.load(SeqCst));
            if let Some(&(name, _)) = calls.iter().find(|&&(_, number)| asleep == Some(number)) {
                return name.trim_start_matches("SYS_");
            }
            let names: Vec<_> = calls.iter().map(|&(name, _)| name).collect();
            assert!(
                !self.handle.is_finished(),
                "it returned, and was not seen to sleep in {names:?}"
            );
            pause();
        }
    }

    /// Waits for the call to return, and returns how often the thread went to sleep in it.
    ///
    /// # Panics
    ///
    /// If the call does.
    pub(crate) fn finish(self) -> i64 {
        self.handle.join().expect("the call does not panic")
    }
}

/// Shows that a call sleeps in one of these system calls until something is done that lets it return.
#[track_caller]
pub(crate) fn blocks(
    calls: &[Call],
    call: impl FnOnce() + Send + 'static,
    release: impl FnOnce(),
) -> Seen {
    let watched = Watched::start(call);
    let name = watched.wait_until_asleep(calls);
    release();
    let switches = watched.finish();
    assert!(switches > 0, "the kernel did not see it sleep");
    Seen {
        effect: Effect::Blocks,
        how: format!("asleep in {name} until released; went to sleep: {switches}"),
    }
}

/// Shows that a call sleeps in one of these system calls. It is left there: the process ends before it returns.
#[track_caller]
pub(crate) fn blocks_for_long(calls: &[Call], call: impl FnOnce() + Send + 'static) -> Seen {
    let name = Watched::start(call).wait_until_asleep(calls);
    Seen { effect: Effect::Blocks, how: format!("asleep in {name}") }
}

/// What a holder holds its lock by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<(Mutex<(bool, bool)>, Condvar)>);

impl Gate {
    fn wait(&self, until: impl Fn(&(bool, bool)) -> bool) {
        let state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_while(state, |state| !until(state)));
    }

    fn set(&self, change: impl FnOnce(&mut (bool, bool))) {
        change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_all();
    }

    /// For the holder, once it has the lock: says so, and waits until it may let go.
    pub(crate) fn keep(&self) {
        self.set(|state| state.0 = true);
        self.wait(|state| state.1);
    }

    /// Waits until the holder has the lock.
    pub(crate) fn wait_until_kept(&self) {
        self.wait(|state| state.0);
    }

    /// Lets the holder go on.
    pub(crate) fn release(&self) {
        self.set(|state| state.1 = true);
    }
}

/// Shows that a call sleeps as long as another thread keeps a lock, and then returns.
#[track_caller]
pub(crate) fn waits_for_lock(
    hold: impl FnOnce(&Gate) + Send + 'static,
    call: impl FnOnce() + Send + 'static,
) -> Seen {
    let gate = Gate::default();
    let own = gate.clone();
    let holder = spawn(move || hold(&own));
    gate.wait_until_kept();
    let watched = Watched::start(call);
    let name = watched.wait_until_asleep(FUTEX);
    gate.release();
    holder.join().expect("the holder does not panic");
    let switches = watched.finish();
    assert!(switches > 0, "the kernel did not see it sleep");
    let how =
        format!("asleep in {name} while another thread had the lock; went to sleep: {switches}");
    Seen { effect: Effect::Locks, how }
}

/// Shows that a call returns where nobody has the lock, and sleeps as long as another thread has it.
#[track_caller]
pub(crate) fn locks<T: Send + Sync + 'static>(
    make: impl Fn() -> T,
    hold: impl FnOnce(&T, &Gate) + Send + 'static,
    call: impl Fn(&T) + Clone + Send + 'static,
) -> Seen {
    let (free, again) = (make(), call.clone());
    // A call that blocked for another reason would hang here.
    Watched::start(move || again(&free)).finish();
    let lock = Arc::new(make());
    let kept = Arc::clone(&lock);
    waits_for_lock(move |gate| hold(&kept, gate), move || call(&lock))
}

/// Shows that a call calls the allocator.
#[track_caller]
pub(crate) fn allocates<R>(call: impl FnOnce() -> R) -> Seen {
    let calls = allocator_calls(call);
    assert!(calls > 0, "it did not call the allocator");
    Seen { effect: Effect::Allocates, how: format!("calls of the allocator: {calls}") }
}

/// How often a call that need not sleep may be seen to.
pub(crate) const ATTEMPTS: usize = 100;

/// Shows that a call neither sleeps nor calls the allocator.
///
/// The kernel may put any thread to sleep, for the page that a function is on for instance. So the call is made again
/// until it was not seen to sleep; one that had to sleep would do so each time.
#[track_caller]
pub(crate) fn does_nothing<R>(mut call: impl FnMut() -> R) -> String {
    for attempt in 1..=ATTEMPTS {
        let before = switches();
        let calls = allocator_calls(&mut call);
        let switches = switches() - before;
        assert_eq!(calls, 0, "it called the allocator");
        if switches == 0 {
            return format!("neither slept nor allocated, at attempt {attempt}");
        }
    }
    panic!("it slept at each attempt");
}

/// Shows that a call, while another thread keeps a lock, neither sleeps nor calls the allocator.
#[track_caller]
pub(crate) fn does_nothing_while<R>(
    hold: impl FnOnce(&Gate) + Send + 'static,
    call: impl FnMut() -> R,
) -> String {
    let gate = Gate::default();
    let own = gate.clone();
    let holder = spawn(move || hold(&own));
    gate.wait_until_kept();
    let how = does_nothing(call);
    gate.release();
    holder.join().expect("the holder does not panic");
    how
}
