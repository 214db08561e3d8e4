//! What was told of one part, in order, as what can be drawn. Times are in milliseconds from the part's beginning.

use crate::story::{Entry, What};

use super::Scene;

/// A time from and to.
pub(super) type Span = (f64, f64);

/// What happened in a part.
#[derive(Debug, Default)]
pub(super) struct Act {
    /// How long it is drawn, with air at the right, so that what comes last is seen to be over.
    pub(super) length: f64,
    /// How long it lasted.
    pub(super) end: f64,
    /// When the job held the first driver's table.
    pub(super) held: Option<Span>,
    /// Whether it got its memory.
    pub(super) with_memory: bool,
    /// When the killer waited for the table.
    pub(super) waited: Option<Span>,
    /// When the deadlock was seen.
    pub(super) deadlock: Option<f64>,
    /// The reaper's tries.
    pub(super) tries: Vec<Span>,
    /// How long it waits after each, in milliseconds.
    pub(super) rests: Vec<f64>,
    /// The calls of drivers in sections: which one, when, and whether it refused.
    pub(super) calls: Vec<(usize, Span, bool)>,
    /// Which driver's part was taken when, and in which try.
    pub(super) taken: Vec<(usize, f64, usize)>,
    /// How many bytes were resident when.
    pub(super) resident: Vec<(f64, usize)>,
}

impl Act {
    /// Reads a part out of what was told.
    pub(super) fn read(number: u32, story: &[Entry], scene: &Scene) -> Self {
        let mut act = Self::default();
        let from = story.iter().position(|entry| entry.what == What::Act(number));
        let Some(from) = from else { return Self { length: 1.0, ..act } };
        let began = story[from].at;
        let millis = |at: std::time::Duration| at.saturating_sub(began).as_secs_f64() * 1000.0;
        for entry in &story[from..] {
            let at = millis(entry.at);
            act.end = at.max(1.0);
            match entry.what {
                What::End => break,
                What::Act(_) => {}
                What::Holds(_) => act.held = Some((at, f64::INFINITY)),
                What::LetsGo { with_memory, .. } => {
                    end(&mut act.held, at);
                    act.with_memory = with_memory;
                }
                What::Waits(_) => act.waited = Some((at, f64::INFINITY)),
                What::Returns(_) => end(&mut act.waited, at),
                What::Deadlock => act.deadlock = Some(at),
                What::Called { driver, began, refused } => {
                    act.calls.push((driver, (millis(began), at), refused));
                }
                What::Tries(_) => act.tries.push((at, f64::INFINITY)),
                What::Rests(time) => {
                    act.rests.push(time.as_secs_f64() * 1000.0);
                    act.end_try(at);
                }
                What::Done => act.end_try(at),
                What::Taken(range) => {
                    let driver = scene.ranges.iter().position(|other| *other == range);
                    act.taken.extend(driver.map(|driver| (driver, at, act.tries.len())));
                }
                What::Resident(bytes) => act.resident.push((at, bytes)),
            }
        }
        let air = if act.tries.is_empty() { 0.06 } else { 0.16 };
        act.length = act.end * (1.0 + air);
        act
    }

    fn end_try(&mut self, at: f64) {
        if let Some(last) = self.tries.last_mut() {
            last.1 = at;
        }
    }

    /// How many bytes were resident at a time: what was seen last before it.
    pub(super) fn resident_at(&self, time: f64) -> Option<usize> {
        let before = self.resident.iter().take_while(|(at, _)| *at <= time);
        before.last().map(|(_, bytes)| *bytes)
    }
}

fn end(span: &mut Option<Span>, at: f64) {
    if let Some(span) = span {
        span.1 = at;
    }
}
