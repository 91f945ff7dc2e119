//! What talents and askers are told, and the clocks of a request. Each message reads the request as it is now;
//! how to reach the other stands in messages to these two alone, after a yes. `command/serve.rs` joins the table
//! to the others'.

use entity::kinds::{HelpAnswer, HelpState};
use entity::{help_request, reminder};
use serde_json::json;

use crate::app::App;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::{Button, Kind, Message, Topic, Work};
use crate::person::contact::Known;
use crate::person::queries as people;
use crate::place::queries as places;
use crate::reminder::payload::{self, number};
use crate::reminder::{BoxFuture, NewReminder, Verdict};
use crate::talent::queries::{answer_of, by_id, contact, talent_of};
use crate::talent::step::Contact;
use crate::talent::{actions, kind_says, request_subject, state_says};

/// To the talent: somebody would like help.
const ASKED: &str = "talent.asked";
/// To each of the two: how to reach the other.
const CONTACT: &str = "talent.contact";
/// To the asker: that it came to nothing.
const TOLD: &str = "talent.told";
/// Clock: no word for a day.
const NEXT: &str = "talent.next";
/// Clock: its week is over.
const LAPSE: &str = "talent.lapse";
/// Characters of a request that a push shows.
const SHOWN: usize = 60;

/// What each kind means. Who asks whom is known to these two alone: nobody goes to a door for it, and no letter of
/// staff names them.
pub const KINDS: &[Kind] = &[
    Kind {
        name: ASKED,
        work: Work::Alone(Topic::Task, compose_asked),
    },
    // Asked for by asking and by saying yes: it cannot be switched off.
    Kind {
        name: CONTACT,
        work: Work::Alone(Topic::Answer, compose_contact),
    },
    Kind {
        name: TOLD,
        work: Work::Alone(Topic::Progress, compose_told),
    },
    Kind {
        name: NEXT,
        work: Work::Clock(obey_next),
    },
    Kind {
        name: LAPSE,
        work: Work::Clock(obey_lapse),
    },
];

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Talent: how to reach the asker.
    ContactAsker,
    /// Asker: who has said yes, and how to reach them.
    ContactTalent,
    /// Asker: nobody is left to be asked.
    Unmet,
    /// Asker: nobody has said yes in time.
    Lapsed,
}

impl Telling {
    const fn name(self) -> &'static str {
        match self {
            Self::ContactAsker => "contact-asker",
            Self::ContactTalent => "contact-talent",
            Self::Unmet => "unmet",
            Self::Lapsed => "lapsed",
        }
    }
}

/// A message to one of the two.
#[must_use]
pub fn told(row: &help_request::Model, what: Telling, person_id: i64, now: Moment) -> NewReminder {
    let kind = match what {
        Telling::ContactAsker | Telling::ContactTalent => CONTACT,
        Telling::Unmet | Telling::Lapsed => TOLD,
    };
    NewReminder {
        kind,
        dedupe_key: format!(
            "help:{}:{}:{person_id}:{}",
            row.id,
            what.name(),
            now.timestamp_millis()
        ),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: request_subject(row.id),
        payload: json!({ "help": row.id, "what": what.name() }),
        due_at: now,
    }
}

/// Asks a talent.
#[must_use]
pub fn asked(row: &help_request::Model, person_id: i64, now: Moment) -> NewReminder {
    NewReminder {
        kind: ASKED,
        dedupe_key: format!("help:{}:asked:{person_id}", row.id),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: request_subject(row.id),
        payload: json!({ "help": row.id, "version": row.version }),
        due_at: now,
    }
}

/// The clock of this asking.
#[must_use]
pub fn next(row: &help_request::Model, due: Moment) -> NewReminder {
    NewReminder {
        kind: NEXT,
        dedupe_key: format!("help:{}:next:{}", row.id, row.version),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: request_subject(row.id),
        payload: json!({ "help": row.id, "version": row.version }),
        due_at: due,
    }
}

/// The clock of the request.
#[must_use]
pub fn lapse(row: &help_request::Model) -> NewReminder {
    NewReminder {
        kind: LAPSE,
        dedupe_key: format!("help:{}:lapse", row.id),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: request_subject(row.id),
        payload: json!({ "help": row.id }),
        due_at: row.lapses_at,
    }
}

async fn read(app: &App, reminder: &reminder::Model) -> Result<Option<help_request::Model>, Fault> {
    match number(reminder, "help") {
        Some(id) => by_id(app.store.read(), id).await,
        None => Ok(None),
    }
}

fn obey_next<'a>(
    app: &'a App,
    clock: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let (Some(id), Some(version)) = (number(clock, "help"), payload::version(clock)) else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let done = actions::pass_on(&mut tx, id, version).await?;
        tx.commit().await?;
        Ok(Verdict::of(done))
    })
}

fn obey_lapse<'a>(
    app: &'a App,
    clock: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let Some(id) = number(clock, "help") else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let done = actions::lapse(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Verdict::of(done))
    })
}

fn compose_asked<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let row = read(app, last).await?;
        let row = row.filter(|row| row.state == HelpState::Asking);
        let Some(row) = row else {
            return Ok(None);
        };
        // Another is asked by now.
        if number(last, "version") != Some(i64::from(row.version)) {
            return Ok(None);
        }
        let (id, kind) = (row.id, kind_says(row.kind));
        let until = row.due_at.map(say).unwrap_or_default();
        Ok(Some(Message {
            template: "task",
            title: format!("邻居请帮忙 #{id}（{kind}）"),
            place: places::own_name(app.store.read(), row.compound_id).await?,
            state: state_says(row.state).to_owned(),
            at: row.updated_at,
            // A template has room for twenty characters: what for, and how to go on by digits.
            hint: format!("{}，回复:帮手任务", shorten(&row.text, 10)),
            text: format!(
                "有位邻居想请您帮忙（{kind}，#{id}）：{}\n愿意请回复“接受帮忙 {id}”，联系方式会单独发给双方；不方便请回复“婉拒帮忙 {id}”，没关系。{until}前没有回音就问下一位。",
                shorten(&row.text, SHOWN)
            ),
            url: None,
            urgent: false,
            buttons: vec![
                Button {
                    label: "接受",
                    command: format!("接受帮忙 {id}"),
                },
                Button {
                    label: "婉拒",
                    command: format!("婉拒帮忙 {id}"),
                },
            ],
        }))
    })
}

/// What the card of whoever was asked says in the end: what came of their own asking. Who is asked now, and whether
/// anybody is, is not theirs to know.
///
/// # Errors
/// The database's.
pub async fn ending(app: &App, asked: &reminder::Model) -> Result<&'static str, Fault> {
    let answer = match (number(asked, "help"), asked.recipient_id) {
        (Some(id), Some(person)) => answer_of(app.store.read(), id, person).await?,
        _ => None,
    };
    Ok(match answer {
        Some(HelpAnswer::Accepted) => "已答应帮忙",
        Some(HelpAnswer::Declined) => "已婉拒",
        Some(HelpAnswer::Silent) => "已过时间，不用再帮忙了",
        Some(HelpAnswer::Dropped | HelpAnswer::Asked) | None => "不用再帮忙了",
    })
}

/// Somebody waits for it at this moment, at whatever hour.
fn compose_contact<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move { Ok(compose(app, reminders).await?.map(Message::at_once)) })
}

fn compose_told<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(compose(app, reminders))
}

async fn compose(app: &App, reminders: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let Some(row) = read(app, last).await? else {
        return Ok(None);
    };
    let what = payload::word(last, "what");
    let (id, kind) = (row.id, kind_says(row.kind));
    let about = match row.text.as_str() {
        "" => String::new(),
        text => format!("“{}”", shorten(text, SHOWN)),
    };
    let now = app.clock.now();
    let accepted = contact(app.store.read(), &row, now).await? == Contact::Open;
    let (title, text, hint) = match what {
        Some("contact-asker") if accepted => {
            let who = known(app, Some(row.asker_id)).await?;
            (
                format!("请联系邻居 #{id}"),
                format!(
                    "您答应帮忙的事 #{id}{about}。邻居：{}。请只用来办这件事，谢谢您！",
                    who.says()
                ),
                who.hint(),
            )
        }
        Some("contact-talent") if accepted => {
            let talent = talent_of(app.store.read(), &row).await?;
            let who = known(app, talent.map(|talent| talent.person_id)).await?;
            (
                format!("有人愿意帮忙 #{id}"),
                format!(
                    "您找帮手（{kind}，#{id}）{about}，有邻居答应了：{}。对方也收到了您的联系方式，请只用来办这件事。",
                    who.says()
                ),
                who.hint(),
            )
        }
        Some("unmet") if row.state == HelpState::Unmet => (
            format!("没找到帮手 #{id}"),
            format!(
                "您找帮手（{kind}，#{id}）{about}，能问的邻居都问过了，这次没有人方便。要物业或社区帮忙，请回复“求助”写下来。"
            ),
            "回复“求助”请物业帮忙".to_owned(),
        ),
        Some("lapsed") if row.state == HelpState::Lapsed => (
            format!("没找到帮手 #{id}"),
            format!(
                "您找帮手（{kind}，#{id}）{about}，一周没有人答应，已经到期。可以回复“找帮手”再找一次，或回复“求助”请物业帮忙。"
            ),
            "回复“找帮手”再找一次".to_owned(),
        ),
        _ => return Ok(None),
    };
    Ok(Some(Message {
        template: "progress",
        title,
        place: places::own_name(app.store.read(), row.compound_id).await?,
        state: state_says(row.state).to_owned(),
        at: last.due_at,
        hint,
        text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}

/// Name and phone of somebody as the roster has them.
async fn known(app: &App, person_id: Option<i64>) -> Result<Known, Fault> {
    let person = match person_id {
        Some(id) => people::by_id(app.store.read(), id).await?,
        None => None,
    };
    Ok(Known::of(&app.seal, person))
}
