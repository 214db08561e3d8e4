//! Runs the guest, and takes what it says on its serial port.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::kernel_source;
use crate::log::Log;
use crate::options::Options;
use crate::rows::ROWS;
use crate::stop::Stop;

/// How long the guest may take besides the time that it is asked to spend. It takes a third of it on two idle processors.
const LIMIT: Duration = Duration::from_mins(5);

/// A guest that is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// The kernel.
    pub image: &'a Path,
    /// The file system.
    pub initramfs: &'a Path,
    /// Where the serial port's output goes.
    pub log: &'a Path,
}

impl Guest<'_> {
    /// Runs the guest to its end, or to the end of its time, and reads its log. If its time is over, it is stopped, and the last
    /// lines of its log are printed.
    ///
    /// # Errors
    ///
    /// [`Stop::Failed`] if qemu failed or the guest said nothing.
    pub fn run(&self, options: &Options) -> Result<Log, Stop> {
        // So that no earlier guest's is taken for this one's.
        kernel_source::remove(self.log)?;
        let limit = LIMIT + 4 * Duration::from_secs(options.seconds.into());
        let errors = self.log.with_extension("qemu");
        let file = File::create(&errors).map_err(|error| Stop::file("write", &errors, &error))?;
        let mut qemu = Command::new("qemu-system-x86_64");
        // TCG: it needs no rights, and runs in virtual machines too. Each processor is in a socket of its own: a kernel without
        // ACPI finds no others.
        qemu.args(["-accel", "tcg", "-m", "192", "-smp", "2,sockets=2,cores=1,threads=1"])
            .args(["-nographic", "-no-reboot", "-nodefaults"])
            .arg("-serial")
            .arg(format!("file:{}", self.log.display()))
            .arg("-kernel")
            .arg(self.image)
            .arg("-initrd")
            .arg(self.initramfs)
            .args(["-append", &command_line(options)])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let mut child = qemu.spawn().map_err(|error| {
            Stop::CannotRun(format!("qemu-system-x86_64 does not start: {error}"))
        })?;
        let status = wait(&mut child, limit)?;
        let bytes = fs::read(self.log).unwrap_or_default();
        let log = Log::read(&bytes);
        let said = || fs::read_to_string(&errors).unwrap_or_default().trim().to_owned();
        match status {
            None => println!(
                "the guest did not end within {} s, and was stopped. The end of its log:\n{}",
                limit.as_secs(),
                log.end(15).join("\n")
            ),
            Some(status) if !status.success() => {
                return Err(Stop::Failed(format!("qemu failed ({status}): {}", said())));
            }
            Some(_) if log.lines.is_empty() => {
                return Err(Stop::Failed(format!("the guest said nothing. qemu: {}", said())));
            }
            Some(_) => {}
        }
        Ok(log)
    }
}

/// The kernel's command line, in which the guest finds its own settings too.
fn command_line(options: &Options) -> String {
    let mut line = format!(
        "console=ttyS0 loglevel=8 reboot=t panic=-1 printk.devkmsg=on kmemleak=on nonblock.seconds={}",
        options.seconds
    );
    let plays: Vec<_> =
        ROWS.iter().filter(|row| options.wants(row.name)).map(|row| row.play).collect();
    if !options.only.is_empty() {
        line.push_str(" nonblock.only=");
        line.push_str(&plays.join(","));
    }
    line
}

/// Waits for a process, and returns how it ended. `None`: it did not end in time, and was killed.
///
/// # Errors
///
/// [`Stop::Failed`] if it cannot be waited for.
pub fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>, Stop> {
    let begin = Instant::now();
    let failed = |error: std::io::Error| Stop::Failed(format!("cannot wait for it: {error}"));
    while begin.elapsed() < limit {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().and_then(|()| child.wait()).map_err(failed)?;
    Ok(None)
}
