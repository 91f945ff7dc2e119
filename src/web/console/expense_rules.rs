//! `/console/expenses/rules`: by which reviews a compound spends. Whoever sees its money reads them; the
//! community and the street set a new version, which holds for new expenses alone.

use askama::Template;
use entity::kinds::RoleKind;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::ActiveEnum;
use serde::Deserialize;

use crate::access::holders::says;
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::text::line;
use crate::expense::actions::rules::set;
use crate::expense::chain::{MOST_LEVELS, Review, Rules};
use crate::expense::queries;
use crate::web::console::books::Books;
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::pages::go;
use crate::wechat::http::percent;

/// The fields beside which an error may stand.
const FIELDS: [&str; 8] = [
    "reviews",
    "publish_days",
    "after_days",
    "remind_days",
    "expire_days",
    "quotes_from",
    "quotes_least",
    "tender_from",
];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    said: String,
}

/// A review of the form: its number, its name, and the roles with whether they are ticked.
struct Level {
    number: usize,
    name: String,
    roles: Vec<(String, &'static str, bool)>,
}

#[derive(Template)]
#[template(path = "web/console/expense_rules.html")]
struct RulesPage {
    frame: Frame,
    books: Books,
    version: i32,
    levels: Vec<Level>,
    typed: Typed,
    can_set: bool,
    problem: Option<String>,
}

/// `GET /console/expenses/rules`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked.compound, StatusCode::OK, None, &asked.said).await
}

async fn page(
    desk: &Desk,
    compound: &str,
    status: StatusCode,
    wrong: Option<(&Form, &Fault)>,
    said: &str,
) -> Result<Response, Fault> {
    let books = Books::find(desk, compound).await?;
    let row = queries::chain(desk.app.store.read(), books.place.id).await?;
    let rules = match &row {
        Some(row) => Rules::of(row)?,
        None => Rules::shipped()?,
    };
    let (levels, typed) = match wrong {
        Some((form, fault)) => (levels(&reviews_in(form)), Typed::wrong(form, fault)),
        None => (levels(&rules.reviews), typed_of(&rules)),
    };
    let page = RulesPage {
        frame: Frame::new(desk, "支出审批规则").saying(said),
        version: row.map_or(0, |row| row.version),
        levels,
        problem: typed.general(&FIELDS).map(str::to_owned),
        typed,
        can_set: may(desk.actor(), Deed::SetReviews, &books.place.path),
        books,
    };
    show(status, &page)
}

fn typed_of(rules: &Rules) -> Typed {
    let values = [
        ("publish_days", rules.publish_days.to_string()),
        ("after_days", rules.after_days.to_string()),
        ("remind_days", rules.remind_days.to_string()),
        ("expire_days", rules.expire_days.to_string()),
        ("quotes_from", Fen(rules.quotes_from).to_string()),
        ("quotes_least", rules.quotes_least.to_string()),
        ("tender_from", Fen(rules.tender_from).to_string()),
    ];
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Typed::with(&values)
}

/// The reviews as rows of the form, with empty ones to fill in.
fn levels(reviews: &[Review]) -> Vec<Level> {
    let able = roles(Deed::ReviewExpenses);
    let level = |at: usize| {
        let review = reviews.get(at);
        let ticked = |kind: &RoleKind| {
            let value = kind.to_value();
            let has = review.is_some_and(|review| review.roles.contains(&value));
            (value, says(*kind), has)
        };
        Level {
            number: at + 1,
            name: review.map(|review| review.name.clone()).unwrap_or_default(),
            roles: able.iter().map(ticked).collect(),
        }
    };
    (0..MOST_LEVELS).map(level).collect()
}

/// The reviews that were typed; rows in which nothing stands are left out.
fn reviews_in(form: &Form) -> Vec<Review> {
    let review = |number: usize| Review {
        name: line(form.text(&format!("name-{number}"))),
        roles: form
            .all(&format!("roles-{number}"))
            .map(str::to_owned)
            .collect(),
    };
    let all = (1..=MOST_LEVELS).map(review);
    all.filter(|review| !review.name.is_empty() || !review.roles.is_empty())
        .collect()
}

fn rules_in(form: &Form) -> Result<Rules, Fault> {
    let days = |field: &'static str| {
        let typed = form.text(field).trim();
        typed
            .parse::<i32>()
            .map_err(|_| Fault::invalid(field, "请写一个整数，例如 7。"))
    };
    let fen = |field: &'static str| {
        Fen::parse(form.text(field))
            .map(|fen| fen.0)
            .ok_or_else(|| Fault::invalid(field, "金额写成 5000.00 这样，最多两位小数。"))
    };
    Ok(Rules {
        reviews: reviews_in(form),
        publish_days: days("publish_days")?,
        after_days: days("after_days")?,
        remind_days: days("remind_days")?,
        expire_days: days("expire_days")?,
        quotes_from: fen("quotes_from")?,
        quotes_least: days("quotes_least")?,
        tender_from: fen("tender_from")?,
    })
}

/// `POST /console/expenses/rules`
///
/// # Errors
/// As the action's, where they are not shown beside the form.
#[handler]
pub async fn save(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let compound = form.text("compound");
    let books = Books::find(desk, compound).await?;
    let done = async {
        let rules = rules_in(&form)?;
        let seen = form.text("version").parse().unwrap_or(-1);
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        set(&mut tx, desk.actor(), books.place.id, seen, &rules).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(go(&format!(
            "/console/expenses/rules?compound={}&said=expense-rules",
            percent(compound)
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => page(desk, compound, status(&fault), Some((&form, &fault)), "").await,
    }
}
