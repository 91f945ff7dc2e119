//! What keepers do at the windows: a tap for each who was served; things that are left there, collected, and
//! cleared away when nobody comes for a month.

use entity::kinds::{ActorKind, DepositState};
use entity::{station_deposit, station_served, station_service};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::access::Actor;
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::config::Stations;
use crate::person::called::resident;
use crate::reminder;
use crate::station::actions::{Step, keepers, note, record, some_words, stays_open, words};
use crate::station::queries::windows::{self as reads, served_on, service};
use crate::station::queries::{by_id, kept, no_such};
use crate::station::remind::{self, Telling};
use crate::station::step::{DepositAct, deposit_after};
use crate::station::{deposit_says, deposit_subject};
use crate::store::Tx;

/// Counts one who was served. The row is its own record: it says who counted.
///
/// # Errors
/// `not_found` for whoever does not keep the station, `invalid` for words that say too much.
pub async fn tap(
    tx: &mut Tx,
    actor: &Actor,
    service_id: i64,
    note: &str,
) -> Result<station_service::Model, Fault> {
    let row = service(tx.db(), actor, service_id).await?;
    let note = some_words("note", note)?;
    put(tx, actor, &row, 1, note).await?;
    Ok(row)
}

/// Takes a tap of today back.
///
/// # Errors
/// `not_found` for whoever does not keep the station, `wrong_step` when nothing was counted today.
pub async fn untap(
    tx: &mut Tx,
    actor: &Actor,
    service_id: i64,
) -> Result<station_service::Model, Fault> {
    let row = service(tx.db(), actor, service_id).await?;
    // Two who take back at once do not take back more than there is.
    station_service::Entity::find_by_id(service_id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?
        .ok_or_else(reads::no_service)?;
    let today = china(tx.now()).date_naive();
    if served_on(tx.db(), service_id, today).await? < 1 {
        return Err(Fault::wrong_step("今天还没有记过，不用减。"));
    }
    put(tx, actor, &row, -1, None).await?;
    Ok(row)
}

async fn put(
    tx: &Tx,
    actor: &Actor,
    service: &station_service::Model,
    served: i32,
    note: Option<String>,
) -> Result<(), Fault> {
    let row = station_served::ActiveModel {
        compound_id: Set(service.compound_id),
        station_id: Set(service.station_id),
        service_id: Set(service.id),
        day: Set(china(tx.now()).date_naive()),
        served: Set(served),
        note: Set(note),
        by_id: Set(actor.person_id()),
        at: Set(tx.now()),
        ..Default::default()
    };
    station_served::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Takes something in. Whose it is may be left open: then the number on the ticket is all that is known.
///
/// # Errors
/// `not_found` for a station that is not theirs to see and for somebody who does not live there, `forbidden`
/// for whoever does not keep it, `invalid` without words and for words that say too much.
pub async fn deposit(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Stations,
    station_id: i64,
    thing: &str,
    who: &str,
) -> Result<station_deposit::Model, Fault> {
    let station = kept(tx.db(), actor, station_id).await?.station;
    let thing = words("thing", thing, "请写寄存的是什么，例如 蓝色行李箱一个。")?;
    let owner = match some_words("who", who)? {
        None => None,
        Some(who) => {
            let example = "1-1-102 李建国";
            let (person, _) = resident(tx.db(), station.compound_id, &who, example).await?;
            Some(person.id)
        }
    };
    stays_open(tx, station_id, no_such).await?;
    let row = station_deposit::ActiveModel {
        compound_id: Set(station.compound_id),
        station_id: Set(station_id),
        owner_id: Set(owner),
        thing: Set(thing),
        state: Set(DepositState::Kept),
        at: Set(tx.now()),
        version: Set(1),
        ..Default::default()
    };
    let row = station_deposit::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let actor = actor.acting(ActorKind::Staff);
    let step = Step {
        subject: deposit_subject(row.id),
        action: "left",
        from: None,
        to: row.state.to_value(),
        note: None,
    };
    note(tx, &actor, row.compound_id, step).await?;
    record_of(tx, &actor, "station.deposit", &row);
    let mut items = remind::deposit_clocks(&row, terms);
    if let Some(owner) = row.owner_id {
        items.push(remind::deposit(&row, Telling::TakenIn, owner, tx.now()));
    }
    reminder::enqueue(tx, items).await?;
    Ok(row)
}

fn record_of(tx: &Tx, actor: &Actor, action: &str, row: &station_deposit::Model) {
    let subject = deposit_subject(row.id);
    record(tx, actor, action, subject, row.compound_id, None);
}

async fn change(
    tx: &Tx,
    actor: &Actor,
    was: &station_deposit::Model,
    act: DepositAct,
    words: Option<String>,
) -> Result<station_deposit::Model, Fault> {
    let state = deposit_after(was.state, act).ok_or_else(|| {
        Fault::wrong_step(match (act, was.state) {
            (DepositAct::Clear, DepositState::Kept) => {
                format!("寄存 #{} 还没到期，要等本人来取。", was.id)
            }
            _ => format!(
                "寄存 #{} 现在是“{}”，不能这样操作。",
                was.id,
                deposit_says(was.state)
            ),
        })
    })?;
    let over = matches!(state, DepositState::Collected | DepositState::Cleared);
    let mut changed = station_deposit::Entity::update_many()
        .set(station_deposit::ActiveModel {
            state: Set(state),
            ended_at: Set(over.then(|| tx.now())),
            note: Set(words.clone()),
            version: Set(was.version + 1),
            ..Default::default()
        })
        .filter(station_deposit::COLUMN.id.eq(was.id))
        .filter(station_deposit::COLUMN.state.eq(was.state))
        .filter(station_deposit::COLUMN.version.eq(was.version))
        .exec_with_returning(tx.db())
        .await?;
    let next = changed.pop().ok_or_else(|| {
        let text = format!("寄存 #{} 刚刚有变化，请刷新后再看。", was.id);
        Fault::new(Code::Conflict, text)
    })?;
    let step = Step {
        subject: deposit_subject(was.id),
        action: act.name(),
        from: Some(was.state.to_value()),
        to: next.state.to_value(),
        note: words,
    };
    note(tx, actor, was.compound_id, step).await?;
    Ok(next)
}

/// Gives it back to whoever has the ticket.
///
/// # Errors
/// `not_found` for whoever does not keep the station, `wrong_step` when it is gone.
pub async fn collect(tx: &mut Tx, actor: &Actor, id: i64) -> Result<station_deposit::Model, Fault> {
    let row = reads::deposit(tx.db(), actor, id).await?;
    let actor = actor.acting(ActorKind::Staff);
    let next = change(tx, &actor, &row, DepositAct::Collect, None).await?;
    record_of(tx, &actor, "station.deposit-end", &next);
    Ok(next)
}

/// Clears away what nobody has come for in a month, with a word where it went.
///
/// # Errors
/// `not_found` for whoever does not keep the station, `invalid` without a word, `wrong_step` before its month
/// is over and when it is gone.
pub async fn clear(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    words: &str,
) -> Result<station_deposit::Model, Fault> {
    let row = reads::deposit(tx.db(), actor, id).await?;
    let words = super::words("note", words, "请写交到了哪里，例如 已交物业失物招领。")?;
    let actor = actor.acting(ActorKind::Staff);
    let next = change(tx, &actor, &row, DepositAct::Clear, Some(words)).await?;
    record_of(tx, &actor, "station.deposit-end", &next);
    if let Some(owner) = next.owner_id {
        let told = remind::deposit(&next, Telling::ClearedAway, owner, tx.now());
        reminder::enqueue(tx, vec![told]).await?;
    }
    Ok(next)
}

/// What its clocks do: after some days owner and keepers are told, after a month it may be cleared away.
/// False when it is gone.
///
/// # Errors
/// The database's.
pub async fn expire(tx: &mut Tx, id: i64, month_is_over: bool) -> Result<bool, Fault> {
    let row = station_deposit::Entity::find_by_id(id).one(tx.db()).await?;
    let Some(mut row) = row.filter(|row| row.state == DepositState::Kept) else {
        return Ok(false);
    };
    let what = match month_is_over {
        true => Telling::MonthOver,
        false => Telling::Waits,
    };
    if month_is_over {
        let system = Actor::system();
        row = change(tx, &system, &row, DepositAct::Expire, None).await?;
        record_of(tx, &system, "station.unclaimed", &row);
    }
    let Some(station) = by_id(tx.db(), row.station_id).await? else {
        return Ok(false);
    };
    let now = tx.now();
    let mut items = Vec::new();
    if let Some(owner) = row.owner_id {
        items.push(remind::deposit(&row, what, owner, now));
    }
    for keeper in keepers(tx, &station).await? {
        items.push(remind::deposit_task(&row, what, keeper, now));
    }
    reminder::enqueue(tx, items).await?;
    Ok(true)
}
