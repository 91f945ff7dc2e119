//! Lending: 借用 归还 of residents; what keepers do with what is out, and its clock.

use chrono::TimeDelta;
use entity::kinds::{ActorKind, LoanState};
use entity::{station_loan, station_thing};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::access::Actor;
use crate::base::fault::{Code, Fault};
use crate::config::Stations;
use crate::delivery::cards;
use crate::person::called::resident;
use crate::reminder;
use crate::station::actions::{
    Step, keepers, lock_person, note, record, some_words, stays_open, words,
};
use crate::station::queries::lending::{Loan, OUT, loan, no_thing, thing};
use crate::station::queries::{Found, found, hours_of, kept};
use crate::station::remind::{self, Telling};
use crate::station::step::{LoanAct, is_out, loan_after};
use crate::station::{hours, loan_says, loan_subject, queries};
use crate::store::Tx;

/// Hours after which a keeper who has not looked is asked once more.
const AGAIN_HOURS: i64 = 24;

/// Takes a thing, where the station is open.
///
/// # Errors
/// `not_found` for a thing of another compound, `wrong_step` while the station is closed or when the borrower
/// has enough or is late with something, `conflict` when none is left.
pub async fn borrow(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Stations,
    thing_id: i64,
) -> Result<station_loan::Model, Fault> {
    let person = actor.require_person()?;
    let what = thing(tx.db(), actor, thing_id).await?;
    let found = found(tx.db(), actor, what.station_id).await?;
    let open = hours::at(&hours_of(tx.db(), &found.station).await?, tx.now());
    if !open.is_open() {
        return Err(Fault::wrong_step(format!(
            "驿站{}，开门以后再来借。",
            open.says()
        )));
    }
    let actor = actor.acting(ActorKind::Resident);
    give(tx, &actor, terms, &found, &what, person).await
}

/// Writes down that a resident has taken a thing, at the counter. They are told.
///
/// # Errors
/// As [`borrow`]; `not_found` also for whoever does not keep the station and for somebody who does not live
/// there, `invalid` when several fit.
pub async fn lend(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Stations,
    thing_id: i64,
    who: &str,
) -> Result<station_loan::Model, Fault> {
    let what = thing(tx.db(), actor, thing_id).await?;
    let found = match kept(tx.db(), actor, what.station_id).await {
        Ok(found) => found,
        Err(fault) if fault.is_ours() => return Err(fault),
        Err(_) => return Err(no_thing()),
    };
    let who = words("who", who, "请写房号加姓名，例如 1-1-102 李建国。")?;
    let (person, _) = resident(tx.db(), found.station.compound_id, &who, "1-1-102 李建国").await?;
    let actor = actor.acting(ActorKind::Staff);
    let row = give(tx, &actor, terms, &found, &what, person.id).await?;
    let told = remind::loan(&row, Telling::LentTo, row.borrower_id, tx.now());
    reminder::enqueue(tx, vec![told]).await?;
    Ok(row)
}

/// The one statement that lends: as often as the thing is there and no more.
async fn give(
    tx: &mut Tx,
    actor: &Actor,
    terms: &Stations,
    found: &Found,
    what: &station_thing::Model,
    person: i64,
) -> Result<station_loan::Model, Fault> {
    lock_person(tx, person).await?;
    stays_open(tx, what.station_id, no_thing).await?;
    has_room_for_more(tx, terms, person).await?;
    let lent = station_thing::Entity::update_many()
        .col_expr(
            station_thing::Column::Lent,
            Expr::col(station_thing::Column::Lent).add(1),
        )
        .filter(station_thing::COLUMN.id.eq(what.id))
        .filter(station_thing::COLUMN.removed_at.is_null())
        .filter(
            Expr::col(station_thing::Column::Lent).lt(Expr::col(station_thing::Column::Quantity)),
        )
        .exec(tx.db())
        .await?;
    if lent.rows_affected != 1 {
        return Err(Fault::new(
            Code::Conflict,
            format!("“{}”现在借完了，回复“借用”看别的。", what.name),
        ));
    }
    let row = station_loan::ActiveModel {
        compound_id: Set(what.compound_id),
        station_id: Set(what.station_id),
        thing_id: Set(what.id),
        borrower_id: Set(person),
        state: Set(LoanState::Lent),
        lent_at: Set(tx.now()),
        due_at: Set(tx.now() + TimeDelta::days(i64::from(what.days))),
        version: Set(1),
        ..Default::default()
    };
    let row = station_loan::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let step = Step {
        subject: loan_subject(row.id),
        action: "lent",
        from: None,
        to: row.state.to_value(),
        note: None,
    };
    note(tx, actor, row.compound_id, step).await?;
    let audited = match actor.kind {
        ActorKind::Staff => "station.lend",
        _ => "station.borrow",
    };
    record(
        tx,
        actor,
        audited,
        loan_subject(row.id),
        found.station.compound_id,
        None,
    );
    let items = remind::loan_clocks(&row, what.days);
    reminder::enqueue(tx, items).await?;
    Ok(row)
}

/// Whoever has enough, or is late, takes nothing more. What was handed in waits for a keeper: it counts, and is not
/// late.
async fn has_room_for_more(tx: &Tx, terms: &Stations, person: i64) -> Result<(), Fault> {
    let out = station_loan::Entity::find()
        .filter(station_loan::COLUMN.borrower_id.eq(person))
        .filter(station_loan::COLUMN.state.is_in(OUT));
    let late = out
        .clone()
        .filter(station_loan::COLUMN.state.eq(LoanState::Lent))
        .filter(station_loan::COLUMN.due_at.lt(tx.now()))
        .count(tx.db())
        .await?;
    if late > 0 {
        return Err(Fault::wrong_step(
            "有借的东西已经到期，先归还再借。回复“归还”办理。",
        ));
    }
    let count = out.count(tx.db()).await?;
    if count >= terms.most_loans {
        return Err(Fault::wrong_step(format!(
            "已经借了{count}件，归还一件再借。回复“归还”办理。"
        )));
    }
    Ok(())
}

/// A loan while it is being changed.
struct Change<'a> {
    loan: Loan,
    act: LoanAct,
    note: Option<String>,
    audited: &'a str,
}

impl Change<'_> {
    /// The compare-and-set, the history, the audit entry.
    async fn store(self, tx: &mut Tx, actor: &Actor) -> Result<station_loan::Model, Fault> {
        let was = self.loan.row;
        let keeper = actor.kind == ActorKind::Staff;
        let state = loan_after(was.state, self.act, keeper).ok_or_else(|| {
            Fault::wrong_step(format!(
                "借用 #{} 现在是“{}”，不能这样操作。",
                was.id,
                loan_says(was.state)
            ))
        })?;
        let ended = (!is_out(state)).then(|| tx.now());
        let next = station_loan::Model {
            state,
            handed_at: (state == LoanState::Handed).then(|| tx.now()),
            ended_at: ended,
            note: self.note.clone(),
            version: was.version + 1,
            ..was.clone()
        };
        let done = station_loan::Entity::update_many()
            .set(station_loan::ActiveModel {
                state: Set(next.state),
                handed_at: Set(next.handed_at),
                ended_at: Set(next.ended_at),
                note: Set(next.note.clone()),
                version: Set(next.version),
                ..Default::default()
            })
            .filter(station_loan::COLUMN.id.eq(was.id))
            .filter(station_loan::COLUMN.state.eq(was.state))
            .filter(station_loan::COLUMN.version.eq(was.version))
            .exec(tx.db())
            .await?;
        if done.rows_affected != 1 {
            return Err(Fault::new(
                Code::Conflict,
                format!("借用 #{} 刚刚有变化，请再看一次。", was.id),
            ));
        }
        let step = Step {
            subject: loan_subject(was.id),
            action: self.act.name(),
            from: Some(was.state.to_value()),
            to: next.state.to_value(),
            note: self.note,
        };
        note(tx, actor, was.compound_id, step).await?;
        let subject = loan_subject(was.id);
        record(
            tx,
            actor,
            self.audited,
            subject.clone(),
            was.compound_id,
            None,
        );
        cards::moved(tx, &subject, Some(was.compound_id)).await?;
        Ok(next)
    }
}

/// Says that a thing is back. It can be lent again when the keeper has it in hand, who is asked to look.
///
/// # Errors
/// `not_found` for whoever does not have it, `wrong_step` when they have said so or it is over.
pub async fn hand(tx: &mut Tx, actor: &Actor, id: i64) -> Result<station_loan::Model, Fault> {
    let person = actor.require_person()?;
    let loan = loan(tx.db(), actor, id).await?;
    if loan.row.borrower_id != person {
        return Err(Fault::forbidden(format!(
            "借用 #{id} 不是您借的；收到了请回复“借物验收 {id}”。"
        )));
    }
    let change = Change {
        loan,
        act: LoanAct::Hand,
        note: None,
        audited: "station.hand",
    };
    let row = change.store(tx, &actor.acting(ActorKind::Resident)).await?;
    tell_keepers(tx, &row, Telling::HandedIn).await?;
    Ok(row)
}

async fn tell_keepers(tx: &mut Tx, row: &station_loan::Model, what: Telling) -> Result<(), Fault> {
    let station = queries::by_id(tx.db(), row.station_id).await?;
    let Some(station) = station else {
        return Ok(());
    };
    let keepers = keepers(tx, &station).await?;
    let now = tx.now();
    // What waits for their eyes is asked once more.
    let again = (what == Telling::HandedIn).then(|| now + TimeDelta::hours(AGAIN_HOURS));
    let times = std::iter::once(now).chain(again);
    let items = times.flat_map(|due| {
        let each = keepers.iter();
        each.map(move |keeper| remind::loan(row, what, *keeper, due))
    });
    let items = items.collect();
    reminder::enqueue(tx, items).await
}

/// How a loan ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Back, and as it was.
    Returned,
    /// Will not come back.
    Lost,
    /// Cannot be lent any more.
    Damaged,
}

/// Ends a loan, as its keeper: the thing is back, or there is one less of it, with a word why. The borrower
/// is told.
///
/// # Errors
/// `not_found` for whoever has nothing to do with it, `forbidden` for the borrower, `invalid` without a word
/// where one is due, `wrong_step` when it is over.
pub async fn end(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    outcome: Outcome,
    note: &str,
) -> Result<station_loan::Model, Fault> {
    let loan = kept_loan(tx, actor, id).await?;
    let act = match outcome {
        Outcome::Returned => LoanAct::Return,
        Outcome::Lost => LoanAct::Lose,
        Outcome::Damaged => LoanAct::Damage,
    };
    let note = match outcome {
        Outcome::Returned => some_words("note", note)?,
        _ => Some(words("note", note, "请写一句怎么回事，例如 伞骨断了。")?),
    };
    let thing_id = loan.thing.id;
    let change = Change {
        loan,
        act,
        note,
        audited: "station.loan-end",
    };
    let row = change.store(tx, &actor.acting(ActorKind::Staff)).await?;
    let gone = i32::from(outcome != Outcome::Returned);
    station_thing::Entity::update_many()
        .col_expr(
            station_thing::Column::Lent,
            Expr::col(station_thing::Column::Lent).sub(1),
        )
        .col_expr(
            station_thing::Column::Quantity,
            Expr::col(station_thing::Column::Quantity).sub(gone),
        )
        .filter(station_thing::COLUMN.id.eq(thing_id))
        .exec(tx.db())
        .await?;
    let told = remind::loan(&row, Telling::Ended, row.borrower_id, tx.now());
    reminder::enqueue(tx, vec![told]).await?;
    Ok(row)
}

/// Says that what was handed in is not there: the borrower has it still, and is told.
///
/// # Errors
/// As [`end`].
pub async fn deny(tx: &mut Tx, actor: &Actor, id: i64) -> Result<station_loan::Model, Fault> {
    let loan = kept_loan(tx, actor, id).await?;
    let change = Change {
        loan,
        act: LoanAct::Deny,
        note: None,
        audited: "station.loan-deny",
    };
    let row = change.store(tx, &actor.acting(ActorKind::Staff)).await?;
    let told = remind::loan(&row, Telling::Denied, row.borrower_id, tx.now());
    // Its clock may have found it handed in and rung in vain.
    let clock = remind::loan_clock(&row, Ord::max(row.due_at, tx.now()));
    reminder::enqueue(tx, vec![told, clock]).await?;
    Ok(row)
}

async fn kept_loan(tx: &Tx, actor: &Actor, id: i64) -> Result<Loan, Fault> {
    let loan = loan(tx.db(), actor, id).await?;
    match loan.keeps {
        true => Ok(loan),
        false => Err(Fault::forbidden("要由驿站工作人员验收。")),
    }
}

/// A day after its end a thing is still out: its keepers are told. False when that is over.
///
/// # Errors
/// The database's.
pub async fn overdue(tx: &mut Tx, id: i64) -> Result<bool, Fault> {
    let row = station_loan::Entity::find_by_id(id).one(tx.db()).await?;
    let Some(row) = row.filter(|row| row.state == LoanState::Lent) else {
        return Ok(false);
    };
    tell_keepers(tx, &row, Telling::Overdue).await?;
    Ok(true)
}
