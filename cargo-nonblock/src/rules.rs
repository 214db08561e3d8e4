//! The user's own rules: what functions do, and what is accepted, each with a reason.

use crate::demangle::Pattern;
use crate::table::rows;

/// The user's own rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub(crate) list: Vec<Rule>,
}

/// A rule of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) pattern: Pattern,
    pub(crate) class: RuleClass,
    pub(crate) reason: String,
}

impl RuleClass {
    const ALL: [Self; 6] =
        [Self::Blocks, Self::Allocates, Self::Panics, Self::Harmless, Self::Permits, Self::Accepts];

    /// Returns the name that a rule calls it by.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Allocates => "allocates",
            Self::Panics => "panics",
            Self::Harmless => "harmless",
            Self::Permits => "permits",
            Self::Accepts => "accepts",
        }
    }
}

/// What a rule says of the functions that fit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleClass {
    Blocks,
    Allocates,
    Panics,
    Harmless,
    Permits,
    Accepts,
}

const COLUMNS: &str = "pattern\tclass\treason";

impl Rules {
    /// Reads rules: lines of a pattern, a class and a reason with tabs between, below a line that names these columns.
    ///
    /// | class | what it says |
    /// |---|---|
    /// | `blocks`, `allocates`, `panics` | the function does this |
    /// | `harmless` | it does none of this, and is not looked into |
    /// | `permits` | it is a known exception: it is not followed |
    /// | `accepts` | what it calls through pointers is taken not to block |
    ///
    /// # Errors
    ///
    /// If a line has another form. The text says which.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut list = Vec::new();
        for (line, [pattern, class, reason]) in rows(text, COLUMNS)? {
            let class = RuleClass::ALL.into_iter().find(|known| known.name() == class);
            let class = class.ok_or_else(|| {
                format!("line {line}: the class is none of those that rules have")
            })?;
            let (pattern, reason) = (pattern.trim(), reason.trim());
            if pattern.is_empty() || reason.is_empty() {
                return Err(format!("line {line}: a rule has a pattern and a reason"));
            }
            list.push(Rule { pattern: Pattern::new(pattern), class, reason: reason.to_owned() });
        }
        Ok(Self { list })
    }

    /// Returns the rules by which functions are not followed.
    pub(crate) fn cuts(&self) -> impl Iterator<Item = &Rule> {
        self.list
            .iter()
            .filter(|rule| [RuleClass::Permits, RuleClass::Harmless].contains(&rule.class))
    }

    pub(crate) fn accepts(&self) -> impl Iterator<Item = &Rule> {
        self.list.iter().filter(|rule| rule.class == RuleClass::Accepts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_a_pattern_a_known_class_and_a_reason() {
        let rules =
            Rules::parse("# mine\n\npattern\tclass\treason\nmy::*\tpermits\tIt was looked at.\n")
                .expect("it is in order");
        assert_eq!(rules.cuts().count(), 1);
        for wrong in [
            "",
            "my::*\tpermits\tNo columns.",
            "pattern\tclass\treason\nmy::*\tpermit\tNo such class.",
            "pattern\tclass\treason\nmy::*\tpermits\t",
            "pattern\tclass\treason\n\tpermits\tNo pattern.",
            "pattern\tclass\treason\nmy::*\tpermits",
        ] {
            Rules::parse(wrong).expect_err(wrong);
        }
    }
}
