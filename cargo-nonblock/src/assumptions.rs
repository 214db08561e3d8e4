//! What is assumed: which ways of the graph are cut before anything is searched, and what becomes of each node.
//!
//! Every assumption has a number and a sentence, and is counted where it cut a way. The report's header has them all.

use std::collections::BTreeSet;

use crate::catalogue::{Catalogue, Class, Entry, Kind};
use crate::demangle::{Name, Pattern};
use crate::functions::Functions;
use crate::graph::{EdgeKind, Graph, Node, NodeId, Unknown};
use crate::rules::Rule;

/// What becomes of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Its calls are followed.
    Follow,
    /// It is known to do nothing that counts.
    Harmless,
    /// It is not followed, by the assumption with this number.
    Cut(usize),
    /// A section must not reach it.
    Leaf(Class, String),
    /// Nobody knows what it does.
    Obstacle(String),
}

/// An assumption: a sentence, and by whom it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assumption {
    pub(crate) id: String,
    pub(crate) text: String,
    /// Whether it is the user's own, who should know when it is not needed any more.
    pub(crate) is_users: bool,
}

/// All assumptions of a run, and what they make of a node.
#[derive(Clone, Debug)]
pub(crate) struct Assumptions<'a> {
    catalogue: &'a Catalogue,
    denied: BTreeSet<Class>,
    list: Vec<Assumption>,
    /// Functions that are not followed by a rule of the user's, each with the number of its assumption.
    cuts: Vec<(Pattern, usize)>,
    /// Functions whose calls through pointers the user accepts.
    accepts: Vec<(Pattern, usize)>,
    /// Whether the entries are polls of futures.
    are_polls: bool,
}

/// The function of nonblock that suspends the poll in which it is called.
pub(crate) const SUSPENDS_POLLS: &str = "nonblock::tokio::block_in_place";

const PANICS: usize = 0;
const ALLOC: usize = 1;
const REPORTS: usize = 2;
const PERMITS: usize = 3;
const TOKENS: usize = 4;
/// What is called by its type is in the program.
pub(crate) const OBJECTS: usize = 5;
/// Text is written into what the section says.
pub(crate) const FORMATTERS: usize = 6;

impl<'a> Assumptions<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, denied: &BTreeSet<Class>) -> Self {
        let standard = [
            (
                "panics",
                "Sections do not panic and do not end the program, and nothing unwinds through them. (`--deny panic` finds where they may.)",
            ),
            (
                "alloc",
                "Sections may allocate and free memory. (`--deny alloc` finds where they do.)",
            ),
            (
                "reports",
                "The code of nonblock that reports a broken rule, or watches sections, is not followed.",
            ),
            (
                "permits",
                "What `permit_sleep` runs is not followed: the program says why it may sleep there. Nor is in a poll what `nonblock::tokio::block_in_place` runs.",
            ),
            (
                "tokens",
                "What takes `&mut Sleepable`, and says so, is not called in a section: the compiler refuses it, but for a closure over a token that a function with `#[non_block]` calls. (In a poll it counts.)",
            ),
            (
                "objects",
                "Trait objects and pointers to functions are what their types say, and are made in the program's own code: no plug-in that it loads and no private part of the standard library hands it any.",
            ),
            (
                "formatters",
                "No trait object that a section is given has the formatter of a text within it that is being written outside of the section.",
            ),
        ];
        let list = standard.map(|(id, text)| Assumption {
            id: id.to_owned(),
            text: text.to_owned(),
            is_users: false,
        });
        Self {
            catalogue,
            denied: denied.clone(),
            list: list.into(),
            cuts: Vec::new(),
            accepts: Vec::new(),
            are_polls: false,
        }
    }

    /// Returns what holds in the polls of futures: the function that suspends a poll while it sleeps is not followed. A section within
    /// the poll, which it does not suspend, is an entry of its own.
    pub(crate) fn in_polls(&self) -> Self {
        let mut cuts = self.cuts.clone();
        cuts.push((Pattern::new(SUSPENDS_POLLS), PERMITS));
        Self { cuts, are_polls: true, ..self.clone() }
    }

    /// Adds functions that are not followed.
    pub(crate) fn cut(&mut self, rule: &Rule) {
        let number = self.add(rule);
        self.cuts.push((rule.pattern.clone(), number));
    }

    /// Adds functions whose calls through pointers are taken not to block.
    pub(crate) fn accept(&mut self, rule: &Rule) {
        let number = self.add(rule);
        self.accepts.push((rule.pattern.clone(), number));
    }

    fn add(&mut self, rule: &Rule) -> usize {
        let id = format!("{} {}", rule.class.name(), rule.pattern.as_str());
        self.list.push(Assumption { id, text: rule.reason.clone(), is_users: true });
        self.list.len() - 1
    }

    /// Returns the assumptions that hold in this run, with their numbers.
    pub(crate) fn in_force(&self) -> impl Iterator<Item = (usize, &Assumption)> {
        self.list.iter().enumerate().filter(|(number, _)| match *number {
            PANICS => !self.denied.contains(&Class::Panic),
            ALLOC => !self.denied.contains(&Class::Alloc),
            _ => true,
        })
    }

    /// Returns the names of those of some assumptions that are the user's own.
    pub(crate) fn users(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
        let used = numbers.into_iter().filter_map(|number| self.list.get(number));
        used.filter(|assumption| assumption.is_users)
            .map(|assumption| assumption.id.clone())
            .collect()
    }

    /// Decides what becomes of a node that `caller` calls.
    pub(crate) fn judge(
        &self,
        graph: &mut Graph<'_, '_>,
        node: NodeId,
        caller: NodeId,
    ) -> Judgement {
        match graph.node(node) {
            Node::Function(function) => {
                let judgement = self.judge_function(graph.functions(), *function);
                // Whether it checks that it was lent the right to sleep.
                if judgement == Judgement::Follow
                    && !self.are_polls
                    && graph.calls_token_check(node)
                {
                    return Judgement::Cut(TOKENS);
                }
                judgement
            }
            Node::Import(name) => self.judge_import(name),
            Node::SystemCall { number, arguments, by } => {
                self.judge_system_call(*number, arguments, *by, graph)
            }
            Node::Dynamic { .. } => self.judge_dynamic(graph, caller),
            Node::Unknown(why) => Judgement::Obstacle(why.to_string()),
        }
    }

    /// Returns the assumption by which a call is not followed, because of the way in which it is made.
    pub(crate) fn cuts_way(&self, kind: EdgeKind) -> Option<usize> {
        let is_of_panic = matches!(kind, EdgeKind::Unwind | EdgeKind::Failure);
        (is_of_panic && !self.denied.contains(&Class::Panic)).then_some(PANICS)
    }

    /// Returns the rule by which the calls of a function through pointers are accepted.
    pub(crate) fn accepted(&self, graph: &Graph<'_, '_>, caller: NodeId) -> Option<usize> {
        let Node::Function(function) = graph.node(caller) else { return None };
        if self.accepts.is_empty() {
            return None;
        }
        let mut accepts = self.accepts.iter();
        let accept = accepts
            .find(|(pattern, _)| graph.all_names(*function).any(|name| pattern.matches(name)));
        accept.map(|(_, number)| *number)
    }

    /// Whether a function's calls are followed, by its name. It may still say that it was lent the right to sleep.
    pub(crate) fn follows(&self, functions: &Functions<'_, '_>, function: usize) -> bool {
        self.judge_function(functions, function) == Judgement::Follow
    }

    fn judge_function(&self, functions: &Functions<'_, '_>, function: usize) -> Judgement {
        let permit = self
            .cuts
            .iter()
            .find(|(pattern, _)| functions.all_names(function).any(|name| pattern.matches(name)));
        if let Some((_, number)) = permit {
            return Judgement::Cut(*number);
        }
        let by_alias = || {
            let mut aliases = functions.all_names(function).skip(1);
            aliases.find_map(|name| self.catalogue.function(name))
        };
        match functions.entry(function).cloned().or_else(by_alias) {
            Some(entry) => self.judge_entry(entry),
            None => Judgement::Follow,
        }
    }

    fn judge_import(&self, symbol: &str) -> Judgement {
        let name = Name::of_symbol(symbol);
        if let Some((_, number)) = self.cuts.iter().find(|(pattern, _)| pattern.matches(&name)) {
            return Judgement::Cut(*number);
        }
        // An object file calls functions of other crates, of which the list may have some.
        let entry = if name.is_rust() {
            self.catalogue.function(&name)
        } else {
            self.catalogue.import(symbol)
        };
        match entry.map(|entry| self.judge_entry(entry)) {
            // Nobody can follow it there.
            Some(judgement) if judgement != Judgement::Follow => judgement,
            _ => Judgement::Obstacle(format!(
                "`{}` is in another library, and nothing is known of it. A line of `--rules` can say what it does",
                name.plain
            )),
        }
    }

    fn judge_entry(&self, entry: Entry) -> Judgement {
        match entry.kind {
            Kind::Leaf(class) | Kind::FollowedLeaf(class)
                if class == Class::Sleep || self.denied.contains(&class) =>
            {
                Judgement::Leaf(class, entry.reason)
            }
            Kind::FollowedLeaf(_) | Kind::Followed => Judgement::Follow,
            Kind::Leaf(Class::Alloc) => Judgement::Cut(ALLOC),
            Kind::Leaf(_) => Judgement::Cut(PANICS),
            Kind::Harmless => Judgement::Harmless,
            Kind::Reports => Judgement::Cut(REPORTS),
            Kind::Permits => Judgement::Cut(PERMITS),
            // No poll is lent the right to sleep. A future that has it took it along.
            Kind::Tokens if self.are_polls => Judgement::Leaf(
                Class::Sleep,
                "It takes the right to sleep, which a poll has not.".to_owned(),
            ),
            Kind::Tokens => Judgement::Cut(TOKENS),
            Kind::CallsBack => Judgement::Obstacle(entry.reason),
            // These are nodes of another kind.
            Kind::SystemCall(_) | Kind::AnySystemCall => {
                Judgement::Obstacle("it makes a system call that is not in sight".to_owned())
            }
        }
    }

    fn judge_system_call(
        &self,
        number: Option<u32>,
        arguments: &[Option<u64>],
        by: Option<&str>,
        graph: &Graph<'_, '_>,
    ) -> Judgement {
        // Libraries make some calls without one.
        if let Some(symbol) = by
            && let Some((_, permit)) =
                self.cuts.iter().find(|(pattern, _)| pattern.matches_text(symbol))
        {
            return Judgement::Cut(*permit);
        }
        let Some(number) = number else {
            return Judgement::Obstacle(
                "the number of the system call is not a constant in sight".to_owned(),
            );
        };
        match self.catalogue.system_calls.get(number) {
            Some(call) if call.may_sleep(arguments, |at, bytes| graph.are_zeros(at, bytes)) => {
                Judgement::Leaf(Class::Sleep, call.reason.clone())
            }
            Some(_) => Judgement::Harmless,
            None => {
                Judgement::Leaf(Class::Sleep, "It is not in the table of system calls.".to_owned())
            }
        }
    }

    fn judge_dynamic(&self, graph: &Graph<'_, '_>, caller: NodeId) -> Judgement {
        if let Some(number) = self.accepted(graph, caller) {
            return Judgement::Cut(number);
        }
        Judgement::Obstacle("dynamic call: its target is computed when the program runs".to_owned())
    }
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSymbol(address) => write!(f, "the code at {address:#x} has no symbol"),
            Self::NoBytes => f.write_str("its code is not in the file"),
            Self::Unreadable(address) => write!(f, "the bytes at {address:#x} are no instruction"),
            Self::Middle(address) => {
                write!(f, "it is entered at {address:#x}, in the middle of an instruction")
            }
            Self::OwnMidst(address) => {
                write!(f, "it calls into its own midst at {address:#x}, and may return to anywhere")
            }
            Self::OthersMidst(address) => {
                write!(
                    f,
                    "it leads by a computed address to {address:#x}, in the midst of a function"
                )
            }
            Self::Slot(address) => {
                write!(f, "the stub at {address:#x} leads to an address that is not in the file")
            }
            Self::OldSystemCall => {
                f.write_str("it makes a system call in the way of 32-bit programs")
            }
        }
    }
}
