//! Parsing a function's signature.
//!
//! `syn` can parse every signature, but it is slow where it is not optimized, as in a debug build. So the forms that
//! most signatures have are parsed here, into the types of `syn`. Only the others are left to `syn`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenTree};
use syn::punctuated::Punctuated;
use syn::{
    FnArg, GenericParam, Generics, Lifetime, LifetimeParam, Pat, PatIdent, PatType, Path,
    PathSegment, Receiver, ReceiverKind, Result, ReturnType, Safety, Signature, Token, Type,
    TypePath, TypeReference, TypeSlice, token,
};

use crate::token_tree::{is_ident, is_punct};

/// Parses the tokens from the qualifiers to the `where` clause.
pub(crate) fn parse(tokens: &[TokenTree]) -> Result<Signature> {
    match simple_signature(tokens)? {
        Some(signature) => Ok(signature),
        None => syn::parse2(tokens.iter().cloned().collect()),
    }
}

/// Parses `fn name<...>(...) -> T where ...`. Returns `None` for any other form.
fn simple_signature(tokens: &[TokenTree]) -> Result<Option<Signature>> {
    let [TokenTree::Ident(keyword), TokenTree::Ident(ident), rest @ ..] = tokens else {
        return Ok(None);
    };
    if keyword != "fn" {
        return Ok(None);
    }
    let (parameters, rest) = rest.split_at(end_of_generics(rest));
    let [TokenTree::Group(list), after @ ..] = rest else { return Ok(None) };
    if list.delimiter() != Delimiter::Parenthesis {
        return Ok(None);
    }
    let clause = after.iter().position(|token| is_ident(token, "where")).unwrap_or(after.len());
    let (after, clause) = after.split_at(clause);
    let mut generics = generics(parameters)?;
    if !clause.is_empty() {
        generics.where_clause = Some(syn::parse2(clause.iter().cloned().collect())?);
    }
    let output = match after {
        [] => ReturnType::Default,
        [dash, tip, ty @ ..] if is_punct(dash, '-') && is_punct(tip, '>') && !ty.is_empty() => {
            // Of the returned type, only the tokens are needed.
            let ty = Type::Verbatim(ty.iter().cloned().collect());
            ReturnType::Type(Token![->]([dash.span(), tip.span()]), Box::new(ty))
        }
        _ => return Ok(None),
    };
    let Some(inputs) = inputs(list)? else { return Ok(None) };
    Ok(Some(Signature {
        constness: None,
        asyncness: None,
        safety: Safety::Default,
        abi: None,
        fn_token: Token![fn](keyword.span()),
        ident: ident.clone(),
        generics,
        paren_token: token::Paren(list.span()),
        inputs,
        variadic: None,
        output,
    }))
}

/// The number of tokens in the list of generic parameters with which these tokens begin. It is 0 if there is no list.
fn end_of_generics(tokens: &[TokenTree]) -> usize {
    if !tokens.first().is_some_and(|token| is_punct(token, '<')) {
        return 0;
    }
    let mut angles = 0_usize;
    let mut arrow = false;
    let end = tokens.iter().position(|token| {
        let TokenTree::Punct(punct) = token else { return false };
        match punct.as_char() {
            '<' => angles += 1,
            // Not the `>` of `->`.
            '>' if !arrow => angles = angles.saturating_sub(1),
            _ => {}
        }
        arrow = matches!(punct.as_char(), '-' | '=');
        angles == 0
    });
    end.map_or(tokens.len(), |end| end + 1)
}

/// Parses a list of generic parameters with its angle brackets. A list that holds more than lifetimes without bounds is
/// left to `syn`.
fn generics(tokens: &[TokenTree]) -> Result<Generics> {
    let [open, inner @ .., close] = tokens else { return Ok(Generics::default()) };
    let mut params = Punctuated::new();
    for param in inner.split(|token| is_punct(token, ',')) {
        match param {
            [quote, TokenTree::Ident(name)] if is_punct(quote, '\'') => {
                let lifetime = Lifetime { apostrophe: quote.span(), ident: name.clone() };
                params.push(GenericParam::Lifetime(LifetimeParam::new(lifetime)));
            }
            _ => return syn::parse2(tokens.iter().cloned().collect()),
        }
    }
    Ok(Generics {
        lt_token: Some(Token![<](open.span())),
        params,
        gt_token: Some(Token![>](close.span())),
        where_clause: None,
    })
}

/// Parses a list of parameters. Returns `None` if it may be variadic: `syn` does not count `...` among the parameters.
fn inputs(list: &Group) -> Result<Option<Punctuated<FnArg, Token![,]>>> {
    let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
    let mut inputs = Punctuated::new();
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        let end = end_of_parameter(rest);
        let (parameter, after) = rest.split_at(end);
        if parameter.iter().any(|token| is_punct(token, '.')) {
            return Ok(None);
        }
        inputs.push_value(match simple_parameter(parameter) {
            Some(parameter) => parameter,
            None => syn::parse2(parameter.iter().cloned().collect())?,
        });
        rest = after.get(1..).unwrap_or_default();
        if let Some(comma) = after.first() {
            inputs.push_punct(Token![,](comma.span()));
        }
    }
    Ok(Some(inputs))
}

/// The number of tokens before the comma that ends the first parameter. A comma in angle brackets ends none.
fn end_of_parameter(tokens: &[TokenTree]) -> usize {
    let mut angles = 0_usize;
    let mut dash = false;
    let end = tokens.iter().position(|token| {
        let TokenTree::Punct(punct) = token else { return false };
        match punct.as_char() {
            ',' if angles == 0 => return true,
            '<' => angles += 1,
            // Not the `>` of `->`.
            '>' if !dash => angles = angles.saturating_sub(1),
            _ => {}
        }
        dash = punct.as_char() == '-';
        false
    });
    end.unwrap_or(tokens.len())
}

/// Parses `self`, `&self`, `&mut self`, and `name: T` or `mut name: T` with a [`simple_type`].
fn simple_parameter(tokens: &[TokenTree]) -> Option<FnArg> {
    let receiver = |mutability, self_token: &TokenTree, kind| {
        let self_token = Token![self](self_token.span());
        FnArg::Receiver(Receiver { attrs: Vec::new(), mutability, self_token, kind })
    };
    let (mutability, name, ty) = match tokens {
        [it] if is_ident(it, "self") => return Some(receiver(None, it, ReceiverKind::Value)),
        [and, it] if is_punct(and, '&') && is_ident(it, "self") => {
            let kind = ReceiverKind::Reference(Token![&](and.span()), None, None);
            return Some(receiver(None, it, kind));
        }
        [and, mutable, it]
            if is_punct(and, '&') && is_ident(mutable, "mut") && is_ident(it, "self") =>
        {
            let mutable = Some(Token![mut](mutable.span()));
            let kind = ReceiverKind::Reference(Token![&](and.span()), None, mutable);
            return Some(receiver(None, it, kind));
        }
        [TokenTree::Ident(mutable), TokenTree::Ident(name), colon, ty @ ..]
            if mutable == "mut" && is_punct(colon, ':') =>
        {
            (Some(Token![mut](mutable.span())), name, (colon, ty))
        }
        [TokenTree::Ident(name), colon, ty @ ..] if is_punct(colon, ':') => {
            (None, name, (colon, ty))
        }
        _ => return None,
    };
    let (colon, ty) = ty;
    // `_: T` is a pattern of its own kind, and `self: T` a receiver.
    if name == "_" || name == "self" {
        return None;
    }
    let pat =
        PatIdent { attrs: Vec::new(), by_ref: None, mutability, ident: name.clone(), subpat: None };
    Some(FnArg::Typed(PatType {
        attrs: Vec::new(),
        pat: Box::new(Pat::Ident(pat)),
        colon_token: Token![:](colon.span()),
        ty: Box::new(simple_type(ty)?),
    }))
}

/// Parses a [`simple_path`], or a reference to one or to a [`simple_slice`].
fn simple_type(tokens: &[TokenTree]) -> Option<Type> {
    let (and, mut rest) = match tokens {
        [and, rest @ ..] if is_punct(and, '&') => (and, rest),
        path => return simple_path(path),
    };
    let mut lifetime = None;
    if let [quote, TokenTree::Ident(name), after @ ..] = rest
        && is_punct(quote, '\'')
    {
        lifetime = Some(Lifetime { apostrophe: quote.span(), ident: name.clone() });
        rest = after;
    }
    let mut mutability = None;
    if let [mutable, after @ ..] = rest
        && is_ident(mutable, "mut")
    {
        mutability = Some(Token![mut](mutable.span()));
        rest = after;
    }
    Some(Type::Reference(TypeReference {
        attrs: Vec::new(),
        and_token: Token![&](and.span()),
        lifetime,
        mutability,
        elem: Box::new(simple_slice(rest).or_else(|| simple_path(rest))?),
    }))
}

/// Parses `[T]`.
fn simple_slice(tokens: &[TokenTree]) -> Option<Type> {
    let [TokenTree::Group(list)] = tokens else { return None };
    if list.delimiter() != Delimiter::Bracket {
        return None;
    }
    let element: Vec<TokenTree> = list.stream().into_iter().collect();
    let elem = Box::new(simple_type(&element)?);
    let bracket_token = token::Bracket(list.span());
    Some(Type::Slice(TypeSlice { attrs: Vec::new(), bracket_token, elem }))
}

/// Parses `a::b::T`, a path without arguments.
fn simple_path(tokens: &[TokenTree]) -> Option<Type> {
    let mut path = Path { leading_colon: None, segments: Punctuated::new() };
    let mut rest = tokens;
    if let [a, b, after @ ..] = rest
        && let Some(separator) = path_separator(a, b)
    {
        path.leading_colon = Some(separator);
        rest = after;
    }
    loop {
        match rest {
            [TokenTree::Ident(segment)] if is_path_segment(segment) => {
                path.segments.push_value(PathSegment::from(segment.clone()));
                return Some(Type::Path(TypePath { attrs: Vec::new(), qself: None, path }));
            }
            [TokenTree::Ident(segment), a, b, after @ ..] if is_path_segment(segment) => {
                path.segments.push_value(PathSegment::from(segment.clone()));
                path.segments.push_punct(path_separator(a, b)?);
                rest = after;
            }
            _ => return None,
        }
    }
}

fn is_path_segment(ident: &Ident) -> bool {
    !matches!(
        ident.to_string().as_str(),
        "_" | "impl" | "dyn" | "fn" | "unsafe" | "extern" | "for" | "mut" | "const"
    )
}

fn path_separator(first: &TokenTree, second: &TokenTree) -> Option<Token![::]> {
    let spans: [Span; 2] = [first.span(), second.span()];
    (is_punct(first, ':') && is_punct(second, ':')).then(|| Token![::](spans))
}
