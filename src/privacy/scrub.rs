//! Makes the texts of a case say nothing of who filed it, and cuts the tie to that person. Used by
//! erasure and by retention.

use entity::attachment::Model as Photo;
use entity::kinds::{CaseState, ContentKind, PhotoStage, PlaceKind};
use entity::{
    audit, case, case_event, case_joiner, delivery, mediation, mediation_event, mediation_party,
    mediation_session, moderation, person, place,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use crate::access::holders::path_ids;
use crate::attachment;
use crate::base::fault::Fault;
use crate::base::redact::redact;
use crate::case::history::reword;
use crate::case::similar::kept;
use crate::case::subject;
use crate::privacy::ERASED_NAME;
use crate::store::Tx;

/// The roster's key of the person to whom cases belong whose reporter is no longer known.
const NOBODY_KEY: &str = "~anonymous";
/// What stands for that person.
const NOBODY_NAME: &str = "（已匿名）";

/// Cases that nobody works on any more. What was merged went on as another one; who filed it stands there as
/// somebody who has joined.
pub(super) const OVER: [CaseState; 3] =
    [CaseState::Reviewed, CaseState::Withdrawn, CaseState::Merged];

/// How much of a text goes.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// The person's name.
    pub name: String,
    /// Their phone, if there was one.
    pub phone: Option<String>,
}

impl Words {
    /// What is looked for: the name, if it is more than one letter, and the phone.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        let known = [Some(self.name.as_str()), self.phone.as_deref()];
        known
            .into_iter()
            .flatten()
            .filter(|word| word.chars().count() > 1)
    }

    /// Name and phone out, all else stays: the work on an open case goes on.
    pub fn out_of(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.name.chars().count() > 1 {
            text = text.replace(&self.name, ERASED_NAME);
        }
        if let Some(phone) = &self.phone {
            text = text.replace(phone.as_str(), "***");
        }
        text
    }

    /// Phones, identity numbers, homes and the name out.
    fn all_out_of(&self, text: &str) -> String {
        redact(&self.out_of(text), std::slice::from_ref(&self.name))
    }
}

/// Takes name and phone out of an open case.
///
/// # Errors
/// The database's.
pub(super) async fn open_case(tx: &Tx, case: &case::Model, words: &Words) -> Result<(), Fault> {
    texts(tx, case, &|text| words.out_of(text)).await
}

/// Makes a case that is over say nothing of who filed it: words, home, spot, tie. The photos that they
/// sent are handed back, to be removed.
///
/// # Errors
/// The database's.
pub(super) async fn closed_case(
    tx: &Tx,
    case: &case::Model,
    words: &Words,
) -> Result<Vec<Photo>, Fault> {
    texts(tx, case, &|text| words.all_out_of(text)).await?;
    let nobody = nobody(tx).await?;
    let reporter = case.reporter_id;
    let change = case::ActiveModel {
        id: Set(case.id),
        reporter_id: Set(nobody),
        account_id: Set(None),
        latitude: Set(None),
        longitude: Set(None),
        asker: Set(None),
        asker_phone_sealed: Set(None),
        essence: Set(None),
        place_id: Set(building_of(tx.db(), case.place_id).await?),
        ..Default::default()
    };
    case::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    let about = subject(case.id);
    case_event::Entity::update_many()
        .col_expr(case_event::Column::ActorId, Expr::value(None::<i64>))
        .filter(case_event::COLUMN.case_id.eq(case.id))
        .filter(case_event::COLUMN.actor_id.eq(reporter))
        .exec(tx.db())
        .await?;
    audit::Entity::update_many()
        .col_expr(audit::Column::ActorId, Expr::value(None::<i64>))
        .col_expr(audit::Column::AccountId, Expr::value(None::<i64>))
        .filter(audit::COLUMN.subject.eq(&about))
        .filter(audit::COLUMN.actor_id.eq(reporter))
        .exec(tx.db())
        .await?;
    delivery::Entity::delete_many()
        .filter(delivery::COLUMN.person_id.eq(reporter))
        .filter(delivery::COLUMN.subject.eq(&about))
        .exec(tx.db())
        .await?;
    moderation::Entity::update_many()
        .col_expr(moderation::Column::AuthorId, Expr::value(None::<i64>))
        .filter(moderation::COLUMN.subject.eq(&about))
        .filter(moderation::COLUMN.author_id.eq(reporter))
        .exec(tx.db())
        .await?;
    let quarrels = mediation::Entity::find()
        .filter(mediation::COLUMN.case_id.eq(case.id))
        .all(tx.db())
        .await?;
    for row in quarrels {
        quarrel(tx, &row, Some(reporter), &|text| words.all_out_of(text)).await?;
        // Whose quarrel it was says who filed.
        mediation_event::Entity::update_many()
            .col_expr(mediation_event::Column::ActorId, Expr::value(None::<i64>))
            .filter(mediation_event::COLUMN.mediation_id.eq(row.id))
            .filter(mediation_event::COLUMN.actor_id.eq(reporter))
            .exec(tx.db())
            .await?;
        mediation_party::Entity::delete_many()
            .filter(mediation_party::COLUMN.mediation_id.eq(row.id))
            .filter(mediation_party::COLUMN.person_id.eq(reporter))
            .exec(tx.db())
            .await?;
    }
    photos_of(tx, &about).await
}

/// Makes what was written in a mediation say nothing of one of its parties: `out` takes it out of the
/// texts, and what this party gave as reasons goes.
///
/// # Errors
/// The database's.
pub(super) async fn quarrel(
    tx: &Tx,
    row: &mediation::Model,
    party: Option<i64>,
    out: &(dyn Fn(&str) -> String + Sync),
) -> Result<(), Fault> {
    let some = |text: &Option<String>| Set(text.as_deref().map(out));
    let change = mediation::ActiveModel {
        id: Set(row.id),
        agreement: some(&row.agreement),
        outcome: some(&row.outcome),
        ..Default::default()
    };
    mediation::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    let events = mediation_event::Entity::find()
        .filter(mediation_event::COLUMN.mediation_id.eq(row.id))
        .filter(mediation_event::COLUMN.note.is_not_null())
        .all(tx.db())
        .await?;
    for event in events {
        let own = party.is_some() && event.actor_id == party;
        let note = event.note.as_deref().filter(|_| !own).map(out);
        if note != event.note {
            let change = mediation_event::ActiveModel {
                id: Set(event.id),
                note: Set(note),
                ..Default::default()
            };
            change.update(tx.db()).await?;
        }
    }
    let sessions = mediation_session::Entity::find()
        .filter(mediation_session::COLUMN.mediation_id.eq(row.id))
        .all(tx.db())
        .await?;
    for session in sessions {
        let change = mediation_session::ActiveModel {
            id: Set(session.id),
            venue: Set(out(&session.venue)),
            ..Default::default()
        };
        change.update(tx.db()).await?;
    }
    Ok(())
}

/// Who met the same, and what they said to it, once nobody comes back to the case.
///
/// # Errors
/// The database's.
pub(super) async fn joiners(tx: &Tx, case_id: i64) -> Result<(), Fault> {
    case_joiner::Entity::update_many()
        .set(case_joiner::ActiveModel {
            home_id: Set(None),
            rating_text: Set(None),
            ..Default::default()
        })
        .filter(case_joiner::COLUMN.case_id.eq(case_id))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// What was sent of what was found: by whoever filed it, who may be severed from the account by now.
async fn photos_of(tx: &Tx, about: &str) -> Result<Vec<Photo>, Fault> {
    let found = attachment::queries::of_subject(tx.db(), about).await?;
    let theirs = |row: &Photo| row.stage != Some(PhotoStage::After);
    Ok(found.into_iter().filter(theirs).collect())
}

async fn texts(
    tx: &Tx,
    case: &case::Model,
    out: &(dyn Fn(&str) -> String + Sync),
) -> Result<(), Fault> {
    let some = |text: &Option<String>| Set(text.as_deref().map(out));
    let text = out(&case.text);
    let change = case::ActiveModel {
        id: Set(case.id),
        essence: Set(kept(case.kind, &text)),
        text: Set(text),
        plan: some(&case.plan),
        result: some(&case.result),
        public_text: some(&case.public_text),
        rating_text: some(&case.rating_text),
        ..Default::default()
    };
    case::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    let events = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(case.id))
        .filter(case_event::COLUMN.note.is_not_null())
        .all(tx.db())
        .await?;
    reword(tx, events, out).await?;
    let rows = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(subject(case.id)))
        .all(tx.db())
        .await?;
    shown(tx, rows, out).await
}

/// What was handed in for others to see, and what was said of it.
///
/// # Errors
/// The database's.
pub(super) async fn shown(
    tx: &Tx,
    rows: Vec<moderation::Model>,
    out: &(dyn Fn(&str) -> String + Sync),
) -> Result<(), Fault> {
    let some = |text: &Option<String>| text.as_deref().map(out);
    for row in rows {
        // Of a picture it is the path in our storage.
        let content = match row.kind {
            ContentKind::Text => out(&row.content),
            ContentKind::Image => row.content.clone(),
        };
        let change = moderation::ActiveModel {
            id: Set(row.id),
            content: Set(content),
            doubt: Set(some(&row.doubt)),
            reason: Set(some(&row.reason)),
            ..Default::default()
        };
        change.update(tx.db()).await?;
    }
    Ok(())
}

/// The building, or the compound, around a home: nothing nearer is known of who filed it.
async fn building_of<C: ConnectionTrait>(db: &C, place_id: i64) -> Result<i64, Fault> {
    let Some(place) = place::Entity::find_by_id(place_id).one(db).await? else {
        return Ok(place_id);
    };
    if !matches!(place.kind, PlaceKind::Home | PlaceKind::Unit) {
        return Ok(place_id);
    }
    let above = place::Entity::find()
        .filter(place::COLUMN.id.is_in(path_ids(&place.path)))
        .filter(
            place::COLUMN
                .kind
                .is_in([PlaceKind::Building, PlaceKind::Compound]),
        )
        .order_by_desc(place::COLUMN.path)
        .all(db)
        .await?;
    let nearest = above.iter().max_by_key(|place| place.path.len());
    Ok(nearest.map_or(place_id, |place| place.id))
}

/// To whom cases belong whose reporter is no longer known; made when it is first needed.
///
/// # Errors
/// The database's.
pub(super) async fn nobody(tx: &Tx) -> Result<i64, Fault> {
    let find = || person::Entity::find().filter(person::COLUMN.key.eq(NOBODY_KEY));
    if let Some(row) = find().one(tx.db()).await? {
        return Ok(row.id);
    }
    let row = person::ActiveModel {
        key: Set(Some(NOBODY_KEY.to_owned())),
        name: Set(NOBODY_NAME.to_owned()),
        party_member: Set(false),
        left_at: Set(Some(tx.now())),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    Ok(row.insert(tx.db()).await?.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_phone_go_and_the_home_stays_while_the_case_is_open() {
        let words = Words {
            name: "张秀英".to_owned(),
            phone: Some("13800000101".to_owned()),
        };
        let text = "张秀英家 1-1-101 漏水，电话13800000101";
        let open = words.out_of(text);
        assert_eq!(open, "（已注销）家 1-1-101 漏水，电话***");
        let over = words.all_out_of(text);
        assert!(!over.contains("101") && !over.contains("张秀英"), "{over}");
    }

    #[test]
    fn a_name_of_one_letter_does_not_eat_the_text() {
        let words = Words {
            name: "水".to_owned(),
            phone: None,
        };
        assert_eq!(words.out_of("漏水了"), "漏水了");
    }
}
