//! Three threads on one processor: one with a low priority holds a lock, one with a middle priority spins, and one with a high
//! priority waits for the lock. It gets the lock only if the holder runs before the one that spins.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lock_api::RawMutex;
use nix::libc;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use nonblock::sleepable;
use nonblock::sync::{Mutex, RawParkingMutex, RawPiMutex};

const LOW: i32 = 10;
const MIDDLE: i32 = 20;
const HIGH: i32 = 30;

/// For how long the middle one spins if nobody tells it to end. It only ends a test that has failed, or one in which nothing is
/// inherited.
const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

/// Gives this thread a real-time policy. Returns whether it may have one.
fn be_real_time(priority: i32) -> bool {
    let parameters = libc::sched_param { sched_priority: priority };
    // SAFETY: the parameters are read before this returns.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameters) == 0 }
}

/// Keeps this thread on the first of the processors that it may have.
fn stay_on_the_first_processor() {
    let all = sched_getaffinity(Pid::from_raw(0)).expect("Linux tells");
    let first = (0..CpuSet::count()).find(|cpu| all.is_set(*cpu).unwrap_or(false));
    let mut one = CpuSet::new();
    one.set(first.expect("there is one")).expect("it is there");
    sched_setaffinity(Pid::from_raw(0), &one).expect("it may be used");
}

/// The priority that this thread has now, with what it has inherited: field 18 of `stat`, which is -1 - p for a thread that is
/// real-time with priority p.
fn priority_now() -> i64 {
    let stat = fs::read_to_string("/proc/thread-self/stat").expect("it is there");
    // The state is field 3. The name before it may hold anything.
    let (_, fields) = stat.rsplit_once(") ").expect("there is a name");
    fields.split(' ').nth(18 - 3).expect("there are many").parse().expect("a number")
}

fn field_of(priority: i32) -> i64 {
    -1 - i64::from(priority)
}

/// What was seen.
#[derive(Debug)]
struct Seen {
    /// The priority of the holder before somebody waited, when it released, and after that.
    before: i64,
    at_release: i64,
    after: i64,
    /// Whether the one that waits had the lock while the middle one still had the processor to itself.
    got_it_in_time: bool,
    /// Whether the threads may have real-time policies.
    are_real_time: bool,
}

/// The three threads with a raw lock. The holder releases the lock when it sees another priority, or when nobody waits for that any more.
fn three_threads<R: RawMutex + Send + Sync>(longest: Duration) -> Seen {
    let lock: Mutex<(), R> = Mutex::with_raw(());
    let [holds, spins, got_it, gave_up] = [const { AtomicBool::new(false) }; 4];
    let [before, at_release, after] = [const { AtomicI64::new(i64::MIN) }; 3];
    let (lock, holds, spins, got_it, gave_up) = (&lock, &holds, &spins, &got_it, &gave_up);
    let are_real_time = thread::scope(|scope| {
        scope.spawn(|| {
            stay_on_the_first_processor();
            be_real_time(LOW);
            let guard = sleepable(|cx| lock.lock(cx));
            before.store(priority_now(), Ordering::SeqCst);
            holds.store(true, Ordering::SeqCst);
            let mut now = priority_now();
            while now == before.load(Ordering::SeqCst) && !gave_up.load(Ordering::SeqCst) {
                now = priority_now();
            }
            at_release.store(now, Ordering::SeqCst);
            drop(guard);
            after.store(priority_now(), Ordering::SeqCst);
        });
        let middle = || {
            stay_on_the_first_processor();
            be_real_time(MIDDLE);
            let start = Instant::now();
            while !got_it.load(Ordering::SeqCst) {
                spins.store(true, Ordering::SeqCst);
                if start.elapsed() > longest {
                    gave_up.store(true, Ordering::SeqCst);
                    return;
                }
            }
        };
        let high = scope.spawn(move || {
            stay_on_the_first_processor();
            let is_real_time = be_real_time(HIGH);
            while !holds.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            scope.spawn(middle);
            while !spins.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            let guard = sleepable(|cx| lock.lock(cx));
            got_it.store(true, Ordering::SeqCst);
            drop(guard);
            is_real_time
        });
        high.join().unwrap()
    });
    Seen {
        before: before.into_inner(),
        at_release: at_release.into_inner(),
        after: after.into_inner(),
        got_it_in_time: !gave_up.load(Ordering::SeqCst),
        are_real_time,
    }
}

/// The two tests run one after the other: each has a processor to itself.
static PROCESSOR: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn the_holder_has_the_priority_of_the_one_that_waits() {
    let _alone = PROCESSOR.lock();
    let may_be_real_time = thread::spawn(|| be_real_time(LOW)).join().unwrap();
    // Without policies that are inherited the middle one is to end soon.
    let seen = three_threads::<RawPiMutex>(if may_be_real_time { LONG } else { SHORT });
    assert_eq!(seen.are_real_time, may_be_real_time);
    if !may_be_real_time {
        println!(
            "not shown: that a priority is inherited, since this process may not have real-time policies: {seen:?}"
        );
        assert_eq!(seen.before, seen.after, "{seen:?}");
        return;
    }
    assert_eq!(seen.before, field_of(LOW), "{seen:?}");
    assert_eq!(seen.at_release, field_of(HIGH), "nothing was inherited: {seen:?}");
    assert_eq!(seen.after, field_of(LOW), "what was inherited was kept: {seen:?}");
    assert!(
        seen.got_it_in_time,
        "the one with the middle priority kept it from the lock: {seen:?}"
    );
}

/// That the three threads show something: with another lock the middle one keeps the lock's holder from the processor.
#[test]
fn without_inheritance_the_one_that_waits_gets_the_lock_late() {
    let _alone = PROCESSOR.lock();
    let seen = three_threads::<RawParkingMutex>(SHORT);
    if !seen.are_real_time {
        println!("not shown: this process may not have real-time policies");
        return;
    }
    assert_eq!(seen.at_release, field_of(LOW), "{seen:?}");
    assert!(!seen.got_it_in_time, "{seen:?}");
}
