//! A process whose memory drivers mirror, for their tests.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::sync::Arc;

use nonblock::sync::Mutex;
use nonblock::{Context, OrWouldBlock, Sleepable, WouldBlock};
use nonblock_mm::mmu::{AddressSpace, Event, PAGE_SIZE, Range};

use crate::errno::Errno;
use crate::mmu::Mm;

/// How many pages a process has at most: a gigabyte.
const MAX_PAGES: usize = 1 << 18;
const WORD: usize = size_of::<u64>();

/// A model of a process, whose memory changes as Linux changes that of real ones. It is in the half for user space only.
///
/// A page that is mapped gets a frame when it is first touched, and loses it when it is discarded. The next touch finds a new
/// frame, full of zeros. No two frames ever have the same number, so a driver that shows an old number has a stale translation.
///
/// # Context
///
/// Its functions may sleep, and take `&mut Sleepable`. [`try_discard`](Self::try_discard) takes either token.
///
/// [`exit`](Self::exit) ends it. To drop it does not: nobody is told, and an [`Mm`] still finds its pages.
///
/// # Examples
///
/// ```
/// use nonblock_linux::errno::Errno;
/// use nonblock_linux::mmu::{PAGE_SIZE, Range};
/// use nonblock_linux::process::Process;
///
/// nonblock::sleepable(|cx| {
///     let process = Process::new();
///     let range = Range::with_len(0x10_0000, 4 * PAGE_SIZE)?;
///     process.map(range, cx)?;
///     process.write(0x10_0000, 7, cx)?;
///     assert_eq!(process.read(0x10_0000, cx), Ok(7));
///     process.discard(range, cx);
///     assert_eq!(process.read(0x10_0000, cx), Ok(0));
///     process.unmap(range, cx);
///     assert_eq!(process.read(0x10_0000, cx), Err(Errno::EFAULT));
///     Ok::<(), Errno>(())
/// })
/// # .unwrap();
/// ```
pub struct Process {
    memory: Arc<Memory>,
}

/// What a process and its [`Mm`]s share.
pub(super) struct Memory {
    pub(super) space: AddressSpace,
    table: Mutex<PageTable>,
}

#[derive(Default)]
struct PageTable {
    /// An entry for each mapped page, by its address.
    entries: BTreeMap<usize, Entry>,
    /// Whether the process has ended, so that nothing can be mapped.
    exited: bool,
}

/// An entry of the page table.
#[derive(Default)]
struct Entry {
    /// The last frame that was there.
    frame: Option<Arc<Frame>>,
    /// Whether it still is. A section only takes this away, so that it frees nothing.
    present: bool,
}

/// A page of memory.
pub(super) struct Frame {
    number: u64,
    words: Box<[AtomicU64]>,
}

impl Frame {
    /// Makes a page of zeros.
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let words = (0..PAGE_SIZE / WORD).map(|_| AtomicU64::new(0)).collect();
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), words }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    #[track_caller]
    pub(super) fn word(&self, offset: usize) -> u64 {
        self.at(offset).load(Ordering::Relaxed)
    }

    #[track_caller]
    fn at(&self, offset: usize) -> &AtomicU64 {
        assert!(
            offset < PAGE_SIZE && offset.is_multiple_of(WORD),
            "the offset {offset} is no word of a page: expected a multiple of {WORD} below {PAGE_SIZE}"
        );
        &self.words[offset / WORD]
    }
}

impl Memory {
    /// Returns the frame of the page at an address, with a new one if there is none.
    pub(super) fn touch(&self, address: usize, cx: &mut Sleepable) -> Result<Arc<Frame>, Errno> {
        let mut table = self.table.lock(cx);
        let entry = table.entries.get_mut(&page_of(address)).ok_or(Errno::EFAULT)?;
        if let Some(frame) = entry.frame.as_ref().filter(|_| entry.present) {
            return Ok(Arc::clone(frame));
        }
        let frame = Arc::new(Frame::new());
        *entry = Entry { frame: Some(Arc::clone(&frame)), present: true };
        Ok(frame)
    }

    /// Takes the frames of a range from the page table, and frees none of them.
    fn clear<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        let mut table = self.table.acquire(cx)?;
        for (_, entry) in table.entries.range_mut(range.start()..range.end()) {
            entry.present = false;
        }
        Ok(())
    }
}

/// The address of the page in which an address lies.
fn page_of(address: usize) -> usize {
    address / PAGE_SIZE * PAGE_SIZE
}

impl Process {
    /// Makes a process without memory.
    ///
    /// # Context
    ///
    /// Does not sleep. Allocates.
    #[track_caller]
    pub fn new() -> Self {
        let memory = Memory { space: AddressSpace::new(), table: Mutex::new(PageTable::default()) };
        Self { memory: Arc::new(memory) }
    }

    /// Returns the process's memory, as a device gets it that the process opens.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn mm(&self) -> Mm {
        Mm::new(&self.memory)
    }

    /// Returns the address space, so that other drivers can subscribe to it, and be told of what no function here does.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn space(&self) -> &AddressSpace {
        &self.memory.space
    }

    /// Maps a range: `mmap()`.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// [`Errno::EEXIST`] if a page of it is mapped already. [`Errno::ENOMEM`] if the process would have more than 2<sup>18</sup>
    /// pages. [`Errno::ESRCH`] if it has ended.
    #[track_caller]
    pub fn map(&self, range: Range, cx: &mut Sleepable) -> Result<(), Errno> {
        let mut table = self.memory.table.lock(cx);
        if table.exited {
            return Err(Errno::ESRCH);
        }
        if table.entries.range(range.start()..range.end()).next().is_some() {
            return Err(Errno::EEXIST);
        }
        if range.pages().len() > MAX_PAGES.saturating_sub(table.entries.len()) {
            return Err(Errno::ENOMEM);
        }
        table.entries.extend(range.pages().map(|page| (page, Entry::default())));
        Ok(())
    }

    /// Tells the drivers, and takes the range from the process: `munmap()`. It need not be mapped.
    ///
    /// # Context
    ///
    /// May sleep, and so may the callbacks: takes `&mut Sleepable`.
    #[track_caller]
    pub fn unmap(&self, range: Range, cx: &mut Sleepable) {
        let invalidation = self.memory.space.invalidate(range, Event::Unmap, cx);
        let removed = {
            let mut table = self.memory.table.lock(cx);
            let mut removed = table.entries.split_off(&range.start());
            table.entries.append(&mut removed.split_off(&range.end()));
            removed
        };
        drop(invalidation);
        drop(removed);
    }

    /// Writes a word, as the process does.
    ///
    /// # Arguments
    ///
    /// * `address`: a multiple of 8.
    ///
    /// # Context
    ///
    /// May sleep, as a page fault does: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// [`Errno::EFAULT`] if nothing is mapped there. A real process would get a `SIGSEGV`.
    ///
    /// # Panics
    ///
    /// If the address is no multiple of 8.
    #[track_caller]
    pub fn write(&self, address: usize, value: u64, cx: &mut Sleepable) -> Result<(), Errno> {
        let frame = self.memory.touch(address, cx)?;
        frame.at(address % PAGE_SIZE).store(value, Ordering::Relaxed);
        Ok(())
    }

    /// Reads a word, as the process does.
    ///
    /// # Arguments
    ///
    /// * `address`: a multiple of 8.
    ///
    /// # Context
    ///
    /// May sleep, as a page fault does: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// [`Errno::EFAULT`] if nothing is mapped there.
    ///
    /// # Panics
    ///
    /// If the address is no multiple of 8.
    #[track_caller]
    pub fn read(&self, address: usize, cx: &mut Sleepable) -> Result<u64, Errno> {
        Ok(self.memory.touch(address, cx)?.word(address % PAGE_SIZE))
    }

    /// Tells the drivers, and drops the frames of a range: `madvise(MADV_DONTNEED)`. The next touch finds new ones.
    ///
    /// # Context
    ///
    /// May sleep, and so may the callbacks: takes `&mut Sleepable`.
    #[track_caller]
    pub fn discard(&self, range: Range, cx: &mut Sleepable) {
        let _invalidation = self.memory.space.invalidate(range, Event::Clear, cx);
        let Ok(()) = self.memory.clear(&range, cx);
    }

    /// Does the same if nobody has to be waited for, as the OOM reaper does.
    ///
    /// # Context
    ///
    /// Takes either token. The callbacks run in a section. With a `NonBlock` it does not sleep, and neither allocates nor frees.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`] if a driver refused, or, in a section, if another thread is just changing the page table. The range is as
    /// it was.
    #[track_caller]
    pub fn try_discard<C: Context>(&self, range: Range, cx: &mut C) -> Result<(), WouldBlock> {
        let _invalidation = self.memory.space.try_invalidate(range, Event::Unmap, cx)?;
        self.memory.clear(&range, cx).or_would_block()
    }

    /// Ends the process: tells every driver, and drops its memory. Then nothing is mapped, and nobody can subscribe.
    ///
    /// # Context
    ///
    /// May sleep, and so may the callbacks: takes `&mut Sleepable`.
    #[track_caller]
    pub fn exit(&self, cx: &mut Sleepable) {
        // First nobody finds a page any more. Otherwise a driver could look one up after it was told.
        let last = PageTable { entries: BTreeMap::new(), exited: true };
        let pages = core::mem::replace(&mut *self.memory.table.lock(cx), last);
        self.memory.space.release(cx);
        drop(pages);
    }
}

impl Default for Process {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("space", &self.memory.space).finish_non_exhaustive()
    }
}
