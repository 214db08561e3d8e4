//! What the command line takes.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::catalogue::Class;

/// Proves from a linked program that no section, and no function you name, can reach a call that blocks.
#[derive(Debug, Parser)]
#[command(name = "cargo-nonblock", bin_name = "cargo nonblock", version, after_help = EXIT_CODES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  all is proved, or known already
  1  something that blocks is reached
  2  it cannot be told
  3  wrong usage, or a file is missing
  4  a run (`--against`) shows a call in a section that was proved";

const CHECK_EXAMPLES: &str = "\
Examples:
  cargo nonblock check                                   builds your package, and checks its sections
  cargo nonblock check --entry 'player::audio::process'  checks this function, too
  cargo nonblock check target/debug/player               checks a program as it is
  cargo nonblock check --format html -o report.html      writes a page for a browser

Exit codes:
  0  all is proved, or known already
  1  something that blocks is reached
  2  it cannot be told
  3  wrong usage, or a file is missing
  4  a run (`--against`) shows a call in a section that was proved";

const WHY_EXAMPLES: &str = "\
Examples:
  cargo nonblock why 'player::audio::process' '*futex*'
  cargo nonblock why '*::process' '*sleep' target/debug/player

Exit codes:
  0  no way leads there, as far as calls can be followed, or no function has such a name
  1  a way leads there
  2  it cannot be told
  3  wrong usage, or a file is missing";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Checks that no section can reach a call that blocks
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArguments),
    /// Shows the shortest chains of calls from one function to another
    #[command(after_help = WHY_EXAMPLES)]
    Why(WhyArguments),
}

#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
#[derive(Debug, Args)]
#[command(next_help_heading = "What is checked")]
pub(super) struct CheckArguments {
    /// Programs, shared objects, static libraries or object files to check as they are. Without any, cargo builds what is checked
    #[arg(value_name = "FILE", help_heading = None::<&'static str>)]
    pub(super) files: Vec<PathBuf>,
    /// Also checks the functions of this path, such as `mycrate::audio::process`; `*` stands for anything
    #[arg(long, value_name = "PATTERN")]
    pub(super) entry: Vec<String>,
    /// Also checks each poll of each task that is spawned on tokio
    #[arg(long)]
    pub(super) tokio_tasks: bool,
    /// Checks only what `--entry` names and the tasks of `--tokio-tasks`, and no sections of nonblock's
    #[arg(long)]
    pub(super) no_sections: bool,
    /// Also forbids allocation, or panics
    #[arg(long, value_name = "CLASS", value_parser = class)]
    pub(super) deny: Vec<Class>,
    /// A file of your own rules: what functions do, and what is accepted, each with a reason
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// What the watch wrote as JSON in a run (`NONBLOCK_WATCH=trap,schedule,json=FILE`), to be compared
    #[arg(long, value_name = "FILE")]
    pub(super) against: Option<PathBuf>,
    /// A file of what is known already and does not count. Its last column is for your reasons
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Writes what is found now into the baseline. The reasons there stay
    #[arg(long)]
    pub(super) update_baseline: bool,
    #[command(flatten)]
    pub(super) printing: Printing,
    /// Prints to standard error how long each part took
    #[arg(long, help_heading = "The report")]
    pub(super) timings: bool,
    /// Checks anew, and keeps nothing of what comes out
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Lists each section that was proved, too
    #[arg(long, help_heading = "The report")]
    pub(super) list_proved: bool,
    #[command(flatten)]
    pub(super) selection: Selection,
}

#[derive(Debug, Args)]
pub(super) struct WhyArguments {
    /// The section or function where the chains begin, by its whole path as for `--entry`; `*` stands for anything
    pub(super) entry: String,
    /// The function where they end, by its whole path, or a function of the C library; `*` stands for anything
    pub(super) leaf: String,
    /// A program, shared object, static library or object file to look at as it is. Without it, cargo builds what is looked at
    pub(super) file: Option<PathBuf>,
    /// A file of your own rules
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// How many chains to show
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = count)]
    pub(super) most: usize,
    #[command(flatten)]
    pub(super) printing: Printing,
    #[command(flatten)]
    pub(super) selection: Selection,
}

/// In which form the report is printed, and where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "The report")]
pub(super) struct Printing {
    /// The form of the report
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Format::Human)]
    pub(super) format: Format,
    /// Writes the report to this file, and not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Whether the report for people has colours. By itself it has in a terminal, unless `NO_COLOR` is set
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// Shows no progress, and no more of cargo's than warnings and errors
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people, in a terminal
    Human,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// A page for a browser
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// In a terminal
    Auto,
    /// Even in a file
    Always,
    /// Nowhere
    Never,
}

/// What cargo builds. These are cargo's own options.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of cargo's")]
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What cargo builds")]
pub(super) struct Selection {
    /// The package
    #[arg(short, long, value_name = "SPEC")]
    pub(super) package: Vec<String>,
    /// All packages of the workspace
    #[arg(long)]
    pub(super) workspace: bool,
    /// The library: a static one, or a shared object for C, as it is, and another as its tests' program
    #[arg(long)]
    pub(super) lib: bool,
    /// The binary of this name
    #[arg(long, value_name = "NAME")]
    pub(super) bin: Vec<String>,
    /// All binaries
    #[arg(long)]
    pub(super) bins: bool,
    /// The example of this name
    #[arg(long, value_name = "NAME")]
    pub(super) example: Vec<String>,
    /// All examples
    #[arg(long)]
    pub(super) examples: bool,
    /// The test of this name
    #[arg(long, value_name = "NAME")]
    pub(super) test: Vec<String>,
    /// The features to turn on
    #[arg(short = 'F', long, value_name = "FEATURES")]
    pub(super) features: Vec<String>,
    /// Turns on all features
    #[arg(long)]
    pub(super) all_features: bool,
    /// Turns off the default features
    #[arg(long)]
    pub(super) no_default_features: bool,
    /// The path of Cargo.toml
    #[arg(long, value_name = "PATH")]
    pub(super) manifest_path: Option<PathBuf>,
    /// Where to build. By default it is `nonblock-check` in cargo's target folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) target_dir: Option<PathBuf>,
    /// Uses no network
    #[arg(long)]
    pub(super) offline: bool,
    /// Asserts that Cargo.lock stays as it is
    #[arg(long)]
    pub(super) locked: bool,
}

impl Selection {
    /// Whether one of the options is given.
    pub(super) fn is_given(&self) -> bool {
        let lists = [&self.package, &self.bin, &self.example, &self.test, &self.features];
        let flags = [
            self.workspace,
            self.lib,
            self.bins,
            self.examples,
            self.all_features,
            self.no_default_features,
            self.offline,
            self.locked,
            self.manifest_path.is_some(),
            self.target_dir.is_some(),
        ];
        lists.into_iter().any(|list| !list.is_empty()) || flags.contains(&true)
    }
}

fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| "write how many to show: at least one chain".to_owned())
}

fn class(text: &str) -> Result<Class, String> {
    let found = Class::ALL.into_iter().find(|class| class.name() == text);
    found.ok_or_else(|| "write `alloc` or `panic`; `sleep` is always forbidden".to_owned())
}
