//! How doubts name members and symbols.

/// How many a doubt names.
const MOST_NAMED: usize = 5;

/// Returns the first names of a list, and how many others there are.
pub(super) fn some_of(names: &[&str]) -> String {
    let shown = names.get(..MOST_NAMED).unwrap_or(names).join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
