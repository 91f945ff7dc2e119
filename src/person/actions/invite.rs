//! Invitation codes: the only way by which somebody with a role ties a chat account.

use chrono::TimeDelta;
use entity::kinds::BindingState;
use entity::{binding, invitation, person};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::access::permit::Deed;
use crate::access::{Actor, audit};
use crate::app::App;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::seal::Seal;
use crate::person::actions::bind::{keep_compound, locked, note_try, record, too_many};
use crate::person::actions::roles;
use crate::person::actions::tie::set_person;
use crate::person::binding::LIVE;
use crate::person::claim::CODE_DIGITS;
use crate::person::queries;
use crate::person::reach::covers;
use crate::store::{Tx, is_unique_violation};

/// How long a code is good.
pub const GOOD_HOURS: i64 = 24;
/// Throws of a code before giving up: two people never share one.
const THROWS: usize = 5;

/// Makes a code for a person; earlier unused ones end. The code itself is not kept.
///
/// # Errors
/// `forbidden` unless an administrator of all that the person is or the command line asks; `not_found` for somebody who left.
pub async fn invite(
    tx: &mut Tx,
    seal: &Seal,
    dice: &Dice,
    actor: &Actor,
    person_id: i64,
) -> Result<String, Fault> {
    roles::locked(tx, person_id).await?;
    // The code opens all that the person is, so that each part of it must be the actor's to give.
    let now = tx.now();
    if actor.kind != entity::kinds::ActorKind::Operator
        && !covers(tx.db(), actor, Deed::Administer, person_id, now).await?
    {
        return Err(Fault::forbidden("只有管理员可以发邀请码。"));
    }
    invitation::Entity::update_many()
        .col_expr(invitation::Column::ExpiresAt, Expr::value(tx.now()))
        .filter(invitation::COLUMN.person_id.eq(person_id))
        .filter(invitation::COLUMN.used_at.is_null())
        .filter(invitation::COLUMN.expires_at.gt(tx.now()))
        .exec(tx.db())
        .await?;
    let code = fresh_code(tx, seal, dice).await?;
    let row = invitation::ActiveModel {
        person_id: Set(person_id),
        code_index: Set(seal.index(&code)),
        expires_at: Set(tx.now() + TimeDelta::hours(GOOD_HOURS)),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    invitation::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| {
            let taken = is_unique_violation(&error);
            let fault = Fault::from(error);
            if taken {
                Fault::plain(crate::base::fault::Code::Busy)
            } else {
                fault
            }
        })?;
    let entry = audit::Entry {
        action: "person.invite",
        subject: format!("person:{person_id}"),
        compound_id: None,
        detail: None,
    };
    audit::record(tx, actor, entry);
    Ok(code)
}

async fn fresh_code(tx: &Tx, seal: &Seal, dice: &Dice) -> Result<String, Fault> {
    for _ in 0..THROWS {
        let code = dice.digits(CODE_DIGITS);
        let used = invitation::Entity::find()
            .filter(invitation::COLUMN.code_index.eq(seal.index(&code)))
            .one(tx.db())
            .await?;
        if used.is_none() {
            return Ok(code);
        }
    }
    Err(Fault::plain(crate::base::fault::Code::Busy))
}

/// What came of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// Tied to this person.
    Tied(Box<person::Model>),
    /// No such code, used, or too old: the answer is the same.
    Wrong,
    /// The account is somebody else's.
    AnotherPerson,
    /// Too many tries in an hour.
    TooMany,
}

/// Ties the actor's account to the person of a code, with the person's homes as verified. A wrong
/// code is an outcome, not an error: it is to be stored.
///
/// # Errors
/// The database's.
pub async fn redeem(tx: &mut Tx, app: &App, actor: &Actor, code: &str) -> Result<Redeemed, Fault> {
    let Some(account) = locked(tx, actor).await? else {
        return Err(Fault::internal("a code without an account"));
    };
    if too_many(tx, app, account.id).await? {
        return Ok(Redeemed::TooMany);
    }
    let invitation = invitation::Entity::find()
        .filter(invitation::COLUMN.code_index.eq(app.seal.index(code)))
        .one(tx.db())
        .await?
        .filter(|row| row.used_at.is_none() && row.expires_at > tx.now());
    let person = match &invitation {
        Some(row) => queries::by_id(tx.db(), row.person_id).await?,
        None => None,
    };
    let (Some(invitation), Some(person)) =
        (invitation, person.filter(|person| person.left_at.is_none()))
    else {
        note_try(tx, account.id, "invitation").await?;
        return Ok(Redeemed::Wrong);
    };
    if account.person_id.is_some_and(|id| id != person.id) {
        return Ok(Redeemed::AnotherPerson);
    }
    let used = invitation::Entity::update_many()
        .col_expr(invitation::Column::UsedAt, Expr::value(tx.now()))
        .col_expr(invitation::Column::UsedBy, Expr::value(account.id))
        .filter(invitation::COLUMN.id.eq(invitation.id))
        .filter(invitation::COLUMN.used_at.is_null())
        .exec(tx.db())
        .await?;
    if used.rows_affected == 0 {
        return Ok(Redeemed::Wrong);
    }
    set_person(tx, account.id, Some(person.id)).await?;
    let entry = audit::Entry {
        action: "account.tie",
        subject: format!("person:{}", person.id),
        compound_id: account.compound_id,
        detail: Some(serde_json::json!({ "account": account.id })),
    };
    audit::record(tx, actor, entry);
    tie_homes(tx, actor, account.id, &person).await?;
    Ok(Redeemed::Tied(Box::new(person)))
}

/// The person's homes that are not closed, verified: whoever gave the code has vouched.
pub(super) async fn tie_homes(
    tx: &Tx,
    actor: &Actor,
    account_id: i64,
    person: &person::Model,
) -> Result<(), Fault> {
    for home in queries::homes(tx.db(), person.id).await? {
        let open = home.closed_at.is_none();
        let Some(compound_id) = home.compound_id.filter(|_| open) else {
            continue;
        };
        let old = binding::Entity::find()
            .filter(binding::COLUMN.account_id.eq(account_id))
            .filter(binding::COLUMN.place_id.eq(home.id))
            .filter(binding::COLUMN.state.is_in(LIVE))
            .one(tx.db())
            .await?;
        let state = binding::ActiveModel {
            person_id: Set(Some(person.id)),
            state: Set(BindingState::Verified),
            decided_at: Set(Some(tx.now())),
            ..Default::default()
        };
        let row = match old {
            Some(old) => {
                let change = binding::ActiveModel {
                    id: Set(old.id),
                    ..state
                };
                binding::Entity::update(change).exec(tx.db()).await?
            }
            None => {
                let new = binding::ActiveModel {
                    account_id: Set(account_id),
                    place_id: Set(home.id),
                    compound_id: Set(compound_id),
                    claimed_name: Set(person.name.clone()),
                    claimed_phone_sealed: Set(person.phone_sealed.clone().unwrap_or_default()),
                    claimed_phone_index: Set(person.phone_index.clone().unwrap_or_default()),
                    created_at: Set(tx.now()),
                    ..state
                };
                binding::Entity::insert(new)
                    .exec_with_returning(tx.db())
                    .await?
            }
        };
        keep_compound(tx, &row).await?;
        record(tx, actor, &row, "binding.prove");
    }
    Ok(())
}
