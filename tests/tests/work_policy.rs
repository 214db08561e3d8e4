//! Work queues in processes whose policy the environment sets.

use nonblock::work::Queue;
use nonblock::{non_block, raw, sleepable};

#[test]
fn under_the_policy_panic_too_the_worker_goes_on() {
    let test = "under_the_policy_panic_too_the_worker_goes_on";
    let outcome = nonblock_tests::process::own(test, &[("NONBLOCK", "panic".into())], || {
        let queue = Queue::with_capacity(4);
        queue
            .worker("careless", |leave: bool, cx| {
                if leave {
                    raw::non_block_start();
                }
                non_block(|_nb| raw::depth());
                assert!(leave || raw::depth() == 0);
                let _ = cx;
            })
            .expect("a thread starts");
        for leave in [true, false] {
            non_block(|nb| queue.push(nb, leave).expect("there is room"));
        }
        sleepable(|cx| queue.shutdown(cx));
        assert_eq!((queue.stats().handled, queue.stats().panicked), (2, 0));
    });
    outcome.assert_success();
    assert_eq!(outcome.stderr.matches("sleeping function called").count(), 1, "{outcome:#?}");
}
