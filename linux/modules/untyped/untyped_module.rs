// SPDX-License-Identifier: MIT OR Apache-2.0
//! A driver that sleeps where it must not: its callbacks call C, whose functions take no token, so it compiles.
//!
//! Its commands are those of `dmirror`, as far as it has them, and one more, `SLEEP`: which fault the callbacks make.

use core::ffi::c_uint;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kernel::error::Error;
use kernel::prelude::*;
use nonblock::{NonBlock, Sleepable, WouldBlock};
use nonblock_linux::errno::Errno;
use nonblock_linux::ioctl::{number, Command};
use nonblock_linux::miscdevice::{MiscDevice, Registration};
use nonblock_linux::mmu::{
    IntervalNotifier, IntervalSubscription, Mm, Notifier, Range, Subscription,
};
use nonblock_linux::sync::{Arc, Mutex};

module! {
    type: UntypedModule,
    name: "nonblock_untyped",
    author: "The nonblock developers",
    description: "A driver that sleeps in its callbacks, and does not say so",
    license: "Dual MIT/GPL",
}

const MIRROR: u32 = number(b'n', 1, 2);
const UNMIRROR: u32 = number(b'n', 2, 1);
const JOB: u32 = number(b'n', 6, 1);
const COUNTERS: u32 = number(b'n', 7, 16);
const WATCH: u32 = number(b'n', 8, 1);
const SLEEP: u32 = number(b'n', 10, 1);

unsafe extern "C" {
    safe fn msleep(milliseconds: c_uint);
    safe fn untyped_table_use();
    safe fn untyped_table_hold(milliseconds: c_uint);
}

/// What the callbacks of both kinds share.
#[derive(Default)]
struct Faults {
    /// Which fault they make.
    sleep: AtomicU64,
    interval_calls: AtomicU64,
    interval_section_calls: AtomicU64,
    list_calls: AtomicU64,
    list_section_calls: AtomicU64,
}

impl Faults {
    /// The fault: no token says that this may sleep. The check reports the callback that called this.
    #[track_caller]
    fn make(&self) {
        match self.sleep.load(Relaxed) {
            1 => msleep(20),
            2 => untyped_table_use(),
            3 => nonblock::might_sleep(),
            _ => {}
        }
    }
}

struct IntervalTwin(Arc<Faults>);

impl IntervalNotifier for IntervalTwin {
    fn invalidate_interval_start(&self, _range: &Range, _cx: &mut Sleepable) {
        self.0.interval_calls.fetch_add(1, Relaxed);
    }

    fn invalidate_interval_start_nonblock(
        &self,
        _range: &Range,
        _nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.0.interval_calls.fetch_add(1, Relaxed);
        self.0.interval_section_calls.fetch_add(1, Relaxed);
        self.0.make();
        Ok(())
    }
}

struct ListTwin(Arc<Faults>);

impl Notifier for ListTwin {
    fn invalidate_range_start(&self, _range: &Range, _cx: &mut Sleepable) {
        self.0.list_calls.fetch_add(1, Relaxed);
    }

    fn invalidate_range_start_nonblock(
        &self,
        _range: &Range,
        _nb: &mut NonBlock,
    ) -> Result<(), WouldBlock> {
        self.0.list_calls.fetch_add(1, Relaxed);
        self.0.list_section_calls.fetch_add(1, Relaxed);
        self.0.make();
        Ok(())
    }
}

/// One open file.
struct Untyped {
    mm: Mm,
    faults: Arc<Faults>,
    interval: Mutex<Option<IntervalSubscription<IntervalTwin>>>,
    list: Mutex<Option<Subscription<ListTwin>>>,
}

impl Untyped {
    fn mirror(&self, start: u64, len: u64, cx: &mut Sleepable) -> Result<(), Errno> {
        let mut interval = self.interval.lock(cx);
        if interval.is_some() {
            return Err(Errno::EBUSY);
        }
        let range = Range::with_len(start as usize, len as usize)?;
        let twin = IntervalTwin(Arc::clone(&self.faults));
        *interval = Some(self.mm.subscribe_interval(range, twin, cx)?);
        Ok(())
    }

    fn watch(&self, cx: &mut Sleepable) -> Result<(), Errno> {
        let mut list = self.list.lock(cx);
        if list.is_some() {
            return Err(Errno::EBUSY);
        }
        *list = Some(self.mm.subscribe(ListTwin(Arc::clone(&self.faults)), cx)?);
        Ok(())
    }
}

impl MiscDevice for Untyped {
    fn open(mm: Mm, cx: &mut Sleepable) -> Result<Self, Errno> {
        Ok(Self {
            mm,
            faults: Arc::new(Faults::default(), cx)?,
            interval: Mutex::new(None, cx)?,
            list: Mutex::new(None, cx)?,
        })
    }

    fn ioctl(&self, mut command: Command<'_>, cx: &mut Sleepable) -> Result<u32, Errno> {
        match command.number {
            MIRROR => {
                let [start, len] = *command.words()?;
                self.mirror(start, len, cx)?;
            }
            UNMIRROR => {
                let interval = self.interval.lock(cx).take();
                interval.ok_or(Errno::ENOENT)?.unsubscribe(cx);
            }
            WATCH => self.watch(cx)?,
            JOB => {
                let [milliseconds] = *command.words()?;
                untyped_table_hold(milliseconds.min(60_000) as c_uint);
            }
            SLEEP => {
                let [sleep] = *command.words()?;
                self.faults.sleep.store(sleep, Relaxed);
            }
            COUNTERS => {
                let words: &mut [u64; 16] = command.words()?;
                let faults = &self.faults;
                let counters = [
                    &faults.interval_calls,
                    &faults.interval_section_calls,
                    &faults.list_calls,
                    &faults.list_section_calls,
                ];
                for (word, counter) in words.iter_mut().zip(counters) {
                    *word = counter.load(Relaxed);
                }
            }
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }
}

struct UntypedModule {
    _registration: Registration<Untyped>,
}

impl kernel::Module for UntypedModule {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let registration = nonblock::sleepable(|cx| Registration::new(c"untyped", cx));
        let _registration = registration.map_err(|error| Error::from_errno(-error.get()))?;
        Ok(Self { _registration })
    }
}
