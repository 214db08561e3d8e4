//! How a function in a block overrides the block's attribute.

use proc_macro2::{Ident, TokenStream, TokenTree};

use crate::args::{Args, Macro};
use crate::attribute::Attribute;
use crate::diagnostics::Diagnostics;
use crate::item::{Attr, Function};

/// How a function overrides the attribute of its block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Override {
    /// It does not: the block's attribute holds.
    None,
    /// By an attribute with the argument `skip`. It has been taken off.
    Skip,
    /// By an attribute of its own, which is still there.
    Attribute,
}

/// Splits a function with `#[cfg_attr(predicate, may_sleep(skip))]` or the like in two: one under the predicate with the
/// attribute itself, and one under the opposite without it. Whether the predicate holds, a macro cannot know.
pub(super) fn split_by_condition(function: Function) -> Vec<Function> {
    let split = |attr: &Attr| attr.split_condition();
    let Some((i, condition)) =
        function.attrs.iter().enumerate().find_map(|(i, attr)| Some((i, split(attr)?)))
    else {
        return vec![function];
    };
    let with = |attrs: Vec<Attr>| {
        let mut function = function.clone();
        function.attrs.splice(i..=i, attrs);
        split_by_condition(function)
    };
    let holds = [vec![condition.holds], condition.attrs].concat();
    let holds = holds.into_iter().chain(condition.others.clone()).collect();
    let mut functions = with(holds);
    functions.extend(with(vec![condition.fails]));
    functions
}

impl Override {
    /// Finds how a function overrides its block's `attribute`, and takes an attribute with `skip` off.
    pub(super) fn take_from(
        function: &mut Function,
        attribute: Attribute,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut found = Self::None;
        let mut attrs = Vec::new();
        for attr in core::mem::take(&mut function.attrs) {
            match attribute_and_skip(&attr) {
                None => {}
                Some((_, None)) => found = Self::Attribute,
                Some((other, Some(skip))) => {
                    if found == Self::Skip {
                        diagnostics.error(&attr, "`skip` is given twice", "keep one of the two");
                    }
                    found = Self::Skip;
                    if other != attribute {
                        let message = format!(
                            "the block's attribute is `#[{}]`, which `#[{}(skip)]` does not leave out",
                            attribute.name(),
                            other.name()
                        );
                        diagnostics.error(
                            skip,
                            message,
                            format!("write `#[{}(skip)]`", attribute.name()),
                        );
                    }
                    continue;
                }
            }
            attrs.push(attr);
        }
        function.attrs = attrs;
        found
    }
}

/// Returns which of the two attributes this is. Also returns the argument `skip`, if it is the only one.
fn attribute_and_skip(attr: &Attr) -> Option<(Attribute, Option<Ident>)> {
    let attribute = attr.as_own()?;
    let arguments = match attr.content().last() {
        Some(TokenTree::Group(group)) => group.stream(),
        _ => TokenStream::new(),
    };
    // Errors in the arguments of a method's own attribute are reported when that attribute is expanded.
    let mut unreported = Diagnostics::default();
    let args = Args::parse(Macro::Attribute(attribute), arguments, &mut unreported);
    let skip = args.skip.filter(|_| unreported.count() == 0 && args.binding.is_none());
    Some((attribute, skip))
}
