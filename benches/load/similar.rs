//! What may be the same thing as what somebody files, found among 10 000 open cases of one place.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use entity::kinds::{CaseKind, CaseState, CaseStep, Channel, Level};
use entity::{case, person, place};
use linli::base::clock::{Clock, SystemClock};
use linli::case::similar::{self, Wanted};
use linli::config;
use linli::store::{Store, insert::insert_chunked};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};
use secrecy::SecretString;

use crate::community;
use crate::figure::{Figure, percentile};
use crate::machine::{self, Postgres};
use crate::platform::Sample;
use crate::server::Setup;

/// Open cases of the place.
const CASES: usize = 10_000;
/// Times that it is asked.
const ASKED: usize = 200;
/// Milliseconds that an answer may take.
const MOST_MS: f64 = 50.0;
/// What they are about: every fifth is of the category that is looked for.
const TEXTS: [(&str, &str); 5] = [
    ("lift", "3栋电梯又停了，老人下不了楼"),
    ("garbage", "3栋楼道垃圾没人收"),
    ("power", "3栋楼道灯不亮"),
    ("leak", "3栋地下室漏水"),
    ("noise", "3栋晚上太吵"),
];

/// The rows of the table.
pub async fn measure() -> Result<Vec<Figure>> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let url = postgres.database("alike")?;
    let sqlite = format!("sqlite://{}/similar.db?mode=rwc", room.path().display());
    Ok(vec![
        on("PostgreSQL", &sample, room.path(), &url).await?,
        on("SQLite", &sample, room.path(), &sqlite).await?,
    ])
}

async fn on(name: &str, sample: &Sample, room: &std::path::Path, url: &str) -> Result<Figure> {
    let setup = Setup::new(room, sample, url);
    community::settle(&setup, room, url).await?;
    let store = Store::connect(&config::Database {
        url: SecretString::from(url.to_owned()),
        max_connections: 2,
    })
    .await?;
    let building = fill(&store).await?;
    let wanted = Wanted {
        kind: CaseKind::Repair,
        category: Some("lift"),
        text: "3栋电梯停了",
        compound_id: building.compound_id.context("no compound")?,
        path: &building.path,
        reporter_id: 0,
    };
    let mut times = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let begun = Instant::now();
        let found = similar::alike(store.read(), wanted).await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        ensure!(!found.is_empty(), "nothing was found");
    }
    store.close().await;
    times.sort_by(f64::total_cmp);
    let (middle, late) = (percentile(&times, 1, 2), percentile(&times, 99, 100));
    Ok(Figure {
        what: format!("what may be the same, among {CASES} open cases of a place ({name})"),
        ours: format!("{middle:.1} ms, 99 % in {late:.1} ms"),
        theirs: String::new(),
        ratio: String::new(),
        required: format!("< {MOST_MS:.0} ms"),
        met: late < MOST_MS,
        bound: format!(
            "one building with {CASES} open cases of {} categories; {ASKED} times the read that a \
             filing makes, with the ranking, one at a time over one connection.",
            TEXTS.len()
        ),
    })
}

/// Open cases at building 3.
async fn fill(store: &Store) -> Result<place::Model> {
    let building = place::Entity::find()
        .filter(place::COLUMN.code.eq("GY/3"))
        .one(store.read())
        .await?
        .context("no building")?;
    let reporter = person::Entity::find()
        .one(store.read())
        .await?
        .context("nobody")?;
    let compound_id = building.compound_id.context("no compound")?;
    let now = SystemClock.now();
    let rows = TEXTS
        .iter()
        .cycle()
        .take(CASES)
        .map(|(category, text)| case::ActiveModel {
            compound_id: Set(compound_id),
            place_id: Set(building.id),
            kind: Set(CaseKind::Repair),
            category: Set(Some((*category).to_owned())),
            text: Set((*text).to_owned()),
            reporter_id: Set(reporter.id),
            channel: Set(Channel::Official),
            state: Set(CaseState::Assigned),
            step: Set(CaseStep::Gathered),
            round: Set(1),
            level: Set(Level::Compound),
            accept_late: Set(false),
            finish_late: Set(false),
            nudges: Set(0),
            reopened: Set(false),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
    let tx = store.begin(now).await?;
    insert_chunked(tx.db(), rows.collect()).await?;
    tx.commit().await?;
    Ok(building)
}
