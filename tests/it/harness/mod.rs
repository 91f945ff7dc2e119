//! What tests say instead of set-up: the program as it runs ([`app`]) or as a process ([`program`]),
//! people of a standard compound and what they do ([`people`]), a database of one's own ([`db`]),
//! messages as WeChat sends them ([`wechat`]), pictures ([`pictures`]), a browser ([`browser`]), servers and wires
//! that may be broken ([`faults`]), races of an erasure ([`leaving`]), rows by what tests call them ([`rows`]).

pub mod app;
pub mod browser;
pub mod compound;
pub mod db;
pub mod faults;
pub mod leaving;
pub mod log;
pub mod people;
pub mod pictures;
pub mod program;
pub mod rows;
pub mod wechat;

use std::net::TcpListener;

/// Some free port of 127.0.0.1. Another program could take it before it is used; nobody here does.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("no free port")
        .port()
}

/// How often over the named time is waited: a machine with two cores and many tests at once is slow, and who
/// waits longer fails no later where all is well.
const PATIENCE: u32 = 3;

/// Waits until `look` finds something, looking every 20 ms; panics with `what` after `seconds`, thrice over.
pub async fn until<T, F>(what: &str, seconds: u64, look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    until_or(|| what.to_owned(), seconds, look).await
}

/// The same; what it panics with is made up only then.
pub async fn until_or<T, F>(
    what: impl Fn() -> String,
    seconds: u64,
    mut look: impl FnMut() -> F,
) -> T
where
    F: Future<Output = Option<T>>,
{
    let patience = std::time::Duration::from_secs(seconds) * PATIENCE;
    let began = std::time::Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            began.elapsed() < patience,
            "waited {} s in vain: {}",
            patience.as_secs(),
            what()
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
