//! A process that is killed, and whose memory others then take: the process itself, and what its parent does with it.
//!
//! A thread of it sleeps in the kernel where no signal reaches it. So it stays, and keeps its memory, for as long as that.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::Outcome;
use crate::device::{DMIRROR, Device};
use crate::pages::Pages;
use crate::system_calls::process_mrelease;
use crate::uapi;

/// How many pages a victim mirrors.
const PAGES: usize = 16;

/// How long a thread needs at most until it sleeps in the kernel.
const SETTLED: Duration = Duration::from_millis(200);

/// Those that may still be there, while other plays go on.
static LINGERING: Mutex<Vec<Victim>> = Mutex::new(Vec::new());

/// Waits until no victim is left, and closes their files.
pub(crate) fn wait_for_lingering() -> Outcome {
    let all = std::mem::take(&mut *LINGERING.lock().expect("no play panics"));
    all.into_iter().try_for_each(Victim::wait)
}

/// The parent's side.
#[derive(Debug)]
pub(crate) struct Victim {
    process: Child,
    input: ChildStdin,
    descriptor: OwnedFd,
    /// The file of the device that the victim has open.
    pub(crate) device: Device,
}

impl Victim {
    /// Starts one that opens a device, and does there what the words say, see [`main`].
    pub(crate) fn start(device: &str, words: &[&str]) -> Result<Self, String> {
        let text = |what: &str, error: &dyn std::fmt::Display| format!("victim: {what}: {error}");
        let mut process = Command::new("/proc/self/exe")
            .arg("victim")
            .arg(device)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| text("start", &error))?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let (Some(input), Some(output)) = (input, output) else {
            return Err("victim: no pipes".to_owned());
        };
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        read.map_err(|error| text("read", &error))?;
        let file: i32 = line
            .trim()
            .strip_prefix("ready ")
            .and_then(|file| file.parse().ok())
            .ok_or_else(|| format!("victim: it ended early, and said '{}'", line.trim()))?;
        let pid = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or("victim: no pid")?;
        let descriptor =
            pidfd_open(pid, PidfdFlags::empty()).map_err(|error| text("pidfd_open", &error))?;
        let device = pidfd_getfd(&descriptor, file, PidfdGetfdFlags::empty())
            .map_err(|error| text("pidfd_getfd", &error))?;
        Ok(Self { process, input, descriptor, device: Device::from_fd(device) })
    }

    /// Tells it to go on, where it waits for that.
    pub(crate) fn go_on(&mut self) -> Outcome {
        self.input.write_all(b"\n").map_err(|error| format!("victim: cannot tell it: {error}"))
    }

    /// Kills it. All of its threads end but the one that sleeps in the kernel.
    pub(crate) fn kill(&mut self) -> Outcome {
        self.process.kill().map_err(|error| format!("victim: kill: {error}"))?;
        std::thread::sleep(SETTLED);
        Ok(())
    }

    /// Takes its memory. Returns 0, or the error's number.
    pub(crate) fn release(&self) -> i32 {
        let released = process_mrelease(&self.descriptor);
        released.map_or_else(|error| error.raw_os_error().unwrap_or(-1), |()| 0)
    }

    /// Leaves it to end later.
    pub(crate) fn linger(self) {
        LINGERING.lock().expect("no play panics").push(self);
    }

    /// Waits until it is gone.
    pub(crate) fn wait(mut self) -> Outcome {
        self.process.wait().map(|_| ()).map_err(|error| format!("victim: wait: {error}"))
    }
}

/// The victim's side. Arguments: the device, then any of
///
/// * `mirror`: it mirrors some pages that it has written; `fault`: and translates them
/// * `watch`: it is told of all invalidations; `watch-refuses`: and refuses sections while a job holds the table
/// * `sleep=N`: the callbacks of the twin make this fault
/// * `hold=MS`: a thread sleeps in the kernel for so long
/// * `eat`: it takes all memory, once it is told to, and is the first that the kernel kills for that
pub(crate) fn main(arguments: &[String]) -> Outcome {
    let (path, words) = arguments.split_first().ok_or("which device?")?;
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let number = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.parse().ok());
    let pages = Pages::new(PAGES).map_err(|error| error.to_string())?;
    (0..PAGES).for_each(|page| pages.write(page, page as u64 + 1));
    let device = Device::open(path)?;
    if let Some(fault) = number("sleep=") {
        device.sleep(fault)?;
    }
    if has("mirror") {
        device.mirror(pages.start(), pages.len())?;
    }
    if has("watch") {
        device.watch(0)?;
    }
    if has("watch-refuses") {
        device.watch(uapi::WATCH_REFUSES)?;
    }
    if has("fault") {
        for page in 0..PAGES {
            device.fault(pages.address(page)).map_err(|error| format!("FAULT: {error}"))?;
        }
    }
    if has("eat") {
        std::fs::write("/proc/self/oom_score_adj", "1000").map_err(|error| error.to_string())?;
    }
    if let Some(milliseconds) = number("hold=") {
        // A file of its own: the table that it holds is nobody else's.
        let other = Device::open(DMIRROR)?;
        std::thread::spawn(move || other.job(milliseconds));
        std::thread::sleep(SETTLED);
    }
    println!("ready {}", device.as_fd().as_raw_fd());
    let mut told = [0];
    let read = std::io::stdin().read(&mut told);
    read.map_err(|error| error.to_string())?;
    if has("eat") {
        take_all_memory();
    }
    // Until it is killed.
    loop {
        std::thread::park();
    }
}

/// Takes memory until the kernel kills the process.
fn take_all_memory() -> ! {
    loop {
        let Ok(pages) = Pages::new(256) else { continue };
        (0..pages.count()).for_each(|page| pages.write(page, 1));
    }
}
