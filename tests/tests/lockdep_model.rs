//! Random programs against a plain model of who waits for whom: no circle is missed, and none is invented.
//!
//! The model keeps each dependency of what is wanted on all that is held. The library leaves out those that follow from others. So
//! they agree on this: a wait is reported if something becomes part of a circle by it that was part of none, and it is not if
//! no circle goes through it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use nonblock::ViolationKind;
use nonblock::lockdep::{Acquired, Class};
use nonblock::testing::violations;
use nonblock_tests::waits::on_a_thread;
use proptest::prelude::*;

/// How many things there are.
const THINGS: usize = 6;

#[derive(Clone, Copy, Debug)]
enum Step {
    Lock(usize),
    Read(usize),
    /// As a reader of a `SpinRwLock`, who waits for no writer that waits.
    ReadAgain(usize),
    Try(usize),
    TryRead(usize),
    /// Gives back the one of this number, in any order.
    Release(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Exclusive,
    Shared,
    Recursive,
}

/// A dependency: whether what depends is read, and whether what it depends on is wanted by a reader who waits for no writer
/// that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: usize,
    on: usize,
    from_shared: bool,
    on_recursive: bool,
}

impl Edge {
    /// Whether the holder of the second's beginning holds up the waiter at this one's end.
    fn leads_to(self, next: Self) -> bool {
        self.on == next.from && !(self.on_recursive && next.from_shared)
    }
}

#[derive(Debug, Default)]
struct Model {
    edges: BTreeSet<Edge>,
}

impl Model {
    /// Whether a dependency is part of a circle: all that can follow is tried.
    fn is_in_circle(&self, edge: Edge) -> bool {
        let mut reached = BTreeSet::new();
        let mut pending = vec![edge];
        while let Some(last) = pending.pop() {
            let next = self.edges.iter().filter(|&&next| last.leads_to(next));
            pending.extend(next.filter(|&&next| reached.insert(next)));
        }
        reached.contains(&edge)
    }

    fn in_circles(&self) -> BTreeSet<usize> {
        let edges = self.edges.iter().filter(|&&edge| self.is_in_circle(edge));
        edges.map(|edge| edge.from).collect()
    }
}

/// What one thread holds: the real one, and what the model knows of it.
#[derive(Default)]
struct Thread {
    held: Vec<(usize, Mode, Acquired)>,
}

impl Thread {
    fn is_held(&self, thing: usize, modes: &[Mode]) -> bool {
        self.held.iter().any(|(held, mode, _)| *held == thing && modes.contains(mode))
    }

    /// Makes a step, in the model too, and compares. Returns whether the thread goes on.
    fn step(&mut self, things: &[Class], model: &mut Model, step: Step) -> bool {
        use Mode::{Exclusive, Recursive, Shared};
        match step {
            Step::Lock(thing) => self.wait(things, model, thing, Exclusive),
            Step::Read(thing) => self.wait(things, model, thing, Shared),
            Step::ReadAgain(thing) => self.wait(things, model, thing, Recursive),
            Step::Try(thing) => {
                if !self.is_held(thing, &[Exclusive, Shared, Recursive]) {
                    self.tried(thing, Exclusive, || things[thing].try_acquired());
                }
                true
            }
            Step::TryRead(thing) => {
                if !self.is_held(thing, &[Exclusive]) {
                    self.tried(thing, Shared, || things[thing].try_acquired_shared());
                }
                true
            }
            Step::Release(number) => {
                if !self.held.is_empty() {
                    let number = number % self.held.len();
                    assert!(violations(|| drop(self.held.remove(number))).is_empty());
                }
                true
            }
        }
    }

    fn tried(&mut self, thing: usize, mode: Mode, take: impl FnOnce() -> Acquired) {
        let found = violations(|| self.held.push((thing, mode, take())));
        assert!(found.is_empty(), "a try waits for nothing: {found:#?}");
    }

    fn wait(&mut self, things: &[Class], model: &mut Model, thing: usize, mode: Mode) -> bool {
        let class = &things[thing];
        let mut taken = None;
        let found = violations(|| {
            taken = Some(match mode {
                Mode::Exclusive => class.acquire(),
                Mode::Shared => class.acquire_shared(),
                Mode::Recursive => class.acquire_shared_recursive(),
            });
        });
        let kinds: Vec<_> = found.iter().map(nonblock::Violation::kind).collect();

        let all = [Mode::Exclusive, Mode::Shared, Mode::Recursive];
        let conflicting = if mode == Mode::Recursive { &all[..1] } else { &all[..] };
        if self.is_held(thing, conflicting) {
            assert_eq!(kinds, [ViolationKind::WaitForItself], "{found:#?}");
            return false;
        }
        let before = model.in_circles();
        let new = |&(from, held, _): &(usize, Mode, Acquired)| Edge {
            from,
            on: thing,
            from_shared: held != Mode::Exclusive,
            on_recursive: mode == Mode::Recursive,
        };
        let new: Vec<_> = self.held.iter().map(new).filter(|edge| edge.from != thing).collect();
        model.edges.extend(&new);
        if new.iter().any(|&edge| model.is_in_circle(edge)) {
            assert!(kinds.iter().all(|kind| *kind == ViolationKind::CircularWait), "{found:#?}");
            assert!(kinds.len() <= 1, "one wait is reported once: {found:#?}");
            let is_new = model.in_circles() != before;
            assert!(!is_new || !kinds.is_empty(), "a circle was missed: {new:?} in {model:#?}");
        } else {
            assert!(kinds.is_empty(), "a circle was invented: {found:#?} in {model:#?}");
        }
        // A wait that is reported is refused here, as its report is expected.
        assert_eq!(taken.is_some(), kinds.is_empty());
        self.held.extend(taken.map(|taken| (thing, mode, taken)));
        true
    }
}

/// A name that no other class has.
fn fresh() -> &'static str {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    String::leak(format!("thing {}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Runs the programs, each on a thread of its own, one after the other.
fn run(programs: &[Vec<Step>], things: &[Class]) {
    let mut model = Model::default();
    for program in programs {
        on_a_thread(|| {
            let mut thread = Thread::default();
            _ = program.iter().all(|&step| thread.step(things, &mut model, step));
        });
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..THINGS).prop_map(Step::Lock),
        2 => (0..THINGS).prop_map(Step::Read),
        2 => (0..THINGS).prop_map(Step::ReadAgain),
        1 => (0..THINGS).prop_map(Step::Try),
        1 => (0..THINGS).prop_map(Step::TryRead),
        5 => (0..THINGS).prop_map(Step::Release),
    ];
    prop::collection::vec(step, 1..30)
}

fn permutation() -> impl Strategy<Value = Vec<usize>> {
    Just((0..THINGS).collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    // The tables are for the whole process, so the cases share them.
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn things_of_several_classes(programs in prop::collection::vec(steps(), 2..=3)) {
        let classes: [Class; THINGS] = std::array::from_fn(|_| Class::new(fresh()));
        run(&programs, &classes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn things_of_one_class(programs in prop::collection::vec(steps(), 2..=3)) {
        let name = fresh();
        let objects: [Class; THINGS] = std::array::from_fn(|_| Class::new(name));
        run(&programs, &objects);
    }

    /// Hand over hand, along parts of one order, whatever that is: silent. And back: reported, once it has met two of them.
    #[test]
    fn walks_along_one_order(order in permutation(), parts in prop::collection::vec(any::<u8>(), 1..5)) {
        let name = fresh();
        let objects: [Class; THINGS] = std::array::from_fn(|_| Class::new(name));
        let walk = |things: Vec<usize>| on_a_thread(|| {
            let (mut found, mut held) = (Vec::new(), None);
            for thing in things {
                // The one before is held until this one is. A wait that is refused is none: it might have succeeded.
                let mut taken = None;
                found.extend(violations(|| taken = Some(objects[thing].acquire())));
                held = taken.or_else(|| Some(objects[thing].try_acquired()));
            }
            drop(held);
            found
        });
        for part in &parts {
            let found = walk(order.iter().copied().filter(|thing| part >> thing & 1 != 0).collect());
            prop_assert!(found.is_empty(), "{:#?}", found);
        }
        let found = walk(order.clone());
        prop_assert!(found.is_empty(), "{:#?}", found);
        let back = walk(order.iter().rev().copied().collect());
        prop_assert_eq!(back.len(), THINGS - 1);
    }
}
