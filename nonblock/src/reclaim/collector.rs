//! The collector, and its handles.

use core::fmt;

use super::retire_list::Owner;
use crate::check::with_token::might_sleep;
use crate::token::Sleepable;

/// Drops the values whose last pointer is gone. The pointers are [`Shared`](super::Shared) and [`Owned`](super::Owned).
///
/// # Context
///
/// To collect takes `&mut Sleepable`, since it runs destructors and releases memory. A thread can do it by itself:
/// [`spawn_worker`](Collector::spawn_worker).
///
/// Dropping a collector drops what is to be collected. A drop in a section is reported. Pointers may be left. When the last pointer
/// to a value goes then, the value is dropped there and then, and that is reported in a section too. So keep the collector for
/// as long as sections have pointers.
///
/// # Examples
///
/// See the [module](super).
pub struct Collector {
    owner: Owner,
}

impl Collector {
    /// Makes a collector.
    ///
    /// # Context
    ///
    /// May be called anywhere. Allocates. What it allocated, one or two kilobytes, is not released with it: a later collector
    /// takes it over.
    pub fn new() -> Self {
        Self { owner: Owner::of_new_list() }
    }

    /// Returns a handle, to make pointers with.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn handle(&self) -> Handle {
        Handle { owner: self.owner.clone() }
    }

    /// Drops all values whose last pointer is gone, in the order in which they went. Returns how many they were.
    ///
    /// Values that die meanwhile, since they were owned by one of those, are among them. So a list of a million nodes that own
    /// each other is dropped in a loop, and not by a recursion, which would need a large stack.
    ///
    /// # Context
    ///
    /// May sleep: takes `&mut Sleepable`.
    ///
    /// # Panics
    ///
    /// If the drop of a value panics. The values behind it are left for the next call. Also, if a section is open all the same
    /// (through a root inside it), reports [`SleepInNonBlock`](crate::ViolationKind::SleepInNonBlock).
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::reclaim::{Collector, Shared};
    ///
    /// struct Node(Option<Shared<Node>>);
    ///
    /// let collector = Collector::new();
    /// let mut list = None;
    /// for _ in 0..100_000 {
    ///     list = Some(Shared::new(&collector.handle(), Node(list)));
    /// }
    /// drop(list);
    /// assert_eq!(nonblock::sleepable(|cx| collector.collect(cx)), 100_000);
    /// ```
    #[track_caller]
    pub fn collect(&self, cx: &mut Sleepable) -> usize {
        let _ = cx;
        might_sleep();
        self.owner.list().drop_all()
    }

    /// Says whether no value is to be dropped. There may be some by the time that the caller looks at the answer.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn is_empty(&self) -> bool {
        self.owner.list().is_empty()
    }
}

impl Default for Collector {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.owner.list().abandon();
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("is_empty", &self.is_empty()).finish_non_exhaustive()
    }
}

/// A handle of a [`Collector`], to make pointers with.
///
/// # Context
///
/// To clone and drop it may be done anywhere. It allocates nothing and releases nothing.
///
/// # Examples
///
/// ```
/// use nonblock::reclaim::{Collector, Shared};
///
/// let collector = Collector::new();
/// let handle = collector.handle();
/// let loader = std::thread::spawn(move || Shared::new(&handle, [0.0; 512]));
/// assert_eq!(loader.join().unwrap().len(), 512);
/// assert_eq!(nonblock::sleepable(|cx| collector.collect(cx)), 1);
/// ```
#[derive(Clone)]
pub struct Handle {
    owner: Owner,
}

impl Handle {
    pub(super) fn owner(&self) -> &Owner {
        &self.owner
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
