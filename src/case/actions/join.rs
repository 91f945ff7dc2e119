//! One thing, many homes: 我也遇到 joins a case, 退出 leaves it; staff merges (合并) and parts (拆分).
//! Whoever joins is told what the reporter is told and rates each end once; the holder is never pushed a
//! second task. The row of the case is locked first, so that ten neighbours at once all get in.

use std::collections::BTreeSet;

use entity::kinds::CaseState;
use entity::{case, case_joiner, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::access::Actor;
use crate::base::fault::Fault;
use crate::base::text::clean;
use crate::case::actions::staff::held_or_given;
use crate::case::actions::{Again, Draft};
use crate::case::queries::{Found, by_id, no_such, sees, visible};
use crate::case::remind::{self, kinds};
use crate::case::similar::COMMON;
use crate::case::step::{Action, By, OPEN};
use crate::case::{case_says, joiner};
use crate::person::queries as people;
use crate::store::Tx;

/// Homes from which on those who give work out are told that many are hit.
pub const SWARM: i32 = 5;
/// Numbers of homes at which the holder is told how many there are: one line each.
const TOLD_AT: [i32; 8] = [2, SWARM, 10, 20, 50, 100, 200, 500];
/// A case that was merged into one that was merged … is followed so far.
const MOST_HOPS: usize = 5;

/// What became of joining.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The case that goes on.
    pub case: case::Model,
    /// Their own case that was merged into it.
    pub merged: Option<i64>,
    /// They were with it already.
    pub before: bool,
}

/// Joins a case that a neighbour filed (我也遇到); `own` is a case of theirs that is the same thing
/// and ends with it.
///
/// # Errors
/// `not_found` for a case of another compound, or of a kind that is nobody else's business;
/// `wrong_step` when it is over; `invalid` for joining a case with itself.
pub async fn join(tx: &mut Tx, actor: &Actor, id: i64, own: Option<i64>) -> Result<Joined, Fault> {
    let person = actor.require_person()?;
    if own == Some(id) {
        return Err(same());
    }
    lock(tx, [Some(id), own]).await?;
    let found = joinable(tx, actor, id).await?;
    let before = joiner::of(tx.db(), found.case.id, person).await?.is_some();
    let mine = found.case.reporter_id == person;
    if own.is_none() && (before || mine) {
        return Ok(Joined {
            case: found.case,
            merged: None,
            before: true,
        });
    }
    if let Some(own) = own {
        give_up(tx, actor, own, &found).await?;
    }
    // Whose own case goes with it has come along already.
    if own.is_none() && !before && !mine {
        let home = actor
            .homes
            .iter()
            .find(|home| home.compound_id == found.case.compound_id);
        let home_id = home.map(|home| home.place_id);
        add(tx, &found.case, person, home_id, own).await?;
    }
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.event("joined", None, None, None);
    count(tx, &mut draft).await?;
    let case = draft.store(tx, actor, "case.join").await?;
    Ok(Joined {
        case,
        merged: own,
        before: false,
    })
}

fn same() -> Fault {
    Fault::invalid("into", "这是同一个编号，不用合并。")
}

/// Keeps others from a case until the end of the transaction.
///
/// # Errors
/// The database's.
pub async fn hold(tx: &Tx, id: i64) -> Result<(), Fault> {
    lock(tx, [Some(id), None]).await
}

/// Takes the rows in the order of their numbers, so that two who merge at once do not wait for each
/// other. SQLite has one writer anyway.
async fn lock(tx: &Tx, ids: [Option<i64>; 2]) -> Result<(), Fault> {
    case::Entity::find()
        .filter(case::COLUMN.id.is_in(ids.into_iter().flatten()))
        .order_by_asc(case::COLUMN.id)
        .lock_exclusive()
        .all(tx.db())
        .await?;
    Ok(())
}

/// The case to join, or the one that it was merged into; locked.
async fn joinable(tx: &Tx, actor: &Actor, id: i64) -> Result<Found, Fault> {
    let mut next = id;
    for _ in 0..MOST_HOPS {
        let found = by_id(tx.db(), next).await?.ok_or_else(|| no_such(id))?;
        let case = &found.case;
        let common = COMMON.contains(&case.kind) && actor.lives_in(case.compound_id);
        if !common && !sees(actor, &found) {
            return Err(no_such(id));
        }
        match case.merged_into {
            Some(into) => {
                lock(tx, [Some(into), None]).await?;
                next = into;
            }
            None if OPEN.contains(&case.state) => return Ok(found),
            None => return Err(over(case)),
        }
    }
    Err(no_such(id))
}

fn over(case: &case::Model) -> Fault {
    Fault::wrong_step(format!(
        "诉求 #{} 现在是“{}”，不能再加入。如果还有问题，请直接另提一件，例如：报修 电梯又停了。",
        case.id,
        case_says(case)
    ))
}

/// Ends the actor's own case as the same thing as `target`.
async fn give_up(tx: &mut Tx, actor: &Actor, own: i64, target: &Found) -> Result<(), Fault> {
    let found = visible(tx.db(), actor, own).await?;
    let theirs = actor.person_id() == Some(found.case.reporter_id);
    if !theirs || found.case.compound_id != target.case.compound_id {
        return Err(no_such(own));
    }
    if own == target.case.id {
        return Err(same());
    }
    carry(tx, &found.case, &target.case).await?;
    let draft = Draft::new(tx, actor, By::Resident, found);
    let draft = end(tx, draft, Action::Join, target.case.id).await?;
    draft.store(tx, actor, "case.join").await?;
    Ok(())
}

/// The draft of a case that goes on in another.
async fn end(tx: &Tx, mut draft: Draft, action: Action, into: i64) -> Result<Draft, Fault> {
    draft.act(action, "merged", Some(format!("并入诉求 #{into}")))?;
    draft.next.merged_into = Some(into);
    draft.next.closed_at = Some(draft.now);
    draft.cancel.extend(kinds::ALL);
    draft.end_mediation(tx).await?;
    Ok(draft)
}

/// Puts somebody with a case.
async fn add(
    tx: &Tx,
    case: &case::Model,
    person_id: i64,
    home_id: Option<i64>,
    from_case_id: Option<i64>,
) -> Result<(), Fault> {
    let row = case_joiner::ActiveModel {
        case_id: Set(case.id),
        compound_id: Set(case.compound_id),
        person_id: Set(person_id),
        home_id: Set(home_id),
        from_case_id: Set(from_case_id),
        at: Set(tx.now()),
        ..Default::default()
    };
    case_joiner::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Everybody who was with the one is with the other, once.
async fn carry(tx: &Tx, from: &case::Model, into: &case::Model) -> Result<(), Fault> {
    let mut known: BTreeSet<i64> = joiner::active(tx.db(), into.id)
        .await?
        .into_iter()
        .map(|row| row.person_id)
        .collect();
    known.insert(into.reporter_id);
    if known.insert(from.reporter_id) {
        let home = home_of(tx, from.reporter_id, from.compound_id).await?;
        add(tx, into, from.reporter_id, home, Some(from.id)).await?;
    }
    if from.joiners == 0 {
        return Ok(());
    }
    for row in joiner::active(tx.db(), from.id).await? {
        if known.insert(row.person_id) {
            add(tx, into, row.person_id, row.home_id, Some(from.id)).await?;
        }
    }
    Ok(())
}

async fn home_of(tx: &Tx, person_id: i64, compound_id: i64) -> Result<Option<i64>, Fault> {
    let homes = people::homes(tx.db(), person_id).await?;
    let here = |home: &&place::Model| home.compound_id == Some(compound_id);
    Ok(homes.iter().find(here).map(|home| home.id))
}

/// Counts people and homes anew, and tells the holder, and from [`SWARM`] on those who give work
/// out, when it has become many.
async fn count(tx: &Tx, draft: &mut Draft) -> Result<(), Fault> {
    let rows = joiner::active(tx.db(), draft.next.id).await?;
    let own: BTreeSet<i64> = people::homes(tx.db(), draft.next.reporter_id)
        .await?
        .into_iter()
        .map(|home| home.id)
        .collect();
    let homes: BTreeSet<i64> = rows
        .iter()
        .filter_map(|row| row.home_id)
        .filter(|home| !own.contains(home))
        .collect();
    let without = rows.iter().filter(|row| row.home_id.is_none()).count();
    draft.next.joiners = i32::try_from(rows.len()).unwrap_or(i32::MAX);
    draft.next.households = i32::try_from(1 + homes.len() + without).unwrap_or(i32::MAX);
    let (before, now) = (draft.found.case.households, draft.next.households);
    let reached = TOLD_AT
        .iter()
        .rfind(|many| before < **many && **many <= now);
    let Some(many) = reached else {
        return Ok(());
    };
    draft.tell(kinds::JOINED, draft.next.holder_id, "joined");
    if *many >= SWARM {
        let note = Some(format!("已有{now}户遇到"));
        draft.event_by(By::System, None, "swarm", None, None, note);
        draft.tell_dispatchers(tx, "swarm").await?;
    }
    Ok(())
}

/// Leaves a case that they joined (退出): they are told no more.
///
/// # Errors
/// `not_found` when they are not with it.
pub async fn quit(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let person = actor.require_person()?;
    lock(tx, [Some(id), None]).await?;
    let left = case_joiner::Entity::update_many()
        .set(case_joiner::ActiveModel {
            left_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(case_joiner::COLUMN.case_id.eq(id))
        .filter(case_joiner::COLUMN.person_id.eq(person))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .exec(tx.db())
        .await?;
    let found = by_id(tx.db(), id).await?;
    let found = found
        .filter(|_| left.rows_affected > 0)
        .ok_or_else(|| Fault::not_found(format!("您没有加入诉求 #{id}。回复“进度”看您的诉求。")))?;
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.event("left", None, None, None);
    count(tx, &mut draft).await?;
    draft.store(tx, actor, "case.leave").await
}

/// Merges a case into another (合并 N M): N ends, its people go on with M.
///
/// # Errors
/// `not_found` for what they may not see, `forbidden` when N is not theirs to hold or give out,
/// `invalid` for another compound, `wrong_step` when one of them is over.
pub async fn merge(tx: &mut Tx, actor: &Actor, id: i64, into: i64) -> Result<case::Model, Fault> {
    if id == into {
        return Err(same());
    }
    lock(tx, [Some(id), Some(into)]).await?;
    let found = held_or_given(tx, actor, id).await?;
    let target = visible(tx.db(), actor, into).await?;
    if found.case.compound_id != target.case.compound_id {
        return Err(Fault::invalid("into", "两件诉求不在同一个小区，不能合并。"));
    }
    if !OPEN.contains(&target.case.state) {
        return Err(over(&target.case));
    }
    carry(tx, &found.case, &target.case).await?;
    let other = (found.case.holder_id != target.case.holder_id).then_some(found.case.holder_id);
    let draft = Draft::new(tx, actor, By::Staff, found);
    let mut draft = end(tx, draft, Action::Merge, into).await?;
    draft.tell_reporter("merged");
    if let Some(old) = other
        .flatten()
        .filter(|old| Some(*old) != actor.person_id())
    {
        draft.tell(kinds::PASSED_OVER, Some(old), "merged");
    }
    draft.store(tx, actor, "case.merge").await?;
    let mut draft = Draft::new(tx, actor, By::Staff, target);
    draft.event("merged-in", None, None, Some(format!("诉求 #{id}")));
    count(tx, &mut draft).await?;
    draft.store(tx, actor, "case.merge").await
}

/// Parts a merged case again (拆分 N): it is given out anew with what was left of its clocks, and who came by it
/// leaves the other, and those in which that one went on.
///
/// # Errors
/// As [`merge`]; `wrong_step` when it is not merged.
pub async fn unmerge(tx: &mut Tx, actor: &Actor, id: i64) -> Result<case::Model, Fault> {
    let found = held_or_given(tx, actor, id).await?;
    let reporter = people::by_id(tx.db(), found.case.reporter_id).await?;
    if reporter.is_none_or(|reporter| reporter.left_at.is_some()) {
        return Err(Fault::wrong_step(
            "提出人的信息已经删除，不能再拆分。还要办的请另提一件诉求。",
        ));
    }
    let into = found.case.merged_into;
    lock(tx, [Some(id), into]).await?;
    let again = Again::read(tx, &found).await?;
    let target = again.choose(&found.case, found.case.level);
    let mut draft = Draft::new(tx, actor, By::Staff, found);
    draft.act_to(Action::Unmerge, "parted", None, target.is_some())?;
    // The clocks have stood since it was merged, or since the pause that it was merged in.
    draft.next.paused_at = draft.next.paused_at.or(draft.next.closed_at);
    draft.resume_clocks(tx).await?;
    draft.next.merged_into = None;
    draft.next.closed_at = None;
    match &target {
        Some(target) => draft.assign(target, &again.ground.policies, false),
        None => draft.leave_unassigned(tx, &again.ground.policies).await?,
    }
    draft.tell_reporter("moved");
    let case = draft.store(tx, actor, "case.unmerge").await?;
    if let Some(into) = into {
        part(tx, actor, id, into).await?;
    }
    Ok(case)
}

/// Whoever came along with `id` leaves the case that it was merged into, and all those in which that one went on.
async fn part(tx: &mut Tx, actor: &Actor, id: i64, into: i64) -> Result<(), Fault> {
    let (mut from, mut next) = (id, into);
    let mut people: Option<Vec<i64>> = None;
    for _ in 0..MOST_HOPS {
        lock(tx, [Some(next), None]).await?;
        let mut came: Vec<case_joiner::Model> = joiner::active(tx.db(), next).await?;
        came.retain(|row| {
            let theirs = people
                .as_ref()
                .is_none_or(|all| all.contains(&row.person_id));
            row.from_case_id == Some(from) && theirs
        });
        case_joiner::Entity::update_many()
            .set(case_joiner::ActiveModel {
                left_at: Set(Some(tx.now())),
                ..Default::default()
            })
            .filter(case_joiner::COLUMN.id.is_in(came.iter().map(|row| row.id)))
            .exec(tx.db())
            .await?;
        people = Some(came.into_iter().map(|row| row.person_id).collect());
        let Some(other) = by_id(tx.db(), next).await? else {
            return Ok(());
        };
        let on = other.case.merged_into;
        let mut draft = Draft::new(tx, actor, By::Staff, other);
        draft.event("parted", None, None, Some(format!("诉求 #{id}")));
        count(tx, &mut draft).await?;
        draft.store(tx, actor, "case.unmerge").await?;
        let Some(on) = on else {
            return Ok(());
        };
        (from, next) = (next, on);
    }
    Ok(())
}

/// The rating of somebody who has joined, once for each end; none when they have not joined. The holder is
/// told; it opens nothing again.
///
/// # Errors
/// `wrong_step` before the end, too late, or for the second time.
pub(super) async fn rate(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    score: i16,
    text: &str,
) -> Result<Option<case::Model>, Fault> {
    let Some(person) = actor.person_id() else {
        return Ok(None);
    };
    if joiner::of(tx.db(), id, person).await?.is_none() {
        return Ok(None);
    }
    // The reporter may rate at the same moment.
    hold(tx, id).await?;
    let row = joiner::of(tx.db(), id, person).await?;
    let (Some(row), Some(found)) = (row, by_id(tx.db(), id).await?) else {
        return Ok(None);
    };
    if !(1..=5).contains(&score) {
        return Err(Fault::invalid(
            "score",
            format!("请打1到5分，例如：评价 {id} 5"),
        ));
    }
    if !joiner::may_rate(&row, &found.case, tx.now()) {
        return Err(not_now(&row, &found.case));
    }
    let text = Some(clean(text)).filter(|text| !text.is_empty());
    case_joiner::Entity::update_many()
        .set(case_joiner::ActiveModel {
            rating: Set(Some(score)),
            rating_text: Set(text),
            rated_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(case_joiner::COLUMN.id.eq(row.id))
        .exec(tx.db())
        .await?;
    let holder = found.case.holder_id;
    let mut draft = Draft::new(tx, actor, By::Resident, found);
    draft.event("joiner-rated", None, None, Some(format!("{score}分")));
    draft.detail = Some(json!({ "score": score }));
    let what = format!("{}{}", remind::JOINED_RATED, row.id);
    draft.tell(kinds::REVIEWED, holder, &what);
    draft.store(tx, actor, "case.rate-joined").await.map(Some)
}

/// Why they cannot rate it.
fn not_now(row: &case_joiner::Model, case: &case::Model) -> Fault {
    let id = case.id;
    Fault::wrong_step(match case.state {
        CaseState::ReopenRequested => {
            format!("诉求 #{id} 的重开申请正在等待决定，有结果会告诉您。回复“进度 {id}”查看。")
        }
        CaseState::Finished | CaseState::Reviewed if joiner::has_rated(row, case) => {
            format!("诉求 #{id} 您已经评价过了，谢谢您。")
        }
        CaseState::Finished | CaseState::Reviewed => {
            format!("诉求 #{id} 的评价时间已过，谢谢您。")
        }
        _ => format!("诉求 #{id} 还没有办结，办结后再评价。"),
    })
}
