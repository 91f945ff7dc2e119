//! The reviews in their order, each by another person who holds its role; a no with its reason; the street's
//! tender (业标街管) and its filing (备案).

use chrono::TimeDelta;
use entity::expense;
use entity::money::{ExpenseAct, ExpenseState};
use serde_json::json;

use super::{Done, keep, lead, locked, perhaps, plain, worded};
use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::expense::chain::Review;
use crate::expense::queries::{self, Found};
use crate::expense::{MOST, MOST_TITLE, MOST_WORDS, remind};
use crate::store::Tx;

/// Says yes: the next review, or for the street the filing. Which one it is follows from the state.
///
/// # Errors
/// As [`approve`] and [`file()`].
pub async fn agree(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    words: &str,
) -> Result<Found, Fault> {
    let now = locked(tx, actor, id, seen).await?;
    match now.expense.state {
        ExpenseState::Filing => file(tx, actor, id, seen, words).await,
        _ => approve(tx, actor, id, seen, words).await,
    }
}

/// A review that says yes. The last one begins the publication.
///
/// # Errors
/// `not_found`; `forbidden` for who does not hold the review's role, who proposed it, and who reviewed it
/// before; `wrong_step`; `conflict`.
pub async fn approve(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    words: &str,
) -> Result<Found, Fault> {
    let found = locked(tx, actor, id, seen).await?;
    let row = &found.expense;
    let level = row.reviews_done.saturating_add(1);
    let last = level >= found.rules.levels();
    let state = lead(row, ExpenseAct::Approve, last)?;
    let by = reviewer(tx, actor, &found).await?;
    let words = perhaps("words", words, MOST_WORDS)?;
    let now = tx.now();
    let mut next = expense::Model {
        state,
        reviews_done: level,
        ..row.clone()
    };
    if last {
        let days = TimeDelta::days(i64::from(found.rules.publish_days));
        next.publish_from = Some(now);
        next.publish_until = Some(now + days);
    }
    let done = Done {
        level: Some(level),
        ..Done::by(ExpenseAct::Approve, Some(by)).saying(words)
    };
    let detail = json!({ "fen": row.amount, "round": row.round, "level": level });
    let kept = keep(tx, actor, &found, next, done, detail).await?;
    if last {
        super::write_step(tx, &kept.expense, &Done::by(ExpenseAct::Publish, None)).await?;
        remind::announce(tx, by, &kept, remind::BEFORE).await?;
    }
    Ok(kept)
}

/// Whoever may do the review that comes next.
async fn reviewer(tx: &Tx, actor: &Actor, found: &Found) -> Result<i64, Fault> {
    let row = &found.expense;
    let by = actor.require_person()?;
    let review = found.rules.next(row.reviews_done);
    let review = review.ok_or_else(|| Fault::plain(Code::WrongStep))?;
    if !actor.holds(&review.kinds(), &found.place.path) {
        let words = format!("现在是“{}”，由{}来审。", review.name, review.who());
        return Err(Fault::forbidden(words));
    }
    if row.proposed_by == by {
        return Err(Fault::forbidden("这是您提出的支出，要由别人来审。"));
    }
    if queries::has_reviewed(tx.db(), row, by).await? {
        return Err(Fault::forbidden(
            "您已经审过一道了，每一道要由不同的人来审。",
        ));
    }
    Ok(by)
}

/// Says no, with a reason that stays: whoever reviews now, any reviewer while it is published, the street
/// before it files.
///
/// # Errors
/// As [`approve`]; `invalid` without a reason.
pub async fn refuse(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    reason: &str,
) -> Result<Found, Fault> {
    let found = locked(tx, actor, id, seen).await?;
    let row = &found.expense;
    let state = lead(row, ExpenseAct::Refuse, false)?;
    let by = match row.state {
        ExpenseState::Reviewing => reviewer(tx, actor, &found).await?,
        ExpenseState::Publishing => {
            let reviews = found.rules.reviews.iter();
            let kinds: Vec<_> = reviews.flat_map(Review::kinds).collect();
            if !actor.holds(&kinds, &found.place.path) {
                return Err(Fault::forbidden("公示期间只有审核的人可以驳回。"));
            }
            actor.require_person()?
        }
        _ => {
            officer(actor, &found)?;
            actor.require_person()?
        }
    };
    let words = worded(
        "reason",
        reason,
        MOST_WORDS,
        "请写为什么驳回，提出的人会看到。",
    )?;
    let next = expense::Model {
        state,
        ..row.clone()
    };
    let done = Done::by(ExpenseAct::Refuse, Some(by)).saying(Some(words));
    let detail = plain(&next);
    keep(tx, actor, &found, next, done, detail).await
}

fn officer(actor: &Actor, found: &Found) -> Result<(), Fault> {
    if may(actor, Deed::FileExpenses, &found.place.path) {
        Ok(())
    } else {
        Err(Fault::forbidden("这一步由街道来做。"))
    }
}

/// The street puts a tender that it ran, and its result, on record.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_step`, `conflict`; `invalid` for a result that is not what is to be paid.
pub async fn tender(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    (reference, winner, amount): (&str, &str, i64),
) -> Result<Found, Fault> {
    let found = locked(tx, actor, id, seen).await?;
    let row = &found.expense;
    let state = lead(row, ExpenseAct::Tender, false)?;
    officer(actor, &found)?;
    let by = actor.require_person()?;
    if !found.rules.needs_tender(row.amount) {
        let from = Fen(found.rules.tender_from).in_groups();
        return Err(Fault::wrong_step(format!("{from}元以上的支出才要招标。")));
    }
    let reference = worded("reference", reference, MOST_TITLE, "请写招标编号。")?;
    let winner = worded("winner", winner, MOST_TITLE, "请写中标单位。")?;
    if amount <= 0 || amount > MOST {
        return Err(Fault::invalid("tender", "中标金额要大于0，例如 52000.00。"));
    }
    if winner != row.payee {
        return Err(Fault::invalid(
            "winner",
            "中标单位和收款方不一样。收款方写错的请驳回重报。",
        ));
    }
    if amount < row.amount {
        return Err(Fault::invalid(
            "tender",
            "支出的金额超过了中标金额，请驳回重报。",
        ));
    }
    let words = format!("{reference}，中标{winner}，{}元", Fen(amount).in_groups());
    let next = expense::Model {
        state,
        tender_reference: Some(reference),
        tender_winner: Some(winner),
        tender_amount: Some(amount),
        tender_by: Some(by),
        ..row.clone()
    };
    let done = Done::by(ExpenseAct::Tender, Some(by)).saying(Some(words));
    let detail = json!({ "fen": amount });
    keep(tx, actor, &found, next, done, detail).await
}

/// The street takes an expense on file; from then on it may be paid.
///
/// # Errors
/// `not_found`, `forbidden`, `conflict`; `wrong_step` before the publication is over, and while a tender is
/// missing.
pub async fn file(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    words: &str,
) -> Result<Found, Fault> {
    let found = locked(tx, actor, id, seen).await?;
    let row = &found.expense;
    let state = lead(row, ExpenseAct::File, false)?;
    officer(actor, &found)?;
    let by = actor.require_person()?;
    if row.proposed_by == by {
        return Err(Fault::forbidden("这是您提出的支出，要由别人来备案。"));
    }
    if queries::has_reviewed(tx.db(), row, by).await? {
        return Err(Fault::forbidden("您已经审过一道了，备案要由另一个人来做。"));
    }
    if found.rules.needs_tender(row.amount) && row.tender_amount.is_none() {
        let from = Fen(found.rules.tender_from).in_groups();
        return Err(Fault::wrong_step(format!(
            "{from}元以上的支出要由街道招标，请先登记招标结果再备案。"
        )));
    }
    let words = perhaps("words", words, MOST_WORDS)?;
    let next = expense::Model {
        state,
        filed_at: Some(tx.now()),
        filed_by: Some(by),
        ..row.clone()
    };
    let done = Done::by(ExpenseAct::File, Some(by)).saying(words);
    let detail = plain(&next);
    keep(tx, actor, &found, next, done, detail).await
}
