//! `/pay/{token}`: paying for a home by a link that anybody may hold (代缴): a part of the home's number,
//! months and amounts, no names. WeChat says who pays; the payment window opens by its bridge, in the
//! sandbox at the pretended platform. Called by `router.rs`.

use entity::kinds::DonationState;
use entity::money::PaymentState;
use entity::{bill, payment, place};
use poem::http::{HeaderValue, StatusCode, header};
use poem::web::{Data, Form, Path, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;

use super::{escape, go, page, sentence, visitor};
use crate::access::local_code;
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::fund;
use crate::payment::actions::order::{Ordered, Wish, order};
use crate::payment::actions::{meant, watch};
use crate::payment::{left, link, mask_home, month_says, queries};
use crate::place::queries as places;
use crate::web::assets;
use crate::web::client_ip::spared;
use crate::web::oauth::start_path;

/// As all pages, and our own script, which may talk to us alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Pages that one address may open in a minute: a whole street may sit behind one.
const PER_MINUTE: u32 = 300;
/// Fen from which on a donation is asked about once more: a zero too many is soon typed.
const LARGE: i64 = 1_000_000;
/// Orders of one account in a minute.
const ORDERS_PER_MINUTE: u32 = 20;

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Key of the payment whose window has just closed.
    back: Option<i64>,
}

/// What a link is about.
struct About {
    wish: Wish,
    /// `桂园小区 1-1-1**`
    place: String,
    bills: Vec<bill::Model>,
    /// What is given for, when it is a donation.
    given: Option<Gift>,
    /// Fen that would be paid.
    sum: i64,
}

/// A donation that a link is about.
struct Gift {
    /// `给孤寡老人添冬衣`
    purpose: String,
    /// Whether it is there already, or was given up.
    is_over: bool,
}

async fn about(app: &App, token: &str) -> Result<Option<About>, Fault> {
    let Some(wish) = link::read(app, token, app.clock.now()) else {
        return Ok(None);
    };
    let db = app.store.read();
    let Some(home) = places::by_id(db, wish.home_id).await? else {
        return Ok(None);
    };
    let compound = places::compound_of(db, &home).await?;
    if let Some(id) = wish.donation {
        return gift(app, id, compound, wish).await;
    }
    let bills = queries::bills_of(db, home.id, &wish.bills).await?;
    let owed: i64 = bills.iter().map(left).sum();
    Ok(Some(About {
        place: format!(
            "{} {}",
            compound.map(|compound| compound.name).unwrap_or_default(),
            mask_home(local_code(&home.code))
        ),
        sum: wish.amount.unwrap_or(owed),
        wish,
        bills,
        given: None,
    }))
}

/// What a link to pay a donation is about: nobody's name, since anybody may hold it.
async fn gift(
    app: &App,
    id: i64,
    compound: Option<place::Model>,
    wish: Wish,
) -> Result<Option<About>, Fault> {
    let db = app.store.read();
    let Some(row) = fund::rows::by_id(db, id).await? else {
        return Ok(None);
    };
    let gift = Gift {
        purpose: fund::rows::purpose(db, id).await?,
        is_over: row.state != DonationState::Pledged,
    };
    Ok(Some(About {
        place: format!(
            "{} 捐款：{}",
            compound.map(|compound| compound.name).unwrap_or_default(),
            gift.purpose
        ),
        sum: row.amount,
        given: Some(gift),
        bills: Vec::new(),
        wish,
    }))
}

/// `GET /pay/:token`
///
/// # Errors
/// The database's.
#[handler]
pub async fn show_wish(
    Data(app): Data<&App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    request: &Request,
) -> Result<Response, Fault> {
    if !spared(app, request, "pay", PER_MINUTE).await {
        return Ok(busy());
    }
    let Some(about) = about(app, &token).await? else {
        return Ok(over());
    };
    let caller = visitor(app, request).await?;
    let mut said = "";
    if let (Some(caller), Some(id)) = (&caller, asked.back) {
        let found = queries::own_payment(app.store.read(), &caller.actor, id).await;
        // What is not theirs is not there: then the page is drawn as if nobody had come back.
        if let Ok(row) = found {
            let row = watch::returned(app, row).await?;
            if row.state == PaymentState::Paid {
                return thank(app, &about, &row).await;
            }
        }
        said = "还没有收到付款。如果您已经付了，请等一会儿再刷新，不用再付。";
    }
    let title = match about.given {
        Some(_) => "捐款",
        None => "缴费",
    };
    Ok(page(
        StatusCode::OK,
        title,
        &contents(&token, &about, caller.is_some(), said),
    ))
}

fn busy() -> Response {
    let mut response = sentence(
        StatusCode::TOO_MANY_REQUESTS,
        "请稍等",
        "打开得太频繁了，没有扣款。请一分钟后再试。",
        None,
    );
    let wait = HeaderValue::from_static("60");
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}

fn over() -> Response {
    sentence(
        StatusCode::NOT_FOUND,
        "这个付款链接不能用了",
        "链接过期了。请回到公众号，回复“缴费”再要一个；捐款请回复“我的捐赠”。",
        None,
    )
}

fn contents(token: &str, about: &About, known: bool, said: &str) -> String {
    let mut out = String::new();
    if !said.is_empty() {
        out.push_str(&format!("<p role=\"status\">{}</p>\n", escape(said)));
    }
    if let Some(gift) = &about.given {
        out.push_str(&format!(
            "<div class=\"card\"><h2>{}</h2>\n<p>用在哪里，每一笔都会公示，也会告诉捐款人。</p></div>\n",
            escape(&about.place)
        ));
        if gift.is_over {
            out.push_str(
                "<p role=\"status\"><b>这笔捐款已经收到或取消了，不用再付。谢谢您！</b></p>",
            );
            return out;
        }
        return asked(out, token, about, known);
    }
    out.push_str(&format!(
        "<div class=\"card\"><h2>{}</h2>\n<ul class=\"commands\">\n",
        escape(&about.place)
    ));
    for bill in &about.bills {
        let state = match left(bill) {
            0 => "已交清".to_owned(),
            some => format!("{} 元", Fen(some)),
        };
        out.push_str(&format!(
            "<li><b>{}</b><span>{state}</span></li>\n",
            month_says(bill.month)
        ));
    }
    out.push_str("</ul></div>\n");
    let settled = !about.bills.is_empty() && about.bills.iter().all(|bill| left(bill) == 0);
    if settled {
        out.push_str("<p role=\"status\"><b>已经交清了，谢谢您！</b></p>");
        return out;
    }
    asked(out, token, about, known)
}

/// What is to be paid, and the way there.
fn asked(mut out: String, token: &str, about: &About, known: bool) -> String {
    out.push_str(&format!("<p>要付：<b>{} 元</b></p>\n", Fen(about.sum)));
    let path = format!("/pay/{token}");
    if known {
        let sure = match about.given {
            Some(_) if about.sum >= LARGE => format!(
                "<p><label><input type=\"checkbox\" name=\"sure\" value=\"yes\" required> 金额比较大，我确认要捐 <b>{} 元</b></label></p>",
                Fen(about.sum)
            ),
            _ => String::new(),
        };
        out.push_str(&format!(
            "<form method=\"post\" action=\"{}\">{sure}<button class=\"button main\">去付款</button></form>",
            escape(&path)
        ));
    } else {
        out.push_str(&format!(
            "<p><a class=\"button main\" href=\"{}\">微信付款</a></p>",
            escape(&start_path(&path))
        ));
    }
    out
}

async fn thank(app: &App, about: &About, row: &payment::Model) -> Result<Response, Fault> {
    let receipt = queries::receipt_of(app.store.read(), row.id).await?;
    let refunds = queries::refunds_of(app.store.read(), row.id).await?;
    let (sum, back) = (Fen(row.amount), queries::back_of(row, &refunds));
    let more = match back {
        0 => String::new(),
        back => format!("其中 {} 元会退回您的微信。", Fen(back)),
    };
    Ok(match receipt {
        Some(receipt) if about.given.is_some() => sentence(
            StatusCode::OK,
            "已收到您的捐款",
            &format!("{} {sum} 元已到账，谢谢您的爱心！", about.place),
            Some((&link::receipt(app, &receipt), "看收据")),
        ),
        Some(receipt) => sentence(
            StatusCode::OK,
            "已收到您的缴费",
            &format!("{} {sum} 元已到账，谢谢您！{more}", about.place),
            Some((&link::receipt(app, &receipt), "看收据")),
        ),
        None => sentence(
            StatusCode::OK,
            "这笔钱会退给您",
            &format!(
                "{} 已经收到过了，您付的 {sum} 元会自动退回您的微信。",
                about.place
            ),
            None,
        ),
    })
}

/// What the page sends along.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    /// That a large donation is meant.
    sure: String,
}

/// `POST /pay/:token`: orders, and opens the payment window.
///
/// # Errors
/// The database's.
#[handler]
pub async fn order_wish(
    Data(app): Data<&App>,
    Path(token): Path<String>,
    sent: Option<Form<Sent>>,
    request: &Request,
) -> Result<Response, Fault> {
    if !spared(app, request, "pay", PER_MINUTE).await {
        return Ok(busy());
    }
    let Some(about) = about(app, &token).await? else {
        return Ok(over());
    };
    let path = format!("/pay/{token}");
    let sure = sent.is_some_and(|Form(sent)| sent.sure == "yes");
    if about.given.is_some() && about.sum >= LARGE && !sure {
        return Ok(sentence(
            StatusCode::UNPROCESSABLE_ENTITY,
            "请再确认一次",
            "这笔捐款金额比较大，请返回打勾确认以后再付款。",
            Some((&path, "返回")),
        ));
    }
    let Some(caller) = visitor(app, request).await? else {
        return Ok(go(&start_path(&path)));
    };
    let key = format!("pay-order:{}", caller.account.id);
    if !app.limiter.take(&key, ORDERS_PER_MINUTE).await {
        return Ok(busy());
    }
    match order_for(app, &caller, &about.wish).await {
        Ok(ordered) => Ok(window(app, &path, &about, &ordered)),
        Err(fault) if fault.code == crate::base::fault::Code::Internal => Err(fault),
        Err(fault) => Ok(sentence(
            poem::error::ResponseError::status(&fault),
            "现在不能付款",
            &fault.detail,
            Some((&path, "返回")),
        )),
    }
}

async fn order_for(app: &App, caller: &Caller, wish: &Wish) -> Result<Ordered, Fault> {
    order(app, caller.account.id, caller.actor.person_id(), wish).await
}

/// The page that opens the payment window.
fn window(app: &App, path: &str, about: &About, ordered: &Ordered) -> Response {
    let params = &ordered.params;
    let id = ordered.payment.id;
    debug_assert!(meant(&ordered.payment) == about.wish.bills);
    let mut data = String::new();
    let pretended = format!("{}/pay", app.settings.wechat.pay.api_base);
    let sandbox = app.settings.sandbox.enabled.then_some(pretended);
    let fields = [
        ("app-id", params.app_id.as_str()),
        ("time-stamp", &params.time_stamp),
        ("nonce-str", &params.nonce_str),
        ("package", &params.package),
        ("sign-type", &params.sign_type),
        ("pay-sign", &params.pay_sign),
        ("next", &format!("{path}?back={id}")),
        ("sandbox", sandbox.as_deref().unwrap_or_default()),
    ];
    for (name, value) in fields {
        data.push_str(&format!(" data-{name}=\"{}\"", escape(value)));
    }
    let script = assets::path("pay.js").unwrap_or_default();
    let body = format!(
        "<p>{}</p>\n<p>要付：<b>{} 元</b></p>\n<div id=\"window\"{data}></div>\n\
         <p id=\"said\" role=\"status\"></p>\n<button id=\"pay\" class=\"button main\">付款</button>\n\
         <p><a class=\"button\" href=\"{}\">我已经付了</a></p>\n<script src=\"{script}\" defer></script>",
        escape(&about.place),
        Fen(ordered.payment.amount),
        escape(&format!("{path}?back={id}")),
    );
    let mut response = page(StatusCode::OK, "付款", &body);
    let policy = HeaderValue::from_static(POLICY);
    let name = header::CONTENT_SECURITY_POLICY;
    response.headers_mut().insert(name, policy);
    response
}
