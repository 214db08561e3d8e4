//! The page: `docs/ATLAS.md`.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::operation::Group;
use crate::row::{Row, Verdict, early_evidence, evidence};

const HEAD: &str = "\
# Atlas: may I call this in a section?

Made by `cargo run --release` in `atlas/`, and never by hand. Each operation was run in processes of its own, in the versions named
here, on Linux x86-64 with glibc.

| verdict | means |
|---|---|
| safe | From the first call on it neither takes memory nor gives any back, makes no system call that may block, and waits for nobody. |
| safe after first use on each thread | The same, but for a thread's first call. Make one before the section, on the same thread. |
| safe after first use | The same, but for the first calls of the process, or with the object. |
| not safe | It takes or gives back memory, may block, gives the processor away, or waits for a thread that stands still. |

*First use on a thread* is the first call of a fresh thread that has used the allocator before; where the first call in the process, or
with the object, did something else, that stands before it. *Steady state* is what single calls did, of thousands, after a thousand
others. \"0 or 1\" and \"0 or more\" are figures that differ from call to call; \"many\" are more than twelve. Allocations and frees are
those of Rust's allocator. *C malloc* and *C free* are those that come from elsewhere, and that no global allocator sees. *Thread-local
destructors* are registered under the lock of the dynamic loader. System calls are all that were made, but for those within the
allocator; which may block is the watch's judgement: [DETECTION.md](DETECTION.md) holds it to the kernel's. A
`futex` in a row that is safe is a wake.

*Beside* is another thread that stands still: a peer that was stopped after each instruction of what it does, one after another, or one
that holds something and sleeps. To wait for it is to wait for as long as it does not run: a thread of lower priority, one that has lost its
processor, or sleeps.

A safe operation is not a promise of its crate: it is what this version did.
";

/// The whole page.
pub fn page(rows: &[Row]) -> String {
    let packages: BTreeSet<_> = rows.iter().map(|row| row.package).collect();
    let of = |verdict: Verdict| rows.iter().filter(|row| row.verdict() == verdict).count();
    let mut page = HEAD.to_owned();
    let _ = writeln!(
        page,
        "\n{} operations of std and {} crates: {} safe, {} safe after first use on each thread, {} safe after first use, {} not safe.",
        rows.len(),
        packages.len() - 1,
        of(Verdict::Safe),
        of(Verdict::SafeAfterFirstOnThread),
        of(Verdict::SafeAfterFirst),
        of(Verdict::NotSafe)
    );
    page.push_str(&tables(rows));
    page
}

/// A table for each group.
pub fn tables(rows: &[Row]) -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let mut rows: Vec<_> = rows.iter().filter(|row| row.operation.group == group).collect();
        // std first.
        rows.sort_by_key(|row| (row.package != "std", row.package));
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n## {}\n\n| operation | version | verdict | first use on a thread | steady state | beside | instead |\n\
             |---|---|---|---|---|---|---|\n",
            group.heading()
        );
        for row in rows {
            text.push_str(&line(row));
        }
    }
    text
}

fn line(row: &Row) -> String {
    let verdict = row.verdict();
    let mut name = format!("{} `{}`", row.package, row.operation.name);
    // What is not code stands behind it.
    if let Some((code, rest)) = row.operation.name.split_once(", ") {
        name = format!("{} `{code}`, {rest}", row.package);
    }
    if !row.operation.note.is_empty() {
        let _ = write!(name, " ({})", row.operation.note);
    }
    let instead = match verdict {
        Verdict::Safe => "",
        Verdict::NotSafe => row.operation.instead,
        Verdict::SafeAfterFirstOnThread => "a call before the section, on the thread",
        Verdict::SafeAfterFirst if first_use(row).starts_with("nothing; soon") => {
            "as many calls before the section as it takes to grow"
        }
        Verdict::SafeAfterFirst => "a call before the section",
    };
    let or_nothing = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} |\n",
        version(row.package),
        if verdict == Verdict::NotSafe { "**not safe**".to_owned() } else { verdict.to_string() },
        or_nothing(&first_use(row)),
        or_nothing(&evidence(&row.steady)),
        or_nothing(&beside(row)),
        or_nothing(instead)
    )
}

fn first_use(row: &Row) -> String {
    let (process, thread) = (evidence(&row.process), evidence(&row.thread));
    let early = early_evidence(&row.steady);
    let named = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
    if process != thread {
        format!("of all: {}; of the thread: {}", named(process), named(thread))
    } else if thread.is_empty() && !early.is_empty() && evidence(&row.steady).is_empty() {
        format!("nothing; soon after: {early}")
    } else {
        thread
    }
}

fn beside(row: &Row) -> String {
    let mut parts: Vec<_> = row.beside.beginning_with("waits for ").collect();
    // What it waits for comes first.
    parts.sort_by_key(|(name, waits)| (waits.most == 0, *name));
    let parts = parts.into_iter().map(|(name, waits)| {
        format!("{} {name}", if waits.most > 0 { "waits for" } else { "goes on beside" })
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// The version of a package that was measured: that of the lock file.
///
/// # Panics
///
/// If there is none.
pub fn version(package: &str) -> String {
    if package == crate::planted::PACKAGE.name {
        return env!("CARGO_PKG_VERSION").to_owned();
    }
    if package == "std" {
        return env!("CARGO_PKG_RUST_VERSION").to_owned();
    }
    let lock = include_str!("../Cargo.lock");
    let manifest = include_str!("../Cargo.toml");
    // The manifest names one, of those that the lock file may have.
    let of = |line: &str| {
        let rest = line.strip_prefix(package)?.strip_prefix(" = ")?;
        Some(rest.split_once("\"=")?.1.split('"').next()?.to_owned())
    };
    let version =
        manifest.lines().find_map(of).unwrap_or_else(|| panic!("{package} is not pinned"));
    assert!(
        lock.contains(&format!("name = \"{package}\"\nversion = \"{version}\"\n")),
        "{package}"
    );
    version
}
