//! The layers of the watch that a test names: `watch = "trap,schedule"`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use crate::diagnostics::Diagnostics;
use crate::token_tree::inspect::unwrap_invisible_groups;
use crate::token_tree::{is_ident, is_punct};

/// The layers that a test can be watched by, with the constants of `nonblock::watch::Layers`.
const LAYERS: [(&str, &str); 3] = [("schedule", "SCHEDULE"), ("trap", "TRAP"), ("alloc", "ALLOC")];

/// What messages say to write.
const USAGE: &str =
    "write the layers in quotes, as `watch = \"trap\"` or `watch = \"trap,schedule\"`";

/// The layers that are on while a test runs.
#[derive(Debug)]
pub(crate) struct WatchedLayers {
    /// The names of the constants.
    constants: Vec<&'static str>,
    /// Where the layers are named.
    pub(crate) span: Span,
}

impl WatchedLayers {
    /// Parses an argument that begins with `watch`. An argument in error is reported.
    pub(crate) fn parse(argument: &[TokenTree], diagnostics: &mut Diagnostics) -> Option<Self> {
        let tokens = || argument.iter().cloned().collect::<TokenStream>();
        let value = match argument {
            [_, equals, value @ ..] if is_punct(equals, '=') => value,
            [_] => {
                let message = "`watch` would be the name of a token that is bound";
                diagnostics.error(tokens(), message, format!("{USAGE}, or another name"));
                return None;
            }
            _ => {
                diagnostics.error(tokens(), "`watch` takes its layers after `=`", USAGE);
                return None;
            }
        };
        if value.is_empty() {
            diagnostics.error(tokens(), "no layers after `watch =`", USAGE);
            return None;
        }
        let value: TokenStream = value.iter().cloned().collect();
        let words = unwrap_invisible_groups(value.clone());
        let ([TokenTree::Literal(literal)], Some(text)) = (words.as_slice(), as_text(&words))
        else {
            diagnostics.error(value, "the layers of `watch` are one string", USAGE);
            return None;
        };
        let span = literal.span();
        let before = diagnostics.count();
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let constants: Vec<_> =
            names.filter_map(|name| constant_of(name, span, diagnostics)).collect();
        if diagnostics.count() > before {
            return None;
        }
        if constants.is_empty() {
            diagnostics.error_at(span, "no layer is named here", USAGE);
            return None;
        }
        Some(Self { constants, span })
    }

    /// The constants, one after the other.
    pub(crate) fn constants(&self) -> TokenStream {
        let constants = self.constants.iter();
        constants.map(|name| TokenTree::from(Ident::new(name, self.span))).collect()
    }
}

/// Whether `watch =` stands here.
pub(crate) fn begins_watch(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [key, equals, ..] if is_ident(key, "watch") && is_punct(equals, '='))
}

/// The text of a string literal. Its escapes are left as they are: no layer's name has one.
fn as_text(words: &[TokenTree]) -> Option<String> {
    let [TokenTree::Literal(literal)] = words else { return None };
    let source = literal.to_string();
    let quoted = source.strip_prefix('r').map_or(source.as_str(), |raw| raw.trim_matches('#'));
    Some(quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// The constant of the layer with this name. A name that no test can be watched by is reported.
fn constant_of(name: &str, span: Span, diagnostics: &mut Diagnostics) -> Option<&'static str> {
    let constant = |name: &str| {
        LAYERS.into_iter().find_map(|(known, constant)| (known == name).then_some(constant))
    };
    if let Some(constant) = constant(name) {
        return Some(constant);
    }
    let layer = name.split_once('=').map_or(name, |(layer, _)| layer.trim());
    if layer == "budget" {
        diagnostics.error_at(
            span,
            "the layer `budget` needs a length, which `watch` cannot take",
            "start the watch in the body of the test: \
             `let _watch = nonblock::watch::Watch::builder().budget(Duration::from_micros(50)).this_thread_only().start().unwrap();`",
        );
    } else if constant(layer).is_some() {
        diagnostics.error_at(
            span,
            format!("`{name}` has a value, and `watch` takes only names of layers"),
            format!(
                "write `{layer}`, or start the watch in the body of the test by `nonblock::watch::Watch::builder()`"
            ),
        );
    } else {
        diagnostics.error_at(
            span,
            format!("`{name}` is no layer that a test can be watched by"),
            "expected names of `schedule`, `trap`, `alloc`, with commas between",
        );
    }
    None
}
