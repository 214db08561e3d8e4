//! All operations under all layers, each in a process of its own, a few at a time.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::matrix::layer::Layer;
use crate::matrix::operation::{Group, Operation};
use crate::matrix::outcome::Outcome;
use crate::matrix::row::Row;
use crate::matrix::sanitizer;

/// How long one process may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many processes run at a time: most of them sleep.
const AT_A_TIME: usize = 4;

/// A folder that is removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, String> {
        let path = env::temp_dir().join(format!("detection_matrix.{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Others may clean up what is left.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs those operations whose name has the text in it. Returns a row for each.
pub(crate) fn run_all(groups: &'static [Group], text: &str) -> Result<Vec<Row>, String> {
    let folder = Folder::new()?;
    let library = sanitizer::build(&folder.0);
    let chosen: Vec<_> = groups
        .iter()
        .flat_map(|group| group.operations.iter().map(move |operation| (group, operation)))
        .filter(|(_, operation)| operation.name.contains(text))
        .collect();
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    let work = || {
        while let Some((at, (group, operation))) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            chosen.get(at).map(|chosen| (at, *chosen))
        } {
            let row = Layer::ALL
                .map(|layer| run_in_process(operation, layer, &folder.0, at, library.as_deref()));
            let row = Row { group, operation, outcomes: row };
            rows.lock().unwrap_or_else(PoisonError::into_inner).push((at, row));
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(work);
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|(at, _)| *at);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Runs one operation. A process that fails says why in place of an outcome.
fn run_in_process(
    operation: &Operation,
    layer: Layer,
    folder: &Path,
    at: usize,
    library: Result<&Path, &String>,
) -> Result<Outcome, String> {
    let library = match (layer, library) {
        (Layer::Sanitizer, Ok(library)) => Some(library),
        (Layer::Sanitizer, Err(why)) => return Ok(Outcome::Skipped(why.clone())),
        _ => None,
    };
    let own = folder.join(format!("{at}.{}", layer.name()));
    fs::create_dir_all(&own).map_err(|error| format!("{}: {error}", own.display()))?;
    let (result, written) = (own.join("result"), own.join("written"));
    let output =
        File::create(&written).map_err(|error| format!("{}: {error}", written.display()))?;
    let mut command = Command::new(env::current_exe().map_err(|error| error.to_string())?);
    command
        .args(["--one", operation.name, "--layer", layer.name(), "--result"])
        .arg(&result)
        .env_remove("NONBLOCK_WATCH")
        .env("NONBLOCK", "ignore")
        .env("RUST_BACKTRACE", "0")
        .env("TMPDIR", &own)
        .envs(library.map(sanitizer::variables).into_iter().flatten())
        .current_dir(&own)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(output);
    let status = wait(&mut command)?;
    let written = fs::read(&written).map_err(|error| error.to_string())?;
    let written = String::from_utf8_lossy(&written);
    if !status.success() {
        return Err(format!("{} under {}: {status}: {written}", operation.name, layer.name()));
    }
    let text =
        fs::read_to_string(&result).map_err(|error| format!("{}: {error}", operation.name))?;
    let mut outcome = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if let Outcome::Ran(ran) = &mut outcome
        && layer == Layer::Sanitizer
    {
        ran.reports = sanitizer::reports(&written);
    }
    let _ = fs::remove_dir_all(&own);
    Ok(outcome)
}

fn wait(command: &mut Command) -> Result<std::process::ExitStatus, String> {
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            // It may have ended just now.
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{command:?} took longer than {PATIENCE:?}"));
        }
        thread::sleep(Duration::from_millis(1));
    }
}
