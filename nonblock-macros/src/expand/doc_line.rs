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
    let mut docs = attrs.iter().enumerate().filter(|(_, attr)| attr.is_doc());
    if docs.next().is_none() {
        tokens.extend(attrs.into_iter().flat_map(Attr::into_tokens));
        if add_to_undocumented {
            tokens.extend(quote_spanned!(Span::mixed_site()=> #[cfg_attr(doc, doc = #line)]));
        }
        return tokens;
    }
    // The summary ends before the first line that is blank or begins a block, such as a list.
    let end = docs.find(|(_, attr)| ends_paragraph(attr)).map_or(attrs.len(), |(i, _)| i);
    let mut attrs = attrs.into_iter();
    tokens.extend(attrs.by_ref().take(end).flat_map(Attr::into_tokens));
    tokens.extend(paragraph(line));
    tokens.extend(attrs.flat_map(Attr::into_tokens));
    tokens
}

/// The line as a paragraph of its own, in a `#[doc = "..."]`.
///
/// The blank lines around it hold spaces. Rustdoc drops the first and the last of several lines if they hold nothing
/// but stars, and an empty line counts as one of these.
fn paragraph(line: &str) -> [TokenTree; 2] {
    let span = Span::mixed_site();
    let mut text = Literal::string(&format!(" \n {line}\n  "));
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
        (Attribute::NonBlock, Prologue::Bind(..)) => "Does not block: runs in a section.",
        (Attribute::NonBlock, Prologue::Section(probed)) if probed.is_empty() => {
            "Does not block: runs in a section."
        }
        (Attribute::NonBlock, Prologue::Section(_)) => "Does not block.",
        (Attribute::NonBlock, _) => "Does not block: takes the proof of a section.",
    })
}

/// Whether a line of documentation ends the paragraph before it.
fn ends_paragraph(attr: &Attr) -> bool {
    let Some(TokenTree::Literal(literal)) = attr.content().last() else { return true };
    let source = literal.to_string();
    // `" text"`, or `r" text"` with any number of `#`.
    let text = match source.strip_prefix('r') {
        Some(raw) => raw.trim_matches('#'),
        None => &source,
    };
    let text = text.trim_matches('"').trim();
    text.is_empty() || (text.starts_with(['#', '`', '-', '*', '>', '|']) && !is_inline(text))
}

/// Whether a line continues the paragraph although its first character can begin a block.
fn is_inline(text: &str) -> bool {
    (text.starts_with('`') && !text.starts_with("```"))
        || (text.starts_with(['*', '-']) && !text.starts_with("* ") && !text.starts_with("- "))
}
