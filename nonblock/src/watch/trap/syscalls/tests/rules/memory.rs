//! Cases in which what the arguments point to decides.

use std::vec::Vec;

use super::world::operations;
use super::{ADDRESS, Case, ZERO_TIME};

/// A time that is not zero.
const SOME_TIME: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];

/// The cases in which the call's memory decides.
pub(super) fn by_memory() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (name, index) in [
        ("ppoll", 2),
        ("select", 4),
        ("pselect6", 4),
        ("epoll_pwait2", 3),
        ("rt_sigtimedwait", 2),
        ("mq_timedsend", 4),
        ("mq_timedreceive", 4),
        ("io_getevents", 4),
        ("io_pgetevents", 4),
    ] {
        let at = |address| {
            let mut arguments = [1; 6];
            arguments[index] = address;
            arguments.to_vec()
        };
        cases.push((name, at(ADDRESS), ZERO_TIME.into(), false));
        cases.push((name, at(ADDRESS), SOME_TIME.into(), true));
        cases.push((name, at(0), ZERO_TIME.into(), true));
        cases.push((name, at(ADDRESS + 1), ZERO_TIME.into(), true));
        cases.push((name, at(usize::MAX), ZERO_TIME.into(), true));
    }
    let nowait = libc::IPC_NOWAIT;
    for name in ["semop", "semtimedop"] {
        cases.push((name, [1, ADDRESS, 2].into(), operations([nowait, nowait]), false));
        cases.push((name, [1, ADDRESS, 2].into(), operations([nowait, 0]), true));
        cases.push((name, [1, ADDRESS, 1].into(), operations([nowait, 0]), false));
        cases.push((name, [1, ADDRESS, 1].into(), operations([0, nowait]), true));
        cases.push((name, [1, ADDRESS, 3].into(), operations([nowait, nowait]), true));
        cases.push((name, [1, ADDRESS, usize::MAX].into(), operations([nowait, nowait]), true));
        cases.push((name, [1, 0, 1].into(), operations([nowait, nowait]), true));
    }
    for (name, given) in [("adjtimex", [ADDRESS, 0]), ("clock_adjtime", [0, ADDRESS])] {
        cases.push((name, given.into(), ZERO_TIME.into(), false));
        cases.push((name, given.into(), [1, 0, 0, 0].into(), true));
        cases.push((name, given.into(), [0, 0].into(), true));
    }
    cases.push(("clock_adjtime", [usize::MAX << 3 | 3, ADDRESS].into(), ZERO_TIME.into(), true));
    cases
}
