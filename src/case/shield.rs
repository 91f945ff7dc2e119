//! Who complains, and those who may be whom it is about. Staff of the property company and members of the
//! committee read a complaint without name, home and spot of whoever filed it, wherever they meet it; all
//! others who may see it read it whole. What is stored stays whole, and whoever holds the case can look on
//! record (查看身份). Asked by chat, pushes, cards, console and API before anything is shown, never by an
//! action: what is hidden here must not be stored.

use entity::kinds::{CaseKind, PlaceKind};
use entity::{binding, case, person, place, residency};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use crate::access::holders::{holders, path_ids};
use crate::access::permit::COMPLAINED_OF;
use crate::access::{Actor, local_code};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::behalf::Veil;
use crate::case::queries::{self, Found};
use crate::case::search::with_places;

/// What those read in place of the name from whom it is kept.
pub const HIDDEN: &str = "投诉人（身份不公开）";

/// A case as somebody may read it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The case and where it is: to be shown, not to be worked on.
    pub found: Found,
    /// Hides who filed it; none where nothing is kept back.
    veil: Option<Veil>,
}

impl Seen {
    const fn whole(found: Found) -> Self {
        Self { found, veil: None }
    }

    /// Whether who filed it is kept from the reader.
    #[must_use]
    pub const fn is_hidden(&self) -> bool {
        self.veil.is_some()
    }

    /// Words that stand beside the case, such as a note of its history.
    #[must_use]
    pub fn words(&self, text: &str) -> String {
        match &self.veil {
            Some(veil) => veil.hide(text),
            None => text.to_owned(),
        }
    }

    /// Who reported, as the reader may know it.
    ///
    /// # Errors
    /// The database's.
    pub async fn reporter_says<C: ConnectionTrait>(&self, db: &C) -> Result<String, Fault> {
        match self.is_hidden() {
            true => Ok(HIDDEN.to_owned()),
            false => queries::reporter_says(db, &self.found.case).await,
        }
    }
}

/// Whether a case is one of those. Without a name nothing is stored that could be read.
#[must_use]
pub fn is_guarded(case: &case::Model) -> bool {
    case.kind == CaseKind::Complaint && !case.anonymous
}

/// Whoever filed it, or wrote it down for somebody, knows who it was.
fn knows(case: &case::Model, person_id: i64) -> bool {
    case.reporter_id == person_id || case.filed_by_id == Some(person_id)
}

/// Whether who filed a case is kept from the actor.
#[must_use]
pub fn is_kept_from(actor: &Actor, found: &Found) -> bool {
    is_guarded(&found.case)
        && actor.holds(COMPLAINED_OF, &found.place.path)
        && !actor
            .person_id()
            .is_some_and(|person| knows(&found.case, person))
}

/// Whether somebody from whom it is kept may look on record: whoever holds the case, and has to answer.
#[must_use]
pub fn may_look(actor: &Actor, found: &Found) -> bool {
    is_kept_from(actor, found) && queries::holds(actor, found)
}

/// A case as the actor may read it.
///
/// # Errors
/// The database's.
pub async fn one<C: ConnectionTrait>(db: &C, actor: &Actor, found: Found) -> Result<Seen, Fault> {
    if !is_kept_from(actor, &found) {
        return Ok(Seen::whole(found));
    }
    let known = Known::read(db, &[&found]).await?;
    Ok(known.hide(found))
}

/// A case as somebody without a conversation may read it: the recipient of a push, the owner of a card.
///
/// # Errors
/// The database's.
pub async fn for_person<C: ConnectionTrait>(
    db: &C,
    person_id: Option<i64>,
    found: Found,
    now: Moment,
) -> Result<Seen, Fault> {
    let Some(person_id) =
        person_id.filter(|id| is_guarded(&found.case) && !knows(&found.case, *id))
    else {
        return Ok(Seen::whole(found));
    };
    let answerable = holders(db, &found.place.path, COMPLAINED_OF, now).await?;
    if answerable.iter().all(|held| held.person_id != person_id) {
        return Ok(Seen::whole(found));
    }
    let known = Known::read(db, &[&found]).await?;
    Ok(known.hide(found))
}

/// Several cases as the actor may read them, in their order.
///
/// # Errors
/// The database's.
pub async fn all<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    all: Vec<Found>,
) -> Result<Vec<Seen>, Fault> {
    let kept: Vec<&Found> = all
        .iter()
        .filter(|found| is_kept_from(actor, found))
        .collect();
    if kept.is_empty() {
        return Ok(all.into_iter().map(Seen::whole).collect());
    }
    let known = Known::read(db, &kept).await?;
    let seen = all.into_iter().map(|found| {
        if is_kept_from(actor, &found) {
            known.hide(found)
        } else {
            Seen::whole(found)
        }
    });
    Ok(seen.collect())
}

/// The same for cases without their places.
///
/// # Errors
/// The database's.
pub async fn cases<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    cases: Vec<case::Model>,
) -> Result<Vec<Seen>, Fault> {
    all(db, actor, with_places(db, cases).await?).await
}

/// What says who filed some cases: names, homes, and the buildings around them.
struct Known {
    people: Vec<person::Model>,
    /// Person and home.
    ties: Vec<(i64, i64)>,
    places: Vec<place::Model>,
}

impl Known {
    async fn read<C: ConnectionTrait>(db: &C, all: &[&Found]) -> Result<Self, Fault> {
        let filed: Vec<i64> = all.iter().map(|found| found.case.reporter_id).collect();
        let people = person::Entity::find()
            .filter(person::COLUMN.id.is_in(filed.iter().copied()))
            .all(db)
            .await?;
        // Homes of the past as well: they may be in the words of then.
        let lived = residency::Entity::find()
            .filter(residency::COLUMN.person_id.is_in(filed.iter().copied()))
            .all(db)
            .await?;
        let bound = binding::Entity::find()
            .filter(binding::COLUMN.person_id.is_in(filed.iter().copied()))
            .all(db)
            .await?;
        let lived = lived.iter().map(|tie| (tie.person_id, tie.place_id));
        let bound = bound
            .iter()
            .filter_map(|tie| Some((tie.person_id?, tie.place_id)));
        let ties: Vec<(i64, i64)> = lived.chain(bound).collect();
        let around = all.iter().flat_map(|found| path_ids(&found.place.path));
        let places = place::Entity::find()
            .filter(
                place::COLUMN
                    .id
                    .is_in(ties.iter().map(|(_, home)| *home).chain(around)),
            )
            .all(db)
            .await?;
        Ok(Self {
            people,
            ties,
            places,
        })
    }

    /// The case without who filed it.
    fn hide(&self, found: Found) -> Seen {
        let veil = self.veil(&found.case);
        let place = self.rough(found.place);
        let case = found.case;
        let some = |text: Option<String>| text.map(|text| veil.hide(&text));
        let case = case::Model {
            place_id: place.id,
            text: veil.hide(&case.text),
            plan: some(case.plan),
            result: some(case.result),
            public_text: some(case.public_text),
            rating_text: some(case.rating_text),
            latitude: None,
            longitude: None,
            asker: None,
            asker_phone_sealed: None,
            essence: None,
            ..case
        };
        Seen {
            found: Found { case, place },
            veil: Some(veil),
        }
    }

    /// Hides who filed a case; or how they called themselves where nobody knows them.
    fn veil(&self, case: &case::Model) -> Veil {
        let person = self
            .people
            .iter()
            .find(|person| person.id == case.reporter_id);
        let name = match &case.asker {
            Some(asker) => asker.as_str(),
            None => person.map_or("", |person| person.name.as_str()),
        };
        let own = self
            .ties
            .iter()
            .filter(|(person, _)| *person == case.reporter_id)
            .map(|(_, home)| *home)
            .chain([case.place_id]);
        let homes = own.filter_map(|id| {
            let home = self.places.iter().find(|place| place.id == id)?;
            (home.kind == PlaceKind::Home).then(|| local_code(&home.code).to_owned())
        });
        Veil::new(name, homes.collect())
    }

    /// The building or the compound in place of a home or a staircase.
    fn rough(&self, place: place::Model) -> place::Model {
        if !matches!(place.kind, PlaceKind::Home | PlaceKind::Unit) {
            return place;
        }
        let around = self.places.iter().filter(|other| {
            matches!(other.kind, PlaceKind::Building | PlaceKind::Compound)
                && place.path.starts_with(&other.path)
        });
        let nearest = around.max_by_key(|other| other.path.len()).cloned();
        nearest.unwrap_or(place)
    }
}
