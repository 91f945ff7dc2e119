//! What payers and whoever keeps the money read, composed from the rows as they are now. Part of
//! [`super`].

use entity::money::{NoticeState, PaymentState, ReconState, RefundState, WaiverState};
use entity::{
    bill, payment, payment_notice, payment_part, receipt, recon_difference, reconciliation, refund,
    reminder, waiver,
};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use super::{Told, number};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::delivery::Message;
use crate::fund::rows::{by_id, purpose};
use crate::ledger::Account;
use crate::payment::reconcile::clock::DAYS_BACK;
use crate::payment::{cause_says, difference_says, link, month_says, refund_says};
use crate::place::queries as places;
use crate::reminder::BoxFuture;
use crate::reminder::payload;

pub(super) fn compose_told<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let Some(id) = number(last, "payment") else {
            return kept_back(app, last).await;
        };
        let db = app.store.read();
        let row = payment::Entity::find_by_id(id).one(db).await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let place = match places::by_id(db, row.home_id).await? {
            Some(home) => places::name_of(db, &home).await?,
            None => String::new(),
        };
        let mut said = Vec::new();
        for one in reminders {
            said.extend(line(app, &row, one, &place).await?);
        }
        let texts: Vec<&str> = said.iter().map(|line| line.text.as_str()).collect();
        let text = texts.join("\n");
        let Some(newest) = said.last() else {
            return Ok(None);
        };
        Ok(Some(Message {
            template: "progress",
            title: newest.title.clone(),
            place,
            state: newest.state.to_owned(),
            at: last.due_at,
            hint: newest.hint.clone(),
            url: newest.url.clone(),
            text,
            // Who has just paid is awake, and waits for this word; that money is back can wait for the morning.
            urgent: said.iter().any(|line| line.awaited),
            buttons: Vec::new(),
        }))
    })
}

/// That what was kept for somebody is back with them.
async fn kept_back(app: &App, reminder: &reminder::Model) -> Result<Option<Message>, Fault> {
    let db = app.store.read();
    let id = number(reminder, "about").unwrap_or_default();
    let Some(back) = refund::Entity::find_by_id(id).one(db).await? else {
        return Ok(None);
    };
    let home = match back.home_id {
        Some(id) => places::by_id(db, id).await?,
        None => None,
    };
    let Some(home) = home else {
        return Ok(None);
    };
    let place = places::name_of(db, &home).await?;
    let sum = Fen(back.amount);
    Ok(Some(Message {
        template: "progress",
        title: format!("已退预存 {sum} 元"),
        text: format!("{place} 的预存 {sum} 元{}，请查收。", came(&back)),
        place,
        state: "已退款".to_owned(),
        at: reminder.due_at,
        hint: format!("{}，请查收", came(&back)),
        url: None,
        urgent: false,
        buttons: Vec::new(),
    }))
}

/// How money came back.
fn came(back: &refund::Model) -> &'static str {
    match back.paid_from.as_deref().and_then(Account::parse) {
        Some(Account::Cash) => "已经用现金付给您",
        Some(Account::Bank) => "已经转账付给您",
        _ => "已经退回",
    }
}

struct Line {
    title: String,
    state: &'static str,
    text: String,
    /// What else a template has room for.
    hint: String,
    url: Option<String>,
    /// Whether it answers what the payer has just done.
    awaited: bool,
}

/// One thing that the payer is told; none when it is not there.
async fn line(
    app: &App,
    row: &payment::Model,
    reminder: &reminder::Model,
    place: &str,
) -> Result<Option<Line>, Fault> {
    let what = payload::word(reminder, "what");
    let what = Told::ALL.into_iter().find(|told| Some(told.name()) == what);
    let about = number(reminder, "about").unwrap_or_default();
    let db = app.store.read();
    let back = match what {
        Some(Told::SentBack | Told::Refunded) => refund::Entity::find_by_id(about).one(db).await?,
        _ => None,
    };
    Ok(match (what, back) {
        (Some(Told::Received), _) => received(app, row, about, place).await?,
        (Some(Told::SentBack), Some(back)) => {
            let (sum, why) = (Fen(back.amount), cause_says(back.cause));
            let (what, why) = match back.amount < row.amount {
                true => {
                    let why = "已经交过";
                    (format!("您为 {place} 付的钱里，有 {sum} 元{why}"), why)
                }
                false => (format!("您为 {place} 付的 {sum} 元属于{why}"), why),
            };
            Some(Line {
                title: format!("{sum} 元会退给您"),
                state: "待退款",
                text: format!("{what}，会自动原路退回您的微信，一般三天内到账，不用您做什么。"),
                hint: format!("{why}，自动原路退回"),
                url: None,
                awaited: true,
            })
        }
        (Some(Told::Refunded), Some(back)) => {
            let sum = Fen(back.amount);
            Some(Line {
                title: format!("已退款 {sum} 元"),
                state: "已退款",
                text: format!("{place} 的退款 {sum} 元{}，请查收。", came(&back)),
                hint: format!("{}，请查收", came(&back)),
                url: None,
                awaited: false,
            })
        }
        _ => None,
    })
}

/// That the money is there, with its receipt; of a donation what it is for.
async fn received(
    app: &App,
    row: &payment::Model,
    receipt_id: i64,
    place: &str,
) -> Result<Option<Line>, Fault> {
    let db = app.store.read();
    let receipt = receipt::Entity::find_by_id(receipt_id).one(db).await?;
    if let (Some(receipt), Some(id)) = (&receipt, row.donation_id) {
        let what = purpose(db, id).await?;
        let gift = by_id(db, id).await?;
        let own = gift.and_then(|gift| gift.donor_id);
        let own = own.is_some() && own == row.payer_id;
        return Ok(Some(given(app, row, receipt, (&what, own))));
    }
    let months = months(app, row.id).await?;
    Ok(receipt.map(|receipt| {
        let (url, sum) = (link::receipt(app, &receipt), Fen(row.amount));
        Line {
            title: format!("已收到缴费 {sum} 元"),
            state: "已到账",
            text: format!(
                "已收到您的缴费 {sum} 元（{place}{months}），谢谢您！收据第 {} 号：{url}",
                receipt.number
            ),
            hint: match ["全部", "其中 "]
                .iter()
                .find_map(|word| months.split_once(word))
            {
                Some((_, ahead)) => format!("收据 {} 号，{ahead}", receipt.number),
                None => format!("点开看收据第 {} 号", receipt.number),
            },
            url: Some(url),
            awaited: true,
        }
    }))
}

/// That what somebody gave is there. What becomes of it is told to who promised it, not to a neighbour who paid.
fn given(
    app: &App,
    row: &payment::Model,
    receipt: &receipt::Model,
    (what, own): (&str, bool),
) -> Line {
    let later = match own {
        true => "用在哪里会告诉您，也可以回复“我的捐赠”查看。",
        false => "用在哪里会公示。",
    };
    let (url, sum) = (link::receipt(app, receipt), Fen(row.amount));
    Line {
        title: format!("已收到捐款 {sum} 元"),
        state: "已到账",
        text: format!(
            "已收到您给“{what}”的捐款 {sum} 元，谢谢您的爱心！收据第 {} 号：{url}\n{later}",
            receipt.number
        ),
        hint: format!("收据第 {} 号，{what}", receipt.number),
        url: Some(url),
        awaited: true,
    }
}

/// `，2026年10月、2026年11月`: the months that a payment went to.
async fn months(app: &App, payment_id: i64) -> Result<String, Fault> {
    let db = app.store.read();
    let parts = payment_part::Entity::find()
        .filter(payment_part::COLUMN.payment_id.eq(payment_id))
        .order_by_asc(payment_part::COLUMN.id)
        .all(db)
        .await?;
    let ids = parts.iter().filter_map(|part| part.bill_id);
    let bills = bill::Entity::find()
        .filter(bill::COLUMN.id.is_in(ids))
        .order_by_asc(bill::COLUMN.month)
        .all(db)
        .await?;
    let mut said: Vec<String> = bills.iter().map(|bill| month_says(bill.month)).collect();
    said.dedup();
    let ahead: i64 = parts
        .iter()
        .filter(|part| part.bill_id.is_none())
        .map(|part| part.amount)
        .sum();
    if ahead > 0 {
        said.push(match said.is_empty() {
            true => "全部转为预存".to_owned(),
            false => format!("其中 {} 元转为预存", Fen(ahead)),
        });
    }
    Ok(match said.is_empty() {
        true => String::new(),
        false => format!("，{}", said.join("、")),
    })
}

pub(super) fn compose_decide<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let db = app.store.read();
        let text = match (number(last, "waiver"), number(last, "refund")) {
            (Some(id), _) => {
                let row = waiver::Entity::find_by_id(id).one(db).await?;
                let row = row.filter(|row| row.state == WaiverState::Asked);
                row.map(|row| format!("有一份减免 {} 元的申请等您确认", Fen(row.amount)))
            }
            (_, Some(id)) => {
                let row = refund::Entity::find_by_id(id).one(db).await?;
                let row = row.filter(|row| row.state == RefundState::Asked);
                row.map(|row| format!("有一份退款 {} 元的申请等您确认", Fen(row.amount)))
            }
            _ => None,
        };
        Ok(text.map(|text| task(app, &text, "待确认", "/waiting", last.due_at)))
    })
}

pub(super) fn compose_mend<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let db = app.store.read();
        // What is to be paid out is written down at the refund's own page, all else is done in the list.
        let mut pays_out = false;
        let text = if let Some(id) = number(last, "notice") {
            let row = payment_notice::Entity::find_by_id(id).one(db).await?;
            let row = row.filter(|row| row.state == NoticeState::Refused);
            row.map(|row| {
                let why = row.error.unwrap_or_default();
                format!("有一条微信支付通知对不上（{why}），没有入账，请核对")
            })
        } else if let Some(id) = number(last, "refund") {
            let row = refund::Entity::find_by_id(id).one(db).await?;
            let row = row.filter(|row| row.state != RefundState::Done);
            pays_out = row
                .as_ref()
                .is_some_and(|row| row.state == RefundState::Granted);
            row.map(|row| {
                let (sum, state) = (Fen(row.amount), refund_says(row.state));
                match row.state {
                    // It goes on by itself: whoever gave it back by hand would give it twice.
                    RefundState::Approved => format!("退款 {sum} 元还没有退出去：商户号里的钱不够或没有开通退款。请充值或开通，之后会自动再退，不要手工退"),
                    RefundState::Granted => {
                        format!("退款 {sum} 元要付给对方，请付好后附上回单或收条，记下从哪里付的")
                    }
                    _ => format!("退款 {sum} 元没有退成（{state}），请到微信支付商户平台处理，处理不了的改由人工退"),
                }
            })
        } else if let Some(id) = number(last, "difference") {
            let row = recon_difference::Entity::find_by_id(id).one(db).await?;
            let row = row.filter(|row| row.solved_at.is_none());
            row.map(|row| {
                let what = difference_says(row.kind);
                format!("对账有一处不一样：{what}，单号 {}，请查清", row.reference)
            })
        } else if let Some(id) = number(last, "day") {
            let row = reconciliation::Entity::find_by_id(id).one(db).await?;
            let row = row.filter(|row| row.state == ReconState::Waiting);
            row.map(|row| {
                let (day, days) = (row.day, DAYS_BACK);
                format!("{day}还没有对账：微信支付的账单没有取到。{days}天内每天上午会自动再试，请让管理员检查商户号的配置")
            })
        } else {
            let id = number(last, "payment").unwrap_or_default();
            let row = payment::Entity::find_by_id(id).one(db).await?;
            let row = row.filter(|row| row.state != PaymentState::Paid);
            row.map(|row| format!("缴费 #{} 和微信支付对不上，没有入账，请核对", row.id))
        };
        let compared = number(last, "difference").or_else(|| number(last, "day"));
        let page = match (compared, number(last, "payment"), number(last, "refund")) {
            _ if number(last, "notice").is_some() => "/notices".to_owned(),
            (Some(_), _, _) => "/days".to_owned(),
            (_, Some(id), _) => format!("/{id}"),
            (_, _, Some(id)) if pays_out => format!("/refunds/{id}"),
            _ => "/waiting".to_owned(),
        };
        Ok(text.map(|text| task(app, &text, "待处理", &page, last.due_at)))
    })
}

fn task(app: &App, text: &str, state: &str, page: &str, at: Moment) -> Message {
    let url = format!("{}/console/payments{page}", app.settings.server.public_url);
    Message {
        template: "task",
        title: crate::base::text::shorten(text, 20),
        place: "缴费".to_owned(),
        state: state.to_owned(),
        at,
        hint: "在工作台的“缴费”里处理".to_owned(),
        text: format!("{text}。在工作台的“缴费”里处理：{url}"),
        url: Some(url),
        urgent: false,
        buttons: Vec::new(),
    }
}
