//! An operation of the atlas: what is known of it before it is measured.

use crate::bench::Bench;

/// What people want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Hand a value to another thread.
    HandOver,
    /// Read what all share.
    Read,
    /// Log and count.
    Log,
    /// Tell the time.
    Time,
    /// Random numbers.
    Random,
    /// Take memory.
    Memory,
    /// Wake somebody.
    Wake,
    /// Map memory, and read files through it.
    Map,
}

impl Group {
    /// Every group, in the order of the page.
    pub const ALL: [Self; 8] = [
        Self::HandOver,
        Self::Read,
        Self::Log,
        Self::Time,
        Self::Random,
        Self::Memory,
        Self::Wake,
        Self::Map,
    ];

    /// The heading.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::HandOver => "Hand a value to another thread",
            Self::Read => "Read what threads share",
            Self::Log => "Log and count",
            Self::Time => "Tell the time",
            Self::Random => "Random numbers",
            Self::Memory => "Allocate",
            Self::Wake => "Wake somebody",
            Self::Map => "Map memory",
        }
    }
}

/// An operation.
#[derive(Clone, Copy)]
pub struct Operation {
    /// The group.
    pub group: Group,
    /// What is called, and in which situation where that matters: `Sender::try_send, bounded`.
    pub name: &'static str,
    /// Measures it.
    pub bench: fn(Bench<'_>),
    /// What to use instead, in a section. For what is not safe.
    pub instead: &'static str,
    /// What the table should say besides.
    pub note: &'static str,
    /// What differs by chance in the steady state, and in the first use: the figure's name, and how often it is at least.
    pub varies: [&'static [(&'static str, u64)]; 2],
    /// What clippy calls the functions that are to be kept out of sections, if the operation turns out not to be safe.
    pub paths: &'static [&'static str],
    /// What the linked program calls them, for the static check, likewise. Only functions that are no less guilty on other paths.
    pub symbols: &'static [&'static str],
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Operation {
    /// An operation of which nothing else is known.
    pub const fn new(group: Group, name: &'static str, bench: fn(Bench<'_>)) -> Self {
        Self {
            group,
            name,
            bench,
            instead: "",
            note: "",
            varies: [&[], &[]],
            paths: &[],
            symbols: &[],
        }
    }

    /// Says what to use instead.
    #[must_use]
    pub const fn instead(self, instead: &'static str) -> Self {
        Self { instead, ..self }
    }

    /// Says which figures of the steady state are a matter of chance, and how many there are at least: the measurement holds it to that.
    #[must_use]
    pub const fn varies(self, varies: &'static [(&'static str, u64)]) -> Self {
        Self { varies: [varies, self.varies[1]], ..self }
    }

    /// The same of the first use.
    #[must_use]
    pub const fn first_varies(self, varies: &'static [(&'static str, u64)]) -> Self {
        Self { varies: [self.varies[0], varies], ..self }
    }

    /// Adds a note.
    #[must_use]
    pub const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// Names the functions for clippy.
    #[must_use]
    pub const fn paths(self, paths: &'static [&'static str]) -> Self {
        Self { paths, ..self }
    }

    /// Names them for the static check.
    #[must_use]
    pub const fn symbols(self, symbols: &'static [&'static str]) -> Self {
        Self { symbols, ..self }
    }
}

/// The operations of one crate.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// Its name, or `std`.
    pub name: &'static str,
    /// What was measured.
    pub operations: &'static [Operation],
}
