//! Read in sections, held across a sleep, replaced with the token in between.
#![deny(warnings)]

use nonblock::rcu::Rcu;

fn main() {
    let table = Rcu::new(vec![1, 2]);
    nonblock::sleepable(|cx| {
        let before = table.read();
        nonblock::thread::sleep(cx, std::time::Duration::ZERO);
        table.update(cx, |now| now.iter().map(|n| n + 1).collect());
        assert_eq!(cx.non_block(|_nb| table.read().len()), 2);
        assert_eq!(*before, [1, 2]);
        drop(before);
        table.synchronize(cx);
    });
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(*table.read(), [2, 3]));
    });
}
