//! What checkers, askers and claimers are told, and the clock of a claim. How to reach the other one stands in
//! messages to these two alone. `command/serve.rs` joins the table to the others'.

mod compose;

use chrono::TimeDelta;
use entity::{reminder, wish};
use serde_json::json;

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::delivery::{Kind, Topic, Work};
use crate::reminder::payload::{self, number};
use crate::reminder::{NewReminder, Verdict};
use crate::wish::queries::by_id;
use crate::wish::{actions, subject};

/// To whoever may check it.
const CHECK: &str = "wish.check";
/// To the claimer: how to reach the asker.
const CONTACT: &str = "wish.contact";
/// To the asker: who has it, and how to reach them.
const CLAIMED: &str = "wish.claimed";
/// To asker or claimer: what became of it.
const TOLD: &str = "wish.told";
/// Clock: the claim's term is over.
const LAPSE: &str = "wish.lapse";
/// Hours after which whoever has not checked it is asked once more.
const AGAIN_HOURS: i64 = 24;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: CHECK,
        work: Work::Push(Topic::Task, |app, rows| Box::pin(compose::check(app, rows))),
    },
    // Asked for by claiming: it cannot be switched off.
    Kind {
        name: CONTACT,
        work: Work::Push(Topic::Answer, |app, rows| {
            Box::pin(compose::contact(app, rows))
        }),
    },
    // Not asked for at this moment: it waits for the morning.
    Kind {
        name: CLAIMED,
        work: Work::Push(Topic::Contact, |app, rows| {
            Box::pin(compose::claimed(app, rows))
        }),
    },
    Kind {
        name: TOLD,
        work: Work::Push(Topic::Progress, |app, rows| {
            Box::pin(compose::told(app, rows))
        }),
    },
    Kind {
        name: LAPSE,
        work: Work::Clock(|app, row| Box::pin(obey(app, row))),
    },
];

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Telling {
    /// Asker: neighbours can see it now.
    Opened,
    /// Asker: it is not shown, and why.
    Refused,
    /// Claimer: how to reach the asker.
    Contact,
    /// Asker: who has it, and how to reach them.
    Claimed,
    /// Claimer: the term is over tomorrow.
    Warned,
    /// Claimer: the term is over.
    Lapsed,
    /// Asker: the claim has lapsed.
    Reopened,
    /// Asker: the claimer cannot after all.
    Abandoned,
    /// Asker: it is done.
    Fulfilled,
    /// Asker: there is a photo of it.
    Photo,
    /// Claimer: thanks.
    Thanked,
    /// Claimer: the asker has taken it back.
    Withdrawn,
    /// Both: staff has taken it away, and why.
    Removed,
}

impl Telling {
    /// As the payload keeps it, and in a few characters, behind the number.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Opened => ("opened", "大家可以认领了"),
            Self::Refused => ("refused", "没有通过"),
            Self::Contact => ("contact", "请联系许愿人"),
            Self::Claimed => ("claimed", "有人认领了"),
            Self::Warned => ("warned", "明天到期"),
            Self::Lapsed => ("lapsed", "认领已到期"),
            Self::Reopened => ("reopened", "重新开放认领"),
            Self::Abandoned => ("abandoned", "重新开放认领"),
            Self::Fulfilled => ("fulfilled", "实现了"),
            Self::Photo => ("photo", "照片来了"),
            Self::Thanked => ("thanked", "收到感谢"),
            Self::Withdrawn => ("withdrawn", "许愿人已撤回"),
            Self::Removed => ("removed", "已下架"),
        }
    }

    fn of(reminder: &reminder::Model) -> Option<Self> {
        payload::what(reminder, |what: &Self| what.words().0)
    }
}

/// A message to one of the two, due then.
#[must_use]
pub fn told(row: &wish::Model, what: Telling, person_id: i64, due: Moment) -> NewReminder {
    let kind = match what {
        Telling::Contact => CONTACT,
        Telling::Claimed => CLAIMED,
        _ => TOLD,
    };
    let name = what.words().0;
    NewReminder {
        kind,
        dedupe_key: format!(
            "wish:{}:{name}:{person_id}:{}:{}",
            row.id,
            row.version,
            due.timestamp_millis()
        ),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "wish": row.id, "what": name, "version": row.version }),
        due_at: due,
    }
}

/// Asks somebody to check it: now, and once more when it still waits.
#[must_use]
pub fn check(row: &wish::Model, person_id: i64) -> [NewReminder; 2] {
    [0, AGAIN_HOURS].map(|hours| NewReminder {
        kind: CHECK,
        dedupe_key: format!("wish:{}:check:{person_id}:{hours}", row.id),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "wish": row.id }),
        due_at: row.created_at + TimeDelta::hours(hours),
    })
}

/// The clock of this claim.
#[must_use]
pub fn lapse(row: &wish::Model, due: Moment) -> NewReminder {
    NewReminder {
        kind: LAPSE,
        dedupe_key: format!("wish:{}:lapse:{}", row.id, row.version),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "wish": row.id, "version": row.version }),
        due_at: due,
    }
}

async fn read(app: &App, reminder: &reminder::Model) -> Result<Option<wish::Model>, Fault> {
    match number(reminder, "wish") {
        Some(id) => by_id(app.store.read(), id).await,
        None => Ok(None),
    }
}

async fn obey(app: &App, clock: &reminder::Model) -> Result<Verdict, Fault> {
    let (Some(id), Some(version)) = (number(clock, "wish"), payload::version(clock)) else {
        return Ok(Verdict::Drop);
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let lapsed = actions::lapse(&mut tx, id, version).await?;
    tx.commit().await?;
    Ok(Verdict::of(lapsed))
}
