//! What this crate's parser sees in a signature, beside what `syn` sees.

use proc_macro2::TokenTree;

use super::{squeezed, tokens};
use crate::signature::{Argument, Arguments, Bound, FnArgKind, Path, Signature, Type, TypeKind};
use crate::token_tree::TokenSlice;

/// What this crate's parser sees in a signature, written as [`seen_by_syn`] writes it.
fn seen(signature: &Signature) -> Vec<String> {
    let mut seen = vec![signature.ident.to_string(), squeezed(TokenSlice(&signature.output))];
    for (name, bounds) in signature.generics.type_params() {
        let bounds = bounds.iter().filter_map(Bound::as_trait).map(path);
        seen.push(format!("{name}: {:?}", bounds.collect::<Vec<_>>()));
    }
    for (bounded, bounds) in signature.generics.predicates() {
        let bounds = bounds.iter().filter_map(Bound::as_trait).map(path);
        seen.push(format!("{}: {:?}", ty(&bounded), bounds.collect::<Vec<_>>()));
    }
    for arg in &signature.inputs {
        seen.push(match &arg.kind {
            FnArgKind::Receiver(..) => format!("receiver {}", squeezed(arg)),
            FnArgKind::Typed(_, of_arg) => {
                format!("{:?}: {} = {}", arg.name(), ty(of_arg), squeezed(arg))
            }
        });
    }
    let mut names: Vec<_> = signature.bound_names().iter().map(ToString::to_string).collect();
    names.sort();
    seen.extend(names);
    seen
}

fn ty(of: &Type) -> String {
    let all = |of: &[Type]| of.iter().map(ty).collect::<Vec<_>>().join(" ");
    match &of.kind {
        TypeKind::Reference(it) if it.mutable => format!("mut {}", ty(&it.elem)),
        TypeKind::Reference(it) => format!("ref {}", ty(&it.elem)),
        TypeKind::Path(it) => path(it),
        TypeKind::Tuple(elems) => format!("tuple {}", all(elems)),
        TypeKind::Array(elem) => format!("array {}", ty(elem)),
        TypeKind::Slice(elem) => format!("slice {}", ty(elem)),
        TypeKind::Ptr(elem) => format!("ptr {}", ty(elem)),
        TypeKind::Paren(inner) => ty(inner),
        TypeKind::Macro => "macro".to_owned(),
        TypeKind::ImplTrait(bounds) => {
            format!(
                "impl {:?}",
                bounds.iter().filter_map(Bound::as_trait).map(path).collect::<Vec<_>>()
            )
        }
        TypeKind::TraitObject => "dyn".to_owned(),
        TypeKind::Other => "other".to_owned(),
    }
}

fn path(of: &Path) -> String {
    let segments = of.segments.iter().map(|segment| {
        let arguments = match &segment.arguments {
            Arguments::None => String::new(),
            Arguments::Angles(arguments) => {
                format!("{:?}", arguments.iter().map(argument).collect::<Vec<_>>())
            }
            Arguments::Parentheses(types) => {
                format!("({:?})", types.iter().map(ty).collect::<Vec<_>>())
            }
        };
        format!("{}{arguments}", segment.ident)
    });
    segments.collect::<Vec<_>>().join("::")
}

fn argument(of: &Argument) -> String {
    match of {
        Argument::Lifetime => "lifetime".to_owned(),
        Argument::Type(of) => ty(of),
        Argument::AssocType(of) => format!("= {}", ty(of)),
        Argument::Const => "const".to_owned(),
        Argument::Constraint => "constraint".to_owned(),
    }
}

/// What `syn` sees in the same signature.
fn seen_by_syn(signature: &syn::Signature) -> Vec<String> {
    let mut seen = vec![signature.ident.to_string(), squeezed(&signature.output)];
    for param in signature.generics.type_params() {
        seen.push(format!("{}: {:?}", param.ident, bounds_by_syn(&param.bounds)));
    }
    for predicate in signature.generics.where_clause.iter().flat_map(|clause| &clause.predicates) {
        if let syn::WherePredicate::Type(it) = predicate {
            seen.push(format!("{}: {:?}", ty_by_syn(&it.bounded_ty), bounds_by_syn(&it.bounds)));
        }
    }
    let mut names = Vec::new();
    for arg in &signature.inputs {
        seen.push(match arg {
            syn::FnArg::Receiver(_) => format!("receiver {}", squeezed(arg)),
            syn::FnArg::Typed(typed) => {
                names_by_syn(&typed.pat, &mut names);
                let name = plain_name_by_syn(&typed.pat);
                format!("{name:?}: {} = {}", ty_by_syn(&typed.ty), squeezed(arg))
            }
        });
    }
    names.sort();
    seen.extend(names);
    seen
}

fn plain_name_by_syn(pattern: &syn::Pat) -> Option<&proc_macro2::Ident> {
    match pattern {
        syn::Pat::Ident(it) if it.by_ref.is_none() && it.subpat.is_none() => Some(&it.ident),
        syn::Pat::Paren(it) => plain_name_by_syn(&it.pat),
        _ => None,
    }
}

fn names_by_syn(pattern: &syn::Pat, names: &mut Vec<String>) {
    match pattern {
        syn::Pat::Ident(it) => {
            names.push(it.ident.to_string());
            it.subpat.iter().for_each(|(_, inner)| names_by_syn(inner, names));
        }
        syn::Pat::Paren(it) => names_by_syn(&it.pat, names),
        syn::Pat::Reference(it) => names_by_syn(&it.pat, names),
        syn::Pat::Tuple(it) => it.elems.iter().for_each(|inner| names_by_syn(inner, names)),
        syn::Pat::TupleStruct(it) => it.elems.iter().for_each(|inner| names_by_syn(inner, names)),
        syn::Pat::Slice(it) => it.elems.iter().for_each(|inner| names_by_syn(inner, names)),
        syn::Pat::Struct(it) => it.fields.iter().for_each(|field| names_by_syn(&field.pat, names)),
        _ => {}
    }
}

fn bounds_by_syn<'a>(bounds: impl IntoIterator<Item = &'a syn::TypeParamBound>) -> Vec<String> {
    let of_trait = |bound: &syn::TypeParamBound| match bound {
        syn::TypeParamBound::Trait(bound) if bound.maybe.is_none() => {
            Some(path_by_syn(&bound.path, 0))
        }
        _ => None,
    };
    bounds.into_iter().filter_map(of_trait).collect()
}

fn ty_by_syn(of: &syn::Type) -> String {
    match of {
        syn::Type::Reference(it) if it.mutability.is_some() => {
            format!("mut {}", ty_by_syn(&it.elem))
        }
        syn::Type::Reference(it) => format!("ref {}", ty_by_syn(&it.elem)),
        // This crate does not look into `<T as Trait>`.
        syn::Type::Path(it) => path_by_syn(&it.path, it.qself.as_ref().map_or(0, |it| it.position)),
        syn::Type::Tuple(it) => {
            format!("tuple {}", it.elems.iter().map(ty_by_syn).collect::<Vec<_>>().join(" "))
        }
        syn::Type::Array(it) => format!("array {}", ty_by_syn(&it.elem)),
        syn::Type::Slice(it) => format!("slice {}", ty_by_syn(&it.elem)),
        syn::Type::Ptr(it) => format!("ptr {}", ty_by_syn(&it.elem)),
        syn::Type::Paren(it) => ty_by_syn(&it.elem),
        syn::Type::Macro(_) => "macro".to_owned(),
        syn::Type::ImplTrait(it) => format!("impl {:?}", bounds_by_syn(&it.bounds)),
        syn::Type::TraitObject(_) => "dyn".to_owned(),
        _ => "other".to_owned(),
    }
}

fn path_by_syn(of: &syn::Path, skipped: usize) -> String {
    let segments = of.segments.iter().skip(skipped).map(|segment| {
        let arguments = match &segment.arguments {
            syn::PathArguments::None => String::new(),
            syn::PathArguments::AngleBracketed(it) => {
                format!("{:?}", it.args.iter().map(argument_by_syn).collect::<Vec<_>>())
            }
            syn::PathArguments::Parenthesized(it) => {
                let inputs = it.inputs.iter().map(|input| ty_by_syn(&input.ty));
                let output = match &it.output {
                    syn::ReturnType::Type(_, of) => Some(ty_by_syn(of)),
                    syn::ReturnType::Default => None,
                };
                format!("({:?})", inputs.chain(output).collect::<Vec<_>>())
            }
        };
        format!("{}{arguments}", segment.ident)
    });
    segments.collect::<Vec<_>>().join("::")
}

fn argument_by_syn(of: &syn::GenericArgument) -> String {
    match of {
        syn::GenericArgument::Lifetime(_) => "lifetime".to_owned(),
        syn::GenericArgument::Type(of) => ty_by_syn(of),
        syn::GenericArgument::AssocType(of) => format!("= {}", ty_by_syn(&of.ty)),
        syn::GenericArgument::Const(_) | syn::GenericArgument::AssocConst(_) => "const".to_owned(),
        _ => "constraint".to_owned(),
    }
}

/// Asserts that this crate's parser sees in a signature what `syn` sees.
#[track_caller]
pub(super) fn assert_parsed_as_syn_does(source: &str) {
    let trees: Vec<TokenTree> = tokens(source).into_iter().collect();
    let parsed = Signature::parse(&trees).expect("a signature");
    let by_syn: syn::Signature = syn::parse2(trees.into_iter().collect()).expect("a signature");
    assert_eq!(seen(&parsed), seen_by_syn(&by_syn), "{source}");
}

#[test]
fn every_form_of_a_type_is_parsed_as_syn_does() {
    for ty in [
        "u8",
        "&u8",
        "&mut u8",
        "&'a mut a::B",
        "&&mut u8",
        "(u8)",
        "(u8,)",
        "()",
        "(u8, &mut u8)",
        "[u8]",
        "[u8; 3]",
        "[u8; { N }]",
        "&mut [u8]",
        "*mut u8",
        "*const a::B<u8>",
        "!",
        "_",
        "m!()",
        "a::m![u8]",
        "impl Copy",
        "impl for<'b> Fn(&'b u8) -> u8 + Send + 'a",
        "&mut impl Context",
        "dyn Copy + Send",
        "dyn ::core::marker::Send",
        "&mut (dyn Copy + Send)",
        "fn(u8) -> u8",
        "unsafe extern \"C\" fn(&mut u8)",
        "for<'b> fn(&'b u8)",
        "::a::B",
        "<T as a::B<u8>>::C",
        "<T>::C<u8>",
        "a::B<'_>",
        "B<'a, u8, 3, { 3 }>",
        "B<-1>",
        "B<-1, u8>",
        "B<true>",
        "B<Item = u8>",
        "B<Item = &mut u8, u8>",
        "B<Item<u8> = C>",
        "B<Item: Copy>",
        "B::<u8>",
        "B<fn(u8) -> u8>",
        "Box<dyn Fn(&mut u8) -> u8>",
        "B<C<D<E<u8>>>>",
        "crate::B",
        "self::B",
        "super::B",
        "Self",
        "Self::B<u8>",
        "r#fn",
        "B<(u8, C<u8>), [u8; 2]>",
        "B<Item = -1>",
        "B<a::C>",
    ] {
        assert_parsed_as_syn_does(&format!("fn f(x: {ty}, y: u8)"));
    }
}

#[test]
fn every_form_of_generics_is_parsed_as_syn_does() {
    for signature in [
        "fn f<>()",
        "fn f<'a, 'b: 'a, T, const N: usize>()",
        "fn f<T: ?Sized + 'a + Copy, U: for<'b> Fn(&'b T) -> U + Send>()",
        "fn f<#[a] T: (Copy), U: a::Context>()",
        "fn f<T>() -> impl Fn(T) -> T where T: Copy, 'a: 'b, for<'c> &'c T: a::B<C = T>, [T; 3]: D,",
        "fn f<T>() where T: Iterator<Item: Copy>, <T as Iterator>::Item: Context, T::A: B",
    ] {
        assert_parsed_as_syn_does(signature);
    }
}

#[test]
fn every_form_of_a_pattern_is_parsed_as_syn_does() {
    for pattern in [
        "x",
        "mut x",
        "_",
        "ref x",
        "ref mut x",
        "x @ _",
        "(x)",
        "((mut x))",
        "(x, y)",
        "(x, .., y)",
        "[x, y @ ..]",
        "A(x, y)",
        "a::A(x)",
        "A::<u8>(x)",
        "A { x }",
        "A { x: y, z, .. }",
        "a::A { ref x, mut y }",
        "&x",
        "&mut x",
        "&(x, A { y: (z, _) })",
        "()",
        "A",
        "a::A",
    ] {
        assert_parsed_as_syn_does(&format!("fn f({pattern}: u8)"));
    }
}
