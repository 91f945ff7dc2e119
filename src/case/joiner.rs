//! Who has joined a case (我也遇到): reads, what their ratings are worth, and the echo by which they are
//! told what the reporter is told. They never read what others wrote. Used by the actions, by the chat, by
//! the API and by the console.

use entity::kinds::CaseState;
use entity::{case, case_joiner};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::clock::{FEEDBACK_MINUTES, RATING_DAYS, after, after_days};
use crate::case::remind::{self, kinds};
use crate::case::stats::tenths;
use crate::reminder::NewReminder;
use crate::store::Tx;

/// Whether they have rated the last end of the case: each end is rated once.
#[must_use]
pub fn has_rated(row: &case_joiner::Model, case: &case::Model) -> bool {
    match (row.rated_at, case.finished_at) {
        (Some(rated), Some(finished)) => rated >= finished,
        (rated, _) => rated.is_some(),
    }
}

/// Whether they may rate it now: it has ended, not long ago, and they have not.
#[must_use]
pub fn may_rate(row: &case_joiner::Model, case: &case::Model, now: Moment) -> bool {
    let over = matches!(case.state, CaseState::Finished | CaseState::Reviewed);
    let until = case.finished_at.map(|at| after_days(at, RATING_DAYS));
    over && !has_rated(row, case) && until.is_some_and(|until| until >= now)
}

/// What those who have joined gave for the end of this round, in the order in which they joined; nothing
/// while it is open.
///
/// # Errors
/// The database's.
pub async fn ratings<C: ConnectionTrait>(db: &C, case: &case::Model) -> Result<Vec<i16>, Fault> {
    use CaseState::{Finished, ReopenRequested, Reviewed};
    if case.joiners == 0 || !matches!(case.state, Finished | Reviewed | ReopenRequested) {
        return Ok(Vec::new());
    }
    let rows = active(db, case.id).await?;
    let theirs = rows.iter().filter(|row| has_rated(row, case));
    Ok(theirs.filter_map(|row| row.rating).collect())
}

/// `3人，平均2.3分`; none of nothing.
#[must_use]
pub fn ratings_say(ratings: &[i16]) -> Option<String> {
    let many = i64::try_from(ratings.len()).ok().filter(|many| *many > 0)?;
    let sum: i64 = ratings.iter().map(|score| i64::from(*score)).sum();
    let mean = (sum * 20 + many) / (many * 2);
    Some(format!("{many}人，平均{}分", tenths(mean)))
}

/// Whoever is with a case now, oldest first.
///
/// # Errors
/// The database's.
pub async fn active<C: ConnectionTrait>(
    db: &C,
    case_id: i64,
) -> Result<Vec<case_joiner::Model>, Fault> {
    Ok(case_joiner::Entity::find()
        .filter(case_joiner::COLUMN.case_id.eq(case_id))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .order_by_asc(case_joiner::COLUMN.id)
        .all(db)
        .await?)
}

/// The row of one person, if they are with it now.
///
/// # Errors
/// The database's.
pub async fn of<C: ConnectionTrait>(
    db: &C,
    case_id: i64,
    person_id: i64,
) -> Result<Option<case_joiner::Model>, Fault> {
    Ok(case_joiner::Entity::find()
        .filter(case_joiner::COLUMN.case_id.eq(case_id))
        .filter(case_joiner::COLUMN.person_id.eq(person_id))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .one(db)
        .await?)
}

/// A row by its key, if it is of this case and they are with it now.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(
    db: &C,
    case_id: i64,
    id: i64,
) -> Result<Option<case_joiner::Model>, Fault> {
    Ok(case_joiner::Entity::find_by_id(id)
        .filter(case_joiner::COLUMN.case_id.eq(case_id))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .one(db)
        .await?)
}

/// The cases that somebody has joined, newest first.
///
/// # Errors
/// The database's.
pub async fn joined_by<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    most: u64,
) -> Result<Vec<case::Model>, Fault> {
    let ids: Vec<i64> = case_joiner::Entity::find()
        .select_only()
        .column(case_joiner::Column::CaseId)
        .filter(case_joiner::COLUMN.person_id.eq(person_id))
        .filter(case_joiner::COLUMN.left_at.is_null())
        .order_by_desc(case_joiner::COLUMN.id)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(case::Entity::find()
        .filter(case::COLUMN.id.is_in(ids))
        .order_by_desc(case::COLUMN.id)
        .all(db)
        .await?)
}

/// What goes to the reporter goes to everybody who has joined, too, in their own words (`remind/say.rs`); for
/// each of them a clock looks whether the question for a rating has arrived.
///
/// # Errors
/// The database's.
pub async fn echo(
    tx: &Tx,
    case: &case::Model,
    reminders: &[NewReminder],
) -> Result<Vec<NewReminder>, Fault> {
    let told: Vec<&str> = reminders
        .iter()
        .filter(|item| item.kind == kinds::PROGRESS)
        .filter(|item| item.recipient_id == Some(case.reporter_id))
        .filter_map(|item| item.payload.get("what")?.as_str())
        .collect();
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let people = active(tx.db(), case.id).await?;
    let others = people
        .iter()
        .map(|joiner| joiner.person_id)
        .filter(|person| *person != case.reporter_id);
    let look = after(tx.now(), FEEDBACK_MINUTES);
    let mut echoed = Vec::new();
    for person in others {
        for what in &told {
            let push = remind::push(case, kinds::PROGRESS, person, what, tx.now());
            if remind::asks_for_rating(what) {
                echoed.push(remind::feedback(case, person, &push.dedupe_key, look));
            }
            echoed.push(push);
        }
    }
    Ok(echoed)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn each_end_is_rated_once_and_in_its_days() {
        let mut case = crate::case::step::tests::filed();
        let now = case.created_at;
        let mut row = case_joiner::Model {
            id: 1,
            case_id: case.id,
            compound_id: 1,
            person_id: 7,
            home_id: None,
            from_case_id: None,
            rating: None,
            rating_text: None,
            rated_at: None,
            at: now,
            left_at: None,
        };
        assert!(!may_rate(&row, &case, now), "it is open");
        case.state = CaseState::Finished;
        case.finished_at = Some(now);
        assert!(may_rate(&row, &case, now + TimeDelta::days(7)));
        assert!(!may_rate(&row, &case, now + TimeDelta::days(8)));
        row.rated_at = Some(now + TimeDelta::minutes(1));
        assert!(has_rated(&row, &case) && !may_rate(&row, &case, now));
        // The second round ends.
        case.finished_at = Some(now + TimeDelta::minutes(9));
        assert!(may_rate(&row, &case, now + TimeDelta::minutes(10)));
        case.state = CaseState::ReopenRequested;
        assert!(!may_rate(&row, &case, now + TimeDelta::minutes(10)));
    }

    #[test]
    fn the_mean_of_those_who_joined_is_rounded_to_tenths() {
        assert_eq!(ratings_say(&[]), None);
        assert_eq!(ratings_say(&[5]).as_deref(), Some("1人，平均5.0分"));
        assert_eq!(ratings_say(&[1, 1, 5]).as_deref(), Some("3人，平均2.3分"));
        assert_eq!(ratings_say(&[2, 5]).as_deref(), Some("2人，平均3.5分"));
    }
}
