//! Life in the compound, on a board: what people sign up for, what was held, and what volunteers do. Nobody's name
//! but of those volunteers who have said that they want theirs there. Called by `show`.

use std::fmt::Write as _;

use super::read::Board;
use crate::access::named::residents_named;
use crate::activity::{self, places_say, queries as activities, span_says};
use crate::app::App;
use crate::attachment::link::{Variant, public_path};
use crate::attachment::queries as attachments;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::volunteer::hours::{self, says};
use crate::volunteer::left_says;
use crate::volunteer::queries as volunteers;
use crate::volunteer::tally::{self, Totals};
use crate::web::pages::escape;

/// Activities that are shown, those that were held, and tasks.
const MOST_AHEAD: u64 = 6;
const MOST_HELD: u64 = 3;
const MOST_TASKS: u64 = 6;
/// Photos of what was held.
const PHOTOS: usize = 4;

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

/// An activity that was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// One line.
    pub title: String,
    /// On which day.
    pub day: String,
    /// Where it can be read.
    pub path: String,
    /// Small pictures of it.
    pub photos: Vec<String>,
}

/// Something for volunteers to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The number that people type.
    pub id: i64,
    /// One line.
    pub title: String,
    /// `12月5日 14:00—16:00`
    pub when: String,
    /// Where.
    pub venue: String,
    /// `还要3人`
    pub left: String,
}

/// What volunteers do.
pub struct Service {
    /// Of which year the hours are.
    pub year: i32,
    /// What they have done in it.
    pub totals: Totals,
    /// How many they are, and how many of them are members who have reported.
    pub people: (u64, u64),
    /// What they are wanted for, the next first.
    pub tasks: Vec<Task>,
}

/// What people sign up for, without residents' names.
///
/// # Errors
/// The database's.
pub(super) async fn ahead(
    app: &App,
    compound_id: i64,
    now: Moment,
) -> Result<Vec<Activity>, Fault> {
    let db = app.store.read();
    let rows = activities::on_board(db, compound_id, now, MOST_AHEAD).await?;
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

/// What was held, with its photos, which one statement reads for all.
///
/// # Errors
/// The database's.
pub(super) async fn held(app: &App, compound_id: i64, now: Moment) -> Result<Vec<Held>, Fault> {
    let db = app.store.read();
    let rows = activities::held_in(db, compound_id, MOST_HELD).await?;
    let titles: Vec<&str> = rows.iter().map(|row| row.title.as_str()).collect();
    let names = residents_named(db, &titles.join("\n"), now).await?;
    let subjects = rows.iter().map(|row| activity::subject(row.id)).collect();
    let photos = attachments::of_subjects(db, subjects).await?;
    let one = |row: &entity::activity::Model| {
        let own = photos.get(&activity::subject(row.id)).into_iter().flatten();
        let small = own.filter_map(|photo| public_path(app, photo, Variant::Small));
        Held {
            title: redact(&row.title, &names),
            day: china(row.starts_at).format("%-m月%-d日").to_string(),
            path: activity::link::public_path(app, row.id),
            photos: small.take(PHOTOS).collect(),
        }
    };
    Ok(rows.iter().map(one).collect())
}

/// What volunteers do, without residents' names.
///
/// # Errors
/// The database's.
pub(super) async fn service_of(app: &App, compound_id: i64, now: Moment) -> Result<Service, Fault> {
    let db = app.store.read();
    let year = hours::year_of(now);
    let totals = match hours::year(year) {
        Some(span) => tally::totals(db, compound_id, span).await?,
        None => Totals::default(),
    };
    let rows = volunteers::on_board(db, compound_id, now, MOST_TASKS).await?;
    let words = rows
        .iter()
        .map(|row| format!("{}\n{}", row.title, row.venue));
    let words: Vec<String> = words.collect();
    let names = residents_named(db, &words.join("\n"), now).await?;
    let task = |row: &entity::volunteer_task::Model| Task {
        id: row.id,
        title: redact(&row.title, &names),
        when: span_says(row.starts_at, row.ends_at),
        venue: redact(&row.venue, &names),
        left: left_says(row),
    };
    Ok(Service {
        year,
        totals,
        people: volunteers::count(db, compound_id).await?,
        tasks: rows.iter().map(task).collect(),
    })
}

/// What people sign up for; empty while there is nothing.
#[must_use]
pub fn activities_ahead(board: &Board, most: usize) -> String {
    if board.activities.is_empty() {
        return String::new();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for one in board.activities.iter().take(most) {
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<li><a href=\"{}\">#{} {}</a>　{}，{}（{}）。在微信里回复“报名 {}”</li>",
            escape(&one.path),
            one.id,
            escape(&one.title),
            escape(&one.when),
            escape(&one.venue),
            escape(&one.places),
            one.id
        );
    }
    out.push_str("</ul>\n");
    out
}

/// What was held, each with its photos; empty while there is nothing.
#[must_use]
pub fn activities_held(all: &[Held]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for one in all {
        let title = escape(&one.title);
        let _ = write!(
            out,
            "<li><a href=\"{}\">{title}</a> <span class=\"soft\">{}</span>",
            escape(&one.path),
            one.day
        );
        if !one.photos.is_empty() {
            out.push_str("<div class=\"photos\">");
            for photo in &one.photos {
                let _ = write!(
                    out,
                    "<img src=\"{}\" alt=\"{title}的照片\" loading=\"lazy\">",
                    escape(photo)
                );
            }
            out.push_str("</div>");
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>\n");
    out
}

/// What volunteers do, as far as there is anything; empty while there is nothing.
#[must_use]
pub fn service(board: &Board, most: usize) -> String {
    let Service {
        year,
        totals,
        people: (people, members),
        tasks,
    } = &board.service;
    let mut out = String::new();
    if *people > 0 {
        let _ = write!(out, "<p>小区有 <b>{people}</b> 位志愿者");
        if *members > 0 {
            let _ = write!(out, "，其中双报到党员 <b>{members}</b> 位");
        }
        out.push_str("。想加入，在微信里回复“志愿报名”。</p>\n");
    }
    if totals.minutes > 0 {
        let _ = writeln!(
            out,
            "<p>{year}年，<b>{}</b> 位志愿者服务了 <b>{}</b>。</p>",
            totals.people,
            says(totals.minutes)
        );
    }
    if !tasks.is_empty() {
        out.push_str("<ul class=\"lines no-print\">");
        for one in tasks.iter().take(most) {
            let _ = write!(
                out,
                "<li>#{0} {1}　{2}，{3}（{4}）。在微信里回复“领任务 {0}”</li>",
                one.id,
                escape(&one.title),
                escape(&one.when),
                escape(&one.venue),
                one.left
            );
        }
        out.push_str("</ul>\n");
    }
    out
}

/// Who wants to be named, with their hours; empty where nobody does.
#[must_use]
pub fn named(board: &Board) -> String {
    let named = &board.service.totals.named;
    if named.is_empty() {
        return String::new();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for (name, minutes) in named {
        let _ = write!(out, "<li>{}　{}</li>", escape(name), says(*minutes));
    }
    out.push_str("</ul>\n");
    out
}
