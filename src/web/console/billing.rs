//! `/console/billing`: a month of a compound before its bills: shared costs, readings, parking spaces, what
//! is charged once; and making the bills.

use askama::Template;
use chrono::NaiveDate;
use entity::kinds::FeeKind;
use entity::money::RunState;
use entity::{bill_run, fee_item};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::base::text::half_width;
use crate::fee::actions::entries::{self, Charge, Space};
use crate::fee::actions::run;
use crate::fee::price::units;
use crate::fee::{queries, remind, run_says};
use crate::store::Tx;
use crate::web::console::bills::homes_named;
use crate::web::console::books::{Books, month_in};
use crate::web::console::days::is_elsewhere;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::reading::reading;
use crate::web::pages::go;

const PAGE: &str = "/console/billing";
/// Rows of the page's lists.
const MOST: u64 = 50;
/// Months of the list of runs.
const MONTHS: u64 = 24;
/// Lines that one form with readings may have.
const MOST_READINGS: usize = 500;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    month: String,
    said: String,
}

/// A cost that is shared: fee, its key, what was entered.
struct CostLine {
    id: i64,
    name: String,
    amount: String,
    note: String,
}

/// A reading: home, fee, before, now.
struct ReadingLine {
    home: String,
    name: String,
    before: String,
    after: String,
}

/// A space: key, code, home, since when.
struct SpaceLine {
    id: i64,
    code: String,
    home: String,
    from: NaiveDate,
}

/// A run of the list.
struct RunLine {
    month: Month,
    says: &'static str,
    done: bool,
    homes: i32,
    bills: i32,
    amount: String,
}

/// A fee that may be chosen: key, name, whether it was.
type Choice = (i64, String, bool);

#[derive(Template)]
#[template(path = "web/console/billing.html")]
struct Billing {
    frame: Frame,
    books: Books,
    month: Month,
    before: Month,
    next: Month,
    run: Option<RunLine>,
    findings: Vec<String>,
    costs: Vec<CostLine>,
    meters: Vec<Choice>,
    readings: Vec<ReadingLine>,
    parking: Vec<Choice>,
    spaces: Vec<SpaceLine>,
    runs: Vec<RunLine>,
    problem: Option<String>,
    cost: Typed,
    reading: Typed,
    space: Typed,
    charge: Typed,
}

/// A form that did not work.
struct Tried<'a> {
    act: &'a str,
    form: &'a Form,
    fault: &'a Fault,
}

/// `GET /console/billing`
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    page(desk, &asked, None).await
}

async fn page(desk: &Desk, asked: &Asked, tried: Option<Tried<'_>>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let books = Books::find(desk, &asked.compound).await?;
    let month = month_in(desk, &asked.month);
    let items = crate::fee::tariff::items_of(db, books.place.id, month).await?;
    let runs = queries::runs(db, books.place.id, MONTHS).await?;
    let typed = |act: &str| match &tried {
        Some(tried) if tried.act == act => Typed::wrong(tried.form, tried.fault),
        _ => Typed::default(),
    };
    let (cost, reading, space) = (typed("cost"), typed("readings"), typed("space"));
    let (status, problem) = match &tried {
        None => (StatusCode::OK, None),
        Some(tried) => {
            let says = tried.fault.detail.to_string();
            (
                status(tried.fault),
                tried.fault.field.is_none().then_some(says),
            )
        }
    };
    let page = Billing {
        frame: Frame::new(desk, format!("{}：{}出账", books.place.name, month.says()))
            .saying(&asked.said),
        run: runs
            .iter()
            .find(|run| run.month == month.number())
            .and_then(run_line),
        runs: runs.iter().filter_map(run_line).collect(),
        findings: queries::findings(db, books.place.id, month).await?,
        costs: cost_lines(desk, &books, &items, month).await?,
        meters: choices(&items, FeeKind::Meter, &reading),
        readings: reading_lines(desk, &books, &items, month).await?,
        parking: choices(&items, FeeKind::Parking, &space),
        spaces: space_lines(desk, &books).await?,
        charge: typed("charge"),
        cost,
        reading,
        space,
        problem,
        before: month.before(),
        next: month.next(),
        month,
        books,
    };
    show(status, &page)
}

fn run_line(run: &bill_run::Model) -> Option<RunLine> {
    Some(RunLine {
        month: Month::from_number(run.month)?,
        says: run_says(run.state),
        done: run.state == RunState::Done,
        homes: run.homes,
        bills: run.bills,
        amount: Fen(run.amount).to_string(),
    })
}

fn choices(items: &[fee_item::Model], kind: FeeKind, typed: &Typed) -> Vec<Choice> {
    let of_kind = items.iter().filter(|item| item.kind == kind);
    of_kind
        .map(|item| {
            let is = item.id.to_string() == typed.value("item");
            (item.id, item.name.clone(), is)
        })
        .collect()
}

async fn cost_lines(
    desk: &Desk,
    books: &Books,
    items: &[fee_item::Model],
    month: Month,
) -> Result<Vec<CostLine>, Fault> {
    let costs = queries::costs(desk.app.store.read(), books.place.id, month).await?;
    let shared = items.iter().filter(|item| item.kind == FeeKind::Shared);
    let line = |item: &fee_item::Model| {
        let cost = costs.get(&item.id);
        CostLine {
            id: item.id,
            name: item.name.clone(),
            amount: cost.map_or_else(String::new, |cost| Fen(cost.amount).to_string()),
            note: cost.map_or_else(String::new, |cost| cost.note.clone()),
        }
    };
    Ok(shared.map(line).collect())
}

async fn reading_lines(
    desk: &Desk,
    books: &Books,
    items: &[fee_item::Model],
    month: Month,
) -> Result<Vec<ReadingLine>, Fault> {
    let db = desk.app.store.read();
    let rows = queries::readings(db, books.place.id, month, MOST).await?;
    let homes = homes_named(db, rows.iter().map(|row| row.home_id)).await?;
    let name = |id: i64| items.iter().find(|item| item.id == id);
    let line = |row: &entity::fee_reading::Model| ReadingLine {
        home: homes.get(&row.home_id).cloned().unwrap_or_default(),
        name: name(row.fee_item_id).map_or_else(String::new, |item| item.name.clone()),
        before: units(row.before_milli),
        after: units(row.after_milli),
    };
    Ok(rows.iter().map(line).collect())
}

async fn space_lines(desk: &Desk, books: &Books) -> Result<Vec<SpaceLine>, Fault> {
    let db = desk.app.store.read();
    let rows = queries::spaces(db, books.place.id, MOST).await?;
    let homes = homes_named(db, rows.iter().map(|row| row.home_id)).await?;
    let line = |row: entity::fee_space::Model| SpaceLine {
        id: row.id,
        home: homes.get(&row.home_id).cloned().unwrap_or_default(),
        from: row.from_day,
        code: row.code,
    };
    Ok(rows.into_iter().map(line).collect())
}

/// `POST /console/billing/:act`: `cost`, `readings`, `space`, `space-end`, `charge`, `start`.
///
/// # Errors
/// `not_found` for a compound whose money is not theirs to see, or another act.
#[handler]
pub async fn take(desk: &Desk, Path(act): Path<String>, form: Form) -> Result<Response, Fault> {
    let books = Books::find(desk, form.text("compound")).await?;
    let month = month_in(desk, form.text("month"));
    let done = async {
        // Another month than was meant would be made in earnest.
        let typed = form.text("month").trim();
        if !typed.is_empty() && Month::parse(typed).is_none() {
            let wrong = Fault::new(Code::Invalid, "没有这个月份，请写成 2026-11。");
            return Err(wrong);
        }
        let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
        let to = match act.as_str() {
            "cost" => cost(&mut tx, desk, &books, month, &form).await?,
            "readings" => readings(&mut tx, desk, &books, month, &form).await?,
            "space" => space(&mut tx, desk, &books, month, &form).await?,
            "space-end" => space_end(&mut tx, desk, &books, month, &form).await?,
            "charge" => charge(&mut tx, desk, &books, month, &form).await?,
            "start" => start(&mut tx, desk, &books, month).await?,
            _ => return Err(Fault::plain(Code::NotFound)),
        };
        tx.commit().await?;
        Ok(to)
    };
    match done.await {
        Ok((month, said)) => Ok(go(&format!(
            "{PAGE}?compound={}&month={month}&said={said}",
            books.code
        ))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let asked = Asked {
                compound: form.text("compound").to_owned(),
                month: form.text("month").to_owned(),
                said: String::new(),
            };
            let tried = Tried {
                act: &act,
                form: &form,
                fault: &fault,
            };
            page(desk, &asked, Some(tried)).await
        }
    }
}

/// The month that the page shows then, and what it says.
type Then = (Month, &'static str);

fn item(form: &Form) -> Result<i64, Fault> {
    let typed = form.text("item").parse();
    typed.map_err(|_| Fault::invalid("item", "请选收费项目。"))
}

fn yuan(form: &Form) -> Result<i64, Fault> {
    let typed = Fen::parse(form.text("amount"));
    typed
        .map(|fen| fen.0)
        .ok_or_else(|| Fault::invalid("amount", "请写金额（元），例如 1234.56。"))
}

fn day(form: &Form, field: &'static str) -> Result<NaiveDate, Fault> {
    let plain: String = form.text(field).trim().chars().map(half_width).collect();
    plain
        .parse::<NaiveDate>()
        .ok()
        .filter(|day| (2000..2200).contains(&chrono::Datelike::year(day)))
        .ok_or_else(|| Fault::invalid(field, "请写日期，例如 2026-11-20。"))
}

async fn cost(
    tx: &mut Tx,
    desk: &Desk,
    books: &Books,
    month: Month,
    form: &Form,
) -> Result<Then, Fault> {
    let key = (books.place.id, item(form)?);
    let (amount, note) = (yuan(form)?, form.text("note"));
    entries::set_cost(tx, desk.actor(), key, month, amount, note).await?;
    Ok((month, "cost-set"))
}

/// A line each: home, what the meter shows now, and what it showed before where nobody has written that
/// down yet. Separated by commas, tabs or spaces, as a spreadsheet gives them.
async fn readings(
    tx: &mut Tx,
    desk: &Desk,
    books: &Books,
    month: Month,
    form: &Form,
) -> Result<Then, Fault> {
    let key = (books.place.id, item(form)?);
    let lines = form.text("lines").lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let lines: Vec<(usize, &str)> = lines.take(MOST_READINGS + 1).collect();
    if lines.is_empty() {
        return Err(Fault::invalid(
            "lines",
            "请写读数，每行一户，例如 3-2-501 1234.5。",
        ));
    }
    if lines.len() > MOST_READINGS {
        return Err(Fault::invalid(
            "lines",
            format!("一次最多{MOST_READINGS}户，请分几次填。"),
        ));
    }
    let at_line = |at: usize, fault: &Fault| {
        Fault::invalid("lines", format!("第{}行：{}", at + 1, fault.detail))
    };
    let mut readings = Vec::with_capacity(lines.len());
    for (at, line) in &lines {
        readings.push(reading(line).map_err(|fault| at_line(*at, &fault))?);
    }
    let done = entries::set_readings(tx, desk.actor(), key, month, readings).await;
    done.map_err(|wrong| {
        let at = wrong.at.and_then(|at| lines.get(at));
        match at {
            Some((at, _)) => at_line(*at, &wrong.fault),
            None => wrong.fault,
        }
    })?;
    Ok((month, "readings-set"))
}

async fn space(
    tx: &mut Tx,
    desk: &Desk,
    books: &Books,
    month: Month,
    form: &Form,
) -> Result<Then, Fault> {
    let key = (books.place.id, item(form)?);
    let space = Space {
        home: form.text("home").to_owned(),
        code: form.text("code").to_owned(),
        from: day(form, "from")?,
        to: match form.text("to").trim() {
            "" => None,
            _ => Some(day(form, "to")?),
        },
    };
    let billed = entries::add_space(tx, desk.actor(), key, space).await?;
    let said = match billed {
        true => "space-added-late",
        false => "space-added",
    };
    Ok((month, said))
}

async fn space_end(
    tx: &mut Tx,
    desk: &Desk,
    books: &Books,
    month: Month,
    form: &Form,
) -> Result<Then, Fault> {
    let id = form.text("id").parse();
    let id = id.map_err(|_| Fault::not_found("没有找到这个车位。"))?;
    // This form has no place for an error: it stands above.
    let above = |fault: Fault| Fault {
        field: None,
        ..fault
    };
    let last = day(form, "to").map_err(above)?;
    let billed = entries::end_space(tx, desk.actor(), books.place.id, id, last)
        .await
        .map_err(above)?;
    let said = match billed {
        true => "space-ended-late",
        false => "space-ended",
    };
    Ok((month, said))
}

async fn charge(
    tx: &mut Tx,
    desk: &Desk,
    books: &Books,
    month: Month,
    form: &Form,
) -> Result<Then, Fault> {
    let charge = Charge {
        home: form.text("home").to_owned(),
        month,
        name: form.text("name").to_owned(),
        amount: yuan(form)?,
        basis: form.text("basis").to_owned(),
    };
    let on = entries::charge(tx, desk.actor(), books.place.id, charge).await?;
    Ok((
        on,
        if on == month {
            "charged"
        } else {
            "charged-later"
        },
    ))
}

async fn start(tx: &mut Tx, desk: &Desk, books: &Books, month: Month) -> Result<Then, Fault> {
    let run = run::begin(tx, desk.actor(), books.place.id, month)
        .await
        .map_err(|fault| Fault {
            field: None,
            ..fault
        })?;
    remind::start(tx, &run).await?;
    Ok((month, "run-started"))
}
