//! The patterns of parameters.

use proc_macro2::Ident;
use syn::{FnArg, Pat, Signature};

/// The name that a pattern binds, if it does nothing else.
pub(super) fn plain_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => Some(&ident.ident),
        Pat::Paren(inner) => plain_name(&inner.pat),
        _ => None,
    }
}

/// The names that a function's parameters bind.
pub(crate) fn bound_names(signature: &Signature) -> Vec<&Ident> {
    let mut names = Vec::new();
    for arg in &signature.inputs {
        if let FnArg::Typed(arg) = arg {
            collect_names(&arg.pat, &mut names);
        }
    }
    names
}

fn collect_names<'a>(pattern: &'a Pat, names: &mut Vec<&'a Ident>) {
    match pattern {
        Pat::Ident(ident) => {
            names.push(&ident.ident);
            if let Some((_, inner)) = &ident.subpat {
                collect_names(inner, names);
            }
        }
        Pat::Paren(inner) => collect_names(&inner.pat, names),
        Pat::Reference(inner) => collect_names(&inner.pat, names),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|inner| collect_names(inner, names)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|inner| collect_names(inner, names)),
        Pat::Slice(slice) => slice.elems.iter().for_each(|inner| collect_names(inner, names)),
        Pat::Struct(fields) => {
            fields.fields.iter().for_each(|field| collect_names(&field.pat, names));
        }
        _ => {}
    }
}
