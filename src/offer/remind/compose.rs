//! The words of what is told of the four lists; each message reads the items as they are now.

use std::fmt::Write as _;

use chrono::NaiveDate;
use entity::kinds::{OfferList, OfferState};
use entity::{offer, organisation, reminder, role};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{Telling, named, number, read};
use crate::access::in_force;
use crate::access::permit::{Deed, roles};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::queries::building_says;
use crate::delivery::{Button, Line, Lines, Message};
use crate::offer::fitting::fitting;
use crate::offer::queries::{by_id, names, owners, shown};
use crate::offer::{category, joined, list_says, state_says};
use crate::organisation::queries as organisations;
use crate::person::contact::Known;
use crate::person::queries as people;
use crate::place::queries as places;
use crate::reminder::payload;

/// Own items that are looked at for what fits, the newest.
const MOST_OWN: u64 = 50;
/// What is proposed for one item, and in one message.
const EACH: usize = 2;
const LINES: usize = 5;
/// Characters of a title in a line.
const SHOWN: usize = 24;
/// UTF-16 units that a template shows of a hint (`delivery/fit.rs`).
const ROOM: usize = 20;

/// `12月31日`
fn day_says(day: Option<NaiveDate>) -> String {
    day.map_or_else(String::new, |day| day.format("%-m月%-d日").to_string())
}

/// Words that a template shows whole; else how to read them.
fn whole(words: &str, otherwise: String) -> String {
    match words.encode_utf16().count() {
        1..=ROOM => words.to_owned(),
        _ => otherwise,
    }
}

/// Where it is: a resident's building, nothing nearer, or the compound.
async fn place_says<C: ConnectionTrait>(db: &C, row: &offer::Model) -> Result<String, Fault> {
    match places::by_id(db, row.place_id).await? {
        Some(place) => building_says(db, &place).await,
        None => Ok(String::new()),
    }
}

/// A message about one item.
fn message(row: &offer::Model, what: &str, at: Moment, hint: String, text: String) -> Message {
    Message {
        template: "progress",
        title: format!("{} #{} {what}", list_says(row.list), row.id),
        place: String::new(),
        state: state_says(row.list, row.state).to_owned(),
        at,
        hint,
        text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }
}

pub(super) async fn check(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let row = read(app, last).await?;
    let Some(row) = row.filter(|row| row.state == OfferState::Raised) else {
        return Ok(None);
    };
    let id = row.id;
    let text = format!(
        "有居民发了一条{}（#{id}）：{}\n写了姓名、电话或要钱的请不要通过。回复“通过清单 {id}”，大家就看得到；或“驳回清单 {id} 原因”。",
        list_says(row.list),
        joined(&row.title, &row.text)
    );
    let hint = format!("回复:通过清单 {id} 或驳回清单");
    Ok(Some(Message {
        template: "task",
        place: place_says(app.store.read(), &row).await?,
        buttons: vec![
            Button {
                label: "通过",
                command: format!("通过清单 {id}"),
            },
            // Asks for the reason.
            Button {
                label: "驳回",
                command: format!("驳回清单 {id}"),
            },
        ],
        ..message(&row, "待审核", row.created_at, hint, text)
    }))
}

/// How to reach the other one: somebody waits for it at this moment, at whatever hour.
pub(super) async fn contact(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    Ok(tied(app, reminders).await?.map(Message::at_once))
}

/// How to reach the other one.
pub(super) async fn tied(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let need = read(app, last).await?;
    let Some(need) = need.filter(|need| need.state == OfferState::Matched) else {
        return Ok(None);
    };
    let db = app.store.read();
    // Let go and tied to another it is no business of the first.
    let same = |resource: &i64| number(last, "with").is_none_or(|with| with == *resource);
    let Some(resource) = need.tied_id.filter(same) else {
        return Ok(None);
    };
    let Some(resource) = by_id(db, resource).await? else {
        return Ok(None);
    };
    let on_need = payload::word(last, "side") == Some("need");
    let (own, other) = if on_need {
        (&need, &resource)
    } else {
        (&resource, &need)
    };
    let id = need.id;
    let (who, hint) = reach(app, other).await?;
    let after = if on_need {
        format!("办好后回复“办好 {id} 说明”；没谈成回复“取消对接 {id}”。")
    } else {
        format!("没谈成回复“取消对接 {id}”。")
    };
    let text = format!(
        "{}和{}对接上了。对方：{who}。请只用来办这件事。{after}",
        named(own),
        named(other)
    );
    Ok(Some(message(own, "对接上了", last.due_at, hint, text)))
}

/// How whose it is can be reached: in a sentence, and where there is little room. For an organisation by whoever
/// speaks for it now; who has done so once is nobody to call.
async fn reach(app: &App, row: &offer::Model) -> Result<(String, String), Fault> {
    let db = app.store.read();
    let organisation = match row.organisation_id {
        Some(id) => organisations::by_id(db, id).await?,
        None => None,
    };
    let owner = owners(db, row, app.clock.now()).await?.first().copied();
    let person = match owner {
        Some(person) => people::by_id(db, person).await?,
        None => None,
    };
    let Some(person) = person else {
        let name = organisation.as_ref().map(of).unwrap_or_default();
        return Ok((
            format!("{name}，暂时没有联系人，请社区帮忙联系"),
            "暂时没有联系人，请社区帮忙联系".to_owned(),
        ));
    };
    let who = Known::of(&app.seal, Some(person));
    let says = match organisation {
        Some(organisation) => format!("{}，联系人{}", of(&organisation), who.says()),
        None => who.says(),
    };
    Ok((says, who.hint()))
}

fn of(organisation: &organisation::Model) -> String {
    match &organisation.service_phone {
        Some(phone) => format!("{}（服务电话 {phone}）", organisation.name),
        None => organisation.name.clone(),
    }
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
    let mut lines = Lines::new();
    for one in reminders {
        if let Some(line) = Telling::of(one).and_then(|what| line(&row, what)) {
            lines.add(line);
        }
    }
    let Some((text, (what, newest))) = lines.told() else {
        return Ok(None);
    };
    let hint = newest.hint;
    Ok(Some(message(&row, &what, last.due_at, hint, text)))
}

/// One thing to be told, and what stands behind the number; none when it no longer holds.
fn line(row: &offer::Model, what: Telling) -> Option<(String, Line)> {
    let id = row.id;
    let reason = row.reason.as_deref().unwrap_or_default();
    let hint = match what {
        Telling::Opened | Telling::Untied => format!("回复“清单 {id}”查看"),
        Telling::Refused | Telling::Removed | Telling::Reopened => {
            whole(reason, format!("回复“清单 {id}”看原因"))
        }
        // Whoever only helped finds it no more.
        Telling::Gone => "不用办了，谢谢您的热心！".to_owned(),
        Telling::Finished => match row.result.as_deref() {
            Some(words) => whole(words, format!("回复“清单 {id}”看对方的话")),
            None => "谢谢您！".to_owned(),
        },
        Telling::Lapsed => "还需要的话可以再发一条".to_owned(),
        Telling::Soon => format!("办好后回复“销号 {id}”"),
    };
    let says = match what {
        Telling::Soon => format!("{}到期", day_says(row.due_on)),
        _ => what.words().1.to_owned(),
    };
    let text = sentence(row, what)?;
    Some((says, Line { text, hint }))
}

/// The whole of it, for channels without fields; none when it no longer holds.
fn sentence(row: &offer::Model, what: Telling) -> Option<String> {
    let id = row.id;
    let named = named(row);
    let reason = row.reason.as_deref().unwrap_or_default();
    let state = row.state;
    Some(match what {
        Telling::Opened if state == OfferState::Open => {
            format!("您的{named}已通过，大家看得到了。有对得上的会告诉您。")
        }
        Telling::Refused if state == OfferState::Refused => {
            format!("您的{named}没有通过，原因：{reason}。改好后可以再发一条。")
        }
        Telling::Removed if state == OfferState::Removed => {
            format!("{named}已由工作人员下架，原因：{reason}。")
        }
        Telling::Untied if state == OfferState::Open => {
            format!("{named}的对接取消了，已重新公开，别人可以再来对接。")
        }
        Telling::Gone => format!("和您对接的{named}已经撤下，不用办了。谢谢您的热心！"),
        Telling::Finished if state == OfferState::Done => match row.result.as_deref() {
            Some(words) => format!("您帮忙的{named}办好了，对方说：{words}"),
            None => format!("您帮忙的{named}办好了，谢谢您！"),
        },
        Telling::Lapsed if state == OfferState::Lapsed => {
            format!("您的{named}到期了，已从清单撤下。还需要的话可以再发一条。")
        }
        Telling::Soon if state == OfferState::Open => format!(
            "{named}{}到期。办好后回复“销号 {id} 说明”，再发一张照片。",
            day_says(row.due_on)
        ),
        Telling::Reopened if state == OfferState::Open => {
            format!("{named}要再办一次，原因：{reason}。办好后回复“销号 {id} 说明”。")
        }
        _ => return None,
    })
}

pub(super) async fn overdue(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let row = read(app, last).await?;
    let Some(row) = row.filter(|row| row.state == OfferState::Open) else {
        return Ok(None);
    };
    let id = row.id;
    let db = app.store.read();
    let names = names(db, std::slice::from_ref(&row)).await?;
    let by = crate::offer::queries::by(&names, &row);
    let text = format!(
        "{}（{by}）应在{}前办好，现在还没有销号。办好后由单位回复“销号 {id} 说明”。",
        named(&row),
        day_says(row.due_on)
    );
    let own = owners(db, &row, app.clock.now()).await?;
    // Whoever supervises reads there whose it is.
    let hint = match last.recipient_id {
        Some(person) if own.contains(&person) => format!("办好后回复“销号 {id}”"),
        _ => format!("回复“清单 {id}”查看"),
    };
    Ok(Some(Message {
        template: "task",
        place: place_says(db, &row).await?,
        ..message(&row, "逾期还没有销号", last.due_at, hint, text)
    }))
}

/// Open needs and resources that somebody is told of, the newest first: their own, and those of the organisations
/// for which they speak there; in whichever compound.
async fn own_items<C: ConnectionTrait>(
    db: &C,
    person: i64,
    now: Moment,
) -> Result<Vec<offer::Model>, Fault> {
    let spoken: Vec<Option<i64>> = role::Entity::find()
        .select_only()
        .column(role::Column::OrganisationId)
        .filter(role::COLUMN.person_id.eq(person))
        .filter(role::COLUMN.organisation_id.is_not_null())
        .filter(
            role::COLUMN
                .role
                .is_in(roles(Deed::PublishOffers).iter().copied()),
        )
        .filter(in_force(now))
        .into_tuple()
        .all(db)
        .await?;
    let written = Condition::all()
        .add(offer::COLUMN.author_id.eq(person))
        .add(offer::COLUMN.organisation_id.is_null());
    let mut own = Condition::any().add(written);
    if !spoken.is_empty() {
        let theirs = spoken.into_iter().flatten();
        own = own.add(offer::COLUMN.organisation_id.is_in(theirs));
    }
    let rows = offer::Entity::find()
        .filter(
            offer::COLUMN
                .list
                .is_in([OfferList::Need, OfferList::Resource]),
        )
        .filter(offer::COLUMN.state.eq(OfferState::Open))
        .filter(own)
        .order_by_desc(offer::COLUMN.id)
        .limit(MOST_OWN)
        .all(db)
        .await?;
    let mut theirs = Vec::new();
    for row in rows {
        if owners(db, &row, now).await?.contains(&person) {
            theirs.push(row);
        }
    }
    Ok(theirs)
}

pub(super) async fn matching(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let Some(person) = last.recipient_id else {
        return Ok(None);
    };
    let db = app.store.read();
    let mut pairs = Vec::new();
    for own in own_items(db, person, last.due_at).await? {
        let fits = fitting(db, &own, EACH).await?;
        pairs.extend(fits.into_iter().map(|other| (own.clone(), other)));
        if pairs.len() >= LINES {
            break;
        }
    }
    pairs.truncate(LINES);
    let Some((own, other)) = pairs.first() else {
        return Ok(None);
    };
    let example = format!("对接 {} {}", own.id, other.id);
    let others: Vec<offer::Model> = pairs.iter().map(|(_, other)| other.clone()).collect();
    let words = shown(db, &others).await?;
    let mut text = "有和您的清单对得上的：".to_owned();
    for (own, other) in &pairs {
        let Some((title, _)) = words.get(&other.id) else {
            continue;
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n#{}“{}” ↔ {} #{}“{}”",
            own.id,
            shorten(&own.title, SHOWN),
            list_says(other.list),
            other.id,
            shorten(title, SHOWN)
        );
    }
    let _ = write!(
        text,
        "\n合适就回复“{example}”，联系方式会单独发给双方；不合适不用理会。"
    );
    Ok(Some(Message {
        template: "news",
        title: format!("{}的清单对上了", category::says(own.category)),
        place: String::new(),
        state: "可对接".to_owned(),
        at: last.due_at,
        hint: format!("回复:{example}"),
        text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}
