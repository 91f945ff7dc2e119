//! The four lists of a compound for everybody: `/board/{compound}/lists`, the wall chart (挂图作战) of what
//! organisations have promised, `/board/{compound}/chart`, to be printed as the board is; and their parts on the
//! board itself. Names of organisations, of residents nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use entity::kinds::{OfferList, OfferState};
use entity::place;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::read::{Board, On};
use super::{answer, limited, no_compound, show};
use crate::agreement::chat::says as claimed_says;
use crate::agreement::queries::{Standing, of_compound};
use crate::alliance::queries::{Alliance, around};
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::offer::chart::{Line, Part, chart, open_in, percent};
use crate::offer::{list_says, state_says};
use crate::place::queries as places;
use crate::web::pages::escape;
use crate::wechat::http::percent as in_address;

/// The four, in their order.
const LISTS: [OfferList; 4] = [
    OfferList::Need,
    OfferList::Resource,
    OfferList::Service,
    OfferList::Responsibility,
];
/// Items of a list that are shown.
const MOST: u64 = 100;
/// Items of one organisation on the chart, and organisations on it: what one sheet can hold.
const MOST_LINES: usize = 30;
const MOST_PARTS: usize = 40;
/// Characters of a title on the chart, and of what else is said on the list.
const SHOWN: usize = 40;
const SHOWN_TEXT: usize = 120;
/// Members and records of an alliance that are shown.
const MEMBERS: usize = 40;
const RECORDS: usize = 6;
/// Characters of a name and of a record on the screen: each is one line there.
const SHOWN_NAME: usize = 20;
const SHOWN_RECORD: usize = 20;

/// `GET /board/:compound/lists`
///
/// # Errors
/// The database's; `too_many` for an address that asks too often.
#[handler]
pub async fn show_list(
    Data(app): Data<&App>,
    Path(code): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let db = app.store.read();
    let Some(compound) = places::compound_by_code(db, &code).await? else {
        return Ok(no_compound());
    };
    let today = china(app.clock.now()).date_naive();
    let mut body =
        "<p>在微信里回复“清单”也能看；需要的回复“发需求 内容”，能帮的回复“发资源 内容”，审核后公开。</p>\n".to_owned();
    for list in LISTS {
        let lines = open_in(db, compound.id, list, today, MOST).await?;
        // Writing to a string cannot fail.
        let _ = writeln!(body, "<section>\n<h2>{}清单</h2>", list_says(list));
        if lines.is_empty() {
            body.push_str("<p>现在没有。</p>\n</section>\n");
            continue;
        }
        body.push_str("<ul class=\"lines\">\n");
        for line in &lines {
            item(&mut body, line);
        }
        body.push_str("</ul>\n</section>\n");
    }
    body.push_str(&ways(&compound));
    let html = show::sheet(&compound.name, "四项清单", &body);
    Ok(answer(request, html))
}

fn ways(compound: &place::Model) -> String {
    format!(
        "<p class=\"no-print\"><a class=\"button\" href=\"/board/{code}/chart\">挂图作战</a> \
         <a class=\"button\" href=\"/board/{code}/lists\">四项清单</a> \
         <a class=\"button\" href=\"/board/{code}\">返回公示栏</a></p>\n",
        code = escape(&in_address(&compound.code))
    )
}

fn item(out: &mut String, line: &Line) {
    let _ = write!(
        out,
        "<li>#{} {} <span class=\"soft\">{}{}</span>",
        line.id,
        escape(&line.title),
        escape(&line.by),
        due(line)
    );
    if !line.text.is_empty() {
        let text = shorten(&line.text, SHOWN_TEXT);
        let _ = write!(out, "<br><span class=\"soft\">{}</span>", escape(&text));
    }
    out.push_str("</li>\n");
}

fn due(line: &Line) -> String {
    line.due_on
        .map(|day| format!("，{}", day.format("%-m月%-d日到期")))
        .unwrap_or_default()
}

/// `GET /board/:compound/chart`
///
/// # Errors
/// The database's; `too_many` for an address that asks too often.
#[handler]
pub async fn show_chart(
    Data(app): Data<&App>,
    Path(code): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let db = app.store.read();
    let Some(compound) = places::compound_by_code(db, &code).await? else {
        return Ok(no_compound());
    };
    let today = china(app.clock.now()).date_naive();
    let parts = chart(db, compound.id, today).await?;
    let mut standings = of_compound(db, compound.id, today).await?;
    standings.retain(|one| one.holds);
    let mut body = whole(&parts, &today.format("%Y年%-m月%-d日").to_string());
    body.push_str(&agreed(&standings));
    body.push_str(&ways(&compound));
    let html = show::sheet(&compound.name, "挂图作战", &body);
    Ok(answer(request, html))
}

fn whole(parts: &[Part], today: &str) -> String {
    if parts.is_empty() {
        return "<p>还没有单位公布服务和责任。</p>\n".to_owned();
    }
    let all: usize = parts.iter().map(|part| part.lines.len()).sum();
    let done: usize = parts.iter().map(Part::done).sum();
    let late: usize = parts.iter().map(Part::late).sum();
    let mut out = format!(
        "<p>截至{today}，今年的和还没办完的。办好一件划掉一件（销号）。</p>\n\
         <ul class=\"rates\"><li>公布<b>{all}</b></li><li>已销号<b>{done}</b></li>\
         <li>逾期<b>{late}</b></li><li>进度<b>{}%</b></li></ul>\n<div class=\"grid\">\n",
        percent(done, all)
    );
    for part in parts.iter().take(MOST_PARTS) {
        out.push_str(&of_one(part));
    }
    out.push_str("</div>\n");
    if parts.len() > MOST_PARTS {
        let more = parts.len() - MOST_PARTS;
        let _ = writeln!(out, "<p>另有{more}家单位没有列出。</p>");
    }
    out
}

/// What one organisation has promised: what is closed off is struck through.
fn of_one(part: &Part) -> String {
    let (done, all) = (part.done(), part.lines.len());
    let share = percent(done, all);
    let name = escape(&part.name);
    let mut out = format!(
        "<section class=\"card part\"><h2>{name}</h2>\n<p>已销号 <b>{done}</b> / {all} \
         <progress max=\"100\" value=\"{share}\" aria-label=\"{name}的进度{share}%\"></progress> {share}%</p>\n<ul class=\"lines\">\n"
    );
    for line in part.lines.iter().take(MOST_LINES) {
        let title = escape(&shorten(&line.title, SHOWN));
        let title = match line.state {
            OfferState::Done => format!("<del>{title}</del>"),
            _ => title,
        };
        let state = match line.late {
            true => "<span class=\"state waits\">逾期</span>".to_owned(),
            false => format!(
                "<span class=\"state\">{}</span>",
                state_says(line.list, line.state)
            ),
        };
        let _ = writeln!(
            out,
            "<li>#{} {title} {state} <span class=\"soft\">{}{}</span></li>",
            line.id,
            list_says(line.list),
            due(line)
        );
    }
    out.push_str("</ul>\n");
    if all > MOST_LINES {
        let _ = writeln!(out, "<p>另有{}件没有列出。</p>", all - MOST_LINES);
    }
    out.push_str("</section>\n");
    out
}

/// What organisations under an agreement have taken on this year.
fn agreed(standings: &[Standing]) -> String {
    if standings.is_empty() {
        return String::new();
    }
    let mut out =
        "<section>\n<h2>共建单位今年认领</h2>\n<p>签了共建协议的单位，每年至少认领一个服务项目。</p>\n<ul class=\"lines\">\n".to_owned();
    for one in standings {
        let waits = if one.owes() { " waits" } else { "" };
        let _ = writeln!(
            out,
            "<li>{} <span class=\"state{waits}\">{}</span></li>",
            escape(&one.name),
            claimed_says(one)
        );
    }
    out.push_str("</ul>\n</section>\n");
    out
}

/// What the board shows of all this.
pub struct Lists {
    /// Of each list, how many everybody sees and how many of them are settled.
    pub counts: BTreeMap<OfferList, (usize, usize)>,
    /// What organisations have promised; for the screen alone, which has no other page.
    pub parts: Vec<Part>,
    /// Alliances around the compound.
    pub alliances: Vec<Alliance>,
}

/// Reads it.
///
/// # Errors
/// The database's.
pub async fn read(app: &App, compound: &place::Model, on: On) -> Result<Lists, Fault> {
    let db = app.store.read();
    let mut alliances = around(db, compound).await?;
    alliances.retain(|one| !one.members.is_empty());
    let today = china(app.clock.now()).date_naive();
    Ok(Lists {
        counts: crate::offer::chart::counts(db, compound.id).await?,
        parts: match on {
            On::Screen => chart(db, compound.id, today).await?,
            On::Page => Vec::new(),
        },
        alliances,
    })
}

/// The lists in numbers; empty while there is nothing on them.
#[must_use]
pub fn numbers(board: &Board) -> String {
    if board.lists.counts.is_empty() {
        return String::new();
    }
    let mut out = "<ul class=\"rates\">".to_owned();
    for list in LISTS {
        let (all, settled) = board.lists.counts.get(&list).copied().unwrap_or_default();
        let word = match list {
            OfferList::Need | OfferList::Resource => "已对接",
            OfferList::Service | OfferList::Responsibility => "已销号",
        };
        let _ = write!(
            out,
            "<li>{}<b>{all}</b>{word} {settled}</li>",
            list_says(list)
        );
    }
    out.push_str("</ul>\n");
    out
}

/// The part of the board with the lists' numbers and the ways to them; empty while there is nothing on them.
#[must_use]
pub fn section(board: &Board) -> String {
    let mut out = numbers(board);
    if !out.is_empty() {
        let code = escape(&in_address(&board.compound.code));
        let _ = writeln!(
            out,
            "<p class=\"no-print\"><a class=\"button\" href=\"/board/{code}/lists\">四项清单</a> \
             <a class=\"button\" href=\"/board/{code}/chart\">挂图作战</a></p>"
        );
    }
    out
}

/// How far each of these organisations is, a line for each: for the screen.
#[must_use]
pub fn progress(parts: &[Part]) -> String {
    let mut out = "<ul class=\"lines\">".to_owned();
    for part in parts {
        let (done, all) = (part.done(), part.lines.len());
        let _ = write!(
            out,
            "<li>{}　已销号 <b>{done}</b> / {all}（{}%）",
            escape(&shorten(&part.name, SHOWN_NAME)),
            percent(done, all)
        );
        if part.late() > 0 {
            let _ = write!(
                out,
                " <span class=\"state waits\">逾期 {}</span>",
                part.late()
            );
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>\n");
    out
}

/// The name of an alliance, and what all that ever belonged to it have done.
fn alliance_head(alliance: &Alliance) -> String {
    let (times, served) = alliance.total;
    format!(
        "<h3>{}</h3>\n<p>{}家单位，服务 <b>{times}</b> 次、<b>{served}</b> 人次。</p>\n",
        escape(&alliance.organisation.name),
        alliance.members.len()
    )
}

/// A line for each member, and for each of the newest records, whose words are cut at so many characters.
fn alliance_lines(alliance: &Alliance, most: usize) -> Vec<String> {
    let members = alliance.members.iter().take(MEMBERS).map(|one| {
        format!(
            "<li>{} <span class=\"soft\">资源{}项，服务{}人次</span></li>",
            escape(&one.name),
            one.resources,
            one.served
        )
    });
    let records = alliance.records.iter().take(RECORDS).map(|one| {
        format!(
            "<li>{} {}：{}（{}人次）</li>",
            one.record.on_day.format("%-m月%-d日"),
            escape(&one.name),
            escape(&shorten(&one.record.text, most)),
            one.record.served
        )
    });
    members.chain(records).collect()
}

/// The part of the board with the alliances; empty where there is none.
#[must_use]
pub fn alliances(board: &Board) -> String {
    let mut out = String::new();
    for alliance in &board.lists.alliances {
        let lines = alliance_lines(alliance, usize::MAX).concat();
        let head = alliance_head(alliance);
        let _ = writeln!(out, "{head}<ul class=\"lines\">{lines}</ul>");
    }
    out
}

/// The same for the screen: pages of so many lines, each with the alliance's name.
#[must_use]
pub fn alliance_pages(board: &Board, most: usize) -> Vec<String> {
    let mut pages = Vec::new();
    for alliance in &board.lists.alliances {
        let head = alliance_head(alliance);
        for lines in alliance_lines(alliance, SHOWN_RECORD).chunks(most) {
            pages.push(format!(
                "{head}<ul class=\"lines\">{}</ul>\n",
                lines.concat()
            ));
        }
    }
    pages
}
