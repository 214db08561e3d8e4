//! What is measured: groups of rivals, and curves of groups.

use std::fmt;
use std::time::Duration;

use crate::batch::Batch;
use crate::goal::Goal;

/// All groups, in the order in which they are measured.
#[derive(Debug, Default)]
pub struct Plan {
    pub(crate) groups: Vec<Group>,
}

/// Rivals that do the same, and take turns at it.
#[derive(Debug)]
pub struct Group {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) rivals: Vec<Rival>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) per: f64,
    pub(crate) counted: Option<u64>,
    pub(crate) point: Option<(String, u64)>,
}

pub(crate) struct Rival {
    pub(crate) name: String,
    pub(crate) ours: bool,
    pub(crate) make: Box<dyn Fn() -> Batch>,
}

impl Plan {
    /// Adds a group. Its id is unique, and short enough to be typed: `--only ID` measures it alone.
    ///
    /// Whether this build has its checks on, the closure learns from `nonblock::CHECKS`: it is called in both.
    pub fn group(&mut self, id: &str, title: &str, fill: impl FnOnce(&mut Group)) {
        let mut group = Group::new(id, title);
        fill(&mut group);
        self.groups.push(group);
    }

    /// Adds a group for each size, which make a curve together. The closure gets the size.
    ///
    /// A rival has the same name at every size; one that is left out at a size has no point there.
    ///
    /// # Arguments
    ///
    /// * `what`: what the sizes count, in the plural: `subscriptions`.
    pub fn curve(
        &mut self,
        id: &str,
        title: &str,
        what: &str,
        sizes: &[u64],
        fill: impl Fn(u64, &mut Group),
    ) {
        for size in sizes {
            let mut group = Group::new(id, title);
            group.point = Some((what.to_owned(), *size));
            fill(*size, &mut group);
            self.groups.push(group);
        }
    }

    /// The names of the groups, their sizes included.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.groups.iter().map(Group::key).collect()
    }

    /// Keeps the groups whose id begins with one of these. If none are given, keeps all groups.
    pub fn only(&mut self, beginnings: &[String]) {
        if !beginnings.is_empty() {
            self.groups.retain(|group| beginnings.iter().any(|id| group.id.starts_with(id)));
        }
    }
}

impl Group {
    fn new(id: &str, title: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            about: String::new(),
            rivals: Vec::new(),
            goals: Vec::new(),
            per: 1.0,
            counted: None,
            point: None,
        }
    }

    /// Says what is measured, and how, in a sentence or two of Markdown for the page.
    pub fn about(&mut self, about: &str) {
        about.clone_into(&mut self.about);
    }

    /// Adds a rival. Ratios are to the first one.
    ///
    /// # Arguments
    ///
    /// * `make`: sets up what it needs, and returns what is timed: see [`each`](crate::each), [`timed`](crate::timed) and
    ///   [`together`](crate::together). What it holds is dropped when the group has been measured.
    pub fn rival<B>(&mut self, name: &str, make: impl Fn() -> B + 'static)
    where
        B: FnMut(u64) -> Duration + 'static,
    {
        self.add(name, false, make);
    }

    /// Adds a rival that is nonblock's. Where the group is counted, its instructions are recorded: see
    /// [`counted`](Self::counted).
    pub fn ours<B>(&mut self, name: &str, make: impl Fn() -> B + 'static)
    where
        B: FnMut(u64) -> Duration + 'static,
    {
        self.add(name, true, make);
    }

    fn add<B>(&mut self, name: &str, ours: bool, make: impl Fn() -> B + 'static)
    where
        B: FnMut(u64) -> Duration + 'static,
    {
        assert!(self.rivals.iter().all(|rival| rival.name != name), "two rivals named {name}");
        let make = Box::new(move || Box::new(make()) as Batch);
        self.rivals.push(Rival { name: name.to_owned(), ours, make });
    }

    /// Adds a goal. Both its rivals should be there; it is passed over where one is not.
    pub fn goal(&mut self, goal: Goal) {
        self.goals.push(goal);
    }

    /// Says that each time does so many things, and the figures are per thing: callbacks, for instance.
    pub fn per(&mut self, things: u64) {
        self.per = things as f64;
    }

    /// Has the instructions counted too, over so many times: for rivals that are one thread, and do the same each time.
    ///
    /// Those of `ours` are recorded in `benches/instructions.tsv`, and may not rise.
    pub fn counted(&mut self, times: u64) {
        self.counted = Some(times);
    }

    /// The name of the group, its size included.
    pub(crate) fn key(&self) -> String {
        match &self.point {
            Some((_what, size)) => format!("{}/{size}", self.id),
            None => self.id.clone(),
        }
    }
}

impl fmt::Debug for Rival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rival").field("name", &self.name).finish_non_exhaustive()
    }
}
