//! What can be done with talents and requests: one function is one use case, inside the caller's transaction.
//! Here is what they share: words, the change of a request, and who is asked next.

mod ask;
mod offer;

pub use ask::{Answered, answer, ask, contact_again, lapse, pass_on, withdraw_request};
pub use offer::{offer, withdraw_talent};

use chrono::TimeDelta;
use entity::kinds::{HelpAnswer, TalentState};
use entity::{help_ask, help_request, talent};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::base::fault::{Code, Fault};
use crate::base::text::line;
use crate::base::worded::{checked, given};
use crate::delivery::cards;
use crate::person::queries::{self as people, Serving};
use crate::reminder::{self, NewReminder};
use crate::store::Tx;
use crate::talent::choose::{Candidate, next};
use crate::talent::step::{Act, By, after};
use crate::talent::{ASK_HOURS, MOST_TEXT, remind, request_subject, state_says};

/// Words that must be given, on one line and without long numbers: who reads them does not know the other yet, and
/// reads them in a list.
fn words(text: &str, usage: &str) -> Result<String, Fault> {
    let number = "请不要写手机号、证件号这样的长号码：对方答应后，联系方式会单独发给双方。";
    checked("text", given("text", line(text), usage)?, MOST_TEXT, number)
}

/// What becomes of a request by an act.
fn becomes(row: &help_request::Model, act: Act, by: By) -> Result<entity::kinds::HelpState, Fault> {
    after(row.state, act, by).ok_or_else(|| {
        Fault::wrong_step(format!(
            "帮忙 #{} 现在是“{}”，不能这样操作了。",
            row.id,
            state_says(row.state)
        ))
    })
}

/// The one way to store a change of a request: by its version. With the answer of who was asked; whoever holds a card
/// about it sees what has become of it.
async fn store(
    tx: &mut Tx,
    was: &help_request::Model,
    next: &help_request::Model,
    answer: Option<HelpAnswer>,
) -> Result<(), Fault> {
    let done = help_request::Entity::update_many()
        .set(help_request::ActiveModel {
            state: Set(next.state),
            talent_id: Set(next.talent_id),
            due_at: Set(next.due_at),
            ended_at: Set(next.ended_at),
            version: Set(next.version),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(help_request::COLUMN.id.eq(was.id))
        .filter(help_request::COLUMN.state.eq(was.state))
        .filter(help_request::COLUMN.version.eq(was.version))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::new(
            Code::Conflict,
            format!("帮忙 #{} 刚刚有变化，请再看一下。", was.id),
        ));
    }
    cards::moved(tx, &request_subject(was.id), Some(was.compound_id)).await?;
    let (Some(answer), Some(talent)) = (answer, was.talent_id) else {
        return Ok(());
    };
    let said = help_ask::Entity::update_many()
        .set(help_ask::ActiveModel {
            answer: Set(answer),
            answered_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(help_ask::COLUMN.request_id.eq(was.id))
        .filter(help_ask::COLUMN.talent_id.eq(talent))
        .filter(help_ask::COLUMN.answer.eq(HelpAnswer::Asked));
    tx.at_end(said.into_query());
    Ok(())
}

/// Asks the next talent for a request, or says that nobody is left. `answer` is that of who was asked before.
async fn hand_on(
    tx: &mut Tx,
    was: help_request::Model,
    by: By,
    answer: Option<HelpAnswer>,
) -> Result<help_request::Model, Fault> {
    let chosen = choose(tx, &was).await?;
    let act = match chosen {
        Some(_) => Act::PassOn,
        None => Act::GiveOut,
    };
    let due = tx.now() + TimeDelta::hours(ASK_HOURS);
    let next = help_request::Model {
        state: becomes(&was, act, by)?,
        talent_id: chosen.as_ref().map(|talent| talent.id),
        due_at: chosen.as_ref().map(|_| due),
        ended_at: chosen.is_none().then(|| tx.now()),
        version: was.version + 1,
        ..was.clone()
    };
    store(tx, &was, &next, answer).await?;
    let items: Vec<NewReminder> = match &chosen {
        Some(talent) => {
            note_asked(tx, &next, talent).await?;
            vec![
                remind::asked(&next, talent.person_id, tx.now()),
                remind::next(&next, due),
            ]
        }
        None => vec![remind::told(
            &next,
            remind::Telling::Unmet,
            next.asker_id,
            tx.now(),
        )],
    };
    reminder::enqueue(tx, items).await?;
    Ok(next)
}

/// Whoever was asked least of those who may be asked, locked until the end of the transaction.
async fn choose(tx: &Tx, row: &help_request::Model) -> Result<Option<talent::Model>, Fault> {
    let before: Vec<i64> = help_ask::Entity::find()
        .select_only()
        .column(help_ask::Column::TalentId)
        .filter(help_ask::COLUMN.request_id.eq(row.id))
        .into_tuple()
        .all(tx.db())
        .await?;
    // Two who ask at once are counted one after the other.
    let all = talent::Entity::find()
        .filter(talent::COLUMN.compound_id.eq(row.compound_id))
        .filter(talent::COLUMN.kind.eq(row.kind))
        .filter(talent::COLUMN.state.eq(TalentState::Offered))
        .filter(talent::COLUMN.person_id.ne(row.asker_id))
        .filter(talent::COLUMN.id.is_not_in(before))
        .order_by_asc(talent::COLUMN.id)
        .lock(LockType::NoKeyUpdate)
        .all(tx.db())
        .await?;
    let people: Vec<i64> = all.iter().map(|one| one.person_id).collect();
    let present = present(tx, row.compound_id, &people).await?;
    let candidates: Vec<Candidate> = all
        .iter()
        .filter(|one| present.contains(&one.person_id))
        .map(|one| Candidate {
            talent_id: one.id,
            asked: one.asked,
            asked_at: one.asked_at,
        })
        .collect();
    let chosen = next(&candidates);
    Ok(all.into_iter().find(|one| Some(one.id) == chosen))
}

/// Those of them who still live or serve in the compound, and can be asked.
async fn present(tx: &Tx, compound_id: i64, people: &[i64]) -> Result<Vec<i64>, Fault> {
    let here = people::still_here(tx.db(), compound_id, Serving::Inside, people, tx.now()).await?;
    if here.is_empty() {
        return Ok(Vec::new());
    }
    let here: Vec<i64> = here.into_iter().collect();
    people::with_account(tx.db(), &here).await
}

async fn note_asked(
    tx: &Tx,
    row: &help_request::Model,
    talent: &talent::Model,
) -> Result<(), Fault> {
    talent::Entity::update_many()
        .col_expr(
            talent::Column::Asked,
            Expr::col(talent::Column::Asked).add(1),
        )
        .col_expr(talent::Column::AskedAt, Expr::value(tx.now()))
        .filter(talent::COLUMN.id.eq(talent.id))
        .exec(tx.db())
        .await?;
    let ask = help_ask::ActiveModel {
        compound_id: Set(row.compound_id),
        request_id: Set(row.id),
        talent_id: Set(talent.id),
        answer: Set(HelpAnswer::Asked),
        asked_at: Set(tx.now()),
        ..Default::default()
    };
    help_ask::Entity::insert(ask)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// The audit entry of a request: what, never for what.
fn record(tx: &Tx, actor: &Actor, row: &help_request::Model, audited: &str) {
    let entry = Entry {
        action: audited,
        subject: request_subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, actor, entry);
}
