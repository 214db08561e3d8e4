//! The calls of a chain, as a reader wants them: without what runs the section, and with the user's own code told apart.

use crate::check::Call;
use crate::entries::leads_in;
use crate::places::Place;

/// The calls of a chain that are shown. What runs the section is no news.
pub(super) fn shown(chain: &[Call]) -> impl Iterator<Item = &Call> + Clone {
    chain.iter().filter(|call| !leads_in(&call.caller))
}

/// Whether a call is made in the user's own code: neither in the standard library, nor in nonblock, nor in a package of a registry.
pub(super) fn is_own(call: &Call) -> bool {
    let is_foreign = call.place.as_ref().is_some_and(|place| is_of_others(&place.file));
    !call.caller.is_in_std() && call.caller.crate_name() != "nonblock" && !is_foreign
}

/// The place that the user can change: that of the last call in code of the user's own.
pub(super) fn own_place(chain: &[Call]) -> Option<&Place> {
    let mut own = chain.iter().rev().filter(|call| is_own(call));
    own.find_map(|call| call.place.as_ref())
        .or_else(|| chain.iter().rev().find_map(|call| call.place.as_ref()))
}

/// Whether a file is the standard library's, or a package's of a registry or of a repository.
pub(super) fn is_of_others(file: &str) -> bool {
    let first = file.split('/').next().unwrap_or("");
    file.starts_with("library/") || is_package(first) || file.contains("/git/checkouts/")
}

/// Whether the name of a folder is that of a package with its version.
pub(super) fn is_package(folder: &str) -> bool {
    let Some((at, _)) = folder.match_indices('-').find(|(at, _)| {
        folder[at + 1..].starts_with(|c: char| c.is_ascii_digit()) && folder[*at..].contains('.')
    }) else {
        return false;
    };
    at > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_a_registry_is_not_the_users_own() {
        for file in
            ["library/std/src/thread/mod.rs", "serde-1.0.229/src/lib.rs", "a-b-0.1.0-rc.1/x.rs"]
        {
            assert!(is_of_others(file), "{file}");
        }
        for file in ["src/main.rs", "my-app/src/main.rs", "/home/me/x-2/src/a.rs", "player-2/a.rs"]
        {
            assert!(!is_of_others(file), "{file}");
        }
    }
}
