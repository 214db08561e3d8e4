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

const EXIT_CODES: &str = "Exit codes: 0 all is proved, 1 something that blocks is reached, 2 it cannot be told, 3 wrong usage, 4 a run (`--against`) shows a call in a section that was proved.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Checks that no section can reach a call that blocks
    #[command(after_help = EXIT_CODES)]
    Check(CheckArguments),
    /// Shows the shortest chains of calls from one function to another
    Why(WhyArguments),
}

#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// A program, shared object, static library or object file to check as it is. Without it, cargo builds what is checked
    pub(super) file: Option<PathBuf>,
    /// Also checks the functions of this path, such as `mycrate::audio::process`; `*` stands for anything
    #[arg(long, value_name = "PATTERN")]
    pub(super) entry: Vec<String>,
    /// Checks only what `--entry` names, and no sections of nonblock's
    #[arg(long)]
    pub(super) no_sections: bool,
    /// Also forbids allocation, or panics
    #[arg(long, value_name = "CLASS", value_parser = class)]
    pub(super) deny: Vec<Class>,
    /// A file of your own rules: what functions do, and what is accepted, each with a reason
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// A file of what is known already, and does not count
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Writes what is found now into the baseline
    #[arg(long)]
    pub(super) update_baseline: bool,
    /// What the watch wrote as JSON in a run, to be compared
    #[arg(long, value_name = "FILE")]
    pub(super) against: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    /// Prints to standard error how long each part took
    #[arg(long)]
    pub(super) timings: bool,
    /// Checks anew, and keeps nothing of what comes out
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Lists each section that was proved, too
    #[arg(long)]
    pub(super) list_proved: bool,
    #[command(flatten)]
    pub(super) selection: Selection,
}

#[derive(Debug, Args)]
pub(super) struct WhyArguments {
    /// The section or function where the chains begin, as `--entry` takes it
    pub(super) entry: String,
    /// The function or system call where they end
    pub(super) leaf: String,
    /// A program, shared object, static library or object file to look at as it is. Without it, cargo builds what is looked at
    pub(super) file: Option<PathBuf>,
    /// A file of your own rules
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// How many chains to show
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    pub(super) most: usize,
    /// How to print the chains
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) selection: Selection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// For programs
    Json,
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

fn class(text: &str) -> Result<Class, String> {
    let found = Class::ALL.into_iter().find(|class| class.name() == text);
    found.ok_or_else(|| "it is `alloc` or `panic`; `sleep` is always forbidden".to_owned())
}
