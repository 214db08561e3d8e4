use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "prometheus-client",
    operations: &[
        Operation::new(Log, "Counter::inc", inc),
        Operation::new(Log, "Family::get_or_create, and inc", family)
            .instead("a `Counter` that was cloned before")
            .paths(&["prometheus_client::metrics::family::Family::get_or_create"]),
        Operation::new(Log, "Histogram::observe", observe)
            .instead("`hdrhistogram`, made before")
            .paths(&["prometheus_client::metrics::histogram::Histogram::observe"]),
    ],
};

fn inc(bench: Bench<'_>) {
    let counter: Counter = Counter::default();
    bench.call(&|| _ = counter.inc());
}

fn family(bench: Bench<'_>) {
    let family = Family::<[(&'static str, &'static str); 1], Counter>::default();
    let labels = [("of", "read")];
    bench
        .holder("one who holds a counter of the family", &|stand_still| {
            let counter = family.get_or_create(&labels);
            std::thread::scope(|scope| {
                // A new label set takes the lock for itself, and waits for the holder.
                scope.spawn(|| drop(family.get_or_create(&[("of", "write")])));
                std::thread::sleep(std::time::Duration::from_millis(100));
                stand_still();
                drop(counter);
            });
        })
        .call(&|| _ = family.get_or_create(&labels).inc());
}

fn observe(bench: Bench<'_>) {
    let histogram = Histogram::new([1.0, 10.0]);
    let observe = || histogram.observe(black_box(1.5));
    bench.peer("`observe`", &observe).call(&observe);
}
