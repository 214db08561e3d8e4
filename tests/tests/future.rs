//! Futures whose every poll is a section: by the method, by the attribute, and what is not in a section.

use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use nonblock::future::{NonBlockExt as _, NonBlocking};
use nonblock::testing::expect_violation;
use nonblock::{ViolationKind, non_block, raw};

/// Polls a future until it is ready.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Is pending once.
async fn yield_now() {
    let mut was_pending = false;
    poll_fn(|_| {
        if std::mem::replace(&mut was_pending, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn every_poll_is_a_section_and_nothing_between_two() {
    let depths = Cell::new(Vec::new());
    let note = || {
        let mut noted = depths.take();
        noted.push(raw::depth());
        depths.set(noted);
    };
    let mut task = pin!(
        async {
            note();
            yield_now().await;
            note();
        }
        .non_block()
    );
    assert!(poll_once(task.as_mut()).is_pending());
    assert_eq!(raw::depth(), 0);
    assert!(poll_once(task.as_mut()).is_ready());
    assert_eq!(raw::depth(), 0);
    assert_eq!(depths.take(), [1, 1]);
}

#[test]
fn the_section_begins_where_the_future_was_wrapped() {
    let (task, line) = (async { nonblock::might_sleep() }.non_block(), line!());
    let violation = expect_violation(|| block_on(task));
    assert_eq!(violation.kind(), ViolationKind::SleepInNonBlock);
    let section = violation.section_place().expect("it was found in one");
    assert_eq!((section.file(), section.line()), (file!(), line));
}

#[non_block]
async fn sleeps() {
    nonblock::might_sleep();
}

#[test]
fn the_section_of_an_async_fn_begins_at_its_name() {
    let violation = expect_violation(|| block_on(sleeps()));
    let section = violation.section_place().expect("it was found in one");
    assert_eq!((section.line(), section.column()), (line!() - 8, Some(10)));
}

#[test]
fn a_panic_in_a_poll_leaves_no_section_open() {
    let task = async { panic!("on purpose") }.non_block();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| block_on(task)));
    assert!(caught.is_err());
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_future_that_is_dropped_half_way_leaves_no_section_open() {
    let mut task = Box::pin(pending::<()>().non_block());
    assert!(poll_once(task.as_mut()).is_pending());
    drop(task);
    assert_eq!(raw::depth(), 0);
}

#[test]
fn a_future_within_another_is_a_section_within_a_section() {
    let inner = || async { raw::depth() }.non_block();
    assert_eq!(block_on(async { inner().await }.non_block()), 2);
}

#[test]
fn the_future_within_can_be_had() {
    let mut task = NonBlocking::new(ready(3));
    assert_eq!(task.get_ref().clone().into_inner(), 3);
    *task.get_mut() = ready(4);
    assert_eq!(task.into_inner().into_inner(), 4);
    let mut task = pin!(NonBlocking::new(async { raw::depth() }));
    assert_eq!(poll_once(task.as_mut().get_pin_mut()), Poll::Ready(0));
}

/// Everything that a body can do with what it returns.
mod forms {
    use super::*;

    #[non_block]
    pub(super) async fn question_mark(text: &str) -> Result<u32, std::num::ParseIntError> {
        yield_now().await;
        let parsed = text.parse::<u32>()?;
        Ok(parsed + raw::depth())
    }

    #[non_block]
    pub(super) async fn early(flag: bool) -> u32 {
        if flag {
            return raw::depth();
        }
        yield_now().await;
        raw::depth() + 1
    }

    #[non_block]
    pub(super) async fn closures() -> Vec<u32> {
        (0..2).map(|n| n + raw::depth()).collect()
    }

    #[non_block]
    pub(super) async fn opaque() -> impl Iterator<Item = u32> {
        std::iter::once(raw::depth())
    }

    #[non_block]
    pub(super) async fn nothing() {
        yield_now().await;
    }

    #[non_block]
    pub(super) async fn generic<T: Into<u32>, const N: usize>(values: [T; N], mut sum: u32) -> u32 {
        for value in values {
            yield_now().await;
            sum += value.into();
        }
        sum * raw::depth()
    }

    #[non_block]
    pub(super) async fn patterns((a, b): (u32, u32), [c, ..]: [u32; 2], _: u32) -> u32 {
        #![allow(clippy::many_single_char_names)]
        (a + b + c) * raw::depth()
    }

    #[non_block]
    pub(super) async fn boxes(depth: u32) -> u32 {
        if depth == 0 { raw::depth() } else { Box::pin(boxes(depth - 1)).await }
    }

    #[non_block]
    pub(super) fn future(start: u32) -> impl Future<Output = u32> + Send {
        let at_call = raw::depth();
        async move { start + 10 * at_call + raw::depth() }
    }

    #[non_block]
    pub(super) fn boxed(start: &u32) -> Pin<Box<dyn Future<Output = u32> + Send + '_>> {
        let at_call = raw::depth();
        Box::pin(async move { *start + 10 * at_call + raw::depth() })
    }
}

#[test]
fn what_an_async_fn_returns_is_known_in_its_body() {
    assert_eq!(block_on(forms::question_mark("4")), Ok(5));
    assert!(block_on(forms::question_mark("x")).is_err());
    assert_eq!((block_on(forms::early(true)), block_on(forms::early(false))), (1, 2));
    assert_eq!(block_on(forms::closures()), [1, 2]);
    assert_eq!(block_on(forms::opaque()).collect::<Vec<_>>(), [1]);
    block_on(forms::nothing());
    assert_eq!(block_on(forms::generic([1_u8, 2], 3)), 6);
    assert_eq!(block_on(forms::patterns((1, 2), [3, 4], 5)), 6);
    // Each call polls the next.
    assert_eq!(block_on(forms::boxes(3)), 4);
}

#[test]
fn a_function_that_returns_a_future_is_a_section_and_so_are_the_polls() {
    assert_eq!(block_on(forms::future(100)), 111);
    assert_eq!(block_on(forms::boxed(&100)), 111);
}

struct Counter {
    hits: Cell<u32>,
}

trait Service {
    async fn call(&self, by: u32) -> u32;
    fn boxed(&mut self) -> Pin<Box<dyn Future<Output = u32> + '_>>;
}

#[non_block]
impl Service for Counter {
    async fn call(&self, by: u32) -> u32 {
        yield_now().await;
        self.hits.set(self.hits.get() + by);
        raw::depth()
    }

    fn boxed(&mut self) -> Pin<Box<dyn Future<Output = u32> + '_>> {
        Box::pin(async {
            self.hits.set(self.hits.get() + 1);
            raw::depth()
        })
    }
}

type Boxed = Pin<Box<dyn Future<Output = u32>>>;

#[non_block]
fn within_another_type() -> (impl Future<Output = u32>,) {
    (async { raw::depth() },)
}

#[non_block]
fn under_an_alias() -> Boxed {
    Box::pin(async { raw::depth() })
}

#[test]
fn the_polls_of_a_future_that_the_type_does_not_show_are_no_sections() {
    let depth = block_on(within_another_type().0);
    assert_eq!((depth, block_on(under_an_alias())), (0, 0));
    let wrapped = block_on(within_another_type().0.non_block());
    assert_eq!((wrapped, block_on(under_an_alias().non_block())), (1, 1));
}

#[test]
fn the_attribute_on_a_block_reaches_its_async_methods() {
    let mut counter = Counter { hits: Cell::new(0) };
    assert_eq!(block_on(counter.call(2)), 1);
    assert_eq!(block_on(counter.boxed()), 1);
    assert_eq!(counter.hits.get(), 3);
}

/// Methods of `async_trait`, by the attribute on a method and on the whole block.
mod methods_of_async_trait {
    use super::*;

    #[async_trait::async_trait]
    pub(super) trait Service {
        async fn call(&self, by: u32) -> (u32, u32);
    }

    pub(super) struct OnMethod;
    pub(super) struct OnBlock;
    pub(super) struct Within;

    #[async_trait::async_trait]
    impl Service for OnMethod {
        #[non_block]
        async fn call(&self, by: u32) -> (u32, u32) {
            yield_now().await;
            (by, raw::depth())
        }
    }

    #[non_block]
    #[async_trait::async_trait]
    impl Service for OnBlock {
        async fn call(&self, by: u32) -> (u32, u32) {
            yield_now().await;
            (by, raw::depth())
        }
    }

    #[async_trait::async_trait]
    #[non_block]
    impl Service for Within {
        async fn call(&self, by: u32) -> (u32, u32) {
            yield_now().await;
            (by, raw::depth())
        }
    }
}

#[test]
fn the_boxed_future_of_an_async_trait_is_polled_in_sections() {
    use methods_of_async_trait::{OnBlock, OnMethod, Service, Within};

    let services: [Box<dyn Service>; 3] = [Box::new(OnMethod), Box::new(OnBlock), Box::new(Within)];
    for service in services {
        assert_eq!(block_on(service.call(2)), (2, 1));
        assert_eq!(raw::depth(), 0);
    }
}

/// Tells how many sections are open when it is dropped.
struct Dropped(Rc<Cell<Option<u32>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(Some(raw::depth()));
    }
}

#[non_block]
async fn keeps(used: Dropped, _unused: Dropped) {
    yield_now().await;
    let _ = &used;
}

#[test]
fn what_the_body_uses_is_dropped_in_its_last_section() {
    let at = || Rc::new(Cell::new(None));
    let (used, unused) = (at(), at());
    block_on(keeps(Dropped(used.clone()), Dropped(unused.clone())));
    assert_eq!((used.get(), unused.get()), (Some(1), Some(0)));
}

#[test]
fn a_wrapped_future_is_as_large_as_its_place_more() {
    let future = async { yield_now().await };
    let bare = size_of_val(&future);
    assert_eq!(
        size_of_val(&future.non_block()),
        (bare + size_of::<nonblock::Place>()).next_multiple_of(8)
    );
}

#[test]
fn a_token_is_lent_between_two_awaits() {
    let lock = nonblock::sync::SpinLock::new(1);
    let task = async {
        yield_now().await;
        nonblock::non_block(|nb| *lock.lock(nb) += 1);
        yield_now().await;
        nonblock::non_block(|nb| *lock.lock(nb))
    };
    assert_eq!(block_on(task.non_block()), 2);
}
