//! The callback: a synthesizer, and the faults that can be planted in it.

use std::f32::consts::TAU;
use std::hint::black_box;
use std::io::Write as _;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nonblock::work::ring::{self, Consumer, Producer};

use crate::player::FRAMES;

/// A fault in the callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Logs,
    Locks,
    Allocates,
    TakesLong,
    Sleeps,
}

impl Fault {
    pub(crate) const ALL: [Self; 5] =
        [Self::Logs, Self::Locks, Self::Allocates, Self::TakesLong, Self::Sleeps];

    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Logs => "writes a line to a log",
            Self::Locks => "waits for a mutex that another thread holds while it sleeps",
            Self::Allocates => "makes a new buffer",
            Self::TakesLong => "counts more harmonics than there is time for",
            Self::Sleeps => "sleeps in a library that says so in no way",
        }
    }

    /// Does what must be so before the fault shows. What it returns ends with its drop.
    pub(crate) fn prepare(self) -> Option<Holder> {
        (self == Self::Locks).then(Holder::new)
    }
}

/// What the callback and the rest of the program share, where they should share nothing.
static PRESETS: Mutex<f32> = Mutex::new(0.5);

/// A thread that holds the presets, as one does that saves them to a disk.
#[derive(Debug)]
pub(crate) struct Holder {
    thread: Option<JoinHandle<()>>,
}

impl Holder {
    fn new() -> Self {
        let holds = Arc::new(Barrier::new(2));
        let thread = {
            let holds = Arc::clone(&holds);
            thread::spawn(move || {
                let presets = PRESETS.lock().unwrap_or_else(PoisonError::into_inner);
                holds.wait();
                thread::sleep(Duration::from_millis(5));
                drop(presets);
            })
        };
        holds.wait();
        Self { thread: Some(thread) }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // It only sleeps.
            let _ = thread.join();
        }
    }
}

/// A voice, its output, and the end of the ring by which its pitch is changed.
#[derive(Debug)]
pub(crate) struct Synth {
    phase: f32,
    pitch: f32,
    output: [f32; FRAMES],
    changes: Consumer<f32>,
    /// The other end. A user interface would have it.
    interface: Producer<f32>,
    log: std::fs::File,
}

impl Synth {
    pub(crate) fn new() -> Self {
        let (interface, changes) = ring::ring(64);
        let log = std::fs::File::options().write(true).open("/dev/null");
        let log = log.expect("every Unix has it");
        Self { phase: 0.0, pitch: 440.0, output: [0.0; FRAMES], changes, interface, log }
    }

    /// Fills the output, in a section.
    pub(crate) fn fill(&mut self, fault: Option<Fault>) {
        // Pushing and popping neither wait nor allocate.
        let _ = self.interface.push(self.pitch * 1.001);
        while let Some(pitch) = self.changes.pop() {
            self.pitch = pitch.min(880.0);
        }
        for sample in &mut self.output {
            self.phase = (self.phase + self.pitch / 44_100.0).fract();
            *sample = (self.phase * TAU).sin();
        }
        black_box(&self.output);
        match fault {
            None => {}
            // Nobody waits for this file. The watch says that one may.
            Some(Fault::Logs) => drop(writeln!(self.log, "pitch {}", self.pitch)),
            Some(Fault::Locks) => {
                let volume = PRESETS.lock().unwrap_or_else(PoisonError::into_inner);
                self.output.iter_mut().for_each(|sample| *sample *= *volume);
            }
            Some(Fault::Allocates) => drop(black_box(self.output.to_vec())),
            Some(Fault::TakesLong) => {
                let start = Instant::now();
                while start.elapsed() < Duration::from_micros(2500) {
                    black_box(self.phase.sin());
                }
            }
            Some(Fault::Sleeps) => a_library::wait_for_vertical_blank(),
        }
    }
}

/// Code of others.
mod a_library {
    pub(super) fn wait_for_vertical_blank() {
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
}
