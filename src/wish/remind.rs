//! What checkers, askers and claimers are told, and the clock of a claim. Each message reads the wish as it
//! is now; how to reach the other one stands in messages to these two alone. `command/serve.rs` joins the
//! table to the others'.

use chrono::TimeDelta;
use entity::kinds::WishState;
use entity::{reminder, wish};
use serde_json::{Value, json};

use crate::app::App;
use crate::attachment::{link, queries as attachments};
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::phone::Phone;
use crate::base::text::shorten;
use crate::delivery::{Button, Kind, Message, Topic, Work};
use crate::person::queries as people;
use crate::reminder::{BoxFuture, NewReminder, Verdict};
use crate::wish::queries::{building_of, by_id};
use crate::wish::{actions, state_says, subject, veiled};

/// To whoever may check it.
const CHECK: &str = "wish.check";
/// To the claimer: how to reach the asker.
const CONTACT: &str = "wish.contact";
/// To asker or claimer: what became of it.
const TOLD: &str = "wish.told";
/// Clock: the claim's term is over.
const LAPSE: &str = "wish.lapse";
/// Hours after which whoever has not checked it is asked once more.
const AGAIN_HOURS: i64 = 24;
/// Characters of a wish that a push shows.
const SHOWN: usize = 60;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: CHECK,
        work: Work::Push(Topic::Task, compose_check),
    },
    // Asked for by claiming: it cannot be switched off.
    Kind {
        name: CONTACT,
        work: Work::Push(Topic::Answer, compose_contact),
    },
    Kind {
        name: TOLD,
        work: Work::Push(Topic::Progress, compose_told),
    },
    Kind {
        name: LAPSE,
        work: Work::Clock(obey),
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
        let name = reminder.payload.get("what").and_then(Value::as_str)?;
        <Self as strum::IntoEnumIterator>::iter().find(|what| what.words().0 == name)
    }
}

/// A message to one of the two, due then.
#[must_use]
pub fn told(row: &wish::Model, what: Telling, person_id: i64, due: Moment) -> NewReminder {
    let kind = match what {
        Telling::Contact => CONTACT,
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

fn number(reminder: &reminder::Model, name: &str) -> Option<i64> {
    reminder.payload.get(name).and_then(Value::as_i64)
}

async fn read(app: &App, reminder: &reminder::Model) -> Result<Option<wish::Model>, Fault> {
    match number(reminder, "wish") {
        Some(id) => by_id(app.store.read(), id).await,
        None => Ok(None),
    }
}

fn obey<'a>(app: &'a App, clock: &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let version = number(clock, "version").and_then(|version| i32::try_from(version).ok());
        let (Some(id), Some(version)) = (number(clock, "wish"), version) else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let lapsed = actions::lapse(&mut tx, id, version).await?;
        tx.commit().await?;
        Ok(match lapsed {
            true => Verdict::Done,
            false => Verdict::Drop,
        })
    })
}

fn compose_check<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let row = read(app, last).await?;
        let Some(row) = row.filter(|row| row.state == WishState::Raised) else {
            return Ok(None);
        };
        let id = row.id;
        Ok(Some(Message {
            template: "task",
            title: format!("心愿 #{id} 待审核"),
            place: building_of(app.store.read(), row.place_id).await?,
            state: state_says(row.state).to_owned(),
            at: row.created_at,
            hint: format!("回复:通过心愿 {id} 或驳回心愿"),
            text: format!(
                "有居民许了一个心愿（#{id}）：{}\n写了姓名、电话或要钱的请不要通过。回复“通过心愿 {id}”，邻居就能认领；或“驳回心愿 {id} 原因”。",
                row.text
            ),
            url: None,
            urgent: false,
            buttons: vec![Button {
                label: "通过",
                command: format!("通过心愿 {id}"),
            }],
        }))
    })
}

/// Somebody waits for it at this moment, at whatever hour.
fn compose_contact<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let message = compose(app, reminders).await?;
        Ok(message.map(|message| Message {
            urgent: true,
            ..message
        }))
    })
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
    let mut lines: Vec<(Telling, Line)> = Vec::new();
    for one in reminders {
        let Some(what) = Telling::of(one) else {
            continue;
        };
        if let Some(line) = line(app, &row, one, what).await?
            && lines.iter().all(|(_, other)| other.text != line.text)
        {
            lines.push((what, line));
        }
    }
    // Its photo came at once: that it came true is the news.
    if lines.iter().any(|(what, _)| *what == Telling::Fulfilled) {
        lines.retain(|(what, _)| *what != Telling::Photo);
    }
    let texts: Vec<String> = lines.iter().map(|(_, line)| line.text.clone()).collect();
    let Some((what, newest)) = lines.pop() else {
        return Ok(None);
    };
    let id = row.id;
    Ok(Some(Message {
        template: "progress",
        title: format!("心愿 #{id} {}", what.words().1),
        place: building_of(app.store.read(), row.place_id).await?,
        state: state_says(row.state).to_owned(),
        at: last.due_at,
        hint: newest
            .hint
            .unwrap_or_else(|| format!("回复“心愿 {id}”查看")),
        text: texts.join("\n"),
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}

/// One thing to be told: the whole sentence, and what a template has room for.
struct Line {
    text: String,
    hint: Option<String>,
}

impl Line {
    /// With what a template has room for.
    fn hinting(text: String, hint: impl Into<String>) -> Self {
        Self {
            text,
            hint: Some(hint.into()),
        }
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self { text, hint: None }
    }
}

/// The words in quotation marks; empty when they are no longer kept.
fn quoted(row: &wish::Model) -> String {
    match row.text.as_str() {
        "" => String::new(),
        text => format!("“{}”", shorten(&text.replace('\n', " "), SHOWN)),
    }
}

/// One thing; none when it no longer holds.
async fn line(
    app: &App,
    row: &wish::Model,
    reminder: &reminder::Model,
    what: Telling,
) -> Result<Option<Line>, Fault> {
    let id = row.id;
    let text = quoted(row);
    let to = reminder.recipient_id;
    let has = row.state == WishState::Claimed;
    let theirs = has && row.claimer_id == to;
    let done = matches!(row.state, WishState::Fulfilled | WishState::Thanked);
    let open = row.state == WishState::Open;
    let reason = row.reason.as_deref().unwrap_or_default();
    Ok(match what {
        Telling::Opened if open => Some(
            format!("您的心愿 #{id}{text}已通过，邻居可以认领了。有人认领会马上告诉您。").into(),
        ),
        Telling::Refused if row.state == WishState::Refused => Some(Line::hinting(
            format!(
                "您的心愿 #{id}{text}没有通过，原因：{reason}。改好后回复“许愿 新内容”再许一个。"
            ),
            reason,
        )),
        Telling::Contact if theirs => Some(contact(app, row).await?),
        Telling::Claimed if has => claimed(app, row).await?,
        Telling::Warned if theirs => Some(Line::hinting(
            format!(
                "您认领的心愿 #{id}{text}{}到期。办好了请回复“完成 {id} 说明”，办不了请回复“放弃 {id}”，让别人来认领。",
                row.due_at.map(say).unwrap_or_default()
            ),
            format!("回复:完成 {id} 或放弃 {id}"),
        )),
        Telling::Lapsed if row.claimer_id != to => Some(
            format!("您认领的心愿 #{id}{text}已到期，放回给大家认领了。没关系，有空再来。").into(),
        ),
        Telling::Reopened if open => {
            Some(format!("您的心愿 #{id}{text}认领到期还没有实现，已重新开放给大家认领。").into())
        }
        Telling::Abandoned if open => {
            Some(format!("认领您心愿 #{id}{text}的邻居有事办不了，已重新开放给大家认领。").into())
        }
        Telling::Fulfilled if done => Some(fulfilled(app, row, "实现了").await?),
        Telling::Photo if done => Some(fulfilled(app, row, "有照片了").await?),
        Telling::Thanked if row.state == WishState::Thanked => {
            let thanks = row.thanks.as_deref().unwrap_or("谢谢您！");
            Some(Line::hinting(
                format!("您实现的心愿 #{id}{text}收到感谢：{thanks}"),
                thanks,
            ))
        }
        Telling::Withdrawn if row.state == WishState::Withdrawn => {
            Some(format!("您认领的心愿 #{id}{text}许愿人已经撤回，不用办了。谢谢您的热心！").into())
        }
        Telling::Removed if row.state == WishState::Removed => Some(Line::hinting(
            format!("心愿 #{id}{text}已由工作人员下架，原因：{reason}。"),
            reason,
        )),
        _ => None,
    })
}

/// How the claimer reaches the asker: name and phone as the roster has them, and the building.
async fn contact(app: &App, row: &wish::Model) -> Result<Line, Fault> {
    let id = row.id;
    let building = building_of(app.store.read(), row.place_id).await?;
    let who = reach(app, row.asker_id).await?;
    Ok(Line {
        text: format!(
            "您认领了心愿 #{id}{}。许愿人：{}，{building}。请只用来办这件事。{}前办好后回复“完成 {id} 说明”，再发一张照片。",
            quoted(row),
            who.says(),
            row.due_at.map(say).unwrap_or_default()
        ),
        hint: Some(who.hint()),
    })
}

/// Who has the asker's wish.
async fn claimed(app: &App, row: &wish::Model) -> Result<Option<Line>, Fault> {
    let Some(claimer) = row.claimer_id else {
        return Ok(None);
    };
    let who = reach(app, claimer).await?;
    Ok(Some(Line {
        text: format!(
            "您的心愿 #{}{}有人认领了：{}。对方会联系您，请只用来办这件事。",
            row.id,
            quoted(row),
            who.says()
        ),
        hint: Some(who.hint()),
    }))
}

/// How somebody is reached.
struct Reach {
    name: String,
    phone: Option<Phone>,
}

impl Reach {
    /// In a sentence.
    fn says(&self) -> String {
        match &self.phone {
            Some(phone) => format!("{}，电话 {}", self.name, phone.digits()),
            None => format!("{}，没有登记电话，请社区帮忙联系", self.name),
        }
    }

    /// Where there is little room: the number is never cut.
    fn hint(&self) -> String {
        match &self.phone {
            Some(phone) => format!("{} {}", phone.digits(), self.name),
            None => format!("{}没有登记电话", self.name),
        }
    }
}

/// Name and phone of somebody, as the roster has them.
async fn reach(app: &App, person_id: i64) -> Result<Reach, Fault> {
    let person = people::by_id(app.store.read(), person_id).await?;
    Ok(Reach {
        phone: person
            .as_ref()
            .and_then(|person| people::phone_of(&app.seal, person)),
        name: person.map(|person| person.name).unwrap_or_default(),
    })
}

/// That it is done, with the newest photo of it, for the asker.
async fn fulfilled(app: &App, row: &wish::Model, says: &str) -> Result<Line, Fault> {
    let id = row.id;
    let who = match row.claimer_id {
        Some(id) => people::by_id(app.store.read(), id).await?,
        None => None,
    };
    let who = who.map_or_else(String::new, |person| {
        format!("（{}）", veiled(&person.name))
    });
    let words = row.result.as_deref();
    let words = words.map_or_else(String::new, |words| format!("：{words}"));
    let photos = attachments::of_subject(app.store.read(), &subject(id)).await?;
    let photo = photos
        .last()
        .and_then(|photo| link::url_for_decision(app, photo));
    let photo = match (photo, photos.is_empty()) {
        (Some(url), _) => format!("\n照片：{url}"),
        (None, false) => format!("\n照片回复“心愿 {id}”查看。"),
        (None, true) => String::new(),
    };
    let thank = match row.state {
        WishState::Fulfilled => format!("\n想说声谢谢，请回复“感谢 {id} 您的话”。"),
        _ => String::new(),
    };
    Ok(Line {
        text: format!(
            "您的心愿 #{id}{}{says}{who}{words}{photo}{thank}",
            quoted(row)
        ),
        hint: Some(format!("回复:感谢 {id} 您的话")),
    })
}
