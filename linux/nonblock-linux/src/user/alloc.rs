//! Memory of the program's allocator.

use core::fmt;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;
use std::alloc::Layout;

use nonblock::{Context, might_sleep};

use crate::alloc::AllocError;

/// A value in memory of its own, as `std::boxed::Box`, that can be made in either context.
///
/// # Context
///
/// To make one allocates. With a `Sleepable` the kernel waits for memory, if need be (`GFP_KERNEL`). With a `NonBlock` it does
/// not wait, and there may be none (`GFP_NOWAIT`): be ready for the error. To drop one drops the value and frees the memory,
/// which does not sleep.
///
/// Whoever waits for memory may wait for the callbacks of all drivers, of intervals too, since the kernel takes pages from
/// processes to get some. So hold no lock that a callback takes. In a callback, even one that may sleep, make it in a section
/// ([`Context::non_block`]): `GFP_KERNEL` there could call the same callback again, and lockdep reports it.
///
/// In user space the memory comes from the program's allocator in both contexts. That may take a lock of its own, and call the
/// system.
///
/// # Examples
///
/// ```
/// use nonblock_linux::alloc::{AllocError, Box};
///
/// nonblock::sleepable(|cx| {
///     let table = Box::from_fn(4, |page| page * 4096, cx)?;
///     assert_eq!(*table, [0, 4096, 8192, 12288]);
///     // In a section there may be no memory. The value comes back then.
///     match cx.non_block(|nb| Box::new(7, nb)) {
///         Ok(seven) => assert_eq!(Box::into_inner(seven), 7),
///         Err(error) => assert_eq!(error.into_inner(), 7),
///     }
///     Ok::<(), AllocError<()>>(())
/// })
/// # .unwrap();
/// ```
pub struct Box<T: ?Sized>(std::boxed::Box<T>);

impl<T> Box<T> {
    /// Moves a value into memory of its own.
    ///
    /// # Context
    ///
    /// Takes either token. May sleep with a `Sleepable`; in a section it allocates without waiting.
    ///
    /// # Errors
    ///
    /// [`AllocError`], with the value, if there is no memory.
    #[track_caller]
    pub fn new<C: Context>(value: T, cx: &mut C) -> Result<Self, AllocError<T>> {
        check(cx);
        match allocate() {
            Some(memory) => Ok(Self(std::boxed::Box::write(memory, value))),
            None => Err(AllocError::new(value)),
        }
    }

    /// Returns the value, and frees the memory.
    ///
    /// # Context
    ///
    /// Does not sleep. Frees.
    #[allow(clippy::boxed_local, reason = "this box is what it takes apart")]
    pub fn into_inner(this: Self) -> T {
        *this.0
    }

    /// Returns the memory, which is freed by nobody.
    pub(crate) fn into_raw(this: Self) -> NonNull<T> {
        NonNull::from(std::boxed::Box::leak(this.0))
    }

    /// Makes a box of its memory.
    ///
    /// # Safety
    ///
    /// It is from [`into_raw`](Self::into_raw), and is used by nobody else.
    pub(crate) unsafe fn from_raw(memory: NonNull<T>) -> Self {
        // SAFETY: it was leaked by a `Box` of std, and is its caller's alone.
        Self(unsafe { std::boxed::Box::from_raw(memory.as_ptr()) })
    }
}

impl<T> Box<[T]> {
    /// Makes as many values as are wanted, each by its index, in one piece of memory.
    ///
    /// # Context
    ///
    /// Takes either token. May sleep with a `Sleepable`; in a section it allocates without waiting.
    ///
    /// # Errors
    ///
    /// [`AllocError`] if there is no memory. Then the closure was not called.
    ///
    /// # Panics
    ///
    /// A panic of the closure passes through, after the values that were made have been dropped.
    #[track_caller]
    pub fn from_fn<C: Context>(
        len: usize,
        f: impl FnMut(usize) -> T,
        cx: &mut C,
    ) -> Result<Self, AllocError<()>> {
        check(cx);
        let mut values = Vec::new();
        values.try_reserve_exact(len).map_err(|_| AllocError::new(()))?;
        values.extend((0..len).map(f));
        Ok(Self(values.into_boxed_slice()))
    }
}

/// Whoever may sleep may do so for memory, whether there is some at once or not.
#[track_caller]
fn check<C: Context>(cx: &mut C) {
    if cx.as_sleepable().is_some() {
        might_sleep();
    }
}

/// Returns memory for a value, if there is some.
fn allocate<T>() -> Option<std::boxed::Box<MaybeUninit<T>>> {
    let layout = Layout::new::<MaybeUninit<T>>();
    if layout.size() == 0 {
        return Some(std::boxed::Box::new_uninit()); // without memory
    }
    // SAFETY: the size is not 0.
    let memory = unsafe { std::alloc::alloc(layout) }.cast::<MaybeUninit<T>>();
    // SAFETY: it is of the allocator that a `Box` uses, with the layout of what it holds, which needs no value.
    (!memory.is_null()).then(|| unsafe { std::boxed::Box::from_raw(memory) })
}

impl<T: ?Sized> Deref for Box<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> DerefMut for Box<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Box<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
