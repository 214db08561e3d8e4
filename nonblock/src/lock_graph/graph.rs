//! The graph of dependencies, and the search for circles in it.

use std::vec;
use std::vec::Vec;

use super::classes::{ClassId, ClassKey, Classes, Usage};
use super::dependencies::{Edge, EdgeId, Edges, Mode, Seen, Sort, Waiter};
use super::held_locks::{Entered, HeldLock, ThreadLocks, with_thread};
use super::kind::Kind;
use super::object_order::ObjectOrder;
use crate::primitive::{MAX_CLASSES, MAX_DEPENDENCIES, per_process};
use crate::violation::{ClassName, Dependency, DependencyKind, Place};

per_process! {
    /// What the program's threads do.
    pub(crate) static GRAPH: Graph = Graph::new();
}

/// Something that was found before a thread waited.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Finding {
    /// A new dependency closes a circle.
    Circle(EdgeId),
    /// The thread itself has what it wants, or is what it waits for.
    Itself(HeldLock),
    /// Two objects of one class were taken in both orders.
    ObjectOrder(HeldLock),
    /// Two uses of a class do not go together: one from before and its place.
    Usage(Usage, Place),
}

/// Classes, and the dependencies between them.
pub(crate) struct Graph {
    classes: Classes,
    edges: Edges,
    object_order: ObjectOrder,
}

/// A state of a search: a class, and who waits for it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    class: ClassId,
    waiter: Waiter,
}

impl State {
    const fn index(self) -> usize {
        Waiter::COUNT * self.class.index() + self.waiter as usize
    }

    fn from_index(index: usize) -> Self {
        let number = u32::try_from(index / Waiter::COUNT).unwrap_or(u32::MAX);
        let waiter = Waiter::ALL.get(index % Waiter::COUNT).copied().unwrap_or(Waiter::Any);
        Self { class: ClassId::from_number(number), waiter }
    }

    /// Whether a path may go on by a dependency.
    const fn goes_on_by(self, edge: &Edge) -> bool {
        edge.sort.holds_up(self.waiter)
    }

    const fn behind(edge: &Edge) -> Self {
        Self { class: edge.on, waiter: edge.sort.waiter() }
    }
}

/// How many classes a signal handler looks at.
const SHORT_SEARCH: usize = 64;

/// A set of states, on the stack: a section may search, and must not allocate.
struct States([u64; STATES]);

/// How many words have a bit for each state.
const STATES: usize = (Waiter::COUNT * MAX_CLASSES).div_ceil(64);

impl States {
    const fn new() -> Self {
        Self([0; STATES])
    }

    fn contains(&self, state: State) -> bool {
        self.0.get(state.index() / 64).is_some_and(|word| word >> (state.index() % 64) & 1 != 0)
    }

    fn insert(&mut self, state: State) {
        if let Some(word) = self.0.get_mut(state.index() / 64) {
            *word |= 1 << (state.index() % 64);
        }
    }

    /// Takes one out, looking at so many words, from a place on. Leaves the place there.
    fn take(&mut self, from: &mut usize, words: usize) -> Option<State> {
        for _ in 0..words {
            let word = self.0.get_mut(*from)?;
            if *word != 0 {
                let bit = word.trailing_zeros() as usize;
                *word &= *word - 1;
                return Some(State::from_index(64 * *from + bit));
            }
            *from = (*from + 1) % words;
        }
        None
    }
}

impl Graph {
    const fn new() -> Self {
        Self { classes: Classes::new(), edges: Edges::new(), object_order: ObjectOrder::new() }
    }

    /// Returns the class of an object.
    #[inline]
    pub(crate) fn id_of(&self, key: &ClassKey) -> ClassId {
        key.known_id().unwrap_or_else(|| self.classes.id_of(key))
    }

    /// Returns how reports name a class.
    pub(crate) fn name_of(&self, class: ClassId) -> Option<ClassName> {
        Some(self.classes.get(class)?.1)
    }

    /// Returns how many classes and dependencies there are.
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.classes.len(), self.edges.len())
    }

    /// Returns how many classes and dependencies there can be.
    #[expect(clippy::unused_self, reason = "the sizes are those of its tables")]
    pub(crate) const fn room(&self) -> (usize, usize) {
        (MAX_CLASSES, MAX_DEPENDENCIES)
    }

    /// Returns whether a class is known to be used in all of these ways.
    #[inline]
    pub(crate) fn is_used(&self, class: ClassId, usages: u8) -> bool {
        self.classes.is_used(class, usages)
    }

    /// Notes how a class is used. Returns what does not go together with that.
    pub(crate) fn uses(&self, class: ClassId, usages: u8, place: Place) -> Option<Finding> {
        self.classes.uses(class, usages, place).map(|(usage, at)| Finding::Usage(usage, at))
    }

    /// Whether a thread may wait for an object, as it or another has done before with the same held last. It may be unknown.
    ///
    /// This is the quick form of [`before_wait`](Self::before_wait), for what happens most.
    #[inline]
    pub(crate) fn is_known_wait(
        &self,
        thread: &ThreadLocks,
        key: &ClassKey,
        class: ClassId,
        mode: Mode,
    ) -> bool {
        let Some(last) = thread.last() else { return false };
        last.entered == Entered::Waited
            && last.mode != Mode::RecursiveShared
            && !last.kind.is_counted()
            && !key.kind().is_counted()
            && self.edges.is_known(
                last.class,
                class,
                Sort::new(DependencyKind::Held, last.mode, mode),
            )
            && !thread
                .latest_first()
                .skip(1)
                .any(|held| held.serial == key.serial() || held.class == last.class)
            && last.serial != key.serial()
    }

    /// Notes that a thread is about to wait for an object, at a place, and returns what is wrong with that.
    pub(crate) fn before_wait(
        &self,
        thread: &ThreadLocks,
        key: &ClassKey,
        mode: Mode,
        place: Place,
    ) -> Option<Finding> {
        // The class is looked up first: with it the object gets its number.
        let class = self.id_of(key);
        let serial = key.serial();
        // By its class too: after some four thousand million objects, numbers are given away again.
        let is_same = |held: &HeldLock| held.serial == serial && held.class == class;
        let is_itself = |held: &HeldLock| is_same(held) && held.mode.conflicts(mode);
        // It never comes to that wait, so it says nothing of orders.
        if let Some(held) = thread.latest_first().find(is_itself) {
            return Some(Finding::Itself(held));
        }
        if class == ClassId::UNTRACKED {
            return None;
        }
        let mut finding = None;
        // What has no class says nothing of what is held besides, either.
        let is_other = |held: &HeldLock| !is_same(held) && held.class != ClassId::UNTRACKED;
        // From some on only what is of that class: it depends on others of its class in no other way.
        let mut only = None;
        for held in thread.latest_first().filter(is_other) {
            if only.is_some_and(|only| held.class != only) {
                continue;
            }
            let found = if held.class == class {
                let order = &self.object_order;
                order
                    .see((held.serial, held.mode), (serial, mode))
                    .then_some(Finding::ObjectOrder(held))
            } else {
                self.see_wait(thread, &held, key, class, mode, place)
            };
            finding = finding.or(found);
            // What it holds besides depends on this already. A recursive reader does not hand that on.
            if held.entered == Entered::Waited && held.mode != Mode::RecursiveShared {
                if held.class == class {
                    break;
                }
                only = only.or(Some(held.class));
            }
        }
        finding
    }

    /// Whether a wait of a thread for an object would close a circle. Nothing is noted.
    pub(crate) fn would_close_circle(&self, thread: &ThreadLocks, key: &ClassKey) -> bool {
        let on = self.id_of(key);
        let is_other = |held: &HeldLock| held.class != on && held.class != ClassId::UNTRACKED;
        on != ClassId::UNTRACKED
            && thread.from(0).filter(is_other).any(|held| {
                let sort = Sort::new(held.entered.dependency(), held.mode, Mode::Exclusive);
                let (from, since, thread) = (held.class, held.since, thread.tag());
                self.closes_circle(&Edge { from, on, sort, since, place: since, thread })
            })
    }

    /// Notes that a thread which holds one thing waits for another.
    #[inline]
    fn see_wait(
        &self,
        thread: &ThreadLocks,
        held: &HeldLock,
        key: &ClassKey,
        class: ClassId,
        mode: Mode,
        place: Place,
    ) -> Option<Finding> {
        let sort = Sort::new(held.entered.dependency(), held.mode, mode);
        // Of things that are counted it matters who waited.
        let is_counted = held.kind.is_counted() || key.kind().is_counted();
        if !is_counted && self.edges.is_known(held.class, class, sort) {
            return None;
        }
        self.see(Edge {
            from: held.class,
            on: class,
            sort,
            since: held.since,
            place,
            thread: thread.tag(),
        })
    }

    /// Notes that a thread brings about what others wait for, with what it has taken since it had such an age, and returns what is
    /// wrong with that.
    pub(crate) fn completes(
        &self,
        thread: &ThreadLocks,
        key: &ClassKey,
        place: Place,
        start: u64,
    ) -> Option<Finding> {
        let class = self.id_of(key);
        if self.classes.needs_nothing(class) {
            return None;
        }
        let had =
            || thread.from(0).filter(|held| held.entered != Entered::Region && held.class != class);
        let needed = || had().filter(|held| held.age >= start);
        // What is older may have been needed, or not.
        if needed().next().is_none() && had().next().is_some() {
            return None;
        }
        let is_first = self.classes.completes(class, had().next().is_none());
        self.edges.keep_needed(class, |other| had().any(|held| held.class == other));
        let mut finding = None;
        for held in needed() {
            let sort = Sort::new(DependencyKind::Completed, Mode::Exclusive, held.mode);
            // What is needed was noted at the first time. Later it matters only whether another thread does it. (Who comes last to a
            // barrier has told the same by its wait.)
            let is_due = is_first
                || key.kind().is_counted()
                    && key.kind() != Kind::Barrier
                    && self.edges.is_known(class, held.class, sort);
            if !is_due {
                continue;
            }
            let found = self.see(Edge {
                from: class,
                on: held.class,
                sort,
                since: held.since,
                place,
                thread: thread.tag(),
            });
            finding = finding.or(found);
        }
        finding
    }

    /// Notes that one thing comes about after another, and returns what is wrong with that.
    pub(crate) fn follows(
        &self,
        thread: &ThreadLocks,
        key: &ClassKey,
        other: &ClassKey,
        place: Place,
    ) -> Option<Finding> {
        self.see(Edge {
            from: self.id_of(key),
            on: self.id_of(other),
            sort: Sort::new(DependencyKind::Within, Mode::Exclusive, Mode::Exclusive),
            since: place,
            place,
            thread: thread.tag(),
        })
    }

    fn see(&self, edge: Edge) -> Option<Finding> {
        let is_tracked = |class: ClassId| class != ClassId::UNTRACKED;
        if !is_tracked(edge.from) || !is_tracked(edge.on) {
            return None;
        }
        match self.edges.see(edge) {
            Seen::Before | Seen::NoRoom => None,
            Seen::New(id) | Seen::BySecondThread(id) => {
                // A signal handler may have a small stack.
                let is_in_signal_handler = with_thread(ThreadLocks::is_in_signal_handler);
                let closes = if is_in_signal_handler {
                    self.closes_short_circle(&edge)
                } else {
                    self.closes_circle(&edge)
                };
                closes.then_some(Finding::Circle(id))
            }
        }
    }

    /// As [`closes_circle`](Self::closes_circle), on a small stack: it looks at so many classes only.
    fn closes_short_circle(&self, new: &Edge) -> bool {
        let mut found = [State::behind(new); SHORT_SEARCH];
        let (mut at, mut len) = (0, 1);
        while let Some(&state) = found.get(at).filter(|_| at < len) {
            at += 1;
            for (_, edge) in self.edges.of(state.class).filter(|(_, edge)| state.goes_on_by(edge)) {
                let next = State::behind(&edge);
                if next.class == new.from && next.goes_on_by(new) {
                    return true;
                }
                let is_seen = found.iter().take(len).any(|&state| state == next);
                if let Some(place) = found.get_mut(len).filter(|_| !is_seen) {
                    *place = next;
                    len += 1;
                }
            }
        }
        false
    }

    /// Whether a strong path leads from the end of a dependency to its beginning, so that it is part of a circle.
    fn closes_circle(&self, new: &Edge) -> bool {
        let words = (Waiter::COUNT * self.classes.len()).div_ceil(64);
        let (mut seen, mut pending) = (States::new(), States::new());
        let mut at = 0;
        pending.insert(State::behind(new));
        while let Some(state) = pending.take(&mut at, words) {
            for (_, edge) in self.edges.of(state.class).filter(|(_, edge)| state.goes_on_by(edge)) {
                let next = State::behind(&edge);
                if next.class == new.from && next.goes_on_by(new) {
                    return true;
                }
                if !seen.contains(next) {
                    seen.insert(next);
                    pending.insert(next);
                }
            }
        }
        false
    }

    /// Returns the shortest circle that a dependency is part of, the dependency itself last. It is empty where one thread alone
    /// made each part, and one of the classes is such that the thread had brought it about for itself.
    ///
    /// It allocates.
    pub(crate) fn circle(&self, id: EdgeId) -> Vec<Dependency> {
        let path = self.path(id);
        let edges = || path.iter().filter_map(|&id| Some((id, self.edges.get(id)?)));
        let by_one_thread = edges().all(|(id, edge)| {
            !self.edges.is_seen_by_two(id)
                && edges().all(|(_, other)| other.thread.number == edge.thread.number)
        });
        let kinds =
            || edges().filter_map(|(_, edge)| self.classes.get(edge.from)).map(|(kind, _)| kind);
        // Threads of one place and another that wait for each other's ends: they are others each time, or joining would be refused.
        let is_of_threads = kinds().all(|kind| matches!(kind, Kind::Thread | Kind::Scope));
        if is_of_threads || by_one_thread && kinds().any(Kind::is_counted) {
            return Vec::new();
        }
        edges().filter_map(|(_, edge)| self.dependency(&edge)).collect()
    }

    fn path(&self, new_id: EdgeId) -> Vec<EdgeId> {
        let Some(new) = self.edges.get(new_id) else { return Vec::new() };
        let states = Waiter::COUNT * self.classes.len();
        // By which dependency a state was reached, and from which state.
        let mut reached: Vec<Option<(EdgeId, State)>> = vec![None; states];
        let start = State::behind(&new);
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(state) = queue.pop_front() {
            for (id, edge) in self.edges.of(state.class).filter(|(_, edge)| state.goes_on_by(edge))
            {
                let next = State::behind(&edge);
                if next.class == new.from && next.goes_on_by(&new) {
                    let mut path = vec![new_id, id];
                    let mut back = state;
                    while back != start {
                        let Some(Some((id, before))) = reached.get(back.index()) else { break };
                        path.push(*id);
                        back = *before;
                    }
                    path.reverse();
                    return path;
                }
                if let Some(place @ None) = reached.get_mut(next.index())
                    && next != start
                {
                    *place = Some((id, state));
                    queue.push_back(next);
                }
            }
        }
        Vec::new()
    }

    fn dependency(&self, edge: &Edge) -> Option<Dependency> {
        Some(Dependency {
            from: self.name_of(edge.from)?,
            on: self.name_of(edge.on)?,
            kind: edge.sort.kind(),
            since: edge.since,
            place: edge.place,
            thread: edge.thread,
        })
    }

    /// Returns all dependencies. It allocates.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        self.edges.all().filter_map(|edge| self.dependency(&edge)).collect()
    }
}
