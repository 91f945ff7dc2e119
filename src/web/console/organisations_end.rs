//! `/console/organisations/:id/end`: what happens when an organisation works here no longer, such as a company whose
//! contract is over, and the form that does it: the organisation, its posts and the clocks of what its people have in
//! hand in one transaction.

use askama::Template;
use entity::{case, dispatch_rule, organisation, role};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::case::step::OPEN;
use crate::organisation::{actions, mark};
use crate::person::actions::{Posts, end_posts};
use crate::person::reach::not_over;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::organisations::owned;
use crate::web::pages::go;

/// How much there is of what will end or go on elsewhere.
struct Counts {
    posts: u64,
    cases: u64,
    rules: u64,
}

#[derive(Template)]
#[template(path = "web/console/organisations_end.html")]
struct EndPage {
    frame: Frame,
    id: i64,
    name: String,
    mark: String,
    ended: bool,
    counts: Counts,
    typed: Typed,
}

/// `GET /console/organisations/:id/end`
///
/// # Errors
/// `not_found` for one that the actor does not administer.
#[handler]
pub async fn ask(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    page(desk, &id, StatusCode::OK, Typed::default()).await
}

async fn page(desk: &Desk, id: &str, status: StatusCode, typed: Typed) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (row, _) = owned(db, desk, id).await?;
    let page = EndPage {
        frame: Frame::new(desk, format!("{}结束服务", row.name)),
        id: row.id,
        mark: mark(&row),
        ended: row.ended_at.is_some(),
        counts: count(db, &row, desk.app.clock.now()).await?,
        name: row.name,
        typed,
    };
    show(status, &page)
}

async fn count<C: ConnectionTrait>(
    db: &C,
    row: &organisation::Model,
    now: Moment,
) -> Result<Counts, Fault> {
    let posts = role::Entity::find()
        .filter(role::COLUMN.organisation_id.eq(row.id))
        .filter(not_over(now));
    let mut cases = case::Entity::find()
        .filter(case::COLUMN.organisation_id.eq(row.id))
        .filter(case::COLUMN.state.is_in(OPEN.iter().copied()));
    if let Some(compound_id) = row.compound_id {
        cases = cases.filter(case::COLUMN.compound_id.eq(compound_id));
    }
    let rules = dispatch_rule::Entity::find()
        .filter(dispatch_rule::COLUMN.organisation_id.eq(row.id))
        .filter(dispatch_rule::COLUMN.off_at.is_null());
    Ok(Counts {
        posts: posts.count(db).await?,
        cases: cases.count(db).await?,
        rules: rules.count(db).await?,
    })
}

/// `POST /console/organisations/:id/end`
///
/// # Errors
/// `not_found` for one that the actor does not administer.
#[handler]
pub async fn take(desk: &Desk, Path(id): Path<String>, form: Form) -> Result<Response, Fault> {
    let (row, _) = owned(desk.app.store.read(), desk, &id).await?;
    match end(desk, row.id, &form).await {
        Ok(()) => Ok(go(&format!(
            "/console/organisations/{}?said=organisation-ended",
            row.id
        ))),
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => page(desk, &id, status(&fault), Typed::wrong(&form, &fault)).await,
    }
}

async fn end(desk: &Desk, id: i64, form: &Form) -> Result<(), Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let row = actions::end(&tx, desk.actor(), id, form.text("seen")).await?;
    let reason = form.text("reason");
    end_posts(&mut tx, desk.actor(), Posts::For(&row), reason).await?;
    tx.commit().await
}
