//! What an activity sets going: the clocks that end its sign-up and the activity itself, the walks over those
//! who have signed up, and what each of them is told. Every message reads the activity and the sign-up as they are
//! now. `command/serve.rs` joins the table to the others'.

use entity::life::{ActivityState, SignupState};
use entity::{activity, activity_signup, reminder};
use serde_json::{Value, json};

use crate::activity::actions::{self, Fan, Step};
use crate::activity::line::{came, signup_of};
use crate::activity::queries::by_id;
use crate::activity::step::is_ahead;
use crate::activity::times::{eve, hour_before};
use crate::activity::{link, reason_hint, signup_says, span_says, state_says, subject, venue_hint};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::delivery::{Button, Kind, Line, Lines, Message, Topic, Work};
use crate::person::queries::{Serving, still_here};
use crate::reminder::payload::{self, number};
use crate::reminder::{NewReminder, Verdict};

/// To somebody who has signed up, or to who made it: what has become of it.
const TOLD: &str = "activity.told";
/// To somebody who comes: it is tomorrow.
const EVE: &str = "activity.eve";
/// To somebody who comes and asked for it: it is in an hour.
const HOUR: &str = "activity.hour";
/// Clock: the sign-up is over, or the activity is.
const RING: &str = "activity.ring";
/// Clock: the next part of those who have signed up is told.
const FAN: &str = "activity.fan";
/// Clock: who has moved out gives back, and whoever waits and has room is moved up.
const FILL: &str = "activity.fill";
/// Clock: its time, its place or whether it takes place has changed; obeyed by the noun `volunteer`, whose tasks
/// may belong to it.
pub const HELPERS: &str = "activity.helpers";

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
    // Asked for: it cannot be switched off, and what begins early is said early.
    Kind {
        name: HOUR,
        work: Work::Push(Topic::Answer, |app, rows| Box::pin(compose_hour(app, rows))),
    },
    Kind {
        name: RING,
        work: Work::Clock(|app, row| Box::pin(rings_now(app, row))),
    },
    Kind {
        name: FAN,
        work: Work::Clock(|app, row| Box::pin(fans(app, row))),
    },
    Kind {
        name: FILL,
        work: Work::Clock(|app, row| Box::pin(fills(app, row))),
    },
];

/// Which of its clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Ring {
    /// Nobody signs up any more.
    Close,
    /// It is over.
    End,
}

impl Ring {
    const fn name(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::End => "end",
        }
    }
}

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Telling {
    /// Who waited has a place.
    MovedUp,
    /// Time or place is another.
    Changed,
    /// It does not take place.
    Cancelled,
    /// It is tomorrow.
    Eve,
    /// It is in an hour.
    Hour,
    /// Who made it: it is over.
    Held,
}

impl Telling {
    /// As the payload keeps it, and in a few characters, behind the number.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::MovedUp => ("moved-up", "轮到您了"),
            Self::Changed => ("changed", "有变动"),
            Self::Cancelled => ("cancelled", "取消了"),
            Self::Eve => ("eve", "明天开始"),
            Self::Hour => ("hour", "还有1小时开始"),
            Self::Held => ("held", "结束了"),
        }
    }

    /// What a reminder tells, if it tells something.
    pub(super) fn read(reminder: &reminder::Model) -> Option<Self> {
        payload::what(reminder, |what: &Self| what.words().0)
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Eve => EVE,
            Self::Hour => HOUR,
            _ => TOLD,
        }
    }
}

/// Of what a telling is true: the beginning that it announces (ms), or the version that it came with.
#[must_use]
pub fn stamp(row: &activity::Model, what: Telling) -> i64 {
    match what {
        Telling::Eve | Telling::Hour => row.starts_at.timestamp_millis(),
        _ => row.version.into(),
    }
}

/// Whether it is still true.
#[must_use]
pub fn holds(row: &activity::Model, what: Telling, stamp: i64) -> bool {
    match what {
        Telling::Eve | Telling::Hour => {
            is_ahead(row.state) && row.starts_at.timestamp_millis() == stamp
        }
        // What came after it does not undo it, and is told with it.
        Telling::Changed => is_ahead(row.state) && i64::from(row.version) >= stamp,
        Telling::MovedUp => is_ahead(row.state),
        Telling::Cancelled => row.state == ActivityState::Cancelled,
        Telling::Held => row.state == ActivityState::Held,
    }
}

fn clock(
    row: &activity::Model,
    kind: &'static str,
    key: &str,
    payload: Value,
    due_at: Moment,
) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: format!("{}:{key}", subject(row.id)),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload,
        due_at,
    }
}

/// All clocks of an activity as its times are now. Those of other times find that they have changed; those that are
/// there already are not stored again.
#[must_use]
pub fn rings(row: &activity::Model, now: Moment) -> Vec<NewReminder> {
    let ring = |which: Ring, due: Moment| {
        let key = format!("{}:{}", which.name(), due.timestamp_millis());
        let payload = json!({ "activity": row.id, "what": which.name() });
        clock(row, RING, &key, payload, due)
    };
    let mut all = vec![
        ring(Ring::Close, row.closes_at),
        ring(Ring::End, row.ends_at),
    ];
    for (what, due) in [
        (Telling::Eve, eve(row.starts_at)),
        (Telling::Hour, hour_before(row.starts_at)),
    ] {
        if due > now {
            all.push(fan(row, what, due));
        }
    }
    all
}

/// Tells all whom it concerns, from then on.
#[must_use]
pub fn fan(row: &activity::Model, what: Telling, due: Moment) -> NewReminder {
    let first = Fan {
        id: row.id,
        what,
        stamp: stamp(row, what),
        after: 0,
    };
    fan_on(row, first, due)
}

/// Goes on with it.
#[must_use]
pub fn fan_on(row: &activity::Model, fan: Fan, due: Moment) -> NewReminder {
    let name = fan.what.words().0;
    let key = format!("fan:{name}:{}:{}", fan.stamp, fan.after);
    let payload = json!({
        "activity": row.id, "what": name, "stamp": fan.stamp, "after": fan.after,
    });
    clock(row, FAN, &key, payload, due)
}

/// Gives back of whoever has moved out, and moves up whoever waits and has room.
#[must_use]
pub fn fill(row: &activity::Model, due: Moment) -> NewReminder {
    let key = format!("fill:{}:{}", row.version, due.timestamp_millis());
    clock(row, FILL, &key, json!({ "activity": row.id }), due)
}

/// Has the tasks of its helpers follow it.
#[must_use]
pub fn helpers(row: &activity::Model, due: Moment) -> NewReminder {
    let key = format!("helpers:{}", row.version);
    clock(row, HELPERS, &key, json!({ "activity": row.id }), due)
}

/// A message to one person.
#[must_use]
pub fn told(
    row: &activity::Model,
    what: Telling,
    stamp: i64,
    person_id: i64,
    due_at: Moment,
) -> NewReminder {
    let name = what.words().0;
    NewReminder {
        kind: what.kind(),
        dedupe_key: format!("{}:{name}:{stamp}:{person_id}", subject(row.id)),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "activity": row.id, "what": name, "stamp": stamp }),
        due_at,
    }
}

/// The activity that a reminder is about.
#[must_use]
pub fn activity_of(reminder: &reminder::Model) -> Option<i64> {
    number(reminder, "activity")
}

async fn rings_now(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let name = payload::word(row, "what");
    let which = <Ring as strum::IntoEnumIterator>::iter().find(|ring| Some(ring.name()) == name);
    let (Some(id), Some(which)) = (activity_of(row), which) else {
        return Ok(Verdict::Drop);
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let done = actions::ring(&mut tx, id, which).await?;
    tx.commit().await?;
    Ok(Verdict::of(done))
}

async fn fans(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let (Some(id), Some(what), Some(stamp), Some(after)) = (
        activity_of(row),
        Telling::read(row),
        number(row, "stamp"),
        number(row, "after"),
    ) else {
        return Ok(Verdict::Drop);
    };
    let fan = Fan {
        id,
        what,
        stamp,
        after,
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let step = actions::fan(&mut tx, fan).await?;
    tx.commit().await?;
    Ok(Verdict::of(step == Step::Told))
}

async fn fills(app: &App, row: &reminder::Model) -> Result<Verdict, Fault> {
    let Some(id) = activity_of(row) else {
        return Ok(Verdict::Drop);
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    actions::fill(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

/// Somebody waits for it at this hour, whichever it is.
async fn compose_hour(app: &App, reminders: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    Ok(compose(app, reminders).await?.map(Message::at_once))
}

async fn compose(app: &App, reminders: &[reminder::Model]) -> Result<Option<Message>, Fault> {
    let db = app.store.read();
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let row = match activity_of(last) {
        Some(id) => by_id(db, id).await?,
        None => None,
    };
    let (Some(row), Some(person)) = (row, last.recipient_id) else {
        return Ok(None);
    };
    // Whoever has moved out is not told what their neighbours do.
    let (serving, now) = (Serving::Above(row.place_id), app.clock.now());
    if still_here(db, row.compound_id, serving, &[person], now)
        .await?
        .is_empty()
    {
        return Ok(None);
    }
    let signup = signup_of(db, row.id, person).await?;
    let arrived = came(db, row.id).await?;
    let mut lines = Lines::new();
    for one in reminders {
        let (Some(what), Some(stamp)) = (Telling::read(one), number(one, "stamp")) else {
            continue;
        };
        if !holds(&row, what, stamp) {
            continue;
        }
        if let Some(line) = line(&row, signup.as_ref(), what, arrived) {
            lines.add((what, line));
        }
    }
    let Some((text, (what, newest))) = lines.told() else {
        return Ok(None);
    };
    let id = row.id;
    let cancel = Button {
        label: "不去了",
        command: format!("取消报名 {id}"),
    };
    Ok(Some(Message {
        template: "progress",
        title: format!("活动 #{id} {}", what.words().1),
        place: row.venue.clone(),
        state: stands(&row, signup.as_ref()).to_owned(),
        at: row.starts_at,
        hint: newest.hint,
        text,
        url: Some(link::public(app, id)),
        urgent: false,
        // Once it has begun nobody gives anything back.
        buttons: match is_ahead(row.state) && row.starts_at > now {
            true => vec![cancel],
            false => Vec::new(),
        },
    }))
}

/// How it stands for whoever is told: their own part while it is ahead, with how many they come; at most five
/// characters, and no digits, which a template's state does not take.
fn stands(row: &activity::Model, signup: Option<&activity_signup::Model>) -> &'static str {
    let Some(own) = signup.filter(|_| is_ahead(row.state)) else {
        return state_says(row.state);
    };
    match (own.state, own.size) {
        (SignupState::Taken, 2) => "已报两人",
        (SignupState::Taken, 3) => "已报三人",
        (SignupState::Taken, 4) => "已报四人",
        (SignupState::Taken, 5) => "已报五人",
        (SignupState::Taken, 6) => "已报六人",
        (state, _) => signup_says(state),
    }
}

/// One thing; none when it concerns them no longer.
fn line(
    row: &activity::Model,
    signup: Option<&activity_signup::Model>,
    what: Telling,
    arrived: u64,
) -> Option<Line> {
    let (id, title, venue) = (row.id, &row.title, &row.venue);
    let when = span_says(row.starts_at, row.ends_at);
    if what == Telling::Held {
        return Some(Line {
            text: format!(
                "活动 #{id}“{title}”结束了，报名{}人，签到{arrived}家。有照片请直接发过来，再回复“活动照片 {id}”。",
                row.taken
            ),
            hint: format!("发照片，再回复“活动照片 {id}”"),
        });
    }
    let signup = signup.filter(|signup| signup.state != SignupState::Left)?;
    let size = signup.size;
    let taken = signup.state == SignupState::Taken;
    let leave = format!("去不了请回复“取消报名 {id}”，让给别的邻居。");
    let or_leave = venue_hint(venue, &format!("不去回复:取消报名 {id}"));
    let (text, hint) = match what {
        Telling::MovedUp if taken => (
            format!(
                "好消息，活动 #{id}“{title}”轮到您了，{size}人的名额已给您留好：{when}，{venue}。{leave}"
            ),
            or_leave,
        ),
        Telling::Changed if taken => (
            format!(
                "您报名的活动 #{id}“{title}”有变动，现在是：{when}，地点：{venue}。您的报名（{size}人）还有效，{leave}"
            ),
            or_leave,
        ),
        Telling::Changed => (
            format!(
                "您候补的活动 #{id}“{title}”有变动，现在是：{when}，地点：{venue}。有名额马上告诉您。"
            ),
            venue_hint(venue, "有名额马上告诉您"),
        ),
        Telling::Cancelled => {
            let reason = row.reason.as_deref().unwrap_or("另行通知");
            (
                format!(
                    "活动 #{id}“{title}”取消了，原因：{reason}。给您添麻烦了，回复“活动”看别的。"
                ),
                reason_hint(reason, format!("回复“活动 {id}”看原因")),
            )
        }
        Telling::Eve if taken => (
            format!(
                "明天有您报名的活动 #{id}“{title}”：{when}，地点：{venue}，您报了{size}人。{leave}"
            ),
            or_leave,
        ),
        Telling::Hour if taken => (
            format!(
                "活动 #{id}“{title}”还有1小时开始：{when}，地点：{venue}。到了请扫现场的二维码签到。"
            ),
            venue_hint(venue, "到了请扫码签到"),
        ),
        _ => return None,
    };
    Some(Line { text, hint })
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
            let title = format!("活动 #123456 {}", what.words().1);
            assert!(title.chars().count() <= 20, "{title}");
        }
    }
}
