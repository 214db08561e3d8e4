//! The expansion of one function or method.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens as _;

use super::prologue::PrologueWriter;
use super::{declaration, doc_line};
use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::{BlockKind, Function, has_no_inner_attributes, split_inner_attributes};
use crate::signature::Signature;
use crate::token_tree::construct::{braces_around, punct};
use crate::token_tree::inspect::into_braces;
use crate::token_tree::is_ident;
use crate::validate::{
    AnnotatedFn, Enclosing, Prologue, ReturnedFuture, remove_further_attributes,
};

/// Expands a function: adds its prologue, and the line to its documentation.
pub(super) fn expand(
    attribute: Attribute,
    args: &Args,
    enclosing: &Enclosing,
    mut function: Function,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    remove_further_attributes(attribute, &mut function.attrs, diagnostics);
    if enclosing.block.is_none() && function.is_foreign() {
        report_foreign_function(attribute, &function, diagnostics);
        return function.to_token_stream();
    }
    let signature = match Signature::parse(function.signature()) {
        Ok(signature) => signature,
        Err(error) => {
            let message = format!("`#[{}]` cannot read this signature: {error}", attribute.name());
            diagnostics.error_at(error.span, message, "write a function's signature");
            return function.to_token_stream();
        }
    };
    let annotated = AnnotatedFn::new(attribute, args, enclosing, &function, &signature);
    let prologue = annotated.validate(diagnostics);
    // An undocumented method of a trait implementation inherits the documentation of the trait's method.
    let add_to_undocumented = function.has_visibility()
        || function.body.is_none()
        || enclosing.block == Some(BlockKind::Trait);
    let line = doc_line::line(attribute, &prologue);
    if function.body.is_none() {
        let attrs = doc_line::insert(function.attrs.clone(), line, add_to_undocumented);
        return declaration::expand(&annotated, &prologue, &attrs.into_iter().collect());
    }
    let writer = PrologueWriter::new(&annotated);
    let returned = ReturnedValue::of(&annotated);
    let source = function.body_source().map(str::to_owned);
    let Function { attrs, header, body, .. } = function;
    let mut tokens = doc_line::insert(attrs, line, add_to_undocumented);
    tokens.extend(header);
    tokens.extend(body.map(|body| {
        let body = write_body(&writer, body, source.as_deref(), prologue, &returned);
        TokenTree::from(body)
    }));
    tokens.into_iter().collect()
}

/// Reports a foreign function: its attribute belongs on the `extern` block.
fn report_foreign_function(
    attribute: Attribute,
    function: &Function,
    diagnostics: &mut Diagnostics,
) {
    let name = attribute.name();
    let ident = function.header.iter().skip_while(|token| !is_ident(token, "fn")).nth(1);
    let name_of_fn = ident.map_or_else(|| "this".to_owned(), |ident| format!("`{ident}`"));
    let message = format!(
        "{name_of_fn} is a foreign function: its attribute goes on the `extern` block around it"
    );
    let help = format!(
        "put `#[{name}]` on the block, and `#[{name}(skip)]` on what it is not for; a function that is \
         not foreign needs a body"
    );
    diagnostics.error(ident, message, help);
}

/// Writes the body with its prologue. What the user wrote keeps its tokens and its spans.
fn write_body(
    writer: &PrologueWriter,
    body: Group,
    source: Option<&str>,
    prologue: Prologue,
    returned: &ReturnedValue,
) -> Group {
    if let Prologue::Nothing = prologue {
        return body;
    }
    let span = body.span();
    let (mut inner, body) = match returned {
        ReturnedValue::Boxed => Body::new(writer.wrap_boxed_future(&body), None),
        _ => Body::new(body, source),
    };
    let mut content = TokenStream::new();
    let is_error = matches!(prologue, Prologue::Error(_));
    match prologue {
        Prologue::Nothing => content.extend(body.after_statements()),
        Prologue::Error(error) => content.extend(error),
        Prologue::Token(token) => {
            content.extend(writer.check_token(token));
            content.extend(body.after_statements());
        }
        Prologue::Proof(token, others) => {
            content.extend(writer.check_token(token));
            content.extend(writer.check_no_token(&others));
            content.extend(writer.check_non_tokens());
            content.extend(body.after_statements());
        }
        Prologue::Context(token) => {
            content.extend(writer.check_context(token));
            content.extend(body.after_statements());
        }
        Prologue::ContextByType(target) => {
            content.extend(writer.check_by_type(&[target]));
            content.extend(body.after_statements());
        }
        Prologue::ByType(targets) => {
            content.extend(writer.check_by_type(&targets));
            content.extend(body.after_statements());
        }
        // The token or the section must be dropped after the body's variables, and after the temporaries of its last
        // expression. Before edition 2024 these temporaries outlive the variables of a block. But the block around the
        // body has the expansion's span, and so this crate's edition.
        Prologue::Bind(name, targets) => {
            content.extend(writer.check_non_tokens());
            content.extend(writer.bind(&name, &targets, &body.into_block()));
        }
        Prologue::Section(targets) => {
            content.extend(writer.check_non_tokens());
            content.extend([writer.section(&targets, body.into_block())]);
        }
        Prologue::Polls(targets) => {
            content.extend(writer.check_non_tokens());
            content.extend(writer.check_no_token(&targets));
            let ReturnedValue::OfAsyncFn(output) = returned else {
                return braces_around(content, span);
            };
            content.extend(writer.polls(output.as_deref(), &body.into_block()));
        }
        Prologue::BindRefused(name) => {
            content.extend(writer.bind_refused(&name, &body.into_block()));
        }
    }
    if matches!(returned, ReturnedValue::Future) && !is_error {
        content = writer.wrap_future(content);
    }
    inner.extend(content);
    braces_around(inner, span)
}

/// What a function returns, as far as the expansion has to know.
enum ReturnedValue {
    /// An `async fn` returns this, if it can be written.
    OfAsyncFn(Option<Vec<TokenTree>>),
    /// The body ends in a future.
    Future,
    /// The body ends in `Box::pin` of a future.
    Boxed,
    Other,
}

impl ReturnedValue {
    fn of(function: &AnnotatedFn<'_>) -> Self {
        match function.returned_future() {
            Some(ReturnedFuture::AsyncFn) => Self::OfAsyncFn(function.output_of_async()),
            Some(ReturnedFuture::Opaque) => Self::Future,
            Some(ReturnedFuture::Boxed) => Self::Boxed,
            None => Self::Other,
        }
    }
}

/// Puts an empty statement into a block that a `macro_rules` macro passed on as the last expression of a body.
///
/// Without an attribute, the compiler does not call its braces unnecessary. But it does if a macro hands them on.
fn keep_last_braces(body: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = body.into_iter().collect();
    if let Some(TokenTree::Group(last)) = tokens.last()
        && last.delimiter() == Delimiter::None
        && let Ok(block) = into_braces(TokenTree::from(last.clone()))
    {
        tokens.pop();
        tokens.push(with_empty_statement(block.stream(), &block).into());
    }
    tokens.into_iter().collect()
}

/// Writes a block with an empty statement, which keeps the compiler from calling the braces unnecessary.
fn with_empty_statement(content: TokenStream, block: &Group) -> Group {
    let mut tokens = TokenStream::from(punct(';', Span::mixed_site()));
    tokens.extend(content);
    braces_around(tokens, block.span())
}

/// The body that the user wrote, without its inner attributes. These have to stay at the function's beginning.
enum Body {
    /// A group in braces that can be put into other braces as it is.
    Group(Group),
    /// The content of the braces, and the group that it came from.
    Content(TokenStream, Group),
}

impl Body {
    /// Splits the inner attributes off, and returns them first.
    fn new(body: Group, source: Option<&str>) -> (TokenStream, Self) {
        // The compiler calls braces in braces unnecessary only if they are on a single line.
        if source.is_some_and(|source| has_no_inner_attributes(source) && source.contains('\n')) {
            return (TokenStream::new(), Self::Group(body));
        }
        let (inner, rest) = split_inner_attributes(&body, source);
        // Only where there is no source text can there be something that a `macro_rules` macro passed on.
        let rest = if source.is_none() { keep_last_braces(rest) } else { rest };
        (inner, Self::Content(rest, body))
    }

    /// Writes the body after statements.
    fn after_statements(self) -> TokenStream {
        match self {
            Self::Group(body) => TokenTree::from(body).into(),
            Self::Content(rest, _) => rest,
        }
    }

    /// Writes the body as a block.
    fn into_block(self) -> TokenTree {
        match self {
            Self::Group(body) => body.into(),
            Self::Content(rest, group) => with_empty_statement(rest, &group).into(),
        }
    }
}
