//! The interval tree of an address space. A tree never changes: a change makes a new tree that replaces it.
//!
//! It is a B+ tree, sorted by the starts of the intervals. Each child pointer also holds the greatest end of the intervals
//! below it, so a look-up skips the parts that end before its range begins. A change copies the nodes on the path to one
//! entry, and shares all other nodes with the tree before it. So a look-up takes no lock, and nothing changes under it:
//! an invalidation finds the same intervals at its end as at its start.

use core::iter;
use core::ops::RangeBounds;
use std::sync::Arc;

use nonblock::unwind::DropCaught;

use super::interval::{Interval, Key};
use super::interval_driver_callbacks::IntervalNotifier;
use super::range::Range;

/// How many entries a node has at most. A higher number makes changes more expensive, a lower one makes look-ups longer.
const MAX_ENTRIES: usize = 32;

/// A node with fewer entries is merged with its neighbor. This is well below half of the maximum, so that a node does not
/// split and merge in turns.
const MIN_ENTRIES: usize = MAX_ENTRIES / 4;

/// An interval, and the notifier that is called for it.
///
/// The count of its owners lies in the same cache line, and changes of the tree change the count. A line of its own for each would
/// take 116 bytes more for each subscription, and the tree's nodes would lie that much farther apart.
pub(super) struct Subscriber {
    pub(super) notifier: DropCaught<Arc<dyn IntervalNotifier>>,
    pub(super) interval: Arc<Interval>,
}

/// An entry of a leaf node. It is small, since a look-up reads many entries and a change copies many.
#[derive(Clone)]
pub(super) struct LeafEntry {
    start: usize,
    end: usize,
    subscriber: Arc<Subscriber>,
}

impl LeafEntry {
    pub(super) fn new(interval: Arc<Interval>, notifier: Arc<dyn IntervalNotifier>) -> Self {
        let (start, end) = (interval.range().start(), interval.range().end());
        let subscriber = Subscriber { notifier: DropCaught::new(notifier), interval };
        let subscriber = Arc::new(subscriber);
        Self { start, end, subscriber }
    }
}

/// An entry of an inner node, and the root: a subtree and its bounds.
#[derive(Clone)]
struct Child {
    /// With `id`, the least key in the subtree.
    start: usize,
    id: u64,
    /// The greatest end of the intervals in the subtree.
    end: usize,
    node: Node,
}

/// A node of the tree. All leaf nodes have the same depth.
#[derive(Clone)]
enum Node {
    Leaf(Arc<[LeafEntry]>),
    Inner(Arc<[Child]>),
}

/// All intervals of an address space. A clone shares the nodes.
#[derive(Clone)]
pub(super) struct IntervalTree {
    root: Option<Child>,
}

impl IntervalTree {
    pub(super) const fn empty() -> Self {
        Self { root: None }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Returns the tree with one more entry.
    pub(super) fn with(&self, entry: LeafEntry) -> Self {
        let root = match &self.root {
            None => LeafEntry::child(spliced(&[], 0..0, [entry])),
            Some(root) => match root.node.with(entry) {
                (root, None) => root,
                (left, Some(right)) => Child::child(spliced(&[], 0..0, [left, right])),
            },
        };
        Self { root: Some(root) }
    }

    /// Returns the tree without the entry of that key, or the same tree if there is none.
    pub(super) fn without(&self, key: Key) -> Self {
        let Some(root) = &self.root else { return Self::empty() };
        let Some(mut node) = root.node.without(key) else { return self.clone() };
        // An inner root with only one child is not needed.
        while let Node::Inner(children) = &node {
            let [only] = &**children else { break };
            let below = only.node.clone();
            node = below;
        }
        Self { root: node.into_child() }
    }

    /// Returns the intervals that meet the range.
    ///
    /// # Arguments
    ///
    /// * `version`: skips the intervals that were removed by this version.
    /// * `all_live`: no interval of the tree was removed by then, so the tombstones are not looked at.
    #[inline]
    pub(super) fn overlapping<'a>(
        &'a self,
        range: &'a Range,
        version: u64,
        all_live: bool,
    ) -> Overlapping<'a> {
        Overlapping { root: self.root.as_ref(), range, version, all_live }
    }
}

/// The intervals that meet a range, in the order of their keys.
#[derive(Clone, Copy)]
pub(super) struct Overlapping<'a> {
    root: Option<&'a Child>,
    /// A reference, since its bounds were often written just now, one by one: if they were copied in one piece, the processor
    /// would wait until both have left it.
    range: &'a Range,
    version: u64,
    all_live: bool,
}

impl<'a> Overlapping<'a> {
    /// Calls the closure for each interval in turn, until it returns an error.
    #[inline]
    pub(super) fn try_for_each<X>(
        &self,
        mut f: impl FnMut(&'a Subscriber) -> Result<(), X>,
    ) -> Result<(), X> {
        match self.root {
            Some(root) => self.visit(&root.node, &mut f),
            None => Ok(()),
        }
    }

    fn visit<X>(
        &self,
        node: &'a Node,
        f: &mut impl FnMut(&'a Subscriber) -> Result<(), X>,
    ) -> Result<(), X> {
        match node {
            Node::Inner(children) => {
                for child in self.overlapping_entries(children) {
                    self.visit(&child.node, f)?;
                }
            }
            Node::Leaf(entries) => {
                for entry in self.overlapping_entries(entries) {
                    let subscriber = &*entry.subscriber;
                    if self.all_live || subscriber.interval.tombstone.is_live_at(self.version) {
                        f(subscriber)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns those entries of a node that may meet the range. A leaf entry among them does meet it.
    #[inline]
    fn overlapping_entries<T: Entry>(
        &self,
        entries: &'a [T],
    ) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let (start, end) = (self.range.start(), self.range.end());
        entries
            .iter()
            .take_while(move |entry| entry.start() < end)
            .filter(move |entry| entry.end() > start)
    }

    pub(super) fn count(&self) -> usize {
        self.root.map_or(0, |root| self.count_in(&root.node))
    }

    fn count_in(&self, node: &'a Node) -> usize {
        match node {
            Node::Inner(children) => {
                self.overlapping_entries(children).map(|child| self.count_in(&child.node)).sum()
            }
            Node::Leaf(entries) if self.all_live => self.overlapping_entries(entries).count(),
            Node::Leaf(entries) => {
                let is_live = |entry: &&LeafEntry| {
                    entry.subscriber.interval.tombstone.is_live_at(self.version)
                };
                self.overlapping_entries(entries).filter(is_live).count()
            }
        }
    }
}

/// An entry of a node: of a leaf node, or of an inner node.
trait Entry: Clone {
    fn start(&self) -> usize;
    fn id(&self) -> u64;
    fn end(&self) -> usize;
    fn node(entries: Arc<[Self]>) -> Node;

    fn key(&self) -> Key {
        (self.start(), self.id())
    }

    /// Makes a node of these entries, of which there must be at least one.
    fn child(entries: Vec<Self>) -> Child {
        let (start, id) = entries[0].key();
        let end = entries.iter().map(Self::end).max().unwrap_or(0);
        Child { start, id, end, node: Self::node(entries.into()) }
    }

    /// Makes a node of these entries, or two nodes if there are too many for one.
    fn split(mut entries: Vec<Self>) -> (Child, Option<Child>) {
        if entries.len() <= MAX_ENTRIES {
            return (Self::child(entries), None);
        }
        let right = entries.split_off(entries.len() / 2);
        (Self::child(entries), Some(Self::child(right)))
    }
}

impl Entry for LeafEntry {
    #[inline]
    fn start(&self) -> usize {
        self.start
    }

    fn id(&self) -> u64 {
        self.subscriber.interval.id()
    }

    #[inline]
    fn end(&self) -> usize {
        self.end
    }

    fn node(entries: Arc<[Self]>) -> Node {
        Node::Leaf(entries)
    }
}

impl Entry for Child {
    #[inline]
    fn start(&self) -> usize {
        self.start
    }

    fn id(&self) -> u64 {
        self.id
    }

    #[inline]
    fn end(&self) -> usize {
        self.end
    }

    fn node(entries: Arc<[Self]>) -> Node {
        Node::Inner(entries)
    }
}

impl Node {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(entries) => entries.len(),
            Self::Inner(children) => children.len(),
        }
    }

    /// Returns the node with its bounds, unless it is empty.
    fn into_child(self) -> Option<Child> {
        let ((start, id), end) = match &self {
            Self::Leaf(entries) => bounds(entries)?,
            Self::Inner(children) => bounds(children)?,
        };
        Some(Child { start, id, end, node: self })
    }

    /// Returns the node with one more entry below it; two nodes, if it had to be split.
    fn with(&self, entry: LeafEntry) -> (Child, Option<Child>) {
        match self {
            Self::Leaf(entries) => {
                let index = entries.partition_point(|other| is_before(other, entry.key()));
                Entry::split(spliced(entries, index..index, [entry]))
            }
            Self::Inner(children) => {
                let index = child_index(children, entry.key());
                let (left, right) = children[index].node.with(entry);
                let new = iter::once(left).chain(right);
                Entry::split(spliced(children, index..=index, new))
            }
        }
    }

    /// Returns the node without the entry of that key, or `None` if there is no such entry.
    ///
    /// The node may have too few entries, or none.
    fn without(&self, key: Key) -> Option<Self> {
        match self {
            Self::Leaf(entries) => {
                let index = entries.partition_point(|entry| is_before(entry, key));
                entries.get(index).filter(|entry| entry.key() == key)?;
                Some(Self::Leaf(spliced(entries, index..=index, []).into()))
            }
            Self::Inner(children) => {
                let index = child_index(children, key);
                let node = children[index].node.without(key)?;
                if node.len() >= MIN_ENTRIES || children.len() == 1 {
                    return Some(Self::Inner(
                        spliced(children, index..=index, node.into_child()).into(),
                    ));
                }
                // It is merged with a neighbor: with the left one, if there is one.
                let left = index.saturating_sub(1);
                let (first, second) = if left == index {
                    node.merged(&children[index + 1].node)
                } else {
                    children[left].node.merged(&node)
                };
                let new = iter::once(first).chain(second);
                Some(Self::Inner(spliced(children, left..=left + 1, new).into()))
            }
        }
    }

    /// Returns the entries of two neighbors of the same depth, in one node or in two.
    fn merged(&self, right: &Self) -> (Child, Option<Child>) {
        match (self, right) {
            (Self::Leaf(left), Self::Leaf(right)) => {
                Entry::split(spliced(left, left.len().., right.iter().cloned()))
            }
            (Self::Inner(left), Self::Inner(right)) => {
                Entry::split(spliced(left, left.len().., right.iter().cloned()))
            }
            _ => unreachable!("all leaves are equally far from the root"),
        }
    }
}

/// Returns whether an entry's key is less than `key`. Reads the entry's number only if the starts are equal.
fn is_before<T: Entry>(entry: &T, key: Key) -> bool {
    entry.start() < key.0 || entry.start() == key.0 && entry.id() < key.1
}

/// Returns which child holds the key, if any does.
fn child_index(children: &[Child], key: Key) -> usize {
    children.partition_point(|child| child.key() <= key).saturating_sub(1)
}

/// Returns the least key and the greatest end of the entries.
fn bounds<T: Entry>(entries: &[T]) -> Option<(Key, usize)> {
    Some((entries.first()?.key(), entries.iter().map(T::end).max()?))
}

/// Returns a copy in which new entries replace those at some places.
fn spliced<T: Clone>(
    entries: &[T],
    replaced: impl RangeBounds<usize>,
    new: impl IntoIterator<Item = T>,
) -> Vec<T> {
    let mut copy = Vec::with_capacity(entries.len() + 2);
    copy.extend_from_slice(entries);
    copy.splice(replaced, new);
    copy
}
