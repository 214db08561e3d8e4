//! The curve of the victim's resident memory, and its scales.

use std::fmt::Write as _;

use crate::timeline::Mib;

use super::canvas::{Anchor, BLUE, Canvas, GRID, INK, MUTED, SMALL, round, width_of};
use super::part::Part;
use super::{Panel, Scene};

/// The height of the curve's field.
pub(super) const HEIGHT: f64 = 120.0;

const FILL: &str = "#b6e3ff";

fn height_of(bytes: usize, size: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a pixel is more than that")]
    let share = bytes as f64 / size as f64;
    HEIGHT * share.min(1.0)
}

/// Draws the scale's lines across the panels, with their labels to the left.
pub(super) fn draw_scale(canvas: &mut Canvas, top: f64, size: usize, panels: &[(f64, f64)]) {
    let left = panels[0].0;
    canvas.text(
        24.0,
        top - 14.0,
        SMALL,
        INK,
        Anchor::Bold,
        "Resident memory of the victim, as the kernel tells it",
    );
    for quarter in 0..=4_usize {
        let bytes = size / 4 * quarter;
        let y = top + HEIGHT - height_of(bytes, size);
        for (from, to) in panels {
            canvas.line((*from, y), (*to, y), GRID, 1.0, None);
        }
        canvas.text(left - 8.0, y + 4.0, SMALL, MUTED, Anchor::End, &mib(bytes));
    }
}

/// Writes a number of bytes in MiB, without a fraction of zero.
fn mib(bytes: usize) -> String {
    Mib(bytes).to_string().replace(".00", "")
}

/// Draws the curve and its explanations.
pub(super) fn draw(canvas: &mut Canvas, panel: &Panel, part: &Part, top: f64, scene: &Scene) {
    let bottom = top + HEIGHT;
    let Some((_, first)) = part.resident.first() else { return };
    let y_of = |bytes| round(bottom - height_of(bytes, scene.size));
    // Between two readings the curve keeps the earlier value.
    let mut edge = format!("M{} {}", round(panel.at(0.0)), y_of(*first));
    for (at, bytes) in &part.resident {
        let _ = write!(edge, "H{}V{}", round(panel.at(*at)), y_of(*bytes));
    }
    let _ = write!(edge, "H{}", round(panel.at(part.end)));
    canvas.path(&format!("{edge}V{bottom}H{}Z", round(panel.left)), FILL, None);
    canvas.path(&edge, BLUE, Some(2.0));

    let Some((_, ended)) = part.tries.first().copied() else {
        let x = f64::midpoint(panel.left, panel.at(part.end));
        let y = bottom - HEIGHT / 2.0 + 4.0;
        canvas.text(x, y, SMALL, INK, Anchor::Middle, "nothing is freed");
        return;
    };
    let before = part.resident_at(part.tries[0].0).unwrap_or(scene.size);
    let left_over = part.resident_at(ended).unwrap_or_default();
    let taken = before.saturating_sub(left_over);
    let of_try = format!("the first try takes {} of {}", mib(taken), mib(before));
    let of_rest = format!("the {} that were refused stay for now", mib(left_over));
    for (text, y) in [(of_try, top + 16.0), (of_rest, y_of(left_over) - 7.0)] {
        let x = (panel.at(ended) + 10.0).min(panel.right - width_of(&text, SMALL));
        canvas.text(x, y, SMALL, INK, Anchor::Start, &text);
    }
}

/// Draws the time scale.
pub(super) fn draw_times(canvas: &mut Canvas, panel: &Panel, bottom: f64) {
    const STEPS: [f64; 9] = [5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0];
    let fits = |step: &&f64| panel.length / **step * 62.0 <= panel.right - panel.left;
    let step = STEPS.iter().find(fits).copied().unwrap_or(panel.length);
    let mut time = 0.0;
    while time <= panel.length {
        let x = panel.at(time);
        canvas.line((x, bottom), (x, bottom + 5.0), MUTED, 1.0, None);
        let text = if time == 0.0 { "0".to_owned() } else { format!("{time:.0} ms") };
        canvas.text(x, bottom + 18.0, SMALL, MUTED, Anchor::Middle, &text);
        time += step;
    }
}
