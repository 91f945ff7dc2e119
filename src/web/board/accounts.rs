//! `/board/{compound}/accounts`: the published months of a compound, for everybody: the list, a month with its
//! charts and tables, the same as a workbook and on paper, and the text that its digest is of.

use std::fmt::Write as _;

use entity::{disclosure, place};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::figures::tile;
use super::{answer, limited, no_compound, printed, show};
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::disclosure::queries::{Published, list, versions};
use crate::disclosure::seal::{Content, text};
use crate::disclosure::statement::{Line, changes, total};
use crate::ledger::Family;
use crate::place::queries as places;
use crate::report::chart::{self, Bar};
use crate::report::pdf;
use crate::report::sheet::{Cell, Sheet, workbook};
use crate::web::download::{XLSX, download};
use crate::web::pages::{escape, sentence, to_board};
use crate::wechat::http::percent;

/// The families, in the order in which people read them, with the heading of each.
pub(super) const PARTS: [(Family, &str); 5] = [
    (Family::Income, "收入"),
    (Family::Expenses, "支出"),
    (Family::Assets, "钱在哪里、谁还欠着"),
    (Family::Liabilities, "要还的、要退的"),
    (Family::Equity, "属于全体业主的"),
];

/// `GET /board/:compound/accounts`
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
    let Some(compound) = compound(app, &code).await? else {
        return Ok(no_compound());
    };
    let months = list(app.store.read(), compound.id).await?;
    let mut body = if months.is_empty() {
        "<p>还没有公布过账。每月结束后公布。</p>\n".to_owned()
    } else {
        let mut body = "<ul class=\"months\">\n".to_owned();
        for row in &months {
            item(&mut body, &compound, row);
        }
        body.push_str("</ul>\n");
        body
    };
    body.push_str(&to_board(&compound));
    let html = show::sheet(&compound.name, "财务公开", &body);
    Ok(answer(request, html))
}

fn item(out: &mut String, compound: &place::Model, row: &disclosure::Model) {
    let Some(month) = Month::from_number(row.month) else {
        return;
    };
    let version = if row.version > 1 {
        format!("（第{}版）", row.version)
    } else {
        String::new()
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<li><a class=\"button\" href=\"/board/{}/accounts/{}\">{}{version}</a></li>",
        escape(&percent(&compound.code)),
        month,
        month.says()
    );
}

/// `GET /board/:compound/accounts/:month`: `2026-11`, `2026-11.pdf`, `2026-11.xlsx`, `2026-11.txt`; of an older
/// version `2026-11.v1.txt`.
///
/// # Errors
/// The database's; `too_many` for an address that asks too often.
#[handler]
pub async fn show_month(
    Data(app): Data<&App>,
    Path((code, asked)): Path<(String, String)>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let Some(compound) = compound(app, &code).await? else {
        return Ok(no_compound());
    };
    let mut parts = asked.split('.');
    let month = parts.next().and_then(Month::parse);
    let mut form = parts.next();
    let version = form.and_then(|part| part.strip_prefix('v')?.parse::<i32>().ok());
    if version.is_some() {
        form = parts.next();
    }
    let found = match month {
        Some(month) => versions(app.store.read(), compound.id, month).await?,
        None => Vec::new(),
    };
    let at = match version {
        None => Some(0),
        Some(wanted) => found
            .iter()
            .position(|one| one.disclosure.version == wanted),
    };
    let Some((at, published)) = at.and_then(|at| Some((at, found.get(at)?))) else {
        return Ok(sentence(
            StatusCode::NOT_FOUND,
            "没有这个月的账",
            "这个月的账还没有公布。请回到财务公开看已公布的月份。",
            None,
        ));
    };
    match form {
        None => {
            let before = found.get(at + 1);
            let html = whole(&compound, published, before, found.len());
            Ok(answer(request, html))
        }
        Some("xlsx") => book(&compound, published),
        Some("pdf") => {
            let of = printed::Of {
                compound: &compound,
                published,
                before: found.get(at + 1),
                // What is asked for by its version never changes.
                frozen: version.is_some(),
            };
            printed::answer(app, request, of).await
        }
        Some("txt") => Ok(Response::builder()
            .content_type("text/plain; charset=utf-8")
            .header("X-Content-Type-Options", "nosniff")
            .body(sealed(&compound, published))),
        Some(_) => Ok(sentence(
            StatusCode::NOT_FOUND,
            "没有这种文件",
            "可以下载 PDF（pdf）、表格（xlsx）和原文（txt）。",
            None,
        )),
    }
}

async fn compound(app: &App, code: &str) -> Result<Option<place::Model>, Fault> {
    places::compound_by_code(app.store.read(), code).await
}

fn sealed(compound: &place::Model, published: &Published) -> String {
    let row = &published.disclosure;
    text(&Content {
        compound: &compound.code,
        position: row.position,
        month: published.month(),
        version: row.version,
        reason: row.reason.as_deref(),
        previous: &row.previous_hash,
        lines: &published.statement(),
    })
}

fn whole(
    compound: &place::Model,
    published: &Published,
    before: Option<&Published>,
    count: usize,
) -> String {
    let row = &published.disclosure;
    let month = published.month();
    let lines = published.statement();
    let mut body = format!(
        "<p>{}公布，第{}版。</p>\n<ul class=\"rates\">{}{}</ul>\n",
        china(row.created_at).format("%Y年%-m月%-d日"),
        row.version,
        tile(
            "收入（元）",
            &Fen(total(&lines, Family::Income)).in_groups()
        ),
        tile(
            "支出（元）",
            &Fen(total(&lines, Family::Expenses)).in_groups()
        ),
    );
    if let (Some(reason), Some(before)) = (&row.reason, before) {
        body.push_str(&difference(reason, before, &lines));
    }
    for (family, title) in PARTS {
        body.push_str(&part(title, family, published));
    }
    let here = month.to_string();
    let printed = if pdf::available() {
        let version = row.version;
        format!("<a class=\"button\" href=\"{here}.v{version}.pdf\">打印（PDF）</a> ")
    } else {
        String::new()
    };
    let _ = write!(
        body,
        "<section><h2>有疑问</h2><p>绑定了房号的居民在微信里回复“质询 编号 您的问题”，就是一件必须答复的诉求。编号在每一行前面。</p></section>\n\
         <section><h2>核对</h2><p>公布后谁也改不了：每一期都带着上一期的校验码。</p>\
         <dl><dt>本期校验码（SHA-256）</dt><dd class=\"hash\">{}</dd><dt>上一期校验码</dt><dd class=\"hash\">{}</dd></dl>\
         <p class=\"no-print\">{printed}<a class=\"button\" href=\"{here}.v{version}.txt\">原文</a> \
         <a class=\"button\" href=\"{here}.v{version}.xlsx\">表格</a> <a class=\"button\" href=\"../accounts\">其他月份</a></p>",
        row.hash,
        row.previous_hash,
        version = row.version,
    );
    if count > 1 {
        let mut links = String::new();
        for version in (1..=count).rev() {
            let _ = write!(
                links,
                "<a class=\"button\" href=\"{here}.v{version}\">第{version}版</a> "
            );
        }
        let _ = write!(body, "<p class=\"no-print\">各版：{links}</p>");
    }
    body.push_str("</section>\n");
    body.push_str(&to_board(compound));
    show::sheet(&compound.name, &format!("{}财务公开", month.says()), &body)
}

/// Whether a family's lines say what the month brought, and not what there is.
pub(super) const fn is_flow(family: Family) -> bool {
    matches!(family, Family::Income | Family::Expenses)
}

/// Lines as bars.
pub(super) fn bars(lines: &[&(i64, Line)]) -> Vec<Bar> {
    let bar = |(_, line): &&(i64, Line)| Bar {
        name: line.says().to_owned(),
        value: line.closing,
        label: Fen(line.closing).in_groups(),
    };
    lines.iter().map(bar).collect()
}

/// A family's lines: as bars where there is something to compare, and as a table.
fn part(title: &str, family: Family, published: &Published) -> String {
    let own: Vec<&(i64, Line)> = published
        .lines
        .iter()
        .filter(|(_, line)| line.family() == family)
        .collect();
    if own.is_empty() {
        return String::new();
    }
    let flow = is_flow(family);
    let mut out = format!("<section>\n<h2>{title}</h2>\n");
    let charted = flow && own.len() > 1;
    if charted {
        out.push_str(&chart::bars(title, &bars(&own), escape));
    }
    let heads: &[&str] = if flow {
        &["本月（元）"]
    } else {
        &["期初", "增加", "减少", "期末（元）"]
    };
    out.push_str("<div class=\"wide\"><table class=\"cards\"><thead><tr><th scope=\"col\">编号</th><th scope=\"col\">项目</th>");
    let drawn = if charted { show::PLOT } else { "" };
    for head in heads {
        let _ = write!(out, "<th scope=\"col\" class=\"amount\"{drawn}>{head}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for (id, line) in own {
        let _ = write!(
            out,
            "<tr><td data-label=\"编号\">{id}</td><th scope=\"row\">{}</th>",
            line.says()
        );
        let amounts: &[i64] = if flow {
            &[line.closing]
        } else {
            &[line.opening, line.plus, line.minus, line.closing]
        };
        for (head, amount) in heads.iter().zip(amounts) {
            let _ = write!(
                out,
                "<td data-label=\"{head}\" class=\"amount\">{}</td>",
                Fen(*amount).in_groups()
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n</section>\n");
    out
}

fn difference(reason: &str, before: &Published, lines: &[Line]) -> String {
    let mut out = format!(
        "<section><h2>更正</h2><p>原因：{}</p><div class=\"wide\"><table class=\"cards\"><thead><tr><th scope=\"col\">项目</th>\
         <th scope=\"col\" class=\"amount\">原来（元）</th><th scope=\"col\" class=\"amount\">现在（元）</th></tr></thead><tbody>\n",
        escape(reason)
    );
    for (name, old, new) in changes(&before.statement(), lines) {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{name}</th><td data-label=\"原来（元）\" class=\"amount\">{}</td><td data-label=\"现在（元）\" class=\"amount\">{}</td></tr>",
            Fen(old).in_groups(),
            Fen(new).in_groups()
        );
    }
    out.push_str("</tbody></table></div></section>\n");
    out
}

/// The month as a workbook.
fn book(compound: &place::Model, published: &Published) -> Result<Response, Fault> {
    let head = [
        "编号",
        "类别",
        "项目",
        "期初（元）",
        "增加（元）",
        "减少（元）",
        "期末（元）",
    ];
    let rows = published.lines.iter().map(|(id, line)| {
        let mut row = vec![
            Cell::Number(*id),
            line.family().says().into(),
            line.says().into(),
        ];
        let amounts = [line.opening, line.plus, line.minus, line.closing];
        row.extend(amounts.map(Cell::Yuan));
        row
    });
    let row = &published.disclosure;
    let facts = [
        ("小区", compound.name.clone()),
        ("月份", published.month().says()),
        ("版本", row.version.to_string()),
        ("更正原因", row.reason.clone().unwrap_or_default()),
        ("本期校验码", row.hash.clone()),
        ("上一期校验码", row.previous_hash.clone()),
    ];
    let sheets = [
        Sheet {
            name: published.month().to_string(),
            head: head.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        },
        Sheet {
            name: "说明".to_owned(),
            head: vec!["项".to_owned(), "内容".to_owned()],
            rows: facts
                .map(|(name, words)| vec![name.into(), words.into()])
                .to_vec(),
        },
    ];
    let name = format!("accounts-{}.xlsx", published.month());
    Ok(download(&name, XLSX, workbook(&sheets)?))
}
