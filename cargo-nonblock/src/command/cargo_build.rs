//! The build of what is checked: by cargo, in a folder of its own, with what the check needs.

use std::env;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cargo_metadata::{Artifact, Message, MetadataCommand};

use super::arguments::Selection;
use crate::report::Build;

/// What the compiler is told. It stands after what the profile says, so it counts.
///
/// Nothing is optimized, so nothing is inlined but what has to be, and each section keeps its mark. The linker keeps its relocations.
/// Names have their types.
const FLAGS: [&str; 5] = [
    "-Copt-level=0",
    "-Cdebuginfo=2",
    "-Cstrip=none",
    "-Csymbol-mangling-version=v0",
    "-Clink-arg=-Wl,--emit-relocs",
];

/// Builds what is selected, and returns the programs, each with how it was built.
pub(super) fn programs(
    selection: &Selection,
    quiet: bool,
) -> Result<Vec<(PathBuf, Build)>, String> {
    let target = match &selection.target_dir {
        Some(folder) => folder.clone(),
        None => target_folder(selection)?,
    };
    let mut command = command(selection);
    command.arg("--target-dir").arg(&target);
    if quiet {
        command.arg("--quiet");
    }
    add_flags(&mut command);
    command.stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cargo cannot be started: {error}"))?;
    let output = child.stdout.take().ok_or("cargo's output cannot be read")?;
    let mut programs = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        let message = message.map_err(|error| format!("cargo's output cannot be read: {error}"))?;
        if let Message::CompilerArtifact(artifact) = message
            && let Some(executable) = &artifact.executable
        {
            let file = executable.as_std_path().to_owned();
            let build = build(&artifact, triple(&file, &target));
            programs.push((file, build));
        }
    }
    let status = child.wait().map_err(|error| format!("cargo cannot be waited for: {error}"))?;
    if !status.success() {
        return Err("cargo could not build what is to be checked".to_owned());
    }
    if programs.is_empty() {
        return Err(
            "what cargo built is no program: name one with `--bin`, `--example` or `--test`, or a library's tests with `--lib`"
                .to_owned(),
        );
    }
    // Cargo tells of what is built first, which is not the same each time.
    programs.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(programs)
}

/// How cargo says that it built a program.
fn build(artifact: &Artifact, target: Option<String>) -> Build {
    let profile = &artifact.profile;
    Build {
        opt_level: profile.opt_level.clone(),
        debuginfo: profile.debuginfo.to_string(),
        debug_assertions: profile.debug_assertions,
        overflow_checks: profile.overflow_checks,
        test: profile.test,
        target: target.unwrap_or_default(),
        flags: FLAGS.map(str::to_owned).into(),
    }
}

/// The name of the target that a program was built for: a folder of that name if it was asked for, or else the compiler's own.
fn triple(file: &Path, target: &Path) -> Option<String> {
    static HOST: OnceLock<Option<String>> = OnceLock::new();
    let below = file.strip_prefix(target).ok()?;
    let first = below.components().next()?.as_os_str().to_str()?;
    if first.contains('-') {
        return Some(first.to_owned());
    }
    HOST.get_or_init(host).clone()
}

/// The target that rustc builds for by itself.
fn host() -> Option<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

fn cargo() -> std::ffi::OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn target_folder(selection: &Selection) -> Result<PathBuf, String> {
    let mut metadata = MetadataCommand::new();
    metadata.no_deps().cargo_path(cargo());
    if let Some(path) = &selection.manifest_path {
        metadata.manifest_path(path);
    }
    if selection.offline {
        metadata.other_options(["--offline".to_owned()]);
    }
    let metadata = metadata.exec().map_err(|error| error.to_string())?;
    Ok(metadata.target_directory.join("nonblock-check").into_std_path_buf())
}

fn command(selection: &Selection) -> Command {
    let mut command = Command::new(cargo());
    // Only as its tests does a library become a program.
    if selection.lib {
        command.args(["test", "--no-run", "--lib"]);
    } else {
        command.arg("build");
    }
    command.arg("--message-format=json-render-diagnostics");
    let lists = [
        ("--package", &selection.package),
        ("--bin", &selection.bin),
        ("--example", &selection.example),
        ("--test", &selection.test),
        ("--features", &selection.features),
    ];
    for (option, values) in lists {
        for value in values {
            command.arg(option).arg(value);
        }
    }
    let flags = [
        ("--workspace", selection.workspace),
        ("--bins", selection.bins),
        ("--examples", selection.examples),
        ("--all-features", selection.all_features),
        ("--no-default-features", selection.no_default_features),
        ("--offline", selection.offline),
        ("--locked", selection.locked),
    ];
    command.args(flags.into_iter().filter(|(_, is_on)| *is_on).map(|(option, _)| option));
    if let Some(path) = &selection.manifest_path {
        command.arg("--manifest-path").arg(path);
    }
    command
}

/// Adds the flags to those that the user's environment has. Cargo takes them from one source only.
fn add_flags(command: &mut Command) {
    const SEPARATOR: &str = "\x1f";
    let given = env::var("CARGO_ENCODED_RUSTFLAGS").ok().or_else(|| {
        let flags = env::var("RUSTFLAGS").ok()?;
        Some(flags.split_whitespace().collect::<Vec<_>>().join(SEPARATOR))
    });
    if let Some(given) = given.filter(|given| !given.is_empty()) {
        let flags = FLAGS.join(SEPARATOR);
        command.env("CARGO_ENCODED_RUSTFLAGS", format!("{given}{SEPARATOR}{flags}"));
    } else {
        // Those of a target are joined with what the user's configuration has for it.
        let list = FLAGS.map(|flag| format!("{flag:?}")).join(", ");
        command.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
        command.arg("--config").arg(format!("target.'cfg(all())'.rustflags = [{list}]"));
    }
}
