//! 收据: of one bill, of one payment, and all of them page by page. A bill that was settled without money has none:
//! then it is said how it was settled. Part of chat.rs.

use entity::bill;

use super::{home_of, settled_by};
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::chat::pages::{LINES, rows};
use crate::chat::{Args, Reply, Turn};
use crate::payment::queries::{self, OwnReceipt};
use crate::payment::{left, link, month_says};

/// Stands before the key of a payment, where otherwise a bill's is.
const OF_PAYMENT: &str = "凭证";
const NO_INVOICE: &str = "要税务发票请联系物业服务中心，报收据编号就行。";

/// `收据`, `收据 (2)`, `收据 12`, `收据 凭证 7`.
///
/// # Errors
/// `not_found` for a bill and a payment that are not theirs.
pub(super) async fn receipts(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, _)) = args.number() {
        return of_bill(turn, id).await;
    }
    let of_payment = args.words.first().is_some_and(|word| word == OF_PAYMENT);
    let key: Option<i64> = args.words.get(1).and_then(|word| word.parse().ok());
    match key.filter(|_| of_payment) {
        Some(id) => of_one(turn, id).await,
        None => list(turn, args.page().unwrap_or(1)).await,
    }
}

async fn of_bill(turn: &Turn<'_>, id: i64) -> Result<Reply, Fault> {
    let (bill, _) = queries::own_bill(turn.tx.db(), &turn.actor, id).await?;
    let found = queries::receipts_of(turn.tx.db(), id).await?;
    if found.is_empty() {
        return without(turn, &bill).await;
    }
    let lines: Vec<String> = found
        .iter()
        .map(|row| {
            let (sum, url) = (Fen(row.amount), link::receipt(turn.app, row));
            let paper = link::receipt_paper(turn.app, row);
            format!("第 {} 号，{sum} 元：{url}\n打印用：{paper}", row.number)
        })
        .collect();
    Ok(Reply::text(format!(
        "账单 {id} 的收据：\n{}\n{NO_INVOICE}",
        lines.join("\n")
    )))
}

/// Of a bill for which no money came: nothing yet, or what it was settled by.
async fn without(turn: &Turn<'_>, bill: &bill::Model) -> Result<Reply, Fault> {
    let id = bill.id;
    if left(bill) > 0 {
        return Ok(Reply::text(format!(
            "账单 {id} 还没有收据，交了就有。缴费回复“缴费 {id}”。"
        )));
    }
    let ahead = queries::paid_from_advance(turn.tx.db(), id).await?;
    let mut by = settled_by(bill, ahead);
    if bill.credited > 0 {
        by.push(format!("更正减少 {} 元", Fen(bill.credited)));
    }
    let receipt = match ahead > 0 {
        true => "预存时已经开过收据，回复“收据”看。",
        false => "没有另外收钱，所以没有收据。",
    };
    Ok(Reply::text(format!(
        "账单 {id} 已经结清，不用再交：{}。{receipt}",
        by.join("，")
    )))
}

async fn of_one(turn: &Turn<'_>, payment_id: i64) -> Result<Reply, Fault> {
    let found = queries::own_receipt(turn.tx.db(), &turn.actor, payment_id).await?;
    let url = link::receipt(turn.app, &found.receipt);
    let paper = link::receipt_paper(turn.app, &found.receipt);
    Ok(Reply::text(format!(
        "第 {} 号收据，{}：\n{url}\n打印用：{paper}\n{NO_INVOICE}",
        found.receipt.number,
        says(turn, &found)
    )))
}

async fn list(turn: &mut Turn<'_>, page: usize) -> Result<Reply, Fault> {
    let most = rows(page).saturating_add(1);
    let found = queries::own_receipts(turn.tx.db(), &turn.actor, most).await?;
    if found.is_empty() {
        return Ok(Reply::text("还没有收据。看要交的回复“账单”。"));
    }
    let more = found.len() > page.saturating_mul(LINES);
    let all: Vec<(String, String)> = found
        .iter()
        .map(|one| {
            let command = format!("收据 {OF_PAYMENT} {}", one.payment.id);
            (command, says(turn, one))
        })
        .collect();
    let lines = turn.list_page("收据", page, &all, more);
    Ok(Reply::text(format!(
        "看哪一张收据？回复前面的数字：\n{lines}"
    )))
}

/// `1-1-101 2026年10月：161.10 元`
fn says(turn: &Turn<'_>, one: &OwnReceipt) -> String {
    let what = match (one.payment.donation_id, one.months.as_slice()) {
        (Some(_), _) => "捐款".to_owned(),
        (None, []) => "预存".to_owned(),
        (None, [month]) => month_says(*month),
        (None, [first, ..]) => format!("{}等{}个月", month_says(*first), one.months.len()),
    };
    // Somebody else's home has no name here.
    let home = home_of(turn, one.payment.home_id);
    let words = format!("{home} {what}：{} 元", Fen(one.receipt.amount));
    words.trim_start().to_owned()
}
