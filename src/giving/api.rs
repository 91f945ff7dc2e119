//! The JSON of giving: `/api/v1/drives…`, `/api/v1/donations…`. Mounted by `web/router.rs`. Amounts of money are
//! whole fen, of goods pieces. Nobody's name is in it: who gives in secret is nobody, others are `张**`. Money
//! that was promised is paid by `POST /api/v1/payments` with the donation's number, or by its address.

use chrono::NaiveDate;
use entity::kinds::{DonationKind, DonationState};
use entity::{donation_use, drive};
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
use crate::base::page::{ListQuery, Slice};
use crate::fund::rows::no_such;
use crate::giving::actions::{self, Gift, Goods, Said};
use crate::giving::queries::{self, Seen, Side, Which, no_such_drive, public};
use crate::giving::{drive_says, state_says};
use crate::payment::link;
use crate::place::queries as places;
use crate::store::Tx;

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

/// A drive.
#[derive(Debug, Serialize, ToSchema)]
pub struct DriveView {
    /// The number that people type.
    pub id: String,
    /// In a few words.
    pub title: String,
    /// What for and for whom.
    pub text: String,
    /// Fen; none when any amount helps.
    pub goal: Option<i64>,
    /// The first day on which something is taken.
    pub from: String,
    /// The last one.
    pub to: Option<String>,
    /// draft, open, closed.
    pub state: String,
    /// 进行中 …
    pub state_label: String,
    /// Fen that were given.
    pub given: i64,
    /// Fen of it that were used.
    pub used: i64,
    /// Fen of it that went back.
    pub returned: i64,
    /// Donations of money and goods.
    pub donations: i64,
}

/// A page of drives.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrivePage {
    /// Newest first.
    pub items: Vec<DriveView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// A drive to be written, as a draft.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewDrive {
    /// Code of the compound, `GY`.
    pub compound: String,
    /// At most 30 characters.
    pub title: String,
    /// At most 500 characters.
    pub text: String,
    /// Fen; none when any amount helps.
    #[serde(default)]
    pub goal: Option<i64>,
    /// `2026-12-01`
    pub from: String,
    /// `2026-12-31`; none until somebody closes it.
    #[serde(default)]
    pub to: Option<String>,
}

/// A donation, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DonationView {
    /// The number that people type.
    pub id: String,
    /// The drive; none when it is for none.
    pub drive: Option<String>,
    /// What it is for.
    pub purpose: String,
    /// money or goods.
    pub kind: String,
    /// Of money fen, of goods pieces.
    pub amount: i64,
    /// What of it was used.
    pub used: i64,
    /// What of it went back.
    pub returned: i64,
    /// What the goods are.
    pub goods: Option<String>,
    /// The room that they are for.
    pub room: Option<String>,
    /// `张**`, or that nobody is to know.
    pub who: String,
    /// Whether nobody is to learn who gave.
    pub anonymous: bool,
    /// What the caller has to do with it: donor, staff.
    pub side: String,
    /// pledged, received, declined, withdrawn, lapsed.
    pub state: String,
    /// 已收到 …
    pub state_label: String,
    /// Why it was declined.
    pub reason: Option<String>,
    /// Where promised money is paid; for the donor, for a day.
    pub pay_url: Option<String>,
    /// What it was used for, newest first; empty in a list.
    pub uses: Vec<DonationUseView>,
    /// Made.
    pub created_at: String,
    /// Since when it is there.
    pub received_at: Option<String>,
}

/// What a donation was used for.
#[derive(Debug, Serialize, ToSchema)]
pub struct DonationUseView {
    /// In words for everybody.
    pub what: String,
    /// The day.
    pub day: String,
    /// This donation's part, in its unit.
    pub amount: i64,
    /// The expense by which the money left.
    pub expense: Option<String>,
}

/// A page of donations.
#[derive(Debug, Serialize, ToSchema)]
pub struct DonationPage {
    /// Newest first.
    pub items: Vec<DonationView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which donations.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DonationQuery {
    /// mine (if not given), or waiting: goods that the caller may take in.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// A promise of money or of goods.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewDonation {
    /// The drive; none: for whatever the compound does good with.
    #[serde(default)]
    pub drive: Option<String>,
    /// money or goods.
    pub kind: String,
    /// Of money fen, at most 100000000; of goods pieces.
    pub amount: i64,
    /// What the goods are, at most 100 characters, no phone numbers.
    #[serde(default)]
    pub goods: String,
    /// The room that they are for, at most 20 characters.
    #[serde(default)]
    pub room: String,
    /// Whether nobody is to learn who gave.
    #[serde(default)]
    pub anonymous: bool,
}

/// Why goods cannot be taken in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DonationRefusal {
    /// The donor is told.
    pub reason: String,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

async fn drive_view<C: ConnectionTrait>(db: &C, row: drive::Model) -> Result<DriveView, Fault> {
    let sums = public::sums(db, row.compound_id).await?;
    let sums = sums.get(&Some(row.id)).copied().unwrap_or_default();
    Ok(DriveView {
        id: row.id.to_string(),
        title: row.title,
        text: row.text,
        goal: row.goal,
        from: row.from_day.to_string(),
        to: row.to_day.map(|day| day.to_string()),
        state: row.state.to_value(),
        state_label: drive_says(row.state).to_owned(),
        given: sums.given,
        used: sums.used,
        returned: sums.returned,
        donations: sums.count,
    })
}

fn view(app: &App, seen: Seen) -> DonationView {
    let row = seen.row;
    let own = seen.side == Side::Donor;
    let waits = row.state == DonationState::Pledged && row.kind == DonationKind::Money;
    DonationView {
        id: row.id.to_string(),
        drive: row.drive_id.map(|id| id.to_string()),
        purpose: seen.purpose,
        kind: row.kind.to_value(),
        amount: row.amount,
        used: row.used,
        returned: row.returned,
        who: seen.who,
        anonymous: row.anonymous,
        side: match seen.side {
            Side::Donor => "donor".to_owned(),
            Side::Staff => "staff".to_owned(),
        },
        state: row.state.to_value(),
        state_label: state_says(&row).to_owned(),
        pay_url: (own && waits).then(|| link::pay_donation(app, &row)),
        uses: Vec::new(),
        created_at: time(row.created_at),
        received_at: row.received_at.map(time),
        goods: row.goods,
        room: row.room,
        reason: row.reason,
    }
}

/// With what it was used for.
async fn whole<C: ConnectionTrait>(app: &App, db: &C, seen: Seen) -> Result<DonationView, Fault> {
    let uses = queries::uses_of(db, seen.row.id).await?;
    let one = |(row, amount): (donation_use::Model, i64)| DonationUseView {
        what: row.what,
        day: row.day.to_string(),
        amount,
        expense: row.expense_id.map(|id| id.to_string()),
    };
    Ok(DonationView {
        uses: uses.into_iter().map(one).collect(),
        ..view(app, seen)
    })
}

fn number(id: &str, none: impl Fn(i64) -> Fault) -> Result<i64, Fault> {
    let id: Option<i64> = id.parse().ok();
    id.filter(|id| *id > 0).ok_or_else(|| none(0))
}

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
    let id = number(&id, no_such_drive)?;
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
    let id = number(id, no_such_drive)?;
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
    let seen = queries::seen(db, &caller.actor, number(&id, no_such)?).await?;
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
        Some(id) => Some(number(id, no_such_drive)?),
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
    let id = number(id, no_such)?;
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
