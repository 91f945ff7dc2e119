//! What a board shows. Everything here is for everybody's eyes: names only of those who answer for
//! something, phones only of organisations that publish one, of cases what `case::board` gives.

use entity::kinds::RoleKind;
use entity::{organisation, place};
use qrcode::QrCode;
use qrcode::render::svg;

use super::lists::{self, Lists};
use crate::access::holders::{published, says};
use crate::access::named::residents_named;
use crate::activity::{self, places_say, queries as activities, span_says};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::base::redact::redact;
use crate::case::board::{self, ClosedCase, OpenCase, Promise};
use crate::case::stats::span::Span;
use crate::fee::stats::{Period, Sums};
use crate::notice::{link, mark_of, queries as notices};
use crate::organisation::queries as organisations;
use crate::place::queries::short_name;
use crate::place::scope::Scope;
use crate::report::figures::{self, Report};
use crate::report::money;
use crate::station::queries as stations;
use crate::volunteer::hours;
use crate::volunteer::tally::{self, Totals};
use crate::wish::queries::{self as wishes, Figure};

/// Cases of a kind that are shown.
const MOST: u64 = 30;
/// Activities that are shown.
const MOST_ACTIVITIES: u64 = 6;
/// Wishes that are shown.
const MOST_WISHES: u64 = 8;
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

/// A notice to everybody: its title, without what is personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// One line.
    pub title: String,
    /// When it was published.
    pub at: Moment,
    /// Where it can be read.
    pub path: String,
}

/// An activity for which people sign up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The number that people type.
    pub id: i64,
    /// One line.
    pub title: String,
    /// `12月5日 14:00—16:00`
    pub when: String,
    /// Where people meet.
    pub venue: String,
    /// `还剩3个名额`
    pub places: String,
    /// Where it can be read.
    pub path: String,
}

/// A station as the board shows it.
pub struct StationLine {
    /// Where, when, what it has.
    pub seen: stations::Seen,
    /// How many came this month.
    pub visits: i64,
    /// Rooms that are free for half an hour at least for what is left of today, and all of them.
    pub rooms: (usize, usize),
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
    /// Cases that are over, the newest first.
    pub closed: Vec<ClosedCase>,
    /// How many wishes there are: open, claimed, fulfilled.
    pub wishes: [u64; 3],
    /// Words of open wishes, the newest first.
    pub open_wishes: Vec<(i64, String)>,
    /// The four lists in numbers, and alliances.
    pub lists: Lists,
    /// Activities for which people sign up, the next first.
    pub activities: Vec<Activity>,
    /// What volunteers have done this year, and which year.
    pub served: (i32, Totals),
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
pub async fn board(app: &App, compound: place::Model) -> Result<Board, Fault> {
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
        closed: board::closed(db, compound.id, MOST).await?,
        wishes: wishes(app, compound.id).await?,
        open_wishes: wishes::open_in(db, compound.id, MOST_WISHES).await?,
        lists: lists::read(app, &compound).await?,
        activities: ahead(app, compound.id, now).await?,
        served: served(app, compound.id, now).await?,
        stations: stations_of(app, compound.id, now).await?,
        bodies: organisations::around(db, &compound).await?,
        posts: posts(published(db, &compound, &ANSWERERS, now).await?),
        code: code(&follow_url(app))?,
        compound,
    })
}

/// What people sign up for, without residents' names.
async fn ahead(app: &App, compound_id: i64, now: Moment) -> Result<Vec<Activity>, Fault> {
    let db = app.store.read();
    let rows = activities::on_board(db, compound_id, now, MOST_ACTIVITIES).await?;
    let words = rows
        .iter()
        .map(|row| format!("{}\n{}", row.title, row.venue));
    let words: Vec<String> = words.collect();
    let names = residents_named(db, &words.join("\n"), now).await?;
    let one = |row: &entity::activity::Model| Activity {
        id: row.id,
        title: redact(&row.title, &names),
        when: span_says(row.starts_at, row.ends_at),
        venue: redact(&row.venue, &names),
        places: places_say(row),
        path: activity::link::public_path(app, row.id),
    };
    Ok(rows.iter().map(one).collect())
}

async fn served(app: &App, compound_id: i64, now: Moment) -> Result<(i32, Totals), Fault> {
    let number = hours::year_of(now);
    let totals = match hours::year(number) {
        Some(year) => tally::totals(app.store.read(), compound_id, year).await?,
        None => Totals::default(),
    };
    Ok((number, totals))
}

async fn wishes(app: &App, compound_id: i64) -> Result<[u64; 3], Fault> {
    let db = app.store.read();
    Ok([
        wishes::count_in(db, compound_id, Figure::Open).await?,
        wishes::count_in(db, compound_id, Figure::Claimed).await?,
        wishes::count_in(db, compound_id, Figure::Fulfilled).await?,
    ])
}

async fn stations_of(app: &App, compound_id: i64, now: Moment) -> Result<Vec<StationLine>, Fault> {
    let db = app.store.read();
    let month = Month::of(china(now).date_naive());
    let mut lines = Vec::new();
    for seen in stations::of_compound(db, compound_id, now).await? {
        lines.push(StationLine {
            visits: stations::figures::in_month(db, seen.station.id, month).await?,
            rooms: stations::rooms::free_today(db, &seen, now).await?,
            seen,
        });
    }
    Ok(lines)
}

/// The newest notices to everybody.
async fn told(app: &App, compound_id: i64, now: Moment) -> Result<Vec<Told>, Fault> {
    let db = app.store.read();
    let rows = notices::of_compound(db, compound_id, MOST_NOTICES).await?;
    let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
    let names = residents_named(db, &titles.join("\n"), now).await?;
    let one = |row: &entity::notice::Model| Told {
        title: format!("{}{}", mark_of(row), redact(&row.title, &names)),
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
