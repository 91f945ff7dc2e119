//! What calls a month to mind that nobody has published. Once a day a clock looks at the month before: on the second
//! whoever may publish it is told, from the fifth on again every three days, until it is published or the next month
//! takes its place. `command/serve.rs` joins the table to the others'.

use std::collections::HashSet;

use chrono::{Datelike, TimeDelta};
use entity::{disclosure, ledger_account, place, reminder};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Value, json};

use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::app::App;
use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::base::text::shorten;
use crate::delivery::Message;
use crate::disclosure::queries::{first_month, list};
use crate::place::queries::compound_by_id;
use crate::reminder::schedule::ClockWork;
use crate::reminder::{BoxFuture, NewReminder, enqueue};
use crate::store::{Store, Tx};
use crate::wechat::http::percent;

/// To whoever may publish: the month before is not published.
pub(super) const UNPUBLISHED: &str = "disclosure.unpublished";
/// The day of the next month on which it is said first: when the last day is long compared.
const FIRST: u32 = 2;
/// The day from which it is said again, and after how many days each time.
const AGAIN: u32 = 5;
const EVERY: u32 = 3;
/// The hour at which it is said, in China.
const HOUR: i64 = 10;

/// The clock works.
pub const WORKS: &[ClockWork] = &[ClockWork {
    name: "disclosures",
    every_hours: 24,
    run: look,
}];

/// Looks at every compound that has books.
fn look(store: &Store, now: Moment) -> BoxFuture<'_, Result<u64, Fault>> {
    Box::pin(async move {
        let month = Month::of(china(now).date_naive()).before();
        let done: Vec<i64> = disclosure::Entity::find()
            .select_only()
            .column(disclosure::Column::CompoundId)
            .distinct()
            .filter(disclosure::COLUMN.month.eq(month.number()))
            .into_tuple()
            .all(store.read())
            .await?;
        let done: HashSet<i64> = done.into_iter().collect();
        let books: Vec<i64> = ledger_account::Entity::find()
            .select_only()
            .column(ledger_account::Column::CompoundId)
            .distinct()
            .into_tuple()
            .all(store.read())
            .await?;
        let mut count = 0;
        for compound_id in books.into_iter().filter(|id| !done.contains(id)) {
            let first = first_month(store.read(), compound_id).await?;
            if first.is_none_or(|first| first > month) {
                continue;
            }
            let mut tx = store.begin(now).await?;
            if let Some(place) = compound_by_id(tx.db(), compound_id).await? {
                count += ask(&mut tx, &place, month).await?;
            }
            tx.commit().await?;
        }
        Ok(count)
    })
}

/// Asks those who may publish a month of a compound; says how many.
async fn ask(tx: &mut Tx, place: &place::Model, month: Month) -> Result<u64, Fault> {
    let able = roles(Deed::PublishAccounts);
    let all = holders(tx.db(), &place.path, able, tx.now()).await?;
    let mut people: Vec<i64> = all.iter().map(|holder| holder.person_id).collect();
    people.sort_unstable();
    people.dedup();
    let (nth, day) = turn(china(tx.now()).day());
    let days = i64::from(day.saturating_sub(1));
    let at = begin_of(month.next().first()) + TimeDelta::days(days) + TimeDelta::hours(HOUR);
    let due_at = at.max(tx.now());
    // Once each time however often the clock looks; also for who comes into office later.
    let key = |person: i64| match nth {
        0 => format!("{UNPUBLISHED}:{}:{month}:{person}", place.id),
        _ => format!("{UNPUBLISHED}:{}:{month}:{person}:{nth}", place.id),
    };
    let items: Vec<NewReminder> = people
        .into_iter()
        .map(|person| NewReminder {
            kind: UNPUBLISHED,
            dedupe_key: key(person),
            recipient_id: Some(person),
            compound_id: Some(place.id),
            subject: format!("place:{}:accounts", place.id),
            payload: json!({ "compound": place.id, "month": month.number() }),
            due_at,
        })
        .collect();
    let count = u64::try_from(items.len()).unwrap_or(0);
    enqueue(tx, items).await?;
    Ok(count)
}

/// Which word of the month it is now, and its day.
fn turn(today: u32) -> (u32, u32) {
    match today.checked_sub(AGAIN) {
        None => (0, FIRST),
        Some(since) => {
            let nth = since / EVERY;
            (nth + 1, AGAIN + nth * EVERY)
        }
    }
}

fn meant(row: &reminder::Model) -> Option<(i64, Month)> {
    let of = |key: &str| row.payload.get(key).and_then(Value::as_i64);
    let month = i32::try_from(of("month")?).ok()?;
    Some((of("compound")?, Month::from_number(month)?))
}

/// As it is now: what was published meanwhile needs no word.
pub(super) fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let Some((compound_id, month)) = meant(last) else {
            return Ok(None);
        };
        let db = app.store.read();
        let known = list(db, compound_id).await?;
        let is_out = |month: Month| known.iter().any(|row| row.month == month.number());
        let place = compound_by_id(db, compound_id).await?;
        let Some(place) = place.filter(|_| !is_out(month)) else {
            return Ok(None);
        };
        let mut older = 0;
        let mut at = first_month(db, compound_id).await?.unwrap_or(month);
        while at < month {
            older += usize::from(!is_out(at));
            at = at.next();
        }
        let also = match older {
            0 => String::new(),
            _ => format!("（更早的还有{older}个月）"),
        };
        let base = app.settings.server.public_url.trim_end_matches('/');
        let code = percent(&place.code);
        let url = format!("{base}/console/accounts?place={code}&month={month}");
        let title = format!("{}的账还没有公布", month.says());
        Ok(Some(Message {
            template: "task",
            text: format!(
                "{}{title}{also}。请核对每一行，再公布给全小区：{url}",
                place.name
            ),
            title: shorten(&title, 20),
            place: place.name,
            state: "待公布".to_owned(),
            at: last.due_at,
            hint: "在工作台的“财务公开”里公布".to_owned(),
            url: Some(url),
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_on_the_second_and_from_the_fifth_on_every_three_days() {
        for (today, wanted) in [
            (1, (0, 2)),
            (2, (0, 2)),
            (4, (0, 2)),
            (5, (1, 5)),
            (7, (1, 5)),
            (8, (2, 8)),
            (31, (9, 29)),
        ] {
            assert_eq!(turn(today), wanted, "{today}");
        }
    }
}
