//! What borrowers, bookers, owners and keepers are told, and the clocks of loans and deposits. Each message
//! reads what it is about as it is now. `command/serve.rs` joins the table to the others'.

use chrono::TimeDelta;
use entity::kinds::{BookingState, DepositState, LoanState};
use entity::{reminder, station_booking, station_deposit, station_loan, station_thing};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::app::App;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::config::Stations;
use crate::delivery::{Button, Kind, Message, Topic, Work};
use crate::person::queries as people;
use crate::reminder::{BoxFuture, NewReminder, Verdict};
use crate::station::queries::by_id;
use crate::station::queries::rooms::slot_of;
use crate::station::{
    actions, booking_says, booking_subject, deposit_says, deposit_subject, loan_says, loan_subject,
};

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
        let name = reminder.payload.get("what").and_then(Value::as_str)?;
        <Self as strum::IntoEnumIterator>::iter().find(|what| what.words().0 == name)
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
        let name = clock.payload.get("clock").and_then(Value::as_str);
        let mut tx = app.store.begin(app.clock.now()).await?;
        let done = match (key_of(clock), name) {
            (Some(("loan", id)), _) => actions::overdue(&mut tx, id).await?,
            (Some(("deposit", id)), Some(name)) => {
                actions::expire(&mut tx, id, name == "month").await?
            }
            _ => false,
        };
        tx.commit().await?;
        Ok(match done {
            true => Verdict::Done,
            false => Verdict::Drop,
        })
    })
}

/// One thing to be told: the whole sentence, what it is called, where it stands.
struct Said {
    text: String,
    title: String,
    state: &'static str,
    station_id: i64,
    button: Option<Button>,
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let mut last = None;
        let mut texts: Vec<String> = Vec::new();
        for one in reminders {
            if let Some(said) = said(app, one).await?
                && !texts.contains(&said.text)
            {
                texts.push(said.text.clone());
                last = Some((one, said));
            }
        }
        let Some((newest, said)) = last else {
            return Ok(None);
        };
        let station = by_id(app.store.read(), said.station_id).await?;
        let task = newest.kind == TASK;
        Ok(Some(Message {
            template: if task { "task" } else { "progress" },
            title: said.title,
            place: station.map(|station| station.name).unwrap_or_default(),
            state: said.state.to_owned(),
            at: newest.due_at,
            hint: match &said.button {
                Some(button) => format!("回复:{}", button.command),
                None => "回复“我的驿站”查看".to_owned(),
            },
            text: texts.join("\n"),
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
        Some(("loan", id)) => said_of_loan(app, id, what).await,
        Some(("booking", id)) => said_of_booking(app, id, what).await,
        Some(("deposit", id)) => said_of_deposit(app, id, what, reminder.kind == TASK).await,
        _ => Ok(None),
    }
}

async fn said_of_loan(app: &App, id: i64, what: Telling) -> Result<Option<Said>, Fault> {
    let db = app.store.read();
    let Some(row) = station_loan::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let thing = station_thing::Entity::find_by_id(row.thing_id)
        .one(db)
        .await?;
    let thing = thing.map_or_else(String::new, |thing| format!("“{}”", thing.name));
    let due = say(row.due_at);
    let has = row.state == LoanState::Lent;
    let note = row.note.as_deref().unwrap_or_default();
    let text = match what {
        Telling::LentTo if has => format!(
            "驿站登记您借了{thing}（借用 #{id}），请在{due}前归还。还的时候回复“归还 {id}”。"
        ),
        Telling::Soon if has => {
            format!("您借的{thing}（借用 #{id}）{due}到期。还到驿站后回复“归还 {id}”。")
        }
        Telling::Late if has => {
            format!("您借的{thing}（借用 #{id}）已经到期，请尽快还到驿站，再回复“归还 {id}”。")
        }
        Telling::Denied if has => format!(
            "驿站没有找到您说已还的{thing}（借用 #{id}）。请再看看放在哪里，还好后回复“归还 {id}”。"
        ),
        Telling::Ended => match row.state {
            LoanState::Returned => format!("您借的{thing}（借用 #{id}）已还好，谢谢！"),
            LoanState::Lost => format!("您借的{thing}（借用 #{id}）已记为丢失：{note}。"),
            LoanState::Damaged => format!("您借的{thing}（借用 #{id}）已记为损坏：{note}。"),
            LoanState::Lent | LoanState::Handed => return Ok(None),
        },
        Telling::HandedIn if row.state == LoanState::Handed => {
            let who = name_of(app, row.borrower_id).await?;
            format!(
                "{who}说{thing}（借用 #{id}）已还，请看一眼。收到了回复“借物验收 {id}”，没看到回复“借物没收到 {id}”。"
            )
        }
        Telling::Overdue if has => {
            let who = name_of(app, row.borrower_id).await?;
            format!(
                "{who}借的{thing}（借用 #{id}）{due}到期，还没还。请联系一下；收到了回复“借物验收 {id}”。"
            )
        }
        _ => return Ok(None),
    };
    let (label, command) = match what {
        Telling::HandedIn | Telling::Overdue => ("验收", format!("借物验收 {id}")),
        _ => ("归还", format!("归还 {id}")),
    };
    Ok(Some(Said {
        text,
        title: format!("借用 #{id} {}", what.words().1),
        state: loan_says(row.state),
        station_id: row.station_id,
        button: (what != Telling::Ended).then_some(Button { label, command }),
    }))
}

async fn said_of_booking(app: &App, id: i64, what: Telling) -> Result<Option<Said>, Fault> {
    let db = app.store.read();
    let Some(row) = station_booking::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let room = entity::station_room::Entity::find_by_id(row.room_id)
        .one(db)
        .await?;
    let room = room.map_or_else(String::new, |room| format!("“{}”", room.name));
    let time = slot_of(&row).says();
    let reason = row.reason.as_deref().unwrap_or_default();
    let text = match (what, row.state) {
        (Telling::Begins, BookingState::Booked) => {
            format!("您订的{room}（预订 #{id}）{time}，快到时间了。来不了请回复“取消预订 {id}”。")
        }
        (Telling::Displaced, BookingState::Displaced) => format!(
            "很抱歉，您订的{room}（预订 #{id}）{time}要让给公务使用：{reason}。请回复“订房间 {}”另选时间。",
            row.room_id
        ),
        (Telling::Cancelled, BookingState::Cancelled) => format!(
            "您订的{room}（预订 #{id}）{time}已由驿站取消：{reason}。请回复“订房间 {}”另选时间。",
            row.room_id
        ),
        _ => return Ok(None),
    };
    Ok(Some(Said {
        text,
        title: format!("预订 #{id} {}", what.words().1),
        state: booking_says(row.state),
        station_id: row.station_id,
        button: None,
    }))
}

async fn said_of_deposit(
    app: &App,
    id: i64,
    what: Telling,
    task: bool,
) -> Result<Option<Said>, Fault> {
    let db = app.store.read();
    let Some(row) = station_deposit::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let thing = &row.thing;
    let since = say(row.at);
    let note = row.note.as_deref().unwrap_or_default();
    let text = match (what, row.state, task) {
        (Telling::TakenIn, DepositState::Kept, _) => {
            format!("驿站收下了您寄存的“{thing}”，寄存号 {id}。来取时报这个号。")
        }
        (Telling::Waits, DepositState::Kept, false) => {
            format!("您{since}寄存的“{thing}”（寄存号 {id}）还在驿站，请来取一下。")
        }
        (Telling::Waits, DepositState::Kept, true) => {
            format!(
                "寄存号 {id}“{thing}”从{since}放到现在没人取，请留意。取走后在工作台“驿站”记一下。"
            )
        }
        (Telling::MonthOver, DepositState::Unclaimed, false) => format!(
            "您{since}寄存的“{thing}”（寄存号 {id}）放得太久了，请马上来取，不然会交给物业失物招领。"
        ),
        (Telling::MonthOver, DepositState::Unclaimed, true) => format!(
            "寄存号 {id}“{thing}”从{since}放到现在没人取，可以交物业失物招领了。处理后在工作台“驿站”写明交到哪里。"
        ),
        (Telling::ClearedAway, DepositState::Cleared, _) => {
            format!("您寄存的“{thing}”（寄存号 {id}）没有人来取，已处理：{note}。")
        }
        _ => return Ok(None),
    };
    Ok(Some(Said {
        text,
        title: format!("寄存 #{id} {}", what.words().1),
        state: deposit_says(row.state),
        station_id: row.station_id,
        button: None,
    }))
}

/// Who it is, for keepers.
async fn name_of(app: &App, person_id: i64) -> Result<String, Fault> {
    let person = people::by_id(app.store.read(), person_id).await?;
    Ok(person.map(|person| person.name).unwrap_or_default())
}
