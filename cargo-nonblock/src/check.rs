//! The check of one program, from its bytes to what came out.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::assumptions::{Assumption, Assumptions};
use crate::catalogue::{Catalogue, Class, SystemCalls};
use crate::demangle::{Name, Pattern};
use crate::entries::{self, Entry, EntryKind, Sections};
use crate::error::Error;
use crate::given::Given;
use crate::graph::{EdgeKind, Graph, Node, NodeId};
use crate::method_tables::Methods;
use crate::objects::Image;
use crate::origin::Origin;
use crate::places::{Place, Places};
use crate::rules::Rules;
use crate::search::{Chain, Search};

/// What is to be checked.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Functions that the user names as entries, by patterns.
    pub entries: Vec<Pattern>,
    /// Whether the sections of nonblock are entries too.
    pub sections: bool,
    /// Whether all tasks of tokio are entries too. They are among the sections if nonblock makes their polls sections.
    pub tokio_tasks: bool,
    /// What sections must not do, besides sleeping.
    pub deny: BTreeSet<Class>,
    /// The user's own rules.
    pub rules: Rules,
}

/// What came out of a check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// What the file says of its own making.
    pub origin: Origin,
    /// What the compilers and the linker say of themselves.
    pub tools: Vec<String>,
    /// Whether the program has debugging information.
    pub has_debug_information: bool,
    /// How many functions the program has.
    pub functions: usize,
    /// What was assumed, with how many ways each assumption cut.
    pub assumptions: Vec<Used>,
    /// What came out of each entry.
    pub entries: Vec<EntryOutcome>,
    /// How long each part of the check took.
    #[serde(skip)]
    pub timings: Vec<(&'static str, Duration)>,
    /// What is to be known of the check as a whole: patterns that fit nothing, and the like.
    pub doubts: Vec<String>,
}

/// An assumption, and how many ways it cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The name by which options and reports call it.
    pub id: String,
    /// What is assumed, as a sentence.
    pub text: String,
    /// How many ways it cut, over all entries.
    pub count: usize,
    /// Whether the user made it.
    pub is_users: bool,
}

/// What came out of an entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntryOutcome {
    /// What the entry is.
    pub kind: EntryKind,
    /// Its function.
    pub name: Name,
    /// Where it is in the source.
    pub place: Option<Place>,
    /// What it reaches and must not.
    pub findings: Vec<Finding>,
    /// What cannot be followed.
    pub obstacles: Vec<Obstacle>,
    /// What a baseline or a suppression took out of these two.
    pub hidden: Vec<Hidden>,
    /// How many functions it reaches.
    pub functions: usize,
    /// The rules of the user's that cut a way from it, as the assumptions of the outcome call them: nothing behind them was looked at.
    pub by_rules: Vec<String>,
}

/// The result for an entry, or for a whole program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing that blocks can be reached.
    Proved,
    /// All that was found is known by the baseline, or suppressed by a rule.
    Known,
    /// Something cannot be followed.
    NotProved,
    /// Something that blocks can be reached.
    Reaches,
}

impl Verdict {
    /// Returns the name by which reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Known => "known",
            Self::NotProved => "not proved",
            Self::Reaches => "reaches",
        }
    }
}

/// Something that an entry must not reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is: a function or a system call.
    pub leaf: String,
    /// What it does.
    pub class: Class,
    /// Why: one sentence.
    pub reason: String,
    /// A shortest way there.
    pub chain: Vec<Call>,
}

/// Something that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// What it is.
    pub what: String,
    /// Why it cannot be followed.
    pub reason: String,
    /// Methods that it may call, if it calls through a table of methods.
    pub candidates: Vec<Candidate>,
    /// How many such methods there are besides.
    pub more_candidates: usize,
    /// A shortest way there.
    pub chain: Vec<Call>,
}

/// A finding or an obstacle that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// What does not count.
    pub found: Found,
    /// By what.
    pub by: HiddenBy,
    /// Why, as the user wrote it. It is empty if the baseline has no reason.
    pub reason: String,
}

/// A finding or an obstacle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Found {
    /// Something that must not be reached.
    Finding(Finding),
    /// Something that cannot be followed.
    Obstacle(Obstacle),
}

/// Why a finding or an obstacle does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HiddenBy {
    /// A line of the baseline.
    Baseline,
    /// A line of the rules.
    Suppression,
}

/// A method that a call through a table may reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The method.
    pub name: Name,
    /// The first thing that it reaches and that no section must, if there is one.
    pub reaches: Option<String>,
}

/// A call on a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The function that makes the call. The first one is the entry, under the name that it is known by.
    pub caller: Name,
    /// Whether the caller was inlined into the one before.
    pub inlined: bool,
    /// Where the call is made.
    pub place: Option<Place>,
    /// In which way.
    pub kind: EdgeKind,
}

impl EntryOutcome {
    /// Returns the result.
    pub fn verdict(&self) -> Verdict {
        if !self.findings.is_empty() {
            Verdict::Reaches
        } else if !self.obstacles.is_empty() {
            Verdict::NotProved
        } else if !self.hidden.is_empty() {
            Verdict::Known
        } else {
            Verdict::Proved
        }
    }
}

impl EntryOutcome {
    /// Takes out what does not count: for which `hidden_by` has a reason.
    pub fn hide(&mut self, by: HiddenBy, hidden_by: impl Fn(&Self, &Found) -> Option<String>) {
        let found = mem::take(&mut self.findings).into_iter().map(Found::Finding);
        let not_followed = mem::take(&mut self.obstacles).into_iter().map(Found::Obstacle);
        for found in found.chain(not_followed).collect::<Vec<_>>() {
            match (hidden_by(self, &found), found) {
                (Some(reason), found) => self.hidden.push(Hidden { found, by, reason }),
                (None, Found::Finding(finding)) => self.findings.push(finding),
                (None, Found::Obstacle(obstacle)) => self.obstacles.push(obstacle),
            }
        }
    }
}

impl Found {
    /// Returns what it is: what is reached, or what cannot be followed.
    pub fn what(&self) -> &str {
        match self {
            Self::Finding(finding) => &finding.leaf,
            Self::Obstacle(obstacle) => &obstacle.what,
        }
    }

    /// Returns a shortest way there.
    pub fn chain(&self) -> &[Call] {
        match self {
            Self::Finding(finding) => &finding.chain,
            Self::Obstacle(obstacle) => &obstacle.chain,
        }
    }
}

impl Outcome {
    /// Returns the result for the whole program. A program without entries is not proved.
    pub fn verdict(&self) -> Verdict {
        let worst =
            self.entries.iter().map(EntryOutcome::verdict).max().unwrap_or(Verdict::NotProved);
        if self.doubts.is_empty() { worst } else { worst.max(Verdict::NotProved) }
    }
}

/// Checks a program.
///
/// # Errors
///
/// If the file is none that can be checked, or a rule of the user's is not in order.
pub fn check(bytes: &[u8], options: &Options) -> Result<Outcome, Error> {
    let mut stopwatch = Stopwatch::start();
    let image = Image::of(bytes)?;
    let program = image.program()?;
    let mut catalogue = Catalogue::new();
    catalogue.add_rules(&options.rules);
    let assumptions = assumptions(&catalogue, options);
    let places = Places::new(&program);
    let mut graph = Graph::new(&program, &catalogue, &places);
    stopwatch.lap("reading the program");
    let (entries, mut doubts) = find_entries(&mut graph, options);
    stopwatch.lap("finding sections");
    doubts.extend_from_slice(image.doubts());
    if options.sections && !program.has_debug_information() {
        doubts.push(
            "There is no debugging information: sections that were inlined are not found, and places have no lines. Build with `-C debuginfo=2`, and C with `-g`."
                .to_owned(),
        );
    }
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let mut outcomes = Vec::new();
    let mut looked_at = LookedAt::default();
    let in_polls = assumptions.in_polls();
    let mut searches = [Search::new(&assumptions), Search::new(&in_polls)];
    for entry in &entries {
        let node = graph.function(entry.function);
        let search = &mut searches[usize::from(entry.is_poll)];
        let reached = search.reach(&mut graph, node);
        for (number, count) in &reached.cuts {
            *counts.entry(*number).or_default() += count;
        }
        let candidates: Vec<_> = reached
            .obstacles
            .iter()
            .map(|(chain, _)| candidates(&mut graph, chain.end, search, &mut looked_at))
            .collect();
        let writer = Writer { graph: &graph, places: &places, entry, node };
        let mut outcome = EntryOutcome {
            kind: entry.kind,
            name: entry.name.clone(),
            place: places.place(entry.at),
            findings: Vec::new(),
            obstacles: Vec::new(),
            hidden: Vec::new(),
            functions: reached.functions,
            by_rules: assumptions.users(reached.cuts.keys().copied()),
        };
        for (chain, class, reason) in reached.leaves {
            let (leaf, chain) = (writer.what(chain.end), writer.calls(&chain));
            outcome.findings.push(Finding { leaf, class, reason, chain });
        }
        for ((chain, reason), (candidates, more_candidates)) in
            reached.obstacles.into_iter().zip(candidates)
        {
            let (what, chain) = (writer.what(chain.end), writer.calls(&chain));
            outcome.obstacles.push(Obstacle { what, reason, candidates, more_candidates, chain });
        }
        if let Some(obstacle) = given_by_nobody(&outcome.name, graph.name(entry.function)) {
            outcome.obstacles.push(obstacle);
        }
        if entry.kind == EntryKind::Raw {
            outcome.obstacles.push(outlives(&outcome.name));
        }
        outcomes.push(outcome);
    }
    stopwatch.lap("following calls");
    let origin = Origin::of(bytes, &program);
    stopwatch.lap("reading who made it");
    Ok(Outcome {
        timings: stopwatch.laps,
        origin,
        tools: program.tools(),
        has_debug_information: program.has_debug_information(),
        functions: program.functions().len(),
        assumptions: used(&assumptions, &counts),
        entries: outcomes,
        doubts,
    })
}

/// Measures one part after the other.
struct Stopwatch {
    since: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Stopwatch {
    fn start() -> Self {
        Self { since: Instant::now(), laps: Vec::new() }
    }

    fn lap(&mut self, part: &'static str) {
        let now = Instant::now();
        self.laps.push((part, now - self.since));
        self.since = now;
    }
}

pub(crate) fn assumptions<'a>(catalogue: &'a Catalogue, options: &Options) -> Assumptions<'a> {
    let mut assumptions = Assumptions::new(catalogue, &options.deny);
    for rule in options.rules.cuts() {
        assumptions.cut(rule);
    }
    for rule in options.rules.accepts() {
        assumptions.accept(rule);
    }
    assumptions
}

fn find_entries(graph: &mut Graph<'_, '_>, options: &Options) -> (Vec<Entry>, Vec<String>) {
    let mut doubts = Vec::new();
    let mut found = Vec::new();
    for pattern in &options.entries {
        let named = entries::named(graph, pattern);
        if named.is_empty() {
            doubts.push(format!(
                "No function in the program fits `{}`. It may have another path, or nothing calls it and the linker left it out. `nm -C` lists all; where closures are called `{{{{closure}}}}` there, build with `-C symbol-mangling-version=v0`.",
                pattern.as_str()
            ));
        }
        found.extend(named);
    }
    if options.tokio_tasks {
        match entries::tokio_tasks::entries(graph) {
            Ok(tasks) => found.extend(tasks),
            Err(doubt) => doubts.push(doubt),
        }
    }
    if options.sections {
        let Sections { entries: sections, doubts: about_sections } = entries::sections(graph);
        doubts.extend(about_sections);
        if sections.is_empty() && options.entries.is_empty() && !options.tokio_tasks {
            doubts.push(
                "No section was found. Either the program has none, or it was optimized and they were inlined: let `cargo nonblock check` build it, or name functions with `--entry`."
                    .to_owned(),
            );
        }
        found.extend(sections);
    }
    let mut seen = BTreeSet::new();
    found.retain(|entry| seen.insert(entry.function));
    (found, doubts)
}

fn used(assumptions: &Assumptions<'_>, counts: &BTreeMap<usize, usize>) -> Vec<Used> {
    let in_force = assumptions.in_force().map(|(number, assumption): (usize, &Assumption)| Used {
        id: assumption.id.clone(),
        text: assumption.text.clone(),
        count: counts.get(&number).copied().unwrap_or(0),
        is_users: assumption.is_users,
    });
    in_force.collect()
}

/// What was found out of candidates already: many calls have the same.
#[derive(Default)]
struct LookedAt {
    /// The methods of all tables.
    methods: Option<Methods>,
    /// The methods at an offset of the tables, those of the user's own types first.
    at_offset: BTreeMap<u64, Vec<usize>>,
    /// The first thing that a method reaches and must not.
    reaches: BTreeMap<usize, Option<String>>,
}

/// How many candidates of a call are looked at.
const MOST_CANDIDATES: usize = 8;

/// Returns what a call through a table of methods may reach: methods of the user's own types, and how many others there are.
fn candidates(
    graph: &mut Graph<'_, '_>,
    node: NodeId,
    search: &mut Search<'_>,
    looked_at: &mut LookedAt,
) -> (Vec<Candidate>, usize) {
    let Node::Dynamic { offset: Some(offset), .. } = *graph.node(node) else {
        return (Vec::new(), 0);
    };
    let functions = looked_at.at_offset.entry(offset).or_insert_with(|| {
        let methods = looked_at.methods.get_or_insert_with(|| Methods::find(graph.program));
        let mut functions = methods.at(offset).to_vec();
        functions.sort_by_key(|function| (graph.name(*function).is_in_std(), *function));
        functions
    });
    let own = functions.iter().copied().filter(|function| !graph.name(*function).is_in_std());
    let own: Vec<_> = own.take(MOST_CANDIDATES).collect();
    let more = functions.len() - own.len();
    let candidates = own.into_iter().map(|function| {
        let name = graph.name(function).clone();
        let reaches = looked_at.reaches.entry(function).or_insert_with(|| {
            let node = graph.function(function);
            search.first_leaf(graph, node).map(|leaf| what(graph, leaf))
        });
        Candidate { name, reaches: reaches.clone() }
    });
    (candidates.collect(), more)
}

/// Why a function that calls what its caller gives it is never proved by itself.
fn given_by_nobody(name: &Name, function: &Name) -> Option<Obstacle> {
    Given::of(function)?;
    Some(Obstacle {
        what: name.full.clone(),
        reason: "it calls what its caller gives it, and no caller is looked at. Name one"
            .to_owned(),
        candidates: Vec::new(),
        more_candidates: 0,
        chain: Vec::new(),
    })
}

/// Why a section that is left open is never proved.
fn outlives(name: &Name) -> Obstacle {
    Obstacle {
        what: name.full.clone(),
        reason: "the section is begun by hand, and may go on after this function returns. Use `non_block` and a closure".to_owned(),
        candidates: Vec::new(),
        more_candidates: 0,
        chain: Vec::new(),
    }
}

/// Returns the name of a node.
fn what(graph: &Graph<'_, '_>, node: NodeId) -> String {
    match graph.node(node) {
        Node::Function(function) => graph.name(*function).full.clone(),
        Node::Import(name) => Name::of_symbol(name).full,
        Node::SystemCall { number, by, .. } => {
            let call = match number {
                Some(number) => {
                    let own = || SystemCalls::own(graph.program.machine(), *number).to_string();
                    let name = graph.system_call(*number).map_or_else(own, str::to_owned);
                    format!("the system call {name}")
                }
                None => "a system call".to_owned(),
            };
            match by {
                Some(by) => format!("{by} ({call})"),
                None => call,
            }
        }
        Node::Dynamic { site, offset: Some(offset) } => {
            format!(
                "a call by a pointer at offset {offset} of a table or a structure, at {site:#x}"
            )
        }
        Node::Dynamic { site, offset: None } => format!("a call by a pointer, at {site:#x}"),
        Node::Unknown(_) => "code of which nothing is known".to_owned(),
    }
}

/// Makes chains readable.
pub(crate) struct Writer<'a, 'g, 'data> {
    pub(crate) graph: &'a Graph<'g, 'data>,
    pub(crate) places: &'a Places<'data>,
    pub(crate) entry: &'a Entry,
    pub(crate) node: NodeId,
}

impl Writer<'_, '_, '_> {
    pub(crate) fn what(&self, node: NodeId) -> String {
        what(self.graph, node)
    }

    pub(crate) fn calls(&self, chain: &Chain) -> Vec<Call> {
        let mut calls = Vec::new();
        for step in &chain.steps {
            let caller = match self.graph.node(step.caller) {
                _ if step.caller == self.node => self.entry_name(step.caller),
                Node::Function(function) => self.graph.name(*function).clone(),
                _ => continue,
            };
            let frames = self.places.frames(step.site);
            if frames.is_empty() {
                calls.push(Call { caller, inlined: false, place: None, kind: step.kind });
                continue;
            }
            for frame in frames {
                let inlined = frame.inlined.is_some();
                let caller = frame.inlined.unwrap_or_else(|| caller.clone());
                calls.push(Call { caller, inlined, place: frame.place, kind: step.kind });
            }
        }
        calls
    }

    /// Returns the name of the entry's own function, which is what runs the section if that is a closure.
    fn entry_name(&self, node: NodeId) -> Name {
        match self.graph.node(node) {
            Node::Function(function) => self.graph.name(*function).clone(),
            _ => self.entry.name.clone(),
        }
    }
}
