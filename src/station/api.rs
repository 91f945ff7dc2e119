//! The JSON of stations: `/api/v1/stations…`. Mounted by `web/router.rs`. Who has or booked what stands in it
//! for keepers alone. Rooms and windows have files of their own.

mod rooms;
mod windows;

use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::{ActiveEnum, ConnectionTrait};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::month::Month;
use crate::base::page::{ListQuery, Slice};
use crate::station::actions::{self, Outcome};
use crate::station::loan_says;
use crate::station::queries::lending::{self, Loan, Whose, no_loan, no_thing};
use crate::station::queries::{self, Seen, figures, no_such};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    let route = route
        .at("/stations", get(list_stations))
        .at("/stations/loans", get(list_loans))
        .at("/stations/loans/:id/hand", post(hand_loan))
        .at("/stations/loans/:id/end", post(end_loan))
        .at("/stations/things/:id/borrow", post(borrow_thing))
        .at("/stations/:id", get(show_station))
        .at("/stations/:id/things", get(list_things))
        .at("/stations/:id/visits", post(count_visits));
    windows::routes(rooms::routes(route))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[must_use]
pub fn described() -> utoipa::openapi::OpenApi {
    let mut all = Described::openapi();
    all.merge(rooms::Described::openapi());
    all.merge(windows::Described::openapi());
    all
}

#[derive(OpenApi)]
#[openapi(
    paths(
        list_stations, show_station, list_things, borrow_thing, list_loans, hand_loan, end_loan,
        count_visits
    ),
    components(schemas(
        StationView, StationPage, ThingView, ThingPage, LoanView, LoanPage, LoanEnd, VisitCount
    )),
    tags((name = "stations", description = "红色驿站"))
)]
struct Described;

/// A station.
#[derive(Debug, Serialize, ToSchema)]
pub struct StationView {
    /// The number that people type.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `1栋`
    pub place: String,
    /// `一楼大厅`
    pub spot: String,
    /// 热水、充电 …
    pub facilities: Vec<String>,
    /// `周一至周五 08:00-18:00`
    pub hours: String,
    /// Whether somebody is let in now.
    pub open: bool,
    /// `开门中，到18:00`
    pub open_label: String,
    /// How many came this month.
    pub visits_this_month: i64,
}

/// A page of stations.
#[derive(Debug, Serialize, ToSchema)]
pub struct StationPage {
    /// Newest first.
    pub items: Vec<StationView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Something that a station lends.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThingView {
    /// The number that people type.
    pub id: String,
    /// What stands on it.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// How many can be borrowed now.
    pub left: i32,
    /// For how many days.
    pub days: i32,
}

/// A page of things.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThingPage {
    /// Newest first.
    pub items: Vec<ThingView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// A loan.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoanView {
    /// The number that people type.
    pub id: String,
    /// Which thing.
    pub thing_id: String,
    /// What people call it.
    pub thing: String,
    /// What stands on it.
    pub code: String,
    /// lent, handed, returned, lost, damaged.
    pub state: String,
    /// 借出 …
    pub state_label: String,
    /// Who has it; for keepers.
    pub borrower: Option<String>,
    /// Since when.
    pub lent_at: String,
    /// When it should be back.
    pub due_at: String,
    /// When it was over.
    pub ended_at: Option<String>,
    /// What became of it.
    pub note: Option<String>,
}

/// A page of loans.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoanPage {
    /// Newest first.
    pub items: Vec<LoanView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which loans.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LoanQuery {
    /// The station whose loans are out, for its keepers; the caller's own if not given.
    pub station: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// How a loan ends.
#[derive(Debug, Deserialize, ToSchema)]
pub struct LoanEnd {
    /// returned, lost, damaged; or `not_back`, when what was handed in is not there.
    pub outcome: String,
    /// A word to it; must be there for lost and damaged.
    #[serde(default)]
    pub note: String,
}

/// Visits counted by hand.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VisitCount {
    /// So many; below zero takes back.
    pub visits: i64,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

impl From<Loan> for LoanView {
    fn from(loan: Loan) -> Self {
        let row = loan.row;
        Self {
            id: row.id.to_string(),
            thing_id: loan.thing.id.to_string(),
            thing: loan.thing.name,
            code: loan.thing.code,
            state: row.state.to_value(),
            state_label: loan_says(row.state).to_owned(),
            borrower: loan.borrower,
            lent_at: time(row.lent_at),
            due_at: time(row.due_at),
            ended_at: row.ended_at.map(time),
            note: row.note,
        }
    }
}

async fn view<C: ConnectionTrait>(db: &C, now: Moment, seen: Seen) -> Result<StationView, Fault> {
    let month = Month::of(china(now).date_naive());
    let visits = figures::in_month(db, seen.station.id, month).await?;
    Ok(StationView {
        hours: seen.week(),
        open: seen.open.is_open(),
        open_label: seen.open.says(),
        visits_this_month: visits,
        id: seen.station.id.to_string(),
        name: seen.station.name,
        place: seen.place,
        spot: seen.station.spot,
        facilities: seen.facilities,
    })
}

/// Stations of the compounds where the caller lives or serves.
#[utoipa::path(
    get, path = "/api/v1/stations", tag = "stations", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = StationPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_stations(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<StationPage>, Fault> {
    let db = app.store.read();
    let now = app.clock.now();
    let page = queries::page(db, &caller.actor, now, query.slice()?).await?;
    let mut items = Vec::new();
    for seen in page.items {
        items.push(view(db, now, seen).await?);
    }
    Ok(Json(StationPage {
        items,
        next: page.next,
    }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/stations/{id}", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = StationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_station(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<StationView>, Fault> {
    let id = key_in(&id, |_| no_such())?;
    let now = app.clock.now();
    let db = app.store.read();
    let seen = queries::seen(db, &caller.actor, now, id).await?;
    Ok(Json(view(db, now, seen).await?))
}

/// What a station lends.
#[utoipa::path(
    get, path = "/api/v1/stations/{id}/things", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path), ListQuery),
    responses((status = 200, body = ThingPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_things(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<ThingPage>, Fault> {
    let id = key_in(&id, |_| no_such())?;
    let page = lending::things(app.store.read(), &caller.actor, id, query.slice()?).await?;
    let one = |row: entity::station_thing::Model| ThingView {
        id: row.id.to_string(),
        code: row.code,
        name: row.name,
        left: row.quantity - row.lent,
        days: row.days,
    };
    Ok(Json(ThingPage {
        items: page.items.into_iter().map(one).collect(),
        next: page.next,
    }))
}

/// The caller's loans, newest first; or what is out of a station that they keep.
#[utoipa::path(
    get, path = "/api/v1/stations/loans", tag = "stations", security(("bearer" = [])),
    params(LoanQuery),
    responses((status = 200, body = LoanPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_loans(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<LoanQuery>,
) -> Result<Json<LoanPage>, Fault> {
    let whose = match query.station.as_deref() {
        None | Some("") => Whose::Mine,
        Some(id) => Whose::Out(key_in(id, |_| no_such())?),
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = lending::loans(app.store.read(), &caller.actor, whose, slice).await?;
    Ok(Json(LoanPage {
        items: page.items.into_iter().map(LoanView::from).collect(),
        next: page.next,
    }))
}

/// Borrow a thing: as often as it is there, whoever comes at once.
#[utoipa::path(
    post, path = "/api/v1/stations/things/{id}/borrow", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 201, body = LoanView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn borrow_thing(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, |_| no_thing())?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let terms = &app.settings.stations;
    let row = actions::borrow(&mut tx, &caller.actor, terms, id).await?;
    let loan = lending::loan(tx.db(), &caller.actor, row.id).await?;
    let answer = once.leave(&tx, 201, &LoanView::from(loan)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Say that it is back.
#[utoipa::path(
    post, path = "/api/v1/stations/loans/{id}/hand", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = LoanView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn hand_loan(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_loan)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    actions::hand(&mut tx, &caller.actor, id).await?;
    let loan = lending::loan(tx.db(), &caller.actor, id).await?;
    let answer = once.leave(&tx, 200, &LoanView::from(loan)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Say, as its keeper, what became of it.
#[utoipa::path(
    post, path = "/api/v1/stations/loans/{id}/end", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = LoanEnd,
    responses((status = 200, body = LoanView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn end_loan(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<LoanEnd>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, no_loan)?;
    let outcome = match body.outcome.as_str() {
        "returned" => Some(Outcome::Returned),
        "lost" => Some(Outcome::Lost),
        "damaged" => Some(Outcome::Damaged),
        "not_back" => None,
        _ => {
            return Err(Fault::invalid(
                "outcome",
                "outcome 必须是 returned、lost、damaged 或 not_back。",
            ));
        }
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let actor = &caller.actor;
    match outcome {
        Some(outcome) => actions::end(&mut tx, actor, id, outcome, &body.note).await?,
        None => actions::deny(&mut tx, actor, id).await?,
    };
    let loan = lending::loan(tx.db(), actor, id).await?;
    let answer = once.leave(&tx, 200, &LoanView::from(loan)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Count visits by hand, as a keeper.
#[utoipa::path(
    post, path = "/api/v1/stations/{id}/visits", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = VisitCount,
    responses((status = 200, body = StationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn count_visits(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<VisitCount>,
) -> Result<Answer, Fault> {
    let id = key_in(&id, |_| no_such())?;
    let now = app.clock.now();
    let mut tx = app.store.begin(now).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    actions::count(&mut tx, &caller.actor, id, body.visits).await?;
    let seen = queries::seen(tx.db(), &caller.actor, now, id).await?;
    let shown = view(tx.db(), now, seen).await?;
    let answer = once.leave(&tx, 200, &shown).await?;
    tx.commit().await?;
    Ok(answer)
}
