//! Reading a function's signature.
//!
//! `syn` reads every signature, and takes its time: an expansion is not optimized in a debug build. So the parts
//! that most signatures are made of are read here, into the same types, and only the others by `syn`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenTree};
use syn::punctuated::Punctuated;
use syn::{
    FnArg, GenericParam, Generics, Lifetime, LifetimeParam, Pat, PatIdent, PatType, Path,
    PathSegment, Receiver, ReceiverKind, Result, ReturnType, Safety, Signature, Token, Type,
    TypePath, TypeReference, TypeSlice, token,
};

use crate::args::is_punct;
use crate::token_tree::inspect::is_word;

/// Reads the tokens from the qualifiers to the `where` clause.
pub(crate) fn read(tokens: &[TokenTree]) -> Result<Signature> {
    match plain(tokens)? {
        Some(signature) => Ok(signature),
        None => syn::parse2(tokens.iter().cloned().collect()),
    }
}

/// Reads `fn name<...>(...) -> T where ...`, or returns `None` if it is anything more.
fn plain(tokens: &[TokenTree]) -> Result<Option<Signature>> {
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
    let clause = after.iter().position(|token| is_word(token, "where")).unwrap_or(after.len());
    let (after, clause) = after.split_at(clause);
    let mut generics = generics(parameters)?;
    if !clause.is_empty() {
        generics.where_clause = Some(syn::parse2(clause.iter().cloned().collect())?);
    }
    let output = match after {
        [] => ReturnType::Default,
        [dash, tip, ty @ ..] if is_punct(dash, '-') && is_punct(tip, '>') && !ty.is_empty() => {
            // What is returned is of no interest.
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

/// Finds where the list of type parameters ends, which begins here if there is one.
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

/// Reads a list of type parameters in its angle brackets: lifetimes without bounds here, any other by `syn`.
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

fn inputs(list: &Group) -> Result<Option<Punctuated<FnArg, Token![,]>>> {
    let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
    let mut inputs = Punctuated::new();
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        let end = end_of_parameter(rest);
        let (parameter, after) = rest.split_at(end);
        if parameter.iter().any(|token| is_punct(token, '.')) {
            // It may be variadic, which `syn` does not count among the parameters.
            return Ok(None);
        }
        inputs.push_value(match plain_parameter(parameter) {
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

/// Finds the comma that ends a parameter: not one in angle brackets.
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

/// Reads `self`, `&self`, `&mut self`, `name: T`, `name: &T` and the like, where `T` is a path without arguments.
fn plain_parameter(tokens: &[TokenTree]) -> Option<FnArg> {
    let receiver = |mutability, self_token: &TokenTree, kind| {
        let self_token = Token![self](self_token.span());
        FnArg::Receiver(Receiver { attrs: Vec::new(), mutability, self_token, kind })
    };
    let (mutability, name, ty) = match tokens {
        [it] if is_word(it, "self") => return Some(receiver(None, it, ReceiverKind::Value)),
        [and, it] if is_punct(and, '&') && is_word(it, "self") => {
            let kind = ReceiverKind::Reference(Token![&](and.span()), None, None);
            return Some(receiver(None, it, kind));
        }
        [and, mutable, it]
            if is_punct(and, '&') && is_word(mutable, "mut") && is_word(it, "self") =>
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
    // `_`, `self: Box<Self>`.
    if name == "_" || name == "self" {
        return None;
    }
    let pat =
        PatIdent { attrs: Vec::new(), by_ref: None, mutability, ident: name.clone(), subpat: None };
    Some(FnArg::Typed(PatType {
        attrs: Vec::new(),
        pat: Box::new(Pat::Ident(pat)),
        colon_token: Token![:](colon.span()),
        ty: Box::new(plain_type(ty)?),
    }))
}

fn plain_type(tokens: &[TokenTree]) -> Option<Type> {
    let (and, mut rest) = match tokens {
        [and, rest @ ..] if is_punct(and, '&') => (and, rest),
        path => return plain_path(path),
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
        && is_word(mutable, "mut")
    {
        mutability = Some(Token![mut](mutable.span()));
        rest = after;
    }
    Some(Type::Reference(TypeReference {
        attrs: Vec::new(),
        and_token: Token![&](and.span()),
        lifetime,
        mutability,
        elem: Box::new(plain_slice(rest).or_else(|| plain_path(rest))?),
    }))
}

/// Reads `[T]`.
fn plain_slice(tokens: &[TokenTree]) -> Option<Type> {
    let [TokenTree::Group(list)] = tokens else { return None };
    if list.delimiter() != Delimiter::Bracket {
        return None;
    }
    let element: Vec<TokenTree> = list.stream().into_iter().collect();
    let elem = Box::new(plain_type(&element)?);
    let bracket_token = token::Bracket(list.span());
    Some(Type::Slice(TypeSlice { attrs: Vec::new(), bracket_token, elem }))
}

/// Reads `a::b::T`.
fn plain_path(tokens: &[TokenTree]) -> Option<Type> {
    let mut path = Path { leading_colon: None, segments: Punctuated::new() };
    let mut rest = tokens;
    if let [a, b, after @ ..] = rest
        && let Some(colons) = colons(a, b)
    {
        path.leading_colon = Some(colons);
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
                path.segments.push_punct(colons(a, b)?);
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

fn colons(first: &TokenTree, second: &TokenTree) -> Option<Token![::]> {
    let spans: [Span; 2] = [first.span(), second.span()];
    (is_punct(first, ':') && is_punct(second, ':')).then(|| Token![::](spans))
}
