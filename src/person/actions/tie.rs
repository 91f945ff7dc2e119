//! The tie between an account and a person: when it holds, when it is taken off.

use entity::kinds::Channel;
use entity::{account, binding, invitation, role};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::person::actions::member::release_all;
use crate::person::binding::{Act, LIVE, TIED, after};
use crate::person::{binding_subject, words};
use crate::store::Tx;

/// Whether the account, or another one of the same human being, was tied to the person by an
/// invitation code; a WeCom account is vouched for by the corporation.
pub(super) async fn is_proved(tx: &Tx, account_id: i64, person_id: i64) -> Result<bool, Fault> {
    let account = account::Entity::find_by_id(account_id).one(tx.db()).await?;
    if account.is_some_and(|account| account.channel == Channel::Work) {
        return Ok(true);
    }
    let mut same = others_of(tx, account_id).await?;
    same.push(account_id);
    let used = invitation::Entity::find()
        .filter(invitation::COLUMN.person_id.eq(person_id))
        .filter(invitation::COLUMN.used_by.is_in(same))
        .count(tx.db())
        .await?;
    Ok(used > 0)
}

/// The other accounts of the same human being, as far as the platform has told (`unionid`).
async fn others_of(tx: &Tx, account_id: i64) -> Result<Vec<i64>, Fault> {
    let account = account::Entity::find_by_id(account_id).one(tx.db()).await?;
    let union_id = account.and_then(|account| account.union_id);
    // Empty stands for: asked, and linked to nothing.
    let Some(union_id) = union_id.filter(|id| !id.is_empty()) else {
        return Ok(Vec::new());
    };
    let others = account::Entity::find()
        .filter(account::COLUMN.union_id.eq(union_id))
        .filter(account::COLUMN.id.ne(account_id))
        .all(tx.db())
        .await?;
    Ok(others.into_iter().map(|account| account.id).collect())
}

/// Whether an account is the actor's, by their person or as far as the platform has told: nobody
/// decides in their own matter by another phone.
pub(super) async fn is_own(tx: &Tx, actor: &Actor, account_id: i64) -> Result<bool, Fault> {
    let mut same = others_of(tx, account_id).await?;
    same.push(account_id);
    if actor.account_id.is_some_and(|own| same.contains(&own)) {
        return Ok(true);
    }
    let Some(person) = actor.person_id() else {
        return Ok(false);
    };
    let theirs = account::Entity::find()
        .filter(account::COLUMN.id.is_in(same))
        .filter(account::COLUMN.person_id.eq(person))
        .count(tx.db())
        .await?;
    Ok(theirs > 0)
}

/// What was decided about a tie holds for every account of the same human being that is tied to
/// the home: an objection to one would be worth nothing if the other still opened the door.
pub(super) async fn take_along(tx: &Tx, row: &binding::Model) -> Result<(), Fault> {
    let others = others_of(tx, row.account_id).await?;
    if others.is_empty() {
        return Ok(());
    }
    let twins = binding::Entity::find()
        .filter(binding::COLUMN.account_id.is_in(others))
        .filter(binding::COLUMN.place_id.eq(row.place_id))
        .filter(binding::COLUMN.state.is_in(LIVE))
        .filter(binding::COLUMN.state.ne(row.state))
        .all(tx.db())
        .await?;
    for twin in twins {
        let change = binding::ActiveModel {
            id: Set(twin.id),
            state: Set(row.state),
            person_id: Set(row.person_id),
            reason: Set(row.reason.clone()),
            decided_by: Set(row.decided_by),
            decided_at: Set(row.decided_at),
            ..Default::default()
        };
        binding::Entity::update(change).exec(tx.db()).await?;
        if TIED.contains(&row.state) {
            set_person(tx, twin.account_id, row.person_id).await?;
        } else {
            untie_if_bare(tx, twin.account_id).await?;
        }
        let entry = audit::Entry {
            action: "binding.along",
            subject: binding_subject(twin.id),
            compound_id: Some(row.compound_id),
            detail: Some(json!({ "with": row.id, "state": row.state.to_value() })),
        };
        // By a rule: whose decision it was stands with the binding that was decided.
        audit::record(tx, &Actor::system(), entry);
    }
    Ok(())
}

/// Takes the person off an account that is left without a home and was never invited.
pub(super) async fn untie_if_bare(tx: &Tx, account_id: i64) -> Result<(), Fault> {
    let account = account::Entity::find_by_id(account_id).one(tx.db()).await?;
    let Some(person_id) = account.and_then(|account| account.person_id) else {
        return Ok(());
    };
    let homes = binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(account_id))
        .filter(binding::COLUMN.state.is_in(TIED))
        .count(tx.db())
        .await?;
    if homes == 0 && !is_proved(tx, account_id, person_id).await? {
        set_person(tx, account_id, None).await?;
    }
    Ok(())
}

pub(super) async fn set_person(
    tx: &Tx,
    account_id: i64,
    person_id: Option<i64>,
) -> Result<(), Fault> {
    account::Entity::update_many()
        .col_expr(account::Column::PersonId, Expr::value(person_id))
        .filter(account::COLUMN.id.eq(account_id))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Moves a binding, if it still stands where it was read; the table says whether it may.
pub(super) async fn move_state(
    tx: &Tx,
    row: &binding::Model,
    act: Act,
) -> Result<binding::Model, Fault> {
    let Some(next) = after(row.state, act) else {
        let state = words::binding_name(row.state);
        return Err(Fault::wrong_step(format!(
            "这个绑定现在是“{state}”，不能这样操作。"
        )));
    };
    let done = binding::Entity::update_many()
        .col_expr(binding::Column::State, Expr::value(next.to_value()))
        .filter(binding::COLUMN.id.eq(row.id))
        .filter(binding::COLUMN.state.eq(row.state))
        .exec(tx.db())
        .await?;
    if done.rows_affected == 0 {
        return Err(Fault::plain(Code::Conflict));
    }
    Ok(binding::Model {
        state: next,
        ..row.clone()
    })
}

/// Takes the people who now hold a role off every account that was not tied by an invitation
/// code: name and phone are never enough for a role. They bind again with a code.
///
/// # Errors
/// The database's.
pub async fn untie_unproved(tx: &Tx, actor: &Actor, people: &[i64]) -> Result<(), Fault> {
    if people.is_empty() {
        return Ok(());
    }
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.is_in(people.iter().copied()))
        .all(tx.db())
        .await?;
    for account in accounts {
        let Some(person_id) = account.person_id else {
            continue;
        };
        if is_proved(tx, account.id, person_id).await? {
            continue;
        }
        set_person(tx, account.id, None).await?;
        release_all(tx, account.id).await?;
        let entry = audit::Entry {
            action: "account.untie",
            subject: format!("person:{person_id}"),
            compound_id: account.compound_id,
            detail: Some(json!({ "account": account.id, "reason": "role" })),
        };
        audit::record(tx, actor, entry);
    }
    Ok(())
}

/// What the audit trail keeps of a role.
#[must_use]
pub fn role_detail(role: &role::Model) -> Value {
    json!({
        "role": role.role.to_value(),
        "place": role.place_id,
        "organisation": role.organisation_id,
        "from": role.from_at,
        "to": role.to_at,
    })
}
