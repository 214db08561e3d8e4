//! The arguments of an attribute: what stands in its parentheses.

use core::fmt;

use proc_macro2::{Ident, TokenStream, TokenTree};

use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::private_path::PrivatePath;
use crate::token_tree::inspect::unwrap_invisible_groups;
use crate::token_tree::{after_path_separator, is_ident, is_keyword, is_path_word, is_punct};
use crate::watched_layers::{WatchedLayers, begins_watch};

/// The arguments of an attribute.
#[derive(Default)]
pub(crate) struct Args {
    /// The name of the token to bind in the body: `cx` of `#[may_sleep(cx)]`.
    pub(crate) binding: Option<Ident>,
    /// The argument that leaves a method out of its block's attribute: `skip` of `#[may_sleep(skip)]`.
    pub(crate) skip: Option<Ident>,
    /// The layers that are on while a test runs: `watch = "trap"` of `#[nonblock::test(watch = "trap")]`.
    pub(crate) watched: Option<WatchedLayers>,
    /// Whether an argument was in error. It may have been meant as the name of a token.
    pub(crate) has_invalid: bool,
    /// The path of `nonblock` in the user's crate: `path` of `#[may_sleep(crate = path)]`.
    crate_path: Option<Vec<TokenTree>>,
}

/// The macro whose arguments are read.
#[derive(Clone, Copy)]
pub(crate) enum Macro {
    Attribute(Attribute),
    /// `#[nonblock::test]`.
    Test,
}

impl Macro {
    /// The macro's name, as one writes it.
    const fn name(self) -> &'static str {
        match self {
            Self::Attribute(attribute) => attribute.name(),
            Self::Test => "nonblock::test",
        }
    }

    /// The name that messages suggest for the token.
    const fn suggested_name(self) -> &'static str {
        match self {
            Self::Attribute(attribute) => attribute.suggested_name(),
            Self::Test => Attribute::MaySleep.suggested_name(),
        }
    }

    /// The type of the token that is bound.
    const fn bound_type(self) -> &'static str {
        match self {
            Self::Attribute(attribute) => attribute.bound_type(),
            Self::Test => Attribute::MaySleep.bound_type(),
        }
    }
}

/// Displays the forms in which a macro can be written.
struct Usage(Macro);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, token) = (self.0.name(), self.0.suggested_name());
        let watch = match self.0 {
            Macro::Attribute(_) => "",
            Macro::Test => "add `watch = \"trap\"` to have the watch on, ",
        };
        write!(
            f,
            "write `#[{name}]`, `#[{name}({token})]` to bind the token `{token}` in the body, {watch}or add \
             `crate = path` where the crate has another name"
        )
    }
}

impl Args {
    /// Parses the arguments. An argument in error is reported and left out.
    pub(crate) fn parse(mac: Macro, tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut args = Self::default();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while !rest.is_empty() {
            let comma = rest.iter().position(|token| is_punct(token, ','));
            let (argument, after) = rest.split_at(comma.unwrap_or(rest.len()));
            rest = after.get(1..).unwrap_or_default();
            let before = diagnostics.count();
            if argument.is_empty() {
                diagnostics.error(after.first(), "no argument before this comma", Usage(mac));
            } else {
                args.parse_argument(mac, argument, diagnostics);
            }
            args.has_invalid |= diagnostics.count() > before;
        }
        args
    }

    fn parse_argument(
        &mut self,
        mac: Macro,
        argument: &[TokenTree],
        diagnostics: &mut Diagnostics,
    ) {
        let is_test = matches!(mac, Macro::Test);
        let unseparated = (1..argument.len()).find(|at| {
            let rest = &argument[*at..];
            begins_crate(rest) || is_test && begins_watch(rest)
        });
        if let Some((before, after)) = unseparated.and_then(|at| argument.split_at_checked(at)) {
            diagnostics.error(
                after.first(),
                "no comma before this argument",
                "separate the arguments with commas",
            );
            self.parse_argument(mac, before, diagnostics);
            self.parse_argument(mac, after, diagnostics);
            return;
        }
        let tokens: TokenStream = argument.iter().cloned().collect();
        if let [TokenTree::Ident(key), equals, path @ ..] = argument
            && key == "crate"
            && is_punct(equals, '=')
        {
            if path.is_empty() {
                diagnostics.error(
                    tokens,
                    "no path after `crate =`",
                    "write the path of the crate as seen from here, as `crate = crate::nonblock`",
                );
                return;
            }
            let path: TokenStream = path.iter().cloned().collect();
            let words = unwrap_invisible_groups(path.clone());
            if !is_module_path(&words) {
                diagnostics.error(
                    path,
                    "this is not a path",
                    "write the path of the crate as seen from here, without quotes, as \
                     `crate = crate::nonblock`",
                );
            } else if self.crate_path.is_some() {
                diagnostics.error(tokens, "`crate` is given twice", "keep one of the two");
            } else {
                self.crate_path = Some(words);
            }
            return;
        }
        if is_test && argument.first().is_some_and(|key| is_ident(key, "watch")) {
            let watched = WatchedLayers::parse(argument, diagnostics);
            if self.watched.is_some() {
                let help = "name all layers in one, as `watch = \"trap,schedule\"`";
                diagnostics.error(tokens, "`watch` is given twice", help);
            } else {
                self.watched = watched;
            }
            return;
        }
        let name = mac.name();
        let name_of_token = as_name(argument);
        if let (Macro::Test, Some(other)) = (mac, &name_of_token)
            && ["should_panic", "ignore", "skip"].iter().any(|word| other == word)
        {
            diagnostics.error(
                tokens,
                format!("`{other}` would be the name of a token that is bound"),
                "write `#[should_panic]` and `#[ignore]` as attributes of their own, or another name",
            );
            return;
        }
        match name_of_token {
            Some(ident) if ident == "skip" && matches!(mac, Macro::Attribute(_)) => {
                if self.skip.is_some() {
                    diagnostics.error(tokens, "`skip` is given twice", "keep one of the two");
                } else {
                    self.skip = Some(ident);
                }
            }
            Some(ident) if is_misspelled_skip(&ident) && matches!(mac, Macro::Attribute(_)) => {
                let message = format!("`{ident}` would be the name of a token that is bound");
                let help = format!(
                    "write `#[{name}(skip)]` to leave the method out of its block's attribute, or another name"
                );
                diagnostics.error(tokens, message, help);
            }
            Some(ident) => {
                if let Some(first) = &self.binding {
                    let message = format!("a second name: the token is already bound to `{first}`");
                    let help = format!("keep one name: `#[{name}({first})]`");
                    diagnostics.error(tokens, message, help);
                } else {
                    self.binding = Some(ident);
                }
            }
            None => self.report_invalid_name(mac, argument, tokens, diagnostics),
        }
    }

    /// Reports an argument that is neither a name nor `crate = path`.
    fn report_invalid_name(
        &mut self,
        mac: Macro,
        argument: &[TokenTree],
        tokens: TokenStream,
        diagnostics: &mut Diagnostics,
    ) {
        let name = mac.name();
        // `mut cx`, `&mut cx` and `cx: &mut Sleepable` hold the name, with too much around it.
        let meant = argument
            .iter()
            .map_while(|token| match token {
                TokenTree::Ident(ident) => Some(Some(ident)),
                TokenTree::Punct(punct) if punct.as_char() == '&' => Some(None),
                _ => None,
            })
            .flatten()
            .find(|ident| *ident != "mut" && *ident != "_");
        let typed = argument.get(1).is_some_and(|token| is_punct(token, ':'));
        let decorated = matches!(argument.first(), Some(TokenTree::Ident(ident)) if ident == "mut")
            || argument.first().is_some_and(|token| is_punct(token, '&'));
        match meant {
            Some(meant) if (typed || decorated) && !is_keyword(meant) => {
                let help = format!(
                    "write `#[{name}({meant})]`: it binds `{meant}: {}` in the body",
                    mac.bound_type()
                );
                diagnostics.error(tokens, "only the name of the token goes here", help);
                // Bind it nevertheless, so that its uses in the body are no further errors.
                self.binding.get_or_insert_with(|| meant.clone());
            }
            _ if matches!(argument, [TokenTree::Ident(ident)] if ident == "_") => {
                let help =
                    format!("write `#[{name}]`, or a name: `#[{name}(_{})]`", mac.suggested_name());
                diagnostics.error(tokens, "`_` binds nothing", help);
            }
            _ if matches!(argument, [TokenTree::Ident(_)]) => {
                let message = format!("`{tokens}` is a keyword, and cannot name the token");
                let help = format!("write a name: `#[{name}({})]`", mac.suggested_name());
                diagnostics.error(tokens, message, help);
            }
            _ => {
                let message = format!("`#[{name}]` takes no such argument");
                diagnostics.error(tokens, message, Usage(mac));
            }
        }
    }

    /// The path of the module that the expansion calls.
    pub(crate) fn private_path(&self) -> PrivatePath {
        PrivatePath::new(self.crate_path.as_deref())
    }
}

/// Whether `crate =` stands here.
fn begins_crate(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [key, equals, ..] if is_ident(key, "crate") && is_punct(equals, '='))
}

/// The name that an argument is, if it is nothing else.
fn as_name(argument: &[TokenTree]) -> Option<Ident> {
    match unwrap_invisible_groups(argument.iter().cloned().collect()).as_slice() {
        [TokenTree::Ident(ident)] if !is_keyword(ident) => Some(ident.clone()),
        _ => None,
    }
}

/// Whether the tokens are the path of a module or a crate: words with `::` between them.
fn is_module_path(tokens: &[TokenTree]) -> bool {
    let mut rest = after_path_separator(tokens).unwrap_or(tokens);
    while let [TokenTree::Ident(word), after @ ..] = rest
        && is_path_word(word)
    {
        match after_path_separator(after) {
            _ if after.is_empty() => return true,
            Some(after) => rest = after,
            None => return false,
        }
    }
    false
}

/// Whether a name has the letters of `skip` and no others, such as `sikp`. It would bind a token of that name.
fn is_misspelled_skip(ident: &Ident) -> bool {
    let mut letters: Vec<char> = ident.to_string().chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters == ['i', 'k', 'p', 's']
}
