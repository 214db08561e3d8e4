//! The environment variable `NONBLOCK_WATCH`, which switches the watch on before `main`.

use core::time::Duration;
use std::borrow::ToOwned as _;
use std::ffi::OsString;
use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

use crate::backend::write_to_stderr;

use super::clock;
use super::control::{self, Builder, StartError, Watch};
use super::layers::Layers;
use super::statistics;
use crate::suppressions;

const VARIABLE: &str = "NONBLOCK_WATCH";

const EXPECTED: &str = "expected some of `schedule`, `trap`, `alloc`, `alloc=BYTES`, `budget=50us` (a number and `ns`, `us`, `ms` \
                        or `s`), `all`, `sample=N`, `quick`, `strict`, `stats`, `json=FILE`, `suppressions=FILE`, with commas between";

/// What the variable asks for.
#[derive(Debug)]
struct Asked {
    builder: Builder,
    /// Whether the program is to end if it cannot be watched.
    strict: bool,
    /// Whether statistics are to be written at the end.
    statistics: bool,
}

/// Reads the value of the variable.
fn parse(value: &str) -> Result<Asked, StartError> {
    let mut layers = Layers::NONE;
    let mut asked = Asked { builder: Watch::builder(), strict: false, statistics: false };
    for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let unknown = || StartError::new(format!("`{word}` is unknown: {EXPECTED}"));
        let (name, argument) = match word.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (word, None),
        };
        let Asked { builder, strict, statistics } = asked;
        let builder = match (name, argument) {
            ("all", None) => {
                // Those that this program and this machine have.
                layers = layers | control::available().without(Layers::BUDGET);
                builder
            }
            ("quick", None) => builder.quick_trap(true),
            // For tests: as on kernels of which the marker tells less.
            ("assume-new-rseq", None) => {
                super::sections::assume_interruptions_only();
                builder
            }
            // For tests: as on processors whose counter is not steady.
            ("assume-unsteady-counter", None) => {
                clock::assume_unsteady_counter();
                builder
            }
            ("strict", None) => {
                asked = Asked { builder, strict: true, statistics };
                continue;
            }
            ("stats", None) => {
                asked = Asked { builder: builder.count_sections(), strict, statistics: true };
                continue;
            }
            ("budget", Some(budget)) => {
                let budget = duration(budget).ok_or_else(|| {
                    StartError::new(format!(
                        "`{budget}` is no length of time: expected a number and one of `ns`, `us`, `ms`, `s`, as in `budget=50us`"
                    ))
                })?;
                layers = layers | Layers::BUDGET;
                builder.budget(budget)
            }
            ("alloc", Some(bytes)) => {
                layers = layers | Layers::ALLOC;
                builder.least_allocation(number(bytes)?)
            }
            ("sample", Some(one_in)) => match number(one_in)? {
                0 => {
                    return Err(StartError::new(
                        "`sample=0` would watch nothing: expected 1 or more".to_owned(),
                    ));
                }
                one_in => builder.sample(one_in),
            },
            ("json", Some(path)) => builder.json_lines(path),
            ("suppressions", Some(path)) => builder.suppressions_file(path),
            (name, None) => {
                layers = layers | Layers::named(name).ok_or_else(unknown)?;
                builder
            }
            _ => return Err(unknown()),
        };
        asked = Asked { builder, strict, statistics };
    }
    if layers.is_empty() {
        layers = Layers::SCHEDULE;
    }
    asked.builder = asked.builder.layers(layers);
    Ok(asked)
}

fn number(text: &str) -> Result<usize, StartError> {
    text.parse().map_err(|_| {
        StartError::new(format!("`{text}` is no number: expected digits, as in `alloc=256`"))
    })
}

/// Reads a length of time: a number and its unit.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let nanoseconds: u64 = match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(nanoseconds).map(Duration::from_nanos)
}

/// Switches the watch on if the environment says so.
extern "C" fn at_start() {
    // SAFETY: it only looks.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        // The program has rights that whoever started it has not, and a file that is named here would be written with them.
        return;
    }
    let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return };
    let _ = std::panic::catch_unwind(|| start(&value));
}

fn start(value: &OsString) {
    let asked = match parse(&value.to_string_lossy()) {
        Ok(asked) => asked,
        Err(error) => return refuse(&error, has_word(value, "strict")),
    };
    let Asked { builder, strict, statistics } = asked;
    match builder.start() {
        Ok(watch) => {
            watch.forever();
            let layers = control::layers_now();
            let by = if layers.contains("schedule") {
                format!(" (schedule {})", control::schedule_by())
            } else {
                String::new()
            };
            write_to_stderr(&format!("nonblock: watching sections: {layers}{by}\n"));
        }
        Err(error) => return refuse(&error, strict),
    }
    if statistics {
        // SAFETY: the function takes nothing and does not unwind.
        unsafe { libc::atexit(at_end) };
    }
}

/// Says that nothing is watched, and ends the program if that was asked for.
fn refuse(error: &StartError, strict: bool) {
    let then = if strict { "`strict` is set: the program ends" } else { "nothing is watched" };
    write_to_stderr(&format!("nonblock: {VARIABLE}: {error}; {then}\n"));
    if strict {
        std::process::exit(2);
    }
}

fn has_word(value: &OsString, word: &str) -> bool {
    value.to_string_lossy().split(',').any(|other| other.trim() == word)
}

extern "C" fn at_end() {
    let _ = std::panic::catch_unwind(|| write_to_stderr(&summary()));
}

/// What the watch has found, in words.
fn summary() -> String {
    let statistics = statistics::statistics();
    let mut lines = Vec::new();
    lines.push("nonblock: what the watch has seen".to_owned());
    lines.push(format!("  {}", crate::report::stats().to_string().replace('\n', "\n  ")));
    for sections in statistics.sections() {
        lines.push(format!("  watched {} section(s) at {}", sections.count, sections.section));
    }
    for preemptions in statistics.preemptions() {
        let (section, count) = (preemptions.section, preemptions.count);
        lines.push(format!("  preempted {count} time(s) in the section at {section}"));
    }
    for lengths in statistics.lengths() {
        lines.push(format!(
            "  {} section(s) at {}: half within {:?}, 99% within {:?}, the longest {:?}",
            lengths.count,
            lengths.section,
            lengths.quantile(0.5),
            lengths.quantile(0.99),
            lengths.longest
        ));
    }
    for (what, count) in [
        (
            "event(s) not kept: of one section up to 16 are, 8 of them allocations",
            statistics.lost_events(),
        ),
        ("section(s) of threads for which there was no room", statistics.unwatched_sections()),
        ("thread(s) whose system calls the kernel would not stop", statistics.untrapped_threads()),
    ] {
        if count > 0 {
            lines.push(format!("  {count} {what}"));
        }
    }
    for (suppression, times) in suppressions::uses() {
        lines.push(match times {
            0 => format!("  suppression that nothing used: {suppression}"),
            _ => format!("  suppressed {times} time(s): {suppression}"),
        });
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

// What is in this section must be functions that can be called before `main`, which is why the attribute is unsafe. This one
// uses std's environment, files and standard error, all of which work there with glibc and musl, as std itself does.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = at_start;

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::format;
    use std::string::ToString as _;

    use super::{duration, parse};

    #[test]
    fn lengths_of_time_have_a_unit() {
        assert_eq!(duration("50us"), Some(Duration::from_micros(50)));
        assert_eq!(duration("1s"), Some(Duration::from_secs(1)));
        for wrong in ["50", "us", "", "-1us", "5 us", "1.5ms", "99999999999999999999s", "50min"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_unknown_is_named_with_what_was_expected() {
        for (wrong, named) in [
            ("trap,shedule", "`shedule` is unknown: expected some of"),
            ("budget=50", "`50` is no length of time"),
            ("alloc=many", "`many` is no number"),
            ("sample=0", "`sample=0` would watch nothing"),
            ("trap=yes", "`trap=yes` is unknown"),
        ] {
            let error = parse(wrong).expect_err(wrong).to_string();
            assert!(error.contains(named), "{wrong}: {error}");
        }
        let asked = parse("trap, schedule,budget=50us,strict").expect("all are known");
        assert!(asked.strict && !asked.statistics);
        assert!(format!("{:?}", asked.builder).contains("50µs"));
    }
}
