use thread_local::ThreadLocal;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "thread_local",
    operations: &[
        Operation::new(Read, "ThreadLocal::get_or", get)
            .instead("a look before the section"),
        Operation::new(Read, "ThreadLocal::get, nothing there", get_only),
    ],
};

fn get(bench: Bench<'_>) {
    let places = ThreadLocal::new();
    bench.call(&|| _ = black_box(places.get_or(|| 1_u64)));
}

fn get_only(bench: Bench<'_>) {
    let places = ThreadLocal::<u64>::new();
    bench.call(&|| _ = black_box(places.get()));
}
