//! The publishing of a month out of 1 000 000 rows of a compound's books, with its lines, its digest and its
//! notice, against plain SQL that sums the same rows.

use std::time::Instant;

use anyhow::{Result, ensure};
use chrono::NaiveDate;
use entity::kinds::{ActorKind, RoleKind};
use entity::money::EntryKind;
use entity::person;
use linli::access::{Actor, Grant};
use linli::base::clock::{Clock, SystemClock, china};
use linli::base::month::Month;
use linli::config;
use linli::disclosure::actions::publish;
use linli::ledger::Account;
use linli::ledger::post::{Draft, Transfer, post};
use linli::store::Store;
use migration::MigratorTrait;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use secrecy::SecretString;

use crate::figure::{Figure, median, spread, times};
use crate::machine::{self, Postgres};

/// How much longer than plain SQL it may take.
const MOST: f64 = 1.5;
const ROWS: u32 = 1_000_000;
/// Rows of other compounds beside them.
const OTHERS: u32 = 200_000;
const ROUNDS: usize = 7;
const COMPOUND: i64 = 101;
/// Debit and credit of what the rows move, by the accounts' keys in [`CHART`]: nine pairs, by which more
/// money comes than goes.
const MOVES: &str =
    "SELECT '{1,1,1,2,2,3,3,8,9}'::int[] AS debit, '{4,5,6,1,7,1,7,3,2}'::int[] AS credit";
/// Keyed from 1.
const CHART: &str = "'{assets:receivable,assets:wechat,assets:bank,income:property,income:shared,income:parking,\
    liabilities:advance,expenses:staff,expenses:repair}'";

/// Measures both in turn; before each round the books move by a fen, or there would be nothing to publish.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let url = postgres.database("linli")?;
    let store = Store::connect(&config::Database {
        url: SecretString::from(url),
        max_connections: 2,
    })
    .await?;
    migration::Migrator::up(store.write(), None).await?;
    let month = Month::of(china(SystemClock.now()).date_naive()).before();
    fill(&postgres, month)?;
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        move_a_fen(&store, month.last(), round).await?;
        let took = published(&store, month).await?;
        check(&postgres, month, round)?;
        let began = Instant::now();
        let rows = store.read().query_all_raw(plain(month)).await?;
        let other = began.elapsed().as_secs_f64() * 1000.0;
        ensure!(rows.len() == 9, "{} pairs of accounts", rows.len());
        // The first is for pages and plans to be warm.
        if round > 0 {
            eprintln!("round {round}: {took:.0} ms, plain SQL {other:.0} ms");
            ours.push(took);
            theirs.push(other);
            ratios.push(took / other);
        }
    }
    store.close().await;
    let between = spread(&ratios);
    let ratio = median(ratios);
    Ok(Figure {
        what: "publishing a month of a compound with 1 000 000 rows in its books".to_owned(),
        ours: format!("{:.0} ms", median(ours)),
        theirs: format!("plain SQL sums: {:.0} ms", median(theirs)),
        ratio: times(ratio),
        required: format!("at most {}", times(MOST)),
        met: ratio <= MOST,
        bound: format!(
            "The use case from its beginning to its commit: what every account held before the month, what came and \
             went, the lines, the digest, the audit row, the message to all homes; against one statement that sums \
             the same rows by debit and credit, before the month and in it. A tenth of the rows lies before the \
             month; 200 000 rows are of other compounds. {ROUNDS} rounds in turn on one connection each, PostgreSQL's \
             defaults, medians; the ratio of a round between {between}. Bound by PostgreSQL's reading of the index \
             that holds all of it."
        ),
    })
}

/// Milliseconds that publishing takes.
async fn published(store: &Store, month: Month) -> Result<f64> {
    let now = SystemClock.now();
    let chair = Actor {
        kind: ActorKind::Staff,
        // By whom the notice to every home is.
        person: Some(person::Model {
            id: 1,
            key: None,
            name: "卫东".to_owned(),
            phone_sealed: None,
            phone_index: None,
            party_member: false,
            wecom_userid: None,
            left_at: None,
            erased_at: None,
            created_at: now,
            updated_at: now,
        }),
        grants: vec![Grant {
            role: RoleKind::CommitteeChair,
            place_id: Some(COMPOUND),
            path: format!("/1/{COMPOUND}/"),
            compound_id: Some(COMPOUND),
            organisation_id: None,
        }],
        ..Actor::operator()
    };
    let began = Instant::now();
    let mut tx = store.begin(now).await?;
    publish(&mut tx, &chair, COMPOUND, month, "补记一笔").await?;
    tx.commit().await?;
    Ok(began.elapsed().as_secs_f64() * 1000.0)
}

async fn move_a_fen(store: &Store, day: NaiveDate, round: usize) -> Result<()> {
    let mut tx = store.begin(SystemClock.now()).await?;
    let draft = Draft {
        compound_id: COMPOUND,
        day,
        cause: format!("load:{round}"),
        kind: EntryKind::Payment,
        memo: "测试".to_owned(),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Wechat,
            credit: Account::Receivable,
            amount: 1,
        }],
    };
    post(&mut tx, None, &[draft]).await?;
    tx.commit().await?;
    Ok(())
}

/// As somebody would write it who knows PostgreSQL: once over the rows.
fn plain(month: Month) -> Statement {
    let (first, last) = (month.first(), month.last());
    Statement::from_string(
        DbBackend::Postgres,
        format!(
            "SELECT debit_id, credit_id, sum(amount) FILTER (WHERE day < '{first}'), sum(amount) FILTER (WHERE day >= '{first}') \
             FROM ledger_transfer WHERE compound_id = {COMPOUND} AND day <= '{last}' GROUP BY debit_id, credit_id"
        ),
    )
}

/// The newest version has a line of each account, with what went over it by PostgreSQL's own sum.
fn check(postgres: &Postgres, month: Month, round: usize) -> Result<()> {
    let (first, last) = (month.first(), month.last());
    let found = postgres.psql(
        "linli",
        &format!(
            "SELECT d.version || ' ' || count(*) FILTER (WHERE (l.plus, l.minus) IN ((m.debit, m.credit), (m.credit, m.debit))) \
             FROM disclosure d JOIN disclosure_line l ON l.disclosure_id = d.id JOIN ledger_account a ON a.compound_id = d.compound_id AND a.code = l.account \
             JOIN LATERAL (SELECT coalesce(sum(t.amount) FILTER (WHERE t.debit_id = a.id), 0) AS debit, \
             coalesce(sum(t.amount) FILTER (WHERE t.credit_id = a.id), 0) AS credit FROM ledger_transfer t \
             WHERE t.compound_id = {COMPOUND} AND t.day BETWEEN '{first}' AND '{last}' AND a.id IN (t.debit_id, t.credit_id)) m ON true \
             WHERE d.compound_id = {COMPOUND} GROUP BY d.version ORDER BY d.version DESC LIMIT 1"
        ),
    )?;
    let expected = format!("{} 9", round + 1);
    ensure!(found == expected, "{found} instead of {expected}");
    Ok(())
}

/// A year of entries with two transfers each; nine tenths of them in the month.
fn fill(postgres: &Postgres, month: Month) -> Result<()> {
    let first = month.first();
    let days = month.days();
    let day = format!(
        "date '{first}' + CASE WHEN e % 10 = 0 THEN -1 - (e / 10 % 300)::int ELSE (e % {days})::int END"
    );
    let transfers = |from: u32, to: u32, compound: i64, account: u32| {
        format!(
            "INSERT INTO ledger_transfer (entry_id, compound_id, day, debit_id, credit_id, amount) \
             SELECT e, {compound}, {day}, {account} + debit[1 + n % 9], {account} + credit[1 + n % 9], 1 + n % 100000 \
             FROM (SELECT n, (n + 1) / 2 AS e FROM generate_series({from}, {to}) n) made, ({MOVES}) moves"
        )
    };
    let accounts = |first: u32, compound: i64| {
        format!(
            "INSERT INTO ledger_account (id, compound_id, code, created_at) SELECT {first} + at, {compound}, code, now() \
             FROM unnest({CHART}::text[]) WITH ORDINALITY AS chart (code, at)"
        )
    };
    let last = ROWS + OTHERS;
    for statement in [
        "INSERT INTO place (id, code, kind, name, path, created_at, updated_at) VALUES (1, 'C', 'city', '测试市', '/1/', now(), now())".to_owned(),
        format!(
            "INSERT INTO place (id, code, kind, name, parent_id, compound_id, path, created_at, updated_at) \
             SELECT n, 'K' || n, 'compound', n || '小区', 1, n, '/1/' || n || '/', now(), now() FROM generate_series({COMPOUND}, {COMPOUND} + 1) n"
        ),
        accounts(0, COMPOUND),
        accounts(9, COMPOUND + 1),
        "SELECT setval(pg_get_serial_sequence('ledger_account', 'id'), 100)".to_owned(),
        format!(
            "INSERT INTO ledger_entry (compound_id, day, cause, kind, memo, created_at) \
             SELECT CASE WHEN e <= {ROWS} / 2 THEN {COMPOUND} ELSE {COMPOUND} + 1 END, {day}, 'bill:' || e, 'bill', '账单', now() \
             FROM generate_series(1, {last} / 2) e"
        ),
        // The books let nothing be spent without an expense; these sums need none.
        "ALTER TABLE ledger_transfer DISABLE TRIGGER USER".to_owned(),
        transfers(1, ROWS, COMPOUND, 0),
        transfers(ROWS + 1, last, COMPOUND + 1, 9),
        "ALTER TABLE ledger_transfer ENABLE TRIGGER USER".to_owned(),
        "VACUUM ANALYZE".to_owned(),
    ] {
        postgres.psql("linli", &statement)?;
    }
    Ok(())
}
