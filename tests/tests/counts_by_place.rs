//! The table of places where one thread loses its processor while it claims a slot: no place is listed twice.
//!
//! The table is compiled here a second time, over cells of the test, in which another thread seems to take its time.

// The table names the plain data of violations by its path in the library.
mod violation {
    pub(crate) use nonblock::{Place, ViolationKind};
}

mod primitive {
    pub(crate) use std::sync::atomic::{AtomicUsize, Ordering};
}

/// Cells that are claimed as those of the library are.
mod once_cell {
    use std::cell::Cell;
    use std::sync::Mutex;

    thread_local! {
        /// How many of the next claims of empty cells fail: another thread claims them for the same value, and takes its
        /// time.
        pub(crate) static OTHERS: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) struct OnceCell<T>(Mutex<Option<T>>);

    impl<T: Copy> OnceCell<T> {
        pub(crate) const fn empty() -> Self {
            Self(Mutex::new(None))
        }

        pub(crate) fn get(&self) -> Option<T> {
            *self.0.lock().unwrap()
        }

        pub(crate) fn get_or_set(&self, value: T) -> Option<T> {
            let mut cell = self.0.lock().unwrap();
            if cell.is_some() || OTHERS.get() == 0 {
                return Some(*cell.get_or_insert(value));
            }
            OTHERS.set(OTHERS.get() - 1);
            *cell = Some(value);
            None
        }
    }
}

#[path = "../../nonblock/src/report"]
mod report {
    #![allow(
        dead_code,
        unexpected_cfgs,
        unreachable_pub,
        clippy::unnecessary_wraps,
        reason = "parts of the library, without the rest of it"
    )]

    mod counter;
    mod counts_by_place;

    use std::panic::Location;

    use counts_by_place::VIOLATIONS;
    use nonblock::Place;
    use nonblock::ViolationKind::{NotInNonBlock, SleepInNonBlock};

    use crate::once_cell;

    #[track_caller]
    fn here() -> Place {
        Place::from(Location::caller())
    }

    // The table is one for all tests: each has places of its own.
    fn listed(place: Place) -> Vec<(nonblock::ViolationKind, usize)> {
        let here = VIOLATIONS.iter().filter(|(key, _)| key.place == place);
        here.map(|(key, count)| (key.what, count)).collect()
    }

    #[test]
    fn a_place_that_was_passed_over_is_listed_once() {
        let place = here();
        once_cell::OTHERS.set(2);
        // The first two slots are being claimed by others, for this very place.
        assert_eq!(VIOLATIONS.count(SleepInNonBlock, place), 1);
        assert_eq!(once_cell::OTHERS.get(), 0);
        // The others are done, and count as well; so does who comes later.
        assert_eq!(VIOLATIONS.count(SleepInNonBlock, place), 1);
        assert_eq!(VIOLATIONS.count(SleepInNonBlock, place), 2);
        assert_eq!(listed(place), [(SleepInNonBlock, 3)]);
    }

    #[test]
    fn only_the_same_rule_at_the_same_place_is_one_site() {
        let place = here();
        once_cell::OTHERS.set(1);
        VIOLATIONS.count(SleepInNonBlock, place);
        VIOLATIONS.count(NotInNonBlock, place);
        let mut listed = listed(place);
        listed.sort_unstable();
        assert_eq!(listed, [(SleepInNonBlock, 1), (NotInNonBlock, 1)]);
    }
}
