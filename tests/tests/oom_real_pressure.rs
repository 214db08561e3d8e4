//! Real memory pressure, of one file that is thrown out of memory and read again: the kernel tells of it, and victims
//! are chosen.
//!
//! It needs no privilege and no more memory than the file, but a file system on a disk. Where the kernel counts
//! nothing, the test is skipped, and says so.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap, munmap};
use nonblock::{sleepable, thread};
use nonblock_mm::memory::Mm;
use nonblock_mm::oom::{Cause, Killer, Pressure, PressureError, Reaper, SYSTEM, Trigger};
use nonblock_tests::cgroup::Cgroup;

const SIZE: usize = 64 << 20;
const LONG: Duration = Duration::from_secs(30);
/// Of a window of 2 s, which every process may ask for.
const STALL: Duration = Duration::from_millis(10);

/// A file in memory, whose pages come and go.
struct Thrashed {
    start: NonNull<u8>,
}

impl Thrashed {
    fn new() -> Self {
        let name = format!("oom_real_pressure.{}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let mut file = File::create(&path).unwrap();
        let mut block = [0_u8; 4096];
        for number in 0..SIZE / block.len() {
            block[..8].copy_from_slice(&number.to_ne_bytes());
            file.write_all(&block).unwrap();
        }
        // Dirty pages would stay.
        file.sync_all().unwrap();
        let file = File::open(&path).unwrap();
        // It is there as long as it is mapped.
        fs::remove_file(path).unwrap();
        let len = NonZeroUsize::new(SIZE).unwrap();
        // SAFETY: the kernel chooses a place where nothing is mapped. Nobody changes or shortens the file.
        let start = unsafe { mmap(None, len, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, file, 0) };
        Self { start: start.unwrap().cast() }
    }

    /// Reads every page, twice so that they count as needed, and throws them out.
    fn once(&self) {
        for offset in (0..2 * SIZE).step_by(4096) {
            // SAFETY: the offset is within the mapping.
            let place = unsafe { self.start.add(offset % SIZE) };
            // SAFETY: the byte is mapped and readable, and nobody writes it.
            let byte = unsafe { place.read_volatile() };
            std::hint::black_box(byte);
        }
        // SAFETY: the range is that of the mapping, and the advice changes nothing that can be read.
        unsafe { madvise(self.start.cast(), SIZE, MmapAdvise::MADV_PAGEOUT) }.unwrap();
    }
}

impl Drop for Thrashed {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and nobody borrows from it.
        unsafe { munmap(self.start.cast(), SIZE) }.unwrap();
    }
}

/// How long some task has stalled since the machine started, or the cgroup was made, as the kernel tells it.
fn stalled(path: impl AsRef<Path>) -> Duration {
    let told = fs::read_to_string(path).unwrap();
    let total = told.lines().next().unwrap().split("total=").nth(1).unwrap();
    Duration::from_micros(total.parse().unwrap())
}

#[test]
fn real_pressure_chooses_a_victim_and_no_second_one_while_it_is_reaped() {
    let trigger = Trigger::some(STALL, Duration::from_secs(2)).unwrap();
    sleepable(|cx| {
        let watched = Pressure::of_system(trigger, cx)
            .and_then(|watched| Ok((watched, Pressure::of_system(trigger, cx)?)));
        let (of_killer, of_test) = match watched {
            Ok(watched) => watched,
            Err(error) => {
                eprintln!("skipped: {error}");
                return;
            }
        };
        let reaper = Reaper::builder().interval(Duration::MAX).on_event(|_| {}).spawn().unwrap();
        let reaper = Arc::new(reaper);
        let victim = Arc::new(Mm::named("browser"));
        // While it is held, the reaper takes nothing, and is at it.
        let lock = victim.lock(cx);
        let (called, is_called) = mpsc::channel();
        let chosen = Arc::clone(&victim);
        let killer = Killer::on_pressure(of_killer, Arc::clone(&reaper), move |cause, _cx| {
            called.send(cause).unwrap();
            vec![Arc::clone(&chosen)]
        });
        let killer = killer.unwrap();

        let over = AtomicBool::new(false);
        let before = stalled(SYSTEM);
        thread::scope(cx, |scope, cx| {
            scope.spawn(|_cx| {
                let file = Thrashed::new();
                while !over.load(Ordering::Relaxed) {
                    file.once();
                }
            });
            // However this ends, the other thread must.
            let end = EndsIt(&over);
            let began = Instant::now();
            let told = of_test.wait_timeout(cx, LONG).unwrap();
            if !told {
                let counted = stalled(SYSTEM).saturating_sub(before);
                assert!(counted < 10 * STALL, "{counted:?} of stalling, and nobody was told");
                eprintln!("skipped: the kernel counted {counted:?} of stalling here");
                return;
            }
            assert_eq!(is_called.recv_timeout(LONG), Ok(Cause::Pressure));
            eprintln!("told of real pressure after {:?}", began.elapsed());

            // It goes on, the kernel tells of it again, and nobody is chosen.
            for _ in 0..2 {
                assert_eq!(of_test.wait_timeout(cx, LONG), Ok(true));
            }
            drop(end);
            thread::sleep(cx, Duration::from_millis(50));
            assert_eq!(is_called.try_recv(), Err(mpsc::TryRecvError::Empty));
            // By hand somebody is, as in Linux.
            killer.trigger();
            assert_eq!(is_called.recv_timeout(LONG), Ok(Cause::Manual));
        });
        drop(lock);
        killer.shutdown(cx);
        Arc::into_inner(reaper).expect("the killer has let go of it").abandon(cx);
    });
}

const THRASHING: &str = "NONBLOCK_TESTS_THRASHING";

/// Not a test of anything: the child that another starts, which makes pressure until its parent is gone.
#[test]
fn the_thrashing() {
    if std::env::var_os(THRASHING).is_none() {
        return;
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let file = Thrashed::new();
            while !over.load(Ordering::Relaxed) {
                file.once();
            }
        });
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn the_pressure_of_a_cgroup_is_that_of_its_tasks() {
    let (Some(busy), Some(idle)) = (Cgroup::new("busy"), Cgroup::new("idle")) else {
        eprintln!("skipped: this process may make no cgroup of version 2");
        return;
    };
    let trigger = Trigger::some(STALL, Duration::from_secs(2)).unwrap();
    sleepable(|cx| {
        let (of_busy, of_idle) = match Pressure::of_cgroup(busy.path(), trigger, cx) {
            Ok(of_busy) => (of_busy, Pressure::of_cgroup(idle.path(), trigger, cx).unwrap()),
            Err(PressureError::NoCgroup { .. }) => {
                eprintln!("skipped: this kernel tells no pressure of cgroups");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["the_thrashing", "--exact"])
            .env(THRASHING, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let moved = fs::write(busy.path().join("cgroup.procs"), child.id().to_string());
        let told = moved.is_ok().then(|| of_busy.wait_timeout(cx, LONG).unwrap());
        let of_nobody = of_idle.wait_timeout(cx, Duration::ZERO);
        let counted = stalled(of_busy.path());
        // It ends, and leaves its cgroup.
        drop(child.stdin.take());
        child.wait().unwrap();
        match told {
            None => eprintln!("skipped: {}", moved.unwrap_err()),
            Some(true) => eprintln!("told of a cgroup's pressure, after {counted:?} of stalling"),
            Some(false) => {
                assert!(counted < 10 * STALL, "{counted:?} of stalling, and nobody was told");
                eprintln!("skipped: the kernel counted {counted:?} of stalling here");
            }
        }
        assert_eq!(of_nobody, Ok(false));
    });
}

/// Sets a flag when it is dropped, by unwinding too.
struct EndsIt<'a>(&'a AtomicBool);

impl Drop for EndsIt<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
