//! How the body of a test is run.

use super::entry::{bind_non_block, bind_sleepable};
use crate::token::{NonBlock, Sleepable};

/// The body of a test: what it takes, a token or nothing, is lent to it.
#[diagnostic::on_unimplemented(
    message = "a test takes one token, or nothing",
    label = "takes something else",
    note = "write `fn name()`, `fn name(cx: &mut Sleepable)` or `fn name(nb: &mut NonBlock)`"
)]
pub trait TestBody<Takes> {
    /// What the test returns.
    type Output;

    /// Runs the test. A section that it asks for begins at the caller.
    #[track_caller]
    fn run(self) -> Self::Output;
}

/// Runs a test's body.
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
        self(bind_sleepable().token())
    }
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce(&mut NonBlock) -> R> TestBody<&mut NonBlock> for F {
    type Output = R;

    #[track_caller]
    fn run(self) -> R {
        self(bind_non_block().token())
    }
}

#[diagnostic::do_not_recommend]
impl<R, F: FnOnce(&NonBlock) -> R> TestBody<&NonBlock> for F {
    type Output = R;

    #[track_caller]
    fn run(self) -> R {
        self(bind_non_block().token())
    }
}
