//! Money that goes back (退款). What came too much is owed at once and sent by itself; what a person asks
//! for needs a second one. At the platform a refund has one number, however often it is asked for.

use chrono::DateTime;
use entity::money::{EntryKind, PayWay, PaymentState, RefundCause, RefundState};
use entity::{bill, payment, payment_part, refund};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::settle::{Followed, Paid, Settled};
use super::take::check_amount;
use super::waive::not_second;
use super::{allowed, book, donated, home_of, insert_once, locked, no_such, words};
use crate::access::permit::Deed;
use crate::access::{Actor, audit};
use crate::base::clock::china;
use crate::base::dice::Dice;
use crate::base::fault::{Code, Fault};
use crate::fee::advance;
use crate::fee::bill::{Growth, grow};
use crate::ledger::Account;
use crate::ledger::post::{Draft, Transfer, post};
use crate::payment::allocate::{Lies, take_back};
use crate::payment::remind;
use crate::store::Tx;
use crate::wechat::crypto::hex;
use crate::wechat::pay::{self, RefundStatus};

/// How a refund is named as a subject.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("refund:{id}")
}

/// Money that came too much, all of it or a part: owed back in the books, and sent by a clock. False when that was
/// known.
pub(super) async fn owe(
    tx: &mut Tx,
    dice: &Dice,
    row: &payment::Model,
    paid: &Paid,
    cause: RefundCause,
    amount: i64,
) -> Result<bool, Fault> {
    let reason = crate::payment::cause_says(cause);
    let new = refund::ActiveModel {
        cause: Set(cause),
        reason: Set(reason.to_owned()),
        state: Set(RefundState::Approved),
        transaction_id: Set(Some(paid.transaction_id.clone())),
        ..blank(tx, dice, row, amount)
    };
    let conflict = OnConflict::column(refund::Column::TransactionId)
        .do_nothing()
        .to_owned();
    let Some(stored) = insert_once(tx, new, conflict).await? else {
        return Ok(false);
    };
    let entry = Draft {
        compound_id: row.compound_id,
        day: china(paid.at).date_naive(),
        cause: format!("payment:{}:owed:{}", row.id, paid.transaction_id),
        kind: EntryKind::Payment,
        memo: format!("缴费 #{} {reason}，待退款", row.id),
        reverses: None,
        transfers: vec![Transfer {
            debit: Account::Wechat,
            credit: Account::Refund,
            amount: stored.amount,
        }],
    };
    post(tx, None, &[entry]).await?;
    record(tx, &Actor::system(), "refund.owe", &stored);
    remind::send_refund(tx, &stored).await?;
    remind::tell_payer(tx, row, remind::Told::SentBack, stored.id).await?;
    Ok(true)
}

fn blank(tx: &Tx, dice: &Dice, row: &payment::Model, amount: i64) -> refund::ActiveModel {
    refund::ActiveModel {
        payment_id: Set(row.id),
        compound_id: Set(row.compound_id),
        amount: Set(amount),
        out_refund_no: Set(format!("R{}", hex(&dice.bytes::<15>()))),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    }
}

/// Asks that some of a payment goes back. Also how cash that was written down wrongly is taken back.
///
/// # Errors
/// `not_found`, `forbidden`, `invalid` for an amount that is not there or without a reason,
/// `wrong_step` for a payment that is not paid.
pub async fn ask(
    tx: &mut Tx,
    dice: &Dice,
    actor: &Actor,
    payment_id: i64,
    amount: i64,
    reason: &str,
) -> Result<refund::Model, Fault> {
    let row = locked(tx, payment_id).await?;
    let home = home_of(tx, row.home_id).await?;
    allowed(actor, Deed::TakeMoney, &home.path, || no_such(payment_id))?;
    let by = actor.require_person()?;
    check_amount(amount)?;
    let reason = words("reason", reason, "请写为什么退款，例如：多收了一个月。")?;
    if row.state != PaymentState::Paid || row.way == PayWay::Advance {
        return Err(Fault::wrong_step("这笔缴费没有到账，不用退款。"));
    }
    if amount > row.amount - spoken_for(tx, &row).await? {
        return Err(Fault::invalid(
            "amount",
            "退款不能超过这笔缴费还没有退的数。",
        ));
    }
    let twice = refund::Entity::find()
        .filter(refund::COLUMN.payment_id.eq(row.id))
        .filter(refund::COLUMN.state.eq(RefundState::Asked))
        .filter(refund::COLUMN.amount.eq(amount))
        .filter(refund::COLUMN.asked_by.eq(by))
        .one(tx.db())
        .await?;
    if let Some(twice) = twice {
        let words = format!(
            "同样的退款已经申请过（退款 #{}），在等另一个人确认。",
            twice.id
        );
        return Err(Fault::wrong_step(words));
    }
    let new = refund::ActiveModel {
        cause: Set(RefundCause::Asked),
        reason: Set(reason),
        state: Set(RefundState::Asked),
        asked_by: Set(Some(by)),
        ..blank(tx, dice, &row, amount)
    };
    let stored = refund::Entity::insert(new)
        .exec_with_returning(tx.db())
        .await?;
    record(tx, actor, "refund.ask", &stored);
    let asked = remind::ToDecide::Refund(stored.id);
    remind::ask_to_decide(tx, asked, row.compound_id, &home.path, by).await?;
    Ok(stored)
}

/// Fen of a payment that went back, or are to: what was paid under another number of the platform is
/// not of it.
async fn spoken_for(tx: &Tx, row: &payment::Model) -> Result<i64, Fault> {
    let all = refund::Entity::find()
        .filter(refund::COLUMN.payment_id.eq(row.id))
        .all(tx.db())
        .await?;
    let counts = |one: &&refund::Model| {
        let own = one.transaction_id.is_none() || one.transaction_id == row.transaction_id;
        own && one.state != RefundState::Refused
    };
    Ok(all.iter().filter(counts).map(|one| one.amount).sum())
}

/// The second person's word. With yes the money leaves the bills and what was paid ahead, and is owed
/// back; cash and transfers are handed out at once, WeChat's is sent by a clock.
///
/// # Errors
/// `not_found`; `forbidden` without the right, and for whoever asked; `conflict` when it is decided;
/// `wrong_step` when the money pays something later already.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    granted: bool,
) -> Result<refund::Model, Fault> {
    let none = || Fault::not_found("没有找到这份退款申请。");
    let row = refund::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.ok_or_else(none)?;
    let paid = locked(tx, row.payment_id).await?;
    let home = home_of(tx, paid.home_id).await?;
    allowed(actor, Deed::KeepMoney, &home.path, none)?;
    let by = actor.require_person()?;
    let now = tx.now();
    let state = match (granted, paid.way) {
        (false, _) => RefundState::Refused,
        (true, PayWay::Wechat) => RefundState::Approved,
        (true, _) => RefundState::Done,
    };
    let over = matches!(state, RefundState::Refused | RefundState::Done).then_some(now);
    let next = refund::Model {
        state,
        decided_by: Some(by),
        updated_at: now,
        done_at: over,
        ..row.clone()
    };
    let done = refund::Entity::update_many()
        .set(refund::ActiveModel {
            state: Set(state),
            decided_by: Set(next.decided_by),
            updated_at: Set(now),
            done_at: Set(over),
            ..Default::default()
        })
        .filter(refund::COLUMN.id.eq(id))
        .filter(refund::COLUMN.state.eq(RefundState::Asked))
        .filter(refund::COLUMN.asked_by.ne(by))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(not_second(row.asked_by == Some(by)));
    }
    if granted {
        unbook(tx, &paid, &next, by).await?;
    }
    let action = match granted {
        true => "refund.grant",
        false => "refund.refuse",
    };
    record(tx, actor, action, &next);
    if state == RefundState::Approved {
        remind::send_refund(tx, &next).await?;
    }
    if state == RefundState::Done {
        remind::tell_payer(tx, &paid, remind::Told::Refunded, next.id).await?;
    }
    Ok(next)
}

/// Takes the amount off what it paid.
async fn unbook(
    tx: &mut Tx,
    paid: &payment::Model,
    row: &refund::Model,
    by: i64,
) -> Result<(), Fault> {
    if let Some(id) = paid.donation_id {
        let entry = ungive(tx, paid, row, id, by).await?;
        return post_with_end(tx, paid, row, by, entry).await;
    }
    let ids: Vec<i64> = parts_of(tx, paid.id)
        .await?
        .iter()
        .filter_map(|(lies, _)| lies.bill())
        .collect();
    let bills = bill::Entity::find()
        .filter(bill::COLUMN.id.is_in(ids))
        .order_by_asc(bill::COLUMN.id)
        .lock_exclusive()
        .all(tx.db())
        .await?;
    // A credit moves parts under the lock of their bill: as they are now that we have it.
    let parts = parts_of(tx, paid.id).await?;
    let kept = advance::kept(tx.db(), [paid.home_id]).await?;
    let kept: Vec<(i64, i64)> = kept.iter().map(|one| (one.payer_id, one.balance)).collect();
    let taken = take_back(row.amount, &parts, &kept).ok_or_else(|| {
        Fault::wrong_step("预存的钱已经抵了后来的账单，不能退这么多。请减少金额后再申请。")
    })?;
    let (mut from_bills, mut from_advance) = (0, 0);
    for (lies, amount) in &taken {
        match lies {
            Lies::OnBill(id) => {
                let bill = bills.iter().find(|bill| bill.id == *id);
                let bill = bill.ok_or_else(|| Fault::internal("a paid bill is gone"))?;
                let by = Growth {
                    paid: -amount,
                    ..Growth::default()
                };
                grow(tx, bill, by).await?;
                from_bills += amount;
            }
            Lies::Kept(whose) => {
                advance::take(tx, paid.home_id, *whose, *amount).await?;
                from_advance += amount;
            }
        }
    }
    let back = taken.iter().map(|(lies, amount)| (*lies, -amount));
    book::put_parts(tx, paid, back);
    let of = [
        (Account::Receivable, from_bills),
        (Account::Advance, from_advance),
    ];
    let transfers = of.into_iter().filter(|(_, amount)| *amount > 0);
    let approved = Draft {
        transfers: transfers
            .map(|(debit, amount)| Transfer {
                debit,
                credit: Account::Refund,
                amount,
            })
            .collect(),
        ..draft(
            tx,
            row,
            "approved",
            format!("退款 #{}（缴费 #{}）", row.id, paid.id),
        )
    };
    post_with_end(tx, paid, row, by, approved).await
}

/// Books that it goes back, and that it is out of the house when it is.
async fn post_with_end(
    tx: &mut Tx,
    paid: &payment::Model,
    row: &refund::Model,
    by: i64,
    approved: Draft,
) -> Result<(), Fault> {
    let mut entries = vec![approved];
    if row.state == RefundState::Done {
        entries.push(handed_out(tx, row, paid));
    }
    post(tx, Some(by), &entries).await.map(drop)
}

/// Takes the amount off the donation that was paid.
async fn ungive(
    tx: &Tx,
    paid: &payment::Model,
    row: &refund::Model,
    donation_id: i64,
    by: i64,
) -> Result<Draft, Fault> {
    donated::give_back(tx, donation_id, row.amount, by).await?;
    let memo = format!("退款 #{}（捐款 #{donation_id}，缴费 #{}）", row.id, paid.id);
    Ok(Draft {
        transfers: vec![Transfer {
            debit: Account::Donated,
            credit: Account::Refund,
            amount: row.amount,
        }],
        ..draft(tx, row, "approved", memo)
    })
}

/// A payment's parts, each place once, in the order in which they were paid; what went back is out.
async fn parts_of(tx: &Tx, payment_id: i64) -> Result<Vec<(Lies, i64)>, Fault> {
    let rows = payment_part::Entity::find()
        .filter(payment_part::COLUMN.payment_id.eq(payment_id))
        .order_by_asc(payment_part::COLUMN.id)
        .all(tx.db())
        .await?;
    let mut parts: Vec<(Lies, i64)> = Vec::new();
    for row in rows {
        let lies = match row.bill_id {
            Some(id) => Lies::OnBill(id),
            None => Lies::Kept(row.payer_id.unwrap_or(advance::NOBODY)),
        };
        match parts.iter_mut().find(|(known, _)| *known == lies) {
            Some((_, amount)) => *amount += row.amount,
            None => parts.push((lies, row.amount)),
        }
    }
    parts.retain(|(_, amount)| *amount > 0);
    Ok(parts)
}

fn draft(tx: &Tx, row: &refund::Model, what: &str, memo: String) -> Draft {
    Draft {
        compound_id: row.compound_id,
        day: china(tx.now()).date_naive(),
        cause: format!("refund:{}:{what}", row.id),
        kind: EntryKind::Refund,
        memo,
        reverses: None,
        transfers: Vec::new(),
    }
}

/// The money is out of the house.
fn handed_out(tx: &Tx, row: &refund::Model, paid: &payment::Model) -> Draft {
    Draft {
        transfers: vec![Transfer {
            debit: Account::Refund,
            credit: book::account_of(paid.way),
            amount: row.amount,
        }],
        ..draft(tx, row, "done", format!("退款 #{} 已退", row.id))
    }
}

/// Follows what the platform says of a refund, whoever asked.
///
/// # Errors
/// The database's.
pub async fn heard(tx: &mut Tx, merchant: &str, said: &pay::Refund) -> Result<Followed, Fault> {
    let known = refund::Entity::find()
        .filter(refund::COLUMN.out_refund_no.eq(&said.out_refund_no))
        .one(tx.db())
        .await?;
    let Some(known) = known else {
        return Ok(Followed::Refused("没有这个退款单号".to_owned()));
    };
    let paid = locked(tx, known.payment_id).await?;
    if let Some(wrong) = differs(&known, &paid, merchant, said) {
        return Ok(Followed::Refused(wrong.to_owned()));
    }
    let state = match &said.status {
        RefundStatus::Success => RefundState::Done,
        RefundStatus::Closed => RefundState::Closed,
        RefundStatus::Abnormal => RefundState::Abnormal,
        RefundStatus::Processing | RefundStatus::Other(_) => RefundState::Sent,
    };
    let moment = |at: i64| DateTime::from_timestamp(at, 0);
    let at = said.success_at.and_then(moment);
    let over = matches!(state, RefundState::Done | RefundState::Closed);
    let next = refund::Model {
        state,
        refund_id: Some(said.refund_id.clone()),
        sent_at: known.sent_at.or(said.created_at.and_then(moment)),
        done_at: over.then(|| at.unwrap_or_else(|| tx.now())),
        ..known.clone()
    };
    if become_so(tx, &next).await? {
        follow_up(tx, &paid, &next).await?;
        return Ok(Followed::Settled(Settled::Now));
    }
    // A notification was quicker than the answer, and did not say when it was taken.
    if known.sent_at.is_none() && next.sent_at.is_some() {
        refund::Entity::update_many()
            .set(refund::ActiveModel {
                sent_at: Set(next.sent_at),
                ..Default::default()
            })
            .filter(refund::COLUMN.id.eq(next.id))
            .exec(tx.db())
            .await?;
    }
    Ok(Followed::Settled(Settled::Before))
}

fn differs(
    known: &refund::Model,
    paid: &payment::Model,
    merchant: &str,
    said: &pay::Refund,
) -> Option<&'static str> {
    if paid.merchant.as_deref() != Some(merchant) {
        Some("退款是另一个收款账户的")
    } else if paid.out_trade_no.as_deref() != Some(&said.out_trade_no) {
        Some("退款的订单号不一样")
    } else if said.refund != known.amount || said.total != paid.amount {
        Some("退款金额不一样")
    } else {
        None
    }
}

/// Whether the row changes to this; from where it may.
async fn become_so(tx: &Tx, next: &refund::Model) -> Result<bool, Fault> {
    let from: &[RefundState] = match next.state {
        RefundState::Sent => &[RefundState::Approved],
        RefundState::Abnormal => &[RefundState::Approved, RefundState::Sent],
        // What was abnormal is mended by hand, or turns out to be over.
        _ => &[
            RefundState::Approved,
            RefundState::Sent,
            RefundState::Abnormal,
        ],
    };
    let done = refund::Entity::update_many()
        .set(refund::ActiveModel {
            state: Set(next.state),
            refund_id: Set(next.refund_id.clone()),
            sent_at: Set(next.sent_at),
            updated_at: Set(tx.now()),
            done_at: Set(next.done_at),
            ..Default::default()
        })
        .filter(refund::COLUMN.id.eq(next.id))
        .filter(refund::COLUMN.state.is_in(from.iter().copied()))
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected == 1)
}

async fn follow_up(tx: &mut Tx, paid: &payment::Model, row: &refund::Model) -> Result<(), Fault> {
    match row.state {
        RefundState::Done => {
            post(tx, None, &[handed_out(tx, row, paid)]).await?;
            record(tx, &Actor::system(), "refund.done", row);
            remind::tell_payer(tx, paid, remind::Told::Refunded, row.id).await
        }
        RefundState::Abnormal | RefundState::Closed => {
            record(tx, &Actor::system(), "refund.stuck", row);
            let home = home_of(tx, paid.home_id).await?;
            let about = remind::ToMend::Refund(row.id, row.state);
            remind::ask_to_mend(tx, about, row.compound_id, &home.path).await
        }
        _ => Ok(()),
    }
}

/// The platform will not do it: somebody has to.
///
/// # Errors
/// The database's.
pub async fn give_up(tx: &mut Tx, row: &refund::Model) -> Result<(), Fault> {
    let paid = locked(tx, row.payment_id).await?;
    let next = refund::Model {
        state: RefundState::Abnormal,
        ..row.clone()
    };
    if become_so(tx, &next).await? {
        follow_up(tx, &paid, &next).await?;
    }
    Ok(())
}

/// Somebody has given the money back outside of this program, on the platform's page or in cash.
///
/// # Errors
/// `not_found`, `forbidden`; `conflict` when it does not wait for that.
pub async fn by_hand(tx: &mut Tx, actor: &Actor, id: i64) -> Result<refund::Model, Fault> {
    let none = || Fault::not_found("没有找到这笔退款。");
    let row = refund::Entity::find_by_id(id).one(tx.db()).await?;
    let row = row.ok_or_else(none)?;
    let paid = locked(tx, row.payment_id).await?;
    let home = home_of(tx, paid.home_id).await?;
    allowed(actor, Deed::KeepMoney, &home.path, none)?;
    let by = actor.require_person()?;
    let now = tx.now();
    let done = refund::Entity::update_many()
        .set(refund::ActiveModel {
            state: Set(RefundState::Done),
            updated_at: Set(now),
            done_at: Set(Some(now)),
            ..Default::default()
        })
        .filter(refund::COLUMN.id.eq(id))
        .filter(
            refund::COLUMN
                .state
                .is_in([RefundState::Abnormal, RefundState::Closed]),
        )
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::plain(Code::Conflict));
    }
    let next = refund::Model {
        state: RefundState::Done,
        done_at: Some(now),
        ..row
    };
    post(tx, Some(by), &[handed_out(tx, &next, &paid)]).await?;
    record(tx, actor, "refund.by-hand", &next);
    remind::tell_payer(tx, &paid, remind::Told::Refunded, next.id).await?;
    Ok(next)
}

fn record(tx: &Tx, actor: &Actor, action: &str, row: &refund::Model) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(json!({ "payment": row.payment_id, "fen": row.amount })),
    };
    audit::record(tx, actor, entry);
}
