//! Handlers that block, each as programs do.

use std::io::{PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::net::ToSocketAddrs as _;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

/// A file that is there on every Linux.
pub const FILE: &str = "/proc/self/status";

/// A line of the log. Eight of them fill a pipe.
const LINE: [u8; 8 << 10] = [b'.'; 8 << 10];

/// How long the others keep the lock, and how often the log is read.
const PAUSE: Duration = Duration::from_micros(500);

static TOTAL: Mutex<u64> = Mutex::new(0);
static LOG: OnceLock<PipeWriter> = OnceLock::new();
static DATABASE: OnceLock<Mutex<Connection>> = OnceLock::new();

/// Begins what the handlers need: a thread that works with the lock, one that reads the log slowly, and a database in a folder.
pub fn begin(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let (reader, writer) = pipe()?;
    LOG.get_or_init(|| writer);
    let connection = Connection::open(folder.join("visits.db"))?;
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS visits (id INTEGER PRIMARY KEY, path TEXT)")?;
    DATABASE.get_or_init(|| Mutex::new(connection));
    thread::Builder::new().name("accounts".to_owned()).spawn(work_with_the_lock)?;
    thread::Builder::new().name("log_reader".to_owned()).spawn(|| read_slowly(reader))?;
    Ok(())
}

fn work_with_the_lock() {
    loop {
        let mut total = TOTAL.lock().unwrap_or_else(PoisonError::into_inner);
        *total += 1;
        thread::sleep(PAUSE);
        drop(total);
        thread::sleep(PAUSE);
    }
}

fn read_slowly(mut reader: PipeReader) {
    let mut line = LINE;
    while reader.read(&mut line).is_ok_and(|bytes| bytes > 0) {
        thread::sleep(PAUSE);
    }
}

/// Reads a file.
pub async fn file() -> String {
    std::fs::read_to_string(FILE).map_or(0, |text| text.len()).to_string()
}

/// Waits for a lock that a thread holds while it works.
pub async fn lock() -> String {
    let mut total = TOTAL.lock().unwrap_or_else(PoisonError::into_inner);
    *total += 1;
    total.to_string()
}

/// Asks for the address of a name.
pub async fn resolve() -> String {
    ("localhost", 80).to_socket_addrs().map_or(0, Iterator::count).to_string()
}

/// Writes a line to a log that is full.
pub async fn log() -> String {
    let written = LOG.get().map(|mut log| log.write_all(&LINE).is_ok());
    written.unwrap_or_default().to_string()
}

/// Writes to a database, and reads from it.
pub async fn database() -> String {
    let Some(database) = DATABASE.get() else { return String::new() };
    let connection = database.lock().unwrap_or_else(PoisonError::into_inner);
    let visits =
        connection.execute("INSERT INTO visits (path) VALUES ('/database')", ()).and_then(|_| {
            connection.query_row("SELECT count(*) FROM visits", (), |row| row.get::<_, i64>(0))
        });
    visits.unwrap_or_default().to_string()
}
