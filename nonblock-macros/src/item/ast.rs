//! What an attribute is on, split into tokens.
//!
//! Nothing is parsed that need not be: a body stays the group it came in, so that a half-written
//! one is passed on as it is, and a signature is only read, never printed again.

use core::cell::OnceCell;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _, quote};

use super::parse::Cursor;
use crate::args::is_punct;
use crate::token_tree::inspect::{
    Tokens, is_group, is_word, split_inner_attributes, unwrap_invisible,
};

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
    pub(super) semicolon: Option<TokenTree>,
    /// The body as it is written, if it was asked for.
    pub(super) source: OnceCell<Option<String>>,
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
    pub(super) fn new(pound: TokenTree, bracketed: TokenTree) -> Self {
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
