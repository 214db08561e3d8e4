//! Looking up who is subscribed to a range, and changing that, against the kept crates of interval trees.

use std::hint::black_box;
use std::ops;
use std::sync::Arc;

use benches::{Goal, Group, Plan, each};
use coitrees::{COITree, IntervalTree as _};
use interavl::IntervalTree;
use iset::IntervalMap;
use nonblock::{Context, Sleepable};
use nonblock_mm::mmu::{AddressSpace, IntervalSubscription, InvalidateInterval, PAGE_SIZE, Range};
use rust_lapper::Lapper;

const OURS: &str = "nonblock's intervals";
const ISET: &str = "iset";
const INTERAVL: &str = "interavl";
const LAPPER: &str = "rust-lapper";
const COITREES: &str = "coitrees (cannot insert)";
const SUPER: &str = "superintervals (cannot insert)";

/// How many intervals there are.
const SIZES: [u64; 4] = [10, 1_000, 100_000, 1_000_000];

/// How many intervals the linear rival is tried with: at a million, one look-up of its takes 27 ms, and the curve an hour.
const LINEAR_UP_TO: u64 = 1_000;

/// How many look-ups are made before they begin again. A power of two.
const QUERIES: usize = 4096;

pub(crate) fn plan(plan: &mut Plan) {
    plan.curve("intervals", "Looking a range up among intervals", "subscriptions", &SIZES, queries);
    plan.curve(
        "intervals_mixed",
        "Eight ranges looked up, an interval taken out and another put in",
        "subscriptions",
        &SIZES[..3],
        mixed,
    );
}

/// Intervals of 1 to 64 pages, in so many times 16 pages: four of them meet a range of 4 pages, or five.
struct Data {
    random: fastrand::Rng,
    size: u64,
}

impl Data {
    fn new(size: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(0x1a7e), size }
    }

    fn interval(&mut self) -> ops::Range<usize> {
        let pages = self.random.usize(1..=64);
        self.of(pages)
    }

    fn query(&mut self) -> ops::Range<usize> {
        self.of(4)
    }

    fn of(&mut self, pages: usize) -> ops::Range<usize> {
        let first = self.random.u64(0..self.size * 8);
        let first = usize::try_from(first).expect("it is small");
        first..first + pages
    }

    /// Distinct ones, since not every crate has room for two that are the same.
    fn intervals(&mut self) -> Vec<ops::Range<usize>> {
        let mut all = std::collections::BTreeSet::new();
        let mut list = Vec::new();
        while list.len() as u64 != self.size {
            let interval = self.interval();
            if all.insert((interval.start, interval.end)) {
                list.push(interval);
            }
        }
        list
    }

    fn queries(&mut self) -> Vec<ops::Range<usize>> {
        (0..QUERIES).map(|_| self.query()).collect()
    }
}

/// One after the other, and over again.
struct Turns<T> {
    list: Vec<T>,
    next: usize,
}

impl<T> Turns<T> {
    fn new(list: Vec<T>) -> Self {
        assert_eq!(list.len(), QUERIES);
        Self { list, next: 0 }
    }

    #[inline]
    fn next(&mut self) -> &T {
        self.next = (self.next + 1) % QUERIES;
        &self.list[self.next]
    }
}

/// The intervals, the look-ups, and what replaces an interval.
fn data(size: u64) -> (Vec<ops::Range<usize>>, Turns<ops::Range<usize>>, Data) {
    let mut data = Data::new(size);
    (data.intervals(), Turns::new(data.queries()), data)
}

struct Driver;

impl InvalidateInterval for Driver {
    fn invalidate_interval<C: Context>(&self, _: &Range, _: &mut C) -> Result<(), C::Refusal> {
        Ok(())
    }
}

fn pages(pages: &ops::Range<usize>) -> Range {
    Range::new(pages.start * PAGE_SIZE, pages.end * PAGE_SIZE).expect("it is aligned")
}

fn subscribe(
    space: &AddressSpace,
    driver: &Arc<Driver>,
    interval: &ops::Range<usize>,
    cx: &mut Sleepable,
) -> IntervalSubscription {
    space.subscribe_interval(pages(interval), driver.clone(), cx).expect("it is live")
}

fn space(
    intervals: &[ops::Range<usize>],
) -> (AddressSpace, Arc<Driver>, Vec<IntervalSubscription>) {
    let (space, driver) = (AddressSpace::new(), Arc::new(Driver));
    let subscriptions = nonblock::raw::sleepable(|cx| {
        intervals.iter().map(|interval| subscribe(&space, &driver, interval, cx)).collect()
    });
    (space, driver, subscriptions)
}

fn iset_of(intervals: &[ops::Range<usize>]) -> IntervalMap<usize, u64> {
    let mut map = IntervalMap::new();
    for (interval, value) in intervals.iter().zip(0..) {
        map.insert(interval.clone(), value);
    }
    map
}

fn interavl_of(intervals: &[ops::Range<usize>]) -> IntervalTree<usize, u64> {
    let mut tree = IntervalTree::default();
    for (interval, value) in intervals.iter().zip(0..) {
        tree.insert(interval.clone(), value);
    }
    tree
}

fn lapper_of(intervals: &[ops::Range<usize>]) -> Lapper<usize, u64> {
    let interval = |(interval, value): (&ops::Range<usize>, u64)| rust_lapper::Interval {
        start: interval.start,
        stop: interval.end,
        val: value,
    };
    Lapper::new(intervals.iter().zip(0..).map(interval).collect())
}

/// As what cannot hold more wants it: with 32 bits, and the last page instead of the one behind it.
fn closed(pages: &ops::Range<usize>) -> (i32, i32) {
    let page = |page: usize| i32::try_from(page).expect("it is small");
    (page(pages.start), page(pages.end - 1))
}

fn queries(size: u64, group: &mut Group) {
    group.about(
        "How many intervals meet a range of four pages: four or five, as a rule. Ours is the whole of \
         `AddressSpace::interval_subscriptions`, which pins the tree and would be right beside any number of changes; the \
         others are plain structures that one thread has to itself.",
    );
    group.ours(OURS, move || {
        let (intervals, turns, _) = data(size);
        let (space, _, subscriptions) = space(&intervals);
        let mut ranges = Turns::new(turns.list.iter().map(pages).collect());
        each(move || {
            let _ = &subscriptions;
            black_box(space.interval_subscriptions(ranges.next()));
        })
    });
    group.rival(ISET, move || {
        let (intervals, mut turns, _) = data(size);
        let map = iset_of(&intervals);
        each(move || {
            black_box(map.values(turns.next().clone()).count());
        })
    });
    if size <= LINEAR_UP_TO {
        group.rival(INTERAVL, move || {
            let (intervals, mut turns, _) = data(size);
            let tree = interavl_of(&intervals);
            each(move || {
                black_box(tree.iter_overlaps(turns.next()).count());
            })
        });
    }
    group.rival(LAPPER, move || {
        let (intervals, mut turns, _) = data(size);
        let lapper = lapper_of(&intervals);
        each(move || {
            let query = turns.next();
            black_box(lapper.find(query.start, query.end).count());
        })
    });
    group.rival(COITREES, move || {
        let (intervals, turns, _) = data(size);
        let interval = |pages: &ops::Range<usize>| {
            let (first, last) = closed(pages);
            coitrees::Interval::new(first, last, 0_u64)
        };
        let nodes: Vec<_> = intervals.iter().map(interval).collect();
        let tree: COITree<u64, usize> = COITree::new(&nodes);
        let mut turns = Turns::new(turns.list.iter().map(closed).collect());
        each(move || {
            let (first, last) = *turns.next();
            let mut count = 0;
            tree.query(first, last, |_| count += 1);
            black_box(count);
        })
    });
    group.rival(SUPER, move || {
        let (intervals, turns, _) = data(size);
        let mut map = superintervals::IntervalMap::new();
        for (interval, value) in intervals.iter().zip(0_u64..) {
            let (first, last) = closed(interval);
            map.add(first, last, value);
        }
        map.build();
        let mut turns = Turns::new(turns.list.iter().map(closed).collect());
        each(move || {
            let (first, last) = *turns.next();
            black_box(map.count(first, last));
        })
    });
    if !nonblock::CHECKS {
        group.goal(Goal::at_most(1.0, OURS, ISET));
        if size <= LINEAR_UP_TO {
            group.goal(Goal::at_most(1.0, OURS, INTERAVL));
        }
        let goal = Goal::at_most(1.0, OURS, LAPPER);
        group.goal(if size < 100_000 {
            goal
        } else {
            goal.cause(
                "the translation of addresses. rust-lapper keeps one sorted array (to insert, it moves half of it). Ours is a tree whose \
                 nodes lie all over the heap, so nearly each node of a look-up is in a page of memory whose place the processor has to \
                 look up as well, in two tables where the machine is virtual. With pages of 2 MB \
                 (`GLIBC_TUNABLES=glibc.malloc.hugetlb=1`), ours took 0.77 times rust-lapper's time with 100,000 subscriptions and \
                 1.21 times with 1,000,000, where it took 1.7 and 2.2 times without",
            )
        });
    }
}

/// Of what holds intervals: looks a range up; puts one in; takes one out.
fn mixture<S>(
    size: u64,
    make: impl Fn(&[ops::Range<usize>]) -> S,
    look_up: impl Fn(&S, &ops::Range<usize>) -> usize,
    replace: impl Fn(&mut S, usize, ops::Range<usize>, ops::Range<usize>),
) -> impl FnMut(u64) -> std::time::Duration {
    let (mut intervals, mut turns, mut data) = data(size);
    let mut set = make(&intervals);
    each(move || {
        for _ in 0..8 {
            black_box(look_up(&set, turns.next()));
        }
        let place = data.random.usize(..intervals.len());
        let new = data.interval();
        let old = std::mem::replace(&mut intervals[place], new.clone());
        replace(&mut set, place, old, new);
    })
}

fn mixed(size: u64, group: &mut Group) {
    group.about(
        "What can insert, but for rust-lapper, which cannot take out. Ours makes a new tree of the old one each time, which \
         shares what it can, so that those who look it up meanwhile are not stopped; it allocates a subscription and waits for \
         nobody (the old one is dropped).",
    );
    group.ours(OURS, move || {
        mixture(
            size,
            |intervals| {
                let (space, driver, subscriptions) = space(intervals);
                (space, driver, subscriptions)
            },
            |(space, _, _), query| space.interval_subscriptions(&pages(query)),
            |(space, driver, subscriptions), place, _, new| {
                subscriptions[place] =
                    nonblock::raw::sleepable(|cx| subscribe(space, driver, &new, cx));
            },
        )
    });
    group.rival(ISET, move || {
        mixture(
            size,
            iset_of,
            |map, query| map.values(query.clone()).count(),
            |map, place, old, new| {
                map.remove(old);
                map.insert(new, place as u64);
            },
        )
    });
    if size > LINEAR_UP_TO {
        return;
    }
    group.rival(INTERAVL, move || {
        mixture(
            size,
            interavl_of,
            |tree, query| tree.iter_overlaps(query).count(),
            |tree, place, old, new| {
                tree.remove(&old);
                tree.insert(new, place as u64);
            },
        )
    });
}
