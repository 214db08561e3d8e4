//! The user's own source lines on the way to a finding, drawn as compilers draw them.

use std::collections::BTreeMap;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::check::{EntryOutcome, Found};
use crate::demangle::without_generics;
use crate::places::Place;
use crate::report::frames::{is_own, shown};
use crate::report::sources::{Sources, Spot};
use crate::report::wording;

use super::style::{Look, visible};

/// How many of the user's own calls are drawn: the first and the last ones. The list of calls has them all.
const FIRST: usize = 2;
const LAST: usize = 4;

/// A place in the sources, and what is to be said of it.
struct Mark<'a> {
    place: &'a Place,
    spot: Spot,
    label: String,
    /// Whether it is the one that the user looks at first.
    is_main: bool,
}

/// Draws the title of a finding with the user's own lines: where the section is, and each own call on the way. `None` if the line
/// of the last own call is not at hand.
pub(super) fn draw(
    entry: &EntryOutcome,
    found: &Found,
    sources: &Sources,
    look: Look,
) -> Option<String> {
    let marks = marks(entry, found, sources)?;
    let kind = wording::kind_of(found);
    let level = match found {
        Found::Finding(_) => Level::ERROR,
        Found::Obstacle(_) => Level::WARNING,
    };
    let mut group = level.with_name(kind.label).primary_title(kind.headline).elements(
        // A group begins with the file of the main mark.
        snippets(&marks, true),
    );
    for snippet in snippets(&marks, false) {
        group = group.element(snippet);
    }
    let groups: [Group<'_>; 1] = [group];
    let renderer = if look.colored { Renderer::styled() } else { Renderer::plain() };
    Some(renderer.render(&groups))
}

/// The files that have the main mark, or the others, each with its marks.
fn snippets<'a>(marks: &'a [Mark<'a>], with_main: bool) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut files: BTreeMap<&str, Vec<&Mark<'_>>> = BTreeMap::new();
    for mark in marks {
        files.entry(&mark.place.file).or_default().push(mark);
    }
    let wanted =
        files.into_values().filter(|marks| marks.iter().any(|mark| mark.is_main) == with_main);
    wanted.filter_map(|marks| snippet(&marks)).collect()
}

/// The lines from the first mark to the last.
fn snippet<'a>(marks: &[&'a Mark<'a>]) -> Option<Snippet<'a, Annotation<'a>>> {
    let first = marks.iter().min_by_key(|mark| mark.spot.line.0)?;
    let end = marks.iter().map(|mark| mark.spot.line.1).max()?;
    let begin = first.spot.line.0;
    let source = first.spot.text.get(begin..end)?;
    let annotations = marks.iter().map(|mark| {
        let kind = if mark.is_main { AnnotationKind::Primary } else { AnnotationKind::Context };
        let (from, to) = mark.spot.name;
        kind.span(from - begin..to - begin).label(mark.label.as_str())
    });
    let line = usize::try_from(first.place.line).ok()?;
    Some(
        Snippet::source(source)
            .line_start(line)
            .path(first.place.file.as_str())
            .annotations(annotations),
    )
}

fn marks<'a>(
    entry: &'a EntryOutcome,
    found: &'a Found,
    sources: &Sources,
) -> Option<Vec<Mark<'a>>> {
    let calls: Vec<_> = shown(found.chain()).collect();
    let own: Vec<usize> =
        (0..calls.len()).filter(|at| is_own(calls[*at]) && calls[*at].place.is_some()).collect();
    let mut marks: Vec<Mark<'_>> = Vec::new();
    for (number, &at) in own.iter().enumerate() {
        let is_last = number + 1 == own.len();
        if number >= FIRST && number + LAST < own.len() {
            continue;
        }
        let Some(place) = &calls[at].place else { continue };
        let next = calls.get(at + 1).map(|next| next.caller.plain.as_str());
        let label = match next {
            Some(next) if is_last => format!("calls `{next}`, which {}", leads_to(found)),
            Some(next) => format!("calls `{next}`"),
            None => makes(found),
        };
        let label = visible(&label);
        match sources.spot(place) {
            Some(spot) => marks.push(Mark { place, spot, label, is_main: is_last }),
            None if is_last => return None,
            None => {}
        }
    }
    if let Some(place) = &entry.place
        && let Some(spot) = sources.spot(place)
        && !marks.iter().any(|mark| mark.place == place)
    {
        let is_main = marks.is_empty();
        let label = wording::section_begins(entry.kind).to_owned();
        marks.push(Mark { place, spot, label, is_main });
    }
    // Without one of them it is as if there were no sources.
    marks.iter().any(|mark| mark.is_main).then_some(marks)
}

/// What a call leads to, without generic arguments: the list of calls has them.
fn leads_to(found: &Found) -> String {
    match found {
        Found::Finding(finding) => format!("reaches `{}`", without_generics(&finding.leaf)),
        Found::Obstacle(_) => "leads to a call that cannot be followed".to_owned(),
    }
}

fn makes(found: &Found) -> String {
    match found {
        Found::Finding(finding) => format!("calls `{}`", without_generics(&finding.leaf)),
        Found::Obstacle(_) => "this call cannot be followed".to_owned(),
    }
}
