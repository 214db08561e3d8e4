//! Signals and watched sections: every handler runs when, where and with the mask that it would have had unwatched.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::cell::Cell;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::libc;
use nonblock::watch::{Layers, Watch};
use nonblock::{Policy, raw, set_policy};
use nonblock_tests::process;

/// The settings of the trap, and whether they are a quick one.
const TRAPS: [bool; 2] = [false, true];

fn watch(quick: bool) -> Watch {
    set_policy(Policy::Ignore);
    let layers = Layers::TRAP | Layers::SCHEDULE;
    Watch::builder().layers(layers).quick_trap(quick).start().expect("it is here")
}

fn own(test: &str, body: impl FnOnce()) {
    process::own(test, &[], body).assert_success();
}

fn set_handler(signal: i32, handler: extern "C" fn(i32), flags: i32, mask_all: bool) {
    // SAFETY: zeros are an action.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = flags;
    if mask_all {
        // SAFETY: it writes a set there.
        unsafe { libc::sigfillset(&raw mut action.sa_mask) };
    }
    // SAFETY: the action is whole, and the handlers of this file are fit for signals.
    assert_eq!(unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) }, 0);
}

/// Has SIGALRM come to this thread, once or again and again.
fn alarm_in(duration: Duration, again: Duration) {
    thread_local! {
        static TIMER: Cell<libc::timer_t> = const { Cell::new(ptr::null_mut()) };
    }
    let of = |time: Duration| libc::timespec { tv_sec: 0, tv_nsec: time.subsec_nanos().into() };
    let time = libc::itimerspec { it_value: of(duration), it_interval: of(again) };
    if TIMER.get().is_null() {
        // SAFETY: zeros are an event.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGALRM;
        // SAFETY: it takes nothing.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer = ptr::null_mut();
        // SAFETY: the event is whole, and there is room for a timer.
        let made =
            unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) };
        assert_eq!(made, 0);
        TIMER.set(timer);
    }
    // SAFETY: it reads the time.
    let set = unsafe { libc::timer_settime(TIMER.get(), 0, &raw const time, ptr::null_mut()) };
    assert_eq!(set, 0);
}

fn pipe() -> [i32; 2] {
    let mut ends = [0; 2];
    // SAFETY: there is room for two descriptors.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    ends
}

fn read_byte(from: i32) -> (isize, i32) {
    let mut byte = 0u8;
    // SAFETY: there is room for one byte.
    let read = unsafe { libc::read(from, (&raw mut byte).cast(), 1) };
    (read, std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
}

fn mask_now() -> u64 {
    let mut mask = 0u64;
    // SAFETY: the kernel writes a set of eight bytes.
    let done = unsafe { libc::syscall(libc::SYS_rt_sigprocmask, 0, 0, &raw mut mask, 8) };
    assert_eq!(done, 0);
    mask
}

static CALLED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: i32) {
    CALLED.fetch_add(1, Ordering::Relaxed);
}

#[expect(clippy::large_stack_arrays, reason = "it is to use much stack")]
extern "C" fn use_much_stack(_: i32) {
    let mut room = [0u8; 100_000];
    black_box(&mut room).fill(1);
    CALLED.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn a_handler_that_interrupts_a_call_has_the_stack_of_the_program() {
    own("a_handler_that_interrupts_a_call_has_the_stack_of_the_program", || {
        for quick in TRAPS {
            let watch = watch(quick);
            set_handler(libc::SIGALRM, use_much_stack, 0, false);
            let [from, _to] = pipe();
            alarm_in(Duration::from_millis(5), Duration::ZERO);
            let read = raw::non_block(|_| read_byte(from));
            assert_eq!(read, (-1, libc::EINTR));
            drop(watch);
        }
        assert_eq!(CALLED.load(Ordering::Relaxed), 2);
    });
}

static PIPE: AtomicI32 = AtomicI32::new(0);

extern "C" fn fill_pipe(_: i32) {
    CALLED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: it writes one byte.
    unsafe { libc::write(PIPE.load(Ordering::Relaxed), c"x".as_ptr().cast(), 1) };
}

#[test]
fn a_call_that_restarts_does_so_in_a_section() {
    own("a_call_that_restarts_does_so_in_a_section", || {
        for quick in TRAPS {
            let watch = watch(quick);
            let [from, to] = pipe();
            PIPE.store(to, Ordering::Relaxed);
            set_handler(libc::SIGALRM, fill_pipe, libc::SA_RESTART, true);
            alarm_in(Duration::from_millis(5), Duration::ZERO);
            assert_eq!(raw::non_block(|_| read_byte(from)).0, 1);
            // One that the kernel goes on with by a call of its own.
            alarm_in(Duration::from_millis(5), Duration::ZERO);
            let start = Instant::now();
            raw::non_block(|_| std::thread::sleep(Duration::from_millis(30)));
            assert!(start.elapsed() >= Duration::from_millis(30));
            drop(watch);
        }
    });
}

#[test]
fn a_signal_to_oneself_arrives_before_the_call_returns() {
    own("a_signal_to_oneself_arrives_before_the_call_returns", || {
        set_handler(libc::SIGUSR1, count, 0, false);
        for quick in TRAPS {
            let watch = watch(quick);
            let before = CALLED.load(Ordering::Relaxed);
            let called = raw::non_block(|_| {
                // SAFETY: the handler only counts.
                unsafe { libc::raise(libc::SIGUSR1) };
                CALLED.load(Ordering::Relaxed)
            });
            assert_eq!(called, before + 1);
            // A signal that waits arrives when it is let through.
            let called = raw::non_block(|_| {
                let set = 1u64 << (libc::SIGUSR1 - 1);
                let mask = |how: i32| {
                    // SAFETY: the set has eight bytes.
                    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, &raw const set, 0, 8) }
                };
                mask(libc::SIG_BLOCK);
                // SAFETY: the handler only counts.
                unsafe { libc::raise(libc::SIGUSR1) };
                assert_eq!(CALLED.load(Ordering::Relaxed), before + 1);
                mask(libc::SIG_UNBLOCK);
                CALLED.load(Ordering::Relaxed)
            });
            assert_eq!(called, before + 2);
            drop(watch);
        }
    });
}

static PAGE: AtomicUsize = AtomicUsize::new(0);

extern "C" fn open_page(_: i32) {
    CALLED.fetch_add(1, Ordering::Relaxed);
    let page = PAGE.load(Ordering::Relaxed) as *mut libc::c_void;
    // SAFETY: it is a page of the test's own.
    unsafe { libc::mprotect(page, 4096, libc::PROT_READ | libc::PROT_WRITE) };
}

#[test]
fn a_fault_handler_that_blocks_all_signals_and_came_after_the_first_section_makes_calls() {
    own(
        "a_fault_handler_that_blocks_all_signals_and_came_after_the_first_section_makes_calls",
        || {
            let _watch = watch(false);
            raw::non_block(|_| ());
            set_handler(libc::SIGSEGV, open_page, 0, true);
            // SAFETY: new memory that nobody may touch.
            let page = unsafe {
                let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
                libc::mmap(ptr::null_mut(), 4096, libc::PROT_NONE, flags, -1, 0)
            };
            PAGE.store(page as usize, Ordering::Relaxed);
            raw::non_block(|_| {
                // SAFETY: the handler makes it memory.
                unsafe { page.cast::<u8>().write_volatile(1) };
            });
            assert_eq!(CALLED.load(Ordering::Relaxed), 1);
        },
    );
}

#[test]
fn a_mask_is_what_it_would_be_unwatched_in_a_section_and_after_it() {
    own("a_mask_is_what_it_would_be_unwatched_in_a_section_and_after_it", || {
        let script = |quick: bool| {
            let mut seen = Vec::new();
            // A quick trap leaves it to the program to keep SIGSYS open outside sections.
            let all = if quick { !(1 << (libc::SIGSYS - 1)) } else { u64::MAX };
            for before in [0, 1 << 9, all] {
                for within in [0, 1 << 11, u64::MAX] {
                    let set = |mask: u64| {
                        let how = libc::SIG_SETMASK;
                        // SAFETY: the set has eight bytes.
                        unsafe {
                            libc::syscall(libc::SYS_rt_sigprocmask, how, &raw const mask, 0, 8)
                        }
                    };
                    set(before);
                    raw::non_block(|_| {
                        seen.push(mask_now());
                        set(within);
                        seen.push(mask_now());
                        // SAFETY: the kernel says that the number is none.
                        let no_number = unsafe {
                            libc::syscall(libc::SYS_rt_sigprocmask, 77, &raw const all, 0, 8)
                        };
                        seen.push(no_number.cast_unsigned());
                        // SAFETY: the kernel says that the address is none.
                        let no_address =
                            unsafe { libc::syscall(libc::SYS_rt_sigprocmask, 0, 8, 0, 8) };
                        seen.push(no_address.cast_unsigned());
                        // A call that may block, with all signals blocked.
                        let [from, to] = pipe();
                        // SAFETY: it writes a byte.
                        unsafe { libc::write(to, c"x".as_ptr().cast(), 1) };
                        seen.push(read_byte(from).0.cast_unsigned() as u64);
                        for end in [from, to] {
                            // SAFETY: it is the test's own.
                            unsafe { libc::close(end) };
                        }
                        seen.push(mask_now());
                    });
                    seen.push(mask_now());
                    set(0);
                }
            }
            seen
        };
        for quick in TRAPS {
            let mut expected = script(quick);
            let watch = watch(quick);
            let mut watched = script(quick);
            if quick {
                // It keeps SIGSYS open, as it says.
                let sigsys = !(1u64 << (libc::SIGSYS - 1));
                for mask in watched.iter_mut().chain(&mut expected) {
                    *mask &= sigsys;
                }
            }
            assert_eq!(watched, expected, "quick: {quick}");
            drop(watch);
        }
    });
}

std::arch::global_asm!(
    ".globl watch_signals_call_with_jump",
    "watch_signals_call_with_jump:",
    "push rbx",
    "mov rbx, rsi",
    "mov esi, 1",
    "call __sigsetjmp@PLT",
    "test eax, eax",
    "jne 1f",
    "call rbx",
    "1:",
    "pop rbx",
    "ret",
);

unsafe extern "C" {
    /// Calls the function, and returns also if it is jumped out of.
    fn watch_signals_call_with_jump(buffer: *mut u64, f: extern "C" fn());
    fn siglongjmp(buffer: *mut u64, value: i32) -> !;
}

struct Buffer(std::cell::UnsafeCell<[u64; 32]>);
// SAFETY: one thread uses it.
unsafe impl Sync for Buffer {}
static BUFFER: Buffer = Buffer(std::cell::UnsafeCell::new([0; 32]));

extern "C" fn jump(_: i32) {
    CALLED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the function that set it is under way, and frames in between have nothing to drop.
    unsafe { siglongjmp(BUFFER.0.get().cast(), 1) };
}

extern "C" fn read_from_pipe() {
    read_byte(PIPE.load(Ordering::Relaxed));
    unreachable!("a handler jumps out of it");
}

#[test]
fn a_handler_may_jump_out_of_a_call_of_a_section() {
    own("a_handler_may_jump_out_of_a_call_of_a_section", || {
        let [from, _to] = pipe();
        PIPE.store(from, Ordering::Relaxed);
        for quick in TRAPS {
            let watch = watch(quick);
            set_handler(libc::SIGALRM, jump, 0, false);
            for _ in 0..20 {
                raw::non_block(|_| {
                    alarm_in(Duration::from_millis(1), Duration::ZERO);
                    // SAFETY: the buffer is large enough.
                    unsafe { watch_signals_call_with_jump(BUFFER.0.get().cast(), read_from_pipe) };
                    std::thread::sleep(Duration::from_micros(1));
                });
                assert_eq!(mask_now(), 0);
            }
            drop(watch);
        }
        assert_eq!(CALLED.load(Ordering::Relaxed), 40);
    });
}

extern "C" fn section_that_writes(_: i32) {
    raw::non_block(|_| {
        // SAFETY: it writes nothing, and may block as far as anybody knows.
        unsafe { libc::fsync(PIPE.load(Ordering::Relaxed)) };
    });
    CALLED.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn a_section_in_a_handler_that_interrupts_the_allocator_or_a_report_waits_for_nobody() {
    own(
        "a_section_in_a_handler_that_interrupts_the_allocator_or_a_report_waits_for_nobody",
        || {
            PIPE.store(pipe()[0], Ordering::Relaxed);
            for quick in TRAPS {
                let watch = watch(quick);
                let start = Instant::now();
                set_handler(libc::SIGALRM, section_that_writes, libc::SA_RESTART, false);
                alarm_in(Duration::from_micros(200), Duration::from_micros(200));
                let mut kept = Vec::new();
                while start.elapsed() < Duration::from_secs(1) {
                    for size in 1..200 {
                        kept.push(vec![0u8; size * 50]);
                    }
                    kept.clear();
                    // A report, which the handler interrupts too.
                    raw::non_block(|_| {
                        // SAFETY: it does nothing.
                        unsafe { libc::fsync(PIPE.load(Ordering::Relaxed)) };
                    });
                }
                alarm_in(Duration::ZERO, Duration::ZERO);
                drop(watch);
            }
            assert!(CALLED.load(Ordering::Relaxed) > 100);
        },
    );
}

#[test]
fn thousands_of_signals_from_another_thread_all_arrive() {
    const SENT: u64 = 20_000;
    static SUM: AtomicU64 = AtomicU64::new(0);

    extern "C" fn add(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: the kernel hands it over.
        let info = unsafe { &*info };
        // SAFETY: the signal was sent with a value.
        let value = unsafe { info.si_value() }.sival_ptr as u64;
        SUM.fetch_add(value, Ordering::Relaxed);
        // SAFETY: it takes nothing.
        unsafe { libc::syscall(libc::SYS_getppid) };
        raw::non_block(|_| black_box(()));
    }

    own("thousands_of_signals_from_another_thread_all_arrive", || {
        for quick in TRAPS {
            SUM.store(0, Ordering::Relaxed);
            let watch = watch(quick);
            let signal = libc::SIGRTMIN() + 3;
            let handler = add as extern "C" fn(_, _, _);
            // SAFETY: a handler of one signature or the other takes the signal first.
            let handler = unsafe {
                std::mem::transmute::<
                    extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void),
                    extern "C" fn(i32),
                >(handler)
            };
            set_handler(signal, handler, libc::SA_SIGINFO | libc::SA_RESTART, !quick);
            // SAFETY: it takes nothing.
            let receiver = unsafe { libc::pthread_self() };
            let done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    for value in 1..=SENT {
                        let value = libc::sigval { sival_ptr: value as *mut libc::c_void };
                        // SAFETY: the receiver waits for this thread.
                        let send = || unsafe { libc::pthread_sigqueue(receiver, signal, value) };
                        while send() != 0 {
                            std::thread::yield_now();
                        }
                    }
                    done.store(true, Ordering::Relaxed);
                });
                while !done.load(Ordering::Relaxed) {
                    raw::non_block(|_| {
                        // SAFETY: it takes nothing.
                        unsafe { libc::syscall(libc::SYS_getppid) };
                        // SAFETY: it takes no pointer.
                        unsafe { libc::usleep(1) };
                    });
                }
            });
            assert_eq!(SUM.load(Ordering::Relaxed), SENT * (SENT + 1) / 2, "quick: {quick}");
            drop(watch);
        }
    });
}

#[test]
fn an_alternate_stack_is_kept_set_and_read_in_a_section() {
    own("an_alternate_stack_is_kept_set_and_read_in_a_section", || {
        let mut memory = vec![0u8; 100_000];
        let stack = |memory: &mut Vec<u8>, flags: i32, size: usize| libc::stack_t {
            ss_sp: memory.as_mut_ptr().cast(),
            ss_flags: flags,
            ss_size: size,
        };
        let cases = [
            stack(&mut memory, 0, 100_000),
            stack(&mut memory, 0, 50_000),
            stack(&mut memory, 0, 100),
            stack(&mut memory, 55, 50_000),
            stack(&mut memory, libc::SS_DISABLE, 50_000),
            stack(&mut memory, 0, libc::MINSIGSTKSZ),
            stack(&mut memory, 0, 60_000),
        ];
        let script = || {
            let mut seen = Vec::new();
            for case in &cases {
                raw::non_block(|_| {
                    // SAFETY: zeros are a stack.
                    let mut before: libc::stack_t = unsafe { MaybeUninit::zeroed().assume_init() };
                    // SAFETY: the memory is there until the end.
                    let set = unsafe { libc::sigaltstack(case, &raw mut before) };
                    seen.push((set, before.ss_flags, before.ss_size));
                    // SAFETY: it writes a stack there.
                    unsafe { libc::sigaltstack(ptr::null(), &raw mut before) };
                    seen.push((0, before.ss_flags, before.ss_size));
                    // SAFETY: it takes nothing.
                    unsafe { libc::getppid() };
                });
            }
            seen
        };
        script();
        let unwatched = script();
        for quick in TRAPS {
            let watch = watch(quick);
            assert_eq!(script(), unwatched);
            drop(watch);
        }
    });
}
