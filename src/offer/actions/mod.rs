//! What can be done to an item of the four lists: one function is one use case, inside the caller's
//! transaction. Here is what they share: the one way to change a row.

mod owner;
mod promise;
mod publish;
mod staff;
mod tie;

pub use owner::{add_photos, finish, lapse, sort, withdraw};
pub use promise::{claim, close, reopen};
pub use publish::{Author, Written, publish};
pub use staff::{pass, refuse, remove};
pub use tie::{contact_again, tie, untie};

use entity::kinds::{ActorKind, OfferState};
use entity::{offer, offer_step, person};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QuerySelect};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::access::named::residents_named;
use crate::base::fault::{Code, Fault};
use crate::base::redact::redact;
use crate::base::text::clean;
use crate::base::worded::{checked, given};
use crate::delivery::cards;
use crate::moderation::{self, Submission};
use crate::offer::queries::owners;
use crate::offer::remind::{self, Telling};
use crate::offer::step::{Act, By, after, is_over};
use crate::offer::{MOST_TEXT, PART, joined, state_says, subject};
use crate::organisation::queries as organisations;
use crate::reminder::{self, NewReminder};
use crate::store::{Tx, update};

/// A change of an item while it is being worked out.
struct Change {
    was: offer::Model,
    next: offer::Model,
    act: Act,
    by: By,
    other: Option<i64>,
    note: Option<String>,
    reminders: Vec<NewReminder>,
}

impl Change {
    /// Asks the table.
    fn of(tx: &Tx, row: offer::Model, act: Act, by: By) -> Result<Self, Fault> {
        let id = row.id;
        let state = after(row.list, row.state, act, by).ok_or_else(|| {
            Fault::wrong_step(format!(
                "清单 #{id} 现在是“{}”，不能这样操作。回复“清单 {id}”查看。",
                state_says(row.list, row.state)
            ))
        })?;
        let mut next = offer::Model {
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
            other: None,
            note: None,
            reminders: Vec::new(),
        })
    }

    /// Tells whose it is.
    async fn tell_owners(&mut self, tx: &Tx, what: Telling) -> Result<(), Fault> {
        let people = owners(tx.db(), &self.next, tx.now()).await?;
        self.tell(&people, what);
        Ok(())
    }

    fn tell(&mut self, people: &[i64], what: Telling) {
        let at = self.next.updated_at;
        let items = people.iter();
        let items = items.map(|person| remind::told(&self.next, what, *person, at));
        self.reminders.extend(items);
    }

    /// Stores it all: the compare-and-set, the history, the audit entry, the reminders; among them the clock of its
    /// day, when that passed before it was open.
    async fn store(
        mut self,
        tx: &mut Tx,
        actor: &Actor,
        audited: Option<&str>,
    ) -> Result<offer::Model, Fault> {
        compare_and_set(tx, &self.was, &self.next).await?;
        if self.was.state != OfferState::Open {
            let missed = remind::missed(&self.next, tx.now());
            self.reminders.extend(missed);
        }
        let kind = match self.by {
            By::Owner | By::Other | By::Claimer if self.next.organisation_id.is_none() => {
                ActorKind::Resident
            }
            By::Clock => ActorKind::System,
            _ => ActorKind::Staff,
        };
        let step = offer_step::ActiveModel {
            from_state: Set(Some(self.was.state)),
            other_id: Set(self.other),
            note: Set(self.note),
            ..step(tx, &self.next, self.act.name(), kind, actor.person_id())
        };
        offer_step::Entity::insert(step)
            .exec_without_returning(tx.db())
            .await?;
        if let Some(audited) = audited {
            record(tx, actor, kind, &self.next, audited);
        }
        reminder::enqueue(tx, self.reminders).await?;
        let (subject, compound) = (subject(self.next.id), self.next.compound_id);
        cards::moved(tx, &subject, Some(compound)).await?;
        Ok(self.next)
    }
}

/// One row, or somebody else was first.
async fn compare_and_set(tx: &Tx, was: &offer::Model, is: &offer::Model) -> Result<(), Fault> {
    let as_read = Condition::all()
        .add(offer::COLUMN.id.eq(was.id))
        .add(offer::COLUMN.state.eq(was.state))
        .add(offer::COLUMN.version.eq(was.version));
    match update::compare_and_set::<offer::Entity>(tx, was, is, as_read).await? {
        true => Ok(()),
        false => Err(changed(was.id)),
    }
}

fn changed(id: i64) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("清单 #{id} 刚刚有变化，请回复“清单 {id}”再看。"),
    )
}

/// An entry of the history, without words.
fn step(
    tx: &Tx,
    row: &offer::Model,
    action: &str,
    kind: ActorKind,
    actor_id: Option<i64>,
) -> offer_step::ActiveModel {
    offer_step::ActiveModel {
        offer_id: Set(row.id),
        compound_id: Set(row.compound_id),
        action: Set(action.to_owned()),
        to_state: Set(row.state),
        actor_kind: Set(kind),
        actor_id: Set(actor_id),
        at: Set(tx.now()),
        ..Default::default()
    }
}

fn record(tx: &Tx, actor: &Actor, kind: ActorKind, row: &offer::Model, audited: &str) {
    let entry = Entry {
        action: audited,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, &actor.acting(kind), entry);
}

/// The row, locked: who comes at the same moment waits, and sees what became of it. Messages to its people
/// may be stored meanwhile.
async fn locked(tx: &Tx, id: i64) -> Result<offer::Model, Fault> {
    offer::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?
        .ok_or_else(|| changed(id))
}

/// The organisation for which somebody speaks stays until what they say for it is stored.
async fn still_there(tx: &Tx, organisation_id: i64) -> Result<(), Fault> {
    match organisations::staying(tx, organisation_id).await? {
        Some(_) => Ok(()),
        None => Err(Fault::new(
            Code::Conflict,
            "这个单位刚刚被删除了，没有存下来。请社区先在“组织”里登记。",
        )),
    }
}

/// Takes what one person does on the lists one after the other, on whatever instance: with the lock on their row the
/// limits hold. Before any item is locked.
async fn lock_person(tx: &Tx, person_id: i64) -> Result<(), Fault> {
    let person = person::Entity::find_by_id(person_id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    // By another phone, at the same moment.
    if person.is_none_or(|person| person.erased_at.is_some()) {
        return Err(Fault::forbidden("您的资料已经注销，请重新绑定房号。"));
    }
    Ok(())
}

/// Keeps the words as everybody may read them: without residents' names, phones and homes.
async fn make_public(tx: &Tx, row: &offer::Model, reader: i64) -> Result<(), Fault> {
    let words = joined(&row.title, &row.text);
    let names = residents_named(tx.db(), &words, tx.now()).await?;
    let shown = Submission {
        subject: subject(row.id),
        part: PART.to_owned(),
        compound_id: row.compound_id,
        place_id: row.place_id,
        kind: entity::kinds::ContentKind::Text,
        content: redact(&words, &names),
        author_id: Some(row.author_id),
    };
    moderation::vouch(tx, shown, reader).await?;
    Ok(())
}

/// Words that must be given, and that hold no long number: others will read them.
fn words(field: &'static str, text: &str, usage: &str) -> Result<String, Fault> {
    let number = "请不要写手机号、证件号这样的长号码：对接以后，联系方式会单独发给对方。";
    checked(field, given(field, clean(text), usage)?, MOST_TEXT, number)
}

/// Whether neighbours may see a row in this state.
const fn is_public(state: OfferState) -> bool {
    matches!(
        state,
        OfferState::Open | OfferState::Matched | OfferState::Done
    )
}
