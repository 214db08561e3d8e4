//! Threads that write, discard, protect and fork, against threads that fault and read through the device. What the device reads
//! must never be older than what the process had there when the read began.
//!
//! Each page has a generation in its first word, which only ever grows. One thread owns the page: it discards the content, writes
//! the next generation, and only then publishes that number. A reader takes the published number before it reads through the
//! device. To find an older one means that the device still had a page frame that the process had given up: a stale translation.

use std::fmt;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::device::{DMIRROR, Device, Found, notes};
use crate::pages::{Discard, Pages};
use crate::system_calls::while_forked;

/// Few, so that what races meets on the same page.
const PAGES: usize = 4;
const WRITERS: usize = 2;
const READERS: usize = 2;
/// How often a page is read that was translated.
const READS: usize = 16;
/// How long a reader waits for a discard.
const SPINS: usize = 20_000;
/// One in so many rounds of a writer forks, which takes as long as a thousand others.
const FORKS: u64 = 512;

/// What is known of a page from outside.
#[derive(Debug, Default)]
struct PageState {
    /// The generation that was written last. A read that begins now must find this one, or a later one.
    published: AtomicU64,
    /// Odd from before a discard until the next generation is published: the page may be zero meanwhile.
    discards: AtomicU64,
}

/// What a reader knows of a page when its read begins, or has ended.
#[derive(Clone, Copy, Debug)]
struct Seen {
    discards: u64,
    published: u64,
}

impl PageState {
    fn look(&self) -> Seen {
        // In this order: with a later publication comes a number of discards that is no earlier.
        let discards = self.discards.load(SeqCst);
        Seen { discards, published: self.published.load(SeqCst) }
    }
}

/// What a read through the device means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// There was no translation.
    Absent,
    /// Nothing was published before, so nothing could be stale.
    Unknown,
    /// As it must be.
    Current,
    /// Older than what was there when the read began.
    Stale,
}

fn verdict(before: Seen, found: Found, after: Seen) -> Verdict {
    if !found.is_there {
        return Verdict::Absent;
    }
    if before.published == 0 {
        return Verdict::Unknown;
    }
    let is_zero_meanwhile = before.discards % 2 == 1 || before.discards != after.discards;
    let is_current = found.value >= before.published || (found.value == 0 && is_zero_meanwhile);
    if is_current { Verdict::Current } else { Verdict::Stale }
}

/// What all threads count.
#[derive(Debug, Default)]
struct Counts {
    generations: AtomicU64,
    discards: AtomicU64,
    protections: AtomicU64,
    forks: AtomicU64,
    reads: AtomicU64,
    checked: AtomicU64,
    stale: AtomicU64,
    attempts: AtomicU64,
    no_memory: AtomicU64,
    overtaken: AtomicU64,
    first_stale: Mutex<Option<String>>,
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, SeqCst);
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("generations", &self.generations),
            ("discards", &self.discards),
            ("protections", &self.protections),
            ("forks", &self.forks),
            ("reads", &self.reads),
            ("checked", &self.checked),
            ("stale", &self.stale),
            ("attempts", &self.attempts),
            ("no_memory", &self.no_memory),
            ("overtaken", &self.overtaken),
        ];
        all.iter().try_for_each(|(name, count)| write!(f, "{name}={} ", count.load(SeqCst)))
    }
}

/// All that the threads share.
#[derive(Debug)]
struct Pressure {
    device: Device,
    pages: Pages,
    states: Vec<PageState>,
    counts: Counts,
    is_over: AtomicBool,
}

/// A generator of numbers that need not be good ones.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn page(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).expect("it is below a number of pages")
    }
}

/// The process: it plays for so many seconds, and prints what it counted.
pub(crate) fn main(arguments: &[String]) -> Outcome {
    let seconds =
        arguments.first().and_then(|text| text.parse().ok()).ok_or("how many seconds?")?;
    let pages = Pages::new(PAGES).map_err(|error| error.to_string())?;
    let device = Device::open(DMIRROR)?;
    device.mirror(pages.start(), pages.len())?;
    let states = (0..PAGES).map(|_| PageState::default()).collect();
    let is_over = AtomicBool::new(false);
    let pressure = Pressure { device, pages, states, counts: Counts::default(), is_over };
    let ended = std::thread::scope(|scope| -> Outcome {
        let pressure = &pressure;
        let writers = (0..WRITERS).map(|owner| scope.spawn(move || pressure.write(owner)));
        let mut threads: Vec<_> = writers.collect();
        threads.extend((0..READERS).map(|reader| scope.spawn(move || pressure.read(reader))));
        let end = Instant::now() + Duration::from_secs(seconds);
        // A thread that ends early has failed.
        while Instant::now() < end && !threads.iter().any(ScopedJoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(50));
        }
        pressure.is_over.store(true, SeqCst);
        let outcomes =
            threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?);
        outcomes.collect()
    });
    println!("{}", pressure.counts);
    let counters = pressure.device.counters()?;
    println!(
        "{} invalidations={}",
        notes(&counters),
        counters[crate::uapi::counter::INTERVAL_CALLS]
    );
    if let Some(stale) = pressure.counts.first_stale.lock().expect("no thread panicked").as_ref() {
        println!("first_stale=\"{stale}\"");
    }
    ended
}

impl Pressure {
    /// Goes through the pages of one owner, and gives each its next generation in one of several ways.
    fn write(&self, owner: usize) -> Outcome {
        let mut random = Random(owner as u64 + 1);
        let mut generation = 0;
        while !self.is_over.load(SeqCst) {
            for page in (owner..PAGES).step_by(WRITERS) {
                generation += 1;
                let done = match random.below(FORKS) {
                    0 => self.write_while_forked(page, generation),
                    n if n % 5 == 0 => self.pages.protect_and_unprotect(page).map(|()| {
                        add(&self.counts.protections);
                        self.publish(page, generation);
                    }),
                    n if n % 5 == 1 => self.replace(page, generation, Discard::MapOver),
                    n if n % 5 == 2 => self.replace(page, generation, Discard::Move),
                    n if n % 5 == 3 => self.replace(page, generation, Discard::Advise),
                    _ => {
                        self.publish(page, generation);
                        Ok(())
                    }
                };
                done.map_err(|error| format!("a writer: {error}"))?;
            }
        }
        Ok(())
    }

    /// Writes a generation over the one before.
    fn publish(&self, page: usize, generation: u64) {
        self.pages.write(page, generation);
        self.states[page].published.store(generation, SeqCst);
        add(&self.counts.generations);
    }

    /// Discards a page, and writes the next generation into the empty one.
    fn replace(&self, page: usize, generation: u64, how: Discard) -> io::Result<()> {
        let state = &self.states[page];
        state.discards.fetch_add(1, SeqCst);
        self.pages.discard(page, how)?;
        self.publish(page, generation);
        state.discards.fetch_add(1, SeqCst);
        add(&self.counts.discards);
        Ok(())
    }

    /// Writes while a copy of the process has the page too: the process gets another page frame then.
    fn write_while_forked(&self, page: usize, generation: u64) -> io::Result<()> {
        add(&self.counts.forks);
        while_forked(2, || self.publish(page, generation))
    }

    /// Has the device translate pages just when they are discarded, and reads what it has then until it has nothing.
    ///
    /// A translation goes wrong if the page changes between the moments in which the device finds it and keeps it. So the two are
    /// made to meet. What went wrong is seen once the next generation is published, so there is more than one read.
    fn read(&self, reader: usize) -> Outcome {
        let mut random = Random(reader as u64 + 77);
        while !self.is_over.load(SeqCst) {
            let page = random.page(PAGES);
            self.wait_for_discard(page);
            self.fault(page)?;
            for _ in 0..READS {
                if self.read_page(page)? == Verdict::Absent {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Waits until a page is about to be discarded, but not for long.
    fn wait_for_discard(&self, page: usize) {
        let state = &self.states[page];
        for _ in 0..SPINS {
            if state.discards.load(SeqCst) % 2 == 1 {
                break;
            }
            std::hint::spin_loop();
        }
    }

    fn read_page(&self, page: usize) -> Result<Verdict, String> {
        let state = &self.states[page];
        let before = state.look();
        let found = self.device.read(self.pages.address(page))?;
        let after = state.look();
        let verdict = verdict(before, found, after);
        add(&self.counts.reads);
        match verdict {
            Verdict::Current => add(&self.counts.checked),
            Verdict::Stale => {
                add(&self.counts.checked);
                add(&self.counts.stale);
                let mut first = self.counts.first_stale.lock().expect("no thread panicked");
                first.get_or_insert_with(|| {
                    format!("page {page}: {before:?}, {found:?}, {after:?}")
                });
            }
            Verdict::Absent | Verdict::Unknown => {}
        }
        Ok(verdict)
    }

    fn fault(&self, page: usize) -> Outcome {
        match self.device.fault(self.pages.address(page)) {
            Ok(attempts) => {
                self.counts.attempts.fetch_add(attempts, SeqCst);
            }
            // The page is read-only just now.
            Err(error) if error.raw_os_error() == Some(libc::EFAULT) => add(&self.counts.no_memory),
            Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => add(&self.counts.overtaken),
            Err(error) => return Err(format!("a reader: FAULT: {error}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Seen, Verdict, verdict};
    use crate::device::Found;

    fn seen(discards: u64, published: u64) -> Seen {
        Seen { discards, published }
    }

    fn there(value: u64) -> Found {
        Found { value, is_there: true }
    }

    #[test]
    fn an_older_generation_is_stale_whatever_happened_meanwhile() {
        assert_eq!(verdict(seen(2, 7), there(6), seen(2, 7)), Verdict::Stale);
        assert_eq!(verdict(seen(3, 7), there(6), seen(9, 12)), Verdict::Stale);
    }

    #[test]
    fn a_generation_that_is_as_new_or_newer_is_current() {
        assert_eq!(verdict(seen(2, 7), there(7), seen(2, 7)), Verdict::Current);
        assert_eq!(verdict(seen(2, 7), there(8), seen(4, 8)), Verdict::Current);
    }

    #[test]
    fn zero_is_current_only_while_the_page_is_discarded() {
        assert_eq!(verdict(seen(2, 7), there(0), seen(2, 7)), Verdict::Stale);
        assert_eq!(verdict(seen(3, 7), there(0), seen(3, 7)), Verdict::Current);
        assert_eq!(verdict(seen(2, 7), there(0), seen(3, 7)), Verdict::Current);
    }

    #[test]
    fn without_a_translation_or_a_publication_nothing_is_stale() {
        let absent = Found { value: 0, is_there: false };
        assert_eq!(verdict(seen(2, 7), absent, seen(2, 7)), Verdict::Absent);
        assert_eq!(verdict(seen(0, 0), there(0), seen(0, 0)), Verdict::Unknown);
    }
}
