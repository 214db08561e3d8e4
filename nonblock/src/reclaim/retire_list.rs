//! The list of what is to be dropped, and the nodes in it. All unsafe code beneath the pointers is here.
//!
//! # Who owns a node
//!
//! A node counts its pointers. Whoever takes the count from one to zero owns the node, and puts it into the list, by a
//! compare-exchange of the list's head. Whoever collects takes the whole list by an exchange, and owns all its nodes. No node
//! is taken out alone, so it does not matter that a head may come back which was there before.
//!
//! # Who owns a list
//!
//! The collector, its handles and every node do. So a list is there as long as a node may still be put into it. But whoever has
//! put the last node into it does not own it any more, and may have to wake the collector's thread. Therefore lists are never
//! freed: all stay in the [registry], and a new collector takes over one that nobody owns. A thread that is late wakes somebody who
//! then finds nothing. For the same reason no section ever frees a list.
//!
//! # When the collector is gone
//!
//! A flag in the head says so, and therefore whoever puts a node into the list knows whether somebody will collect it. If not,
//! it drains the list itself. One thread drains at a time. Nodes that die while it does, in the destructors that it runs for
//! instance, are only put into the list, and it looks for them before it leaves. So a chain of values that own each other is dropped in a
//! loop, and not by a recursion. Between a thread that puts a node in and finds a drainer, and the drainer, which leaves and
//! looks once more, the flag is exchanged by both. So either the drainer sees the node, or the other thread drains.

use alloc::boxed::Box;
use core::mem;
use core::ptr::{self, NonNull};

use super::registry;
use crate::check::might_sleep_in_drop;
use crate::event_count::EventCount;
use crate::primitive::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, UnsafeCell};

/// In the head: a thread waits until the list is not empty.
const WORKER: usize = 1;

/// In the head: the collector is gone.
const ABANDONED: usize = 2;

/// Both. A node's address has neither bit.
const FLAGS: usize = WORKER | ABANDONED;
const _: () = assert!(align_of::<Header>() > FLAGS);

/// The list of one collector.
#[repr(align(128))]
pub(super) struct RetireList {
    /// The node that came last, with flags in its lowest bits.
    head: AtomicPtr<Header>,
    /// How many own the list: the collector, handles, nodes. If nobody does, it is free for a new collector.
    owners: AtomicUsize,
    /// Whether a thread drains the list, the collector being gone.
    draining: AtomicBool,
    /// Whether the collector's thread is to end.
    stopping: AtomicBool,
    /// The collector's thread, which waits until there are nodes.
    retired: EventCount,
    /// The list that was made before this one.
    made_before: AtomicPtr<()>,
}

/// What every node begins with.
pub(super) struct Header {
    /// How many pointers there are.
    pointers: AtomicUsize,
    /// The node that was put into the list before this one. Only who owns the node looks at it.
    next: UnsafeCell<*mut Header>,
    list: &'static RetireList,
    /// Drops the value, and frees the node.
    drop: unsafe fn(NonNull<Header>),
}

/// A value, and what its pointers need.
#[repr(C)]
pub(super) struct Node<T: ?Sized> {
    header: Header,
    pub(super) value: T,
}

impl Header {
    fn next(&self) -> *mut Self {
        // SAFETY: who owns the node alone looks at it, and changes it.
        self.next.with(|next| unsafe { *next })
    }

    fn set_next(&self, node: *mut Self) {
        // SAFETY: as above.
        self.next.with_mut(|next| unsafe { *next = node });
    }
}

/// Drops a node that was made for a value of this type.
///
/// # Safety
///
/// It is one, and the caller owns it.
unsafe fn drop_node<T>(node: NonNull<Header>) {
    // SAFETY: the header lies first in its node, and the node was made as a box.
    drop(unsafe { Box::from_raw(node.cast::<Node<T>>().as_ptr()) });
}

impl<T: Send + 'static> Node<T> {
    /// Makes a node with one pointer. It may be dropped on any thread.
    pub(super) fn new(owner: &Owner, value: T) -> NonNull<Self> {
        let header = Header {
            pointers: AtomicUsize::new(1),
            next: UnsafeCell::new(ptr::null_mut()),
            // The node owns it too: this is given back when the node is dropped.
            list: mem::ManuallyDrop::new(owner.clone()).0,
            drop: drop_node::<T>,
        };
        NonNull::from(Box::leak(Box::new(Self { header, value })))
    }
}

impl<T: ?Sized> Node<T> {
    /// Takes note of one more pointer.
    #[inline]
    pub(super) fn add_pointer(&self) {
        let before = self.header.pointers.fetch_add(1, Ordering::Relaxed);
        // So many pointers were forgotten. A few more of them, and the count would wrap around.
        if before > usize::MAX / 2 {
            abort();
        }
    }

    pub(super) fn pointers(&self) -> usize {
        self.header.pointers.load(Ordering::Relaxed)
    }

    /// Says whether there is one pointer. If so, everything that was done through others has happened before.
    #[inline]
    pub(super) fn has_one_pointer(&self) -> bool {
        self.header.pointers.load(Ordering::Acquire) == 1
    }

    /// Takes note of one pointer less. If it was the last one, retires the node.
    ///
    /// # Safety
    ///
    /// The caller has a pointer, and does not use it again.
    #[inline]
    pub(super) unsafe fn remove_pointer(node: NonNull<Self>) {
        // SAFETY: the caller's pointer keeps the node.
        let header = unsafe { &raw const (*node.as_ptr()).header };
        // SAFETY: as above.
        let pointers = unsafe { &(*header).pointers };
        // A pointer is made of another one. So where there is one, nobody else comes, and the count need not be changed.
        if pointers.load(Ordering::Acquire) != 1 {
            if pointers.fetch_sub(1, Ordering::Release) != 1 {
                return;
            }
            // What others did before they went has happened before the drop.
            pointers.load(Ordering::Acquire);
        }
        // SAFETY: nobody else has a pointer.
        unsafe { retire(node.cast()) };
    }
}

/// Ends the program.
#[cold]
extern "C" fn abort() -> ! {
    panic!("more than usize::MAX / 2 pointers to one value were made");
}

/// Puts a node into its list.
///
/// # Safety
///
/// The caller owns the node, and does not use it again.
#[inline]
unsafe fn retire(node: NonNull<Header>) {
    // SAFETY: the caller owns the node.
    let header = unsafe { node.as_ref() };
    let list = header.list;
    let mut head = list.head.load(Ordering::Relaxed);
    loop {
        let flags = head.addr() & FLAGS;
        if flags & ABANDONED != 0 {
            return list.retire_without_collector(node);
        }
        header.set_next(without_flags(head));
        match list.head.compare_exchange_weak(
            head,
            with_flags(node.as_ptr(), flags),
            Ordering::Release,
            Ordering::Relaxed,
        ) {
            Ok(_) => break,
            Err(now) => head = now,
        }
    }
    // If there were nodes, whoever came first wakes the thread.
    if head.addr() == WORKER {
        list.retired.notify_one();
    }
}

fn with_flags(node: *mut Header, flags: usize) -> *mut Header {
    node.map_addr(|address| address | flags)
}

fn without_flags(node: *mut Header) -> *mut Header {
    node.map_addr(|address| address & !FLAGS)
}

impl RetireList {
    fn new() -> Self {
        Self {
            head: AtomicPtr::new(ptr::null_mut()),
            owners: AtomicUsize::new(1),
            draining: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            retired: EventCount::new(),
            made_before: AtomicPtr::new(ptr::null_mut()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        without_flags(self.head.load(Ordering::Relaxed)).is_null()
    }

    /// Drops all nodes, and those that die meanwhile. Returns how many they were.
    ///
    /// If a value panics, the nodes behind it go back into the list.
    pub(super) fn drop_all(&'static self) -> usize {
        let mut n = 0;
        while let Some(batch) = self.take_all() {
            n += batch.drop_nodes();
        }
        n
    }

    fn take_all(&'static self) -> Option<Batch> {
        let head = self.head.load(Ordering::Relaxed);
        if without_flags(head).is_null() {
            return None;
        }
        let flags = head.addr() & FLAGS;
        // Flags are changed by whoever has the collector exclusively, so not now.
        let newest = self.head.swap(with_flags(ptr::null_mut(), flags), Ordering::Acquire);
        let mut batch = Batch { list: self, first: None, dropped: 0 };
        // The oldest comes first.
        let mut node = NonNull::new(without_flags(newest));
        while let Some(this) = node {
            // SAFETY: the nodes of the list are the caller's now.
            let header = unsafe { this.as_ref() };
            node = NonNull::new(header.next());
            header.set_next(as_raw(batch.first));
            batch.first = Some(this);
        }
        Some(batch)
    }

    /// Puts a chain of nodes into the list, whether there is a collector or not.
    fn put_back(&self, first: NonNull<Header>, last: &Header) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            last.set_next(without_flags(head));
            let first = with_flags(first.as_ptr(), head.addr() & FLAGS);
            match self.head.compare_exchange_weak(head, first, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    /// Retires a node when nobody collects any more: it is dropped here and now, or by whoever drains the list just now.
    #[cold]
    fn retire_without_collector(&'static self, node: NonNull<Header>) {
        // Whoever drops the node gives back its share of the list, which is needed for longer.
        let list = Owner::share(self);
        // SAFETY: the caller owns the node.
        self.put_back(node, unsafe { node.as_ref() });
        list.list().drain();
    }

    /// Takes note that the collector is gone, and drops what is in the list.
    pub(super) fn abandon(&'static self) {
        self.change_flags(ABANDONED);
        self.drain();
    }

    fn drain(&'static self) {
        if self.draining.swap(true, Ordering::AcqRel) {
            // Whoever drains looks once more.
            return;
        }
        // It drains after the report, since the destructors may do anything.
        let drain = Drain(self);
        might_sleep_in_drop();
        drop(drain);
    }

    /// Sets the flags to these.
    fn change_flags(&self, flags: usize) {
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            let changed = with_flags(without_flags(head), flags);
            // What was released into the head stays so, since an exchange continues the sequence.
            match self.head.compare_exchange_weak(
                head,
                changed,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

/// The collector's thread.
#[cfg(feature = "std")]
impl RetireList {
    /// Says that a thread will [wait](Self::wait). Called by whoever has the collector exclusively.
    pub(super) fn announce_worker(&self) {
        self.change_flags(WORKER);
    }

    /// Waits until there are nodes, and returns `true`, or until the thread is to end, and returns `false`.
    pub(super) fn wait(&self) -> bool {
        let look = || {
            // In this order: what died before the thread was told to end is seen then.
            let is_stopping = self.stopping.load(Ordering::Acquire);
            match (self.is_empty(), is_stopping) {
                (false, _) => Some(true),
                (true, true) => Some(false),
                (true, false) => None,
            }
        };
        self.retired.wait(|| look().is_some(), || look().into())
    }

    /// Tells the thread to end, as soon as it has dropped what is there.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.retired.notify_one();
    }
}

fn as_raw(node: Option<NonNull<Header>>) -> *mut Header {
    node.map_or(ptr::null_mut(), NonNull::as_ptr)
}

/// Nodes that were taken out of a list.
struct Batch {
    list: &'static RetireList,
    first: Option<NonNull<Header>>,
    dropped: usize,
}

impl Batch {
    fn drop_nodes(mut self) -> usize {
        while let Some(node) = self.first {
            // SAFETY: the nodes of the batch are its own.
            let header = unsafe { node.as_ref() };
            let drop_node = header.drop;
            self.first = NonNull::new(header.next());
            self.dropped += 1;
            // SAFETY: the function was made for this node, which the batch has just let go.
            unsafe { drop_node(node) };
        }
        self.dropped
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // A value has panicked.
        if let Some(first) = self.first {
            let mut last = first;
            loop {
                // SAFETY: the nodes of the batch are its own.
                let header = unsafe { last.as_ref() };
                match NonNull::new(header.next()) {
                    Some(next) => last = next,
                    None => break self.list.put_back(first, header),
                }
            }
        }
        self.list.disown(self.dropped);
    }
}

/// The draining of a list whose collector is gone. It is done when this is dropped.
struct Drain(&'static RetireList);

impl Drain {
    fn run(&self) {
        let list = self.0;
        loop {
            list.drop_all();
            list.draining.swap(false, Ordering::AcqRel);
            if list.is_empty() || list.draining.swap(true, Ordering::AcqRel) {
                return;
            }
        }
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        /// Goes on where a value panicked. A second panic ends the program.
        struct GoOn<'a>(&'a Drain);

        impl Drop for GoOn<'_> {
            fn drop(&mut self) {
                self.0.run();
            }
        }

        let go_on = GoOn(self);
        self.run();
        mem::forget(go_on);
    }
}

/// A share of a list.
pub(super) struct Owner(&'static RetireList);

impl Owner {
    /// Takes a list that nobody owns, or makes one.
    pub(super) fn of_new_list() -> Self {
        let mut next = registry::last().cast::<RetireList>();
        // SAFETY: lists are never freed, and only lists are in the registry.
        while let Some(list) = unsafe { next.as_ref::<'static>() } {
            if list.claim() {
                return Self(list);
            }
            next = list.made_before.load(Ordering::Relaxed).cast();
        }
        let list: &'static RetireList = Box::leak(Box::new(RetireList::new()));
        registry::put(ptr::from_ref(list).cast_mut().cast(), &list.made_before);
        Self(list)
    }

    /// Makes one more, of a list that is owned by something that the caller has.
    fn share(list: &'static RetireList) -> Self {
        list.owners.fetch_add(1, Ordering::Relaxed);
        Self(list)
    }

    pub(super) fn list(&self) -> &'static RetireList {
        self.0
    }
}

impl RetireList {
    /// Takes the list for a new collector, if nobody owns it. Two threads cannot both: one changes the count from 0.
    fn claim(&self) -> bool {
        let is_free = self.owners.load(Ordering::Relaxed) == 0
            && self.owners.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        if is_free {
            self.head.store(ptr::null_mut(), Ordering::Relaxed);
            self.draining.store(false, Ordering::Relaxed);
            self.stopping.store(false, Ordering::Relaxed);
        }
        is_free
    }

    /// Takes note of so many owners less.
    fn disown(&'static self, n: usize) {
        if n > 0 {
            self.owners.fetch_sub(n, Ordering::AcqRel);
        }
    }
}

impl Clone for Owner {
    fn clone(&self) -> Self {
        Self::share(self.0)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.disown(1);
    }
}
