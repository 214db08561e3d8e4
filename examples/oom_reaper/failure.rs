//! Errors of the program itself, as opposed to what it demonstrates.

use std::error::Error;

/// An error that ends the program.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
