//! Finding an `.await` in a body.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use crate::item::Function;
use crate::token_tree::is_punct;

/// Finds the first `.await` in the body of a function.
pub(super) fn find(function: &Function) -> Option<Span> {
    // To see the tokens, the compiler has to hand over all of them. Most bodies have no `.await`, and their source text
    // shows that faster.
    let body = function.body.as_ref()?;
    match function.body_source() {
        Some(source) if !source.contains("await") => None,
        _ => find_in_stream(body.stream()),
    }
}

/// Finds the first `.await` that belongs to the body itself. One in an `async` block does not, and neither does one in
/// the arguments of a macro, because only the macro knows what they mean.
fn find_in_stream(body: TokenStream) -> Option<Span> {
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
                    && let Some(found) = find_in_stream(group.stream())
                {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether the tokens before a group make it part of a macro: `name!` or `macro_rules! name`.
fn is_macro_call(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Ident(_), bang] if is_punct(bang, '!') => true,
        [.., TokenTree::Ident(rules), bang, TokenTree::Ident(_)] => {
            rules == "macro_rules" && is_punct(bang, '!')
        }
        _ => false,
    }
}
