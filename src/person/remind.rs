//! What is said about bindings, and to whom: the home's other accounts, the steward, the person.
//! `command/serve.rs` joins [`KINDS`] to the others'.

use entity::kinds::{BindingState, Channel};
use entity::{account, binding, reminder, role};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::app::App;
use crate::base::clock::{Moment, say};
use crate::base::fault::Fault;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::person::binding::{TIED, masked_name};
use crate::person::{binding_subject, queries, words};
use crate::place::queries as places;
use crate::reminder::{BoxFuture, NewReminder, enqueue, enqueue_to_account};
use crate::store::Tx;

/// To the home's other accounts and the steward: a new account is tied.
const BOUND: &str = "person.bound";
/// To the steward: somebody waits for a decision.
const REQUEST: &str = "person.request";
/// To the person: what was decided.
const DECIDED: &str = "person.decided";
/// To an account that is nobody's: refused.
const REFUSED: &str = "person.refused";
/// To the person: staff has ended the tie to a home.
const RELEASED: &str = "person.released";
/// To the person: a post of theirs was ended.
const POST_ENDED: &str = "person.post-ended";
/// Clock: a post ends. Whoever left something in the person's hands obeys it.
pub const ROLE_ENDED: &str = "person.role-ended";

/// Clocks that one statement stores: a roster brings thousands of posts.
const ENDS_AT_ONCE: usize = 500;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: BOUND,
        work: Work::Push(Topic::Safety, compose_bound),
    },
    Kind {
        name: REQUEST,
        work: Work::Push(Topic::Task, compose_request),
    },
    Kind {
        name: DECIDED,
        work: Work::Push(Topic::Safety, compose_decided),
    },
    Kind {
        name: REFUSED,
        work: Work::Push(Topic::Safety, compose_decided),
    },
    Kind {
        name: RELEASED,
        work: Work::Push(Topic::Safety, compose_decided),
    },
    Kind {
        name: POST_ENDED,
        work: Work::Push(Topic::Safety, compose_post_ended),
    },
];

fn new(tx: &Tx, row: &binding::Model, kind: &'static str, to: i64, round: &str) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: format!("{}:{kind}:{round}:{to}", binding_subject(row.id)),
        recipient_id: Some(to),
        compound_id: Some(row.compound_id),
        subject: binding_subject(row.id),
        payload: json!({ "binding": row.id }),
        due_at: tx.now(),
    }
}

/// Whom a new tie of a home concerns beside the steward.
struct Mates {
    /// Other people with an account tied to the home.
    people: Vec<i64>,
    /// The same person's other accounts there: somebody else may know the name and the phone, and
    /// what is said to the person would go to the account that wrote last, the new one.
    accounts: Vec<i64>,
}

async fn home_mates(tx: &Tx, row: &binding::Model) -> Result<Mates, Fault> {
    let ties = queries::tied_to_home(tx.db(), row.place_id).await?;
    let others = ties.iter().filter(|tie| tie.account_id != row.account_id);
    let (own, mates): (Vec<_>, Vec<_>) = others.partition(|tie| tie.person_id == row.person_id);
    let mut people: Vec<i64> = mates.iter().filter_map(|tie| tie.person_id).collect();
    people.sort_unstable();
    people.dedup();
    let accounts = if own.is_empty() {
        Vec::new()
    } else {
        account::Entity::find()
            .filter(
                account::COLUMN
                    .id
                    .is_in(own.iter().map(|tie| tie.account_id)),
            )
            .filter(account::COLUMN.channel.eq(Channel::Official))
            .filter(account::COLUMN.followed.eq(true))
            .all(tx.db())
            .await?
    };
    Ok(Mates {
        people,
        accounts: accounts.into_iter().map(|account| account.id).collect(),
    })
}

async fn tell_accounts(
    tx: &mut Tx,
    row: &binding::Model,
    accounts: &[i64],
    round: &str,
) -> Result<(), Fault> {
    for account_id in accounts {
        let item = NewReminder {
            recipient_id: None,
            ..new(tx, row, BOUND, *account_id, &format!("account:{round}"))
        };
        enqueue_to_account(tx, *account_id, item).await?;
    }
    Ok(())
}

/// Tells the home's other accounts and the steward of a new tie, as far as they have an account.
///
/// # Errors
/// The database's.
pub async fn tell_bound(tx: &mut Tx, row: &binding::Model, path: &str) -> Result<(), Fault> {
    let Mates {
        mut people,
        accounts,
    } = home_mates(tx, row).await?;
    tell_accounts(tx, row, &accounts, "new").await?;
    for holder in queries::verifiers(tx.db(), path, tx.now()).await? {
        if Some(holder.person_id) != row.person_id && !people.contains(&holder.person_id) {
            people.push(holder.person_id);
        }
    }
    let people = queries::with_account(tx.db(), &people).await?;
    let items = people
        .iter()
        .map(|to| new(tx, row, BOUND, *to, "new"))
        .collect();
    enqueue(tx, items).await
}

/// Tells the home's other accounts of a tie that the steward has vouched for.
///
/// # Errors
/// The database's.
pub async fn tell_home(tx: &mut Tx, row: &binding::Model) -> Result<(), Fault> {
    let Mates { people, accounts } = home_mates(tx, row).await?;
    tell_accounts(tx, row, &accounts, "vouched").await?;
    let items = people
        .iter()
        .map(|to| new(tx, row, BOUND, *to, "vouched"))
        .collect();
    enqueue(tx, items).await
}

/// Asks the steward (or whom the post falls to) to decide: never whoever it is about, nor whoever
/// objected.
///
/// # Errors
/// The database's.
pub async fn ask_verifiers(
    tx: &mut Tx,
    row: &binding::Model,
    path: &str,
    round: &str,
    objector: Option<i64>,
) -> Result<(), Fault> {
    let account = account::Entity::find_by_id(row.account_id)
        .one(tx.db())
        .await?;
    let own = account
        .and_then(|account| account.person_id)
        .or(row.person_id);
    let without: Vec<i64> = own.into_iter().chain(objector).collect();
    let items = queries::answering(tx.db(), path, tx.now(), &without)
        .await?
        .into_iter()
        .map(|holder| new(tx, row, REQUEST, holder.person_id, round))
        .collect();
    enqueue(tx, items).await
}

/// Tells the person what was decided. An account that is nobody's any more is told as an account.
///
/// # Errors
/// The database's.
pub async fn tell_decided(tx: &mut Tx, row: &binding::Model) -> Result<(), Fault> {
    let account = account::Entity::find_by_id(row.account_id)
        .one(tx.db())
        .await?;
    if let Some(person) = account.and_then(|account| account.person_id) {
        let item = new(tx, row, DECIDED, person, "once");
        return enqueue(tx, vec![item]).await;
    }
    let item = NewReminder {
        recipient_id: None,
        ..new(tx, row, REFUSED, 0, "once")
    };
    enqueue_to_account(tx, row.account_id, item).await
}

/// Tells whose tie to a home the staff has ended. An account that is nobody's any more is told as an account.
///
/// # Errors
/// The database's.
pub async fn tell_released(tx: &mut Tx, row: &binding::Model) -> Result<(), Fault> {
    let account = account::Entity::find_by_id(row.account_id)
        .one(tx.db())
        .await?;
    if let Some(person) = account.and_then(|account| account.person_id) {
        return enqueue(tx, vec![new(tx, row, RELEASED, person, "once")]).await;
    }
    let item = NewReminder {
        recipient_id: None,
        ..new(tx, row, RELEASED, 0, "once")
    };
    enqueue_to_account(tx, row.account_id, item).await
}

/// Sets the clocks for the ends of posts: person, compound, moment.
///
/// # Errors
/// The database's.
pub async fn when_ended(tx: &mut Tx, ends: &[(i64, Option<i64>, Moment)]) -> Result<(), Fault> {
    let clock = |(person, compound_id, at): &(i64, Option<i64>, Moment)| NewReminder {
        kind: ROLE_ENDED,
        dedupe_key: format!("person:{person}:{ROLE_ENDED}:{}", at.timestamp_millis()),
        recipient_id: None,
        compound_id: *compound_id,
        subject: format!("person:{person}"),
        payload: json!({ "person": person }),
        due_at: *at,
    };
    for some in ends.chunks(ENDS_AT_ONCE) {
        enqueue(tx, some.iter().map(clock).collect()).await?;
    }
    Ok(())
}

/// Tells somebody that a post of theirs was ended, and why.
///
/// # Errors
/// The database's.
pub async fn tell_post_ended(tx: &mut Tx, row: &role::Model) -> Result<(), Fault> {
    let item = NewReminder {
        kind: POST_ENDED,
        dedupe_key: format!("role:{}:{POST_ENDED}", row.id),
        recipient_id: Some(row.person_id),
        compound_id: row.compound_id,
        subject: format!("role:{}", row.id),
        payload: json!({ "role": row.id }),
        due_at: tx.now(),
    };
    enqueue(tx, vec![item]).await
}

fn compose_post_ended<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let id = reminders
            .last()
            .and_then(|last| last.payload.get("role"))
            .and_then(serde_json::Value::as_i64);
        let db = app.store.read();
        let row = role::Entity::find_by_id(id.unwrap_or(0)).one(db).await?;
        let Some((row, end)) = row.and_then(|row| row.to_at.map(|end| (row, end))) else {
            return Ok(None);
        };
        let place = match row.place_id {
            Some(place_id) => match places::by_id(db, place_id).await? {
                Some(place) => places::name_of(db, &place).await?,
                None => return Ok(None),
            },
            None => "全部地点".to_owned(),
        };
        let post = words::role_name(row.role);
        let why = row.end_reason.unwrap_or_default();
        let hint = format!("原因：{why}");
        let text = format!(
            "您在{place}的{post}职务已于{}结束。{hint}。还没办完的诉求会转给别人，您不用再处理。",
            say(end)
        );
        Ok(Some(Message {
            template: "progress",
            title: format!("{post}职务已结束"),
            place,
            state: "已结束".to_owned(),
            at: end,
            hint,
            text,
            url: None,
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

/// The binding that reminders are about, with what people call its home.
async fn read(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<(binding::Model, String)>, Fault> {
    let id = reminders
        .last()
        .and_then(|last| last.payload.get("binding"))
        .and_then(serde_json::Value::as_i64);
    let Some(id) = id else {
        return Ok(None);
    };
    let db = app.store.read();
    let Some(row) = queries::binding(db, id).await? else {
        return Ok(None);
    };
    let Some(home) = places::by_id(db, row.place_id).await? else {
        return Ok(None);
    };
    let name = places::name_of(db, &home).await?;
    Ok(Some((row, name)))
}

fn compose_bound<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some((row, home)) = read(app, reminders).await? else {
            return Ok(None);
        };
        if !TIED.contains(&row.state) {
            return Ok(None);
        }
        let who = masked_name(&row.claimed_name);
        let hint = if row.state == BindingState::Declared {
            format!("不认识请回复:异议 {}", row.id)
        } else if row.decided_by.is_none() {
            // Proved by the phone on the roster; nobody has vouched.
            "微信已验证登记的手机号".to_owned()
        } else {
            "管家已核验".to_owned()
        };
        let text = format!("{home} 绑定了新的微信账号（{who}）。{hint}");
        Ok(Some(message(
            &row,
            "progress",
            &titled(&home, "新账号绑定"),
            home,
            hint,
            text,
        )))
    })
}

fn compose_request<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some((row, home)) = read(app, reminders).await? else {
            return Ok(None);
        };
        if row.state != BindingState::Requested {
            return Ok(None);
        }
        let phone = queries::open_phone(&app.seal, &row.claimed_phone_sealed)
            .map_or_else(String::new, |phone| phone.masked());
        let why = if row.reason.is_some() {
            "，家里其他账号有异议"
        } else {
            ""
        };
        let hint = format!("回复：核验 {} 通过（或驳回）", row.id);
        let text = format!(
            "住户申请绑定 {home}：{} {phone}{why}。{hint}",
            row.claimed_name
        );
        Ok(Some(message(
            &row,
            "task",
            "住户绑定待核验",
            home,
            hint,
            text,
        )))
    })
}

fn compose_decided<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some((row, home)) = read(app, reminders).await? else {
            return Ok(None);
        };
        let (what, text, hint) = match row.state {
            BindingState::Verified => (
                "绑定已通过",
                format!("您绑定 {home} 已通过核验，可以报修、投诉、建议了。回复“菜单”看能做什么。"),
                "回复“菜单”看能做什么".to_owned(),
            ),
            BindingState::Refused => (
                "绑定未通过",
                refused_text(&row, &home),
                row.reason
                    .clone()
                    .unwrap_or_else(|| "请核对后再绑定,或联系楼栋长".to_owned()),
            ),
            BindingState::Released => {
                let why = row.reason.clone().unwrap_or_default();
                (
                    "绑定已解除",
                    format!(
                        "您与 {home} 的绑定已由工作人员解除，原因：{why}。如有疑问请联系楼栋长。"
                    ),
                    why,
                )
            }
            _ => return Ok(None),
        };
        Ok(Some(message(
            &row,
            "progress",
            &titled(&home, what),
            home,
            hint,
            text,
        )))
    })
}

/// A title that names the home: not every template has a field for the place.
fn titled(home: &str, what: &str) -> String {
    let number = home.rsplit(' ').next().unwrap_or_default();
    format!("{number} {what}")
}

/// What somebody reads whose request was refused.
fn refused_text(row: &binding::Model, home: &str) -> String {
    let why = row
        .reason
        .as_deref()
        .map_or_else(String::new, |reason| format!("，原因：{reason}"));
    format!("您绑定 {home} 没有通过核验{why}。请核对后再绑定，或联系楼栋长。")
}

fn message(
    row: &binding::Model,
    template: &'static str,
    title: &str,
    place: String,
    hint: String,
    text: String,
) -> Message {
    Message {
        template,
        title: title.to_owned(),
        place,
        state: words::binding_name(row.state).to_owned(),
        at: row.decided_at.unwrap_or(row.created_at),
        hint,
        text,
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }
}
