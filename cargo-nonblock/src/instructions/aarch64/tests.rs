use super::{
    Base, FRAME, Instruction, LINK, Longer, Operation, Place, STACK, ZERO, branch_target, computed,
    read,
};
use crate::instructions::{Filler, Flow, Register, SystemCall};

/// Reads one instruction, at 0x1000.
#[track_caller]
fn one(word: u32) -> Instruction {
    let (instructions, unreadable) = read(&word.to_le_bytes(), 0x1000);
    assert_eq!(unreadable, None, "{word:08x}");
    instructions[0]
}

fn x(number: u8) -> Register {
    Register(number)
}

fn bits(numbers: &[u8]) -> u32 {
    numbers.iter().fold(0, |bits, number| bits | 1 << number)
}

fn at(base: Register, offset: i64, update: Option<i64>) -> Place {
    Place { base: Base::Register(base), index: None, offset, update }
}

#[test]
fn what_leaves_the_next_instruction_is_told() {
    let flow = |word| (one(word).described.flow, one(word).described.target);
    // b, bl, b.ne, bc.eq, cbz, tbnz: each with where it leads.
    assert_eq!(flow(0x1400_0004), (Flow::Jump, Some(0x1010)));
    assert_eq!(flow(0x97ff_ffff), (Flow::Call, Some(0xffc)));
    assert_eq!(flow(0x5400_0041), (Flow::ConditionalJump, Some(0x1008)));
    assert_eq!(flow(0x5400_0050), (Flow::ConditionalJump, Some(0x1008)));
    assert_eq!(flow(0xb400_0040), (Flow::ConditionalJump, Some(0x1008)));
    assert_eq!(flow(0x3708_0040), (Flow::ConditionalJump, Some(0x1008)));
    // br x16, braaz x0, braa x0, x1; blr x1, blraa x16, x1, blrabz x0; ret, retaa, ret x17
    for word in [0xd61f_0200, 0xd61f_081f, 0xd71f_0801, 0xd65f_0220] {
        assert_eq!(flow(word), (Flow::IndirectJump, None), "{word:08x}");
    }
    for word in [0xd63f_0020, 0xd73f_0a01, 0xd63f_0c1f] {
        assert_eq!(flow(word), (Flow::IndirectCall, None), "{word:08x}");
    }
    for word in [0xd65f_03c0, 0xd65f_0bff, 0xd65f_0fff] {
        assert_eq!(flow(word), (Flow::Return, None), "{word:08x}");
    }
    assert_eq!(one(0xd73f_0a01).jumps_by, Some(x(16)));
    // svc #0, svc #0x80; brk #1, brk #1000, udf #1; brk #0
    assert_eq!(one(0xd400_0001).described.system_call, SystemCall::Yes);
    assert_eq!(one(0xd400_1001).described.system_call, SystemCall::Yes);
    for word in [0xd420_0020, 0xd420_7d00, 0x0000_0001] {
        assert_eq!(flow(word), (Flow::Exception, None), "{word:08x}");
    }
    assert_eq!(flow(0xd420_0000), (Flow::Interrupt, None));
    // nop, bti c, paciasp
    assert_eq!(one(0xd503_201f).described.filler, Filler::Nop);
    assert_eq!(one(0xd503_245f).described.filler, Filler::Mark);
    assert_eq!(one(0xd503_233f).described.filler, Filler::Mark);
}

#[test]
fn what_no_program_has_is_no_instruction() {
    // hvc, smc, hlt, dcps1, eret, drps; retaasppc; cntb x0 and ptrue, of longer vectors; nothing at all.
    let none = [
        0xd400_0002,
        0xd400_0003,
        0xd440_0000,
        0xd4a0_0001,
        0xd69f_03e0,
        0xd6bf_03e0,
        0x5500_001f,
        0x0420_e3e0,
        0x2518_e3e0,
        0x5500_0000,
        0xffff_ffff,
    ];
    for word in none {
        let (instructions, unreadable) = read(&u32::to_le_bytes(word), 0x1000);
        assert_eq!(unreadable, Some(0x1000), "{word:08x}");
        assert_eq!(instructions[0].written, u32::MAX);
    }
    // What is no whole number of instructions, and what lies between two of them.
    assert_eq!(read(&[0x1f, 0x20, 0x03, 0xd5, 0], 0x1000).1, Some(0x1000));
    assert_eq!(read(&[0x1f, 0x20, 0x03, 0xd5], 0x1002).1, Some(0x1002));
    // Data in code does not hide what follows it.
    let (instructions, unreadable) = read(&[0xff, 0xff, 0xff, 0xff, 0xc0, 3, 0x5f, 0xd6], 0x1000);
    assert_eq!((instructions[1].described.flow, unreadable), (Flow::Return, Some(0x1000)));
}

#[test]
fn the_registers_that_are_written_are_told() {
    let cases: [(u32, &[u8]); 24] = [
        // ldr x1, [x2]; ldr x1, [x2, #8]!; ldr x1, [x2], #8; ldr d8, [x8]; ldp x0, x1, [x2]
        (0xf940_0041, &[1]),
        (0xf840_8c41, &[1, 2]),
        (0xf840_8441, &[1, 2]),
        (0xfd40_0108, &[]),
        (0xa940_0440, &[0, 1]),
        // str x0, [x1]; stp x29, x30, [sp, #-16]!; stxr w3, w1, [x2]; stxp w2, x1, xzr, [x2]
        (0xf900_0020, &[]),
        (0xa9bf_7bfd, &[31]),
        (0x8803_7c41, &[3]),
        (0xc822_7c41, &[2]),
        // cas x0, x1, [x2]; casp x0, x1, x2, x3, [x4]; swp w0, w1, [x2]; ldaddal x0, x1, [x2]: too many, rather than too few.
        (0xc8a0_7c41, &[0, 1, 2]),
        (0x4820_7c82, &[0, 1, 2, 3, 4]),
        (0xb820_8041, &[0, 1, 2]),
        (0xf8e0_0041, &[0, 1, 2]),
        // cmp x0, x8; ccmp x0, x0, #4, eq; add sp, sp, #16; csel x0, x0, x1, eq; fmov x0, d0; fmov d0, d0
        (0xeb08_001f, &[]),
        (0xfa40_0004, &[]),
        (0x9100_43ff, &[31]),
        (0x9a81_0000, &[0]),
        (0x9e66_0000, &[0]),
        (0x1e60_4000, &[]),
        // bl; blr x1; mrs x0, tpidr_el0; paciasp; autia1716
        (0x9400_0000, &[30]),
        (0xd63f_0020, &[30]),
        (0xd53b_d040, &[0]),
        (0xd503_233f, &[30]),
        (0xd503_219f, &[17]),
    ];
    for (word, written) in cases {
        assert_eq!(one(word).written, bits(written), "{word:08x}");
    }
    // The kernel gives back all but the result.
    assert_eq!(one(0xd400_0001).written, 1);
}

#[test]
fn what_is_computed_is_told() {
    let is = |word| one(word).operation;
    // adrp x0, +0x34000; adr x1, +4; mov x8, #3; mov w8, #-1; movk x8, #3, lsl #16; movk w8, #1; mov w0, #1
    assert_eq!(is(0x9000_01a0), Operation::Constant { to: x(0), value: 0x35000 });
    assert_eq!(is(0x1000_0021), Operation::Constant { to: x(1), value: 0x1004 });
    assert_eq!(is(0xd280_0068), Operation::Constant { to: x(8), value: 3 });
    assert_eq!(is(0x1280_0008), Operation::Constant { to: x(8), value: 0xffff_ffff });
    let (to, mask) = (x(8), 0xffff_0000);
    assert_eq!(is(0xf2a0_0068), Operation::Insert { to, value: 0x3_0000, mask });
    let mask = 0xffff_ffff_0000_ffff;
    assert_eq!(is(0x7280_0028), Operation::Insert { to, value: 1, mask });
    assert_eq!(is(0x3200_03e0), Operation::Constant { to: x(0), value: 1 });
    // mov x8, x0; mov w0, wzr; mov x29, sp; sub sp, sp, #16; add x0, x0, #1, lsl #12
    assert_eq!(is(0xaa00_03e8), Operation::Copy { to: x(8), from: x(0), is_whole: true });
    assert_eq!(is(0x2a1f_03e0), Operation::Copy { to: x(0), from: ZERO, is_whole: false });
    assert_eq!(is(0x9100_03fd), Operation::Copy { to: FRAME, from: STACK, is_whole: true });
    let by = 16_u64.wrapping_neg();
    assert_eq!(is(0xd100_43ff), Operation::AddConstant { to: STACK, from: STACK, by });
    assert_eq!(is(0x9140_0400), Operation::AddConstant { to: x(0), from: x(0), by: 0x1000 });
    // add x0, x0, x1, lsl #3; add x0, x0, w1, sxtw #3; lsl x8, x1, #1; mul x0, x0, x1
    let add = |longer| Operation::Add { to: x(0), from: x(0), by: x(1), longer, shift: 3 };
    assert_eq!(is(0x8b01_0c00), add(Longer::No));
    assert_eq!(is(0x8b21_cc00), add(Longer::Sign(4)));
    assert_eq!(is(0xd37f_f828), Operation::ShiftLeft { to: x(8), by: 1 });
    assert_eq!(is(0x9b01_7c00), Operation::Multiply { to: x(0), one: x(0), other: x(1) });
    // add w0, w0, #1: only a half of the register, which nobody asks for.
    assert_eq!(is(0x1100_0400), Operation::Other);
}

#[test]
fn what_is_loaded_and_stored_is_told() {
    let is = |word| one(word).operation;
    let load = |to, from, bytes, longer| Operation::Load { to, from, bytes, longer };
    // ldr x8, [x8]; ldp x29, x30, [sp], #16; ldrsw x8, [x8]; ldrb w8, [x0, x1]; ldr x1, +8
    let from = at(x(8), 0, None);
    assert_eq!(is(0xf940_0108), load([Some(x(8)), None], from, 8, Longer::No));
    let to = [Some(FRAME), Some(LINK)];
    assert_eq!(is(0xa8c1_7bfd), load(to, at(STACK, 0, Some(16)), 8, Longer::No));
    assert_eq!(is(0xb980_0108), load([Some(x(8)), None], from, 4, Longer::Sign(4)));
    let from = Place { index: Some((x(1), Longer::No, 0)), ..at(x(0), 0, None) };
    assert_eq!(is(0x3861_6808), load([Some(x(8)), None], from, 1, Longer::Zeros(1)));
    let from = Place { base: Base::Address(0x1008), ..at(x(0), 0, None) };
    assert_eq!(is(0x5800_0041), load([Some(x(1)), None], from, 8, Longer::No));
    // stp x29, x30, [sp, #-16]!; str w8, [x8]; stur d0, [x1, #-16]; str q0, [x0]; str s0, [x1]; dc zva, x3
    let store = |what, to, bytes| Operation::Store { what, to, bytes };
    assert_eq!(is(0xa9bf_7bfd), store([Some(FRAME), Some(LINK)], at(STACK, -16, Some(-16)), 16));
    assert_eq!(is(0xb900_0108), store([None, None], at(x(8), 0, None), 4));
    assert_eq!(is(0xfc1f_0020), store([None, None], at(x(1), -16, None), 8));
    assert_eq!(is(0x3d80_0000), store([None, None], at(x(0), 0, None), 16));
    assert_eq!(is(0xbd00_0020), store([None, None], at(x(1), 0, None), 4));
    assert_eq!(is(0xd50b_7423), Operation::StoreAnywhere);
}

#[test]
fn branches_and_addresses_are_seen_in_words() {
    for word in [0x1400_0004, 0x97ff_ffff, 0x5400_0041, 0xb400_0040, 0x3708_0040] {
        assert_eq!(branch_target(word, 0x1000), one(word).described.target, "{word:08x}");
    }
    for word in [0xd63f_0020, 0xd65f_03c0, 0xf940_0108, 0x9000_01a0] {
        assert_eq!(branch_target(word, 0x1000), None, "{word:08x}");
    }
    // adrp x0, +0x34000; add x0, x0, #0x240; add x1, x2, #8; adr x1, +4
    let words = [0x9000_01a0_u32, 0x9109_0000, 0x9100_2041, 0x1000_0021];
    let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(computed(&code, 0x1000), [(0x1004, 0x35240), (0x100c, 0x1010)]);
}
