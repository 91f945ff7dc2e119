//! What the one who has a case may do: 接单 到场 方案 退单 转派 上报; 暂停 and 恢复 are in `pause`. Whoever may give
//! out cases there (the permission table) may also hand over and raise what they do not hold.

use entity::case;
use entity::kinds::{CaseState, Grade, Level};

use crate::access::Actor;
use crate::access::holders::{Holder, holders, says};
use crate::access::permit::{Deed, may, roles};
use crate::base::fault::{Code, Fault};
use crate::base::text::fold;
use crate::case::actions::asked::{take_over, turn_down};
use crate::case::actions::feedback::grant_reopen;
use crate::case::actions::helper::{helps, note};
use crate::case::actions::{Again, Draft, detail, require_text, says_target};
use crate::case::clock::{self, Clock, MOST_PLAN_DAYS, PLAN_DAYS, after_days};
use crate::case::dispatch::Target;
use crate::case::queries::{self, Found, asked, holds, visible};
use crate::case::remind::kinds;
use crate::case::step::{Action, By, KEPT, row};
use crate::case::{above, level_of, level_says};
use crate::policy::queries::policies;
use crate::store::Tx;

/// What became of a hand-over.
#[derive(Clone, Debug)]
pub enum HandedOver {
    /// It lies with this person now; what its holder had accepted when they do accept it (`asked_id`).
    Done(Box<case::Model>, Target),
    /// Several people are called so: which one?
    Which(Vec<Target>),
}

/// The case, if the actor holds it.
pub(super) async fn held(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    if holds(actor, &found) {
        return Ok(found);
    }
    Err(not_the_holder(tx, &found).await?)
}

/// The case, if the actor holds it or may give it out.
pub(super) async fn held_or_given(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    let path = &found.place.path;
    let gives = may(actor, Deed::DispatchCases, path) || may(actor, Deed::Administer, path);
    if gives || holds(actor, &found) {
        return Ok(found);
    }
    Err(not_the_holder(tx, &found).await?)
}

async fn not_the_holder(tx: &Tx, found: &Found) -> Result<Fault, Fault> {
    let id = found.case.id;
    let name = queries::name_of(tx.db(), found.case.holder_id).await?;
    Ok(if name.is_empty() {
        Fault::forbidden(format!(
            "诉求 #{id} 还没有人接单。工作人员可以回复“接单 {id}”。"
        ))
    } else {
        Fault::forbidden(format!(
            "诉求 #{id} 现在由{name}办理，只有办理人可以这样操作。"
        ))
    })
}

/// Takes it (接单); also what they are asked to take over, or to open again.
///
/// # Errors
/// `not_found` when it is not theirs to see, `forbidden` when it was given to somebody else,
/// `wrong_step` from a state where it cannot be, `conflict` when somebody was first.
pub async fn accept(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let found = visible(tx.db(), actor, id).await?;
    let person = actor.require_person()?;
    if asked(actor, &found) {
        return match found.case.state {
            CaseState::ReopenRequested => grant_reopen(tx, actor, id).await,
            _ => take_over(tx, actor, found).await,
        };
    }
    let free = found.case.state == CaseState::Raised;
    let allowed = if free {
        may(actor, Deed::WorkCases, &found.place.path)
    } else {
        holds(actor, &found)
    };
    if !allowed {
        return Err(not_the_holder(tx, &found).await?);
    }
    if found.case.reporter_id == person {
        return Err(Fault::forbidden(
            "自己提的诉求不能由自己接单，请转派给别人。",
        ));
    }
    let path = found.place.path.clone();
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    if free {
        let grant = actor.grants.iter().find(|grant| {
            roles(Deed::WorkCases).contains(&grant.role) && path.starts_with(&grant.path)
        });
        draft.next.holder_id = Some(person);
        draft.next.organisation_id = grant.and_then(|grant| grant.organisation_id);
        draft.next.level = grant.map_or(Level::Compound, |grant| level_of(grant.role));
    }
    take(&mut draft)?;
    draft.begin_arrive(tx).await?;
    draft.tell_reporter("accepted");
    draft.store(tx, actor, "case.accept").await
}

/// Accepts within another action, if that was not done.
pub(super) fn take(draft: &mut Draft) -> Result<(), Fault> {
    draft.act(Action::Accept, "accepted", None)?;
    draft.next.accepted_at = draft.next.accepted_at.or(Some(draft.now));
    draft.cancel.extend(kinds::OF_ONE_HOLDER);
    Ok(())
}

/// Is on the scene (到场); takes it, too, if that was not done.
///
/// # Errors
/// As [`accept`].
pub async fn arrive(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let found = held(tx, actor, id).await?;
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    if draft.next.state == CaseState::Assigned {
        take(&mut draft)?;
    }
    draft.act(Action::Arrive, "arrived", None)?;
    draft.next.arrived_at = draft.next.arrived_at.or(Some(draft.now));
    draft.tell_reporter("arrived");
    draft.store(tx, actor, "case.arrive").await
}

/// Says how it will be done (方案, 议). Whoever helps may propose one. The first plan of a complex case sets the day
/// by which it is finished: `10天 更换主管`, or a week.
///
/// # Errors
/// As [`accept`]; `invalid` without words or with days out of range.
pub async fn plan(tx: &mut Tx, actor: &Actor, id: i64, text: &str) -> Result<case::Model, Fault> {
    let text = require_text("text", text, || {
        format!("请写下方案，例如：方案 {id} 明天上午更换水管")
    });
    if let Some(found) = helps(tx, actor, id).await? {
        return note(tx, actor, found, text?, "proposed").await;
    }
    let found = held(tx, actor, id).await?;
    let text = text?;
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act(Action::Plan, "planned", Some(text.clone()))?;
    if draft.next.grade == Grade::Complex && draft.next.finish_due_at.is_none() {
        let days = clock::days_first(&text).0.unwrap_or(PLAN_DAYS);
        if !(1..=MOST_PLAN_DAYS).contains(&days) {
            return Err(Fault::invalid(
                "text",
                format!("办结的天数请写1到{MOST_PLAN_DAYS}天，例如：方案 {id} 10天 更换主管"),
            ));
        }
        draft.next.finish_due_at = Some(after_days(draft.now, days));
        draft.run(Clock::Finish);
    }
    draft.next.plan = Some(text);
    draft.next.plan_due_at = None;
    draft.tell_reporter("planned");
    draft.store(tx, actor, "case.plan").await
}

/// Gives it back with a reason (退单): it goes to whoever gave it to them by hand, else to whoever gives work out
/// there; where nobody does, to the next one of the rules; never to the same again. Whoever is asked to take it
/// over leaves it where it is.
///
/// # Errors
/// As [`accept`]; `invalid` without a reason.
pub async fn refuse(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<(case::Model, Option<String>), Fault> {
    let found = visible(tx.db(), actor, id).await?;
    if asked(actor, &found) && KEPT.contains(&found.case.state) {
        return turn_down(tx, actor, found, reason).await;
    }
    let found = held(tx, actor, id).await?;
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：退单 {id} 不归物业管")
    })?;
    let mut again = Again::read(tx, &found).await?;
    again.without.extend(actor.person_id());
    let giver = giver(tx, &found.case).await?;
    let giver = again.person(giver);
    let target = giver
        .filter(|giver| !again.without.contains(&giver.person_id))
        .or_else(|| again.dispatcher(&found.case))
        .or_else(|| again.choose(&found.case, found.case.level));
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act_to(Action::Refuse, "refused", Some(reason), target.is_some())?;
    draft.detail = detail(draft.next.level, target.is_some());
    match &target {
        Some(target) => draft.assign(target, &again.ground.policies, false),
        None => draft.leave_unassigned(tx, &again.ground.policies).await?,
    }
    draft.tell_reporter("moved");
    let case = draft.store(tx, actor, "case.refuse").await?;
    Ok((case, target.as_ref().map(says_target)))
}

/// Who gave it to its holder by hand, if that is how it came to them.
async fn giver(tx: &Tx, case: &case::Model) -> Result<Option<i64>, Fault> {
    let events = queries::events(tx.db(), case.id).await?;
    let mut latest = events
        .into_iter()
        .rev()
        .filter(|event| event.round == case.round);
    let came = latest.find(|event| matches!(event.action.as_str(), "dispatched" | "taken-over"));
    let Some(came) = came.filter(|event| event.action == "dispatched") else {
        return Ok(None);
    };
    let by_hand = latest.find(|event| {
        event.at == came.at && matches!(event.action.as_str(), "handed-over" | "escalated")
    });
    Ok(by_hand.and_then(|event| event.actor_id))
}

/// Asks the level above with a reason (上报). Whoever has it keeps it until somebody there accepts; who
/// raises what they have not accepted yet accepts it so. Whoever gives work out moves it at once as
/// long as nobody has accepted it.
///
/// # Errors
/// As [`accept`]; `wrong_step` when nobody is above.
pub async fn escalate(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<(case::Model, String), Fault> {
    let found = held_or_given(tx, actor, id).await?;
    let reason = require_text("reason", reason, || {
        format!("请写明原因，例如：上报 {id} 需要街道协调")
    })?;
    let mut again = Again::read(tx, &found).await?;
    again.without.extend(found.case.holder_id);
    let target = again.choose_above(&found.case);
    let (old, level, own) = (found.case.holder_id, found.case.level, holds(actor, &found));
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    let accepted = draft.next.state != CaseState::Assigned;
    if !accepted && own {
        take(&mut draft)?;
        draft.begin_arrive(tx).await?;
    }
    let action = match accepted || own {
        true => Action::Escalate,
        false => Action::HandOver,
    };
    draft.note_late(Clock::Plan);
    draft.note_late(Clock::Finish);
    draft.act(action, "escalated", Some(reason))?;
    let Some(target) = target else {
        return Err(nobody_above(id, level));
    };
    draft.detail = detail(target.level, true);
    if action == Action::Escalate {
        draft.ask_to_take(&target, &again.ground.policies);
    } else {
        draft.assign(&target, &again.ground.policies, false);
        draft.tell(kinds::PASSED_OVER, old, "escalated");
        draft.tell_reporter("moved");
    }
    let case = draft.store(tx, actor, "case.escalate").await?;
    Ok((case, says_target(&target)))
}

fn nobody_above(id: i64, level: Level) -> Fault {
    let text = match above(level) {
        None => format!(
            "诉求 #{id} 已在最高一级（{}），不能再上报，请继续办理。",
            level_says(level)
        ),
        Some(_) => {
            format!("诉求 #{id} 的上级暂时没有可以接手的人，请继续办理，或回复“转派 {id} 姓名”。")
        }
    };
    Fault::wrong_step(text)
}

/// Gives it to a person called so who may work there (转派): `王建国`, or `王建国 楼栋长` when several
/// are called so. Whoever has accepted it keeps it until they accept; whoever gives work out moves it at once.
///
/// # Errors
/// As [`accept`]; `not_found` with who can be named, when nobody there is called so.
pub async fn hand_over(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    whom: &str,
) -> Result<HandedOver, Fault> {
    let found = held_or_given(tx, actor, id).await?;
    let whom = require_text("name", whom, || {
        format!("请写明转给谁，例如：转派 {id} 王建国")
    })?;
    let people = may_take(tx, actor, &found).await?;
    let named = named(&people, &whom);
    let target = match named.as_slice() {
        [] => return Err(nobody_called(id, &whom, &people)),
        [one] => Target::from(one),
        several => {
            return Ok(HandedOver::Which(
                several.iter().map(Target::from).collect(),
            ));
        }
    };
    let policies = policies(tx.db(), &found.place.path, found.case.grade).await?;
    let (old, own) = (found.case.holder_id, holds(actor, &found));
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    if own && row(Action::Offer).from.contains(&draft.next.state) {
        draft.act(Action::Offer, "handed-over", None)?;
        draft.ask_to_take(&target, &policies);
        let case = draft.store(tx, actor, "case.hand-over").await?;
        return Ok(HandedOver::Done(Box::new(case), target));
    }
    draft.act(Action::HandOver, "handed-over", None)?;
    draft.assign(&target, &policies, false);
    if old != actor.person_id() {
        draft.tell(kinds::PASSED_OVER, old, "handed-over");
    }
    draft.tell_reporter("moved");
    let case = draft.store(tx, actor, "case.hand-over").await?;
    Ok(HandedOver::Done(Box::new(case), target))
}

/// To whom the actor may give it.
///
/// # Errors
/// As [`hand_over`].
pub async fn whom(tx: &Tx, actor: &Actor, id: i64) -> Result<Vec<Target>, Fault> {
    let found = held_or_given(tx, actor, id).await?;
    let people = may_take(tx, actor, &found).await?;
    Ok(people.iter().map(Target::from).collect())
}

/// Everybody who may work at the case's place, but the reporter and who has it: each once, in the
/// nearest role.
pub(super) async fn may_take(tx: &Tx, actor: &Actor, found: &Found) -> Result<Vec<Holder>, Fault> {
    let all = holders(tx.db(), &found.place.path, roles(Deed::WorkCases), tx.now()).await?;
    let mut people: Vec<Holder> = Vec::new();
    for held in all {
        let out = held.person_id == found.case.reporter_id
            || Some(held.person_id) == found.case.holder_id
            || (Some(held.person_id) == actor.person_id() && found.case.holder_id.is_some());
        if !out && people.iter().all(|other| other.person_id != held.person_id) {
            people.push(held);
        }
    }
    Ok(people)
}

pub(super) fn named(people: &[Holder], whom: &str) -> Vec<Holder> {
    let whom = fold(whom);
    let (name, role) = match whom.split_once(' ') {
        Some((name, role)) => (name, Some(role)),
        None => (whom.as_str(), None),
    };
    people
        .iter()
        .filter(|held| fold(&held.name) == name || fold(&held.name) == whom)
        .filter(|held| role.is_none_or(|role| says(held.role) == role || fold(&held.name) == whom))
        .cloned()
        .collect()
}

pub(super) fn nobody_called(id: i64, whom: &str, people: &[Holder]) -> Fault {
    let list: Vec<String> = people
        .iter()
        .take(8)
        .map(|held| format!("{}（{}）", held.name, says(held.role)))
        .collect();
    let whom = crate::base::text::shorten(whom, 12);
    let text = if list.is_empty() {
        format!("没有找到可以接手诉求 #{id} 的“{whom}”，这里暂时没有别的办理人。")
    } else {
        format!(
            "没有找到可以接手诉求 #{id} 的“{whom}”。可以转派给：{}。",
            list.join("、")
        )
    };
    Fault::new(Code::NotFound, text)
}
