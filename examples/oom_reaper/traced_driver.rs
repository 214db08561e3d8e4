//! A driver whose calls are traced: when its callback waits, and whether it refuses.

use std::sync::Arc;

use nonblock::{Context, NonBlock, Sleepable};
use nonblock_mm::mmu::{Invalidate, Range};
use userptr::Userptr;

use crate::timeline::elapsed;
use crate::trace::{self, TraceEvent};
use crate::wait_graph::{Edge, WaitGraph, thread_name};

/// A driver that adds an edge to the wait-for graph while its callback may wait for its table.
#[derive(Debug)]
pub(crate) struct TracedDriver {
    /// The driver.
    pub(crate) gpu: Userptr,
    /// The range that it mirrors.
    range: Range,
    number: usize,
    wait_graph: Arc<WaitGraph>,
}

impl TracedDriver {
    /// Makes a driver that mirrors a range.
    pub(crate) fn new(
        number: usize,
        range: Range,
        wait_graph: &Arc<WaitGraph>,
        cx: &mut Sleepable,
    ) -> Self {
        let gpu = Userptr::new(format!("gpu{number}"));
        gpu.map(range, cx);
        Self { gpu, range, number, wait_graph: Arc::clone(wait_graph) }
    }

    /// Returns its index among the drivers.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Returns the name of the lock that the callback needs.
    pub(crate) fn table(&self) -> String {
        format!("{}'s table", self.gpu.name())
    }
}

impl Invalidate for TracedDriver {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        // In a section the callback does not wait, so there is no edge to add.
        let edge = cx.as_sleepable().map(|cx| {
            let edge = Edge { thread: thread_name(), resource: self.table(), waits: true };
            self.wait_graph.add(&edge, cx);
            edge
        });
        let began = elapsed();
        let result = self.gpu.invalidate(range, cx);
        if edge.is_none() && range.overlaps(&self.range) {
            let refused = result.is_err();
            trace::record(TraceEvent::Called { driver: self.number, began, refused }, cx);
        }
        if let (Some(edge), Some(cx)) = (edge, cx.as_sleepable()) {
            self.wait_graph.remove(&edge, cx);
        }
        result
    }

    fn finish(&self, range: &Range, nb: &mut NonBlock) {
        self.gpu.finish(range, nb);
    }

    fn on_release(&self, cx: &mut Sleepable) {
        self.gpu.on_release(cx);
    }
}
