//! Whether a body awaits.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use crate::args::is_punct;
use crate::item::Function;

/// Finds an `.await` in a body.
pub(crate) fn find_in(function: &Function) -> Option<Span> {
    // To look at the tokens, the compiler would have to hand over all of them: the source tells most
    // bodies apart sooner.
    let body = function.body.as_ref()?;
    match function.source() {
        Some(source) if !source.contains("await") => None,
        _ => find(body.stream()),
    }
}

/// Finds an `.await` that belongs to the body itself: not to an `async` block in it, nor to a macro's
/// arguments, whose meaning only the macro knows.
fn find(body: TokenStream) -> Option<Span> {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let mut skip_braces = false;
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|before| tokens.get(before));
        match token {
            TokenTree::Ident(ident) if ident == "async" => skip_braces = true,
            TokenTree::Ident(ident)
                if ident == "await" && !skip_braces && before.is_some_and(|b| is_punct(b, '.')) =>
            {
                return Some(ident.span());
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => skip_braces = false,
            TokenTree::Group(group) => {
                let of_async = skip_braces && group.delimiter() == Delimiter::Brace;
                let of_macro = is_macro_call(tokens.get(..i).unwrap_or_default());
                if of_async {
                    skip_braces = false;
                } else if !of_macro
                    && !skip_braces
                    && let Some(found) = find(group.stream())
                {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether the tokens before a group make it a macro's: `name!` or `macro_rules! name`.
fn is_macro_call(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(_), bang] if is_punct(bang, '!') => true,
        [.., TokenTree::Ident(rules), bang, TokenTree::Ident(_)] => {
            rules == "macro_rules" && is_punct(bang, '!')
        }
        _ => false,
    }
}
