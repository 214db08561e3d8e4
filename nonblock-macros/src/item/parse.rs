//! Parsing an item and the members of a block.

use core::cell::OnceCell;
use std::vec;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::TokenStreamExt as _;

use super::ast::{Block, BlockKind, Function, Item, Member};
use super::attr::Attr;
use super::inner_attributes::split_inner_attributes;
use crate::token_tree::inspect::{
    into_braces, is_braces, is_literal, unwrap_invisible_groups, unwrap_passed_on_block,
};
use crate::token_tree::{is_group, is_punct, position_outside_angles};

impl Item {
    /// Parses the item that the tokens are.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let mut cursor = Cursor(unwrap_invisible_groups(tokens).into_iter());
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
        match into_braces(last) {
            Ok(body) => {
                let header = cursor.take(cursor.rest().len() - 1);
                Self::Block(Block { kind, attrs, header, body })
            }
            Err(last) => Self::Other(last, "the beginning of a block"),
        }
    }
}

impl Block {
    /// Parses what is in the braces: the inner attributes and the members.
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

/// The kind of an item, by its keyword.
enum Keyword {
    Function,
    Block(BlockKind),
    Other(TokenTree, &'static str),
}

/// The tokens that are not parsed yet.
struct Cursor(vec::IntoIter<TokenTree>);

impl Cursor {
    fn rest(&self) -> &[TokenTree] {
        self.0.as_slice()
    }

    /// Takes the first `count` tokens, or as many as there are.
    fn take(&mut self, count: usize) -> Vec<TokenTree> {
        self.0.by_ref().take(count).collect()
    }

    /// Takes the outer attributes that come first.
    fn attributes(&mut self) -> Vec<Attr> {
        let mut attrs = Vec::new();
        while let [pound, brackets, ..] = self.rest()
            && is_punct(pound, '#')
            && is_group(brackets, Delimiter::Bracket)
            && let (Some(pound), Some(brackets)) = (self.0.next(), self.0.next())
        {
            attrs.push(Attr::new(pound, brackets));
        }
        attrs
    }

    /// Finds the item's keyword. Also returns how many tokens stand before the signature, if it is a function's.
    fn keyword(&self) -> (usize, Keyword) {
        let mut before = 0;
        let mut rest = self.rest();
        while let [token, after @ ..] = rest {
            let word = match token {
                TokenTree::Ident(ident) => ident.to_string(),
                // The visibility that a `macro_rules` macro passed on.
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
                "const" if is_const_qualifier(after) => {}
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
                other => return (before, Keyword::Other(token.clone(), description(other))),
            }
        }
        let last = self.rest().last();
        // There are qualifiers only, or nothing at all.
        let token = last
            .cloned()
            .unwrap_or_else(|| TokenTree::Group(Group::new(Delimiter::None, TokenStream::new())));
        (before, Keyword::Other(token, "something else"))
    }

    /// Takes a function without its attributes, which were taken before.
    fn function(&mut self, attrs: Vec<Attr>, before_signature: usize) -> Function {
        // Braces in angle brackets hold a constant.
        let end =
            position_outside_angles(self.rest(), |token| is_punct(token, ';') || is_braces(token));
        let header = self.take(end.unwrap_or(self.rest().len()));
        let (body, semicolon) = match self.0.next().map(into_braces) {
            Some(Ok(body)) => (Some(unwrap_passed_on_block(body)), None),
            Some(Err(semicolon)) => (None, Some(semicolon)),
            None => (None, None),
        };
        Function { attrs, header, before_signature, body, semicolon, body_source: OnceCell::new() }
    }

    /// Takes a member of a block, and at least one token.
    fn member(&mut self) -> Member {
        let attrs = self.attributes();
        let (before, keyword) = self.keyword();
        if let Keyword::Function = keyword {
            return Member::Function(self.function(attrs, before));
        }
        // Constants, statics and types end in `;`. Macro invocations and half-written members may also end in braces.
        let valued = matches!(&keyword, Keyword::Other(TokenTree::Ident(word), _)
            if word == "const" || word == "static" || word == "type");
        let rest = self.rest();
        let end =
            rest.iter().position(|token| is_punct(token, ';') || (!valued && is_braces(token)));
        let taken = self.take(end.map_or(rest.len(), |end| end + 1));
        let mut tokens = TokenStream::new();
        tokens.append_all(&attrs);
        tokens.append_all(&taken);
        Member::Other(tokens)
    }
}

/// Whether the `const` before these tokens is a qualifier. Otherwise it begins a constant.
fn is_const_qualifier(after: &[TokenTree]) -> bool {
    matches!(after.first(), Some(TokenTree::Ident(next)) if ["fn", "async", "unsafe", "safe", "extern", "gen",
        "impl", "trait", "auto"].iter().any(|word| next == word))
}

/// What messages call the item with this keyword.
fn description(keyword: &str) -> &'static str {
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
