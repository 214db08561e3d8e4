//! What looks at the operation while it runs.

use nonblock::watch::{Layers, Watch};

/// What looks at a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// Nothing: only the kernel counts.
    None,
    Schedule,
    Trap,
    Alloc,
    /// `RealtimeSanitizer`, and no layer of ours.
    Sanitizer,
}

impl Layer {
    pub(crate) const ALL: [Self; 5] =
        [Self::None, Self::Schedule, Self::Trap, Self::Alloc, Self::Sanitizer];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Schedule => "schedule",
            Self::Trap => "trap",
            Self::Alloc => "alloc",
            Self::Sanitizer => "sanitizer",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.name() == name)
    }

    /// Switches it on, if it is ours.
    pub(crate) fn start(self) -> Result<Option<Watch>, String> {
        let layers = match self {
            Self::None | Self::Sanitizer => return Ok(None),
            Self::Schedule => Layers::SCHEDULE,
            Self::Trap => Layers::TRAP,
            Self::Alloc => Layers::ALLOC,
        };
        let watch = Watch::builder().layers(layers).start();
        watch.map(Some).map_err(|error| error.to_string())
    }
}
