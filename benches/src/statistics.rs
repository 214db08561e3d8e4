//! Medians, spread, ratios and growth.

use statrs::statistics::{Data, OrderStatistics as _};

/// A median, and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// A quarter of the values lie below.
    pub lower: f64,
    /// Half of the values lie below.
    pub median: f64,
    /// A quarter of the values lie above.
    pub upper: f64,
}

impl Summary {
    /// Sums values up. All are `NaN` if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let mut data = Data::new(values.to_vec());
        Self { lower: data.lower_quartile(), median: data.median(), upper: data.upper_quartile() }
    }
}

/// How many times another's time something takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// From the medians of both.
    pub of_medians: f64,
    /// From each round's two, which the machine's state in that round meets alike.
    pub by_round: Summary,
}

/// The median of values.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    Summary::of(values).median
}

/// The exponent of growth: the slope of the straight line that least squares fit to the logarithms.
///
/// 0 is constant, 1 linear, 2 quadratic; a logarithm lies between 0 and 1. `None` if there are fewer than two sizes.
#[must_use]
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logarithms: Vec<_> = points.iter().map(|(size, time)| (size.ln(), time.ln())).collect();
    let count = logarithms.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| logarithms.iter().map(value).sum::<f64>() / count;
    let (size, time) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = logarithms.iter().map(|point| (point.0 - size).powi(2)).sum();
    let together: f64 = logarithms.iter().map(|point| (point.0 - size) * (point.1 - time)).sum();
    (spread > 0.0).then_some(together / spread)
}
