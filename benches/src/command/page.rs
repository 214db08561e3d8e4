//! The page: the machine, every goal, every group, every curve.

use std::fmt::Write as _;

use benches::results::{MACHINE, Measured};
use serde_json::json;

use super::chapter::Chapter;
use super::figures::{Curve, Verdict, count, time, titled, verdicts};
use super::machine::Machine;
use super::plots;

#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) notes: &'a [String],
    pub(crate) groups: &'a [Measured],
    pub(crate) chapters: &'a [Chapter],
    pub(crate) quick: bool,
}

/// A table row.
fn row(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

fn heads(text: &mut String, names: &[&str]) {
    row(text, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let _ = writeln!(text, "|{}", "---|".repeat(names.len()));
}

impl Page<'_> {
    /// What is printed.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.machine(&mut text);
        text.push('\n');
        self.goals(&mut text);
        self.tables(&mut text, None);
        text
    }

    /// Every sample.
    pub(crate) fn json(&self) -> String {
        let all = json!({
            "machine": self.machine,
            "notes": self.notes,
            "groups": self.groups,
            "chapters": self.chapters,
        });
        format!("{all:#}\n")
    }

    /// The page. `plots` is the folder of the plots, as the page's reader goes there.
    pub(crate) fn markdown(&self, plots: Option<&str>) -> String {
        let mut text = String::from(HEAD);
        text.push('\n');
        self.machine(&mut text);
        if self.quick {
            text.push_str(
                "\nMade with `--quick`: few and short samples, and nothing that builds programs.\n",
            );
        }
        for note in self.notes {
            let _ = writeln!(text, "\n{note}");
        }
        text.push_str("\n## Goals\n\n");
        self.goals(&mut text);
        self.tables(&mut text, plots);
        text
    }

    /// The machine, and what its own operations take.
    fn machine(&self, text: &mut String) {
        heads(text, &["machine", ""]);
        for (name, value) in self.machine.lines() {
            row(text, &[name.to_owned(), value]);
        }
        for series in
            self.groups.iter().filter(|group| group.id == MACHINE).flat_map(|group| &group.series)
        {
            row(text, &[format!("time of {}", series.name), time(series.summary().median)]);
        }
    }

    fn goals(&self, text: &mut String) {
        let of_groups = verdicts(self.groups);
        let of_chapters = self.chapters.iter().flat_map(|chapter| &chapter.verdicts);
        let verdicts: Vec<_> = of_groups.iter().chain(of_chapters).collect();
        heads(text, &["where", "goal", "figure", ""]);
        for verdict in &verdicts {
            let figure = verdict.figure.map_or("none".to_owned(), |figure| format!("{figure:.3}"));
            let cells =
                [verdict.group.clone(), verdict.words.clone(), figure, said(verdict).to_owned()];
            row(text, &cells);
        }
        let short: Vec<_> =
            verdicts.iter().filter(|verdict| verdict.figure.is_some() && !verdict.met).collect();
        if !short.is_empty() {
            text.push_str("\nWhy what falls short does:\n\n");
        }
        for verdict in short {
            let cause = verdict.cause.as_deref().unwrap_or("not found out yet");
            let _ = writeln!(text, "- {}, {}: {cause}", verdict.group, verdict.words);
        }
    }

    fn tables(&self, text: &mut String, plots: Option<&str>) {
        let is_table = |group: &&Measured| group.point.is_none() && group.id != MACHINE;
        for group in self.groups.iter().filter(is_table) {
            heading(text, group);
            rivals(text, group);
        }
        for curve in Curve::all(self.groups) {
            heading(text, curve.first());
            points(text, &curve);
            if let Some(folder) = plots {
                let file = plots::name(&curve);
                let _ = writeln!(text, "\n![{}]({folder}/{file})", curve.first().title);
            }
        }
        for chapter in self.chapters {
            let _ = writeln!(text, "\n## {}\n\n{}\n", chapter.title, chapter.about);
            heads(text, &chapter.heads);
            chapter.rows.iter().for_each(|cells| row(text, cells));
        }
    }
}

fn said(verdict: &Verdict) -> &'static str {
    match (verdict.figure, verdict.met) {
        (None, _) => "not looked at",
        (Some(_), true) => "met",
        (Some(_), false) => "**short**",
    }
}

fn heading(text: &mut String, group: &Measured) {
    let _ = writeln!(text, "\n## {}\n", titled(group));
    if !group.about.is_empty() {
        let _ = writeln!(text, "{}\n", group.about);
    }
}

/// A group that stands alone: a rival a line.
fn rivals(text: &mut String, group: &Measured) {
    let counted = group.series.iter().any(|series| series.instructions.is_some());
    let mut names = vec!["", "median", "quartiles"];
    if counted {
        names.push("instructions");
    }
    names.extend(["ratio of medians", "median of ratios"]);
    heads(text, &names);
    let Some(first) = group.series.first() else { return };
    for series in &group.series {
        let summary = series.summary();
        let ratio = series.ratio(first);
        let mut cells = vec![
            series.name.clone(),
            time(summary.median),
            format!("{} – {}", time(summary.lower), time(summary.upper)),
        ];
        if counted {
            cells.push(series.instructions.map_or(String::new(), |count| format!("{count:.1}")));
        }
        cells.push(format!("{:.3}", ratio.of_medians));
        cells.push(format!("{:.3}", ratio.by_round.median));
        row(text, &cells);
    }
}

/// A curve: a rival a column, a size a line, and the growth.
fn points(text: &mut String, curve: &Curve<'_>) {
    let names = curve.rivals();
    let heads_of: Vec<_> = std::iter::once(curve.what()).chain(names.iter().copied()).collect();
    heads(text, &heads_of);
    for group in &curve.groups {
        let size = group.point.as_ref().map_or(0, |(_what, size)| *size);
        let mut cells = vec![count(size)];
        for name in &names {
            cells.push(group.series(name).map_or(String::new(), |series| {
                let first = group.series.first().unwrap_or(series);
                let ratio = series.ratio(first).by_round.median;
                format!("{} ({ratio:.2})", time(series.summary().median))
            }));
        }
        row(text, &cells);
    }
    let mut cells = vec!["grows with the power".to_owned()];
    for name in &names {
        cells.push(curve.exponent(name).map_or(String::new(), |power| format!("{power:.2}")));
    }
    row(text, &cells);
    let _ = writeln!(
        text,
        "\nIn parentheses: how many times the first column's time, the median of the rounds' ratios."
    );
}

const HEAD: &str = "\
# Performance

Made by `cargo run --release -p benches -- --markdown docs/PERFORMANCE.md --svg docs/performance`, never by hand.

Rivals run side by side in one program, every one of them once in each round, in an order drawn anew. A time is the
median of the rounds, with the quartiles beside it; it says little by itself. What is claimed are ratios: the median of the
rounds' ratios, since both rivals of a round meet the same machine. A ratio is to the first line of its table, or, in a goal, to the
rival that the goal names: below 1 is faster than that, above 1 slower. Instructions are counted by callgrind, each time
alone, without the loop around it; they repeat exactly.

nonblock is built in four ways, each in a program of its own. With checks off, its run-time counters are not compiled in; with
checks on they are. Built with the watch, or with lockdep, it has the counters and the feature of that name: only the watch, or lockdep, is
measured there. Threads that run at once have a processor each, where there are enough.
";
