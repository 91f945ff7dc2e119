//! The figures of docs/performance.md, measured against others on this machine.
//!
//! ```text
//! cargo bench --bench load -- SCENARIO
//!   protocol            verify, decrypt, parse, encrypt the reply; against wechatpy
//!   callback-postgres   the encrypted callback that files a case; against pgbench
//!   callback-sqlite     the same; against a bare sqlx loop
//!   reminders           100 000 due at one instant; against BullMQ
//!   latency             answer times and memory at half of the greatest rate (or --rate=N)
//!   start               from the start to /readyz
//!   similar             what may be the same as a new case, among 10 000 open ones
//!   tokens              calls to the token endpoint by eight instances, with bad tokens thrown in
//!   burst               1 000 tasks pushed to 200 stewards at once by WeCom
//!   robot               mentions in a group, to the first reply
//!   handbook            a question answered from the handbook among 1 000 articles
//!   wishes              2 000 people who race for 11 wishes over two instances
//!   desk                lists and pages of the console at 1 000 000 cases; against 10 000
//!   dashboard           the figures of a street over 1 000 000 cases; against plain SQL
//!   import              100 000 homes with 200 000 people; against COPY
//!   bills               a month's bills of 100 000 homes; against INSERT … SELECT
//!   papers              PDF files: time and size
//!   notices             a notice to 100 000 people; against INSERT … SELECT
//!   sending             the same sent to a platform that answers in 50 ms; against what its connections carry
//!   payments            notifications settled and in the books, on one core; against pgbench
//!   days                a trade bill of 1 000 000 rows held against our payments
//!   disclosures         a month published out of 1 000 000 rows of the books; against plain SQL
//!   money               the four above: bills, payments, days, disclosures
//!   all                 every one of them, and writes docs/performance.md
//!   capture             prints the statements of one filing and of one payment; fails when benches/compare/ holds
//!                       others
//! ```
//!
//! Needs Linux with taskset, PostgreSQL, Redis, Python and Node; two cores at least. Whatever it
//! starts listens on free ports of 127.0.0.1 and lives in a temporary folder.

mod bills;
mod burst;
mod callback;
mod capture;
mod city;
mod client;
mod community;
mod counter;
mod dashboard;
mod days;
mod desk;
mod disclosures;
mod figure;
mod handbook;
mod import;
mod machine;
mod notices;
mod papers;
mod payments;
mod pgbench;
mod platform;
mod pretend;
mod protocol;
mod reminders;
mod report;
mod robot;
mod script;
mod sending;
mod server;
mod service;
mod similar;
mod tokens;
mod town;
mod traffic;
mod wishes;

use anyhow::{Result, bail};
use figure::Figure;

#[tokio::main]
async fn main() -> Result<()> {
    // Cargo adds `--bench` to what was typed.
    let words = || std::env::args().skip(1);
    let rate = words().find_map(|word| word.strip_prefix("--rate=")?.parse().ok());
    let wanted = words().find(|word| !word.starts_with("--"));
    let figures = match wanted.as_deref() {
        Some("protocol") => vec![protocol::measure()?],
        Some("callback-postgres") => callback::on_postgres().await?.0,
        Some("callback-sqlite") => vec![callback::on_sqlite().await?],
        Some("reminders") => vec![reminders::measure().await?],
        Some("latency") => service::under_load(greatest(rate).await?).await?,
        Some("start") => vec![service::start().await?],
        Some("similar") => similar::measure().await?,
        Some("tokens") => vec![tokens::measure().await?],
        Some("burst") => vec![burst::measure().await?],
        Some("robot") => vec![robot::measure().await?],
        Some("handbook") => handbook::measure().await?,
        Some("wishes") => vec![wishes::measure().await?],
        Some("desk") => desk::measure().await?,
        Some("dashboard") => vec![dashboard::measure().await?],
        Some("import") => vec![import::measure().await?],
        Some("bills") => bills::measure().await?,
        Some("papers") => papers::measure()?,
        Some("notices") => vec![notices::measure().await?],
        Some("sending") => vec![sending::measure().await?],
        Some("payments") => payments::measure().await?,
        Some("days") => days::measure().await?,
        Some("disclosures") => vec![disclosures::measure().await?],
        Some("money") => money().await?,
        Some("capture") => return capture::capture().await,
        Some("all") => all().await?,
        _ => bail!(
            "say which: protocol, callback-postgres, callback-sqlite, reminders, latency, start, similar, tokens, burst, robot, handbook, wishes, desk, dashboard, import, bills, papers, notices, sending, payments, days, disclosures, money, all, capture"
        ),
    };
    print!("{}", figure::table(&figures));
    for figure in &figures {
        println!("\n{}: {}", figure.what, figure.bound);
    }
    Ok(())
}

/// The greatest rate: as given, or measured now.
async fn greatest(rate: Option<f64>) -> Result<f64> {
    match rate {
        Some(half) => Ok(half * 2.0),
        None => Ok(callback::on_postgres().await?.1),
    }
}

async fn money() -> Result<Vec<Figure>> {
    let mut figures = bills::measure().await?;
    figures.extend(payments::measure().await?);
    figures.extend(days::measure().await?);
    figures.push(disclosures::measure().await?);
    Ok(figures)
}

async fn all() -> Result<Vec<Figure>> {
    let (mut figures, greatest) = callback::on_postgres().await?;
    figures.push(callback::on_sqlite().await?);
    figures.push(protocol::measure()?);
    figures.push(reminders::measure().await?);
    figures.extend(service::under_load(greatest).await?);
    figures.push(service::start().await?);
    figures.extend(similar::measure().await?);
    figures.push(tokens::measure().await?);
    figures.push(burst::measure().await?);
    figures.push(robot::measure().await?);
    figures.extend(handbook::measure().await?);
    figures.push(wishes::measure().await?);
    figures.extend(desk::measure().await?);
    figures.push(dashboard::measure().await?);
    figures.push(import::measure().await?);
    figures.extend(money().await?);
    figures.extend(papers::measure()?);
    figures.push(notices::measure().await?);
    figures.push(sending::measure().await?);
    report::write(&figures)?;
    Ok(figures)
}
