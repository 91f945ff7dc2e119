//! What can be done in giving: one function is one use case, inside the caller's transaction. Here is what
//! they share: the one way to change a donation, words that others will read, who is told.
//!
//! | file | what it does |
//! |---|---|
//! | `drive` | 活动: written, opened, closed |
//! | `donor` | 捐款 捐物 撤回捐赠, and pledges that lapse |
//! | `staff` | 收下捐物 谢绝捐物, and what is written down at the counter |
//! | `spend` | what donations are used for |

mod donor;
mod drive;
mod spend;
mod staff;

pub use donor::{Gift, Goods, lapse, pledge_goods, pledge_money, withdraw};
pub use drive::{Said, close, end, open, save};
pub use spend::{NewUse, spend};
pub use staff::{NewCounter, Reached, contact, counter, decline, receive};

use entity::kinds::ActorKind;
use entity::{donation, place};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::access::audit::{self, Entry};
use crate::access::permit::{Deed, may};
use crate::access::{Actor, holders};
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::base::worded::{Asks, worded};
use crate::delivery::cards;
use crate::fund::{rows, subject};
use crate::giving::queries::{Seen, Side};
use crate::giving::step::{Act, By, after};
use crate::giving::{remind, state_says};
use crate::reminder::NewReminder;
use crate::store::Tx;

/// Whom to ask at once to take goods in, at most.
const MOST_ASKED: usize = 3;

/// What is said where a long number stands in words for everybody.
const NUMBER: &str = "请不要写手机号、证件号这样的长号码，这里的文字会公示。";

/// Words that everybody will read and nobody can erase.
fn public_words(
    field: &'static str,
    text: &str,
    most: usize,
    missing: &'static str,
) -> Result<String, Fault> {
    worded(
        text,
        Asks {
            field,
            most,
            missing,
            number: NUMBER,
        },
    )
}

/// The change of a donation's state: the compare-and-set, the history, the audit entry.
async fn change(
    tx: &mut Tx,
    actor: &Actor,
    row: &donation::Model,
    (act, by): (Act, By),
    reason: Option<String>,
    audited: &str,
) -> Result<donation::Model, Fault> {
    let id = row.id;
    let state = after(row.kind, row.state, act, by).ok_or_else(|| {
        Fault::wrong_step(format!(
            "捐赠 #{id} 现在是“{}”，不能这样操作。回复“我的捐赠 {id}”查看。",
            state_says(row)
        ))
    })?;
    let received = (act == Act::Receive).then(|| tx.now());
    let ended = (act != Act::Receive).then(|| tx.now());
    let done = donation::Entity::update_many()
        .col_expr(
            donation::Column::Version,
            Expr::col(donation::Column::Version).add(1),
        )
        .set(donation::ActiveModel {
            state: Set(state),
            reason: Set(reason.clone()),
            received_at: Set(received),
            ended_at: Set(ended),
            updated_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(donation::COLUMN.id.eq(id))
        .filter(donation::COLUMN.state.eq(row.state))
        .filter(donation::COLUMN.version.eq(row.version))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::new(
            Code::Conflict,
            format!("捐赠 #{id} 刚刚有变化，请回复“我的捐赠 {id}”再看。"),
        ));
    }
    let next = donation::Model {
        state,
        reason: reason.clone(),
        received_at: received,
        ended_at: ended,
        version: row.version + 1,
        updated_at: tx.now(),
        ..row.clone()
    };
    let kind = match by {
        By::Donor => ActorKind::Resident,
        By::Staff => ActorKind::Staff,
        By::Payment | By::Clock => ActorKind::System,
    };
    let who = (kind, actor.person_id());
    rows::note(tx, &next, act.name(), Some(row.state), who, reason);
    record(tx, actor, &next, audited);
    cards::moved(tx, &subject(id), Some(next.compound_id)).await?;
    Ok(next)
}

/// The audit entry. Whoever gives in secret does not stand in it.
fn record(tx: &Tx, actor: &Actor, row: &donation::Model, audited: &str) {
    let secret = row.anonymous && row.donor_id.is_some() && row.donor_id == actor.person_id();
    let actor = match secret {
        true => Actor::system(),
        false => actor.clone(),
    };
    let entry = Entry {
        action: audited,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, &actor, entry);
}

/// Whether the actor runs drives in the compound of what they see: who sees it is told that they may not.
fn require_runs(actor: &Actor, seen: &Seen) -> Result<(), Fault> {
    match may(actor, Deed::RunDrives, &seen.compound.path) {
        true if seen.side == Side::Donor && seen.row.anonymous => {
            Err(Fault::forbidden("自己的匿名捐赠请由别人来收。"))
        }
        true => Ok(()),
        false => Err(Fault::forbidden("您没有这项权限。")),
    }
}

/// Asks the nearest who run drives in a compound, now and once more after a day.
async fn ask_to_take(
    tx: &Tx,
    row: &donation::Model,
    compound: &place::Model,
    now: Moment,
) -> Result<Vec<NewReminder>, Fault> {
    let roles = crate::access::permit::roles(Deed::RunDrives);
    let mut people: Vec<i64> = holders::holders(tx.db(), &compound.path, roles, now)
        .await?
        .iter()
        .map(|holder| holder.person_id)
        .collect();
    let mut seen = Vec::new();
    people.retain(|person| {
        let new = !seen.contains(person);
        seen.push(*person);
        new
    });
    let asked = people.into_iter().take(MOST_ASKED);
    Ok(asked
        .flat_map(|person| remind::check(row, person))
        .collect())
}
