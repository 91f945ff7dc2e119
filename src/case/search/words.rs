//! What stands beside each case of a list: where, and with whom, by two statements for all of them.

use entity::kinds::PlaceKind;
use entity::{person, place};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use crate::access::local_code;
use crate::base::fault::Fault;
use crate::case::queries::Found;

/// What a line of a list shows beside the case: where, and with whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// `桂园小区 3-2-501`
    pub place: String,
    /// Name; empty for nobody.
    pub holder: String,
}

/// The words beside several cases, by two statements.
///
/// # Errors
/// The database's.
pub async fn said<C: ConnectionTrait>(db: &C, all: &[Found]) -> Result<Vec<Said>, Fault> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let compounds = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(all.iter().map(|found| found.case.compound_id)),
        )
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(all.iter().filter_map(|found| found.case.holder_id)),
        )
        .all(db)
        .await?;
    let say = |found: &Found| {
        let place = &found.place;
        let own = match place.kind {
            PlaceKind::Home | PlaceKind::Unit => local_code(&place.code),
            _ => place.name.as_str(),
        };
        let compound = compounds
            .iter()
            .find(|one| one.id == found.case.compound_id);
        let place = match compound {
            Some(compound) if !own.starts_with(&compound.name) => {
                format!("{} {own}", compound.name)
            }
            _ => own.to_owned(),
        };
        let holder = people
            .iter()
            .find(|person| Some(person.id) == found.case.holder_id);
        Said {
            place,
            holder: holder.map(|person| person.name.clone()).unwrap_or_default(),
        }
    };
    Ok(all.iter().map(say).collect())
}
