//! What a board shows. Everything here is for everybody's eyes: names only of those who answer for
//! something, phones only of organisations that publish one, of cases what `case::board` gives.

use entity::kinds::RoleKind;
use entity::{organisation, place};
use qrcode::QrCode;
use qrcode::render::svg;

use super::giving::{self, Giving};
use super::life::{self, Activity, Held, Service};
use super::lists::{self, Lists};
use super::news::{self, Closed};
use super::stations::{self, StationLine};
use super::{times, wishes};
use crate::access::holders::{published, says};
use crate::access::named::residents_named;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::base::redact::redact;
use crate::case::board::{self, OpenCase, Promise};
use crate::case::stats::span::Span;
use crate::fee::stats::{Period, Sums};
use crate::notice::{link, mark_of, queries as notices};
use crate::organisation::queries as organisations;
use crate::place::queries::short_name;
use crate::place::scope::Scope;
use crate::report::figures::{self, Report};
use crate::report::money;
use crate::timetable::queries::Shown;
use crate::wish::queries::open_in;

/// Cases of a kind that are shown.
const MOST: u64 = 30;
/// Wishes that are shown; all of them have a page of their own.
const WISHES: Slice = Slice::first(8);
/// Whose names are published: those who answer for cases.
const ANSWERERS: [RoleKind; 10] = [
    RoleKind::Steward,
    RoleKind::GridWorker,
    RoleKind::PropertyStaff,
    RoleKind::PropertyManager,
    RoleKind::CommitteeMember,
    RoleKind::CommitteeChair,
    RoleKind::CommunitySecretary,
    RoleKind::StreetOfficer,
    RoleKind::DepartmentLiaison,
    RoleKind::Mediator,
];

/// Who answers for one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// What they are called.
    pub role: &'static str,
    /// Where.
    pub place: String,
    /// Who.
    pub names: Vec<String>,
}

/// Notices that are shown.
const MOST_NOTICES: u64 = 5;

/// A notice to everybody, without what is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// One line.
    pub title: String,
    /// What it says, line by line.
    pub lines: Vec<String>,
    /// When it was published.
    pub at: Moment,
    /// Where it can be read.
    pub path: String,
}

/// On what a board is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A page, on which links lead on.
    Page,
    /// The screen of a lobby, which nobody touches.
    Screen,
}

/// All that a board shows.
pub struct Board {
    /// Which compound.
    pub compound: place::Model,
    /// The figures of this month.
    pub report: Report,
    /// What homes were billed for this year, and what of it is paid; none where there are no bills.
    pub collected: Option<(Period, Sums)>,
    /// Notices to everybody, the newest first.
    pub told: Vec<Told>,
    /// What was promised, grade by grade.
    pub promises: Vec<Promise>,
    /// Cases at work, the newest first.
    pub open: Vec<OpenCase>,
    /// How many those are with what is not shown.
    pub open_in_all: u64,
    /// Cases that are over, the newest first.
    pub closed: Vec<Closed>,
    /// How many wishes there are: open, claimed, fulfilled.
    pub wishes: [u64; 3],
    /// Words of open wishes, the newest first.
    pub open_wishes: Vec<(i64, String)>,
    /// The four lists in numbers, and alliances.
    pub lists: Lists,
    /// What was given, and what is collected for.
    pub giving: Giving,
    /// What comes round again, the next first.
    pub times: Vec<Shown>,
    /// Activities for which people sign up, the next first.
    pub activities: Vec<Activity>,
    /// Activities that were held, the newest first.
    pub held: Vec<Held>,
    /// What volunteers do.
    pub service: Service,
    /// Stations, with how many came this month and how many of their rooms are free today.
    pub stations: Vec<StationLine>,
    /// Organisations, the higher first.
    pub bodies: Vec<organisation::Model>,
    /// Who answers for what, from the top.
    pub posts: Vec<Post>,
    /// The QR code that leads to the bot, as SVG.
    pub code: String,
}

/// Reads it.
///
/// # Errors
/// The database's.
pub async fn board(app: &App, compound: place::Model, on: On) -> Result<Board, Fault> {
    let db = app.store.read();
    let now = app.clock.now();
    let scope = Scope::of(db, compound.clone()).await?;
    let year = Period::this_year(now);
    let sums = money::whole(db, &scope, year, china(now).date_naive()).await?;
    Ok(Board {
        collected: (sums.bills > 0).then_some((year, sums)),
        report: figures::read(db, scope, Span::month_of(now)).await?,
        told: told(app, compound.id, now).await?,
        promises: board::promises(db, &compound.path).await?,
        open: board::open(db, compound.id, MOST).await?,
        open_in_all: board::count_open(db, compound.id).await?,
        closed: news::closed(app, compound.id, MOST).await?,
        wishes: wishes::counts(app, compound.id).await?,
        open_wishes: open_in(db, compound.id, WISHES).await?.items,
        lists: lists::read(app, &compound, on).await?,
        giving: giving::read(app, compound.id).await?,
        times: times::read(app, &compound, now).await?,
        activities: life::ahead(app, compound.id, now).await?,
        held: life::held(app, compound.id, now).await?,
        service: life::service_of(app, compound.id, now).await?,
        stations: stations::read(app, compound.id, now).await?,
        bodies: organisations::around(db, &compound).await?,
        posts: posts(published(db, &compound, &ANSWERERS, now).await?),
        code: code(&follow_url(app))?,
        compound,
    })
}

/// The newest notices to everybody.
async fn told(app: &App, compound_id: i64, now: Moment) -> Result<Vec<Told>, Fault> {
    let db = app.store.read();
    let rows = notices::of_compound(db, compound_id, MOST_NOTICES).await?;
    let words = rows
        .iter()
        .map(|row| format!("{}\n{}", row.title, row.body));
    let words: Vec<String> = words.collect();
    let names = residents_named(db, &words.join("\n"), now).await?;
    let lines = |body: &str| {
        let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    let one = |row: &entity::notice::Model| Told {
        title: format!("{}{}", mark_of(row), redact(&row.title, &names)),
        lines: lines(&redact(&row.body, &names)),
        at: row.published_at.unwrap_or(row.created_at),
        path: link::public_path(app, row.id),
    };
    Ok(rows.iter().map(one).collect())
}

/// Those of one post together.
fn posts(held: Vec<(RoleKind, place::Model, String)>) -> Vec<Post> {
    let mut posts: Vec<Post> = Vec::new();
    for (role, place, name) in held {
        let (role, place) = (says(role), short_name(&place).to_owned());
        match posts
            .iter_mut()
            .find(|post| post.role == role && post.place == place)
        {
            Some(post) => post.names.push(name),
            None => posts.push(Post {
                role,
                place,
                names: vec![name],
            }),
        }
    }
    posts
}

/// Where the code leads: to the account, or at least to where somebody can be reached.
fn follow_url(app: &App) -> String {
    let settings = &app.settings;
    let public = &settings.server.public_url;
    if !settings.wechat.official.follow_url.is_empty() {
        settings.wechat.official.follow_url.clone()
    } else if settings.sandbox.enabled {
        format!("{public}/sandbox")
    } else {
        format!("{public}/me")
    }
}

fn code(text: &str) -> Result<String, Fault> {
    let code = QrCode::new(text).map_err(|error| Fault::internal(error.to_string()))?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(200, 200)
        .build();
    // The declaration belongs to a file, not to a page.
    let start = picture.find("<svg").unwrap_or(0);
    Ok(picture.get(start..).unwrap_or_default().to_owned())
}
