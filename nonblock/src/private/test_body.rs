//! The body of a test, and the token that it is lent.

use super::prologue::{bind_non_block, bind_sleepable};
use crate::token::{NonBlock, Sleepable};

/// The body of a test. It takes one token, which is lent to it, or nothing.
#[diagnostic::on_unimplemented(
    message = "a test takes one token, or nothing",
    label = "takes something else",
    note = "write `fn name()`, `fn name(cx: &mut Sleepable)` or `fn name(nb: &mut NonBlock)`"
)]
pub trait TestBody<Takes> {
    /// What the test returns.
    type Output;

    /// Runs the test. If it takes a `NonBlock`, the section begins at the caller.
    #[track_caller]
    fn run(self) -> Self::Output;
}

/// Runs the body of a test.
#[track_caller]
pub fn run_body<F: TestBody<Takes>, Takes>(body: F) -> F::Output {
    body.run()
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce() -> R> TestBody<()> for F {
    type Output = R;

    fn run(self) -> R {
        self()
    }
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce(&mut Sleepable) -> R> TestBody<&mut Sleepable> for F {
    type Output = R;

    #[track_caller]
    fn run(self) -> R {
        // SAFETY: it is dropped when the body returns.
        let mut bound = unsafe { bind_sleepable() };
        self(bound.token())
    }
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce(&mut NonBlock) -> R> TestBody<&mut NonBlock> for F {
    type Output = R;

    #[track_caller]
    fn run(self) -> R {
        // SAFETY: it is dropped when the body returns.
        let mut bound = unsafe { bind_non_block() };
        self(bound.token())
    }
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce(&NonBlock) -> R> TestBody<&NonBlock> for F {
    type Output = R;

    #[track_caller]
    fn run(self) -> R {
        // SAFETY: it is dropped when the body returns.
        let mut bound = unsafe { bind_non_block() };
        self(bound.token())
    }
}
