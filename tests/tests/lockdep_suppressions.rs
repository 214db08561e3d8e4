//! What `lockdep` is told not to report.

use nonblock::lockdep::{Class, Suppression, suppress};
use nonblock::testing::violations;

/// Takes two in both orders, and returns how often that was reported.
fn reports(one: &Class, other: &Class) -> usize {
    let take = |first: &Class, second: &Class| {
        let _first = first.acquire();
        drop(second.acquire());
    };
    violations(|| {
        take(one, other);
        take(other, one);
    })
    .len()
}

#[test]
fn a_circle_with_a_suppressed_class_is_silent_and_others_are_not() {
    let suppression = Suppression::class("legacy *", "its order is known to be safe");
    suppress(suppression.expect("it has a reason"));
    assert_eq!(reports(&Class::new("new journal"), &Class::new("new table")), 1);
    assert_eq!(reports(&Class::new("legacy journal"), &Class::new("table beside it")), 0);
    assert_eq!(reports(&Class::new("journal beside it"), &Class::new("legacy table")), 0);
}
