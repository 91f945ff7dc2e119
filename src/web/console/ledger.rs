//! `/console/ledger` (账簿): a month of a compound's books, account by account, and of one account its entries in
//! their order, a page at a time, also as CSV and XLSX. For whoever sees the money.

use askama::Template;
use chrono::NaiveDate;
use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use sea_orm::ConnectionTrait;
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::disclosure::queries::statement;
use crate::disclosure::statement::Line;
use crate::ledger::queries::{Booked, Days, on_account};
use crate::ledger::{Account, kind_says};
use crate::report::sheet::{self, Cell, Sheet};
use crate::web::console::books::{Books, month_in};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::download::{CSV, XLSX, download, plain_code};
use crate::wechat::http::percent;

/// Entries of a page.
const LINES: u64 = 50;
/// Entries of one look, for a file.
const LOOK: u64 = 2_000;

/// Of which compound, account and month, as the page's address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    account: String,
    month: String,
    after: String,
}

/// A line of the month: an account with what was there, came, went and is there.
struct Row {
    family: &'static str,
    name: &'static str,
    link: Option<String>,
    amounts: [String; 4],
}

/// An entry, as it stands on the account.
struct EntryLine {
    id: i64,
    day: NaiveDate,
    kind: &'static str,
    memo: String,
    others: String,
    plus: String,
    minus: String,
}

/// The account that is looked at.
struct Chosen {
    name: &'static str,
    facts: Vec<(&'static str, String)>,
    lines: Vec<EntryLine>,
    query: String,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "web/console/ledger.html")]
struct LedgerPage {
    frame: Frame,
    books: Books,
    month: Month,
    account: String,
    before: String,
    behind: String,
    rows: Vec<Row>,
    chosen: Option<Chosen>,
    can_enter: bool,
    month_wrong: Option<&'static str>,
}

/// `compound=GY&account=assets:bank&month=2026-11`
fn query(code: &str, account: Option<Account>, month: Month) -> String {
    let account = account.map_or_else(String::new, |one| percent(one.code()));
    format!("compound={code}&account={account}&month={month}")
}

/// Where a line of a month leads to; a line that is no account of the books leads nowhere.
pub(super) fn line_link(code: &str, account: &str, month: Month) -> Option<String> {
    let account = Account::parse(account)?;
    let query = query(code, Some(account), month);
    Some(format!("/console/ledger?{query}"))
}

fn read_account(typed: &str) -> Result<Option<Account>, Fault> {
    match typed.trim() {
        "" => Ok(None),
        code => match Account::parse(code) {
            Some(account) => Ok(Some(account)),
            None => Err(Fault::not_found("账簿里没有这个科目，请从列表里选。")),
        },
    }
}

const fn of_month(first: NaiveDate, last: NaiveDate) -> Days {
    Days {
        from: Some(first),
        to: Some(last),
    }
}

fn amounts(line: Option<&Line>) -> [String; 4] {
    let of = line.map_or([0; 4], |line| {
        [line.opening, line.plus, line.minus, line.closing]
    });
    of.map(|fen| Fen(fen).in_groups())
}

/// `GET /console/ledger`
///
/// # Errors
/// `forbidden` for who may see no money; `not_found` for a compound or an account that is not there.
#[handler]
pub async fn open(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let books = Books::find(desk, &asked.compound).await?;
    let account = read_account(&asked.account)?;
    let month = month_in(desk, &asked.month);
    let lines = statement(db, books.place.id, month).await?;
    let chosen = match account {
        Some(account) => Some(chosen(db, &books, (account, month), &lines, &asked.after).await?),
        None => None,
    };
    let row = |line: &Line| Row {
        family: line.family().says(),
        name: line.says(),
        link: line_link(&books.code, &line.account, month),
        amounts: amounts(Some(line)),
    };
    let typed = asked.month.trim();
    let page = LedgerPage {
        frame: Frame::new(desk, format!("{}：账簿", books.place.name)),
        month,
        before: query(&books.code, account, month.before()),
        behind: query(&books.code, account, month.next()),
        rows: lines.iter().map(row).collect(),
        chosen,
        account: asked.account.trim().to_owned(),
        can_enter: may(desk.actor(), Deed::TakeMoney, &books.place.path)
            || may(desk.actor(), Deed::KeepMoney, &books.place.path),
        month_wrong: (!typed.is_empty() && Month::parse(typed).is_none())
            .then_some("请写月份，例如 2026-11。"),
        books,
    };
    show(StatusCode::OK, &page)
}

async fn chosen<C: ConnectionTrait>(
    db: &C,
    books: &Books,
    (account, month): (Account, Month),
    lines: &[Line],
    after: &str,
) -> Result<Chosen, Fault> {
    let days = of_month(month.first(), month.last());
    let of = (books.place.id, account);
    let mut all = on_account(db, of, days, read_after(after)?, LINES + 1).await?;
    let full = u64::try_from(all.len()).is_ok_and(|count| count > LINES);
    all.truncate(usize::try_from(LINES).unwrap_or(usize::MAX));
    let query = query(&books.code, Some(account), month);
    let next = all.last().filter(|_| full).map(|last| {
        let entry = &last.entry;
        format!("{query}&after={}.{}", entry.day, entry.id)
    });
    let own = lines.iter().find(|line| line.account == account.code());
    Ok(Chosen {
        name: account.says(),
        facts: ["期初", "增加", "减少", "期末"]
            .into_iter()
            .zip(amounts(own))
            .collect(),
        lines: all
            .into_iter()
            .map(|one| entry_line(one, account))
            .collect(),
        query,
        next,
    })
}

/// The entry behind which a page begins: `2026-11-03.17`.
fn read_after(typed: &str) -> Result<Option<(NaiveDate, i64)>, Fault> {
    if typed.is_empty() {
        return Ok(None);
    }
    let read = typed.split_once('.').and_then(|(day, id)| {
        let day = day.parse::<NaiveDate>().ok()?;
        Some((day, id.parse::<i64>().ok()?))
    });
    let wrong = || Fault::invalid("after", "页码不正确，请从第一页重新开始。");
    read.map(Some).ok_or_else(wrong)
}

/// What an entry brought to an account and took from it, in fen.
fn both(booked: &Booked, account: Account) -> (i64, i64) {
    let moved = booked.on(account);
    match account.family().grows_by_debit() {
        true => (moved.debit, moved.credit),
        false => (moved.credit, moved.debit),
    }
}

/// The accounts on the other side.
fn others(booked: &Booked, account: Account) -> String {
    let mut names: Vec<&str> = Vec::new();
    for one in &booked.transfers {
        for side in [one.debit, one.credit] {
            let with = one.debit == account || one.credit == account;
            if with && side != account && !names.contains(&side.says()) {
                names.push(side.says());
            }
        }
    }
    names.join("、")
}

fn entry_line(booked: Booked, account: Account) -> EntryLine {
    let (plus, minus) = both(&booked, account);
    let amount = |fen: i64| match fen {
        0 => String::new(),
        fen => Fen(fen).in_groups(),
    };
    EntryLine {
        id: booked.entry.id,
        day: booked.entry.day,
        kind: kind_says(booked.entry.kind),
        others: others(&booked, account),
        plus: amount(plus),
        minus: amount(minus),
        memo: booked.entry.memo,
    }
}

/// `GET /console/ledger.csv`: all entries of the account in the month.
///
/// # Errors
/// As [`open`]; `invalid` without an account.
#[handler]
pub async fn csv(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (name, table) = file(desk, &asked).await?;
    let bytes = sheet::csv(&table)?;
    Ok(download(&format!("{name}.csv"), CSV, bytes))
}

/// `GET /console/ledger.xlsx`: the same as a workbook.
///
/// # Errors
/// As [`csv`].
#[handler]
pub async fn xlsx(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (name, table) = file(desk, &asked).await?;
    let bytes = sheet::workbook(&[table])?;
    Ok(download(&format!("{name}.xlsx"), XLSX, bytes))
}

/// What the file is called, but for its ending, and its table.
async fn file(desk: &Desk, asked: &Asked) -> Result<(String, Sheet), Fault> {
    let db = desk.app.store.read();
    let books = Books::find(desk, &asked.compound).await?;
    let none = || Fault::invalid("account", "请先选一个科目，再下载。");
    let account = read_account(&asked.account)?.ok_or_else(none)?;
    let month = month_in(desk, &asked.month);
    let days = of_month(month.first(), month.last());
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let part = on_account(db, (books.place.id, account), days, after, LOOK).await?;
        let Some(last) = part.last() else { break };
        after = Some((last.entry.day, last.entry.id));
        rows.extend(part.iter().map(|one| cells(one, account)));
    }
    let head = [
        "日期",
        "分录",
        "类别",
        "说明",
        "对方科目",
        "增加（元）",
        "减少（元）",
        "原因",
    ];
    let table = Sheet {
        name: format!("{} {month}", account.says()),
        head: head.map(str::to_owned).into(),
        rows,
    };
    let code = plain_code(&books.place.code);
    let plain = account.code().replace(':', "-");
    Ok((format!("ledger-{code}-{plain}-{month}"), table))
}

fn cells(booked: &Booked, account: Account) -> Vec<Cell> {
    let (plus, minus) = both(booked, account);
    let entry = &booked.entry;
    vec![
        entry.day.to_string().into(),
        entry.id.into(),
        kind_says(entry.kind).into(),
        entry.memo.as_str().into(),
        others(booked, account).into(),
        Cell::Yuan(plus),
        Cell::Yuan(minus),
        entry.cause.as_str().into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_behind_an_entry() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 3).unwrap();
        assert_eq!(read_after("2026-11-03.17").unwrap(), Some((day, 17)));
        assert_eq!(read_after("").unwrap(), None);
        for odd in ["17", "2026-11-03", "2026-11-03.x", ".", "x.1"] {
            assert!(read_after(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_line_of_a_month_leads_to_its_entries() {
        let month = Month::new(2026, 11).unwrap();
        let link = line_link("GY", "assets:bank", month).unwrap();
        assert!(link.starts_with("/console/ledger?compound=GY&account=assets"));
        assert!(link.ends_with("&month=2026-11"), "{link}");
        assert_eq!(line_link("GY", "equity:surplus", month), None);
    }
}
