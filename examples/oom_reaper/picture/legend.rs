//! The legend of the marks.

use super::canvas::{
    AMBER, Anchor, BLUE, Canvas, DARK_AMBER, GRID, INK, LIGHT_BLUE, RED, SMALL, STRIPES,
};

/// The height of the legend.
pub(super) const HEIGHT: f64 = 62.0;

type Mark = fn(&mut Canvas, f64, f64);

/// The marks of each row: the place, the mark and its meaning.
const ROWS: [[(f64, Mark, &str); 4]; 2] = [
    [
        (24.0, held, "a table is held"),
        (196.0, waits, "waits, and may wait for ever"),
        (456.0, attempt, "a try of the reaper's"),
        (676.0, section, "a driver's callback, in a section"),
    ],
    [
        (24.0, refused, "it refuses"),
        (196.0, later, "left alone, and tried again"),
        (456.0, taken, "it gives way: taken"),
        (676.0, resident, "resident memory"),
    ],
];

pub(super) fn draw(canvas: &mut Canvas, top: f64) {
    canvas.line((24.0, top - 10.0), (976.0, top - 10.0), GRID, 1.0, None);
    for (row, y) in ROWS.iter().zip([top + 10.0, top + 34.0]) {
        for (x, mark, text) in row {
            mark(canvas, *x, y);
            canvas.text(x + 32.0, y + 4.0, SMALL, INK, Anchor::Start, text);
        }
    }
}

fn held(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.bar((x, x + 24.0), (y - 7.0, y + 7.0), AMBER, Some(DARK_AMBER));
}

fn waits(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.bar((x, x + 24.0), (y - 7.0, y + 7.0), STRIPES, Some(RED));
}

fn attempt(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.bar((x + 6.0, x + 18.0), (y - 8.0, y + 8.0), LIGHT_BLUE, None);
}

fn section(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.bar((x + 10.0, x + 13.0), (y - 8.0, y + 8.0), BLUE, None);
}

fn refused(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.cross(x + 12.0, y);
}

fn later(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.arrow(x, x + 24.0, y);
}

fn taken(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.check_mark(x + 12.0, y);
}

fn resident(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.bar((x, x + 24.0), (y - 7.0, y + 7.0), "#b6e3ff", Some(BLUE));
}
