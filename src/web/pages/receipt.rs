//! `/receipt/{token}`: a receipt that anybody can check by its QR code: number, amount in figures and in
//! capitals, day, compound, what for. A part of the home's number, no names. Prints on one page. Called
//! by `router.rs`.

use entity::{payment, receipt};
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};

use super::{escape, page, qr, sentence};
use crate::access::local_code;
use crate::app::App;
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::payment::{link, mask_home, month_says, queries, way_says};
use crate::place::queries as places;

/// `GET /receipt/:token`
///
/// # Errors
/// The database's.
#[handler]
pub async fn show_receipt(
    Data(app): Data<&App>,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let db = app.store.read();
    let found = queries::receipt_by_token(db, &token).await?;
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
    let body = contents(app, &receipt, &paid).await?;
    let mut response = page(StatusCode::OK, "收据", &body);
    // The page is written anew after a refund, and is nobody else's.
    let cache = HeaderValue::from_static("private, no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    Ok(response)
}

async fn contents(
    app: &App,
    receipt: &receipt::Model,
    paid: &payment::Model,
) -> Result<String, Fault> {
    let db = app.store.read();
    let home = places::by_id(db, paid.home_id).await?;
    let compound = places::by_id(db, paid.compound_id).await?;
    let compound = compound.map(|compound| compound.name).unwrap_or_default();
    let home = home.map(|home| mask_home(local_code(&home.code)));
    let day = paid.paid_at.unwrap_or(receipt.created_at);
    let mut facts = vec![
        ("编号", format!("第 {} 号", receipt.number)),
        ("小区", compound),
        ("房号", home.unwrap_or_default()),
        ("日期", china(day).format("%Y年%-m月%-d日").to_string()),
        ("方式", way_says(paid.way).to_owned()),
        ("金额", format!("{} 元", Fen(receipt.amount))),
        ("大写", Fen(receipt.amount).capitals()),
    ];
    let refunds = queries::refunds_of(db, paid.id).await?;
    let own = refunds
        .into_iter()
        .filter(|back| back.transaction_id.is_none() || back.transaction_id == paid.transaction_id);
    let back = queries::going_back(&own.collect::<Vec<_>>());
    if back > 0 {
        facts.push(("已退", format!("{} 元", Fen(back))));
    }
    let mut out = "<div class=\"card\"><ul class=\"commands\">\n".to_owned();
    for (name, value) in facts {
        out.push_str(&format!(
            "<li><b>{name}</b><span>{}</span></li>\n",
            escape(&value)
        ));
    }
    out.push_str("</ul></div>\n<h2>用途</h2>\n<div class=\"card\"><ul class=\"commands\">\n");
    for (part, bill) in queries::parts_of(db, paid.id).await? {
        let what = match bill {
            Some(bill) => format!("{}费用", month_says(bill.month)),
            None => "预存".to_owned(),
        };
        out.push_str(&format!(
            "<li><b>{what}</b><span>{} 元</span></li>\n",
            Fen(part.amount)
        ));
    }
    out.push_str("</ul></div>\n");
    out.push_str(&format!(
        "<figure>{}<figcaption>扫码核对这张收据：编号和金额要和页面上的一样。</figcaption></figure>",
        qr(&link::receipt(app, receipt))?
    ));
    Ok(out)
}
