//! The dependencies as a drawing: text in graphviz's language DOT.

use core::fmt;
#[cfg(feature = "lockdep")]
use core::fmt::Write as _;
#[cfg(feature = "lockdep")]
use std::vec::Vec;

#[cfg(feature = "lockdep")]
use crate::lock_graph::GRAPH;
#[cfg(feature = "lockdep")]
use crate::violation::{ClassName, Dependency, DependencyKind};

/// Returns the dependencies that were seen until now.
///
/// # Context
///
/// Allocates: do not call it in a section.
///
/// # Examples
///
/// See [`Graph`].
#[must_use]
pub fn graph() -> Graph {
    Graph {
        #[cfg(feature = "lockdep")]
        dependencies: GRAPH.dependencies(),
    }
}

/// Which class of things depends on which other, as it was when [`graph`] was called.
///
/// Its `Display` form is a graph in the language DOT, which `dot -Tsvg` draws. A box is a class, and an arrow leads from what depends
/// to what it depends on. How the dependency came about is told by the arrow's style, and a legend says which is which. Without the
/// feature `lockdep` the graph is empty.
///
/// # Context
///
/// It owns memory: make and drop it where memory may be allocated. To format it allocates too.
///
/// # Examples
///
/// ```
/// use nonblock::lockdep::{self, Class};
///
/// let (journal, table) = (Class::new("journal"), Class::new("table"));
/// let _journal = journal.acquire();
/// let _table = table.acquire();
///
/// let drawing = lockdep::graph().to_string();
/// assert!(drawing.starts_with("digraph lockdep {"));
/// assert_eq!(drawing.contains("journal"), lockdep::ENABLED);
/// ```
#[derive(Clone, Debug)]
pub struct Graph {
    #[cfg(feature = "lockdep")]
    dependencies: Vec<Dependency>,
}

impl Graph {
    /// Returns the dependencies, in the order in which they were seen first.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    #[cfg(feature = "lockdep")]
    #[cfg_attr(docsrs, doc(cfg(feature = "lockdep")))]
    #[must_use]
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("digraph lockdep {\n")?;
        #[cfg(feature = "lockdep")]
        write_graph(f, &self.dependencies)?;
        f.write_str("}\n")
    }
}

#[cfg(feature = "lockdep")]
const KINDS: [DependencyKind; 3] =
    [DependencyKind::Held, DependencyKind::Within, DependencyKind::Completed];

/// How the arrow of a dependency looks.
#[cfg(feature = "lockdep")]
const fn style(kind: DependencyKind) -> &'static str {
    match kind {
        DependencyKind::Held => "style=solid, color=black, fontcolor=black",
        DependencyKind::Within => "style=dashed, color=blue, fontcolor=blue",
        DependencyKind::Completed => {
            "style=dotted, penwidth=2, color=darkgreen, fontcolor=darkgreen"
        }
    }
}

/// What the arrow of a dependency means, and by which word it is called.
#[cfg(feature = "lockdep")]
const fn meaning(kind: DependencyKind) -> (&'static str, [&'static str; 2]) {
    match kind {
        DependencyKind::Held => ("held", ["a thread holds A,", "and waits for B"]),
        DependencyKind::Within => ("within", ["A comes at the end of code", "that waits for B"]),
        DependencyKind::Completed => {
            ("completed", ["A is brought about by a thread", "that takes B"])
        }
    }
}

#[cfg(feature = "lockdep")]
fn write_graph(f: &mut fmt::Formatter<'_>, dependencies: &[Dependency]) -> fmt::Result {
    f.write_str(
        "    // An arrow leads from A to B: A can come about, or become free, only after B.\n",
    )?;
    for kind in KINDS {
        let (word, meaning) = meaning(kind);
        writeln!(f, "    // {word} [{}]: {}", style(kind), meaning.join(" "))?;
    }
    f.write_str("    graph [fontname=\"sans-serif\", nodesep=0.6, ranksep=0.8];\n")?;
    f.write_str("    node [shape=box, fontname=\"sans-serif\", fontsize=12];\n")?;
    f.write_str("    edge [fontname=\"sans-serif\", fontsize=10];\n")?;
    let mut classes: Vec<ClassName> = Vec::new();
    let mut numbers = std::collections::HashMap::new();
    for class in dependencies.iter().flat_map(|dependency| [dependency.from, dependency.on]) {
        if let std::collections::hash_map::Entry::Vacant(entry) = numbers.entry(class) {
            entry.insert(classes.len());
            classes.push(class);
        }
    }
    for (number, class) in classes.iter().enumerate() {
        write!(f, "    class{number} [label=\"")?;
        write_class(f, class)?;
        f.write_str("\"];\n")?;
    }
    for dependency in dependencies {
        let (Some(from), Some(on)) = (numbers.get(&dependency.from), numbers.get(&dependency.on))
        else {
            continue;
        };
        write!(f, "    class{from} -> class{on} [{}, label=\"", style(dependency.kind))?;
        write_places(f, dependency)?;
        f.write_str("\"];\n")?;
    }
    write_legend(f)
}

#[cfg(feature = "lockdep")]
fn write_class(f: &mut fmt::Formatter<'_>, class: &ClassName) -> fmt::Result {
    let mut text = Escaped(f);
    text.write_str(class.kind)?;
    match class.name {
        Some(name) => write!(text, "\n`{name}`"),
        None if class.number != 0 => write!(text, "\nnumber {}", class.number),
        None => write!(text, "\nmade at {}", class.made_at),
    }
}

#[cfg(feature = "lockdep")]
fn write_places(f: &mut fmt::Formatter<'_>, dependency: &Dependency) -> fmt::Result {
    let Dependency { since, place, thread, .. } = dependency;
    let (first, second) = match dependency.kind {
        DependencyKind::Held => ("held since", "waits at"),
        DependencyKind::Within if since == place => ("", "follows at"),
        DependencyKind::Within => ("within what began at", "waits at"),
        DependencyKind::Completed => ("taken at", "completed at"),
    };
    if !first.is_empty() {
        write_line(f, format_args!("{first} {since}"))?;
    }
    write_line(f, format_args!("{second} {place}"))?;
    write_line(f, format_args!("by {thread}"))
}

/// Writes a line of an arrow's label, a little away from the arrow.
#[cfg(feature = "lockdep")]
fn write_line(f: &mut fmt::Formatter<'_>, line: fmt::Arguments<'_>) -> fmt::Result {
    f.write_str("   ")?;
    Escaped(f).write_fmt(line)?;
    f.write_str("\\l")
}

#[cfg(feature = "lockdep")]
fn write_legend(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("    subgraph cluster_legend {\n")?;
    f.write_str("        label=\"Legend\";\n        color=gray;\n")?;
    f.write_str("        node [shape=circle, fontsize=10, color=gray];\n")?;
    for kind in KINDS {
        let (word, meaning) = meaning(kind);
        writeln!(f, "        legend_{word}_a [label=\"A\"];")?;
        writeln!(f, "        legend_{word}_b [label=\"B\"];")?;
        write!(f, "        legend_{word}_a -> legend_{word}_b [{}, label=\"", style(kind))?;
        write_line(f, format_args!("{word}:"))?;
        for line in meaning {
            write_line(f, format_args!("{line}"))?;
        }
        f.write_str("\"];\n")?;
    }
    f.write_str("    }\n")
}

/// Writes text between the quotes of a label.
#[cfg(feature = "lockdep")]
struct Escaped<'a, 'b>(&'a mut fmt::Formatter<'b>);

#[cfg(feature = "lockdep")]
impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            match letter {
                '"' => self.0.write_str("\\\"")?,
                '\\' => self.0.write_str("\\\\")?,
                '\n' => self.0.write_str("\\n")?,
                // Graphviz takes what follows for the name of a letter, as in HTML.
                '&' => self.0.write_str("&amp;")?,
                letter if letter.is_control() => self.0.write_char(char::REPLACEMENT_CHARACTER)?,
                letter => self.0.write_char(letter)?,
            }
        }
        Ok(())
    }
}
