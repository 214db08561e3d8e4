//! The curves, drawn.

use std::fs;
use std::path::Path;

use benches::results::Measured;
use plotters::prelude::*;

use super::figures::{Curve, count, time};

/// Draws every curve into a file of its own.
pub(crate) fn draw(groups: &[Measured], directory: &Path) -> Result<(), String> {
    fs::create_dir_all(directory)
        .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
    for curve in Curve::all(groups) {
        let path = directory.join(name(&curve));
        draw_one(&curve, &path)
            .map_err(|error| format!("cannot draw {}: {error}", path.display()))?;
    }
    Ok(())
}

/// The name of a curve's file.
pub(crate) fn name(curve: &Curve<'_>) -> String {
    format!("{}-{}.svg", curve.first().id, curve.first().build_name())
}

fn draw_one(curve: &Curve<'_>, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let all: Vec<_> = curve.rivals().into_iter().flat_map(|rival| curve.points(rival)).collect();
    let range = |value: fn(&(f64, f64)) -> f64| {
        let values = || all.iter().map(value);
        values().fold(f64::INFINITY, f64::min)..values().fold(0.0, f64::max)
    };
    let (sizes, times) = (range(|point| point.0), range(|point| point.1));
    let area = SVGBackend::new(path, (760, 460)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(&curve.first().title, ("sans-serif", 20))
        .margin(12)
        .margin_right(40)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d(sizes.log_scale(), (times.start / 1.5..times.end * 1.5).log_scale())?;
    chart
        .configure_mesh()
        .x_desc(curve.what())
        .y_desc("time each")
        .x_label_formatter(&|size| count(size))
        .y_label_formatter(&|nanoseconds| time(*nanoseconds))
        .light_line_style(WHITE)
        .draw()?;
    for (number, rival) in curve.rivals().into_iter().enumerate() {
        let color = Palette99::pick(number).to_rgba();
        let points = curve.points(rival);
        let power =
            curve.exponent(rival).map_or(String::new(), |power| format!(" (power {power:.2})"));
        chart
            .draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?
            .label(format!("{rival}{power}"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        let dots = points.iter().map(|point| Circle::new(*point, 3, color.filled()));
        chart.draw_series(dots)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 13))
        .draw()?;
    area.present()?;
    Ok(())
}
