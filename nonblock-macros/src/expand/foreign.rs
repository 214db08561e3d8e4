//! The expansion of a block of foreign functions: a function of the same name for each, in which the
//! foreign one is declared, so that nobody else can call it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{FnArg, Pat, Signature, Token};

use super::block::{Own, own};
use super::doc_line as docs;
use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::token_tree::construct::{Private, here};

use crate::item::{Attr, Block, Function, Member};
use crate::parameters::{Role, Scope};
use crate::token_tree::inspect::{Tokens, is_word};

/// Expands a block of foreign functions.
pub(crate) fn expand(
    attribute: Attribute,
    args: &Args,
    attrs: &[Attr],
    block: &Block,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    if let Some(binding) = &args.binding {
        let wrong = format!("there is no body here to bind `{binding}` in");
        let help = match attribute {
            Attribute::MaySleep => "write `#[may_sleep]`: each function takes the token first",
            Attribute::NonBlock => "write `#[non_block]`: each function runs in a section",
        };
        diagnostics.error(binding, wrong, help);
    }
    let foreign = Foreign { attribute, args, attrs, header: &block.header };
    let (inner, members) = block.members();
    let mut kept = inner;
    let mut wrappers = TokenStream::new();
    for member in members {
        match member {
            Member::Other(tokens) => kept.extend(tokens),
            Member::Function(mut function) => match own(attribute, &mut function, diagnostics) {
                Own::Skip => function.to_tokens(&mut kept),
                Own::Attribute => {
                    let attr = function.attrs.iter().find(|attr| is_ours(attr));
                    diagnostics.error(
                        attr,
                        "a foreign function has no attribute of its own beside its block's",
                        format!(
                            "move it into a block of its own, or leave it out with `#[{}(skip)]`",
                            attribute.name()
                        ),
                    );
                    function.attrs.retain(|attr| !is_ours(attr));
                    function.to_tokens(&mut kept);
                }
                Own::Nothing => match foreign.wrapper(&function, diagnostics) {
                    Some(wrapper) => wrappers.extend(wrapper),
                    None => function.to_tokens(&mut kept),
                },
            },
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

struct Foreign<'a> {
    attribute: Attribute,
    args: &'a Args,
    /// The block's attributes, such as `#[link]`.
    attrs: &'a [Attr],
    /// `unsafe extern "C"`.
    header: &'a [TokenTree],
}

impl Foreign<'_> {
    /// Writes a function's wrapper, or reports why there is none.
    fn wrapper(&self, function: &Function, diagnostics: &mut Diagnostics) -> Option<TokenStream> {
        // `safe` is no word of a signature's outside such a block.
        let tokens = function.signature_tokens();
        let keyword = tokens.iter().position(|token| is_word(token, "fn")).unwrap_or(0);
        let (qualifiers, rest) = tokens.split_at(keyword);
        let is_safe = qualifiers.iter().any(|token| is_word(token, "safe"));
        let qualifiers = qualifiers.iter().filter(|token| !is_word(token, "safe"));
        let signature: Signature = match syn::parse2(qualifiers.chain(rest).cloned().collect()) {
            Ok(signature) => signature,
            Err(error) => {
                let wrong =
                    format!("`#[{}]` cannot read this signature: {error}", self.attribute.name());
                diagnostics.error_at(error.span(), wrong, "write a foreign function's signature");
                return None;
            }
        };
        let names = self.check(&signature, diagnostics)?;
        let (outer, inner) = split_attributes(&function.attrs);
        Some(self.write(function, &signature, is_safe, &names, &outer, &inner))
    }

    /// Reports what cannot be wrapped. Returns a name for each parameter.
    fn check(&self, signature: &Signature, diagnostics: &mut Diagnostics) -> Option<Vec<Ident>> {
        let name = self.attribute.name();
        let skip = format!("leave it out with `#[{name}(skip)]`");
        let before = diagnostics.count();
        if let Some(variadic) = &signature.variadic {
            let help = format!(
                "{skip}, and write a function for each set of arguments that you call it with"
            );
            diagnostics.error(
                variadic,
                "a variadic function cannot be wrapped: Rust cannot pass `...` on",
                help,
            );
        }
        let mut scope = Scope::default();
        scope.add(&signature.generics);
        for parameter in scope.parameters(signature) {
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
                diagnostics.error(
                    parameter.ty(),
                    "a foreign function knows nothing of tokens",
                    help,
                );
            }
        }
        let mut names = Vec::new();
        for (i, arg) in signature.inputs.iter().enumerate() {
            let attrs = match arg {
                FnArg::Receiver(receiver) => &receiver.attrs,
                FnArg::Typed(typed) => &typed.attrs,
            };
            for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
                let help = format!("put `#[cfg]` on two declarations of the function, or {skip}");
                diagnostics.error(
                    attr,
                    "a parameter that is there only sometimes cannot be passed on",
                    help,
                );
            }
            match arg {
                FnArg::Typed(typed) => match &*typed.pat {
                    Pat::Ident(ident) => names.push(ident.ident.clone()),
                    // `_` is given a name of its own.
                    _ => names.push(format_ident!("arg{i}", span = Span::mixed_site())),
                },
                FnArg::Receiver(receiver) => {
                    diagnostics.error(
                        receiver,
                        "a foreign function has no receiver",
                        "write a name and a type",
                    );
                }
            }
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
        let private = self.args.private(hidden);
        let Signature { ident, generics, inputs, output, .. } = signature;

        let mut parameters = Punctuated::<TokenStream, Token![,]>::new();
        let line = match self.attribute {
            Attribute::MaySleep => {
                parameters.push(quote_spanned!(hidden=> cx: &mut #private::Sleepable));
                "May sleep: takes `&mut Sleepable`."
            }
            Attribute::NonBlock => "Does not block: runs in a section.",
        };
        for (arg, name) in inputs.iter().zip(names) {
            if let FnArg::Typed(typed) = arg {
                let (attrs, ty) = (&typed.attrs, &typed.ty);
                parameters.push(quote!(#(#attrs)* #name: #ty));
            }
        }

        let entry = Private::new(self.args, hidden);
        let entry = match self.attribute {
            Attribute::MaySleep => {
                let cx = quote_spanned!(hidden=> cx);
                let entry = here(entry.path("may_sleep", hidden), cx, ident.span());
                quote_spanned!(hidden=> #entry;)
            }
            Attribute::NonBlock => {
                let enter = entry.path("enter_section", hidden);
                let entry = here(enter, TokenStream::new(), ident.span());
                quote_spanned!(hidden=> let _section = #entry;)
            }
        };
        // The arguments get names of their own: one may have the function's, which the declaration hides.
        let passed: Vec<Ident> =
            (0..names.len()).map(|i| format_ident!("passed{i}", span = hidden)).collect();
        let block_attrs = self.attrs;
        let block_header = Tokens(self.header);
        let declared = Tokens(function.signature_tokens());
        let mut call = quote_spanned!(hidden=> #ident(#(#passed),*));
        if !is_safe {
            // The caller has promised what the foreign function asks for.
            call = quote_spanned!(hidden=> unsafe { #call });
        }

        let docs = docs::with_line(outer.to_vec(), Some(line), function.has_visibility());
        let docs = Tokens(&docs);
        let visibility = Tokens(function.visibility());
        let unsafety = (!is_safe).then(|| Ident::new("unsafe", hidden));
        let (lifetimes, clause) = (&generics.params, &generics.where_clause);
        let lifetimes = (!lifetimes.is_empty()).then(|| quote!(<#lifetimes>));
        quote_spanned! {hidden=>
            #docs
            #visibility #unsafety fn #ident #lifetimes (#parameters) #output #clause {
                #entry
                #(let #passed = #names;)*
                {
                    #(#block_attrs)* #block_header { #(#inner)* #declared; }
                    #call
                }
            }
        }
    }
}

fn is_ours(attr: &Attr) -> bool {
    attr.name().is_some_and(|name| Attribute::by_name(&name.to_string()).is_some())
}

/// Splits a foreign function's attributes: those of the function that Rust code calls, and those of the
/// declaration in it, which are the ones about linking.
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
