//! The report: its text, its call trace, and that it is written whatever the thread is doing.

use std::panic::{Location, catch_unwind};
#[cfg(unix)]
use std::sync::mpsc;
use std::thread;

use nonblock::ViolationKind::{NotInNonBlock, SleepInNonBlock, UnbalancedEnd};
use nonblock::testing::expect_violation;
use nonblock::{Policy, Task, cant_sleep, might_sleep, non_block, raw, set_policy};
use nonblock_tests::process;

/// Breaks the rule on its caller's behalf, and says where.
#[track_caller]
fn sleep_here() -> &'static Location<'static> {
    might_sleep();
    Location::caller()
}

/// Opens a section on its caller's behalf, and says where.
#[track_caller]
fn section_here<R>(f: impl FnOnce() -> R) -> (R, &'static Location<'static>) {
    (raw::non_block(|_nb| f()), Location::caller())
}

/// Runs the closure on a thread of that name.
fn on_thread<R: Send + 'static>(name: &str, f: impl FnOnce() -> R + Send + 'static) -> R {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(f).expect("a thread starts");
    thread.join().expect("the closure does not panic")
}

// The text.

#[test]
fn a_sleep_in_a_section_is_told_line_by_line() {
    on_thread("reaper-of-tests", || {
        let (mut called, mut opened) = (None, None);
        let violation = expect_violation(|| {
            let (inner, outer) = section_here(|| section_here(|| sleep_here()).0);
            (called, opened) = (Some(inner), Some(outer));
        });
        let text = violation.to_string();
        let mut lines = text.lines();
        let (called, opened) = (called.unwrap(), opened.unwrap());
        assert_eq!(called.file(), file!());
        assert_eq!(
            lines.next(),
            Some(&*format!("BUG: sleeping function called from invalid context at {called}"))
        );
        let id = violation.task().id();
        assert_eq!(lines.next(), Some(&*format!("non_block: 2, tid: {id}, name: reaper-of-tests")));
        assert_eq!(
            lines.next(),
            Some("expected: a context that may sleep: no section open on this thread")
        );
        assert_eq!(
            lines.next(),
            Some(&*format!("found: a call that may sleep, in the section that began at {opened}"))
        );
        if nonblock::lockdep::ENABLED {
            let inner = lines.next().unwrap();
            assert!(inner.starts_with("within: a section that began at tests/tests/report.rs:"));
        }
        assert!(lines.next().unwrap().starts_with("help: pass `&mut Sleepable` to what may sleep"));
        assert_eq!(lines.next(), None);
    });
}

#[test]
fn a_fault_outside_sections_names_none() {
    on_thread("outside", || {
        let text = expect_violation(cant_sleep).to_string();
        assert!(text.starts_with("BUG: function that relies on a section called outside one at "));
        assert!(text.contains("\nnon_block: 0, tid: "), "{text}");
        assert!(text.contains("\nexpected: an open section on this thread\nfound: none\nhelp: "));

        let text = expect_violation(raw::non_block_end).to_string();
        assert!(text.starts_with("BUG: non_block_end without non_block_start at "), "{text}");
        assert!(text.contains("\nnon_block: 0, tid: "), "{text}");
        assert!(text.contains("\nexpected: an open section to end\nfound: none on this thread"));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_tid_is_the_kernels_number_of_the_thread() {
    const NAME: &str = "tid-of-a-thread"; // as long as the kernel keeps names

    /// Finds the thread by its name among the process's, as `ps` does.
    fn number() -> u32 {
        let tasks = std::fs::read_dir("/proc/self/task").expect("the kernel lists our threads");
        let is_ours = |task: &std::fs::DirEntry| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == NAME)
        };
        let task = tasks.flatten().find(is_ours).expect("our thread runs");
        task.file_name().to_str().unwrap().parse().expect("threads are numbered")
    }

    on_thread(NAME, || {
        assert_eq!(expect_violation(cant_sleep).task().id(), number());
        assert_ne!(number(), std::process::id());
    });
}

#[test]
fn a_thread_without_a_name_is_a_question_mark() {
    let text = thread::spawn(|| expect_violation(cant_sleep).to_string()).join().unwrap();
    assert!(text.contains(", name: ?\n"), "{text}");
}

#[test]
fn a_violation_that_is_sent_to_another_thread_names_its_own() {
    let violation = on_thread("sender-of-tests", || expect_violation(cant_sleep));
    assert_eq!(violation.clone().task().name(), "sender-of-tests");
}

#[test]
fn a_long_name_is_cut_between_characters() {
    let cut =
        |name: &str| on_thread(name, || expect_violation(cant_sleep).task().name().to_owned());
    let ascii = "a".repeat(60);
    assert_eq!(cut(&ascii[..47]), ascii[..47]);
    assert_eq!(cut(&ascii[..48]), ascii[..48]);
    assert_eq!(cut(&ascii[..49]), ascii[..48]);
    // Two bytes at 47 and 48: the second would not fit.
    assert_eq!(cut(&format!("{}\u{e9}tail", &ascii[..47])), ascii[..47]);
    assert_eq!(cut(&format!("{}\u{e9}tail", &ascii[..46])), format!("{}\u{e9}", &ascii[..46]));
    assert_eq!(cut(&"\u{1f9f5}".repeat(20)), "\u{1f9f5}".repeat(12));
}

#[test]
fn a_task_is_what_it_was_made_of() {
    assert_eq!((Task::UNKNOWN.id(), Task::UNKNOWN.name()), (0, ""));
    let task = Task::new(7, "seven");
    assert_eq!((task.id(), task.name()), (7, "seven"));
    assert_eq!(format!("{task:?}"), r#"Task { id: 7, name: "seven" }"#);
    assert_eq!(task, Task::new(7, "seven"));
}

// The call trace.

#[inline(never)]
fn flush_the_log() {
    might_sleep();
    std::hint::black_box(());
}

#[inline(never)]
fn invalidate_the_range() {
    non_block(|_nb| flush_the_log());
    std::hint::black_box(());
}

/// The functions of the first call trace in the text, innermost first.
fn trace(text: &str) -> Vec<&str> {
    let (_, trace) = text.split_once("call trace:\n").expect("there is a call trace");
    trace
        .lines()
        .map(str::trim_start)
        .take_while(|line| {
            line.starts_with("at ") || line.starts_with(|c: char| c.is_ascii_digit())
        })
        .filter(|line| !line.starts_with("at "))
        .collect()
}

#[test]
fn the_call_trace_starts_near_the_function_that_slept() {
    let test = "the_call_trace_starts_near_the_function_that_slept";
    let outcome = process::own(test, &[("NONBLOCK", "warn".into())], invalidate_the_range);
    outcome.assert_success();
    let trace = trace(&outcome.stderr);
    let of = |name: &str| trace.iter().position(|line| line.contains(name));
    let slept = of("flush_the_log").unwrap_or_else(|| panic!("{trace:#?}"));
    let section = of("invalidate_the_range").unwrap_or_else(|| panic!("{trace:#?}"));
    // `might_sleep` itself may stand before it, where it is not inlined.
    assert!(slept <= 1, "{trace:#?}");
    assert!(slept < section, "{trace:#?}");
    // The trace shows neither the frames of the report itself nor those of the runtime's start.
    for name in ["nonblock::report", "backtrace", "nonblock::backend", "lang_start", "test::run"] {
        assert_eq!(of(name), None, "{trace:#?}");
    }
}

#[test]
fn the_call_trace_of_a_thread_ends_where_its_closure_is_called() {
    let test = "the_call_trace_of_a_thread_ends_where_its_closure_is_called";
    let outcome = process::own(test, &[("NONBLOCK", "warn".into())], || {
        thread::spawn(invalidate_the_range).join().expect("the policy does not panic");
    });
    outcome.assert_success();
    let trace = trace(&outcome.stderr);
    assert!(trace.iter().any(|line| line.contains("invalidate_the_range")), "{trace:#?}");
    assert!(!trace.iter().any(|line| line.contains("std::sys::thread")), "{trace:#?}");
    assert!(!trace.iter().any(|line| line.contains("Thread::new")), "{trace:#?}");
}

// Where the panic is said to be.

#[test]
fn the_panic_of_the_policy_is_at_the_call_that_broke_the_rule() {
    let test = "the_panic_of_the_policy_is_at_the_call_that_broke_the_rule";
    let outcome = process::own(test, &[], || {
        set_policy(Policy::Panic);
        invalidate_the_range();
    });
    outcome.assert_panicked();
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let report = lines.iter().position(|line| line.starts_with("BUG: ")).expect("it is reported");
    let (_, place) = lines[report].rsplit_once(" at ").unwrap();
    assert!(lines[report - 1].ends_with(&format!("panicked at {place}:")), "{outcome:#?}");
}

// Whatever the thread is doing.

/// Breaks a rule when it is dropped.
struct AtTheEnd(fn());

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Runs a body that breaks a rule while it unwinds, under the policy that panics.
#[track_caller]
fn assert_reported_while_panicking(test: &str, headline: &str, body: fn()) {
    let outcome = process::own(test, &[("NONBLOCK", "panic".into())], body);
    // A second panic would have aborted the process.
    outcome.assert_panicked();
    assert!(outcome.stderr.contains("the first panic"), "{outcome:#?}");
    assert!(outcome.stderr.contains(headline), "{outcome:#?}");
    assert!(outcome.stderr.contains("call trace:"), "{outcome:#?}");
}

#[test]
fn a_sleep_while_panicking_is_reported_and_does_not_abort() {
    assert_reported_while_panicking(
        "a_sleep_while_panicking_is_reported_and_does_not_abort",
        "BUG: sleeping function called from invalid context at tests/tests/report.rs",
        || {
            let _guard = AtTheEnd(invalidate_the_range);
            panic!("the first panic");
        },
    );
}

#[test]
fn a_section_left_by_a_panic_and_ended_before_is_reported_and_does_not_abort() {
    assert_reported_while_panicking(
        "a_section_left_by_a_panic_and_ended_before_is_reported_and_does_not_abort",
        "BUG: non_block_end without non_block_start at tests/tests/report.rs",
        || {
            raw::non_block(|_nb| {
                raw::non_block_end();
                panic!("the first panic");
            });
        },
    );
}

#[test]
fn a_sleep_in_the_panic_hook_does_not_recurse() {
    let test = "a_sleep_in_the_panic_hook_does_not_recurse";
    let outcome = process::own(test, &[("NONBLOCK", "panic".into())], || {
        std::panic::set_hook(Box::new(|_info| {
            for _ in 0..3 {
                invalidate_the_range();
            }
        }));
        assert!(catch_unwind(invalidate_the_range).is_err());
        assert!(catch_unwind(|| panic!("of another cause")).is_err());
        assert_eq!(raw::depth(), 0);
        assert_eq!(nonblock::stats().count(SleepInNonBlock), 7);
    });
    outcome.assert_success();
}

#[cfg(unix)]
#[track_caller]
fn assert_reported_past_a_held_stderr(test: &str, policy: Policy) {
    let outcome = process::own(test, &[], || {
        set_policy(policy);
        let (held, is_held) = mpsc::channel();
        let (reported, is_reported) = mpsc::channel::<()>();
        let holder = thread::spawn(move || {
            let _stderr = std::io::stderr().lock();
            held.send(()).unwrap();
            // Until the other side is dropped.
            let _ = is_reported.recv();
        });
        is_held.recv().unwrap();
        // If it waited for the lock it would wait for ever.
        let _ = catch_unwind(invalidate_the_range);
        drop(reported);
        holder.join().unwrap();
    });
    outcome.assert_success();
    assert!(outcome.stderr.contains("BUG: sleeping function"), "{outcome:#?}");
}

#[cfg(unix)]
#[test]
fn a_warning_passes_by_a_held_lock_of_standard_error() {
    assert_reported_past_a_held_stderr(
        "a_warning_passes_by_a_held_lock_of_standard_error",
        Policy::Warn,
    );
}

#[cfg(unix)]
#[test]
fn a_panic_passes_by_a_held_lock_of_standard_error() {
    assert_reported_past_a_held_stderr(
        "a_panic_passes_by_a_held_lock_of_standard_error",
        Policy::Panic,
    );
}

#[cfg(unix)]
#[test]
fn a_handler_that_panics_while_its_thread_unwinds_ends_the_program() {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGABRT: i32 = 6;

    let test = "a_handler_that_panics_while_its_thread_unwinds_ends_the_program";
    let outcome = process::own(test, &[], || {
        nonblock::set_handler(Some(|_violation| panic!("of the handler's")));
        let _ = catch_unwind(|| {
            let _at_the_end = AtTheEnd(invalidate_the_range);
            panic!("of another cause");
        });
        println!("went on");
    });
    assert_eq!(outcome.status.signal(), Some(SIGABRT), "{outcome:#?}");
    assert!(!outcome.stdout.contains("went on"), "{outcome:#?}");
}

#[test]
fn a_fault_while_a_thread_is_torn_down_is_reported() {
    std::thread_local! {
        static LAST: AtTheEnd = const { AtTheEnd(|| {
            cant_sleep();
            raw::non_block_end();
            invalidate_the_range();
        }) };
    }

    let test = "a_fault_while_a_thread_is_torn_down_is_reported";
    let outcome = process::own(test, &[("NONBLOCK", "warn".into())], || {
        thread::spawn(|| LAST.with(|_| {})).join().expect("the policy does not panic");
        for kind in [SleepInNonBlock, NotInNonBlock, UnbalancedEnd] {
            assert_eq!(nonblock::stats().count(kind), 1);
        }
    });
    outcome.assert_success();
    assert_eq!(outcome.stderr.matches("BUG: ").count(), 3, "{outcome:#?}");
}

#[test]
fn a_report_is_whole_when_many_threads_report_at_once() {
    let test = "a_report_is_whole_when_many_threads_report_at_once";
    let outcome = process::own(test, &[("NONBLOCK", "warn".into())], || {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|_| invalidate_the_range()));
            }
        });
        assert_eq!(nonblock::stats().count(SleepInNonBlock), 800);
    });
    outcome.assert_success();
    // One thread found the site first, and wrote it.
    assert_eq!(outcome.stderr.matches("BUG: ").count(), 1, "{outcome:#?}");
}
