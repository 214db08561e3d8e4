//! Real memory: the kernel's count of resident pages goes up and down, and drivers are told before memory goes.

#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nonblock::testing::violations;
use nonblock::{Context, NonBlock, Sleepable, ViolationKind, raw, sleepable, thread};
use nonblock_mm::memory::{AccessError, MapError, Mapping, Mm};
use nonblock_mm::mmu::{Event, Invalidate, Range};

const MIB: usize = 1 << 20;

/// The machine's page size, as a mapping finds it.
fn page_size() -> usize {
    match sleepable(|cx| Mapping::new(1, cx)).unwrap_err() {
        MapError::Unaligned { len: 1, page_size } => page_size,
        other => panic!("expected the page size, found {other}"),
    }
}

/// Returns a figure of the kernel's about this process, in bytes.
fn status(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().strip_suffix("kB").unwrap().trim().parse::<usize>().unwrap() * 1024
}

/// Says whether something is mapped at an address.
fn is_mapped(address: usize) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.lines().any(|line| {
        let (start, rest) = line.split_once('-').unwrap();
        let (end, _) = rest.split_once(' ').unwrap();
        let parse = |text| usize::from_str_radix(text, 16).unwrap();
        (parse(start)..parse(end)).contains(&address)
    })
}

#[test]
fn resident_goes_up_and_down_as_the_kernel_says() {
    // Other tests allocate as well: the mapping is large beside that.
    let len = 96 * MIB;
    let slack = 24 * MIB;
    sleepable(|cx| {
        let mapping = Mapping::new(len, cx).unwrap();
        let before = status("RssAnon:");
        assert_eq!(mapping.resident(cx).unwrap(), 0);
        mapping.touch(cx);
        assert_eq!(mapping.resident(cx).unwrap(), len);
        let touched = status("RssAnon:");
        assert!(touched + slack > before + len, "{before} bytes before, {touched} after the touch");

        mapping.zap(&mapping.range(), cx).unwrap();
        assert_eq!(mapping.resident(cx).unwrap(), 0);
        let zapped = status("RssAnon:");
        assert!(zapped + len < touched + slack, "{touched} bytes before, {zapped} after the zap");
    });
}

#[test]
fn resident_is_counted_page_by_page() {
    let page = page_size();
    sleepable(|cx| {
        // Neighbors, most likely: the kernel makes one area of them.
        let mapping = Mapping::new(8 * page, cx).unwrap();
        let neighbor = Mapping::new(8 * page, cx).unwrap();
        for (count, number) in [0, 3, 7].into_iter().enumerate() {
            mapping.write(number * page + 5, 1, cx).unwrap();
            assert_eq!(mapping.resident(cx).unwrap(), (count + 1) * page);
        }
        let middle = Range::with_len(mapping.range().start() + 2 * page, 3 * page).unwrap();
        mapping.touch_range(&middle, cx).unwrap();
        assert_eq!(mapping.resident(cx).unwrap(), 5 * page);
        mapping.zap(&middle, cx).unwrap();
        assert_eq!(mapping.resident(cx).unwrap(), 2 * page);
        assert_eq!(neighbor.resident(cx).unwrap(), 0);
    });
}

#[test]
fn bytes_keep_their_value_until_they_are_zapped() {
    let page = page_size();
    sleepable(|cx| {
        let mapping = Mapping::new(2 * page, cx).unwrap();
        mapping.write(0, 7, cx).unwrap();
        mapping.write(2 * page - 1, 9, cx).unwrap();
        mapping.touch(cx);
        assert_eq!(mapping.read(0, cx), Ok(7));
        assert_eq!(mapping.read(2 * page - 1, cx), Ok(9));
        let first = Range::with_len(mapping.range().start(), page).unwrap();
        mapping.zap(&first, cx).unwrap();
        assert_eq!(mapping.read(0, cx), Ok(0));
        assert_eq!(mapping.read(2 * page - 1, cx), Ok(9));
    });
}

#[test]
fn bad_lengths_say_what_was_expected() {
    let page = page_size();
    let fault = |len| sleepable(|cx| Mapping::new(len, cx)).unwrap_err();
    let text = |len| fault(len).to_string();
    assert_eq!(text(0), "cannot map 0 bytes: expected at least one page");
    let len = page + 1;
    let expected = format!("expected a multiple of the page size, {page} bytes");
    assert_eq!(text(len), format!("cannot map {len} bytes: {expected}"));

    // More than the machine has; more than there can be.
    for len in [1 << 50, usize::MAX - page + 1] {
        let error = fault(len);
        let MapError::TooLarge { len: found, memory: Some(memory) } = error else {
            panic!("found {error}")
        };
        assert_eq!(found, len);
        assert!(memory > MIB && memory < len);
        let expected = format!("expected at most the machine's memory, {memory} bytes");
        assert_eq!(error.to_string(), format!("cannot map {len} bytes: {expected}"));
    }
    sleepable(|cx| {
        let mm = Mm::new();
        assert_eq!(mm.map(0, cx), Err(MapError::Empty));
        assert_eq!(mm.ranges(), []);
    });
}

#[test]
fn bad_ranges_and_offsets_say_what_was_expected() {
    let page = page_size();
    sleepable(|cx| {
        let mapping = Mapping::new(4 * page, cx).unwrap();
        let range = mapping.range();
        mapping.touch(cx);
        for (start, end) in [
            (range.start() - page, range.end()),
            (range.start(), range.end() + page),
            (range.end(), range.end() + page),
        ] {
            let wrong = Range::new(start, end).unwrap();
            let error = mapping.zap(&wrong, cx).unwrap_err();
            assert_eq!(error, AccessError::NotMapped { range: wrong });
            let expected =
                "is not mapped here: expected a range that `map` returned, or a part of it";
            assert_eq!(error.to_string(), format!("{wrong} {expected}"));
            assert_eq!(mapping.touch_range(&wrong, cx), Err(error));
        }
        let len = 4 * page;
        for offset in [len, usize::MAX] {
            let error = mapping.read(offset, cx).unwrap_err();
            assert_eq!(mapping.write(offset, 1, cx), Err(error));
            let expected =
                format!("offset {offset} is not in the mapping: expected less than {len}");
            assert_eq!(error.to_string(), expected);
        }
        // Nothing was lost.
        assert_eq!(mapping.resident(cx).unwrap(), 4 * page);
    });
}

#[test]
fn what_touches_memory_may_sleep() {
    if !nonblock::CHECKS {
        return;
    }
    let mapping = sleepable(|cx| Mapping::new(page_size(), cx)).unwrap();
    let mm = Mm::new();
    let found = violations(|| {
        raw::sleepable(|cx| {
            raw::non_block(|_nb| {
                mapping.touch(cx);
                mapping.write(0, 1, cx).unwrap();
                mapping.read(0, cx).unwrap();
                mapping.zap(&mapping.range(), cx).unwrap();
                mapping.resident(cx).unwrap();
                drop(mm.lock(cx));
                assert_eq!(Mapping::new(0, cx).unwrap_err(), MapError::Empty);
            });
        });
    });
    let mut lines: Vec<u32> = found.iter().map(|found| found.location().line()).collect();
    lines.dedup();
    assert_eq!(lines.len(), 7, "seven calls: {found:#?}");
    for found in found {
        assert_eq!(found.kind(), ViolationKind::SleepInNonBlock);
        assert_eq!(found.location().file(), file!());
    }
}

/// A driver that looks at the victim's memory when it is called.
struct Looking {
    mm: Arc<Mm>,
    at_start: AtomicUsize,
    ends: AtomicUsize,
    released: AtomicUsize,
}

impl Looking {
    fn new(mm: &Arc<Mm>) -> Arc<Self> {
        Arc::new(Self {
            mm: Arc::clone(mm),
            at_start: AtomicUsize::new(usize::MAX),
            ends: AtomicUsize::new(0),
            released: AtomicUsize::new(0),
        })
    }
}

impl Invalidate for Looking {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        assert_eq!(range.event(), Event::Unmap);
        let resident = self.mm.resident(cx.or_refuse()?).unwrap();
        self.at_start.store(resident, Ordering::Relaxed);
        // The owner holds the memory lock meanwhile.
        assert!(self.mm.try_lock().is_none());
        Ok(())
    }

    fn finish(&self, _range: &Range, _nb: &mut NonBlock) {
        self.ends.fetch_add(1, Ordering::Relaxed);
    }

    fn on_release(&self, cx: &mut Sleepable) {
        let resident = self.mm.resident(cx).unwrap();
        self.released.store(resident, Ordering::Relaxed);
    }
}

#[test]
fn unmapping_tells_the_drivers_first() {
    let mm = Arc::new(Mm::new());
    let driver = Looking::new(&mm);
    sleepable(|cx| {
        let first = mm.map(MIB, cx).unwrap();
        let second = mm.map(2 * MIB, cx).unwrap();
        assert_eq!(mm.ranges(), [first, second]);
        assert_eq!((first.len(), second.len()), (MIB, 2 * MIB));
        mm.touch(&first, cx).unwrap();
        mm.touch(&second, cx).unwrap();
        assert_eq!(mm.resident(cx).unwrap(), 3 * MIB);

        let subscription = mm.space().subscribe(driver.clone(), cx).unwrap();
        mm.unmap(&first, cx).unwrap();
        assert_eq!(driver.at_start.load(Ordering::Relaxed), 3 * MIB);
        assert_eq!(driver.ends.load(Ordering::Relaxed), 1);
        assert_eq!(mm.resident(cx).unwrap(), 2 * MIB);
        assert_eq!(mm.ranges(), [second]);

        // Not twice, and not in part: nobody is told.
        let part = Range::with_len(second.start(), MIB).unwrap();
        for wrong in [first, part] {
            assert_eq!(mm.unmap(&wrong, cx), Err(AccessError::NotMapped { range: wrong }));
        }
        assert_eq!(mm.touch(&first, cx), Err(AccessError::NotMapped { range: first }));
        assert_eq!(driver.ends.load(Ordering::Relaxed), 1);
        mm.touch(&part, cx).unwrap();

        mm.release(cx);
        assert_eq!(driver.released.load(Ordering::Relaxed), 2 * MIB);
        assert_eq!(mm.ranges(), []);
        assert_eq!(mm.resident(cx).unwrap(), 0);
        drop(subscription);
    });
    assert_eq!(Arc::strong_count(&driver), 1);
}

/// As in Linux, whose counters of resident pages need no `mmap_lock`: who waits for memory can look while somebody
/// maps.
#[test]
fn the_memory_lock_is_needed_neither_to_look_nor_to_touch() {
    let mm = Mm::new();
    sleepable(|cx| {
        let range = mm.map(MIB, cx).unwrap();
        let guard = mm.lock(cx);
        assert!(mm.try_lock().is_none());
        mm.touch(&range, cx).unwrap();
        assert_eq!(mm.resident(cx).unwrap(), MIB);
        assert_eq!(mm.ranges(), [range]);
        assert_eq!(guard.mappings().map(Mapping::range).collect::<Vec<_>>(), [range]);
        drop(guard);
        let guard = mm.try_lock().unwrap();
        assert_eq!(guard.mappings().len(), 1);
    });
}

#[test]
fn nothing_is_mapped_or_unmapped_under_the_memory_lock() {
    let mm = Arc::new(Mm::new());
    sleepable(|cx| {
        let range = mm.map(MIB, cx).unwrap();
        let guard = mm.lock(cx);
        let unmapping = thread::spawn({
            let mm = Arc::clone(&mm);
            move |cx| mm.unmap(&range, cx)
        });
        thread::sleep(cx, Duration::from_millis(30));
        assert!(!unmapping.is_finished());
        assert_eq!(mm.ranges(), [range]);
        drop(guard);
        unmapping.join(cx).unwrap().unwrap();
        assert_eq!(mm.ranges(), []);
    });
}

#[test]
fn dropped_mappings_are_unmapped() {
    let before = status("VmSize:");
    for _ in 0..256 {
        drop(sleepable(|cx| Mapping::new(64 * MIB, cx)).unwrap());
    }
    // Other tests map too, but not as much.
    assert!(status("VmSize:") < before + 4096 * MIB);
}

/// Addresses are not given back while somebody touches them, which would crash, but before `unmap` returns.
#[test]
fn unmapping_waits_for_those_who_touch() {
    let mm = Mm::new();
    let mut free_at_once = 0;
    sleepable(|cx| {
        for _ in 0..20 {
            let range = mm.map(16 * MIB, cx).unwrap();
            thread::scope(cx, |scope, cx| {
                let touching = scope.spawn({
                    let mm = &mm;
                    move |cx| while mm.touch(&range, cx).is_ok() {}
                });
                while mm.resident(cx).unwrap() == 0 {
                    assert!(!touching.is_finished(), "nothing was touched");
                }
                mm.unmap(&range, cx).unwrap();
                // Another test, or a new thread, may have the addresses by now: seldom.
                free_at_once += usize::from(!is_mapped(range.start()));
                touching.join(cx).unwrap();
            });
        }
        assert_eq!(mm.resident(cx).unwrap(), 0);
    });
    assert!(free_at_once >= 5, "{free_at_once} of 20 were unmapped when `unmap` returned");
}

/// Whoever writes it may take as long as it likes.
#[test]
fn it_is_written_without_the_memory_lock() {
    /// A writer that counts how often it is called with the memory lock held.
    struct Writer<'a> {
        victim: &'a Mm,
        text: String,
        held: usize,
    }

    impl std::fmt::Write for Writer<'_> {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.text.push_str(text);
            self.held += usize::from(self.victim.try_lock().is_none());
            Ok(())
        }
    }

    let victim = Mm::named("browser");
    let range = sleepable(|cx| victim.map(MIB, cx)).unwrap();
    let mut writer = Writer { victim: &victim, text: String::new(), held: 0 };
    std::fmt::write(&mut writer, format_args!("{victim:?}")).unwrap();
    assert_eq!(writer.held, 0);
    assert!(writer.text.contains("\"browser\""), "{}", writer.text);
    assert!(writer.text.contains(&format!("{range:?}")), "{}", writer.text);
}
