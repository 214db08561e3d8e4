//! The job: it holds a driver's table while it waits for memory.

use std::time::Duration;

use nonblock::{Sleepable, thread};
use nonblock_mm::memory::Mapping;

use crate::board::{Board, Note};
use crate::cast::{Watched, current};
use crate::machine::{AllocateError, Machine};
use crate::story::{self, What};
use crate::timeline::{Mib, line};

/// What the job waits for, by name.
pub(crate) const MEMORY: &str = "memory";

/// Takes the driver's table, and asks for memory with it in hand.
pub(crate) fn run(
    driver: &Watched,
    machine: &Machine,
    wanted: usize,
    board: &Board,
    cx: &mut Sleepable,
) -> Result<Mapping, AllocateError> {
    let actor = current();
    driver.gpu.job(cx, |_table, cx| {
        let holds = Note { actor: actor.clone(), resource: driver.table(), waits: false };
        let waits = Note { actor: actor.clone(), resource: MEMORY.to_owned(), waits: true };
        board.put(&holds, cx);
        story::tell(What::Holds(driver.number()), cx);
        line(&actor, format_args!("takes {}, and waits for {}", driver.table(), Mib(wanted)));
        board.put(&waits, cx);
        let allocated = machine.allocate(wanted, cx);
        board.take(&waits, cx);
        match &allocated {
            Ok(_) => line(
                &actor,
                format_args!("has its {}, and lets go of {}", Mib(wanted), driver.table()),
            ),
            Err(error) => line(&actor, format_args!("{error}; lets go of {}", driver.table())),
        }
        board.take(&holds, cx);
        story::tell(What::LetsGo { driver: driver.number(), with_memory: allocated.is_ok() }, cx);
        allocated
    })
}

/// Waits until the job is seen to wait for memory.
pub(crate) fn until_it_waits(board: &Board, cx: &mut Sleepable) {
    while !board.waits_for(MEMORY, cx) {
        thread::sleep(cx, Duration::from_millis(1));
    }
}
