//! Programs of some kind and of any size, which are generated and compiled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// A kind of programs.
pub(crate) trait Programs {
    /// What they are made of.
    const WHAT: &str;
    /// The function from which all others are reached.
    const ENTRY: &str;

    /// Returns in how many parts a program of so many functions is compiled.
    fn parts(functions: usize) -> usize;

    /// Writes a part, and begins to compile it.
    fn part(folder: &Path, part: usize, functions: usize) -> (PathBuf, Child);

    /// Links the parts.
    fn link(folder: &Path, parts: &[PathBuf], program: &Path);

    /// Makes a program with about so many functions.
    fn make(folder: &Path, functions: usize) -> PathBuf {
        let (mut parts, mut running) = (Vec::new(), Vec::new());
        let count = Self::parts(functions);
        for part in 0..count {
            let (file, compiler) = Self::part(folder, part, functions);
            parts.push(file);
            running.push(compiler);
            // Two at a time.
            while running.len() > 1 || (part + 1 == count && !running.is_empty()) {
                assert!(running.remove(0).wait().expect("a compiler").success());
            }
        }
        let program = folder.join(format!("program-{functions}"));
        Self::link(folder, &parts, &program);
        for part in parts {
            fs::remove_file(part).expect("it can be removed");
        }
        program
    }
}

/// Runs a compiler.
pub(crate) fn run(command: &mut Command) {
    assert!(command.status().expect("it can be run").success());
}
