//! What it costs an empty crate to depend on nonblock: time to build all anew, and crates to build.

use benches::statistics::Summary;
use nonblock_tools::cargo;
use std::time::Instant;

use super::chapter::Chapter;
use super::generated::{Generated, processor_time};

/// How often each is built from nothing.
const ROUNDS: usize = 5;

/// What the crate depends on, and its name.
const CASES: [(&str, &str, &str); 4] = [
    ("nothing", "alone", ""),
    ("nonblock, default features off", "core_only", ", default-features = false"),
    (
        "nonblock, default features off and `macros`",
        "with_macros",
        ", default-features = false, features = [\"macros\"]",
    ),
    ("nonblock, default features", "with_defaults", " "),
];

pub(crate) fn chapter() -> Result<Chapter, String> {
    let nonblock = cargo::root().join("nonblock");
    let crates = CASES.map(|(_what, name, rest)| {
        let dependencies = if rest.is_empty() {
            String::new()
        } else {
            format!("nonblock = {{ path = '{}'{} }}\n", nonblock.display(), rest.trim_end())
        };
        (name.to_owned(), dependencies, String::new())
    });
    let generated = Generated::new("dependency", "lib.rs", &crates)?;
    cargo::run(&mut generated.cargo(&["fetch"]))?.succeeded("cargo fetch")?;
    let mut times = CASES.map(|_case| (Vec::new(), Vec::new()));
    let mut crates_built = CASES.map(|_case| 0);
    for round in 0..ROUNDS {
        eprintln!("building from nothing, round {} of {ROUNDS}", round + 1);
        for turn in 0..CASES.len() {
            let number = (turn + round) % CASES.len();
            generated.clean()?;
            let mut build = generated.cargo(&["build", "--offline", "--package", CASES[number].1]);
            let start = Instant::now();
            let (outcome, time) = processor_time(&mut build)?;
            times[number].0.push(start.elapsed().as_secs_f64());
            times[number].1.push(time.as_secs_f64());
            crates_built[number] = outcome.stderr.matches("Compiling ").count();
        }
    }
    let rows = CASES.iter().zip(&times).zip(crates_built).map(
        |(((what, _, _), (wall, processor)), built)| {
            let (wall, processor) = (Summary::of(wall), Summary::of(processor));
            vec![
                (*what).to_owned(),
                built.to_string(),
                format!("{:.2} s", wall.median),
                format!("{:.2} s", processor.median),
                format!("{:.2} – {:.2} s", processor.lower, processor.upper),
            ]
        },
    );
    Ok(Chapter {
        title: "An empty crate that depends on nonblock",
        about: format!(
            "`cargo build` from nothing, the median of {ROUNDS} rounds in turn. The crates are all that are compiled, the empty \
             one among them; `nonblock`'s attributes need `syn`, `quote` and what those need."
        ),
        heads: vec!["it depends on", "crates", "time", "processor time", "quartiles"],
        rows: rows.collect(),
        verdicts: Vec::new(),
    })
}
