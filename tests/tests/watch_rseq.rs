//! Other users of restartable sequences on a watched thread: what they store, the areas that they register, and their critical sections.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::cell::Cell;
use std::ffi::OsString;
use std::hint::black_box;
use std::ptr;
use std::time::{Duration, Instant};

use nix::libc;
use nonblock::testing::violations;
use nonblock::watch::{Layers, Watch};
use nonblock::{Policy, raw, set_policy};
use nonblock_tests::process;

/// What every user of glibc's area has to have before an abort address.
const SIGNATURE: u32 = 0x5305_3053;

/// The field `rseq_cs` of an area: what the kernel looks at.
type Field = *mut u64;

/// Returns the field of libc's area of this thread, if it has one.
fn field_of_libc() -> Option<Field> {
    // SAFETY: the names end in a nul.
    let offset = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_offset".as_ptr()) };
    // SAFETY: as above.
    let size = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()) };
    // SAFETY: if there is such a variable, it has this type.
    if size.is_null() || unsafe { *size.cast::<u32>() } == 0 {
        return None;
    }
    let thread: usize;
    // SAFETY: the first word there is its own address.
    unsafe { std::arch::asm!("mov {}, fs:0", out(reg) thread, options(nostack, pure, readonly)) };
    // SAFETY: as above.
    let at = thread.wrapping_add_signed(unsafe { *offset.cast::<isize>() });
    Some(ptr::with_exposed_provenance_mut(at + 8))
}

/// An area of the program's own, as large as the kernel's is or may become.
#[repr(C, align(256))]
struct Area([u64; 64]);

/// Registers an area of so many bytes for this thread. Returns its field, or what the kernel says against it.
fn register(area: &'static mut Area, size: usize) -> Result<Field, i32> {
    let flags = 0;
    // SAFETY: the area is there for ever, and nobody else uses it.
    let done = unsafe { libc::syscall(libc::SYS_rseq, &raw mut *area, size, flags, SIGNATURE) };
    if done != 0 {
        return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0));
    }
    Ok(area.0.as_mut_ptr().wrapping_add(1))
}

/// The size of an area with all that this kernel knows of, and not below 64 bytes.
fn large_size() -> usize {
    const AT_RSEQ_FEATURE_SIZE: u64 = 27;
    const AT_RSEQ_ALIGN: u64 = 28;

    // SAFETY: it only looks.
    let feature_size = unsafe { libc::getauxval(AT_RSEQ_FEATURE_SIZE) };
    // SAFETY: as above.
    let align = unsafe { libc::getauxval(AT_RSEQ_ALIGN) }.max(32);
    assert!(align <= 256, "the test's area is aligned to 256");
    usize::try_from(feature_size.max(64).next_multiple_of(align)).unwrap()
}

fn new_area() -> &'static mut Area {
    Box::leak(Box::new(Area([0; 64])))
}

std::arch::global_asm!(
    // fn(field, loops, count: &mut u64) -> whether it was aborted. Counts at its end only.
    ".globl watch_rseq_count",
    "watch_rseq_count:",
    "lea rax, [rip + 5f]",
    "mov qword ptr [rdi], rax",
    "2:",
    "dec rsi",
    "jnz 2b",
    "inc qword ptr [rdx]",
    "3:",
    "xor eax, eax",
    "ret",
    ".long 0x53053053",
    "4:",
    "mov eax, 1",
    "ret",
    ".pushsection .data.rel.ro.watch_rseq, \"aw\"",
    ".balign 32",
    ".globl watch_rseq_descriptor",
    "watch_rseq_descriptor:",
    "5:",
    ".long 0, 0",
    ".quad 2b, 3b - 2b, 4b",
    ".popsection",
);

unsafe extern "C" {
    fn watch_rseq_count(field: Field, loops: u64, count: *mut u64) -> i32;
    static watch_rseq_descriptor: [u64; 4];
}

/// Leaves a foreign descriptor in the area, as a critical section does that has ended.
fn leave_descriptor(field: Field) {
    // SAFETY: the area is this thread's, and the descriptor is one.
    unsafe { field.write_volatile((&raw const watch_rseq_descriptor) as u64) };
}

fn clear(field: Field) {
    // SAFETY: the area is this thread's.
    unsafe { field.write_volatile(0) };
}

fn own(test: &str, tunables: &str, body: impl FnOnce()) {
    let variables = [("GLIBC_TUNABLES", OsString::from(tunables))];
    process::own(test, &variables, body).assert_success();
}

/// Sleeps, by the kernel's own count: on a busy machine the time of one call may be over before it has begun. Returns how many calls
/// that took.
fn sleep() -> usize {
    let slept = || {
        // SAFETY: zeros are a value of it.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: there is room for it.
        unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) };
        usage.ru_nvcsw
    };
    let before = slept();
    let mut calls = 0;
    while slept() == before {
        std::thread::sleep(Duration::from_micros(100));
        calls += 1;
    }
    calls
}

/// Asserts that sections tell of sleeps and of nothing else, whatever is left in the field: the schedule once, and the trap each call.
fn assert_sleeps_are_told(field: Field, layers: Layers) {
    // What a section begins with.
    let before: [fn(Field); 4] = [|_| (), leave_descriptor, clear, |_| _ = sleep()];
    // What happens in it beside.
    let within: [fn(Field); 3] = [|_| (), leave_descriptor, clear];
    for before in before {
        for within in within {
            for (sleeps, first) in [(false, false), (true, false), (true, true)] {
                // So that the first has set the thread up.
                raw::non_block(|_| black_box(()));
                before(field);
                let mut calls = 0;
                let seen = violations(|| {
                    raw::non_block(|_| {
                        if sleeps && first {
                            calls += sleep();
                        }
                        within(field);
                        if sleeps && !first {
                            calls += sleep();
                        }
                    });
                });
                let told = if layers.contains(Layers::TRAP) { calls } else { sleeps.into() };
                assert_eq!(seen.len(), told, "{layers} {first} {seen:?}");
                // The next one is of itself again.
                assert!(violations(|| raw::non_block(|_| black_box(()))).is_empty());
            }
        }
    }
}

fn watch(layers: Layers, quick: bool) -> Watch {
    set_policy(Policy::Ignore);
    Watch::builder().layers(layers).quick_trap(quick).start().expect("it is here")
}

const SETTINGS: [(Layers, bool); 3] =
    [(Layers::SCHEDULE, false), (Layers::TRAP, true), (Layers::TRAP, false)];

#[test]
fn a_foreign_descriptor_in_the_area_is_a_marker_that_was_cleared() {
    own("a_foreign_descriptor_in_the_area_is_a_marker_that_was_cleared", "", || {
        let Some(field) = field_of_libc() else {
            println!("this libc registers no area: skipped");
            return;
        };
        for (layers, quick) in SETTINGS {
            let _watch = watch(layers, quick);
            assert_sleeps_are_told(field, layers);
            // With the trap beside it, a sleep is still told once.
            let both = layers | Layers::SCHEDULE;
            let _both = watch(both, quick);
            assert_sleeps_are_told(field, both);
        }
    });
}

/// Has SIGALRM come to this thread again and again.
fn alarm_each(period: Duration) {
    extern "C" fn nothing(_: i32) {}

    // SAFETY: the handler does nothing.
    unsafe { libc::signal(libc::SIGALRM, nothing as *const () as usize) };
    thread_local! {
        static TIMER: Cell<libc::timer_t> = const { Cell::new(ptr::null_mut()) };
    }
    if TIMER.get().is_null() {
        // SAFETY: zeros are an event.
        let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
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
    let time = libc::timespec { tv_sec: 0, tv_nsec: period.subsec_nanos().into() };
    let time = libc::itimerspec { it_value: time, it_interval: time };
    // SAFETY: it reads the time.
    let set = unsafe { libc::timer_settime(TIMER.get(), 0, &raw const time, ptr::null_mut()) };
    assert_eq!(set, 0);
}

/// Runs critical sections in watched sections until some were aborted. Each counts if and only if it was not.
fn assert_critical_sections_work(field: Field, is_aborted_in_sections: bool) {
    let (mut counted, mut done, mut aborted) = (0u64, 0u64, 0u64);
    alarm_each(Duration::from_micros(500));
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) && (done < 50 || aborted < 50) {
        // Long ones are mostly interrupted, and short ones are not.
        let loops = if (done + aborted) % 2 == 0 { 1_000_000 } else { 1_000 };
        let mut run = |loops| {
            // SAFETY: the field is this thread's, and so is the count.
            match unsafe { watch_rseq_count(field, loops, &raw mut counted) } {
                0 => done += 1,
                _ => aborted += 1,
            }
        };
        if is_aborted_in_sections {
            raw::non_block(|_| run(loops));
        } else {
            // Signals wait until the section ends, and interrupt nothing in it.
            raw::non_block(|_| run(1_000));
            run(loops);
        }
    }
    alarm_each(Duration::ZERO);
    assert_eq!(counted, done);
    assert!(done >= 50 && aborted >= 50, "{done} {aborted}");
}

#[test]
fn critical_sections_of_another_user_work_in_watched_sections_and_between() {
    own("critical_sections_of_another_user_work_in_watched_sections_and_between", "", || {
        let Some(field) = field_of_libc() else {
            println!("this libc registers no area: skipped");
            return;
        };
        assert_critical_sections_work(field, true);
        for (layers, quick) in SETTINGS {
            let watch = watch(layers, quick);
            let waits = layers.contains(Layers::TRAP) && !quick;
            assert_critical_sections_work(field, !waits);
            drop(watch);
        }
    });
}

/// Runs on a new thread, which registers an area of its own before its first section.
fn on_thread_with_area(size: usize, body: impl FnOnce(Field) + Send + 'static) {
    std::thread::spawn(move || {
        let field = register(new_area(), size).expect("nobody has registered another");
        body(field);
    })
    .join()
    .expect("the thread does not panic");
}

/// The watch then asks the kernel at both ends of a section: the area of the program's own is not one that it knows of.
#[test]
fn a_thread_with_an_area_of_its_own_of_any_size_has_its_sleeps_told() {
    let test = "a_thread_with_an_area_of_its_own_of_any_size_has_its_sleeps_told";
    own(test, "glibc.pthread.rseq=0", || {
        assert!(field_of_libc().is_none(), "it was switched off");
        for (layers, quick) in SETTINGS {
            let watch = watch(layers, quick);
            for size in [32, large_size()] {
                on_thread_with_area(size, move |field| {
                    assert_sleeps_are_told(field, layers);
                    assert_critical_sections_work(field, false);
                });
            }
            drop(watch);
        }
    });
}

#[test]
fn a_thread_with_an_area_of_its_own_can_start_the_watch() {
    let test = "a_thread_with_an_area_of_its_own_can_start_the_watch";
    own(test, "glibc.pthread.rseq=0", || {
        let field = register(new_area(), large_size()).expect("nobody has registered another");
        let _watch = watch(Layers::SCHEDULE, false);
        assert_sleeps_are_told(field, Layers::SCHEDULE);
    });
}

/// The kernel takes one area a thread. Where libc registers none, the first section under the schedule does: see the module.
#[test]
fn an_area_is_registered_before_the_first_section_or_refused() {
    let test = "an_area_is_registered_before_the_first_section_or_refused";
    own(test, "glibc.pthread.rseq=0", || {
        let _watch = watch(Layers::SCHEDULE, false);
        std::thread::spawn(|| {
            raw::non_block(|_| black_box(()));
            assert_eq!(register(new_area(), 32), Err(libc::EINVAL));
            let seen = violations(|| _ = raw::non_block(|_| sleep()));
            assert_eq!(seen.len(), 1, "{seen:?}");
        })
        .join()
        .unwrap();
    });
}
