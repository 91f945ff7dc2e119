//! People and their roles, one by one; the import does many at a time.

use entity::kinds::RoleKind;
use entity::{person, place, role};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::access::holders::says;
use crate::access::permit::Deed;
use crate::access::{Actor, audit, permit};
use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::base::fault::{Code, Fault};
use crate::base::phone::Phone;
use crate::base::seal::Seal;
use crate::base::text::{clean, line};
use crate::organisation::queries as organisations;
use crate::person::actions::tie::{role_detail, untie_unproved};
use crate::person::reach::not_over;
use crate::person::{queries, remind};
use crate::store::Tx;

/// Most characters of a reason.
const MOST_REASON: usize = 200;

/// Somebody new on the roster.
#[derive(Clone, Debug)]
pub struct NewPerson<'a> {
    /// The roster's key, if there is one.
    pub key: Option<&'a str>,
    /// Full name.
    pub name: &'a str,
    /// Phone.
    pub phone: Option<&'a Phone>,
    /// Member of the party.
    pub party_member: bool,
}

/// Adds somebody.
///
/// # Errors
/// `forbidden`, `invalid` for an empty name, `conflict` for a key that is taken.
pub async fn add_person(
    tx: &mut Tx,
    seal: &Seal,
    dice: &Dice,
    actor: &Actor,
    new: NewPerson<'_>,
) -> Result<person::Model, Fault> {
    administer(actor, "/")?;
    let name = line(new.name);
    if name.is_empty() {
        return Err(Fault::invalid("name", "姓名不能为空。"));
    }
    let phone_sealed = match new.phone {
        Some(phone) => Some(seal.seal(dice, phone.digits())?),
        None => None,
    };
    let row = person::ActiveModel {
        key: Set(new.key.map(str::to_owned)),
        name: Set(name),
        phone_sealed: Set(phone_sealed),
        phone_index: Set(new.phone.map(|phone| seal.index(phone.digits()))),
        party_member: Set(new.party_member),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = person::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let entry = audit::Entry {
        action: "person.add",
        subject: format!("person:{}", row.id),
        compound_id: None,
        detail: None,
    };
    audit::record(tx, actor, entry);
    Ok(row)
}

/// A post to be given.
#[derive(Clone, Debug)]
pub struct NewRole<'a> {
    /// To whom.
    pub person_id: i64,
    /// What.
    pub kind: RoleKind,
    /// Where; none is everywhere.
    pub place: Option<&'a place::Model>,
    /// For which organisation.
    pub organisation_id: Option<i64>,
    /// Begin of the term; now when there is none.
    pub from_at: Option<Moment>,
    /// End of the term.
    pub to_at: Option<Moment>,
}

/// Whether a place is open, and stays so until what is stored now is.
async fn stays_open(tx: &Tx, id: i64) -> Result<bool, Fault> {
    let place = place::Entity::find_by_id(id)
        .lock(LockType::Share)
        .one(tx.db())
        .await?;
    Ok(place.is_some_and(|place| place.closed_at.is_none()))
}

/// Gives a role on a place (none: everywhere) for a term.
///
/// # Errors
/// `forbidden`, `not_found` for somebody who left, `invalid` for a term that cannot be and an organisation that is not
/// there any more, `conflict` when the person has that post in this time.
pub async fn grant_role(
    tx: &mut Tx,
    actor: &Actor,
    new: NewRole<'_>,
) -> Result<role::Model, Fault> {
    administer(actor, new.place.map_or("/", |place| place.path.as_str()))?;
    if new.place.is_none() && new.kind != RoleKind::Administrator {
        return Err(Fault::invalid("place", "只有系统管理员可以不限地点。"));
    }
    if let Some(place) = new.place
        && !stays_open(tx, place.id).await?
    {
        return Err(Fault::invalid(
            "place",
            "这个地点已停用，不能再任命。请写别的地点。",
        ));
    }
    let from_at = new.from_at.unwrap_or(tx.now());
    if new.to_at.is_some_and(|to| to <= from_at || to <= tx.now()) {
        return Err(Fault::invalid(
            "to",
            "任期的最后一天要在今天或以后，也不能早于第一天。",
        ));
    }
    locked(tx, new.person_id).await?;
    if is_held(tx, &new, from_at).await? {
        return Err(Fault::new(
            Code::Conflict,
            format!(
                "对方在这段时间已经担任这里的{}，不用再任命。",
                says(new.kind)
            ),
        ));
    }
    if let Some(id) = new.organisation_id {
        let stays = organisations::staying(tx, id).await?;
        stays.ok_or_else(|| {
            Fault::invalid(
                "organisation",
                "这个组织已经删除或结束服务，请重新写，可以不写。",
            )
        })?;
    }
    let row = role::ActiveModel {
        person_id: Set(new.person_id),
        role: Set(new.kind),
        place_id: Set(new.place.map(|place| place.id)),
        compound_id: Set(new.place.and_then(|place| place.compound_id)),
        organisation_id: Set(new.organisation_id),
        from_at: Set(from_at),
        to_at: Set(new.to_at),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = role::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    record_role(tx, actor, "role.grant", &row);
    if let Some(end) = row.to_at {
        remind::when_ended(tx, &[(row.person_id, row.compound_id, end)]).await?;
    }
    untie_unproved(tx, actor, &[new.person_id]).await?;
    Ok(row)
}

/// The person, locked: two grants of one post at once, or two codes, are made one after the other.
pub(super) async fn locked(tx: &Tx, person_id: i64) -> Result<person::Model, Fault> {
    let row = person::Entity::find_by_id(person_id)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    row.filter(|person| person.left_at.is_none())
        .ok_or_else(|| Fault::not_found("没有这个人，或已经离开。"))
}

async fn is_held(tx: &Tx, new: &NewRole<'_>, from_at: Moment) -> Result<bool, Fault> {
    let posts = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(new.person_id))
        .filter(role::COLUMN.role.eq(new.kind))
        .filter(not_over(from_at))
        .all(tx.db())
        .await?;
    let place_id = new.place.map(|place| place.id);
    Ok(posts.into_iter().any(|post| {
        let begins_later = new.to_at.is_some_and(|to| post.from_at >= to);
        post.place_id == place_id && !begins_later
    }))
}

/// Ends a role now, with a reason that the person is told. What they have in hand goes to somebody else,
/// by a clock that the cases obey.
///
/// # Errors
/// `not_found` for a post outside of the actor's reach, `invalid` without a reason, `forbidden` for one's
/// own administration, `conflict` when it has ended before.
pub async fn end_role(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<role::Model, Fault> {
    let row = queries::role_within(tx.db(), actor, Deed::Administer, id).await?;
    if row.role == RoleKind::Administrator && Some(row.person_id) == actor.person_id() {
        return Err(Fault::forbidden(
            "不能结束自己的管理员职务，请另一位管理员来办。",
        ));
    }
    let reason = why(reason, "请写明原因，对方会看到，例如：任期届满换届")?;
    let now = tx.now();
    let done = role::Entity::update_many()
        .col_expr(role::Column::ToAt, Expr::value(now))
        .col_expr(role::Column::EndReason, Expr::value(reason.clone()))
        .filter(role::COLUMN.id.eq(id))
        .filter(not_over(now))
        .exec(tx.db())
        .await?;
    if done.rows_affected == 0 {
        return Err(Fault::new(
            Code::Conflict,
            "这个职务已经结束了，不用再办。请刷新后再看。",
        ));
    }
    let row = role::Model {
        to_at: Some(now),
        end_reason: Some(reason),
        ..row
    };
    record_role(tx, actor, "role.end", &row);
    remind::when_ended(tx, &[(row.person_id, row.compound_id, now)]).await?;
    remind::tell_post_ended(tx, &row).await?;
    Ok(row)
}

pub(super) fn record_role(tx: &Tx, actor: &Actor, action: &str, row: &role::Model) {
    let entry = audit::Entry {
        action,
        subject: format!("person:{}", row.person_id),
        compound_id: row.compound_id,
        detail: Some(role_detail(row)),
    };
    audit::record(tx, actor, entry);
}

/// A reason that must be given, cleaned.
pub(super) fn why(reason: &str, usage: &'static str) -> Result<String, Fault> {
    let reason = clean(reason);
    if reason.is_empty() {
        return Err(Fault::invalid("reason", usage));
    }
    if reason.chars().count() > MOST_REASON {
        return Err(Fault::invalid(
            "reason",
            format!("原因太长了，请控制在{MOST_REASON}字以内。"),
        ));
    }
    Ok(reason)
}

fn administer(actor: &Actor, path: &str) -> Result<(), Fault> {
    if actor.kind == entity::kinds::ActorKind::Operator {
        return Ok(());
    }
    permit::require(actor, Deed::Administer, path)
}
