//! Where something happened, in Rust or in C.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::panic::Location;

#[cfg(feature = "capi")]
use super::c_file::CFile;

/// What stands for a place in C where only a [`Location`] will do.
#[cfg(feature = "capi")]
const C_ENTRY: &Location<'static> = Location::caller();

/// A place in the source: of a call that broke a rule, or of a section's beginning.
///
/// Rust code has a [`Location`] for each of its calls, made by the compiler. A call from C, by the feature `capi`, has
/// the file and line that C's preprocessor tells. This is either. Places are equal if they read the same.
///
/// # Context
///
/// A plain value: everything on it may be called anywhere.
///
/// # Examples
///
/// ```
/// use std::panic::Location;
/// use nonblock::Place;
///
/// let here = Location::caller();
/// let place = Place::from(here);
/// assert_eq!((place.file(), place.line()), (here.file(), here.line()));
/// assert_eq!(place.location(), Some(here));
/// assert_eq!(place.to_string(), here.to_string());
/// ```
#[derive(Clone, Copy)]
pub struct Place(Source);

// One word where C takes no part, so that a section costs what it would with a `Location`.
#[derive(Clone, Copy)]
enum Source {
    Rust(&'static Location<'static>),
    #[cfg(feature = "capi")]
    C {
        file: Option<CFile>,
        line: u32,
    },
}

impl Place {
    /// Returns the call of the calling function, which must be `#[track_caller]` itself.
    ///
    /// For libraries that check or open a section on their caller's behalf: see
    /// [`raw::might_sleep_at`](crate::raw::might_sleep_at) and [`raw::non_block_at`](crate::raw::non_block_at).
    ///
    /// # Context
    ///
    /// May be called anywhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use nonblock::Place;
    ///
    /// #[track_caller]
    /// fn who_calls() -> Place {
    ///     Place::caller()
    /// }
    ///
    /// assert_eq!(who_calls().line(), line!());
    /// ```
    #[inline]
    #[must_use]
    #[track_caller]
    pub const fn caller() -> Self {
        Self(Source::Rust(Location::caller()))
    }

    /// A call of C's.
    #[cfg(feature = "capi")]
    #[inline]
    pub(crate) const fn in_c(file: Option<CFile>, line: u32) -> Self {
        Self(Source::C { file, line })
    }

    /// The file's path, as the compiler was given it. `?` for a call from C that does not tell.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub fn file(self) -> &'static str {
        match self.0 {
            Source::Rust(location) => location.file(),
            #[cfg(feature = "capi")]
            Source::C { file, .. } => file.map_or("?", CFile::as_str),
        }
    }

    /// The line, from 1. 0 for a call from C that does not tell.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn line(self) -> u32 {
        match self.0 {
            Source::Rust(location) => location.line(),
            #[cfg(feature = "capi")]
            Source::C { line, .. } => line,
        }
    }

    /// The column, from 1. C tells none.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn column(self) -> Option<u32> {
        match self.0 {
            Source::Rust(location) => Some(location.column()),
            #[cfg(feature = "capi")]
            Source::C { .. } => None,
        }
    }

    /// The place as Rust has it; `None` if it is in C.
    ///
    /// # Context
    ///
    /// May be called anywhere.
    pub const fn location(self) -> Option<&'static Location<'static>> {
        match self.0 {
            Source::Rust(location) => Some(location),
            #[cfg(feature = "capi")]
            Source::C { .. } => None,
        }
    }

    /// The place in Rust, or where C's calls come into Rust.
    pub(crate) const fn in_rust(self) -> &'static Location<'static> {
        match self.0 {
            Source::Rust(location) => location,
            #[cfg(feature = "capi")]
            Source::C { .. } => C_ENTRY,
        }
    }
}

impl From<&'static Location<'static>> for Place {
    #[inline]
    fn from(location: &'static Location<'static>) -> Self {
        Self(Source::Rust(location))
    }
}

// By value: one place in the source can have several `Location`s, or strings of C's, in the program.
impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.line() == other.line()
            && self.column() == other.column()
            && self.file() == other.file()
    }
}

impl Eq for Place {}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.file(), self.line(), self.column()).hash(state);
    }
}

/// `file:line:column`, or `file:line` in C.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Rust(location) => location.fmt(f),
            #[cfg(feature = "capi")]
            Source::C { file: None, .. } => f.write_str("an unknown place in C"),
            #[cfg(feature = "capi")]
            Source::C { file: Some(file), line } => write!(f, "{}:{line}", file.as_str()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}
