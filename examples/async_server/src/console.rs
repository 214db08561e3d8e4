//! What tokio-console shows of the same handlers: how long their polls took by the clock, and its warnings.
//!
//! Its server side runs here, and the gRPC interface is asked as the terminal program asks it. A task is a connection, and may ask for
//! any path, so each path has connections and a time of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::Cursor;
use std::time::{Duration, SystemTime};

use console_api::field::{Name, Value};
use console_api::instrument::instrument_client::InstrumentClient;
use console_api::instrument::instrument_server::InstrumentServer;
use console_api::instrument::{InstrumentRequest, TaskDetailsRequest, Update};
use console_api::tasks::task_details::PollTimesHistogram;
use console_api::tasks::{Stats, Task};
use console_subscriber::ConsoleLayer;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use tokio::runtime::{Builder, Runtime};
use tonic::Streaming;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::handlers::ROUTES;
use crate::server::{Polls, SLOW, Server};
use crate::{CLIENTS, clients};

#[cfg(not(tokio_unstable))]
compile_error!("the feature `console` needs RUSTFLAGS='--cfg tokio_unstable'");

/// How long the last connections of a path may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is shown of a path.
#[derive(Default)]
pub struct Shown {
    /// The polls of its connections that took longer than [`SLOW`].
    pub slow: u64,
    pub polls: u64,
    /// The warnings, each with how many tasks have it.
    pub warnings: BTreeMap<&'static str, usize>,
}

/// Serves each path in turn without sections, and returns what is shown of it.
pub fn look(requests: usize) -> Result<BTreeMap<&'static str, Shown>, Box<dyn Error>> {
    let mut console = Console::start()?;
    let server = Server::start(Polls::Bare, None)?;
    let mut shown = BTreeMap::new();
    for route in ROUTES {
        console.forget_tasks()?;
        clients::ask(server.address, &[route.path], requests / ROUTES.len(), CLIENTS)
            .map_err(|error| error as Box<dyn Error>)?;
        shown.insert(route.path, console.connections()?);
    }
    Ok(shown)
}

struct Console {
    runtime: Runtime,
    client: InstrumentClient<InstrumentServer<console_subscriber::Server>>,
    updates: Streaming<Update>,
    /// The tasks of the server that are known, by their number.
    tasks: BTreeMap<u64, Watched>,
}

/// A task as it was told of.
struct Watched {
    task: Task,
    stats: Stats,
    warnings: BTreeSet<&'static str>,
}

impl Console {
    /// Has every task of this program be noted from now on.
    fn start() -> Result<Self, Box<dyn Error>> {
        let (layer, server) =
            ConsoleLayer::builder().publish_interval(Duration::from_millis(100)).build();
        let parts = server.into_parts();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("console")
            .enable_all()
            .build()?;
        // Before the layer is there: it is not to note what notes.
        runtime.spawn(parts.aggregator.run());
        tracing_subscriber::registry().with(layer).try_init()?;
        let mut client = InstrumentClient::new(parts.instrument_server);
        let updates = runtime.block_on(client.watch_updates(InstrumentRequest {}))?.into_inner();
        Ok(Self { runtime, client, updates, tasks: BTreeMap::new() })
    }

    /// Reads what has been told, and forgets the tasks: what comes is of the next path.
    fn forget_tasks(&mut self) -> Result<(), Box<dyn Error>> {
        self.read_update()?;
        self.tasks.clear();
        Ok(())
    }

    /// Waits until every client's connection has ended, and returns what was shown of them.
    fn connections(&mut self) -> Result<Shown, Box<dyn Error>> {
        let begin = SystemTime::now();
        let ended = |console: &Self| {
            let connections = console.tasks.values().filter(|watched| watched.is_connection());
            connections.filter(|watched| watched.stats.dropped_at.is_some()).count()
        };
        while ended(self) < CLIENTS {
            if begin.elapsed()? > PATIENCE {
                return Err(format!("of {CLIENTS} connections {} have ended", ended(self)).into());
            }
            self.read_update()?;
        }
        let mut shown = Shown::default();
        for (id, watched) in &self.tasks {
            for warning in &watched.warnings {
                *shown.warnings.entry(warning).or_default() += 1;
            }
            if watched.is_connection() {
                shown.polls += watched.polls();
                shown.slow += slow_polls(&self.runtime, &mut self.client, *id)?;
            }
        }
        Ok(shown)
    }

    /// Reads the next update, which comes in a moment, and looks at the tasks as the terminal program does at each update.
    fn read_update(&mut self) -> Result<(), Box<dyn Error>> {
        let update = self.runtime.block_on(self.updates.message())?.ok_or("the console ended")?;
        let tasks = update.task_update.unwrap_or_default();
        if tasks.dropped_events > 0 {
            return Err(format!("{} events were lost", tasks.dropped_events).into());
        }
        let mut stats = tasks.stats_update;
        for task in tasks.new_tasks {
            let Some(id) = task.id.map(|id| id.id) else { continue };
            let stats = stats.remove(&id).unwrap_or_default();
            // The clients run in this program too.
            if is_of_the_server(&task) {
                self.tasks.insert(id, Watched { task, stats, warnings: BTreeSet::new() });
            }
        }
        for (id, stats) in stats {
            if let Some(watched) = self.tasks.get_mut(&id) {
                watched.stats = stats;
            }
        }
        for watched in self.tasks.values_mut() {
            watched.look_for_warnings();
        }
        Ok(())
    }
}

/// Returns how many polls of a task took longer than [`SLOW`].
fn slow_polls(
    runtime: &Runtime,
    client: &mut InstrumentClient<InstrumentServer<console_subscriber::Server>>,
    id: u64,
) -> Result<u64, Box<dyn Error>> {
    let request = TaskDetailsRequest { id: Some(id.into()) };
    let details = runtime.block_on(async {
        client.watch_task_details(request).await?.into_inner().message().await
    })?;
    let Some(PollTimesHistogram::Histogram(told)) =
        details.and_then(|details| details.poll_times_histogram)
    else {
        return Err("a task without a histogram".into());
    };
    let polls: Histogram<u64> =
        Deserializer::new().deserialize(&mut Cursor::new(told.raw_histogram))?;
    let slow = u64::try_from(SLOW.as_nanos())?;
    Ok(polls.count_between(slow, polls.high()) + told.high_outliers)
}

/// Whether it was spawned by the server's own code or in a handler.
fn is_of_the_server(task: &Task) -> bool {
    file(task).is_some_and(|file| file.ends_with("server.rs") || file.contains("handlers"))
}

fn file(task: &Task) -> Option<&str> {
    task.location.as_ref()?.file.as_deref()
}

/// The value of a task's field.
fn field<'a>(task: &'a Task, name: &str) -> Option<&'a Value> {
    let is_named = |of: &Name| matches!(of, Name::StrName(of) if of == name);
    let field = task.fields.iter().find(|field| field.name.as_ref().is_some_and(is_named))?;
    field.value.as_ref()
}

fn bytes(task: &Task, name: &str) -> Option<u64> {
    match field(task, name)? {
        Value::U64Val(bytes) => Some(*bytes),
        _ => None,
    }
}

impl Watched {
    /// Whether it serves a connection. What a handler spawns is spawned elsewhere.
    fn is_connection(&self) -> bool {
        file(&self.task).is_some_and(|file| file.ends_with("server.rs"))
    }

    fn polls(&self) -> u64 {
        self.stats.poll_stats.as_ref().map_or(0, |polls| polls.polls)
    }

    /// Notes the warnings that tokio-console 0.1.14 has on, by the conditions and limits of its `src/warnings.rs`.
    fn look_for_warnings(&mut self) {
        let (task, stats) = (&self.task, &self.stats);
        let kind = field(task, "kind").map(ToString::to_string).unwrap_or_default();
        let size = bytes(task, "size.bytes");
        if bytes(task, "original_size.bytes").is_some_and(|original| Some(original) != size) {
            self.warnings.insert("auto-boxed-future");
        }
        if ["block_on", "blocking"].contains(&kind.as_str()) {
            return;
        }
        if size.is_some_and(|size| size >= 1024) {
            self.warnings.insert("large-future");
        }
        if (stats.self_wakes * 100).checked_div(stats.wakes).is_some_and(|percent| percent > 50) {
            self.warnings.insert("self-wakes");
        }
        let polls = stats.poll_stats.unwrap_or_default();
        let time = |stamp: Option<_>| stamp.and_then(|stamp| SystemTime::try_from(stamp).ok());
        let began = time(polls.last_poll_started);
        let is_running = began > time(polls.last_poll_ended);
        let is_woken = polls.polls == 0 || time(stats.last_wake) > began;
        let is_over = stats.dropped_at.is_some();
        if !is_over && !is_running && !is_woken && stats.waker_clones <= stats.waker_drops {
            self.warnings.insert("lost-waker");
        }
        let now = began.and_then(|began| began.elapsed().ok()).unwrap_or_default();
        if !is_over && is_running && polls.polls <= 1 && now >= Duration::from_secs(1) {
            self.warnings.insert("never-yielded");
        }
    }
}
