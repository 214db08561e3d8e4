//! A server over a database, and its client.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rusqlite::Connection;
use tokio::net::TcpListener;

type Database = Arc<Mutex<Connection>>;

async fn store(State(database): State<Database>, Path(text): Path<String>) -> String {
    let database = database.lock().expect("no other has failed");
    database.execute("INSERT INTO texts VALUES (?1)", [text]).expect("a row");
    let count: i64 =
        database.query_row("SELECT count(*) FROM texts", [], |row| row.get(0)).expect("a count");
    format!("{count} stored")
}

/// Stores a text by way of the server, and returns what that said.
pub(crate) async fn stored(text: &str) -> String {
    let database = Connection::open_in_memory().expect("memory");
    database.execute("CREATE TABLE texts (text TEXT)", []).expect("a table");
    let router =
        Router::new().route("/{text}", get(store)).with_state(Arc::new(Mutex::new(database)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it has one");
    tokio::spawn(async move { axum::serve(listener, router).await });

    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<&[u8]>>();
    let path = format!("http://{address}/{}", text.replace(' ', "%20"));
    let answer = client.get(path.parse().expect("an address")).await.expect("an answer");
    let body = answer.into_body().collect().await.expect("all of it").to_bytes();
    String::from_utf8_lossy(&body).into_owned()
}
