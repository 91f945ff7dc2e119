//! A case goes to mediation (转调解): whoever holds it or gives work out sends it to a centre, and the
//! centre's mediator is told.

use entity::kinds::{ActorKind, CaseKind, Centre, MediationState, PlaceKind, RoleKind};
use entity::{case, mediation, mediation_event, mediation_party, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::access::holders::{Holder, holders};
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::{Code, Fault};
use crate::case::queries::{self as cases, Found, holds};
use crate::case::remind::mediated;
use crate::case::step::OPEN;
use crate::mediation::actions::event;
use crate::mediation::remind::{self, Telling};
use crate::mediation::{FOLLOW_DAYS, centre_says, subject};
use crate::person::queries as people;
use crate::place::queries as places;
use crate::reminder;
use crate::store::Tx;

/// Opens the mediation of a case at a centre. Where the centre has no mediator the next one up has
/// it, and in the end an officer of the street.
///
/// # Errors
/// `not_found` for a case that is not theirs to see, `forbidden` for whoever neither holds it nor
/// gives work out, `invalid` for a case that is no quarrel, `conflict` when it is in mediation,
/// `wrong_step` when it is over or nobody could mediate.
pub async fn open(
    tx: &mut Tx,
    actor: &Actor,
    case_id: i64,
    centre: Centre,
) -> Result<mediation::Model, Fault> {
    let found = cases::visible(tx.db(), actor, case_id).await?;
    may_open(actor, &found)?;
    // Two who open it at once go one after the other.
    case::Entity::find_by_id(case_id)
        .lock_exclusive()
        .one(tx.db())
        .await?;
    if let Some(other) = open_one(tx, case_id).await? {
        return Err(Fault::new(
            Code::Conflict,
            format!("诉求 #{case_id} 已经在调解（调解 #{}）。", other.id),
        ));
    }
    let without = [found.case.reporter_id];
    let mediator = mediator(tx, &found.place, centre, &without).await?;
    let mediator = mediator.ok_or_else(|| nobody_mediates(centre))?;
    let row = mediation::ActiveModel {
        case_id: Set(case_id),
        compound_id: Set(found.case.compound_id),
        place_id: Set(found.case.place_id),
        centre: Set(centre),
        state: Set(MediationState::Open),
        mediator_id: Set(mediator.person_id),
        version: Set(0),
        follow_days: Set(FOLLOW_DAYS),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = mediation::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    add_reporter(tx, &row, &found.case).await?;
    let opened = event(tx, actor, ActorKind::Staff, row.id, "opened", None);
    mediation_event::Entity::insert(opened)
        .exec_without_returning(tx.db())
        .await?;
    let entry = Entry {
        action: "mediation.open",
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, actor, entry);
    let note = format!("调解 #{}（{}调解中心）", row.id, centre_says(centre));
    let items = vec![
        remind::push(&row, Telling::Opened, mediator.person_id, tx.now()),
        remind::clock(&row),
        mediated::news(
            (case_id, row.compound_id),
            row.id,
            "opened",
            &note,
            tx.now(),
        ),
    ];
    reminder::enqueue(tx, items).await?;
    Ok(row)
}

/// Whether somebody may send a case to mediation, and whether it is one for it.
fn may_open(actor: &Actor, found: &Found) -> Result<(), Fault> {
    let path = &found.place.path;
    let gives = [Deed::DispatchCases, Deed::Mediate]
        .iter()
        .any(|deed| may(actor, *deed, path));
    if !gives && !holds(actor, found) {
        return Err(Fault::forbidden("只有办理人和负责派单的人可以转调解。"));
    }
    if !matches!(found.case.kind, CaseKind::Dispute | CaseKind::Complaint) {
        return Err(Fault::invalid("case_id", "只有纠纷和投诉可以转调解。"));
    }
    if found.case.anonymous {
        return Err(Fault::invalid(
            "case_id",
            "匿名的诉求不能转调解：双方要见面。请由办理人自己处理，或请居民实名再提。",
        ));
    }
    if !OPEN.contains(&found.case.state) {
        return Err(Fault::wrong_step(format!(
            "诉求 #{} 已经结束，不能转调解。",
            found.case.id
        )));
    }
    Ok(())
}

pub(super) async fn open_one(tx: &Tx, case_id: i64) -> Result<Option<mediation::Model>, Fault> {
    Ok(mediation::Entity::find()
        .filter(mediation::COLUMN.case_id.eq(case_id))
        .filter(mediation::COLUMN.closed_at.is_null())
        .one(tx.db())
        .await?)
}

/// Whoever filed is a party; not whoever wrote it down for somebody that we do not know.
async fn add_reporter(tx: &Tx, row: &mediation::Model, case: &case::Model) -> Result<(), Fault> {
    if case.filed_by_id == Some(case.reporter_id) {
        return Ok(());
    }
    let homes = people::homes(tx.db(), case.reporter_id).await?;
    let home = homes
        .iter()
        .find(|home| home.compound_id == Some(row.compound_id));
    let party = mediation_party::ActiveModel {
        mediation_id: Set(row.id),
        person_id: Set(case.reporter_id),
        home_id: Set(home.map(|home| home.id)),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    mediation_party::Entity::insert(party)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Who mediates at a centre, above the case's place; none when nobody is left.
pub(super) async fn mediator(
    tx: &Tx,
    place: &place::Model,
    centre: Centre,
    without: &[i64],
) -> Result<Option<Holder>, Fault> {
    let above = places::on_path(tx.db(), &place.path).await?;
    let mut all = holders(tx.db(), &place.path, roles(Deed::Mediate), tx.now()).await?;
    all.retain(|held| !without.contains(&held.person_id));
    let centre_of = |held: &Holder| {
        let kind = held
            .place_id
            .and_then(|id| above.iter().find(|place| place.id == id))
            .map(|place| place.kind);
        match kind {
            None | Some(PlaceKind::City) => Centre::City,
            Some(PlaceKind::District) => Centre::District,
            Some(_) => Centre::Street,
        }
    };
    let mediators = || all.iter().filter(|held| held.role == RoleKind::Mediator);
    let own = mediators().find(|held| centre_of(held) == centre);
    let upward = || mediators().find(|held| centre_of(held) > centre);
    let officer = || all.iter().find(|held| held.role == RoleKind::StreetOfficer);
    let chosen = own
        .or_else(upward)
        .or_else(officer)
        .or_else(|| mediators().next());
    Ok(chosen.cloned())
}

fn nobody_mediates(centre: Centre) -> Fault {
    Fault::wrong_step(format!(
        "{}调解中心还没有登记调解员，请管理员先在角色表里登记调解员，再转调解。",
        centre_says(centre)
    ))
}
