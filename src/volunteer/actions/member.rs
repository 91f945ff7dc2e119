//! Who is a volunteer: 志愿报名 双报到 志愿公开 退出志愿者.

use entity::life::VolunteerState;
use entity::volunteer;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::base::fault::Fault;
use crate::store::Tx;
use crate::volunteer::MOST_UNIT;
use crate::volunteer::actions::line;
use crate::volunteer::queries::{member, memberships};

/// What became of a registration.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The row.
    pub volunteer: volunteer::Model,
    /// They were no volunteer there until now.
    pub new: bool,
}

/// The compound where somebody registers: the one that is named, if they live or serve there, else where
/// they live, else where they serve.
fn compound(actor: &Actor, wanted: Option<i64>) -> Result<i64, Fault> {
    let homes = actor.homes.iter().map(|home| home.compound_id);
    let posts = actor.grants.iter().filter_map(|grant| grant.compound_id);
    let mut all = homes.chain(posts);
    match wanted {
        None => all.next().ok_or_else(|| {
            Fault::forbidden("做志愿者要先绑定房号，回复:绑定 3-2-501 姓名 手机号。")
        }),
        Some(id) => all
            .find(|own| *own == id)
            .ok_or_else(|| Fault::not_found("没有找到您的这个小区。")),
    }
}

/// Registers the actor as a volunteer of a compound where they live or serve. Twice is no fault.
///
/// # Errors
/// `forbidden` for whoever has no home and no post, `not_found` for a compound that is not theirs.
pub async fn register(
    tx: &mut Tx,
    actor: &Actor,
    wanted: Option<i64>,
) -> Result<Registered, Fault> {
    let person = actor.require_person()?;
    let compound_id = compound(actor, wanted)?;
    store(tx, actor, person, compound_id, None).await
}

/// Reports a party member where they live (双报到), with the unit where they work, if they say it.
///
/// # Errors
/// `forbidden` for whoever the roster does not know as a member, and for who lives nowhere here; `not_found` for a
/// compound where they do not live; `invalid` for a unit that is too long or holds a number.
pub async fn report(
    tx: &mut Tx,
    actor: &Actor,
    wanted: Option<i64>,
    unit: &str,
) -> Result<Registered, Fault> {
    let person = actor.require_person()?;
    if !actor.person.as_ref().is_some_and(|own| own.party_member) {
        return Err(Fault::forbidden(
            "名册里还没有您的党员登记，请社区工作人员核对后再报到。您也可以先回复“志愿报名”做志愿者。",
        ));
    }
    let mut homes = actor.homes.iter().map(|home| home.compound_id);
    let home = match wanted {
        None => homes.next(),
        Some(id) => homes.find(|own| *own == id),
    };
    let compound_id = match (home, wanted) {
        (Some(home), _) => home,
        (None, None) => {
            return Err(Fault::forbidden(
                "双报到要在居住的小区，请先绑定房号，回复:绑定 3-2-501 姓名 手机号。",
            ));
        }
        (None, Some(_)) => return Err(Fault::not_found("没有找到您居住的这个小区。")),
    };
    let unit = line("unit", unit, MOST_UNIT)?;
    store(tx, actor, person, compound_id, Some(unit)).await
}

/// The row of somebody in a compound: made once, however many phones say so at once. `unit` is of a member who
/// reports; an empty one leaves what is known.
async fn store(
    tx: &mut Tx,
    actor: &Actor,
    person: i64,
    compound_id: i64,
    unit: Option<String>,
) -> Result<Registered, Fault> {
    let old = member(tx.db(), compound_id, person).await?;
    let party = unit.is_some();
    let action = match party {
        true => "volunteer.report",
        false => "volunteer.register",
    };
    let unit = unit.filter(|unit| !unit.is_empty());
    let was = old.as_ref().map(|row| row.state);
    let row = match old {
        Some(old) => {
            let change = volunteer::ActiveModel {
                id: Set(old.id),
                party: Set(old.party || party),
                unit: Set(unit.or(old.unit)),
                state: Set(VolunteerState::Active),
                updated_at: Set(tx.now()),
                ..Default::default()
            };
            change.update(tx.db()).await?
        }
        None => {
            let row = volunteer::ActiveModel {
                compound_id: Set(compound_id),
                person_id: Set(Some(person)),
                party: Set(party),
                unit: Set(unit),
                named: Set(false),
                state: Set(VolunteerState::Active),
                created_at: Set(tx.now()),
                updated_at: Set(tx.now()),
                ..Default::default()
            };
            let again =
                OnConflict::columns([volunteer::Column::CompoundId, volunteer::Column::PersonId])
                    .update_column(volunteer::Column::UpdatedAt)
                    .to_owned();
            volunteer::Entity::insert(row)
                .on_conflict(again)
                .exec_with_returning(tx.db())
                .await?
        }
    };
    keep_record(tx, actor, &row, action);
    Ok(Registered {
        volunteer: row,
        new: was != Some(VolunteerState::Active),
    })
}

fn keep_record(tx: &Tx, actor: &Actor, row: &volunteer::Model, action: &'static str) {
    let entry = Entry {
        action,
        subject: format!("volunteer:{}", row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, actor, entry);
}

fn none() -> Fault {
    Fault::not_found("您还不是志愿者，回复“志愿报名”就可以加入。")
}

/// Whether the board may name the actor, wherever they are a volunteer.
///
/// # Errors
/// `not_found` for whoever is none.
pub async fn name(tx: &mut Tx, actor: &Actor, named: bool) -> Result<(), Fault> {
    let person = actor.require_person()?;
    let all = memberships(tx.db(), person).await?;
    if all.is_empty() {
        return Err(none());
    }
    for row in all {
        let change = volunteer::ActiveModel {
            id: Set(row.id),
            named: Set(named),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        let row = change.update(tx.db()).await?;
        keep_record(tx, actor, &row, "volunteer.named");
    }
    Ok(())
}

/// The actor is no volunteer any more; their hours stay.
///
/// # Errors
/// `not_found` for whoever is none.
pub async fn leave(tx: &mut Tx, actor: &Actor) -> Result<(), Fault> {
    let person = actor.require_person()?;
    let all = memberships(tx.db(), person).await?;
    if all.is_empty() {
        return Err(none());
    }
    for row in all {
        let change = volunteer::ActiveModel {
            id: Set(row.id),
            named: Set(false),
            state: Set(VolunteerState::Left),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        let row = change.update(tx.db()).await?;
        keep_record(tx, actor, &row, "volunteer.leave");
    }
    Ok(())
}
