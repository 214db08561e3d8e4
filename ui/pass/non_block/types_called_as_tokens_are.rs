//! Types and traits of another crate's that are called as the tokens are, and are none.
#![deny(warnings)]

use nonblock::{non_block, raw};

mod motor {
    pub struct Sleepable(pub u32);

    pub trait Context {
        fn step(&mut self) -> u32;
    }

    impl Context for Sleepable {
        fn step(&mut self) -> u32 {
            self.0 += 1;
            self.0
        }
    }
}

use motor::{Context, Sleepable};

#[non_block]
fn run(motor: &mut Sleepable) -> (u32, u32) {
    (motor.step(), raw::depth())
}

#[non_block]
fn run_any<C: Context>(cx: &mut C) -> u32 {
    cx.step() + raw::depth()
}

#[non_block]
fn run_what_has_no_name(_cx: &mut impl Context) -> u32 {
    raw::depth()
}

trait Driver {
    #[non_block]
    fn drive<C>(&self, cx: &mut C) -> u32
    where
        C: Context,
    {
        cx.step()
    }
}

impl Driver for u8 {}

fn main() {
    let one = u32::from(cfg!(debug_assertions));
    let mut motor = Sleepable(0);
    assert_eq!(run(&mut motor), (1, one));
    assert_eq!(run_any(&mut motor), 2 + one);
    assert_eq!(run_what_has_no_name(&mut motor), one);
    assert_eq!(7_u8.drive(&mut motor), 3);
}
