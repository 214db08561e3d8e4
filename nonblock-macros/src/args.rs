//! What stands in an attribute's parentheses.

use core::fmt;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::Path;
use syn::parse::Parser as _;

use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;

/// The arguments of an attribute.
#[derive(Default)]
pub(crate) struct Args {
    /// The name to bind a token to: `#[may_sleep(cx)]`.
    pub(crate) binding: Option<Ident>,
    /// Leaves a method out of its block's attribute: `#[may_sleep(skip)]`.
    pub(crate) skip: Option<Ident>,
    /// Whether some argument could not be read.
    pub(crate) unreadable: bool,
    /// What the crate is called here: `#[may_sleep(crate = path)]`.
    crate_path: Option<Path>,
}

/// Whose arguments are read.
#[derive(Clone, Copy)]
pub(crate) enum Owner {
    Attribute(Attribute),
    Test,
}

impl Owner {
    /// The forms that the attribute can be written in.
    fn forms(self) -> Forms {
        Forms(self)
    }
}

struct Forms(Owner);

impl fmt::Display for Forms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Owner::Attribute(attribute) => {
                let (name, binding) = (attribute.name(), attribute.binding());
                write!(
                    f,
                    "write `#[{name}]`, `#[{name}({binding})]` to bind the token `{binding}` in the \
                     body, or add `crate = path` where the crate has another name"
                )
            }
            Owner::Test => f.write_str(
                "write `#[nonblock::test]`, or `#[nonblock::test(crate = path)]` where the crate has \
                 another name",
            ),
        }
    }
}

impl Args {
    /// Reads the arguments. What cannot be read is reported, and left out.
    pub(crate) fn parse(owner: Owner, tokens: TokenStream, diagnostics: &mut Diagnostics) -> Self {
        let mut args = Self::default();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while !rest.is_empty() {
            let comma = rest.iter().position(is_comma);
            let (argument, after) = rest.split_at(comma.unwrap_or(rest.len()));
            rest = after.get(1..).unwrap_or_default();
            let before = diagnostics.count();
            if argument.is_empty() {
                diagnostics.error(after.first(), "no argument before this comma", owner.forms());
            } else {
                args.argument(owner, argument, diagnostics);
            }
            args.unreadable |= diagnostics.count() > before;
        }
        args
    }

    fn argument(&mut self, owner: Owner, argument: &[TokenTree], diagnostics: &mut Diagnostics) {
        let unseparated = argument.windows(2).position(|two| {
            matches!(two, [TokenTree::Ident(key), equals] if key == "crate" && is_punct(equals, '='))
        });
        if let Some((before, path)) = unseparated.and_then(|at| argument.split_at_checked(at))
            && !before.is_empty()
        {
            diagnostics.error(
                path.first(),
                "no comma before this argument",
                "separate the arguments with commas",
            );
            self.argument(owner, before, diagnostics);
            self.argument(owner, path, diagnostics);
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
            match Path::parse_mod_style.parse2(path.clone()) {
                Ok(_) if self.crate_path.is_some() => {
                    diagnostics.error(tokens, "`crate` is given twice", "keep one of the two");
                }
                Ok(path) => self.crate_path = Some(path),
                Err(_) => diagnostics.error(
                    path,
                    "this is not a path",
                    "write the path of the crate as seen from here, without quotes, as \
                     `crate = crate::nonblock`",
                ),
            }
            return;
        }
        let Owner::Attribute(attribute) = owner else {
            diagnostics.error(
                tokens,
                "`#[nonblock::test]` takes no such argument",
                "a token is a parameter of the test: `fn name(cx: &mut Sleepable)`; the one argument is \
                 `crate = path`, where the crate has another name",
            );
            return;
        };
        match syn::parse2::<Ident>(tokens.clone()) {
            Ok(ident) if ident == "skip" => {
                if self.skip.is_some() {
                    diagnostics.error(tokens, "`skip` is given twice", "keep one of the two");
                } else {
                    self.skip = Some(ident);
                }
            }
            Ok(ident) if is_slip_of_skip(&ident) => {
                let wrong = format!("`{ident}` would be the name of a token that is bound");
                let name = attribute.name();
                let help = format!(
                    "write `#[{name}(skip)]` to leave the method out of its block's attribute, or another name"
                );
                diagnostics.error(tokens, wrong, help);
            }
            Ok(ident) => {
                if let Some(first) = &self.binding {
                    let wrong = format!("a second name: the token is already bound to `{first}`");
                    let help = format!("keep one name: `#[{}({first})]`", attribute.name());
                    diagnostics.error(tokens, wrong, help);
                } else {
                    self.binding = Some(ident);
                }
            }
            Err(_) => self.not_a_name(attribute, argument, tokens, diagnostics),
        }
    }

    /// Says what is wrong with an argument that is neither a name nor `crate = path`.
    fn not_a_name(
        &mut self,
        attribute: Attribute,
        argument: &[TokenTree],
        tokens: TokenStream,
        diagnostics: &mut Diagnostics,
    ) {
        let name = attribute.name();
        // `mut cx`, `&mut cx`, `cx: &mut Sleepable`: the name is there, with too much around it.
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
            Some(meant)
                if (typed || decorated) && syn::parse_str::<Ident>(&meant.to_string()).is_ok() =>
            {
                let help = format!(
                    "write `#[{name}({meant})]`: it binds `{meant}: {}` in the body",
                    attribute.bound_type()
                );
                diagnostics.error(tokens, "only the name of the token goes here", help);
                // Bound all the same, so that the body's uses of it are no errors of their own.
                self.binding.get_or_insert_with(|| meant.clone());
            }
            _ if matches!(argument, [TokenTree::Ident(ident)] if ident == "_") => {
                let help =
                    format!("write `#[{name}]`, or a name: `#[{name}(_{})]`", attribute.binding());
                diagnostics.error(tokens, "`_` binds nothing", help);
            }
            _ if matches!(argument, [TokenTree::Ident(_)]) => {
                let wrong = format!("`{tokens}` is a keyword, and cannot name the token");
                let help = format!("write a name: `#[{name}({})]`", attribute.binding());
                diagnostics.error(tokens, wrong, help);
            }
            _ => {
                let wrong = format!("`#[{name}]` takes no such argument");
                diagnostics.error(tokens, wrong, Owner::Attribute(attribute).forms());
            }
        }
    }

    /// Whether the crate has another name than its own.
    pub(crate) fn renames_crate(&self) -> bool {
        self.crate_path.is_some()
    }

    /// Returns the path of what expansions call, for tokens at `span`.
    pub(crate) fn private(&self, span: Span) -> TokenStream {
        self.crate_path.as_ref().map_or_else(
            || quote_spanned!(span=> ::nonblock::__private),
            |path| quote_spanned!(span=> #path::__private),
        )
    }
}

fn is_comma(token: &TokenTree) -> bool {
    is_punct(token, ',')
}

pub(crate) fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

/// Whether a name has the letters of `skip` and no others: meant as that, it would bind a token instead.
fn is_slip_of_skip(ident: &Ident) -> bool {
    let mut letters: Vec<char> = ident.to_string().chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters == ['i', 'k', 'p', 's']
}
