//! The items that the attributes can be on.

use core::cell::OnceCell;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};

use super::attr::Attr;
use crate::token_tree::{is_group, is_ident, is_punct};

/// An item.
#[derive(Debug)]
pub(crate) enum Item {
    Function(Box<Function>),
    Block(Block),
    /// An item that the attributes cannot be on: the token that shows it, and what messages call it.
    Other(TokenTree, &'static str),
    /// No item at all.
    Empty,
}

/// A function, a method, a declared method, or a foreign function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attr>,
    /// Visibility, qualifiers, signature and `where` clause.
    pub(crate) header: Vec<TokenTree>,
    /// How many tokens of the header stand before the signature: the visibility, and `default`.
    pub(super) before_signature: usize,
    /// The body. A declaration has none.
    pub(crate) body: Option<Group>,
    /// The `;` of a declaration.
    pub(super) semicolon: Option<TokenTree>,
    /// The source text of the body, once it was asked for.
    pub(super) body_source: OnceCell<Option<String>>,
}

/// An `impl` or a `trait`, or an `extern` block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    pub(crate) attrs: Vec<Attr>,
    /// All that stands between the attributes and the braces.
    pub(crate) header: Vec<TokenTree>,
    pub(crate) body: Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockKind {
    Impl,
    Trait,
    /// An `extern` block.
    Foreign,
}

/// A member of a block.
#[derive(Clone, Debug)]
pub(crate) enum Member {
    Function(Function),
    /// A constant, a type, a static or a macro invocation, which is passed through.
    Other(TokenStream),
}

impl Function {
    /// Qualifiers, signature and `where` clause.
    pub(crate) fn signature(&self) -> &[TokenTree] {
        self.header.get(self.before_signature..).unwrap_or_default()
    }

    /// The visibility, and `default`.
    pub(crate) fn visibility(&self) -> &[TokenTree] {
        self.header.get(..self.before_signature).unwrap_or_default()
    }

    /// Whether the function has a visibility.
    pub(crate) fn has_visibility(&self) -> bool {
        match self.header.first() {
            Some(TokenTree::Ident(ident)) => ident == "pub",
            Some(TokenTree::Group(group)) => !group.stream().is_empty(),
            _ => false,
        }
    }

    /// Whether this can only be a foreign function: one without a body that is `pub`, `safe` or variadic. A declared
    /// method is none of these.
    pub(crate) fn is_foreign(&self) -> bool {
        let is_safe = self.signature().first().is_some_and(|token| is_ident(token, "safe"));
        self.body.is_none() && (self.has_visibility() || is_safe || self.is_variadic())
    }

    /// Whether `...` stands among the parameters.
    fn is_variadic(&self) -> bool {
        let list = self.header.iter().find(|token| is_group(token, Delimiter::Parenthesis));
        let Some(TokenTree::Group(list)) = list else { return false };
        let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
        tokens.windows(3).any(|three| three.iter().all(|token| is_punct(token, '.')))
    }

    /// The `#[cfg]` attributes.
    pub(crate) fn cfgs(&self) -> TokenStream {
        let mut cfgs = TokenStream::new();
        cfgs.append_all(
            self.attrs.iter().filter(|attr| attr.name().is_some_and(|name| name == "cfg")),
        );
        cfgs
    }

    /// The source text of the body with its braces, if the compiler has it.
    ///
    /// In a `macro_rules` macro, the text of `{ $body }` does not show what the body holds. So it counts for nothing.
    pub(crate) fn body_source(&self) -> Option<&str> {
        let read = || self.body.as_ref()?.span().source_text().filter(|text| !text.contains('$'));
        self.body_source.get_or_init(read).as_deref()
    }

    /// Writes a declaration with these attributes and this header.
    pub(crate) fn declaration(&self, attrs: impl ToTokens, header: impl ToTokens) -> TokenStream {
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
