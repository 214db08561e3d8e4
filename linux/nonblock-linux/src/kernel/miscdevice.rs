//! A device of the kernel's class `misc`, whose `ioctl`s lend the right to sleep.

use core::ffi::{CStr, c_int, c_long, c_void};
use core::fmt;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};
use core::slice;

use nonblock::Sleepable;

use super::alloc::Box;
use super::call::checked;
use super::mmu::Mm;
use super::shim;
use crate::errno::Errno;
use crate::ioctl::Command;
use crate::miscdevice::MiscDevice;

/// The calls of a device, as the shim makes them.
struct Calls<D>(D);

impl<D: MiscDevice> Calls<D> {
    const CALLS: &'static shim::MiscCalls =
        &shim::MiscCalls { open: Self::open, ioctl: Self::ioctl, release: Self::release };

    unsafe extern "C" fn open(mm: *mut shim::MmStruct, error: *mut c_int) -> *mut c_void {
        let Some(mm) = NonNull::new(mm) else { return ptr::null_mut() };
        // SAFETY: the shim gives the reference away.
        let mm = unsafe { Mm::from_raw(mm) };
        let opened = nonblock::sleepable(|cx| {
            let device = D::open(mm, cx)?;
            Box::new(device, cx).map_err(|error| {
                error.into_inner().release(cx);
                Errno::ENOMEM
            })
        });
        match opened {
            Ok(device) => Box::into_raw(device).as_ptr().cast(),
            Err(failed) => {
                // SAFETY: the shim passes a place of its own.
                unsafe { error.write(failed.get()) };
                ptr::null_mut()
            }
        }
    }

    unsafe extern "C" fn ioctl(
        state: *mut c_void,
        number: u32,
        words: *mut u64,
        count: usize,
    ) -> c_long {
        // SAFETY: the shim passes what `open` returned, and `count` words of its own.
        let (device, words) =
            unsafe { (&*state.cast::<D>(), slice::from_raw_parts_mut(words, count)) };
        let command = Command::new(number, words);
        match nonblock::sleepable(|cx| device.ioctl(command, cx)) {
            Ok(result) => c_long::from(result),
            Err(error) => -c_long::from(error.get()),
        }
    }

    unsafe extern "C" fn release(state: *mut c_void) {
        let Some(state) = NonNull::new(state.cast::<D>()) else { return };
        // SAFETY: the shim passes what `open` returned, for the last time.
        let device = unsafe { Box::from_raw(state) };
        nonblock::sleepable(|cx| Box::into_inner(device).release(cx));
    }
}

/// A device in `/dev`, until it is dropped.
#[must_use = "the device is gone when this is dropped"]
pub struct Registration<D: MiscDevice> {
    raw: NonNull<shim::Misc>,
    _device: PhantomData<fn() -> D>,
}

// SAFETY: the kernel's device may be removed by any thread.
unsafe impl<D: MiscDevice> Send for Registration<D> {}
// SAFETY: nothing can be done with a shared reference.
unsafe impl<D: MiscDevice> Sync for Registration<D> {}

impl<D: MiscDevice> Registration<D> {
    /// Makes the device.
    ///
    /// # Arguments
    ///
    /// * `name`: its name in `/dev`.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Errors
    ///
    /// `EEXIST` if there is such a device, and what else `misc_register()` returns.
    #[track_caller]
    pub fn new(name: &'static CStr, cx: &mut Sleepable) -> Result<Self, Errno> {
        let _ = cx;
        nonblock::might_sleep();
        // SAFETY: both point to statics.
        let raw = checked(|error| unsafe {
            shim::nonblock_linux_misc_register(name.as_ptr(), Calls::<D>::CALLS, error)
        })?;
        Ok(Self { raw, _device: PhantomData })
    }

    /// Removes the device. Files that are open stay so, and keep the module.
    ///
    /// # Context
    ///
    /// May sleep. Not from the device's own `open`, which would wait for itself.
    #[track_caller]
    pub fn unregister(self, cx: &mut Sleepable) {
        let _ = cx;
        nonblock::might_sleep();
        drop(self);
    }
}

impl<D: MiscDevice> Drop for Registration<D> {
    fn drop(&mut self) {
        nonblock::raw::might_sleep_in_drop();
        // SAFETY: it was registered, and this removes it once.
        unsafe { shim::nonblock_linux_misc_deregister(self.raw.as_ptr()) };
    }
}

impl<D: MiscDevice> fmt::Debug for Registration<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}
