//! `/console/roles`: who holds which post of a place until when, what is vacant, and whose term ends soon.
//! Giving a post and ending one is `roles_one.rs`.

use askama::Template;
use chrono::TimeDelta;
use entity::kinds::PlaceKind;
use entity::place;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::person::posts::{self, Post, Vacancy};
use crate::person::reach::{Part, Reach};
use crate::person::words::role_name;
use crate::place::queries::names_of;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::console::people::reach;
use crate::web::console::people_one::{day, term};
use crate::web::console::places::{tops, way, within};

/// Days before its end at which a term is listed.
const SOON_DAYS: i64 = 30;
/// Places below that are listed, and buildings looked at.
const MOST: u64 = 2_000;

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    place: String,
    said: String,
}

/// A post in the list.
struct Line {
    id: i64,
    person: i64,
    role: &'static str,
    place: String,
    name: String,
    term: String,
    later: bool,
    soon: bool,
    own: bool,
    until: String,
    can_end: bool,
}

/// A post that nobody holds.
struct Gap {
    role: &'static str,
    value: String,
    place: String,
    place_id: i64,
    can_fill: bool,
}

/// A place below, with how many posts of it are vacant where that is known.
struct Below {
    id: i64,
    name: String,
    vacant: Option<usize>,
}

#[derive(Template)]
#[template(path = "web/console/roles.html")]
struct Roles {
    frame: Frame,
    way: Vec<(i64, String)>,
    place: Option<i64>,
    below: Vec<Below>,
    lines: Vec<Line>,
    gaps: Vec<Gap>,
    can_appoint: bool,
}

impl Roles {
    /// Whose term ends soon, here or in the compounds below.
    fn soon(&self) -> Vec<&Line> {
        self.lines.iter().filter(|line| line.soon).collect()
    }

    /// What is held here.
    fn held(&self) -> Vec<&Line> {
        self.lines.iter().filter(|line| line.own).collect()
    }
}

/// `GET /console/roles`
///
/// # Errors
/// `not_found` for a place outside of the reach.
#[handler]
pub async fn overview(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let reach = reach(desk)?;
    let db = desk.app.store.read();
    let now = desk.app.clock.now();
    let mut here = None;
    let mut rows = Vec::new();
    if asked.place.is_empty() {
        rows = tops(db, &reach).await?;
        if let [_] = rows.as_slice() {
            here = rows.pop();
        }
    } else {
        here = Some(within(db, &reach, &asked.place).await?);
    }
    let page = match here {
        None => Roles {
            frame: Frame::new(desk, "岗位").saying(&asked.said),
            way: Vec::new(),
            place: None,
            below: rows
                .into_iter()
                .map(|row| Below {
                    id: row.id,
                    name: row.name,
                    vacant: None,
                })
                .collect(),
            lines: Vec::new(),
            gaps: Vec::new(),
            can_appoint: may(desk.actor(), Deed::Administer, "/"),
        },
        Some(place) => of_place(db, desk, &reach, &place, now, &asked.said).await?,
    };
    show(StatusCode::OK, &page)
}

async fn of_place<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    reach: &Reach,
    place: &place::Model,
    now: Moment,
    said: &str,
) -> Result<Roles, Fault> {
    let above = place.kind < PlaceKind::Compound;
    let parts = reach.inside(&place.path).parts(db).await?;
    // Whoever reaches more compounds than one list goes through sees what stands above them.
    let compounds: Vec<i64> = parts
        .unwrap_or_default()
        .iter()
        .map(|part: &Part| part.compound_id)
        .collect();
    let mut all = posts::of(db, &compounds, &[place.id], now).await?;
    all.retain(|post| post.place.path.starts_with(&place.path));
    let mut wanting = buildings(db, &compounds, place).await?;
    wanting.insert(0, place.clone());
    let (below, gaps) = if above {
        let children = children(db, place).await?;
        let own = posts::vacancies(std::slice::from_ref(place), &all, now);
        wanting.retain(|one| one.id != place.id);
        wanting.extend(compounds_of(&children));
        let vacant = posts::vacancies(&wanting, &all, now);
        let below = children.into_iter().map(|child| Below {
            vacant: (child.kind == PlaceKind::Compound).then(|| {
                let inside = vacant.iter();
                inside
                    .filter(|one| one.place.path.starts_with(&child.path))
                    .count()
            }),
            id: child.id,
            name: child.name,
        });
        (below.collect(), own)
    } else {
        (Vec::new(), posts::vacancies(&wanting, &all, now))
    };
    // Above the compounds only what ends soon is of interest here of what lies in them.
    all.retain(|post| !above || post.place.id == place.id || ends_soon(post, now));
    let ways = way(db, reach, place).await?;
    Ok(Roles {
        frame: Frame::new(desk, format!("{} 的岗位", place.name)).saying(said),
        way: ways.into_iter().map(|one| (one.id, one.name)).collect(),
        place: Some(place.id),
        below,
        lines: lines(db, desk, place, all, now).await?,
        gaps: gaps_of(db, desk, gaps).await?,
        can_appoint: may(desk.actor(), Deed::Administer, &place.path),
    })
}

fn ends_soon(post: &Post, now: Moment) -> bool {
    let until = now + TimeDelta::days(SOON_DAYS);
    post.role.to_at.is_some_and(|to| to <= until)
}

fn compounds_of(children: &[place::Model]) -> Vec<place::Model> {
    let own = children.iter();
    own.filter(|child| child.kind == PlaceKind::Compound)
        .cloned()
        .collect()
}

async fn children<C: ConnectionTrait>(
    db: &C,
    place: &place::Model,
) -> Result<Vec<place::Model>, Fault> {
    Ok(place::Entity::find()
        .filter(place::COLUMN.parent_id.eq(place.id))
        .filter(place::COLUMN.kind.ne(PlaceKind::Home))
        .order_by_asc(place::COLUMN.code)
        .limit(MOST)
        .all(db)
        .await?)
}

/// The buildings of the compounds that lie in the place, in the order of their numbers.
async fn buildings<C: ConnectionTrait>(
    db: &C,
    compounds: &[i64],
    place: &place::Model,
) -> Result<Vec<place::Model>, Fault> {
    let mut rows = place::Entity::find()
        .filter(place::COLUMN.compound_id.is_in(compounds.iter().copied()))
        .filter(place::COLUMN.kind.eq(PlaceKind::Building))
        .limit(MOST)
        .all(db)
        .await?;
    rows.retain(|row| row.path.starts_with(&place.path) && row.id != place.id);
    rows.sort_by_key(|row| (row.code.len(), row.code.clone()));
    Ok(rows)
}

async fn lines<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    here: &place::Model,
    all: Vec<Post>,
    now: Moment,
) -> Result<Vec<Line>, Fault> {
    let above = here.kind < PlaceKind::Compound;
    let places: Vec<place::Model> = all.iter().map(|post| post.place.clone()).collect();
    let names = names_of(db, &places).await?;
    let both = all.into_iter().zip(names);
    Ok(both
        .map(|(post, place)| Line {
            id: post.role.id,
            person: post.role.person_id,
            role: role_name(post.role.role),
            place,
            name: post.name.clone(),
            term: term(&post.role),
            later: post.role.from_at > now,
            soon: ends_soon(&post, now),
            own: !above || post.place.id == here.id,
            until: post
                .role
                .to_at
                .map_or_else(String::new, |to| day(to - TimeDelta::milliseconds(1))),
            can_end: may(desk.actor(), Deed::Administer, &post.place.path),
        })
        .collect())
}

async fn gaps_of<C: ConnectionTrait>(
    db: &C,
    desk: &Desk,
    gaps: Vec<Vacancy>,
) -> Result<Vec<Gap>, Fault> {
    let places: Vec<place::Model> = gaps.iter().map(|gap| gap.place.clone()).collect();
    let names = names_of(db, &places).await?;
    let both = gaps.into_iter().zip(names);
    Ok(both
        .map(|(gap, place)| Gap {
            role: role_name(gap.role),
            value: gap.role.to_value(),
            place,
            place_id: gap.place.id,
            can_fill: may(desk.actor(), Deed::Administer, &gap.place.path),
        })
        .collect())
}
