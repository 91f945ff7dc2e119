//! What a PDF file costs: a receipt, a published month with a correction, and a table of 200 lines.

use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use linli::base::clock::{Clock, SystemClock};
use linli::report::chart::Bar;
use linli::report::pdf::{Block, Code, Column, Paper, Row, Table, available, render};

use crate::figure::{Figure, percentile};

/// Times that each is made.
const MADE: usize = 200;
/// Milliseconds that a receipt may take.
const MOST_MS: f64 = 50.0;
/// Lines of the longest.
const LINES: usize = 200;

/// The rows of the table.
pub fn measure() -> Result<Vec<Figure>> {
    ensure!(available(), "this build has no font");
    let begun = Instant::now();
    file(&receipt())?;
    let first = begun.elapsed().as_secs_f64() * 1000.0;
    Ok(vec![
        figure("a receipt as PDF", &receipt(), Some(first))?,
        figure("a published month as PDF", &month(), None)?,
        figure("a table of 200 lines as PDF", &long(), None)?,
    ])
}

fn figure(what: &str, paper: &Paper, first: Option<f64>) -> Result<Figure> {
    let mut times = Vec::with_capacity(MADE);
    let mut size = 0;
    for _ in 0..MADE {
        let begun = Instant::now();
        size = file(paper)?.len();
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let (middle, late) = (percentile(&times, 1, 2), percentile(&times, 99, 100));
    let first = first.map_or(String::new(), |first| {
        format!("; the first one, which reads the font, {first:.1} ms")
    });
    Ok(Figure {
        what: what.to_owned(),
        ours: format!("{middle:.1} ms, 99 % in {late:.1} ms, {} KB", size / 1024),
        theirs: String::new(),
        ratio: String::new(),
        bound: format!(
            "made {MADE} times by one thread, layout to file, nothing of it kept{first}"
        ),
        required: format!("< {MOST_MS:.0} ms"),
        met: late < MOST_MS,
    })
}

fn file(paper: &Paper) -> Result<Vec<u8>> {
    render(paper).map_err(|fault| anyhow!("{fault:?}"))
}

fn paper(title: &str, blocks: Vec<Block>) -> Paper {
    Paper {
        title: title.to_owned(),
        under: "绿园小区　第 1207 号".to_owned(),
        author: "绿园小区".to_owned(),
        made: SystemClock.now(),
        foot: "绿园小区".to_owned(),
        blocks,
    }
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    all.iter().map(own).collect()
}

fn row(cells: &[&str]) -> Row {
    Row::of(cells.iter().map(|cell| (*cell).to_owned()).collect())
}

fn code(words: &str) -> Block {
    Block::Code(Code {
        url: "https://linli.example.com/receipt/0123456789abcdef0123456789abcdef".to_owned(),
        words: vec![words.to_owned()],
    })
}

fn receipt() -> Paper {
    let blocks = vec![
        Block::Facts(pairs(&[
            ("编号", "第 1207 号"),
            ("小区", "绿园小区"),
            ("房号", "3-2-5**"),
            ("日期", "2026年11月30日"),
            ("方式", "微信支付"),
        ])),
        Block::Figures(pairs(&[
            ("金额（元）", "161.10"),
            ("人民币大写", "壹佰陆拾壹元壹角整"),
        ])),
        Block::Heading("用途".to_owned()),
        Block::Table(Table {
            columns: vec![Column::name("项目", 3.0), Column::number("金额（元）", 2.0)],
            rows: vec![row(&["2026年11月费用", "161.10"])],
        }),
        code("扫码核对这张收据：编号和金额要和网页上的一样。"),
        Block::Sign(vec!["收款单位（盖章）".to_owned(), "经手人".to_owned()]),
    ];
    paper("收据", blocks)
}

fn month() -> Paper {
    let names = ["物业费", "公摊", "停车", "公共收益", "捐款", "其他"];
    let bars = |(name, at): (&&str, i64)| Bar {
        name: (*name).to_owned(),
        value: 1_234_500 / at,
        label: "12,345.00".to_owned(),
    };
    let mut blocks = vec![Block::Figures(pairs(&[
        ("本月收入（元）", "123,450.00"),
        ("本月支出（元）", "98,765.00"),
        ("本月结余（元）", "24,685.00"),
    ]))];
    for part in [
        "收入",
        "支出",
        "钱在哪里、谁还欠着",
        "要还的、要退的",
        "属于全体业主的",
    ] {
        blocks.push(Block::Heading(part.to_owned()));
        blocks.push(Block::Bars(names.iter().zip(1..).map(bars).collect()));
        blocks.push(table(names.len()));
    }
    blocks.push(code("扫码在网上看这一期和以后的更正。"));
    blocks.push(Block::Facts(pairs(&[
        ("本期校验码", "0123456789abcdef".repeat(4).as_str()),
        ("上一期校验码", "fedcba9876543210".repeat(4).as_str()),
    ])));
    paper("绿园小区2026年11月财务公开", blocks)
}

fn table(lines: usize) -> Block {
    let cells = [
        "17",
        "公共收益",
        "12,345.00",
        "1,234.00",
        "345.00",
        "13,234.00",
    ];
    let columns = ["编号", "项目", "期初", "增加", "减少", "期末"];
    Block::Table(Table {
        columns: columns.map(|head| Column::text(head, 1.0)).to_vec(),
        rows: (0..lines).map(|_| row(&cells)).collect(),
    })
}

fn long() -> Paper {
    paper("绿园小区台账", vec![table(LINES)])
}
