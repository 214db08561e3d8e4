use std::io::Write;

use tracing_appender::non_blocking::NonBlockingBuilder;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "tracing-appender",
    operations: &[
        Operation::new(Log, "NonBlocking::write, lossy", write)
            .varies(&[("call futex", 0), ("frees", 0)])
            .first_varies(&[("call futex", 0)])
            .instead(QUEUE),
    ],
};

fn write(bench: Bench<'_>) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(100);
    let (writer, guard) = builder.finish(std::io::sink());
    std::mem::forget(guard);
    let writer = InTurn::new(writer);
    bench.call(&|| writer.with(|writer| _ = writer.write(b"a line of text\n")));
}
