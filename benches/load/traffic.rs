//! Residents who file: a closed loop that finds the greatest rate, and an open one that finds the
//! answer times at a given rate. Every answer is decrypted and must bear a case number.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::community::{ACCOUNTS, open_id};
use crate::platform::Platform;

/// Files one case and returns what the person reads.
pub async fn file(
    connection: &mut Connection,
    platform: &Platform,
    account: i64,
) -> Result<String> {
    let callback = platform.text(&open_id(account))?;
    let answer = connection.post(&callback.target, &callback.body).await?;
    if answer.status != 200 {
        bail!("the callback answered {}: {}", answer.status, answer.body);
    }
    let text = platform.read(&answer.body)?;
    if !text.contains("诉求 #") {
        bail!("no case number in the reply: {text}");
    }
    Ok(text)
}

/// Walks over the accounts in steps that have no divisor in common with their number.
fn next(account: i64) -> i64 {
    (account + 776) % ACCOUNTS + 1
}

/// `clients` who file one case after the other; returns cases per second.
pub async fn greatest_rate(
    address: SocketAddr,
    platform: &Arc<Platform>,
    clients: i64,
    lasting: Duration,
) -> Result<f64> {
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for client in 0..clients {
        let platform = platform.clone();
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut account = client * ACCOUNTS / clients + 1;
            let mut done = 0_u32;
            while began.elapsed() < lasting {
                file(&mut connection, &platform, account).await?;
                account = next(account);
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0.0;
    while let Some(client) = tasks.join_next().await {
        done += f64::from(client??);
    }
    Ok(done / began.elapsed().as_secs_f64())
}

/// Cases at a fixed rate whatever the answers do; returns the sorted answer times in
/// milliseconds, counted from when each message was due, so that waiting behind a slow one counts.
pub async fn answer_times(
    address: SocketAddr,
    platform: &Arc<Platform>,
    per_second: f64,
    lasting: Duration,
) -> Result<Vec<f64>> {
    const LINES: u32 = 64;
    let between = Duration::from_secs_f64(1.0 / per_second);
    let mut tasks = JoinSet::new();
    // Connections are there before the first message is due.
    let began = Instant::now() + Duration::from_millis(200);
    for line in 0..LINES {
        let platform = platform.clone();
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut account = i64::from(line) * ACCOUNTS / i64::from(LINES) + 1;
            let mut times = Vec::new();
            for round in 0.. {
                let due = began + between * (round * LINES + line);
                if due >= began + lasting {
                    break;
                }
                tokio::time::sleep_until(due.into()).await;
                file(&mut connection, &platform, account).await?;
                times.push(due.elapsed().as_secs_f64() * 1000.0);
                account = next(account);
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(line) = tasks.join_next().await {
        times.extend(line??);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
