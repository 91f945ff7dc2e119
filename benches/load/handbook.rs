//! A question answered from the handbook among a thousand articles: how long it takes with all that a message does
//! for it, and whether the right one is first for the questions of the tests.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use entity::handbook_article;
use entity::kinds::ArticleState;
use linli::app::App;
use linli::base::clock::{Clock, SystemClock};
use linli::base::dice::Dice;
use linli::handbook::library::Reach;
use linli::handbook::{queries, shipped};
use linli::store::{Store, insert::insert_chunked};
use migration::{Migrator, MigratorTrait};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait};

use crate::figure::{Figure, percentile};
use crate::machine::{self, Postgres};
use crate::pretend;

/// Articles in all.
const ARTICLES: usize = 1_000;
/// Times that each question is asked.
const ROUNDS: usize = 5;
/// Milliseconds that an answer may take.
const MOST_MS: f64 = 20.0;
/// The questions of the tests: question, article, and whether it was seen while the search was made.
const QUESTIONS: &str = include_str!("../../tests/it/handbook/questions.tsv");

/// Of what the other articles are made: whose matter, what about it, what is done.
const WHOSE: [&str; 14] = [
    "游泳池",
    "健身房",
    "图书室",
    "快递柜",
    "儿童乐园",
    "会所",
    "篮球场",
    "信报箱",
    "门禁卡",
    "路灯",
    "绿化带",
    "围墙",
    "宽带",
    "燃气",
];
const WHAT: [&str; 12] = [
    "开放时间",
    "预约办法",
    "押金退还",
    "钥匙借用",
    "损坏赔付",
    "清洁安排",
    "冬季检修",
    "夏季安排",
    "节日值班",
    "访客登记",
    "费用减免",
    "意见征集",
];
const DONE: [&str; 6] = ["须知", "说明", "办法", "公约", "流程", "安排"];

/// The rows of the table.
pub async fn measure() -> Result<Vec<Figure>> {
    let room = machine::room()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let url = postgres.database("handbook")?;
    let file = room.path().join("handbook.db");
    Ok(vec![
        on("PostgreSQL", Path::new(&url)).await?,
        on("SQLite", &file).await?,
    ])
}

async fn on(name: &str, database: &Path) -> Result<Figure> {
    let settings = pretend::settings(database, None, &[])?;
    let store = Store::connect(&settings.database).await?;
    Migrator::up(store.write(), None).await?;
    shipped::fill(&store, SystemClock.now()).await?;
    fill(&store).await?;
    let dice = Arc::new(Dice::from_system());
    let app = App::build(settings, Arc::new(SystemClock), dice, store)?;
    let reach = Reach::default();
    let lines = QUESTIONS.lines().filter(|line| !line.starts_with('#'));
    let questions: Vec<(&str, &str)> = lines
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some((cells.next()?, cells.next()?))
        })
        .collect();
    // The first one makes the index.
    let begun = Instant::now();
    queries::ask(&app, app.store.read(), &reach, "业委会怎么选", 1).await?;
    let made = begun.elapsed().as_secs_f64() * 1000.0;
    let (mut times, mut right) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        for (question, wanted) in &questions {
            let begun = Instant::now();
            let found = queries::ask(&app, app.store.read(), &reach, question, 3).await?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
            let first = found.sure.iter().chain(&found.near).next();
            let slug = first.and_then(|row| row.slug.as_deref());
            right += usize::from(round == 0 && slug == Some(wanted));
        }
    }
    app.store.close().await;
    times.sort_by(f64::total_cmp);
    let (middle, late) = (percentile(&times, 1, 2), percentile(&times, 99, 100));
    let longest = times.last().copied().context("nothing was asked")?;
    Ok(Figure {
        what: format!("a question answered from the handbook among {ARTICLES} articles ({name})"),
        ours: format!(
            "{middle:.1} ms, 99 % in {late:.1} ms; right one first for {right} of {}",
            questions.len()
        ),
        theirs: String::new(),
        ratio: String::new(),
        required: format!("< {MOST_MS:.0} ms; 9 of 10"),
        met: longest < MOST_MS && right * 10 >= questions.len() * 9,
        bound: format!(
            "the {} articles of the program and {} others; the sum of the versions read each time, \
             then the index in memory; one at a time over one connection, longest {longest:.1} ms. \
             Reading all articles and making the index, once after a change: {made:.0} ms.",
            shipped::FILES.len(),
            ARTICLES - shipped::FILES.len(),
        ),
    })
}

/// So many other articles, each about something else.
async fn fill(store: &Store) -> Result<()> {
    let now = SystemClock.now();
    let mut titles = Vec::new();
    for done in DONE {
        for what in WHAT {
            titles.extend(WHOSE.iter().map(|whose| (*whose, what, done)));
        }
    }
    ensure!(titles.len() >= ARTICLES, "too few words");
    let rows = titles
        .into_iter()
        .take(ARTICLES - shipped::FILES.len())
        .map(|(whose, what, done)| handbook_article::ActiveModel {
            title: Set(format!("{whose}{what}{done}")),
            questions: Set(format!(
                "{whose}的{what}是什么\n{whose}{what}在哪里看\n怎么办{whose}{what}"
            )),
            synonyms: Set(format!("{whose} {what}")),
            body: Set(body(whose, what, done)),
            state: Set(ArticleState::Published),
            version: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        });
    let tx = store.begin(now).await?;
    insert_chunked(tx.db(), rows.collect()).await?;
    tx.commit().await?;
    let count = handbook_article::Entity::find().count(store.read()).await?;
    ensure!(count == ARTICLES as u64, "{count} articles");
    Ok(())
}

/// A text of about five hundred characters.
fn body(whose: &str, what: &str, done: &str) -> String {
    let mut out = format!("{whose}的{what}请看这里。有事先问楼栋长，或者打物业前台的电话。\n\n");
    for part in ["总的说明", "怎么办理", "注意的事", "谁来负责"] {
        out.push_str(&format!(
            "## {part}\n{whose}由物业和业主委员会一起管，{what}每年公布一次。居民带上业主卡到前台登记，\
             当天就能办好；老人和孩子由家人陪同。遇到下雨、停电、检修，会提前在公告栏贴出{done}，\
             也会在群里通知。对{what}有意见，可以写下来交给楼栋长，七天内答复。\n\n"
        ));
    }
    out
}
