//! Chains of calls as text: one after the other, or as a tree.

use std::fmt::Write as _;

use crate::check::Call;
use crate::entries::EntryKind;
use crate::report::frames::{is_own, shown};
use crate::report::tree::{Tree, is_special};

use super::style::{Look, Style, visible};

/// The calls, from the section or function to what it reaches. The user's own functions stand out.
pub(super) fn listed(kind: EntryKind, chain: &[Call], end: &str, look: Look) -> String {
    let mut text = String::new();
    if chain.is_empty() {
        return text;
    }
    let from = match kind {
        EntryKind::Section | EntryKind::Raw => "section",
        EntryKind::Task => "task",
        EntryKind::Named => "function",
    };
    let _ = writeln!(text, "{}", look.paint(Style::Label, &format!("calls, from the {from} on:")));
    let calls: Vec<_> = shown(chain).collect();
    let mut by = None;
    for (number, call) in calls.iter().enumerate() {
        let style = if is_own(call) { Style::Label } else { Style::Faint };
        let name = look.paint(style, &visible(&call.caller.full));
        let _ = writeln!(text, "{number:4}: {name}{}", way(by, call.inlined));
        if let Some(place) = &call.place {
            let place = visible(&format!("at {place}"));
            let _ = writeln!(text, "             {}", look.paint(Style::Faint, &place));
        }
        by = Some(call.kind);
    }
    let end = look.paint(Style::Bad, &visible(end));
    let _ = writeln!(text, "{:4}: {end}{}", calls.len(), way(by, false));
    text
}

/// In which way a function is called, where it is not by a plain call.
fn way(kind: Option<crate::graph::EdgeKind>, inlined: bool) -> String {
    match kind.filter(|kind| is_special(*kind)) {
        _ if inlined => " (inlined)".to_owned(),
        Some(kind) => format!(" ({})", kind.name()),
        None => String::new(),
    }
}

/// What a tree is drawn with: a branch, the last branch, what stands below each of them.
type Lines = [&'static str; 4];
const UNICODE: Lines = ["├─ ", "└─ ", "│  ", "   "];
const ASCII: Lines = ["|-- ", "`-- ", "|   ", "    "];

/// Draws a tree of chains.
pub(super) fn as_tree(text: &mut String, tree: &Tree<'_, &str>, look: Look) {
    branch(text, tree, "", "", look);
}

fn branch(text: &mut String, tree: &Tree<'_, &str>, first: &str, rest: &str, look: Look) {
    let is_end = !tree.ends.is_empty();
    let style = match () {
        () if is_end => Style::Bad,
        () if tree.is_own => Style::Label,
        () => Style::Faint,
    };
    let name = look.paint(style, &visible(tree.name));
    let way = way(tree.kind, tree.inlined);
    let _ = writeln!(text, "{}{name}{way}", look.paint(Style::Faint, first));
    let lines = if look.unicode { UNICODE } else { ASCII };
    let below = if tree.calls.is_empty() { lines[3] } else { lines[2] };
    let mut say = |what: String| {
        let line = format!("{rest}{below}  {}", visible(&what));
        let _ = writeln!(text, "{}", look.paint(Style::Faint, &line));
    };
    if let Some(place) = tree.called_at {
        say(format!("called at {place}"));
    }
    let mut reasons: Vec<_> = tree.ends.iter().filter(|reason| !reason.is_empty()).collect();
    reasons.dedup();
    for reason in reasons {
        say((*reason).to_owned());
    }
    for (number, call) in tree.calls.iter().enumerate() {
        let is_last = number + 1 == tree.calls.len();
        let [first, below] = if is_last { [lines[1], lines[3]] } else { [lines[0], lines[2]] };
        branch(text, call, &format!("{rest}{first}"), &format!("{rest}{below}"), look);
    }
}
