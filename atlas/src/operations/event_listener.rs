use event_listener::{Event, Listener};

use super::prelude::*;

pub(super) const PACKAGE: Package = Package {
    name: "event-listener",
    operations: &[
        Operation::new(Wake, "Event::notify, nobody listens", notify),
        Operation::new(Wake, "Event::notify, one listens", notify_one)
            .varies(&[("call futex", 1)])
            .first_varies(&[("call futex", 1)])
            .instead(UNPARK)
            .paths(&["event_listener::Event::notify"]),
    ],
};

fn notify(bench: Bench<'_>) {
    let event = Event::new();
    bench.call(&|| _ = event.notify(1));
}

fn notify_one(bench: Bench<'_>) {
    let event = std::sync::Arc::new(Event::new());
    let listens = event.clone();
    let sleeper = Sleeper::start(move || listens.listen().wait());
    bench
        .prepare(&|| sleeper.falls_asleep())
        .peer("one who begins to listen, and ceases", &|| drop(event.listen()))
        .call(&|| _ = event.notify(1));
}
