//! Counting instructions, which repeat exactly where times do not.
//!
//! The measured program runs under callgrind, which dumps its count whenever [`benches_mark`] returns. So one run counts
//! every rival. Each is run twice, the second time for twice as many times: the difference has no start in it.

use std::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::batch::{Batch, each};
use crate::plan::Plan;

/// What the empty loop is called among the counts.
pub const EMPTY: &str = "(empty loop)";

/// Where callgrind dumps its count: `--dump-after=benches_mark`.
// No other function of the program has this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn benches_mark() {
    black_box(());
}

/// A rival whose instructions were counted, and how many times it ran in the longer of its two runs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Counted {
    /// The group's name, its size included.
    pub group: String,
    /// The rival's name.
    pub rival: String,
    /// How many times more it ran in its second run than in its first.
    pub times: u64,
    /// How many things each time does.
    pub per: f64,
}

/// Runs what is counted, and returns in which order. To be run under callgrind.
#[must_use]
pub fn run(plan: &Plan) -> Vec<Counted> {
    let mut counted =
        vec![Counted { group: String::new(), rival: EMPTY.to_owned(), times: 1000, per: 1.0 }];
    run_one(&mut (Box::new(each(|| ())) as Batch), 1000);
    for group in &plan.groups {
        let Some(times) = group.counted else { continue };
        for rival in &group.rivals {
            run_one(&mut (rival.make)(), times);
            counted.push(Counted {
                group: group.key(),
                rival: rival.name.clone(),
                times,
                per: group.per,
            });
        }
    }
    counted
}

/// Three marks: the count at the first is of what went before, those at the others are of the two runs.
fn run_one(batch: &mut Batch, times: u64) {
    // What is done once only is done now.
    batch(2);
    benches_mark();
    batch(times);
    benches_mark();
    batch(2 * times);
    benches_mark();
}
