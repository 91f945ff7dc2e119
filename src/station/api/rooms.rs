//! `/api/v1/stations/rooms…` and `/bookings…`: what is free, and booking it.

use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::time;
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::dates;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::station::actions::{self, Asked};
use crate::station::booking_says;
use crate::station::queries::rooms::{self, Booking, Which, no_booking, no_room};
use crate::station::queries::{found, no_such};

/// The paths below `/api/v1`.
pub(super) fn routes(route: Route) -> Route {
    route
        .at("/stations/:id/rooms", get(list_rooms))
        .at("/stations/rooms/:id/free", get(list_free))
        .at("/stations/rooms/:id/bookings", post(book_room))
        .at("/stations/bookings", get(list_bookings))
        .at("/stations/bookings/:id/cancel", post(cancel_booking))
        .at("/stations/bookings/:id/absent", post(miss_booking))
}

#[derive(OpenApi)]
#[openapi(
    paths(
        list_rooms,
        list_free,
        book_room,
        list_bookings,
        cancel_booking,
        miss_booking
    ),
    components(schemas(
        RoomView,
        RoomList,
        FreeTimes,
        NewBooking,
        BookingView,
        BookingPage,
        BookingEnd
    ))
)]
pub(super) struct Described;

/// A room.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomView {
    /// The number that people type.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// How many sit in it.
    pub seats: i32,
}

/// The rooms of a station: twenty at most.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomList {
    /// Oldest first.
    pub items: Vec<RoomView>,
}

/// The half hours at which a booking can begin.
#[derive(Debug, Serialize, ToSchema)]
pub struct FreeTimes {
    /// RFC 3339, the earliest first.
    pub starts: Vec<String>,
}

/// Which day.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FreeQuery {
    /// `2026-12-01`
    pub day: String,
}

/// A booking to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewBooking {
    /// RFC 3339; a whole half hour.
    pub from: String,
    /// RFC 3339; a whole half hour, two hours later at most.
    pub to: String,
    /// What for.
    #[serde(default)]
    pub purpose: String,
    /// For the work of a keeper: residents' bookings in the way give way and are told why.
    #[serde(default)]
    pub official: bool,
}

/// A booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookingView {
    /// The number that people type.
    pub id: String,
    /// Which room.
    pub room_id: String,
    /// What people call it.
    pub room: String,
    /// At which station.
    pub station: String,
    /// Begins.
    pub from: String,
    /// Ends.
    pub to: String,
    /// booked, cancelled, displaced, absent.
    pub state: String,
    /// 已预订 …
    pub state_label: String,
    /// For the work of a keeper.
    pub official: bool,
    /// What for.
    pub purpose: Option<String>,
    /// Why it was cancelled or had to give way.
    pub reason: Option<String>,
    /// Who; for keepers.
    pub booker: Option<String>,
}

/// A page of bookings.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookingPage {
    /// Newest first.
    pub items: Vec<BookingView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which bookings.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BookingQuery {
    /// The station, for its keepers; the caller's own if not given.
    pub station: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// That a booking is off.
#[derive(Debug, Deserialize, ToSchema)]
pub struct BookingEnd {
    /// Must be there for a keeper who cancels somebody else's: they are told.
    #[serde(default)]
    pub reason: String,
}

impl From<Booking> for BookingView {
    fn from(booking: Booking) -> Self {
        let row = booking.row;
        Self {
            id: row.id.to_string(),
            room_id: row.room_id.to_string(),
            room: booking.room,
            station: booking.station,
            from: time(row.from_at),
            to: time(row.to_at),
            state: row.state.to_value(),
            state_label: booking_says(row.state).to_owned(),
            official: row.official,
            purpose: row.purpose,
            reason: row.reason,
            booker: booking.booker,
        }
    }
}

/// The rooms of a station.
#[utoipa::path(
    get, path = "/api/v1/stations/{id}/rooms", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = RoomList), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_rooms(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RoomList>, Fault> {
    let db = app.store.read();
    let found = found(db, &caller.actor, key_in(&id, |_| no_such())?).await?;
    let rows = rooms::rooms_of(db, &[found.station.id]).await?;
    let one = |row: entity::station_room::Model| RoomView {
        id: row.id.to_string(),
        name: row.name,
        seats: row.seats,
    };
    Ok(Json(RoomList {
        items: rows.into_iter().map(one).collect(),
    }))
}

/// When a room is free on a day.
#[utoipa::path(
    get, path = "/api/v1/stations/rooms/{id}/free", tag = "stations", security(("bearer" = [])),
    params(("id" = String, Path), FreeQuery),
    responses((status = 200, body = FreeTimes), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_free(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<FreeQuery>,
) -> Result<Json<FreeTimes>, Fault> {
    let day = dates::read_day("day", &query.day)?;
    let db = app.store.read();
    let room = rooms::room(db, &caller.actor, key_in(&id, |_| no_room())?).await?;
    let free = rooms::free(db, &room, day, app.clock.now()).await?;
    Ok(Json(FreeTimes {
        starts: free.into_iter().map(time).collect(),
    }))
}

/// Book a room: of those who come at once one has it.
#[utoipa::path(
    post, path = "/api/v1/stations/rooms/{id}/bookings", tag = "stations",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = NewBooking,
    responses((status = 201, body = BookingView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn book_room(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<NewBooking>,
) -> Result<Answer, Fault> {
    let asked = Asked {
        room_id: key_in(&id, |_| no_room())?,
        from: dates::read_moment("from", &body.from)?,
        to: dates::read_moment("to", &body.to)?,
        purpose: &body.purpose,
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let actor = &caller.actor;
    let row = match body.official {
        true => actions::book_officially(&mut tx, actor, asked).await?.0,
        false => actions::book(&mut tx, actor, &app.settings.stations, asked).await?,
    };
    let booking = rooms::booking(tx.db(), actor, row.id).await?;
    let answer = once.leave(&tx, 201, &BookingView::from(booking)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// The caller's bookings, newest first; or those of a station that they keep.
#[utoipa::path(
    get, path = "/api/v1/stations/bookings", tag = "stations", security(("bearer" = [])),
    params(BookingQuery),
    responses((status = 200, body = BookingPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_bookings(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<BookingQuery>,
) -> Result<Json<BookingPage>, Fault> {
    let which = match query.station.as_deref() {
        None | Some("") => Which::Mine,
        Some(id) => Which::Of(key_in(id, |_| no_such())?),
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = rooms::bookings(app.store.read(), &caller.actor, which, slice).await?;
    Ok(Json(BookingPage {
        items: page.items.into_iter().map(BookingView::from).collect(),
        next: page.next,
    }))
}

/// Give a room back.
#[utoipa::path(
    post, path = "/api/v1/stations/bookings/{id}/cancel", tag = "stations",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = BookingEnd,
    responses((status = 200, body = BookingView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn cancel_booking(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<BookingEnd>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Some(&body.reason)).await
}

/// Note, as a keeper, that nobody came.
#[utoipa::path(
    post, path = "/api/v1/stations/bookings/{id}/absent", tag = "stations",
    security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = BookingView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn miss_booking(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, None).await
}

/// Cancelled with a reason, or nobody came.
async fn change(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: &str,
    cancelled: Option<&str>,
) -> Result<Answer, Fault> {
    let id = key_in(id, no_booking)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    match cancelled {
        Some(reason) => actions::cancel(&mut tx, &caller.actor, id, reason).await?,
        None => actions::absent(&mut tx, &caller.actor, id).await?,
    };
    let booking = rooms::booking(tx.db(), &caller.actor, id).await?;
    let answer = once.leave(&tx, 200, &BookingView::from(booking)).await?;
    tx.commit().await?;
    Ok(answer)
}
