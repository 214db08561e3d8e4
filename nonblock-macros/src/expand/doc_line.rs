//! The line that an attribute adds to a function's documentation.
//!
//! It stands after the summary. So the summary stays the author's, and the line is still near the top of the page.
//! A function without documentation gets the line only while rustdoc runs, so that the lint `missing_docs` still
//! reports the function.

use proc_macro2::{Delimiter, Group, Literal, Span, TokenTree};
use quote::quote_spanned;

use crate::attribute::Attribute;
use crate::item::Attr;
use crate::token_tree::construct::{ident, punct};
use crate::validate::Prologue;

/// Writes the attributes with the line among them.
///
/// `add_to_undocumented` says what to do if there is no documentation. An undocumented method of a trait implementation
/// must not get the line, because the line would replace what the method inherits from the trait.
pub(super) fn insert(
    attrs: Vec<Attr>,
    line: Option<&str>,
    add_to_undocumented: bool,
) -> Vec<TokenTree> {
    let mut tokens = Vec::new();
    let Some(line) = line else {
        tokens.extend(attrs.into_iter().flat_map(Attr::into_tokens));
        return tokens;
    };
    let docs = Docs::read(&attrs);
    let Some(docs) = docs else {
        tokens.extend(attrs.into_iter().flat_map(Attr::into_tokens));
        if add_to_undocumented {
            tokens.extend(quote_spanned!(Span::mixed_site()=> #[cfg_attr(doc, doc = #line)]));
        }
        return tokens;
    };
    let mut attrs = attrs.into_iter();
    tokens.extend(attrs.by_ref().take(docs.end_of_summary).flat_map(Attr::into_tokens));
    tokens.extend(paragraph(line, docs.indentation));
    tokens.extend(attrs.flat_map(Attr::into_tokens));
    tokens
}

/// What a function's documentation looks like.
struct Docs {
    /// How many attributes there are up to the end of the summary. If the documentation does not begin with a paragraph, it
    /// is the number of those before the documentation.
    end_of_summary: usize,
    /// By how many spaces each line is indented, at least. Rustdoc takes them away, and would take fewer away if the added
    /// line had fewer.
    indentation: usize,
}

impl Docs {
    /// Reads the documentation among the attributes, if there is any.
    fn read(attrs: &[Attr]) -> Option<Self> {
        let docs = || attrs.iter().enumerate().filter(|(_, attr)| attr.is_doc());
        docs().next()?;
        let texts: Vec<_> = docs().map(|(i, attr)| (i, text(attr))).collect();
        let lines = texts.iter().filter_map(|(_, text)| text.as_deref()).flat_map(str::lines);
        let written = lines.filter(|line| !line.trim().is_empty());
        let indentation = written.map(indentation).min().unwrap_or(1).max(1);
        let end_of_summary = end_of_summary(&texts, indentation).unwrap_or(attrs.len());
        Some(Self { end_of_summary, indentation })
    }
}

/// The place of the attribute before which the summary ends, unless it is all there is.
///
/// The summary ends before a blank line, or one that begins a block, such as a list. A doc comment between `/**` and `*/` is
/// one attribute of several lines. If the summary ends in it, the added line goes behind it.
fn end_of_summary(texts: &[(usize, Option<String>)], least_indentation: usize) -> Option<usize> {
    let mut in_summary = false;
    for (i, text) in texts {
        // Nobody knows what an `include_str!` includes.
        let Some(text) = text else { return Some(*i) };
        for (number, line) in text.split('\n').enumerate() {
            let is_blank = line.trim().is_empty();
            let begins_block = begins_block(line, least_indentation);
            match (in_summary, is_blank || begins_block) {
                (_, false) => in_summary = true,
                // Documentation that begins with a block has no summary.
                (false, true) if is_blank => {}
                (false, true) => return Some(*i),
                (true, true) => return Some(if number == 0 { *i } else { i + 1 }),
            }
        }
    }
    None
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The line as a paragraph of its own, in a `#[doc = "..."]`.
///
/// The blank lines around it hold spaces. Rustdoc drops the first and the last of several lines if they hold nothing
/// but stars, and an empty line counts as one of these.
fn paragraph(line: &str, indentation: usize) -> [TokenTree; 2] {
    let span = Span::mixed_site();
    let spaces = " ".repeat(indentation);
    let mut text = Literal::string(&format!(" \n{spaces}{line}\n  "));
    text.set_span(span);
    let content = [ident("doc", span), punct('=', span), text.into()];
    let mut brackets = Group::new(Delimiter::Bracket, content.into_iter().collect());
    brackets.set_span(span);
    [punct('#', span), brackets.into()]
}

/// The line for a function with this prologue.
pub(super) fn line(attribute: Attribute, prologue: &Prologue) -> Option<&'static str> {
    Some(match (attribute, prologue) {
        (_, Prologue::Nothing | Prologue::BindRefused(_) | Prologue::Error(_)) => return None,
        (Attribute::MaySleep, Prologue::Context(_) | Prologue::ContextByType(_)) => {
            "May sleep if its context may."
        }
        (Attribute::MaySleep, Prologue::Bind(..)) => {
            "May sleep: the right to is checked at run time."
        }
        (Attribute::MaySleep, _) => "May sleep: takes `&mut Sleepable`.",
        (Attribute::NonBlock, Prologue::Polls(_)) => "Does not block: each poll is a section.",
        (Attribute::NonBlock, Prologue::Bind(..)) => "Does not block: runs in a section.",
        (Attribute::NonBlock, Prologue::Section(probed)) if probed.is_empty() => {
            "Does not block: runs in a section."
        }
        (Attribute::NonBlock, Prologue::Section(_)) => "Does not block.",
        (Attribute::NonBlock, _) => "Does not block: takes the proof of a section.",
    })
}

/// The text of a doc comment or of a `#[doc = "..."]`. Returns `None` if it is no literal.
fn text(attr: &Attr) -> Option<String> {
    let TokenTree::Literal(literal) = attr.content().last()? else { return None };
    let source = literal.to_string();
    // `" text"`, or `r" text"` with any number of `#`.
    Some(match source.strip_prefix('r') {
        Some(raw) => raw.trim_matches('#').trim_matches('"').to_owned(),
        None => source.trim_matches('"').replace("\\n", "\n").replace("\\\"", "\""),
    })
}

/// Whether a line begins a block that is no paragraph, such as a list or code.
fn begins_block(line: &str, least_indentation: usize) -> bool {
    let text = line.trim();
    let is_code = indentation(line) >= least_indentation + 4;
    is_code || (text.starts_with(['#', '`', '~', '-', '*', '>', '|']) && !is_inline(text))
}

/// Whether a line continues the paragraph although its first character can begin a block.
fn is_inline(text: &str) -> bool {
    match text.chars().next() {
        Some(fence @ ('`' | '~')) => !text.starts_with(&fence.to_string().repeat(3)),
        Some('*' | '-') => !text.starts_with("* ") && !text.starts_with("- "),
        _ => false,
    }
}
