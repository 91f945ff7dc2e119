//! Setting dispatch rules (派单规则): whoever may say who gets which cases at the place, by
//! compare-and-set on a version, so that two who change the same rule do not undo each other. Cases that
//! somebody has already stay where they are.

use entity::{dispatch_rule, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveEnum, EntityTrait, QueryFilter};
use serde_json::json;

use crate::access::permit::{Deed, require, roles};
use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::case::category;
use crate::case::rules::{Draft, MOST_RULES, of_place, organisations, people};
use crate::organisation::queries::staying;
use crate::policy::queries::seen_place;
use crate::store::Tx;

/// Room between two rules, for those that an import puts in between.
const STEP: i32 = 10;

/// Which rule is changed, and the version that was seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Key.
    pub id: i64,
    /// Version.
    pub version: i32,
}

/// Adds a rule behind the others of the place, or changes one of them.
///
/// # Errors
/// `not_found` for a place that is not theirs to see or a rule that is not of it, `forbidden` for who may
/// not set rules there, `invalid` for what names nobody or somebody who does not work there, `conflict`
/// when somebody was first.
pub async fn save_rule(
    tx: &mut Tx,
    actor: &Actor,
    place_id: i64,
    draft: Draft,
    seen: Option<Seen>,
) -> Result<dispatch_rule::Model, Fault> {
    let place = settable(tx, actor, place_id).await?;
    check(tx, &place, &draft).await?;
    let own = of_place(tx.db(), place_id).await?;
    let mut row = dispatch_rule::ActiveModel {
        kind: Set(draft.kind),
        category: Set(draft.category.clone()),
        person_id: Set(draft.person_id),
        organisation_id: Set(draft.organisation_id),
        role: Set(draft.role),
        ..Default::default()
    };
    let (stored, action) = match seen {
        Some(seen) => {
            if own.iter().all(|rule| rule.id != seen.id) {
                return Err(no_rule());
            }
            (compare_and_set(tx, seen, row).await?, "rule.change")
        }
        None => {
            if own.len() >= MOST_RULES {
                return Err(Fault::wrong_step(format!(
                    "一个地点最多{MOST_RULES}条规则，请先删掉不用的。"
                )));
            }
            let last = own.last().map_or(0, |rule| rule.position);
            row.place_id = Set(place_id);
            row.position = Set(last.saturating_add(STEP));
            row.version = Set(1);
            row.created_at = Set(tx.now());
            let inserted = dispatch_rule::Entity::insert(row).exec_with_returning(tx.db());
            (inserted.await?, "rule.add")
        }
    };
    let detail = json!({
        "rule": stored.id, "kind": draft.kind.map(|kind| kind.to_value()),
        "category": draft.category, "person": draft.person_id,
        "organisation": draft.organisation_id, "role": draft.role.map(|role| role.to_value()),
    });
    audit::record_at(tx, actor, action, &place, detail);
    Ok(stored)
}

/// Moves a rule before the one before it, or behind the one behind it. Where there is none nothing
/// changes.
///
/// # Errors
/// As [`save_rule`].
pub async fn move_rule(tx: &mut Tx, actor: &Actor, seen: Seen, up: bool) -> Result<(), Fault> {
    let (rule, place) = own_rule(tx, actor, seen.id).await?;
    if rule.version != seen.version {
        return Err(taken());
    }
    let mut order = of_place(tx.db(), place.id).await?;
    let at = order.iter().position(|one| one.id == rule.id);
    let other = at.and_then(|at| {
        if up {
            at.checked_sub(1)
        } else {
            at.checked_add(1)
        }
    });
    let (Some(at), Some(other)) = (at, other.filter(|other| *other < order.len())) else {
        return Ok(());
    };
    let places: Vec<i32> = order.iter().map(|one| one.position).collect();
    order.swap(at, other);
    // The places stay; only where two rules had the same one, those behind move on.
    let mut last = i32::MIN;
    for (one, position) in order.iter().zip(places) {
        let position = position.max(last.saturating_add(1));
        last = position;
        if one.position == position {
            continue;
        }
        let change = dispatch_rule::ActiveModel {
            position: Set(position),
            ..Default::default()
        };
        let seen = Seen {
            id: one.id,
            version: one.version,
        };
        compare_and_set(tx, seen, change).await?;
    }
    let detail = json!({ "rule": rule.id, "up": up });
    audit::record_at(tx, actor, "rule.move", &place, detail);
    Ok(())
}

/// Switches a rule off, or on again.
///
/// # Errors
/// As [`save_rule`].
pub async fn switch_rule(tx: &mut Tx, actor: &Actor, seen: Seen, on: bool) -> Result<(), Fault> {
    let (rule, place) = own_rule(tx, actor, seen.id).await?;
    if on {
        // Whom it names may have left meanwhile.
        check(tx, &place, &Draft::from(&rule)).await?;
    }
    let change = dispatch_rule::ActiveModel {
        off_at: Set((!on).then_some(tx.now())),
        ..Default::default()
    };
    compare_and_set(tx, seen, change).await?;
    let action = if on { "rule.on" } else { "rule.off" };
    audit::record_at(tx, actor, action, &place, json!({ "rule": rule.id }));
    Ok(())
}

/// Takes a rule away.
///
/// # Errors
/// As [`save_rule`].
pub async fn remove_rule(tx: &mut Tx, actor: &Actor, seen: Seen) -> Result<(), Fault> {
    let (rule, place) = own_rule(tx, actor, seen.id).await?;
    let removed = dispatch_rule::Entity::delete_many()
        .filter(dispatch_rule::COLUMN.id.eq(seen.id))
        .filter(dispatch_rule::COLUMN.version.eq(seen.version))
        .exec(tx.db())
        .await?;
    if removed.rows_affected != 1 {
        return Err(taken());
    }
    audit::record_at(tx, actor, "rule.remove", &place, json!({ "rule": rule.id }));
    Ok(())
}

async fn settable(tx: &Tx, actor: &Actor, place_id: i64) -> Result<place::Model, Fault> {
    let place = seen_place(tx.db(), actor, place_id).await?;
    require(actor, Deed::SetDispatch, &place.path)?;
    Ok(place)
}

/// A rule of a place where the actor may set rules.
async fn own_rule(
    tx: &Tx,
    actor: &Actor,
    id: i64,
) -> Result<(dispatch_rule::Model, place::Model), Fault> {
    let rule = dispatch_rule::Entity::find_by_id(id).one(tx.db()).await?;
    let rule = rule.ok_or_else(no_rule)?;
    let place = settable(tx, actor, rule.place_id)
        .await
        .map_err(|fault| match fault.code {
            // Whether another place has such a rule is not for everybody to know.
            Code::NotFound => no_rule(),
            _ => fault,
        })?;
    Ok((rule, place))
}

/// Whether a rule can be followed at all.
async fn check(tx: &Tx, place: &place::Model, draft: &Draft) -> Result<(), Fault> {
    if draft.person_id.is_none() && draft.organisation_id.is_none() && draft.role.is_none() {
        return Err(Fault::invalid(
            "person",
            "请选派给谁：人、组织、职务至少选一个。",
        ));
    }
    let category = draft.category.as_deref();
    if category.is_some_and(|name| category::says(name).is_none()) {
        return Err(Fault::invalid("category", "没有这个类别，请重新选择。"));
    }
    if draft
        .role
        .is_some_and(|role| !roles(Deed::WorkCases).contains(&role))
    {
        return Err(Fault::invalid("role", "这个职务不办理诉求，请重新选择。"));
    }
    if let Some(id) = draft.organisation_id {
        let known = organisations(tx.db(), place).await?;
        let works_here = known.iter().any(|one| one.id == id);
        if !works_here || staying(tx, id).await?.is_none() {
            return Err(Fault::invalid(
                "organisation",
                "这里没有这个组织，请重新选择。",
            ));
        }
    }
    if let Some(id) = draft.person_id {
        let known = people(tx.db(), place, tx.now()).await?;
        if known.iter().all(|one| one.person_id != id) {
            return Err(Fault::invalid(
                "person",
                "这个人现在不在这里任职，请重新选择。",
            ));
        }
    }
    Ok(())
}

async fn compare_and_set(
    tx: &Tx,
    seen: Seen,
    mut change: dispatch_rule::ActiveModel,
) -> Result<dispatch_rule::Model, Fault> {
    change.version = Set(seen.version.saturating_add(1));
    let changed = dispatch_rule::Entity::update_many()
        .set(change)
        .filter(dispatch_rule::COLUMN.id.eq(seen.id))
        .filter(dispatch_rule::COLUMN.version.eq(seen.version))
        .exec_with_returning(tx.db())
        .await?;
    changed.into_iter().next().ok_or_else(taken)
}

fn no_rule() -> Fault {
    Fault::not_found("没有找到这条规则，可能已经删掉了。")
}

fn taken() -> Fault {
    Fault::new(Code::Conflict, "刚刚被别人改过，请看过现在的情况再改。")
}
