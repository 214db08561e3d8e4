//! The pointers whose values a collector drops.

use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;

use super::collector::Handle;
use super::retire_list::Node;

/// A shared pointer, as [`Arc`](alloc::sync::Arc). Its value is dropped by the [`Collector`](super::Collector), and not where the
/// last pointer is.
///
/// # Context
///
/// To clone, read and drop it may be done anywhere. The drop of the last one puts the value into the collector's list: it
/// neither runs the value's destructor nor releases memory, and takes no lock. It makes no system call, except to wake the collector's
/// [`Worker`](super::Worker) if that waits. To make one allocates.
///
/// If the collector is gone, nobody would drop the value later. Then it is dropped where the last pointer is, and that is
/// reported in a section.
///
/// # Examples
///
/// ```
/// use nonblock::reclaim::{Collector, Shared};
///
/// let collector = Collector::new();
/// let sample = Shared::new(&collector.handle(), vec![0.5; 48_000]);
/// let playing = Shared::clone(&sample);
/// drop(sample);
/// nonblock::sleepable(|cx| {
///     cx.non_block(|_nb| drop(playing)); // the last one, in the audio callback
///     assert_eq!(collector.collect(cx), 1); // the vector is freed here
/// });
/// ```
///
/// A value that may be dropped on another thread is `Send`, and owns what it uses:
///
/// ```compile_fail,E0277
/// # use nonblock::reclaim::{Collector, Shared};
/// let collector = Collector::new();
/// let shared = Shared::new(&collector.handle(), std::rc::Rc::new(1));
/// ```
pub struct Shared<T: ?Sized> {
    node: NonNull<Node<T>>,
    // It owns the node, and is invariant: the value is dropped later than the pointer. If the pointer could be taken for one to a
    // shorter borrow, such a borrow could be written into the value, and would be over when the value is dropped.
    owns: PhantomData<(*mut T, Node<T>)>,
}

// SAFETY: as `Arc`: each thread that has a pointer can look at the value, and take it by `get_mut`. Where it is dropped, `new`
// asks.
unsafe impl<T: ?Sized + Send + Sync> Send for Shared<T> {}

// SAFETY: as above: whoever can look at a pointer can clone it.
unsafe impl<T: ?Sized + Send + Sync> Sync for Shared<T> {}

// As `Arc`: no code of a user runs while the count or the list is half changed.
impl<T: ?Sized + RefUnwindSafe> UnwindSafe for Shared<T> {}
impl<T: ?Sized + RefUnwindSafe> RefUnwindSafe for Shared<T> {}

impl<T: Send + 'static> Shared<T> {
    /// Makes a pointer to a value, which the handle's collector will drop.
    ///
    /// The value may be dropped on another thread, and at any time later.
    ///
    /// # Context
    ///
    /// May be called anywhere. Allocates.
    pub fn new(handle: &Handle, value: T) -> Self {
        Self { node: Node::new(handle.owner(), value), owns: PhantomData }
    }
}

impl<T: ?Sized> Shared<T> {
    /// Lends the value to be changed, if there is no other pointer to it.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::reclaim::{Collector, Shared};
    /// let collector = Collector::new();
    /// let mut one = Shared::new(&collector.handle(), 1);
    /// *Shared::get_mut(&mut one).unwrap() += 1;
    /// let other = Shared::clone(&one);
    /// assert_eq!((Shared::get_mut(&mut one), *other), (None, 2));
    /// ```
    pub fn get_mut(this: &mut Self) -> Option<&mut T> {
        if !this.node().has_one_pointer() {
            return None;
        }
        // SAFETY: there is no other pointer, and none is made while this one is borrowed.
        Some(unsafe { &mut (*this.node.as_ptr()).value })
    }

    /// Says whether both point to one value.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        this.node.cast::<()>() == other.node.cast::<()>()
    }

    /// Returns how many pointers to the value there are. It may have changed when the caller looks at the answer.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn strong_count(this: &Self) -> usize {
        this.node().pointers()
    }

    /// Turns the pointer into one to a trait object or a slice.
    ///
    /// As `Arc<T>` turns into `Arc<dyn Trait>`, which only the standard library's pointers do by themselves.
    ///
    /// # Context
    ///
    /// May be called anywhere. Allocates nothing.
    ///
    /// # Safety
    ///
    /// The closure coerces the pointer that it gets, and does nothing else: `|value| value`, with the type of its result
    /// given.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::reclaim::{Collector, Shared};
    ///
    /// trait Voice: Send + Sync {
    ///     fn pitch(&self) -> f32;
    /// }
    ///
    /// struct Sine(f32);
    ///
    /// impl Voice for Sine {
    ///     fn pitch(&self) -> f32 {
    ///         self.0
    ///     }
    /// }
    ///
    /// let collector = Collector::new();
    /// let sine = Shared::new(&collector.handle(), Sine(440.0));
    /// // SAFETY: it only coerces.
    /// let voice: Shared<dyn Voice> = unsafe { Shared::unsize(sine, |value| value as *mut dyn Voice) };
    /// assert_eq!(voice.pitch(), 440.0);
    /// ```
    pub unsafe fn unsize<U: ?Sized>(
        this: Self,
        coerce: impl FnOnce(*mut T) -> *mut U,
    ) -> Shared<U> {
        let node = this.node.as_ptr();
        // SAFETY: the pointer keeps the node.
        let value = unsafe { &raw mut (*node).value };
        let offset = value.cast::<()>().addr() - node.cast::<()>().addr();
        // The value lies last in its node, so a pointer to the node has the same metadata.
        let node = (coerce(value) as *mut Node<U>).wrapping_byte_sub(offset);
        // SAFETY: the closure only coerces, so this is where the node was.
        let node = unsafe { NonNull::new_unchecked(node) };
        core::mem::forget(this);
        Shared { node, owns: PhantomData }
    }

    #[inline]
    fn node(&self) -> &Node<T> {
        // SAFETY: this pointer keeps the node, and nobody has it exclusively.
        unsafe { self.node.as_ref() }
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    #[inline]
    fn clone(&self) -> Self {
        self.node().add_pointer();
        Self { node: self.node, owns: PhantomData }
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.node().value
    }
}

impl<T: ?Sized> Drop for Shared<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this pointer is dropped once.
        unsafe { Node::remove_pointer(self.node) };
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A pointer that owns its value, as [`Box`](alloc::boxed::Box). Its value is dropped by the [`Collector`](super::Collector),
/// and not where the pointer is.
///
/// # Context
///
/// As [`Shared`].
///
/// # Examples
///
/// ```
/// use nonblock::reclaim::{Collector, Owned};
///
/// let collector = Collector::new();
/// let mut delay_line = Owned::new(&collector.handle(), vec![0.0; 1000]);
/// nonblock::sleepable(|cx| {
///     cx.non_block(|_nb| {
///         delay_line[0] = 1.0;
///         drop(delay_line);
///     });
///     assert_eq!(collector.collect(cx), 1);
/// });
/// ```
pub struct Owned<T>(Shared<T>);

// SAFETY: nobody else has a pointer to the value.
unsafe impl<T: Send> Send for Owned<T> {}

// SAFETY: whoever can look at the pointer can look at the value, and nothing else.
unsafe impl<T: Sync> Sync for Owned<T> {}

impl<T: Send + 'static> Owned<T> {
    /// Makes a pointer to a value, which the handle's collector will drop.
    ///
    /// # Context
    ///
    /// May be called anywhere. Allocates.
    pub fn new(handle: &Handle, value: T) -> Self {
        Self(Shared::new(handle, value))
    }
}

impl<T> Owned<T> {
    /// Makes the pointer one that can be shared.
    ///
    /// # Context
    ///
    /// May be called anywhere. Allocates nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::reclaim::{Collector, Owned};
    /// let collector = Collector::new();
    /// let mut table = Owned::new(&collector.handle(), [0; 4]);
    /// table[1] = 5;
    /// let table = Owned::into_shared(table);
    /// assert_eq!(table.clone()[1], 5);
    /// ```
    pub fn into_shared(this: Self) -> Shared<T> {
        this.0
    }
}

impl<T> Deref for Owned<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Owned<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: nobody else has a pointer to the value.
        unsafe { &mut (*self.0.node.as_ptr()).value }
    }
}

impl<T: fmt::Debug> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
