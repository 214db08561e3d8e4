//! The line that an attribute adds to a function's documentation.
//!
//! It stands after the summary, so that the summary stays the author's and the line is on the
//! page's first screen. A function without documentation gets the line only while documentation is
//! built, so that `missing_docs` still asks for some.

use proc_macro2::{Delimiter, Group, Literal, Span, TokenTree};
use quote::quote_spanned;

use crate::attribute::Attribute;
use crate::item::Attr;
use crate::token_tree::construct::{punct, word};
use crate::validate::Entry;

/// Writes the attributes, with the line among them.
///
/// `public` says that an undocumented function has a page of its own, on which the line hides
/// nothing: a trait's implementation inherits the trait's words instead.
pub(crate) fn with_line(attrs: Vec<Attr>, line: Option<&str>, public: bool) -> Vec<TokenTree> {
    let mut tokens = Vec::new();
    let Some(line) = line else {
        tokens.extend(attrs.into_iter().flat_map(Attr::into_tokens));
        return tokens;
    };
    let mut docs = attrs.iter().enumerate().filter(|(_, attr)| attr.is_doc());
    if docs.next().is_none() {
        tokens.extend(attrs.into_iter().flat_map(Attr::into_tokens));
        if public {
            tokens.extend(quote_spanned!(Span::mixed_site()=> #[cfg_attr(doc, doc = #line)]));
        }
        return tokens;
    }
    // The summary ends before the first line of documentation that is blank or begins a block.
    let end = docs.find(|(_, attr)| ends_paragraph(attr)).map_or(attrs.len(), |(i, _)| i);
    let mut attrs = attrs.into_iter();
    tokens.extend(attrs.by_ref().take(end).flat_map(Attr::into_tokens));
    tokens.extend(paragraph(line));
    tokens.extend(attrs.flat_map(Attr::into_tokens));
    tokens
}

/// The line as a paragraph of its own: `#[doc = "..."]`. The lines around it are blank but not empty: of several lines,
/// rustdoc drops a first or last one that has nothing but stars, and takes an empty one for that.
fn paragraph(line: &str) -> [TokenTree; 2] {
    let span = Span::mixed_site();
    let mut text = Literal::string(&format!(" \n {line}\n  "));
    text.set_span(span);
    let content = [word("doc", span), punct('=', span), text.into()];
    let mut bracketed = Group::new(Delimiter::Bracket, content.into_iter().collect());
    bracketed.set_span(span);
    [punct('#', span), bracketed.into()]
}

/// The line for a function with this entry.
pub(crate) fn line(attribute: Attribute, entry: &Entry) -> Option<&'static str> {
    Some(match (attribute, entry) {
        (_, Entry::Nothing | Entry::Refused(_) | Entry::Broken(_)) => return None,
        (Attribute::MaySleep, Entry::Context(_) | Entry::ContextByType(_)) => {
            "May sleep if its context may."
        }
        (Attribute::MaySleep, Entry::Bind(..)) => "May sleep: the right to is checked at run time.",
        (Attribute::MaySleep, _) => "May sleep: takes `&mut Sleepable`.",
        (Attribute::NonBlock, Entry::Bind(..)) => "Does not block: runs in a section.",
        (Attribute::NonBlock, Entry::Section(aliases)) if aliases.is_empty() => {
            "Does not block: runs in a section."
        }
        (Attribute::NonBlock, Entry::Section(_)) => "Does not block.",
        (Attribute::NonBlock, _) => "Does not block: takes the proof of a section.",
    })
}

/// Whether a line of documentation ends the paragraph before it.
fn ends_paragraph(attr: &Attr) -> bool {
    let Some(TokenTree::Literal(literal)) = attr.content().last() else { return true };
    let source = literal.to_string();
    // `" text"`, or `r" text"` with as many `#` as it takes.
    let text = match source.strip_prefix('r') {
        Some(raw) => raw.trim_matches('#'),
        None => &source,
    };
    let text = text.trim_matches('"').trim();
    text.is_empty() || (text.starts_with(['#', '`', '-', '*', '>', '|']) && !is_inline(text))
}

/// Whether a line that begins with a block's character continues the paragraph all the same.
fn is_inline(text: &str) -> bool {
    (text.starts_with('`') && !text.starts_with("```"))
        || (text.starts_with(['*', '-']) && !text.starts_with("* ") && !text.starts_with("- "))
}
