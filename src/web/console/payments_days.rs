//! `/console/payments/days`: the days that were compared with the platform's bills, what differs, saying what a
//! difference was, and what was said of those before.

use askama::Template;
use chrono::{Days, NaiveDate};
use entity::money::ReconState;
use entity::{recon_difference, reconciliation};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;

use super::vouchers::name;
use crate::access::permit::Deed;
use crate::base::clock::{china, say};
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::payment::difference_says;
use crate::payment::reconcile::clock::DAYS_BACK;
use crate::payment::reconcile::{solve, solved};
use crate::place::queries::within_reach;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

const PAGE: &str = "/console/payments/days";
/// Days and differences that are shown.
const MOST_DAYS: u64 = 31;
const MOST: u64 = 100;
/// Differences of a page of those that are solved.
const SOLVED: u64 = 30;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    cursor: String,
    said: String,
}

struct Day {
    merchant: String,
    day: String,
    state: &'static str,
    balanced: bool,
    ours: String,
    theirs: String,
    /// What lay at the platform, by the books and by its bill, where that could be compared.
    left: Option<(String, String)>,
}

struct Line {
    id: i64,
    what: &'static str,
    reference: String,
    ours: String,
    theirs: String,
    at: String,
    /// What it was, and who said so when; none while it is open.
    came: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "web/console/payments_days.html")]
struct DaysPage {
    frame: Frame,
    open: Vec<Line>,
    solved: Vec<Line>,
    next: Option<String>,
    days: Vec<Day>,
    typed: Typed,
    problem: Option<String>,
}

/// `GET /console/payments/days`
///
/// # Errors
/// `forbidden` for who keeps no money.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    draw(desk, &asked, None).await
}

/// `POST /console/payments/days/:id/solve`
///
/// # Errors
/// `forbidden` for who keeps no money; the others stand on the page.
#[handler]
pub async fn solve_one(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let done = async {
        let id = id
            .parse()
            .map_err(|_| Fault::not_found("没有找到这条对账差异。"))?;
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        solve(&mut tx, desk.actor(), id, form.text("note")).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!("{PAGE}?said=difference-solved"))),
        Err(fault) => draw(desk, &Asked::default(), Some((&form, &fault))).await,
    }
}

async fn draw(
    desk: &Desk,
    asked: &Asked,
    wrong: Option<(&Form, &Fault)>,
) -> Result<Response, Fault> {
    let typed = wrong.map_or_else(Typed::default, |(form, fault)| Typed::wrong(form, fault));
    let db = desk.app.store.read();
    let column = recon_difference::Column::CompoundId;
    let Some(here) = within_reach(column, desk.actor(), Deed::KeepMoney) else {
        return Err(Fault::forbidden("您没有这项权限。"));
    };
    let slice = Slice::parse(Some(&asked.cursor), Some(SOLVED))?;
    let open = recon_difference::Entity::find()
        .filter(recon_difference::COLUMN.solved_at.is_null())
        .filter(here.clone())
        .order_by_asc(recon_difference::Column::Id)
        .limit(MOST)
        .all(db)
        .await?;
    let solved = solved(db, here, slice).await?;
    let page = DaysPage {
        frame: Frame::new(desk, "对账").saying(&asked.said),
        open: lines(desk, &open).await?,
        solved: lines(desk, &solved.items).await?,
        next: solved.next,
        days: days(desk).await?,
        problem: wrong.map(|(_, fault)| fault.detail.clone().into_owned()),
        typed,
    };
    let code = wrong.map_or(StatusCode::OK, |(_, fault)| status(fault));
    show(code, &page)
}

/// The days of the receiving accounts of one's compounds.
async fn days(desk: &Desk) -> Result<Vec<Day>, Fault> {
    let db = desk.app.store.read();
    let policy = within_reach(
        entity::fee_policy::Column::CompoundId,
        desk.actor(),
        Deed::KeepMoney,
    );
    let merchants: Vec<Option<String>> = match policy {
        Some(here) => {
            entity::fee_policy::Entity::find()
                .select_only()
                .column(entity::fee_policy::Column::Merchant)
                .filter(here)
                .filter(entity::fee_policy::COLUMN.merchant.is_not_null())
                .into_tuple()
                .all(db)
                .await?
        }
        None => Vec::new(),
    };
    let days = reconciliation::Entity::find()
        .filter(
            reconciliation::COLUMN
                .merchant
                .is_in(merchants.into_iter().flatten()),
        )
        .order_by_desc(reconciliation::Column::Day)
        .limit(MOST_DAYS)
        .all(db)
        .await?;
    let today = china(desk.app.clock.now()).date_naive();
    // What is older is not tried again by itself.
    let tried = today.checked_sub_days(Days::new(DAYS_BACK));
    Ok(days.iter().map(|row| day(row, tried)).collect())
}

async fn lines(desk: &Desk, rows: &[recon_difference::Model]) -> Result<Vec<Line>, Fault> {
    let mut lines = Vec::new();
    for row in rows {
        let came = match (row.solved_at, row.solved_by) {
            (None, _) => None,
            (Some(at), None) => Some(("系统".to_owned(), at)),
            (Some(at), Some(id)) => Some((name(desk, id).await?, at)),
        };
        let note = row.note.clone().unwrap_or_default();
        lines.push(line(
            row,
            came.map(|(who, at)| (note, format!("{who} {}", say(at)))),
        ));
    }
    Ok(lines)
}

fn line(row: &recon_difference::Model, came: Option<(String, String)>) -> Line {
    let amount =
        |fen: Option<i64>| fen.map_or_else(|| "没有".to_owned(), |fen| format!("{} 元", Fen(fen)));
    Line {
        id: row.id,
        what: difference_says(row.kind),
        reference: row.reference.clone(),
        ours: amount(row.ours),
        theirs: amount(row.theirs),
        at: say(row.created_at),
        came,
    }
}

fn day(row: &reconciliation::Model, tried: Option<NaiveDate>) -> Day {
    let left = row.left_ours.zip(row.left_theirs);
    Day {
        merchant: row.merchant.clone(),
        day: row.day.to_string(),
        state: match row.state {
            ReconState::Balanced => "已对平",
            ReconState::Different => "有差异",
            ReconState::Explained => "有差异，已查清",
            ReconState::Waiting if tried.is_some_and(|first| row.day < first) => "没有对成",
            ReconState::Waiting => "等平台账单",
        },
        balanced: matches!(row.state, ReconState::Balanced | ReconState::Explained),
        ours: format!("{} 笔 {} 元", row.ours_count, Fen(row.ours_amount)),
        theirs: format!("{} 笔 {} 元", row.theirs_count, Fen(row.theirs_amount)),
        left: left.map(|(ours, theirs)| (Fen(ours).to_string(), Fen(theirs).to_string())),
    }
}
