//! What kinds of things threads wait for.

/// What kind of thing a class stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(all(feature = "lockdep", feature = "sync", feature = "work")),
    allow(dead_code, reason = "each of these features uses a part of it")
)]
pub(crate) enum Kind {
    Mutex,
    RwLock,
    SpinLock,
    SpinRwLock,
    RawLock,
    OnceLock,
    OnceValue,
    Condvar,
    Completion,
    Barrier,
    Semaphore,
    ChannelValue,
    ChannelRoom,
    QueueItem,
    Queue,
    Reserve,
    Thread,
    Scope,
    Rcu,
    /// What the user names.
    Class,
}

#[cfg(feature = "lockdep")]
impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mutex => "Mutex",
            Self::RwLock => "RwLock",
            Self::SpinLock => "SpinLock",
            Self::SpinRwLock => "SpinRwLock",
            Self::RawLock => "raw lock",
            Self::OnceLock => "OnceLock",
            Self::OnceValue => "value of the OnceLock",
            Self::Condvar => "Condvar",
            Self::Completion => "Completion",
            Self::Barrier => "Barrier",
            Self::Semaphore => "Semaphore",
            Self::ChannelValue => "value of the channel",
            Self::ChannelRoom => "room in the channel",
            Self::QueueItem => "item of the work queue",
            Self::Queue => "work queue",
            Self::Reserve => "Reserve",
            Self::Thread => "end of the thread",
            Self::Scope => "end of the threads of the scope",
            Self::Rcu => "readers of the Rcu",
            Self::Class => "class",
        }
    }

    /// Whether a section may wait for such a thing, so that its holder must not sleep. To wait for the others is reported in a section,
    /// whoever holds them.
    pub(crate) const fn is_waited_for_in_sections(self) -> bool {
        matches!(self, Self::SpinLock | Self::SpinRwLock | Self::RawLock | Self::Class)
    }

    /// Whether a thread that waits for such a thing may have brought it about before, for itself too.
    ///
    /// Then a circle in which one thread alone has every part is none.
    pub(super) const fn is_counted(self) -> bool {
        matches!(
            self,
            Self::Condvar
                | Self::Barrier
                | Self::Semaphore
                | Self::ChannelValue
                | Self::ChannelRoom
                | Self::QueueItem
                | Self::Queue
                | Self::Reserve
        )
    }

    /// Whether it is held in a section only.
    pub(crate) const fn is_held_in_sections(self) -> bool {
        matches!(self, Self::SpinLock | Self::SpinRwLock)
    }
}
