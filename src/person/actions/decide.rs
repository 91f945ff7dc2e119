//! What becomes of a binding: the steward verifies or refuses, the home objects, the person
//! releases.

use entity::kinds::{BindingState, HomeRelation, PlaceKind};
use entity::{account, binding, person, place, residency};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use crate::access::permit::{Deed, may};
use crate::access::{Actor, local_code};
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, shorten};
use crate::person::actions::bind::{keep_compound, record};
use crate::person::actions::tie::{
    is_own, is_proved, move_state, set_person, take_along, untie_if_bare,
};
use crate::person::binding::{Act, same_name};
use crate::person::{queries, remind};
use crate::place::{code, queries as places};
use crate::store::Tx;

/// What stands as the reason while the home objects.
const OBJECTED: &str = "家里其他账号有异议";
/// Most characters of a reason.
const MOST_REASON: usize = 200;

pub(super) fn unknown(id: i64) -> Fault {
    Fault::not_found(format!("没有找到绑定申请 #{id}，请核对编号。"))
}

pub(super) async fn with_home(tx: &Tx, id: i64) -> Result<(binding::Model, place::Model), Fault> {
    let row = queries::binding(tx.db(), id)
        .await?
        .ok_or_else(|| unknown(id))?;
    let home = places::by_id(tx.db(), row.place_id)
        .await?
        .ok_or_else(|| unknown(id))?;
    Ok((row, home))
}

/// The steward's word (核验 N 通过 / 驳回): ties the account to the person, or ends it. Whoever may
/// not decide there does not learn that the request exists.
///
/// # Errors
/// `not_found`, `forbidden` for one's own or what one has objected to, `wrong_step` when it is decided already or the person
/// holds a role.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    pass: bool,
    reason: &str,
) -> Result<binding::Model, Fault> {
    let (row, home) = with_home(tx, id).await?;
    if !may(actor, Deed::VerifyBindings, &home.path) {
        return Err(unknown(id));
    }
    if pass && home.closed_at.is_some() {
        return Err(Fault::wrong_step(
            "这栋楼已停用，不能再绑定。请驳回这条申请，对方会收到通知。",
        ));
    }
    if is_own_matter(tx, actor, &row).await? {
        return Err(own_matter());
    }
    let objected = row.reason.as_deref() == Some(OBJECTED);
    if objected && row.decided_by.is_some() && row.decided_by == actor.person_id() {
        return Err(Fault::forbidden("您提出的异议要由别人核实。"));
    }
    let was = row.state;
    let owner = if pass {
        Some(owner_of(tx, &row).await?)
    } else {
        None
    };
    // By name alone, too, it may turn out to be the actor.
    if owner
        .as_ref()
        .is_some_and(|owner| Some(owner.id) == actor.person_id())
    {
        return Err(own_matter());
    }
    let row = move_state(tx, &row, if pass { Act::Verify } else { Act::Refuse }).await?;
    let reason = shorten(&clean(reason), MOST_REASON);
    let mut change = binding::ActiveModel {
        id: Set(row.id),
        decided_by: Set(actor.person_id()),
        decided_at: Set(Some(tx.now())),
        reason: Set((!pass && !reason.is_empty()).then_some(reason)),
        ..Default::default()
    };
    if let Some(owner) = &owner {
        change.person_id = Set(Some(owner.id));
        keep_residency(tx, owner, &home).await?;
        set_person(tx, row.account_id, Some(owner.id)).await?;
        keep_compound(tx, &row).await?;
    }
    let row = binding::Entity::update(change).exec(tx.db()).await?;
    record(
        tx,
        actor,
        &row,
        if pass {
            "binding.verify"
        } else {
            "binding.refuse"
        },
    );
    take_along(tx, &row).await?;
    if !pass {
        untie_if_bare(tx, row.account_id).await?;
    } else if was == BindingState::Requested {
        remind::tell_home(tx, &row).await?;
    }
    remind::tell_decided(tx, &row).await?;
    Ok(row)
}

fn own_matter() -> Fault {
    Fault::forbidden("自己的绑定要由别人核验。")
}

/// Whether the actor asked for it themselves, be it by another account: one of theirs, one that the
/// platform knows to be the same human being's, or one that named their phone.
async fn is_own_matter(tx: &Tx, actor: &Actor, row: &binding::Model) -> Result<bool, Fault> {
    let person = actor.person.as_ref();
    let named = person.is_some_and(|person| {
        row.person_id == Some(person.id)
            || person.phone_index.as_deref() == Some(&row.claimed_phone_index)
    });
    Ok(named || is_own(tx, actor, row.account_id).await?)
}

/// Whom a binding is to be tied to: the account's person, else somebody of the home by that name,
/// else somebody known by name and phone, else somebody new.
async fn owner_of(tx: &Tx, row: &binding::Model) -> Result<person::Model, Fault> {
    let account = account::Entity::find_by_id(row.account_id)
        .one(tx.db())
        .await?;
    if let Some(id) = account.and_then(|account| account.person_id)
        && let Some(person) = queries::by_id(tx.db(), id).await?
    {
        return Ok(person);
    }
    let mut of_home: Vec<person::Model> = queries::residents(tx.db(), row.place_id)
        .await?
        .into_iter()
        .filter(|person| same_name(&person.name, &row.claimed_name))
        .collect();
    let by_phone = of_home
        .iter()
        .position(|person| person.phone_index.as_deref() == Some(&row.claimed_phone_index));
    let person = match (by_phone, of_home.len()) {
        (Some(at), _) => Some(of_home.swap_remove(at)),
        (None, 1) => of_home.pop(),
        _ => queries::named(tx.db(), &row.claimed_name, &row.claimed_phone_index)
            .await?
            .into_iter()
            .next(),
    };
    match person {
        None => add_person(tx, row).await,
        Some(person) => {
            let invited = is_proved(tx, row.account_id, person.id).await?;
            if !invited && queries::holds_role(tx.db(), person.id, tx.now()).await? {
                return Err(Fault::wrong_step(
                    "对方担任职务，要用邀请码绑定，请联系管理员发邀请码。",
                ));
            }
            Ok(person)
        }
    }
}

/// Somebody whom the roster does not know; the steward has vouched.
async fn add_person(tx: &Tx, row: &binding::Model) -> Result<person::Model, Fault> {
    let new = person::ActiveModel {
        name: Set(row.claimed_name.clone()),
        phone_sealed: Set(Some(row.claimed_phone_sealed.clone())),
        phone_index: Set(Some(row.claimed_phone_index.clone())),
        party_member: Set(false),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    Ok(person::Entity::insert(new)
        .exec_with_returning(tx.db())
        .await?)
}

/// The person belongs to the home from now on, if not before. What the steward vouches for is that
/// they live there, not that they own it.
async fn keep_residency(tx: &Tx, person: &person::Model, home: &place::Model) -> Result<(), Fault> {
    let old = residency::Entity::find()
        .filter(residency::COLUMN.person_id.eq(person.id))
        .filter(residency::COLUMN.place_id.eq(home.id))
        .one(tx.db())
        .await?;
    match (old, home.compound_id) {
        (None, Some(compound_id)) => {
            let new = residency::ActiveModel {
                person_id: Set(person.id),
                place_id: Set(home.id),
                compound_id: Set(compound_id),
                relation: Set(HomeRelation::Family),
                created_at: Set(tx.now()),
                ..Default::default()
            };
            residency::Entity::insert(new)
                .exec_without_returning(tx.db())
                .await?;
        }
        (Some(old), _) if old.ended_at.is_some() => {
            let change = residency::ActiveModel {
                id: Set(old.id),
                ended_at: Set(None),
                ..Default::default()
            };
            residency::Entity::update(change).exec(tx.db()).await?;
        }
        _ => {}
    }
    Ok(())
}

/// The home's word (异议 N): a later binding goes back to the steward. Only an account tied to the
/// same home before it may, or one whose own tie is verified.
///
/// # Errors
/// `not_found` for anybody else, `wrong_step` when the steward has vouched or it is over.
pub async fn object(tx: &mut Tx, actor: &Actor, id: i64) -> Result<binding::Model, Fault> {
    let (row, home) = with_home(tx, id).await?;
    let mine = actor
        .homes
        .iter()
        .find(|tie| tie.place_id == home.id)
        .ok_or_else(|| unknown(id))?;
    if Some(row.account_id) == actor.account_id {
        return Err(Fault::wrong_step(
            "这是您自己的绑定，要取消请回复：解绑 房号。",
        ));
    }
    if mine.binding_id > row.id && mine.state != BindingState::Verified {
        return Err(Fault::forbidden(
            "对方比您先绑定。如有疑问，请先请管家核验您的绑定，或回复：求助 加您的情况。",
        ));
    }
    if row.state == BindingState::Verified {
        return Err(Fault::wrong_step(
            "管家已经核验过这个绑定。如有疑问，请回复：求助 加您的情况。",
        ));
    }
    let row = move_state(tx, &row, Act::Object).await?;
    let change = binding::ActiveModel {
        id: Set(row.id),
        decided_by: Set(actor.person_id()),
        decided_at: Set(Some(tx.now())),
        // Stays although the person releases and claims again: only the steward clears it.
        reason: Set(Some(OBJECTED.to_owned())),
        ..Default::default()
    };
    let row = binding::Entity::update(change).exec(tx.db()).await?;
    untie_if_bare(tx, row.account_id).await?;
    take_along(tx, &row).await?;
    record(tx, actor, &row, "binding.object");
    remind::ask_verifiers(tx, &row, &home.path, "objected", actor.person_id()).await?;
    Ok(row)
}

/// Ends one of the actor's own bindings (解绑 房号).
///
/// # Errors
/// `not_found` when the account has no such home.
pub async fn release(tx: &mut Tx, actor: &Actor, typed: &str) -> Result<binding::Model, Fault> {
    let account_id = actor
        .account_id
        .ok_or_else(|| Fault::new(Code::Forbidden, "请在微信里解绑。"))?;
    let wanted = [code::normal(typed), code::typed(typed)];
    let mut found = None;
    for row in queries::live_of_account(tx.db(), account_id).await? {
        let Some(home) = places::by_id(tx.db(), row.place_id).await? else {
            continue;
        };
        let is_it = home.kind == PlaceKind::Home
            && wanted
                .iter()
                .any(|typed| *typed == home.code || typed == local_code(&home.code));
        if is_it {
            found = Some(row);
            break;
        }
    }
    let row = found
        .ok_or_else(|| Fault::not_found("您没有绑定这个房号。回复“我的”查看已绑定的房号。"))?;
    let row = move_state(tx, &row, Act::Release).await?;
    untie_if_bare(tx, account_id).await?;
    take_along(tx, &row).await?;
    record(tx, actor, &row, "binding.release");
    Ok(row)
}

/// The phone was proved through the mini-program: bindings of the account that claim this phone
/// and are declared become verified. Returns how many did.
///
/// # Errors
/// The database's.
pub(super) async fn verify_by_phone(
    tx: &mut Tx,
    actor: &Actor,
    phone_index: &str,
) -> Result<usize, Fault> {
    let Some(account_id) = actor.account_id else {
        return Ok(0);
    };
    let mut verified = 0;
    for row in queries::live_of_account(tx.db(), account_id).await? {
        if row.state == BindingState::Declared && row.claimed_phone_index == phone_index {
            let row = move_state(tx, &row, Act::Verify).await?;
            record(tx, actor, &row, "binding.prove");
            verified += 1;
        }
    }
    Ok(verified)
}
