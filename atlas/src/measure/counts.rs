//! Counts what calls do: memory, system calls by name, and how often the thread slept.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::thread;
use std::time::{Duration, Instant};

use super::{memory, system_calls};
use crate::bench::Bench;
use crate::figures::{Range, Sample};

/// Which calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The first one in the process, on a thread of its own.
    FirstInProcess,
    /// The first one of a thread, after others have made some.
    FirstOnThread,
    /// Thousands, after a thousand.
    Steady,
}

/// How many calls of a thread go before those that are counted, and how many these are.
pub(super) const BEFORE: Many = Many { least: 100, most: 1000, time: Duration::from_millis(60) };
/// How many others are made before the first one of a thread.
pub(super) const EARLIER: Many = Many { least: 50, most: 50, time: Duration::ZERO };
const COUNTED: Many = Many { least: 400, most: 3000, time: Duration::from_millis(200) };

/// How many: the most, or fewer if they take longer than that, but not fewer than the least.
#[derive(Clone, Copy)]
pub(super) struct Many {
    least: usize,
    most: usize,
    time: Duration,
}

impl Many {
    fn times(self, mut f: impl FnMut()) {
        let begin = Instant::now();
        for done in 0..self.most {
            if done >= self.least && begin.elapsed() > self.time {
                break;
            }
            f();
        }
    }
}

/// How often the calling thread has waited, by the kernel's count.
fn switches() -> i64 {
    let mut usage = MaybeUninit::uninit();
    // SAFETY: the kernel fills it.
    let told = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    assert_eq!(told, 0, "Linux counts");
    // SAFETY: as said.
    unsafe { usage.assume_init() }.ru_nvcsw
}

/// What a call did.
struct Call {
    memory: memory::Counts,
    system: BTreeMap<&'static str, u64>,
    by_allocator: u64,
    switches: i64,
}

fn one(bench: &Bench<'_>) -> Call {
    (bench.prepare)();
    let before = switches();
    memory::set_counted(true);
    system_calls::set_counted(true);
    (bench.call)();
    system_calls::set_counted(false);
    memory::set_counted(false);
    let switches = switches() - before;
    let (system, by_allocator) = system_calls::take();
    let call = Call { memory: memory::take(), system, by_allocator, switches };
    (bench.after)();
    call
}

/// Makes this thread one that has used the allocator, so that its own first use is not the operation's.
fn use_allocator() {
    let kept: Vec<_> = (4..12).map(|power| vec![black_box(1_u8); 1 << power]).collect();
    drop(kept);
}

/// Makes calls that do not count.
pub(super) fn quietly(bench: &Bench<'_>, many: Many) {
    many.times(|| {
        (bench.prepare)();
        (bench.call)();
        (bench.after)();
    });
}

/// Counts on a fresh thread. With `by_name`, system calls are counted too; without it, sleeps are, since to count system calls puts
/// the thread to sleep.
pub fn count(bench: &Bench<'_>, when: When, by_name: bool) -> Sample {
    if when == When::FirstOnThread {
        let earlier = thread::scope(|scope| scope.spawn(|| quietly(bench, EARLIER)).join());
        earlier.expect("the operation does not panic");
    }
    let calls = thread::scope(|scope| {
        let counted = scope.spawn(|| {
            use_allocator();
            if by_name {
                system_calls::listen_to_this_thread();
            }
            let (mut early, mut calls) =
                (Vec::with_capacity(BEFORE.most), Vec::with_capacity(COUNTED.most));
            if when == When::Steady {
                BEFORE.times(|| early.push(one(bench)));
                COUNTED.times(|| calls.push(one(bench)));
            } else {
                calls.push(one(bench));
            }
            (early, calls)
        });
        counted.join()
    });
    let (early, calls) = calls.expect("the operation does not panic");
    let mut sample = sample(&calls, by_name);
    for (name, of) in MEMORY {
        sample.set(&format!("early {name}"), Range::of(early.iter().map(|call| of(&call.memory))));
    }
    sample
}

type Figure = (&'static str, fn(&memory::Counts) -> u64);

const MEMORY: [Figure; 5] = [
    ("allocations", |counts| counts.allocations),
    ("frees", |counts| counts.frees),
    ("mallocs", |counts| counts.mallocs),
    ("c_frees", |counts| counts.c_frees),
    ("destructors", |counts| counts.destructors),
];

fn sample(calls: &[Call], by_name: bool) -> Sample {
    let mut sample = Sample::default();
    let range = |of: &dyn Fn(&Call) -> u64| Range::of(calls.iter().map(of));
    for (name, of) in MEMORY {
        sample.set(name, range(&|call| of(&call.memory)));
    }
    if by_name {
        let names = calls.iter().flat_map(|call| call.system.keys());
        for name in names.collect::<std::collections::BTreeSet<_>>() {
            let of = range(&|call| call.system.get(name).copied().unwrap_or(0));
            sample.set(&format!("call {name}"), of);
        }
        sample.set("calls by the allocator", range(&|call| call.by_allocator));
    } else {
        let slept = calls.iter().map(|call| u64::try_from(call.switches).unwrap_or(0)).sum();
        sample.set("sleeps", Range::of([slept]));
    }
    sample
}
