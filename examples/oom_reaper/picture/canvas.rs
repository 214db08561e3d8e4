//! The drawing primitives: few shapes, few colors, three sizes of text.

use svg::Document;
use svg::node::element::{Definitions, Description, Line, Path, Pattern, Rectangle, Text, Title};

pub(super) const INK: &str = "#1f2328";
pub(super) const MUTED: &str = "#59636e";
pub(super) const GRID: &str = "#d1d9e0";
pub(super) const LANE: &str = "#f6f8fa";
pub(super) const AMBER: &str = "#fae17d";
pub(super) const DARK_AMBER: &str = "#9a6700";
pub(super) const RED: &str = "#cf222e";
pub(super) const BLUE: &str = "#0969da";
pub(super) const LIGHT_BLUE: &str = "#ddf4ff";
pub(super) const GREEN: &str = "#1a7f37";
/// Red stripes, for a thread that waits in vain.
pub(super) const STRIPES: &str = "url(#stripes)";

pub(super) const BIG: f64 = 18.0;
pub(super) const NORMAL: f64 = 13.0;
pub(super) const SMALL: f64 = 11.5;

const FONT: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/// How a text is aligned at its place, and whether it is bold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// The text begins at the place.
    Start,
    /// The text is centered at the place.
    Middle,
    /// The text ends at the place.
    End,
    /// The text begins at the place, and is bold.
    Bold,
}

/// The picture, as far as it has been drawn.
pub(super) struct Canvas(Document);

impl Canvas {
    /// Makes an empty picture. It has its own background, so that it looks the same in a dark viewer.
    pub(super) fn new(width: f64, height: f64, description: &str) -> Self {
        let stripes = Pattern::new()
            .set("id", "stripes")
            .set("width", 8)
            .set("height", 8)
            .set("patternUnits", "userSpaceOnUse")
            .set("patternTransform", "rotate(45)")
            .add(Rectangle::new().set("width", 8).set("height", 8).set("fill", "#ffebe9"))
            .add(Rectangle::new().set("width", 3).set("height", 8).set("fill", "#ffc1ba"));
        let background =
            Rectangle::new().set("width", "100%").set("height", "100%").set("fill", "#ffffff");
        let document = Document::new()
            .set("viewBox", (0.0, 0.0, width, height))
            .set("width", width)
            .set("height", height)
            .set("role", "img")
            .set("font-family", FONT)
            .add(Title::new("The OOM reaper and the drivers"))
            .add(Description::new().add(svg::node::Text::new(description)))
            .add(Definitions::new().add(stripes))
            .add(background);
        Self(document)
    }

    pub(super) fn text(
        &mut self,
        x: f64,
        y: f64,
        size: f64,
        color: &str,
        anchor: Anchor,
        text: &str,
    ) {
        let place = match anchor {
            Anchor::Start | Anchor::Bold => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let mut node = Text::new(text)
            .set("x", round(x))
            .set("y", round(y))
            .set("font-size", size)
            .set("fill", color)
            .set("text-anchor", place);
        if anchor == Anchor::Bold || size == BIG {
            node = node.set("font-weight", "bold");
        }
        self.add(node);
    }

    /// Draws a filled rectangle with a minimum width, and with a border if one is given.
    pub(super) fn bar(
        &mut self,
        (left, right): (f64, f64),
        (top, bottom): (f64, f64),
        fill: &str,
        border: Option<&str>,
    ) {
        let width = (right - left).max(3.0);
        let mut bar = Rectangle::new()
            .set("x", round(left))
            .set("y", round(top))
            .set("width", round(width))
            .set("height", round(bottom - top))
            .set("fill", fill);
        if let Some(border) = border {
            bar = bar.set("stroke", border).set("rx", 2);
        }
        self.add(bar);
    }

    pub(super) fn line(
        &mut self,
        (x1, y1): (f64, f64),
        (x2, y2): (f64, f64),
        color: &str,
        width: f64,
        dashes: Option<&str>,
    ) {
        let mut line = Line::new()
            .set("x1", round(x1))
            .set("y1", round(y1))
            .set("x2", round(x2))
            .set("y2", round(y2))
            .set("stroke", color)
            .set("stroke-width", width);
        if let Some(dashes) = dashes {
            line = line.set("stroke-dasharray", dashes);
        }
        self.add(line);
    }

    /// Draws a path: filled, or as a line if a width is given.
    pub(super) fn path(&mut self, path: &str, color: &str, width: Option<f64>) {
        let path = Path::new().set("d", path);
        self.add(match width {
            None => path.set("fill", color),
            Some(width) => path
                .set("fill", "none")
                .set("stroke", color)
                .set("stroke-width", width)
                .set("stroke-linejoin", "round")
                .set("stroke-linecap", "round"),
        });
    }

    /// Draws a cross, for a refusal.
    pub(super) fn cross(&mut self, x: f64, y: f64) {
        let (left, right, top, bottom) =
            (round(x - 5.0), round(x + 5.0), round(y - 5.0), round(y + 5.0));
        self.path(
            &format!("M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}"),
            RED,
            Some(2.8),
        );
    }

    /// Draws a check mark, for a range that was taken.
    pub(super) fn check_mark(&mut self, x: f64, y: f64) {
        let points =
            [(-6.0, 0.0), (-2.0, 4.5), (6.0, -5.0)].map(|(dx, dy)| (round(x + dx), round(y + dy)));
        let [(x1, y1), (x2, y2), (x3, y3)] = points;
        self.path(&format!("M{x1} {y1}L{x2} {y2}L{x3} {y3}"), GREEN, Some(2.8));
    }

    /// Draws a dashed arrow to the right, for a later try.
    pub(super) fn arrow(&mut self, from: f64, to: f64, y: f64) {
        self.line((from, y), (to - 6.0, y), MUTED, 1.6, Some("5 4"));
        let (tip, back, top, bottom) = (round(to), round(to - 7.0), round(y - 4.0), round(y + 4.0));
        self.path(&format!("M{back} {top}L{tip} {}L{back} {bottom}Z", round(y)), MUTED, None);
    }

    pub(super) fn finish(self) -> String {
        let mut bytes = Vec::new();
        svg::write(&mut bytes, &self.0).expect("a vector takes what is written to it");
        String::from_utf8(bytes).expect("what is written is text")
    }

    fn add(&mut self, node: impl svg::Node + Into<Box<dyn svg::Node>>) {
        svg::Node::append(&mut self.0, node);
    }
}

/// Returns an upper bound of a text's width, in any of the fonts.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    text.chars().map(|_| size * 0.6).sum()
}

/// Rounds to a tenth of a unit, which is too small to see.
pub(super) fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
