//! The file of a device as a program has it open, without a kernel.

use core::fmt;

use nonblock::{Sleepable, raw};

use crate::errno::Errno;
use crate::ioctl::{self, Command};
use crate::miscdevice::MiscDevice;
use crate::mmu::Mm;

/// A file of a device, as a program has it open. A test calls it in place of the system calls.
///
/// It is in the half for user space only.
///
/// # Context
///
/// Every call takes `&mut Sleepable`, as a system call may sleep. Several threads may [ask](Self::ioctl) at the same time. To
/// drop it closes it, and is reported in a section.
///
/// # Examples
///
/// See [`MiscDevice`].
pub struct File<D: MiscDevice> {
    /// Taken when it is closed.
    device: Option<D>,
}

impl<D: MiscDevice> File<D> {
    /// Opens the device: `open()`.
    ///
    /// # Arguments
    ///
    /// * `mm`: the memory of the process that opens it.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// Those of the device.
    pub fn open(mm: Mm, cx: &mut Sleepable) -> Result<Self, Errno> {
        Ok(Self { device: Some(D::open(mm, cx)?) })
    }

    /// Asks the device for something: `ioctl()`.
    ///
    /// # Arguments
    ///
    /// * `number`: the command, as [`ioctl::number`] makes it.
    /// * `words`: what goes in, and comes out. Only as many as the command has are shown to the device.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Errors
    ///
    /// Those of the device. Before it is asked: [`Errno::ENOTTY`] if the command is none with words, [`Errno::EFAULT`] if there
    /// are fewer words than it has.
    pub fn ioctl(&self, number: u32, words: &mut [u64], cx: &mut Sleepable) -> Result<u32, Errno> {
        let count = ioctl::words(number).ok_or(Errno::ENOTTY)?;
        let words = words.get_mut(..count).ok_or(Errno::EFAULT)?;
        let device = self.device.as_ref().expect("a file that can be asked is open");
        device.ioctl(Command::new(number, words), cx)
    }

    /// Closes the file: `close()`. The device is [released](MiscDevice::release).
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    pub fn close(mut self, cx: &mut Sleepable) {
        if let Some(device) = self.device.take() {
            device.release(cx);
        }
    }
}

impl<D: MiscDevice> Drop for File<D> {
    fn drop(&mut self) {
        if let Some(device) = self.device.take() {
            raw::might_sleep_in_drop();
            raw::sleepable(|cx| device.release(cx));
        }
    }
}

impl<D: MiscDevice + fmt::Debug> fmt::Debug for File<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("device", &self.device).finish()
    }
}
