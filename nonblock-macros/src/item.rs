//! What an attribute is on, split into tokens.
//!
//! Nothing is parsed that need not be: a body stays the group it came in, so that a half-written
//! one is passed on as it is, and a signature is only read, never printed again.

use core::cell::OnceCell;
use std::vec;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _, quote};

use crate::args::is_punct;

/// An attribute of the item's own: `#[...]`.
#[derive(Clone, Debug)]
pub(crate) struct Attr {
    pound: TokenTree,
    bracketed: TokenTree,
    /// What is in the brackets, as the compiler handed it over once.
    content: Vec<TokenTree>,
}

/// A function, a method, a declared method, or a foreign function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attr>,
    /// Visibility, qualifiers, signature and `where` clause.
    pub(crate) header: Vec<TokenTree>,
    /// How many tokens of the header stand before the signature: the visibility, and `default`.
    pub(crate) before_signature: usize,
    /// The function's body, or none where it ends in `;`.
    pub(crate) body: Option<Group>,
    /// The `;` of a declaration.
    semicolon: Option<TokenTree>,
    /// The body as it is written, if it was asked for.
    source: OnceCell<Option<String>>,
}

/// What kind of block holds functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    Impl,
    Trait,
    Foreign,
}

/// An `impl`, a `trait`, or a block of foreign functions.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    pub(crate) attrs: Vec<Attr>,
    /// All before the braces.
    pub(crate) header: Vec<TokenTree>,
    pub(crate) body: Group,
}

/// Something in a block.
#[derive(Clone, Debug)]
pub(crate) enum Member {
    Function(Function),
    /// A constant, a type, a static, a macro's invocation: passed through.
    Other(TokenStream),
}

/// An item, by what the attributes make of it.
#[derive(Debug)]
pub(crate) enum Item {
    Function(Box<Function>),
    Block(Block),
    /// Something the attributes are not for: the token that tells, and what it is called.
    Other(TokenTree, &'static str),
    /// Nothing at all.
    Empty,
}

impl Attr {
    fn new(pound: TokenTree, bracketed: TokenTree) -> Self {
        let content = match &bracketed {
            TokenTree::Group(group) => unwrap_invisible(group.stream()),
            _ => Vec::new(),
        };
        Self { pound, bracketed, content }
    }

    pub(crate) fn into_tokens(self) -> [TokenTree; 2] {
        [self.pound, self.bracketed]
    }

    /// The content of the brackets.
    pub(crate) fn content(&self) -> &[TokenTree] {
        &self.content
    }

    /// Whether this is a line of documentation.
    pub(crate) fn is_doc(&self) -> bool {
        matches!(self.content(), [doc, equals, ..] if is_word(doc, "doc") && is_punct(equals, '='))
    }

    /// The last segment of the attribute's path.
    pub(crate) fn name(&self) -> Option<Ident> {
        let mut name = None;
        for token in self.content() {
            match token {
                TokenTree::Ident(ident) => name = Some(ident.clone()),
                TokenTree::Punct(punct) if punct.as_char() == ':' => {}
                _ => break,
            }
        }
        name
    }
}

impl Attr {
    /// Splits `#[cfg_attr(predicate, ...)]` in two: the attributes with such names, and the others.
    pub(crate) fn split_cfg_attr(
        &self,
        names: impl Fn(&Ident) -> bool,
    ) -> (Option<Self>, Option<Self>) {
        let content = self.content();
        let Some((TokenTree::Group(arguments), path)) = content.split_last() else {
            return (None, Some(self.clone()));
        };
        let tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
        let mut parts = tokens.split(|token| is_punct(token, ','));
        let Some(predicate) = parts.next() else { return (None, Some(self.clone())) };
        let (chosen, others): (Vec<_>, Vec<_>) = parts
            .filter(|part| !part.is_empty())
            .partition(|part| matches!(part.first(), Some(TokenTree::Ident(name)) if names(name)));
        let rebuild = |parts: Vec<&[TokenTree]>| {
            let (first, rest) = (Tokens(predicate), parts.into_iter().map(Tokens));
            let mut group = Group::new(arguments.delimiter(), quote!(#first #(, #rest)*));
            group.set_span(arguments.span());
            let path = Tokens(path);
            let mut bracketed = Group::new(Delimiter::Bracket, quote!(#path #group));
            bracketed.set_span(self.bracketed.span());
            Self::new(self.pound.clone(), bracketed.into())
        };
        let chosen = (!chosen.is_empty()).then(|| rebuild(chosen));
        let others = (!others.is_empty() || chosen.is_none()).then(|| rebuild(others));
        (chosen, others)
    }
}

impl ToTokens for Attr {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append(self.pound.clone());
        tokens.append(self.bracketed.clone());
    }
}

impl Function {
    /// The tokens that `syn` reads as a signature.
    pub(crate) fn signature(&self) -> TokenStream {
        self.signature_tokens().iter().cloned().collect()
    }

    /// Qualifiers, signature and `where` clause.
    pub(crate) fn signature_tokens(&self) -> &[TokenTree] {
        self.header.get(self.before_signature..).unwrap_or_default()
    }

    /// What stands before the signature.
    pub(crate) fn visibility(&self) -> &[TokenTree] {
        self.header.get(..self.before_signature).unwrap_or_default()
    }

    /// Whether the function says where it is visible.
    pub(crate) fn has_visibility(&self) -> bool {
        match self.header.first() {
            Some(TokenTree::Ident(ident)) => ident == "pub",
            Some(TokenTree::Group(group)) => !group.stream().is_empty(),
            _ => false,
        }
    }

    /// Whether this can only be a foreign function: one without a body that is `pub`, `safe` or variadic, as no
    /// declared method is.
    pub(crate) fn is_foreign(&self) -> bool {
        let is_safe = self.signature_tokens().first().is_some_and(|token| is_word(token, "safe"));
        self.body.is_none() && (self.has_visibility() || is_safe || self.is_variadic())
    }

    /// Whether `...` stands among the parameters.
    fn is_variadic(&self) -> bool {
        let list = self.header.iter().find(|token| is_group(token, Delimiter::Parenthesis));
        let Some(TokenTree::Group(list)) = list else { return false };
        let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
        tokens.windows(3).any(|three| three.iter().all(|token| is_punct(token, '.')))
    }

    /// The body as it is written, braces included, if it is all in one place.
    pub(crate) fn source(&self) -> Option<&str> {
        let read = || self.body.as_ref()?.span().source_text();
        self.source.get_or_init(read).as_deref()
    }

    /// Writes the function with these attributes, this much of a header, and no body.
    pub(crate) fn declared(&self, attrs: impl ToTokens, header: impl ToTokens) -> TokenStream {
        let mut tokens = attrs.into_token_stream();
        header.to_tokens(&mut tokens);
        tokens.append_all(&self.semicolon);
        tokens
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        tokens.append_all(&self.header);
        tokens.append_all(&self.body);
        tokens.append_all(&self.semicolon);
    }
}

impl Block {
    /// Splits the content of the braces. Returns the inner attributes, and the members.
    pub(crate) fn members(&self) -> (TokenStream, Vec<Member>) {
        let (inner, rest) = split_inner_attributes(&self.body, None);
        let tokens: Vec<TokenTree> = rest.into_iter().collect();
        let mut cursor = Cursor(tokens.into_iter());
        let mut members = Vec::new();
        while !cursor.rest().is_empty() {
            members.push(cursor.member());
        }
        (inner, members)
    }
}

impl Item {
    /// Finds out what the tokens are.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let mut cursor = Cursor(unwrap_invisible(tokens).into_iter());
        let attrs = cursor.attributes();
        let Some(last) = cursor.rest().last().cloned() else { return Self::Empty };
        let (before, keyword) = cursor.keyword();
        let kind = match keyword {
            Keyword::Function => {
                let function = cursor.function(attrs, before);
                return match cursor.rest().first() {
                    None if function.body.is_some() || function.semicolon.is_some() => {
                        Self::Function(Box::new(function))
                    }
                    None => Self::Other(last, "the beginning of a function"),
                    Some(after) => Self::Other(after.clone(), "more than one item"),
                };
            }
            Keyword::Block(kind) => kind,
            Keyword::Other(token, name) => return Self::Other(token, name),
        };
        match braced(last) {
            Ok(body) => {
                let header = cursor.take(cursor.rest().len() - 1);
                Self::Block(Block { kind, attrs, header, body })
            }
            Err(last) => Self::Other(last, "the beginning of a block"),
        }
    }
}

/// The word that says what an item is.
enum Keyword {
    Function,
    Block(BlockKind),
    Other(TokenTree, &'static str),
}

/// What is left of a list of tokens.
struct Cursor(vec::IntoIter<TokenTree>);

impl Cursor {
    fn rest(&self) -> &[TokenTree] {
        self.0.as_slice()
    }

    /// Takes the first `count` tokens, or as many as there are.
    fn take(&mut self, count: usize) -> Vec<TokenTree> {
        self.0.by_ref().take(count).collect()
    }

    /// Takes the attributes that stand first.
    fn attributes(&mut self) -> Vec<Attr> {
        let mut attrs = Vec::new();
        while let [pound, bracketed, ..] = self.rest()
            && is_punct(pound, '#')
            && is_group(bracketed, Delimiter::Bracket)
            && let (Some(pound), Some(bracketed)) = (self.0.next(), self.0.next())
        {
            attrs.push(Attr::new(pound, bracketed));
        }
        attrs
    }

    /// Finds the item's keyword. Also returns how many tokens stand before a function's signature.
    fn keyword(&self) -> (usize, Keyword) {
        let mut before = 0;
        let mut rest = self.rest();
        while let [token, after @ ..] = rest {
            let word = match token {
                TokenTree::Ident(ident) => ident.to_string(),
                // A visibility that a `macro_rules` macro passed on.
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => String::new(),
                _ if is_punct(token, '|') => {
                    return (before, Keyword::Other(token.clone(), "a closure"));
                }
                _ => return (before, Keyword::Other(token.clone(), "something else")),
            };
            if after.first().is_some_and(|next| is_punct(next, '!')) {
                let what = if word == "macro_rules" { "a macro" } else { "a macro's invocation" };
                return (before, Keyword::Other(token.clone(), what));
            }
            rest = after;
            match word.as_str() {
                "" | "pub" | "default" => {
                    if after.first().is_some_and(|next| is_group(next, Delimiter::Parenthesis)) {
                        rest = after.get(1..).unwrap_or_default();
                    }
                    before = self.rest().len() - rest.len();
                }
                "async" | "unsafe" | "safe" | "gen" | "auto" => {}
                "const" if is_qualifier_of_more(after) => {}
                "extern" => {
                    if after.first().is_some_and(is_literal) {
                        rest = after.get(1..).unwrap_or_default();
                    }
                    match rest.first() {
                        Some(next) if is_group(next, Delimiter::Brace) => {
                            return (before, Keyword::Block(BlockKind::Foreign));
                        }
                        Some(TokenTree::Ident(next)) if next == "crate" => {
                            return (before, Keyword::Other(token.clone(), "an `extern crate`"));
                        }
                        _ => {}
                    }
                }
                "fn" => return (before, Keyword::Function),
                "impl" => return (before, Keyword::Block(BlockKind::Impl)),
                "trait" => return (before, Keyword::Block(BlockKind::Trait)),
                other => return (before, Keyword::Other(token.clone(), name_of(other))),
            }
        }
        let last = self.rest().last();
        // Only qualifiers: the caller has made sure that there is at least one token.
        let token = last
            .cloned()
            .unwrap_or_else(|| TokenTree::Group(Group::new(Delimiter::None, TokenStream::new())));
        (before, Keyword::Other(token, "something else"))
    }

    /// Takes a function, whose attributes have been taken.
    fn function(&mut self, attrs: Vec<Attr>, before_signature: usize) -> Function {
        let mut angles = 0_usize;
        let mut dash = false;
        let end = self.rest().iter().position(|token| {
            if let TokenTree::Punct(punct) = token {
                match punct.as_char() {
                    ';' => return true,
                    '<' => angles += 1,
                    // Not the `>` of `->`.
                    '>' if !dash => angles = angles.saturating_sub(1),
                    _ => {}
                }
                dash = matches!(punct.as_char(), '-' | '=');
                return false;
            }
            dash = false;
            // Braces inside angle brackets are a constant's.
            angles == 0 && is_braced(token)
        });
        let header = self.take(end.unwrap_or(self.rest().len()));
        let (body, semicolon) = match self.0.next().map(braced) {
            Some(Ok(body)) => (Some(body), None),
            Some(Err(semicolon)) => (None, Some(semicolon)),
            None => (None, None),
        };
        Function { attrs, header, before_signature, body, semicolon, source: OnceCell::new() }
    }

    /// Takes a member of a block. Always takes at least one token.
    fn member(&mut self) -> Member {
        let attrs = self.attributes();
        let (before, keyword) = self.keyword();
        if let Keyword::Function = keyword {
            return Member::Function(self.function(attrs, before));
        }
        // Constants and types end in `;`; macros' invocations and half-written members may end in braces.
        let valued = matches!(&keyword, Keyword::Other(TokenTree::Ident(word), _)
            if word == "const" || word == "static" || word == "type");
        let rest = self.rest();
        let end =
            rest.iter().position(|token| is_punct(token, ';') || (!valued && is_braced(token)));
        let taken = self.take(end.map_or(rest.len(), |end| end + 1));
        let mut tokens = TokenStream::new();
        tokens.append_all(&attrs);
        tokens.append_all(&taken);
        Member::Other(tokens)
    }
}

/// A list of tokens, to be written out.
pub(crate) struct Tokens<'a>(pub(crate) &'a [TokenTree]);

impl ToTokens for Tokens<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(self.0);
    }
}

pub(crate) fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// Whether a `const` qualifies what follows, and begins no constant.
fn is_qualifier_of_more(after: &[TokenTree]) -> bool {
    matches!(after.first(), Some(TokenTree::Ident(next)) if ["fn", "async", "unsafe", "safe", "extern", "gen",
        "impl", "trait", "auto"].iter().any(|word| next == word))
}

fn name_of(keyword: &str) -> &'static str {
    match keyword {
        "struct" => "a struct",
        "enum" => "an enum",
        "union" => "a union",
        "mod" => "a module",
        "use" => "an import",
        "const" => "a constant",
        "static" => "a static",
        "type" => "a type",
        "let" => "a statement",
        "move" => "a closure",
        "macro" => "a macro",
        _ => "something else",
    }
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn is_literal(token: &TokenTree) -> bool {
    match token {
        TokenTree::Literal(_) => true,
        // A literal that a `macro_rules` macro passed on.
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            matches!(unwrap_invisible(group.stream()).as_slice(), [TokenTree::Literal(_)])
        }
        _ => false,
    }
}

/// Whether this token is braces, if need be in a `macro_rules` macro's invisible group.
fn is_braced(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            matches!(unwrap_invisible(group.stream()).as_slice(), [inner] if is_group(inner, Delimiter::Brace))
        }
        token => is_group(token, Delimiter::Brace),
    }
}

/// Returns the braces that this token is, if need be without a `macro_rules` macro's invisible group.
fn braced(token: TokenTree) -> Result<Group, TokenTree> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            match unwrap_invisible(group.stream()).as_slice() {
                [TokenTree::Group(inner)] if inner.delimiter() == Delimiter::Brace => {
                    Ok(inner.clone())
                }
                _ => Err(group.into()),
            }
        }
        token => Err(token),
    }
}

/// Takes off the invisible groups that a `macro_rules` macro puts around what it passes on.
fn unwrap_invisible(stream: TokenStream) -> Vec<TokenTree> {
    let mut tokens: Vec<TokenTree> = stream.into_iter().collect();
    while let [TokenTree::Group(group)] = tokens.as_slice()
        && group.delimiter() == Delimiter::None
    {
        tokens = group.stream().into_iter().collect();
    }
    tokens
}

/// Splits the inner attributes, `#![...]`, off what follows them in braces.
///
/// To look at the first token, the compiler would have to hand over all of them, and a body has many: the source of the
/// braces, where there is one, tells most bodies apart sooner.
pub(crate) fn split_inner_attributes(
    braces: &Group,
    source: Option<&str>,
) -> (TokenStream, TokenStream) {
    let mut inner = TokenStream::new();
    if source.is_some_and(begins_plainly) {
        return (inner, braces.stream());
    }
    let tokens: Vec<TokenTree> = braces.stream().into_iter().collect();
    let mut rest = tokens.as_slice();
    while let [pound, bang, bracketed, after @ ..] = rest
        && is_punct(pound, '#')
        && is_punct(bang, '!')
        && is_group(bracketed, Delimiter::Bracket)
    {
        inner.append_all([pound, bang, bracketed]);
        rest = after;
    }
    (inner, rest.iter().cloned().collect())
}

/// Whether the source shows that no inner attribute or inner documentation begins the braces.
pub(crate) fn begins_plainly(source: &str) -> bool {
    let Some(mut content) = source.strip_prefix('{') else { return false };
    loop {
        content = content.trim_start();
        if content.starts_with('#') || content.starts_with("//!") || content.starts_with("/*!") {
            return false;
        }
        let after = if content.starts_with("//") {
            content.split_once('\n')
        } else if content.starts_with("/*") {
            // One comment may be inside another.
            content.split_once("*/").filter(|(comment, _)| comment.matches("/*").count() == 1)
        } else {
            return true;
        };
        let Some((_, after)) = after else { return false };
        content = after;
    }
}
