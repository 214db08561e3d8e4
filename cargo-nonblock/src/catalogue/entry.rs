//! What the catalogue says of a function.

/// What a function may do that some sections must not.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Class {
    /// It may put the calling thread to sleep. No section may.
    Sleep,
    /// It calls the allocator.
    Alloc,
    /// It panics, or ends the program.
    Panic,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sleep, Self::Alloc, Self::Panic];

    /// Returns the name by which options and reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Alloc => "alloc",
            Self::Panic => "panic",
        }
    }
}

/// What the catalogue says of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is to become of the function.
    pub kind: Kind,
    /// Why: one sentence.
    pub reason: String,
}

/// What is to become of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does what some sections must not.
    Leaf(Class),
    /// It does what some sections must not. In others it is followed: it may call what its caller made, such as a closure, a comparison
    /// or a copy.
    FollowedLeaf(Class),
    /// It is followed, whatever other lists say.
    Followed,
    /// It does nothing of the kind, and is not looked into.
    Harmless,
    /// It is nonblock's own, and runs where a rule was broken already.
    Reports,
    /// It is a known exception of the program's.
    Permits,
    /// Its caller was lent the right to sleep, which the compiler sees to that no section is.
    Tokens,
    /// It calls a function that it is given.
    CallsBack,
    /// It makes the system call with this number.
    SystemCall(u32),
    /// It makes the system call whose number is its first argument.
    AnySystemCall,
}
