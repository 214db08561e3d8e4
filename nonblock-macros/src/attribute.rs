//! The two attributes, and what messages call their parts.

/// The attribute that is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    MaySleep,
    NonBlock,
}

impl Attribute {
    /// The attribute's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MaySleep => "may_sleep",
            Self::NonBlock => "non_block",
        }
    }

    /// The attribute with this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "may_sleep" => Some(Self::MaySleep),
            "non_block" => Some(Self::NonBlock),
            _ => None,
        }
    }

    /// The name that messages suggest for the token.
    pub(crate) const fn suggested_name(self) -> &'static str {
        match self {
            Self::MaySleep => "cx",
            Self::NonBlock => "nb",
        }
    }

    /// The parameter that messages suggest for the token.
    pub(crate) const fn suggested_parameter(self) -> &'static str {
        match self {
            Self::MaySleep => "cx: &mut Sleepable",
            Self::NonBlock => "nb: &NonBlock",
        }
    }

    /// The type of the token that `#[may_sleep(name)]` or `#[non_block(name)]` binds.
    pub(crate) const fn bound_type(self) -> &'static str {
        match self {
            Self::MaySleep => "&mut Sleepable",
            Self::NonBlock => "&mut NonBlock",
        }
    }
}
