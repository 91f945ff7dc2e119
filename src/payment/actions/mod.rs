//! What can be done to payments: one function is one use case. Those that take a [`Tx`] happen inside
//! the caller's transaction; those that take the [`App`] talk to the platform and open transactions of
//! their own before and after, never around the call.
//!
//! | file | what it does |
//! |---|---|
//! | [`mod@order`] | an order at the platform, or the same one again |
//! | [`mod@settle`] | the one way to paid |
//! | `book` | what a paid payment pays: bills, what is kept, books, receipt |
//! | `donated` | the same for a payment that is for a donation |
//! | [`watch`] | asks the platform, closes what was not paid |
//! | [`notice`] | what the platform tells us |
//! | [`mod@take`] | cash and transfers |
//! | [`refund`] | money that goes back |
//! | [`waive`] | amounts that are not asked for any longer |

mod book;
mod donated;
pub mod notice;
pub mod order;
pub mod refund;
pub mod settle;
pub mod take;
pub mod waive;
pub mod watch;

use entity::kinds::PhotoStage;
use entity::{payment, place};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::app::App;
use crate::attachment::{Owner, give};
use crate::base::fault::{Code, Fault};
use crate::base::text::clean;
use crate::payment::queries::SEES;
use crate::payment::step;
use crate::place::queries as places;
use crate::store::Tx;
use crate::store::update::difference;
use crate::wechat::pay::Client;

/// Characters of a reason or a note.
const MOST_WORDS: usize = 200;

/// The same answer for a payment that is not there and for one that is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到缴费 #{id}。"))
}

/// A payment, locked until the end of the transaction.
async fn locked(tx: &Tx, id: i64) -> Result<payment::Model, Fault> {
    payment::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?
        .ok_or_else(|| no_such(id))
}

/// The one way to store a change of a payment: by a step of the table, without touching what is frozen,
/// and only if nobody was faster.
async fn keep(tx: &Tx, was: &payment::Model, next: &payment::Model) -> Result<(), Fault> {
    if !step::fits(was, next) {
        let words = format!("缴费 #{} 现在不能这样操作。", was.id);
        return Err(Fault::wrong_step(words));
    }
    let change = difference::<payment::Entity>(was, next);
    if !change.is_changed() {
        return Ok(());
    }
    let done = payment::Entity::update_many()
        .set(change)
        .filter(payment::COLUMN.id.eq(was.id))
        .filter(payment::COLUMN.state.eq(was.state))
        .exec(tx.db())
        .await?;
    if done.rows_affected == 1 {
        return Ok(());
    }
    Err(Fault::plain(Code::Conflict))
}

/// Keys of the bills that a payment is meant for.
#[must_use]
pub fn meant(row: &payment::Model) -> Vec<i64> {
    let list = row.bills.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(serde_json::Value::as_i64).collect()
}

/// The client of a receiving account.
pub(super) fn client<'a>(app: &'a App, merchant: Option<&str>) -> Option<&'a Client> {
    app.pay.get(merchant?)
}

/// Whether the actor may do it at a home: who sees its money is told that they may not, for anybody else
/// there is nothing.
fn allowed(
    actor: &Actor,
    deed: Deed,
    path: &str,
    none: impl FnOnce() -> Fault,
) -> Result<(), Fault> {
    let sees = SEES.iter().any(|sees| may(actor, *sees, path));
    match (may(actor, deed, path), sees) {
        (true, _) => Ok(()),
        (false, true) => Err(Fault::forbidden("您没有这项权限。")),
        (false, false) => Err(none()),
    }
}

/// Words that must be given, of people.
fn words(field: &'static str, text: &str, ask: &'static str) -> Result<String, Fault> {
    let text = clean(text);
    if text.is_empty() {
        return Err(Fault::invalid(field, ask));
    }
    if text.chars().count() > MOST_WORDS {
        let most = format!("文字太长了，请控制在{MOST_WORDS}字以内。");
        return Err(Fault::invalid(field, most));
    }
    Ok(text)
}

/// Gives a picture or a document to what it proves.
async fn give_proof(
    tx: &Tx,
    actor: &Actor,
    compound_id: i64,
    subject: &str,
    proof_id: i64,
) -> Result<(), Fault> {
    let owner = Owner {
        subject,
        compound_id: Some(compound_id),
        stage: PhotoStage::Before,
        round: 0,
    };
    give(tx, actor, &[proof_id], &owner).await
}

/// The home of a payment or a bill.
async fn home_of(tx: &Tx, id: i64) -> Result<place::Model, Fault> {
    let home = places::by_id(tx.db(), id).await?;
    home.ok_or_else(|| Fault::not_found("没有找到这一户。"))
}
