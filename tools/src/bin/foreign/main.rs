//! Puts `#[non_block]` on the functions of other people's crates, and runs those crates' own tests.
//!
//! `tests/fixtures/foreign` names the crates. Each is copied twice into the target folder, once as it was published
//! and once with the attribute, and both are tested. The annotated copy must pass the same tests, and must have no
//! warning that the plain one has not. What became of its functions is checked against `SUMMARY.md`, which
//! `foreign --bless` writes.

mod copies;
mod files;
mod outcome;
mod sources;
mod summary;

use std::process::ExitCode;

use crate::copies::{Copies, Kind};
use crate::sources::{Crate, Sources};
use crate::summary::Row;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("foreign: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let bless = arguments()?;
    let Some(sources) = Sources::locate()? else {
        println!("the sources of other people's crates cannot be had here: skipped");
        return Ok(());
    };
    let crates: Vec<&Crate> = sources.crates.iter().collect();
    let annotated = Copies::make(Kind::Annotated, &crates, &sources)?;
    if bless {
        annotated.bless_lock(&sources)?;
    }
    if !annotated.fetch()? {
        println!("what the tests of other people's crates need cannot be had here: skipped");
        return Ok(());
    }
    let plain = Copies::make(Kind::Plain, &crates, &sources)?;
    let mut rows = Vec::new();
    for krate in &crates {
        rows.push(check(&plain, &annotated, krate)?);
    }
    check_that_violations_fail(&crates, &sources)?;
    let text = summary::write(&rows);
    println!("{text}");
    summary::compare(&sources.directory, &text, bless)
}

fn arguments() -> Result<bool, String> {
    let mut bless = false;
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            lexopt::Arg::Long("bless") => bless = true,
            other => return Err(format!("{}; usage: foreign [--bless]", other.unexpected())),
        }
    }
    Ok(bless)
}

/// Tests both copies of a crate, and compares what came of it.
fn check(plain: &Copies, annotated: &Copies, krate: &Crate) -> Result<Row, String> {
    eprintln!("testing {} {}", krate.name, krate.version);
    let before = plain.test(krate)?;
    let tested = annotated.test(krate)?;
    tested.same_as(&before, krate)?;
    annotated.document(krate)?;
    Ok(Row { krate: krate.clone(), counts: annotated.counts(krate)?, tests: tested.tests.len() })
}

/// Checks that the tests would have noticed: with a call of `might_sleep` in a function that they reach, they fail.
fn check_that_violations_fail(crates: &[&Crate], sources: &Sources) -> Result<(), String> {
    let tried: Vec<&Crate> =
        crates.iter().filter(|krate| krate.violation.is_some()).copied().collect();
    if tried.is_empty() {
        return Err("no crate says where a violation is to be tried".to_owned());
    }
    let violating = Copies::make(Kind::Violating, &tried, sources)?;
    for krate in tried {
        eprintln!("testing {} {} with a violation", krate.name, krate.version);
        violating.fail(krate)?;
    }
    Ok(())
}
