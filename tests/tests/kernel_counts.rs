//! What a section is offered never sleeps, by the kernel's own count, while other threads do the same in its way, and others wait
//! for it. The operations are those of the table in the guide.
#![cfg(target_os = "linux")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;
use nonblock::sync::{Semaphore, SpinLock, channel};
use nonblock::{non_block, sleepable};

#[path = "kernel_counts/operations.rs"]
mod operations;

use operations::{Object, Operation, by_itself, keep, operations};

/// Counts, for each thread, how often it allocates and how often it frees.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
    static FREED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: it does what the system's allocator does, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        FREED.set(FREED.get() + 1);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often each operation is done at least, and how long: it is to lose its processor to the others a few times.
const CALLS: u64 = 5000;
const TIME: Duration = Duration::from_millis(100);

/// On how many threads of their own an operation is the first call.
const FRESH_THREADS: usize = 8;

/// More threads than the machine has processors, so that each loses its own while it holds what the others wait for.
fn others() -> usize {
    thread::available_parallelism().map_or(2, usize::from) + 1
}

/// How often this thread gave its processor up because it had to wait.
fn waits() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).expect("Linux counts").voluntary_context_switches()
}

/// The processors that this program may use.
fn processors() -> Vec<usize> {
    let set = sched_getaffinity(Pid::from_raw(0)).expect("Linux tells");
    (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).collect()
}

/// Keeps this thread on a processor.
fn stay_on(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu).expect("it is there");
    sched_setaffinity(Pid::from_raw(0), &set).expect("it may be used");
}

/// How often threads that may wait did.
static WAITED: AtomicI64 = AtomicI64::new(0);

/// Ends the others when it is dropped, also if the operation panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Returns what a closure returns, while others do what is in the way of an operation, and threads wait for it: one on the first
/// processor, and one on the last.
fn in_its_way<R>(operation: &Operation, others: usize, measure: impl FnOnce() -> R) -> R {
    let (done, others_left) = (AtomicBool::new(false), AtomicUsize::new(others));
    let processors = processors();
    let cpus = [processors[0], *processors.last().expect("there is one")];
    thread::scope(|scope| {
        for first in 0..others {
            let (done, others_left) = (&done, &others_left);
            scope.spawn(move || {
                let mut turns = operation.others.iter().cycle().skip(first);
                while !done.load(Ordering::Relaxed) {
                    let turn = turns.next().expect("there are some");
                    non_block(|nb| turn(nb));
                }
                others_left.fetch_sub(1, Ordering::Relaxed);
            });
        }
        let waiters = operation.wait.iter().flat_map(|wait| cpus.map(|cpu| (wait, cpu)));
        let waiters: Vec<_> = waiters
            .map(|(wait, cpu)| {
                let done = &done;
                scope.spawn(move || {
                    stay_on(cpu);
                    while !done.load(Ordering::Relaxed) {
                        sleepable(|cx| wait(cx));
                    }
                    WAITED.fetch_add(waits(), Ordering::Relaxed);
                })
            })
            .collect();
        let end = End(&done);
        let result = measure();
        drop(end);
        while waiters.iter().any(|waiter| !waiter.is_finished()) {
            // Others could undo it.
            if others_left.load(Ordering::Relaxed) == 0 {
                (operation.release)();
            }
            thread::yield_now();
        }
        result
    })
}

/// How often a thread waited in a section, how often it did the operation, how often that came to something, and
/// what it did with memory.
#[derive(Default, Debug)]
struct Count {
    waited: i64,
    calls: u64,
    done: u64,
    allocated: u64,
    freed: u64,
}

/// Counts on a thread of its own, on the first processor.
fn count(operation: &Operation) -> Count {
    let cpu = processors()[0];
    let counted = thread::scope(|scope| {
        let counted = scope.spawn(|| {
            stay_on(cpu);
            let (before, start) = (waits(), Instant::now());
            let (allocated, freed) = (ALLOCATED.get(), FREED.get());
            let mut count = Count::default();
            non_block(|nb| {
                while count.calls < CALLS || start.elapsed() < TIME {
                    count.done += u64::from((operation.run)(nb));
                    count.calls += 1;
                }
            });
            Count {
                waited: waits() - before,
                allocated: ALLOCATED.get() - allocated,
                freed: FREED.get() - freed,
                ..count
            }
        });
        counted.join()
    });
    counted.expect("the operation does not panic")
}

#[test]
fn no_operation_sleeps_while_others_are_in_its_way() {
    let mut slept = Vec::new();
    for operation in operations() {
        let before = WAITED.load(Ordering::Relaxed);
        // At most: whether it comes to something is left to chance.
        let mut counts = (0..50).map(|_| in_its_way(&operation, others(), || count(&operation)));
        let count = counts.find(|count| count.done > 0 || count.waited > 0).unwrap_or_default();
        let waited = WAITED.load(Ordering::Relaxed) - before;
        println!("{}: {count:?}, and threads that may wait did so {waited} times", operation.name);
        assert!(count.calls > 0, "{}: always refused", operation.name);
        if count.waited != 0 && is_promised(&operation) {
            slept.push((operation.name, count));
        }
    }
    assert!(slept.is_empty(), "{slept:#?}");
}

#[test]
fn no_operation_sleeps_while_threads_wait_for_it() {
    let mut slept = Vec::new();
    let woken = |operation: &&Operation| operation.wait.is_some();
    let before = WAITED.load(Ordering::Relaxed);
    for operation in operations().iter().filter(woken) {
        let count = in_its_way(operation, 0, || count(operation));
        if count.waited != 0 && is_promised(operation) {
            slept.push((operation.name, count));
        }
    }
    assert!(slept.is_empty(), "{slept:#?}");
    assert!(WAITED.load(Ordering::Relaxed) - before > 0, "few were woken");
}

#[test]
fn no_operation_sleeps_as_the_first_call_of_a_thread() {
    let mut slept = Vec::new();
    for operation in operations() {
        let first_call = || {
            let before = waits();
            non_block(|nb| (operation.run)(nb));
            waits() - before
        };
        let waited: i64 = in_its_way(&operation, others(), || {
            let mut waited = 0;
            for _ in 0..FRESH_THREADS {
                let fresh = thread::scope(|scope| scope.spawn(first_call).join());
                waited += fresh.expect("the operation does not panic");
            }
            waited
        });
        if waited != 0 && is_promised(&operation) {
            slept.push((operation.name, waited));
        }
    }
    assert!(slept.is_empty(), "{slept:#?}");
}

/// Whether the lock of the dynamic loader is held, and whether it is to be held on.
static HELD: AtomicBool = AtomicBool::new(false);
static HOLD_ON: AtomicBool = AtomicBool::new(true);

/// Called under the lock of the dynamic loader.
unsafe extern "C" fn hold(_: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
    HELD.store(true, Ordering::SeqCst);
    while HOLD_ON.load(Ordering::SeqCst) {
        thread::park_timeout(Duration::from_millis(1));
    }
    1
}

/// Looks at nothing.
unsafe extern "C" fn look(_: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
    1
}

fn under_the_lock_of_the_loader(
    call: unsafe extern "C" fn(*mut libc::dl_phdr_info, usize, *mut c_void) -> c_int,
) {
    // SAFETY: the functions above do not unwind, and look at no argument.
    unsafe { libc::dl_iterate_phdr(Some(call), std::ptr::null_mut()) };
}

#[test]
#[cfg(target_env = "gnu")]
fn no_operation_takes_the_lock_of_the_dynamic_loader() {
    let operations = operations();
    let (start, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let has_looked = AtomicBool::new(false);
    thread::scope(|scope| {
        // Threads are started before the lock is held, since that takes it.
        for operation in &operations {
            let (start, done) = (&start, &done);
            scope.spawn(move || {
                while !start.load(Ordering::SeqCst) {
                    thread::park_timeout(Duration::from_millis(1));
                }
                non_block(|nb| (operation.run)(nb));
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        scope.spawn(|| under_the_lock_of_the_loader(hold));
        // Shows that the lock is held: this one waits for it.
        scope.spawn(|| {
            while !HELD.load(Ordering::SeqCst) {
                thread::park_timeout(Duration::from_millis(1));
            }
            start.store(true, Ordering::SeqCst);
            under_the_lock_of_the_loader(look);
            has_looked.store(true, Ordering::SeqCst);
        });
        let give_up = Instant::now() + Duration::from_secs(30);
        while done.load(Ordering::SeqCst) < operations.len() && Instant::now() < give_up {
            thread::park_timeout(Duration::from_millis(1));
        }
        let (done, looked) = (done.load(Ordering::SeqCst), has_looked.load(Ordering::SeqCst));
        HOLD_ON.store(false, Ordering::SeqCst);
        assert_eq!(done, operations.len(), "some wait for the loader's lock");
        assert!(!looked, "the loader's lock was not held");
    });
}

/// Whether the table promises that an operation waits for nobody, whatever raw lock or allocator it stands on.
fn is_promised(operation: &Operation) -> bool {
    let guarantee = table()[operation.name][0];
    !guarantee.contains("see below") && guarantee != "not for sections"
}

/// The guide's table: the names in its first column, without the marks, and the cells after them.
fn table() -> BTreeMap<String, Vec<&'static str>> {
    let chapter = include_str!("../../nonblock/src/guide/operations.rs");
    let rows = chapter.lines().filter_map(|line| line.strip_prefix("//! | ["));
    let cells = rows.map(|row| row.trim_end_matches(" |").split(" | "));
    let named = cells.map(|mut cells| (cells.next().unwrap_or_default(), cells.collect()));
    named.map(|(name, cells)| (name.replace(['[', ']', '`'], ""), cells)).collect()
}

#[test]
fn the_table_of_the_guide_has_these_operations() {
    let mut here: Vec<_> = operations().iter().map(|row| row.name).collect();
    here.sort_unstable();
    assert_eq!(table().into_keys().collect::<Vec<_>>(), here);
}

#[test]
fn an_operation_allocates_and_frees_where_the_table_says_so_and_nowhere_else() {
    let table = table();
    for operation in operations() {
        let count = in_its_way(&operation, 1, || count(&operation));
        let [_guarantee, allocates, frees, _calls, _runs] = table[operation.name][..] else {
            panic!("{}: a row with other columns", operation.name);
        };
        assert!(allocates != "none" || count.allocated == 0, "{}: {count:?}", operation.name);
        assert!(frees != "none" || count.freed == 0, "{}: {count:?}", operation.name);
    }
}

/// The number of a system call that a watched thread made and must not, or -1.
static CALLED: AtomicI64 = AtomicI64::new(-1);

/// Called in place of a system call that a filter refuses.
#[cfg(target_arch = "x86_64")]
extern "C" fn refuse(_: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // Behind the signal's number, the error, the code and an address (`siginfo_t` of Linux).
    // SAFETY: of this signal, the number of the system call stands there.
    let called = unsafe { info.cast::<c_int>().wrapping_add(6).read() };
    CALLED.store(called.into(), Ordering::SeqCst);
    // SAFETY: with `SA_SIGINFO` it is this.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    context.uc_mcontext.gregs[libc::REG_RAX as usize] = i64::from(-libc::EPERM);
}

/// Lets this thread make no system call, from now until it ends, but those that end it, and wakes if it may make them.
#[cfg(target_arch = "x86_64")]
fn refuse_system_calls(wakes: bool) {
    const NUMBER: u32 = 0;
    /// The lower half of the second argument.
    const OPERATION: u32 = 24;
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const AND: u32 = libc::BPF_ALU | libc::BPF_AND | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    /// What the end of a thread takes.
    const TO_END: [libc::c_long; 7] = [
        libc::SYS_exit,
        libc::SYS_madvise,
        libc::SYS_munmap,
        libc::SYS_rseq,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
    ];
    let step = |code: u32, k: u32, skip_if_equal: u8, skip_else: u8| libc::sock_filter {
        code: u16::try_from(code).expect("it is small"),
        jt: skip_if_equal,
        jf: skip_else,
        k,
    };
    let number = |call: libc::c_long| u32::try_from(call).expect("it is small");
    let allow = step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0);
    let mut filter = vec![step(LOAD, NUMBER, 0, 0)];
    for call in TO_END {
        filter.extend([step(IF_EQUAL, number(call), 0, 1), allow]);
    }
    if wakes {
        filter.push(step(IF_EQUAL, number(libc::SYS_futex), 0, 4));
        filter.push(step(LOAD, OPERATION, 0, 0));
        // Without the flag for futexes of one process.
        filter.push(step(AND, 0x7f, 0, 0));
        filter.extend([step(IF_EQUAL, libc::FUTEX_WAKE as u32, 0, 1), allow]);
    }
    filter.push(step(RETURN, libc::SECCOMP_RET_TRAP, 0, 0));
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).expect("it is short"),
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: this takes numbers only.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the program is well-formed, and read before this returns.
    let set =
        unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!((bound, set), (0, 0), "a thread can be given a filter");
    // Its memory stays: to free it may take a system call.
    std::mem::forget(filter);
}

#[cfg(target_arch = "x86_64")]
fn catch_refused_calls() {
    let action = SigAction::new(SigHandler::SigAction(refuse), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler calls nothing that a handler must not.
    unsafe { sigaction(Signal::SIGSYS, &action) }.expect("a handler can be set");
}

/// Returns the number of a system call that a closure has made and must not, or -1.
#[cfg(target_arch = "x86_64")]
fn forbidden_call(wakes: bool, f: impl FnOnce() + Send) -> i64 {
    let called = thread::scope(|scope| {
        let watched = scope.spawn(|| {
            refuse_system_calls(wakes);
            CALLED.store(-1, Ordering::SeqCst);
            f();
            CALLED.load(Ordering::SeqCst)
        });
        watched.join()
    });
    called.expect("the operation does not panic")
}

#[test]
#[cfg(target_arch = "x86_64")]
fn an_operation_makes_no_system_call_but_the_wakes_that_the_table_names() {
    catch_refused_calls();
    let table = table();
    for operation in operations().into_iter().filter(is_promised) {
        let wakes = table[operation.name][3] != "none";
        let called = in_its_way(&operation, others(), || {
            forbidden_call(wakes, || {
                non_block(|nb| (0..CALLS).for_each(|_| _ = (operation.run)(nb)));
            })
        });
        assert_eq!(called, -1, "{}: the number of a system call", operation.name);
    }
    // A wait is found, and where there are to be none, a wake.
    let semaphore = Semaphore::new(0);
    let called = forbidden_call(true, || {
        // Longer than it takes to look some times, and to lose the processor meanwhile.
        sleepable(|cx| _ = semaphore.down_timeout(cx, Duration::from_millis(200)));
    });
    assert_eq!(called, libc::SYS_futex);
    let called = forbidden_call(false, || {
        let word = AtomicUsize::new(0);
        // SAFETY: nobody waits there, and the word lives.
        unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
    });
    assert_eq!(called, libc::SYS_futex);
}

#[test]
fn sending_into_an_unbounded_channel_allocates_when_it_grows() {
    let (sender, _receiver) = channel::unbounded();
    let before = ALLOCATED.get();
    (0..1000).for_each(|n| sender.try_send(n).expect("there is a receiver"));
    assert!(ALLOCATED.get() > before);
}

/// The count sees a sleep: this lock parks whoever waits long.
#[test]
fn the_count_sees_a_lock_that_parks() {
    let mut rows = Vec::new();
    Object {
        of: SpinLock::<_, parking_lot::RawMutex>::with_raw(0),
        operations: &[("a lock that parks", |lock, nb| keep(&mut lock.lock(nb)))],
        others: &[],
        wait: None,
        release: by_itself,
    }
    .add_to(&mut rows);
    // Whether it has to wait for long is up to where the threads lose their processors.
    let mut counts = (0..20).map(|_| in_its_way(&rows[0], others(), || count(&rows[0])));
    assert!(counts.any(|count| count.waited > 0), "parking_lot's raw lock never parked");
}
