//! What happened in one part, read from the trace. Times are in milliseconds from the part's beginning.

use crate::trace::{TraceEntry, TraceEvent};

use super::Scene;

/// A span of time: its beginning and its end.
pub(super) type Span = (f64, f64);

/// What happened in a part.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The length that is drawn, with a margin at the right, so that the end of the last event can be seen.
    pub(super) length: f64,
    /// How long the part lasted.
    pub(super) end: f64,
    /// When the job held the first driver's table.
    pub(super) held: Option<Span>,
    /// Whether the job got its memory.
    pub(super) with_memory: bool,
    /// When the killer waited for the table.
    pub(super) waited: Option<Span>,
    /// When the deadlock was seen.
    pub(super) deadlock: Option<f64>,
    /// The reaper's tries.
    pub(super) tries: Vec<Span>,
    /// How long the reaper waits after each try, in milliseconds.
    pub(super) rests: Vec<f64>,
    /// The calls of drivers in sections: the driver, the time, and whether it refused.
    pub(super) calls: Vec<(usize, Span, bool)>,
    /// The parts that were taken: the driver, the time, and the number of the try.
    pub(super) taken: Vec<(usize, f64, usize)>,
    /// How many bytes were resident at which time.
    pub(super) resident: Vec<(f64, usize)>,
}

impl Part {
    /// Reads a part from the trace.
    pub(super) fn read(number: u32, trace: &[TraceEntry], scene: &Scene) -> Self {
        let mut part = Self::default();
        let from = trace.iter().position(|entry| entry.event == TraceEvent::PartBegins(number));
        let Some(from) = from else { return Self { length: 1.0, ..part } };
        let began = trace[from].at;
        let millis = |at: std::time::Duration| at.saturating_sub(began).as_secs_f64() * 1000.0;
        for entry in &trace[from..] {
            let at = millis(entry.at);
            part.end = at.max(1.0);
            match entry.event {
                TraceEvent::PartEnds => break,
                TraceEvent::PartBegins(_) => {}
                TraceEvent::Holds(_) => part.held = Some((at, f64::INFINITY)),
                TraceEvent::LetsGo { with_memory, .. } => {
                    end(&mut part.held, at);
                    part.with_memory = with_memory;
                }
                TraceEvent::Waits(_) => part.waited = Some((at, f64::INFINITY)),
                TraceEvent::Returns(_) => end(&mut part.waited, at),
                TraceEvent::Deadlock => part.deadlock = Some(at),
                TraceEvent::Called { driver, began, refused } => {
                    part.calls.push((driver, (millis(began), at), refused));
                }
                TraceEvent::Tries(_) => part.tries.push((at, f64::INFINITY)),
                TraceEvent::Rests(time) => {
                    part.rests.push(time.as_secs_f64() * 1000.0);
                    part.end_try(at);
                }
                TraceEvent::Done => part.end_try(at),
                TraceEvent::Taken(range) => {
                    let driver = scene.ranges.iter().position(|other| *other == range);
                    part.taken.extend(driver.map(|driver| (driver, at, part.tries.len())));
                }
                TraceEvent::Resident(bytes) => part.resident.push((at, bytes)),
            }
        }
        let margin = if part.tries.is_empty() { 0.06 } else { 0.16 };
        part.length = part.end * (1.0 + margin);
        part
    }

    fn end_try(&mut self, at: f64) {
        if let Some(last) = self.tries.last_mut() {
            last.1 = at;
        }
    }

    /// Returns how many bytes were resident at a time: the last value before it.
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
