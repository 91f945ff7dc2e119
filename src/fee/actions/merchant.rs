//! Which receiving account takes a compound's money inside WeChat. The account's keys are in the program's
//! configuration; which of them is a compound's is set by `linli bills account`, the console and the demo.

use entity::fee_policy;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use super::{kept, record};
use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::place::queries as places;
use crate::store::Tx;

/// What a compound is to have.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The receiving account; none: nothing is paid inside WeChat there.
    pub merchant: Option<&'a str>,
    /// The accounts that the configuration has.
    pub known: &'a [&'a str],
    /// The version of the policy that whoever chose had seen, 0 where there was none; none: whatever it is.
    pub seen: Option<i32>,
}

/// Names the receiving account of a compound. What is ordered already goes on at the account that it was
/// ordered for.
///
/// # Errors
/// `not_found` for a compound that is not theirs, `forbidden` for who may only look, `invalid` for an account
/// that is not configured or another compound's, `conflict` when somebody was first.
pub async fn set(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    choice: Choice<'_>,
) -> Result<(), Fault> {
    let place = kept(actor, places::by_id(tx.db(), compound_id).await?)?;
    let merchant = choice.merchant;
    if merchant.is_some_and(|name| !choice.known.contains(&name)) {
        return Err(Fault::invalid("merchant", "系统里没有配置这个收款账户。"));
    }
    let was = fee_policy::Entity::find_by_id(place.id)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    let version = was.as_ref().map_or(0, |was| was.version);
    if choice.seen.is_some_and(|seen| seen != version) {
        return Err(changed());
    }
    let was = was.and_then(|was| was.merchant);
    if another_has(tx, place.id, merchant).await? {
        return Err(taken());
    }
    let row = fee_policy::ActiveModel {
        compound_id: Set(place.id),
        merchant: Set(merchant.map(str::to_owned)),
        remind_before: Set(None),
        remind_on: Set(false),
        remind_every: Set(None),
        remind_most: Set(0),
        remind_words: Set(None),
        late_daily: Set(0),
        late_from: Set(None),
        late_basis: Set(None),
        version: Set(1),
        updated_at: Set(tx.now()),
    };
    let again = OnConflict::column(fee_policy::Column::CompoundId)
        .update_columns([fee_policy::Column::Merchant, fee_policy::Column::UpdatedAt])
        .value(
            fee_policy::Column::Version,
            Expr::col((fee_policy::Entity, fee_policy::Column::Version)).add(1),
        )
        // Somebody may have made the row since: then it is not the one that was seen.
        .action_and_where(fee_policy::COLUMN.version.eq(version))
        .to_owned();
    let stored = fee_policy::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx.db())
        .await
        .map_err(Fault::from)
        .map_err(|fault| match fault.code {
            Code::Conflict => taken(),
            _ => fault,
        })?;
    if stored == 0 {
        return Err(changed());
    }
    let subject = format!("place:{}", place.id);
    let detail = json!({ "merchant": merchant, "was": was });
    record(tx, actor, "fee.account", subject, place.id, detail);
    Ok(())
}

async fn another_has(tx: &Tx, compound_id: i64, merchant: Option<&str>) -> Result<bool, Fault> {
    let Some(merchant) = merchant else {
        return Ok(false);
    };
    let other = fee_policy::Entity::find()
        .filter(fee_policy::COLUMN.merchant.eq(merchant))
        .filter(fee_policy::COLUMN.compound_id.ne(compound_id))
        .one(tx.db())
        .await?;
    Ok(other.is_some())
}

fn taken() -> Fault {
    Fault::invalid(
        "merchant",
        "这个收款账户已经是另一个小区的了，每个小区要有自己的。",
    )
}

fn changed() -> Fault {
    Fault::new(Code::Conflict, "收款账户刚刚有人改过，请看过现在的再改。")
}
