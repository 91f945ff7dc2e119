//! What can be done to a wish: one function is one use case, inside the caller's transaction. Here is
//! what they share: the one way to change a row.

mod asker;
mod claimer;
mod staff;

pub use asker::{raise, thank, withdraw};
pub use claimer::{abandon, add_photos, claim, contact_again, fulfil, lapse};
pub use staff::{pass, refuse, remove};

use entity::kinds::{ActorKind, WishState};
use entity::{person, wish, wish_step};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, line};
use crate::base::worded::{checked, given};
use crate::delivery::cards;
use crate::reminder::{self, NewReminder};
use crate::store::{Tx, update};
use crate::wish::remind::{self, Telling};
use crate::wish::step::{Act, By, after, is_over};
use crate::wish::{MOST_TEXT, state_says, subject};

/// A change of a wish while it is being worked out.
struct Change {
    was: wish::Model,
    next: wish::Model,
    act: Act,
    by: By,
    note: Option<String>,
    reminders: Vec<NewReminder>,
}

impl Change {
    /// Asks the table.
    fn of(tx: &Tx, row: wish::Model, act: Act, by: By) -> Result<Self, Fault> {
        let id = row.id;
        let state = after(row.state, act, by).ok_or_else(|| {
            Fault::wrong_step(format!(
                "心愿 #{id} 现在是“{}”，不能这样操作。回复“心愿 {id}”查看。",
                state_says(row.state)
            ))
        })?;
        let mut next = wish::Model {
            state,
            version: row.version + 1,
            updated_at: tx.now(),
            ..row.clone()
        };
        if is_over(state) && next.ended_at.is_none() {
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

    fn tell_asker(&mut self, what: Telling) {
        let asker = self.next.asker_id;
        let item = remind::told(&self.next, what, asker, self.next.updated_at);
        self.reminders.push(item);
    }

    /// Tells whoever has it, if anybody does.
    fn tell_claimer(&mut self, what: Telling) {
        self.tell_claimer_at(what, self.next.updated_at);
    }

    fn tell_claimer_at(&mut self, what: Telling, due: Moment) {
        if let Some(claimer) = self.next.claimer_id {
            let item = remind::told(&self.next, what, claimer, due);
            self.reminders.push(item);
        }
    }

    /// Nobody has it any more.
    fn free(&mut self) {
        self.next.claimer_id = None;
        self.next.claimed_at = None;
        self.next.due_at = None;
    }

    /// Stores it all: the compare-and-set, the history, the audit entry, the reminders.
    async fn store(self, tx: &mut Tx, actor: &Actor, audited: &str) -> Result<wish::Model, Fault> {
        compare_and_set(tx, &self.was, &self.next).await?;
        let kind = match self.by {
            By::Asker | By::Claimer => ActorKind::Resident,
            By::Checker => ActorKind::Staff,
            By::Clock => ActorKind::System,
        };
        let step = wish_step::ActiveModel {
            from_state: Set(Some(self.was.state)),
            note: Set(self.note),
            ..step(tx, &self.next, self.act.name(), kind, actor.person_id())
        };
        wish_step::Entity::insert(step)
            .exec_without_returning(tx.db())
            .await?;
        record(tx, actor, kind, &self.next, audited);
        reminder::enqueue(tx, self.reminders).await?;
        let (subject, compound) = (subject(self.next.id), self.next.compound_id);
        cards::moved(tx, &subject, Some(compound)).await?;
        Ok(self.next)
    }
}

/// One row, or somebody else was first.
async fn compare_and_set(tx: &Tx, was: &wish::Model, is: &wish::Model) -> Result<(), Fault> {
    let as_read = Condition::all()
        .add(wish::COLUMN.id.eq(was.id))
        .add(wish::COLUMN.state.eq(was.state))
        .add(wish::COLUMN.version.eq(was.version));
    match update::compare_and_set::<wish::Entity>(tx, was, is, as_read).await? {
        true => Ok(()),
        false => Err(changed(was.id)),
    }
}

fn changed(id: i64) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("心愿 #{id} 刚刚有变化，请回复“心愿 {id}”再看。"),
    )
}

/// An entry of the history, without words.
fn step(
    tx: &Tx,
    row: &wish::Model,
    action: &str,
    kind: ActorKind,
    actor_id: Option<i64>,
) -> wish_step::ActiveModel {
    wish_step::ActiveModel {
        wish_id: Set(row.id),
        compound_id: Set(row.compound_id),
        action: Set(action.to_owned()),
        to_state: Set(row.state),
        actor_kind: Set(kind),
        actor_id: Set(actor_id),
        at: Set(tx.now()),
        ..Default::default()
    }
}

fn record(tx: &Tx, actor: &Actor, kind: ActorKind, row: &wish::Model, audited: &str) {
    let entry = Entry {
        action: audited,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, &actor.acting(kind), entry);
}

/// Words that must be given, and that hold no long number: others will read them, in lists, on one line.
fn words(field: &'static str, text: &str, usage: &str) -> Result<String, Fault> {
    fitting(field, given(field, line(text), usage)?)
}

/// The same where nothing need be said.
fn some_words(field: &'static str, text: &str) -> Result<Option<String>, Fault> {
    let text = clean(text);
    match text.is_empty() {
        true => Ok(None),
        false => fitting(field, text).map(Some),
    }
}

fn fitting(field: &'static str, text: String) -> Result<String, Fault> {
    let number = "请不要写手机号、证件号这样的长号码：有人认领后，联系方式会单独发给对方。";
    checked(field, text, MOST_TEXT, number)
}

/// Takes somebody's wishes and claims one after the other, on whatever instance, and counts those in a
/// state: with the lock the limit holds.
async fn count_locked(
    tx: &Tx,
    person_id: i64,
    whose: wish::Column,
    states: &[WishState],
) -> Result<u64, Fault> {
    // Messages to that person may be stored meanwhile: two who claim each other's wishes do not wait in a
    // circle.
    let person = person::Entity::find_by_id(person_id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    // By another phone, at the same moment.
    if person.is_none_or(|person| person.erased_at.is_some()) {
        return Err(Fault::forbidden("您的资料已经注销，请重新绑定房号。"));
    }
    let count = wish::Entity::find()
        .filter(whose.eq(person_id))
        .filter(wish::COLUMN.state.is_in(states.iter().copied()))
        .count(tx.db());
    Ok(count.await?)
}
