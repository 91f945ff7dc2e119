//! What borrowers, bookers, owners and keepers are told, and the clocks of loans and deposits. Each message
//! reads what it is about as it is now; its words are `words`. `command/serve.rs` joins the table to the others'.

mod words;

use chrono::TimeDelta;
use entity::{reminder, station_booking, station_deposit, station_loan};
use serde_json::json;

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::config::Stations;
use crate::delivery::{Button, Kind, Lines, Message, Says, Topic, Work};
use crate::reminder::{BoxFuture, NewReminder, Verdict, payload};
use crate::station::queries::by_id;
use crate::station::{actions, booking_subject, deposit_subject, loan_subject};

/// To the borrower: what they have, and what became of it.
const LOAN: &str = "station.loan";
/// To the booker: what becomes of the booking.
const BOOKING: &str = "station.booking";
/// To whoever left something.
const DEPOSIT: &str = "station.deposit";
/// To keepers: what they are to look after.
const TASK: &str = "station.task";
/// Clock: a loan is a day late, a deposit some days or a month old.
const CLOCK: &str = "station.clock";
/// Characters of the name of a thing or a room that a title has room for.
const SHOWN: usize = 6;
/// Days after its end at which a loan is told to the keepers.
const LATE_DAYS: i64 = 1;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: LOAN,
        work: Work::Push(Topic::Progress, compose),
    },
    Kind {
        name: BOOKING,
        work: Work::Push(Topic::Progress, compose),
    },
    Kind {
        name: DEPOSIT,
        work: Work::Push(Topic::Progress, compose),
    },
    Kind {
        name: TASK,
        work: Work::Push(Topic::Task, compose),
    },
    Kind {
        name: CLOCK,
        work: Work::Clock(obey),
    },
];

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Telling {
    /// Borrower: a keeper has written down that they have it.
    LentTo,
    /// Borrower: it is due tomorrow.
    Soon,
    /// Borrower: it is due.
    Late,
    /// Borrower: the keeper did not find it.
    Denied,
    /// Borrower: it is over, and how.
    Ended,
    /// Keeper: it is said to be back.
    HandedIn,
    /// Keeper: it is a day late, and who has it.
    Overdue,
    /// Booker: it begins soon.
    Begins,
    /// Booker: it had to give way.
    Displaced,
    /// Booker: a keeper has cancelled it.
    Cancelled,
    /// Owner: taken in, with the number.
    TakenIn,
    /// Owner and keeper: it has been waiting for days.
    Waits,
    /// Owner and keeper: it has been waiting for a month.
    MonthOver,
    /// Owner: where it went.
    ClearedAway,
}

impl Telling {
    /// As the payload keeps it, and in a few characters, behind the number.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::LentTo => ("lent", "已借出"),
            Self::Soon => ("soon", "明天到期"),
            Self::Late => ("late", "已到期"),
            Self::Denied => ("denied", "还没收到"),
            Self::Ended => ("ended", "已了结"),
            Self::HandedIn => ("handed", "请验收"),
            Self::Overdue => ("overdue", "逾期未还"),
            Self::Begins => ("begins", "快到时间了"),
            Self::Displaced => ("displaced", "要让出"),
            Self::Cancelled => ("cancelled", "已取消"),
            Self::TakenIn => ("left", "已收下"),
            Self::Waits => ("waits", "等您领取"),
            Self::MonthOver => ("month", "很久没人领"),
            Self::ClearedAway => ("cleared", "已处理"),
        }
    }

    const fn kind_of_loan(self) -> &'static str {
        match self {
            Self::HandedIn | Self::Overdue => TASK,
            _ => LOAN,
        }
    }

    fn of(reminder: &reminder::Model) -> Option<Self> {
        payload::what(reminder, |what: &Self| what.words().0)
    }
}

/// What a reminder is about.
struct About {
    subject: String,
    compound_id: i64,
    version: i32,
}

fn item(
    kind: &'static str,
    about: &About,
    what: Telling,
    person_id: i64,
    due: Moment,
) -> NewReminder {
    let name = what.words().0;
    NewReminder {
        kind,
        dedupe_key: format!(
            "{}:{name}:{person_id}:{}:{}",
            about.subject,
            about.version,
            due.timestamp_millis()
        ),
        recipient_id: Some(person_id),
        compound_id: Some(about.compound_id),
        subject: about.subject.clone(),
        payload: json!({ "what": name }),
        due_at: due,
    }
}

fn clock(about: &About, name: &str, due: Moment) -> NewReminder {
    NewReminder {
        kind: CLOCK,
        dedupe_key: format!("{}:clock:{name}:{}", about.subject, about.version),
        recipient_id: None,
        compound_id: Some(about.compound_id),
        subject: about.subject.clone(),
        payload: json!({ "clock": name }),
        due_at: due,
    }
}

fn of_loan(row: &station_loan::Model) -> About {
    About {
        subject: loan_subject(row.id),
        compound_id: row.compound_id,
        version: row.version,
    }
}

fn of_deposit(row: &station_deposit::Model) -> About {
    About {
        subject: deposit_subject(row.id),
        compound_id: row.compound_id,
        version: row.version,
    }
}

/// A message about a loan, due then.
#[must_use]
pub fn loan(row: &station_loan::Model, what: Telling, person_id: i64, due: Moment) -> NewReminder {
    item(what.kind_of_loan(), &of_loan(row), what, person_id, due)
}

/// What waits for a new loan: a word the day before where there is one, a word at its end, and the clock.
#[must_use]
pub fn loan_clocks(row: &station_loan::Model, days: i32) -> Vec<NewReminder> {
    let to = row.borrower_id;
    let mut items = vec![
        loan(row, Telling::Late, to, row.due_at),
        loan_clock(row, row.due_at),
    ];
    if days > 1 {
        let before = row.due_at - TimeDelta::days(1);
        items.push(loan(row, Telling::Soon, to, before));
    }
    items
}

/// The clock that tells the keepers, a day after this.
#[must_use]
pub fn loan_clock(row: &station_loan::Model, from: Moment) -> NewReminder {
    clock(&of_loan(row), "late", from + TimeDelta::days(LATE_DAYS))
}

/// A message about a booking, due then.
#[must_use]
pub fn booking(
    row: &station_booking::Model,
    what: Telling,
    person_id: i64,
    due: Moment,
) -> NewReminder {
    let about = About {
        subject: booking_subject(row.id),
        compound_id: row.compound_id,
        version: row.version,
    };
    item(BOOKING, &about, what, person_id, due)
}

/// A message about a deposit to its owner, due then.
#[must_use]
pub fn deposit(
    row: &station_deposit::Model,
    what: Telling,
    person_id: i64,
    due: Moment,
) -> NewReminder {
    item(DEPOSIT, &of_deposit(row), what, person_id, due)
}

/// The same to a keeper.
#[must_use]
pub fn deposit_task(
    row: &station_deposit::Model,
    what: Telling,
    person_id: i64,
    due: Moment,
) -> NewReminder {
    let mut item = item(TASK, &of_deposit(row), what, person_id, due);
    // Whoever keeps the station may be the owner, too.
    item.dedupe_key.push_str(":task");
    item
}

/// The clocks of a new deposit.
#[must_use]
pub fn deposit_clocks(row: &station_deposit::Model, terms: &Stations) -> Vec<NewReminder> {
    let about = of_deposit(row);
    vec![
        clock(
            &about,
            "waits",
            row.at + TimeDelta::days(terms.deposit_days),
        ),
        clock(
            &about,
            "month",
            row.at + TimeDelta::days(terms.unclaimed_days),
        ),
    ]
}

fn key_of(reminder: &reminder::Model) -> Option<(&str, i64)> {
    let (kind, id) = reminder.subject.split_once(':')?;
    Some((kind, id.parse().ok()?))
}

fn obey<'a>(app: &'a App, clock: &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let name = payload::word(clock, "clock");
        let mut tx = app.store.begin(app.clock.now()).await?;
        let done = match (key_of(clock), name) {
            (Some(("loan", id)), _) => actions::overdue(&mut tx, id).await?,
            (Some(("deposit", id)), Some(name)) => {
                actions::expire(&mut tx, id, name == "month").await?
            }
            _ => false,
        };
        tx.commit().await?;
        Ok(Verdict::of(done))
    })
}

/// One thing to be told: the whole sentence, and what a template has room for.
struct Said {
    text: String,
    title: String,
    hint: String,
    state: &'static str,
    station_id: i64,
    /// What it is about in time; when it is told if there is no such moment.
    at: Option<Moment>,
    button: Option<Button>,
}

impl Says for Said {
    fn says(&self) -> &str {
        &self.text
    }
}

/// A title that says which thing or room it is about, as far as there is room.
fn title(name: &str, id: i64, what: Telling) -> String {
    let (name, says) = (shorten(name, SHOWN), what.words().1);
    format!("{name} #{id} {says}")
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let mut lines = Lines::new();
        for one in reminders {
            if let Some(said) = said(app, one).await? {
                lines.add((one, said));
            }
        }
        let Some((text, (newest, said))) = lines.told() else {
            return Ok(None);
        };
        let station = by_id(app.store.read(), said.station_id).await?;
        let task = newest.kind == TASK;
        Ok(Some(Message {
            template: if task { "task" } else { "progress" },
            title: said.title,
            place: station.map(|station| station.name).unwrap_or_default(),
            state: said.state.to_owned(),
            at: said.at.unwrap_or(newest.due_at),
            hint: said.hint,
            text,
            url: None,
            urgent: false,
            buttons: said.button.into_iter().collect(),
        }))
    })
}

async fn said(app: &App, reminder: &reminder::Model) -> Result<Option<Said>, Fault> {
    let Some(what) = Telling::of(reminder) else {
        return Ok(None);
    };
    match key_of(reminder) {
        Some(("loan", id)) => words::of_loan(app, id, what).await,
        Some(("booking", id)) => words::of_booking(app, id, what).await,
        Some(("deposit", id)) => words::of_deposit(app, id, what, reminder.kind == TASK).await,
        _ => Ok(None),
    }
}
