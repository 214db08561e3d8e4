//! What came out of earlier checks, so that nothing is checked twice.
//!
//! An outcome is found by all that it depends on: each byte of the program, the options with the rules, the folder that paths are
//! shortened by, and this tool itself, each byte of it too, since the catalogue is a part of it. The program's build id counts for
//! nothing: it can be set by hand, left out, or be the same in two files. A baseline is applied to what comes out, and is no part of it.
//!
//! What cannot be read is as if it were not there, and is written anew.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use blake3::{Hash, Hasher};

use crate::check::{self, Options, Outcome};
use crate::error::Error;
use crate::mapped::Mapped;

/// A folder with what came out of earlier checks.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    /// The hash of this tool.
    tool: Hash,
}

/// How many outcomes are kept, those that were used last.
const MOST_FILES: usize = 64;
/// How large all of them may be, and one.
const MOST_BYTES: u64 = 256 << 20;
const MOST_BYTES_OF_ONE: u64 = 64 << 20;

const EXTENSION: &str = "nonblock";
const FIRST_LINE: &str = "cargo-nonblock outcome";

impl Cache {
    /// Returns the cache in a folder, which need not be there yet. `None` if this tool cannot be read, so that nobody knows whether it is
    /// the one that wrote what is there.
    pub fn at(folder: impl Into<PathBuf>) -> Option<Self> {
        let tool = Mapped::open(&std::env::current_exe().ok()?).ok()?;
        Some(Self { folder: folder.into(), tool: blake3::hash(tool.bytes()) })
    }

    /// Returns the user's own cache: in `$XDG_CACHE_HOME`, or in `.cache` at home.
    pub fn of_user() -> Option<Self> {
        let set = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
        };
        let caches = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        Self::at(caches.join("cargo-nonblock"))
    }

    /// Returns the cache of a build: in cargo's target folder, in which this file lies.
    pub fn of_build(file: &Path) -> Option<Self> {
        let target = file.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file())?;
        Self::at(target.join("cache"))
    }

    /// Checks a program as [`check::check`] does, unless the outcome is known. What comes out is kept.
    ///
    /// # Errors
    ///
    /// As [`check::check`].
    pub fn check(&self, program: &Mapped, options: &Options) -> Result<Outcome, Error> {
        let start = Instant::now();
        let key = self.key(program.bytes(), options);
        if let Some(mut outcome) = self.read(&key) {
            outcome.timings = vec![("reading the cache", start.elapsed())];
            return Ok(outcome);
        }
        let outcome = check::check(program.bytes(), options)?;
        // One that was written to meanwhile is not what the key says.
        if program.is_unchanged() {
            // It is as good as before if it cannot be kept.
            let _ = self.write(&key, &outcome);
        }
        Ok(outcome)
    }

    fn key(&self, program: &[u8], options: &Options) -> Hash {
        let mut hasher = Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(self.tool.as_bytes());
        // All options there are, whichever are added.
        part(format!("{options:?}").as_bytes());
        let folder = std::env::current_dir().unwrap_or_default();
        part(folder.as_os_str().as_encoded_bytes());
        part(program);
        hasher.finalize()
    }

    fn path(&self, key: &Hash) -> PathBuf {
        self.folder.join(key.to_hex().as_str()).with_extension(EXTENSION)
    }

    fn read(&self, key: &Hash) -> Option<Outcome> {
        let path = self.path(key);
        if fs::metadata(&path).ok()?.len() > MOST_BYTES_OF_ONE {
            return None;
        }
        let bytes = fs::read(&path).ok()?;
        let end = bytes.iter().position(|&byte| byte == b'\n')?;
        let (first, rest) = bytes.split_at(end);
        if first != first_line(key, &rest[1..]).as_bytes() {
            return None;
        }
        let outcome = serde_json::from_slice(&rest[1..]).ok()?;
        // What is used stays.
        let _ = fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        Some(outcome)
    }

    fn write(&self, key: &Hash, outcome: &Outcome) -> io::Result<()> {
        let text = serde_json::to_vec(outcome)?;
        if text.len() as u64 > MOST_BYTES_OF_ONE / 2 {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        // Another process may write the same at the same time.
        let temporary = self.folder.join(format!("{}.{EXTENSION}", std::process::id()));
        let mut file = fs::File::create(&temporary)?;
        let written = file
            .write_all(first_line(key, &text).as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .and_then(|()| file.write_all(&text))
            .and_then(|()| fs::rename(&temporary, self.path(key)));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written?;
        self.remove_old()
    }

    /// Removes what was not used for longest, until there is no more than there should be.
    fn remove_old(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == EXTENSION)
                && let Ok(metadata) = entry.metadata()
            {
                let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push((used, metadata.len(), path));
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, size, _)| size).sum();
        let mut count = files.len();
        for (_, size, path) in files {
            if count <= MOST_FILES && bytes <= MOST_BYTES {
                break;
            }
            fs::remove_file(path)?;
            count -= 1;
            bytes -= size;
        }
        Ok(())
    }
}

/// What stands before an outcome: whose it is, and its own hash.
fn first_line(key: &Hash, text: &[u8]) -> String {
    format!("{FIRST_LINE} {} {}", key.to_hex(), blake3::hash(text).to_hex())
}
