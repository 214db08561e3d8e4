//! The cast: a victim, the drivers that mirror it, and what a driver shows while it is called.

use std::error::Error;
use std::sync::Arc;

use nonblock::{Context, NonBlock, Sleepable};
use nonblock_mm::memory::Mm;
use nonblock_mm::mmu::{Invalidate, Range, Subscription};
use userptr::Userptr;

use crate::args::{Args, MIB};
use crate::board::{Board, Note};
use crate::story::{self, What};
use crate::timeline::elapsed;

/// What can go wrong on the way, outside the play.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A driver that shows on the board when its callback may wait for its table.
#[derive(Debug)]
pub(crate) struct Watched {
    /// The driver.
    pub(crate) gpu: Userptr,
    /// What it mirrors.
    range: Range,
    number: usize,
    board: Arc<Board>,
}

impl Watched {
    /// Returns its place among the drivers.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Returns the name of the lock that the callback needs.
    pub(crate) fn table(&self) -> String {
        format!("{}'s table", self.gpu.name())
    }
}

impl Invalidate for Watched {
    fn invalidate<C: Context>(&self, range: &Range, cx: &mut C) -> Result<(), C::Refusal> {
        // In a section the callback waits for nothing, so there is nothing to show.
        let note = cx.as_sleepable().map(|cx| {
            let note = Note { actor: current(), resource: self.table(), waits: true };
            self.board.put(&note, cx);
            note
        });
        let began = elapsed();
        let result = self.gpu.invalidate(range, cx);
        if note.is_none() && range.overlaps(&self.range) {
            let refused = result.is_err();
            story::tell(What::Called { driver: self.number, began, refused }, cx);
        }
        if let (Some(note), Some(cx)) = (note, cx.as_sleepable()) {
            self.board.take(&note, cx);
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

/// Returns the name of the running thread.
pub(crate) fn current() -> String {
    std::thread::current().name().unwrap_or("unnamed").to_owned()
}

/// A victim with its memory touched, and one driver for each part of it.
#[derive(Debug)]
pub(crate) struct Cast {
    /// The victim's memory.
    pub(crate) victim: Arc<Mm>,
    /// Its parts.
    pub(crate) ranges: Vec<Range>,
    /// The driver that mirrors each part.
    pub(crate) drivers: Vec<Arc<Watched>>,
    /// Who waits for whom.
    pub(crate) board: Arc<Board>,
    subscriptions: Vec<Subscription>,
}

impl Cast {
    /// Maps and touches the victim's memory, and lets each driver mirror its part.
    pub(crate) fn assemble(args: &Args, cx: &mut Sleepable) -> Result<Self, Failure> {
        let victim = Arc::new(Mm::new());
        let board = Arc::new(Board::default());
        let mut cast = Self {
            victim: Arc::clone(&victim),
            ranges: Vec::new(),
            drivers: Vec::new(),
            board: Arc::clone(&board),
            subscriptions: Vec::new(),
        };
        for (number, bytes) in shares(args.size, args.drivers).enumerate() {
            let range = victim.map(bytes, cx)?;
            victim.touch(&range, cx)?;
            let gpu = Userptr::new(format!("gpu{number}"));
            gpu.map(range, cx);
            let driver = Arc::new(Watched { gpu, range, number, board: Arc::clone(&board) });
            cast.subscriptions.push(victim.space().subscribe(driver.clone(), cx)?);
            cast.ranges.push(range);
            cast.drivers.push(driver);
        }
        Ok(cast)
    }

    /// Ends the subscriptions.
    pub(crate) fn dismiss(self, cx: &mut Sleepable) {
        for subscription in self.subscriptions {
            subscription.unsubscribe(cx);
        }
    }
}

/// Divides a size into parts of whole pages, as equal as can be.
fn shares(size: usize, parts: usize) -> impl Iterator<Item = usize> {
    // A granule that is a whole number of pages on every machine.
    const GRANULE: usize = MIB / 16;
    let granules = size / GRANULE;
    (0..parts).map(move |part| (granules * (part + 1) / parts - granules * part / parts) * GRANULE)
}
