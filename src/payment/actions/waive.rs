//! Waivers (减免): one person asks, another one decides. The second is never the first: that is a
//! condition of the statement.

use entity::money::{EntryKind, WaiverState};
use entity::{bill, waiver};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use super::take::check_amount;
use super::{allowed, give_proof, home_of, words};
use crate::access::permit::Deed;
use crate::access::{Actor, audit};
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::fee::bill::{Growth, grow};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::payment::{left, remind, waiver_subject};
use crate::store::Tx;

/// Asks that an amount of a bill is not asked for any longer, with what shows that it is right: an unfiled picture or
/// document, without which the console asks for nothing.
///
/// # Errors
/// `not_found`, also for a proof that is not theirs, `forbidden`, `invalid` without a reason or with more than is left.
pub async fn ask(
    tx: &mut Tx,
    actor: &Actor,
    bill_id: i64,
    amount: i64,
    reason: &str,
    proof_id: Option<i64>,
) -> Result<waiver::Model, Fault> {
    let bill = locked_bill(tx, bill_id).await?;
    let home = home_of(tx, bill.home_id).await?;
    allowed(actor, Deed::WaiveFees, &home.path, no_bill)?;
    let by = actor.require_person()?;
    check_amount(amount)?;
    let reason = words("reason", reason, "请写为什么减免，例如：低保户，凭证已核。")?;
    if amount > left(&bill) {
        return Err(Fault::invalid("amount", "减免不能超过还没有交的数。"));
    }
    let twice = waiver::Entity::find()
        .filter(waiver::COLUMN.bill_id.eq(bill.id))
        .filter(waiver::COLUMN.state.eq(WaiverState::Asked))
        .filter(waiver::COLUMN.amount.eq(amount))
        .filter(waiver::COLUMN.asked_by.eq(by))
        .one(tx.db())
        .await?;
    if let Some(twice) = twice {
        let words = format!(
            "同样的减免已经申请过（减免 #{}），在等另一个人确认。",
            twice.id
        );
        return Err(Fault::wrong_step(words));
    }
    let row = waiver::ActiveModel {
        bill_id: Set(bill.id),
        compound_id: Set(bill.compound_id),
        amount: Set(amount),
        reason: Set(reason),
        proof_id: Set(proof_id),
        state: Set(WaiverState::Asked),
        asked_by: Set(by),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let row = waiver::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    if let Some(proof) = proof_id {
        give_proof(tx, actor, row.compound_id, &waiver_subject(row.id), proof).await?;
    }
    record(tx, actor, "waiver.ask", &row);
    let asked = remind::ToDecide::Waiver(row.id);
    remind::ask_to_decide(tx, asked, bill.compound_id, &home.path, by).await?;
    Ok(row)
}

/// The second person's word. With yes the bill asks for less.
///
/// # Errors
/// `not_found`; `forbidden` without the right, and for whoever asked for it; `conflict` when it is
/// decided; `wrong_step` when so much is not left of the bill any more.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    granted: bool,
) -> Result<waiver::Model, Fault> {
    let none = || Fault::not_found("没有找到这份减免申请。");
    let row = waiver::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.ok_or_else(none)?;
    let bill = locked_bill(tx, row.bill_id).await?;
    let home = home_of(tx, bill.home_id).await?;
    allowed(actor, Deed::WaiveFees, &home.path, none)?;
    let by = actor.require_person()?;
    let state = match granted {
        true => WaiverState::Granted,
        false => WaiverState::Refused,
    };
    let done = waiver::Entity::update_many()
        .set(waiver::ActiveModel {
            state: Set(state),
            decided_by: Set(Some(by)),
            decided_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(waiver::COLUMN.id.eq(id))
        .filter(waiver::COLUMN.state.eq(WaiverState::Asked))
        .filter(waiver::COLUMN.asked_by.ne(by))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(not_second(row.asked_by == by));
    }
    if granted {
        let less = Growth {
            waived: row.amount,
            ..Growth::default()
        };
        if less.waived > left(&bill) {
            return Err(Fault::wrong_step(
                "账单上已经没有这么多要减免的了，请不同意这份，重新申请。",
            ));
        }
        grow(tx, &bill, less).await?;
        post(tx, Some(by), &[entry(tx, &row)]).await?;
    }
    let row = waiver::Model {
        state,
        decided_by: Some(by),
        decided_at: Some(tx.now()),
        ..row
    };
    let action = match granted {
        true => "waiver.grant",
        false => "waiver.refuse",
    };
    record(tx, actor, action, &row);
    Ok(row)
}

/// Why somebody could not decide.
pub(super) fn not_second(own: bool) -> Fault {
    if own {
        Fault::forbidden("这是您自己申请的，要由另一个人确认。")
    } else {
        Fault::plain(Code::Conflict)
    }
}

async fn locked_bill(tx: &Tx, id: i64) -> Result<bill::Model, Fault> {
    bill::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?
        .ok_or_else(no_bill)
}

fn no_bill() -> Fault {
    Fault::not_found("没有找到这张账单。")
}

fn entry(tx: &Tx, row: &waiver::Model) -> Draft {
    Draft {
        compound_id: row.compound_id,
        day: china(tx.now()).date_naive(),
        cause: format!("waiver:{}:granted", row.id),
        kind: EntryKind::Waiver,
        memo: format!("减免 #{}（账单 {}）", row.id, row.bill_id),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::ExpenseWaiver,
            credit: Account::Receivable,
            amount: row.amount,
        }],
    }
}

fn record(tx: &Tx, actor: &Actor, action: &str, row: &waiver::Model) {
    let entry = audit::Entry {
        action,
        subject: waiver_subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(json!({ "bill": row.bill_id, "fen": row.amount })),
    };
    audit::record(tx, actor, entry);
}
