//! The rounds. In each round every rival runs once, in a new random order.

use std::time::Duration;

use crate::batch::Batch;
use crate::plan::{Group, Plan};
use crate::results::{Build, Measured, Series};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How many rounds.
    pub rounds: usize,
    /// How long a sample takes, at least.
    pub sample: Duration,
}

impl Effort {
    /// As much as the page needs.
    pub const FULL: Self = Self { rounds: 101, sample: Duration::from_millis(3) };

    /// Enough to see whether all is in order.
    pub const QUICK: Self = Self { rounds: 21, sample: Duration::from_millis(1) };
}

/// Measures the groups of a plan.
#[must_use]
pub fn measure(plan: Plan, effort: Effort, build: Build) -> Vec<Measured> {
    let mut random = fastrand::Rng::with_seed(0x5eed);
    plan.groups
        .into_iter()
        .map(|group| {
            eprintln!("  {}", group.key());
            measure_group(group, effort, build, &mut random)
        })
        .collect()
}

fn measure_group(
    group: Group,
    effort: Effort,
    build: Build,
    random: &mut fastrand::Rng,
) -> Measured {
    let mut running: Vec<_> = group
        .rivals
        .iter()
        .map(|rival| {
            let mut batch = (rival.make)();
            let times = calibrate(&mut batch, effort.sample);
            (batch, times, Vec::with_capacity(effort.rounds))
        })
        .collect();
    // Threads that were kept waiting for a processor look slow; none may be left with samples of next to nothing.
    let least = running.iter().map(|(_batch, times, _)| *times).max().unwrap_or(1) / 64;
    for (_batch, times, _) in &mut running {
        *times = (*times).max(least);
    }
    let mut order: Vec<_> = (0..running.len()).collect();
    for _round in 0..effort.rounds {
        random.shuffle(&mut order);
        for number in &order {
            let (batch, times, nanoseconds) = &mut running[*number];
            let time = batch(*times).as_secs_f64() * 1e9;
            nanoseconds.push(time / (*times as f64 * group.per));
        }
    }
    let mut measured = unmeasured(group, build);
    for (series, (_batch, _times, nanoseconds)) in measured.series.iter_mut().zip(running) {
        series.nanoseconds = nanoseconds;
    }
    measured
}

/// The groups of a plan without any times, for those who want to know but what else is said of them.
#[must_use]
pub fn without_times(plan: Plan, build: Build) -> Vec<Measured> {
    plan.groups.into_iter().map(|group| unmeasured(group, build)).collect()
}

fn unmeasured(group: Group, build: Build) -> Measured {
    let series = group.rivals.into_iter().map(|rival| Series {
        name: rival.name,
        ours: rival.ours,
        nanoseconds: Vec::new(),
        instructions: None,
    });
    Measured {
        series: series.collect(),
        id: group.id,
        title: group.title,
        about: group.about,
        build: Some(build),
        point: group.point,
        goals: group.goals,
    }
}

/// How often each number of times is tried when samples are calibrated.
const TRIES: usize = 5;

/// How many times fill a sample. What they warm up is warm then.
fn calibrate(batch: &mut Batch, sample: Duration) -> u64 {
    let mut times = 1;
    loop {
        // The least of several: one in which another program had the processor would end this too early.
        let tries = (0..TRIES).map(|_try| batch(times));
        let time = tries.min().unwrap_or_default();
        if time >= sample {
            return times;
        }
        // In one step to a little more, once it takes long enough to be told from the clock's own time.
        let missing = sample.as_nanos() * 11 / (10 * time.as_nanos().max(1)) + 1;
        times *= u64::try_from(missing).unwrap_or(8).clamp(2, 8);
    }
}
