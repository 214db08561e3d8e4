//! The drivers' lanes, and the row of tries above them.

use super::canvas::{
    AMBER, Anchor, BLUE, Canvas, DARK_AMBER, INK, LANE, LIGHT_BLUE, MUTED, NORMAL, RED, SMALL,
    STRIPES, width_of,
};
use super::part::Part;
use super::{Panel, TRIES_TOP};

/// The height of the first driver's lane, which has a row for the job and one for the threads that want the table.
const FIRST: f64 = 76.0;
/// The height of each other lane: if there are few lanes, and if there are many.
const OTHER: [f64; 2] = [22.0, 13.0];
/// Up to how many lanes are few.
const FEW: usize = 24;
/// The gap between two lanes.
const GAP: f64 = 3.0;

/// The top and bottom of each lane.
pub(super) struct Layout(Vec<(f64, f64)>);

impl Layout {
    pub(super) fn new(top: f64, drivers: usize) -> Self {
        let mut top = top;
        let other = OTHER[usize::from(drivers > FEW)];
        let lanes = (0..drivers).map(|driver| {
            let lane = (top, top + if driver == 0 { FIRST } else { other });
            top = lane.1 + GAP;
            lane
        });
        Self(lanes.collect())
    }

    pub(super) fn bottom(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, bottom)| *bottom)
    }

    /// Writes the drivers' names to the left of the lanes.
    pub(super) fn draw_names(&self, canvas: &mut Canvas, right: f64) {
        for (driver, (top, bottom)) in self.0.iter().enumerate() {
            let y = f64::midpoint(*top, *bottom) + 4.5;
            canvas.text(right - 12.0, y, NORMAL, INK, Anchor::End, &format!("gpu{driver}"));
        }
    }

    /// Draws what happened in the lanes in a part.
    pub(super) fn draw(&self, canvas: &mut Canvas, panel: &Panel, part: &Part, bottom: f64) {
        for lane in &self.0 {
            canvas.bar((panel.left, panel.right), *lane, LANE, None);
        }
        draw_tries(canvas, panel, part, bottom);
        if let Some(at) = part.deadlock {
            let x = panel.at(at);
            canvas.line((x, TRIES_TOP + 18.0), (x, self.bottom()), RED, 1.4, Some("4 3"));
            canvas.text(x + 4.0, TRIES_TOP + 13.0, SMALL, RED, Anchor::End, "seen: a deadlock");
        }
        if part.tries.is_empty()
            && let Some((top, bottom)) = self.0.get(1)
        {
            let y = f64::midpoint(*top, *bottom) + 4.0;
            let text = "nobody gets to ask the others";
            canvas.text(panel.left + 8.0, y, SMALL, MUTED, Anchor::Start, text);
        }
        for (driver, (began, ended), _) in &part.calls {
            let (top, bottom) = self.0[*driver];
            let from = panel.at(*began);
            let top = if *driver == 0 { top + 42.0 } else { top };
            canvas.bar((from, panel.at(*ended)), (top, bottom), BLUE, None);
        }
        if let Some((top, _)) = self.0.first() {
            draw_job(canvas, panel, part, *top);
            draw_waiters(canvas, panel, part, *top);
        }
        for (driver, at, attempt) in &part.taken {
            let (top, bottom) = self.0[*driver];
            let y = if *driver == 0 { top + 58.0 } else { f64::midpoint(top, bottom) };
            let x = panel.at(*at) + 12.0;
            canvas.check_mark(x, y);
            let how = if *attempt == 1 { "taken at once" } else { "taken" };
            let behind = x + 12.0;
            if behind + width_of(how, SMALL) <= panel.right {
                canvas.text(behind, y + 4.0, SMALL, INK, Anchor::Start, how);
            } else if let Some((_, (began, _), _)) =
                part.calls.iter().find(|(called, _, refused)| called == driver && !refused)
                && *driver > 0
            {
                let before = panel.at(*began) - 6.0;
                canvas.text(before, y + 4.0, SMALL, INK, Anchor::End, how);
            }
        }
    }
}

/// Draws the bands of the tries, with their numbers above where there is room.
fn draw_tries(canvas: &mut Canvas, panel: &Panel, part: &Part, bottom: f64) {
    let mut free_from = panel.left;
    for (index, (began, ended)) in part.tries.iter().enumerate() {
        let (left, right) = (panel.at(*began), panel.at(ended.min(part.length)));
        canvas.bar(
            (left - 2.0, right.max(left + 3.0) + 2.0),
            (TRIES_TOP + 18.0, bottom),
            LIGHT_BLUE,
            None,
        );
        let text = format!("try {}", index + 1);
        let x = (left - 2.0).max(panel.left);
        if x >= free_from && x + 46.0 <= panel.right + 20.0 {
            canvas.text(x, TRIES_TOP + 13.0, SMALL, BLUE, Anchor::Start, &text);
            free_from = x + 52.0;
        }
    }
}

/// Draws the job, which holds the first driver's table.
fn draw_job(canvas: &mut Canvas, panel: &Panel, part: &Part, top: f64) {
    let Some((from, to)) = part.held else { return };
    let (left, right) = (panel.at(from), panel.at(to.min(part.length)));
    let rows = (top + 6.0, top + 28.0);
    canvas.bar((left, right), rows, AMBER, Some(DARK_AMBER));
    let text = "the job holds the table, waits for memory";
    // The text is within the bar, or behind it.
    let inside = right - left > 280.0;
    if inside {
        canvas.text(left + 8.0, top + 21.0, SMALL, INK, Anchor::Start, text);
    } else if part.with_memory {
        let texts =
            ["the job has its memory now, and lets go of the table", "the job has its memory"];
        let fits = |text: &&&str| right + 8.0 + width_of(text, SMALL) <= panel.right;
        if let Some(text) = texts.iter().find(fits) {
            canvas.text(right + 8.0, top + 21.0, SMALL, INK, Anchor::Start, text);
        }
    }
}

/// Draws the threads that want the first driver's table: the killer, which waits, or the reaper, which is refused and comes
/// back.
fn draw_waiters(canvas: &mut Canvas, panel: &Panel, part: &Part, top: f64) {
    if let Some((from, to)) = part.waited {
        let span = (panel.at(from), panel.at(to.min(part.length)));
        canvas.bar(span, (top + 44.0, top + 70.0), STRIPES, Some(RED));
        let text = "the killer waits for the table";
        canvas.text(span.0 + 8.0, top + 61.0, SMALL, INK, Anchor::Start, text);
    }
    let refused: Vec<_> =
        part.calls.iter().filter(|(driver, _, refused)| *driver == 0 && *refused).collect();
    let middle = top + 58.0;
    for (index, (_, (_, ended), _)) in refused.iter().enumerate() {
        let x = panel.at(*ended) + 11.0;
        canvas.cross(x, middle);
        let next = part.tries.iter().map(|(began, _)| *began).find(|began| began > ended);
        let Some(next) = next.map(|next| panel.at(next)) else { continue };
        if next - x > 40.0 {
            canvas.arrow(x + 10.0, next - 5.0, middle);
        }
        let rest = part.rests.first().copied().unwrap_or_default();
        let text = format!("refused: the reaper goes on, and is back in {rest:.0} ms");
        if index == 0 && next - x > width_of(&text, SMALL) {
            canvas.text(x + 12.0, middle - 8.0, SMALL, MUTED, Anchor::Start, &text);
        }
    }
}
