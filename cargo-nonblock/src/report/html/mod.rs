//! The report as one page for a browser: the header, and for each section the tree of ways to what it must not reach. It needs no
//! network, and without scripts all of it can still be read, opened and folded.
//!
//! Names come from the program, which may be anybody's: everything that is written goes through [`Escaped`].

mod comparison;

use std::fmt::{self, Display, Write as _};

use super::frames::own_place;
use super::sources::Sources;
use super::tree::{Tree, forest, is_special};
use super::wording::{self, count};
use super::{Checked, Counts, Report, Unreadable, header};
use crate::check::{EntryOutcome, Finding, Found, Hidden, HiddenBy, Verdict};
use crate::places::Place;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// How many of the sections that reach something are open from the start.
const OPEN: usize = 8;

/// A text as it is written into a page.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string().chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Neither these nor the marks that change a text's direction are part of a name.
                c if c.is_control() => write!(f, "{}", c.escape_unicode())?,
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    write!(f, "{}", c.escape_unicode())?;
                }
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A path of names, which may go on in the next line after each `::`.
struct Path<'a>(&'a str);

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.split("::").enumerate() {
            f.write_str(if number == 0 { "" } else { "::<wbr>" })?;
            Escaped(part).fmt(f)?;
        }
        Ok(())
    }
}

/// What a finding is shown as at the end of a tree.
#[derive(Clone, Copy)]
struct End<'a> {
    found: &'a Found,
    hidden: Option<&'a Hidden>,
}

/// Writes the report as a page.
pub fn html(report: &Report) -> String {
    let mut page = Page::begin("cargo nonblock check");
    let (verdict, counts) = (report.verdict(), Counts::of(report.entries()));
    page.put(format_args!(
        "<header class=\"top\"><h1>cargo nonblock check</h1><p class=\"sum\"><span class=\"badge {}\">{}</span> {}</p></header>\n",
        class(verdict),
        Escaped(verdict.name()),
        Escaped(counts),
    ));
    page.controls(counts);
    page.put(format_args!("<main>\n"));
    let mut open = OPEN;
    for program in &report.programs {
        page.program(report, program, &mut open);
    }
    page.unreadable(report);
    page.absent(report);
    if let Some(compared) = &report.against {
        page.comparison(compared);
    }
    page.end()
}

/// Writes the chains that `why` found as a page.
pub fn why(findings: &[Finding], from: &str, to: &str) -> String {
    let title = format!("From {from} to {to}");
    let mut page = Page::begin(&title);
    page.put(format_args!(
        "<header class=\"top\"><h1>cargo nonblock why</h1><p class=\"sum\">From <code>{}</code> to <code>{}</code>: {}</p></header>\n<main>\n",
        Escaped(from),
        Escaped(to),
        Escaped(count(findings.len(), "chain", "chains")),
    ));
    let found: Vec<_> = findings.iter().cloned().map(Found::Finding).collect();
    let ends = found.iter().map(|found| End { found, hidden: None });
    let trees = forest(ends.map(|end| (end.found.chain(), end.found.what(), end)));
    let sources = Sources::default();
    for tree in &trees {
        page.put(format_args!("<div class=\"entry reaches\"><ul class=\"tree\">"));
        page.node(tree, &sources);
        page.put(format_args!("</ul></div>\n"));
    }
    page.end()
}

/// The class of an entry, by its result.
const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "proved",
        Verdict::Known => "known",
        Verdict::NotProved => "not-proved",
        Verdict::Reaches => "reaches",
    }
}

/// A page, while it is written.
struct Page(String);

impl Page {
    fn begin(title: &str) -> Self {
        let mut page = Self(String::new());
        page.put(format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
            Escaped(title),
        ));
        page
    }

    fn end(mut self) -> String {
        self.put(format_args!(
            "</main>\n<footer>Written by cargo-nonblock {}. A chain of calls says that there is a way, and not that a run takes it.</footer>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
            env!("CARGO_PKG_VERSION"),
        ));
        self.0
    }

    fn put(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string never fails.
        let _ = self.0.write_fmt(text);
    }

    /// Search and filters. They do nothing without scripts, so they are not shown then.
    fn controls(&mut self, counts: Counts) {
        self.put(format_args!(
            "<form class=\"controls\" id=\"controls\" role=\"search\" hidden>\n\
             <input type=\"search\" id=\"search\" placeholder=\"Search functions and files\" aria-label=\"Search functions and files\" autocomplete=\"off\" spellcheck=\"false\">\n\
             <fieldset><legend>Show</legend>\n"
        ));
        for (verdict, count) in [
            (Verdict::Reaches, counts.reach),
            (Verdict::NotProved, counts.not_proved),
            (Verdict::Known, counts.known),
            (Verdict::Proved, counts.proved),
        ] {
            let (class, name) = (class(verdict), Escaped(verdict.name()));
            self.put(format_args!(
                "<label class=\"{class}\"><input type=\"checkbox\" value=\"{class}\" checked> {name} <b>{count}</b></label>\n"
            ));
        }
        self.put(format_args!(
            "</fieldset>\n<span class=\"buttons\"><button type=\"button\" id=\"open\">Open all</button> <button type=\"button\" id=\"fold\">Fold all</button></span>\n\
             <output id=\"shown\" aria-live=\"polite\"></output>\n\
             <p class=\"keys\"><kbd>/</kbd> search <kbd>↑</kbd> <kbd>↓</kbd> go <kbd>→</kbd> open <kbd>←</kbd> fold</p>\n</form>\n"
        ));
    }

    fn program(&mut self, report: &Report, program: &Checked, open: &mut usize) {
        let outcome = &program.outcome;
        let verdict = outcome.verdict();
        self.put(format_args!(
            "<section class=\"program\"><h2><span class=\"badge {}\">{}</span> <span class=\"file\">{}</span></h2>\n",
            class(verdict),
            Escaped(verdict.name()),
            Escaped(&program.file),
        ));
        self.put(format_args!(
            "<details class=\"head\"><summary>How it was built, and what is assumed</summary><dl>\n"
        ));
        for line in header::lines(report, program) {
            let unused = if line.is_unused { " class=\"unused\"" } else { "" };
            let (label, text) = (Escaped(&line.label), Escaped(&line.text));
            self.put(format_args!("<div{unused}><dt>{label}</dt><dd>{text}</dd></div>\n"));
        }
        self.put(format_args!("</dl></details>\n"));
        for doubt in &outcome.doubts {
            self.put(format_args!(
                "<p class=\"doubt\"><b>Cannot tell:</b> {}</p>\n",
                Escaped(doubt)
            ));
        }
        let sources = Sources::of(&program.file);
        let mut entries: Vec<_> = outcome.entries.iter().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.verdict()));
        for entry in entries {
            self.entry(entry, &sources, open);
        }
        self.put(format_args!("</section>\n"));
    }

    fn entry(&mut self, entry: &EntryOutcome, sources: &Sources, open: &mut usize) {
        let verdict = entry.verdict();
        let is_open = verdict == Verdict::Reaches && *open > 0;
        *open -= usize::from(is_open);
        let found = entry.findings.len() + entry.obstacles.len() + entry.hidden.len();
        let amount = match verdict {
            Verdict::Proved => count(entry.functions, "function", "functions"),
            _ => count(found, "finding", "findings"),
        };
        self.put(format_args!(
            "<details class=\"entry {}\"{}><summary><span class=\"badge {0}\">{}</span> <code>{}</code> {} <span class=\"amount\">{}</span></summary>\n",
            class(verdict),
            if is_open { " open" } else { "" },
            Escaped(verdict.name()),
            Path(&entry.name.full),
            At(entry.place.as_ref()),
            Escaped(amount),
        ));
        let findings = entry.findings.iter().cloned().map(Found::Finding);
        let found: Vec<_> =
            findings.chain(entry.obstacles.iter().cloned().map(Found::Obstacle)).collect();
        let ends = found.iter().map(|found| End { found, hidden: None });
        let hidden =
            entry.hidden.iter().map(|hidden| End { found: &hidden.found, hidden: Some(hidden) });
        let ends = ends.chain(hidden).map(|end| (end.found.chain(), end.found.what(), end));
        let trees = forest(ends);
        if trees.is_empty() {
            self.put(format_args!(
                "<p class=\"note\">Every call was followed to its end. It reaches {}{}, and nothing that blocks.</p>\n",
                Escaped(count(entry.functions, "function", "functions")),
                Escaped(wording::by_rules(entry)),
            ));
        } else {
            self.leaves(&found);
            self.put(format_args!("<ul class=\"tree\">"));
            for tree in &trees {
                self.node(tree, sources);
            }
            self.put(format_args!("</ul>\n"));
        }
        self.put(format_args!("</details>\n"));
    }

    /// What counts, at a glance: the ways may be long.
    fn leaves(&mut self, found: &[Found]) {
        if found.is_empty() {
            return;
        }
        self.put(format_args!("<ul class=\"leaves\">"));
        for found in found {
            let kind = wording::kind_of(found);
            let class = if matches!(found, Found::Finding(_)) { "bug" } else { "unsure" };
            self.put(format_args!(
                "<li class=\"{class}\"><b>{}:</b> <span class=\"name\">{}</span> {}</li>",
                Escaped(kind.label),
                Path(found.what()),
                At(own_place(found.chain())),
            ));
        }
        self.put(format_args!("</ul>\n"));
    }

    fn node(&mut self, tree: &Tree<'_, End<'_>>, sources: &Sources) {
        let own = if tree.is_own { " own" } else { "" };
        self.put(format_args!("<li class=\"call{own}\">"));
        let is_leaf = tree.calls.is_empty();
        self.put(format_args!(
            "{}<code>{}</code>",
            if is_leaf {
                "<div class=\"leaf\" tabindex=\"-1\">"
            } else {
                "<details open><summary>"
            },
            Path(tree.name)
        ));
        if tree.inlined {
            self.put(format_args!(" <span class=\"way\">inlined</span>"));
        } else if let Some(kind) = tree.kind.filter(|kind| is_special(*kind)) {
            self.put(format_args!(" <span class=\"way\">{}</span>", Escaped(kind.name())));
        }
        self.put(format_args!(" {}", At(tree.called_at)));
        if !is_leaf {
            self.put(format_args!("</summary>"));
        }
        for end in &tree.ends {
            self.finding(*end, sources);
        }
        if is_leaf {
            self.put(format_args!("</div>"));
        } else {
            // A way that does not part goes straight down.
            let only = if tree.calls.len() == 1 { " class=\"only\"" } else { "" };
            self.put(format_args!("<ul{only}>"));
            for call in &tree.calls {
                self.node(call, sources);
            }
            self.put(format_args!("</ul></details>"));
        }
        self.put(format_args!("</li>\n"));
    }

    fn finding(&mut self, end: End<'_>, sources: &Sources) {
        let kind = wording::kind_of(end.found);
        let class = if matches!(end.found, Found::Finding(_)) { "bug" } else { "unsure" };
        let hidden = if end.hidden.is_some() { " hidden-one" } else { "" };
        self.put(format_args!(
            "<div class=\"finding {class}{hidden}\"><p><b>{}:</b> {}</p>",
            Escaped(kind.label),
            Escaped(kind.headline)
        ));
        let reason = match end.found {
            Found::Finding(finding) => &finding.reason,
            Found::Obstacle(obstacle) => &obstacle.reason,
        };
        if !reason.is_empty() {
            self.put(format_args!("<p>{}</p>", Escaped(reason)));
        }
        if let Some(place) = own_place(end.found.chain())
            && let Some(spot) = sources.spot(place)
        {
            let (line, (from, to)) = (spot.line, spot.name);
            let part = |from, to| Escaped(spot.text.get(from..to).unwrap_or("").to_owned());
            let text = spot.text.get(line.0..line.1).unwrap_or("");
            let begin = line.0 + (text.len() - text.trim_start().len());
            self.put(format_args!(
                "<pre><span class=\"line\">{}</span>{}<mark>{}</mark>{}</pre>",
                place.line,
                part(begin, from),
                part(from, to),
                part(to, line.1)
            ));
        }
        for candidate in wording::candidates(end.found) {
            self.put(format_args!("<p>It may be: {}</p>", Escaped(candidate)));
        }
        match end.hidden {
            None => self.put(format_args!("<p class=\"help\">Help: {}</p>", Escaped(kind.help))),
            Some(hidden) => {
                let by = match hidden.by {
                    HiddenBy::Baseline => "Known by the baseline, and not counted",
                    HiddenBy::Suppression => "Suppressed by the rules, and not counted",
                };
                let reason = if hidden.reason.is_empty() { "." } else { ": " };
                let text = Escaped(format!("{by}{reason}{}", hidden.reason));
                self.put(format_args!("<p class=\"help\">{text}</p>"));
            }
        }
        self.put(format_args!("</div>"));
    }

    /// Programs that could not be read.
    fn unreadable(&mut self, report: &Report) {
        for Unreadable { file, error } in &report.unreadable {
            self.put(format_args!(
                "<section class=\"unreadable\"><h2><span class=\"badge not-proved\">cannot read</span> <span class=\"file\">{}</span></h2>\n<p class=\"doubt\">{}</p></section>\n",
                Escaped(file),
                Escaped(error),
            ));
        }
    }

    /// What the baseline has and the programs have not.
    fn absent(&mut self, report: &Report) {
        let absent = report.absent.as_deref().unwrap_or_default();
        if absent.is_empty() {
            return;
        }
        self.put(format_args!(
            "<details class=\"absent\"><summary>In the baseline, and no longer found: {}</summary><ul>\n",
            absent.len()
        ));
        for key in absent {
            self.put(format_args!("<li>{}</li>\n", Path(&key.to_string())));
        }
        self.put(format_args!("</ul></details>\n"));
    }
}

/// A place, if there is one.
struct At<'a>(Option<&'a Place>);

impl Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(place) => write!(f, "<span class=\"place\">{}</span>", Escaped(place)),
            None => Ok(()),
        }
    }
}
