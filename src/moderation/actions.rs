//! What becomes of content: the platform's word, a person's word. Each change goes from `pending`
//! once, by compare-and-set.

use entity::kinds::ModerationState;
use entity::moderation;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::access::{Actor, audit};
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, shorten};
use crate::moderation::judge::{Judgement, of_media};
use crate::moderation::{queries, remind, subject};
use crate::store::Tx;
use crate::wechat::mini::MediaVerdict;

/// Most characters of a reason.
const MOST_REASON: usize = 200;

/// Takes the platform's word: passes it, or asks people. Does nothing once somebody has decided, or
/// people are asked already.
///
/// # Errors
/// The database's.
pub async fn settle(tx: &mut Tx, row: &moderation::Model, word: Judgement) -> Result<(), Fault> {
    match word {
        Judgement::Pass => {
            let change = moderation::ActiveModel {
                state: Set(ModerationState::Passed),
                decided_at: Set(Some(tx.now())),
                ..Default::default()
            };
            if change_pending(tx, row.id, change).await? {
                record(tx, &Actor::system(), row, "moderation.pass");
            }
        }
        Judgement::Doubt(doubt) => {
            let change = moderation::ActiveModel {
                doubt: Set(Some(doubt)),
                asked_at: Set(Some(tx.now())),
                ..Default::default()
            };
            if change_pending(tx, row.id, change).await? {
                remind::ask(tx, row).await?;
            }
        }
    }
    Ok(())
}

/// Changes one that nobody has decided and about which no person is asked yet.
async fn change_pending(tx: &Tx, id: i64, change: moderation::ActiveModel) -> Result<bool, Fault> {
    let changed = moderation::Entity::update_many()
        .set(change)
        .filter(moderation::COLUMN.id.eq(id))
        .filter(moderation::COLUMN.state.eq(ModerationState::Pending))
        .filter(moderation::COLUMN.asked_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// The platform has begun to look at a picture under this name.
///
/// # Errors
/// The database's.
pub async fn await_verdict(tx: &mut Tx, row: &moderation::Model, trace: &str) -> Result<(), Fault> {
    let change = moderation::ActiveModel {
        trace_id: Set(Some(trace.to_owned())),
        ..Default::default()
    };
    if change_pending(tx, row.id, change).await? {
        remind::watch(tx, row).await?;
    }
    Ok(())
}

/// The platform's verdict on a picture (`wxa_media_check`). One that we do not know is ignored:
/// false, because it may have come before the answer to the call that it is about.
///
/// # Errors
/// The database's.
pub async fn take_verdict(tx: &mut Tx, verdict: &MediaVerdict) -> Result<bool, Fault> {
    let row = moderation::Entity::find()
        .filter(moderation::COLUMN.trace_id.eq(verdict.trace_id.clone()))
        .one(tx.db())
        .await?;
    let Some(row) = row else {
        return Ok(false);
    };
    settle(tx, &row, of_media(verdict)).await?;
    Ok(true)
}

/// A person's word (审核 N 通过/驳回).
///
/// # Errors
/// `not_found` for whoever may not decide there, `forbidden` for one's own, `wrong_step` when it is
/// decided already.
pub async fn decide(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    pass: bool,
    reason: &str,
) -> Result<moderation::Model, Fault> {
    let row = queries::to_decide(tx.db(), actor, id).await?;
    let person = actor.require_person()?;
    if row.author_id == Some(person) {
        return Err(Fault::forbidden("自己写的内容要由别人审核。"));
    }
    if row.state != ModerationState::Pending {
        let said = match row.state {
            ModerationState::Passed => "已通过",
            _ => "已驳回",
        };
        return Err(Fault::wrong_step(format!(
            "内容 #{id} {said}，不用再审核。"
        )));
    }
    let reason = shorten(&clean(reason), MOST_REASON);
    let state = match pass {
        true => ModerationState::Passed,
        false => ModerationState::Refused,
    };
    let change = moderation::ActiveModel {
        state: Set(state),
        decided_by: Set(Some(person)),
        decided_at: Set(Some(tx.now())),
        reason: Set((!pass && !reason.is_empty()).then_some(reason)),
        ..Default::default()
    };
    let mut changed = moderation::Entity::update_many()
        .set(change)
        .filter(moderation::COLUMN.id.eq(id))
        .filter(moderation::COLUMN.state.eq(ModerationState::Pending))
        .exec_with_returning(tx.db())
        .await?;
    let row = changed.pop().ok_or_else(|| Fault::plain(Code::Conflict))?;
    let action = match pass {
        true => "moderation.pass",
        false => "moderation.refuse",
    };
    record(tx, actor, &row, action);
    if !pass {
        remind::tell_author(tx, &row).await?;
    }
    Ok(row)
}

fn record(tx: &Tx, actor: &Actor, row: &moderation::Model, action: &str) {
    let entry = audit::Entry {
        action,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: Some(serde_json::json!({ "of": row.subject, "part": row.part })),
    };
    audit::record(tx, actor, entry);
}
