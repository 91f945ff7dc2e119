//! How long each class of data is kept, and the log of what was removed: run once a day by a reminder
//! (`privacy/remind.rs`), some at a time. The periods are settings (`[retention]`), this is their table.

use chrono::TimeDelta;
use entity::kinds::{BindingState, CaseState, ExportState, VisitState};
use entity::{
    binding, case, data_export, deletion_log, handbook_question, offer, person, station_booking,
    station_deposit, station_loan, station_visitor, visit, wish,
};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::config::Retention;
use crate::person::queries as people;
use crate::privacy::scrub::{self, Words};
use crate::privacy::{ERASED_NAME, activities, giving, remind};
use crate::reminder::{BoxFuture, Verdict};

/// Rows of one class in one step.
const STEP: u64 = 50;

/// A class of data.
struct Class {
    /// As stored in the log.
    name: &'static str,
    /// Days that it is kept after it is over.
    days: fn(&Retention) -> i64,
    /// Lets go of some of what was over before then; says how many.
    run: for<'a> fn(&'a App, Moment) -> BoxFuture<'a, Result<u64, Fault>>,
}

/// The table.
const CLASSES: &[Class] = &[
    // Taken back: nobody needs to know who it was.
    Class {
        name: "withdrawn-case",
        days: |kept| kept.withdrawn_case_days,
        run: |app, until| Box::pin(cases(app, CaseState::Withdrawn, until)),
    },
    // Done: as long as somebody may come back to it.
    Class {
        name: "resolved-case",
        days: |kept| kept.resolved_case_days,
        run: |app, until| Box::pin(cases(app, CaseState::Reviewed, until)),
    },
    // Went on as another one: what came of it stands there.
    Class {
        name: "merged-case",
        days: |kept| kept.resolved_case_days,
        run: |app, until| Box::pin(cases(app, CaseState::Merged, until)),
    },
    // Was open when the person had everything erased, and is over now.
    Class {
        name: "erased-case",
        days: |_| 0,
        run: |app, until| Box::pin(erased(app, until)),
    },
    // What was typed to bind, once the tie is over.
    Class {
        name: "claim",
        days: |kept| kept.claim_days,
        run: |app, until| Box::pin(claims(app, until)),
    },
    // What was told at a door.
    Class {
        name: "visit",
        days: |kept| kept.visit_days,
        run: |app, until| Box::pin(visits(app, until)),
    },
    // Wishes that are over: who, and in which words.
    Class {
        name: "wish",
        days: |kept| kept.wish_days,
        run: |app, until| Box::pin(wishes(app, until)),
    },
    // What residents put on the four lists and is over: who, and in which words.
    Class {
        name: "offer",
        days: |kept| kept.offer_days,
        run: |app, until| Box::pin(offers(app, until)),
    },
    // Promises that came to nothing, requests for help that are over, talents that were taken back.
    Class {
        name: "giving",
        days: |kept| kept.giving_days,
        run: |app, until| Box::pin(giving::retire(app, until, STEP)),
    },
    // Who came to what is over.
    Class {
        name: "activity",
        days: |kept| kept.activity_days,
        run: |app, until| Box::pin(activities::signups(app, until, STEP)),
    },
    // Who served as a volunteer.
    Class {
        name: "volunteer",
        days: |kept| kept.volunteer_days,
        run: |app, until| Box::pin(activities::services(app, until, STEP)),
    },
    // What stations lent, let and kept: whose it was.
    Class {
        name: "station",
        days: |kept| kept.station_days,
        run: |app, until| Box::pin(stations(app, until)),
    },
    // That somebody was counted at a door: known for a day, so that they are counted once an hour.
    Class {
        name: "station-visitor",
        days: |_| 1,
        run: |app, until| Box::pin(visitors(app, until)),
    },
    // What the handbook could not answer, and who asked.
    Class {
        name: "question",
        days: |kept| kept.question_days,
        run: |app, until| Box::pin(questions(app, until)),
    },
    // Copies that could be fetched for a day.
    Class {
        name: "export",
        days: |_| 0,
        run: |app, until| Box::pin(remove_exports(app, until)),
    },
];

/// Whether there is anything that may have served its time: in an empty house nothing is put down.
pub(super) async fn has_any<C: ConnectionTrait>(db: &C) -> Result<bool, Fault> {
    let case = case::Entity::find().filter(case::COLUMN.closed_at.is_not_null());
    let export =
        data_export::Entity::find().filter(data_export::COLUMN.state.ne(ExportState::Removed));
    let visit = visit::Entity::find().filter(visit::COLUMN.state.eq(VisitState::Done));
    let over = [BindingState::Refused, BindingState::Released];
    let wish = wish::Entity::find().filter(wish::COLUMN.ended_at.is_not_null());
    let offer = offer::Entity::find().filter(offer::COLUMN.ended_at.is_not_null());
    let claim = binding::Entity::find().filter(binding::COLUMN.state.is_in(over));
    let loan = station_loan::Entity::find().filter(station_loan::COLUMN.ended_at.is_not_null());
    let deposit =
        station_deposit::Entity::find().filter(station_deposit::COLUMN.ended_at.is_not_null());
    Ok(case.one(db).await?.is_some()
        || export.one(db).await?.is_some()
        || visit.one(db).await?.is_some()
        || wish.one(db).await?.is_some()
        || offer.one(db).await?.is_some()
        || handbook_question::Entity::find().one(db).await?.is_some()
        || giving::has_any(db).await?
        || activities::has_any(db).await?
        || claim.one(db).await?.is_some()
        || loan.one(db).await?.is_some()
        || deposit.one(db).await?.is_some()
        || station_booking::Entity::find().one(db).await?.is_some()
        || station_visitor::Entity::find().one(db).await?.is_some())
}

/// One step of every class; goes on at once while there is more.
pub(super) async fn run(app: &App) -> Result<Verdict, Fault> {
    let now = app.clock.now();
    let mut more = false;
    for class in CLASSES {
        let until = now - TimeDelta::days((class.days)(&app.settings.retention));
        let count = (class.run)(app, until).await?;
        if count > 0 {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            note(app, class.name, count, until, now).await?;
            more = true;
        }
    }
    Ok(match more {
        true => Verdict::Later(now),
        false => Verdict::Done,
    })
}

async fn note(app: &App, class: &str, count: i64, up_to: Moment, at: Moment) -> Result<(), Fault> {
    let row = deletion_log::ActiveModel {
        class: Set(class.to_owned()),
        count: Set(count),
        up_to: Set(up_to),
        at: Set(at),
        ..Default::default()
    };
    deletion_log::Entity::insert(row)
        .exec_without_returning(app.store.write())
        .await?;
    tracing::info!(class, count, "data that had served its time was let go");
    Ok(())
}

/// Cases in this state that were over by then and still say who filed them.
async fn cases(app: &App, state: CaseState, until: Moment) -> Result<u64, Fault> {
    let nobody = nobody(app).await?;
    let rows = case::Entity::find()
        .filter(case::COLUMN.state.eq(state))
        .filter(case::COLUMN.closed_at.lt(until))
        .filter(case::COLUMN.reporter_id.ne(nobody))
        // The newest of them are those that were not yet looked at.
        .order_by_desc(case::COLUMN.closed_at)
        .limit(STEP)
        .all(app.store.read())
        .await?;
    let_go(app, rows, true).await
}

/// Cases that are over, of people who are gone.
async fn erased(app: &App, until: Moment) -> Result<u64, Fault> {
    let to_person: RelationDef = case::Entity::belongs_to(person::Entity)
        .from(case::Column::ReporterId)
        .to(person::Column::Id)
        .into();
    let rows = case::Entity::find()
        .join(JoinType::InnerJoin, to_person)
        .filter(person::COLUMN.erased_at.is_not_null())
        .filter(case::COLUMN.state.is_in(scrub::OVER))
        .filter(case::COLUMN.closed_at.lt(until))
        .limit(STEP)
        .all(app.store.read())
        .await?;
    let_go(app, rows, false).await
}

async fn nobody(app: &App) -> Result<i64, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let id = scrub::nobody(&tx).await?;
    tx.commit().await?;
    Ok(id)
}

/// Each in a transaction of its own, as it is then; with what its joiners said when its time is over for
/// `all`.
async fn let_go(app: &App, rows: Vec<case::Model>, all: bool) -> Result<u64, Fault> {
    let mut count = 0;
    for row in rows {
        let mut tx = app.store.begin(app.clock.now()).await?;
        let same = case::Entity::find_by_id(row.id)
            .filter(case::COLUMN.state.eq(row.state))
            .filter(case::COLUMN.reporter_id.eq(row.reporter_id))
            .one(tx.db())
            .await?;
        if let Some(case) = same {
            let words = words(app, tx.db(), case.reporter_id).await?;
            let photos = scrub::closed_case(&tx, &case, &words).await?;
            if all {
                scrub::joiners(&tx, case.id).await?;
            }
            remind::remove_photos(&mut tx, &photos).await?;
            count += 1;
        }
        tx.commit().await?;
    }
    Ok(count)
}

async fn words<C: ConnectionTrait>(app: &App, db: &C, person: i64) -> Result<Words, Fault> {
    let person = people::by_id(db, person).await?;
    let phone = person
        .as_ref()
        .and_then(|person| people::phone_of(&app.seal, person));
    Ok(Words {
        name: person.map(|person| person.name).unwrap_or_default(),
        phone: phone.map(|phone| phone.digits().to_owned()),
    })
}

async fn claims(app: &App, until: Moment) -> Result<u64, Fault> {
    let over = [BindingState::Refused, BindingState::Released];
    let rows: Vec<i64> = binding::Entity::find()
        .select_only()
        .column(binding::Column::Id)
        .filter(binding::COLUMN.state.is_in(over))
        .filter(binding::COLUMN.created_at.lt(until))
        .filter(binding::COLUMN.claimed_phone_index.ne(""))
        .limit(STEP)
        .into_tuple()
        .all(app.store.read())
        .await?;
    let changed = binding::Entity::update_many()
        .set(binding::ActiveModel {
            claimed_name: Set(ERASED_NAME.to_owned()),
            claimed_phone_sealed: Set(String::new()),
            claimed_phone_index: Set(String::new()),
            ..Default::default()
        })
        .filter(binding::COLUMN.id.is_in(rows))
        .filter(binding::COLUMN.state.is_in(over))
        .exec(app.store.write())
        .await?;
    Ok(changed.rows_affected)
}

/// Wishes that were over by then and still say who wished or who fulfilled them, each in a transaction of
/// its own.
async fn wishes(app: &App, until: Moment) -> Result<u64, Fault> {
    let nobody = nobody(app).await?;
    let rows = wish::Entity::find()
        .filter(wish::COLUMN.ended_at.lt(until))
        .filter(
            Condition::any()
                .add(wish::COLUMN.asker_id.ne(nobody))
                .add(wish::COLUMN.claimer_id.is_not_null()),
        )
        .limit(STEP)
        .all(app.store.read())
        .await?;
    let mut count = 0;
    for row in rows {
        let mut tx = app.store.begin(app.clock.now()).await?;
        let same = wish::Entity::find_by_id(row.id)
            .filter(wish::COLUMN.version.eq(row.version))
            .lock_exclusive()
            .one(tx.db())
            .await?;
        if let Some(row) = same {
            super::wishes::forget_claimer(&mut tx, &row).await?;
            let row = wish::Entity::find_by_id(row.id).one(tx.db()).await?;
            if let Some(row) = row {
                super::wishes::forget_asker(&mut tx, &row).await?;
            }
            count += 1;
        }
        tx.commit().await?;
    }
    Ok(count)
}

/// What residents put on the four lists, was over by then and still says who, each in a transaction of its own.
async fn offers(app: &App, until: Moment) -> Result<u64, Fault> {
    let nobody = nobody(app).await?;
    let rows = offer::Entity::find()
        .filter(offer::COLUMN.ended_at.lt(until))
        .filter(super::offers::of_residents())
        .filter(offer::COLUMN.author_id.ne(nobody))
        .limit(STEP)
        .all(app.store.read())
        .await?;
    let mut count = 0;
    for row in rows {
        let mut tx = app.store.begin(app.clock.now()).await?;
        let same = offer::Entity::find_by_id(row.id)
            .filter(offer::COLUMN.version.eq(row.version))
            .lock_exclusive()
            .one(tx.db())
            .await?;
        if let Some(row) = same {
            super::offers::forget(&mut tx, &row).await?;
            count += 1;
        }
        tx.commit().await?;
    }
    Ok(count)
}

/// Loans, bookings and deposits that were over by then and still say whose they were.
async fn stations(app: &App, until: Moment) -> Result<u64, Fault> {
    let nobody = nobody(app).await?;
    let db = app.store.read();
    let loans = station_loan::Entity::find()
        .filter(station_loan::COLUMN.ended_at.lt(until))
        .filter(station_loan::COLUMN.borrower_id.ne(nobody))
        .limit(STEP)
        .all(db)
        .await?;
    let bookings = station_booking::Entity::find()
        .filter(station_booking::COLUMN.to_at.lt(until))
        .filter(station_booking::COLUMN.booker_id.ne(nobody))
        .limit(STEP)
        .all(db)
        .await?;
    // Where nobody was named, the looks of the thing are what is left to let go of.
    let deposits = station_deposit::Entity::find()
        .filter(station_deposit::COLUMN.ended_at.lt(until))
        .filter(station_deposit::COLUMN.thing.ne(""))
        .limit(STEP)
        .all(db)
        .await?;
    let count = loans.len() + bookings.len() + deposits.len();
    let tx = app.store.begin(app.clock.now()).await?;
    for row in &loans {
        super::stations::forget_loan(&tx, row).await?;
    }
    for row in &bookings {
        super::stations::forget_booking(&tx, row).await?;
    }
    for row in &deposits {
        super::stations::forget_deposit(&tx, row).await?;
    }
    tx.commit().await?;
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

async fn visitors(app: &App, until: Moment) -> Result<u64, Fault> {
    let gone = station_visitor::Entity::delete_many()
        .filter(station_visitor::COLUMN.at.lt(until))
        .exec(app.store.write())
        .await?;
    Ok(gone.rows_affected)
}

async fn questions(app: &App, until: Moment) -> Result<u64, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let gone = super::asked::remove_old(&tx, until, STEP).await?;
    tx.commit().await?;
    Ok(gone)
}

async fn visits(app: &App, until: Moment) -> Result<u64, Fault> {
    let rows: Vec<i64> = visit::Entity::find()
        .select_only()
        .column(visit::Column::Id)
        .filter(visit::COLUMN.state.eq(VisitState::Done))
        .filter(visit::COLUMN.done_at.lt(until))
        .limit(STEP)
        .into_tuple()
        .all(app.store.read())
        .await?;
    let gone = visit::Entity::delete_many()
        .filter(visit::COLUMN.id.is_in(rows))
        .exec(app.store.write())
        .await?;
    Ok(gone.rows_affected)
}

/// Copies whose day is over: the file, then the row's word.
pub(super) async fn remove_exports(app: &App, until: Moment) -> Result<u64, Fault> {
    let rows = data_export::Entity::find()
        .filter(data_export::COLUMN.expires_at.lte(until))
        .filter(data_export::COLUMN.state.ne(ExportState::Removed))
        .limit(STEP)
        .all(app.store.read())
        .await?;
    let mut count = 0;
    for row in rows {
        let path = row
            .path
            .unwrap_or_else(|| format!("export/{}.sealed", row.id));
        app.files.delete(&path).await?;
        let removed = data_export::Entity::update_many()
            .set(data_export::ActiveModel {
                state: Set(ExportState::Removed),
                path: Set(None),
                ..Default::default()
            })
            .filter(data_export::COLUMN.id.eq(row.id))
            .exec(app.store.write())
            .await?;
        count += removed.rows_affected;
    }
    Ok(count)
}
