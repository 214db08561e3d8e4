//! Where an instruction comes from: file and line, and the functions that were inlined there.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use addr2line::Context;

use crate::demangle::Name;
use crate::dwarf::{self, Reader};
use crate::elf::Program;

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The file, relative to the current folder if it lies below. Those of the standard library begin with `library/`, and
    /// those of a registry with the package.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1. It is 0 if it is not known.
    pub column: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

/// A function at a place: one that is in the program, or one that was inlined into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Its name, if it was inlined. One that was not is known by its symbol.
    pub(crate) inlined: Option<Name>,
    pub(crate) place: Option<Place>,
}

/// Finds places by addresses.
pub(crate) struct Places<'data> {
    /// `None` if there is no debugging information, or none that can be read.
    context: Option<Mutex<Context<Reader<'data>>>>,
    folder: Option<PathBuf>,
}

impl<'data> Places<'data> {
    pub(crate) fn new(program: &Program<'data>) -> Self {
        let context = program
            .has_debug_information()
            .then(|| dwarf::load(program).and_then(Context::from_dwarf).ok())
            .flatten()
            .map(Mutex::new);
        let folder = std::env::current_dir().ok();
        Self { context, folder }
    }

    /// Returns where an address comes from.
    pub(crate) fn place(&self, address: u64) -> Option<Place> {
        let context = self.context()?;
        let location = context.find_location(address).ok()??;
        self.shown(&location)
    }

    /// Returns the functions at an address: the outermost first, and then those that were inlined in it.
    pub(crate) fn frames(&self, address: u64) -> Vec<Frame> {
        let mut frames = Vec::new();
        let Some(context) = self.context() else { return frames };
        let Ok(mut found) = context.find_frames(address).skip_all_loads() else { return frames };
        while let Ok(Some(frame)) = found.next() {
            let name =
                frame.function.and_then(|name| Some(Name::of_symbol(&name.raw_name().ok()?)));
            let place = frame.location.and_then(|location| self.shown(&location));
            frames.push(Frame { inlined: name, place });
        }
        frames.reverse();
        if let Some(outermost) = frames.first_mut() {
            outermost.inlined = None;
        }
        frames
    }

    fn context(&self) -> Option<MutexGuard<'_, Context<Reader<'data>>>> {
        // Nothing panics with it, and it would be as good as before.
        let context = self.context.as_ref()?.lock();
        Some(context.unwrap_or_else(PoisonError::into_inner))
    }

    fn shown(&self, location: &addr2line::Location<'_>) -> Option<Place> {
        let (file, line) = (location.file?, location.line.filter(|line| *line > 0)?);
        let file = shortened_from(self.folder.as_deref(), file);
        Some(Place { file, line, column: location.column.unwrap_or(0) })
    }
}

/// Names a file as reports do: relative to the current folder, to the standard library's source, or to the registry.
pub(crate) fn shortened(file: &str) -> String {
    let folder = std::env::current_dir().ok();
    shortened_from(folder.as_deref(), file)
}

fn shortened_from(folder: Option<&Path>, file: &str) -> String {
    // The standard library was compiled at `/rustc/` and a hash.
    if let Some(rest) = file.strip_prefix("/rustc/")
        && let Some((_, rest)) = rest.split_once('/')
    {
        return rest.to_owned();
    }
    if let Some((_, rest)) = file.split_once("/lib/rustlib/src/rust/") {
        return rest.to_owned();
    }
    // Packages of a registry lie below a folder with their names and versions.
    if let Some((_, rest)) = file.split_once("/registry/src/")
        && let Some((_, rest)) = rest.split_once('/')
    {
        return rest.to_owned();
    }
    let below = folder.and_then(|folder| Path::new(file).strip_prefix(folder).ok());
    below.map_or_else(|| file.to_owned(), |below| below.display().to_string())
}
