//! Subscriptions, files and the model of a process of `nonblock-linux`, in its half for user space.

use std::sync::atomic::{AtomicU64, Ordering};

use nonblock::{Context, NonBlock, Sleepable, ViolationKind, WouldBlock, testing, thread};
use nonblock_linux::errno::Errno;
use nonblock_linux::ioctl::{self, Command};
use nonblock_linux::miscdevice::{File, MiscDevice};
use nonblock_linux::mmu::{Event, Invalidate, InvalidateInterval, Mm, PAGE_SIZE, Range};
use nonblock_linux::process::Process;
use nonblock_linux::sync::Arc;

const START: usize = 0x10_0000;

fn range(pages: usize) -> Range {
    Range::with_len(START, pages * PAGE_SIZE).expect("whole pages")
}

/// A process with four pages.
fn process(cx: &mut Sleepable) -> Process {
    let process = Process::new();
    process.map(range(4), cx).expect("nothing is there");
    process
}

/// Counts its callbacks, and must get no end calls.
#[derive(Default)]
struct Counting {
    sleepable: AtomicU64,
    sections: AtomicU64,
    releases: AtomicU64,
    ends: AtomicU64,
}

impl Counting {
    fn count<C: Context>(&self, cx: &mut C) {
        let of = if cx.as_sleepable().is_some() { &self.sleepable } else { &self.sections };
        of.fetch_add(1, Ordering::SeqCst);
    }

    /// Of callers that may sleep, in sections, releases, ends.
    fn counts(&self) -> [u64; 4] {
        [&self.sleepable, &self.sections, &self.releases, &self.ends]
            .map(|count| count.load(Ordering::SeqCst))
    }
}

impl Invalidate for Counting {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.count(cx);
        Ok(())
    }

    fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
        self.ends.fetch_add(1, Ordering::SeqCst);
    }

    fn on_release(&self, _cx: &mut Sleepable) {
        self.releases.fetch_add(1, Ordering::SeqCst);
    }
}

impl InvalidateInterval for Counting {
    fn invalidate_interval<C: Context>(
        &self,
        _range: &Range,
        cx: &mut C,
    ) -> Result<(), C::Refusal> {
        self.count(cx);
        Ok(())
    }

    fn finish_interval(&self, _range: &Range, _nb: &mut NonBlock) {
        self.ends.fetch_add(1, Ordering::SeqCst);
    }
}

#[nonblock::test]
fn drivers_are_told_and_get_no_end_calls(cx: &mut Sleepable) {
    let process = process(cx);
    let list = process.mm().subscribe(Counting::default(), cx).expect("it lives");
    let interval =
        process.mm().subscribe_interval(range(1), Counting::default(), cx).expect("it lives");
    process.discard(range(1), cx);
    process.unmap(range(1), cx);
    process.try_discard(range(4), cx).expect("nobody refuses");
    cx.non_block(|nb| process.try_discard(range(4), nb)).expect("nobody refuses");
    let elsewhere = Range::with_len(START + PAGE_SIZE, PAGE_SIZE).expect("a page");
    process.discard(elsewhere, cx);
    assert_eq!(list.counts(), [3, 2, 0, 0]);
    assert_eq!(interval.counts(), [2, 2, 0, 0]);

    process.exit(cx);
    process.exit(cx);
    assert_eq!(list.counts(), [3, 2, 1, 0]);
    assert_eq!(interval.counts(), [3, 2, 0, 0]);
    list.unsubscribe(cx);
    interval.unsubscribe(cx);
    assert_eq!(process.mm().subscribe(Counting::default(), cx).err(), Some(Errno::ESRCH));
    let refused = process.mm().subscribe_interval(range(1), Counting::default(), cx);
    assert_eq!(refused.err(), Some(Errno::ESRCH));
    assert_eq!(process.map(range(1), cx), Err(Errno::ESRCH));
    assert_eq!(process.read(START + PAGE_SIZE, cx), Err(Errno::EFAULT));
}

/// Another owner of a driver, to look at it after its subscription.
struct Shared(Arc<Counting>);

impl Invalidate for Shared {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        Invalidate::invalidate(&*self.0, range, cx)
    }

    fn on_release(&self, cx: &mut Sleepable) {
        self.0.on_release(cx);
    }
}

#[nonblock::test]
fn a_subscription_that_has_ended_gets_no_calls_not_even_the_release(cx: &mut Sleepable) {
    let process = process(cx);
    let device = Arc::new(Counting::default(), cx).expect("there is memory");
    let ended = process.mm().subscribe(Shared(Arc::clone(&device)), cx).expect("it lives");
    ended.unsubscribe(cx);
    let dropped = process.mm().subscribe(Shared(Arc::clone(&device)), cx).expect("it lives");
    drop(dropped);
    process.discard(range(1), cx);
    process.exit(cx);
    assert_eq!(device.counts(), [0; 4]);
    assert!(Arc::into_inner(device).is_some(), "nothing else has the driver");
}

/// As in a kernel: there it waits for the callbacks.
#[nonblock::test]
fn a_subscription_that_is_dropped_in_a_section_is_reported(cx: &mut Sleepable) {
    let process = process(cx);
    let list = process.mm().subscribe(Counting::default(), cx).expect("it lives");
    let violation = testing::expect_violation(|| nonblock::raw::non_block(|_nb| drop(list)));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
    let interval =
        process.mm().subscribe_interval(range(1), Counting::default(), cx).expect("it lives");
    let violation = testing::expect_violation(|| nonblock::raw::non_block(|_nb| drop(interval)));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[nonblock::test]
fn an_invalidation_makes_a_reader_retry_and_a_refused_one_takes_nothing(cx: &mut Sleepable) {
    /// Refuses every section.
    struct Busy;

    impl InvalidateInterval for Busy {
        fn invalidate_interval<C: Context>(&self, _: &Range, cx: &mut C) -> Result<(), C::Refusal> {
            cx.or_refuse().map(|_| ())
        }
    }

    let process = process(cx);
    let interval = process.mm().subscribe_interval(range(1), Busy, cx).expect("it lives");
    let page = process.mm().page(START, cx).expect("it is mapped");
    let seq = interval.read_begin(cx);
    assert!(!interval.read_retry(seq));
    assert_eq!(process.try_discard(range(4), cx), Err(WouldBlock));
    assert!(interval.read_retry(seq), "the driver may have begun to drop its pages");
    assert_eq!(process.mm().page(START, cx).expect("it is mapped").frame(), page.frame());
    let seq = interval.read_begin(cx);
    process.discard(range(4), cx);
    assert!(interval.read_retry(seq));
    assert_ne!(process.mm().page(START, cx).expect("it is mapped").frame(), page.frame());
    interval.unsubscribe(cx);
}

#[nonblock::test]
fn a_number_of_an_interval_that_has_ended_is_stale_for_the_next(cx: &mut Sleepable) {
    let process = process(cx);
    let mm = process.mm();
    let mut before = None;
    for _ in 0..8 {
        let interval = mm.subscribe_interval(range(1), Counting::default(), cx).expect("it lives");
        let seq = interval.read_begin(cx);
        assert!(before.is_none_or(|before| interval.read_retry(before)));
        assert!(!interval.read_retry(seq));
        before = Some(seq);
        interval.unsubscribe(cx);
        process.discard(range(1), cx); // nobody is told
    }
}

#[nonblock::test]
fn a_page_is_kept_and_a_frame_is_never_used_twice(cx: &mut Sleepable) {
    let process = process(cx);
    let mm = process.mm();
    let mut frames = std::collections::BTreeSet::new();
    let mut kept = Vec::new();
    for value in 1..=50 {
        process.write(START + 16, value, cx).expect("it is mapped");
        let page = mm.page(START, cx).expect("it is mapped");
        assert!(frames.insert(page.frame()), "the frame {} came back", page.frame());
        kept.push(page);
        process.discard(range(1), cx);
        assert_eq!(process.read(START + 16, cx), Ok(0));
    }
    let values: Vec<_> = kept.iter().map(|page| page.read(16)).collect();
    assert!(values.iter().copied().eq(1..=50), "{values:?}");
    assert_eq!(process.map(range(1), cx), Err(Errno::EEXIST));
    assert_eq!(process.map(Range::with_len(0, 1 << 31).expect("whole"), cx), Err(Errno::EEXIST));
    let huge = Range::with_len(1 << 32, 1 << 31).expect("whole pages");
    assert_eq!(process.map(huge, cx), Err(Errno::ENOMEM));
}

#[test]
#[should_panic(expected = "no word of a page")]
fn a_part_of_a_word_cannot_be_read() {
    nonblock::sleepable(|cx| {
        let process = process(cx);
        process.mm().page(START, cx).expect("it is mapped").read(PAGE_SIZE)
    });
}

/// Answers with the first word's double, and fails if that is 0.
struct Doubling {
    _mm: Mm,
}

const DOUBLE: u32 = ioctl::number(b'd', 1, 2);

static RELEASES: AtomicU64 = AtomicU64::new(0);

impl MiscDevice for Doubling {
    fn open(mm: Mm, _cx: &mut Sleepable) -> Result<Self, Errno> {
        Ok(Self { _mm: mm })
    }

    fn ioctl(&self, mut command: Command<'_>, _cx: &mut Sleepable) -> Result<u32, Errno> {
        let [number, out] = command.words()?;
        *out = *number * 2;
        if *out == 0 { Err(Errno::EINVAL) } else { Ok(5) }
    }

    fn release(self, cx: &mut Sleepable) {
        RELEASES.fetch_add(1, Ordering::SeqCst);
        thread::yield_now(cx);
    }
}

#[nonblock::test]
fn a_file_asks_its_device_and_releases_it_once(cx: &mut Sleepable) {
    let process = process(cx);
    let file = File::<Doubling>::open(process.mm(), cx).expect("it opens");
    let mut words = [21, 0, 99];
    assert_eq!(file.ioctl(DOUBLE, &mut words, cx), Ok(5));
    assert_eq!(words, [21, 42, 99], "what the command does not have is not touched");
    let mut words = [0, 7];
    assert_eq!(file.ioctl(DOUBLE, &mut words, cx), Err(Errno::EINVAL));
    assert_eq!(words, [0, 0], "words come out with an error too");
    assert_eq!(file.ioctl(DOUBLE, &mut [0], cx), Err(Errno::EFAULT));
    assert_eq!(file.ioctl(0x5401, &mut [0], cx), Err(Errno::ENOTTY));
    file.close(cx);
    assert_eq!(RELEASES.load(Ordering::SeqCst), 1);

    let file = File::<Doubling>::open(process.mm(), cx).expect("it opens");
    drop(file);
    assert_eq!(RELEASES.load(Ordering::SeqCst), 2);
    let file = File::<Doubling>::open(process.mm(), cx).expect("it opens");
    let violation = testing::expect_violation(|| nonblock::raw::non_block(|_nb| drop(file)));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
}

#[nonblock::test]
fn other_drivers_meet_the_process_too(cx: &mut Sleepable) {
    let process = process(cx);
    let gpu = std::sync::Arc::new(userptr::Userptr::new("gpu0"));
    let subscription = process.space().subscribe(gpu.clone(), cx).expect("it lives");
    gpu.map(range(4), cx);
    process.discard(range(1), cx);
    assert_eq!(gpu.mapped(cx), 3);
    drop(process.space().try_invalidate(range(4), Event::Unmap, cx).expect("nobody refuses"));
    assert_eq!(gpu.mapped(cx), 0);
    subscription.unsubscribe(cx);
}

/// A driver for the kernel whose job holds its table.
struct Mirroring {
    mapped: nonblock_linux::sync::Mutex<bool>,
    refusals: AtomicU64,
}

impl Invalidate for Mirroring {
    fn invalidate<C: Context>(&self, _range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let mapped = self.mapped.acquire(cx);
        self.refusals.fetch_add(u64::from(mapped.is_err()), Ordering::SeqCst);
        *mapped? = false;
        Ok(())
    }
}

#[cfg(target_os = "linux")]
#[nonblock::test]
fn the_reaper_of_real_memory_calls_a_driver_for_the_kernel(cx: &mut Sleepable) {
    use std::time::Duration;

    use nonblock_linux::sync::Mutex;
    use nonblock_mm::memory;
    use nonblock_mm::oom::Reaper;

    let interval = Duration::from_millis(1);
    let reaper = Reaper::builder().tries(10_000).interval(interval).spawn().expect("a thread");
    let victim = std::sync::Arc::new(memory::Mm::new());
    let range = victim.map(16 * PAGE_SIZE, cx).expect("there is memory");
    victim.touch(&range, cx).expect("it is mapped");
    let mapped = Mutex::new(true, cx).expect("there is memory");
    let driver = std::sync::Arc::new(Mirroring { mapped, refusals: AtomicU64::new(0) });
    let subscription = victim.space().subscribe(driver.clone(), cx).expect("it is there");

    let job = driver.mapped.lock(cx);
    let reaping = reaper.reap(victim.clone());
    while driver.refusals.load(Ordering::SeqCst) == 0 {
        thread::yield_now(cx);
    }
    drop(job);
    let outcome = reaping.wait(cx);
    assert!(outcome.is_complete());
    assert_eq!(outcome.taken, [range]);
    assert!(!*driver.mapped.lock(cx));
    subscription.unsubscribe(cx);
    reaper.shutdown(cx);
}
