//! A month's bills of 100 000 homes with four lines each by the command, against one INSERT … SELECT of the
//! same rows into each of the same tables with their indexes.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::figure::{Figure, median, spread, times};
use crate::machine::{self, Postgres};
use crate::platform::Sample;
use crate::server::Setup;

/// How much longer than the statements it may take, and how much memory it may hold, MB.
const MOST: f64 = 4.0;
const MOST_MB: f64 = 200.0;
const HOMES: u32 = 100_000;
const LINES: u32 = 4;
const ROUNDS: usize = 3;
const MONTH: &str = "2026-11";
/// The database with the homes.
const HOUSE: &str = "homes";
/// All tables that a run fills.
const TABLES: [&str; 7] = [
    "bill_run",
    "bill",
    "bill_line",
    "ledger_account",
    "ledger_entry",
    "ledger_transfer",
    "audit",
];

/// Measures both in turn, each with empty tables.
pub async fn measure() -> Result<Vec<Figure>> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let folder = room.path().join("homes");
    write_files(&folder)?;
    // Brought in once; each round begins with a copy.
    let setup = Setup::new(room.path(), &sample, &postgres.database(HOUSE)?);
    setup.run(&["migrate", "up"])?;
    setup.run(&["import", &folder.display().to_string()])?;
    postgres.psql(HOUSE, COST)?;
    postgres.psql(HOUSE, "TRUNCATE audit")?;
    postgres.psql(HOUSE, "VACUUM ANALYZE")?;
    let (mut ours, mut theirs, mut ratios, mut peaks) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let name = format!("bills{round}");
        let setup = Setup::new(room.path(), &sample, &postgres.copy(HOUSE, &name)?);
        postgres.psql(&name, "CHECKPOINT")?;
        let began = Instant::now();
        let peak = setup.run_watched(&["bills", "run", "--compound", "K", "--month", MONTH])?;
        let took = began.elapsed().as_secs_f64();
        check(&postgres, &name)?;
        let other = select(&postgres, &name)?;
        check(&postgres, &name)?;
        postgres.psql("postgres", &format!("DROP DATABASE {name}"))?;
        eprintln!("round {round}: {took:.1} s and {peak:.0} MB, INSERT … SELECT {other:.1} s");
        ours.push(took);
        theirs.push(other);
        ratios.push(took / other);
        peaks.push(peak);
    }
    let peak = peaks.into_iter().fold(0.0, f64::max);
    let between = spread(&ratios);
    let (ours, theirs, ratio) = (median(ours), median(theirs), median(ratios));
    Ok(vec![
        Figure {
            what: "bills of 100 000 homes with four lines each, PostgreSQL".to_owned(),
            ours: format!("{ours:.1} s"),
            theirs: format!("INSERT … SELECT of the same rows: {theirs:.1} s"),
            ratio: times(ratio),
            required: format!("at most {}", times(MOST)),
            met: ratio <= MOST,
            bound: format!(
                "The command from its start to its end on one core: homes and owners read, every line computed with its \
                 words, a shared cost of all homes by area, some hundreds of homes a transaction with their bills, lines \
                 and entries in the books; against psql, which puts the rows that this made into the same tables, emptied, \
                 with their indexes, a statement each, one transaction. {ROUNDS} rounds in turn, each on a copy of the \
                 database, medians; the ratio of a round between {between}."
            ),
        },
        Figure {
            what: "resident memory of that command at most".to_owned(),
            ours: format!("{peak:.0} MB"),
            theirs: String::new(),
            ratio: String::new(),
            required: format!("< {MOST_MB:.0} MB"),
            met: peak < MOST_MB,
            bound: "VmHWM, the highest of all rounds".to_owned(),
        },
    ])
}

/// The cost that is shared.
const COST: &str = "INSERT INTO fee_cost (compound_id, fee_item_id, month, amount, note, created_at) \
    SELECT compound_id, id, 202611, 123456789, '电梯用电', now() FROM fee_item WHERE kind = 'shared'";

/// Every home has its bill and four lines, the shares are the cost, and the books say what the bills say.
fn check(postgres: &Postgres, name: &str) -> Result<()> {
    let count = postgres.psql(
        name,
        "SELECT (SELECT count(*) FROM bill) || ' ' || (SELECT count(*) FROM bill_line) || ' ' || \
         (SELECT count(*) FROM ledger_entry) || ' ' || (SELECT sum(l.amount) FROM bill_line l \
         JOIN fee_item i ON i.id = l.fee_item_id WHERE i.kind = 'shared') || ' ' || \
         ((SELECT sum(amount) FROM bill) = (SELECT sum(amount) FROM ledger_transfer)) || ' ' || \
         (SELECT state FROM bill_run)",
    )?;
    let expected = format!("{HOMES} {} {HOMES} 123456789 true done", HOMES * LINES);
    ensure!(count == expected, "{count} instead of {expected}");
    Ok(())
}

/// Seconds that the same rows take from beside into the same tables, emptied.
fn select(postgres: &Postgres, name: &str) -> Result<f64> {
    for table in TABLES {
        let statement = format!(
            "CREATE TABLE beside_{table} AS SELECT * FROM {table} ORDER BY 1; \
             ALTER TABLE {table} DISABLE TRIGGER USER; TRUNCATE {table}; ALTER TABLE {table} ENABLE TRIGGER USER"
        );
        postgres.psql(name, &statement)?;
    }
    postgres.psql(name, "VACUUM ANALYZE")?;
    postgres.psql(name, "CHECKPOINT")?;
    let all: Vec<String> = TABLES
        .iter()
        .map(|table| format!("INSERT INTO {table} SELECT * FROM beside_{table}"))
        .collect();
    let began = Instant::now();
    postgres.psql(name, &format!("BEGIN; {}; COMMIT", all.join("; ")))?;
    Ok(began.elapsed().as_secs_f64())
}

fn write_files(folder: &Path) -> Result<()> {
    let mut places = String::from(
        "code,kind,name,parent_code,area_m2,note\nC,city,测试市,,,\nK,compound,大院,C,,\n",
    );
    let mut people = String::from("key,name,phone,party_member,wecom_userid\n");
    let mut homes = String::from("place_code,person_key,relation,share\n");
    let fees = "compound_code,name,kind,unit_price_fen,due_day,split,basis\n\
        K,物业费,area,180,10,,物业服务合同第8条\n\
        K,垃圾清运费,fixed,500,10,,价目表第2项\n\
        K,秩序维护费,fixed,1200,10,,价目表第3项\n\
        K,电梯公摊,shared,0,10,area,物业服务合同第9条\n";
    for home in 0..HOMES {
        let building = home / 100 + 1;
        if home % 100 == 0 {
            writeln!(places, "K/{building},building,{building}栋,K,,")?;
        }
        let number = format!("{building}-1-{}", 100 + home % 100);
        let area = 60 + home % 97;
        writeln!(places, "K/{number},home,{number},K/{building},{area}.5,")?;
        let phone = 13_000_000_000_u64 + u64::from(home);
        writeln!(people, "p{home},住户{home},{phone},no,")?;
        writeln!(homes, "K/{number},p{home},owner,1")?;
    }
    std::fs::create_dir_all(folder)?;
    for (name, text) in [
        ("places", places.as_str()),
        ("people", &people),
        ("homes", &homes),
        ("fee_items", fees),
    ] {
        std::fs::write(folder.join(format!("{name}.csv")), text)?;
    }
    Ok(())
}
