//! What the attributes' expansions call. Not a public interface: no version keeps it stable.

pub use crate::backend::{Installed, only_backend};
pub use crate::section::Section;
pub use crate::token::{NonBlock, Sleepable};

use crate::check;

/// A token bound by an attribute, in the frame of the function that the attribute is on.
#[derive(Debug)]
pub struct Bound<T>(T);

impl Bound<Sleepable> {
    /// Binds the right to sleep to the calling function, checked at run time.
    #[inline]
    #[track_caller]
    pub fn sleepable() -> Self {
        check::might_sleep();
        Self(Sleepable::lend())
    }

    /// Lends the bound token to the function's body.
    #[inline]
    pub fn token(&mut self) -> &mut Sleepable {
        &mut self.0
    }
}

impl Bound<(Section, NonBlock)> {
    /// Opens a section for the calling function, and binds its token.
    #[inline]
    #[track_caller]
    pub fn non_block() -> Self {
        Self((Section::enter(), NonBlock::lend()))
    }

    /// Lends the bound token to the function's body.
    #[inline]
    pub fn token(&mut self) -> &mut NonBlock {
        &mut self.0.1
    }
}

/// The entry of a function that may sleep and was lent the right to: its argument is that token.
#[inline]
#[track_caller]
pub fn may_sleep(_cx: &mut Sleepable) {
    check::might_sleep();
}

/// The entry of a function that does not block and was lent the proof of a section.
#[inline]
#[track_caller]
pub fn non_block(_nb: &NonBlock) {
    check::cant_sleep();
}
