//! Chains as a tree: those that begin alike are drawn together as far as they do.

use crate::check::Call;
use crate::graph::EdgeKind;
use crate::places::Place;

use super::frames::{is_own, shown};

/// A function on a chain, and what it calls on the way.
#[derive(Clone, Debug)]
pub(super) struct Tree<'a, E> {
    /// Its name with all types. For an end it is what is reached.
    pub(super) name: &'a str,
    /// Where it is called.
    pub(super) called_at: Option<&'a Place>,
    /// In which way. `None` for where the chains begin.
    pub(super) kind: Option<EdgeKind>,
    /// Whether it was inlined into its caller.
    pub(super) inlined: bool,
    /// Whether it is the user's own.
    pub(super) is_own: bool,
    pub(super) calls: Vec<Tree<'a, E>>,
    /// What the chains that end here lead to.
    pub(super) ends: Vec<E>,
}

impl<'a, E> Tree<'a, E> {
    pub(super) fn new(name: &'a str) -> Self {
        Self {
            name,
            called_at: None,
            kind: None,
            inlined: false,
            is_own: true,
            calls: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Adds a chain that begins at this function, and what it leads to. `to` is the name of that.
    pub(super) fn add(&mut self, chain: &'a [Call], to: &'a str, end: E) {
        let calls: Vec<_> = shown(chain).collect();
        let mut at = self;
        // Each function is called by the one before.
        for (before, call) in calls.iter().zip(calls.iter().skip(1)) {
            let place = before.place.as_ref();
            at = at.child(&call.caller.full, place, before.kind, call.inlined);
            at.is_own = is_own(call);
        }
        if let Some(last) = calls.last() {
            at = at.child(to, last.place.as_ref(), last.kind, false);
            at.is_own = false;
        }
        at.ends.push(end);
    }

    fn child(
        &mut self,
        name: &'a str,
        called_at: Option<&'a Place>,
        kind: EdgeKind,
        inlined: bool,
    ) -> &mut Self {
        let found = self.calls.iter().position(|call| {
            (call.name, call.called_at, call.inlined) == (name, called_at, inlined)
        });
        let at = found.unwrap_or_else(|| {
            self.calls.push(Self { called_at, kind: Some(kind), inlined, ..Self::new(name) });
            self.calls.len() - 1
        });
        &mut self.calls[at]
    }
}

/// Makes a tree for each function in which chains begin. Each chain comes with the name of what it leads to.
pub(super) fn forest<'a, E>(
    chains: impl IntoIterator<Item = (&'a [Call], &'a str, E)>,
) -> Vec<Tree<'a, E>> {
    let mut trees: Vec<Tree<'_, E>> = Vec::new();
    for (chain, to, end) in chains {
        let first = shown(chain).next();
        let name = first.map_or(to, |call| &call.caller.full);
        let at = trees.iter().position(|tree| tree.name == name).unwrap_or_else(|| {
            let is_own = first.is_some_and(is_own);
            trees.push(Tree { is_own, ..Tree::new(name) });
            trees.len() - 1
        });
        trees[at].add(chain, to, end);
    }
    trees
}

/// Whether a way of calling is worth a word.
pub(super) fn is_special(kind: EdgeKind) -> bool {
    kind != EdgeKind::Call
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demangle::Name;

    fn call(caller: &str, line: u32) -> Call {
        let place = Some(Place { file: "a.rs".to_owned(), line, column: 1 });
        Call { caller: Name::of_function(caller), inlined: false, place, kind: EdgeKind::Call }
    }

    #[test]
    fn chains_are_one_as_far_as_they_are_alike() {
        let one = [call("m::a", 1), call("m::b", 2), call("m::c", 3)];
        let other = [call("m::a", 1), call("m::b", 4)];
        let mut tree = Tree::new("m::a");
        tree.add(&one, "read", 1);
        tree.add(&other, "write", 2);
        let [b] = &tree.calls[..] else { panic!("{tree:?}") };
        assert_eq!((b.name, b.called_at.map(|place| place.line)), ("m::b", Some(1)));
        let [c, write] = &b.calls[..] else { panic!("{b:?}") };
        assert_eq!((c.name, c.called_at.map(|place| place.line)), ("m::c", Some(2)));
        assert_eq!((write.name, &write.ends[..]), ("write", &[2][..]));
        assert_eq!((c.calls[0].name, &c.calls[0].ends[..]), ("read", &[1][..]));
        // A call at another line is another call.
        let again = [call("m::a", 9), call("m::b", 2)];
        tree.add(&again, "read", 3);
        assert_eq!(tree.calls.len(), 2);
    }
}
