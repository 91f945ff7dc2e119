//! What can be done to an activity: one function is one use case, inside the caller's transaction.
//!
//! | file | what it does |
//! |---|---|
//! | `lead` | whoever leads: makes it, lets people know, changes it, closes, cancels, adds photos; what its clocks do |
//! | `join` | whoever comes: signs up, takes it back, is moved up |
//! | `attend` | who came, by the code at the door or by hand |
//! | `gone` | whoever has moved out and still has a place |
//! | `tell` | telling all who have signed up, some at a time |

mod attend;
mod gone;
mod join;
mod lead;
mod tell;

pub use attend::{check_in, check_in_by_hand};
pub use join::{Gone, Joined, join, leave, want_hour};
pub use lead::{New, add_photos, cancel, change, close, draft, open, reopen, ring};
pub use tell::{Fan, Step, fan, fill};

use entity::kinds::ActorKind;
use entity::{activity, activity_step};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QuerySelect};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::activity::queries::no_such;
use crate::activity::step::{Act, By, after, is_over};
use crate::activity::{state_says, subject};
use crate::base::fault::{Code, Fault};
use crate::base::text::clean;
use crate::base::worded::{checked, given};
use crate::delivery::cards;
use crate::reminder::{self, NewReminder};
use crate::store::{Tx, update};

/// A change of an activity while it is being worked out.
struct Change {
    was: activity::Model,
    next: activity::Model,
    act: Act,
    by: By,
    note: Option<String>,
    reminders: Vec<NewReminder>,
}

impl Change {
    /// Asks the table.
    fn of(tx: &Tx, row: activity::Model, act: Act, by: By) -> Result<Self, Fault> {
        let id = row.id;
        let state = after(row.state, act, by).ok_or_else(|| {
            Fault::wrong_step(format!(
                "活动 #{id} 现在是“{}”，不能这样操作。回复“活动 {id}”查看。",
                state_says(row.state)
            ))
        })?;
        let mut next = activity::Model {
            state,
            version: row.version + 1,
            updated_at: tx.now(),
            ..row.clone()
        };
        if is_over(state) {
            next.ended_at = Some(tx.now());
        }
        Ok(Self {
            was: row,
            next,
            act,
            by,
            note: None,
            reminders: Vec::new(),
        })
    }

    /// Stores it all: the compare-and-set, the history, the audit entry, the reminders, and that its cards have moved.
    async fn store(
        self,
        tx: &mut Tx,
        actor: &Actor,
        audited: &'static str,
    ) -> Result<activity::Model, Fault> {
        compare_and_set(tx, &self.was, &self.next).await?;
        let kind = match self.by {
            By::Leader => ActorKind::Staff,
            By::Clock => ActorKind::System,
        };
        let step = activity_step::ActiveModel {
            from_state: Set(Some(self.was.state)),
            note: Set(self.note),
            ..step(tx, &self.next, self.act.name(), kind, actor.person_id())
        };
        activity_step::Entity::insert(step)
            .exec_without_returning(tx.db())
            .await?;
        record(tx, actor, kind, &self.next, audited);
        reminder::enqueue(tx, self.reminders).await?;
        cards_moved(tx, &self.next).await?;
        Ok(self.next)
    }
}

/// Cards about it show what no longer holds: it has changed, or somebody has no part in it any more.
async fn cards_moved(tx: &mut Tx, row: &activity::Model) -> Result<(), Fault> {
    cards::moved(tx, &subject(row.id), Some(row.compound_id)).await
}

/// One row, or somebody else was first. The sign-ups' own columns are left as they are.
async fn compare_and_set(
    tx: &Tx,
    was: &activity::Model,
    is: &activity::Model,
) -> Result<(), Fault> {
    let as_read = Condition::all()
        .add(activity::COLUMN.id.eq(was.id))
        .add(activity::COLUMN.state.eq(was.state))
        .add(activity::COLUMN.version.eq(was.version));
    match update::compare_and_set::<activity::Entity>(tx, was, is, as_read).await? {
        true => Ok(()),
        false => Err(changed(was.id)),
    }
}

fn changed(id: i64) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("活动 #{id} 刚刚有变化，请回复“活动 {id}”再看。"),
    )
}

/// The row, with one after the other who signs up, takes it back or changes it, on whatever instance.
async fn locked(tx: &Tx, id: i64) -> Result<activity::Model, Fault> {
    activity::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?
        .ok_or_else(|| no_such(id))
}

/// An entry of the history, without words.
fn step(
    tx: &Tx,
    row: &activity::Model,
    action: &str,
    kind: ActorKind,
    actor_id: Option<i64>,
) -> activity_step::ActiveModel {
    activity_step::ActiveModel {
        activity_id: Set(row.id),
        compound_id: Set(row.compound_id),
        action: Set(action.to_owned()),
        to_state: Set(row.state),
        actor_kind: Set(kind),
        actor_id: Set(actor_id),
        at: Set(tx.now()),
        ..Default::default()
    }
}

fn record(tx: &Tx, actor: &Actor, kind: ActorKind, row: &activity::Model, action: &'static str) {
    let entry = Entry {
        action,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, &actor.acting(kind), entry);
}

/// Words that everybody may read: not longer than that, and without long numbers.
fn words(field: &'static str, text: &str, most: usize) -> Result<String, Fault> {
    let number = "请不要写手机号、证件号这样的长号码，大家都看得到。";
    checked(field, clean(text), most, number)
}

/// The same for one line that must be given.
fn one_line(field: &'static str, text: &str, most: usize, example: &str) -> Result<String, Fault> {
    let text = words(field, text, most)?.replace('\n', " ");
    given(field, text, example)
}
