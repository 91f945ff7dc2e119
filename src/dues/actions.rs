//! How a compound asks for what is due, set by whoever keeps its fees; and a bill that somebody disputes.

use chrono::Days;
use entity::kinds::{ActorKind, PlaceKind};
use entity::{bill, bill_dispute, case, fee_policy, place};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{EntityTrait, QuerySelect};
use serde_json::json;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::threat::harmless;
use crate::base::worded::{Asks, worded};
use crate::dues::late::{MOST_DAILY, percent};
use crate::dues::rule::{BEFORE, EVERY, MOST};
use crate::store::Tx;

/// Most characters of what a compound adds to its reminders, and of what a late fee was agreed by.
pub const MOST_WORDS: usize = 120;

/// How a compound is to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPolicy {
    /// Days before the due day; none: not before it.
    pub before: Option<i32>,
    /// On the due day.
    pub on: bool,
    /// Days between reminders after it; none: not after it.
    pub every: Option<i32>,
    /// How many after it, at most.
    pub most: i32,
    /// What each reminder ends with; none if empty.
    pub words: String,
    /// Late fee of a day in 1/100 000; 0: none.
    pub late_daily: i32,
    /// What it was agreed by.
    pub late_basis: String,
}

/// A policy that may be: its words cleaned.
///
/// # Errors
/// `invalid`, beside the field: for a number that is out of range, for words that threaten or hold a
/// number of somebody, for a late fee that nobody agreed to or that nobody is told of.
pub fn check(new: &NewPolicy) -> Result<NewPolicy, Fault> {
    if new.before.is_some_and(|days| !BEFORE.contains(&days)) {
        return Err(Fault::invalid(
            "before",
            "提前几天请写1到15，不提前请留空。",
        ));
    }
    if new.every.is_some_and(|days| !EVERY.contains(&days)) {
        return Err(Fault::invalid(
            "every",
            "逾期后隔几天提醒请写3到90，逾期后不提醒请留空。",
        ));
    }
    if !MOST.contains(&new.most) || (new.every.is_some() && new.most == 0) {
        return Err(Fault::invalid("most", "逾期后最多提醒几次请写1到12。"));
    }
    if !(0..=MOST_DAILY).contains(&new.late_daily) {
        return Err(Fault::invalid(
            "late",
            format!(
                "每天最多{}%（民法典第585条：过高的会被法院减少），不收请写0。",
                percent(MOST_DAILY)
            ),
        ));
    }
    let words = said("words", &new.words, "")?;
    let late_basis = match new.late_daily {
        0 => String::new(),
        _ => said(
            "late_basis",
            &new.late_basis,
            "请写合同哪一条约定了违约金，账单上会看到；没有约定就不能收。",
        )?,
    };
    if new.late_daily > 0 && new.every.is_none() {
        return Err(Fault::invalid(
            "late",
            "要收违约金，先要在逾期后提醒过住户：请写逾期后隔几天提醒。",
        ));
    }
    Ok(NewPolicy {
        most: new.every.map_or(0, |_| new.most),
        words,
        late_basis,
        ..new.clone()
    })
}

/// Words that are said to people: no threat, no number of anybody; may be empty where nothing is missing.
fn said(field: &'static str, text: &str, missing: &'static str) -> Result<String, Fault> {
    if missing.is_empty() && text.trim().is_empty() {
        return Ok(String::new());
    }
    let asks = Asks {
        field,
        most: MOST_WORDS,
        missing,
        number: "这里写的每户都会看到，请不要写手机号、证件号。",
    };
    harmless(field, worded(text, asks)?)
}

/// Sets how a compound asks, from tomorrow on.
///
/// # Errors
/// `not_found` for a compound that is not theirs, `forbidden` for who may only look, and as [`check`].
pub async fn set(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    new: &NewPolicy,
) -> Result<(), Fault> {
    let compound = kept(tx, actor, compound_id).await?;
    let new = check(new)?;
    let was = fee_policy::Entity::find_by_id(compound.id)
        .one(tx.db())
        .await?;
    let rate = was.as_ref().map_or(0, |was| was.late_daily);
    // Another rate holds for days to come, never for those that are gone.
    let late_from = match new.late_daily {
        0 => None,
        same if same == rate => was.and_then(|was| was.late_from),
        _ => china(tx.now()).date_naive().checked_add_days(Days::new(1)),
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let detail = json!({
        "before": new.before, "on_day": new.on, "every": new.every, "most": new.most,
        "late": format!("{}%", percent(new.late_daily)),
    });
    let row = fee_policy::ActiveModel {
        compound_id: Set(compound.id),
        merchant: Set(None),
        remind_before: Set(new.before),
        remind_on: Set(new.on),
        remind_every: Set(new.every),
        remind_most: Set(new.most),
        remind_words: Set(some(new.words)),
        late_daily: Set(new.late_daily),
        late_from: Set(late_from),
        late_basis: Set(some(new.late_basis)),
        version: Set(1),
        updated_at: Set(tx.now()),
    };
    use fee_policy::Column::{
        CompoundId, LateBasis, LateDaily, LateFrom, RemindBefore, RemindEvery, RemindMost,
        RemindOn, RemindWords, UpdatedAt, Version,
    };
    let columns = [
        RemindBefore,
        RemindOn,
        RemindEvery,
        RemindMost,
        RemindWords,
        LateDaily,
        LateFrom,
        LateBasis,
        UpdatedAt,
    ];
    let again = OnConflict::column(CompoundId)
        .update_columns(columns)
        .value(Version, Expr::col((fee_policy::Entity, Version)).add(1))
        .to_owned();
    fee_policy::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx.db())
        .await?;
    let entry = audit::Entry {
        action: "fee.dues",
        subject: format!("place:{}", compound.id),
        compound_id: Some(compound.id),
        detail: Some(detail),
    };
    audit::record(tx, actor, entry);
    Ok(())
}

/// The compound, locked, if its fees are kept by the actor.
async fn kept(tx: &Tx, actor: &Actor, compound_id: i64) -> Result<place::Model, Fault> {
    let none = || Fault::not_found("没有找到这个小区。");
    let row = place::Entity::find_by_id(compound_id)
        .lock_exclusive()
        .one(tx.db())
        .await?
        .filter(|row| row.kind == PlaceKind::Compound)
        .ok_or_else(none)?;
    let by_us = matches!(actor.kind, ActorKind::System | ActorKind::Operator);
    match (
        by_us || may(actor, Deed::KeepFees, &row.path),
        may(actor, Deed::SeeMoney, &row.path),
    ) {
        (true, _) => Ok(row),
        (false, true) => Err(Fault::forbidden("您可以看账单，但没有权限改缴费提醒。")),
        (false, false) => Err(none()),
    }
}

/// Notes that a case disputes a bill: until it is answered nobody is asked for it. The caller has made sure that
/// the bill is theirs, and has filed the case in this transaction.
///
/// # Errors
/// The database's.
pub async fn dispute(
    tx: &mut Tx,
    actor: &Actor,
    bill: &bill::Model,
    case: &case::Model,
) -> Result<(), Fault> {
    let row = bill_dispute::ActiveModel {
        compound_id: Set(bill.compound_id),
        bill_id: Set(bill.id),
        case_id: Set(case.id),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    bill_dispute::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    let entry = audit::Entry {
        action: "bill.dispute",
        subject: format!("bill:{}", bill.id),
        compound_id: Some(bill.compound_id),
        detail: None,
    };
    audit::record(tx, actor, entry);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> NewPolicy {
        NewPolicy {
            before: Some(3),
            on: true,
            every: Some(7),
            most: 3,
            words: " 感谢您的支持 ".to_owned(),
            late_daily: 15,
            late_basis: "物业服务合同第12条".to_owned(),
        }
    }

    #[test]
    fn what_cannot_be_is_refused_beside_its_field() {
        let kept = check(&good()).unwrap();
        assert_eq!(kept.words, "感谢您的支持");
        let plain = check(&NewPolicy {
            late_daily: 0,
            every: None,
            ..good()
        })
        .unwrap();
        assert_eq!((plain.most, plain.late_basis.as_str()), (0, ""));
        let mut table: Vec<(&str, NewPolicy)> = Vec::new();
        for (field, words) in [("words", "不缴就停水停电"), ("words", "問13800000101")] {
            let words = words.to_owned();
            table.push((field, NewPolicy { words, ..good() }));
        }
        for before in [0, 16, -3] {
            let before = Some(before);
            table.push(("before", NewPolicy { before, ..good() }));
        }
        for every in [0, 2, 91] {
            let every = Some(every);
            table.push(("every", NewPolicy { every, ..good() }));
        }
        for most in [-1, 0, 13] {
            table.push(("most", NewPolicy { most, ..good() }));
        }
        for late_daily in [-1, 31, 300] {
            table.push((
                "late",
                NewPolicy {
                    late_daily,
                    ..good()
                },
            ));
        }
        for basis in ["", "合同约定逾期可以停 电"] {
            let late_basis = basis.to_owned();
            table.push((
                "late_basis",
                NewPolicy {
                    late_basis,
                    ..good()
                },
            ));
        }
        table.push((
            "late",
            NewPolicy {
                every: None,
                ..good()
            },
        ));
        for (field, new) in table {
            let fault = check(&new).unwrap_err();
            assert_eq!(fault.field, Some(field), "{new:?}");
        }
    }
}
