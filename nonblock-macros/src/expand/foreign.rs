//! The expansion of an `extern` block: a wrapper of the same name for each foreign function.
//!
//! The foreign function is declared in the body of its wrapper, so that nobody else can call it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, format_ident, quote, quote_spanned};

use super::doc_line;
use super::member_override::{Override, split_by_condition};
use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::{Attr, Block, Function, Member};
use crate::parameters::{Role, TypeParams};
use crate::signature::{FnArgKind, Signature};
use crate::token_tree::construct::{braced_call, own_name};
use crate::token_tree::{TokenSlice, is_ident};

/// Expands an `extern` block. The block itself remains, with all that gets no wrapper.
pub(super) fn expand(
    attribute: Attribute,
    args: &Args,
    attrs: &[Attr],
    block: &Block,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    if let Some(binding) = &args.binding {
        let message = format!("there is no body here to bind `{binding}` in");
        let help = match attribute {
            Attribute::MaySleep => "write `#[may_sleep]`: each function takes the token first",
            Attribute::NonBlock => "write `#[non_block]`: each function runs in a section",
        };
        diagnostics.error(binding, message, help);
    }
    let writer = WrapperWriter { attribute, args, block_attrs: attrs, block_header: &block.header };
    let (inner, members) = block.members();
    let mut kept = inner;
    let mut wrappers = TokenStream::new();
    for member in members {
        let functions = match member {
            Member::Other(tokens) => {
                kept.extend(tokens);
                continue;
            }
            Member::Function(function) => split_by_condition(function),
        };
        for mut function in functions {
            let (cfgs, before) = (function.cfgs(), diagnostics.count());
            match Override::take_from(&mut function, attribute, diagnostics) {
                Override::Skip => function.to_tokens(&mut kept),
                Override::Attribute => {
                    report_own_attribute(attribute, &function, diagnostics);
                    function.attrs.retain(|attr| attr.as_own().is_none());
                    function.to_tokens(&mut kept);
                }
                Override::None => match writer.wrapper(&function, diagnostics) {
                    Some(wrapper) => wrappers.extend(wrapper),
                    None => function.to_tokens(&mut kept),
                },
            }
            diagnostics.put_under(&cfgs, before);
        }
    }
    let mut tokens = TokenStream::new();
    if !kept.is_empty() {
        tokens.append_all(attrs);
        tokens.append_all(&block.header);
        let mut body = Group::new(Delimiter::Brace, kept);
        body.set_span(block.body.span());
        tokens.append(body);
    }
    tokens.extend(wrappers);
    tokens
}

/// Reports a foreign function that has an attribute of its own.
fn report_own_attribute(attribute: Attribute, function: &Function, diagnostics: &mut Diagnostics) {
    let help = format!(
        "move it into a block of its own, or leave it out with `#[{}(skip)]`",
        attribute.name()
    );
    diagnostics.error(
        function.attrs.iter().find(|attr| attr.as_own().is_some()),
        "a foreign function has no attribute of its own beside its block's",
        help,
    );
}

/// Writes the wrappers of a block's functions.
struct WrapperWriter<'a> {
    attribute: Attribute,
    args: &'a Args,
    /// The block's attributes, such as `#[link]`.
    block_attrs: &'a [Attr],
    /// `unsafe extern "C"`.
    block_header: &'a [TokenTree],
}

impl WrapperWriter<'_> {
    /// Writes the wrapper of a function, or reports why it can have none.
    fn wrapper(&self, function: &Function, diagnostics: &mut Diagnostics) -> Option<TokenStream> {
        // `safe` is a qualifier in an `extern` block only.
        let tokens = function.signature();
        let keyword = tokens.iter().position(|token| is_ident(token, "fn")).unwrap_or(0);
        let (qualifiers, rest) = tokens.split_at(keyword);
        let is_safe = qualifiers.iter().any(|token| is_ident(token, "safe"));
        let qualifiers = qualifiers.iter().filter(|token| !is_ident(token, "safe"));
        let tokens: Vec<TokenTree> = qualifiers.chain(rest).cloned().collect();
        let signature = match Signature::parse(&tokens) {
            Ok(signature) => signature,
            Err(error) => {
                let message =
                    format!("`#[{}]` cannot read this signature: {error}", self.attribute.name());
                diagnostics.error_at(error.span, message, "write a foreign function's signature");
                return None;
            }
        };
        let names = self.argument_names(&signature, diagnostics)?;
        let (outer, inner) = split_attributes(&function.attrs);
        Some(self.write(function, &signature, is_safe, &names, &outer, &inner))
    }

    /// Returns a name for each parameter, or reports why the function cannot have a wrapper.
    fn argument_names(
        &self,
        signature: &Signature,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<Ident>> {
        let name = self.attribute.name();
        let skip = format!("leave it out with `#[{name}(skip)]`");
        let before = diagnostics.count();
        if let Some(variadic) = &signature.variadic {
            let help = format!(
                "{skip}, and write a function for each set of arguments that you call it with"
            );
            diagnostics.error(
                TokenSlice(variadic),
                "a variadic function cannot be wrapped: Rust cannot pass `...` on",
                help,
            );
        }
        let mut type_params = TypeParams::default();
        type_params.add(&signature.generics);
        for parameter in type_params.classify(signature) {
            if matches!(
                parameter.role,
                Role::Sleepable | Role::NonBlock | Role::Context | Role::WrongShape(_)
            ) {
                let help = match self.attribute {
                    Attribute::MaySleep => {
                        "remove it: the function that Rust code calls takes `cx: &mut Sleepable` first"
                    }
                    Attribute::NonBlock => {
                        "remove it: the function that Rust code calls runs in a section"
                    }
                };
                diagnostics.error(parameter.ty(), "a foreign function cannot take a token", help);
            }
        }
        let mut names = Vec::new();
        for (i, arg) in signature.inputs.iter().enumerate() {
            for attr in arg.cfgs() {
                let help = format!("put `#[cfg]` on two declarations of the function, or {skip}");
                diagnostics.error(attr, "a parameter with a `#[cfg]` cannot be passed on", help);
            }
            if arg.is_receiver() {
                diagnostics.error(
                    arg,
                    "a foreign function has no receiver",
                    "write a name and a type",
                );
                continue;
            }
            // `_` gets a name, by which the argument can be passed on.
            let hidden = || format_ident!("arg{i}", span = Span::mixed_site());
            names.push(arg.name().unwrap_or_else(hidden));
        }
        (diagnostics.count() == before).then_some(names)
    }

    fn write(
        &self,
        function: &Function,
        signature: &Signature,
        is_safe: bool,
        names: &[Ident],
        outer: &[Attr],
        inner: &[Attr],
    ) -> TokenStream {
        let hidden = Span::mixed_site();
        let private = self.args.private_path();
        let Signature { ident, generics, inputs, output, .. } = signature;

        let mut parameters: Vec<TokenStream> = Vec::new();
        let line = match self.attribute {
            Attribute::MaySleep => {
                parameters.push(quote_spanned!(hidden=> cx: &mut #private::Sleepable));
                "May sleep: takes `&mut Sleepable`."
            }
            Attribute::NonBlock => "Does not block: runs in a section.",
        };
        for (arg, name) in inputs.iter().zip(names) {
            if let FnArgKind::Typed(_, ty) = &arg.kind {
                let (attrs, ty) = (&arg.attrs, TokenSlice(&ty.tokens));
                parameters.push(quote!(#(#attrs)* #name: #ty));
            }
        }

        let prologue = match self.attribute {
            Attribute::MaySleep => {
                let cx = quote_spanned!(hidden=> cx);
                let call = braced_call(private.item("may_sleep"), cx, ident.span());
                quote_spanned!(hidden=> #call;)
            }
            Attribute::NonBlock => {
                let enter = private.item("enter_section");
                let call = braced_call(enter, TokenStream::new(), ident.span());
                let section = own_name("section", hidden);
                quote_spanned!(hidden=> let #section = #call;)
            }
        };
        // A parameter may have the name of the function, and the declaration would hide it. So the arguments are passed
        // under names that the user cannot write.
        let passed: Vec<Ident> =
            (0..names.len()).map(|i| own_name(&format!("passed{i}"), hidden)).collect();
        let block_attrs = self.block_attrs;
        let block_header = TokenSlice(self.block_header);
        let declared = TokenSlice(function.signature());
        let mut call = quote_spanned!(hidden=> #ident(#(#passed),*));
        if !is_safe {
            // The wrapper is `unsafe` too, so its caller has promised what the foreign function demands.
            call = quote_spanned!(hidden=> unsafe { #call });
        }

        let attrs = doc_line::insert(outer.to_vec(), Some(line), function.has_visibility());
        let attrs = TokenSlice(&attrs);
        let visibility = TokenSlice(function.visibility());
        let unsafety = (!is_safe).then(|| Ident::new("unsafe", hidden));
        let (output, clause) = (TokenSlice(output), TokenSlice(&generics.where_clause));
        let lifetimes = TokenSlice(&generics.params);
        let lifetimes = (!generics.params.is_empty()).then(|| quote!(<#lifetimes>));
        quote_spanned! {hidden=>
            #attrs
            #visibility #unsafety fn #ident #lifetimes (#(#parameters),*) #output #clause {
                #prologue
                #(let #passed = #names;)*
                {
                    #(#block_attrs)* #block_header { #(#inner)* #declared; }
                    #call
                }
            }
        }
    }
}

/// Splits a foreign function's attributes into those of the wrapper and those of the declaration in it. The latter are
/// those about linking.
fn split_attributes(attrs: &[Attr]) -> (Vec<Attr>, Vec<Attr>) {
    let links = |name: &Ident| name == "link_name" || name == "link_ordinal";
    let mut outer = Vec::new();
    let mut inner = Vec::new();
    for attr in attrs {
        match attr.name() {
            Some(name) if links(&name) => inner.push(attr.clone()),
            Some(name) if name == "cfg_attr" => {
                let (linking, others) = attr.split_cfg_attr(links);
                inner.extend(linking);
                outer.extend(others);
            }
            _ => outer.push(attr.clone()),
        }
    }
    (outer, inner)
}
