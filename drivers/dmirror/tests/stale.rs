//! Whatever comes in between, the device never shows a translation that the process has no more.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use dmirror::{Dmirror, uapi};
use nonblock::{Sleepable, thread};
use nonblock_linux::errno::Errno;
use nonblock_linux::miscdevice::File;
use nonblock_linux::mmu::{PAGE_SIZE, Range};
use nonblock_linux::process::Process;
use uapi::counter;

const START: usize = 0x10_0000;
const PAGES: usize = 4;
/// How often each page is discarded.
const DISCARDS: u64 = 600;
/// How often a thread looks whether the page was faulted in, before it discards it all the same.
const LOOKS: u32 = 200;

fn address(page: usize) -> usize {
    START + page * PAGE_SIZE
}

/// What is known of a page: once a discard has returned, every later look finds a newer one.
#[derive(Default)]
struct Known {
    /// The number of a frame that is no more the page's. All newer frames have larger numbers.
    last_frame: AtomicU64,
    /// What was written before. Newer frames hold 0, or more than this.
    last_value: AtomicU64,
    /// How often a translation was seen.
    seen: AtomicU64,
}

/// Discards a page again and again, in each of the two ways, and writes to it in between.
fn discard(process: &Process, page: usize, known: &Known, cx: &mut Sleepable) {
    let range = Range::with_len(address(page), PAGE_SIZE).expect("a page");
    let mm = process.mm();
    for value in 1..=DISCARDS {
        process.write(address(page), value, cx).expect("it is mapped");
        let frame = mm.page(address(page), cx).expect("it is mapped").frame();
        // Every other time there is something to take away, if the faults come through. Otherwise they are to collide.
        let seen = known.seen.load(Ordering::SeqCst);
        let mut looks = if value % 2 == 0 { LOOKS } else { 0 };
        while looks > 0 && known.seen.load(Ordering::SeqCst) == seen {
            thread::yield_now(cx);
            looks -= 1;
        }
        let is_discarded = match value % 3 {
            0 => cx.non_block(|nb| process.try_discard(range, nb)).is_ok(),
            1 => process.try_discard(range, cx).is_ok(),
            _ => {
                process.discard(range, cx);
                true
            }
        };
        if is_discarded {
            known.last_frame.store(frame, Ordering::SeqCst);
            known.last_value.store(value, Ordering::SeqCst);
        }
    }
}

/// Faults and reads until all is discarded.
fn look(file: &File<Dmirror>, known: &[Known; PAGES], busy: &AtomicUsize, cx: &mut Sleepable) {
    while busy.load(Ordering::SeqCst) > 0 {
        for (page, known) in known.iter().enumerate() {
            let at = address(page) as u64;
            let last = known.last_frame.load(Ordering::SeqCst);
            match file.ioctl(uapi::FAULT, &mut [at, 0, 0], cx) {
                Ok(0) | Err(Errno::EAGAIN) => {}
                other => panic!("a fault: {other:?}"),
            }
            let mut words = [at, 0];
            assert_eq!(file.ioctl(uapi::LOOKUP, &mut words, cx), Ok(0));
            if let [1, frame] = words {
                assert!(frame > last, "page {page} shows frame {frame}, and {last} was discarded");
                known.seen.fetch_add(1, Ordering::SeqCst);
            }
            let last = known.last_value.load(Ordering::SeqCst);
            let mut words = [at, 0, 0];
            assert_eq!(file.ioctl(uapi::READ, &mut words, cx), Ok(0));
            if let [value, 1, _] = words {
                assert!(value == 0 || value > last, "page {page} reads {value} after {last}");
                known.seen.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

#[nonblock::test]
fn no_stale_translation_is_ever_read(cx: &mut Sleepable) {
    let process = Process::new();
    let range = Range::with_len(START, PAGES * PAGE_SIZE).expect("whole pages");
    process.map(range, cx).expect("nothing is there");
    let files = [(); 2].map(|()| {
        let file = File::<Dmirror>::open(process.mm(), cx).expect("there is memory");
        let mut words = [START as u64, (PAGES * PAGE_SIZE) as u64];
        assert_eq!(file.ioctl(uapi::MIRROR, &mut words, cx), Ok(0));
        file
    });
    assert_eq!(files[1].ioctl(uapi::WATCH, &mut [0], cx), Ok(0));

    let known: [Known; PAGES] = Default::default();
    let busy = AtomicUsize::new(PAGES);
    thread::scope(cx, |scope, cx| {
        let (process, known, busy, files) = (&process, &known, &busy, &files);
        for (page, of_page) in known.iter().enumerate() {
            scope.spawn(move |cx| {
                discard(process, page, of_page, cx);
                busy.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let lookers = [0, 1, 0, 1]
            .map(|which: usize| scope.spawn(move |cx| look(&files[which], known, busy, cx)));
        for looker in lookers {
            looker.join(cx).expect("nothing stale was seen");
        }
    });

    let mut sums = [0; counter::WORDS];
    for file in files {
        let mut words = [0; counter::WORDS];
        assert_eq!(file.ioctl(uapi::COUNTERS, &mut words, cx), Ok(0));
        sums.iter_mut().zip(words).for_each(|(sum, word)| *sum += word);
        file.close(cx);
    }
    let seen: u64 = known.iter().map(|known| known.seen.load(Ordering::SeqCst)).sum();
    println!("{seen} translations seen, counters {sums:?}");
    // All of it came to pass: what could have been stale was seen, and what took it away was called in each way.
    for which in [
        counter::FAULTS,
        counter::PAGES_DROPPED,
        counter::INTERVAL_SECTION_CALLS,
        counter::LIST_SECTION_CALLS,
        counter::SLEEPABLE_CALLS,
    ] {
        assert!(seen > 0 && sums[which] > 0, "the counter {which}: {seen} seen, {sums:?}");
    }
}

#[nonblock::test]
fn nothing_is_found_once_a_process_has_ended_under_faults(cx: &mut Sleepable) {
    for _ in 0..50 {
        let process = Process::new();
        let range = Range::with_len(START, PAGES * PAGE_SIZE).expect("whole pages");
        process.map(range, cx).expect("nothing is there");
        let file = File::<Dmirror>::open(process.mm(), cx).expect("there is memory");
        let mut words = [START as u64, (PAGES * PAGE_SIZE) as u64];
        assert_eq!(file.ioctl(uapi::MIRROR, &mut words, cx), Ok(0));
        thread::scope(cx, |scope, cx| {
            let file = &file;
            let faulter = scope.spawn(move |cx| {
                for page in (0..PAGES).cycle() {
                    match file.ioctl(uapi::FAULT, &mut [address(page) as u64, 0, 0], cx) {
                        Ok(_) => {}
                        Err(error) => return error,
                    }
                }
                unreachable!("the cycle has no end");
            });
            thread::yield_now(cx);
            process.exit(cx);
            assert_eq!(faulter.join(cx).expect("it ends"), Errno::EFAULT);
        });
        for page in 0..PAGES {
            let mut words = [address(page) as u64, 0];
            assert_eq!(file.ioctl(uapi::LOOKUP, &mut words, cx), Ok(0));
            assert_eq!(words, [0, 0], "page {page}");
        }
        file.close(cx);
    }
}
