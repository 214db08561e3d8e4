//! Memory: `kmalloc`, with the flags that the token allows.

use core::alloc::Layout;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{self, ManuallyDrop};
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};

use nonblock::Context;

use super::shim;
use crate::alloc::AllocError;

/// What `kmalloc` aligns everything to. What has a power of two as its size is aligned to its size.
const KMALLOC_ALIGN: usize = 8;

/// An owned value in memory of the kernel's.
pub struct Box<T: ?Sized> {
    pointer: NonNull<T>,
    _owns: PhantomData<T>,
}

// SAFETY: it owns the value, as a value of its type does.
unsafe impl<T: ?Sized + Send> Send for Box<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for Box<T> {}

/// Allocates. For what is of size 0 it returns an address that is aligned.
#[track_caller]
fn allocate<C: Context>(layout: Layout, cx: &mut C) -> Option<NonNull<u8>> {
    let may_sleep = cx.as_sleepable().is_some();
    nonblock::might_sleep_if(may_sleep);
    if layout.size() == 0 {
        return NonNull::new(ptr::without_provenance_mut(layout.align()));
    }
    let size = if layout.align() <= KMALLOC_ALIGN {
        layout.size()
    } else {
        layout.size().max(layout.align()).checked_next_power_of_two()?
    };
    NonNull::new(shim::nonblock_linux_alloc(size, may_sleep).cast())
}

impl<T> Box<T> {
    /// Allocates, and moves the value there.
    #[track_caller]
    pub fn new<C: Context>(value: T, cx: &mut C) -> Result<Self, AllocError<T>> {
        match allocate(Layout::new::<T>(), cx) {
            Some(memory) => {
                let pointer = memory.cast();
                // SAFETY: the memory is fresh, and fits the type.
                unsafe { pointer.write(value) };
                Ok(Self { pointer, _owns: PhantomData })
            }
            None => Err(AllocError::new(value)),
        }
    }

    /// Returns the value, and frees the memory.
    pub fn into_inner(this: Self) -> T {
        let this = ManuallyDrop::new(this);
        // SAFETY: the value is there, and nobody looks at it again: `this` is not dropped.
        let value = unsafe { this.pointer.read() };
        this.free();
        value
    }

    /// Gives the pointer away, for [`from_raw`](Self::from_raw).
    pub(crate) fn into_raw(this: Self) -> NonNull<T> {
        ManuallyDrop::new(this).pointer
    }

    /// # Safety
    ///
    /// The pointer is from [`into_raw`](Self::into_raw), and this is called once for it.
    pub(crate) const unsafe fn from_raw(pointer: NonNull<T>) -> Self {
        Self { pointer, _owns: PhantomData }
    }
}

impl<T: ?Sized> Box<T> {
    /// Returns the address, which does not change as long as the box lives.
    pub(super) const fn as_pointer(&self) -> NonNull<T> {
        self.pointer
    }

    /// Frees the memory, and leaves the value alone.
    fn free(&self) {
        // SAFETY: only the size of the value is looked at, which for a slice is in the pointer.
        if mem::size_of_val(unsafe { self.pointer.as_ref() }) != 0 {
            // SAFETY: the memory is from `nonblock_linux_alloc`, and the callers free it once.
            unsafe { shim::nonblock_linux_free(self.pointer.as_ptr().cast()) };
        }
    }
}

impl<T> Box<[T]> {
    /// Allocates for `len` values, and makes them in order.
    #[track_caller]
    pub fn from_fn<C: Context>(
        len: usize,
        mut make: impl FnMut(usize) -> T,
        cx: &mut C,
    ) -> Result<Self, AllocError<()>> {
        let layout = Layout::array::<T>(len).map_err(|_| AllocError::new(()))?;
        let memory: NonNull<T> = allocate(layout, cx).ok_or(AllocError::new(()))?.cast();
        for index in 0..len {
            // SAFETY: the memory has room for `len` values.
            unsafe { memory.add(index).write(make(index)) };
        }
        Ok(Self { pointer: NonNull::slice_from_raw_parts(memory, len), _owns: PhantomData })
    }
}

impl<T: ?Sized> Deref for Box<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value is there as long as the box is.
        unsafe { self.pointer.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for Box<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the box is borrowed exclusively.
        unsafe { self.pointer.as_mut() }
    }
}

impl<T: ?Sized> Drop for Box<T> {
    fn drop(&mut self) {
        // SAFETY: the value is there, and nobody looks at it again.
        unsafe { self.pointer.drop_in_place() };
        self.free();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Box<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
