//! What staff does with somebody's record: the look at a whole phone number, the end of a tie to a home.

use entity::binding;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::fault::Fault;
use crate::base::phone::Phone;
use crate::base::seal::Seal;
use crate::person::actions::bind::record;
use crate::person::actions::decide::{unknown, with_home};
use crate::person::actions::roles::why;
use crate::person::actions::tie::{move_state, take_along, untie_if_bare};
use crate::person::binding::Act;
use crate::person::reach::{paths_of, reaches};
use crate::person::{queries, remind};
use crate::store::Tx;

/// Looks at somebody's whole phone number; every look is in the audit.
///
/// # Errors
/// `not_found` for somebody outside of the actor's reach or without a phone, `forbidden` without the
/// permission.
pub async fn show_phone(
    tx: &mut Tx,
    actor: &Actor,
    seal: &Seal,
    person_id: i64,
) -> Result<Phone, Fault> {
    let none = || Fault::not_found("没有找到这个人。");
    let now = tx.now();
    if !reaches(tx.db(), actor, Deed::SeePeople, person_id, now).await? {
        return Err(none());
    }
    if !reaches(tx.db(), actor, Deed::SeePhones, person_id, now).await? {
        return Err(Fault::forbidden(
            "只有楼栋长、网格员、社区书记和街道干部可以查看完整号码。",
        ));
    }
    let person = queries::by_id(tx.db(), person_id).await?;
    let person = person.ok_or_else(none)?;
    let phone = queries::phone_of(seal, &person)
        .ok_or_else(|| Fault::not_found("这个人没有登记手机号。"))?;
    // Whose compound the look is about; above one it is nobody's.
    let paths = paths_of(tx.db(), person_id, now).await?;
    let own = paths
        .iter()
        .find(|path| may(actor, Deed::SeePhones, path))
        .and_then(|path| {
            let grants = actor.grants.iter();
            let mut near = grants.filter(|grant| path.starts_with(&grant.path));
            near.find_map(|grant| grant.compound_id)
        });
    let entry = audit::Entry {
        action: "person.phone",
        subject: format!("person:{person_id}"),
        compound_id: own,
        detail: None,
    };
    audit::record(tx, actor, entry);
    Ok(phone)
}

/// Ends a tie between an account and a home in the name of the staff, with a reason that the person is
/// told. A tie that comes after it is looked at by the steward again.
///
/// # Errors
/// `not_found` for whoever may not decide there, `forbidden` for one's own, `invalid` without a reason,
/// `wrong_step` when it is over.
pub async fn release_for(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<binding::Model, Fault> {
    let (row, home) = with_home(tx, id).await?;
    if !may(actor, Deed::VerifyBindings, &home.path) {
        return Err(unknown(id));
    }
    if row.person_id.is_some() && row.person_id == actor.person_id() {
        return Err(Fault::forbidden(
            "自己的绑定请在微信里解除，回复：解绑 房号。",
        ));
    }
    let reason = why(reason, "请写明原因，对方会看到，例如：已搬走")?;
    let row = move_state(tx, &row, Act::Release).await?;
    let change = binding::ActiveModel {
        id: Set(row.id),
        decided_by: Set(actor.person_id()),
        decided_at: Set(Some(tx.now())),
        reason: Set(Some(reason)),
        ..Default::default()
    };
    let row = binding::Entity::update(change).exec(tx.db()).await?;
    untie_if_bare(tx, row.account_id).await?;
    take_along(tx, &row).await?;
    record(tx, actor, &row, "binding.take-away");
    remind::tell_released(tx, &row).await?;
    Ok(row)
}
