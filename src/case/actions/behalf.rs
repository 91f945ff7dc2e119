//! Cases that the staff files for somebody (代报), cases without a name (匿名), and the look at who
//! stands behind one (查看身份), which is put on record.

use entity::kinds::{ActorKind, BindingState, PlaceKind};
use entity::{binding, case, case_event, person, place};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use crate::access::permit::{Deed, may, roles};
use crate::access::{Actor, HomeTie};
use crate::base::dice::Dice;
use crate::base::fault::{Code, Fault};
use crate::base::phone::Phone;
use crate::base::redact::redact;
use crate::base::seal::Seal;
use crate::base::text::fold;
use crate::case::actions::{Behalf, Draft, require_text};
use crate::case::behalf::{Veil, Whom};
use crate::case::history::reword;
use crate::case::queries::{Found, visible};
use crate::case::shield;
use crate::case::similar::kept;
use crate::case::step::{By, OPEN};
use crate::person::queries as people;
use crate::place::code;
use crate::place::queries as places;
use crate::store::Tx;

/// Compounds among which a home's number is looked for.
const MOST_COMPOUNDS: u64 = 500;

/// For whom a case is to be filed.
#[derive(Clone, Debug)]
pub struct Request {
    /// As the staff wrote it.
    pub whom: Whom,
    /// Which of several, and perhaps the beginning of the matter: `张秀英 电梯坏了`.
    pub text: String,
}

/// What was found of them.
#[derive(Clone, Debug)]
pub enum Asked {
    /// This one, and the matter.
    One(Box<Behalf>, String),
    /// Several: which?
    Which(Vec<String>),
}

/// Finds for whom a case is to be filed.
///
/// # Errors
/// `forbidden` for whoever may not file for others, `not_found` for a home that is not in their reach.
pub async fn ask(
    tx: &Tx,
    actor: &Actor,
    seal: &Seal,
    dice: &Dice,
    request: Request,
) -> Result<Asked, Fault> {
    let allowed = roles(Deed::FileForOthers);
    if !actor
        .grants
        .iter()
        .any(|grant| allowed.contains(&grant.role))
    {
        return Err(Fault::forbidden(
            "您没有代报的权限，请让居民自己提，或找网格员代报。",
        ));
    }
    match &request.whom {
        Whom::Home(typed) => {
            let home = home(tx, actor, typed).await?;
            let residents = people::residents(tx.db(), home.id).await?;
            let unknown = format!("{}住户", places::short_name(&home));
            pick(actor, &residents, &[home], Some(unknown), request.text)
        }
        Whom::Phone(phone) => {
            let mut known = Vec::new();
            let mut homes = Vec::new();
            for person in people::by_phone(tx.db(), &seal.index(phone.digits())).await? {
                // Somebody who lives elsewhere is as good as unknown here.
                let near = homes_in_reach(tx, actor, person.id).await?;
                if !near.is_empty() {
                    known.push(person);
                    homes.extend(near);
                }
            }
            if known.is_empty() {
                let sealed = seal.seal(dice, phone.digits())?;
                let behalf = unknown(actor, Vec::new(), None, Some(sealed));
                return Ok(Asked::One(Box::new(behalf), request.text));
            }
            pick(actor, &known, &homes, None, request.text)
        }
        Whom::Called(name) => {
            let behalf = unknown(actor, Vec::new(), Some(name.clone()), None);
            Ok(Asked::One(Box::new(behalf), request.text))
        }
        Whom::Unsaid => {
            let behalf = unknown(actor, Vec::new(), None, None);
            Ok(Asked::One(Box::new(behalf), request.text))
        }
    }
}

/// The only one; or the one whose name stands in front of the matter.
fn pick(
    actor: &Actor,
    known: &[person::Model],
    homes: &[place::Model],
    nobody: Option<String>,
    text: String,
) -> Result<Asked, Fault> {
    let (first, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
    let named = known
        .iter()
        .find(|person| fold(&person.name) == fold(first) && !rest.is_empty());
    let (person, text) = match (named, known) {
        (Some(person), _) => (person.clone(), rest.to_owned()),
        (None, [only]) => (only.clone(), text),
        (None, []) => {
            let behalf = unknown(actor, ties(homes), nobody, None);
            return Ok(Asked::One(Box::new(behalf), text));
        }
        (None, several) => {
            let names = several.iter().map(|person| person.name.clone());
            return Ok(Asked::Which(names.collect()));
        }
    };
    let reporter = Actor {
        person: Some(person),
        homes: ties(homes),
        account_id: None,
        grants: Vec::new(),
        ..actor.clone()
    };
    Ok(Asked::One(
        Box::new(Behalf {
            reporter,
            known: true,
            asker: None,
            asker_phone_sealed: None,
        }),
        text,
    ))
}

/// Nobody on the roster: the case is in the name of whoever writes it down.
fn unknown(
    actor: &Actor,
    homes: Vec<HomeTie>,
    asker: Option<String>,
    phone: Option<String>,
) -> Behalf {
    Behalf {
        reporter: Actor {
            homes,
            ..actor.clone()
        },
        known: false,
        asker,
        asker_phone_sealed: phone,
    }
}

/// Homes as filing looks at them; there is no binding behind them.
fn ties(homes: &[place::Model]) -> Vec<HomeTie> {
    homes
        .iter()
        .filter_map(|home| {
            Some(HomeTie {
                binding_id: 0,
                place_id: home.id,
                compound_id: home.compound_id?,
                code: home.code.clone(),
                path: home.path.clone(),
                state: BindingState::Verified,
                closed: home.closed_at.is_some(),
            })
        })
        .collect()
}

async fn homes_in_reach(
    tx: &Tx,
    actor: &Actor,
    person_id: i64,
) -> Result<Vec<place::Model>, Fault> {
    let homes = people::homes(tx.db(), person_id).await?;
    let near = |home: &place::Model| may(actor, Deed::FileForOthers, &home.path);
    Ok(homes.into_iter().filter(near).collect())
}

/// A home in the actor's reach by what people type.
async fn home(tx: &Tx, actor: &Actor, typed: &str) -> Result<place::Model, Fault> {
    let none = || {
        Fault::not_found(
            "没有找到这个房号。请核对后再发，例如：代报 3-2-501 电梯坏了；几个小区时请写 GY/3-2-501。",
        )
    };
    let local = code::typed(typed);
    let rows = if local.contains('/') {
        places::by_code(tx.db(), &local)
            .await?
            .into_iter()
            .collect()
    } else {
        let codes = compounds(tx, actor)
            .await?
            .into_iter()
            .map(|compound| code::full(&compound, &local));
        place::Entity::find()
            .filter(place::COLUMN.code.is_in(codes))
            .all(tx.db())
            .await?
    };
    let fits = |place: &place::Model| {
        let open = place.kind == PlaceKind::Home && place.closed_at.is_none();
        open && may(actor, Deed::FileForOthers, &place.path)
    };
    let mut homes = rows.into_iter().filter(fits);
    match (homes.next(), homes.next()) {
        (Some(home), None) => Ok(home),
        (Some(_), Some(_)) => Err(Fault::invalid(
            "home",
            "有几个小区有这个房号，请在前面写上小区代码，例如：代报 GY/3-2-501 电梯坏了。",
        )),
        (None, _) => Err(none()),
    }
}

/// Codes of the compounds in which the actor may file for others.
async fn compounds(tx: &Tx, actor: &Actor) -> Result<Vec<String>, Fault> {
    let mut codes = Vec::new();
    for grant in &actor.grants {
        if !roles(Deed::FileForOthers).contains(&grant.role) {
            continue;
        }
        let found: Vec<String> = match grant.compound_id {
            Some(id) => places::by_id(tx.db(), id)
                .await?
                .map(|compound| compound.code)
                .into_iter()
                .collect(),
            None => {
                place::Entity::find()
                    .select_only()
                    .column(place::Column::Code)
                    .filter(place::COLUMN.kind.eq(PlaceKind::Compound))
                    .filter(places::below(&grant.path))
                    .limit(MOST_COMPOUNDS)
                    .into_tuple()
                    .all(tx.db())
                    .await?
            }
        };
        codes.extend(found);
    }
    Ok(codes)
}

/// Takes the name off a case of one's own (匿名): name, home and phone are hidden in its words and in
/// what was said of it since; its place is the building from now on, without the spot on the map.
///
/// # Errors
/// `not_found`, `forbidden` when somebody else filed it, `wrong_step` when it is over.
pub async fn hide(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let found = super::resident::own(tx, actor, id).await?;
    if !OPEN.contains(&found.case.state) {
        return Err(Fault::wrong_step(format!(
            "诉求 #{id} 已经结束，不能再改成匿名。"
        )));
    }
    if found.case.anonymous {
        return Ok(found.case);
    }
    let veil = Veil::of(actor);
    let place = building_of(tx, &found.place).await?;
    hide_said(tx, &found.case, &veil).await?;
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.next.anonymous = true;
    draft.next.text = veil.hide(&draft.next.text);
    draft.next.essence = kept(draft.next.kind, &draft.next.text);
    let words = draft.next.rating_text.take();
    draft.next.rating_text = words.map(|words| veil.hide(&words));
    draft.next.latitude = None;
    draft.next.longitude = None;
    draft.next.place_id = place.map_or(draft.next.place_id, |place| place.id);
    draft.event("hidden", None, None, None);
    draft.store(tx, actor, "case.hide").await
}

/// Hides who filed in what they have said to a case until now. Beside erasure and retention the one change
/// that a history sees: what it hides was never anybody's business.
async fn hide_said(tx: &Tx, case: &case::Model, veil: &Veil) -> Result<(), Fault> {
    let said = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(case.id))
        .filter(case_event::COLUMN.actor_kind.eq(ActorKind::Resident))
        .filter(case_event::COLUMN.actor_id.eq(case.reporter_id))
        .filter(case_event::COLUMN.note.is_not_null())
        .all(tx.db())
        .await?;
    reword(tx, said, |note| veil.hide(note)).await
}

/// The building that a place lies in, or the compound; none for what lies in none.
pub(super) async fn building_of(
    tx: &Tx,
    place: &place::Model,
) -> Result<Option<place::Model>, Fault> {
    let rough =
        |place: &place::Model| matches!(place.kind, PlaceKind::Building | PlaceKind::Compound);
    let above = places::on_path(tx.db(), &place.path).await?;
    Ok(above.into_iter().rfind(rough))
}

/// Who stands behind a case.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Name of the reporter; of whoever wrote it down when `asker` is set.
    pub name: String,
    /// Their phone.
    pub phone: Option<Phone>,
    /// Their homes in the case's compound, `3-2-501`.
    pub homes: Vec<String>,
    /// How the one who asked called themselves.
    pub asker: Option<String>,
    /// The phone they gave.
    pub asker_phone: Option<Phone>,
    /// Name of the member of the staff who filed it.
    pub filed_by: Option<String>,
    /// Phones are among what whoever looks may know.
    pub with_phones: bool,
}

/// Looks who stands behind a case (查看身份); every look is in the audit and in the case's history,
/// with the reason. Whoever may see identities reads everything; the holder of a complaint from whom it is
/// kept reads name and home, and of a case without a name nothing.
///
/// # Errors
/// `not_found` for what they may not see, `forbidden` without the permission, `invalid` without a reason.
pub async fn identity(
    tx: &mut Tx,
    actor: &Actor,
    seal: &Seal,
    id: i64,
    reason: &str,
) -> Result<Identity, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    let with_phones = may(actor, Deed::SeeIdentities, &found.place.path);
    if !with_phones && !shield::may_look(actor, &found) {
        return Err(Fault::new(
            Code::Forbidden,
            "只有社区书记和街道干部可以查看身份。确有需要请向他们申请。",
        ));
    }
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：查看身份 {id} 需要当面核实")
    })?;
    let mut shown = read_identity(tx, seal, &found).await?;
    if !with_phones {
        // Whoever left a phone alone is still somebody who asked.
        let unnamed = shown.asker_phone.take().map(|_| "未留姓名".to_owned());
        shown.asker = shown.asker.or(unnamed);
        shown.phone = None;
        shown.with_phones = false;
    }
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    // The trail is kept for good: it may say why, not who it was.
    let names: Vec<String> = [Some(&shown.name), shown.asker.as_ref()]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    draft.detail = Some(json!({ "reason": redact(&reason, &names) }));
    draft.event("identity-seen", None, None, Some(reason));
    draft.store(tx, actor, "case.identity").await?;
    Ok(shown)
}

async fn read_identity(tx: &Tx, seal: &Seal, found: &Found) -> Result<Identity, Fault> {
    let case = &found.case;
    let person = people::by_id(tx.db(), case.reporter_id).await?;
    let homes = people::homes(tx.db(), case.reporter_id).await?;
    let mut here: Vec<String> = homes
        .iter()
        .filter(|home| home.compound_id == Some(case.compound_id))
        .map(|home| places::short_name(home).to_owned())
        .collect();
    if here.is_empty() {
        here = bound_homes(tx, case).await?;
    }
    let filed_by = match case.filed_by_id {
        Some(id) => people::by_id(tx.db(), id).await?.map(|person| person.name),
        None => None,
    };
    let sealed = case.asker_phone_sealed.as_deref();
    Ok(Identity {
        phone: person
            .as_ref()
            .and_then(|person| people::phone_of(seal, person)),
        name: person.map(|person| person.name).unwrap_or_default(),
        homes: here,
        asker: case.asker.clone(),
        asker_phone: sealed.and_then(|sealed| people::open_phone(seal, sealed)),
        filed_by,
        with_phones: true,
    })
}

/// Homes to which the reporter's account is tied without being on the roster.
async fn bound_homes(tx: &Tx, case: &case::Model) -> Result<Vec<String>, Fault> {
    let ties = binding::Entity::find()
        .filter(binding::COLUMN.person_id.eq(case.reporter_id))
        .filter(binding::COLUMN.compound_id.eq(case.compound_id))
        .filter(binding::COLUMN.state.eq(BindingState::Verified))
        .all(tx.db())
        .await?;
    let rows = place::Entity::find()
        .filter(place::COLUMN.id.is_in(ties.iter().map(|tie| tie.place_id)))
        .all(tx.db())
        .await?;
    let names = rows.iter().map(|home| places::short_name(home).to_owned());
    Ok(names.collect())
}
