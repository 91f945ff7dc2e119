//! `/console/giving`: drives of a compound with what was given and used; a drive, or what was given for none, with
//! every donation, every use, and what whoever looks may do, as forms. What the forms do is `giving_act.rs`.

use askama::Template;
use entity::kinds::{DonationKind, DonationState, DriveState};
use entity::{donation_use, drive, place};
use poem::http::StatusCode;
use poem::web::{Path, Query};
use poem::{Response, handler};
use serde::Deserialize;

use crate::access::permit::{Deed, may};
use crate::attachment::queries as attachments;
use crate::base::clock::{china, say};
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::fund::left;
use crate::giving::queries::public::{self, Sums};
use crate::giving::queries::{self, Seen, Which, no_such_drive};
use crate::giving::{FREE, amount_says, drive_says, state_says};
use crate::place::queries as places;
use crate::web::console::compound::{Way, ground};
use crate::web::console::files::show_file;
use crate::web::console::form::Typed;
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::wechat::crypto::hex;
use crate::wechat::http::percent;

/// Lines of a page.
const LINES: u64 = 30;
/// Whoever may look.
pub(super) const SEES: &[Deed] = &[Deed::RunDrives, Deed::TakeMoney, Deed::SeeMoney];
/// Stands in an address in place of a drive: what was given for none.
pub(super) const NONE: &str = "free";
/// The fields beside which an error may stand.
pub(super) const FIELDS: [&str; 12] = [
    "title", "text", "goal", "from", "to", "what", "day", "amount", "expense", "donation", "proof",
    "reason",
];

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    compound: String,
    cursor: String,
    /// Where the goods that wait begin.
    waiting: String,
    said: String,
}

struct DriveLine {
    /// The key, or `free`.
    key: String,
    title: String,
    state: &'static str,
    open: bool,
    days: String,
    given: Fen,
    left: Fen,
    count: i64,
}

#[derive(Template)]
#[template(path = "web/console/giving.html")]
struct Giving {
    frame: Frame,
    name: String,
    code: String,
    ways: Vec<Way>,
    lines: Vec<DriveLine>,
    waiting: Vec<GiftLine>,
    older: Option<String>,
    next: Option<String>,
    can_run: bool,
    can_take: bool,
}

/// `GET /console/giving`
///
/// # Errors
/// `forbidden`; `not_found` for a compound that is not theirs; `invalid` for a cursor that is none.
#[handler]
pub async fn list(desk: &Desk, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (compound, ways) = ground(desk, &asked.compound, SEES).await?;
    let db = desk.app.store.read();
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let page = queries::drives(db, desk.actor(), Some(compound.id), slice).await?;
    let sums = public::sums(db, compound.id).await?;
    let of = |key: Option<i64>| sums.get(&key).copied().unwrap_or_default();
    let mut lines = Vec::new();
    if slice.before.is_none() {
        lines.push(free_line(of(None)));
    }
    for row in &page.items {
        lines.push(drive_line(row, of(Some(row.id))));
    }
    let can_run = may(desk.actor(), Deed::RunDrives, &compound.path);
    let (mut waiting, mut older) = (Vec::new(), None);
    if can_run {
        let slice = Slice::parse(Some(&asked.waiting), Some(LINES))?;
        let which = Which::WaitingIn(compound.id);
        let found = queries::page(db, desk.actor(), which, slice).await?;
        waiting.extend(found.items.iter().map(|seen| gift_line(seen, true)));
        older = found.next;
    }
    let page = Giving {
        frame: Frame::new(desk, "捐赠").saying(&asked.said),
        can_run,
        can_take: may(desk.actor(), Deed::TakeMoney, &compound.path),
        name: compound.name,
        code: percent(&compound.code),
        ways,
        lines,
        waiting,
        older,
        next: page.next,
    };
    show(StatusCode::OK, &page)
}

fn free_line(sums: Sums) -> DriveLine {
    DriveLine {
        key: NONE.to_owned(),
        title: FREE.to_owned(),
        state: "长期",
        open: true,
        days: String::new(),
        given: Fen(sums.given),
        left: Fen(sums.left()),
        count: sums.count,
    }
}

fn drive_line(row: &drive::Model, sums: Sums) -> DriveLine {
    DriveLine {
        key: row.id.to_string(),
        title: row.title.clone(),
        state: drive_says(row.state),
        open: row.state == DriveState::Open,
        days: days(row),
        given: Fen(sums.given),
        left: Fen(sums.left()),
        count: sums.count,
    }
}

fn days(row: &drive::Model) -> String {
    match row.to_day {
        Some(last) => format!("{} 至 {last}", row.from_day),
        None => format!("{} 起", row.from_day),
    }
}

pub(super) struct GiftLine {
    id: i64,
    key: String,
    who: String,
    what: String,
    room: Option<String>,
    amount: String,
    left: String,
    state: &'static str,
    waits: bool,
    at: String,
    can_take: bool,
    /// Whether how to reach the donor may be looked at.
    can_reach: bool,
    /// How, once somebody has looked.
    reach: Option<String>,
    can_use: bool,
    /// What can still be used of goods.
    pieces: i64,
}

fn gift_line(seen: &Seen, runs: bool) -> GiftLine {
    let row = &seen.row;
    let goods = row.kind == DonationKind::Goods;
    let waits = row.state == DonationState::Pledged;
    let there = match row.state {
        DonationState::Received => left(row),
        _ => 0,
    };
    GiftLine {
        id: row.id,
        key: row
            .drive_id
            .map_or_else(|| NONE.to_owned(), |id| id.to_string()),
        who: seen.who.clone(),
        what: match (&row.goods, goods) {
            (Some(what), _) => what.clone(),
            (None, true) => "物品".to_owned(),
            (None, false) => "捐款".to_owned(),
        },
        room: row.room.clone(),
        amount: amount_says(row.kind, row.amount),
        left: amount_says(row.kind, there),
        state: state_says(row),
        waits,
        at: say(row.received_at.unwrap_or(row.created_at)),
        can_take: goods && waits && runs,
        can_reach: goods && waits && runs && !row.anonymous && row.donor_id.is_some(),
        reach: None,
        can_use: goods && there > 0 && runs,
        pieces: there,
    }
}

struct UseLine {
    id: i64,
    what: String,
    day: String,
    amount: String,
    expense: Option<i64>,
    of: String,
    proof: bool,
}

fn use_line((row, shares): (donation_use::Model, Vec<(i64, i64)>)) -> UseLine {
    let of: Vec<String> = shares
        .iter()
        .map(|(id, part)| format!("#{id} {}", amount_says(row.kind, *part)))
        .collect();
    UseLine {
        id: row.id,
        day: row.day.to_string(),
        amount: amount_says(row.kind, row.amount),
        expense: row.expense_id,
        of: of.join("，"),
        proof: row.proof_id.is_some(),
        what: row.what,
    }
}

#[derive(Template)]
#[template(path = "web/console/giving_drive.html")]
struct DrivePage {
    frame: Frame,
    key: String,
    code: String,
    title: String,
    text: String,
    state: &'static str,
    facts: Vec<(&'static str, String)>,
    gifts: Vec<GiftLine>,
    uses: Vec<UseLine>,
    cursor: String,
    next: Option<String>,
    can_edit: bool,
    can_close: bool,
    can_spend: bool,
    can_take: bool,
    mark: String,
    today: String,
    tried: String,
    typed: Typed,
    problem: Option<String>,
}

impl DrivePage {
    /// An error of the form that was sent, beside its field.
    fn error(&self, act: &str, field: &str) -> Option<&str> {
        self.typed.error(field).filter(|_| self.tried == act)
    }

    fn value(&self, act: &str, field: &str) -> &str {
        match self.tried == act {
            true => self.typed.value(field),
            false => "",
        }
    }
}

/// What a page of donations is about: a drive or none, with the compound.
pub(super) async fn of_key(
    desk: &Desk,
    key: &str,
    compound: &str,
) -> Result<(Option<drive::Model>, place::Model), Fault> {
    if key == NONE {
        let (compound, _) = ground(desk, compound, SEES).await?;
        return Ok((None, compound));
    }
    let id: i64 = key.parse().map_err(|_| no_such_drive(0))?;
    let db = desk.app.store.read();
    let (row, compound) = queries::drive(db, desk.actor(), id).await?;
    let seen = SEES
        .iter()
        .any(|deed| may(desk.actor(), *deed, &compound.path));
    match seen {
        true => Ok((Some(row), compound)),
        false => Err(no_such_drive(id)),
    }
}

/// `GET /console/giving/:id`; `free` for what was given for no drive.
///
/// # Errors
/// `not_found` for a drive that is not theirs; `invalid` for a cursor that is none.
#[handler]
pub async fn open(
    desk: &Desk,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let tried = ("", Typed::default());
    page(desk, &key, &asked, StatusCode::OK, tried, None).await
}

/// The page once somebody has looked how a donor is reached: the donation, and how.
pub(super) async fn reached(
    desk: &Desk,
    key: &str,
    (compound, cursor): (&str, &str),
    how: (i64, String),
) -> Result<Response, Fault> {
    let asked = Asked {
        compound: compound.to_owned(),
        cursor: cursor.to_owned(),
        ..Asked::default()
    };
    let tried = ("", Typed::default());
    page(desk, key, &asked, StatusCode::OK, tried, Some(how)).await
}

/// The same page after a form that could not be done, with what was typed.
pub(super) async fn again(
    desk: &Desk,
    key: &str,
    compound: &str,
    status: StatusCode,
    tried: (&str, Typed),
) -> Result<Response, Fault> {
    let asked = Asked {
        compound: compound.to_owned(),
        ..Asked::default()
    };
    page(desk, key, &asked, status, tried, None).await
}

async fn page(
    desk: &Desk,
    key: &str,
    asked: &Asked,
    status: StatusCode,
    (tried, typed): (&str, Typed),
    how: Option<(i64, String)>,
) -> Result<Response, Fault> {
    let (found, compound) = of_key(desk, key, &asked.compound).await?;
    let db = desk.app.store.read();
    let id = found.as_ref().map(|row| row.id);
    let slice = Slice::parse(Some(&asked.cursor), Some(LINES))?;
    let which = Which::Of(compound.id, id);
    let gifts = queries::page(db, desk.actor(), which, slice).await?;
    let sums = public::sums(db, compound.id).await?;
    let sums = sums.get(&id).copied().unwrap_or_default();
    let uses = public::uses(db, compound.id, id).await?;
    let runs = may(desk.actor(), Deed::RunDrives, &compound.path);
    let state = found.as_ref().map(|row| row.state);
    let title = found
        .as_ref()
        .map_or_else(|| FREE.to_owned(), |row| row.title.clone());
    let page = DrivePage {
        frame: Frame::new(desk, title.clone()).saying(&asked.said),
        key: key.to_owned(),
        code: percent(&compound.code),
        text: found
            .as_ref()
            .map(|row| row.text.clone())
            .unwrap_or_default(),
        state: state.map_or("长期", drive_says),
        facts: facts(found.as_ref(), sums),
        gifts: gifts
            .items
            .iter()
            .map(|seen| GiftLine {
                reach: how
                    .as_ref()
                    .filter(|(id, _)| *id == seen.row.id)
                    .map(|(_, how)| how.clone()),
                ..gift_line(seen, runs)
            })
            .collect(),
        cursor: asked.cursor.clone(),
        uses: uses.into_iter().map(use_line).collect(),
        next: gifts.next,
        can_edit: runs && state == Some(DriveState::Draft),
        can_close: runs && state == Some(DriveState::Open),
        can_spend: runs && sums.left() > 0 && may(desk.actor(), Deed::KeepMoney, &compound.path),
        can_take: state != Some(DriveState::Draft)
            && may(desk.actor(), Deed::TakeMoney, &compound.path),
        // Of goods the donation's number stands behind it.
        mark: hex(&desk.app.dice.bytes::<10>()),
        today: china(desk.app.clock.now()).date_naive().to_string(),
        problem: typed.general(&FIELDS).map(str::to_owned),
        title,
        tried: tried.to_owned(),
        typed,
    };
    show(status, &page)
}

fn facts(row: Option<&drive::Model>, sums: Sums) -> Vec<(&'static str, String)> {
    let yuan = |fen| format!("{} 元", Fen(fen).in_groups());
    let mut facts = Vec::new();
    if let Some(row) = row {
        facts.push(("日期", days(row)));
        facts.extend(row.goal.map(|goal| ("目标", yuan(goal))));
        facts.extend(row.opened_at.map(|at| ("发布", say(at))));
        facts.extend(row.closed_at.map(|at| ("结束", say(at))));
    }
    facts.push(("收到捐款", yuan(sums.given)));
    facts.push(("已用", yuan(sums.used)));
    facts.push(("已退", yuan(sums.returned)));
    facts.push(("还剩", yuan(sums.left())));
    facts
}

/// `GET /console/giving/uses/:id/proof`: the picture or the receipt of what was done with it.
///
/// # Errors
/// `not_found`.
#[handler]
pub async fn proof(desk: &Desk, Path(id): Path<String>) -> Result<Response, Fault> {
    let none = || Fault::plain(Code::NotFound);
    let id: i64 = id.parse().map_err(|_| none())?;
    let db = desk.app.store.read();
    let row = queries::use_by_id(db, id).await?.ok_or_else(none)?;
    let compound = places::by_id(db, row.compound_id).await?.ok_or_else(none)?;
    if !SEES
        .iter()
        .any(|deed| may(desk.actor(), *deed, &compound.path))
    {
        return Err(none());
    }
    let file = attachments::by_id(db, row.proof_id.ok_or_else(none)?).await?;
    show_file(&desk.app, &file.ok_or_else(none)?).await
}
