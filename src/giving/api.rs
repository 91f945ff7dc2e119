//! The JSON of giving: `/api/v1/drives…`, `/api/v1/donations…`. Mounted by `web/router.rs`. Amounts of money are
//! whole fen, of goods pieces. Nobody's name is in it: who gives in secret is nobody, others are `张**`. Money
//! that was promised is paid by `POST /api/v1/payments` with the donation's number, or by its address.

mod view;

use chrono::NaiveDate;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use utoipa::OpenApi;

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::key::key_in;
use crate::base::page::{ListQuery, Slice};
use crate::fund::rows::no_such;
use crate::giving::actions::{self, Gift, Goods, Said};
use crate::giving::queries::{self, Which, no_such_drive};
use crate::place::queries as places;
use crate::store::Tx;
use view::{
    DonationPage, DonationQuery, DonationRefusal, DonationUseView, DonationView, DrivePage,
    DriveView, NewDonation, NewDrive, drive_view, view, whole,
};

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/drives", get(list_drives).post(write_drive))
        .at("/drives/:id", get(show_drive))
        .at("/drives/:id/open", post(open_drive))
        .at("/drives/:id/close", post(close_drive))
        .at("/donations", get(list_donations).post(give))
        .at("/donations/:id", get(show_donation))
        .at("/donations/:id/withdraw", post(withdraw_donation))
        .at("/donations/:id/receive", post(receive_donation))
        .at("/donations/:id/decline", post(decline_donation))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_drives, write_drive, show_drive, open_drive, close_drive, list_donations, give,
        show_donation, withdraw_donation, receive_donation, decline_donation
    ),
    components(schemas(
        DriveView, DrivePage, NewDrive, DonationView, DonationUseView, DonationPage, NewDonation,
        DonationRefusal
    )),
    tags((name = "giving", description = "捐赠"))
)]
pub struct Described;

fn day(field: &'static str, text: &str) -> Result<NaiveDate, Fault> {
    text.parse()
        .map_err(|_| Fault::invalid(field, "日期写成 2026-12-01 这样。"))
}

/// Drives, newest first.
#[utoipa::path(
    get, path = "/api/v1/drives", tag = "giving", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = DrivePage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_drives(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<DrivePage>, Fault> {
    let db = app.store.read();
    let page = queries::drives(db, &caller.actor, None, query.slice()?).await?;
    let mut items = Vec::new();
    for row in page.items {
        items.push(drive_view(db, row).await?);
    }
    Ok(Json(DrivePage {
        items,
        next: page.next,
    }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/drives/{id}", tag = "giving", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DriveView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_drive(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DriveView>, Fault> {
    let db = app.store.read();
    let id = key_in(&id, no_such_drive)?;
    let (row, _) = queries::drive(db, &caller.actor, id).await?;
    Ok(Json(drive_view(db, row).await?))
}

/// Write a draft.
#[utoipa::path(
    post, path = "/api/v1/drives", tag = "giving", security(("bearer" = [])),
    request_body = NewDrive,
    responses((status = 201, body = DriveView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn write_drive(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewDrive>,
) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let compound = places::compound_by_code(tx.db(), &body.compound).await?;
    let compound = compound
        .filter(|compound| queries::runs(&caller.actor, compound))
        .ok_or_else(|| Fault::not_found("没有找到这个小区。"))?;
    let said = Said {
        title: body.title,
        text: body.text,
        goal: body.goal,
        from: day("from", &body.from)?,
        to: body.to.as_deref().map(|to| day("to", to)).transpose()?,
    };
    let row = actions::save(&mut tx, &caller.actor, &compound, None, &said).await?;
    let view = drive_view(tx.db(), row).await?;
    let answer = once.leave(&tx, 201, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Let it take donations.
#[utoipa::path(
    post, path = "/api/v1/drives/{id}/open", tag = "giving", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DriveView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn open_drive(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    turn(&app, &caller, &once, &id, true).await
}

/// Let it take no more; whoever gave is told what is left.
#[utoipa::path(
    post, path = "/api/v1/drives/{id}/close", tag = "giving", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DriveView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn close_drive(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    turn(&app, &caller, &once, &id, false).await
}

async fn turn(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: &str,
    opens: bool,
) -> Result<Answer, Fault> {
    let id = key_in(id, no_such_drive)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let row = match opens {
        true => actions::open(&mut tx, &caller.actor, id).await?,
        false => actions::close(&mut tx, &caller.actor, id).await?,
    };
    let view = drive_view(tx.db(), row).await?;
    let answer = once.leave(&tx, 200, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Donations, newest first.
#[utoipa::path(
    get, path = "/api/v1/donations", tag = "giving", security(("bearer" = [])),
    params(DonationQuery),
    responses((status = 200, body = DonationPage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_donations(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<DonationQuery>,
) -> Result<Json<DonationPage>, Fault> {
    let which = match query.list.as_deref() {
        None | Some("mine") => Which::Mine,
        Some("waiting") => Which::Waiting,
        Some(_) => {
            return Err(Fault::invalid("list", "list 必须是 mine 或 waiting。"));
        }
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = queries::page(app.store.read(), &caller.actor, which, slice).await?;
    Ok(Json(DonationPage {
        items: page
            .items
            .into_iter()
            .map(|seen| view(&app, seen))
            .collect(),
        next: page.next,
    }))
}

/// One of them, with what it was used for.
#[utoipa::path(
    get, path = "/api/v1/donations/{id}", tag = "giving", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DonationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_donation(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DonationView>, Fault> {
    let db = app.store.read();
    let seen = queries::seen(db, &caller.actor, key_in(&id, no_such)?).await?;
    Ok(Json(whole(&app, db, seen).await?))
}

/// Promise money or goods.
#[utoipa::path(
    post, path = "/api/v1/donations", tag = "giving", security(("bearer" = [])),
    request_body = NewDonation,
    responses((status = 201, body = DonationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn give(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewDonation>,
) -> Result<Answer, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let drive_id = match &body.drive {
        Some(id) => Some(key_in(id, no_such_drive)?),
        None => None,
    };
    let gift = Gift {
        drive_id,
        anonymous: body.anonymous,
    };
    let actor = &caller.actor;
    let row = match body.kind.as_str() {
        "money" => actions::pledge_money(&mut tx, actor, gift, body.amount).await?,
        "goods" => {
            let goods = Goods {
                what: body.goods,
                pieces: body.amount,
                room: body.room,
            };
            actions::pledge_goods(&mut tx, actor, gift, &goods).await?
        }
        _ => return Err(Fault::invalid("kind", "kind 必须是 money 或 goods。")),
    };
    let seen = queries::seen(tx.db(), actor, row.id).await?;
    let view = whole(&app, tx.db(), seen).await?;
    let answer = once.leave(&tx, 201, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

/// What a POST does to a donation.
enum Deed {
    Withdraw,
    Receive,
    Decline(String),
}

async fn change(
    app: &App,
    caller: &Caller,
    once: &Once,
    id: &str,
    deed: Deed,
) -> Result<Answer, Fault> {
    let id = key_in(id, no_such)?;
    let mut tx = app.store.begin(app.clock.now()).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    run(&mut tx, caller, id, deed).await?;
    let seen = queries::seen(tx.db(), &caller.actor, id).await?;
    let view = whole(app, tx.db(), seen).await?;
    let answer = once.leave(&tx, 200, &view).await?;
    tx.commit().await?;
    Ok(answer)
}

async fn run(tx: &mut Tx, caller: &Caller, id: i64, deed: Deed) -> Result<(), Fault> {
    let actor = &caller.actor;
    let done = match deed {
        Deed::Withdraw => actions::withdraw(tx, actor, id).await,
        Deed::Receive => actions::receive(tx, actor, id).await,
        Deed::Decline(reason) => actions::decline(tx, actor, id, &reason).await,
    };
    done.map(drop)
}

/// Take a promise back.
#[utoipa::path(
    post, path = "/api/v1/donations/{id}/withdraw", tag = "giving", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DonationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn withdraw_donation(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Withdraw).await
}

/// Say that goods are there.
#[utoipa::path(
    post, path = "/api/v1/donations/{id}/receive", tag = "giving", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = DonationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn receive_donation(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Receive).await
}

/// Say that they cannot be taken in.
#[utoipa::path(
    post, path = "/api/v1/donations/{id}/decline", tag = "giving", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = DonationRefusal,
    responses((status = 200, body = DonationView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn decline_donation(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<DonationRefusal>,
) -> Result<Answer, Fault> {
    change(&app, &caller, &once, &id, Deed::Decline(body.reason)).await
}
