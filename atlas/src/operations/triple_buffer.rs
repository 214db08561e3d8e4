use triple_buffer::triple_buffer;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "triple_buffer",
    operations: &[
        Operation::new(HandOver, "Input::write", write),
        Operation::new(Read, "Output::read", read),
    ],
};

fn write(bench: Bench<'_>) {
    let (input, output) = triple_buffer(&0_u64);
    let (input, output) = (InTurn::new(input), InTurn::new(output));
    bench
        .peer("`read`", &|| output.with(|output| _ = black_box(*output.read())))
        .call(&|| input.with(|input| input.write(1)));
}

fn read(bench: Bench<'_>) {
    let (input, output) = triple_buffer(&0_u64);
    let (input, output) = (InTurn::new(input), InTurn::new(output));
    let write = || input.with(|input| input.write(1));
    bench
        .prepare(&write)
        .peer("`write`", &write)
        .call(&|| output.with(|output| _ = black_box(*output.read())));
}
