//! The probes, by the paths of what they call.

mod files;
mod memory;
mod net;
mod observers;
mod process;
mod stdio;
mod sync;
mod threads;

use crate::observe::Seen;

/// A probe.
#[derive(Clone, Copy)]
pub(crate) enum Probe {
    /// It shows an effect.
    Shows(fn() -> Seen),
    /// It shows that there is none, and says how.
    Harmless(fn() -> String),
    /// It claims what is not so, and has to fail with these words.
    Refuted(fn() -> Seen, &'static str),
}

/// The probes of one subject.
type Probes = &'static [(&'static str, Probe)];

/// Writes probes as a table.
macro_rules! probes {
    ($($path:literal => $kind:ident $probe:expr $(, $why:literal)?;)*) => {
        pub(super) const PROBES: $crate::probes::Probes =
            &[$(($path, $crate::probes::Probe::$kind($probe $(, $why)?))),*];
    };
}
pub(crate) use probes;

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Probe)> {
    let all: [Probes; 8] = [
        threads::PROBES,
        sync::PROBES,
        stdio::PROBES,
        files::PROBES,
        net::PROBES,
        process::PROBES,
        memory::PROBES,
        observers::PROBES,
    ];
    all.into_iter().flatten().copied()
}
