//! What volunteers and those who lead them are told, and the clock by which tasks follow their activity. Each
//! message reads the task and the service as they are now. `command/serve.rs` joins the table to the others'.

use entity::life::{ServiceState, VolunteerTaskState};
use entity::{reminder, volunteer_service, volunteer_task};
use serde_json::json;

use crate::activity::remind::{HELPERS, activity_of};
use crate::activity::times::eve;
use crate::activity::{reason_hint, span_says, venue_hint};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::delivery::{Button, Kind, Line, Lines, Message, Topic, Work};
use crate::person::queries::{Serving, still_here};
use crate::reminder::payload::{self, number};
use crate::reminder::{BoxFuture, NewReminder, Verdict};
use crate::volunteer::queries::{Part, by_id, parts, service_of};
use crate::volunteer::{actions, hours, service_says, subject, task_says};

/// To a volunteer: what has become of the task, or of their hours.
const TOLD: &str = "volunteer.told";
/// To a volunteer: the task is tomorrow.
const EVE: &str = "volunteer.eve";
/// To a volunteer: the task is over, have they ended?
const OUT: &str = "volunteer.out";
/// To whoever made the task: hours wait to be confirmed.
const CONFIRM: &str = "volunteer.confirm";
/// Services of a task that are looked through.
const MOST: u64 = 500;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: TOLD,
        work: Work::Push(Topic::Progress, |app, rows| Box::pin(compose(app, rows))),
    },
    Kind {
        name: EVE,
        work: Work::Push(Topic::Progress, |app, rows| Box::pin(compose(app, rows))),
    },
    Kind {
        name: OUT,
        work: Work::Push(Topic::Progress, |app, rows| Box::pin(compose(app, rows))),
    },
    Kind {
        name: CONFIRM,
        work: Work::Push(Topic::Task, compose_confirm),
    },
    Kind {
        name: HELPERS,
        work: Work::Clock(|app, row| Box::pin(follows(app, row))),
    },
];

/// What a volunteer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Telling {
    /// Time or place of the task is another.
    Changed,
    /// It is called off.
    Cancelled,
    /// It is tomorrow.
    Eve,
    /// It is over.
    Out,
    /// Their hours count.
    Confirmed,
    /// Their hours do not.
    Refused,
}

impl Telling {
    /// As the payload keeps it, and in a few characters, behind the number.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Changed => ("changed", "有变动"),
            Self::Cancelled => ("cancelled", "取消了"),
            Self::Eve => ("eve", "明天开始"),
            Self::Out => ("out", "请结束服务"),
            Self::Confirmed => ("confirmed", "时长已确认"),
            Self::Refused => ("refused", "时长没有被认可"),
        }
    }

    fn read(reminder: &reminder::Model) -> Option<Self> {
        payload::what(reminder, |what: &Self| what.words().0)
    }

    /// Whether it is about time that somebody served, not about what is to come.
    const fn is_of_hours(self) -> bool {
        matches!(self, Self::Out | Self::Confirmed | Self::Refused)
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Eve => EVE,
            Self::Out => OUT,
            _ => TOLD,
        }
    }
}

/// A message to one volunteer, true of that version or beginning.
#[must_use]
pub fn told(
    task: &volunteer_task::Model,
    what: Telling,
    stamp: i64,
    person_id: i64,
    due_at: Moment,
) -> NewReminder {
    let name = what.words().0;
    NewReminder {
        kind: what.kind(),
        dedupe_key: format!("{}:{name}:{stamp}:{person_id}", subject(task.id)),
        recipient_id: Some(person_id),
        compound_id: Some(task.compound_id),
        subject: subject(task.id),
        payload: json!({ "task": task.id, "what": name, "stamp": stamp }),
        due_at,
    }
}

/// The reminder of the evening before; none when that is over.
#[must_use]
pub fn evening(task: &volunteer_task::Model, person_id: i64, now: Moment) -> Option<NewReminder> {
    let due = eve(task.starts_at);
    let stamp = task.starts_at.timestamp_millis();
    (due > now).then(|| told(task, Telling::Eve, stamp, person_id, due))
}

/// Asks whoever has begun whether they have ended.
#[must_use]
pub fn ask_end(
    task: &volunteer_task::Model,
    service: &volunteer_service::Model,
    person_id: i64,
    due: Moment,
) -> NewReminder {
    told(task, Telling::Out, service.version.into(), person_id, due)
}

/// Asks whoever made the task to confirm hours.
#[must_use]
pub fn ask_confirm(
    task: &volunteer_task::Model,
    service: &volunteer_service::Model,
    due_at: Moment,
) -> NewReminder {
    NewReminder {
        kind: CONFIRM,
        dedupe_key: format!(
            "{}:confirm:{}:{}",
            subject(task.id),
            service.id,
            service.version
        ),
        recipient_id: Some(task.author_id),
        compound_id: Some(task.compound_id),
        subject: subject(task.id),
        payload: json!({ "task": task.id }),
        due_at,
    }
}

async fn task_of(
    app: &App,
    reminder: &reminder::Model,
) -> Result<Option<volunteer_task::Model>, Fault> {
    match number(reminder, "task") {
        Some(id) => by_id(app.store.read(), id).await,
        None => Ok(None),
    }
}

async fn follows(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = activity_of(row) else {
        return Ok(Verdict::Drop);
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    actions::follow(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

async fn compose(app: &App, reminders: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let (Some(task), Some(person)) = (task_of(app, last).await?, last.recipient_id) else {
        return Ok(None);
    };
    let own = service_of(app.store.read(), task.id, person).await?;
    let Some(own) = own else {
        return Ok(None);
    };
    let (db, now) = (app.store.read(), app.clock.now());
    let serving = Serving::Above(task.place_id);
    let here = still_here(db, task.compound_id, serving, &[person], now).await?;
    let mut lines = Lines::new();
    for one in reminders {
        let (Some(what), Some(stamp)) = (Telling::read(one), number(one, "stamp")) else {
            continue;
        };
        // Whoever has moved out is told of their own hours alone.
        if here.is_empty() && !what.is_of_hours() {
            continue;
        }
        if let Some(line) = line(&task, &own, what, stamp) {
            lines.add((what, line));
        }
    }
    let Some((text, (what, newest))) = lines.told() else {
        return Ok(None);
    };
    let id = task.id;
    let buttons = match what {
        Telling::Out => vec![Button {
            label: "结束服务",
            command: format!("结束服务 {id}"),
        }],
        _ => Vec::new(),
    };
    Ok(Some(Message {
        template: "progress",
        title: format!("志愿任务 #{id} {}", what.words().1),
        place: task.venue.clone(),
        state: match task.state {
            VolunteerTaskState::Open => service_says(own.state),
            state => task_says(state),
        }
        .to_owned(),
        at: task.starts_at,
        hint: newest.hint,
        text,
        url: None,
        urgent: false,
        buttons,
    }))
}

/// One thing; none when it is no longer true.
fn line(
    task: &volunteer_task::Model,
    own: &volunteer_service::Model,
    what: Telling,
    stamp: i64,
) -> Option<Line> {
    let (id, title, venue) = (task.id, &task.title, &task.venue);
    let when = span_says(task.starts_at, task.ends_at);
    let open = task.state == VolunteerTaskState::Open;
    let has = own.state == ServiceState::Taken;
    let or_leave = venue_hint(venue, &format!("不去回复:退任务 {id}"));
    let elsewhere = format!("回复“志愿服务 {id}”看原因");
    let (text, hint) = match what {
        Telling::Changed if open && has => (
            format!(
                "您领的志愿任务 #{id}“{title}”有变动，现在是：{when}，地点：{venue}。去不了请回复“退任务 {id}”。"
            ),
            or_leave,
        ),
        Telling::Cancelled if !open && has => {
            let reason = task.reason.as_deref().unwrap_or("另行通知");
            (
                format!("志愿任务 #{id}“{title}”取消了，原因：{reason}。谢谢您的热心！"),
                reason_hint(reason, elsewhere),
            )
        }
        Telling::Eve if open && has && task.starts_at.timestamp_millis() == stamp => (
            format!(
                "明天有您领的志愿任务 #{id}“{title}”：{when}，地点：{venue}。到了回复“开始服务 {id}”，做完回复“结束服务 {id}”；去不了请回复“退任务 {id}”。"
            ),
            or_leave,
        ),
        Telling::Out if own.state == ServiceState::Begun => (
            format!(
                "志愿任务 #{id}“{title}”到点了。做完了请回复“结束服务 {id}”，才能算时长；还在做就先不用管。"
            ),
            format!("做完回复:结束服务 {id}"),
        ),
        Telling::Confirmed if own.state == ServiceState::Confirmed => {
            let long = hours::says(own.minutes.unwrap_or_default().into());
            (
                format!(
                    "您在志愿任务 #{id}“{title}”服务了{long}，已经确认，谢谢您！回复“我的志愿”看全年记录。"
                ),
                format!("{long}，已经确认，谢谢您！"),
            )
        }
        Telling::Refused if own.state == ServiceState::Refused => {
            let reason = own.reason.as_deref().unwrap_or("没有写明");
            (
                format!(
                    "您在志愿任务 #{id}“{title}”的时长没有被认可，原因：{reason}。有疑问请找组织的人。"
                ),
                reason_hint(reason, elsewhere),
            )
        }
        _ => return None,
    };
    Some(Line { text, hint })
}

fn compose_confirm<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let Some(task) = task_of(app, last).await? else {
            return Ok(None);
        };
        let all = parts(app.store.read(), &[task.id], MOST).await?;
        // One's own are for somebody else to confirm.
        let waits = |part: &&Part| {
            let row = &part.service;
            row.state == ServiceState::Ended && row.person_id != last.recipient_id
        };
        let count = all.iter().filter(waits).count();
        if count == 0 {
            return Ok(None);
        }
        let id = task.id;
        Ok(Some(Message {
            template: "task",
            title: format!("志愿任务 #{id} 等您确认时长"),
            place: task.venue.clone(),
            state: "待确认".to_owned(),
            at: task.starts_at,
            hint: format!("回复“确认工时 {id}”"),
            text: format!(
                "志愿任务 #{id}“{}”有{count}人做完了，等您确认时长。都对就回复“确认工时 {id}”；要改时间或不认可，请在工作台的“志愿者”里办。",
                task.title
            ),
            url: None,
            urgent: false,
            buttons: vec![Button {
                label: "确认工时",
                command: format!("确认工时 {id}"),
            }],
        }))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_telling_has_a_name_of_its_own_and_fits() {
        let names: HashSet<&str> = Telling::iter().map(|what| what.words().0).collect();
        assert_eq!(names.len(), Telling::iter().count());
        // A title has room for twenty characters.
        for what in Telling::iter() {
            let title = format!("志愿任务 #123456 {}", what.words().1);
            assert!(title.chars().count() <= 20, "{title}");
        }
    }
}
