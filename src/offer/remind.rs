//! What checkers, owners and whoever supervises are told of the four lists, and the clocks of an item's day.
//! How to reach the other one of a tie stands in messages to these two alone. `command/serve.rs` joins the table
//! to the others'.

mod compose;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use entity::kinds::{OfferList, OfferState};
use entity::{offer, reminder};
use serde_json::{Value, json};

use crate::app::App;
use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::delivery::{Kind, Topic, Work};
use crate::offer::fitting::fitting;
use crate::offer::queries::{by_id, owners, supervisors};
use crate::offer::{actions, is_promise, list_says, subject};
use crate::place::queries as places;
use crate::reminder::payload::{self, number};
use crate::reminder::{NewReminder, Verdict, enqueue};
use crate::store::Tx;

/// To whoever may check it.
const CHECK: &str = "offer.check";
/// To whoever ties, or asks again: how to reach the other one.
const CONTACT: &str = "offer.contact";
/// To the other one of a tie, and to whoever else speaks for one of the two: the same.
const TIED: &str = "offer.tied";
/// To whose it is: what became of it.
const TOLD: &str = "offer.told";
/// What fits one's needs and resources, once a day.
const MATCH: &str = "offer.match";
/// A promise that is late, to whoever answers for it and whoever supervises.
const OVERDUE: &str = "offer.overdue";
/// Clock: the day is near, or over.
const DUE: &str = "offer.due";
/// Hours after which whoever has not checked it is asked once more.
const AGAIN_HOURS: i64 = 24;
/// What fits is told at this hour in China.
const MATCH_HOUR: u32 = 10;
/// Hours into China's day at which the clocks of an item ring.
const MORNING: i64 = 8;
/// Days before its last one on which a promise is called to mind.
const SOON_DAYS: u64 = 3;
/// Owners of what fits who are told, at most.
const MOST_TOLD: usize = 20;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: CHECK,
        work: Work::Push(Topic::Task, |app, rows| Box::pin(compose::check(app, rows))),
    },
    // Asked for by tying: it cannot be switched off.
    Kind {
        name: CONTACT,
        work: Work::Push(Topic::Answer, |app, rows| {
            Box::pin(compose::contact(app, rows))
        }),
    },
    // Not asked for at this moment: it waits for the morning.
    Kind {
        name: TIED,
        work: Work::Push(Topic::Contact, |app, rows| {
            Box::pin(compose::tied(app, rows))
        }),
    },
    Kind {
        name: TOLD,
        work: Work::Push(Topic::Progress, |app, rows| {
            Box::pin(compose::told(app, rows))
        }),
    },
    Kind {
        name: MATCH,
        work: Work::Push(Topic::News, |app, rows| {
            Box::pin(compose::matching(app, rows))
        }),
    },
    Kind {
        name: OVERDUE,
        work: Work::Push(Topic::Task, |app, rows| {
            Box::pin(compose::overdue(app, rows))
        }),
    },
    Kind {
        name: DUE,
        work: Work::Clock(|app, row| Box::pin(obey(app, row))),
    },
];

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Telling {
    /// Everybody can see it now.
    Opened,
    /// It is not shown, and why.
    Refused,
    /// Staff has taken it away, and why.
    Removed,
    /// The other one has let go of it.
    Untied,
    /// To whoever had a resource tied to it: it was taken back.
    Gone,
    /// To whoever helped: the need was met.
    Finished,
    /// Its last day is over.
    Lapsed,
    /// Its day is near.
    Soon,
    /// It is not done after all, and why.
    Reopened,
}

impl Telling {
    /// As the payload keeps it, and in a few characters, behind the number.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Opened => ("opened", "大家看得到了"),
            Self::Refused => ("refused", "没有通过"),
            Self::Removed => ("removed", "已下架"),
            Self::Untied => ("untied", "对接取消了"),
            Self::Gone => ("gone", "已撤下"),
            Self::Finished => ("finished", "办好了"),
            Self::Lapsed => ("lapsed", "已到期"),
            Self::Soon => ("soon", "快到期了"),
            Self::Reopened => ("reopened", "要再办"),
        }
    }

    fn of(reminder: &reminder::Model) -> Option<Self> {
        payload::what(reminder, |what: &Self| what.words().0)
    }
}

fn about(row: &offer::Model, kind: &'static str, key: &str, due_at: Moment) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: format!("offer:{}:{key}", row.id),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "offer": row.id }),
        due_at,
    }
}

/// A message to somebody whom it concerns.
#[must_use]
pub fn told(row: &offer::Model, what: Telling, person_id: i64, at: Moment) -> NewReminder {
    let name = what.words().0;
    let key = format!(
        "{name}:{person_id}:{}:{}",
        row.version,
        at.timestamp_millis()
    );
    NewReminder {
        recipient_id: Some(person_id),
        payload: json!({ "offer": row.id, "what": name }),
        ..about(row, TOLD, &key, at)
    }
}

/// How to reach the other one of a tie, to somebody on this side of it who waits for it. `need` is the need's row.
#[must_use]
pub fn contact(need: &offer::Model, side: OfferList, person_id: i64, at: Moment) -> NewReminder {
    reaching(need, side, person_id, at, CONTACT)
}

/// The same to somebody who has not asked for it.
#[must_use]
pub fn tied(need: &offer::Model, side: OfferList, person_id: i64, at: Moment) -> NewReminder {
    reaching(need, side, person_id, at, TIED)
}

fn reaching(
    need: &offer::Model,
    side: OfferList,
    person_id: i64,
    at: Moment,
    kind: &'static str,
) -> NewReminder {
    let side = match side {
        OfferList::Resource => "resource",
        _ => "need",
    };
    let key = format!(
        "{kind}:{side}:{person_id}:{}:{}",
        need.version,
        at.timestamp_millis()
    );
    NewReminder {
        recipient_id: Some(person_id),
        payload: json!({ "offer": need.id, "side": side, "with": need.tied_id }),
        ..about(need, kind, &key, at)
    }
}

/// Asks somebody to check it: now, and once more when it still waits.
#[must_use]
pub fn check(row: &offer::Model, person_id: i64) -> [NewReminder; 2] {
    [0, AGAIN_HOURS].map(|hours| NewReminder {
        recipient_id: Some(person_id),
        ..about(
            row,
            CHECK,
            &format!("check:{person_id}:{hours}"),
            row.created_at + TimeDelta::hours(hours),
        )
    })
}

/// The clocks of its day.
#[must_use]
pub fn days(row: &offer::Model) -> Vec<NewReminder> {
    let Some(day) = row.due_on else {
        return Vec::new();
    };
    let mut clocks = vec![over(row, morning_behind(day))];
    let soon = day.checked_sub_days(Days::new(SOON_DAYS));
    let soon = soon.map(|day| begin_of(day) + TimeDelta::hours(MORNING));
    if let Some(soon) = soon.filter(|soon| is_promise(row.list) && *soon > row.created_at) {
        clocks.push(NewReminder {
            payload: json!({ "offer": row.id, "soon": true }),
            ..about(row, DUE, "soon", soon)
        });
    }
    clocks
}

fn morning_behind(day: NaiveDate) -> Moment {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    begin_of(next) + TimeDelta::hours(MORNING)
}

/// The clock at the end of its day.
#[must_use]
pub fn over(row: &offer::Model, at: Moment) -> NewReminder {
    about(row, DUE, &format!("over:{}", row.version), at)
}

/// The clock of an item that is open again though its day has passed: the one that it was published with rang while
/// it was not. None while its day is to come, and for what was said to be late before.
#[must_use]
pub fn missed(row: &offer::Model, now: Moment) -> Option<NewReminder> {
    let today = china(now).date_naive();
    let passed = row.due_on.is_some_and(|day| day < today);
    let waits = row.state == OfferState::Open && row.overdue_at.is_none();
    (passed && waits).then(|| over(row, now))
}

/// One message tomorrow morning, or this morning if it is not over yet, to each whose need or resource fits this
/// one, and to whose this one is: one a day, however much fits.
///
/// # Errors
/// The database's.
pub async fn proposals(tx: &Tx, row: &offer::Model) -> Result<Vec<NewReminder>, Fault> {
    let fits = fitting(tx.db(), row, MOST_TOLD).await?;
    if fits.is_empty() {
        return Ok(Vec::new());
    }
    let mut people = owners(tx.db(), row, tx.now()).await?;
    for one in &fits {
        people.extend(owners(tx.db(), one, tx.now()).await?);
    }
    people.sort_unstable();
    people.dedup();
    let (day, at) = next_match(tx.now());
    let one = |person_id: i64| NewReminder {
        kind: MATCH,
        dedupe_key: format!("{MATCH}:{person_id}:{day}"),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: format!("place:{}", row.compound_id),
        payload: json!({}),
        due_at: at,
    };
    Ok(people.into_iter().map(one).collect())
}

/// The next day on which what fits is told, and when.
fn next_match(now: Moment) -> (NaiveDate, Moment) {
    let hour = NaiveTime::from_hms_opt(MATCH_HOUR, 0, 0).unwrap_or(NaiveTime::MIN);
    let today = china(now).date_naive();
    let at = |day: NaiveDate| begin_of(day) + (hour - NaiveTime::MIN);
    if at(today) > now {
        return (today, at(today));
    }
    let next = today.checked_add_days(Days::new(1)).unwrap_or(today);
    (next, at(next))
}

/// A promise is late: to whoever answers for it and whoever supervises.
///
/// # Errors
/// The database's.
pub async fn overdue(tx: &Tx, row: &offer::Model) -> Result<Vec<NewReminder>, Fault> {
    let place = places::by_id(tx.db(), row.place_id).await?;
    let path = place.map(|place| place.path).unwrap_or_default();
    let mut people = owners(tx.db(), row, tx.now()).await?;
    people.extend(supervisors(tx.db(), &path, tx.now()).await?);
    people.sort_unstable();
    people.dedup();
    let one = |person_id: i64| NewReminder {
        recipient_id: Some(person_id),
        ..about(
            row,
            OVERDUE,
            &format!("overdue:{person_id}:{}", row.version),
            tx.now(),
        )
    };
    Ok(people.into_iter().map(one).collect())
}

async fn read(app: &App, reminder: &reminder::Model) -> Result<Option<offer::Model>, Fault> {
    match number(reminder, "offer") {
        Some(id) => by_id(app.store.read(), id).await,
        None => Ok(None),
    }
}

async fn obey(app: &App, clock: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = number(clock, "offer") else {
        return Ok(Verdict::Drop);
    };
    let soon = clock.payload.get("soon").and_then(Value::as_bool) == Some(true);
    let mut tx = app.store.begin(app.clock.now()).await?;
    let done = if soon {
        call_to_mind(&mut tx, id, clock.due_at).await?
    } else {
        actions::lapse(&mut tx, id).await?
    };
    tx.commit().await?;
    Ok(Verdict::of(done))
}

/// Tells whoever answers for a promise that its day is near: once, though the clock of this moment ring twice.
async fn call_to_mind(tx: &mut Tx, id: i64, at: Moment) -> Result<bool, Fault> {
    let row = by_id(tx.db(), id).await?;
    let Some(row) = row.filter(|row| row.state == OfferState::Open) else {
        return Ok(false);
    };
    let people = owners(tx.db(), &row, tx.now()).await?;
    let items = people.into_iter();
    let items = items.map(|person| told(&row, Telling::Soon, person, at));
    enqueue(tx, items.collect()).await?;
    Ok(true)
}

/// `需求 #12“想学手机”`
fn named(row: &offer::Model) -> String {
    let says = list_says(row.list);
    match row.title.as_str() {
        // Its words are no longer kept.
        "" => format!("{says} #{}", row.id),
        title => format!("{says} #{}“{title}”", row.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn what_fits_is_told_at_the_next_ten_oclock() {
        // 2023-11-15 06:13 in China.
        let early = from_ms(1_700_000_000_000).unwrap();
        let (day, at) = next_match(early);
        assert_eq!(day.to_string(), "2023-11-15");
        assert_eq!(at - early, TimeDelta::milliseconds(13_600_000));
        let (day, _) = next_match(early + TimeDelta::hours(4));
        assert_eq!(day.to_string(), "2023-11-16");
    }
}
