//! A board as HTML: whole, for phones and paper; or page by page, for the screen of a lobby. Every text
//! is escaped.

use std::fmt::Write as _;

use super::bodies::{answerers, chart_of_bodies, code, promise, reach, reachable};
use super::figures::{figures, figures_large};
use super::giving;
use super::life::{activities_ahead, activities_held, named, service};
use super::lists::{self, alliance_pages, alliances, progress};
use super::news::{closed_cases, notices, notices_large, open_cases};
use super::read::Board;
use super::stations::stations;
use super::times::times;
use super::wishes::{self, wishes as wished};
use crate::web::assets;
use crate::web::pages::escape;
use crate::wechat::http::percent;

/// Seconds that a page of the screen stays.
const SECONDS: u32 = 20;
/// Lines on one page of the screen.
const LINES: usize = 7;
/// Lines there that are two rows high.
const HIGH_LINES: usize = 3;
/// Drives and tasks there, below a sentence.
const BELOW: usize = 3;
/// Rows of a table there.
const ROWS: usize = 7;
/// Lines of what is short enough to share a page there, and bytes of it.
const SHORT: usize = 4;
const SHORT_BYTES: usize = 700;
/// Bodies with their hours and telephones there.
const BODIES: usize = 4;

/// The whole board on one page.
#[must_use]
pub fn whole(board: &Board) -> String {
    let mut body = ways(board);
    body.push_str(&notices(board));
    // On a phone whom to ring comes first; on paper it stands beside the code, where there is room.
    let reached = reach(&reachable(board));
    section_in(&mut body, "no-print", "找得到我们", &reached);
    for (title, inside) in [
        ("本月数据", figures(board)),
        ("我们的承诺", promise(board)),
        ("正在办理", open_cases(board, usize::MAX)),
        ("办理结果", closed_cases(board, usize::MAX, true)),
        ("近期活动", activities_ahead(board, usize::MAX)),
    ] {
        section(&mut body, title, &inside);
    }
    // Pictures are for the eye on a screen: on paper they would take a sheet of their own.
    let held = activities_held(&board.held);
    if !held.is_empty() {
        let _ = writeln!(
            body,
            "<section class=\"no-print\">\n<h2>办过的活动</h2>\n{held}</section>"
        );
    }
    let most = usize::MAX;
    for (title, inside) in [
        ("日程", times(&board.times)),
        (
            "志愿服务",
            format!("{}{}", service(board, most), named(board)),
        ),
        (
            "微心愿",
            format!("{}{}", wished(board, most), wishes::way(board)),
        ),
        ("四项清单", lists::section(board)),
        ("联盟单位", alliances(board)),
        ("捐赠公示", giving::section(board, most)),
        ("红色驿站", stations(&board.stations)),
        ("谁来负责", answerers(&board.posts)),
        ("组织架构", chart_of_bodies(board)),
    ] {
        section(&mut body, title, &inside);
    }
    section_in(&mut body, "print-only", "找得到我们", &reached);
    section(&mut body, "联系我们", &code(board));
    body.push_str("<p class=\"soft\">公示内容不含个人信息。</p>\n");
    frame(board, &body, None)
}

/// The ways to all else, where a thumb finds them first; on paper a link leads nowhere.
fn ways(board: &Board) -> String {
    format!(
        "<p class=\"soft\">紧急情况请直接拨打 110、119、120。</p>\n\
         <nav class=\"ways no-print\" aria-label=\"更多公示\"><a class=\"button\" href=\"/board/{code}/accounts\">财务公开</a> \
         <a class=\"button\" href=\"/board/{code}/giving\">捐赠公示</a> \
         <a class=\"button\" href=\"/handbook/{code}\">小区手册</a> \
         <a class=\"button\" href=\"/board/{code}/wishes\">邻居的心愿</a> \
         <a class=\"button\" href=\"/board/{code}/lists\">四项清单</a> \
         <a class=\"button\" href=\"/board/{code}/expenses\">支出公示</a> \
         <a class=\"button\" href=\"/board/{code}/chart\">挂图作战</a> \
         <a class=\"button\" href=\"?screen=1\">大屏显示</a></nav>\n",
        code = escape(&percent(&board.compound.code))
    )
}

/// One page of the screen; a number that is not there is the first.
#[must_use]
pub fn screen(board: &Board, number: usize) -> String {
    let pages = pages(board);
    let count = pages.len();
    let at = if (1..=count).contains(&number) {
        number
    } else {
        1
    };
    let mut body = String::new();
    match pages.get(at - 1).map(Vec::as_slice) {
        Some([(title, inside)]) => section(&mut body, title, inside),
        Some(some) => {
            body.push_str("<div class=\"two-up\">\n");
            for (title, inside) in some {
                section(&mut body, title, inside);
            }
            body.push_str("</div>\n");
        }
        None => {}
    }
    let turn = Turn {
        next: format!("?screen=1&page={}", at % count + 1),
        at,
        count,
    };
    frame(board, &body, Some(&turn))
}

/// The pages of the screen, each with its title: none of what there is nothing of, and what is short beside what is
/// short.
fn pages(board: &Board) -> Vec<Vec<(&'static str, String)>> {
    let mut pages: Vec<Vec<(&'static str, String)>> = Vec::new();
    for (title, inside) in topics(board) {
        match pages.last_mut() {
            Some(page) if page.len() == 1 && is_short(&inside) && all_short(page) => {
                page.push((title, inside));
            }
            _ => pages.push(vec![(title, inside)]),
        }
    }
    pages
}

fn all_short(page: &[(&'static str, String)]) -> bool {
    page.iter().all(|(_, inside)| is_short(inside))
}

/// Whether it leaves most of a page of the screen empty, and half of its width is enough for it.
fn is_short(inside: &str) -> bool {
    let count = |mark: &str| inside.matches(mark).count();
    let wide = ["<svg", "<img", "<table", "two-up", "told", "rates"];
    wide.iter().all(|mark| !inside.contains(*mark))
        && count("<li") + count("<p") <= SHORT
        && inside.len() <= SHORT_BYTES
}

/// What the screen shows, in its order: what is new first.
fn topics(board: &Board) -> Vec<(&'static str, String)> {
    let news = notices_large(board).into_iter();
    let mut pages: Vec<(&'static str, String)> = news.map(|one| ("公告", one)).collect();
    pages.push(("本月数据", figures_large(board)));
    if !board.open.is_empty() {
        pages.push(("正在办理", open_cases(board, LINES - 2)));
    }
    if !board.closed.is_empty() {
        pages.push(("办理结果", closed_cases(board, LINES - 2, false)));
    }
    pages.extend(life(board));
    for lines in board.stations.chunks(1) {
        pages.push(("红色驿站", stations(lines)));
    }
    for posts in board.posts.chunks(ROWS) {
        pages.push(("谁来负责", answerers(posts)));
    }
    pages.push((
        "承诺与联系",
        format!(
            "<div class=\"two-up\"><div>{}</div><div>{}</div></div>",
            promise(board),
            code(board)
        ),
    ));
    for bodies in reachable(board).chunks(BODIES) {
        pages.push(("找得到我们", reach(bodies)));
    }
    pages
}

/// Those of life in the compound.
fn life(board: &Board) -> Vec<(&'static str, String)> {
    let mut pages = vec![("近期活动", activities_ahead(board, LINES - 3))];
    // What has no pictures is nothing for the eye.
    let seen = board.held.chunks(1);
    let seen = seen.filter(|held| held.iter().any(|one| !one.photos.is_empty()));
    pages.extend(seen.map(|held| ("办过的活动", activities_held(held))));
    let times_of = board.times.chunks(HIGH_LINES);
    pages.extend(times_of.map(|some| ("日程", times(some))));
    pages.push(("志愿服务", service(board, BELOW)));
    if !board.open_wishes.is_empty() {
        pages.push(("微心愿", wished(board, LINES - 2)));
    }
    pages.push(("四项清单", lists::numbers(board)));
    let parts = board.lists.parts.chunks(LINES);
    pages.extend(parts.map(|some| ("挂图作战", progress(some))));
    let alliances = alliance_pages(board, LINES - 2).into_iter();
    pages.extend(alliances.map(|one| ("联盟单位", one)));
    pages.push(("捐赠公示", giving::section(board, BELOW)));
    pages.retain(|(_, inside)| !inside.is_empty());
    pages
}

struct Turn {
    next: String,
    at: usize,
    count: usize,
}

/// Marks the head of a column that the chart beside its table draws.
pub(super) const PLOT: &str = " data-plot";

/// A page of the board that is not the board itself; `body` is HTML. Where it has a chart that a script draws anew,
/// the script comes along.
#[must_use]
pub fn sheet(compound: &str, title: &str, body: &str) -> String {
    let title = format!("{}{}", escape(compound), escape(title));
    let scripts: String = match body.contains(PLOT) {
        true => assets::charts()
            .iter()
            .map(|path| format!("<script src=\"{path}\" defer></script>\n"))
            .collect(),
        false => String::new(),
    };
    document(&title, "class=\"board\"", &scripts, body, "")
}

fn frame(board: &Board, body: &str, turn: Option<&Turn>) -> String {
    let title = format!("{}公示栏", escape(&board.compound.name));
    let Some(turn) = turn else {
        return document(&title, "class=\"board\"", "", body, "");
    };
    let next = escape(&turn.next);
    let attributes =
        format!("class=\"board screen\" data-next=\"{next}\" data-seconds=\"{SECONDS}\"");
    // Where there is script, it turns the page.
    let refresh = format!(
        "<noscript><meta http-equiv=\"refresh\" content=\"{SECONDS}; url={next}\"></noscript>\n\
         <script src=\"/board.js\" defer></script>\n"
    );
    let foot = format!(
        "<footer><p class=\"soft\">第 {} 页，共 {} 页 · 约 {SECONDS} 秒翻页</p></footer>\n",
        turn.at, turn.count
    );
    document(&title, &attributes, &refresh, body, &foot)
}

fn document(title: &str, attributes: &str, head: &str, body: &str, foot: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · 邻里</title>\n\
         <link rel=\"stylesheet\" href=\"/pages.css\">\n\
         <link rel=\"stylesheet\" href=\"/board.css\">\n{head}</head>\n\
         <body {attributes}>\n\
         <header><a href=\"#main\" class=\"skip\">跳到正文</a><p>邻里 · 公示栏</p></header>\n\
         <main id=\"main\" tabindex=\"-1\">\n<h1>{title}</h1>\n{body}\n</main>\n{foot}</body>\n</html>\n"
    )
}

fn section(out: &mut String, title: &str, inside: &str) {
    if !inside.is_empty() {
        let _ = writeln!(out, "<section>\n<h2>{title}</h2>\n{inside}</section>");
    }
}

/// One that stands on screens alone (`no-print`) or on paper alone (`print-only`).
fn section_in(out: &mut String, class: &str, title: &str, inside: &str) {
    if !inside.is_empty() {
        let _ = writeln!(
            out,
            "<section class=\"{class}\">\n<h2>{title}</h2>\n{inside}</section>"
        );
    }
}
