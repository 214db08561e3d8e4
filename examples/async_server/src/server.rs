//! The server: it accepts connections, and serves each in a task of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_metrics::TaskMonitor;

use crate::handlers::ROUTES;

/// How the tasks of the connections are polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polls {
    /// As tokio does.
    Bare,
    /// In sections: by `nonblock::tokio::spawn`.
    Sections,
    /// In sections: by the hooks of the runtime.
    #[cfg(tokio_unstable)]
    Hooks,
}

/// What measures the handlers' polls: one monitor for each path.
pub type Monitors = Arc<BTreeMap<&'static str, TaskMonitor>>;

/// A poll longer than this is called slow.
pub const SLOW: Duration = Duration::from_micros(50);

/// Makes a monitor for each path.
pub fn monitors() -> Monitors {
    let monitor = || {
        let mut builder = TaskMonitor::builder();
        builder.with_slow_poll_threshold(SLOW);
        builder.build()
    };
    Arc::new(ROUTES.iter().map(|route| (route.path, monitor())).collect())
}

/// A server that runs until it is dropped.
pub struct Server {
    pub address: SocketAddr,
    /// Its threads.
    _runtime: Runtime,
}

impl Server {
    /// Starts a server on two threads.
    pub fn start(polls: Polls, monitors: Option<Monitors>) -> std::io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("server").enable_all();
        #[cfg(tokio_unstable)]
        if polls == Polls::Hooks {
            use nonblock::tokio::BuilderExt as _;
            builder.non_block_polls();
        }
        let runtime = builder.build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        runtime.spawn(accept(listener, polls, router(monitors)));
        Ok(Self { address, _runtime: runtime })
    }
}

fn router(monitors: Option<Monitors>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let monitor = monitors.as_ref().and_then(|monitors| monitors.get(route.path)).cloned();
        let answer = move || {
            let answer = (route.answer)();
            let monitor = monitor.clone();
            async move {
                match monitor {
                    Some(monitor) => monitor.instrument(answer).await,
                    None => answer.await,
                }
            }
        };
        router = router.route(route.path, get(answer));
    }
    router
}

async fn accept(listener: TcpListener, polls: Polls, router: Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = TowerToHyperService::new(router.clone());
        // A client that goes away is no matter.
        let serve = async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        };
        match polls {
            Polls::Sections => nonblock::tokio::spawn(serve),
            // The hooks are the runtime's.
            _ => tokio::spawn(serve),
        };
    }
}
