//! The steps of a run: each is printed with its seconds, and left out where nothing that it depends on has changed.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::stop::Stop;

/// The steps of one work folder.
#[derive(Clone, Debug)]
pub struct Steps {
    stamps: PathBuf,
}

impl Steps {
    /// Makes the folder of the stamps.
    ///
    /// # Errors
    ///
    /// [`Stop`] if it cannot be made.
    pub fn new(work: &Path) -> Result<Self, Stop> {
        let stamps = work.join("stamps");
        fs::create_dir_all(&stamps).map_err(|error| Stop::file("make", &stamps, &error))?;
        Ok(Self { stamps })
    }

    /// Does a step, and prints how long it took.
    ///
    /// # Errors
    ///
    /// Those of the step.
    pub fn step<T>(&self, name: &str, act: impl FnOnce() -> Result<T, Stop>) -> Result<T, Stop> {
        print!("{name} ");
        // The line is for whoever waits. If nobody reads it, that is no reason to stop.
        let _ = std::io::stdout().flush();
        let begin = Instant::now();
        let done = act();
        println!("… {} s", begin.elapsed().as_secs());
        done
    }

    /// Does a step unless it was done with the same inputs before, and all of its products are there. Returns whether it was done.
    ///
    /// The stamp is taken away before and written after, so a step that was broken off is done again.
    ///
    /// # Errors
    ///
    /// Those of the step.
    pub fn once(
        &self,
        name: &str,
        inputs: &Inputs,
        products: &[&Path],
        act: impl FnOnce() -> Result<(), Stop>,
    ) -> Result<bool, Stop> {
        let stamp = self.stamps.join(name.replace(' ', "-"));
        let wanted = inputs.stamp();
        let is_same = fs::read_to_string(&stamp).is_ok_and(|found| found == wanted);
        if is_same && products.iter().all(|product| product.exists()) {
            println!("{name} … as before");
            return Ok(false);
        }
        if stamp.exists() {
            fs::remove_file(&stamp).map_err(|error| Stop::file("remove", &stamp, &error))?;
        }
        self.step(name, act)?;
        fs::write(&stamp, wanted).map_err(|error| Stop::file("write", &stamp, &error))?;
        Ok(true)
    }
}

/// What a step depends on.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    hasher: DefaultHasher,
}

impl Inputs {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        text.hash(&mut self.hasher);
        self
    }

    /// Adds a file, or all files below a folder, with their names. A file that is not there counts too.
    #[must_use]
    pub fn path(mut self, path: &Path) -> Self {
        add(path, &mut self.hasher);
        self
    }

    /// Returns what stands for all of them.
    pub fn stamp(&self) -> String {
        format!("{:016x}\n", self.hasher.finish())
    }
}

fn add(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    if !path.is_dir() {
        fs::read(path).ok().hash(hasher);
        return;
    }
    let mut inside: Vec<_> =
        fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    inside.sort();
    for path in inside.iter().filter(|path| !path.ends_with("target")) {
        add(path, hasher);
    }
}
