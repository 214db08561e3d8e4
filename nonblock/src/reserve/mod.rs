//! A reserve of objects, for code that must not allocate.

mod objects;

use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use self::objects::{Lent, Objects};

use crate::check::with_token::might_sleep;
#[cfg(feature = "std")]
use crate::context::Context;
use crate::event_count::EventCount;
use crate::lockdep::{Class, Kind, Loan};
use crate::primitive::{AtomicUsize, Ordering};
use crate::token::Sleepable;

/// Objects that were made beforehand. They are taken and given back without allocating.
///
/// It is like Linux's `mempool_t` (`mm/mempool.c`, 6.12), with one difference. It does not try to allocate first: every object
/// that is taken comes from the reserve. An object that was given back is lent again as it was left.
///
/// An object stays where it is while it is lent. Threads that wait for one are served in the order in which they came.
///
/// # Context
///
/// To take an object without waiting, and to give it back, neither sleeps nor allocates nor releases memory, and takes no
/// lock. [`Queue::push`](crate::work::Queue::push) is the same in this. To wait for an object, and to make new ones, takes
/// `&mut Sleepable`. Dropping the reserve drops its objects and releases memory, so drop it outside sections.
///
/// # Examples
///
/// ```
/// use nonblock::Reserve;
///
/// let buffers = Reserve::with_capacity(2, || Box::new([0_u8; 4096]));
/// nonblock::non_block(|_nb| {
///     let mut buffer = buffers.take().expect("two are set aside");
///     buffer[0] = 1;
///     // Given back here.
/// });
/// assert_eq!(buffers.free(), 2);
/// ```
///
/// An object that was taken cannot outlive the reserve:
///
/// ```compile_fail,E0505
/// # use nonblock::Reserve;
/// let reserve = Reserve::with_capacity(1, || 0);
/// let taken = reserve.take();
/// drop(reserve);
/// drop(taken);
/// ```
pub struct Reserve<T> {
    objects: Objects<T>,
    make: Box<dyn Fn() -> T + Send + Sync>,
    taken: AtomicUsize,
    refused: AtomicUsize,
    lowest: AtomicUsize,
    /// Threads that wait for an object.
    given_back: EventCount,
    class: Class,
}

impl<T> Reserve<T> {
    /// Makes a reserve, and all its objects.
    ///
    /// # Arguments
    ///
    /// * `capacity`: how many objects it makes, from 1.
    /// * `make`: makes one object. [`refill`](Reserve::refill) calls it too.
    ///
    /// # Context
    ///
    /// May be called anywhere, if `make` may. Allocates. Mirrors Linux's `mempool_create()`.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0, or `make` panics.
    #[track_caller]
    pub fn with_capacity(capacity: usize, make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        assert!(capacity > 0, "a reserve of 0 objects has none to give: expected at least 1");
        Self {
            objects: Objects::new((0..capacity).map(|_| make()).collect()),
            make: Box::new(make),
            taken: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            lowest: AtomicUsize::new(capacity),
            given_back: EventCount::new(),
            class: Class::of(Kind::Reserve),
        }
    }

    /// Takes an object, if one is free.
    ///
    /// Mirrors Linux's `mempool_alloc()` with `GFP_NOWAIT`.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token.
    #[must_use = "an object that is not kept is given back at once: bind it to a name, since `let _` gives it back too"]
    pub fn take(&self) -> Option<Reserved<'_, T>> {
        let taken = self.try_take();
        if taken.is_none() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    fn try_take(&self) -> Option<Reserved<'_, T>> {
        let (object, free) = self.objects.lend()?;
        self.taken.fetch_add(1, Ordering::Relaxed);
        if free < self.lowest.load(Ordering::Relaxed) {
            self.lowest.fetch_min(free, Ordering::Relaxed);
        }
        let loan = Loan::taken();
        Some(Reserved { object: Some(object), reserve: self, loan, _object: PhantomData })
    }

    /// Takes an object. If none is free, and the context may sleep, waits until one is given back.
    ///
    /// Mirrors Linux's `mempool_alloc()` with `GFP_KERNEL`, which waits as well.
    ///
    /// # Context
    ///
    /// Takes either token. It may sleep with a `Sleepable`, and never sleeps with a `NonBlock`. While all objects are missing, it
    /// waits for [`refill`](Reserve::refill).
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](crate::WouldBlock), in a section, if no object is free. Never for a `Sleepable`: the error type is
    /// uninhabited then.
    ///
    /// # Panics
    ///
    /// If a section is open all the same (through a root inside it), reports
    /// [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::{Reserve, WouldBlock};
    /// let requests = Reserve::with_capacity(1, || [0_u8; 64]);
    /// nonblock::sleepable(|cx| {
    ///     let Ok(request) = requests.take_from(cx); // waits, and is not refused
    ///     assert_eq!(cx.non_block(|nb| requests.take_from(nb).err()), Some(WouldBlock));
    ///     drop(request);
    /// });
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn take_from<C: Context>(&self, cx: &mut C) -> Result<Reserved<'_, T>, C::Refusal> {
        match cx.or_refuse() {
            Ok(_) => {
                might_sleep();
                self.class.wait();
                Ok(self.given_back.wait(|| self.free() > 0, || self.try_take().into()))
            }
            Err(refusal) => self.take().ok_or(refusal),
        }
    }

    /// Makes new objects in place of those that were taken for good. Returns how many it made.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`. Allocates, if making an object does.
    ///
    /// # Panics
    ///
    /// If making an object panics. The objects that were made before stay. Also as [`take_from`](Reserve::take_from), if a
    /// section is open all the same.
    #[track_caller]
    pub fn refill(&self, cx: &mut Sleepable) -> usize {
        let _ = cx;
        might_sleep();
        let mut made = 0;
        while self.objects.missing() > 0 {
            // If another thread has made the last one meanwhile, this one is dropped.
            if self.give((self.make)()).is_ok() {
                made += 1;
            }
        }
        made
    }

    /// Counts the objects whose [`Reserved`] was forgotten (`mem::forget`, a cycle of `Rc`s) as taken for good. Returns how
    /// many there were.
    ///
    /// A forgotten object never comes back, and threads that wait for it wait for ever. The exclusive borrow shows that no
    /// `Reserved` is left, so whatever is not in the reserve now was forgotten. After this, [`refill`](Reserve::refill) makes
    /// new objects in its place.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::Reserve;
    /// let mut reserve = Reserve::with_capacity(2, || 0);
    /// std::mem::forget(reserve.take());
    /// assert_eq!(reserve.stats().lent, 1);
    ///
    /// assert_eq!(reserve.count_forgotten(), 1);
    /// assert_eq!(nonblock::sleepable(|cx| reserve.refill(cx)), 1);
    /// assert_eq!(reserve.free(), 2);
    /// ```
    pub fn count_forgotten(&mut self) -> usize {
        self.objects.forget_lent()
    }

    /// Gives back an object that was taken for good, by [`into_inner`](Reserved::into_inner), or another object in its place.
    ///
    /// Mirrors Linux's `mempool_free()`. That one frees an object for which there is no room. Here the object comes back to the
    /// caller, who may be in a section, where no memory should be released.
    ///
    /// # Context
    ///
    /// Does not sleep, and takes no token. It neither allocates nor releases memory.
    ///
    /// # Errors
    ///
    /// Returns the object if none is missing: the reserve has, or has lent, as many objects as it was made with.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::Reserve;
    /// let reserve = Reserve::with_capacity(1, || String::from("spare"));
    /// let sent: String = reserve.take().unwrap().into_inner(); // to a device, say
    /// assert_eq!(reserve.free(), 0);
    ///
    /// nonblock::non_block(|_nb| {
    ///     assert_eq!(reserve.give(sent), Ok(())); // when the device is done with it
    ///     assert_eq!(reserve.give(String::new()), Err(String::new())); // one too many
    /// });
    /// assert_eq!(reserve.free(), 1);
    /// ```
    #[cfg_attr(feature = "lockdep", track_caller)]
    pub fn give(&self, object: T) -> Result<(), T> {
        self.objects.put(object)?;
        self.given_back.notify_one_after_rmw();
        self.class.complete();
        Ok(())
    }

    /// Returns how many objects can be taken now.
    ///
    /// # Context
    ///
    /// May be called anywhere. The number may have changed by the time that the caller looks at it.
    pub fn free(&self) -> usize {
        self.objects.free()
    }

    /// Returns how many objects the reserve was made with.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn capacity(&self) -> usize {
        self.objects.capacity()
    }

    /// Returns the counts of the reserve.
    ///
    /// # Context
    ///
    /// May be called anywhere. It neither locks nor allocates.
    pub fn stats(&self) -> ReserveStats {
        let (free, missing) = (self.free(), self.objects.missing());
        ReserveStats {
            capacity: self.capacity(),
            free,
            lent: self.capacity().saturating_sub(free + missing),
            missing,
            taken: self.taken.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            lowest: self.lowest.load(Ordering::Relaxed),
        }
    }
}

/// It does not show the objects: they may be taken meanwhile.
impl<T> fmt::Debug for Reserve<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve")
            .field("free", &self.free())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// An object that was taken from a [`Reserve`]. It is given back when this is dropped.
///
/// An object whose `Reserved` is forgotten (`mem::forget`) does not come back: see
/// [`count_forgotten`](Reserve::count_forgotten).
///
/// # Context
///
/// Dropping it does not sleep, and neither allocates nor releases memory: it may be dropped in a section.
///
/// # Examples
///
/// See [`Reserve`].
#[must_use = "an object that is not kept is given back at once: bind it to a name, since `let _` gives it back too"]
pub struct Reserved<'a, T> {
    /// `None` once the object was given back or taken for good.
    object: Option<Lent<'a, T>>,
    reserve: &'a Reserve<T>,
    loan: Loan,
    /// Shared between threads only if the object can be.
    _object: PhantomData<T>,
}

impl<T> Reserved<'_, T> {
    /// Takes the object for good. The reserve misses it until it is [given](Reserve::give) an object, or
    /// [refilled](Reserve::refill).
    ///
    /// # Context
    ///
    /// Does not sleep, and neither allocates nor releases memory.
    ///
    /// # Examples
    ///
    /// ```
    /// # use nonblock::Reserve;
    /// let reserve = Reserve::with_capacity(2, || String::from("spare"));
    /// let kept: String = reserve.take().unwrap().into_inner();
    /// assert_eq!((kept.as_str(), reserve.free()), ("spare", 1));
    /// assert_eq!(nonblock::sleepable(|cx| reserve.refill(cx)), 1);
    /// ```
    pub fn into_inner(mut self) -> T {
        self.object.take().expect(HELD).into_object()
    }
}

/// Why a [`Reserved`] holds an object.
const HELD: &str = "an object leaves only with what holds it";

impl<T> Deref for Reserved<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.object.as_ref().expect(HELD).get()
    }
}

impl<T> DerefMut for Reserved<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.object.as_mut().expect(HELD).get_mut()
    }
}

impl<T> Drop for Reserved<'_, T> {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            object.give_back();
            self.reserve.given_back.notify_one_after_rmw();
            self.loan.given_back(&self.reserve.class);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Reserved<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The counts of a reserve, since the reserve was made.
///
/// They are read one after another. So while the reserve is in use, they need not fit together.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// let reserve = nonblock::Reserve::with_capacity(2, || 0);
/// let _taken = reserve.take();
/// assert_eq!(
///     reserve.stats().to_string(),
///     "free: 1 of 2 (lowest 1), lent: 1, missing: 0, taken: 1, refused: 0",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReserveStats {
    /// How many objects the reserve was made with.
    pub capacity: usize,
    /// How many objects can be taken now.
    pub free: usize,
    /// How many objects are lent: whoever took them has not given them back, or has forgotten them.
    pub lent: usize,
    /// How many objects were taken for good, and were neither given back nor made anew yet.
    pub missing: usize,
    /// How often an object was taken.
    pub taken: usize,
    /// How often no object was free when one was to be taken without waiting.
    pub refused: usize,
    /// The lowest number of objects that were free.
    pub lowest: usize,
}

/// One line.
impl fmt::Display for ReserveStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "free: {} of {} (lowest {}), lent: {}, missing: {}, taken: {}, refused: {}",
            self.free,
            self.capacity,
            self.lowest,
            self.lent,
            self.missing,
            self.taken,
            self.refused
        )
    }
}
