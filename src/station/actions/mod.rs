//! What can be done at a station: one function is one use case, inside the caller's transaction. Here is what
//! they share.

mod book;
mod keep;
mod lend;
mod stock;
mod visit;
mod window;

pub use book::{Asked, absent, book, book_officially, cancel};
pub use keep::{Written, add, change, remove, set_day};
pub use lend::{Outcome, borrow, deny, end, hand, lend, overdue};
pub use stock::{
    NewThing, add_room, add_service, add_thing, change_thing, remove_room, remove_service,
    remove_thing,
};
pub use visit::{count, scan};
pub use window::{clear, collect, deposit, expire, tap, untap};

use entity::{person, station, station_step};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use serde_json::Value;

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::base::fault::{Code, Fault};
use crate::base::text::line;
use crate::base::worded::{Asks, checked, worded};
use crate::person::queries::with_account;
use crate::station::{MOST_NAME, MOST_TEXT};
use crate::store::Tx;

/// Keepers who are told of something, at most.
const MOST_TOLD: usize = 3;

/// An entry of the history.
struct Step {
    subject: String,
    action: &'static str,
    from: Option<String>,
    to: String,
    note: Option<String>,
}

/// Writes an entry of the history.
async fn note(tx: &Tx, actor: &Actor, compound_id: i64, step: Step) -> Result<(), Fault> {
    let row = station_step::ActiveModel {
        compound_id: Set(compound_id),
        subject: Set(step.subject),
        action: Set(step.action.to_owned()),
        from_state: Set(step.from),
        to_state: Set(step.to),
        actor_kind: Set(actor.kind),
        actor_id: Set(actor.person_id()),
        note: Set(step.note),
        at: Set(tx.now()),
        ..Default::default()
    };
    station_step::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

fn record(
    tx: &Tx,
    actor: &Actor,
    action: &str,
    subject: String,
    compound_id: i64,
    detail: Option<Value>,
) {
    let entry = Entry {
        action,
        subject,
        compound_id: Some(compound_id),
        detail,
    };
    audit::record(tx, actor, entry);
}

/// Words on one line that may be left out, and that hold no long number.
fn some_words(field: &'static str, text: &str) -> Result<Option<String>, Fault> {
    let text = line(text);
    if text.is_empty() {
        return Ok(None);
    }
    let number = "请不要写手机号、证件号这样的长号码。";
    checked(field, text, MOST_TEXT, number).map(Some)
}

/// The same where something must be said.
fn words(field: &'static str, text: &str, missing: &'static str) -> Result<String, Fault> {
    let words = some_words(field, text)?;
    words.ok_or_else(|| Fault::invalid(field, missing))
}

/// A name that stands on lists for everybody.
fn named(field: &'static str, text: &str, missing: &'static str) -> Result<String, Fault> {
    let asks = Asks {
        field,
        most: MOST_NAME,
        missing,
        number: "名称里请不要写手机号这样的长号码。",
    };
    worded(text, asks)
}

/// A number that a form says.
fn within(
    field: &'static str,
    value: i32,
    range: std::ops::RangeInclusive<i32>,
) -> Result<i32, Fault> {
    match range.contains(&value) {
        true => Ok(value),
        false => Err(Fault::invalid(
            field,
            format!("请写{}到{}之间的数字。", range.start(), range.end()),
        )),
    }
}

fn taken() -> Fault {
    Fault::new(Code::Conflict, "刚刚被别人改过，请刷新后再看。")
}

/// Takes what somebody does one after the other, on whatever instance, so that a limit on it holds. Before
/// the row of a station, a thing or a room, whoever needs several.
async fn lock_person(tx: &Tx, person_id: i64) -> Result<(), Fault> {
    person::Entity::find_by_id(person_id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    Ok(())
}

/// Whether a station is there, and stays so until the end of the transaction: whoever closes it waits, and then sees
/// what was lent, booked or left; whoever comes behind finds it closed. Many share the lock. Behind the row of the
/// person, and before that of a thing or a room, whoever needs several.
async fn stays_open(tx: &Tx, station_id: i64, none: impl FnOnce() -> Fault) -> Result<(), Fault> {
    let there = station::Entity::find_by_id(station_id)
        .filter(station::COLUMN.removed_at.is_null())
        .lock(LockType::Share)
        .one(tx.db())
        .await?;
    match there {
        Some(_) => Ok(()),
        None => Err(none()),
    }
}

/// Who keeps a station: the nearest, those first who can be reached.
async fn keepers(tx: &Tx, station: &station::Model) -> Result<Vec<i64>, Fault> {
    let place = crate::place::queries::by_id(tx.db(), station.place_id).await?;
    let Some(place) = place else {
        return Ok(Vec::new());
    };
    let able = roles(Deed::KeepStations);
    let all = holders(tx.db(), &place.path, able, tx.now()).await?;
    let mut people: Vec<i64> = Vec::new();
    for holder in &all {
        if !people.contains(&holder.person_id) {
            people.push(holder.person_id);
        }
    }
    let reached = with_account(tx.db(), &people).await?;
    people.sort_by_key(|id| !reached.contains(id));
    people.truncate(MOST_TOLD);
    Ok(people)
}
