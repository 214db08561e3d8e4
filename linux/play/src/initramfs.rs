//! The guest's file system: an archive that the kernel unpacks into memory.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::stop::Stop;

/// Packs the guest's file system.
///
/// The kernel's own `gen_init_cpio` makes it from a list, so nobody has to be root to have a device in it.
///
/// # Errors
///
/// [`Stop`] if a file is missing or the packing fails.
pub fn pack(
    generator: &Path,
    init: &Path,
    modules: &[PathBuf],
    archive: &Path,
) -> Result<(), Stop> {
    let list = archive.with_extension("list");
    fs::write(&list, contents(init, modules))
        .map_err(|error| Stop::file("write", &list, &error))?;
    let output = File::create(archive).map_err(|error| Stop::file("write", archive, &error))?;
    let failed = |what: &str| Stop::Failed(format!("cannot pack {}: {what}", archive.display()));
    let mut cpio = Command::new(generator)
        .arg(&list)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&format!("gen_init_cpio: {error}")))?;
    let from = cpio.stdout.take().ok_or_else(|| failed("no pipe"))?;
    let gzip = Command::new("gzip").arg("-1").stdin(from).stdout(output).status();
    let cpio = cpio.wait().map_err(|error| failed(&error.to_string()))?;
    let gzip = gzip.map_err(|error| failed(&format!("gzip: {error}")))?;
    if cpio.success() && gzip.success() {
        return Ok(());
    }
    Err(failed(&format!(
        "gen_init_cpio {cpio}, gzip {gzip}; {} lists what is in it",
        list.display()
    )))
}

/// The list of what is in it, as `gen_init_cpio` reads it.
fn contents(init: &Path, modules: &[PathBuf]) -> String {
    let mut list = String::new();
    for folder in ["/dev", "/proc", "/sys", "/tmp", "/bin", "/lib", "/lib/modules"] {
        let _infallible = writeln!(list, "dir {folder} 755 0 0");
    }
    // The first process has it open before it can make one.
    list.push_str("nod /dev/console 600 0 0 c 5 1\n");
    list.push_str("file /bin/busybox /bin/busybox 755 0 0\nslink /bin/sh busybox 777 0 0\n");
    let _infallible = writeln!(list, "file /init {} 755 0 0", init.display());
    for module in modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        let _infallible = writeln!(list, "file /lib/modules/{name} {} 644 0 0", module.display());
    }
    list
}
