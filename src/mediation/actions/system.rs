//! What becomes of a mediation without anybody's word: whoever leads it may not any more or does nothing, or the
//! case that it comes from is over. It never holds a case up for longer than somebody is there who leads it.
//! Called by the clocks of `remind/clocks.rs`.

use chrono::TimeDelta;
use entity::kinds::{ActorKind, CaseState, MediationState};
use entity::{case, mediation, mediation_event, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::access::Actor;
use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::mediation::actions::open::{mediator, open_one};
use crate::mediation::actions::side::SILENT_DAYS;
use crate::mediation::actions::{Change, close, event, locked};
use crate::mediation::queries::{is_ahead, session_of};
use crate::mediation::remind::{self, Telling};
use crate::mediation::step::{Act, By};
use crate::mediation::{MEETING_DAYS, STEP_DAYS};
use crate::store::Tx;

/// The history's word for a mediator who was told that nothing happens.
const STALLED: &str = "stalled";
/// The history's word for a mediator whom another one has followed: they are not asked again.
const PASSED_ON: &str = "passed-on";

/// Looks whether a mediation goes on: where nothing has happened for days the mediator is told, and those who give
/// work out; then somebody else leads it, as at once where the mediator may not any more; where nobody is left it
/// is over and the case goes on. Answers when to look again; none when it is over.
///
/// # Errors
/// `not_found` for one that is not there, `conflict` when something happened meanwhile.
pub async fn look(tx: &mut Tx, id: i64) -> Result<Option<Moment>, Fault> {
    let (row, place) = locked(tx, id).await?;
    // A case may have been over before mediations ended with it.
    if row.closed_at.is_some() || case_over(tx, row.case_id).await? {
        return Ok(None);
    }
    let people = holders(tx.db(), &place.path, roles(Deed::Mediate), tx.now()).await?;
    if people.iter().all(|held| held.person_id != row.mediator_id) {
        return pass_on(tx, row, &place).await;
    }
    let due = due(tx, &row).await?;
    if tx.now() < due {
        return Ok(Some(due));
    }
    if last_action(tx, id).await?.as_deref() == Some(STALLED) {
        return pass_on(tx, row, &place).await;
    }
    let mut change = Change::new(tx, row, By::System).await?;
    change.note(STALLED, None);
    change.tell_mediator(Telling::Stalled);
    change.tell_case("stalled", "");
    change
        .store(tx, &Actor::system(), "mediation.stalled")
        .await?;
    Ok(Some(tx.now() + TimeDelta::days(STEP_DAYS)))
}

/// When something must have happened: some days after the last word, after the meeting that was called, and, once
/// there is an agreement, after it was asked whether it is kept.
async fn due(tx: &Tx, row: &mediation::Model) -> Result<Moment, Fault> {
    let meeting = session_of(tx.db(), row.id).await?;
    let meeting = meeting.map(|session| {
        let most = session.created_at + TimeDelta::days(MEETING_DAYS);
        session.at.min(most)
    });
    let agreed = row.state == MediationState::Agreed;
    let asked = row.follow_at.filter(|_| agreed);
    let asked = asked.map(|at| at + TimeDelta::days(SILENT_DAYS));
    let from = [meeting, asked].into_iter().flatten();
    let from = from.fold(row.updated_at, Moment::max);
    Ok(from + TimeDelta::days(STEP_DAYS))
}

async fn last_action(tx: &Tx, id: i64) -> Result<Option<String>, Fault> {
    let last = mediation_event::Entity::find()
        .filter(mediation_event::COLUMN.mediation_id.eq(id))
        .order_by_desc(mediation_event::COLUMN.id)
        .one(tx.db())
        .await?;
    Ok(last.map(|event| event.action))
}

/// Who has led it before.
async fn before(tx: &Tx, id: i64) -> Result<Vec<i64>, Fault> {
    let events = mediation_event::Entity::find()
        .filter(mediation_event::COLUMN.mediation_id.eq(id))
        .filter(mediation_event::COLUMN.action.eq(PASSED_ON))
        .all(tx.db())
        .await?;
    Ok(events.iter().filter_map(|event| event.actor_id).collect())
}

/// Somebody else leads it; where nobody is left it is over.
async fn pass_on(
    tx: &mut Tx,
    row: mediation::Model,
    place: &place::Model,
) -> Result<Option<Moment>, Fault> {
    let old = row.mediator_id;
    let mut change = Change::new(tx, row, By::System).await?;
    let mut without = before(tx, change.was.id).await?;
    without.push(old);
    without.extend(change.parties.iter().map(|party| party.person_id));
    let Some(next) = mediator(tx, place, change.was.centre, &without).await? else {
        end(tx, change, "没有调解员可以接着主持，原诉求会接着办").await?;
        return Ok(None);
    };
    let (id, now) = (change.was.id, tx.now());
    change.next.mediator_id = next.person_id;
    change.tell_mediator(Telling::Opened);
    change.tell_parties(Telling::PassedOn, None);
    let told = remind::push(&change.next, Telling::PassedOn, old, now);
    change.reminders.push(told);
    if let Some(session) = session_of(tx.db(), id).await?
        && is_ahead(&session, now)
    {
        let what = Telling::Called;
        let told = remind::session(&change.next, &session, what, next.person_id, now);
        change.reminders.push(told);
        let eve = session.at - TimeDelta::days(1);
        if eve > now {
            let what = Telling::Eve;
            let told = remind::session(&change.next, &session, what, next.person_id, eve);
            change.reminders.push(told);
        }
    }
    let system = Actor::system();
    change.store(tx, &system, "mediation.pass-on").await?;
    // The record names who led it.
    let passed = mediation_event::ActiveModel {
        actor_id: Set(Some(old)),
        ..event(tx, &system, ActorKind::System, id, PASSED_ON, None)
    };
    mediation_event::Entity::insert(passed)
        .exec_without_returning(tx.db())
        .await?;
    Ok(Some(now + TimeDelta::days(STEP_DAYS)))
}

/// It goes no further: the parties and the mediator are told why, and the case.
async fn end(tx: &mut Tx, mut change: Change, why: &str) -> Result<(), Fault> {
    change.act(Act::End, false)?;
    let state = change.next.state;
    change.next.outcome = Some(why.to_owned());
    close(&mut change.next, state);
    change.note("ended", Some(why.to_owned()));
    change.tell_parties(Telling::Ended, None);
    change.tell_mediator(Telling::Ended);
    change.tell_case("failed", "");
    change.store(tx, &Actor::system(), "mediation.end").await?;
    Ok(())
}

/// Ends the mediation of a case that was taken back or goes on in another. Answers whether there was one.
///
/// # Errors
/// The database's; `conflict` when something happened meanwhile.
pub async fn case_over(tx: &mut Tx, case_id: i64) -> Result<bool, Fault> {
    let case = case::Entity::find_by_id(case_id).one(tx.db()).await?;
    let why = match case.map(|case| case.state) {
        Some(CaseState::Withdrawn) => "原诉求已撤回",
        Some(CaseState::Merged) => "原诉求已并入另一件一起办",
        _ => return Ok(false),
    };
    let Some(open) = open_one(tx, case_id).await? else {
        return Ok(false);
    };
    let (row, _) = locked(tx, open.id).await?;
    if row.closed_at.is_some() {
        return Ok(false);
    }
    let change = Change::new(tx, row, By::System).await?;
    end(tx, change, why).await?;
    Ok(true)
}
