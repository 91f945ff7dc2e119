//! Notifications of payments, signed and sealed as the platform does it: verified, opened, settled and in the
//! books, over HTTP on one core; against pgbench with the statements that the program sends
//! (benches/compare/settling/).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use chrono::TimeDelta;
use linli::base::clock::{Clock, Moment, SystemClock, china};
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::counter::{self, Counter, Paid};
use crate::figure::{Figure, median, spread, times, whole};
use crate::machine::{self, Postgres};
use crate::pgbench;
use crate::platform::Sample;
use crate::server::{Server, Setup};

/// How much of pgbench's rate is asked for.
const LEAST: f64 = 0.5;
/// Compounds, each with a receiving account of its own.
const ACCOUNTS: u32 = 8;
const CLIENTS: u32 = 8;
const ROUNDS: u32 = 3;
/// Payments of a round, on either side; all clients have as many.
const EACH: u32 = 6_000;
/// Before anything is timed.
const WARM_UP: u32 = 1_600;
/// Nobody waits longer for the last of them.
const PATIENCE: Duration = Duration::from_secs(20);

/// The rows of the table.
pub async fn measure() -> Result<Vec<Figure>> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let mut setup = Setup::new(room.path(), &sample, &postgres.database("linli")?);
    let counter = Counter::open(&mut setup, room.path(), ACCOUNTS)?;
    setup.run(&["migrate", "up"])?;
    fill(&postgres, &sample.app_id, WARM_UP + 2 * ROUNDS * EACH)?;
    let server = setup.serve("web").await?;
    postgres.stay_on(machine::CLIENT_CORE)?;
    machine::stay_on_client_core()?;
    let mut done = 0;
    tell(&server, &counter, &sample.app_id, done, WARM_UP).await?;
    done += WARM_UP;
    check(&postgres, done)?;
    // Not with the statistics of empty tables.
    postgres.psql("linli", "VACUUM ANALYZE")?;
    let (mut ours, mut theirs, mut ratios, mut cores) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let told = tell(&server, &counter, &sample.app_id, done, EACH).await?;
        done += EACH;
        check(&postgres, done)?;
        let ran = settle(&postgres, done)?;
        done += EACH;
        check(&postgres, done)?;
        eprintln!(
            "round {round}: linli {:.0}/s (its core {:.0} %), pgbench {:.0}/s (PostgreSQL {:.0} %)",
            told.rate,
            told.core * 100.0,
            ran.rate,
            ran.database * 100.0
        );
        ours.push(told.rate);
        theirs.push(ran.rate);
        ratios.push(told.rate / ran.rate);
        cores.push(told.core * 100.0);
    }
    machine::roam()?;
    let between = spread(&ratios);
    let ratio = median(ratios);
    Ok(vec![Figure {
        what: "payment notifications verified, opened, settled and in the books, PostgreSQL, one server core"
            .to_owned(),
        ours: format!("{} payments/s", whole(median(ours))),
        theirs: format!(
            "pgbench, the same statements in one transaction each: {} transactions/s",
            whole(median(theirs))
        ),
        ratio: times(ratio),
        required: format!("at least {}", times(LEAST)),
        met: ratio >= LEAST,
        bound: format!(
            "{CLIENTS} clients on either side; the program and pgbench on core 0, PostgreSQL with its default durability \
             and the platform's clients on the other. Each notification is a request of its own, signed (RSA, 2048 bits) \
             and sealed (AES-256-GCM) beforehand; the program stores it, answers, and settles it in a second \
             transaction, where pgbench has one. {ACCOUNTS} receiving accounts, {ROUNDS} rounds in turn of {} payments \
             each, after which payments, bills, receipts and books are counted; medians, the ratio of a round between \
             {between}. The program used {:.0} % of its core.",
            whole(f64::from(EACH)),
            median(cores)
        ),
    }])
}

struct Told {
    rate: f64,
    core: f64,
}

/// Tells the program of so many payments behind the first ones; until the last is settled.
async fn tell(
    server: &Server,
    counter: &Counter,
    app_id: &str,
    first: u32,
    count: u32,
) -> Result<Told> {
    let now = SystemClock.now();
    let mut shares = Vec::new();
    for client in 0..CLIENTS {
        let share = count / CLIENTS;
        let own = (1..=share).map(|turn| first + client * share + turn);
        let letters = own.map(|number| letter(counter, app_id, number, now));
        shares.push(letters.collect::<Result<Vec<String>>>()?);
    }
    let (began, at) = (Instant::now(), server.processor_seconds());
    let mut tasks = JoinSet::new();
    for share in shares {
        tasks.spawn(hand_over(server.address(), share));
    }
    while let Some(client) = tasks.join_next().await {
        client??;
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(Told {
        rate: f64::from(count) / seconds,
        core: (server.processor_seconds() - at) / seconds,
    })
}

async fn hand_over(address: SocketAddr, letters: Vec<String>) -> Result<()> {
    let mut connection = Connection::open(address).await?;
    for letter in letters {
        let answer = connection.exchange(&letter).await?;
        if answer.status != 204 {
            bail!(
                "a notification was answered {}: {}",
                answer.status,
                answer.body
            );
        }
    }
    Ok(())
}

fn letter(counter: &Counter, app_id: &str, number: u32, now: Moment) -> Result<String> {
    let paid = Paid {
        account: 1 + number % ACCOUNTS,
        app_id,
        out_trade_no: &format!("P{number:030}"),
        transaction_id: &format!("4200002611{number:018}"),
        total: amount(number),
    };
    counter.notification(&paid, now)
}

fn amount(number: u32) -> i64 {
    10_000 + i64::from(number % 5_000)
}

/// Transactions of pgbench behind the first payments, as many as ours were.
fn settle(postgres: &Postgres, first: u32) -> Result<pgbench::Ran> {
    let script = script();
    let share = EACH / CLIENTS;
    let now = SystemClock.now();
    let time = |moment: Moment| moment.format("%Y-%m-%d %H:%M:%S%.3f+00:00").to_string();
    let mut given: Vec<(String, String)> = [
        ("first", first.to_string()),
        ("share", share.to_string()),
        ("turn", "0".to_owned()),
        ("accounts", ACCOUNTS.to_string()),
        ("now", time(now)),
        ("soon", time(now + TimeDelta::seconds(5))),
        ("day", china(now).date_naive().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    given.extend(pgbench::words(&script)?);
    let (clients, turns) = (CLIENTS.to_string(), share.to_string());
    pgbench::run(postgres, &script, &given, &["-c", &clients, "-t", &turns])
}

/// The statements of one payment.
pub fn script() -> PathBuf {
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/benches/compare/settling/postgres.sql"
    )
    .into()
}

/// The first payments are paid, each with its bill, its receipt and its entry in the books, and no other is.
fn check(postgres: &Postgres, done: u32) -> Result<()> {
    let sum: i64 = (1..=done).map(amount).sum();
    let expected = format!("{done} {sum} {done} {done} {done} {done} {sum} {done}");
    let until = Instant::now() + PATIENCE;
    loop {
        let found = postgres.psql("linli", SETTLED)?;
        if found == expected {
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "the books say {found} instead of {expected}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Payments and their sum; bills, receipts, parts and entries; what came by WeChat for what was owed;
/// notifications that were followed.
const SETTLED: &str = "SELECT count(*) || ' ' || sum(amount) \
    || ' ' || (SELECT count(*) FROM bill WHERE state = 'settled' AND paid = amount) \
    || ' ' || (SELECT count(DISTINCT payment_id) FROM receipt) \
    || ' ' || (SELECT count(*) FROM payment_part) \
    || ' ' || (SELECT count(*) FROM ledger_entry WHERE kind = 'payment') \
    || ' ' || (SELECT sum(t.amount) FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id \
    JOIN ledger_account c ON c.id = t.credit_id WHERE d.code = 'assets:wechat' AND c.code = 'assets:receivable') \
    || ' ' || (SELECT count(*) FROM payment_notice WHERE state = 'done') \
    FROM payment WHERE state = 'paid'";

/// So many homes, each with an owner who has a chat account, a bill, and an order for it that waits to be paid.
fn fill(postgres: &Postgres, app_id: &str, orders: u32) -> Result<()> {
    let compound = format!("101 + n % {ACCOUNTS}");
    let account = format!("1 + n % {ACCOUNTS}");
    let (name, mch_id) = (counter::name(0), counter::mch_id(0));
    let name = name.trim_end_matches('0');
    let fen = "10000 + n % 5000";
    for statement in [
        "INSERT INTO place (id, code, kind, name, path, created_at, updated_at) VALUES (1, 'C', 'city', '测试市', '/1/', now(), now())".to_owned(),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
             SELECT 100 + n, 'K' || n, 'compound', n || '小区', 1, 100 + n, '/1/' || 100 + n || '/', now(), now() FROM generate_series(1, {ACCOUNTS}) n"
        ),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, area_cm2, created_at, updated_at) \
             SELECT 1000 + n, 'K' || {account} || '/' || n, 'home', n, {compound}, {compound}, \
             '/1/' || {compound} || '/' || 1000 + n || '/', 895000, now(), now() FROM generate_series(1, {orders}) n"
        ),
        format!(
            "INSERT INTO fee_policy (compound_id, merchant, remind_on, remind_most, late_daily, version, updated_at) \
             SELECT 100 + n, '{name}' || n, false, 0, 0, 1, now() FROM generate_series(1, {ACCOUNTS}) n"
        ),
        // With keys that the script knows: what is owed, then what came by WeChat.
        format!(
            "INSERT INTO ledger_account (id, compound_id, code, created_at) \
             SELECT 2 * n - 1 + k, 100 + n, (ARRAY['assets:receivable', 'assets:wechat'])[1 + k], now() \
             FROM generate_series(1, {ACCOUNTS}) n, generate_series(0, 1) k"
        ),
        "SELECT setval(pg_get_serial_sequence('ledger_account', 'id'), 100)".to_owned(),
        format!(
            "INSERT INTO person (id, name, party_member, created_at, updated_at) SELECT n, '住户' || n, false, now(), now() FROM generate_series(1, {orders}) n"
        ),
        format!(
            "INSERT INTO account (id, channel, external_id, person_id, compound_id, followed, window_left, told_version, agreed_version, created_at) \
             SELECT n, 'official', 'oLinliLoadPayer-' || n, n, {compound}, true, 0, 1, 1, now() FROM generate_series(1, {orders}) n"
        ),
        format!(
            "INSERT INTO bill (id, compound_id, home_id, payer_id, month, from_day, to_day, due_on, amount, credited, paid, waived, state, created_at, updated_at) \
             SELECT n, {compound}, 1000 + n, n, 202611, '2026-11-01', '2026-11-30', '2026-11-10', {fen}, 0, 0, 0, 'open', now(), now() FROM generate_series(1, {orders}) n"
        ),
        format!(
            "INSERT INTO payment (id, compound_id, home_id, payer_id, account_id, way, state, amount, bills, merchant, mch_id, app_id, open_id, \
             out_trade_no, prepay_id, prepaid_at, expires_at, asked, created_at, updated_at) \
             SELECT n, {compound}, 1000 + n, n, n, 'wechat', 'open', {fen}, json_build_array(n), '{name}' || {account}, {mch_id} + {account}, '{app_id}', \
             'oLinliLoadPayer-' || n, 'P' || lpad(n::text, 30, '0'), 'wx' || lpad(n::text, 34, '0'), now(), now() + interval '2 hours', 0, now(), now() \
             FROM generate_series(1, {orders}) n"
        ),
        "VACUUM ANALYZE".to_owned(),
    ] {
        postgres.psql("linli", &statement)?;
    }
    Ok(())
}

/// Settles until every statement is prepared, then once more under PostgreSQL's eyes: what it logged of that.
pub async fn logged() -> Result<String> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let postgres = Postgres::start(room.path(), &["log_statement=all"])?;
    let mut setup = Setup::new(room.path(), &sample, &postgres.database("linli")?);
    let counter = Counter::open(&mut setup, room.path(), ACCOUNTS)?;
    setup.run(&["migrate", "up"])?;
    fill(&postgres, &sample.app_id, WARM_UP)?;
    let server = setup.serve("web").await?;
    let warm = CLIENTS * 20;
    tell(&server, &counter, &sample.app_id, 0, warm).await?;
    check(&postgres, warm)?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = postgres.log()?.len();
    let one = letter(&counter, &sample.app_id, warm + 1, SystemClock.now())?;
    hand_over(server.address(), vec![one]).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let log = postgres.log()?;
    Ok(log.get(before..).unwrap_or_default().to_owned())
}
