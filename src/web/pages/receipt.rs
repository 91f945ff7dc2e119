//! `/receipt/{token}`: a receipt that anybody can check by its QR code: number, amount in figures and in
//! capitals, day, compound, what for. A part of the home's number, no names. The same on paper. Called by
//! `router.rs`.

use entity::{payment, receipt};
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::{escape, page, qr, sentence};
use crate::access::local_code;
use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::fund::rows::purpose;
use crate::payment::{link, mask_home, month_says, queries, way_says};
use crate::place::queries as places;
use crate::report::pdf::{self, Block, Code, Column, Paper, Row, Table};
use crate::web::paper::{self, Terms};

/// It is written anew after a refund, and is nobody else's.
const CACHE: &str = "private, no-store";
const CHECK: &str = "扫码核对这张收据：编号和金额要和网页上的一样。";
const NO_INVOICE: &str = "收据不是税务发票。要发票请联系物业服务中心，报收据编号就行。";

/// What a receipt says, on its page and on paper.
struct Says {
    number: i64,
    compound: String,
    facts: Vec<(&'static str, String)>,
    amount: Fen,
    /// What has gone back of it since.
    back: i64,
    uses: Vec<(String, Fen)>,
    day: Moment,
    url: String,
}

/// `GET /receipt/:token`; with `.pdf` behind the token the same on paper.
///
/// # Errors
/// The database's; `internal` when the paper cannot be made.
#[handler]
pub async fn show_receipt(
    Data(app): Data<&App>,
    Path(asked): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    let db = app.store.read();
    let token = asked.strip_suffix(".pdf");
    let printed = token.is_some();
    let token = token.unwrap_or(&asked);
    let found = queries::receipt_by_token(db, token).await?;
    let paid = match &found {
        Some(receipt) => queries::by_id(db, receipt.payment_id).await?,
        None => None,
    };
    let (Some(receipt), Some(paid)) = (found, paid) else {
        return Ok(sentence(
            StatusCode::NOT_FOUND,
            "没有这张收据",
            "请核对二维码或链接。对收据有疑问，请联系小区的物业服务中心。",
            None,
        ));
    };
    let says = read(app, &receipt, &paid).await?;
    if printed {
        let terms = Terms {
            name: &format!("receipt-{}", receipt.number),
            cache: CACHE,
            way: (&format!("/receipt/{token}"), "看收据的网页"),
        };
        return paper::answer(request, says.paper(), terms).await;
    }
    let mut response = page(StatusCode::OK, "收据", &says.html(&receipt)?);
    let cache = HeaderValue::from_static(CACHE);
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    Ok(response)
}

async fn read(app: &App, receipt: &receipt::Model, paid: &payment::Model) -> Result<Says, Fault> {
    let db = app.store.read();
    let home = places::by_id(db, paid.home_id).await?;
    let compound = places::by_id(db, paid.compound_id).await?;
    let compound = compound.map(|compound| compound.name).unwrap_or_default();
    let home = home.map(|home| mask_home(local_code(&home.code)));
    let given = match paid.donation_id {
        Some(id) => Some(purpose(db, id).await?),
        None => None,
    };
    let whose = match &given {
        Some(what) => ("捐给", what.clone()),
        None => ("房号", home.unwrap_or_default()),
    };
    let day = paid.paid_at.unwrap_or(receipt.created_at);
    let facts = vec![
        ("编号", format!("第 {} 号", receipt.number)),
        ("小区", compound.clone()),
        whose,
        ("日期", china(day).format("%Y年%-m月%-d日").to_string()),
        ("方式", way_says(paid.way).to_owned()),
    ];
    let refunds = queries::refunds_of(db, paid.id).await?;
    let own = refunds
        .into_iter()
        .filter(|back| back.transaction_id.is_none() || back.transaction_id == paid.transaction_id);
    let parts = queries::parts_of(db, paid.id).await?;
    let uses = parts.into_iter().map(|(part, bill)| {
        let what = match bill {
            Some(bill) => format!("{}费用", month_says(bill.month)),
            None => "预存".to_owned(),
        };
        (what, Fen(part.amount))
    });
    let given = given.map(|what| (format!("捐款：{what}"), Fen(receipt.amount)));
    Ok(Says {
        number: receipt.number,
        compound,
        facts,
        amount: Fen(receipt.amount),
        back: queries::going_back(&own.collect::<Vec<_>>()),
        uses: uses.chain(given).collect(),
        day,
        url: link::receipt(app, receipt),
    })
}

impl Says {
    fn html(&self, receipt: &receipt::Model) -> Result<String, Fault> {
        let mut facts = self.facts.clone();
        facts.push(("金额", format!("{} 元", self.amount)));
        facts.push(("大写", self.amount.capitals()));
        if self.back > 0 {
            facts.push(("已退", format!("{} 元", Fen(self.back))));
        }
        let mut out = "<div class=\"card\"><ul class=\"commands\">\n".to_owned();
        for (name, value) in facts {
            out.push_str(&format!(
                "<li><b>{name}</b><span>{}</span></li>\n",
                escape(&value)
            ));
        }
        out.push_str("</ul></div>\n<h2>用途</h2>\n<div class=\"card\"><ul class=\"commands\">\n");
        for (what, amount) in &self.uses {
            out.push_str(&format!(
                "<li><b>{}</b><span>{amount} 元</span></li>\n",
                escape(what)
            ));
        }
        out.push_str("</ul></div>\n");
        if pdf::available() {
            out.push_str(&format!(
                "<p><a class=\"button\" href=\"/receipt/{}.pdf\">打印（PDF）</a></p>\n",
                escape(&receipt.token)
            ));
        }
        out.push_str(&format!(
            "<figure>{}<figcaption>{CHECK}</figcaption></figure>",
            qr(&self.url)?
        ));
        Ok(out)
    }

    fn paper(&self) -> Paper {
        let own = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let mut facts: Vec<(String, String)> = self.facts.iter().map(own).collect();
        if self.back > 0 {
            let says = format!("{} 元（{}）", Fen(self.back), Fen(self.back).capitals());
            facts.push(("已退".to_owned(), says));
        }
        let mut rows: Vec<Row> = self
            .uses
            .iter()
            .map(|(what, amount)| Row::of(vec![what.clone(), amount.in_groups()]))
            .collect();
        rows.push(Row::sum(vec!["合计".to_owned(), self.amount.in_groups()]));
        let blocks = vec![
            Block::Facts(facts),
            Block::Figures(vec![
                ("金额（元）".to_owned(), self.amount.in_groups()),
                ("人民币大写".to_owned(), self.amount.capitals()),
            ]),
            Block::Heading("用途".to_owned()),
            Block::Table(Table {
                columns: vec![Column::name("项目", 3.0), Column::number("金额（元）", 2.0)],
                rows,
            }),
            Block::Code(Code {
                url: self.url.clone(),
                words: vec![CHECK.to_owned(), NO_INVOICE.to_owned()],
            }),
            Block::Sign(vec!["收款单位（盖章）".to_owned(), "经手人".to_owned()]),
        ];
        Paper {
            title: "收据".to_owned(),
            under: format!("{}　第 {} 号", self.compound, self.number),
            author: self.compound.clone(),
            made: self.day,
            foot: format!("{}　收据第 {} 号", self.compound, self.number),
            blocks,
        }
    }
}
