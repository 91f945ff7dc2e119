//! What may be the same thing as what somebody files, found among 10 000 open cases of one place.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use entity::kinds::{CaseKind, CaseState, CaseStep, Channel, Level};
use entity::{case, person, place};
use linli::base::clock::{Clock, SystemClock};
use linli::case::category::guess;
use linli::case::similar::{self, Wanted};
use linli::config;
use linli::store::{Store, insert::insert_chunked};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
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
/// What they are about: each combination once, so that no text is another's.
const WHERE: &str = "楼道 大厅 地下车库 三楼走廊 顶楼 二单元门口 电梯厅 楼梯间 消防通道 配电房 \
    水泵房 一楼架空层 垃圾房 自行车棚 健身角 外墙 天台 管道井 信报箱 门前台阶";
const WHAT: &str = "电梯 路灯 水管 消防栓 监控 门禁 垃圾桶 地砖 栏杆 玻璃 扶手 对讲机 充电桩 \
    排水沟 绿化带 健身器 快递柜 墙皮 防火门 感应灯 雨棚 井盖 宣传栏 儿童滑梯 \
    空调外机";
const HOW: &str = "坏了三天没人修 一直在响 松动了怕伤到人 被撞歪了 生锈得很厉害 晚上看不清 \
    老人走过差点摔倒 漏水流了一地 味道很大 被杂物挡住 裂开一条缝 怎么按都没反应 \
    总是自己打开 掉下来一块 不知谁涂得乱七八糟 停用很久 冒火花 卡住了 少了一个 \
    需要换新的";
/// The oldest of them, and the only one that is like what is filed; its words point to no category.
const OLDEST: &str = "門前那對石獅子倒了一隻，請扶起來";
const FILED: &str = "石狮子倒了一只，没人管";

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
    let (building, oldest) = fill(&store).await?;
    let wanted = Wanted {
        kind: CaseKind::Repair,
        category: guess(FILED),
        text: FILED,
        compound_id: building.compound_id.context("no compound")?,
        path: &building.path,
        reporter_id: 0,
    };
    let mut times = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let begun = Instant::now();
        let found = similar::alike(store.read(), wanted).await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        ensure!(
            found.iter().map(|one| one.id).eq([oldest]),
            "found was {found:?}, not {oldest}"
        );
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
            "one building with {CASES} open cases of as many texts in many categories and none; the one that is alike is \
             the oldest, of none; {ASKED} times the reads that a filing makes, with the ranking, one at a time over one \
             connection."
        ),
    })
}

/// Open cases at building 3; with the key of the oldest.
async fn fill(store: &Store) -> Result<(place::Model, i64)> {
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
    let texts: Vec<String> = std::iter::once(OLDEST.to_owned())
        .chain(combined())
        .take(CASES)
        .collect();
    ensure!(texts.len() == CASES, "{} texts", texts.len());
    let now = SystemClock.now();
    let rows = texts.iter().map(|text| case::ActiveModel {
        compound_id: Set(compound_id),
        place_id: Set(building.id),
        near_id: Set(Some(similar::near_of(&building.path, compound_id))),
        kind: Set(CaseKind::Repair),
        category: Set(guess(text).map(str::to_owned)),
        essence: Set(similar::kept(CaseKind::Repair, text)),
        text: Set(text.clone()),
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
    let oldest = case::Entity::find()
        .order_by_asc(case::COLUMN.id)
        .one(store.read())
        .await?
        .context("no case")?;
    ensure!(oldest.text == OLDEST, "the oldest is {}", oldest.text);
    Ok((building, oldest.id))
}

/// All combinations.
fn combined() -> impl Iterator<Item = String> {
    HOW.split_whitespace().flat_map(|how| {
        let things = WHAT
            .split_whitespace()
            .flat_map(|what| WHERE.split_whitespace().map(move |place| (place, what)));
        things.map(move |(place, what)| format!("3栋{place}的{what}{how}"))
    })
}
