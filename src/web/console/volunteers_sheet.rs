//! A year of volunteers: `/console/volunteers/record` is somebody's, to be printed, and `/console/volunteers.xlsx` that of
//! a whole compound, line by line and summed up.

use askama::Template;
use entity::{place, volunteer};
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::clock::{Moment, china, say};
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::person::queries::names;
use crate::place::queries as places;
use crate::report::sheet::{self, Cell, Sheet};
use crate::volunteer::hours::{Span, says, year, year_of};
use crate::volunteer::{queries, tally};
use crate::web::console::at::At;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::console::volunteers::PAGE;
use crate::web::download::{XLSX, download, plain_code};

/// Volunteers of one workbook.
const MOST: usize = 5_000;
const PART: u64 = 100;

/// Whose, where, and of which year.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    id: i64,
    place: String,
    year: String,
}

fn none() -> Fault {
    Fault::not_found("没有找到这位志愿者的记录。")
}

/// The year that was asked for, or this one.
fn asked_year(desk: &Desk, typed: &str) -> Result<(i32, Span), Fault> {
    let number = match typed.trim() {
        "" => year_of(desk.app.clock.now()),
        typed => typed.parse().map_err(|_| none())?,
    };
    Ok((number, year(number).ok_or_else(none)?))
}

struct Line {
    when: String,
    title: String,
    venue: String,
    served: String,
}

#[derive(Template)]
#[template(path = "web/console/volunteers_sheet.html")]
struct Record {
    frame: Frame,
    id: i64,
    name: String,
    compound: String,
    year: i32,
    lines: Vec<Line>,
    total: String,
    today: String,
}

/// `GET /console/volunteers/record`
///
/// # Errors
/// `not_found` for somebody of another compound, and for a year that is none.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (number, span) = asked_year(desk, &asked.year)?;
    let (row, compound) = led(desk, asked.id).await?;
    let person = row.person_id.ok_or_else(none)?;
    let lines = tally::record(db, person, span, Some(compound.id)).await?;
    let total = says(tally::minutes(&lines));
    let name = names(db, std::iter::once(person)).await?.remove(&person);
    let name = name.unwrap_or_default();
    let line = |line: tally::Line| Line {
        when: line.service.in_at.map(say).unwrap_or_default(),
        title: line.task.title,
        venue: line.task.venue,
        served: says(line.service.minutes.unwrap_or_default().into()),
    };
    let today = china(desk.app.clock.now()).format("%Y年%-m月%-d日");
    let page = Record {
        frame: Frame::new(desk, format!("{name}：{number}年志愿服务记录")),
        id: row.id,
        name,
        compound: compound.name,
        year: number,
        lines: lines.into_iter().map(line).collect(),
        total,
        today: today.to_string(),
    };
    show(StatusCode::OK, &page)
}

/// A volunteer of a compound that the actor leads as a whole, with the compound: whoever leads in one building sees
/// names, and no records.
async fn led(desk: &Desk, id: i64) -> Result<(volunteer::Model, place::Model), Fault> {
    let db = desk.app.store.read();
    let row = queries::active(db, id).await?.ok_or_else(none)?;
    let compound = places::compound_by_id(db, row.compound_id).await?;
    let compound = compound.ok_or_else(none)?;
    match may(desk.actor(), Deed::LeadActivities, &compound.path) {
        true => Ok((row, compound)),
        false => Err(none()),
    }
}

/// `GET /console/volunteers.xlsx`: a sheet with the sums and one with every service.
///
/// # Errors
/// `not_found` for a compound that is not theirs as a whole, for a place above the compounds, and for a year that is none.
#[handler]
pub async fn xlsx(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let (number, span) = asked_year(desk, &asked.year)?;
    let at = At::find(desk, PAGE, &asked.place, &[Deed::LeadActivities]).await?;
    let compound = places::compound_of(db, &at.place).await?;
    let whole = |place: &place::Model| may(desk.actor(), Deed::LeadActivities, &place.path);
    let compound = compound.filter(whole).ok_or_else(none)?;
    let (mut sums, mut each) = (Vec::new(), Vec::new());
    let mut before = None;
    loop {
        let slice = Slice {
            before,
            limit: PART,
        };
        let page = queries::members(db, compound.id, slice).await?;
        before = page.items.last().map(|member| member.volunteer.id);
        for member in page.items {
            let Some(person) = member.volunteer.person_id else {
                continue;
            };
            let lines = tally::record(db, person, span, Some(compound.id)).await?;
            sums.push(sum(&member, &lines));
            each.extend(lines.iter().map(|line| service(&member.name, line)));
        }
        if page.next.is_none() || sums.len() >= MOST {
            break;
        }
    }
    let sheets = [
        table(
            "汇总",
            &["姓名", "双报到", "单位", "次数", "分钟", "时长"],
            sums,
        ),
        table(
            "明细",
            &["姓名", "开始", "结束", "任务", "地点", "分钟"],
            each,
        ),
    ];
    let name = format!("volunteers-{}-{number}.xlsx", plain_code(&compound.code));
    Ok(download(&name, XLSX, sheet::workbook(&sheets)?))
}

fn table(name: &str, head: &[&str], rows: Vec<Vec<Cell>>) -> Sheet {
    Sheet {
        name: name.to_owned(),
        head: head.iter().map(|cell| (*cell).to_owned()).collect(),
        rows,
    }
}

fn sum(member: &queries::Member, lines: &[tally::Line]) -> Vec<Cell> {
    let minutes = tally::minutes(lines);
    let row = &member.volunteer;
    vec![
        member.name.clone().into(),
        if row.party { "是" } else { "" }.into(),
        row.unit.clone().unwrap_or_default().into(),
        i64::try_from(lines.len()).unwrap_or(i64::MAX).into(),
        minutes.into(),
        says(minutes).into(),
    ]
}

fn service(name: &str, line: &tally::Line) -> Vec<Cell> {
    let time = |at: Option<Moment>| {
        let text = at.map(|at| china(at).format("%F %R").to_string());
        Cell::from(text.unwrap_or_default())
    };
    vec![
        name.into(),
        time(line.service.in_at),
        time(line.service.out_at),
        line.task.title.clone().into(),
        line.task.venue.clone().into(),
        i64::from(line.service.minutes.unwrap_or_default()).into(),
    ]
}
