//! A program of many crates, to measure how long a check takes. Each of its parts does something small by much code.

#[cfg(feature = "engines")]
mod engines;
#[cfg(feature = "search")]
mod search;
mod server;

#[tokio::main]
async fn main() {
    println!("{}", server::stored("a text").await);
    #[cfg(feature = "search")]
    println!("{} {} {}", search::found("text"), search::smaller(64), search::items("fn f() {}"));
    #[cfg(feature = "engines")]
    println!("{} {}", engines::by_wasm(20), engines::by_javascript(20));
}
