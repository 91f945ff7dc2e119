//! `/bill/{token}`: a bill with all its lines, how each was computed and what it rests on, by a link that the chat and
//! the console give. A part of the home's number, no names. With `.pdf` behind the token on paper, with the code by
//! which it is paid. Called by `router.rs`.

use entity::{bill, bill_line};
use poem::http::StatusCode;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::{escape, page, sentence};
use crate::access::local_code;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::fee::bill::left;
use crate::payment::{link, mask_home, month_says, queries};
use crate::place::queries as places;
use crate::report::pdf::{self, Block, Code, Column, Paper, Row, Table};
use crate::web::paper::{self, Terms};

/// It changes with every payment, and is nobody else's.
const CACHE: &str = "private, no-store";
const SCAN: &str = "微信扫码付款，家人代付也可以。付了马上有收据。";
const DISPUTE: &str = "看不懂或者觉得算错了，在公众号里回复：";

/// What a bill says, on its page and on paper.
struct Says {
    id: i64,
    compound: String,
    /// `2026年11月`
    month: String,
    facts: Vec<(&'static str, String)>,
    lines: Vec<bill_line::Model>,
    left: i64,
    /// Where it is paid; none when nothing is left.
    pay: Option<String>,
    /// When it last changed.
    since: Moment,
}

/// `GET /bill/:token`
///
/// # Errors
/// The database's; `internal` when the paper cannot be made.
#[handler]
pub async fn show_bill(
    Data(app): Data<&App>,
    Path(asked): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    let printed = asked.strip_suffix(".pdf");
    let token = printed.unwrap_or(&asked);
    let says = match link::read_bill(app, token, app.clock.now()) {
        Some(id) => read(app, id).await?,
        None => None,
    };
    let Some(says) = says else {
        return Ok(sentence(
            StatusCode::NOT_FOUND,
            "这个账单链接不能用了",
            "链接三十天内有效。请回到公众号，回复“账单”再要一个。",
            None,
        ));
    };
    if printed.is_some() {
        let terms = Terms {
            name: &format!("bill-{}", says.id),
            cache: CACHE,
            way: (&format!("/bill/{token}"), "看账单的网页"),
        };
        return paper::answer(request, says.paper(), terms).await;
    }
    Ok(page(StatusCode::OK, "账单", &says.html(token)))
}

async fn read(app: &App, id: i64) -> Result<Option<Says>, Fault> {
    let db = app.store.read();
    let Some((bill, lines)) = queries::bill_with_lines(db, id).await? else {
        return Ok(None);
    };
    let home = places::by_id(db, bill.home_id).await?;
    let home = home.map(|home| mask_home(local_code(&home.code)));
    let compound = places::by_id(db, bill.compound_id).await?;
    let compound = compound.map(|compound| compound.name).unwrap_or_default();
    let ahead = queries::paid_from_advance(db, id).await?;
    let left = left(&bill);
    Ok(Some(Says {
        id,
        facts: facts(&bill, &compound, home.unwrap_or_default(), ahead),
        compound,
        month: month_says(bill.month),
        lines,
        left,
        pay: (left > 0).then(|| link::pay_later(app, &bill)),
        since: bill.updated_at,
    }))
}

fn facts(
    bill: &bill::Model,
    compound: &str,
    home: String,
    ahead: i64,
) -> Vec<(&'static str, String)> {
    let yuan = |fen: i64| format!("{} 元", Fen(fen));
    let day = |day: chrono::NaiveDate| day.format("%Y年%-m月%-d日").to_string();
    let mut facts = vec![
        ("编号", bill.id.to_string()),
        ("小区", compound.to_owned()),
        ("房号", home),
        (
            "包含日期",
            format!("{}至{}", day(bill.from_day), day(bill.to_day)),
        ),
        ("缴费日", format!("{}前", day(bill.due_on))),
        ("应缴", yuan(bill.amount)),
    ];
    for (label, fen) in [
        ("更正减少", bill.credited),
        ("减免", bill.waived),
        ("预存抵扣", ahead),
        ("已交", bill.paid - ahead),
    ] {
        if fen > 0 {
            facts.push((label, yuan(fen)));
        }
    }
    facts
}

/// What stands before the basis of a line: a correction has a reason.
const fn basis_says(line: &bill_line::Model) -> &'static str {
    match line.corrects {
        Some(_) => "原因：",
        None => "依据：",
    }
}

impl Says {
    fn html(&self, token: &str) -> String {
        let mut out = format!(
            "<div class=\"card\"><h2>{}</h2>\n<ul class=\"commands\">\n",
            escape(&self.month)
        );
        for (name, value) in &self.facts {
            out.push_str(&format!(
                "<li><b>{name}</b><span>{}</span></li>\n",
                escape(value)
            ));
        }
        out.push_str("</ul></div>\n<h2>每一项</h2>\n<div class=\"card\"><ul class=\"commands\">\n");
        for line in &self.lines {
            let mut words = vec![format!("{} 元", Fen(line.amount))];
            if !line.formula.is_empty() {
                words.push(escape(&line.formula));
            }
            if !line.basis.is_empty() {
                words.push(format!("{}{}", basis_says(line), escape(&line.basis)));
            }
            out.push_str(&format!(
                "<li><b>{}</b><span>{}</span></li>\n",
                escape(&line.name),
                words.join("<br>")
            ));
        }
        out.push_str("</ul></div>\n");
        match &self.pay {
            Some(url) => out.push_str(&format!(
                "<p>还要交：<b>{} 元</b></p>\n<p><a class=\"button main\" href=\"{}\">去付款</a></p>\n",
                Fen(self.left),
                escape(url)
            )),
            None => out.push_str("<p role=\"status\"><b>已经结清了，谢谢您！</b></p>\n"),
        }
        if pdf::available() {
            out.push_str(&format!(
                "<p><a class=\"button\" href=\"/bill/{}.pdf\">打印（PDF）</a></p>\n",
                escape(token)
            ));
        }
        out.push_str(&format!("<p>{DISPUTE}账单有误 {} 哪里不对</p>", self.id));
        out
    }

    fn paper(&self) -> Paper {
        let own = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let rows = self.lines.iter().map(|line| {
            let basis = match line.corrects {
                Some(_) => format!("{}{}", basis_says(line), line.basis),
                None => line.basis.clone(),
            };
            Row::of(vec![
                line.name.clone(),
                line.formula.clone(),
                basis,
                Fen(line.amount).in_groups(),
            ])
        });
        let mut blocks = vec![
            Block::Facts(self.facts.iter().map(own).collect()),
            Block::Figures(vec![(
                "还要交（元）".to_owned(),
                Fen(self.left).in_groups(),
            )]),
            Block::Heading("每一项".to_owned()),
            Block::Table(Table {
                columns: vec![
                    Column::name("项目", 2.0),
                    Column::text("怎么算", 4.0),
                    Column::text("依据", 3.0),
                    Column::number("金额（元）", 2.0),
                ],
                rows: rows.collect(),
            }),
        ];
        if let Some(url) = &self.pay {
            blocks.push(Block::Code(Code {
                url: url.clone(),
                words: vec![SCAN.to_owned(), "这个码三十天内有效。".to_owned()],
            }));
        }
        blocks.push(Block::Small(format!(
            "{DISPUTE}账单有误 {} 哪里不对",
            self.id
        )));
        Paper {
            title: "账单".to_owned(),
            under: format!("{}　{}", self.compound, self.month),
            author: self.compound.clone(),
            made: self.since,
            foot: format!("{}　账单 {}", self.compound, self.id),
            blocks,
        }
    }
}
