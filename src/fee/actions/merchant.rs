//! Which receiving account takes a compound's money inside WeChat. Set by whoever runs the program, since the
//! account's keys are in its configuration: `linli bills account`, and the demo.

use entity::fee_policy;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use serde_json::json;

use super::{kept, record};
use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::place::queries as places;
use crate::store::Tx;

/// Names the receiving account of a compound; none: nothing is paid inside WeChat there. What is ordered
/// already goes on at the account that it was ordered for.
///
/// # Errors
/// `not_found` for a compound that is not theirs, `forbidden` for who may only look, `invalid` for another
/// compound's account.
pub async fn set(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    merchant: Option<&str>,
) -> Result<(), Fault> {
    let place = kept(actor, places::by_id(tx.db(), compound_id).await?)?;
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
        .to_owned();
    fee_policy::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx.db())
        .await
        .map_err(Fault::from)
        .map_err(|fault| match fault.code {
            Code::Conflict => Fault::invalid(
                "merchant",
                "这个收款账户已经是另一个小区的了，每个小区要有自己的。",
            ),
            _ => fault,
        })?;
    let subject = format!("place:{}", place.id);
    let detail = json!({ "merchant": merchant });
    record(tx, actor, "fee.account", subject, place.id, detail);
    Ok(())
}
