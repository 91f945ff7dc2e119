//! What can be done to a mediation: one function is one use case, inside the caller's transaction.
//! Here is what they share: who leads, the locked row, the one way to store a change. The case it
//! comes from is told by a reminder.

mod lead;
mod open;
mod side;
mod system;

pub use lead::{call, fail, name, propose};
pub use open::open;
pub use side::{answer, keep};
pub use system::{case_over, look};

use entity::kinds::{ActorKind, MediationState};
use entity::{mediation, mediation_event, mediation_party, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QuerySelect};

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::access::permit::{Deed, may};
use crate::base::fault::{Code, Fault};
use crate::base::text::clean;
use crate::case::remind::mediated;
use crate::mediation::queries::{no_such, parties};
use crate::mediation::remind::{self, Telling};
use crate::mediation::step::{Act, By, after};
use crate::mediation::{state_says, subject};
use crate::place::queries as places;
use crate::reminder::{self, NewReminder};
use crate::store::{Tx, update};

/// Characters of what mediators and parties write.
const MOST: usize = 1_500;

/// A change of a mediation while it is being worked out.
struct Change {
    was: mediation::Model,
    next: mediation::Model,
    parties: Vec<mediation_party::Model>,
    by: By,
    reminders: Vec<NewReminder>,
    events: Vec<(&'static str, Option<String>)>,
}

impl Change {
    /// The row, locked, with its parties; for whoever leads it.
    async fn of_mediator(tx: &Tx, actor: &Actor, id: i64) -> Result<Self, Fault> {
        let (row, place) = locked(tx, id).await?;
        if leads(actor, &row, &place) {
            return Self::new(tx, row, By::Mediator).await;
        }
        let own = parties(tx.db(), id).await?;
        let theirs = own
            .iter()
            .any(|party| Some(party.person_id) == actor.person_id());
        Err(if theirs {
            Fault::forbidden("只有调解员可以这样操作。")
        } else {
            no_such(id)
        })
    }

    /// The same for a party; and for the mediator where `or_mediator`.
    async fn of_party(tx: &Tx, actor: &Actor, id: i64, or_mediator: bool) -> Result<Self, Fault> {
        let (row, place) = locked(tx, id).await?;
        let mediates = leads(actor, &row, &place);
        let change = Self::new(tx, row, By::Party).await?;
        if change.own(actor).is_some() {
            return Ok(change);
        }
        match (mediates, or_mediator) {
            (true, true) => Ok(Self {
                by: By::Mediator,
                ..change
            }),
            (true, false) => Err(Fault::forbidden("要由当事人自己回复，调解员不能代替。")),
            (false, _) => Err(no_such(id)),
        }
    }

    async fn new(tx: &Tx, row: mediation::Model, by: By) -> Result<Self, Fault> {
        Ok(Self {
            parties: parties(tx.db(), row.id).await?,
            next: mediation::Model {
                updated_at: tx.now(),
                ..row.clone()
            },
            was: row,
            by,
            reminders: Vec::new(),
            events: Vec::new(),
        })
    }

    fn own(&self, actor: &Actor) -> Option<&mediation_party::Model> {
        let mut parties = self.parties.iter();
        parties.find(|party| Some(party.person_id) == actor.person_id())
    }

    /// Asks the table.
    fn act(&mut self, act: Act, all: bool) -> Result<(), Fault> {
        let id = self.was.id;
        let to = after(self.was.state, act, self.by, all).ok_or_else(|| {
            Fault::wrong_step(format!(
                "调解 #{id} 现在是“{}”，不能这样操作。回复“我的调解 {id}”查看。",
                state_says(self.was.state)
            ))
        })?;
        self.next.state = to;
        Ok(())
    }

    fn note(&mut self, action: &'static str, words: Option<String>) {
        self.events.push((action, words));
    }

    /// Tells all parties but one.
    fn tell_parties(&mut self, what: Telling, but: Option<i64>) {
        let people: Vec<i64> = self
            .parties
            .iter()
            .map(|party| party.person_id)
            .filter(|person| Some(*person) != but)
            .collect();
        for person in people {
            let item = remind::push(&self.next, what, person, self.next.updated_at);
            self.reminders.push(item);
        }
    }

    fn tell_mediator(&mut self, what: Telling) {
        let item = remind::push(
            &self.next,
            what,
            self.next.mediator_id,
            self.next.updated_at,
        );
        self.reminders.push(item);
    }

    /// Lets the case know; its history names no party.
    fn tell_case(&mut self, what: &'static str, note: &str) {
        let case = (self.next.case_id, self.next.compound_id);
        let news = mediated::news(case, self.next.id, what, note, self.next.updated_at);
        self.reminders.push(news);
    }

    /// Stores it all: the compare-and-set, the history, the audit entry, the reminders.
    async fn store(
        self,
        tx: &mut Tx,
        actor: &Actor,
        audited: &str,
    ) -> Result<mediation::Model, Fault> {
        compare_and_set(tx, &self.was, &self.next).await?;
        let kind = match self.by {
            By::Mediator => ActorKind::Staff,
            By::Party => ActorKind::Resident,
            By::System => ActorKind::System,
        };
        let (from, to) = (self.was.state, self.next.state);
        let moved = from != to;
        for (action, words) in self.events {
            let row = event(tx, actor, kind, self.next.id, action, words);
            let row = mediation_event::ActiveModel {
                from_state: Set(moved.then_some(from)),
                to_state: Set(moved.then_some(to)),
                ..row
            };
            mediation_event::Entity::insert(row)
                .exec_without_returning(tx.db())
                .await?;
        }
        let entry = Entry {
            action: audited,
            subject: subject(self.next.id),
            compound_id: Some(self.next.compound_id),
            detail: None,
        };
        audit::record(tx, &actor.acting(kind), entry);
        reminder::enqueue(tx, self.reminders).await?;
        Ok(self.next)
    }
}

/// An entry of the history.
fn event(
    tx: &Tx,
    actor: &Actor,
    kind: ActorKind,
    id: i64,
    action: &str,
    words: Option<String>,
) -> mediation_event::ActiveModel {
    mediation_event::ActiveModel {
        mediation_id: Set(id),
        action: Set(action.to_owned()),
        actor_kind: Set(kind),
        actor_id: Set(actor.person_id()),
        note: Set(words),
        at: Set(tx.now()),
        ..Default::default()
    }
}

/// The row and its place. What two parties answer at once is taken one after the other.
async fn locked(tx: &Tx, id: i64) -> Result<(mediation::Model, place::Model), Fault> {
    let row = mediation::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?
        .ok_or_else(|| no_such(id))?;
    let place = places::by_id(tx.db(), row.place_id).await?;
    let place = place.ok_or_else(|| no_such(id))?;
    Ok((row, place))
}

/// Keeps others from a mediation until the end of the transaction.
///
/// # Errors
/// `not_found`, the database's.
pub async fn hold(tx: &Tx, id: i64) -> Result<(), Fault> {
    locked(tx, id).await.map(drop)
}

/// Whether the actor leads it, and still may: with the role the work ends, too.
#[must_use]
pub fn leads(actor: &Actor, row: &mediation::Model, place: &place::Model) -> bool {
    actor.person_id() == Some(row.mediator_id) && may(actor, Deed::Mediate, &place.path)
}

async fn compare_and_set(
    tx: &Tx,
    was: &mediation::Model,
    is: &mediation::Model,
) -> Result<(), Fault> {
    let as_read = Condition::all()
        .add(mediation::COLUMN.id.eq(was.id))
        .add(mediation::COLUMN.state.eq(was.state))
        .add(mediation::COLUMN.version.eq(was.version));
    match update::compare_and_set::<mediation::Entity>(tx, was, is, as_read).await? {
        true => Ok(()),
        false => Err(Fault::new(
            Code::Conflict,
            format!(
                "调解 #{} 刚刚有变化，请回复“我的调解 {}”再看。",
                was.id, was.id
            ),
        )),
    }
}

/// Words that must be given.
fn words(field: &'static str, text: &str, usage: &str) -> Result<String, Fault> {
    let text = clean(text);
    if text.is_empty() {
        return Err(Fault::invalid(field, format!("请写清楚，例如：{usage}")));
    }
    if text.chars().count() > MOST {
        return Err(Fault::invalid(
            field,
            format!("文字太长了，请控制在{MOST}字以内。"),
        ));
    }
    Ok(text)
}

/// Whether all of the parties have said yes to the text.
fn all_agree(parties: &[mediation_party::Model]) -> bool {
    parties.iter().all(|party| party.agrees == Some(true))
}

/// Ends it.
fn close(next: &mut mediation::Model, state: MediationState) {
    if crate::mediation::step::is_over(state) {
        next.closed_at = Some(next.updated_at);
    }
}
