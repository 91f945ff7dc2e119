//! What calls the duty of the year to mind. Once a day, in March, September and December, a clock looks for
//! agreements under which nothing was taken on this year; whoever speaks for the organisation is told once a
//! month, in December whoever keeps the agreements as well. `command/serve.rs` joins the tables to the others'.

use chrono::{NaiveDate, TimeDelta};
use entity::{agreement, reminder};
use serde_json::json;

use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::agreement::queries::{by_id, has_claimed, in_force, term};
use crate::agreement::rule::{asked_in, asks_keepers};
use crate::agreement::subject;
use crate::app::App;
use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::offer::queries::speakers;
use crate::organisation::queries as organisations;
use crate::place::queries as places;
use crate::reminder::payload;
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder, enqueue};
use crate::store::{Store, Tx};

/// To whoever speaks for an organisation that has taken nothing on.
const DUTY: &str = "agreement.duty";
/// To whoever keeps the agreements.
const UNCLAIMED: &str = "agreement.unclaimed";
/// Hours into China's day at which it is said.
const MORNING: i64 = 10;
/// Agreements of one transaction.
const PART: u64 = 100;
/// Whoever keeps the agreements of a compound, at most.
const MOST_KEEPERS: usize = 3;

/// Characters of an organisation's name for which a template has room, in front of the rest of the title.
const MOST_NAME: usize = 11;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: DUTY,
        work: Work::Push(Topic::Task, |app, rows| Box::pin(compose(app, rows))),
    },
    Kind {
        name: UNCLAIMED,
        work: Work::Push(Topic::Task, |app, rows| Box::pin(compose(app, rows))),
    },
];

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "agreements",
    every_hours: 24,
    run: look,
}];

/// Looks through all agreements that hold, a part at a time.
fn look(store: &Store, now: Moment) -> BoxFuture<'_, Result<u64, Fault>> {
    Box::pin(async move {
        let today = china(now).date_naive();
        let Some(month) = asked_in(today) else {
            return Ok(0);
        };
        let (mut count, mut last) = (0, 0);
        loop {
            let mut tx = store.begin(now).await?;
            let rows = in_force(tx.db(), today, last, PART).await?;
            for row in &rows {
                count += ask(&mut tx, row, today, month).await?;
            }
            tx.commit().await?;
            match rows.last() {
                Some(row) => last = row.id,
                None => return Ok(count),
            }
        }
    })
}

/// Asks those whom one agreement concerns, unless its duty is kept; says how many.
async fn ask(
    tx: &mut Tx,
    row: &agreement::Model,
    today: NaiveDate,
    month: i32,
) -> Result<u64, Fault> {
    if has_claimed(tx.db(), row, today).await? {
        return Ok(0);
    }
    let Some(compound) = places::by_id(tx.db(), row.compound_id).await? else {
        return Ok(0);
    };
    let at = (begin_of(today) + TimeDelta::hours(MORNING)).max(tx.now());
    let one = |kind: &'static str, person: i64| NewReminder {
        kind,
        // Once a month however often the clock looks.
        dedupe_key: format!("{kind}:{}:{month}:{person}", row.id),
        recipient_id: Some(person),
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "agreement": row.id }),
        due_at: at,
    };
    let speak = speakers(tx.db(), row.organisation_id, &compound.path, tx.now()).await?;
    let mut items: Vec<NewReminder> = speak.iter().map(|person| one(DUTY, *person)).collect();
    if asks_keepers(today) {
        let keep = roles(Deed::KeepAgreements);
        let held = holders(tx.db(), &compound.path, keep, tx.now()).await?;
        let nearest = held.first().map(|holder| holder.depth);
        let near = held.iter().filter(|holder| Some(holder.depth) == nearest);
        let near = near.take(MOST_KEEPERS);
        items.extend(near.map(|holder| one(UNCLAIMED, holder.person_id)));
    }
    let count = u64::try_from(items.len()).unwrap_or(0);
    enqueue(tx, items).await?;
    Ok(count)
}

async fn compose(app: &App, reminders: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let db = app.store.read();
    let Some(id) = payload::number(last, "agreement") else {
        return Ok(None);
    };
    // As it is now: what was taken on meanwhile needs no word.
    let today = china(app.clock.now()).date_naive();
    let row = by_id(db, id).await?;
    let Some(row) = row.filter(|row| term(row).holds(today)) else {
        return Ok(None);
    };
    if has_claimed(db, &row, today).await? {
        return Ok(None);
    }
    let name = organisations::by_id(db, row.organisation_id).await?;
    let name = name.map(|row| row.name).unwrap_or_default();
    let place = places::by_id(db, row.compound_id).await?;
    let place = place.map(|place| place.name).unwrap_or_default();
    let (hint, text) = if last.kind == DUTY {
        (
            "按共建协议，请回复“认领项目”",
            format!(
                "{name}和{place}的共建协议约定每年至少认领一个服务项目，今年还没有认领。回复“认领项目”挑一个，或“发服务 日期 内容”公布一个。"
            ),
        )
    } else {
        (
            "请按共建协议联系这个单位",
            format!(
                "{name}和{place}签了共建协议，今年还没有认领服务项目，请联系他们。工作台“共建”里有没认领的名单。"
            ),
        )
    };
    Ok(Some(Message {
        template: "task",
        title: format!("{}今年还没有认领项目", shorten(&name, MOST_NAME)),
        place,
        state: "待认领".to_owned(),
        at: last.due_at,
        hint: hint.to_owned(),
        text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}
