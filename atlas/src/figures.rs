//! Figures that may differ from call to call and from run to run, as what they can be.

use std::collections::BTreeMap;
use std::fmt;

/// The least and the most that was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
}

impl Range {
    /// What a number of figures can be.
    pub fn of(figures: impl IntoIterator<Item = u64>) -> Self {
        let figures = figures.into_iter().map(|figure| Self { least: figure, most: figure });
        figures.reduce(Self::or).unwrap_or_default()
    }

    /// What either can be.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }
}

/// More than this are not told apart.
const MANY: u64 = 12;

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            // How many exactly is a matter of the machine, and often of chance.
            (least, _) if least > MANY => f.write_str("many"),
            (least, most) if least == most => write!(f, "{least}"),
            (0, 1) => f.write_str("0 or 1"),
            (0, _) => f.write_str("0 or more"),
            _ => f.write_str("1 or more"),
        }
    }
}

/// What a process measured, by names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample(BTreeMap<String, Range>);

impl Sample {
    /// Sets a figure.
    pub fn set(&mut self, name: &str, range: Range) {
        self.0.insert(name.to_owned(), range);
    }

    /// A figure, which is zero if it was not set.
    pub fn get(&self, name: &str) -> Range {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The figures whose names begin so, by the rest of their names.
    pub fn beginning_with<'a>(&'a self, prefix: &str) -> impl Iterator<Item = (&'a str, Range)> {
        self.0.iter().filter_map(move |(name, range)| Some((name.strip_prefix(prefix)?, *range)))
    }

    /// What either can be.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        let names = self.0.keys().chain(other.0.keys());
        Self(names.map(|name| (name.clone(), self.get(name).or(other.get(name)))).collect())
    }

    /// Adds figures of other names.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// As lines, for [`parse`](Self::parse).
    pub fn to_lines(&self) -> String {
        let lines =
            self.0.iter().map(|(name, range)| format!("{name}\t{}\t{}\n", range.least, range.most));
        lines.collect()
    }

    /// Reads the lines.
    ///
    /// # Errors
    ///
    /// If a line is none of these.
    pub fn parse(lines: &str) -> Result<Self, String> {
        let read = |line: &str| {
            let mut parts = line.split('\t');
            let name = parts.next()?.to_owned();
            let least = parts.next()?.parse().ok()?;
            let most = parts.next()?.parse().ok()?;
            Some((name, Range { least, most }))
        };
        let figures = lines.lines().map(|line| read(line).ok_or_else(|| line.to_owned()));
        figures.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_varies_is_what_it_can_be() {
        assert_eq!(Range::of([2, 2]).to_string(), "2");
        assert_eq!(Range::of([0, 1, 0]).to_string(), "0 or 1");
        assert_eq!(Range::of([0, 7]).to_string(), "0 or more");
        assert_eq!(Range::of([3, 7]).to_string(), "1 or more");
        assert_eq!(Range::of([70, 90]).to_string(), "many");
    }

    #[test]
    fn what_a_process_did_not_see_it_saw_no_times() {
        let mut seen = Sample::default();
        seen.set("call futex", Range::of([1]));
        let either = seen.clone().or(&Sample::default());
        assert_eq!(either.get("call futex").to_string(), "0 or 1");
        assert_eq!(Sample::parse(&seen.to_lines()), Ok(seen));
        assert!(Sample::parse("call futex\tone").is_err());
    }
}
