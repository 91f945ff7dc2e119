//! Addresses of pages that need no signing in to be read: by which somebody pays for a home, by which a
//! bill is read, and by which a receipt is checked. Whoever holds one sees months and amounts, of a bill also what
//! they are for, and a part of the home's number, never a name.

use chrono::TimeDelta;
use entity::{bill, donation, receipt};

use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::payment::actions::order::Wish;
use crate::payment::{MOST, MOST_BILLS};
use crate::wechat::crypto::same;

/// A pay link holds so long.
pub const HOLDS: TimeDelta = TimeDelta::days(1);
/// The address of a bill, and the one by which it is paid on paper, hold so long.
pub const BILL_HOLDS: TimeDelta = TimeDelta::days(30);
/// What is signed of a bill's address begins so.
const BILL: &str = "bill:";
/// Stands before the key of a donation, where otherwise bills stand.
const GIVEN: char = 'd';

/// The address by which a wish is paid: `https://…/pay/…`.
#[must_use]
pub fn pay(app: &App, wish: &Wish) -> String {
    held(app, wish, HOLDS)
}

fn held(app: &App, wish: &Wish, holds: TimeDelta) -> String {
    let until = (app.clock.now() + holds).timestamp();
    format!(
        "{}/pay/{}",
        app.settings.server.public_url,
        token(app, wish, until)
    )
}

/// The address by which what is left of a bill is paid, for a bill that is handed on: on paper, or to a child far
/// away.
#[must_use]
pub fn pay_later(app: &App, row: &bill::Model) -> String {
    let wish = Wish {
        home_id: row.home_id,
        bills: vec![row.id],
        amount: None,
        donation: None,
    };
    held(app, &wish, BILL_HOLDS)
}

/// The address at which a bill is read, with all its lines: `https://…/bill/…`.
#[must_use]
pub fn bill(app: &App, id: i64) -> String {
    let until = (app.clock.now() + BILL_HOLDS).timestamp();
    let said = format!("{id}.{until}");
    let signed = app.seal.sign(&format!("{BILL}{said}"));
    format!("{}/bill/{said}.{signed}", app.settings.server.public_url)
}

/// The key of the bill that a token stands for; none when it is not ours or its time is over.
#[must_use]
pub fn read_bill(app: &App, token: &str, now: Moment) -> Option<i64> {
    let (said, signed) = token.rsplit_once('.')?;
    if !same(signed, &app.seal.sign(&format!("{BILL}{said}"))) {
        return None;
    }
    let (id, until) = said.split_once('.')?;
    let until = from_ms(until.parse::<i64>().ok()?.checked_mul(1_000)?)?;
    let id = id.parse().ok()?;
    (now <= until).then_some(id)
}

/// The address by which all that is left of some bills of a home is paid.
#[must_use]
pub fn pay_bills(app: &App, home_id: i64, bills: &[i64]) -> String {
    let wish = Wish {
        home_id,
        bills: bills.iter().copied().take(MOST_BILLS).collect(),
        amount: None,
        donation: None,
    };
    pay(app, &wish)
}

/// The address by which a donation is paid.
#[must_use]
pub fn pay_donation(app: &App, row: &donation::Model) -> String {
    let wish = Wish {
        home_id: row.compound_id,
        bills: Vec::new(),
        amount: Some(row.amount),
        donation: Some(row.id),
    };
    pay(app, &wish)
}

fn token(app: &App, wish: &Wish, until: i64) -> String {
    let bills: Vec<String> = wish.bills.iter().map(i64::to_string).collect();
    let what = match wish.donation {
        Some(id) => format!("{GIVEN}{id}"),
        None => bills.join("-"),
    };
    let amount = wish.amount.unwrap_or_default();
    let said = format!("{}.{what}.{amount}.{until}", wish.home_id);
    let signed = app.seal.sign(&format!("pay:{said}"));
    format!("{said}.{signed}")
}

/// What a token stands for; none when it is not ours or its time is over.
#[must_use]
pub fn read(app: &App, token: &str, now: Moment) -> Option<Wish> {
    let mut parts = token.split('.');
    let (home, bills) = (parts.next()?, parts.next()?);
    let (amount, until, signed) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let said = format!("pay:{home}.{bills}.{amount}.{until}");
    if !same(signed, &app.seal.sign(&said)) {
        return None;
    }
    let until = from_ms(until.parse::<i64>().ok()?.checked_mul(1_000)?)?;
    let donation = match bills.strip_prefix(GIVEN) {
        Some(id) => Some(id.parse().ok()?),
        None => None,
    };
    let bills = if donation.is_some() { "" } else { bills };
    let bills: Option<Vec<i64>> = bills
        .split('-')
        .filter(|id| !id.is_empty())
        .map(|id| id.parse().ok())
        .collect();
    let amount: i64 = amount.parse().ok()?;
    let bills = bills.filter(|bills| bills.len() <= MOST_BILLS)?;
    (now <= until && amount <= MOST).then_some(Wish {
        home_id: home.parse().ok()?,
        bills,
        amount: Some(amount).filter(|amount| *amount > 0),
        donation,
    })
}

/// The address by which a receipt is shown and checked.
#[must_use]
pub fn receipt(app: &App, row: &receipt::Model) -> String {
    format!("{}/receipt/{}", app.settings.server.public_url, row.token)
}

/// The same on paper, as a PDF file.
#[must_use]
pub fn receipt_paper(app: &App, row: &receipt::Model) -> String {
    format!("{}.pdf", receipt(app, row))
}
