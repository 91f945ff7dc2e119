//! A thousand tasks to two hundred stewards at one instant, by WeCom, sent by two instances on
//! PostgreSQL and Redis: whether all arrive, within WeCom's rates, in the order in which they came
//! about.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use entity::kinds::ReminderState;
use entity::{delivery, person, reminder};
use linli::app::App;
use linli::base::clock::{Clock, ShiftedClock};
use linli::base::dice::Dice;
use linli::base::fault::Fault;
use linli::config::Settings;
use linli::delivery::{Button, Kind, Message, Postman, Topic, Work};
use linli::reminder::worker::Worker;
use linli::reminder::{BoxFuture, NewReminder, enqueue};
use linli::store::Store;
use migration::MigratorTrait;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::figure::Figure;
use crate::machine::{self, Postgres, Redis};
use crate::pretend::{Pretend, settings};

const STEWARDS: usize = 200;
const TASKS: usize = 1_000;
const INSTANCES: u64 = 2;
const PATIENCE: Duration = Duration::from_secs(120);

const KINDS: [Kind; 1] = [Kind {
    name: "load.task",
    work: Work::Push(Topic::Task, compose),
}];

fn compose<'a>(
    _: &'a App,
    rows: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        Ok(rows.last().map(|last| Message {
            template: "task",
            title: last.subject.clone(),
            place: "1栋".to_owned(),
            state: "待接单".to_owned(),
            at: last.due_at,
            hint: "请接单".to_owned(),
            text: format!("{} 楼道灯坏了", last.subject),
            url: None,
            urgent: true,
            buttons: vec![Button {
                label: "接单",
                command: "接单 1".to_owned(),
            }],
        }))
    })
}

/// The row of the table.
pub async fn measure() -> Result<Figure> {
    let room = machine::room()?;
    let postgres = Postgres::start(room.path(), &[])?;
    let redis = Redis::start(room.path())?;
    let url = postgres.database("burst")?;
    let clock = Arc::new(ShiftedClock::default());
    let plain = settings(Path::new(&url), Some(&redis.url()), &[])?;
    let pretend = Pretend::start(&plain, clock.clone()).await?;
    let base = pretend.work();
    let official = pretend.official();
    let more = [
        ("WECHAT__WORK__API_BASE", base.as_str()),
        ("WECHAT__OFFICIAL__API_BASE", official.as_str()),
    ];
    let settings = settings(Path::new(&url), Some(&redis.url()), &more)?;
    let store = Store::connect(&settings.database).await?;
    migration::Migrator::up(store.write(), None).await?;
    let people = fill(&store, &*clock).await?;
    let apps = instances(&settings, &clock).await?;
    let first = apps.first().context("no instance")?;
    push(first, &people).await?;

    let began = Instant::now();
    let stop = CancellationToken::new();
    for app in &apps {
        let worker = Worker::new(
            app.queue.clone(),
            Arc::new(Postman::new(app.clone(), KINDS)),
            app.clock.clone(),
            app.settings.reminder.clone(),
        );
        tokio::spawn(worker.run(stop.clone()));
        let keeper = app.clone();
        let stop = stop.clone();
        tokio::spawn(async move { keeper.queue.keep(stop).await });
    }
    while sent(&store).await? < TASKS as u64 && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = began.elapsed().as_secs_f64();
    stop.cancel();
    let done = sent(&store).await?;
    let (arrived, in_order) = seen(&pretend);
    let dropped = pretend.platform.dropped();
    let failed = delivery::Entity::find()
        .filter(delivery::COLUMN.error.is_not_null())
        .count(store.read())
        .await?;
    store.close().await;
    let met = done == TASKS as u64 && arrived == TASKS && dropped == 0 && in_order == STEWARDS;
    Ok(Figure {
        what: "1 000 tasks to 200 stewards at once by WeCom".to_owned(),
        ours: format!("{arrived} arrived in {took:.1} s, {dropped} dropped, {in_order} in order"),
        theirs: String::new(),
        ratio: String::new(),
        required: "all arrive, none over a rate, each steward's in order".to_owned(),
        met,
        bound: format!(
            "{INSTANCES} instances in one process on PostgreSQL and Redis; the pretended WeCom \
             counts its rates (30 a minute a member) and drops what exceeds them; {done} reminders \
             sent, {failed} tries that failed."
        ),
    })
}

async fn fill(store: &Store, clock: &dyn Clock) -> Result<Vec<i64>> {
    let now = clock.now();
    let people = (0..STEWARDS).map(|number| person::ActiveModel {
        name: Set(format!("楼长{number}")),
        wecom_userid: Set(Some(userid(number))),
        party_member: Set(false),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    });
    let rows = person::Entity::insert_many(people)
        .exec_with_returning(store.write())
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

fn userid(number: usize) -> String {
    format!("steward-{number}")
}

async fn instances(settings: &Settings, clock: &Arc<ShiftedClock>) -> Result<Vec<App>> {
    let mut apps = Vec::new();
    for seed in 0..INSTANCES {
        let store = Store::connect(&settings.database).await?;
        let dice = Arc::new(Dice::from_seed(seed));
        let clock: Arc<dyn Clock> = clock.clone();
        apps.push(App::build(settings.clone(), clock, dice, store)?);
    }
    Ok(apps)
}

/// All of them in one transaction, steward by steward in turn.
async fn push(app: &App, people: &[i64]) -> Result<()> {
    ensure!(people.len() == STEWARDS, "not all stewards were stored");
    let mut tx = app.store.begin(app.clock.now()).await?;
    let items = people.iter().cycle().take(TASKS).zip(1..);
    let items = items.map(|(id, number)| NewReminder {
        kind: "load.task",
        dedupe_key: format!("load:{number}"),
        recipient_id: Some(*id),
        compound_id: None,
        subject: format!("#{number:04}"),
        payload: json!({}),
        due_at: tx.now(),
    });
    let items = items.collect();
    enqueue(&mut tx, items).await?;
    Ok(tx.commit().await?)
}

async fn sent(store: &Store) -> Result<u64> {
    let sent = reminder::Entity::find()
        .filter(reminder::COLUMN.state.eq(ReminderState::Sent))
        .count(store.read())
        .await?;
    Ok(sent)
}

/// How many cards came, and to how many stewards in order and complete.
fn seen(pretend: &Pretend) -> (usize, usize) {
    let mut arrived = 0;
    let mut in_order = 0;
    for number in 0..STEWARDS {
        let entries = pretend.platform.member_sees(&userid(number));
        let titles: Vec<String> = entries
            .into_iter()
            .filter_map(|entry| Some(entry.work_card?.title))
            .collect();
        arrived += titles.len();
        in_order += usize::from(titles.len() == TASKS / STEWARDS && titles.is_sorted());
    }
    (arrived, in_order)
}
