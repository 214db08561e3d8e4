//! What was replaced is dropped by code that may sleep, even if the right to write came from outside the section.

use nonblock::rcu::Rcu;

fn main() {
    let table = Rcu::new(vec![1]);
    nonblock::sleepable(|cx| {
        let mut writer = table.write(cx);
        writer.publish(vec![2]);
        cx.non_block(|nb| writer.collect(nb));
    });
}
