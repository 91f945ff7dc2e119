//! `/console/buildings/:id/close`: what happens when a building is closed, and the form that does it: the building, its
//! posts and the clocks of what is open there in one transaction.

use askama::Template;
use entity::kinds::PlaceKind;
use entity::money::BillState;
use entity::{bill, binding, case, place, role};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::access::permit::{Deed, may};
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::case::step::OPEN;
use crate::person::actions::{Posts, end_posts};
use crate::person::binding::LIVE;
use crate::person::reach::not_over;
use crate::place::actions;
use crate::place::queries::{self as places, ids_below};
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::people::reach;
use crate::web::console::places::within;
use crate::web::pages::go;

/// How much there is of what will end or stay.
struct Counts {
    homes: u64,
    ties: u64,
    posts: u64,
    cases: u64,
    bills: u64,
}

#[derive(Template)]
#[template(path = "web/console/places_close.html")]
struct ClosePage {
    frame: Frame,
    id: i64,
    name: String,
    closed: bool,
    counts: Counts,
    typed: Typed,
}

/// A building that the actor administers.
async fn owned(desk: &Desk, id: &str) -> Result<place::Model, Fault> {
    let found = within(desk.app.store.read(), &reach(desk)?, id).await?;
    let own = may(desk.actor(), Deed::Administer, &found.path);
    if own && found.kind == PlaceKind::Building {
        Ok(found)
    } else {
        Err(Fault::not_found("没有找到这栋楼。"))
    }
}

/// `GET /console/buildings/:id/close`
///
/// # Errors
/// `not_found` for a building that the actor does not administer.
#[handler]
pub async fn ask(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    page(desk, &id, StatusCode::OK, Typed::default()).await
}

async fn page(desk: &Desk, id: &str, status: StatusCode, typed: Typed) -> Result<Response, Fault> {
    let place = owned(desk, id).await?;
    let db = desk.app.store.read();
    let page = ClosePage {
        frame: Frame::new(desk, format!("停用{}", places::name_of(db, &place).await?)),
        id: place.id,
        counts: count(db, &place, desk.app.clock.now()).await?,
        closed: place.closed_at.is_some(),
        name: place.name,
        typed,
    };
    show(status, &page)
}

async fn count<C: ConnectionTrait>(
    db: &C,
    place: &place::Model,
    now: Moment,
) -> Result<Counts, Fault> {
    let inside = || ids_below(&place.path);
    let homes = place::Entity::find()
        .filter(places::below(&place.path))
        .filter(place::COLUMN.kind.eq(PlaceKind::Home));
    let ties = binding::Entity::find()
        .filter(binding::Column::PlaceId.in_subquery(inside()))
        .filter(binding::COLUMN.state.is_in(LIVE));
    let posts = role::Entity::find()
        .filter(role::Column::PlaceId.in_subquery(inside()))
        .filter(not_over(now));
    let cases = case::Entity::find()
        .filter(case::Column::PlaceId.in_subquery(inside()))
        .filter(case::COLUMN.state.is_in(OPEN.iter().copied()));
    let bills = bill::Entity::find()
        .filter(bill::Column::HomeId.in_subquery(inside()))
        .filter(bill::COLUMN.state.eq(BillState::Open));
    Ok(Counts {
        homes: homes.count(db).await?,
        ties: ties.count(db).await?,
        posts: posts.count(db).await?,
        cases: cases.count(db).await?,
        bills: bills.count(db).await?,
    })
}

/// `POST /console/buildings/:id/close`
///
/// # Errors
/// `not_found` for a building that the actor does not administer.
#[handler]
pub async fn take(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let place = owned(desk, &id).await?;
    match close(desk, place.id, form.text("reason")).await {
        Ok(()) => Ok(go(&format!(
            "/console/buildings/{}?said=building-closed",
            place.id
        ))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => page(desk, &id, status(&fault), Typed::wrong(&form, &fault)).await,
    }
}

async fn close(desk: &Desk, id: i64, reason: &str) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let place = actions::close(&tx, desk.actor(), id).await?;
    end_posts(&mut tx, desk.actor(), Posts::At(&place), reason).await?;
    tx.commit().await
}
