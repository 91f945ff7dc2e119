//! People and their roles, one by one; the import does many at a time.

use entity::kinds::RoleKind;
use entity::{person, place, role};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::access::permit::Deed;
use crate::access::{Actor, audit, permit};
use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::phone::Phone;
use crate::base::seal::Seal;
use crate::base::text::clean;
use crate::person::actions::tie::{role_detail, untie_unproved};
use crate::store::Tx;

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
    administer(actor)?;
    let name = clean(new.name);
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

/// Gives a role on a place (none: everywhere) from now until `to_at`.
///
/// # Errors
/// `forbidden`, the database's.
pub async fn grant_role(
    tx: &mut Tx,
    actor: &Actor,
    person_id: i64,
    kind: RoleKind,
    place: Option<&place::Model>,
    to_at: Option<Moment>,
) -> Result<role::Model, Fault> {
    administer(actor)?;
    if place.is_none() && kind != RoleKind::Administrator {
        return Err(Fault::invalid("place", "只有系统管理员可以不限地点。"));
    }
    let row = role::ActiveModel {
        person_id: Set(person_id),
        role: Set(kind),
        place_id: Set(place.map(|place| place.id)),
        compound_id: Set(place.and_then(|place| place.compound_id)),
        from_at: Set(tx.now()),
        to_at: Set(to_at),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = role::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let entry = audit::Entry {
        action: "role.grant",
        subject: format!("person:{person_id}"),
        compound_id: row.compound_id,
        detail: Some(role_detail(&row)),
    };
    audit::record(tx, actor, entry);
    untie_unproved(tx, actor, &[person_id]).await?;
    Ok(row)
}

fn administer(actor: &Actor) -> Result<(), Fault> {
    if actor.kind == entity::kinds::ActorKind::Operator {
        return Ok(());
    }
    permit::require(actor, Deed::Administer, "/")
}
