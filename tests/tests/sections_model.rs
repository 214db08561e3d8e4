//! Programs of sections, drawn at random, against a model that counts for itself.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use nonblock::ViolationKind::{NotInNonBlock, SleepInNonBlock, UnbalancedEnd};
use nonblock::testing::violations;
use nonblock::{ViolationKind, cant_sleep, might_sleep, permit_sleep, raw};
use proptest::prelude::*;

/// A step of a program. What holds steps runs them inside.
#[derive(Clone, Debug)]
enum Step {
    Section(Vec<Step>),
    Permit(Vec<Step>),
    Root(Vec<Step>),
    /// Catches a panic of the steps inside.
    Catch(Vec<Step>),
    Start,
    End,
    MightSleep,
    CantSleep,
    Panic,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let leaf = prop_oneof![
        2 => Just(Step::Start),
        2 => Just(Step::End),
        4 => Just(Step::MightSleep),
        4 => Just(Step::CantSleep),
        1 => Just(Step::Panic),
    ];
    let step = leaf.prop_recursive(6, 64, 5, |inner| {
        let inner = prop::collection::vec(inner, 0..5);
        prop_oneof![
            inner.clone().prop_map(Step::Section),
            inner.clone().prop_map(Step::Permit),
            inner.clone().prop_map(Step::Root),
            inner.prop_map(Step::Catch),
        ]
    });
    prop::collection::vec(step, 0..8)
}

/// Runs the steps for real, and notes the depth after each.
fn run(steps: &[Step], depths: &mut Vec<u32>) {
    for step in steps {
        match step {
            Step::Section(inner) => raw::non_block(|_nb| run(inner, depths)),
            Step::Permit(inner) => permit_sleep("the model", |_cx| run(inner, depths)),
            Step::Root(inner) => raw::sleepable(|_cx| run(inner, depths)),
            Step::Catch(inner) => {
                let _ = catch_unwind(AssertUnwindSafe(|| run(inner, depths)));
            }
            Step::Start => raw::non_block_start(),
            Step::End => raw::non_block_end(),
            Step::MightSleep => might_sleep(),
            Step::CantSleep => cant_sleep(),
            // Unlike `panic!`, it does not bother the panic hook with a message.
            Step::Panic => resume_unwind(Box::new(())),
        }
        depths.push(raw::depth());
    }
}

/// What a run should come to.
#[derive(Debug, Default)]
struct Model {
    depth: u32,
    aside: u32,
    /// Up to which depth what sleeps has the same cause as a root that was reported.
    reported: u32,
    found: Vec<(ViolationKind, u32)>,
    depths: Vec<u32>,
}

/// The steps were left by a panic.
struct Unwinding;

impl Model {
    fn run(&mut self, steps: &[Step]) -> Result<(), Unwinding> {
        for step in steps {
            self.step(step)?;
            self.depths.push(self.depth);
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Unwinding> {
        match step {
            Step::Section(inner) => {
                self.depth += 1;
                let result = self.run(inner);
                self.end();
                return result;
            }
            Step::Permit(inner) => {
                let put = std::mem::take(&mut self.depth);
                self.aside += put;
                let reported = std::mem::take(&mut self.reported);
                let result = self.run(inner);
                self.reported = reported;
                let back = put.min(self.aside);
                self.aside -= back;
                self.depth += back;
                return result;
            }
            Step::Root(inner) => {
                if self.depth == 0 {
                    return self.run(inner);
                }
                self.might_sleep();
                let reported = std::mem::replace(&mut self.reported, self.depth);
                let result = self.run(inner);
                self.reported = reported;
                return result;
            }
            Step::Catch(inner) => {
                let _ = self.run(inner);
            }
            Step::Start => self.depth += 1,
            Step::End => self.end(),
            Step::MightSleep => self.might_sleep(),
            Step::CantSleep => self.expect(self.depth != 0, NotInNonBlock),
            Step::Panic => return Err(Unwinding),
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.depth > 0 {
            self.depth -= 1;
        } else if self.aside > 0 {
            self.aside -= 1;
        } else {
            self.found.push((UnbalancedEnd, 0));
        }
    }

    fn might_sleep(&mut self) {
        self.expect(self.depth <= self.reported, SleepInNonBlock);
    }

    fn expect(&mut self, holds: bool, otherwise: ViolationKind) {
        if !holds {
            self.found.push((otherwise, self.depth));
        }
    }
}

proptest! {
    #[test]
    fn a_program_of_sections_counts_as_the_model_does(steps in steps()) {
        let mut model = Model::default();
        let _ = model.run(&steps);

        // On a thread of its own, which takes with it what is left open.
        let (depths, found) = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut depths = Vec::new();
                let found = violations(|| {
                    let _ = catch_unwind(AssertUnwindSafe(|| run(&steps, &mut depths)));
                    depths.push(raw::depth());
                });
                (depths, found)
            }).join().expect("panics are caught")
        });
        model.depths.push(model.depth);

        let found: Vec<_> = found.iter().map(|found| (found.kind(), found.depth())).collect();
        prop_assert_eq!(found, model.found);
        prop_assert_eq!(depths, model.depths);
    }
}
