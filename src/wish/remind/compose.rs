//! The words of what is told of wishes; each message reads the wish as it is now.

use entity::kinds::WishState;
use entity::{reminder, wish};

use super::{Telling, read};
use crate::app::App;
use crate::attachment::link;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::{Button, Lines, Message, Says};
use crate::person::contact::Known;
use crate::person::queries as people;
use crate::person::words::veiled;
use crate::reminder::payload;
use crate::wish::queries::{building_of, photos_of};
use crate::wish::state_says;

/// Characters of a wish that a push shows.
const SHOWN: usize = 60;

/// One thing to be told: the whole sentence, and what a template has room for.
struct Line {
    text: String,
    hint: Option<String>,
}

impl Says for Line {
    fn says(&self) -> &str {
        &self.text
    }
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

/// A message about a wish.
async fn message(
    app: &App,
    row: &wish::Model,
    what: &str,
    at: Moment,
    line: Line,
) -> Result<Message, Fault> {
    let id = row.id;
    Ok(Message {
        template: "progress",
        title: format!("心愿 #{id} {what}"),
        place: building_of(app.store.read(), row.place_id).await?,
        state: state_says(row.state).to_owned(),
        at,
        hint: line.hint.unwrap_or_else(|| format!("回复“心愿 {id}”查看")),
        text: line.text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    })
}

pub(super) async fn check(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let row = read(app, last).await?;
    let Some(row) = row.filter(|row| row.state == WishState::Raised) else {
        return Ok(None);
    };
    let id = row.id;
    let line = Line::hinting(
        format!(
            "有居民许了一个心愿（#{id}）：{}\n写了姓名、电话或要钱的请不要通过。回复“通过心愿 {id}”，邻居就能认领；或“驳回心愿 {id} 原因”。",
            row.text
        ),
        format!("回复:通过心愿 {id} 或驳回心愿"),
    );
    Ok(Some(Message {
        template: "task",
        buttons: vec![
            Button {
                label: "通过",
                command: format!("通过心愿 {id}"),
            },
            // Asks for the reason.
            Button {
                label: "驳回",
                command: format!("驳回心愿 {id}"),
            },
        ],
        ..message(app, &row, "待审核", row.created_at, line).await?
    }))
}

/// How the claimer reaches the asker: somebody waits for it at this moment, at whatever hour.
pub(super) async fn contact(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let theirs =
        |row: &wish::Model| row.state == WishState::Claimed && row.claimer_id == last.recipient_id;
    let Some(row) = read(app, last).await?.filter(theirs) else {
        return Ok(None);
    };
    let line = asker_of(app, &row).await?;
    let what = Telling::Contact.words().1;
    Ok(Some(Message {
        urgent: true,
        ..message(app, &row, what, last.due_at, line).await?
    }))
}

/// How the asker reaches whoever has the wish now. Never put together with what else is told of it: that may be
/// told at the door.
pub(super) async fn claimed(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let row = read(app, last).await?;
    let Some(row) = row.filter(|row| row.state == WishState::Claimed) else {
        return Ok(None);
    };
    let Some(claimer) = row.claimer_id else {
        return Ok(None);
    };
    let line = claimer_of(app, &row, claimer).await?;
    let what = Telling::Claimed.words().1;
    Ok(Some(message(app, &row, what, last.due_at, line).await?))
}

pub(super) async fn told(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let Some(row) = read(app, last).await? else {
        return Ok(None);
    };
    let tells = |told: Telling| reminders.iter().any(|one| Telling::of(one) == Some(told));
    let fulfilled = tells(Telling::Fulfilled);
    let mut lines = Lines::new();
    for one in reminders {
        let Some(what) = Telling::of(one) else {
            continue;
        };
        // Its photo came at once: that it came true is the news.
        if fulfilled && what == Telling::Photo {
            continue;
        }
        if let Some(line) = line(app, &row, one, what).await? {
            lines.add((what, line));
        }
    }
    let Some((text, (what, newest))) = lines.told() else {
        return Ok(None);
    };
    let line = Line { text, ..newest };
    let what = what.words().1;
    Ok(Some(message(app, &row, what, last.due_at, line).await?))
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
    // Given back and claimed again it has another day.
    let same = has && row.claimer_id == to && payload::version(reminder) == Some(row.version);
    let done = matches!(row.state, WishState::Fulfilled | WishState::Thanked);
    let open = row.state == WishState::Open;
    let reason = row.reason.as_deref().unwrap_or_default();
    Ok(match what {
        Telling::Opened if open => {
            Some(format!("您的心愿 #{id}{text}已通过，邻居可以认领了。有人认领会告诉您。").into())
        }
        Telling::Refused if row.state == WishState::Refused => Some(Line::hinting(
            format!(
                "您的心愿 #{id}{text}没有通过，原因：{reason}。改好后回复“许愿 新内容”再许一个。"
            ),
            reason,
        )),
        // By whom stands in a message of its own: this one may be told at the door.
        Telling::Claimed if has => {
            Some(format!("您的心愿 #{id}{text}有人认领了，对方会联系您。").into())
        }
        Telling::Warned if same => Some(Line::hinting(
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
async fn asker_of(app: &App, row: &wish::Model) -> Result<Line, Fault> {
    let id = row.id;
    let building = building_of(app.store.read(), row.place_id).await?;
    let who = known(app, row.asker_id).await?;
    Ok(Line::hinting(
        format!(
            "您认领了心愿 #{id}{}。许愿人：{}，{building}。请只用来办这件事。{}前办好后回复“完成 {id} 说明”，再发一张照片。",
            quoted(row),
            who.says(),
            row.due_at.map(say).unwrap_or_default()
        ),
        who.hint(),
    ))
}

/// How the asker reaches whoever has it.
async fn claimer_of(app: &App, row: &wish::Model, claimer: i64) -> Result<Line, Fault> {
    let who = known(app, claimer).await?;
    Ok(Line::hinting(
        format!(
            "您的心愿 #{}{}有人认领了：{}。对方会联系您，请只用来办这件事。",
            row.id,
            quoted(row),
            who.says()
        ),
        who.hint(),
    ))
}

/// Name and phone of somebody, as the roster has them.
async fn known(app: &App, person_id: i64) -> Result<Known, Fault> {
    let person = people::by_id(app.store.read(), person_id).await?;
    Ok(Known::of(&app.seal, person))
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
    let photos = photos_of(app.store.read(), row).await?;
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
    Ok(Line::hinting(
        format!(
            "您的心愿 #{id}{}{says}{who}{words}{photo}{thank}",
            quoted(row)
        ),
        format!("回复:感谢 {id} 您的话"),
    ))
}
