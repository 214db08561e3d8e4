//! Who is subscribed to an address space, in one piece that invalidations pin: never changed, only replaced.

use core::{fmt, mem};
use std::sync::Arc;

use super::interval::Interval;
use super::notifier::Notifier;
use super::range::Range;
use super::tree::{Meeting, Tree};
use crate::rcu::{Live, Roll};
use crate::section::Section;
use crate::token::NonBlock;

/// How far an address space has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Live,
    /// The notifiers are being told that the process is gone; there are no new ones.
    Releasing,
    Released,
}

/// The notifiers of both kinds. Copies share what they can.
#[derive(Clone)]
pub(super) struct Directory {
    pub(super) list: Roll<dyn Notifier>,
    pub(super) tree: Tree,
    /// When it was made, by the address space's clock: nothing in it was dropped by then.
    made_at: u64,
    pub(super) phase: Phase,
}

impl Directory {
    pub(super) fn empty(phase: Phase) -> Self {
        Self { list: Roll::empty(), tree: Tree::empty(), made_at: 0, phase }
    }

    /// The same without what was dropped up to a time.
    pub(super) fn without_dropped(&self, now: u64, dropped: Dropped) -> Self {
        let list = if dropped.listed {
            self.list.without_dropped(now, |_| true)
        } else {
            self.list.clone()
        };
        let mut tree = self.tree.clone();
        for interval in dropped.intervals {
            tree = tree.without(interval.key());
        }
        Self { list, tree, made_at: now, phase: self.phase }
    }

    /// The list as somebody sees it who began at a time.
    #[inline]
    pub(super) fn list_at(&self, began: u64) -> Live<'_, dyn Notifier> {
        self.list.live_at(began, self.made_at)
    }

    /// What meets the range, as somebody sees it who began at a time.
    #[inline]
    pub(super) fn meeting_at<'a>(&'a self, range: &Range, began: u64) -> Meeting<'a> {
        self.tree.meeting(range, began, self.made_at == began)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intervals = self.meeting_at(&Range::whole(), self.made_at).count();
        f.debug_struct("Directory")
            .field("list", &self.list_at(self.made_at).count())
            .field("intervals", &intervals)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// What was dropped since a directory was made: the address space's clock collects it.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    /// Whether anything on the list was.
    pub(super) listed: bool,
    pub(super) intervals: Buried,
}

impl Dropped {
    pub(super) fn is_empty(&self) -> bool {
        !self.listed && self.intervals.first.is_none()
    }
}

/// Intervals whose subscriptions were dropped, linked through themselves: a drop in a section does not allocate.
#[derive(Debug, Default)]
pub(super) struct Buried {
    first: Option<Arc<Interval>>,
}

impl Buried {
    pub(super) fn push(&mut self, interval: Arc<Interval>, nb: &NonBlock) {
        *interval.next_dropped.lock(nb) = self.first.take();
        self.first = Some(interval);
    }
}

impl Iterator for Buried {
    type Item = Arc<Interval>;

    fn next(&mut self) -> Option<Arc<Interval>> {
        let first = self.first.take()?;
        // Unlinked: an interval that somebody still looks at must not keep those behind it.
        self.first = Section::run(|nb| mem::take(&mut *first.next_dropped.lock(nb)));
        Some(first)
    }
}

impl Drop for Buried {
    fn drop(&mut self) {
        // One by one, since a long chain that frees itself link by link would use up the stack.
        while self.next().is_some() {}
    }
}
