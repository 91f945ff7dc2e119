//! The rules of a compound: the version that holds for new expenses, and setting a new one. Expenses that run
//! keep theirs.

use entity::review_chain;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use serde_json::json;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::expense::chain::Rules;
use crate::expense::queries::{self, sees_all};
use crate::place::queries as places;
use crate::store::Tx;

/// The version that holds for new expenses; the first is made of what came with the program.
///
/// # Errors
/// The database's.
pub(super) async fn current(tx: &Tx, compound_id: i64) -> Result<review_chain::Model, Fault> {
    if let Some(row) = queries::chain(tx.db(), compound_id).await? {
        return Ok(row);
    }
    let rules = Rules::shipped()?;
    let first = row_of(tx, compound_id, 1, &rules, None)?;
    // Another instance may make it at this moment.
    review_chain::Entity::insert_many([first])
        .on_conflict(unique())
        .exec_without_returning(tx.db())
        .await?;
    queries::chain(tx.db(), compound_id)
        .await?
        .ok_or_else(|| Fault::internal("the rules of a compound are gone"))
}

fn unique() -> OnConflict {
    use review_chain::Column::{CompoundId, Version};
    OnConflict::columns([CompoundId, Version])
        .do_nothing()
        .to_owned()
}

fn row_of(
    tx: &Tx,
    compound_id: i64,
    version: i32,
    rules: &Rules,
    by: Option<i64>,
) -> Result<review_chain::ActiveModel, Fault> {
    Ok(review_chain::ActiveModel {
        id: NotSet,
        compound_id: Set(compound_id),
        version: Set(version),
        reviews: Set(serde_json::to_value(&rules.reviews).map_err(Fault::internal)?),
        levels: Set(rules.levels()),
        publish_days: Set(rules.publish_days),
        after_days: Set(rules.after_days),
        remind_days: Set(rules.remind_days),
        expire_days: Set(rules.expire_days),
        quotes_from: Set(rules.quotes_from),
        quotes_least: Set(rules.quotes_least),
        tender_from: Set(rules.tender_from),
        created_by: Set(by),
        created_at: Set(tx.now()),
    })
}

/// Sets the rules for new expenses, as a new version. `seen`: the version that the page showed, 0 for those
/// that came with the program.
///
/// # Errors
/// `not_found`, `forbidden`, `invalid` beside the field; `conflict` when somebody was faster.
pub async fn set(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    seen: i32,
    rules: &Rules,
) -> Result<review_chain::Model, Fault> {
    let place = places::compound_by_id(tx.db(), compound_id)
        .await?
        .filter(|place| sees_all(actor, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个小区。"))?;
    if !may(actor, Deed::SetReviews, &place.path) {
        return Err(Fault::forbidden("支出怎么审由社区和街道来定。"));
    }
    let by = actor.require_person()?;
    rules.check()?;
    let faster = || Fault::new(Code::Conflict, "刚刚有人改过规则，请看过再改。");
    let now = queries::chain(tx.db(), place.id).await?;
    if now.as_ref().map_or(0, |row| row.version) != seen {
        return Err(faster());
    }
    let version = seen.saturating_add(1);
    let row = row_of(tx, place.id, version, rules, Some(by))?;
    let stored = review_chain::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await
        .map_err(Fault::from)
        .map_err(|fault| match fault.code {
            Code::Conflict => faster(),
            _ => fault,
        })?;
    let entry = audit::Entry {
        action: "review-chain.set",
        subject: format!("review-chain:{}", stored.id),
        compound_id: Some(place.id),
        detail: Some(json!({ "version": version })),
    };
    audit::record(tx, actor, entry);
    Ok(stored)
}
