//! What functions and pointers to them are given and return, and which of these a pointer may point to.

use super::debug_information::{DebugInformation, Entry, lies_in_frame};
use super::types::Types;
use super::value_type::ValueType;
use super::word::TypeId;
use crate::demangle::Name;

/// The traits of the library's module `fmt` by which values are written.
const FORMATS: [&str; 9] = [
    "Display", "Debug", "LowerHex", "UpperHex", "Octal", "Binary", "LowerExp", "UpperExp",
    "Pointer",
];

/// What their functions return, of one byte.
const WRITTEN: &str = "Result<(), core::fmt::Error>";

/// A part of the path of the methods by which closures are called.
pub(super) const CLOSURE: &str = "core::ops::function::Fn";

/// How many parameters are not described where nobody knows: any number.
const ANY_NUMBER: usize = usize::MAX;

/// The type of a function, as far as calls by pointers of other types are possible.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Signature {
    /// The parameters that have a size and that are described.
    parameters: Vec<ValueType>,
    /// How many others there may be: those of a function that are not described, and those of a pointer that its function need not take.
    lacking: usize,
    /// Whether it takes any others after these.
    takes_more: bool,
    result: Option<ValueType>,
}

impl Signature {
    /// Reads what a pointer to a function is one to. What is described in the words of another language than Rust has only sizes, and C gives
    /// functions more than they take.
    pub(super) fn of_pointer(
        information: &DebugInformation<'_>,
        types: &Types<'_>,
        at: TypeId,
    ) -> Option<Self> {
        let (own, _) = Self::read(information, types, at)?;
        Some(if information.is_rust(at) {
            own
        } else {
            let takes_more = own.takes_more || own.is_generic();
            Self { lacking: ANY_NUMBER, takes_more, ..own.by_size() }
        })
    }

    /// Whether a pointer may be one to any function, as C keeps it: `void (*)(void)`. It is cast where it is called.
    fn is_generic(&self) -> bool {
        self.parameters.is_empty() && self.result.is_none()
    }

    /// Reads the type of a function of the program.
    ///
    /// In optimized code only the sizes count. The optimizer puts functions of equal code together, and keeps the description of one; and
    /// none of them is of other sizes, since it compares what it knows of types.
    pub(super) fn of_function(
        information: &DebugInformation<'_>,
        types: &Types<'_>,
        at: TypeId,
        symbol: &str,
    ) -> Option<Self> {
        let (own, are_in_frame) = Self::of_body(information, types, at, symbol)?;
        let is_known = information.is_rust(at) && are_in_frame && information.is_not_optimized(at);
        Some(if is_known {
            Self { lacking: variables(information, at)?, ..own }
        } else {
            Self { lacking: ANY_NUMBER, ..own.by_size() }
        })
    }

    /// Reads what a function's description says. The body of a closure is described with all its arguments as one, and gets each in a place
    /// of its own.
    fn of_body(
        information: &DebugInformation<'_>,
        types: &Types<'_>,
        at: TypeId,
        symbol: &str,
    ) -> Option<(Self, bool)> {
        let (own, are_in_frame) = Self::read(information, types, at)?;
        if !Name::of_symbol(symbol).plain.contains(CLOSURE) {
            return Some((own, are_in_frame));
        }
        let mut arguments = None;
        information.entry(at, |information, child| {
            if child.tag() == gimli::DW_TAG_formal_parameter {
                arguments = information.place_of(at, child);
            }
        })?;
        let arguments = arguments.and_then(|parameter| types.type_of(parameter));
        let Some(fields) = arguments.and_then(|ty| types.fields(ty)) else {
            return Some((Self { takes_more: true, ..own }, are_in_frame));
        };
        let mut parameters = own.parameters;
        if arguments.is_some_and(|ty| types.size(ty) > 0) {
            parameters.pop();
        }
        let fields = fields.into_iter();
        parameters.extend(fields.filter_map(|ty| ValueType::read(information, types, ty)));
        Some((Self { parameters, ..own }, are_in_frame))
    }

    /// Reads what is described, and whether all parameters are where they lie in memory, as in code that was not optimized.
    fn read(
        information: &DebugInformation<'_>,
        types: &Types<'_>,
        at: TypeId,
    ) -> Option<(Self, bool)> {
        let mut parameters = Vec::new();
        let mut takes_more = false;
        let mut are_in_frame = true;
        information.entry(at, |information, child| match child.tag() {
            gimli::DW_TAG_formal_parameter => {
                let ty =
                    information.place_of(at, child).and_then(|parameter| types.type_of(parameter));
                match ty {
                    Some(ty) => {
                        let value = ValueType::read(information, types, ty);
                        are_in_frame &= value.is_none() || is_in_frame(information, at, child);
                        parameters.extend(value);
                    }
                    None => takes_more = true,
                }
            }
            gimli::DW_TAG_unspecified_parameters => takes_more = true,
            _ => {}
        })?;
        let result = types.type_of(at).and_then(|ty| ValueType::read(information, types, ty));
        Some((Self { parameters, lacking: 0, takes_more, result }, are_in_frame))
    }

    /// Returns the type of a function that writes a value as text: the trait says it, and almost every program takes the addresses of some
    /// that the library has. The value may be an object, whose pointer is larger: only the formatter counts.
    pub(super) fn of_formatter(symbol: &str) -> Option<Self> {
        let name = Name::of_symbol(symbol).plain;
        let of = name.strip_suffix(">::fmt")?.rsplit_once(" as core::fmt::")?.1;
        FORMATS.contains(&of).then(|| Self {
            parameters: vec![ValueType::pointer_to("Formatter")],
            lacking: 1,
            takes_more: false,
            result: Some(ValueType::Named { name: WRITTEN.into(), size: 1 }),
        })
    }

    /// Returns that of the pointers in the arguments of `format_args!`: the functions are given the value and the formatter.
    pub(super) fn of_argument() -> Self {
        let parameters = vec![ValueType::Unknown(8), ValueType::Unknown(8)];
        Self { parameters, lacking: 0, takes_more: false, result: Some(ValueType::Unknown(1)) }
    }

    /// Returns the type of which only the sizes are known.
    fn by_size(self) -> Self {
        let by_size = |value: ValueType| ValueType::Unknown(value.size());
        let parameters = self.parameters.into_iter().map(by_size).collect();
        Self { parameters, result: self.result.map(by_size), ..self }
    }

    /// Whether a function takes no more parameters than a pointer's.
    pub(super) fn takes_no_more_than(&self, pointer: &Self) -> bool {
        self.takes_more || pointer.takes_more || self.parameters.len() <= pointer.parameters.len()
    }

    /// Whether a pointer of some type may be one to a function of this type. The function's parameters may be some of the pointer's, where it
    /// may have others that are not described.
    pub(super) fn may_be_called_as(&self, pointer: &Self) -> bool {
        if self.takes_more || pointer.takes_more {
            return true;
        }
        let mut theirs = pointer.parameters.iter();
        let has_all = self.parameters.iter().all(|own| theirs.any(|value| own.may_be(value)));
        let lacking = self.lacking.max(pointer.lacking);
        let described = pointer.parameters.len().saturating_sub(lacking);
        has_all
            && self.parameters.len() >= described
            && match (&self.result, &pointer.result) {
                (Some(own), Some(theirs)) => own.may_be(theirs),
                (own, theirs) => own.is_none() && theirs.is_none(),
            }
    }
}

/// Counts the variables of a function, and the parameters of others that are inlined into it.
///
/// rustc describes each parameter, also one without a name, as long as nothing else describes it: what a closure has captured is described
/// as variables, in the place of the parameter in which it is, and what a pattern has for a name may be. So no more parameters are left
/// out than these are.
fn variables(information: &DebugInformation<'_>, function: TypeId) -> Option<usize> {
    let mut count = 0;
    information.walk(function, |entry, depth| {
        let is_one = match entry.tag() {
            gimli::DW_TAG_variable => true,
            gimli::DW_TAG_formal_parameter => depth > 1,
            _ => false,
        };
        count += usize::from(is_one);
        true
    })?;
    Some(count)
}

/// Whether a parameter lies in the frame of the stack as long as the function runs.
fn is_in_frame<'data>(
    information: &DebugInformation<'data>,
    function: TypeId,
    parameter: &Entry<'data>,
) -> bool {
    let place = information.operations(function, parameter, gimli::DW_AT_location);
    let machine = information.machine();
    place.is_some_and(|place| place.first().is_some_and(|first| lies_in_frame(machine, first)))
}

#[cfg(test)]
mod tests {
    use super::{ANY_NUMBER, Signature};
    use crate::typed::value_type::ValueType;

    fn signature(parameters: &[u64], result: u64) -> Signature {
        Signature {
            parameters: parameters.iter().map(|size| ValueType::Unknown(*size)).collect(),
            lacking: ANY_NUMBER,
            takes_more: false,
            result: Some(ValueType::Unknown(result)),
        }
    }

    #[test]
    fn a_function_may_have_parameters_that_are_not_described() {
        let pointer = Signature { lacking: 0, ..signature(&[8, 4, 8], 4) };
        for parameters in [&[8, 4, 8][..], &[8, 8], &[4], &[]] {
            assert!(signature(parameters, 4).may_be_called_as(&pointer), "{parameters:?}");
        }
        for parameters in [&[8, 4, 4][..], &[4, 4], &[8, 4, 8, 8], &[2]] {
            assert!(!signature(parameters, 4).may_be_called_as(&pointer), "{parameters:?}");
        }
        assert!(!signature(&[8, 4, 8], 8).may_be_called_as(&pointer));
        assert!(!Signature { result: None, ..pointer.clone() }.may_be_called_as(&pointer));
        for (parameters, fits) in
            [(&[8, 4, 8][..], true), (&[8, 8], true), (&[4], false), (&[], false)]
        {
            let function = Signature { lacking: 1, ..signature(parameters, 4) };
            assert_eq!(function.may_be_called_as(&pointer), fits, "{parameters:?}");
            let of_c = Signature { lacking: ANY_NUMBER, ..pointer.clone() };
            assert!(function.may_be_called_as(&of_c), "{parameters:?}");
        }
        let open = Signature { takes_more: true, ..signature(&[2], 1) };
        assert!(open.may_be_called_as(&pointer));
    }

    #[test]
    fn a_formatter_is_called_as_one_only() {
        let symbol = "_RNvXs_Cs1_1aNtB4_1SNtNtCs2_4core3fmt5Debug3fmt";
        let formatter = Signature::of_formatter(symbol).expect("a formatter");
        let pointer = |parameters: &[&str], result: ValueType| Signature {
            parameters: parameters.iter().map(|name| ValueType::pointer_to(name)).collect(),
            lacking: 0,
            takes_more: false,
            result: Some(result),
        };
        let named = |name: &str| ValueType::Named { name: name.into(), size: 1 };
        let written = named("Result<(), core::fmt::Error>");
        assert!(formatter.may_be_called_as(&pointer(&["_", "Formatter"], written.clone())));
        assert!(!formatter.may_be_called_as(&pointer(&["_", "Formatter"], ValueType::Integer(1))));
        assert!(!formatter.may_be_called_as(&pointer(&["S", "T"], written)));
    }
}
