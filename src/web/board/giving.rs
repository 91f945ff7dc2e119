//! `/board/{compound}/giving`: what was given in a compound and what it was used for, for everybody: each drive, each
//! donation by `张**` or in secret, each use with the donations that it came out of, and thanks for what stands in
//! shared rooms.

use std::fmt::Write as _;

use entity::kinds::{DonationKind, DriveState};
use entity::{donation_use, drive, place};
use poem::web::{Data, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use super::figures::tile;
use super::read::Board;
use super::{answer, back, limited, no_compound, show};
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::page::Slice;
use crate::base::text::shorten;
use crate::expense::anchor;
use crate::giving::queries::public::{self, Given, Sums};
use crate::giving::{FREE, amount_says, drive_says};
use crate::place::queries as places;
use crate::web::pages::{escape, to_board};
use crate::wechat::http::percent;

/// Donations of a page.
const LINES: u64 = 100;
/// Things in shared rooms that are shown.
const MOST_ROOMS: u64 = 100;
/// Donations of a use that are named; of more it is said how many.
const MOST_SHARES: usize = 50;
/// Stands in an address in place of a drive: what was given for none.
const NONE: &str = "free";
/// Characters of a drive's title on the board itself.
const SHOWN: usize = 16;

/// `?drive=12&cursor=…`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    drive: String,
    cursor: String,
}

/// `GET /board/:compound/giving`
///
/// # Errors
/// The database's; `too_many` for an address that asks too often.
#[handler]
pub async fn show_list(
    Data(app): Data<&App>,
    Path(code): Path<String>,
    query: Option<Query<Wanted>>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let db = app.store.read();
    let Some(compound) = places::compound_by_code(db, &code).await? else {
        return Ok(no_compound());
    };
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let drives = public::drives(db, compound.id).await?;
    let sums = public::sums(db, compound.id).await?;
    let of = |key: Option<i64>| sums.get(&key).copied().unwrap_or_default();
    let id: Option<i64> = wanted.drive.parse().ok();
    let chosen = drives.iter().find(|row| Some(row.id) == id);
    let html = match (chosen, wanted.drive.as_str()) {
        (Some(row), _) => one(app, &compound, Some(row), of(Some(row.id)), &wanted).await?,
        (None, NONE) => one(app, &compound, None, of(None), &wanted).await?,
        _ => {
            let rooms = public::for_rooms(db, compound.id, MOST_ROOMS).await?;
            all(&compound, &drives, of, &rooms)
        }
    };
    Ok(answer(request, html))
}

/// The drives, and what stands in shared rooms.
fn all(
    compound: &place::Model,
    drives: &[drive::Model],
    of: impl Fn(Option<i64>) -> Sums,
    rooms: &[Given],
) -> String {
    let code = escape(&percent(&compound.code));
    let mut body = "<p>每一笔捐赠和每一笔用途都写在这里。捐款用出去要先走三审两公开一备案。想捐，在微信里回复“捐款”或“捐物”。</p>\n<section>\n<h2>活动</h2>\n<ul class=\"lines\">".to_owned();
    let free = of(None);
    let each = drives.iter().map(|row| {
        let key = row.id.to_string();
        (
            key,
            row.title.as_str(),
            drive_says(row.state),
            of(Some(row.id)),
        )
    });
    for (key, title, state, sums) in each.chain([(NONE.to_owned(), FREE, "长期", free)]) {
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            "<li><a href=\"/board/{code}/giving?drive={key}\">{}</a> <span class=\"state\">{state}</span><br>\
             <span class=\"soft\">{} 笔，收到 {} 元，用了 {} 元，还剩 {} 元</span></li>",
            escape(title),
            sums.count,
            Fen(sums.given).in_groups(),
            Fen(sums.used).in_groups(),
            Fen(sums.left()).in_groups()
        );
    }
    body.push_str("</ul>\n</section>\n");
    if !rooms.is_empty() {
        body.push_str("<section>\n<h2>感谢捐给共享空间</h2>\n<ul class=\"lines\">");
        for given in rooms {
            let _ = write!(
                body,
                "<li>感谢{}捐了{}（{}）</li>",
                escape(&given.who),
                escape(&given.goods),
                amount_says(given.row.kind, given.row.amount)
            );
        }
        body.push_str("</ul>\n</section>\n");
    }
    body.push_str(&to_board(compound));
    show::sheet(&compound.name, "捐赠公示", &body)
}

/// One drive, or what was given for none.
async fn one(
    app: &App,
    compound: &place::Model,
    row: Option<&drive::Model>,
    sums: Sums,
    wanted: &Wanted,
) -> Result<String, Fault> {
    let db = app.store.read();
    let id = row.map(|row| row.id);
    let slice = Slice::parse(Some(&wanted.cursor), Some(LINES))?;
    let page = public::page(db, compound.id, id, slice).await?;
    let uses = public::uses(db, compound.id, id).await?;
    let code = escape(&percent(&compound.code));
    let mut body = String::new();
    if let Some(row) = row {
        let goal = row
            .goal
            .map(|goal| format!("，目标 {} 元", Fen(goal).in_groups()));
        let _ = write!(
            body,
            "<p>{}</p>\n<p class=\"soft\">{}{}{}</p>\n",
            escape(&row.text),
            drive_says(row.state),
            goal.unwrap_or_default(),
            match (row.state, row.to_day) {
                (DriveState::Open, Some(last)) => format!("，到{last}"),
                _ => String::new(),
            }
        );
    }
    let _ = writeln!(
        body,
        "<ul class=\"rates\">{}{}{}{}</ul>",
        tile("收到（元）", &Fen(sums.given).in_groups()),
        tile("用了（元）", &Fen(sums.used).in_groups()),
        tile("退了（元）", &Fen(sums.returned).in_groups()),
        tile("还剩（元）", &Fen(sums.left()).in_groups())
    );
    if wanted.cursor.is_empty() {
        used(&mut body, &uses, &code);
    }
    gifts(&mut body, &page.items);
    let key = id.map_or_else(|| NONE.to_owned(), |id| id.to_string());
    if let Some(next) = page.next {
        let path = format!(
            "/board/{code}/giving?drive={key}&amp;cursor={}",
            percent(&next)
        );
        back(&mut body, &path, "更早的捐赠");
    }
    back(&mut body, &format!("/board/{code}/giving"), "返回捐赠公示");
    body.push_str(&to_board(compound));
    let title = row.map_or(FREE, |row| row.title.as_str());
    Ok(show::sheet(
        &compound.name,
        &format!("捐赠公示：{title}"),
        &body,
    ))
}

fn used(out: &mut String, uses: &[(donation_use::Model, Vec<(i64, i64)>)], code: &str) {
    out.push_str("<section>\n<h2>用在哪里</h2>\n");
    if uses.is_empty() {
        out.push_str("<p>还没有用。</p>\n</section>\n");
        return;
    }
    out.push_str("<ul class=\"lines\">");
    for (row, shares) in uses {
        let named = shares.iter().take(MOST_SHARES);
        let mut of: Vec<String> = named
            .map(|(id, part)| format!("#{id} {}", amount_says(row.kind, *part)))
            .collect();
        if shares.len() > MOST_SHARES {
            of.push(format!("等 {} 笔", shares.len()));
        }
        let by = row.expense_id.map(|id| {
            let at = anchor(id);
            format!("，<a href=\"/board/{code}/expenses#{at}\">支出 #{id}</a>")
        });
        let _ = write!(
            out,
            "<li><b>{}</b> {} {}{}<br><span class=\"soft\">来自捐赠 {}</span></li>",
            amount_says(row.kind, row.amount),
            row.day.format("%Y年%-m月%-d日"),
            escape(&row.what),
            by.unwrap_or_default(),
            of.join("，")
        );
    }
    out.push_str("</ul>\n</section>\n");
}

fn gifts(out: &mut String, gifts: &[Given]) {
    out.push_str("<section>\n<h2>捐赠</h2>\n");
    if gifts.is_empty() {
        out.push_str("<p>还没有人捐。</p>\n</section>\n");
        return;
    }
    out.push_str("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"捐赠\"><table class=\"cards\"><thead><tr><th scope=\"col\">编号</th><th scope=\"col\">捐赠人</th><th scope=\"col\">捐了什么</th><th scope=\"col\" class=\"amount\">多少</th><th scope=\"col\" class=\"amount\">已用</th><th scope=\"col\">日期</th></tr></thead><tbody>\n");
    for given in gifts {
        let row = &given.row;
        let what = match row.kind {
            DonationKind::Money if row.returned > 0 => {
                format!("捐款，已退{}", amount_says(row.kind, row.returned))
            }
            DonationKind::Money => "捐款".to_owned(),
            DonationKind::Goods => given.goods.clone(),
        };
        let day = row
            .received_at
            .map(|at| china(at).format("%Y-%m-%d").to_string());
        let _ = writeln!(
            out,
            "<tr><td data-label=\"编号\">#{}</td><td data-label=\"捐赠人\">{}</td><td data-label=\"捐了什么\">{}</td><td data-label=\"多少\" class=\"amount\">{}</td><td data-label=\"已用\" class=\"amount\">{}</td><td data-label=\"日期\">{}</td></tr>",
            row.id,
            escape(&given.who),
            escape(&what),
            amount_says(row.kind, row.amount),
            amount_says(row.kind, row.used),
            day.unwrap_or_default()
        );
    }
    out.push_str("</tbody></table></div>\n</section>\n");
}

/// What the board shows of all this.
pub struct Giving {
    /// Of the whole compound.
    pub sums: Sums,
    /// Drives that take donations, each with what was given for it; the newest first.
    pub drives: Vec<(drive::Model, Sums)>,
}

/// Reads it.
///
/// # Errors
/// The database's.
pub(super) async fn read(app: &App, compound_id: i64) -> Result<Giving, Fault> {
    let db = app.store.read();
    let each = public::sums(db, compound_id).await?;
    let mut sums = Sums::default();
    for one in each.values() {
        sums.given += one.given;
        sums.used += one.used;
        sums.returned += one.returned;
        sums.count += one.count;
    }
    let mut drives = public::drives(db, compound_id).await?;
    drives.retain(|row| row.state == DriveState::Open);
    let drives = drives.into_iter().map(|row| {
        let own = each.get(&Some(row.id)).copied().unwrap_or_default();
        (row, own)
    });
    Ok(Giving {
        sums,
        drives: drives.collect(),
    })
}

/// What was given, used and is left, and so many of the running drives; empty while there is neither.
#[must_use]
pub fn section(board: &Board, most: usize) -> String {
    let Giving { sums, drives } = &board.giving;
    if sums.count == 0 && drives.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "<p>{} 笔捐赠，收到 <b>{}</b> 元，用了 <b>{}</b> 元，还剩 <b>{}</b> 元。想捐，在微信里回复“捐款”或“捐物”。</p>\n",
        sums.count,
        Fen(sums.given).in_groups(),
        Fen(sums.used).in_groups(),
        Fen(sums.left()).in_groups()
    );
    if !drives.is_empty() {
        let code = escape(&percent(&board.compound.code));
        out.push_str("<ul class=\"lines no-print\">");
        for (row, own) in drives.iter().take(most) {
            let _ = write!(
                out,
                "<li><a href=\"/board/{code}/giving?drive={}\">{}</a>　收到 {} 元，还剩 {} 元</li>",
                row.id,
                escape(&shorten(&row.title, SHOWN)),
                Fen(own.given).in_groups(),
                Fen(own.left()).in_groups()
            );
        }
        out.push_str("</ul>\n");
    }
    out
}
