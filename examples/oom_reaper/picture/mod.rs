//! The picture of the first two parts. Each driver is a lane, which shows what the job, the killer and the reaper do. Below is
//! a curve of the victim's resident memory.

mod canvas;
mod curve;
mod lanes;
mod legend;
mod part;

use nonblock_mm::mmu::Range;

use crate::timeline::Mib;
use crate::trace::TraceEntry;

use canvas::{Anchor, BIG, Canvas, INK, MUTED, NORMAL, SMALL};
use part::Part;

/// What the picture shows in addition to the trace.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// The range that each driver mirrors.
    pub(crate) ranges: Vec<Range>,
    /// The victim's memory, in bytes.
    pub(crate) size: usize,
    /// How many bytes the job waits for.
    pub(crate) wanted: usize,
}

/// The left and right edge of each part's panel, in the picture's units.
const PANELS: [(f64, f64); 2] = [(86.0, 396.0), (436.0, 976.0)];
/// The picture's width.
const WIDTH: f64 = 1000.0;
/// The top of the row of tries.
const TRIES_TOP: f64 = 126.0;
/// The top of the lanes.
const LANES_TOP: f64 = TRIES_TOP + 22.0;

/// The place and the time scale of a part's panel.
#[derive(Clone, Copy, Debug)]
struct Panel {
    left: f64,
    right: f64,
    /// How long the part lasts, in milliseconds.
    length: f64,
}

impl Panel {
    /// Returns the x coordinate of a time, in milliseconds from the part's beginning.
    fn at(&self, time: f64) -> f64 {
        self.left + (self.right - self.left) * (time / self.length).clamp(0.0, 1.0)
    }
}

/// Draws the picture: an SVG document.
pub(crate) fn draw(scene: &Scene, trace: &[TraceEntry]) -> String {
    let parts = [Part::read(1, trace, scene), Part::read(2, trace, scene)];
    let lanes = lanes::Layout::new(LANES_TOP, scene.ranges.len());
    let curve_top = lanes.bottom() + 40.0;
    let curve_bottom = curve_top + curve::HEIGHT;
    let height = curve_bottom + 44.0 + legend::HEIGHT;

    let mut canvas = Canvas::new(WIDTH, height, "How a reaper that must not block gets the memory");
    headings(&mut canvas, scene);
    lanes.draw_names(&mut canvas, PANELS[0].0);
    curve::draw_scale(&mut canvas, curve_top, scene.size, &PANELS);
    for (part, (left, right)) in parts.iter().zip(PANELS) {
        let panel = Panel { left, right, length: part.length };
        lanes.draw(&mut canvas, &panel, part, curve_bottom);
        curve::draw(&mut canvas, &panel, part, curve_top, scene);
        curve::draw_times(&mut canvas, &panel, curve_bottom);
    }
    legend::draw(&mut canvas, curve_bottom + 44.0);
    canvas.finish()
}

fn headings(canvas: &mut Canvas, scene: &Scene) {
    let drivers = scene.ranges.len();
    let size = Mib(scene.size);
    let title = "Out of memory: who waits for a lock hangs, who only tries gets the memory";
    canvas.text(24.0, 32.0, BIG, INK, Anchor::Start, title);
    let subtitle = format!(
        "{size} of real memory, each part mirrored by one of {drivers} drivers. A job holds gpu0's table, and waits for {}.",
        Mib(scene.wanted)
    );
    canvas.text(24.0, 54.0, NORMAL, MUTED, Anchor::Start, &subtitle);
    let texts = [
        (
            "1. The killer may wait",
            [
                "It could free memory, but waits for gpu0's table,",
                "whose holder waits for memory: a deadlock.",
            ],
        ),
        (
            "2. The reaper must not wait",
            [
                "It calls the drivers in a section: gpu0 refuses, the others give way at once.",
                "The job gets its memory and lets go of the table; the retry takes the rest.",
            ],
        ),
    ];
    for ((heading, lines), (left, _)) in texts.into_iter().zip(PANELS) {
        canvas.text(left, 82.0, NORMAL, INK, Anchor::Bold, heading);
        for (line, y) in lines.into_iter().zip([99.0, 114.0]) {
            canvas.text(left, y, SMALL, MUTED, Anchor::Start, line);
        }
    }
}
