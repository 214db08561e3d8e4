//! The cache: the tree under its lock, the queue of buffers to be released, and the callback.

use std::sync::Arc;

use nonblock::sync::SpinLock;
use nonblock::work::{Full, Queue, QueueStats};
use nonblock::{Context, NonBlock, Sleepable};
use nonblock_mm::mmu::{Invalidate, Range};

use crate::tree::{InsertError, MmuRbNode, Tree};

/// What a driver does with its cached buffers. Linux's `struct mmu_rb_ops`.
pub trait MmuRbOps: Send + Sync + 'static {
    /// What the driver keeps for a buffer.
    type Data: Send + 'static;

    /// Releases a buffer that has left the cache.
    ///
    /// # Context
    ///
    /// May sleep: it unpins pages, for which Linux takes `mmap_lock`.
    fn remove(&self, node: MmuRbNode<Self::Data>, cx: &mut Sleepable);

    /// Returns whether a buffer may be evicted to make room.
    ///
    /// # Context
    ///
    /// In a section: the cache's lock is held.
    fn evict(&self, node: &MmuRbNode<Self::Data>) -> bool {
        let _ = node;
        true
    }
}

/// What the driver has counted since it was registered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Callbacks that did not refuse.
    pub invalidations: u64,
    /// Callbacks that refused: the queue was full.
    pub refusals: u64,
    /// Invalidations that ended.
    pub finished: u64,
    /// Buffers that callbacks pushed to the work queue.
    pub deferred: u64,
    /// Buffers that were evicted to make room.
    pub evicted: u64,
}

/// What the lock guards.
#[derive(Debug)]
struct Locked<T> {
    tree: Tree<T>,
    counters: Counters,
}

/// What the cache shares with its worker.
struct Shared<O: MmuRbOps> {
    ops: O,
    /// Protects the tree.
    lock: SpinLock<Locked<O::Data>>,
}

/// A cache of pinned buffers of one process. Linux's `struct mmu_rb_handler`.
///
/// Linux links the buffers to be released on `del_list`, and queues one `del_work` for all of them. Here the queue is the
/// list.
pub struct MmuRbHandler<O: MmuRbOps> {
    shared: Arc<Shared<O>>,
    wq: Queue<MmuRbNode<O::Data>>,
}

impl<O: MmuRbOps> std::fmt::Debug for MmuRbHandler<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MmuRbHandler").field("wq", &self.wq).finish_non_exhaustive()
    }
}

/// How much a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// How many buffers are cached at most.
    pub nodes: usize,
    /// How many buffers can wait to be released, from 1.
    pub del_queue: usize,
}

impl<O: MmuRbOps> MmuRbHandler<O> {
    pub(crate) fn new(ops: O, sizes: Sizes) -> std::io::Result<Self> {
        let locked =
            Locked { tree: Tree::with_capacity(sizes.nodes), counters: Counters::default() };
        let shared = Arc::new(Shared { ops, lock: SpinLock::new(locked) });
        let wq = Queue::with_capacity(sizes.del_queue);
        let worker = Arc::clone(&shared);
        // Linux's `handle_remove()`.
        wq.worker("mmu_rb", move |node, cx| worker.ops.remove(node, cx))?;
        Ok(Self { shared, wq })
    }

    /// Returns the driver's operations.
    pub fn ops(&self) -> &O {
        &self.shared.ops
    }

    #[track_caller]
    fn with<C: Context, R>(
        &self,
        cx: &mut C,
        f: impl FnOnce(&mut Locked<O::Data>, &mut NonBlock) -> R,
    ) -> R {
        self.shared.lock.with(cx, f)
    }

    /// Begins to pin a buffer, if no invalidation is under way. Returns the sequence number that [`insert`](Self::insert)
    /// takes.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn read_begin<C: Context>(&self, cx: &mut C) -> Option<u64> {
        self.with(cx, |locked, _nb| locked.tree.read_begin())
    }

    /// Caches a buffer that was pinned. Linux's `hfi1_mmu_rb_insert()`, which does not check whether an invalidation came in
    /// between.
    ///
    /// # Arguments
    ///
    /// * `range`: where the buffer is.
    /// * `data`: what the driver keeps for it.
    /// * `seq`: what [`read_begin`](Self::read_begin) returned before it was pinned.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    ///
    /// # Errors
    ///
    /// [`InsertError`], with the data, which is for the caller to release.
    pub fn insert<C: Context>(
        &self,
        range: Range,
        data: O::Data,
        seq: u64,
        cx: &mut C,
    ) -> Result<(), InsertError<O::Data>> {
        self.with(cx, |locked, _nb| locked.tree.insert(range, data, seq))
    }

    /// Finds the buffer of exactly this range, and calls the closure for it with the lock held.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token. The closure runs in a section.
    pub fn find_exact<C: Context, R>(
        &self,
        range: &Range,
        cx: &mut C,
        look: impl FnOnce(&O::Data) -> R,
    ) -> Option<R> {
        self.with(cx, |locked, _nb| locked.tree.find_exact(range).map(|node| look(&node.data)))
    }

    /// Releases the least recently used buffer that may be evicted. Returns whether there was one. Linux's
    /// `hfi1_mmu_rb_evict()`.
    ///
    /// # Context
    ///
    /// May sleep, since releasing may.
    pub fn evict(&self, cx: &mut Sleepable) -> bool {
        let node = self.with(cx, |locked, _nb| {
            let node = locked.tree.take_least_recent(|node| self.ops().evict(node));
            locked.counters.evicted += u64::from(node.is_some());
            node
        });
        node.map(|node| self.ops().remove(node, cx)).is_some()
    }

    /// Returns the ranges of the cached buffers, in the order of addresses.
    ///
    /// # Context
    ///
    /// May sleep, since it allocates.
    pub fn cached(&self, cx: &mut Sleepable) -> Vec<Range> {
        let mut ranges = Vec::new();
        loop {
            // Allocated before the lock is taken.
            ranges.reserve(self.with(cx, |locked, _nb| locked.tree.len()));
            let complete = self.with(cx, |locked, _nb| {
                ranges.extend(locked.tree.ranges().take(ranges.capacity()));
                ranges.len() == locked.tree.len()
            });
            if complete {
                return ranges;
            }
            ranges.clear();
        }
    }

    /// Returns the counters.
    ///
    /// # Context
    ///
    /// Does not sleep. Takes either token.
    pub fn counters<C: Context>(&self, cx: &mut C) -> Counters {
        self.with(cx, |locked, _nb| locked.counters)
    }

    /// Returns how many buffers wait to be released, not counting the one that is being released.
    pub fn queued(&self) -> usize {
        self.wq.len()
    }

    /// Returns the counts of the queue of buffers to be released.
    pub fn queue_stats(&self) -> QueueStats {
        self.wq.stats()
    }

    /// Moves the buffers that overlap a range from the tree to the queue. Returns `false` if the queue is full; the rest then
    /// stays in the tree.
    fn queue_del_work(&self, locked: &mut Locked<O::Data>, range: &Range, nb: &NonBlock) -> bool {
        while let Some(node) = locked.tree.take_overlapping(range) {
            if let Err(Full(node)) = self.wq.push(nb, node) {
                // The lock is held, so no other thread has seen the tree without it.
                locked.tree.put_back(node);
                return false;
            }
            locked.counters.deferred += 1;
        }
        true
    }

    /// Moves the buffers that overlap a range from the tree to the worker's queue. Linux's
    /// `mmu_notifier_range_start()`, and `hfi1_mmu_rb_remove_unless_exact()`.
    ///
    /// # Context
    ///
    /// Either. With a `Sleepable` it waits for room in the queue.
    ///
    /// # Errors
    ///
    /// In a section, the context's refusal if the queue is full. Buffers that did not fit are still in the tree.
    pub fn remove<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        while !self.with(cx, |locked, nb| self.queue_del_work(locked, range, nb)) {
            // Refuses in a section; otherwise waits for room with the lock released.
            let cx = cx.or_refuse()?;
            if let Some(node) = self.with(cx, |locked, _nb| locked.tree.take_overlapping(range)) {
                self.queue_or_wait(node, cx);
            }
        }
        Ok(())
    }

    /// Waits for room in the queue, and pushes a buffer.
    fn queue_or_wait(&self, node: MmuRbNode<O::Data>, cx: &mut Sleepable) {
        match self.wq.push_from(cx, node) {
            Ok(()) => self.with(cx, |locked, _nb| locked.counters.deferred += 1),
            // The queue is closed, so the buffer is released here.
            Err(Full(node)) => self.ops().remove(node, cx),
        }
    }

    /// Releases all buffers. No callback may run any more.
    pub(crate) fn unregister(&self, cx: &mut Sleepable) {
        // Linux's `flush_work()`.
        self.wq.shutdown(cx);
        while let Some(node) = self.with(cx, |locked, _nb| locked.tree.take_least_recent(|_| true))
        {
            self.ops().remove(node, cx);
        }
    }
}

impl<O: MmuRbOps> Invalidate for MmuRbHandler<O> {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        self.with(cx, |locked, _nb| locked.tree.invalidate_begin());
        let outcome = self.remove(range, cx);
        self.with(cx, |locked, _nb| {
            if outcome.is_ok() {
                locked.counters.invalidations += 1;
            } else {
                locked.counters.refusals += 1;
                locked.tree.invalidate_end();
            }
        });
        outcome
    }

    fn finish(&self, _range: &Range, nb: &mut NonBlock) {
        let mut locked = self.shared.lock.lock(nb);
        locked.counters.finished += 1;
        locked.tree.invalidate_end();
    }

    fn on_release(&self, cx: &mut Sleepable) {
        while let Some(node) = self.with(cx, |locked, _nb| locked.tree.take_least_recent(|_| true))
        {
            self.queue_or_wait(node, cx);
        }
    }
}
