//! The import of 100 000 homes with 200 000 people by the command, against COPY of the same rows into
//! the same tables with their indexes and keys.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::figure::{Figure, median, times};
use crate::machine::{self, Postgres};
use crate::platform::Sample;
use crate::server::Setup;

/// How much longer than COPY it may take.
const MOST: f64 = 8.0;
const HOMES: u32 = 100_000;
/// People in each home.
const PEOPLE: u32 = 2;
const ROUNDS: usize = 3;
const TABLES: [&str; 3] = ["place", "person", "residency"];

/// Measures both in turn, each into an empty database.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let folder = room.path().join("import");
    write_files(&folder)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (one, other) = (format!("ours{round}"), format!("copy{round}"));
        let setup = Setup::new(room.path(), &sample, &postgres.database(&one)?);
        setup.run(&["migrate", "up"])?;
        let began = Instant::now();
        setup.run(&["import", &folder.display().to_string()])?;
        ours.push(began.elapsed().as_secs_f64());
        let count = postgres.psql(&one, "SELECT count(*) FROM residency")?;
        ensure!(
            count == (HOMES * PEOPLE).to_string(),
            "{count} rows came in"
        );
        Setup::new(room.path(), &sample, &postgres.database(&other)?).run(&["migrate", "up"])?;
        theirs.push(copy(&postgres, room.path(), &one, &other)?);
        eprintln!(
            "round {round}: {:?} s, COPY {:?} s",
            ours.last(),
            theirs.last()
        );
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    Ok(Figure {
        what: "import of 100 000 homes with 200 000 people, PostgreSQL".to_owned(),
        ours: format!("{ours:.1} s"),
        theirs: format!("COPY of the same rows: {theirs:.1} s"),
        ratio: times(ratio),
        required: format!("at most {}", times(MOST)),
        met: ratio <= MOST,
        bound: format!(
            "The command from its start to its end on one core: reading CSV, checking every row, sealing and \
             indexing phones, storing in one transaction; COPY from a file into the same tables with their indexes \
             and foreign keys, one transaction. {ROUNDS} rounds in turn, each into an empty database, medians."
        ),
    })
}

/// Seconds that COPY takes with the rows of one database into another.
fn copy(postgres: &Postgres, room: &Path, from: &str, to: &str) -> Result<f64> {
    let folder = room.join(format!("rows-{to}"));
    std::fs::create_dir_all(&folder)?;
    machine::run(Command::new("chmod").arg("777").arg(&folder))?;
    let file = |table: &str| folder.join(table).display().to_string();
    for table in TABLES {
        // Parents first, as the keys want it.
        let statement = format!(
            "COPY (SELECT * FROM {table} ORDER BY id) TO '{}'",
            file(table)
        );
        postgres.psql(from, &statement)?;
    }
    let all: Vec<String> = TABLES
        .iter()
        .map(|table| format!("COPY {table} FROM '{}'", file(table)))
        .collect();
    let began = Instant::now();
    postgres.psql(to, &format!("BEGIN; {}; COMMIT", all.join("; ")))?;
    Ok(began.elapsed().as_secs_f64())
}

fn write_files(folder: &Path) -> Result<()> {
    let mut places = String::from("code,kind,name,parent_code,area_m2,note\nC,city,测试市,,,\n");
    let mut people = String::from("key,name,phone,party_member,wecom_userid\n");
    let mut homes = String::from("place_code,person_key,relation,share\n");
    for home in 0..HOMES {
        let (compound, building) = (home / 1000, home / 100 % 10 + 1);
        if home % 1000 == 0 {
            writeln!(places, "K{compound},compound,{compound}号小区,C,,")?;
        }
        if home % 100 == 0 {
            writeln!(
                places,
                "K{compound}/{building},building,{building}栋,K{compound},,"
            )?;
        }
        let number = format!("{building}-1-{}", 100 + home % 100);
        writeln!(
            places,
            "K{compound}/{number},home,{number},K{compound}/{building},89.5,"
        )?;
        for member in 0..PEOPLE {
            let person = home * PEOPLE + member;
            let phone = 13_000_000_000_u64 + u64::from(person);
            writeln!(people, "p{person},住户{person},{phone},no,")?;
            writeln!(homes, "K{compound}/{number},p{person},owner,1/2")?;
        }
    }
    std::fs::create_dir_all(folder)?;
    for (name, text) in [("places", places), ("people", people), ("homes", homes)] {
        std::fs::write(folder.join(format!("{name}.csv")), text)?;
    }
    Ok(())
}
