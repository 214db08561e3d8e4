//! The build of what is checked: by cargo, in a folder of its own, with what the check needs.

use std::env;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use cargo_metadata::{Artifact, CrateType, Message, Metadata, MetadataCommand, Package, Target};

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

/// Builds what is selected, and returns the programs and libraries, each with how it was built.
pub(super) fn programs(
    selection: &Selection,
    quiet: bool,
) -> Result<Vec<(PathBuf, Build)>, String> {
    let mut programs = Vec::new();
    for (selection, wanted) in builds(selection)? {
        programs.extend(build_files(&selection, wanted, quiet)?);
    }
    if programs.is_empty() {
        return Err(
            "what cargo built is no program: name one with `--bin`, `--example` or `--test`, or a library's tests with `--lib`"
                .to_owned(),
        );
    }
    // Cargo tells of what is built first, which is not the same each time.
    programs.sort_by(|(one, _), (other, _)| one.cmp(other));
    if let Some(pair) = programs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(format!(
            "two packages build a program of one name, and the second has replaced the first: {}. Check one package at a time, with `--package`",
            pair[0].0.display()
        ));
    }
    Ok(programs)
}

/// What is built of a selection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Programs.
    Programs,
    /// A library's tests: only as these does a library of Rust's become a program.
    Tests,
    /// Static libraries, and shared objects for other languages.
    Libraries,
}

/// Returns the builds that a selection asks for. Libraries of different kinds become different things.
fn builds(selection: &Selection) -> Result<Vec<(Selection, Wanted)>, String> {
    if !selection.lib {
        return Ok(vec![(selection.clone(), Wanted::Programs)]);
    }
    let metadata = metadata(selection)?;
    let is_selected = |package: &Package| {
        if selection.workspace {
            metadata.workspace_members.contains(&package.id)
        } else if selection.package.is_empty() {
            match metadata.root_package() {
                Some(root) => package.id == root.id,
                None => metadata.workspace_default_members.contains(&package.id),
            }
        } else {
            let name = |spec: &String| spec.split('@').next() == Some(package.name.as_str());
            selection.package.iter().any(|spec| name(spec) || *spec == package.id.repr)
        }
    };
    let selected = metadata.packages.iter().filter(|package| is_selected(package));
    let (libraries, others): (Vec<_>, Vec<_>) =
        selected.partition(|package| package.targets.iter().any(is_library_for_others));
    if libraries.is_empty() {
        return Ok(vec![(selection.clone(), Wanted::Tests)]);
    }
    let of = |packages: &[&Package]| Selection {
        workspace: false,
        package: packages.iter().map(|package| package.id.repr.clone()).collect(),
        ..selection.clone()
    };
    let mut builds = vec![(of(&libraries), Wanted::Libraries)];
    if !others.is_empty() {
        builds.push((of(&others), Wanted::Tests));
    }
    Ok(builds)
}

fn is_library_for_others(target: &Target) -> bool {
    let types = [CrateType::StaticLib, CrateType::CDyLib];
    types.iter().any(|ty| target.crate_types.contains(ty))
}

fn build_files(
    selection: &Selection,
    wanted: Wanted,
    quiet: bool,
) -> Result<Vec<(PathBuf, Build)>, String> {
    let target = match &selection.target_dir {
        Some(folder) => folder.clone(),
        None => target_folder(selection)?,
    };
    let mut command = command(selection, wanted);
    command.arg("--target-dir").arg(&target);
    if quiet {
        command.arg("--quiet");
    }
    add_flags(&mut command);
    command.stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cargo cannot be started: {error}"))?;
    let output = child.stdout.take().ok_or("cargo's output cannot be read")?;
    let mut files = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        let message = message.map_err(|error| format!("cargo's output cannot be read: {error}"))?;
        let Message::CompilerArtifact(artifact) = message else { continue };
        let mut add = |file: &cargo_metadata::camino::Utf8Path| {
            let file = file.as_std_path().to_owned();
            let build = build(&artifact, triple(&file, &target));
            files.push((file, build));
        };
        if let Some(executable) = &artifact.executable {
            add(executable);
        } else if wanted == Wanted::Libraries && is_library_for_others(&artifact.target) {
            let is_library = |file: &&cargo_metadata::camino::Utf8PathBuf| {
                matches!(file.extension(), Some("a" | "so"))
            };
            artifact.filenames.iter().filter(is_library).for_each(|file| add(file));
        }
    }
    let status = child.wait().map_err(|error| format!("cargo cannot be waited for: {error}"))?;
    if !status.success() {
        return Err("cargo could not build what is to be checked".to_owned());
    }
    Ok(files)
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
    Ok(metadata(selection)?.target_directory.join("nonblock-check").into_std_path_buf())
}

fn metadata(selection: &Selection) -> Result<Metadata, String> {
    let mut metadata = MetadataCommand::new();
    metadata.no_deps().cargo_path(cargo());
    if let Some(path) = &selection.manifest_path {
        metadata.manifest_path(path);
    }
    if selection.offline {
        metadata.other_options(["--offline".to_owned()]);
    }
    metadata.exec().map_err(|error| error.to_string())
}

fn command(selection: &Selection, wanted: Wanted) -> Command {
    let mut command = Command::new(cargo());
    command.args(match wanted {
        Wanted::Tests => &["test", "--no-run", "--lib"][..],
        Wanted::Libraries => &["build", "--lib"],
        Wanted::Programs => &["build"],
    });
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
        // These are joined with what the user's configuration has in the same place.
        let place = if are_for_every_target(command) { "build" } else { "target.'cfg(all())'" };
        let list = FLAGS.map(|flag| format!("{flag:?}")).join(", ");
        command.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
        command.arg("--config").arg(format!("{place}.rustflags = [{list}]"));
    }
}

/// Whether the user's configuration has flags for every target, and none for some: where it has these, cargo leaves the others out.
fn are_for_every_target(build: &Command) -> bool {
    let of_targets = configured(build, "target");
    let is_for_some = of_targets
        .as_ref()
        .and_then(Value::as_object)
        .is_some_and(|targets| targets.values().any(|target| target.get("rustflags").is_some()));
    !is_for_some && configured(build, "build.rustflags").is_some()
}

/// Returns what cargo's configuration has under a key, with all that environment variables add to it. Cargo tells it in nightly builds
/// only, so it is told to be one here. `None` if there is nothing, or if it does not tell.
fn configured(build: &Command, key: &str) -> Option<Value> {
    let mut command = Command::new(build.get_program());
    if let Some(folder) = build.get_current_dir() {
        command.current_dir(folder);
    }
    command.env("RUSTC_BOOTSTRAP", "1").stderr(Stdio::null());
    command.args(["-Zunstable-options", "config", "get", "--format", "json-value", key]);
    let output = command.output().ok().filter(|output| output.status.success())?;
    // A list that environment variables give is written as a text.
    serde_json::from_slice(&output.stdout).ok()
}
