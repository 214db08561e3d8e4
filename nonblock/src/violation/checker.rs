//! Which kind of code made a check, and what helps it.

/// The code that stated what it needs, and by what right it would sleep. The help in a report fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checker {
    /// A function of which nothing is known but that it makes the check. It may take a token or not.
    Function,
    /// A function that was lent a token.
    TokenHolder,
    /// A root, such as `sleepable`.
    Root,
    /// A function whose token `#[may_sleep(cx)]` binds.
    Binding,
    /// A function that starts a thread. It takes no token, as in std.
    #[cfg_attr(not(feature = "std"), allow(dead_code, reason = "nothing else starts threads"))]
    Spawn,
    /// A destructor. It can take no token.
    Destructor,
    /// A function in C, where there are no tokens.
    C,
}

impl Checker {
    /// What helps where a call that may sleep was found in a section.
    pub(super) const fn help_to_sleep(self) -> &'static str {
        match self {
            Self::Function => {
                "pass `&mut Sleepable` to what may sleep, if it takes none yet, and the compiler finds this call; \
                 in a section try instead of waiting, or put the work off"
            }
            Self::TokenHolder => {
                "no `Sleepable` may come into a section: find the root, closure or struct that brought this one in, \
                 and open the section by `cx.non_block(|nb| ...)`, so that the compiler finds this call; \
                 in a section try instead of waiting, or put the work off"
            }
            Self::Root => {
                "where a section may be open, ask no root for a `Sleepable`: take `cx: &mut Sleepable` from the caller, \
                 and the compiler finds this call; in a section try instead of waiting, or put the work off"
            }
            Self::Binding => {
                "`#[may_sleep(cx)]` binds a token whatever the caller has: where the signature is yours, take \
                 `cx: &mut Sleepable` as a parameter, and the compiler finds this call; \
                 in a section try instead of waiting, or put the work off"
            }
            Self::Spawn => {
                "start the thread before the section, or leave the work to one that runs, for instance by a `work::Queue`"
            }
            Self::Destructor => {
                "drop the value after the section, or hand it to a thread that may sleep, for instance by a `work::Queue`"
            }
            Self::C => {
                "do not call what may sleep between `nonblock_start()` and `nonblock_end()`: try there instead of waiting, \
                 or put the work off"
            }
        }
    }

    /// What helps where a section was ended that had not been started.
    pub(super) const fn help_to_end(self) -> &'static str {
        match self {
            Self::C => "pair every `nonblock_end()` with a `nonblock_start()` on the same thread",
            _ => {
                "pair every `non_block_end` with a `non_block_start` on the same thread, or use a closure, \
                 which cannot be unpaired"
            }
        }
    }

    /// What helps where the check found no section.
    pub(super) const fn help_to_enter(self) -> &'static str {
        match self {
            Self::C => "call it between `nonblock_start()` and `nonblock_end()`",
            Self::TokenHolder => {
                "a `NonBlock` is lent in a section only, so the section was ended too early: look for a \
                 `non_block_end` too many"
            }
            _ => {
                "call it in `non_block(|nb| ...)`; if it takes `nb: &NonBlock`, the compiler finds this call"
            }
        }
    }
}
