//! Counts what calls do: memory, system calls by name, and how often the thread slept.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::thread;

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
const BEFORE: usize = 1000;
const COUNTED: usize = 4000;

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

fn quietly(bench: &Bench<'_>, times: usize) {
    for _ in 0..times {
        (bench.prepare)();
        (bench.call)();
        (bench.after)();
    }
}

/// Counts on a fresh thread. With `by_name`, system calls are counted too; without it, sleeps are, since to count system calls puts
/// the thread to sleep.
pub fn count(bench: &Bench<'_>, when: When, by_name: bool) -> Sample {
    if when == When::FirstOnThread {
        let earlier = thread::scope(|scope| scope.spawn(|| quietly(bench, 100)).join());
        earlier.expect("the operation does not panic");
    }
    let calls = thread::scope(|scope| {
        let counted = scope.spawn(|| {
            use_allocator();
            if by_name {
                system_calls::listen_to_this_thread();
            }
            let mut calls = Vec::with_capacity(COUNTED);
            if when == When::Steady {
                quietly(bench, BEFORE);
                calls.extend((0..COUNTED).map(|_| one(bench)));
            } else {
                calls.push(one(bench));
            }
            calls
        });
        counted.join()
    });
    sample(&calls.expect("the operation does not panic"), by_name)
}

fn sample(calls: &[Call], by_name: bool) -> Sample {
    let mut sample = Sample::default();
    let range = |of: &dyn Fn(&Call) -> u64| Range::of(calls.iter().map(of));
    sample.set("allocations", range(&|call| call.memory.allocations));
    sample.set("frees", range(&|call| call.memory.frees));
    sample.set("mallocs", range(&|call| call.memory.mallocs));
    sample.set("c_frees", range(&|call| call.memory.c_frees));
    sample.set("destructors", range(&|call| call.memory.destructors));
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
