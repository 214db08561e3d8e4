//! The intervals of an address space, by where they lie: a tree that is never changed, only replaced.
//!
//! A B+ tree, ordered by where the intervals start. Each branch also says how far the furthest interval below it reaches, so that
//! a look-up passes over whatever ends before its range begins. A change copies the nodes on the way to
//! one leaf and shares the rest with the tree before it. So whoever looks a range up has a tree that stays as it is,
//! takes no lock, and finds at the end of an invalidation what it found at the start.

use core::iter;
use core::ops::RangeBounds;
use std::sync::Arc;

use crossbeam_utils::CachePadded;
use nonblock::unwind::DropCaught;

use super::interval::{Interval, Key};
use super::interval_notifier::IntervalNotifier;
use super::range::Range;

/// How many entries a node has at most. More make changes dearer, fewer make look-ups longer.
const CAPACITY: usize = 32;

/// With fewer than this a node is joined with its neighbor. Well below half, so that a node does not split and join in turns.
const FEWEST: usize = CAPACITY / 4;

/// An interval, and the notifier that is told of it.
pub(super) struct Listener {
    pub(super) notifier: DropCaught<Arc<dyn IntervalNotifier>>,
    pub(super) interval: Arc<Interval>,
}

/// A listener's place in the tree: small, since a look-up reads many, and a change copies many.
#[derive(Clone)]
pub(super) struct Leaf {
    start: usize,
    end: usize,
    listener: Arc<CachePadded<Listener>>,
}

impl Leaf {
    pub(super) fn new(interval: Arc<Interval>, notifier: Arc<dyn IntervalNotifier>) -> Self {
        let (start, end) = (interval.range().start(), interval.range().end());
        let listener = Listener { notifier: DropCaught::new(notifier), interval };
        let listener = Arc::new(CachePadded::new(listener));
        Self { start, end, listener }
    }
}

/// A part of the tree.
#[derive(Clone)]
struct Branch {
    /// The least key in it.
    start: usize,
    id: u64,
    /// How far the furthest interval in it reaches.
    end: usize,
    node: Node,
}

/// What a branch leads to. All leaves are equally far from the root.
#[derive(Clone)]
enum Node {
    Leaves(Arc<[Leaf]>),
    Branches(Arc<[Branch]>),
}

/// The intervals. A copy shares them.
#[derive(Clone)]
pub(super) struct Tree {
    root: Option<Branch>,
}

impl Tree {
    pub(super) const fn empty() -> Self {
        Self { root: None }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The tree with one more.
    pub(super) fn with(&self, leaf: Leaf) -> Self {
        let root = match &self.root {
            None => Leaf::branch(vec(&[], 0..0, [leaf])),
            Some(root) => match root.node.with(leaf) {
                (root, None) => root,
                (left, Some(right)) => Branch::branch(vec(&[], 0..0, [left, right])),
            },
        };
        Self { root: Some(root) }
    }

    /// The tree without the one of that key, if it is there.
    pub(super) fn without(&self, key: Key) -> Self {
        let Some(root) = &self.root else { return Self::empty() };
        let Some(mut node) = root.node.without(key) else { return self.clone() };
        // A root with one branch is no use.
        while let Node::Branches(branches) = &node {
            let [only] = &**branches else { break };
            let below = only.node.clone();
            node = below;
        }
        Self { root: node.into_branch() }
    }

    /// Returns the intervals that meet the range.
    ///
    /// # Arguments
    ///
    /// * `version`: intervals that were removed by then are passed over.
    /// * `whole`: none in the tree was, so no tombstone need be looked at.
    #[inline]
    pub(super) fn meeting(&self, range: &Range, version: u64, whole: bool) -> Meeting<'_> {
        Meeting { root: self.root.as_ref(), start: range.start(), end: range.end(), version, whole }
    }
}

/// The intervals that meet a range, in the order of their keys.
#[derive(Clone, Copy)]
pub(super) struct Meeting<'a> {
    root: Option<&'a Branch>,
    start: usize,
    end: usize,
    version: u64,
    whole: bool,
}

impl<'a> Meeting<'a> {
    /// Calls the closure for one after the other, until it returns an error.
    #[inline]
    pub(super) fn try_for_each<X>(
        &self,
        mut f: impl FnMut(&'a Listener) -> Result<(), X>,
    ) -> Result<(), X> {
        match self.root {
            Some(root) => self.in_node(&root.node, &mut f),
            None => Ok(()),
        }
    }

    fn in_node<X>(
        &self,
        node: &'a Node,
        f: &mut impl FnMut(&'a Listener) -> Result<(), X>,
    ) -> Result<(), X> {
        match node {
            Node::Branches(branches) => {
                for branch in self.of(branches) {
                    self.in_node(&branch.node, f)?;
                }
            }
            Node::Leaves(leaves) => {
                for leaf in self.of(leaves) {
                    let listener = &**leaf.listener;
                    if self.whole || listener.interval.tombstone.is_live_at(self.version) {
                        f(listener)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Those of a node's entries that meet the range, or may.
    #[inline]
    fn of<T: Entry>(&self, entries: &'a [T]) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let (start, end) = (self.start, self.end);
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
            Node::Branches(branches) => {
                self.of(branches).map(|branch| self.count_in(&branch.node)).sum()
            }
            Node::Leaves(leaves) if self.whole => self.of(leaves).count(),
            Node::Leaves(leaves) => {
                let is_live =
                    |leaf: &&Leaf| leaf.listener.interval.tombstone.is_live_at(self.version);
                self.of(leaves).filter(is_live).count()
            }
        }
    }
}

/// What a node has several of.
trait Entry: Clone {
    fn start(&self) -> usize;
    fn id(&self) -> u64;
    fn end(&self) -> usize;
    fn node(entries: Arc<[Self]>) -> Node;

    fn key(&self) -> Key {
        (self.start(), self.id())
    }

    /// The branch to a node of these, of which there is at least one.
    fn branch(entries: Vec<Self>) -> Branch {
        let (start, id) = entries[0].key();
        let end = entries.iter().map(Self::end).max().unwrap_or(0);
        Branch { start, id, end, node: Self::node(entries.into()) }
    }

    /// The branch to a node of these, or to two of them if they are too many for one.
    fn branches(mut entries: Vec<Self>) -> (Branch, Option<Branch>) {
        if entries.len() <= CAPACITY {
            return (Self::branch(entries), None);
        }
        let right = entries.split_off(entries.len() / 2);
        (Self::branch(entries), Some(Self::branch(right)))
    }
}

impl Entry for Leaf {
    #[inline]
    fn start(&self) -> usize {
        self.start
    }

    fn id(&self) -> u64 {
        self.listener.interval.id()
    }

    #[inline]
    fn end(&self) -> usize {
        self.end
    }

    fn node(entries: Arc<[Self]>) -> Node {
        Node::Leaves(entries)
    }
}

impl Entry for Branch {
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
        Node::Branches(entries)
    }
}

impl Node {
    fn len(&self) -> usize {
        match self {
            Self::Leaves(leaves) => leaves.len(),
            Self::Branches(branches) => branches.len(),
        }
    }

    /// The branch to this, unless it is empty.
    fn into_branch(self) -> Option<Branch> {
        let ((start, id), end) = match &self {
            Self::Leaves(leaves) => bounds(leaves)?,
            Self::Branches(branches) => bounds(branches)?,
        };
        Some(Branch { start, id, end, node: self })
    }

    fn with(&self, leaf: Leaf) -> (Branch, Option<Branch>) {
        match self {
            Self::Leaves(leaves) => {
                let place = leaves.partition_point(|other| is_before(other, leaf.key()));
                Entry::branches(vec(leaves, place..place, [leaf]))
            }
            Self::Branches(branches) => {
                let place = place_of(branches, leaf.key());
                let (left, right) = branches[place].node.with(leaf);
                let new = iter::once(left).chain(right);
                Entry::branches(vec(branches, place..=place, new))
            }
        }
    }

    /// Without the leaf of that key: perhaps too few, perhaps none.
    fn without(&self, key: Key) -> Option<Self> {
        match self {
            Self::Leaves(leaves) => {
                let place = leaves.partition_point(|leaf| is_before(leaf, key));
                leaves.get(place).filter(|leaf| leaf.key() == key)?;
                Some(Self::Leaves(vec(leaves, place..=place, []).into()))
            }
            Self::Branches(branches) => {
                let place = place_of(branches, key);
                let node = branches[place].node.without(key)?;
                if node.len() >= FEWEST || branches.len() == 1 {
                    return Some(Self::Branches(
                        vec(branches, place..=place, node.into_branch()).into(),
                    ));
                }
                // A neighbor's are joined to it, the left one's if there is one.
                let left = place.saturating_sub(1);
                let (first, second) = if left == place {
                    node.joined(&branches[place + 1].node)
                } else {
                    branches[left].node.joined(&node)
                };
                let new = iter::once(first).chain(second);
                Some(Self::Branches(vec(branches, left..=left + 1, new).into()))
            }
        }
    }

    /// These and those behind them, which are equally far from the leaves.
    fn joined(&self, behind: &Self) -> (Branch, Option<Branch>) {
        match (self, behind) {
            (Self::Leaves(front), Self::Leaves(back)) => {
                Entry::branches(vec(front, front.len().., back.iter().cloned()))
            }
            (Self::Branches(front), Self::Branches(back)) => {
                Entry::branches(vec(front, front.len().., back.iter().cloned()))
            }
            _ => unreachable!("all leaves are equally far from the root"),
        }
    }
}

/// Returns whether an entry's key is less. The order of subscription is looked at only if the starts are equal.
fn is_before<T: Entry>(entry: &T, key: Key) -> bool {
    entry.start() < key.0 || entry.start() == key.0 && entry.id() < key.1
}

/// The branch that holds the key, if any does.
fn place_of(branches: &[Branch], key: Key) -> usize {
    branches.partition_point(|branch| branch.key() <= key).saturating_sub(1)
}

/// The least key, and how far the furthest reaches.
fn bounds<T: Entry>(entries: &[T]) -> Option<(Key, usize)> {
    Some((entries.first()?.key(), entries.iter().map(T::end).max()?))
}

/// A copy with new entries instead of some.
fn vec<T: Clone>(
    entries: &[T],
    instead_of: impl RangeBounds<usize>,
    new: impl IntoIterator<Item = T>,
) -> Vec<T> {
    let mut copy = Vec::with_capacity(entries.len() + 2);
    copy.extend_from_slice(entries);
    copy.splice(instead_of, new);
    copy
}
