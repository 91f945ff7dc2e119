//! Paying (业财社管): by somebody who keeps the money and did not propose it, with the slip, once
//! the chain is complete. The books get it in the same transaction; the database refuses anything else.

use chrono::{NaiveDate, TimeDelta};
use entity::expense;
use entity::money::{EntryKind, ExpenseAct};
use serde_json::json;

use super::draft::give_file;
use super::{Done, keep, lead, locked};
use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::expense::queries::Found;
use crate::expense::{SOURCES, remind};
use crate::ledger::Account;
use crate::ledger::floor::{least, short};
use crate::ledger::post::{Draft, Transfer, post};
use crate::store::Tx;

/// Pays an expense; what was paid is published from then on.
///
/// # Errors
/// `not_found`; `forbidden` for who does not keep the money, and for who proposed it; `wrong_step` before the
/// chain is complete; `conflict`; `invalid` without a slip or a source, or with more than the books hold there.
pub async fn pay(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    (source, proof): (&str, Option<i64>),
) -> Result<Found, Fault> {
    let found = locked(tx, actor, id, seen).await?;
    let row = &found.expense;
    let state = lead(row, ExpenseAct::Pay, false)?;
    if !may(actor, Deed::KeepMoney, &found.place.path) {
        return Err(Fault::forbidden("支付由管账的人来做。"));
    }
    let by = actor.require_person()?;
    if row.proposed_by == by {
        return Err(Fault::forbidden("这是您提出的支出，要由另一个人支付。"));
    }
    let from = Account::parse(source).filter(|one| SOURCES.contains(one));
    let from = from.ok_or_else(|| Fault::invalid("source", "请选从银行存款还是现金支付。"))?;
    let proof =
        proof.ok_or_else(|| Fault::invalid("proof", "请附上付款回单或收据，照片或PDF都可以。"))?;
    let to = Account::parse(&row.account)
        .ok_or_else(|| Fault::internal("an expense on an account that is not in the chart"))?;
    let now = tx.now();
    let day = china(now).date_naive();
    let pays = Transfer {
        debit: to,
        credit: from,
        amount: row.amount,
    };
    covered(tx, row, day, pays).await?;
    give_file(tx, actor, &found, proof).await?;
    let after = TimeDelta::days(i64::from(found.rules.after_days));
    let next = expense::Model {
        state,
        paid_from: Some(from.code().to_owned()),
        proof_id: Some(proof),
        paid_by: Some(by),
        paid_at: Some(now),
        day: Some(day),
        after_until: Some(now + after),
        ..row.clone()
    };
    let done = Done::by(ExpenseAct::Pay, Some(by)).saying(Some(from.says().to_owned()));
    let detail = json!({ "fen": row.amount, "from": from.code() });
    let kept = keep(tx, actor, &found, next, done, detail).await?;
    let entry = Draft {
        compound_id: row.compound_id,
        day,
        cause: format!("expense:{id}:paid"),
        kind: EntryKind::Expense,
        memo: format!("支出 #{id} {}", row.title),
        reverses: None,
        transfers: vec![pays],
    };
    post(tx, Some(by), &[entry]).await?;
    remind::announce(tx, by, &kept, remind::AFTER).await?;
    Ok(kept)
}

/// Whether there is as much as is to be paid, where it is to be paid from, and in the fund when it is the fund's.
/// What the platform has taken is not in the bank before it is in the books that it went there.
async fn covered(
    tx: &Tx,
    row: &expense::Model,
    day: NaiveDate,
    pays: Transfer,
) -> Result<(), Fault> {
    let Some(short) = short(tx, row.compound_id, day, &[pays]).await? else {
        return Ok(());
    };
    let after = match short.account {
        Account::Maintenance => {
            "。请先在“记账”里记维修资金到账，或期初的钱里属于维修资金的".to_owned()
        }
        Account::Bank => {
            let taken = least(tx.db(), row.compound_id, Account::Wechat, day).await?;
            match taken > 0 {
                true => format!(
                    "。微信支付账上还有{}元：提现到银行的，第二天上午对账时自动记账；没有自动记的，再在“记账”里记“微信支付的钱转到银行”",
                    Fen(taken).in_groups()
                ),
                false => "。请先核对有没有没记的进账，或者换一个账户".to_owned(),
            }
        }
        _ => "。请先核对有没有没记的进账，或者换一个账户".to_owned(),
    };
    let says = format!("{}，没有支付{after}。", short.says());
    Err(Fault::invalid("source", says))
}
