//! The job, which holds a driver's table while it waits for memory.

use std::time::Duration;

use nonblock::{Sleepable, thread};
use nonblock_mm::memory::Mapping;

use crate::limited_memory::{AllocateError, LimitedMemory};
use crate::timeline::{Mib, line};
use crate::trace::{self, TraceEvent};
use crate::traced_driver::TracedDriver;
use crate::wait_graph::{Edge, WaitGraph, thread_name};

/// The name of the resource that the job waits for.
pub(crate) const MEMORY: &str = "memory";

/// Takes the driver's table, and allocates memory while it holds the table.
pub(crate) fn run(
    driver: &TracedDriver,
    memory: &LimitedMemory,
    wanted: usize,
    wait_graph: &WaitGraph,
    cx: &mut Sleepable,
) -> Result<Mapping, AllocateError> {
    let thread = thread_name();
    driver.gpu.job(cx, |_table, cx| {
        let holds = Edge { thread: thread.clone(), resource: driver.table(), waits: false };
        let waits = Edge { thread: thread.clone(), resource: MEMORY.to_owned(), waits: true };
        wait_graph.add(&holds, cx);
        trace::record(TraceEvent::Holds(driver.number()), cx);
        line(&thread, format_args!("takes {}, and waits for {}", driver.table(), Mib(wanted)));
        wait_graph.add(&waits, cx);
        let allocated = memory.allocate(wanted, cx);
        wait_graph.remove(&waits, cx);
        match &allocated {
            Ok(_) => line(
                &thread,
                format_args!("has its {}, and lets go of {}", Mib(wanted), driver.table()),
            ),
            Err(error) => line(&thread, format_args!("{error}; lets go of {}", driver.table())),
        }
        wait_graph.remove(&holds, cx);
        trace::record(
            TraceEvent::LetsGo { driver: driver.number(), with_memory: allocated.is_ok() },
            cx,
        );
        allocated
    })
}

/// Waits until the job waits for memory.
pub(crate) fn until_it_waits(wait_graph: &WaitGraph, cx: &mut Sleepable) {
    while !wait_graph.waits_for(MEMORY, cx) {
        thread::sleep(cx, Duration::from_millis(1));
    }
}
