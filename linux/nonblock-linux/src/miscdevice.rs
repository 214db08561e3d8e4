//! Devices that are a file in `/dev`, and answer commands.

use nonblock::Sleepable;

use crate::errno::Errno;
use crate::ioctl::Command;
use crate::mmu::Mm;

#[cfg(not(MODULE))]
pub use crate::half::miscdevice::File;
#[cfg(MODULE)]
pub use crate::half::miscdevice::Registration;

/// A device that is a file in `/dev`: each file that a program has open is a value of this type.
///
/// The kernel calls it for a program, so each call is lent the right to sleep. Mirrors Linux's `struct miscdevice`
/// (`include/linux/miscdevice.h`, 6.12), and the `struct file_operations` that it names.
///
/// In user space, `File` opens, asks and closes it as a program would. In the kernel, `Registration` makes the file, until it is
/// dropped; only there is it, so its documentation is not here:
///
/// ```rs
/// impl<D: MiscDevice> Registration<D> {
///     /// Makes `/dev/NAME`. May sleep. `EEXIST` if there is one, and what else `misc_register()` returns.
///     pub fn new(name: &'static CStr, cx: &mut Sleepable) -> Result<Self, Errno>;
///     /// Removes it, as a drop does. Files that are open stay so.
///     pub fn unregister(self, cx: &mut Sleepable);
/// }
/// ```
///
/// `linux/README.md` of the repository has a module around one.
///
/// # Examples
///
/// ```
/// use nonblock::Sleepable;
/// use nonblock_linux::errno::Errno;
/// use nonblock_linux::ioctl::{self, Command};
/// use nonblock_linux::miscdevice::{File, MiscDevice};
/// use nonblock_linux::mmu::Mm;
/// use nonblock_linux::process::Process;
///
/// const PEEK: u32 = ioctl::number(b'p', 1, 1);
///
/// /// Reads a word of the process that opened it.
/// struct Peek {
///     mm: Mm,
/// }
///
/// impl MiscDevice for Peek {
///     fn open(mm: Mm, _cx: &mut Sleepable) -> Result<Self, Errno> {
///         Ok(Self { mm })
///     }
///
///     fn ioctl(&self, mut command: Command<'_>, cx: &mut Sleepable) -> Result<u32, Errno> {
///         if command.number != PEEK {
///             return Err(Errno::ENOTTY);
///         }
///         let [word] = command.words()?;
///         let page = self.mm.page(usize::try_from(*word).map_err(|_| Errno::EFAULT)?, cx)?;
///         *word = page.read(0);
///         Ok(0)
///     }
/// }
///
/// nonblock::sleepable(|cx| {
///     let process = Process::new();
///     let file = File::<Peek>::open(process.mm(), cx)?;
///     assert_eq!(file.ioctl(PEEK, &mut [0x10_0000], cx), Err(Errno::EFAULT));
///     file.close(cx);
///     Ok::<(), Errno>(())
/// })
/// # .unwrap();
/// ```
pub trait MiscDevice: Sized + Send + Sync + 'static {
    /// A program opens the file.
    ///
    /// # Arguments
    ///
    /// * `mm`: the memory of the process that opens it.
    ///
    /// # Context
    ///
    /// May sleep. The kernel holds the lock of all devices of the class meanwhile (`misc_mtx`): others are not opened, and to
    /// make or remove one here would wait for ever.
    ///
    /// # Errors
    ///
    /// What the program's `open` fails with.
    fn open(mm: Mm, cx: &mut Sleepable) -> Result<Self, Errno>;

    /// A program asks for something. Several threads may ask at the same time.
    ///
    /// # Returns
    ///
    /// What the program's `ioctl` returns; mostly 0. A program gets it as an `int`: more than [`i32::MAX`] looks negative there.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// What the program's `ioctl` fails with: [`Errno::ENOTTY`] for a command that the device does not know. Numbers that
    /// [`ioctl::words`](crate::ioctl::words) does not know are answered so without it.
    fn ioctl(&self, command: Command<'_>, cx: &mut Sleepable) -> Result<u32, Errno>;

    /// The last program that had the file has closed it, or has ended.
    ///
    /// End here what the device has subscribed and queued: here is the token for it. The memory of the process may be gone.
    ///
    /// # Context
    ///
    /// May sleep.
    fn release(self, cx: &mut Sleepable) {
        let _ = cx;
        drop(self);
    }
}
