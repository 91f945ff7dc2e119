//! A board as HTML: whole, for phones and paper; or page by page, for the screen of a lobby. Every text
//! is escaped.

use std::fmt::Write as _;

use entity::organisation;

use super::life::{activities, service};
use super::lists::{alliances, section as lists};
use super::read::{Board, Post};
use super::stations::stations;
use super::wishes::wishes;
use crate::base::clock::{china, say_minutes};
use crate::base::fen::Fen;
use crate::case::stats::count::By;
use crate::case::stats::{Counts, Figure, RATES};
use crate::case::{kind_says, state_says};
use crate::fee::stats::{FORMULA, Figure as Money};
use crate::organisation::queries::kind_says as body_says;
use crate::policy::grade_says;
use crate::report::chart::{self, Bar};
use crate::report::figures::{Table, score};
use crate::report::money::rate_says;
use crate::web::pages::escape;
use crate::wechat::http::percent;

/// Seconds that a page of the screen stays.
const SECONDS: u32 = 20;
/// Lines on one page of the screen.
const LINES: usize = 7;
/// Rows of a table there.
const ROWS: usize = 7;
/// Bodies with their hours and telephones there.
const BODIES: usize = 4;
/// Stations there.
const STATIONS: usize = 4;
/// Bars of a chart.
const BARS: usize = 6;

/// The whole board on one page.
#[must_use]
pub fn whole(board: &Board) -> String {
    let mut body = notices(board, true);
    for (title, inside) in [
        ("本月数据", figures(board)),
        (
            "我们的承诺",
            format!("{}{}", promise(board), reach(&reachable(board))),
        ),
        ("正在办理", open_cases(board, usize::MAX)),
        ("办理结果", closed_cases(board, usize::MAX)),
        ("近期活动", activities(board, usize::MAX)),
        ("志愿服务", service(board)),
        ("微心愿", wishes(board, usize::MAX)),
        ("四项清单", lists(board)),
        ("联盟单位", alliances(board)),
        ("红色驿站", stations(&board.stations)),
        ("谁来负责", answerers(&board.posts)),
        ("组织架构", chart_of_bodies(board)),
        ("联系我们", code(board)),
    ] {
        section(&mut body, title, &inside);
    }
    // On paper a link leads nowhere.
    let _ = write!(
        body,
        "<p class=\"soft\">公示内容不含个人信息。紧急情况请直接拨打 110、119、120。</p>\
         <p class=\"no-print\"><a class=\"button\" href=\"/board/{code}/accounts\">财务公开</a> \
         <a class=\"button\" href=\"/board/{code}/expenses\">支出公示</a> \
         <a class=\"button\" href=\"/board/{code}/giving\">捐赠公示</a> \
         <a class=\"button\" href=\"/board/{code}/lists\">四项清单</a> \
         <a class=\"button\" href=\"/handbook/{code}\">小区手册</a> \
         <a class=\"button\" href=\"?screen=1\">大屏显示</a></p>",
        code = escape(&percent(&board.compound.code))
    );
    frame(board, &body, None)
}

/// One page of the screen; a number that is not there is the first.
#[must_use]
pub fn screen(board: &Board, number: usize) -> String {
    let mut pages = vec![("本月数据", figures_large(board))];
    if !board.told.is_empty() {
        pages.push(("公告", notices(board, false)));
    }
    if !board.open.is_empty() {
        pages.push(("正在办理", open_cases(board, LINES)));
    }
    if !board.closed.is_empty() {
        pages.push(("办理结果", closed_cases(board, LINES - 2)));
    }
    if !board.activities.is_empty() {
        pages.push(("近期活动", activities(board, LINES - 2)));
    }
    if !board.open_wishes.is_empty() {
        pages.push(("微心愿", wishes(board, LINES - 2)));
    }
    for lines in board.stations.chunks(STATIONS) {
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
    let count = pages.len();
    let at = if (1..=count).contains(&number) {
        number
    } else {
        1
    };
    let mut body = String::new();
    if let Some((title, inside)) = pages.get(at - 1) {
        section(&mut body, title, inside);
    }
    let turn = Turn {
        next: format!("?screen=1&page={}", at % count + 1),
        at,
        count,
    };
    frame(board, &body, Some(&turn))
}

struct Turn {
    next: String,
    at: usize,
    count: usize,
}

/// A page of the board that is not the board itself; `body` is HTML.
#[must_use]
pub fn sheet(compound: &str, title: &str, body: &str) -> String {
    let title = format!("{}{}", escape(compound), escape(title));
    document(&title, "class=\"board\"", "", body, "")
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
         <title>{title} · 邻里</title>\n<link rel=\"icon\" href=\"data:,\">\n\
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

/// The rates of the month, with what they are made of.
fn rates(counts: &Counts, month: &str) -> String {
    let mut out = format!("<p>{month}提出的诉求，截至现在：</p>\n<ul class=\"rates\">");
    let items = [
        ("提出", counts.get(Figure::Filed).to_string()),
        ("已解决", counts.get(Figure::Solved).to_string()),
        ("在办", counts.get(Figure::Open).to_string()),
    ];
    let rates = RATES.iter().map(|rate| (rate.name, rate.says(counts)));
    for (name, value) in items.into_iter().chain(rates) {
        let _ = write!(out, "<li>{name}<b>{value}</b></li>");
    }
    out.push_str("</ul>\n");
    out
}

fn formulas() -> String {
    let mut out = "<div class=\"card\"><h3>怎么算</h3><ul>".to_owned();
    for rate in RATES {
        let _ = write!(
            out,
            "<li>{}。{}：{}；{}：{}。</li>",
            rate.formula(),
            rate.part.words().name,
            rate.part.words().means,
            rate.whole.words().name,
            rate.whole.words().means
        );
    }
    out.push_str("</ul></div>\n");
    out
}

fn charts(board: &Board) -> String {
    let report = &board.report;
    let mut out = String::new();
    for table in &report.tables {
        let chart = match table.by {
            By::Time => {
                let pairs: Vec<(String, i64, i64)> = table
                    .lines
                    .iter()
                    .map(|line| {
                        let get = |figure| line.counts.get(figure);
                        (line.name.clone(), get(Figure::Filed), get(Figure::Solved))
                    })
                    .collect();
                let chart = chart::columns("每天提出和其中已解决的诉求", &pairs, escape);
                format!("{chart}<p class=\"legend\"><span>提出</span><span>其中已解决</span></p>")
            }
            By::Kind | By::Category => {
                let bars: Vec<Bar> = table
                    .lines
                    .iter()
                    .take(BARS)
                    .map(|line| Bar {
                        name: line.name.clone(),
                        value: line.counts.get(Figure::Filed),
                        label: line.counts.get(Figure::Filed).to_string(),
                    })
                    .collect();
                chart::bars(&format!("{}，提出件数", table.title), &bars, escape)
            }
            _ => continue,
        };
        let _ = writeln!(
            out,
            "<div class=\"card\"><h3>{}</h3>{chart}{}</div>",
            table.title,
            numbers(table)
        );
    }
    out
}

/// The table beside a chart; quiet days are left out of it.
fn numbers(table: &Table) -> String {
    let head = [
        Figure::Filed,
        Figure::Solved,
        Figure::Unsolved,
        Figure::Open,
    ];
    let mut out = format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"{0}的表格\"><table><caption>{0}</caption><thead><tr><th scope=\"col\">{1}</th>",
        table.title,
        table.title.trim_start_matches('按')
    );
    for figure in head {
        let _ = write!(
            out,
            "<th scope=\"col\" class=\"number\">{}</th>",
            figure.words().name
        );
    }
    out.push_str("</tr></thead><tbody>");
    for line in &table.lines {
        if line.counts.get(Figure::Filed) == 0 {
            continue;
        }
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(&line.name));
        for figure in head {
            let _ = write!(out, "<td class=\"number\">{}</td>", line.counts.get(figure));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
    out
}

fn figures(board: &Board) -> String {
    let counts = &board.report.whole;
    let mut out = rates(counts, &board.report.span.says());
    if counts.get(Figure::Filed) > 0 {
        let _ = writeln!(
            out,
            "<p>重开 {} 件，未能解决 {} 件（不算解决），平均 {} 分（5分为满分）。</p>\n<div class=\"grid\">{}</div>",
            counts.get(Figure::Reopened),
            counts.get(Figure::Unsolved),
            score(counts),
            charts(board)
        );
    }
    out.push_str(&collected(board));
    out.push_str(&formulas());
    out
}

/// This year's collection rate, with its formula.
fn collected(board: &Board) -> String {
    let Some((year, sums)) = &board.collected else {
        return String::new();
    };
    format!(
        "<p>{}的账单，收缴率 <b>{}</b>（{FORMULA}；应收不含更正，减免 {} 元不算已缴）。</p>\n",
        year.says(),
        rate_says(sums),
        Fen(sums.get(Money::Waived)).in_groups()
    )
}

/// For the screen: numbers and one chart.
fn figures_large(board: &Board) -> String {
    let report = &board.report;
    let mut out = rates(&report.whole, &report.span.says());
    let kinds = report.tables.iter().find(|table| table.by == By::Kind);
    if let Some(table) = kinds {
        let bars: Vec<Bar> = table
            .lines
            .iter()
            .map(|line| Bar {
                name: line.name.clone(),
                value: line.counts.get(Figure::Filed),
                label: format!("{}件", line.counts.get(Figure::Filed)),
            })
            .collect();
        let _ = write!(
            out,
            "<div class=\"two-up\"><div>{}</div><div>{}</div></div>",
            chart::bars("按类型，提出件数", &bars, escape),
            numbers(table)
        );
    }
    out
}

fn promise(board: &Board) -> String {
    let mut out = "<div class=\"card\"><ul>".to_owned();
    for promise in &board.promises {
        let policy = promise.policy;
        let _ = write!(
            out,
            "<li><b>{}</b>：{}内响应",
            grade_says(promise.grade),
            say_minutes(policy.accept_minutes)
        );
        for (minutes, what) in [
            (policy.arrive_minutes, "接单后|内到场"),
            (policy.finish_minutes, "|内办结"),
            (policy.plan_minutes, "|内给出方案"),
        ] {
            let words = what.split_once('|');
            if let (Some(minutes), Some((before, behind))) = (minutes, words) {
                let _ = write!(out, "，{before}{}{behind}", say_minutes(minutes));
            }
        }
        if let Some(hours) = &promise.hours {
            let _ = write!(out, "（{}计时）", escape(hours));
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>");
    out.push_str("<p>没有按时响应的，自动提醒，再不响应就转给上一级。</p></div>\n");
    out
}

/// Bodies that say when they are there or how to call them.
fn reachable(board: &Board) -> Vec<&organisation::Model> {
    let says =
        |body: &&organisation::Model| body.service_hours.is_some() || body.service_phone.is_some();
    board.bodies.iter().filter(says).collect()
}

fn reach(bodies: &[&organisation::Model]) -> String {
    if bodies.is_empty() {
        return String::new();
    }
    let mut out = "<h3>服务时间和电话</h3><ul class=\"lines\">".to_owned();
    for body in bodies {
        let _ = write!(out, "<li><b>{}</b>", escape(&body.name));
        if let Some(hours) = &body.service_hours {
            let _ = write!(out, "<br>{}", escape(hours));
        }
        if let Some(phone) = &body.service_phone {
            let _ = write!(out, "<br>{}", phone_link(phone));
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>\n");
    out
}

fn phone_link(phone: &str) -> String {
    let dialled: String = phone
        .chars()
        .filter(|letter| letter.is_ascii_digit() || *letter == '+')
        .collect();
    format!(
        "<a class=\"phone\" href=\"tel:{dialled}\">电话 {}</a>",
        escape(phone)
    )
}

fn open_cases(board: &Board, most: usize) -> String {
    if board.open.is_empty() {
        return "<p>现在没有正在办理的诉求。</p>\n".to_owned();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for case in board.open.iter().take(most) {
        let _ = write!(
            out,
            "<li>{} · {} <span class=\"state\">{}</span></li>",
            kind_says(case.kind),
            escape(case.building.as_deref().unwrap_or("公共区域")),
            state_says(case.state)
        );
    }
    out.push_str("</ul>\n");
    out
}

fn closed_cases(board: &Board, most: usize) -> String {
    if board.closed.is_empty() {
        return "<p>还没有可以公示的办理结果。</p>\n".to_owned();
    }
    let mut out = "<ul class=\"lines\">".to_owned();
    for case in board.closed.iter().take(most) {
        let day = case.at.map(|at| china(at).format("%-m月%-d日").to_string());
        let _ = write!(
            out,
            "<li>{} <span class=\"soft\">{}</span></li>",
            escape(&case.text),
            day.unwrap_or_default()
        );
    }
    out.push_str("</ul>\n");
    out
}

/// The newest notices. On paper they would be old tomorrow, and each has a sheet of its own.
fn notices(board: &Board, with_head: bool) -> String {
    if board.told.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    if with_head {
        out.push_str("<section class=\"no-print\">\n<h2>公告</h2>\n");
    }
    out.push_str("<ul class=\"lines\">");
    for one in &board.told {
        let day = china(one.at).format("%-m月%-d日");
        let title = escape(&one.title);
        if with_head {
            let _ = write!(
                out,
                "<li><a href=\"{}\">{title}</a> <span class=\"soft\">{day}</span></li>",
                escape(&one.path)
            );
        } else {
            let _ = write!(out, "<li>{title} <span class=\"soft\">{day}</span></li>");
        }
    }
    out.push_str("</ul>\n");
    if with_head {
        out.push_str("</section>\n");
    }
    out
}

fn answerers(posts: &[Post]) -> String {
    if posts.is_empty() {
        return String::new();
    }
    let mut out = "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"负责人\"><table><thead><tr>\
                   <th scope=\"col\">范围</th><th scope=\"col\">职务</th><th scope=\"col\">姓名</th></tr></thead><tbody>"
        .to_owned();
    for post in posts {
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&post.place),
            post.role,
            escape(&post.names.join("、"))
        );
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// Organisations below each other.
fn chart_of_bodies(board: &Board) -> String {
    let known = |id: Option<i64>| board.bodies.iter().any(|body| Some(body.id) == id);
    let top: Vec<&organisation::Model> = board
        .bodies
        .iter()
        .filter(|body| !known(body.parent_id))
        .collect();
    if top.is_empty() {
        return String::new();
    }
    let mut out = "<div class=\"card tree\">".to_owned();
    branch(&mut out, board, &top, 0);
    out.push_str("</div>\n");
    out
}

fn branch(out: &mut String, board: &Board, bodies: &[&organisation::Model], depth: usize) {
    /// Deeper than any real chart; stops a circle.
    const DEEPEST: usize = 8;
    if bodies.is_empty() || depth > DEEPEST {
        return;
    }
    out.push_str("<ul>");
    for body in bodies {
        let _ = write!(
            out,
            "<li>{} <span class=\"soft\">{}</span>",
            escape(&body.name),
            body_says(&body.kind)
        );
        let below: Vec<&organisation::Model> = board
            .bodies
            .iter()
            .filter(|other| other.parent_id == Some(body.id))
            .collect();
        branch(out, board, &below, depth + 1);
        out.push_str("</li>");
    }
    out.push_str("</ul>");
}

fn code(board: &Board) -> String {
    format!(
        "<div class=\"code\"><div role=\"img\" aria-label=\"邻里的二维码\">{}</div>\
         <p>微信扫一扫，报修、投诉、建议、求助，看办到哪一步。</p></div>\n",
        board.code
    )
}
