//! What the mediator does: 当事人 约调解 协议 调解不成.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{mediation, mediation_party, mediation_session};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::mediation::actions::{Change, close, words};
use crate::mediation::remind::{self, Telling};
use crate::mediation::step::Act;
use crate::mediation::{MOST_FOLLOW_DAYS, MOST_PARTIES};
use crate::person::called::resident;
use crate::store::Tx;

/// Days that a meeting may lie ahead.
const MOST_AHEAD: i64 = 365;
/// Days after which a party that has not answered is asked once more.
const AGAIN_DAYS: i64 = 3;

/// Names a party by home, by home and name, or by name: `1-1-102`, `1-1-102 李建国`, `李建国`.
///
/// # Errors
/// `not_found` for a mediation that is not theirs or for somebody who does not live there,
/// `conflict` for somebody named before, `wrong_step` when it is too late.
pub async fn name(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    who: &str,
) -> Result<(mediation::Model, String), Fault> {
    let mut change = Change::of_mediator(tx, actor, id).await?;
    let who = words("who", who, &format!("当事人 {id} 1-1-102 李建国"))?;
    change.act(Act::Name, false)?;
    let example = "当事人 5 1-1-102 李建国";
    let (person, home_id) = resident(tx.db(), change.was.compound_id, &who, example).await?;
    if change
        .parties
        .iter()
        .any(|party| party.person_id == person.id)
    {
        return Err(Fault::new(
            crate::base::fault::Code::Conflict,
            format!("{}已经是调解 #{id} 的当事人。", person.name),
        ));
    }
    if person.id == change.was.mediator_id {
        return Err(Fault::invalid("who", "调解员自己不能是当事人。"));
    }
    if change.parties.len() >= MOST_PARTIES {
        return Err(Fault::invalid(
            "who",
            format!("一次调解最多{MOST_PARTIES}位当事人。"),
        ));
    }
    let row = mediation_party::ActiveModel {
        mediation_id: Set(id),
        person_id: Set(person.id),
        home_id: Set(home_id),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    mediation_party::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    change.note("party", None);
    let push = remind::push(&change.next, Telling::Invited, person.id, tx.now());
    change.reminders.push(push);
    let row = change.store(tx, actor, "mediation.party").await?;
    Ok((row, person.name))
}

/// Calls the parties to meet (约调解); an earlier call that has not come yet is off. They are told now
/// and the day before.
///
/// # Errors
/// As [`name`]; `invalid` for a time that is past or too far, or without a place.
pub async fn call(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    at: DateTime<Utc>,
    venue: &str,
) -> Result<mediation_session::Model, Fault> {
    let mut change = Change::of_mediator(tx, actor, id).await?;
    change.act(Act::Call, false)?;
    let venue = words(
        "venue",
        venue,
        &format!("约调解 {id} 11月25日 14:30 社区服务中心"),
    )?;
    let now = tx.now();
    if at <= now || at > now + TimeDelta::days(MOST_AHEAD) {
        return Err(Fault::invalid(
            "at",
            "时间已经过了，或离现在超过一年，请换一个时间。",
        ));
    }
    mediation_session::Entity::update_many()
        .set(mediation_session::ActiveModel {
            cancelled_at: Set(Some(now)),
            ..Default::default()
        })
        .filter(mediation_session::COLUMN.mediation_id.eq(id))
        .filter(mediation_session::COLUMN.cancelled_at.is_null())
        .filter(mediation_session::COLUMN.at.gt(now))
        .exec(tx.db())
        .await?;
    let row = mediation_session::ActiveModel {
        mediation_id: Set(id),
        at: Set(at),
        venue: Set(venue),
        created_at: Set(now),
        ..Default::default()
    };
    let session = mediation_session::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    change.note("session", None);
    let eve = at - TimeDelta::days(1);
    let people: Vec<i64> = change
        .parties
        .iter()
        .map(|party| party.person_id)
        .chain([change.was.mediator_id])
        .collect();
    for person in people {
        if person != change.was.mediator_id {
            let told = remind::session(&change.next, &session, Telling::Called, person, now);
            change.reminders.push(told);
        }
        if eve > now {
            let eve = remind::session(&change.next, &session, Telling::Eve, person, eve);
            change.reminders.push(eve);
        }
    }
    change.store(tx, actor, "mediation.session").await?;
    Ok(session)
}

/// Puts a text to the parties (协议): each is asked anew. `follow_days` after the last has agreed it is
/// asked whether it is kept.
///
/// # Errors
/// As [`name`]; `invalid` without words or with days out of range, `wrong_step` with fewer than two
/// parties.
pub async fn propose(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    text: &str,
    follow_days: i32,
) -> Result<mediation::Model, Fault> {
    let mut change = Change::of_mediator(tx, actor, id).await?;
    let text = words("text", text, &format!("协议 {id} 每晚十点后不再施工"))?;
    if !(1..=MOST_FOLLOW_DAYS).contains(&follow_days) {
        return Err(Fault::invalid(
            "follow_days",
            format!("回访天数请写1到{MOST_FOLLOW_DAYS}天。"),
        ));
    }
    if change.parties.len() < 2 {
        return Err(Fault::wrong_step(format!(
            "调解 #{id} 还不到两位当事人，请先回复“当事人 {id} 房号 姓名”。"
        )));
    }
    change.act(Act::Propose, false)?;
    mediation_party::Entity::update_many()
        .set(mediation_party::ActiveModel {
            agrees: Set(None),
            reason: Set(None),
            answered_at: Set(None),
            kept: Set(None),
            kept_at: Set(None),
            ..Default::default()
        })
        .filter(mediation_party::COLUMN.mediation_id.eq(id))
        .exec(tx.db())
        .await?;
    let now = tx.now();
    change.next.agreement = Some(text.clone());
    change.next.version += 1;
    change.next.follow_days = follow_days;
    change.next.proposed_at = Some(now);
    change.next.agreed_at = None;
    change.next.follow_at = None;
    change.note("proposed", Some(text));
    change.tell_parties(Telling::Proposed, None);
    let again = now + TimeDelta::days(AGAIN_DAYS);
    let people: Vec<i64> = change.parties.iter().map(|party| party.person_id).collect();
    for person in people {
        let item = remind::push(&change.next, Telling::AskedAgain, person, again);
        change.reminders.push(item);
    }
    change.store(tx, actor, "mediation.propose").await
}

/// Gives it up with a reason (调解不成); the parties are told that, and the case's holder goes on.
///
/// # Errors
/// As [`name`]; `invalid` without a reason.
pub async fn fail(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<mediation::Model, Fault> {
    let mut change = Change::of_mediator(tx, actor, id).await?;
    let reason = words("reason", reason, &format!("调解不成 {id} 双方分歧太大"))?;
    change.act(Act::Fail, false)?;
    let state = change.next.state;
    change.next.outcome = Some(reason.clone());
    close(&mut change.next, state);
    change.note("failed", Some(reason));
    change.tell_parties(Telling::Failed, None);
    change.tell_case("failed", "");
    change.store(tx, actor, "mediation.fail").await
}
