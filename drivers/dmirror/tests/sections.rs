//! The device's callbacks where the caller must not sleep, as the OOM reaper must not.

use dmirror::{Dmirror, uapi};
use nonblock::{Sleepable, WouldBlock, thread};
use nonblock_linux::miscdevice::File;
use nonblock_linux::mmu::{Event, PAGE_SIZE, Range};
use nonblock_linux::process::Process;
use uapi::counter;

const START: usize = 0x10_0000;
const PAGES: usize = 4;
/// Elsewhere in the process.
const OTHER: usize = 0x80_0000;

fn range(start: usize) -> Range {
    Range::with_len(start, PAGES * PAGE_SIZE).expect("whole pages")
}

fn ask(file: &File<Dmirror>, number: u32, words: &mut [u64], cx: &mut Sleepable) {
    assert_eq!(file.ioctl(number, words, cx), Ok(0));
}

/// A process with memory, all of which the device mirrors and has translations of.
fn mirrored(cx: &mut Sleepable) -> (Process, File<Dmirror>) {
    let process = Process::new();
    process.map(range(START), cx).expect("nothing is there");
    process.map(range(OTHER), cx).expect("nothing is there");
    let file = File::open(process.mm(), cx).expect("there is memory");
    ask(&file, uapi::MIRROR, &mut [START as u64, (PAGES * PAGE_SIZE) as u64], cx);
    for address in range(START).pages() {
        ask(&file, uapi::FAULT, &mut [address as u64, 0, 0], cx);
    }
    (process, file)
}

fn translations(file: &File<Dmirror>, cx: &mut Sleepable) -> usize {
    let has = |address: usize, cx: &mut Sleepable| {
        let mut words = [address as u64, 0];
        ask(file, uapi::LOOKUP, &mut words, cx);
        words[0] == 1
    };
    range(START).pages().filter(|address| has(*address, cx)).count()
}

fn counters(file: &File<Dmirror>, cx: &mut Sleepable) -> [u64; counter::WORDS] {
    let mut words = [0; counter::WORDS];
    ask(file, uapi::COUNTERS, &mut words, cx);
    words
}

#[nonblock::test]
fn a_section_takes_the_translations_while_the_table_is_free(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    assert_eq!(cx.non_block(|nb| process.try_discard(range(START), nb)), Ok(()));
    assert_eq!(translations(&file, cx), 0);
    let counters = counters(&file, cx);
    assert_eq!(counters[counter::INTERVAL_CALLS], 1);
    assert_eq!(counters[counter::INTERVAL_SECTION_CALLS], 1);
    assert_eq!(counters[counter::SLEEPABLE_CALLS], 0);
    assert_eq!(counters[counter::PAGES_DROPPED], PAGES as u64);
    // The test's own section, and the one of the callbacks.
    let depth = if nonblock::CHECKS { 2 } else { 0 };
    assert_eq!(counters[counter::DEPTH_IN_INTERVAL_SECTION], depth);
    file.close(cx);
}

/// Runs the closure while a job of the device holds the table. The device watches the process, so that any range tells.
fn during_a_job(
    process: &Process,
    file: &File<Dmirror>,
    cx: &mut Sleepable,
    f: impl FnOnce(&mut Sleepable),
) {
    thread::scope(cx, |scope, cx| {
        let job = scope.spawn(move |cx| ask(file, uapi::JOB, &mut [300], cx));
        while process.try_discard(range(OTHER), cx).is_ok() {
            assert!(!job.is_finished(), "the job was over before it was seen");
            thread::yield_now(cx);
        }
        f(cx);
        job.join(cx).expect("the job ends");
    });
}

#[nonblock::test]
fn a_section_is_refused_while_a_job_holds_the_table_and_comes_back(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    ask(&file, uapi::WATCH, &mut [uapi::WATCH_REFUSES], cx);
    let mut refusals = 0;
    during_a_job(&process, &file, cx, |cx| {
        assert_eq!(process.try_discard(range(START), cx), Err(WouldBlock));
        assert_eq!(cx.non_block(|nb| process.try_discard(range(START), nb)), Err(WouldBlock));
        refusals = counters(&file, cx)[counter::REFUSALS];
    });
    // The one by which the job was seen is of the list, the two others of the interval, which is asked first.
    assert_eq!(refusals, 3);
    assert_eq!(translations(&file, cx), PAGES, "a refusal takes nothing");
    assert_eq!(process.try_discard(range(START), cx), Ok(()));
    assert_eq!(translations(&file, cx), 0);

    let counters = counters(&file, cx);
    assert_eq!(counters[counter::INTERVAL_SECTION_CALLS], 3);
    let depth = u64::from(nonblock::CHECKS);
    assert_eq!(counters[counter::DEPTH_IN_INTERVAL_SECTION], depth);
    assert_eq!(counters[counter::DEPTH_IN_LIST_SECTION], depth);
    assert_eq!(counters[counter::LIST_CALLS], counters[counter::LIST_SECTION_CALLS]);
    file.close(cx);
}

#[nonblock::test]
fn a_caller_that_may_sleep_waits_for_the_job(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    ask(&file, uapi::WATCH, &mut [0], cx);
    during_a_job(&process, &file, cx, |cx| {
        let before = counters(&file, cx)[counter::REFUSALS];
        process.discard(range(START), cx);
        let counters = counters(&file, cx);
        assert_eq!(counters[counter::REFUSALS], before, "it cannot be refused");
        // Both kinds were told.
        assert_eq!(counters[counter::SLEEPABLE_CALLS], 2);
    });
    assert_eq!(translations(&file, cx), 0);
    file.close(cx);
}

#[nonblock::test]
fn a_section_leaves_work_to_a_thread_that_may_sleep(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    cx.non_block(|nb| {
        for _ in 0..3 {
            process.try_discard(range(START), nb).expect("the table is free");
        }
    });
    assert_eq!(counters(&file, cx)[counter::WORK_PUSHED], 3);
    while counters(&file, cx)[counter::WORK_DONE] < 3 {
        thread::yield_now(cx);
    }
    let counters = counters(&file, cx);
    assert_eq!((counters[counter::WORK_DONE], counters[counter::WORK_LOST]), (3, 0));
    file.close(cx);
}

#[nonblock::test]
fn work_for_which_there_is_no_room_is_counted(cx: &mut Sleepable) {
    const CALLS: u64 = 500;

    let (process, file) = mirrored(cx);
    cx.non_block(|nb| {
        for _ in 0..CALLS {
            process.try_discard(range(START), nb).expect("the table is free");
        }
    });
    let counters = counters(&file, cx);
    assert_eq!(counters[counter::WORK_PUSHED] + counters[counter::WORK_LOST], CALLS);
    // What is pushed while one is handled, which takes a millisecond, soon finds no room.
    assert!(counters[counter::WORK_LOST] > 0, "{counters:?}");
    file.close(cx);
}

#[nonblock::test]
fn other_kinds_of_invalidations_are_told_too(cx: &mut Sleepable) {
    let (process, file) = mirrored(cx);
    for event in [Event::Clear, Event::ProtectionVma, Event::Migrate, Event::SoftDirty] {
        ask(&file, uapi::FAULT, &mut [START as u64, 0, 0], cx);
        drop(process.space().invalidate(range(START), event, cx));
        assert_eq!(translations(&file, cx), 0, "{event:?}");
    }
    file.close(cx);
}
