//! Where something happened, in Rust or in C.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::panic::Location;

#[cfg(feature = "capi")]
use super::c_file::CFile;

/// Stands for every place in C, where only a [`Location`] will do.
#[cfg(feature = "capi")]
const IN_C: &Location<'static> = Location::caller();

/// A place in the source: of a call that broke a rule, or of the beginning of a section.
///
/// It is one of two things. For a call in Rust, it is the [`Location`] that the compiler made. For a call from C, by the
/// feature `capi`, it is the file and line that the C preprocessor gave. Places are equal if they read the same.
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

// Without the feature `capi` it is one word, so that a section costs as much as it would with a `Location`.
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
    /// Returns the place where the calling function was called. That function must be `#[track_caller]` itself.
    ///
    /// For libraries that check, or open a section, on behalf of their caller: see
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

    /// Makes the place of a call from C.
    #[cfg(feature = "capi")]
    #[inline]
    pub(crate) const fn in_c(file: Option<CFile>, line: u32) -> Self {
        Self(Source::C { file, line })
    }

    /// Returns the path of the file, as the compiler was given it. `?` for a call from C that does not tell the file.
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

    /// Returns the line, from 1. 0 for a call from C that does not tell the line.
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

    /// Returns the column, from 1. `None` for a call from C.
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

    /// Returns the place as a [`Location`]. `None` if it is in C.
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

    /// Returns the place if it is in Rust, and otherwise the location that stands for all of C.
    pub(crate) const fn in_rust(self) -> &'static Location<'static> {
        match self.0 {
            Source::Rust(location) => location,
            #[cfg(feature = "capi")]
            Source::C { .. } => IN_C,
        }
    }
}

impl From<&'static Location<'static>> for Place {
    #[inline]
    fn from(location: &'static Location<'static>) -> Self {
        Self(Source::Rust(location))
    }
}

// By value: one place in the source can have several `Location`s or C strings in the program.
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

/// `file:line:column`, or `file:line` for a place in C.
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
