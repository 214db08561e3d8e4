//! What each layer adds to a program: small programs, each built for release and stripped.

use std::fs;

use nonblock_tools::cargo;

use super::chapter::Chapter;
use super::figures::count;
use super::generated::Generated;

/// A program: its name, what it does, nonblock's features (`None` without nonblock), other dependencies, and `main`'s body.
struct Small {
    name: &'static str,
    what: &'static str,
    features: Option<&'static str>,
    others: &'static str,
    body: &'static str,
}

const PARKING_LOT: &str = "parking_lot = { version = \"0.13.0\", default-features = false }\n";
const MM: &str = "nonblock-mm = { path = '{root}/nonblock-mm' }\n";
const CROSSBEAM: &str = "crossbeam-queue = { version = \"0.3.14\", default-features = false, features = [\"alloc\"] }\n";
const SECTION: &str = "nonblock::sleepable(|cx| cx.non_block(|_nb| { black_box(1); }));\n    nonblock::might_sleep();";
const MMU: &str = "
    struct Device(nonblock::sync::Mutex<Vec<nonblock_mm::mmu::Range>>);
    impl nonblock_mm::mmu::Invalidate for Device {
        fn invalidate<C: nonblock::Context>(&self, range: &nonblock_mm::mmu::Range, cx: &mut C) -> Result<(), C::Refusal> {
            self.0.acquire(cx)?.retain(|mapped| !mapped.overlaps(range));
            Ok(())
        }
    }
    let space = nonblock_mm::mmu::AddressSpace::new();
    let range = nonblock_mm::mmu::Range::with_len(0x10_0000, 4096).unwrap();
    nonblock::sleepable(|cx| {
        let device = std::sync::Arc::new(Device(nonblock::sync::Mutex::new(vec![range])));
        let subscription = space.subscribe(device, cx).unwrap();
        drop(space.try_invalidate(range, nonblock_mm::mmu::Event::Unmap, cx));
        subscription.unsubscribe(cx);
    });";

const PROGRAMS: [Small; 11] = [
    Small { name: "empty", what: "nothing", features: None, others: "", body: "black_box(1);" },
    Small {
        name: "section_off",
        what: "sections and `might_sleep`, checks off",
        features: Some("\"std\""),
        others: "",
        body: SECTION,
    },
    Small {
        name: "section_on",
        what: "sections and `might_sleep`, checks on: the counters, the reporter, backtraces",
        features: Some("\"std\", \"checks\""),
        others: "",
        body: SECTION,
    },
    Small {
        name: "tracing_on",
        what: "the same, with reports as events of `tracing`",
        features: Some("\"std\", \"checks\", \"tracing\""),
        others: "",
        body: SECTION,
    },
    Small {
        name: "raw_mutex",
        what: "`parking_lot`'s mutex, without nonblock",
        features: None,
        others: PARKING_LOT,
        body: "*black_box(&parking_lot::Mutex::new(0)).lock() += 1;",
    },
    Small {
        name: "mutex_off",
        what: "`sync::Mutex` over it, checks off",
        features: Some("\"sync\""),
        others: "",
        body: "nonblock::sleepable(|cx| *black_box(&nonblock::sync::Mutex::new(0)).lock(cx) += 1);",
    },
    Small {
        name: "channel_off",
        what: "`sync::channel`, checks off",
        features: Some("\"sync\""),
        others: "",
        body: "let (sender, receiver) = nonblock::sync::channel::bounded(4);
    nonblock::sleepable(|cx| sender.send(cx, black_box(1)).unwrap());
    nonblock::sleepable(|cx| black_box(receiver.recv(cx).unwrap()));",
    },
    Small {
        name: "ring",
        what: "crossbeam's `ArrayQueue` and a thread, without nonblock",
        features: None,
        others: CROSSBEAM,
        body: "let queue = std::sync::Arc::new(crossbeam_queue::ArrayQueue::new(4));
    queue.push(black_box(1)).unwrap();
    std::thread::spawn(move || black_box(queue.pop())).join().unwrap();",
    },
    Small {
        name: "queue_off",
        what: "`work::Queue` with a worker, checks off",
        features: Some("\"std\", \"work\""),
        others: "",
        body: "let queue = nonblock::work::Queue::with_capacity(4);
    queue.worker(\"w\", |item: u64, _cx| { black_box(item); }).unwrap();
    nonblock::non_block(|nb| queue.push(nb, black_box(1)).unwrap());
    nonblock::raw::sleepable(|cx| queue.shutdown(cx));",
    },
    Small {
        name: "mmu_off",
        what: "`nonblock-mm`: an address space and a notifier, checks off",
        features: Some("\"sync\""),
        others: MM,
        body: MMU,
    },
    Small {
        name: "mmu_on",
        what: "the same, checks on",
        features: Some("\"sync\", \"checks\""),
        others: MM,
        body: MMU,
    },
];

pub(crate) fn chapter() -> Result<Chapter, String> {
    let nonblock = cargo::root().join("nonblock");
    let crates = PROGRAMS.map(|program| {
        let own = program.features.map_or(String::new(), |features| {
            let path = nonblock.display();
            format!("nonblock = {{ path = '{path}', default-features = false, features = [{features}] }}\n")
        });
        let source = format!("use std::hint::black_box;\n\nfn main() {{\n    {}\n}}\n", program.body);
        let others = program.others.replace("{root}", &cargo::root().display().to_string());
        (program.name.to_owned(), own + &others, source)
    });
    let generated = Generated::new("size", "main.rs", &crates)?;
    let mut rows = Vec::new();
    let mut empty = 0;
    for program in &PROGRAMS {
        eprintln!("building a program with {}", program.what);
        let mut build =
            generated.cargo(&["build", "--quiet", "--release", "--package", program.name]);
        cargo::run(&mut build)?.succeeded("cargo build")?;
        let path = generated.built(program.name);
        let size = fs::metadata(&path)
            .map_err(|error| format!("cannot look at {}: {error}", path.display()))?
            .len();
        if program.name == "empty" {
            empty = size;
        }
        let more = size.saturating_sub(empty);
        rows.push(vec![program.what.to_owned(), count(size), count(more)]);
    }
    Ok(Chapter {
        title: "Size of programs",
        about: "Stripped release binaries, in bytes. Each does what it names and nothing else."
            .to_owned(),
        heads: vec!["a program with", "bytes", "more than the empty one"],
        rows,
        verdicts: Vec::new(),
    })
}
