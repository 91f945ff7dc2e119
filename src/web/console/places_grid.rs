//! `/console/buildings/:id`: the homes of a building as a table of floors and positions, each with how many
//! people are bound and how, in words and with a sign. Three statements, however many homes there are.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use entity::kinds::{BindingState, PlaceKind};
use entity::{binding, place, residency};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
};
use serde::Deserialize;

use crate::access::local_code;
use crate::access::permit::{Deed, may};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::person::binding::LIVE;
use crate::place::grid::lay_out;
use crate::place::queries as places;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::console::people::reach;
use crate::web::console::places::{address, way, within};
use crate::web::pages::go;

/// Homes of a building that are shown.
const MOST: u64 = 2_000;

/// How people of a home are tied to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ties {
    verified: usize,
    declared: usize,
    requested: usize,
    residents: usize,
}

impl Ties {
    /// Words with a sign, the surest first; colour comes on top.
    fn says(&self) -> Vec<(&'static str, String)> {
        let mut said = Vec::new();
        if self.verified > 0 {
            said.push(("good", format!("✓ 已核验{}人", self.verified)));
        }
        if self.declared > 0 {
            said.push(("", format!("○ 已登记{}人", self.declared)));
        }
        if self.requested > 0 {
            said.push(("waits", format!("? 待核验{}人", self.requested)));
        }
        if self.verified + self.declared == 0 && self.residents > 0 {
            said.push(("none", "— 无人绑定".to_owned()));
        }
        said
    }
}

/// A home in the grid.
struct Cell {
    id: i64,
    code: String,
    said: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "web/console/places_grid.html")]
struct Building {
    frame: Frame,
    way: Vec<(String, String)>,
    name: String,
    units: Vec<(String, usize)>,
    positions: Vec<String>,
    floors: Vec<(u32, Vec<Option<Cell>>)>,
    others: Vec<Cell>,
    homes: usize,
    unbound: usize,
    cut: bool,
    compound: Option<i64>,
    closed: Option<String>,
    /// The way to its end, for whoever may.
    close: Option<i64>,
}

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
}

/// `GET /console/buildings/:id`: a building or one of its units.
///
/// # Errors
/// `not_found` for a place outside of the reach.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let reach = reach(desk)?;
    let db = desk.app.store.read();
    let building = within(db, &reach, &id).await?;
    if !matches!(building.kind, PlaceKind::Building | PlaceKind::Unit) {
        return Ok(go(&address(&building)));
    }
    let mut homes = place::Entity::find()
        .filter(places::below(&building.path))
        .filter(place::COLUMN.kind.eq(PlaceKind::Home))
        .order_by_asc(place::COLUMN.path)
        .limit(MOST + 1)
        .all(db)
        .await?;
    let cut = u64::try_from(homes.len()).is_ok_and(|count| count > MOST);
    homes.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let ties = ties(db, &building).await?;
    let numbers: Vec<&str> = homes.iter().map(|home| local_code(&home.code)).collect();
    let grid = lay_out(&numbers);
    let cell = |at: usize| {
        let home = homes.get(at)?;
        let ties = ties.get(&home.id).cloned().unwrap_or_default();
        Some(Cell {
            id: home.id,
            code: local_code(&home.code).to_owned(),
            said: ties.says(),
        })
    };
    let unbound = homes.iter().filter(|home| {
        let ties = ties.get(&home.id);
        ties.is_none_or(|ties| ties.verified + ties.declared == 0)
    });
    let above = way(db, &reach, &building).await?;
    let page = Building {
        frame: Frame::new(desk, places::name_of(db, &building).await?).saying(&asked.said),
        way: above
            .iter()
            .map(|place| (address(place), place.name.clone()))
            .collect(),
        units: grid.units,
        positions: grid.positions,
        floors: grid
            .floors
            .into_iter()
            .map(|(floor, cells)| (floor, cells.into_iter().map(|at| cell(at?)).collect()))
            .collect(),
        others: grid.others.into_iter().filter_map(cell).collect(),
        unbound: unbound.count(),
        homes: homes.len(),
        cut,
        compound: building.compound_id.filter(|_| {
            above
                .iter()
                .any(|place| Some(place.id) == building.compound_id)
        }),
        close: may_close(desk, &building).then_some(building.id),
        closed: building.closed_at.map(say),
        name: building.name,
    };
    show(StatusCode::OK, &page)
}

/// Whether whoever looks may close it.
fn may_close(desk: &Desk, building: &place::Model) -> bool {
    building.kind == PlaceKind::Building
        && building.closed_at.is_none()
        && may(desk.actor(), Deed::Administer, &building.path)
}

/// Who is tied to the homes below a place, and who lives there by the roster.
async fn ties<C: ConnectionTrait>(
    db: &C,
    building: &place::Model,
) -> Result<HashMap<i64, Ties>, Fault> {
    let to_home: RelationDef = binding::Entity::belongs_to(place::Entity)
        .from(binding::Column::PlaceId)
        .to(place::Column::Id)
        .into();
    let rows: Vec<(i64, BindingState, i64, Option<i64>)> = binding::Entity::find()
        .select_only()
        .columns([
            binding::Column::PlaceId,
            binding::Column::State,
            binding::Column::AccountId,
            binding::Column::PersonId,
        ])
        .join(JoinType::InnerJoin, to_home)
        .filter(places::below(&building.path))
        .filter(binding::COLUMN.state.is_in(LIVE))
        .into_tuple()
        .all(db)
        .await?;
    let mut ties: HashMap<i64, Ties> = HashMap::new();
    let mut counted: BTreeSet<(i64, i64)> = BTreeSet::new();
    for state in [
        BindingState::Verified,
        BindingState::Declared,
        BindingState::Requested,
    ] {
        for (home, _, account, person) in rows.iter().filter(|row| row.1 == state) {
            // Somebody with two accounts is one person, in the surest state; who is nobody yet is an account.
            let who = person.unwrap_or_else(|| account.saturating_neg());
            if !counted.insert((*home, who)) {
                continue;
            }
            let own = ties.entry(*home).or_default();
            match state {
                BindingState::Verified => own.verified += 1,
                BindingState::Declared => own.declared += 1,
                _ => own.requested += 1,
            }
        }
    }
    let to_home: RelationDef = residency::Entity::belongs_to(place::Entity)
        .from(residency::Column::PlaceId)
        .to(place::Column::Id)
        .into();
    let rows: Vec<i64> = residency::Entity::find()
        .select_only()
        .column(residency::Column::PlaceId)
        .join(JoinType::InnerJoin, to_home)
        .filter(places::below(&building.path))
        .filter(residency::COLUMN.ended_at.is_null())
        .into_tuple()
        .all(db)
        .await?;
    for home in rows {
        ties.entry(home).or_default().residents += 1;
    }
    Ok(ties)
}

#[cfg(test)]
mod tests {
    use super::Ties;

    #[test]
    fn a_home_says_how_its_people_are_tied() {
        let ties = Ties {
            verified: 2,
            declared: 1,
            requested: 1,
            residents: 3,
        };
        let said: Vec<String> = ties.says().into_iter().map(|(_, words)| words).collect();
        assert_eq!(said, ["✓ 已核验2人", "○ 已登记1人", "? 待核验1人"]);
        let nobody = Ties {
            residents: 1,
            ..Ties::default()
        };
        assert_eq!(nobody.says(), [("none", "— 无人绑定".to_owned())]);
        assert!(Ties::default().says().is_empty());
    }
}
