//! In which order objects of one class were taken, by one thread, while it held others of that class.
//!
//! A dependency of a class on itself says nothing: a list may be walked hand over hand, and accounts be locked in the order of their
//! numbers. So such objects are told apart. Each has a number of its own, which no other object gets.
//!
//! Objects come and go, so what is remembered has a limit: the latest orders stay, some of those before are forgotten.

use super::dependencies::{Mode, Sort, Waiter};
use super::tables::Hash;
use crate::primitive::{AtomicU64, AtomicUsize, OBJECT_ORDER_GROUPS as GROUPS, Ordering};
use crate::violation::DependencyKind;

/// How many orders are in a group.
const GROUP: usize = 8;

/// How many groups an object's orders may be in.
const PROBES: usize = 4;

/// How many objects a search looks at.
const MAX_SEARCH: usize = 128;

/// One order: the number of the object that was held, that of the one that was wanted, and how both.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Order(u64);

impl Order {
    const EMPTY: u64 = 0;
    const NUMBER: u64 = (1 << 30) - 1;

    fn new(held: (u32, Mode), wanted: (u32, Mode)) -> Self {
        let modes = Sort::new(DependencyKind::Held, held.1, wanted.1).modes();
        Self(
            (u64::from(held.0) & Self::NUMBER) << 34
                | (u64::from(wanted.0) & Self::NUMBER) << 4
                | u64::from(modes),
        )
    }

    const fn held(self) -> u32 {
        (self.0 >> 34) as u32
    }

    const fn wanted(self) -> u32 {
        ((self.0 >> 4) & Self::NUMBER) as u32
    }

    const fn sort(self) -> Sort {
        Sort::from_modes((self.0 & 15) as u8)
    }
}

/// The orders of objects.
pub(super) struct ObjectOrder {
    orders: [[AtomicU64; GROUP]; GROUPS],
    /// Which is overwritten next where there is no room.
    victim: AtomicUsize,
}

impl ObjectOrder {
    #[expect(clippy::large_stack_arrays, reason = "it is for a static alone")]
    pub(super) const fn new() -> Self {
        Self {
            orders: [const { [const { AtomicU64::new(Order::EMPTY) }; GROUP] }; GROUPS],
            victim: AtomicUsize::new(0),
        }
    }

    fn slots(&self, held: u32) -> impl Iterator<Item = &AtomicU64> {
        let places = Hash::of(u64::from(held)).places(GROUPS).take(PROBES);
        places.filter_map(|group| self.orders.get(group)).flatten()
    }

    /// Notes an order. Returns whether it is new, and its reverse follows from others.
    pub(super) fn see(&self, held: (u32, Mode), wanted: (u32, Mode)) -> bool {
        let new = Order::new(held, wanted);
        let mut slots = self.slots(new.held());
        let placed = slots.find_map(|slot| match slot.load(Ordering::SeqCst) {
            known if known == new.0 => Some(false),
            Order::EMPTY => {
                match slot.compare_exchange(Order::EMPTY, new.0, Ordering::SeqCst, Ordering::SeqCst)
                {
                    Ok(_) => Some(true),
                    Err(known) if known == new.0 => Some(false),
                    Err(_) => None,
                }
            }
            _ => None,
        });
        match placed {
            Some(false) => return false,
            Some(true) => {}
            None => {
                let victim = self.victim.fetch_add(1, Ordering::Relaxed) % (PROBES * GROUP);
                if let Some(slot) = self.slots(new.held()).nth(victim) {
                    slot.store(new.0, Ordering::SeqCst);
                }
            }
        }
        self.leads_back(new)
    }

    /// Whether a strong path of orders leads from what was wanted to what was held.
    fn leads_back(&self, new: Order) -> bool {
        let mut found = [(0, Waiter::Any); MAX_SEARCH];
        let mut len = 1;
        found[0] = (new.wanted(), new.sort().waiter());
        let mut at = 0;
        while at < len {
            let (object, waiter) = found[at];
            at += 1;
            for slot in self.slots(object) {
                let order = Order(slot.load(Ordering::SeqCst));
                let goes_on = order.0 != Order::EMPTY
                    && order.held() == object
                    && order.sort().holds_up(waiter);
                if !goes_on {
                    continue;
                }
                let waiter = order.sort().waiter();
                if order.wanted() == new.held() && new.sort().holds_up(waiter) {
                    return true;
                }
                let next = (order.wanted(), waiter);
                let is_seen = found[..len].iter().any(|&(object, was)| {
                    object == next.0 && (was == Waiter::Any || was == waiter)
                });
                if !is_seen && len < MAX_SEARCH {
                    found[len] = next;
                    len += 1;
                }
            }
        }
        false
    }
}
