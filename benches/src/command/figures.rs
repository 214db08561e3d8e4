//! Figures of the measured groups: what goals come to, how curves grow, and how numbers are written.

use benches::goal::{Bound, Goal};
use benches::results::Measured;
use benches::statistics::exponent;
use serde::Serialize;

/// A goal, and what came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    /// Where it was looked at: the group's name and build.
    pub(crate) group: String,
    pub(crate) words: String,
    pub(crate) figure: Option<f64>,
    pub(crate) met: bool,
    pub(crate) cause: Option<String>,
}

/// Looks at the goals of all groups. One about a rival that is not there has no figure.
pub(crate) fn verdicts(groups: &[Measured]) -> Vec<Verdict> {
    let of_groups = groups.iter().flat_map(|group| {
        let goals = group.goals.iter().filter(|goal| !is_of_growth(goal));
        goals.map(|goal| verdict(place(group), goal, figure(group, goal)))
    });
    let curves = Curve::all(groups);
    let of_curves = curves.iter().flat_map(|curve| {
        let goals = curve.first().goals.iter().filter(|goal| is_of_growth(goal));
        goals.map(|goal| verdict(titled(curve.first()), goal, curve.exponent(&goal.of)))
    });
    of_groups.chain(of_curves).collect()
}

fn is_of_growth(goal: &Goal) -> bool {
    matches!(goal.bound, Bound::GrowsAtMost(_))
}

fn verdict(group: String, goal: &Goal, figure: Option<f64>) -> Verdict {
    // As it is written: what looks like the bound is within it.
    let figure = figure.map(|figure| (figure * 1e3).round() / 1e3);
    Verdict {
        group,
        words: goal.words(),
        figure,
        met: figure.is_some_and(|figure| goal.bound.met_by(figure)),
        cause: goal.cause.clone(),
    }
}

fn figure(group: &Measured, goal: &Goal) -> Option<f64> {
    let figures: Option<Vec<_>> =
        goal.against.iter().map(|against| figure_against(group, goal, against)).collect();
    goal.worst(&figures?)
}

fn figure_against(group: &Measured, goal: &Goal, against: &str) -> Option<f64> {
    let (of, against) = (group.series(&goal.of)?, group.series(against)?);
    match goal.bound {
        Bound::GrowsAtMost(_) => None,
        Bound::TimeAtMost(_) => Some(of.ratio(against).by_round.median),
        Bound::FasterBy(_) => Some(against.ratio(of).by_round.median),
        Bound::NanosecondsMore(_) => Some(of.summary().median - against.summary().median),
        Bound::InstructionsMore(_) => Some(of.instructions? - against.instructions?),
        Bound::InstructionsAtMost(_) => Some(of.instructions? / against.instructions?),
    }
}

/// What a group is called beside others: its title, its size and its build.
pub(crate) fn place(group: &Measured) -> String {
    match &group.point {
        Some((what, size)) => format!("{}, {} {what}", titled(group), count(*size)),
        None => titled(group),
    }
}

/// A group's title and build.
pub(crate) fn titled(group: &Measured) -> String {
    match group.build {
        Some(build) => format!("{}, {}", group.title, build.title()),
        None => group.title.clone(),
    }
}

/// The groups of one curve, in the order of their sizes.
#[derive(Debug)]
pub(crate) struct Curve<'a> {
    pub(crate) groups: Vec<&'a Measured>,
}

impl<'a> Curve<'a> {
    /// The curves among the groups.
    pub(crate) fn all(groups: &'a [Measured]) -> Vec<Self> {
        let mut curves: Vec<Self> = Vec::new();
        for group in groups.iter().filter(|group| group.point.is_some()) {
            let same = |first: &Measured| first.id == group.id && first.build == group.build;
            match curves.iter_mut().find(|curve| same(curve.first())) {
                Some(curve) => curve.groups.push(group),
                None => curves.push(Self { groups: vec![group] }),
            }
        }
        curves
    }

    pub(crate) fn first(&self) -> &'a Measured {
        self.groups[0]
    }

    /// What the sizes count.
    pub(crate) fn what(&self) -> &'a str {
        self.first().point.as_ref().map_or("", |(what, _size)| what)
    }

    /// The rivals' names, each once.
    pub(crate) fn rivals(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        for series in self.groups.iter().flat_map(|group| &group.series) {
            if !names.contains(&series.name.as_str()) {
                names.push(&series.name);
            }
        }
        names
    }

    /// The sizes and median times of a rival.
    pub(crate) fn points(&self, rival: &str) -> Vec<(f64, f64)> {
        self.groups
            .iter()
            .filter_map(|group| {
                let (_what, size) = group.point.as_ref()?;
                // Size 0 has no logarithm.
                let point = (*size as f64, group.series(rival)?.summary().median);
                (*size > 0).then_some(point)
            })
            .collect()
    }

    /// How a rival's time grows: see [`exponent`].
    pub(crate) fn exponent(&self, rival: &str) -> Option<f64> {
        exponent(&self.points(rival))
    }
}

/// A time, in the unit that suits it.
pub(crate) fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e3 => format!("{small:.2} ns"),
        middle if middle < 1e6 => format!("{:.2} µs", middle / 1e3),
        large if large < 1e9 => format!("{:.2} ms", large / 1e6),
        seconds => format!("{:.2} s", seconds / 1e9),
    }
}

/// A whole number, with its thousands apart.
pub(crate) fn count(number: impl std::fmt::Display) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| group.iter().map(|digit| char::from(*digit)).collect::<String>())
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use benches::results::Build;
    use benches::sampling::without_times;
    use benches::{Plan, each};

    use super::*;

    #[test]
    fn a_build_with_the_watch_is_not_taken_for_the_build_with_checks_alone() {
        let in_build = |build| {
            let mut plan = Plan::default();
            plan.curve("section", "A section", "calls", &[1], |_size, group| {
                group.ours("nonblock", || each(|| ()));
            });
            without_times(plan, build).remove(0)
        };
        let groups = [Build::Plain, Build::Checks, Build::Watch, Build::Lockdep].map(in_build);
        let titles = groups.each_ref().map(titled);
        assert_eq!(
            titles,
            [
                "A section, checks off",
                "A section, checks on",
                "A section, built with the watch",
                "A section, built with lockdep"
            ]
        );
        let keys = groups.each_ref().map(Measured::key);
        assert_eq!(
            keys,
            ["plain/section/1", "checks/section/1", "watch/section/1", "lockdep/section/1"]
        );
        assert_eq!(Curve::all(&groups).len(), 4, "four curves, and not one");
    }
}
