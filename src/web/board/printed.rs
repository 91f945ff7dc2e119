//! A published month on paper, for the wall: what its page says, with sums, a code that leads to the page, and
//! the digests. Called by `accounts`.

use entity::place;
use poem::{Request, Response};

use super::CACHE;
use super::accounts::{PARTS, bars, is_flow};
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::disclosure::queries::Published;
use crate::disclosure::remind::url;
use crate::disclosure::statement::{Line, changes, total};
use crate::ledger::Family;
use crate::report::pdf::{Block, Code, Column, Paper, Row, Table};
use crate::web::paper::{self, Terms};
use crate::wechat::http::percent;

/// How long what never changes may be kept. Not for ever: the next version of the program may set it better.
const FROZEN: &str = "public, max-age=86400";

/// Which month.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub compound: &'a place::Model,
    pub published: &'a Published,
    /// The version that it corrects.
    pub before: Option<&'a Published>,
    /// Whether it was asked for by its version.
    pub frozen: bool,
}

/// The month as a PDF file.
///
/// # Errors
/// `internal` when it cannot be made.
pub(super) async fn answer(app: &App, request: &Request, of: Of<'_>) -> Result<Response, Fault> {
    let url = url(app, &of.compound.code, of.published);
    let (month, version) = (of.published.month(), of.published.disclosure.version);
    let code = percent(&of.compound.code);
    let way = format!("/board/{code}/accounts/{month}.v{version}");
    let terms = Terms {
        name: &format!("accounts-{month}-v{version}"),
        cache: if of.frozen { FROZEN } else { CACHE },
        way: (&way, "看网页"),
    };
    paper::answer(request, paper(&of, url), terms).await
}

fn paper(of: &Of<'_>, url: String) -> Paper {
    let (published, row) = (of.published, &of.published.disclosure);
    let (lines, month) = (published.statement(), published.month());
    let (income, expenses) = (
        total(&lines, Family::Income),
        total(&lines, Family::Expenses),
    );
    let day = china(row.created_at).format("%Y年%-m月%-d日");
    let mut blocks = vec![Block::Figures(vec![
        ("本月收入（元）".to_owned(), Fen(income).in_groups()),
        ("本月支出（元）".to_owned(), Fen(expenses).in_groups()),
        (
            "本月结余（元）".to_owned(),
            Fen(income - expenses).in_groups(),
        ),
    ])];
    if let (Some(reason), Some(before)) = (&row.reason, of.before) {
        correction(&mut blocks, reason, before, &lines);
    }
    for (family, title) in PARTS {
        part(&mut blocks, title, family, published);
    }
    blocks.push(Block::Heading("有疑问".to_owned()));
    blocks.push(Block::Text(
        "绑定了房号的居民在微信里回复“质询 编号 您的问题”，就是一件必须答复的诉求。编号在每一行前面。"
            .to_owned(),
    ));
    blocks.push(Block::Heading("核对".to_owned()));
    blocks.push(Block::Code(Code {
        url,
        words: vec![
            "扫码在网上看这一期和以后的更正，核对编号、金额和下面的校验码。".to_owned(),
            "公布后谁也改不了：每一期都带着上一期的校验码（SHA-256）。".to_owned(),
        ],
    }));
    blocks.push(Block::Facts(vec![
        ("期号".to_owned(), format!("第 {} 期", row.position)),
        ("版本".to_owned(), format!("第{}版", row.version)),
        ("本期校验码".to_owned(), row.hash.clone()),
        ("上一期校验码".to_owned(), row.previous_hash.clone()),
    ]));
    Paper {
        title: format!("{}{}财务公开", of.compound.name, month.says()),
        under: format!("{day}公布，第{}版，金额单位：元", row.version),
        author: of.compound.name.clone(),
        made: row.created_at,
        foot: format!("{}　第{}版", of.compound.name, row.version),
        blocks,
    }
}

fn correction(blocks: &mut Vec<Block>, reason: &str, before: &Published, lines: &[Line]) {
    blocks.push(Block::Heading("更正".to_owned()));
    blocks.push(Block::Text(format!(
        "这是第{}版的更正。原因：{reason}",
        before.disclosure.version
    )));
    let rows = changes(&before.statement(), lines)
        .into_iter()
        .map(|(name, old, new)| {
            let amounts = [old, new, new - old].map(|fen| Fen(fen).in_groups());
            Row::of([vec![name.to_owned()], amounts.to_vec()].concat())
        });
    blocks.push(Block::Table(Table {
        columns: vec![
            Column::name("项目", 3.0),
            Column::number("原来", 2.0),
            Column::number("现在", 2.0),
            Column::number("相差", 2.0),
        ],
        rows: rows.collect(),
    }));
}

/// A family's lines: as bars where there is something to compare, and as a table with its sum.
fn part(blocks: &mut Vec<Block>, title: &str, family: Family, published: &Published) {
    let own: Vec<&(i64, Line)> = published
        .lines
        .iter()
        .filter(|(_, line)| line.family() == family)
        .collect();
    if own.is_empty() {
        return;
    }
    let flow = is_flow(family);
    blocks.push(Block::Heading(title.to_owned()));
    if flow && own.len() > 1 {
        blocks.push(Block::Bars(bars(&own)));
    }
    let amounts = |line: &Line| {
        if flow {
            vec![line.closing]
        } else {
            vec![line.opening, line.plus, line.minus, line.closing]
        }
    };
    let row = |number: String, name: &str, amounts: Vec<i64>| {
        let mut cells = vec![number, name.to_owned()];
        cells.extend(amounts.into_iter().map(|fen| Fen(fen).in_groups()));
        cells
    };
    let mut rows: Vec<Row> = own
        .iter()
        .map(|(id, line)| Row::of(row(id.to_string(), line.says(), amounts(line))))
        .collect();
    if own.len() > 1 {
        let mut sums = vec![0; if flow { 1 } else { 4 }];
        for (_, line) in &own {
            for (sum, amount) in sums.iter_mut().zip(amounts(line)) {
                *sum += amount;
            }
        }
        rows.push(Row::sum(row(String::new(), "合计", sums)));
    }
    let mut columns = vec![Column::text("编号", 1.1), Column::name("项目", 2.2)];
    if flow {
        columns.push(Column::number("本月", 6.8));
    } else {
        for head in ["期初", "增加", "减少", "期末"] {
            columns.push(Column::number(head, 1.7));
        }
    }
    blocks.push(Block::Table(Table { columns, rows }));
}
