//! Builds a kernel and modules for it, by the kernel's own makefiles and outside of its source.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::kernel_config;
use crate::kernel_source::{self, KernelSource};
use crate::machine::{Compiler, RUSTC};
use crate::stop::Stop;

/// One configuration of a kernel, and the folder that it is built in.
#[derive(Clone, Debug)]
pub struct Build<'a> {
    /// The source.
    pub source: &'a KernelSource,
    /// The compiler of its Rust.
    pub compiler: &'a Compiler,
    /// The folder with `bindgen` in it.
    pub tools: &'a Path,
    /// Where it is built.
    pub folder: PathBuf,
}

/// What the modules are made of besides their own folder.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The checkout.
    pub root: &'a Path,
    /// The attributes, built for the host by the kernel's compiler.
    pub macros: &'a Path,
}

impl Build<'_> {
    /// The kernel's image, once it is built.
    pub fn image(&self) -> PathBuf {
        self.folder.join("arch/x86/boot/bzImage")
    }

    /// The file with the configuration.
    pub fn config(&self) -> PathBuf {
        self.folder.join(".config")
    }

    /// Where what the makefiles print goes.
    fn log(&self, step: &str) -> PathBuf {
        let mut name = self.folder.file_name().unwrap_or_default().to_owned();
        name.push(format!("-{step}.log"));
        self.folder.with_file_name(name)
    }

    /// A call of the kernel's makefile.
    fn make(&self) -> Command {
        let mut path = OsString::from(self.tools);
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut make = Command::new("make");
        make.env("PATH", path).env("LC_ALL", "C");
        // The workspace's own flags are not the kernel's.
        for name in ["MAKEFLAGS", "RUSTFLAGS", "RUSTC", "RUSTC_WRAPPER", "ARCH", "CROSS_COMPILE"] {
            make.env_remove(name);
        }
        make.arg("-C").arg(&self.source.folder);
        make.arg(format!("O={}", self.folder.display())).arg("LLVM=1");
        make.arg(format!("RUSTC={RUSTC}")).arg(format!("RUST_LIB_SRC={}", self.compiler.library));
        make.arg(format!("-j{jobs}"));
        make
    }

    /// Configures the kernel, and looks whether it took what was asked for.
    ///
    /// # Errors
    ///
    /// [`Stop::CannotRun`] with the options that it did not take.
    pub fn configure(&self, options: &str) -> Result<(), Stop> {
        let log = self.log("configure");
        fs::create_dir_all(&self.folder)
            .map_err(|error| Stop::file("make", &self.folder, &error))?;
        let asked = self.folder.join("nonblock-options.config");
        fs::write(&asked, options).map_err(|error| Stop::file("write", &asked, &error))?;
        let mut make = self.make();
        make.arg(format!("KCONFIG_ALLCONFIG={}", asked.display())).arg("allnoconfig");
        command::run(&mut make, &log)?;
        let config = self.config();
        let taken =
            fs::read_to_string(&config).map_err(|error| Stop::file("read", &config, &error))?;
        let missing = kernel_config::not_taken(options, &taken);
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = missing.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let rust = missing.iter().any(|(name, _)| *name == "CONFIG_RUST");
        let why = if rust { self.why_no_rust()? } else { String::new() };
        Err(Stop::CannotRun(format!(
            "Linux {} in {} did not take {}{why}.",
            self.source.version,
            self.source.folder.display(),
            names.join(" ")
        )))
    }

    /// What the kernel says of the compiler that it does not take.
    fn why_no_rust(&self) -> Result<String, Stop> {
        let (is_available, said) = command::output(self.make().arg("rustavailable"))?;
        Ok(if is_available { String::new() } else { format!(": {}", refusal(&said)) })
    }

    /// Builds targets of the kernel's makefile.
    ///
    /// # Errors
    ///
    /// [`Stop::Failed`] with the end of what it printed.
    pub fn build(&self, targets: &[&str]) -> Result<(), Stop> {
        command::run(self.make().args(targets), &self.log("build"))
    }

    /// Builds the modules of a folder of which `stage` is made, from nothing. Products stay in `stage`.
    ///
    /// # Errors
    ///
    /// [`Stop::Failed`] with the end of what was printed.
    pub fn modules(&self, from: &Path, stage: &Path, parts: Parts<'_>) -> Result<(), Stop> {
        command::run(&mut self.module_make(from, stage, parts)?, &stage.with_extension("log"))
    }

    /// The same, for a source that the compiler is to refuse. Returns whether it compiled, and what was printed.
    ///
    /// # Errors
    ///
    /// [`Stop`] if make cannot be started.
    pub fn refused_modules(
        &self,
        from: &Path,
        stage: &Path,
        parts: Parts<'_>,
    ) -> Result<(bool, String), Stop> {
        command::output(&mut self.module_make(from, stage, parts)?)
    }

    /// A call of the makefile for the modules of a folder.
    fn module_make(&self, from: &Path, stage: &Path, parts: Parts<'_>) -> Result<Command, Stop> {
        kernel_source::remove(stage)?;
        link_files(from, stage)?;
        let mut make = self.make();
        make.arg(format!("M={}", stage.display()));
        make.arg(format!("NONBLOCK={}", parts.root.display()));
        make.arg(format!("NONBLOCK_MACROS={}", parts.macros.display()));
        // With no list of the kernel's symbols, which only a whole build makes, a missing one is no error.
        if !self.folder.join("Module.symvers").exists() {
            make.arg("KBUILD_MODPOST_WARN=1");
        }
        Ok(make)
    }
}

/// The first sentence of what `make rustavailable` says, which stands between lines of stars.
pub fn refusal(said: &str) -> String {
    let lines = said.lines().filter_map(|line| line.strip_prefix("***")).map(str::trim);
    let sentence: Vec<_> =
        lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).collect();
    if sentence.is_empty() {
        return command::end(said.trim(), 1);
    }
    sentence.join(" ").trim_end_matches('.').to_owned()
}

/// Makes `stage` a folder of links to the files of another. In this version modules are built where their source is.
fn link_files(from: &Path, stage: &Path) -> Result<(), Stop> {
    fs::create_dir_all(stage).map_err(|error| Stop::file("make", stage, &error))?;
    let entries = fs::read_dir(from).map_err(|error| Stop::file("read", from, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Stop::file("read", from, &error))?;
        let (path, link) = (entry.path(), stage.join(entry.file_name()));
        if path.is_dir() {
            link_files(&path, &link)?;
        } else {
            std::os::unix::fs::symlink(&path, &link)
                .map_err(|error| Stop::file("link", &link, &error))?;
        }
    }
    Ok(())
}
