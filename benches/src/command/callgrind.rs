//! Instructions, counted by callgrind.

use std::process::Command;

use benches::counting::{Counted, EMPTY};
use benches::results::Measured;
use nonblock_tools::cargo;

use super::arguments::Arguments;
use super::programs::Program;

/// How many instructions a rival takes each time, beyond those of the loop.
#[derive(Debug)]
pub(crate) struct Count {
    /// `checks/section`.
    pub(crate) group: String,
    pub(crate) rival: String,
    pub(crate) instructions: f64,
}

/// Valgrind's version, if it is installed.
pub(crate) fn version() -> Option<String> {
    let outcome = cargo::run(Command::new("valgrind").arg("--version")).ok()?;
    outcome.success.then(|| outcome.stdout.trim().to_owned())
}

/// Counts the instructions of a program's rivals.
pub(crate) fn count(program: &Program, arguments: &Arguments) -> Result<Vec<Count>, String> {
    let profile = program.path.with_extension("callgrind");
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind", "--combine-dumps=yes", "--dump-after=benches_mark"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(&program.path)
        .arg("count");
    // Callgrind adds to a file that is there.
    let _ = std::fs::remove_file(&profile);
    let written = program.written_by(&mut command, arguments)?;
    let counted: Vec<Counted> =
        serde_json::from_str(&written).map_err(|error| format!("the rivals' counts: {error}"))?;
    let profile = std::fs::read_to_string(&profile)
        .map_err(|error| format!("cannot read {}: {error}", profile.display()))?;
    counts(&counted, &profile, program.build.name())
}

/// Puts the counts beside the times.
pub(crate) fn join(counts: &[Count], groups: &mut [Measured]) {
    for group in groups {
        let key = group.key();
        for series in &mut group.series {
            let count =
                counts.iter().find(|count| count.group == key && count.rival == series.name);
            if let Some(count) = count {
                series.instructions = Some(count.instructions);
            }
        }
    }
}

/// Tells what each rival takes, from the totals that callgrind dumped at each mark.
fn counts(counted: &[Counted], profile: &str, build: &str) -> Result<Vec<Count>, String> {
    let totals: Vec<f64> = profile
        .lines()
        .filter_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
        .collect();
    // The last is what the program did after the last mark.
    if totals.len() != 3 * counted.len() + 1 {
        return Err(format!("{} counts of {} rivals", totals.len(), counted.len()));
    }
    let each_time = |number: usize, counted: &Counted| {
        let (once, twice) = (totals[3 * number + 1], totals[3 * number + 2]);
        (twice - once) / counted.times as f64
    };
    let empty = counted
        .iter()
        .position(|counted| counted.rival == EMPTY)
        .map(|number| each_time(number, &counted[number]))
        .ok_or("the empty loop was not counted")?;
    let others = counted.iter().enumerate().filter(|(_number, counted)| counted.rival != EMPTY);
    Ok(others
        .map(|(number, counted)| {
            let instructions = (each_time(number, counted) - empty) / counted.per;
            Count {
                group: format!("{build}/{}", counted.group),
                rival: counted.rival.clone(),
                // To a tenth, and no negative zero, which is written with a sign.
                instructions: (instructions * 10.0).round() / 10.0 + 0.0,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rival_takes_is_the_difference_of_its_runs_without_the_loop() {
        let counted = |group: &str, rival: &str, per| Counted {
            group: group.to_owned(),
            rival: rival.to_owned(),
            times: 100,
            per,
        };
        let rivals =
            [counted("", EMPTY, 1.0), counted("locks", "a", 1.0), counted("chain/10", "b", 10.0)];
        let totals = [9999, 207, 407, 555, 1100, 2100, 77, 8000, 14_200, 3];
        let lines = totals.map(|total| format!("part: 1\ntotals: {total}\n"));
        let profile = lines.concat();
        let counts = counts(&rivals, &profile, "plain").expect("all are there");
        let found: Vec<_> =
            counts.iter().map(|count| (count.group.as_str(), count.instructions)).collect();
        assert_eq!(found, [("plain/locks", 8.0), ("plain/chain/10", 6.0)]);
    }

    #[test]
    fn a_count_that_is_missing_is_an_error() {
        let rivals =
            [Counted { group: String::new(), rival: EMPTY.to_owned(), times: 1, per: 1.0 }];
        let error = counts(&rivals, "totals: 1\ntotals: 2\n", "plain").expect_err("two of four");
        assert_eq!(error, "2 counts of 1 rivals");
    }
}
