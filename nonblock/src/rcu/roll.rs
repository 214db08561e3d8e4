//! A list of entries, each of which its subscription can drop: never changed, only replaced.

use std::sync::Arc;
use std::vec::Vec;

use super::clock::Mark;
use super::kept::Kept;
use super::panics;

/// The entries, in the order in which they are called. Copies share them.
///
/// The marks are apart: mostly nobody looks at them, and the items are then as close together as those of a `Vec`.
#[derive(Debug)]
pub(crate) struct Roll<T> {
    items: Arc<[Kept<T>]>,
    /// As many as there are items.
    marks: Arc<[Arc<Mark>]>,
}

impl<T> Clone for Roll<T> {
    fn clone(&self) -> Self {
        Self { items: Arc::clone(&self.items), marks: Arc::clone(&self.marks) }
    }
}

impl<T: Clone> Roll<T> {
    pub(crate) fn empty() -> Self {
        Self { items: Arc::default(), marks: Arc::default() }
    }

    /// Makes the list anew with only those that are live at a time, and that `keep` keeps.
    pub(crate) fn without_dropped(&self, now: u64, keep: impl Fn(&T, &Arc<Mark>) -> bool) -> Self {
        let kept = |&(item, mark): &(&T, &Arc<Mark>)| mark.is_live_at(now) && keep(item, mark);
        let (items, marks): (Vec<_>, Vec<_>) = self
            .entries()
            .filter(kept)
            .map(|(item, mark)| (Kept::new(item.clone()), Arc::clone(mark)))
            .unzip();
        Self { items: items.into(), marks: marks.into() }
    }

    /// Makes the list anew with one more, before the first of which `behind` holds.
    pub(crate) fn with(&self, item: T, mark: Arc<Mark>, behind: impl Fn(&T) -> bool) -> Self {
        let place = self.items.iter().position(|item| behind(item)).unwrap_or(self.items.len());
        Self {
            items: inserted(&self.items, place, Kept::new(item)),
            marks: inserted(&self.marks, place, mark),
        }
    }
}

/// A copy with one more at a place.
fn inserted<T: Clone>(list: &[T], place: usize, new: T) -> Arc<[T]> {
    let mut copy = Vec::with_capacity(list.len() + 1);
    copy.extend_from_slice(&list[..place]);
    copy.push(new);
    copy.extend_from_slice(&list[place..]);
    copy.into()
}

impl<T> Roll<T> {
    fn entries(&self) -> impl Iterator<Item = (&T, &Arc<Mark>)> {
        self.items.iter().map(|item| &**item).zip(&*self.marks)
    }

    /// Says whether something in the list is chosen.
    pub(crate) fn has_any(&self, chosen: impl Fn(&T, &Arc<Mark>) -> bool) -> bool {
        self.entries().any(|(item, mark)| chosen(item, mark))
    }

    /// The list without those that were dropped by the time at which the caller began.
    ///
    /// # Arguments
    ///
    /// * `made_at`: when the list was made, by the same clock: nothing in it was dropped by then.
    #[inline]
    pub(crate) fn live_at(&self, began: u64, made_at: u64) -> Live<'_, T> {
        let marks = (made_at != began).then_some(&*self.marks);
        Live { items: &self.items, marks, began }
    }
}

/// The list as a call sees it that began at a time.
#[derive(Debug)]
pub(crate) struct Live<'a, T> {
    items: &'a [Kept<T>],
    /// Those of the items, unless nothing in the list was dropped by then, so that nobody need look.
    marks: Option<&'a [Arc<Mark>]>,
    began: u64,
}

impl<T> Clone for Live<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Live<'_, T> {}

impl<'a, T> Live<'a, T> {
    /// Calls the closure for one live item after the other, until it returns an error.
    ///
    /// # Arguments
    ///
    /// * `passed`: is kept at the place behind the last item for which it returned none.
    #[inline]
    pub(crate) fn try_each<X>(
        self,
        passed: &mut usize,
        mut call: impl FnMut(&'a T) -> Result<(), X>,
    ) -> Result<(), X> {
        if self.marks.is_some() {
            return self.try_each_marked(passed, call);
        }
        for (place, item) in self.items.iter().enumerate() {
            call(item)?;
            *passed = place + 1;
        }
        Ok(())
    }

    // Apart, to leave the other loop its registers.
    #[cold]
    #[inline(never)]
    fn try_each_marked<X>(
        self,
        passed: &mut usize,
        mut call: impl FnMut(&'a T) -> Result<(), X>,
    ) -> Result<(), X> {
        let marked = self.items.iter().zip(self.marks.unwrap_or_default());
        for (place, (item, mark)) in marked.enumerate() {
            if mark.is_live_at(self.began) {
                call(item)?;
                *passed = place + 1;
            }
        }
        Ok(())
    }

    /// Calls the closure for every live item, in order. One that panics does not keep the others from it.
    #[inline]
    pub(crate) fn for_every<C: ?Sized>(self, cx: &mut C, call: impl Fn(&T, &mut C) + Copy) {
        if self.marks.is_some() {
            return self.for_every_marked(cx, call);
        }
        panics::for_every(self.items.iter(), cx, move |item, cx| call(item, cx));
    }

    #[cold]
    #[inline(never)]
    fn for_every_marked<C: ?Sized>(self, cx: &mut C, call: impl Fn(&T, &mut C) + Copy) {
        let began = self.began;
        let live = move |&(_, mark): &(&Kept<T>, &Arc<Mark>)| mark.is_live_at(began);
        let items = self.items.iter().zip(self.marks.unwrap_or_default()).filter(live);
        panics::for_every(items, cx, move |(item, _), cx| call(item, cx));
    }

    /// Those before a place.
    #[inline]
    pub(crate) fn before(self, place: usize) -> Self {
        Self { items: &self.items[..place], ..self }
    }

    pub(crate) fn count(&self) -> usize {
        match self.marks {
            None => self.items.len(),
            Some(marks) => {
                let live = |mark: &&Arc<Mark>| mark.is_live_at(self.began);
                marks[..self.items.len()].iter().filter(live).count()
            }
        }
    }
}
