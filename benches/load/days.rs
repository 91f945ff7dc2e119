//! A day's trade bill of 1 000 000 rows and its fund-flow bill, fetched from the pretended platform, checked and held
//! against as many payments of ours by the command; and how much more memory that takes than 10 000 rows.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use chrono::{Days, NaiveDate};
use linli::base::clock::{Clock, ShiftedClock, SystemClock, china};
use linli::config::Settings;
use linli::sandbox::pay::Sort;
use secrecy::ExposeSecret;

use crate::figure::{Figure, median, whole};
use crate::machine::{self, Postgres};
use crate::platform::Sample;
use crate::pretend::{Pretend, settings};
use crate::server::Setup;

/// Rows of the large bill and of the small one.
const ROWS: u32 = 1_000_000;
const FEW: u32 = 10_000;
const ROUNDS: usize = 3;
/// How long it may take, seconds, and how much more memory than the small one, MB.
const MOST: f64 = 60.0;
const MOST_MB: f64 = 8.0;
/// As the pretended platform knows it; its keys are made on the spot.
const MERCHANT: &str = "sandbox";
const MCH_ID: &str = "1900000109";
const COMPOUND: i64 = 101;

/// The rows of the table.
pub async fn measure() -> Result<Vec<Figure>> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let keys = room.path().join("pay-keys.json").display().to_string();
    let pretended = settings(
        &room.path().join("none.db"),
        None,
        &[("SANDBOX__KEYS", &keys)],
    )?;
    let pretend = Pretend::start(&pretended, Arc::new(ShiftedClock::default())).await?;
    // Bills of both days are long made.
    let today = china(SystemClock.now()).date_naive();
    let days = [
        ("large", today - Days::new(3), ROWS),
        ("small", today - Days::new(4), FEW),
    ];
    let mut setups = Vec::new();
    for (name, day, rows) in days {
        pretend.platform.invent_trades(MCH_ID, day, u64::from(rows));
        for sort in [Sort::Trade, Sort::Flow] {
            pretend.platform.make_bill(MCH_ID, day, sort)?;
        }
        let url = postgres.database(name)?;
        let mut setup = Setup::new(room.path(), &sample, &url);
        setup.set("SANDBOX__KEYS", &keys);
        setup.set("WECHAT__PAY__API_BASE", &pretend.pay());
        setup.write_settings(&merchant(&pretended)?)?;
        setup.run(&["migrate", "up"])?;
        fill(&postgres, name, &sample.app_id, day, rows)?;
        setups.push(setup);
    }
    let (mut seconds, mut peaks, mut before) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        for (setup, (name, day, rows)) in setups.iter().zip(days) {
            let (took, peak) = reconcile(setup, &postgres, name, day, rows)?;
            eprintln!("round {round}: {rows} rows in {took:.1} s, {peak:.1} MB");
            if rows == ROWS {
                seconds.push(took);
                peaks.push(peak);
            } else {
                before.push(peak);
            }
        }
    }
    Ok(rows_of(&seconds, &peaks, &before))
}

fn rows_of(seconds: &[f64], peaks: &[f64], before: &[f64]) -> Vec<Figure> {
    let longest = seconds.iter().copied().fold(0.0, f64::max);
    let (peak, few) = (median(peaks.to_vec()), median(before.to_vec()));
    vec![
        Figure {
            what: "a day's trade bill of 1 000 000 rows held against our payments, PostgreSQL"
                .to_owned(),
            ours: format!(
                "{:.1} s (longest {longest:.1} s)",
                median(seconds.to_vec())
            ),
            theirs: String::new(),
            ratio: String::new(),
            required: format!("< {MOST:.0} s"),
            met: longest < MOST,
            bound: format!(
                "The command from its start to its end on one core: the bill asked for and fetched from the pretended \
                 platform on the other core (gzip, already made), unpacked to a file, its SHA-1 and its summary checked, \
                 each row held against our row of its number, which lie in another order; then the fund-flow bill, two rows for each \
                 payment, read to its summary and its fee held against the first one's; no difference, the day and the \
                 platform's fee written down. {ROUNDS} rounds, each row of the day counted after each. Bound by \
                 PostgreSQL's look-ups and the reading of the rows, in turn."
            ),
        },
        Figure {
            what: "resident memory of that command at most, over that of one with 10 000 rows"
                .to_owned(),
            ours: format!("{peak:.1} MB"),
            theirs: format!("{} rows: {few:.1} MB", whole(f64::from(FEW))),
            ratio: format!("{:+.1} MB", peak - few),
            required: format!("at most {MOST_MB:.0} MB more"),
            met: peak - few <= MOST_MB,
            bound: "VmHWM, medians of the same rounds: a part of the bill at a time, and a bit for each payment of ours"
                .to_owned(),
        },
    ]
}

/// Seconds and MB of one comparison, which must find both sides equal.
fn reconcile(
    setup: &Setup,
    postgres: &Postgres,
    name: &str,
    day: NaiveDate,
    rows: u32,
) -> Result<(f64, f64)> {
    postgres.psql(name, "DELETE FROM reconciliation")?;
    let date = day.to_string();
    let began = Instant::now();
    let peak = setup.run_watched(&["reconcile", "--date", &date, "--merchant", MERCHANT])?;
    let took = began.elapsed().as_secs_f64();
    let found = postgres.psql(
        name,
        "SELECT state || ' ' || ours_count || ' ' || theirs_count || ' ' || (ours_amount = theirs_amount) \
         || ' ' || (ours_amount = (SELECT sum(amount) FROM payment)) || ' ' || (SELECT count(*) FROM recon_difference) \
         || ' ' || (SELECT count(*) FROM ledger_entry WHERE kind = 'fee') FROM reconciliation",
    )?;
    let expected = format!("balanced {rows} {rows} true true 0 1");
    ensure!(found == expected, "{found} instead of {expected}");
    Ok((took, peak))
}

/// The pretended merchant as the platform has it; the program fills in what it lacks.
fn merchant(pretended: &Settings) -> Result<String> {
    let known = pretended.wechat.pay.merchants.first();
    let known = known.context("the pretended platform knows no merchant")?;
    Ok(format!(
        "[[wechat.pay.merchants]]\nname = \"{MERCHANT}\"\nmch_id = \"{MCH_ID}\"\napi_v3_key = \"{}\"\n",
        known.api_v3_key.expose_secret()
    ))
}

/// Payments of ours for all that the platform invents, in another order than its bill.
fn fill(postgres: &Postgres, name: &str, app_id: &str, day: NaiveDate, rows: u32) -> Result<()> {
    for statement in [
        "INSERT INTO place (id, code, kind, name, path, created_at, updated_at) VALUES (1, 'C', 'city', '测试市', '/1/', now(), now())".to_owned(),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
             VALUES ({COMPOUND}, 'K', 'compound', '大院', 1, {COMPOUND}, '/1/{COMPOUND}/', now(), now())"
        ),
        format!(
            "INSERT INTO fee_policy (compound_id, merchant, remind_on, remind_most, late_daily, version, updated_at) \
             VALUES ({COMPOUND}, '{MERCHANT}', false, 0, 0, 1, now())"
        ),
        format!(
            "INSERT INTO payment (compound_id, home_id, way, state, amount, bills, merchant, mch_id, app_id, open_id, out_trade_no, \
             transaction_id, asked, paid_at, day, created_at, updated_at) \
             SELECT {COMPOUND}, 1000 + n % 20000, 'wechat', 'paid', 1 + n % 100000, '[1]', '{MERCHANT}', '{MCH_ID}', '{app_id}', \
             'oLinliLoadPayer-' || n % 1000, 'invented-' || n, '4299' || lpad(n::text, 24, '0'), 1, at, '{day}', at, at \
             FROM (SELECT n, timestamp with time zone '{day} 00:00:00+08' + n % 86400 * interval '1 second' AS at \
             FROM (SELECT s * 7919::bigint % {rows} AS n FROM generate_series(1, {rows}) s) mixed) made"
        ),
        // In the books they are one entry: what lies at the platform is held against it.
        format!(
            "INSERT INTO ledger_account (compound_id, code, created_at) \
             VALUES ({COMPOUND}, 'assets:wechat', now()), ({COMPOUND}, 'assets:receivable', now())"
        ),
        format!(
            "INSERT INTO ledger_entry (compound_id, day, cause, kind, memo, created_at) \
             VALUES ({COMPOUND}, '{day}', 'load:paid', 'payment', '缴费', now())"
        ),
        format!(
            "INSERT INTO ledger_transfer (entry_id, compound_id, day, debit_id, credit_id, amount) \
             SELECT e.id, {COMPOUND}, '{day}', d.id, c.id, (SELECT sum(amount) FROM payment) \
             FROM ledger_entry e, ledger_account d, ledger_account c \
             WHERE e.cause = 'load:paid' AND d.code = 'assets:wechat' AND c.code = 'assets:receivable'"
        ),
        "VACUUM ANALYZE".to_owned(),
    ] {
        postgres.psql(name, &statement)?;
    }
    Ok(())
}
