//! `/console/homes`: the tree of places down to a building; `/console/homes/:id`: one home with its people,
//! bindings and open cases. The grid of a building is `places_grid.rs`.

use askama::Template;
use entity::kinds::PlaceKind;
use entity::{binding, case, person, place, residency};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::base::text::shorten;
use crate::case::queries::{Found, sees};
use crate::case::step::OPEN;
use crate::case::{case_says, kind_says, shield};
use crate::person::binding::LIVE;
use crate::person::reach::Reach;
use crate::person::words::{binding_name, relation_name};
use crate::place::kind_name;
use crate::place::queries as places;
use crate::store::paging::oldest;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::console::people::reach;

/// Places of a page.
const LINES: u64 = 100;
/// People, bindings and cases of a home that are shown.
const MOST: u64 = 100;
/// Characters of a case's text in a line.
const SHOWN: usize = 40;

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    place: String,
    cursor: String,
}

/// A place in the tree.
struct Line {
    to: String,
    name: String,
    code: String,
    kind: &'static str,
}

#[derive(Template)]
#[template(path = "web/console/places.html")]
struct Tree {
    frame: Frame,
    way: Vec<(String, String)>,
    here: Option<i64>,
    lines: Vec<Line>,
    next: Option<String>,
}

/// The page of a place: the grid for what holds homes, the home itself, the tree for all above.
pub(super) fn address(place: &place::Model) -> String {
    match place.kind {
        PlaceKind::Home => format!("/console/homes/{}", place.id),
        PlaceKind::Building | PlaceKind::Unit => format!("/console/buildings/{}", place.id),
        _ => format!("/console/homes?place={}", place.id),
    }
}

/// A place that lies in the reach of whoever looks.
///
/// # Errors
/// `not_found` for every other.
pub(super) async fn within<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    id: &str,
) -> Result<place::Model, Fault> {
    let none = || Fault::not_found("没有找到这个地点。");
    let id = id.parse().map_err(|_| none())?;
    let found = places::by_id(db, id).await?;
    found
        .filter(|place| reach.holds(&place.path))
        .ok_or_else(none)
}

/// The places above it that lie in the reach, from the top: where a path of links begins.
pub(super) async fn way<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
    place: &place::Model,
) -> Result<Vec<place::Model>, Fault> {
    let mut above = places::on_path(db, &place.path).await?;
    above.retain(|one| reach.holds(&one.path) && one.id != place.id);
    Ok(above)
}

/// Where somebody begins: the places at which the reach begins, the top of the tree for who is everywhere.
pub(super) async fn tops<C: ConnectionTrait>(
    db: &C,
    reach: &Reach,
) -> Result<Vec<place::Model>, Fault> {
    let query = place::Entity::find();
    let query = if reach.is_everywhere() {
        query.filter(place::COLUMN.parent_id.is_null())
    } else {
        query.filter(place::COLUMN.id.is_in(reach.tops()))
    };
    Ok(query
        .order_by_asc(place::COLUMN.id)
        .limit(LINES)
        .all(db)
        .await?)
}

/// Where there is something to choose: a city with one street with one community begins at its compounds.
async fn first_choice<C: ConnectionTrait>(
    db: &C,
    mut rows: Vec<place::Model>,
) -> Result<Vec<place::Model>, Fault> {
    while let [only] = rows.as_slice()
        && only.kind < PlaceKind::Compound
    {
        let below = place::Entity::find()
            .filter(place::COLUMN.parent_id.eq(only.id))
            .order_by_asc(place::COLUMN.id)
            .limit(2)
            .all(db)
            .await?;
        match below.as_slice() {
            [_] => rows = below,
            _ => break,
        }
    }
    Ok(rows)
}

/// `GET /console/homes`
///
/// # Errors
/// `not_found` for a place outside of the reach; `invalid` for a cursor that is none.
#[handler]
pub async fn tree(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let reach = reach(desk)?;
    let db = desk.app.store.read();
    let mut here = None;
    if !asked.place.is_empty() {
        here = Some(within(db, &reach, &asked.place).await?);
    }
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let mut found = match &here {
        None => Page {
            items: first_choice(db, tops(db, &reach).await?).await?,
            next: None,
        },
        Some(place) => {
            let below = place::Entity::find().filter(place::COLUMN.parent_id.eq(place.id));
            oldest(db, below, place::Column::Id, slice, |row| row.id).await?
        }
    };
    if here.is_none()
        && let [only] = found.items.as_slice()
        && !matches!(only.kind, PlaceKind::Home)
    {
        return Ok(crate::web::pages::go(&address(only)));
    }
    // 10栋 stands behind 9栋.
    found
        .items
        .sort_by_key(|row| (row.kind, row.code.len(), row.code.clone()));
    let above = match &here {
        Some(place) => way(db, &reach, place).await?,
        None => Vec::new(),
    };
    let title = here
        .as_ref()
        .map_or_else(|| "房屋".to_owned(), |place| place.name.clone());
    let page = Tree {
        frame: Frame::new(desk, title),
        way: above
            .iter()
            .map(|place| (address(place), place.name.clone()))
            .collect(),
        here: here.map(|place| place.id),
        lines: found
            .items
            .iter()
            .map(|row| Line {
                to: address(row),
                name: row.name.clone(),
                code: row.code.clone(),
                kind: kind_name(row.kind),
            })
            .collect(),
        next: found.next,
    };
    show(StatusCode::OK, &page)
}

/// A person of a home.
struct Resident {
    id: i64,
    name: String,
    relation: &'static str,
}

/// A tie of a home.
struct Tie {
    id: i64,
    who: String,
    state: &'static str,
    waits: bool,
    since: String,
}

/// A case about a home.
struct Case {
    id: i64,
    kind: &'static str,
    state: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "web/console/places_home.html")]
struct Home {
    frame: Frame,
    way: Vec<(String, String)>,
    code: String,
    area: Option<String>,
    note: Option<String>,
    residents: Vec<Resident>,
    ties: Vec<Tie>,
    cases: Vec<Case>,
    can_decide: bool,
}

/// `89.50`, of cm².
fn square_metres(area: i64) -> String {
    format!("{}.{:02}", area / 10_000, area % 10_000 / 100)
}

/// `GET /console/homes/:id`
///
/// # Errors
/// `not_found` for a home outside of the reach.
#[handler]
pub async fn show_home(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let reach = reach(desk)?;
    let db = desk.app.store.read();
    let home = within(db, &reach, &id).await?;
    if home.kind != PlaceKind::Home {
        return Ok(crate::web::pages::go(&address(&home)));
    }
    let above = way(db, &reach, &home).await?;
    let page = Home {
        frame: Frame::new(desk, places::name_of(db, &home).await?),
        way: above
            .iter()
            .map(|place| (address(place), place.name.clone()))
            .collect(),
        code: home.code.clone(),
        area: home.area_cm2.map(square_metres),
        note: home.note.clone(),
        residents: residents(db, &home).await?,
        ties: ties(db, &home).await?,
        cases: cases(db, desk, &home).await?,
        can_decide: may(desk.actor(), Deed::VerifyBindings, &home.path),
    };
    show(StatusCode::OK, &page)
}

async fn residents<C: ConnectionTrait>(
    db: &C,
    home: &place::Model,
) -> Result<Vec<Resident>, Fault> {
    let rows = residency::Entity::find()
        .filter(residency::COLUMN.place_id.eq(home.id))
        .filter(residency::COLUMN.ended_at.is_null())
        .order_by_asc(residency::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(rows.iter().map(|row| row.person_id)),
        )
        .filter(person::COLUMN.left_at.is_null())
        .all(db)
        .await?;
    let line = |row: &residency::Model| {
        let person = people.iter().find(|person| person.id == row.person_id)?;
        Some(Resident {
            id: person.id,
            name: person.name.clone(),
            relation: relation_name(row.relation),
        })
    };
    Ok(rows.iter().filter_map(line).collect())
}

async fn ties<C: ConnectionTrait>(db: &C, home: &place::Model) -> Result<Vec<Tie>, Fault> {
    let rows = binding::Entity::find()
        .filter(binding::COLUMN.place_id.eq(home.id))
        .filter(binding::COLUMN.state.is_in(LIVE))
        .order_by_asc(binding::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let line = |row: binding::Model| Tie {
        id: row.id,
        state: binding_name(row.state),
        waits: row.state == entity::kinds::BindingState::Requested,
        since: say(row.created_at),
        who: row.claimed_name,
    };
    Ok(rows.into_iter().map(line).collect())
}

async fn cases<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    home: &place::Model,
) -> Result<Vec<Case>, Fault> {
    let rows = case::Entity::find()
        .filter(case::COLUMN.place_id.eq(home.id))
        .filter(case::COLUMN.state.is_in(OPEN.iter().copied()))
        .order_by_desc(case::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let found = rows.into_iter().map(|case| Found {
        place: home.clone(),
        case,
    });
    // That a complaint is of this home says who complains.
    let shown =
        |found: &Found| sees(desk.actor(), found) && !shield::is_kept_from(desk.actor(), found);
    Ok(found
        .filter(shown)
        .map(|found| Case {
            id: found.case.id,
            kind: kind_says(found.case.kind),
            state: case_says(&found.case),
            text: shorten(&found.case.text.replace('\n', " "), SHOWN),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::square_metres;

    #[test]
    fn an_area_is_said_in_square_metres() {
        assert_eq!(square_metres(895_000), "89.50");
        assert_eq!(square_metres(1_407_500), "140.75");
    }
}
