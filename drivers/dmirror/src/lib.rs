//! A device that mirrors a process's memory: one source, compiled for user space and for the Linux kernel.
//!
//! A program opens the device and asks it by commands: see [`uapi`]. The device mirrors a range of the program's memory in a
//! table of its own, makes translations when it is asked to, and gives them up when the memory changes. It does what Linux's
//! `lib/test_hmm.c` does (6.12), for the calls of [`nonblock_linux`].
//!
//! The table is behind a [`Mutex`], since a job of the device holds it while it sleeps. A callback that may sleep waits for it,
//! and one in a section refuses. It is one function for both callers, and for both kinds of notifiers.
//!
//! It names only `core`, [`nonblock`] and [`nonblock_linux`].
//!
//! # Examples
//!
//! ```
//! use dmirror::{Dmirror, uapi};
//! use nonblock_linux::errno::Errno;
//! use nonblock_linux::miscdevice::File;
//! use nonblock_linux::mmu::{PAGE_SIZE, Range};
//! use nonblock_linux::process::Process;
//!
//! nonblock::sleepable(|cx| {
//!     let process = Process::new();
//!     let range = Range::with_len(0x10_0000, 16 * PAGE_SIZE)?;
//!     process.map(range, cx)?;
//!     process.write(0x10_0000, 7, cx)?;
//!
//!     let file = File::<Dmirror>::open(process.mm(), cx)?;
//!     file.ioctl(uapi::MIRROR, &mut [0x10_0000, 16 * 4096], cx)?;
//!     file.ioctl(uapi::FAULT, &mut [0x10_0000, 0, 0], cx)?;
//!     let mut words = [0x10_0000, 0, 0];
//!     file.ioctl(uapi::READ, &mut words, cx)?;
//!     assert_eq!(words, [7, 1, 0]); // the value, through the device's own translation
//!
//!     process.discard(range, cx);
//!     let mut words = [0x10_0000, 0];
//!     file.ioctl(uapi::LOOKUP, &mut words, cx)?;
//!     assert_eq!(words, [0, 0]); // the callback took the translation
//!     file.close(cx);
//!     Ok::<(), Errno>(())
//! })
//! # .unwrap();
//! ```

#![cfg_attr(not(MODULE), no_std)]

mod counters;
mod device;
mod fault;
mod flusher;
mod notifiers;
mod selftest;
mod table;
pub mod uapi;

use core::fmt;
use core::time::Duration;

use nonblock::{Sleepable, may_sleep};
use nonblock_linux::errno::Errno;
use nonblock_linux::ioctl::Command;
use nonblock_linux::miscdevice::MiscDevice;
use nonblock_linux::mmu::{IntervalSubscription, Mm, PAGE_SIZE, Range, Subscription};
use nonblock_linux::sync::{Arc, Mutex};
use nonblock_linux::time;

use device::Device;
use notifiers::{OfInterval, OfProcess};
use table::Table;

/// The device, as one program has it open.
pub struct Dmirror {
    mm: Mm,
    device: Arc<Device>,
    /// Held while the device faults, and while the mirroring begins and ends. No callback takes it.
    mirror: Mutex<Option<IntervalSubscription<OfInterval>>>,
    /// Waited for with `mirror` held.
    watch: Mutex<Option<Subscription<OfProcess>>>,
}

#[may_sleep]
impl MiscDevice for Dmirror {
    fn open(mm: Mm, cx: &mut Sleepable) -> Result<Self, Errno> {
        Ok(Self {
            mm,
            device: Arc::new(Device::new(cx)?, cx)?,
            mirror: Mutex::new(None, cx)?,
            watch: Mutex::new(None, cx)?,
        })
    }

    fn ioctl(&self, mut command: Command<'_>, cx: &mut Sleepable) -> Result<u32, Errno> {
        match command.number {
            uapi::MIRROR => self.mirror(*command.words()?, cx)?,
            uapi::UNMIRROR => self.unmirror(*command.words()?, cx)?,
            uapi::FAULT => self.fault(command.words()?, cx)?,
            uapi::LOOKUP => self.look_up(command.words()?, cx)?,
            uapi::READ => self.read(command.words()?, cx)?,
            uapi::JOB => self.job(*command.words()?, cx)?,
            uapi::COUNTERS => *command.words()? = self.device.counters(),
            uapi::WATCH => self.watch(*command.words()?, cx)?,
            uapi::SELFTEST => selftest::run(command.words()?, cx)?,
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    fn release(self, cx: &mut Sleepable) {
        let Self { mm: _, device, mirror, watch } = self;
        let mirror = mirror.lock(cx).take();
        if let Some(subscription) = mirror {
            subscription.unsubscribe(cx);
        }
        let watch = watch.lock(cx).take();
        if let Some(subscription) = watch {
            subscription.unsubscribe(cx);
        }
        // No callback is under way, so nobody else has it.
        if let Some(device) = Arc::into_inner(device) {
            device.shutdown(cx);
        }
    }
}

impl Dmirror {
    #[may_sleep]
    fn mirror(&self, [start, bytes]: [u64; 2], cx: &mut Sleepable) -> Result<(), Errno> {
        let range = Range::with_len(address(start)?, address(bytes)?)?;
        if range.len() / PAGE_SIZE > uapi::MAX_PAGES {
            return Err(Errno::EINVAL);
        }
        let mut mirror = self.mirror.lock(cx);
        let refuses = self.watch.lock(cx).as_ref().is_some_and(|watch| watch.refuses);
        if mirror.is_some() || refuses {
            return Err(Errno::EBUSY);
        }
        // Before the first callback can come. It is made without the table's lock: memory may come from those who are called.
        let table = Table::new(range, cx)?;
        self.device.set_table(Some(table), cx);
        let notifier = OfInterval(Arc::clone(&self.device));
        match self.mm.subscribe_interval(range, notifier, cx) {
            Ok(subscription) => {
                *mirror = Some(subscription);
                Ok(())
            }
            Err(error) => {
                self.device.set_table(None, cx);
                Err(error)
            }
        }
    }

    #[may_sleep]
    fn unmirror(&self, [_]: [u64; 1], cx: &mut Sleepable) -> Result<(), Errno> {
        let mut mirror = self.mirror.lock(cx);
        mirror.take().ok_or(Errno::ENOENT)?.unsubscribe(cx);
        self.device.set_table(None, cx);
        Ok(())
    }

    #[may_sleep]
    fn fault(&self, words: &mut [u64; 3], cx: &mut Sleepable) -> Result<(), Errno> {
        let [wanted, ..] = *words;
        let mirror = self.mirror.lock(cx);
        let subscription = mirror.as_ref().ok_or(Errno::ENOENT)?;
        let made = fault::fault(&self.device, subscription, &self.mm, address(wanted)?, cx)?;
        *words = [made.frame, made.attempts, 0];
        Ok(())
    }

    #[may_sleep]
    fn look_up(&self, words: &mut [u64; 2], cx: &mut Sleepable) -> Result<(), Errno> {
        let [wanted, _] = *words;
        let frame = self.device.translate(address(wanted)?, cx, |page, _offset| page.frame());
        *words = [u64::from(frame.is_some()), frame.unwrap_or(0)];
        Ok(())
    }

    #[may_sleep]
    fn read(&self, words: &mut [u64; 3], cx: &mut Sleepable) -> Result<(), Errno> {
        let [wanted, ..] = *words;
        if !wanted.is_multiple_of(8) {
            return Err(Errno::EINVAL);
        }
        let value = self.device.translate(address(wanted)?, cx, |page, offset| page.read(offset));
        *words = [value.unwrap_or(0), u64::from(value.is_some()), 0];
        Ok(())
    }

    /// A job of the device: nobody else has the table meanwhile.
    #[may_sleep]
    fn job(&self, [milliseconds]: [u64; 1], cx: &mut Sleepable) -> Result<(), Errno> {
        if milliseconds > uapi::MAX_JOB_MS {
            return Err(Errno::EINVAL);
        }
        let _held = self.device.hold_table(cx);
        time::sleep(cx, Duration::from_millis(milliseconds));
        Ok(())
    }

    #[may_sleep]
    fn watch(&self, [flags]: [u64; 1], cx: &mut Sleepable) -> Result<(), Errno> {
        if flags & !uapi::WATCH_REFUSES != 0 {
            return Err(Errno::EINVAL);
        }
        let refuses = flags & uapi::WATCH_REFUSES != 0;
        let mirror = self.mirror.lock(cx);
        let mut watch = self.watch.lock(cx);
        if watch.is_some() || (refuses && mirror.is_some()) {
            return Err(Errno::EBUSY);
        }
        let notifier = OfProcess { device: Arc::clone(&self.device), refuses };
        *watch = Some(self.mm.subscribe(notifier, cx)?);
        Ok(())
    }
}

/// An address, or a length, as a program passes it.
fn address(word: u64) -> Result<usize, Errno> {
    usize::try_from(word).map_err(|_| Errno::EINVAL)
}

impl fmt::Debug for Dmirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dmirror").finish_non_exhaustive()
    }
}
