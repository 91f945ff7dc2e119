//! 找帮手: a request goes to one talent at a time, without who asks; a yes tells each of the two how to reach the
//! other; after a no, or a day without a word, the next is asked; after a week it lapses.

use chrono::TimeDelta;
use entity::kinds::{HelpAnswer, HelpState, TalentKind, TalentState};
use entity::{help_request, person};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::access::{Actor, named};
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::place::queries as places;
use crate::reminder::{self, NewReminder};
use crate::store::Tx;
use crate::talent::actions::{becomes, hand_on, present, record, store, words};
use crate::talent::queries::{Found, Side, by_id, contact, found, talent_of};
use crate::talent::remind::{self, Telling};
use crate::talent::step::{Act, By, Contact};
use crate::talent::{LAPSE_DAYS, kind_says};

/// Requests of one person that may wait at once.
const MOST_ASKING: u64 = 3;

/// Asks for help: the first talent is asked at once.
///
/// # Errors
/// `forbidden` for who belongs to no compound, `invalid` for the words, `wrong_step` when nobody offers it or
/// too many requests wait.
pub async fn ask(
    tx: &mut Tx,
    actor: &Actor,
    kind: TalentKind,
    text: &str,
) -> Result<help_request::Model, Fault> {
    let asker = actor.require_person()?;
    let compound = places::own_compound(tx.db(), actor).await?;
    let compound = compound
        .ok_or_else(|| Fault::forbidden("找帮手要先绑定房号，回复:绑定 3-2-501 姓名 手机号。"))?;
    let text = words(text, "找帮手 医护 想请人看看化验单")?;
    let mut names = named::residents_named(tx.db(), &text, tx.now()).await?;
    names.extend(actor.person.iter().map(|person| person.name.clone()));
    person::Entity::find_by_id(asker)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    let waiting = help_request::Entity::find()
        .filter(help_request::COLUMN.asker_id.eq(asker))
        .filter(help_request::COLUMN.state.eq(HelpState::Asking))
        .count(tx.db())
        .await?;
    if waiting >= MOST_ASKING {
        return Err(Fault::wrong_step(format!(
            "您有{waiting}件事正在找帮手，等有了回音再找。回复“我的帮手”查看。"
        )));
    }
    let row = help_request::ActiveModel {
        compound_id: Set(compound.id),
        asker_id: Set(asker),
        kind: Set(kind),
        // Whoever is asked does not know who asks.
        text: Set(redact(&text, &names)),
        state: Set(HelpState::Asking),
        lapses_at: Set(tx.now() + TimeDelta::days(LAPSE_DAYS)),
        version: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = help_request::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    record(tx, actor, &row, "help.ask");
    let clock = remind::lapse(&row);
    let row = hand_on(tx, row, By::Clock, None).await?;
    if row.state == HelpState::Unmet {
        return Err(Fault::wrong_step(format!(
            "现在没有登记“{}”的邻居可以问。要物业或社区帮忙，请回复“求助”写下来。",
            kind_says(kind)
        )));
    }
    reminder::enqueue(tx, vec![clock]).await?;
    Ok(row)
}

/// What came of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It counts: the request as it is now.
    Said(help_request::Model),
    /// The yes came from, or for, somebody who is not there any more: the request has gone on without it, and to who
    /// said it it does not exist.
    Gone,
}

/// The word of who is asked: a yes makes the two known to each other, by a message to each of them alone.
///
/// # Errors
/// `not_found` for who is not asked now, `forbidden` for who asks, `wrong_step` when it is over.
pub async fn answer(tx: &mut Tx, actor: &Actor, id: i64, accepts: bool) -> Result<Answered, Fault> {
    let Found { row, side } = found(tx.db(), actor, id).await?;
    if side == Side::Asker {
        return Err(Fault::forbidden("这是您自己找的帮手，要由对方来答应。"));
    }
    if !accepts {
        becomes(&row, Act::PassOn, By::Talent)?;
        record(tx, actor, &row, "help.decline");
        let next = hand_on(tx, row, By::Talent, Some(HelpAnswer::Declined)).await?;
        return Ok(Answered::Said(next));
    }
    let accepted = becomes(&row, Act::Accept, By::Talent)?;
    if !still_here(tx, &row).await? {
        return Ok(Answered::Gone);
    }
    let next = help_request::Model {
        state: accepted,
        due_at: None,
        ended_at: Some(tx.now()),
        version: row.version + 1,
        ..row.clone()
    };
    store(tx, &row, &next, Some(HelpAnswer::Accepted)).await?;
    record(tx, actor, &next, "help.accept");
    let talent = actor.require_person()?;
    let items = contacts(tx, &next, talent);
    reminder::enqueue(tx, items).await?;
    Ok(Answered::Said(next))
}

/// Whether who asks and who is asked both still live or serve in the compound, and the talent is offered. A talent
/// that is gone is passed over; a request of somebody who is gone is over.
async fn still_here(tx: &mut Tx, row: &help_request::Model) -> Result<bool, Fault> {
    let talent = talent_of(tx.db(), row).await?;
    let talent = talent.filter(|talent| talent.state == TalentState::Offered);
    let mut both = vec![row.asker_id];
    both.extend(talent.iter().map(|talent| talent.person_id));
    let here = present(tx, row.compound_id, &both).await?;
    if !here.contains(&row.asker_id) {
        let next = end(tx, row, Act::Lapse, By::Clock).await?;
        record(tx, &Actor::system(), &next, "help.lapse");
        return Ok(false);
    }
    if talent.is_none_or(|talent| !here.contains(&talent.person_id)) {
        record(tx, &Actor::system(), row, "help.gone");
        hand_on(tx, row.clone(), By::Clock, Some(HelpAnswer::Dropped)).await?;
        return Ok(false);
    }
    Ok(true)
}

/// A message to each of the two, with how to reach the other.
fn contacts(tx: &Tx, row: &help_request::Model, talent: i64) -> Vec<NewReminder> {
    let now = tx.now();
    vec![
        remind::told(row, Telling::ContactAsker, talent, now),
        remind::told(row, Telling::ContactTalent, row.asker_id, now),
    ]
}

/// Nobody has said anything for a day: the next is asked. Nothing when the request has changed since: says
/// whether it was still there.
///
/// # Errors
/// The database's.
pub async fn pass_on(tx: &mut Tx, id: i64, version: i32) -> Result<bool, Fault> {
    let row = by_id(tx.db(), id).await?;
    let row = row.filter(|row| row.version == version && row.state == HelpState::Asking);
    let Some(row) = row else {
        return Ok(false);
    };
    record(tx, &Actor::system(), &row, "help.silent");
    hand_on(tx, row, By::Clock, Some(HelpAnswer::Silent)).await?;
    Ok(true)
}

/// Its week is over. Says whether it still waited.
///
/// # Errors
/// The database's.
pub async fn lapse(tx: &mut Tx, id: i64) -> Result<bool, Fault> {
    let row = by_id(tx.db(), id).await?;
    let Some(row) = row.filter(|row| row.state == HelpState::Asking) else {
        return Ok(false);
    };
    let next = end(tx, &row, Act::Lapse, By::Clock).await?;
    record(tx, &Actor::system(), &next, "help.lapse");
    let told = remind::told(&next, Telling::Lapsed, next.asker_id, tx.now());
    reminder::enqueue(tx, vec![told]).await?;
    Ok(true)
}

/// Takes a request back; who is asked need not answer any more.
///
/// # Errors
/// `not_found`, `forbidden` for who is asked, `wrong_step` when it is over.
pub async fn withdraw_request(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
) -> Result<help_request::Model, Fault> {
    let Found { row, side } = found(tx.db(), actor, id).await?;
    if side != Side::Asker {
        return Err(Fault::forbidden(format!(
            "不方便帮忙请回复“婉拒帮忙 {id}”。"
        )));
    }
    let next = end(tx, &row, Act::Withdraw, By::Asker).await?;
    record(tx, actor, &next, "help.withdraw");
    Ok(next)
}

async fn end(
    tx: &mut Tx,
    row: &help_request::Model,
    act: Act,
    by: By,
) -> Result<help_request::Model, Fault> {
    let next = help_request::Model {
        state: becomes(row, act, by)?,
        due_at: None,
        ended_at: Some(tx.now()),
        version: row.version + 1,
        ..row.clone()
    };
    store(tx, row, &next, Some(HelpAnswer::Dropped)).await?;
    Ok(next)
}

/// Sends whoever asks once more how to reach the other: in person, never in an answer.
///
/// # Errors
/// `not_found`; `wrong_step` before there was a yes, once its time is over, and when the talent has taken its consent
/// back.
pub async fn contact_again(tx: &mut Tx, actor: &Actor, id: i64) -> Result<(), Fault> {
    let Found { row, side } = found(tx.db(), actor, id).await?;
    let refused = match (contact(tx.db(), &row, tx.now()).await?, side) {
        (Contact::Open, _) => None,
        (Contact::NotYet, _) => Some("对方答应以后，联系方式会单独发给双方。"),
        (Contact::Over, _) => {
            Some("这件事已经过去一周，不能再看联系方式。还要帮忙请回复“找帮手”。")
        }
        (Contact::TakenBack, Side::Asker) => Some("对方已经撤销登记，不能再看联系方式。"),
        (Contact::TakenBack, Side::Talent) => Some("您已经撤销登记，不能再看联系方式。"),
    };
    if let Some(why) = refused {
        return Err(Fault::wrong_step(why));
    }
    let (what, to) = match side {
        Side::Asker => (Telling::ContactTalent, row.asker_id),
        Side::Talent => (Telling::ContactAsker, actor.require_person()?),
    };
    reminder::enqueue(tx, vec![remind::told(&row, what, to, tx.now())]).await
}
