//! Two thousand people who race for eleven wishes over two instances, by signed chat messages: whether eleven
//! have one each, and how soon everybody knows.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use entity::kinds::{PlaceKind, WishState};
use entity::{person, place, wish};
use linli::base::clock::{Clock, SystemClock};
use linli::config;
use linli::store::Store;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use secrecy::SecretString;
use tokio::task::JoinSet;

use crate::client::Connection;
use crate::community::{self, ACCOUNTS, open_id};
use crate::figure::{Figure, percentile};
use crate::machine::{self, Postgres, Redis};
use crate::platform::{Platform, Sample};
use crate::server::Setup;

const WISHES: usize = 11;
/// Messages a second: all of them come within ten seconds.
const RATE: f64 = 200.0;
const LINES: i64 = 32;
/// What everybody may wait at most, 99 of 100, in milliseconds.
const MOST: f64 = 200.0;

/// What one line of racers has seen.
#[derive(Default)]
struct Seen {
    times: Vec<f64>,
    won: usize,
    late: usize,
}

/// The row of the table.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let sample = Sample::load()?;
    let platform = Arc::new(Platform::new(sample.clone())?);
    let postgres = Postgres::start(room.path(), &[])?;
    let redis = Redis::start(room.path())?;
    let url = postgres.database("linli")?;
    let mut setup = Setup::new(room.path(), &sample, &url);
    setup.set("REDIS__URL", &redis.url());
    community::settle(&setup, room.path(), &url).await?;
    let store = Store::connect(&config::Database {
        url: SecretString::from(url.clone()),
        max_connections: 2,
    })
    .await?;
    let first = setup.serve("all").await?;
    let second = setup.serve("all").await?;
    let instances = [first.address(), second.address()];
    machine::stay_on_client_core()?;
    // Both have answered before: what is measured is the race, not the first connection.
    let warm = make(&store).await?;
    race(&instances, &platform, &warm, 200).await?;
    let ids = make(&store).await?;
    let seen = race(&instances, &platform, &ids, ACCOUNTS).await?;
    machine::roam()?;
    let claimed = wish::Entity::find()
        .filter(wish::COLUMN.id.is_in(ids))
        .filter(wish::COLUMN.state.eq(WishState::Claimed))
        .filter(wish::COLUMN.claimer_id.is_not_null())
        .count(store.read())
        .await?;
    store.close().await;
    let tail = percentile(&seen.times, 99, 100);
    let all = seen.won + seen.late == usize::try_from(ACCOUNTS)?;
    let exact = seen.won == WISHES && claimed == WISHES as u64 && all;
    Ok(Figure {
        what: "2 000 people racing for 11 wishes over two instances".to_owned(),
        ours: format!("{} claims, p99 {tail:.1} ms", seen.won),
        theirs: String::new(),
        ratio: String::new(),
        required: "exactly 11 claims, p99 < 200 ms".to_owned(),
        met: exact && tail < MOST,
        bound: format!(
            "{RATE} encrypted messages a second to two instances in turn, each timed from when it was due, \
             every person one; PostgreSQL + Redis, all parts of both programs on one core. {} were told \
             that somebody else was first; p50 {:.1} ms, longest {:.1} ms.",
            seen.late,
            percentile(&seen.times, 50, 100),
            seen.times.last().copied().unwrap_or_default()
        ),
    })
}

/// Eleven wishes of the committee's chair that may be claimed, by rows.
async fn make(store: &Store) -> Result<Vec<i64>> {
    let now = SystemClock.now();
    let chair = person::Entity::find()
        .filter(person::COLUMN.key.eq("chair"))
        .one(store.read())
        .await?
        .context("no chair")?;
    let compound = place::Entity::find()
        .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
        .one(store.read())
        .await?
        .context("no compound")?;
    let rows = (0..WISHES).map(|number| wish::ActiveModel {
        compound_id: Set(compound.id),
        place_id: Set(compound.id),
        asker_id: Set(chair.id),
        text: Set(format!("第{number}个心愿")),
        state: Set(WishState::Open),
        opened_at: Set(Some(now)),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    });
    let rows = wish::Entity::insert_many(rows)
        .exec_with_returning(store.write())
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// So many people say «认领» once, at a fixed rate.
async fn race(
    instances: &[SocketAddr; 2],
    platform: &Arc<Platform>,
    ids: &[i64],
    people: i64,
) -> Result<Seen> {
    let between = Duration::from_secs_f64(1.0 / RATE);
    let began = Instant::now() + Duration::from_millis(200);
    let mut tasks = JoinSet::new();
    for line in 0..LINES {
        let (platform, ids) = (platform.clone(), ids.to_vec());
        let address = match line % 2 {
            0 => instances[0],
            _ => instances[1],
        };
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut seen = Seen::default();
            for number in (line..people).step_by(usize::try_from(LINES)?) {
                let due = began + between * u32::try_from(number)?;
                tokio::time::sleep_until(due.into()).await;
                // Not in step with the lines: both instances are asked for every wish.
                let at = usize::try_from(number / 2)? % WISHES;
                let id = ids.get(at).context("no wish")?;
                let callback = platform.say(&open_id(number + 1), &format!("认领 {id}"))?;
                let answer = connection.post(&callback.target, &callback.body).await?;
                let text = platform.read(&answer.body)?;
                seen.times.push(due.elapsed().as_secs_f64() * 1000.0);
                if text.contains("是您的了") {
                    seen.won += 1;
                } else if text.contains("晚了一步") {
                    seen.late += 1;
                } else {
                    bail!("a racer was told: {text}");
                }
            }
            anyhow::Ok(seen)
        });
    }
    let mut all = Seen::default();
    while let Some(line) = tasks.join_next().await {
        let line = line??;
        all.times.extend(line.times);
        all.won += line.won;
        all.late += line.late;
    }
    all.times.sort_by(f64::total_cmp);
    Ok(all)
}
