//! The kernel's source: Debian's, unpacked, or another tree, and whether the modules can be built for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::machine::{Compiler, KERNEL_PACKAGE, RUSTC};
use crate::stop::Stop;

/// A kernel's source, looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelSource {
    /// Where it is.
    pub folder: PathBuf,
    /// Its version: `6.12.117`.
    pub version: String,
    /// The oldest rustc that it takes, if it says so.
    pub least_rustc: Option<String>,
}

impl KernelSource {
    /// Says whether a compiler is new enough.
    ///
    /// # Errors
    ///
    /// [`Stop::CannotRun`] with both versions.
    pub fn accepts(&self, compiler: &Compiler) -> Result<(), Stop> {
        let (Some(least), version) = (&self.least_rustc, &self.version) else { return Ok(()) };
        if parts(&compiler.version) >= parts(least) {
            return Ok(());
        }
        Err(Stop::CannotRun(format!(
            "{} is Linux {version}, which needs rustc {least} or later, and {RUSTC} is {}: take another kernel.",
            self.folder.display(),
            compiler.version
        )))
    }
}

/// Looks at a kernel's source.
///
/// # Errors
///
/// [`Stop::CannotRun`] with the first thing that is missing in it.
pub fn check(folder: &Path) -> Result<KernelSource, Stop> {
    let cannot = |text: String| Err(Stop::CannotRun(format!("{} {text}", folder.display())));
    if !folder.exists() {
        return cannot(
            "does not exist: --kernel takes the folder of a kernel's source.".to_owned(),
        );
    }
    if !folder.is_dir() {
        return cannot(
            "is a file: --kernel takes the folder of a kernel's source, unpacked.".to_owned(),
        );
    }
    let Ok(folder) = folder.canonicalize() else {
        return cannot("cannot be entered.".to_owned());
    };
    if folder.to_string_lossy().contains(|c: char| c.is_whitespace() || c == ':') {
        return cannot(
            "has a space or a colon in its path, which the kernel's makefiles cannot bear: move it.".to_owned(),
        );
    }
    let text = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_default();
    let Some(version) = version(&text("Makefile")) else {
        return cannot(
            "is no kernel's source: it has no Makefile with a VERSION, a PATCHLEVEL and a SUBLEVEL.".to_owned(),
        );
    };
    if !has_option(&text("init/Kconfig"), "RUST") || !folder.join("rust/Makefile").is_file() {
        return cannot(format!(
            "is Linux {version} without Rust (no option RUST): take 6.12 or later."
        ));
    }
    if !has_option(&text("mm/Kconfig"), "MMU_NOTIFIER") {
        return cannot(format!(
            "is Linux {version} without mmu notifiers (no option MMU_NOTIFIER in mm/Kconfig)."
        ));
    }
    if !has_selected(&text("arch/x86/Kconfig"), "HAVE_RUST") {
        return cannot(format!(
            "is Linux {version}, whose x86_64 has no Rust (no HAVE_RUST in arch/x86/Kconfig)."
        ));
    }
    if folder.join(".config").exists() || folder.join("include/config").exists() {
        return cannot(format!(
            "has been built in itself, so it cannot be built elsewhere. Type: make -C {} mrproper",
            folder.display()
        ));
    }
    let least_rustc = least_rustc(&text("scripts/min-tool-version.sh"));
    Ok(KernelSource { folder, version, least_rustc })
}

/// Reads the version in a kernel's makefile.
pub fn version(makefile: &str) -> Option<String> {
    let value = |name: &str| {
        let mut lines = makefile.lines();
        lines
            .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='))
            .map(str::trim)
    };
    Some(format!("{}.{}.{}", value("VERSION")?, value("PATCHLEVEL")?, value("SUBLEVEL")?))
}

fn has_option(kconfig: &str, name: &str) -> bool {
    kconfig
        .lines()
        .any(|line| line.strip_prefix("config ").is_some_and(|option| option.trim() == name))
}

fn has_selected(kconfig: &str, name: &str) -> bool {
    kconfig.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("select") && words.next() == Some(name)
    })
}

/// The least version of rustc, in the kernel's own table of tools.
fn least_rustc(script: &str) -> Option<String> {
    let mut lines = script.lines().skip_while(|line| line.trim() != "rustc)").skip(1);
    Some(lines.next()?.trim().strip_prefix("echo ")?.trim().to_owned())
}

fn parts(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// Where Debian's package puts the source.
pub fn archive() -> PathBuf {
    PathBuf::from(format!("/usr/src/{KERNEL_PACKAGE}.tar.xz"))
}

/// Unpacks an archive of a kernel's source into `work`, unless it is there.
///
/// It unpacks under another name, and renames the folder when it is whole. So a folder of the right name is whole.
///
/// # Errors
///
/// [`Stop::CannotRun`] if there is no archive or no disk, [`Stop::Failed`] if it cannot be unpacked.
pub fn unpack(archive: &Path, work: &Path) -> Result<PathBuf, Stop> {
    let folder = unpacked(work);
    if folder.join("Makefile").is_file() {
        return Ok(folder);
    }
    if !archive.is_file() {
        return Err(Stop::CannotRun(format!(
            "{} is not there. Type: apt-get install --reinstall {KERNEL_PACKAGE}",
            archive.display()
        )));
    }
    let half = work.join(format!("{KERNEL_PACKAGE}.half"));
    remove(&half)?;
    remove(&folder)?;
    fs::create_dir_all(&half).map_err(|error| Stop::file("make", &half, &error))?;
    let mut tar = Command::new("tar");
    tar.arg("--extract")
        .arg("--file")
        .arg(archive)
        .arg("--directory")
        .arg(&half)
        .arg("--strip-components=1");
    let done = command::run(&mut tar, &work.join("unpack.log"));
    if let Err(stop) = done {
        remove(&half)?;
        return Err(stop);
    }
    fs::rename(&half, &folder).map_err(|error| Stop::file("rename to", &folder, &error))?;
    Ok(folder)
}

/// Where the package's source is when it is unpacked.
pub fn unpacked(work: &Path) -> PathBuf {
    work.join(KERNEL_PACKAGE)
}

/// Removes a folder, or a link to one, if it is there.
///
/// # Errors
///
/// [`Stop::Failed`] if the system refuses.
pub fn remove(path: &Path) -> Result<(), Stop> {
    let done = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => Err(error),
        Ok(kind) if kind.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    done.map_err(|error| Stop::file("remove", path, &error))
}
