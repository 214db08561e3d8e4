//! The two attributes: their names, and the words that messages use for each.

/// Which attribute is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    MaySleep,
    NonBlock,
}

impl Attribute {
    /// The attribute's own name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MaySleep => "may_sleep",
            Self::NonBlock => "non_block",
        }
    }

    /// What the token is called where a message shows one.
    pub(crate) const fn binding(self) -> &'static str {
        match self {
            Self::MaySleep => "cx",
            Self::NonBlock => "nb",
        }
    }

    /// The parameter to write for the token.
    pub(crate) const fn parameter(self) -> &'static str {
        match self {
            Self::MaySleep => "cx: &mut Sleepable",
            Self::NonBlock => "nb: &NonBlock",
        }
    }

    /// The type of what is bound.
    pub(crate) const fn bound_type(self) -> &'static str {
        match self {
            Self::MaySleep => "&mut Sleepable",
            Self::NonBlock => "&mut NonBlock",
        }
    }

    /// The attribute that is called so.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        match name {
            "may_sleep" => Some(Self::MaySleep),
            "non_block" => Some(Self::NonBlock),
            _ => None,
        }
    }
}
