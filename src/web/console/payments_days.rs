//! `/console/payments/days`: the days that were compared with the platform's bills, what differs, and saying
//! what a difference was.

use askama::Template;
use entity::money::ReconState;
use entity::{recon_difference, reconciliation};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;

use crate::access::permit::Deed;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::payment::difference_says;
use crate::payment::reconcile::solve;
use crate::place::queries::within_reach;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;

const PAGE: &str = "/console/payments/days";
/// Days and differences that are shown.
const MOST_DAYS: u64 = 31;
const MOST: u64 = 100;

/// What has just been done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    said: String,
}

struct Day {
    merchant: String,
    day: String,
    state: &'static str,
    balanced: bool,
    ours: String,
    theirs: String,
}

struct Line {
    id: i64,
    what: &'static str,
    reference: String,
    ours: String,
    theirs: String,
    at: String,
}

#[derive(Template)]
#[template(path = "web/console/payments_days.html")]
struct DaysPage {
    frame: Frame,
    open: Vec<Line>,
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
    draw(desk, &asked.said, None).await
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
        Err(fault) => draw(desk, "", Some((&form, &fault))).await,
    }
}

async fn draw(desk: &Desk, said: &str, wrong: Option<(&Form, &Fault)>) -> Result<Response, Fault> {
    let typed = wrong.map_or_else(Typed::default, |(form, fault)| Typed::wrong(form, fault));
    let (open, days) = read(desk).await?;
    let page = DaysPage {
        frame: Frame::new(desk, "对账").saying(said),
        open,
        days,
        problem: wrong.map(|(_, fault)| fault.detail.clone().into_owned()),
        typed,
    };
    let code = wrong.map_or(StatusCode::OK, |(_, fault)| status(fault));
    show(code, &page)
}

/// What is open in one's compounds, and the days in which there was something of theirs or nothing at all.
async fn read(desk: &Desk) -> Result<(Vec<Line>, Vec<Day>), Fault> {
    let db = desk.app.store.read();
    let column = recon_difference::Column::CompoundId;
    let Some(here) = within_reach(column, desk.actor(), Deed::KeepMoney) else {
        return Err(Fault::forbidden("您没有这项权限。"));
    };
    let open = recon_difference::Entity::find()
        .filter(recon_difference::COLUMN.solved_at.is_null())
        .filter(here)
        .order_by_asc(recon_difference::Column::Id)
        .limit(MOST)
        .all(db)
        .await?;
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
    Ok((
        open.iter().map(line).collect(),
        days.iter().map(day).collect(),
    ))
}

fn line(row: &recon_difference::Model) -> Line {
    let amount =
        |fen: Option<i64>| fen.map_or_else(|| "没有".to_owned(), |fen| format!("{} 元", Fen(fen)));
    Line {
        id: row.id,
        what: difference_says(row.kind),
        reference: row.reference.clone(),
        ours: amount(row.ours),
        theirs: amount(row.theirs),
        at: say(row.created_at),
    }
}

fn day(row: &reconciliation::Model) -> Day {
    Day {
        merchant: row.merchant.clone(),
        day: row.day.to_string(),
        state: match row.state {
            ReconState::Balanced => "已对平",
            ReconState::Different => "有差异",
            ReconState::Waiting => "等平台账单",
        },
        balanced: row.state == ReconState::Balanced,
        ours: format!("{} 笔 {} 元", row.ours_count, Fen(row.ours_amount)),
        theirs: format!("{} 笔 {} 元", row.theirs_count, Fen(row.theirs_amount)),
    }
}
