//! What the server answers, and how.

pub mod blocking;
pub mod clean;

use std::pin::Pin;

/// The future of an answer.
pub type Answer = Pin<Box<dyn Future<Output = String> + Send>>;

/// What a handler does with the thread that polls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It does not block.
    Clean,
    /// It gives what may block to a thread that may.
    HandsOver,
    /// It blocks.
    Blocks,
}

/// A path that the server answers at.
#[derive(Clone, Copy)]
pub struct Route {
    pub path: &'static str,
    /// The last part of the handler's path in the source.
    pub handler: &'static str,
    pub manner: Manner,
    pub answer: fn() -> Answer,
}

macro_rules! route {
    ($path:literal, $module:ident::$handler:ident, $manner:ident) => {
        Route {
            path: $path,
            handler: concat!(stringify!($module), "::", stringify!($handler)),
            manner: Manner::$manner,
            answer: || Box::pin($module::$handler()),
        }
    };
}

/// All of them.
pub const ROUTES: [Route; 11] = [
    route!("/hello", clean::hello, Clean),
    route!("/sum", clean::sum, Clean),
    route!("/count", clean::count, Clean),
    route!("/later", clean::later, Clean),
    route!("/channel", clean::channel, Clean),
    route!("/offloaded", clean::offloaded, HandsOver),
    route!("/file", blocking::file, Blocks),
    route!("/lock", blocking::lock, Blocks),
    route!("/resolve", blocking::resolve, Blocks),
    route!("/log", blocking::log, Blocks),
    route!("/database", blocking::database, Blocks),
];
