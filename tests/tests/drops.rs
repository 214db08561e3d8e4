//! An annotated function drops the same values as the plain function, in the same order, and inside its section.

#![allow(
    clippy::needless_pass_by_value,
    reason = "what is passed by value is dropped by whom it is passed to"
)]

use std::cell::RefCell;

use nonblock::{NonBlock, Sleepable, may_sleep, non_block, raw, sleepable};

thread_local! {
    static DROPPED: RefCell<Vec<(&'static str, u32)>> = const { RefCell::new(Vec::new()) };
}

/// Says when it is dropped, and how deep in sections.
struct Noisy(&'static str);

impl Noisy {
    fn peek(&self) -> u32 {
        u32::try_from(self.0.len()).expect("a name is short")
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push((self.0, raw::depth())));
    }
}

/// What a call drops, by name, with the depth that each was dropped at.
fn dropped(call: impl FnOnce()) -> Vec<(&'static str, u32)> {
    DROPPED.take();
    call();
    DROPPED.take()
}

fn names(dropped: &[(&'static str, u32)]) -> Vec<&'static str> {
    dropped.iter().map(|(name, _)| *name).collect()
}

/// The same function, plain and with each attribute.
macro_rules! variants {
    ($plain:ident, $section:ident, $bound:ident, $may_sleep:ident,
     ($($parameter:pat => $ty:ty),*) -> $output:ty $body:block) => {
        fn $plain($($parameter: $ty),*) -> $output $body

        #[non_block]
        fn $section($($parameter: $ty),*) -> $output $body

        #[non_block(_nb)]
        fn $bound($($parameter: $ty),*) -> $output $body

        #[may_sleep(_cx)]
        fn $may_sleep($($parameter: $ty),*) -> $output $body
    };
}

variants!(plain, section, bound, binds, (first => Noisy, _ => Noisy, (left, _) => (Noisy, Noisy), last => Noisy) -> u32 {
    let kept = Noisy("a variable");
    Noisy("a temporary of a statement").peek();
    let _ = Noisy("not kept");
    drop(last);
    first.peek() + left.peek() + kept.peek() + Noisy("a temporary of the last expression").peek()
});

variants!(plain_early, section_early, bound_early, binds_early, (first => Noisy, stop => Option<Noisy>) -> Option<u32> {
    let kept = Noisy("a variable");
    let stop = stop?;
    let sum = first.peek() + kept.peek() + stop.peek();
    if sum > 1_000 {
        return None;
    }
    Some(sum + Noisy("a temporary of the last expression").peek())
});

fn arguments() -> (Noisy, Noisy, (Noisy, Noisy), Noisy) {
    (Noisy("first"), Noisy("second"), (Noisy("left"), Noisy("right")), Noisy("last"))
}

#[test]
fn drops_are_in_the_order_of_the_plain_function() {
    let of = |f: fn(Noisy, Noisy, (Noisy, Noisy), Noisy) -> u32| {
        dropped(|| {
            let (first, second, pair, last) = arguments();
            f(first, second, pair, last);
        })
    };
    let expected = of(plain);
    assert_eq!(expected.len(), 9, "{expected:?}");
    for annotated in [section, bound, binds] {
        assert_eq!(names(&of(annotated)), names(&expected));
    }
}

#[test]
fn early_exits_drop_in_the_order_of_the_plain_function() {
    let of = |f: fn(Noisy, Option<Noisy>) -> Option<u32>, stop: bool| {
        dropped(|| {
            f(Noisy("first"), (!stop).then(|| Noisy("stop")));
        })
    };
    for stop in [false, true] {
        let expected = of(plain_early, stop);
        for annotated in [section_early, bound_early, binds_early] {
            assert_eq!(names(&of(annotated, stop)), names(&expected));
        }
    }
}

/// The section ends after what the body has made is dropped; the arguments are the caller's, and are dropped after it.
#[test]
fn what_the_body_makes_is_dropped_in_the_section() {
    for annotated in [section, bound] {
        let found = dropped(|| {
            let (first, second, pair, last) = arguments();
            annotated(first, second, pair, last);
        });
        for (name, depth) in found {
            // `last` is dropped by the body.
            let by_body = name.contains(' ') || name == "last";
            assert_eq!(depth, u32::from(by_body), "{name}");
        }
    }
}

#[test]
fn tokens_change_no_drops() {
    #[may_sleep]
    fn lent(first: Noisy, _: &mut Sleepable, second: Noisy) -> u32 {
        first.peek() + second.peek() + Noisy("a temporary").peek()
    }

    #[non_block]
    fn proved(first: Noisy, _nb: &NonBlock, second: Noisy) -> u32 {
        first.peek() + second.peek() + Noisy("a temporary").peek()
    }

    fn untouched(first: Noisy, second: Noisy) -> u32 {
        first.peek() + second.peek() + Noisy("a temporary").peek()
    }

    let expected = names(&dropped(|| {
        untouched(Noisy("first"), Noisy("second"));
    }));
    sleepable(|cx| {
        let found = dropped(|| {
            lent(Noisy("first"), cx, Noisy("second"));
        });
        assert_eq!(names(&found), expected);
        let found = dropped(|| {
            cx.non_block(|nb| proved(Noisy("first"), nb, Noisy("second")));
        });
        assert_eq!(names(&found), expected);
        assert!(found.iter().all(|(_, depth)| *depth == 1), "{found:?}");
    });
}
