//! The use cases of expenses: one function is one use case, inside the caller's transaction. Where a page may
//! be older than the row, `seen` is the version that it showed; none for words of the chat.
//!
//! | file | what it does |
//! |---|---|
//! | [`mod@draft`] | proposing, changing, quotes, handing in, taking back, beginning anew |
//! | [`mod@review`] | the reviews, a no, the street's tender and filing |
//! | [`mod@publish`] | objections, and what the clocks end |
//! | [`mod@pay`] | paying, which books it |
//! | [`mod@rules`] | a new version of the rules |

pub mod draft;
pub mod pay;
pub mod publish;
pub mod review;
pub mod rules;

use entity::money::{ExpenseAct, ExpenseState};
use entity::{expense, expense_step};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QuerySelect};
use serde_json::{Value, json};

use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::base::redact::hide_numbers;
use crate::base::text::{clean, line};
use crate::expense::queries::{self, Found};
use crate::expense::step::after;
use crate::expense::{no_such, remind, state_says, subject};
use crate::store::{Tx, update};

/// An expense that the actor may see, locked until the end of the transaction.
async fn locked(tx: &Tx, actor: &Actor, id: i64, seen: Option<i32>) -> Result<Found, Fault> {
    let row = locked_row(tx, id).await?.ok_or_else(|| no_such(id))?;
    let found = queries::whole(tx.db(), row).await?;
    if !queries::sees_all(actor, &found.place.path) {
        return Err(no_such(id));
    }
    if seen.is_some_and(|seen| seen != found.expense.version) {
        return Err(Fault::new(
            Code::Conflict,
            format!("支出 #{id} 刚刚有了新变化，没有提交。请看过现在的情况，再决定要不要提交。"),
        ));
    }
    Ok(found)
}

async fn locked_row(tx: &Tx, id: i64) -> Result<Option<expense::Model>, Fault> {
    Ok(expense::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?)
}

/// What is done, to be written into the history.
struct Done {
    act: ExpenseAct,
    level: Option<i32>,
    /// Who; none for a clock.
    by: Option<i64>,
    words: Option<String>,
}

impl Done {
    fn by(act: ExpenseAct, by: Option<i64>) -> Self {
        Self {
            act,
            level: None,
            by,
            words: None,
        }
    }

    fn saying(self, words: Option<String>) -> Self {
        Self { words, ..self }
    }
}

/// The state that an act leads to, as an error where it leads nowhere.
fn lead(row: &expense::Model, act: ExpenseAct, last: bool) -> Result<ExpenseState, Fault> {
    after(row.state, act, last).ok_or_else(|| {
        Fault::wrong_step(format!(
            "支出 #{} 现在是“{}”，不能这样操作。",
            row.id,
            state_says(row.state)
        ))
    })
}

/// The one way to store a change of an expense: history first, which the database asks for, then the row,
/// only if nobody was faster; then whoever comes next is asked.
async fn keep(
    tx: &mut Tx,
    actor: &Actor,
    was: &Found,
    next: expense::Model,
    done: Done,
    detail: Value,
) -> Result<Found, Fault> {
    write_step(tx, &was.expense, &done).await?;
    let moved = next.state != was.expense.state || next.reviews_done != was.expense.reviews_done;
    let next = expense::Model {
        version: was.expense.version.saturating_add(1),
        updated_at: tx.now(),
        moved_at: if moved {
            tx.now()
        } else {
            was.expense.moved_at
        },
        ..next
    };
    let as_read = Condition::all()
        .add(expense::COLUMN.id.eq(was.expense.id))
        .add(expense::COLUMN.state.eq(was.expense.state))
        .add(expense::COLUMN.version.eq(was.expense.version));
    if !update::compare_and_set::<expense::Entity>(tx, &was.expense, &next, as_read).await? {
        return Err(Fault::plain(Code::Conflict));
    }
    record(tx, actor, done.act, &next, detail);
    let found = Found {
        expense: next,
        ..was.clone()
    };
    if moved {
        remind::follow(tx, &found).await?;
    }
    Ok(found)
}

/// A row of the history.
async fn write_step(tx: &Tx, row: &expense::Model, done: &Done) -> Result<(), Fault> {
    let step = expense_step::ActiveModel {
        id: NotSet,
        expense_id: Set(row.id),
        compound_id: Set(row.compound_id),
        round: Set(row.round),
        act: Set(done.act),
        level: Set(done.level),
        actor_id: Set(done.by),
        words: Set(done.words.clone()),
        created_at: Set(tx.now()),
    };
    expense_step::Entity::insert(step)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

fn record(tx: &Tx, actor: &Actor, act: ExpenseAct, row: &expense::Model, detail: Value) {
    let action = match act {
        ExpenseAct::Propose => "expense.propose",
        ExpenseAct::Change => "expense.change",
        ExpenseAct::Submit => "expense.submit",
        // The review that begins the publication is the one that is recorded.
        ExpenseAct::Approve | ExpenseAct::Publish => "expense.approve",
        ExpenseAct::Refuse => "expense.refuse",
        ExpenseAct::Object => "expense.object",
        ExpenseAct::Published => "expense.published",
        ExpenseAct::Tender => "expense.tender",
        ExpenseAct::File => "expense.file",
        ExpenseAct::Pay => "expense.pay",
        ExpenseAct::Close => "expense.close",
        ExpenseAct::Withdraw => "expense.withdraw",
        ExpenseAct::Revise => "expense.revise",
        ExpenseAct::Expire => "expense.expire",
    };
    note(tx, actor, action, row, detail);
}

fn note(tx: &Tx, actor: &Actor, action: &str, row: &expense::Model, detail: Value) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(detail),
    };
    audit::record(tx, actor, entry);
}

/// What the audit says of a step that has nothing more to say.
fn plain(row: &expense::Model) -> Value {
    json!({ "fen": row.amount, "round": row.round })
}

/// Words that stand in what everybody may read and nobody can change: no numbers of anybody.
fn worded(
    field: &'static str,
    text: &str,
    most: usize,
    ask: &'static str,
) -> Result<String, Fault> {
    let text = line(text);
    let length = text.chars().count();
    if length == 0 {
        return Err(Fault::invalid(field, ask));
    }
    if length > most {
        let words = format!("太长了（{length}字），最多{most}字。");
        return Err(Fault::invalid(field, words));
    }
    if hide_numbers(&text) != text {
        return Err(Fault::invalid(
            field,
            "这里写的会公示，请不要写手机号、证件号、银行卡号。",
        ));
    }
    Ok(text)
}

/// The same for words that may be left out.
fn perhaps(field: &'static str, text: &str, most: usize) -> Result<Option<String>, Fault> {
    match clean(text).is_empty() {
        true => Ok(None),
        false => worded(field, text, most, "").map(Some),
    }
}
