//! Switching the watch on and off.

use core::error::Error;
use core::fmt;
use core::mem::MaybeUninit;
use core::time::Duration;
use std::borrow::ToOwned as _;
use std::format;
use std::path::PathBuf;
use std::string::{String, ToString as _};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::vec::Vec;

use crate::backend::watched;

use super::clock;
use super::json_lines;
use super::layers::{self, Layers, Setting};
use super::report_lock::{self, ReportLock};
use super::schedule::{self, Marker};
use super::sections::{self, HOOKS};
use super::thread_record;
#[cfg(target_arch = "x86_64")]
use super::thread_record::ThreadRecord;
#[cfg(target_arch = "x86_64")]
use super::trap;
use crate::suppressions::{self, Suppression};

/// What is to be watched. Made by [`Watch::builder`].
///
/// # Context
///
/// A plain value that owns memory: make and drop it where memory may be allocated.
///
/// # Examples
///
/// See [`Watch`].
#[derive(Clone, Debug)]
#[must_use = "nothing is watched before `start`"]
pub struct Builder {
    layers: Layers,
    quick_trap: bool,
    budget: Option<Duration>,
    sample: Option<usize>,
    count_sections: bool,
    least_allocation: Option<usize>,
    suppressions: Vec<Suppression>,
    suppressions_file: Option<PathBuf>,
    json_lines: Option<PathBuf>,
    this_thread_only: bool,
}

/// The watch is on for as long as this is there.
///
/// Several can be there at once. Then all their layers are on.
///
/// # Context
///
/// Starting and dropping it takes a lock, allocates, and may sleep. Do neither in a section.
///
/// # Examples
///
/// ```
/// use nonblock::watch::{Layers, Watch};
/// use nonblock::{Policy, ViolationKind};
///
/// # nonblock::set_policy(Policy::Ignore);
/// # if !nonblock::watch::available().contains(Layers::TRAP) { return; }
/// let watch = Watch::builder().layers(Layers::TRAP).start().unwrap();
/// nonblock::non_block(|_nb| {
///     // It takes no token, so the compiler lets it pass. The watch sees it.
///     std::thread::sleep(std::time::Duration::from_millis(1));
/// });
/// assert_eq!(nonblock::stats().count(ViolationKind::SyscallInNonBlock), 1);
/// drop(watch);
/// ```
#[derive(Debug)]
#[must_use = "the watch is off when this is dropped: keep it, or call `forever`"]
pub struct Watch {
    number: u64,
    this_thread_only: Option<Layers>,
}

/// The watch could not start.
///
/// # Examples
///
/// ```
/// use nonblock::watch::Watch;
///
/// let error = Watch::builder().suppressions_file("/nowhere").start().unwrap_err();
/// assert!(error.to_string().starts_with("the file of suppressions /nowhere cannot be read"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    message: String,
}

impl StartError {
    pub(super) fn new(message: String) -> Self {
        Self { message }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StartError {}

/// A [`Watch`] for the whole program, as the control keeps it.
#[derive(Clone, Copy, Debug)]
struct Started {
    number: u64,
    layers: Layers,
    quick_trap: bool,
    sample: usize,
    count_sections: bool,
}

#[derive(Debug)]
struct Control {
    next: u64,
    started: Vec<Started>,
}

static CONTROL: Mutex<Control> = Mutex::new(Control { next: 0, started: Vec::new() });

fn control() -> MutexGuard<'static, Control> {
    CONTROL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Builder {
    /// Sets the layers. Without this call it is [`Layers::SCHEDULE`].
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn layers(self, layers: Layers) -> Self {
        Self { layers, ..self }
    }

    /// Sets how long a section may last, and adds [`Layers::BUDGET`].
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn budget(self, budget: Duration) -> Self {
        Self { budget: Some(budget), layers: self.layers | Layers::BUDGET, ..self }
    }

    /// Watches one section in so many of each thread. 1 watches all, and is what holds without this call.
    ///
    /// The trap makes each system call of a thread slower, outside sections too. Where not all sections are watched, it is on in
    /// those that are and nowhere else, by two system calls each.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn sample(self, one_in: usize) -> Self {
        Self { sample: Some(one_in.max(1)), ..self }
    }

    /// Counts the sections that are watched, by the places where they begin: see
    /// [`Statistics::sections`](super::Statistics::sections).
    ///
    /// It takes some 50 ns a section, as a section in which nothing happened is looked at too. Without this call none are counted,
    /// and that costs nothing.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn count_sections(self) -> Self {
        Self { count_sections: true, ..self }
    }

    /// Sets the least size of an allocation that is reported, in bytes. Without this call all are.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn least_allocation(self, bytes: usize) -> Self {
        Self { least_allocation: Some(bytes), ..self }
    }

    /// Leaves the signals of a section as they are, which saves some system calls a section.
    ///
    /// Without this call, a trapped section blocks signals until it ends or makes a call that may block. So a section that spins
    /// until a signal handler has run, and makes no such call, needs this.
    ///
    /// With it, the kernel **kills the program** if a section makes a system call while SIGSYS is blocked. When a thread's first
    /// section begins, SIGSYS is opened in its mask and in all handlers' masks, and calls within sections keep it open. So do
    /// this only where nothing blocks all signals of a thread, or sets a handler that does, after that and outside sections.
    /// The same goes for a handler of SIGSYS, and for an alternate stack of signals with less room than the kernel asks for.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn quick_trap(self, quick_trap: bool) -> Self {
        Self { quick_trap, ..self }
    }

    /// Reports nothing that has a function or file of the suppression in its chain of calls.
    ///
    /// Suppressions stay when the watch ends.
    ///
    /// # Context
    ///
    /// May allocate and release memory. Do not call it in a section.
    pub fn suppress(mut self, suppression: Suppression) -> Self {
        self.suppressions.push(suppression);
        self
    }

    /// Reads suppressions from a file: one in a line, `function:PATTERN REASON` or `file:PATTERN REASON`. Lines that are empty
    /// or begin with `#` say nothing.
    ///
    /// # Context
    ///
    /// May allocate and release memory. Do not call it in a section.
    pub fn suppressions_file(self, path: impl Into<PathBuf>) -> Self {
        Self { suppressions_file: Some(path.into()), ..self }
    }

    /// Writes each report to the end of a file too, as JSON, one in a line.
    ///
    /// The file is written to until another is given, also when the watch has ended.
    ///
    /// # Context
    ///
    /// May allocate and release memory. Do not call it in a section.
    pub fn json_lines(self, path: impl Into<PathBuf>) -> Self {
        Self { json_lines: Some(path.into()), ..self }
    }

    /// Watches the calling thread only. Drop the [`Watch`] on the same thread.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn this_thread_only(self) -> Self {
        Self { this_thread_only: true, ..self }
    }

    /// Starts the watch.
    ///
    /// # Context
    ///
    /// Allocates, and may sleep. Do not call it in a section.
    ///
    /// # Errors
    ///
    /// If a layer cannot be had here, or a file cannot be read or written. Nothing is watched then.
    pub fn start(self) -> Result<Watch, StartError> {
        let suppressions = self.all_suppressions()?;
        let Self { layers, quick_trap, sample, count_sections, this_thread_only, .. } = self;
        find_out();
        for layer in [Layers::SCHEDULE, Layers::TRAP, Layers::ALLOC, Layers::BUDGET] {
            if layers.contains(layer)
                && let Err(why) = is_available(layer)
            {
                return Err(StartError::new(format!(
                    "the watch's layer `{layer}` cannot be had: {why}"
                )));
            }
        }
        let _lock = ReportLock::for_change();
        if let Some(path) = &self.json_lines {
            json_lines::open(path).map_err(|error| {
                let path = path.display();
                StartError::new(format!("the file of reports {path} cannot be written: {error}"))
            })?;
        }
        suppressions::add(suppressions);
        if let Some(budget) = self.budget {
            layers::set_budget(Some(budget));
        }
        if let Some(bytes) = self.least_allocation {
            layers::set_least_size(bytes);
        }
        let mut control = control();
        let number = control.next;
        control.next += 1;
        let of_program = if this_thread_only { Layers::NONE } else { layers };
        let sample = sample.unwrap_or(1);
        let started = Started { number, layers: of_program, quick_trap, sample, count_sections };
        control.started.push(started);
        let before = layers::of_this_thread();
        if this_thread_only {
            layers::set_of_this_thread(before | layers);
        }
        control.apply();
        Ok(Watch { number, this_thread_only: this_thread_only.then_some(before) })
    }

    fn all_suppressions(&self) -> Result<Vec<Suppression>, StartError> {
        let mut suppressions = self.suppressions.clone();
        if let Some(path) = &self.suppressions_file {
            let read = suppressions::read_file(path);
            suppressions.extend(read.map_err(|error| StartError::new(error.to_string()))?);
        }
        Ok(suppressions)
    }
}

impl Watch {
    /// Returns what is set before `start`: the layer [`Layers::SCHEDULE`], for all threads, every section.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn builder() -> Builder {
        Builder {
            layers: Layers::SCHEDULE,
            quick_trap: false,
            budget: None,
            sample: None,
            count_sections: false,
            least_allocation: None,
            suppressions: Vec::new(),
            suppressions_file: None,
            json_lines: None,
            this_thread_only: false,
        }
    }

    /// Changes the layers while the watch is on. Sections that have begun are watched as before.
    ///
    /// # Context
    ///
    /// As for [`Builder::start`].
    ///
    /// # Errors
    ///
    /// If a layer cannot be had here. The layers stay as they are then.
    pub fn set_layers(&self, layers: Layers) -> Result<(), StartError> {
        is_available(layers).map_err(|why| {
            StartError::new(format!("the watch's layers `{layers}` cannot be had: {why}"))
        })?;
        let _lock = ReportLock::for_change();
        let mut control = control();
        if let Some(before) = self.this_thread_only {
            layers::set_of_this_thread(before | layers);
        } else if let Some(started) = control.started.iter_mut().find(|s| s.number == self.number) {
            started.layers = layers;
        }
        control.apply();
        Ok(())
    }

    /// Leaves the watch on until the program ends.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn forever(self) {
        core::mem::forget(self);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _lock = ReportLock::for_change();
        let mut control = control();
        control.started.retain(|started| started.number != self.number);
        if let Some(before) = self.this_thread_only {
            layers::set_of_this_thread(before);
        }
        control.apply();
    }
}

impl Control {
    /// Makes what is started now take effect.
    fn apply(&self) {
        let layers = self.started.iter().fold(Layers::NONE, |all, started| all | started.layers);
        let quick_trap = self.started.iter().all(|started| started.quick_trap);
        let sample = self.started.iter().map(|started| started.sample).min().unwrap_or(1);
        let counts_sections = self.started.iter().any(|started| started.count_sections);
        let setting = Setting { layers, quick_trap, sample, counts_sections, change: 0 };
        let change = layers::set(setting);
        let mark = if self.started.is_empty() { 0 } else { schedule::mark(change) };
        watched::switch(mark, &HOOKS);
    }
}

/// Finds out once what this kernel and this machine have.
fn find_out() {
    static ONCE: Once = Once::new();

    ONCE.call_once(|| {
        clock::calibrate();
        sections::ask_marker();
        #[cfg(target_arch = "x86_64")]
        trap::find_least_stack();
        report_lock::set_process();
        stay_loaded();
        // SAFETY: the functions are there for ever, since this is not unloaded, and the last is one that a child of a program with
        // threads may call.
        unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork), Some(in_child)) };
    });
}

unsafe extern "C" fn before_fork() {
    report_lock::before_fork();
}

unsafe extern "C" fn after_fork() {
    report_lock::after_fork_in_parent();
}

unsafe extern "C" fn in_child() {
    report_lock::after_fork_in_child();
    thread_record::count_fork();
}

/// Has the loader keep the object that this is in: the kernel looks at its memory for as long as a watched thread runs.
fn stay_loaded() {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: it is an address of this object, and the loader writes such a structure.
    if unsafe { libc::dladdr((&raw const CONTROL).cast(), info.as_mut_ptr()) } == 0 {
        return;
    }
    // SAFETY: the loader has written it.
    let name = unsafe { info.assume_init() }.dli_fname;
    if !name.is_null() {
        let flags = libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        // SAFETY: the name ends in a nul. What is loaded already runs no constructor.
        unsafe { libc::dlopen(name, flags) };
    }
}

/// Returns the layers that can be had here.
///
/// # Context
///
/// May sleep for some microseconds at its first call.
///
/// # Examples
///
/// ```
/// use nonblock::watch::{self, Layers};
///
/// assert!(watch::available().contains(Layers::SCHEDULE));
/// ```
#[must_use]
pub fn available() -> Layers {
    [Layers::SCHEDULE, Layers::TRAP, Layers::ALLOC, Layers::BUDGET]
        .into_iter()
        .filter(|layer| is_available(*layer).is_ok())
        .fold(Layers::NONE, |all, layer| all | layer)
}

/// Returns why layers cannot be had, if they cannot.
fn is_available(layers: Layers) -> Result<(), String> {
    if layers.contains(Layers::TRAP) {
        trap_is_available()?;
    }
    if layers.contains(Layers::ALLOC) && !super::allocator::is_installed() {
        return Err(
            "`nonblock::watch::Allocator` is not the program's global allocator (put `#[global_allocator] static ALLOCATOR: \
             nonblock::watch::Allocator = nonblock::watch::Allocator::system();` in it)"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(target_arch = "x86_64")]
fn trap_is_available() -> Result<(), String> {
    let Some(record) = ThreadRecord::mine_or_claim() else {
        return Err("too many threads are watched".to_owned());
    };
    if record.traps().get() {
        return Ok(());
    }
    trap::switch_on(record).map_err(|error| {
        let hint = match error.raw_os_error() {
            Some(libc::EINVAL) => "the kernel has no Syscall User Dispatch: it came with Linux 5.11, and can be left out",
            Some(libc::EPERM) => "seccomp or the sysctl `kernel.syscall_user_dispatch` forbids it",
            _ => "the kernel refuses it",
        };
        format!("{hint} ({error})")
    })?;
    trap::switch_off();
    Ok(())
}

#[cfg(not(target_arch = "x86_64"))]
fn trap_is_available() -> Result<(), String> {
    Err("Linux has Syscall User Dispatch on x86-64 only".to_owned())
}

/// Returns what the layer `schedule` goes by on this machine, in words.
pub(super) fn schedule_by() -> &'static str {
    match sections::marker() {
        Marker::All => "by the marker of restartable sequences",
        Marker::Interruptions => {
            "by the marker of restartable sequences, which does not tell of sleeps in system calls on this kernel: they are \
             had from the trap, or from getrusage at both ends of a section"
        }
        Marker::None => {
            "by getrusage at both ends of a section: there is no marker of restartable sequences"
        }
    }
}

/// Returns the names of the layers that are on for the program.
pub(super) fn layers_now() -> String {
    layers::setting().layers.to_string()
}
