//! The variable `NONBLOCK_WATCH`: what it switches on, what is written, and what becomes of a value that is wrong.

#![cfg(all(feature = "watch", target_os = "linux", target_arch = "x86_64"))]

use std::ffi::OsString;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::libc;
use nonblock::watch::{Allocator, statistics};
use nonblock::{ViolationKind, raw, stats};
use nonblock_tests::process::{self, Outcome};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator::system();

/// Runs the body in a process of its own with this value.
fn with(test: &str, value: &str, body: impl FnOnce()) -> Outcome {
    let warn = ("NONBLOCK", OsString::from("warn"));
    process::own(test, &[("NONBLOCK_WATCH", OsString::from(value)), warn], body)
}

/// Runs this program with a value, and returns how it ended and what it wrote to standard error.
fn started_with(variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--list"]).env("NONBLOCK", "warn").envs(variables.iter().copied());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A section that leaves its processor. Of a microsecond's sleep, the kernel's timer may be over before the thread has gone to
/// sleep, in some of ten thousand on a busy machine; there is nothing to tell then.
fn sleep_in_section() {
    raw::non_block(|_| std::thread::sleep(Duration::from_millis(1)));
}

/// A path for a file of this test.
fn temporary(name: &str) -> String {
    let path = std::env::temp_dir().join(format!("nonblock-{}-{name}", std::process::id()));
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_wrong_value_is_named_once_and_the_program_goes_on_unless_it_is_strict() {
    let malformed = temporary("malformed");
    std::fs::write(&malformed, "# a comment\n\nfunction:x\n").unwrap();
    let file = format!("trap,suppressions={malformed}");
    for (value, named) in [
        ("shedule", "`shedule` is unknown: expected some of"),
        ("budget=5", "`5` is no length of time"),
        ("sample=0", "`sample=0` would watch nothing"),
        ("alloc=x", "`x` is no number"),
        ("trap,json=/nowhere/x", "the file of reports /nowhere/x cannot be written: No such file"),
        ("trap,json=/", "the file of reports / cannot be written: "),
        ("trap,suppressions=/nowhere/x", "the file of suppressions /nowhere/x cannot be read"),
        (&file, "line 3: `function:x`: a suppression without a reason"),
    ] {
        let (status, errors) = started_with(&[("NONBLOCK_WATCH", value)]);
        assert_eq!(status, Some(0), "{value}: {errors}");
        assert!(
            errors.contains(named) && errors.contains("nothing is watched"),
            "{value}: {errors}"
        );
        assert_eq!(errors.lines().count(), 1, "{value}: {errors}");
        let (status, errors) = started_with(&[("NONBLOCK_WATCH", &format!("{value},strict"))]);
        assert_eq!(status, Some(2), "{value}: {errors}");
        assert!(errors.contains(named), "{value}: {errors}");
    }
    std::fs::remove_file(malformed).unwrap();
    let (status, errors) = started_with(&[("NONBLOCK_WATCH", "")]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
}

#[allow(non_snake_case, reason = "the test is of odd names")]
#[inline(never)]
fn sleeps_by_naïveté_and_更() {
    std::thread::sleep(Duration::from_micros(1));
}

#[test]
fn reports_are_lines_of_json_also_with_odd_names() {
    let path = temporary("json \"odd\" 更");
    let test = "reports_are_lines_of_json_also_with_odd_names";
    // The child has another number, so its path comes from the environment.
    let path = std::env::var("NONBLOCK_TESTS_JSON").unwrap_or(path);
    let variables = [
        ("NONBLOCK_WATCH", OsString::from(format!("trap,json={path}"))),
        ("NONBLOCK", OsString::from("warn")),
        ("NONBLOCK_TESTS_JSON", OsString::from(&path)),
    ];
    let outcome = process::own(test, &variables, || {
        for _ in 0..3 {
            raw::non_block(|_| sleeps_by_naïveté_and_更());
            raw::non_block(|_| {
                let odd = c"/nowhere/\"\\\n\x01\xff更";
                // SAFETY: it is a text that ends in a nul.
                unsafe { libc::open(odd.as_ptr(), libc::O_RDONLY) };
            });
        }
    });
    outcome.assert_success();
    let written = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        written.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines.len(), 6, "{written}");
    assert!(written.contains("naïveté_and_更"), "{written}");
    let occurrences: Vec<_> = lines.iter().map(|line| line["occurrence"].as_u64()).collect();
    assert_eq!(occurrences, [1, 1, 2, 2, 3, 3].map(Some), "{written}");
    // On standard error, each is written once.
    assert_eq!(outcome.stderr.matches("clock_nanosleep(").count(), 1, "{outcome:#?}");
}

#[inline(never)]
fn legacy() {
    std::thread::sleep(Duration::from_micros(1));
}

#[test]
fn suppressions_hold_by_function_and_file_and_unused_ones_are_listed() {
    let path = std::env::var("NONBLOCK_TESTS_LIST").unwrap_or_else(|_| temporary("list"));
    if std::env::var_os("NONBLOCK_TESTS_LIST").is_none() {
        let text = "# ours\nfunction:watch_environment::legacy old code\nfile:*/nothing.rs never\n";
        std::fs::write(&path, text).unwrap();
    }
    let test = "suppressions_hold_by_function_and_file_and_unused_ones_are_listed";
    let value = format!("trap,stats,suppressions={path}");
    let variables = [
        ("NONBLOCK_WATCH", OsString::from(value)),
        ("NONBLOCK", OsString::from("warn")),
        ("NONBLOCK_TESTS_LIST", OsString::from(&path)),
    ];
    let outcome = process::own(test, &variables, || {
        for _ in 0..2 {
            raw::non_block(|_| legacy());
        }
        assert_eq!(stats().total(), 0);
        sleep_in_section();
        assert_eq!(stats().count(ViolationKind::SyscallInNonBlock), 1);
    });
    let _ = std::fs::remove_file(&path);
    outcome.assert_success();
    let errors = &outcome.stderr;
    assert!(
        errors.contains("suppressed 2 time(s): function:watch_environment::legacy"),
        "{errors}"
    );
    assert!(errors.contains("suppression that nothing used: file:*/nothing.rs never"), "{errors}");
}

#[test]
fn allocations_are_told_from_a_size_on() {
    with("allocations_are_told_from_a_size_on", "alloc=1000", || {
        raw::non_block(|_| drop(std::hint::black_box(vec![0u8; 999])));
        assert_eq!(stats().total(), 0);
        raw::non_block(|_| drop(std::hint::black_box(vec![0u8; 1000])));
        assert_eq!(stats().count(ViolationKind::AllocInNonBlock), 2);
    })
    .assert_success();
}

#[test]
fn a_budget_has_a_histogram_and_preemptions_are_counted_by_place() {
    let test = "a_budget_has_a_histogram_and_preemptions_are_counted_by_place";
    let outcome = with(test, "schedule,budget=5ms,stats", || {
        let stop = std::sync::atomic::AtomicBool::new(false);
        let pin = || {
            // SAFETY: zeros are a set.
            let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
            // SAFETY: every set has room for the first processor.
            unsafe { libc::CPU_SET(0, &mut set) };
            // SAFETY: the set is whole.
            unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
        };
        // Another thread wants the same processor.
        std::thread::scope(|scope| {
            pin();
            scope.spawn(|| {
                pin();
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
            for _ in 0..10 {
                raw::non_block(|_| {
                    let start = Instant::now();
                    while start.elapsed() < Duration::from_millis(30) {}
                });
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        let preemptions = statistics().preemptions();
        assert!(preemptions.iter().any(|at| at.count > 3), "{preemptions:?}");
        let lengths = statistics().lengths();
        assert!(
            lengths.iter().any(|at| at.count == 10 && at.quantile(0.1) > Duration::from_millis(25))
        );
        assert_eq!(stats().count(ViolationKind::OverBudget), 10);
        assert_eq!(stats().count(ViolationKind::ScheduledInNonBlock), 0);
    });
    outcome.assert_success();
    assert!(outcome.stderr.contains("section(s) at"), "{outcome:#?}");
}

#[test]
fn a_sleep_is_told_on_kernels_whose_marker_tells_less_and_without_libcs_area() {
    let test = "a_sleep_is_told_on_kernels_whose_marker_tells_less_and_without_libcs_area";
    let body = || {
        let spin = || {
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(2) {}
        };
        let told = || {
            stats().count(ViolationKind::ScheduledInNonBlock)
                + stats().count(ViolationKind::SyscallInNonBlock)
        };
        for _ in 0..5 {
            raw::non_block(|_| spin());
        }
        assert_eq!(told(), 0);
        for round in 1..=5 {
            sleep_in_section();
            assert_eq!(told(), round);
        }
        std::thread::spawn(sleep_in_section).join().unwrap();
        assert_eq!(told(), 6);
    };
    for value in ["schedule", "schedule,trap", "schedule,trap,quick"] {
        for tunables in ["", "glibc.pthread.rseq=0"] {
            for assumed in ["", ",assume-new-rseq"] {
                let variables = [
                    ("NONBLOCK_WATCH", OsString::from(format!("{value}{assumed}"))),
                    ("NONBLOCK", OsString::from("warn")),
                    ("GLIBC_TUNABLES", OsString::from(tunables)),
                ];
                let outcome = process::own(test, &variables, body);
                assert!(outcome.status.success(), "{value}{assumed} {tunables}: {outcome:#?}");
            }
        }
    }
}

#[test]
fn sections_in_destructors_of_threads_and_after_main_do_well() {
    struct InDrop;

    impl Drop for InDrop {
        fn drop(&mut self) {
            sleep_in_section();
        }
    }

    thread_local! {
        static LOCAL: InDrop = const { InDrop };
    }

    extern "C" fn at_exit() {
        sleep_in_section();
    }

    with("sections_in_destructors_of_threads_and_after_main_do_well", "all,stats", || {
        std::thread::spawn(|| LOCAL.with(|_| ())).join().unwrap();
        LOCAL.with(|_| ());
        // SAFETY: the function may be called then.
        unsafe { libc::atexit(at_exit) };
    })
    .assert_success();
}
