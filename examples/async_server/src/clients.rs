//! Clients that ask the server for its paths, one after the other, each on a connection of its own.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

/// Asks for the paths in turn, as often as is said, by so many clients, and returns how long it took.
pub fn ask(
    address: SocketAddr,
    paths: &[&'static str],
    requests: usize,
    clients: usize,
) -> Result<Duration, Failure> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("clients")
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let begin = Instant::now();
        let mut tasks = JoinSet::new();
        for client in 0..clients {
            let own = requests / clients + usize::from(client < requests % clients);
            let paths: Vec<_> = paths.iter().cycle().skip(client).take(own).copied().collect();
            tasks.spawn(ask_for_all(address, paths));
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(begin.elapsed())
    })
}

async fn ask_for_all(address: SocketAddr, paths: Vec<&'static str>) -> Result<(), Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    for path in paths {
        let request = Request::get(path).header("host", "localhost").body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        if !response.status().is_success() {
            return Err(format!("{path}: {}", response.status()).into());
        }
        let body = response.into_body().collect().await?.to_bytes();
        if body.is_empty() {
            return Err(format!("{path}: an empty answer").into());
        }
        sender.ready().await?;
    }
    drop(sender);
    connection.await??;
    Ok(())
}
