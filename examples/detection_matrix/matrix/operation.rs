//! An operation that is tried in a section.

/// What runs in the section. All that it uses was made before.
pub(crate) type Body = Box<dyn FnMut()>;

/// An operation that was prepared, or why this machine does not have it.
pub(crate) type Prepared = Result<Body, String>;

/// What holds of the operations of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// What slept is reported.
    Reported,
    /// Neither the schedule nor the trap may say anything.
    Silent,
}

/// Operations that belong together.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) rule: Rule,
    pub(crate) operations: &'static [Operation],
}

/// Something that a section may do.
#[derive(Debug)]
pub(crate) struct Operation {
    /// As its users call it.
    pub(crate) name: &'static str,
    /// The function that prepares it, in which its body stands too.
    pub(crate) function: &'static str,
    pub(crate) prepare: fn() -> Prepared,
    /// The columns that differ from run to run.
    pub(crate) varies: &'static [(Column, Varies)],
}

/// How a cell differs from run to run, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Varies {
    /// There may be something or nothing.
    May(&'static str),
    /// There is always something, and not always the same.
    Some(&'static str),
}

impl Operation {
    /// Returns how a column differs from run to run, if it does.
    pub(crate) fn varies(&self, column: Column) -> Option<Varies> {
        let of = |column| {
            let mut varies = self.varies.iter();
            varies.find_map(|(other, varies)| (*other == column).then_some(*varies))
        };
        // What may sleep may be told of.
        of(column).or_else(|| if column == Column::Schedule { of(Column::Slept) } else { None })
    }
}

/// What the table says of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Slept,
    Schedule,
    Trap,
    Alloc,
    Sanitizer,
}

impl Column {
    pub(crate) const ALL: [Self; 5] =
        [Self::Slept, Self::Schedule, Self::Trap, Self::Alloc, Self::Sanitizer];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Slept => "slept",
            Self::Schedule => "schedule",
            Self::Trap => "trap",
            Self::Alloc => "alloc",
            Self::Sanitizer => "RealtimeSanitizer",
        }
    }
}

/// Writes a list of operations: their names, the functions that prepare them, and what differs from run to run.
macro_rules! operations {
    ($($name:literal => $function:ident $([$($column:ident: $varies:ident($reason:expr)),+ $(,)?])?;)+) => {
        &[$($crate::matrix::operation::Operation {
            name: $name,
            function: concat!("::", stringify!($function)),
            prepare: $function,
            varies: &[$($((
                $crate::matrix::operation::Column::$column,
                $crate::matrix::operation::Varies::$varies($reason),
            )),+)?],
        }),+]
    };
}

pub(crate) use operations;
