//! What a party does: 同意 不同意, and later 履行. The mediator may say that it is kept or not, too.

use chrono::TimeDelta;
use entity::kinds::MediationState;
use entity::{mediation, mediation_party};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::base::text::{clean, shorten};
use crate::mediation::actions::{Change, all_agree, close};
use crate::mediation::queries::no_such;
use crate::mediation::remind::{self, Telling};
use crate::mediation::step::{Act, By};
use crate::store::Tx;

/// Characters of a reason.
const MOST_REASON: usize = 300;
/// Days after the first question in which a party that is silent is asked once more.
const AGAIN_DAYS: i64 = 3;
/// Days after the first question at which the mediator is told that nobody says anything.
pub(super) const SILENT_DAYS: i64 = 7;

/// A party's answer to the present text. When all have agreed it holds, and it is asked later whether
/// it is kept; the first that does not agree brings everybody back to the table.
///
/// # Errors
/// `not_found` for whoever is no party, `forbidden` for the mediator, `wrong_step` when there is
/// nothing to answer or it was answered.
pub async fn answer(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    agrees: bool,
    reason: &str,
) -> Result<mediation::Model, Fault> {
    let mut change = Change::of_party(tx, actor, id, false).await?;
    let own = change.own(actor).ok_or_else(|| no_such(id))?.clone();
    let reason = Some(shorten(&clean(reason), MOST_REASON)).filter(|words| !words.is_empty());
    let act = if agrees { Act::Agree } else { Act::Disagree };
    for party in &mut change.parties {
        if party.id == own.id {
            party.agrees = Some(agrees);
        }
    }
    let all = all_agree(&change.parties);
    change.act(act, all)?;
    if own.agrees == Some(agrees) {
        return Err(Fault::wrong_step(format!(
            "调解 #{id} 您已经回复过了，正在等其他当事人。"
        )));
    }
    mediation_party::Entity::update_many()
        .set(mediation_party::ActiveModel {
            agrees: Set(Some(agrees)),
            reason: Set(reason.clone()),
            answered_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(mediation_party::COLUMN.id.eq(own.id))
        .exec(tx.db())
        .await?;
    change.note(if agrees { "agreed" } else { "disagreed" }, reason);
    if !agrees {
        change.tell_mediator(Telling::Disagreed);
        change.tell_parties(Telling::BackToTable, Some(own.person_id));
    } else if change.next.state == MediationState::Agreed {
        hold(&mut change);
    }
    change.store(tx, actor, "mediation.answer").await
}

/// All have agreed: everybody is told, and it is asked in time whether it is kept.
fn hold(change: &mut Change) {
    let now = change.next.updated_at;
    let follow = now + TimeDelta::days(i64::from(change.next.follow_days));
    change.next.agreed_at = Some(now);
    change.next.follow_at = Some(follow);
    change.tell_parties(Telling::Agreed, None);
    change.tell_mediator(Telling::Agreed);
    change.tell_case("agreed", "");
    let people: Vec<i64> = change.parties.iter().map(|party| party.person_id).collect();
    for person in people {
        for at in [follow, follow + TimeDelta::days(AGAIN_DAYS)] {
            let item = remind::push(&change.next, Telling::IsItKept, person, at);
            change.reminders.push(item);
        }
    }
    let silent = follow + TimeDelta::days(SILENT_DAYS);
    let mediator = change.next.mediator_id;
    let item = remind::push(&change.next, Telling::Silent, mediator, silent);
    change.reminders.push(item);
}

/// Whether the agreement is kept: a party's word for itself, the mediator's for all. When all say so
/// the mediation is over and the case is finished; the first no brings the mediator back.
///
/// # Errors
/// As [`answer`].
pub async fn keep(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    kept: bool,
    text: &str,
) -> Result<mediation::Model, Fault> {
    let mut change = Change::of_party(tx, actor, id, true).await?;
    let text = Some(shorten(&clean(text), MOST_REASON)).filter(|words| !words.is_empty());
    let own = change.own(actor).cloned();
    if let Some(own) = &own {
        for party in &mut change.parties {
            if party.id == own.id {
                party.kept = Some(kept);
            }
        }
    }
    let all = change.parties.iter().all(|party| party.kept == Some(true));
    change.act(if kept { Act::Keep } else { Act::Break }, all)?;
    if let Some(own) = own.filter(|_| change.by == By::Party) {
        if own.kept == Some(kept) {
            return Err(Fault::wrong_step(format!(
                "调解 #{id} 您已经回复过了，正在等其他当事人。"
            )));
        }
        mediation_party::Entity::update_many()
            .set(mediation_party::ActiveModel {
                kept: Set(Some(kept)),
                kept_at: Set(Some(tx.now())),
                ..Default::default()
            })
            .filter(mediation_party::COLUMN.id.eq(own.id))
            .exec(tx.db())
            .await?;
    }
    change.note(if kept { "kept" } else { "broken" }, text);
    let state = change.next.state;
    match state {
        MediationState::Kept => {
            close(&mut change.next, state);
            change.tell_parties(Telling::Kept, None);
            change.tell_mediator(Telling::Kept);
            change.tell_case("kept", "");
        }
        MediationState::Broken => {
            change.tell_mediator(Telling::Broken);
            change.tell_case("broken", "");
        }
        _ => {}
    }
    change.store(tx, actor, "mediation.keep").await
}
