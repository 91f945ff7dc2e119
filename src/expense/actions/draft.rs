//! Drafts: proposing, changing, quotes, handing in to the reviewers, taking back, beginning anew after a no.
//! All of it is the proposer's alone.

use entity::kinds::{PhotoStage, RoleKind};
use entity::money::{ExpenseAct, ExpenseState};
use entity::{expense, expense_quote, place};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use super::{Done, keep, lead, locked, note, perhaps, plain, record, rules, worded, write_step};
use crate::access::Actor;
use crate::access::holders::{holders, says};
use crate::access::permit::{Deed, may, roles};
use crate::attachment::{Owner, give};
use crate::base::fault::Fault;
use crate::expense::chain::{Review, Rules};
use crate::expense::queries::{self, Found, sees_all};
use crate::expense::{
    ACCOUNTS, MOST, MOST_PURPOSE, MOST_QUOTES, MOST_TITLE, MOST_WORDS, quotes, subject,
};
use crate::ledger::Account;
use crate::place::queries as places;
use crate::store::Tx;

/// What an expense says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// In a few words.
    pub title: String,
    /// Why and what exactly.
    pub purpose: String,
    /// Code of the account: `expenses:repair`.
    pub account: String,
    /// Who gets the money.
    pub payee: String,
    /// Fen.
    pub amount: i64,
    /// Why it is not the lowest quote; may be empty.
    pub choice: String,
}

/// An amount that somebody proposes.
///
/// # Errors
/// `invalid` beside `amount`.
pub fn check_amount(amount: i64) -> Result<(), Fault> {
    if amount <= 0 {
        return Err(Fault::invalid("amount", "金额要大于0，例如 3200.00。"));
    }
    if amount > MOST {
        return Err(Fault::invalid(
            "amount",
            "金额太大了，一笔最多一亿元，请核对后再填。",
        ));
    }
    Ok(())
}

impl Said {
    /// In the words in which it is kept.
    fn checked(&self) -> Result<Self, Fault> {
        let account = Account::parse(&self.account).filter(|one| ACCOUNTS.contains(one));
        let account = account.ok_or_else(|| Fault::invalid("account", "请选记在哪一类支出。"))?;
        let said = Self {
            title: worded(
                "title",
                &self.title,
                MOST_TITLE,
                "请写这笔钱做什么用，例如“3栋电梯更换钢丝绳”。",
            )?,
            purpose: worded(
                "purpose",
                &self.purpose,
                MOST_PURPOSE,
                "请写为什么要花这笔钱、做哪些事。",
            )?,
            account: account.code().to_owned(),
            payee: worded(
                "payee",
                &self.payee,
                MOST_TITLE,
                "请写收款方，例如“顺安电梯公司”。",
            )?,
            choice: perhaps("choice", &self.choice, MOST_WORDS)?.unwrap_or_default(),
            amount: self.amount,
        };
        check_amount(said.amount)?;
        Ok(said)
    }
}

/// Writes an expense down, as a draft.
///
/// # Errors
/// `not_found` for a compound that is not theirs, `forbidden`, `invalid` for what cannot be; `wrong_step` where
/// nobody could give a review, file or pay.
pub async fn propose(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    said: &Said,
) -> Result<expense::Model, Fault> {
    let place = compound(tx, actor, compound_id).await?;
    if !may(actor, Deed::ProposeExpenses, &place.path) {
        return Err(Fault::forbidden("您可以看支出，但没有权限提出支出。"));
    }
    let by = actor.require_person()?;
    let said = said.checked()?;
    let chain = rules::current(tx, place.id).await?;
    manned(tx, &Rules::of(&chain)?, &place, by).await?;
    let now = tx.now();
    let row = expense::ActiveModel {
        compound_id: Set(place.id),
        chain_id: Set(chain.id),
        title: Set(said.title),
        purpose: Set(said.purpose),
        account: Set(said.account),
        payee: Set(said.payee),
        amount: Set(said.amount),
        choice: Set(Some(said.choice).filter(|words| !words.is_empty())),
        state: Set(ExpenseState::Draft),
        round: Set(1),
        reviews_done: Set(0),
        proposed_by: Set(by),
        moved_at: Set(now),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let row = expense::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    write_step(tx, &row, &Done::by(ExpenseAct::Propose, Some(by))).await?;
    record(tx, actor, ExpenseAct::Propose, &row, plain(&row));
    Ok(row)
}

/// Whether somebody is in office for each step, since what waits for nobody would only lapse: each review by
/// another person, none of them the proposer, and then whoever files and whoever pays.
async fn manned(tx: &Tx, rules: &Rules, place: &place::Model, proposer: i64) -> Result<(), Fault> {
    let later = [Deed::FileExpenses, Deed::KeepMoney].map(roles);
    let reviews = rules.reviews.iter().flat_map(Review::kinds);
    let asked: Vec<_> = reviews.chain(later.concat()).collect();
    let all = holders(tx.db(), &place.path, &asked, tx.now()).await?;
    let able = |kinds: &[RoleKind]| -> Vec<i64> {
        let others = all.iter().filter(|one| one.person_id != proposer);
        let fitting = others.filter(|one| kinds.contains(&one.role));
        fitting.map(|one| one.person_id).collect()
    };
    let reviewers: Vec<_> = rules
        .reviews
        .iter()
        .map(|review| able(&review.kinds()))
        .collect();
    if let Some(review) = rules.vacant(&reviewers) {
        return Err(unmanned(&review.name, "审", &review.who()));
    }
    let steps = [("街道备案", "备案"), ("支付", "支付")];
    for ((step, does), kinds) in steps.into_iter().zip(later) {
        if able(kinds).is_empty() {
            let names: Vec<_> = kinds.iter().copied().map(says).collect();
            return Err(unmanned(step, does, &names.join("、")));
        }
    }
    Ok(())
}

fn unmanned(step: &str, does: &str, who: &str) -> Fault {
    Fault::wrong_step(format!(
        "“{step}”现在没有人能{does}（提出人自己不算，一个人只审一道）。请先让管理员任命{who}，任命后再提交。"
    ))
}

async fn compound(tx: &Tx, actor: &Actor, id: i64) -> Result<place::Model, Fault> {
    let found = places::compound_by_id(tx.db(), id).await?;
    found
        .filter(|place| sees_all(actor, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个小区。"))
}

/// An expense of the actor's own.
async fn own(tx: &Tx, actor: &Actor, id: i64, seen: Option<i32>) -> Result<Found, Fault> {
    let found = locked(tx, actor, id, seen).await?;
    if actor.person_id() != Some(found.expense.proposed_by) {
        return Err(Fault::forbidden("只有提出这笔支出的人可以这样操作。"));
    }
    if !may(actor, Deed::ProposeExpenses, &found.place.path) {
        return Err(Fault::forbidden("您没有提出支出的权限了。"));
    }
    Ok(found)
}

/// Changes a draft.
///
/// # Errors
/// `not_found`, `forbidden` for who has not proposed it, `wrong_step` once it is handed in, `conflict` for a
/// page that is old, `invalid`.
pub async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    said: &Said,
) -> Result<(), Fault> {
    let found = own(tx, actor, id, seen).await?;
    let state = lead(&found.expense, ExpenseAct::Change, false)?;
    let said = said.checked()?;
    let next = expense::Model {
        state,
        title: said.title,
        purpose: said.purpose,
        account: said.account,
        payee: said.payee,
        amount: said.amount,
        choice: Some(said.choice).filter(|words| !words.is_empty()),
        ..found.expense.clone()
    };
    let done = Done::by(ExpenseAct::Change, actor.person_id());
    let detail = plain(&next);
    keep(tx, actor, &found, next, done, detail).await.map(drop)
}

/// A quote to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewQuote {
    /// Who.
    pub supplier: String,
    /// Fen.
    pub amount: i64,
    /// Words with it; may be empty.
    pub note: String,
    /// What the supplier wrote, as a picture or a PDF, unfiled; none is refused.
    pub attachment_id: Option<i64>,
}

/// Adds a quote to a draft.
///
/// # Errors
/// As [`change`]; `invalid` beside `file` without one.
pub async fn add_quote(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    new: NewQuote,
) -> Result<(), Fault> {
    let found = own(tx, actor, id, seen).await?;
    lead(&found.expense, ExpenseAct::Change, false)?;
    let by = actor.require_person()?;
    let supplier = worded("supplier", &new.supplier, MOST_TITLE, "请写供应商的名称。")?;
    if new.amount <= 0 || new.amount > MOST {
        return Err(Fault::invalid(
            "quote",
            "报价要大于0、不超过一亿元，例如 3200.00。",
        ));
    }
    let note = perhaps("note", &new.note, MOST_WORDS)?;
    if queries::quotes(tx.db(), id).await?.len() >= MOST_QUOTES {
        let words = format!("一笔支出最多{MOST_QUOTES}份报价。");
        return Err(Fault::invalid("supplier", words));
    }
    let file = new.attachment_id.ok_or_else(|| {
        let words = format!("请附上{supplier}的报价单，照片或PDF都可以。");
        Fault::invalid("file", words)
    })?;
    give_file(tx, actor, &found, file).await?;
    let row = expense_quote::ActiveModel {
        id: NotSet,
        expense_id: Set(id),
        compound_id: Set(found.place.id),
        supplier: Set(supplier),
        amount: Set(new.amount),
        note: Set(note),
        attachment_id: Set(Some(file)),
        created_by: Set(by),
        created_at: Set(tx.now()),
    };
    expense_quote::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    let detail = json!({ "fen": new.amount });
    note_quote(tx, actor, &found, "expense.quote", detail).await
}

/// Takes a quote out of a draft.
///
/// # Errors
/// As [`change`]; `not_found` for one that is not there.
pub async fn remove_quote(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    quote_id: i64,
) -> Result<(), Fault> {
    let found = own(tx, actor, id, seen).await?;
    lead(&found.expense, ExpenseAct::Change, false)?;
    let gone = expense_quote::Entity::delete_many()
        .filter(expense_quote::COLUMN.id.eq(quote_id))
        .filter(expense_quote::COLUMN.expense_id.eq(id))
        .exec(tx.db())
        .await?;
    if gone.rows_affected != 1 {
        return Err(Fault::not_found("没有找到这份报价。"));
    }
    let detail = json!({ "quote": quote_id });
    note_quote(tx, actor, &found, "expense.unquote", detail).await
}

/// The row counts the change, so that a page that is open elsewhere is known as old.
async fn note_quote(
    tx: &mut Tx,
    actor: &Actor,
    found: &Found,
    action: &str,
    detail: serde_json::Value,
) -> Result<(), Fault> {
    let next = found.expense.clone();
    let done = Done::by(ExpenseAct::Change, actor.person_id());
    let kept = keep(tx, actor, found, next, done, plain(&found.expense)).await?;
    note(tx, actor, action, &kept.expense, detail);
    Ok(())
}

/// Gives a quote's file or a slip to an expense.
pub(super) async fn give_file(
    tx: &Tx,
    actor: &Actor,
    found: &Found,
    file: i64,
) -> Result<(), Fault> {
    let owner = Owner {
        subject: &subject(found.expense.id),
        compound_id: Some(found.place.id),
        stage: PhotoStage::Before,
        round: 0,
    };
    give(tx, actor, &[file], &owner).await
}

/// Hands a draft in to the reviewers.
///
/// # Errors
/// As [`change`]; `invalid` for quotes that do not fit; `wrong_step` where nobody could give a review, file or pay.
pub async fn submit(tx: &mut Tx, actor: &Actor, id: i64, seen: Option<i32>) -> Result<(), Fault> {
    let found = own(tx, actor, id, seen).await?;
    let state = lead(&found.expense, ExpenseAct::Submit, false)?;
    let all = queries::quotes(tx.db(), id).await?;
    quotes::fit(&found.expense, &all, &found.rules)?;
    manned(tx, &found.rules, &found.place, found.expense.proposed_by).await?;
    let next = expense::Model {
        state,
        reviews_done: 0,
        ..found.expense.clone()
    };
    let done = Done::by(ExpenseAct::Submit, actor.person_id());
    let detail = plain(&next);
    keep(tx, actor, &found, next, done, detail).await.map(drop)
}

/// Takes an expense back for good.
///
/// # Errors
/// As [`change`]; `invalid` without a reason once others have worked on it.
pub async fn withdraw(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    seen: Option<i32>,
    reason: &str,
) -> Result<(), Fault> {
    let found = own(tx, actor, id, seen).await?;
    let state = lead(&found.expense, ExpenseAct::Withdraw, false)?;
    let words = worded("reason", reason, MOST_WORDS, "请写为什么撤回。")?;
    let next = expense::Model {
        state,
        ..found.expense.clone()
    };
    let done = Done::by(ExpenseAct::Withdraw, actor.person_id()).saying(Some(words));
    let detail = plain(&next);
    keep(tx, actor, &found, next, done, detail).await.map(drop)
}

/// Begins anew what was refused: a draft of the next round, with all reviews before it again.
///
/// # Errors
/// As [`change`].
pub async fn revise(tx: &mut Tx, actor: &Actor, id: i64, seen: Option<i32>) -> Result<(), Fault> {
    let found = own(tx, actor, id, seen).await?;
    let state = lead(&found.expense, ExpenseAct::Revise, false)?;
    let next = expense::Model {
        state,
        round: found.expense.round.saturating_add(1),
        reviews_done: 0,
        publish_from: None,
        publish_until: None,
        tender_reference: None,
        tender_winner: None,
        tender_amount: None,
        tender_by: None,
        ..found.expense.clone()
    };
    let done = Done::by(ExpenseAct::Revise, actor.person_id());
    let detail = plain(&next);
    keep(tx, actor, &found, next, done, detail).await.map(drop)
}
