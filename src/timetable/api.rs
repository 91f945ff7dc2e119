//! The JSON of timetables: `/api/v1/timetables…`. Mounted by `web/router.rs`.

use chrono::NaiveDate;
use poem::web::{Data, Json, Path, Query};
use poem::{Route, get, handler, post};
use sea_orm::ActiveEnum;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::base::page::Slice;
use crate::place::queries as places;
use crate::timetable::actions::{self, Draft, Seen as Version};
use crate::timetable::queries::{self, Seen, Which, no_such};
use crate::timetable::rule::{Days, Rule, minute_of, minute_says};
use crate::timetable::state_says;

/// The paths below `/api/v1`.
#[must_use]
pub fn routes(route: Route) -> Route {
    route
        .at("/timetables", get(list_timetables).post(make_timetable))
        .at("/timetables/:id", get(show_timetable))
        .at("/timetables/:id/change", post(change_timetable))
        .at("/timetables/:id/state", post(switch_timetable))
        .at("/timetables/:id/subscription", post(subscribe_timetable))
}

/// What the description says of them; joined by `web/openapi.rs`.
#[derive(OpenApi)]
#[openapi(
    paths(
        list_timetables, make_timetable, show_timetable, change_timetable, switch_timetable,
        subscribe_timetable
    ),
    components(schemas(
        TimetableView, TimetablePage, TimetableRule, NewTimetable, ChangedTimetable,
        TimetableSwitch, TimetableSubscription
    )),
    tags((name = "timetables", description = "日程：定时提醒"))
)]
pub struct Described;

/// A timetable, as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimetableView {
    /// The number that people type.
    pub id: String,
    /// 厨余垃圾投放
    pub title: String,
    /// What is told besides.
    pub text: String,
    /// Of which place.
    pub place: String,
    /// active, stopped.
    pub state: String,
    /// 在用 …
    pub state_label: String,
    /// 每天 07:00
    pub when: String,
    /// As it is set; none when it cannot be read.
    pub rule: Option<TimetableRule>,
    /// When it rings next.
    pub next_at: Option<String>,
    /// To be named when it is changed.
    pub version: i32,
    /// Whether the caller is told.
    pub subscribed: bool,
}

/// When a timetable rings.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimetableRule {
    /// daily, weekly, monthly, monthly_nth.
    pub kind: String,
    /// weekly: 1 (Monday) to 7.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<u8>,
    /// monthly: 1 to 31; the last day of a month that has no such day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u8>,
    /// monthly_nth: 1 to 4, or -1 for the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<i8>,
    /// monthly_nth: 1 (Monday) to 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekday: Option<u8>,
    /// Every so many days, weeks or months; 1 if not given.
    #[serde(default = "one")]
    pub every: u32,
    /// `2026-12-01`: the first day.
    pub from: NaiveDate,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// Days that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<NaiveDate>,
    /// `07:00`, from 06:00 to 22:00, at most four.
    pub times: Vec<String>,
}

const fn one() -> u32 {
    1
}

impl TimetableRule {
    fn of(rule: &Rule) -> Self {
        let (mut on, mut day, mut nth, mut weekday) = (Vec::new(), None, None, None);
        let kind = match &rule.days {
            Days::Daily => "daily",
            Days::Weekly { on: days } => {
                on.clone_from(days);
                "weekly"
            }
            Days::Monthly { day: wanted } => {
                day = Some(*wanted);
                "monthly"
            }
            Days::MonthlyNth {
                nth: which,
                weekday: of,
            } => {
                (nth, weekday) = (Some(*which), Some(*of));
                "monthly_nth"
            }
        };
        Self {
            kind: kind.to_owned(),
            on,
            day,
            nth,
            weekday,
            every: rule.every,
            from: rule.from,
            until: rule.until,
            except: rule.except.clone(),
            times: rule.times.iter().map(|at| minute_says(*at)).collect(),
        }
    }

    fn rule(self) -> Result<Rule, Fault> {
        let days = match self.kind.as_str() {
            "daily" => Days::Daily,
            "weekly" => Days::Weekly { on: self.on },
            "monthly" => Days::Monthly {
                day: self.day.unwrap_or_default(),
            },
            "monthly_nth" => Days::MonthlyNth {
                nth: self.nth.unwrap_or_default(),
                weekday: self.weekday.unwrap_or_default(),
            },
            _ => {
                return Err(Fault::invalid(
                    "kind",
                    "kind 必须是 daily、weekly、monthly 或 monthly_nth。",
                ));
            }
        };
        let times: Option<Vec<u16>> = self.times.iter().map(|at| minute_of(at)).collect();
        let times = times.ok_or_else(|| Fault::invalid("times", "时间请写成 07:00 这样。"))?;
        Ok(Rule {
            days,
            every: self.every,
            from: self.from,
            until: self.until,
            except: self.except,
            times,
        })
    }
}

/// A page of timetables.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimetablePage {
    /// Newest first.
    pub items: Vec<TimetableView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which timetables.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TimetableQuery {
    /// mine (if not given), or kept: those that the caller may change.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// A timetable to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewTimetable {
    /// Code of the place, `GY` or `GY/3`.
    pub place: String,
    /// At most 20 characters.
    pub title: String,
    /// At most 200 characters.
    #[serde(default)]
    pub text: String,
    /// When.
    pub rule: TimetableRule,
}

/// What it is to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangedTimetable {
    /// The version that was seen.
    pub version: i32,
    /// At most 20 characters.
    pub title: String,
    /// At most 200 characters.
    #[serde(default)]
    pub text: String,
    /// When.
    pub rule: TimetableRule,
}

/// Whether it rings.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TimetableSwitch {
    /// The version that was seen.
    pub version: i32,
    /// It rings, or it does not.
    pub active: bool,
}

/// Whether the caller is told.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TimetableSubscription {
    /// Told, or told no more.
    pub on: bool,
}

impl From<Seen> for TimetableView {
    fn from(seen: Seen) -> Self {
        let row = seen.timetable;
        Self {
            id: row.id.to_string(),
            rule: queries::rule_of(&row).as_ref().map(TimetableRule::of),
            title: row.title,
            text: row.text,
            place: seen.place,
            state: row.state.to_value(),
            state_label: state_says(row.state).to_owned(),
            when: seen.when,
            next_at: row.next_at.map(|at| china(at).to_rfc3339()),
            version: row.version,
            subscribed: seen.reads,
        }
    }
}

/// Timetables, newest first.
#[utoipa::path(
    get, path = "/api/v1/timetables", tag = "timetables", security(("bearer" = [])),
    params(TimetableQuery),
    responses((status = 200, body = TimetablePage), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn list_timetables(
    app: Data<&App>,
    caller: Caller,
    Query(query): Query<TimetableQuery>,
) -> Result<Json<TimetablePage>, Fault> {
    let which = match query.list.as_deref() {
        None | Some("mine") => Which::Mine,
        Some("kept") => Which::Kept,
        Some(_) => return Err(Fault::invalid("list", "list 必须是 mine 或 kept。")),
    };
    let slice = Slice::parse(query.cursor.as_deref(), query.limit)?;
    let page = queries::page(app.store.read(), &caller.actor, which, slice).await?;
    Ok(Json(TimetablePage {
        items: page.items.into_iter().map(TimetableView::from).collect(),
        next: page.next,
    }))
}

/// One of them.
#[utoipa::path(
    get, path = "/api/v1/timetables/{id}", tag = "timetables", security(("bearer" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = TimetableView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn show_timetable(
    app: Data<&App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<TimetableView>, Fault> {
    let (db, now) = (app.store.read(), app.clock.now());
    let seen = queries::seen(db, &caller.actor, key_in(&id, no_such)?, now).await?;
    Ok(Json(seen.into()))
}

/// What a POST does.
enum Deed {
    Make(NewTimetable),
    Change(i64, ChangedTimetable),
    Switch(i64, TimetableSwitch),
    Subscribe(i64, bool),
}

async fn perform(app: &App, caller: &Caller, once: &Once, deed: Deed) -> Result<Answer, Fault> {
    let now = app.clock.now();
    let actor = &caller.actor;
    let mut tx = app.store.begin(now).await?;
    if let Some(answer) = once.enter(&tx).await? {
        return Ok(answer);
    }
    let left = matches!(deed, Deed::Subscribe(_, false));
    let (status, row) = match deed {
        Deed::Make(body) => {
            let place = places::by_code(tx.db(), &body.place).await?;
            let draft = Draft {
                title: body.title,
                text: body.text,
                rule: body.rule.rule()?,
            };
            // What is not there is answered as what is not theirs.
            let place_id = place.map_or(0, |place| place.id);
            (201, actions::make(&mut tx, actor, place_id, draft).await?)
        }
        Deed::Change(id, body) => {
            let seen = Version {
                id,
                version: body.version,
            };
            let draft = Draft {
                title: body.title,
                text: body.text,
                rule: body.rule.rule()?,
            };
            (200, actions::change(&mut tx, actor, seen, draft).await?)
        }
        Deed::Switch(id, body) => {
            let seen = Version {
                id,
                version: body.version,
            };
            (
                200,
                actions::switch(&mut tx, actor, seen, body.active).await?,
            )
        }
        Deed::Subscribe(id, true) => (200, actions::subscribe(&tx, actor, id).await?),
        Deed::Subscribe(id, false) => (200, actions::leave(&tx, actor, id).await?),
    };
    let seen = match queries::seen(tx.db(), actor, row.id, now).await {
        // Whoever has moved away may leave what they no longer see.
        Err(fault) if left && fault.code == Code::NotFound => Seen {
            place: String::new(),
            when: String::new(),
            reads: false,
            timetable: row,
        },
        seen => seen?,
    };
    let answer = once.leave(&tx, status, &TimetableView::from(seen)).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Make one at a place, as staff.
#[utoipa::path(
    post, path = "/api/v1/timetables", tag = "timetables", security(("bearer" = [])),
    request_body = NewTimetable,
    responses((status = 201, body = TimetableView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn make_timetable(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<NewTimetable>,
) -> Result<Answer, Fault> {
    perform(&app, &caller, &once, Deed::Make(body)).await
}

/// Change one: the next time is the new rule's.
#[utoipa::path(
    post, path = "/api/v1/timetables/{id}/change", tag = "timetables", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ChangedTimetable,
    responses((status = 200, body = TimetableView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn change_timetable(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<ChangedTimetable>,
) -> Result<Answer, Fault> {
    perform(
        &app,
        &caller,
        &once,
        Deed::Change(key_in(&id, no_such)?, body),
    )
    .await
}

/// Let it ring no more, or again.
#[utoipa::path(
    post, path = "/api/v1/timetables/{id}/state", tag = "timetables", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = TimetableSwitch,
    responses((status = 200, body = TimetableView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn switch_timetable(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<TimetableSwitch>,
) -> Result<Answer, Fault> {
    perform(
        &app,
        &caller,
        &once,
        Deed::Switch(key_in(&id, no_such)?, body),
    )
    .await
}

/// Ask to be told, or to be told no more.
#[utoipa::path(
    post, path = "/api/v1/timetables/{id}/subscription", tag = "timetables",
    security(("bearer" = [])), params(("id" = String, Path)), request_body = TimetableSubscription,
    responses((status = 200, body = TimetableView), (status = "4XX", description = "problem+json"))
)]
#[handler]
async fn subscribe_timetable(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Path(id): Path<String>,
    Json(body): Json<TimetableSubscription>,
) -> Result<Answer, Fault> {
    let deed = Deed::Subscribe(key_in(&id, no_such)?, body.on);
    perform(&app, &caller, &once, deed).await
}
