//! `/console/dues`: how a compound asks for what is due, with the words that people will read; and the
//! proof of what was asked, as a table to keep.

use std::collections::HashMap;

use askama::Template;
use chrono::NaiveDate;
use entity::money::DueEvent;
use entity::{due_notice, fee_policy};
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::clock::{china, say};
use crate::base::fault::Fault;
use crate::base::month::Month;
use crate::base::text::half_width;
use crate::dues::actions::{NewPolicy, check, set};
use crate::dues::late::{MOST_DAILY, percent};
use crate::dues::rule::Slot;
use crate::dues::words::{Due, text};
use crate::dues::{channel_says, event_says, queries, result_says};
use crate::person::queries::names;
use crate::report::sheet::{self, Cell, Sheet};
use crate::web::console::bills::homes_named;
use crate::web::console::books::{Books, month_in};
use crate::web::console::days::is_elsewhere;
use crate::web::console::fees::decimal;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::download::{CSV, download};
use crate::web::pages::go;

const PAGE: &str = "/console/dues";
const FIELDS: &[&str] = &["before", "every", "most", "words", "late", "late_basis"];
/// Rows of a table to keep.
const MOST_ROWS: u64 = 100_000;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    month: String,
    said: String,
}

#[derive(Template)]
#[template(path = "web/console/dues.html")]
struct Dues {
    frame: Frame,
    books: Books,
    typed: Typed,
    problem: Option<String>,
    /// What people read, by kind of reminder.
    samples: Vec<(String, String)>,
    most_late: String,
    month: Month,
}

/// `GET /console/dues`
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let books = Books::find(desk, &asked.compound).await?;
    let stored = queries::policy(desk.app.store.read(), books.place.id).await?;
    let (typed, words) = match &stored {
        Some(row) => (typed(row), row.remind_words.as_deref()),
        None => (Typed::default(), None),
    };
    page(desk, books, typed, words, &asked.said, StatusCode::OK)
}

fn typed(row: &fee_policy::Model) -> Typed {
    let number = |number: Option<i32>| number.map_or_else(String::new, |number| number.to_string());
    let most = match row.remind_every {
        Some(_) => row.remind_most.to_string(),
        None => String::new(),
    };
    let late = match row.late_daily {
        0 => String::new(),
        daily => percent(daily),
    };
    Typed::with(&[
        ("before", &number(row.remind_before)),
        ("on", if row.remind_on { "yes" } else { "" }),
        ("every", &number(row.remind_every)),
        ("most", &most),
        ("words", row.remind_words.as_deref().unwrap_or_default()),
        ("late", &late),
        ("late_basis", row.late_basis.as_deref().unwrap_or_default()),
    ])
}

fn page(
    desk: &Desk,
    books: Books,
    typed: Typed,
    words: Option<&str>,
    said: &str,
    status: StatusCode,
) -> Result<Response, Fault> {
    let month = month_in(desk, "");
    let page = Dues {
        frame: Frame::new(desk, format!("{}：缴费提醒", books.place.name)).saying(said),
        samples: samples(&books.place.name, month, words),
        problem: typed.general(FIELDS).map(str::to_owned),
        most_late: percent(MOST_DAILY),
        typed,
        month,
        books,
    };
    show(status, &page)
}

/// What each kind of reminder says, of a home and a bill that are nobody's.
fn samples(compound: &str, month: Month, words: Option<&str>) -> Vec<(String, String)> {
    let slots = [Slot::Before, Slot::On, Slot::After(1)];
    let sample = |slot: Slot| {
        let due = Due {
            id: 12,
            home: "3-2-501".to_owned(),
            month: month.number(),
            due_on: month.day(10),
            left: 16_110,
            slot,
        };
        (slot.says(), text(compound, &[due], words))
    };
    slots.into_iter().map(sample).collect()
}

fn new_policy(form: &Form) -> Result<NewPolicy, Fault> {
    let late_daily = match form.text("late").trim() {
        "" => 0,
        typed => decimal(typed, 3)
            .and_then(|daily| i32::try_from(daily).ok())
            .ok_or_else(|| Fault::invalid("late", "请写每天的百分比，例如 0.015，不收请写0。"))?,
    };
    Ok(NewPolicy {
        before: number(form, "before")?,
        on: form.text("on") == "yes",
        every: number(form, "every")?,
        most: number(form, "most")?.unwrap_or(0),
        words: form.text("words").to_owned(),
        late_daily,
        late_basis: form.text("late_basis").to_owned(),
    })
}

fn number(form: &Form, field: &'static str) -> Result<Option<i32>, Fault> {
    let plain: String = form.text(field).trim().chars().map(half_width).collect();
    if plain.is_empty() {
        return Ok(None);
    }
    let number = plain.parse();
    number
        .map(Some)
        .map_err(|_| Fault::invalid(field, "请写一个整数，例如 3。"))
}

/// `POST /console/dues`: saves it, or shows the words first.
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see.
#[handler]
pub async fn save(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let books = Books::find(desk, form.text("compound")).await?;
    let looks = form.text("act") == "preview";
    let done = async {
        let new = new_policy(&form)?;
        if looks {
            return check(&new).map(Some);
        }
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        set(&mut tx, desk.actor(), books.place.id, &new).await?;
        tx.commit().await?;
        Ok(None)
    };
    match done.await {
        Ok(None) => Ok(go(&format!("{PAGE}?compound={}&said=dues-set", books.code))),
        Ok(Some(new)) => {
            let words = Some(new.words.as_str()).filter(|words| !words.is_empty());
            page(desk, books, Typed::again(&form), words, "", StatusCode::OK)
        }
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        // Words that are refused are not shown as if they would be sent.
        Err(fault) => page(
            desk,
            books,
            Typed::wrong(&form, &fault),
            None,
            "",
            status(&fault),
        ),
    }
}

/// `GET /console/dues/notices.csv`: what was done in a month, bill by bill.
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see.
#[handler]
pub async fn csv(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let books = Books::find(desk, &asked.compound).await?;
    let month = month_in(desk, &asked.month);
    let db = desk.app.store.read();
    let days = (month.first(), month.last());
    let rows = queries::of_days(db, books.place.id, days, MOST_ROWS).await?;
    let homes = homes_named(db, rows.iter().map(|row| row.home_id)).await?;
    // Who it is belongs to those who may see people.
    let names = match may(desk.actor(), Deed::SeePeople, &books.place.path) {
        true => names(desk.app.store.read(), rows.iter().map(|row| row.person_id)).await?,
        false => HashMap::new(),
    };
    let head = [
        "账单",
        "房号",
        "缴费人",
        "提醒日期",
        "哪一次",
        "记录",
        "结果",
        "渠道",
        "当时欠费",
        "时间",
        "内容",
    ];
    let line = |row: due_notice::Model| {
        let known = |map: &HashMap<i64, String>, id: i64| map.get(&id).cloned().unwrap_or_default();
        vec![
            Cell::Number(row.bill_id),
            known(&homes, row.home_id).into(),
            known(&names, row.person_id).into(),
            row.day.to_string().into(),
            slot_says(&row).into(),
            event_says(row.event).into(),
            row.result.map_or("", result_says).into(),
            channel_says(row.channel.as_deref().unwrap_or_default()).into(),
            Cell::Yuan(row.amount),
            china(row.created_at).format("%F %T").to_string().into(),
            row.words.unwrap_or_default().replace('\n', " ").into(),
        ]
    };
    let sheet = Sheet {
        name: "缴费提醒".to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(line).collect(),
    };
    let name = format!("dues-{month}.csv");
    Ok(download(&name, CSV, sheet::csv(&sheet)?))
}

fn slot_says(row: &due_notice::Model) -> String {
    Slot::parse(&row.slot).map_or_else(String::new, Slot::says)
}

/// A reminder of a bill, on the bill's page.
pub struct NoticeLine {
    /// Its day.
    pub day: NaiveDate,
    /// Which of the bill's.
    pub slot: String,
    /// What came of it.
    pub result: &'static str,
    /// By which channel.
    pub channel: &'static str,
    /// When it was said, or found out that it could not be.
    pub at: String,
    /// What was said.
    pub words: String,
}

/// The reminders of a bill, the oldest first: what is not written down for good yet as the channels say it now.
///
/// # Errors
/// The database's.
pub async fn notices(desk: &Desk, bill_id: i64) -> Result<Vec<NoticeLine>, Fault> {
    let db = desk.app.store.read();
    let rows = queries::of_bill(db, bill_id).await?;
    let mut lines = Vec::new();
    for planned in rows.iter().filter(|row| row.event == DueEvent::Planned) {
        let of = |event: DueEvent| {
            let mut same = rows.iter().filter(|row| row.slot == planned.slot);
            same.find(|row| row.event == event)
        };
        let (said, ended) = (of(DueEvent::Said), of(DueEvent::Ended));
        let (result, channel) = match ended {
            Some(row) => {
                let channel = channel_says(row.channel.as_deref().unwrap_or_default());
                (row.result.map_or("", result_says), channel)
            }
            None => {
                let tries = queries::attempts(db, planned).await?;
                let last = tries.last();
                let way = last.map_or("", |last| channel_says(&last.channel));
                (
                    if last.is_some() {
                        "已交给渠道"
                    } else {
                        "等待发送"
                    },
                    way,
                )
            }
        };
        lines.push(NoticeLine {
            day: planned.day,
            slot: slot_says(planned),
            result,
            channel,
            at: said
                .or(ended)
                .map_or_else(String::new, |row| say(row.created_at)),
            words: said.and_then(|row| row.words.clone()).unwrap_or_default(),
        });
    }
    Ok(lines)
}
