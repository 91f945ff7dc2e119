//! What mediator and parties are told: each message reads the mediation as it is now, and says to a
//! party nothing of another but the text that both are asked about. `command/serve.rs` joins the
//! table to the others'.

mod clocks;

use chrono::TimeDelta;
use entity::kinds::MediationState;
use entity::{mediation, mediation_session, reminder};
use sea_orm::EntityTrait;
use serde_json::json;

use crate::app::App;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::remind::kinds::{MEDIATION_CASE_OVER, MEDIATOR_GONE};
use crate::delivery::{Kind, Lines, Message, Says, Topic, Work};
use crate::mediation::queries::{about, by_id, is_ahead, parties};
use crate::mediation::{STEP_DAYS, centre_says, state_says, subject};
use crate::person::queries as people;
use crate::reminder::payload::{self, number, word};
use crate::reminder::{BoxFuture, NewReminder};

/// To the mediator.
const TASK: &str = "mediation.task";
/// To a party.
const PARTY: &str = "mediation.party";
/// Clock: does it go on?
const CLOCK: &str = "mediation.clock";
/// Characters of an agreement that a push shows.
const SHOWN: usize = 300;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: TASK,
        work: Work::Push(Topic::Task, compose),
    },
    Kind {
        name: PARTY,
        work: Work::Push(Topic::Progress, compose),
    },
    Kind {
        name: CLOCK,
        work: Work::Clock(clocks::look),
    },
    Kind {
        name: MEDIATOR_GONE,
        work: Work::Clock(clocks::mediator_gone),
    },
    Kind {
        name: MEDIATION_CASE_OVER,
        work: Work::Clock(clocks::case_over),
    },
];

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Mediator: there is a new one.
    Opened,
    /// Party: you were named.
    Invited,
    /// Party: come at this time.
    Called,
    /// Both: tomorrow.
    Eve,
    /// Party: do you agree to this text?
    Proposed,
    /// Party: you have not answered.
    AskedAgain,
    /// Mediator: somebody does not agree, and why.
    Disagreed,
    /// Party: there is no agreement yet.
    BackToTable,
    /// Both: it holds.
    Agreed,
    /// Party: is it kept?
    IsItKept,
    /// Mediator: nobody says whether it is kept.
    Silent,
    /// Both: it was kept.
    Kept,
    /// Mediator: somebody says that it is not kept.
    Broken,
    /// Party: it brought nothing.
    Failed,
    /// Mediator: nothing has happened for days.
    Stalled,
    /// Whoever led it, and the parties: somebody else leads it now.
    PassedOn,
    /// Both: it goes no further, and why.
    Ended,
}

impl Telling {
    const ALL: [Self; 17] = [
        Self::Opened,
        Self::Invited,
        Self::Called,
        Self::Eve,
        Self::Proposed,
        Self::AskedAgain,
        Self::Disagreed,
        Self::BackToTable,
        Self::Agreed,
        Self::IsItKept,
        Self::Silent,
        Self::Kept,
        Self::Broken,
        Self::Failed,
        Self::Stalled,
        Self::PassedOn,
        Self::Ended,
    ];

    /// As the payload keeps it.
    const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Invited => "invited",
            Self::Called => "called",
            Self::Eve => "eve",
            Self::Proposed => "proposed",
            Self::AskedAgain => "asked-again",
            Self::Disagreed => "disagreed",
            Self::BackToTable => "back-to-table",
            Self::Agreed => "agreed",
            Self::IsItKept => "is-it-kept",
            Self::Silent => "silent",
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::Failed => "failed",
            Self::Stalled => "stalled",
            Self::PassedOn => "passed-on",
            Self::Ended => "ended",
        }
    }
}

impl Telling {
    /// In a few characters, behind the number.
    const fn head(self) -> &'static str {
        match self {
            Self::Opened => "请您主持",
            Self::Invited => "您是当事人",
            Self::Called => "见面：",
            Self::Eve => "明天见面：",
            Self::Proposed | Self::AskedAgain => "协议待您确认",
            Self::Disagreed => "有人不同意",
            Self::BackToTable => "没有谈拢",
            Self::Agreed => "协议生效",
            Self::IsItKept => "协议履行了吗",
            Self::Silent => "履行还没有回复",
            Self::Kept => "协议已履行",
            Self::Broken => "协议没有履行",
            Self::Failed => "没有成功",
            Self::Stalled => "请往下进行",
            Self::PassedOn => "换人主持",
            Self::Ended => "不再进行",
        }
    }
}

/// The one clock of a mediation: from its opening to its end it looks whether something happens.
#[must_use]
pub fn clock(row: &mediation::Model) -> NewReminder {
    NewReminder {
        kind: CLOCK,
        dedupe_key: format!("{}:{CLOCK}", subject(row.id)),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "mediation": row.id }),
        due_at: row.updated_at + TimeDelta::days(STEP_DAYS),
    }
}

/// A push to a person, due then.
#[must_use]
pub fn push(row: &mediation::Model, what: Telling, person_id: i64, due: Moment) -> NewReminder {
    let kind = if person_id == row.mediator_id {
        TASK
    } else {
        PARTY
    };
    NewReminder {
        kind,
        dedupe_key: format!(
            "mediation:{}:{}:{person_id}:{}:{}",
            row.id,
            what.name(),
            row.version,
            due.timestamp_millis()
        ),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "mediation": row.id, "what": what.name(), "version": row.version }),
        due_at: due,
    }
}

/// The same about a meeting.
#[must_use]
pub fn session(
    row: &mediation::Model,
    session: &mediation_session::Model,
    what: Telling,
    person_id: i64,
    due: Moment,
) -> NewReminder {
    let mut item = push(row, what, person_id, due);
    item.dedupe_key = format!("{}:{}", item.dedupe_key, session.id);
    if let Some(payload) = item.payload.as_object_mut() {
        payload.insert("session".to_owned(), json!(session.id));
    }
    item
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let Some(id) = number(last, "mediation") else {
            return Ok(None);
        };
        let Some(row) = by_id(app.store.read(), id).await? else {
            return Ok(None);
        };
        let mut lines = Lines::new();
        for one in reminders {
            if let Some(line) = line(app, &row, one).await? {
                lines.add(line);
            }
        }
        let Some((text, newest)) = lines.told() else {
            return Ok(None);
        };
        let default = match may_look(app, &row, last.recipient_id).await? {
            true => format!("回复“我的调解 {id}”查看"),
            // Who led it before can look at it no more.
            false => "不用您再主持".to_owned(),
        };
        Ok(Some(Message {
            template: if last.kind == TASK {
                "task"
            } else {
                "progress"
            },
            title: format!("调解 #{id} {}", newest.head),
            place: format!("{}调解中心", centre_says(row.centre)),
            state: state_says(row.state).to_owned(),
            at: newest.at.unwrap_or(last.due_at),
            text: format!("{text}\n{default}。"),
            hint: newest.hint.unwrap_or(default),
            url: None,
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

/// Whether somebody leads it or is a party.
async fn may_look(app: &App, row: &mediation::Model, who: Option<i64>) -> Result<bool, Fault> {
    if who == Some(row.mediator_id) {
        return Ok(true);
    }
    let all = parties(app.store.read(), row.id).await?;
    Ok(all.iter().any(|party| Some(party.person_id) == who))
}

/// One thing to be told: the whole sentence, and what a template has room for.
struct Line {
    text: String,
    head: String,
    hint: Option<String>,
    at: Option<Moment>,
}

impl Says for Line {
    fn says(&self) -> &str {
        &self.text
    }
}

/// One thing; none when it no longer holds.
async fn line(
    app: &App,
    row: &mediation::Model,
    reminder: &reminder::Model,
) -> Result<Option<Line>, Fault> {
    let Some(what) = what_of(reminder) else {
        return Ok(None);
    };
    // What was for whoever leads it is not for whoever led it.
    if reminder.kind == TASK && reminder.recipient_id != Some(row.mediator_id) {
        return Ok(None);
    }
    let meeting = match what {
        Telling::Called | Telling::Eve => meeting_of(app, reminder).await?,
        _ => None,
    };
    let Some(text) = sentence(app, row, reminder, what, meeting.as_ref()).await? else {
        return Ok(None);
    };
    let id = row.id;
    let hint = match what {
        Telling::Proposed | Telling::AskedAgain => Some(format!("看协议回复“我的调解 {id}”")),
        Telling::IsItKept => Some(format!("回复“履行 {id} 是”或“否”")),
        _ => None,
    };
    Ok(Some(Line {
        text,
        head: match &meeting {
            Some(session) => format!("{}{}", what.head(), session.venue),
            None => what.head().to_owned(),
        },
        hint,
        at: meeting.map(|session| session.at),
    }))
}

fn what_of(reminder: &reminder::Model) -> Option<Telling> {
    let text = word(reminder, "what");
    Telling::ALL
        .into_iter()
        .find(|what| Some(what.name()) == text)
}

/// The sentence; none when it no longer holds.
async fn sentence(
    app: &App,
    row: &mediation::Model,
    reminder: &reminder::Model,
    what: Telling,
    meeting: Option<&mediation_session::Model>,
) -> Result<Option<String>, Fault> {
    let id = row.id;
    let over = row.closed_at.is_some();
    Ok(match what {
        Telling::Opened if !over => {
            let about = about(app.store.read(), row).await?;
            Some(format!(
                "请您主持调解 #{id}（{about}，来自诉求 #{}）。请回复“当事人 {id} 房号 姓名”加当事人，再回复“约调解 {id} 时间 地点”。",
                row.case_id
            ))
        }
        Telling::Invited if !over => {
            let about = about(app.store.read(), row).await?;
            let mediator = name_of(app, row.mediator_id).await?;
            Some(format!(
                "您是调解 #{id}（{about}）的当事人，由{mediator}主持，会约时间请您参加。"
            ))
        }
        Telling::Called | Telling::Eve if !over => meeting.map(|session| {
            let head = match what {
                Telling::Eve => "提醒您，",
                _ => "请您参加：",
            };
            format!(
                "{head}调解 #{id} {}在{}。",
                say(session.at),
                shorten(&session.venue, 60)
            )
        }),
        Telling::Disagreed if row.state == MediationState::Open => {
            let reasons = reasons(app, row).await?;
            Some(format!(
                "调解 #{id} 有当事人不同意{reasons}。请再协商后回复“协议 {id} 新内容”，或“调解不成 {id} 原因”。"
            ))
        }
        Telling::BackToTable if row.state == MediationState::Open => {
            Some(format!("调解 #{id} 这次没有谈拢，调解员会再联系您。"))
        }
        Telling::Failed if row.state == MediationState::Failed => Some(format!(
            "调解 #{id} 没有成功。您还可以申请人民调解、仲裁或向法院起诉，原诉求会接着办。"
        )),
        Telling::Stalled if !over => Some(stalled(row)),
        Telling::PassedOn if !over => {
            let mediator = name_of(app, row.mediator_id).await?;
            Some(format!(
                "调解 #{id} 现在由{mediator}主持，会接着联系当事人。"
            ))
        }
        Telling::Ended if row.state == MediationState::Failed => Some(format!(
            "调解 #{id} 不再进行：{}。",
            row.outcome.as_deref().unwrap_or_default()
        )),
        _ => about_agreement(app, row, reminder, what).await?,
    })
}

/// To the mediator: what could be done next.
fn stalled(row: &mediation::Model) -> String {
    let id = row.id;
    let next = match row.state {
        MediationState::Proposed => {
            format!("还有当事人没有回复协议，请联系后回复“协议 {id} 新内容”或“调解不成 {id} 原因”")
        }
        MediationState::Agreed => {
            format!("协议是否履行还没有人确认，请了解后回复“履行 {id} 是”或“履行 {id} 否”")
        }
        _ => format!("请回复“约调解 {id} 时间 地点”、“协议 {id} 内容”或“调解不成 {id} 原因”"),
    };
    format!(
        "调解 #{id} 已有{STEP_DAYS}天没有进展。{next}；再过{STEP_DAYS}天没有进展会改由别人主持。"
    )
}

/// The sentence about an agreement: whether the parties agree to it, and whether it is kept.
async fn about_agreement(
    app: &App,
    row: &mediation::Model,
    reminder: &reminder::Model,
    what: Telling,
) -> Result<Option<String>, Fault> {
    let same = payload::version(reminder) == Some(row.version);
    let id = row.id;
    let agreement = shorten(row.agreement.as_deref().unwrap_or_default(), SHOWN);
    Ok(match what {
        Telling::Proposed if same && row.state == MediationState::Proposed => Some(format!(
            "调解 #{id} 的协议：{agreement}\n同意请回复“同意 {id}”，不同意请回复“不同意 {id} 原因”（原因只给调解员看）。"
        )),
        Telling::AskedAgain if same && row.state == MediationState::Proposed => {
            let waits = own_waits(app, row, reminder, |party| party.agrees.is_none()).await?;
            waits.then(|| format!("调解 #{id} 的协议还在等您：{agreement}\n请回复“同意 {id}”或“不同意 {id} 原因”。"))
        }
        Telling::Agreed if row.state == MediationState::Agreed => Some(format!(
            "调解 #{id} 各方都已同意，协议生效：{agreement}\n{}会问是否履行。",
            row.follow_at
                .map(|at| format!("{}起", say(at)))
                .unwrap_or_default()
        )),
        Telling::IsItKept if row.state == MediationState::Agreed => {
            let waits = own_waits(app, row, reminder, |party| party.kept.is_none()).await?;
            waits.then(|| {
                format!(
                    "调解 #{id} 的协议履行了吗？{agreement}\n请回复“履行 {id} 是”或“履行 {id} 否”。"
                )
            })
        }
        Telling::Silent if row.state == MediationState::Agreed => Some(format!(
            "调解 #{id} 的协议是否履行，还有当事人没有回复。请了解后回复“履行 {id} 是”或“履行 {id} 否”。"
        )),
        Telling::Kept if row.state == MediationState::Kept => {
            Some(format!("调解 #{id} 的协议已履行，调解结束。谢谢您！"))
        }
        Telling::Broken if row.state == MediationState::Broken => Some(format!(
            "调解 #{id} 有当事人说协议没有履行。请了解后回复“协议 {id} 新内容”、“履行 {id} 是”或“调解不成 {id} 原因”。"
        )),
        _ => None,
    })
}

async fn name_of(app: &App, person_id: i64) -> Result<String, Fault> {
    let person = people::by_id(app.store.read(), person_id).await?;
    Ok(person.map(|person| person.name).unwrap_or_default())
}

/// The meeting that a reminder is about, if it is still to come.
async fn meeting_of(
    app: &App,
    reminder: &reminder::Model,
) -> Result<Option<mediation_session::Model>, Fault> {
    let Some(id) = number(reminder, "session") else {
        return Ok(None);
    };
    let session = mediation_session::Entity::find_by_id(id)
        .one(app.store.read())
        .await?;
    Ok(session.filter(|session| is_ahead(session, app.clock.now())))
}

/// Whether the recipient is a party from whom something is still awaited.
async fn own_waits(
    app: &App,
    row: &mediation::Model,
    reminder: &reminder::Model,
    waits: impl Fn(&entity::mediation_party::Model) -> bool,
) -> Result<bool, Fault> {
    let all = parties(app.store.read(), row.id).await?;
    let mut own = all
        .iter()
        .filter(|party| Some(party.person_id) == reminder.recipient_id);
    Ok(own.any(waits))
}

/// Why somebody did not agree, for the mediator.
async fn reasons(app: &App, row: &mediation::Model) -> Result<String, Fault> {
    let mut said = Vec::new();
    for party in parties(app.store.read(), row.id).await? {
        if party.agrees == Some(false) {
            let name = name_of(app, party.person_id).await?;
            let reason = party
                .reason
                .map(|reason| format!("：{}", shorten(&reason, 60)));
            said.push(format!("{name}{}", reason.unwrap_or_default()));
        }
    }
    Ok(match said.as_slice() {
        [] => String::new(),
        some => format!("（{}）", some.join("；")),
    })
}
