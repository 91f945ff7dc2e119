//! What a compound's groups are told of its cases: what is late, what has gone to the community. No
//! words of residents, no names: kind, building, number, how late.

use entity::kinds::{CaseState, Level};
use entity::{place, reminder};
use sea_orm::EntityTrait;
use serde_json::json;

use super::kinds;
use crate::app::App;
use crate::base::clock::{Moment, from_ms, say_minutes};
use crate::base::fault::Fault;
use crate::case::queries::{Found, by_id, near};
use crate::case::step::OPEN;
use crate::case::{kind_says, subject};
use crate::delivery::group::{self, groups_of, tell_group};
use crate::reminder::payload;
use crate::reminder::{BoxFuture, NewReminder, Verdict};

/// Something that the groups of the compound are told: `what` is `accept-late`, `finish-late`,
/// `plan-late` or `raised`; `due` the clock that ran out.
#[must_use]
pub fn news(
    case: &entity::case::Model,
    what: &'static str,
    due: Moment,
    now: Moment,
) -> NewReminder {
    NewReminder {
        kind: kinds::GROUP,
        dedupe_key: format!("case:{}:group:{what}:{}", case.id, due.timestamp_millis()),
        recipient_id: None,
        compound_id: Some(case.compound_id),
        subject: subject(case.id),
        payload: json!({ "case": case.id, "what": what, "due": due.timestamp_millis() }),
        due_at: now,
    }
}

/// One reminder for each group, so that one that is full or broken holds up no other.
pub(super) fn spread<'a>(
    app: &'a App,
    row: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let Some(compound) = row.compound_id else {
            return Ok(Verdict::Drop);
        };
        let compound = place::Entity::find_by_id(compound)
            .one(app.store.read())
            .await?;
        let groups = compound.map_or_else(Vec::new, |place| groups_of(app, &place.code));
        let groups = groups.into_iter().map(|group| (row.compound_id, group));
        group::spread(app, row, kinds::GROUP_TOLD, groups.collect()).await
    })
}

/// Tells one group, if it is still so.
pub(super) fn tell<'a>(
    app: &'a App,
    row: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let text = |name: &str| payload::word(row, name);
        let number = |name: &str| payload::number(row, name);
        let (Some(id), Some(what), Some(group)) = (number("case"), text("what"), text("group"))
        else {
            return Ok(Verdict::Drop);
        };
        let Some(found) = by_id(app.store.read(), id).await? else {
            return Ok(Verdict::Drop);
        };
        let due = number("due").and_then(from_ms).unwrap_or(row.due_at);
        let place = near(app.store.read(), &found.place).await?;
        match says(&found, &place, what, due, app.clock.now()) {
            Some(words) => tell_group(app, group, &words).await,
            None => Ok(Verdict::Drop),
        }
    })
}

/// The words; none when they are no longer true.
fn says(found: &Found, place: &str, what: &str, due: Moment, now: Moment) -> Option<String> {
    let case = &found.case;
    let open = OPEN.contains(&case.state);
    let head = format!("{} #{}（{place}）", kind_says(case.kind), case.id);
    let late = say_minutes((now - due).num_minutes().max(1));
    let next = if case.level == Level::Compound {
        "请相关同事尽快处理。"
    } else {
        "已上报上一级接着办，请相关同事配合。"
    };
    Some(match what {
        "accept-late" if case.state == CaseState::Assigned => {
            format!("【超时未接单】{head}超过接单时限{late}，还没有人接单。{next}")
        }
        "finish-late" if open => {
            format!("【超时未办结】{head}超过办结时限{late}，还没有办结。{next}")
        }
        "plan-late" if open => {
            format!("【超时未出方案】{head}超过方案时限{late}，还没有办理方案。{next}")
        }
        "raised" if open => format!("【已上报】{head}已由小区上报，请社区接着办，请相关同事配合。"),
        _ => return None,
    })
}
