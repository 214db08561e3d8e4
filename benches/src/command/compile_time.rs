//! What the attributes cost the compiler. It builds crates of several sizes that differ only in their attributes.

use benches::goal::Goal;
use benches::results::{Measured, Series};
use nonblock_tools::cargo;
use nonblock_tools::generate::{Variant, source_of};

use super::generated::{Generated, processor_time};

/// How many functions, and how many rounds: a large crate takes long, and varies less.
const SIZES: [(usize, usize); 4] = [(0, 9), (100, 9), (1_000, 9), (10_000, 1)];

const REWRITTEN: &str = "the attribute's own code, which is given each function and writes it anew. Cargo does not optimize attributes in the profile \
                         `dev`: by the compiler's `-Z time-passes`, 1,000 functions with `#[non_block]` took 1.4 s and more to expand, and 0.2 \
                         to 0.4 s with `[profile.dev.build-override] opt-level = 3`. `cargo run --release -p nonblock-tools --bin \
                         expansion_cost -- --instructions` counts the compiler's instructions, which do not differ between runs";

pub(crate) fn curve() -> Result<Vec<Measured>, String> {
    let nonblock = cargo::root().join("nonblock").display().to_string();
    SIZES.iter().map(|(functions, rounds)| point(*functions, *rounds, &nonblock)).collect()
}

fn point(functions: usize, rounds: usize, nonblock: &str) -> Result<Measured, String> {
    let crates = |functions| {
        Variant::ALL.map(|variant| {
            let dependencies = variant.dependencies(nonblock);
            (variant.name().to_owned(), dependencies, source_of(variant, functions))
        })
    };
    // Their dependencies are checked with crates that have no function yet.
    let generated = Generated::new(&format!("compile_{functions}"), "lib.rs", &crates(0))?;
    let crates = crates(functions);
    eprintln!("checking crates of {functions} functions");
    cargo::run(&mut generated.cargo(&["check", "--workspace"]))?.succeeded("cargo check")?;
    let mut times = Variant::ALL.map(|_variant| Vec::new());
    let mut order: Vec<_> = (0..Variant::ALL.len()).collect();
    let mut random = fastrand::Rng::with_seed(0x5eed);
    for _round in 0..rounds {
        random.shuffle(&mut order);
        for number in &order {
            let (name, _dependencies, source) = &crates[*number];
            // Written anew, it has to be compiled anew.
            generated.touch(name, "lib.rs", source)?;
            let mut check = generated.cargo(&["check", "--offline", "--package", name]);
            let (outcome, time) = processor_time(&mut check)?;
            if outcome.stderr.matches("Checking ").count() != 1 {
                return Err(format!("other crates were checked as well\n{}", outcome.stderr));
            }
            times[*number].push(time.as_secs_f64() * 1e9);
        }
    }
    let series = Variant::ALL.iter().zip(times).map(|(variant, nanoseconds)| Series {
        name: variant.title().to_owned(),
        ours: matches!(variant, Variant::NonBlock | Variant::MaySleep),
        nanoseconds,
        instructions: None,
    });
    let title = |variant: Variant| variant.title();
    let goals_of_growth = [Variant::NonBlock, Variant::MaySleep]
        .map(|variant| Goal::grows_at_most(1.1, variant.title()));
    let goals = [
        Goal::at_most(1.15, title(Variant::NonBlock), title(Variant::Plain)).cause(REWRITTEN),
        Goal::at_most(1.15, title(Variant::MaySleep), title(Variant::PlainToken)).cause(REWRITTEN),
        Goal::at_most(1.0, title(Variant::NonBlock), title(Variant::Instrument)),
    ];
    Ok(Measured {
        id: "compile_time".to_owned(),
        title: "Compile time of annotated functions".to_owned(),
        about: "Processor time of `cargo check` for a crate whose every function has the attribute, with its dependencies \
                checked before; all sizes have what cargo and rustc take to start."
            .to_owned(),
        build: None,
        point: Some(("functions".to_owned(), functions as u64)),
        series: series.collect(),
        goals: if functions == 1_000 { goals.to_vec() } else { goals_of_growth.to_vec() },
    })
}
