//! What a function under `#[non_block]` calls that returns a future, where the feature `async` is off.

/// Is implemented by no type.
#[diagnostic::on_unimplemented(
    message = "`#[non_block]` on a function that returns a future needs the feature `async` of `nonblock`",
    label = "each poll of this future would be a section",
    note = "add `async` to the features of `nonblock` in `Cargo.toml`"
)]
pub trait NeedsFeatureAsync {}

/// Does not compile.
pub fn non_blocking<F: NeedsFeatureAsync>(future: F) -> F {
    future
}
