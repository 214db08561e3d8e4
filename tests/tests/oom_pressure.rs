//! Memory pressure: what the kernel can be asked to watch, the error if it refuses, and who chooses the victims.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use nix::unistd::{Uid, setfsuid};
use nonblock::testing::violations;
use nonblock::{Violation, ViolationKind, raw, sleepable, thread};
use nonblock_mm::oom::{
    Cause, Killer, MAX_WINDOW, MIN_WINDOW, Pressure, PressureError, ReapEventKind, Reaper, SYSTEM,
    Stall, Trigger, TriggerError,
};
use nonblock_tests::cgroup::Cgroup;
use nonblock_tests::victim::victim;

const LONG: Duration = Duration::from_secs(20);

const fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// One that the kernel accepts from everybody, and that does not fire of itself: a whole window of stalling.
fn quiet() -> Trigger {
    Trigger::full(Duration::from_secs(2), Duration::from_secs(2)).unwrap()
}

/// A file of this test's own.
fn file(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oom_pressure");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// What a kernel tells in such a file.
const TOLD: &str = "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n";

#[test]
fn a_trigger_reads_as_the_kernel_documents_it() {
    let some = Trigger::some(micros(150_000), micros(1_000_000)).unwrap();
    assert_eq!(some.to_string(), "some 150000 1000000");
    assert_eq!(some.stall(), Stall::Some);
    assert_eq!((some.threshold(), some.window()), (micros(150_000), micros(1_000_000)));
    let full = Trigger::full(micros(50_000), micros(1_000_000)).unwrap();
    assert_eq!((full.to_string().as_str(), full.stall()), ("full 50000 1000000", Stall::Full));
    // The ends of the ranges.
    assert_eq!(Trigger::some(micros(1), MIN_WINDOW).unwrap().to_string(), "some 1 500000");
    let longest = Trigger::full(MAX_WINDOW, MAX_WINDOW).unwrap();
    assert_eq!(longest.to_string(), "full 10000000 10000000");
}

#[test]
fn a_trigger_out_of_range_says_what_was_expected() {
    let nano = Duration::from_nanos(1);
    for window in
        [Duration::ZERO, MIN_WINDOW.checked_sub(nano).unwrap(), MAX_WINDOW + nano, Duration::MAX]
    {
        let error = Trigger::some(micros(1), window).unwrap_err();
        assert_eq!(error, TriggerError::Window { window });
        let expected = format!("a window of {window:?}: expected from 500ms to 10s");
        assert_eq!(error.to_string(), expected);
    }
    let window = Duration::from_secs(1);
    for threshold in [Duration::ZERO, nano, window + nano, Duration::MAX] {
        let error = Trigger::full(threshold, window).unwrap_err();
        assert_eq!(error, TriggerError::Threshold { threshold, window });
        let expected =
            format!("a stall of {threshold:?} in a window of 1s: expected from 1µs to the window");
        assert_eq!(error.to_string(), expected);
    }
    for (threshold, window, time) in
        [(micros(5) + nano, window, micros(5) + nano), (micros(5), window + nano, window + nano)]
    {
        let error = Trigger::some(threshold, window).unwrap_err();
        assert_eq!(error, TriggerError::Fraction { time });
        let expected = format!("a time of {time:?}: expected a whole number of microseconds");
        assert_eq!(error.to_string(), expected);
    }
}

/// On the real file, where there is one; what else the kernel can say is an error of its own.
#[test]
fn the_machine_is_watched_where_the_kernel_allows_it() {
    sleepable(|cx| match Pressure::of_system(quiet(), cx) {
        Ok(pressure) => {
            assert_eq!(pressure.path(), Path::new(SYSTEM));
            assert_eq!(*pressure.trigger(), quiet());
            let began = Instant::now();
            // A machine that does nothing but wait for memory could fire it: then the wait is short.
            let told = pressure.wait_timeout(cx, Duration::from_millis(30)).unwrap();
            assert!(told || began.elapsed() >= Duration::from_millis(30));
        }
        Err(error) => {
            eprintln!("not watched here: {error}");
            let exists = Path::new(SYSTEM).exists();
            assert_eq!(!exists, error == PressureError::Absent { path: SYSTEM.into() }, "{error}");
            assert!(error.to_string().contains("Killer::trigger"), "{error}");
        }
    });
}

/// A window that is no multiple of 2 s is for the privileged. The kernel says no more than `EINVAL`.
#[test]
fn a_window_for_the_privileged_is_accepted_or_explained() {
    let trigger = Trigger::some(micros(999_999), Duration::from_secs(1)).unwrap();
    sleepable(|cx| {
        if Pressure::of_system(quiet(), cx).is_err() {
            eprintln!("skipped: memory pressure cannot be watched here at all");
            return;
        }
        match Pressure::of_system(trigger, cx) {
            Ok(pressure) => assert_eq!(*pressure.trigger(), trigger),
            Err(error) => {
                assert_eq!(error, PressureError::Window { path: SYSTEM.into(), trigger });
                let expected = "/proc/pressure/memory: the kernel refused the trigger `some 999999 1000000`; without \
                                CAP_SYS_RESOURCE it expects a window that is a multiple of 2s, found 1s";
                assert_eq!(error.to_string(), expected);
            }
        }
    });
}

#[test]
fn what_is_written_is_the_trigger_and_a_zero() {
    let path = file("stand_in", TOLD);
    sleepable(|cx| {
        let pressure = Pressure::of_file(&path, quiet(), cx).unwrap();
        assert_eq!(pressure.path(), path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("full 2000000 2000000\0"), "{text}");
    });
}

#[test]
fn what_is_absent_or_something_else_is_named_and_left_alone() {
    sleepable(|cx| {
        let absent = file("folder", "").with_file_name("absent");
        let error = Pressure::of_file(&absent, quiet(), cx).unwrap_err();
        assert_eq!(error, PressureError::Absent { path: absent.clone() });
        let text = error.to_string();
        assert!(text.starts_with(absent.to_str().unwrap()), "{text}");
        assert!(text.contains("CONFIG_PSI") && text.contains("psi=1"), "{text}");

        for text in ["", "some", "Some day: a letter to be kept"] {
            let letter = file("letter", text);
            let error = Pressure::of_file(&letter, quiet(), cx).unwrap_err();
            assert_eq!(error, PressureError::NotPressure { path: letter.clone() });
            assert!(error.to_string().contains("tells no pressure"), "{error}");
            assert_eq!(fs::read_to_string(letter).unwrap(), text);
        }

        let folder = absent.with_file_name("");
        for directory in [folder.as_path(), Path::new("/no/such/cgroup")] {
            let error = Pressure::of_cgroup(directory, quiet(), cx).unwrap_err();
            assert_eq!(error, PressureError::NoCgroup { path: directory.into() });
            assert!(error.to_string().contains("cgroup v2"), "{error}");
        }
        // A folder in place of the file is refused, and a file in place of the folder.
        let error = Pressure::of_file(&folder, quiet(), cx).unwrap_err();
        assert!(matches!(error, PressureError::Other { .. }), "{error}");
    });
}

/// As an unprivileged user sees it: this thread is one to the file system for a while, also where tests run as root.
#[test]
fn what_may_not_be_watched_says_so() {
    let path = file("forbidden", TOLD);
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o444);
    fs::set_permissions(&path, permissions).unwrap();
    let before = setfsuid(Uid::from_raw(65534));
    let result = sleepable(|cx| Pressure::of_file(&path, quiet(), cx));
    setfsuid(before);
    fs::remove_file(&path).unwrap();
    let error = result.unwrap_err();
    assert_eq!(error, PressureError::NotPermitted { path });
    assert!(error.to_string().contains("may not watch it"), "{error}");
    assert!(error.to_string().contains("CAP_SYS_RESOURCE"), "{error}");
}

#[test]
fn what_may_sleep_says_so() {
    if !nonblock::CHECKS {
        return;
    }
    let path = file("stand_in_in_a_section", TOLD);
    // The sections are within the root: what sleeps under a root that is reported is only counted.
    let found = violations(|| {
        raw::sleepable(|cx| {
            let _ = raw::non_block(|_nb| Pressure::of_system(quiet(), cx));
            let _ = raw::non_block(|_nb| Pressure::of_cgroup("/no/such/cgroup", quiet(), cx));
            // It writes over what tells that it is one, so it comes last.
            let pressure = raw::non_block(|_nb| Pressure::of_file(&path, quiet(), cx)).unwrap();
            let waited = raw::non_block(|_nb| pressure.wait_timeout(cx, Duration::ZERO));
            assert_eq!(waited, Ok(false));
            raw::non_block(|_nb| drop(pressure));
        });
    });
    let here = |found: &&Violation| found.location().file() == file!();
    let mut lines: Vec<u32> =
        found.iter().filter(here).map(|found| found.location().line()).collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 5, "four calls, and the drop: {found:#?}");
    let dropped = found.last().unwrap();
    assert_eq!(Some(dropped.location()), dropped.section(), "a drop has no caller: {dropped}");
    assert!(found.iter().all(|found| found.kind() == ViolationKind::SleepInNonBlock));
}

#[test]
fn a_cgroup_is_watched_until_it_is_removed() {
    let Some(cgroup) = Cgroup::new("watched") else {
        eprintln!("skipped: this process may make no cgroup of version 2");
        return;
    };
    sleepable(|cx| {
        let pressure = match Pressure::of_cgroup(cgroup.path(), quiet(), cx) {
            Ok(pressure) => pressure,
            Err(PressureError::NoCgroup { .. }) => {
                eprintln!("skipped: this kernel tells no pressure of cgroups");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        // Nobody is in it, so nobody stalls.
        assert_eq!(pressure.wait_timeout(cx, Duration::from_millis(10)), Ok(false));

        // Turned off, it cannot be watched anew.
        fs::write(cgroup.path().join("cgroup.pressure"), "0").unwrap();
        let error = Pressure::of_cgroup(cgroup.path(), quiet(), cx).unwrap_err();
        assert_eq!(error, PressureError::NoCgroup { path: cgroup.path().into() });
        fs::write(cgroup.path().join("cgroup.pressure"), "1").unwrap();
        // Nor is it watched any more by who watched it before, whenever he finds out.
        drop(pressure);
        let pressure = Pressure::of_cgroup(cgroup.path(), quiet(), cx).unwrap();

        let path = cgroup.path().join("memory.pressure");
        let reaper = Arc::new(Reaper::builder().spawn().unwrap());
        let (called, is_called) = mpsc::channel();
        let killer = Killer::on_pressure(pressure, reaper, move |cause, _cx| {
            called.send(cause).unwrap();
            Vec::new()
        });
        let killer = killer.unwrap();
        let pressure = Pressure::of_cgroup(cgroup.path(), quiet(), cx).unwrap();
        assert_eq!(killer.lost(), None);
        drop(cgroup);
        assert_eq!(pressure.wait(cx), Err(PressureError::Gone { path: path.clone() }));
        let began = Instant::now();
        while killer.lost().is_none() {
            assert!(began.elapsed() < LONG, "the killer does not see that the cgroup is gone");
            thread::yield_now(cx);
        }
        assert_eq!(killer.lost(), Some(&PressureError::Gone { path }));
        // Nobody was chosen for it, and the bell still rings.
        assert_eq!(is_called.try_recv(), Err(mpsc::TryRecvError::Empty));
        killer.trigger();
        assert_eq!(is_called.recv_timeout(LONG), Ok(Cause::Manual));
        killer.shutdown(cx);
    });
}

#[test]
fn who_is_chosen_by_hand_is_reaped() {
    sleepable(|cx| {
        let (ends, ended) = mpsc::channel();
        let setup = Reaper::builder().on_event(move |event| {
            if let ReapEventKind::Done { reaped, .. } = &event.kind {
                ends.send((reaped.name.clone(), reaped.is_complete())).unwrap();
            }
        });
        let reaper = Arc::new(setup.spawn().unwrap());
        let mut victims = vec![victim("second", 1, cx), victim("first", 1, cx)];
        let killer = Killer::manual(Arc::clone(&reaper), move |cause, _cx| {
            assert_eq!(cause, Cause::Manual);
            victims.pop().into_iter().collect()
        });
        let killer = killer.unwrap();
        for expected in ["first", "second"] {
            cx.non_block(|_nb| killer.trigger());
            assert_eq!(ended.recv_timeout(LONG).unwrap(), (expected.to_owned(), true));
        }
        killer.shutdown(cx);
        assert_eq!(reaper.stats().complete, 2);
        // The killer kept nothing.
        assert_eq!(Arc::strong_count(&reaper), 1);
    });
}

#[test]
fn a_choice_that_panics_chooses_nobody_and_the_killer_goes_on() {
    sleepable(|cx| {
        let reaper = Arc::new(Reaper::builder().spawn().unwrap());
        let (called, is_called) = mpsc::channel();
        let mut calls = 0;
        let killer = Killer::manual(Arc::clone(&reaper), move |_cause, _cx| {
            calls += 1;
            called.send(calls).unwrap();
            assert!(calls > 1, "a fault of the choice's, as told");
            Vec::new()
        });
        let killer = killer.unwrap();
        for expected in 1..=2 {
            killer.trigger();
            assert_eq!(is_called.recv_timeout(LONG).unwrap(), expected);
        }
        assert_eq!(reaper.stats().victims, 0);
        // The drop does not wait, and the thread ends.
        cx.non_block(|_nb| drop(killer));
        while Arc::strong_count(&reaper) > 1 {
            thread::yield_now(cx);
        }
    });
}

/// With a real pressure watched, and none there is, the bell still rings.
#[test]
fn a_killer_that_watches_the_machine_can_be_triggered_by_hand() {
    sleepable(|cx| {
        let pressure = match Pressure::of_system(quiet(), cx) {
            Ok(pressure) => pressure,
            Err(error) => {
                eprintln!("skipped: {error}");
                return;
            }
        };
        let reaper = Arc::new(Reaper::builder().spawn().unwrap());
        let (called, is_called) = mpsc::channel();
        let killer = Killer::on_pressure(pressure, reaper, move |cause, _cx| {
            called.send(cause).unwrap();
            Vec::new()
        });
        let killer = killer.unwrap();
        killer.trigger();
        let began = Instant::now();
        while is_called.recv_timeout(LONG).unwrap() != Cause::Manual {
            assert!(began.elapsed() < LONG);
        }
        killer.shutdown(cx);
    });
}
