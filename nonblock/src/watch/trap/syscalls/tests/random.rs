//! Any numbers and any arguments: nothing panics or faults, and the answers are of the table.

use std::string::String;
use std::vec::Vec;

use super::made_up::MadeUp;
use super::real::kernel;
use crate::watch::trap::syscalls::ask::{Ask, DescriptorKind};
use crate::watch::trap::syscalls::classify::{classify, decide};
use crate::watch::trap::syscalls::numbers::{aarch64, x86_64};
use crate::watch::trap::syscalls::system_call::SystemCall;

const ROUNDS: usize = 20_000;

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 & usize::MAX as u64).expect("it was cut")
    }

    /// A small number, a flag, an address, a great number, or anything.
    fn argument(&mut self, good_address: usize) -> usize {
        match self.next() % 8 {
            0 => 0,
            1 => self.next() % 16,
            2 => 1_usize.rotate_left(u32::try_from(self.next() % 64).expect("small")),
            3 => good_address,
            4 => good_address.wrapping_add(self.next() % 8192),
            5 => usize::MAX - self.next() % 4096,
            6 => self.next() & 0xffff_ffff,
            _ => self.next(),
        }
    }

    fn arguments(&mut self, good_address: usize) -> [usize; 6] {
        core::array::from_fn(|_| self.argument(good_address))
    }
}

fn check(call: &'static SystemCall, arguments: &[usize; 6], ask: &impl Ask, line: &mut String) {
    let verdict = decide(call, arguments, ask);
    assert!(!verdict.why.is_empty());
    line.clear();
    let result = Some(arguments[5].cast_signed());
    call.write(line, arguments[4], arguments, result).expect("a string takes all");
    assert!(line.starts_with(call.name) && line.contains(" = "), "{line}");
}

#[test]
fn nothing_panics_in_a_made_up_world() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut line = String::new();
    let mut both = Vec::new();
    for round in 0..ROUNDS {
        let arguments = random.arguments(0x1000);
        let flags = i32::from_ne_bytes(random.next().to_ne_bytes()[..4].try_into().expect("four"));
        let memory = if round % 2 == 0 { [0; 32] } else { [0xff; 32] };
        let world = MadeUp::default()
            .with_memory(&memory)
            .with_descriptor(3, flags, DescriptorKind::Pipe)
            .with_descriptor(4, flags, DescriptorKind::File);
        for numbers in [x86_64::NUMBERS, aarch64::NUMBERS] {
            let (_, call) = numbers[random.next() % numbers.len()];
            check(call, &arguments, &world, &mut line);
        }
        let verdict = classify(random.argument(202), &arguments, &world);
        both.push(verdict.may_block);
    }
    assert!(both.contains(&true) && both.contains(&false));
}

/// Addresses are asked of the kernel as they are, and most of them are bad.
#[test]
fn nothing_faults_where_the_kernel_is_asked() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let kernel = kernel();
    let memory = [0_u64; 1024];
    let mut line = String::new();
    for _ in 0..ROUNDS {
        let arguments = random.arguments((&raw const memory).expose_provenance());
        let (_, call) = x86_64::NUMBERS[random.next() % x86_64::NUMBERS.len()];
        check(call, &arguments, &kernel, &mut line);
        classify(random.next() % 600, &arguments, &kernel);
    }
}
