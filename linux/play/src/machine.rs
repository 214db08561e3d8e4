//! What a run needs of the machine, and whether it is there.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::stop::Stop;

/// Debian's packages that are needed.
pub const PACKAGES: [&str; 19] = [
    "linux-source-6.12",
    "rustc-web",
    "rust-web-src",
    "clang",
    "lld",
    "llvm",
    "libclang-dev",
    "flex",
    "bison",
    "bc",
    "libelf-dev",
    "libssl-dev",
    "qemu-system-x86",
    "cpio",
    "kmod",
    "rsync",
    "xz-utils",
    "busybox-static",
    "dwarves",
];

/// The package with the kernel's source, which another tree stands in for.
pub const KERNEL_PACKAGE: &str = "linux-source-6.12";

/// The compiler that the kernel is built with. It is not the library's: Kbuild needs one with its library's source.
pub const RUSTC: &str = "/usr/bin/rustc";

const GIGABYTE: u64 = 1 << 30;
/// What a first run takes of the disk: two builds of the kernel, and its source.
pub const DISK_FIRST: u64 = 6 * GIGABYTE;
/// What a later run takes.
pub const DISK_LATER: u64 = GIGABYTE / 2;

/// What a run asks of the machine that it runs on. Tests have one of their own.
pub trait Machine {
    /// The operating system and the processor, as Rust names them.
    fn platform(&self) -> (&str, &str);
    /// How many bytes are free on the disk that a folder is on.
    ///
    /// # Errors
    ///
    /// The system's.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;
    /// Those of the packages that are not installed. `None` if the machine has no packages of Debian's.
    fn missing(&self, packages: &[&'static str]) -> Option<Vec<&'static str>>;
    /// Whether it is root who runs this.
    fn is_root(&self) -> bool;
    /// Installs packages.
    ///
    /// # Errors
    ///
    /// What the installer said last.
    fn install(&self, packages: &[&'static str]) -> Result<(), String>;
    /// What `rustc --version` of the kernel's compiler says, or `None` if it does not run.
    fn rustc_version(&self) -> Option<String>;
    /// Whether there is a folder or a file.
    fn has(&self, path: &Path) -> bool;
}

/// Checks the platform, the work folder's name and the disk.
///
/// # Errors
///
/// [`Stop::CannotRun`] with what is missing.
pub fn check(machine: &dyn Machine, root: &Path, work: &Path, is_first: bool) -> Result<(), Stop> {
    let (system, processor) = machine.platform();
    if (system, processor) != ("linux", "x86_64") {
        return Err(Stop::CannotRun(format!(
            "this is {system} on {processor}, and the kernel is built and run for x86_64 on Linux: use such a machine."
        )));
    }
    for path in [root, work] {
        let text = path.to_string_lossy();
        if text.contains(|c: char| c.is_whitespace() || c == ':') {
            return Err(Stop::CannotRun(format!(
                "the path '{text}' has a space or a colon in it, which the kernel's makefiles cannot bear: \
                 move the checkout, or set CARGO_TARGET_DIR to another folder."
            )));
        }
    }
    let needed = if is_first { DISK_FIRST } else { DISK_LATER };
    let free = machine
        .free_bytes(work)
        .map_err(|error| Stop::file("ask for the disk of", work, &error))?;
    if free < needed {
        return Err(Stop::CannotRun(format!(
            "{} has {} of disk left, and this takes {}: free some, or set CARGO_TARGET_DIR to a folder on another disk.",
            work.display(),
            gigabytes(free),
            gigabytes(needed)
        )));
    }
    Ok(())
}

fn gigabytes(bytes: u64) -> String {
    let tenths = bytes * 10 / GIGABYTE;
    format!("{}.{} GB", tenths / 10, tenths % 10)
}

/// Installs the packages that are missing, if it is root who runs this. Returns those that it installed.
///
/// # Errors
///
/// [`Stop::CannotRun`] with the packages and what to type.
pub fn packages(
    machine: &dyn Machine,
    has_own_kernel: bool,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<&'static str>, Stop> {
    let wanted: Vec<_> =
        PACKAGES.into_iter().filter(|name| !(has_own_kernel && *name == KERNEL_PACKAGE)).collect();
    let Some(missing) = machine.missing(&wanted) else {
        return Err(Stop::CannotRun(
            "this machine has no dpkg, and the kernel's source and compiler are taken from Debian's packages: use Debian 12 \
             or later (a container will do)."
                .to_owned(),
        ));
    };
    if missing.is_empty() {
        return Ok(missing);
    }
    let list = missing.join(" ");
    if !machine.is_root() {
        return Err(Stop::CannotRun(format!(
            "these packages are missing, and only root may install them. Type: sudo apt-get install {list}"
        )));
    }
    say(&format!("installing {list}"));
    if let Err(error) = machine.install(&missing) {
        return Err(Stop::CannotRun(format!(
            "apt-get did not install {list}: {error}. Type: apt-get update && apt-get install {list}"
        )));
    }
    let left = machine.missing(&missing).unwrap_or_default();
    if left.is_empty() {
        return Ok(missing);
    }
    Err(Stop::CannotRun(format!(
        "apt-get succeeded, and these packages are still missing: {}.",
        left.join(" ")
    )))
}

/// The compiler that the kernel is built with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// Its version: `1.96.0`.
    pub version: String,
    /// All that it says of itself.
    pub text: String,
    /// The standard library's source of the same version.
    pub library: String,
}

/// Looks for the kernel's compiler, and for the standard library's source of the very same version.
///
/// # Errors
///
/// [`Stop::CannotRun`] with what is missing.
pub fn compiler(machine: &dyn Machine) -> Result<Compiler, Stop> {
    let Some(text) = machine.rustc_version() else {
        return Err(Stop::CannotRun(format!(
            "{RUSTC} does not run. Type: apt-get install --reinstall rustc-web"
        )));
    };
    let version = text.split_whitespace().nth(1).unwrap_or("").to_owned();
    let library = format!("/usr/src/rustc-{version}/library");
    if machine.has(Path::new(&library)) {
        return Ok(Compiler { version, text, library });
    }
    Err(Stop::CannotRun(format!(
        "{RUSTC} is '{text}', and the source of its standard library is not in {library}: the packages rustc-web and \
         rust-web-src are of different versions, or another rustc is there. Type: apt-get install rustc-web rust-web-src"
    )))
}

/// The machine that this runs on.
#[derive(Clone, Copy, Debug)]
pub struct Host;

impl Machine for Host {
    fn platform(&self) -> (&str, &str) {
        (std::env::consts::OS, std::env::consts::ARCH)
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        let disk = rustix::fs::statvfs(folder)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn missing(&self, packages: &[&'static str]) -> Option<Vec<&'static str>> {
        let mut query = Command::new("dpkg-query");
        query.args(["-W", "-f=${Package} ${db:Status-Status}\n"]).args(packages);
        // It fails where a package is not known at all, and names the others.
        let answer = query.stderr(Stdio::null()).output().ok()?;
        let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
        let is_there = |package: &str| {
            answer.lines().any(|line| line.strip_prefix(package) == Some(" installed"))
        };
        Some(packages.iter().copied().filter(|package| !is_there(package)).collect())
    }

    fn is_root(&self) -> bool {
        rustix::process::geteuid().is_root()
    }

    fn install(&self, packages: &[&'static str]) -> Result<(), String> {
        let apt = |arguments: &[&str]| {
            let mut apt = Command::new("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).args(arguments);
            let done = apt.output().map_err(|error| error.to_string())?;
            if done.status.success() {
                return Ok(());
            }
            let said = String::from_utf8_lossy(&done.stderr);
            Err(said.lines().last().unwrap_or("it said nothing").to_owned())
        };
        let mut install = vec!["install", "--yes", "--no-install-recommends"];
        install.extend(packages);
        apt(&install).or_else(|_| {
            apt(&["update"])?;
            apt(&install)
        })
    }

    fn rustc_version(&self) -> Option<String> {
        let answer = Command::new(RUSTC).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        answer.status.success().then_some(text)
    }

    fn has(&self, path: &Path) -> bool {
        path.exists()
    }
}
