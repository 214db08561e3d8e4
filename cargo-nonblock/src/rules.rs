//! The user's own rules: what functions do, and what is accepted, each with a reason.

use crate::demangle::Pattern;
use crate::table::rows;

/// The user's own rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub(crate) list: Vec<Rule>,
    pub(crate) suppressions: Vec<Suppression>,
}

/// A line by which single findings do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The section or function that the finding is of.
    pub entry: Pattern,
    /// What is reached. For what cannot be followed it is the function that makes the call, too.
    pub leaf: Pattern,
    /// Why it does not count.
    pub reason: String,
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

impl RuleClass {
    /// Whether one of two classes says that a function does something, and the other that it is nothing that counts.
    fn contradicts(self, other: Self) -> bool {
        let does = |class| matches!(class, Self::Blocks | Self::Allocates | Self::Panics);
        let is_cut = |class| matches!(class, Self::Harmless | Self::Permits);
        (does(self) && is_cut(other)) || (is_cut(self) && does(other))
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

/// The class of a line that suppresses single findings.
const SUPPRESSES: &str = "suppresses";

/// What stands between the two patterns of such a line. No name has it, and `->` stands in the types of functions.
const TO: &str = " => ";

impl Rules {
    /// Reads rules: lines of a pattern, a class and a reason with tabs between, below a line that names these columns.
    ///
    /// | class | what it says |
    /// |---|---|
    /// | `blocks`, `allocates`, `panics` | the function does this |
    /// | `harmless` | it does none of this, and is not looked into |
    /// | `permits` | it is a known exception: it is not followed |
    /// | `accepts` | what it calls through pointers is taken not to block |
    /// | `suppresses` | the pattern is `ENTRY => LEAF`: what this section or function finds there does not count |
    ///
    /// # Errors
    ///
    /// If a line has another form. The text says which.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rules = Self::default();
        for (line, [pattern, class, reason]) in rows(text, COLUMNS)? {
            let (pattern, class, reason) = (pattern.trim(), class.trim(), reason.trim());
            if pattern.is_empty() || reason.is_empty() {
                return Err(format!("line {line}: a rule has a pattern and a reason: write both"));
            }
            let reason = reason.to_owned();
            if class == SUPPRESSES {
                let (entry, leaf) = ends(pattern).ok_or_else(|| {
                    format!("line {line}: what is suppressed is written `ENTRY{TO}LEAF`: the section or function, and what it reaches")
                })?;
                rules.suppressions.push(Suppression { entry, leaf, reason });
                continue;
            }
            let known = RuleClass::ALL.into_iter().find(|known| known.name() == class);
            let class = known.ok_or_else(|| {
                let classes = RuleClass::ALL.map(RuleClass::name).join("`, `");
                format!(
                    "line {line}: no class is called `{class}`: write `{classes}` or `{SUPPRESSES}`"
                )
            })?;
            if pattern.contains(TO) {
                return Err(format!(
                    "line {line}: two patterns go with the class `{SUPPRESSES}` only"
                ));
            }
            if let Some(other) = rules
                .list
                .iter()
                .find(|other| other.pattern.as_str() == pattern && other.class.contradicts(class))
            {
                let other = other.class.name();
                return Err(format!(
                    "line {line}: `{pattern}` has the class `{other}` already, which `{}` contradicts: leave one of the two out",
                    class.name(),
                ));
            }
            rules.list.push(Rule { pattern: Pattern::new(pattern), class, reason });
        }
        Ok(rules)
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

fn ends(pattern: &str) -> Option<(Pattern, Pattern)> {
    let (entry, leaf) = pattern.split_once(TO)?;
    let (entry, leaf) = (entry.trim(), leaf.trim());
    let is_one = !entry.is_empty() && !leaf.is_empty() && !leaf.contains(TO);
    is_one.then(|| (Pattern::new(entry), Pattern::new(leaf)))
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
        let rules = Rules::parse("pattern\tclass\treason\n<fn() -> a::B as c::D>::e => read\tsuppresses\tIt is a pipe.\n")
            .expect("it is in order");
        assert_eq!(rules.list, []);
        assert_eq!(rules.suppressions[0].entry.as_str(), "<fn() -> a::B as c::D>::e");
        assert_eq!(rules.suppressions[0].leaf.as_str(), "read");
        for wrong in [
            "",
            "my::*\tpermits\tNo columns.",
            "pattern\tclass\treason\nmy::*\tpermit\tNo such class.",
            "pattern\tclass\treason\nmy::*\tpermits\t",
            "pattern\tclass\treason\n\tpermits\tNo pattern.",
            "pattern\tclass\treason\nmy::*\tpermits",
            "pattern\tclass\treason\nmy::*\tsuppresses\tOne pattern.",
            "pattern\tclass\treason\nmy::* => \tsuppresses\tNo leaf.",
            "pattern\tclass\treason\na => b => c\tsuppresses\tThree.",
            "pattern\tclass\treason\na => b\tpermits\tAnother class.",
            "pattern\tclass\treason\na\tblocks\tIt waits.\na\tharmless\tIt does not.",
        ] {
            Rules::parse(wrong).expect_err(wrong);
        }
    }
}
