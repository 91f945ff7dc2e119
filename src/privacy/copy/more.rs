//! What a copy holds beside one's own cases: what one has joined, quarrels that one is a party to, what
//! one handed in for others to see, and the way into the console of whoever holds or held a role.

use entity::kinds::ActorKind;
use entity::{
    case_event, case_helper, case_joiner, console_session, credential, handbook_asker,
    handbook_question, mediation, mediation_event, mediation_party, moderation, notice,
    notice_recipient, offer, offer_step, payment, saved_view, timetable_reader, wish, wish_step,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::{Value, json};

use super::{MOST, maybe, time};
use crate::base::fault::Fault;

/// Cases of others that they joined or helped with: their own words to them.
pub(super) async fn joined<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let joined = case_joiner::Entity::find()
        .filter(case_joiner::COLUMN.person_id.eq(person_id))
        .order_by_desc(case_joiner::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let helped = case_helper::Entity::find()
        .filter(case_helper::COLUMN.person_id.eq(person_id))
        .order_by_desc(case_helper::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let cases = joined
        .iter()
        .map(|row| row.case_id)
        .chain(helped.iter().map(|row| row.case_id));
    let said = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.is_in(cases))
        .filter(case_event::COLUMN.actor_id.eq(person_id))
        .filter(case_event::COLUMN.actor_kind.ne(ActorKind::System))
        .order_by_asc(case_event::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let joins = joined.iter().map(|row| {
        json!({
            "case": row.case_id.to_string(), "at": time(row.at), "left_at": maybe(row.left_at),
            "rating": row.rating, "rating_words": row.rating_text,
        })
    });
    let helps = helped.iter().map(|row| {
        json!({
            "case": row.case_id.to_string(), "since": maybe(row.joined_at),
            "left_at": maybe(row.left_at),
        })
    });
    let words = said.iter().map(|event| {
        json!({
            "case": event.case_id.to_string(), "what": event.action, "words": event.note,
            "at": time(event.at),
        })
    });
    Ok(json!({
        "joined": joins.collect::<Vec<_>>(),
        "helped": helps.collect::<Vec<_>>(),
        "own_words": words.collect::<Vec<_>>(),
    }))
}

/// Quarrels that they are a party to: the text, and what they themselves said.
pub(super) async fn quarrels<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
) -> Result<Vec<Value>, Fault> {
    let sides = mediation_party::Entity::find()
        .filter(mediation_party::COLUMN.person_id.eq(person_id))
        .order_by_desc(mediation_party::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let mut views = Vec::new();
    for side in sides {
        let row = mediation::Entity::find_by_id(side.mediation_id)
            .one(db)
            .await?;
        let said = mediation_event::Entity::find()
            .filter(mediation_event::COLUMN.mediation_id.eq(side.mediation_id))
            .filter(mediation_event::COLUMN.actor_id.eq(person_id))
            .order_by_asc(mediation_event::COLUMN.id)
            .all(db)
            .await?;
        let words = said.iter().map(
            |event| json!({ "what": event.action, "words": event.note, "at": time(event.at) }),
        );
        views.push(json!({
            "number": side.mediation_id.to_string(),
            "state": row.as_ref().map(|row| row.state.to_value()),
            "agreement": row.as_ref().and_then(|row| row.agreement.clone()),
            "agrees": side.agrees, "reason": side.reason, "kept": side.kept,
            "since": time(side.created_at), "own_words": words.collect::<Vec<_>>(),
        }));
    }
    Ok(views)
}

/// Wishes that they made, and those that they claimed: of the latter what they themselves did and said.
pub(super) async fn wishes<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let made = wish::Entity::find()
        .filter(wish::COLUMN.asker_id.eq(person_id))
        .order_by_desc(wish::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let claimed = wish::Entity::find()
        .filter(wish::COLUMN.claimer_id.eq(person_id))
        .order_by_desc(wish::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let said = wish_step::Entity::find()
        .filter(wish_step::COLUMN.actor_id.eq(person_id))
        .order_by_desc(wish_step::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let own = |row: &wish::Model| {
        json!({
            "number": row.id.to_string(), "text": row.text, "state": row.state.to_value(),
            "reason": row.reason, "thanks": row.thanks, "made_at": time(row.created_at),
            "fulfilled_at": maybe(row.fulfilled_at), "ended_at": maybe(row.ended_at),
        })
    };
    let taken = |row: &wish::Model| {
        json!({
            "number": row.id.to_string(), "state": row.state.to_value(), "result": row.result,
            "claimed_at": maybe(row.claimed_at), "fulfilled_at": maybe(row.fulfilled_at),
        })
    };
    let words = |step: &wish_step::Model| {
        json!({
            "number": step.wish_id.to_string(), "what": step.action, "words": step.note,
            "at": time(step.at),
        })
    };
    Ok(json!({
        "made": made.iter().map(own).collect::<Vec<_>>(),
        "claimed": claimed.iter().map(taken).collect::<Vec<_>>(),
        "own_words": said.iter().map(words).collect::<Vec<_>>(),
    }))
}

/// What they put on the four lists, for themselves or for an organisation, and what they said to items.
pub(super) async fn offers<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let put = offer::Entity::find()
        .filter(offer::COLUMN.author_id.eq(person_id))
        .order_by_desc(offer::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let said = offer_step::Entity::find()
        .filter(offer_step::COLUMN.actor_id.eq(person_id))
        .order_by_desc(offer_step::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let own = |row: &offer::Model| {
        json!({
            "number": row.id.to_string(), "list": row.list.to_value(), "title": row.title,
            "text": row.text, "state": row.state.to_value(), "result": row.result,
            "reason": row.reason, "for_organisation": row.organisation_id.is_some(),
            "made_at": time(row.created_at), "ended_at": maybe(row.ended_at),
        })
    };
    let words = |step: &offer_step::Model| {
        json!({
            "number": step.offer_id.to_string(), "what": step.action, "words": step.note,
            "at": time(step.at),
        })
    };
    Ok(json!({
        "published": put.iter().map(own).collect::<Vec<_>>(),
        "own_words": said.iter().map(words).collect::<Vec<_>>(),
    }))
}

/// What they handed in for others to see.
pub(super) async fn handed_in<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
) -> Result<Vec<Value>, Fault> {
    let rows = moderation::Entity::find()
        .filter(moderation::COLUMN.author_id.eq(person_id))
        .order_by_desc(moderation::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let view = |row: &moderation::Model| {
        json!({
            "of": row.subject, "part": row.part, "kind": row.kind.to_value(),
            "content": row.content, "state": row.state.to_value(), "reason": row.reason,
            "at": time(row.created_at),
        })
    };
    Ok(rows.iter().map(view).collect())
}

/// Notices that they have got and when they read them, and those that they wrote.
pub(super) async fn notices<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let got = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .order_by_desc(notice_recipient::COLUMN.notice_id)
        .limit(MOST)
        .all(db)
        .await?;
    let written = notice::Entity::find()
        .filter(notice::COLUMN.author_id.eq(person_id))
        .order_by_desc(notice::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let one = |row: &notice_recipient::Model| {
        json!({
            "notice": row.notice_id.to_string(), "read_at": maybe(row.read_at),
            "acknowledged_at": maybe(row.acknowledged_at),
        })
    };
    let own = |row: &notice::Model| {
        json!({
            "title": row.title, "body": row.body, "state": row.state.to_value(),
            "at": time(row.created_at),
        })
    };
    Ok(json!({
        "got": got.iter().map(one).collect::<Vec<_>>(),
        "written": written.iter().map(own).collect::<Vec<_>>(),
    }))
}

/// What they asked the handbook and it could not answer, and of which timetables they are told.
pub(super) async fn asked<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let askers = handbook_asker::Entity::find()
        .filter(handbook_asker::COLUMN.person_id.eq(person_id))
        .order_by_desc(handbook_asker::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let questions = handbook_question::Entity::find()
        .filter(
            handbook_question::COLUMN
                .id
                .is_in(askers.iter().map(|row| row.question_id)),
        )
        .all(db)
        .await?;
    let timetables = timetable_reader::Entity::find()
        .filter(timetable_reader::COLUMN.person_id.eq(person_id))
        .all(db)
        .await?;
    let question = |row: &handbook_asker::Model| {
        let of = questions.iter().find(|one| one.id == row.question_id);
        json!({ "text": of.map(|one| &one.text), "at": time(row.at) })
    };
    let timetable = |row: &timetable_reader::Model| json!({ "timetable": row.timetable_id.to_string(), "since": time(row.created_at) });
    Ok(json!({
        "questions": askers.iter().map(question).collect::<Vec<_>>(),
        "timetables": timetables.iter().map(timetable).collect::<Vec<_>>(),
    }))
}

/// Names to sign in with, sessions and saved lists; nothing that opens anything.
pub(super) async fn console<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Value, Fault> {
    let names = credential::Entity::find()
        .filter(credential::COLUMN.person_id.eq(person_id))
        .all(db)
        .await?;
    let sessions = console_session::Entity::find()
        .filter(console_session::COLUMN.person_id.eq(person_id))
        .order_by_desc(console_session::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let lists = saved_view::Entity::find()
        .filter(saved_view::COLUMN.person_id.eq(person_id))
        .all(db)
        .await?;
    let name =
        |row: &credential::Model| json!({ "name": row.login, "since": time(row.created_at) });
    let session = |row: &console_session::Model| {
        json!({
            "browser": row.agent, "at": time(row.created_at), "last_used": time(row.seen_at),
            "ended_at": maybe(row.ended_at),
        })
    };
    let list = |row: &saved_view::Model| json!({ "name": row.name, "filters": row.query });
    Ok(json!({
        "names": names.iter().map(name).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
        "lists": lists.iter().map(list).collect::<Vec<_>>(),
    }))
}

/// What they paid, by whatever account.
pub(super) async fn payments<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    accounts: &[i64],
) -> Result<Value, Fault> {
    let own = Condition::any()
        .add(payment::COLUMN.payer_id.eq(person_id))
        .add(payment::COLUMN.account_id.is_in(accounts.iter().copied()));
    let rows = payment::Entity::find()
        .filter(own)
        .order_by_desc(payment::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let view = |row: &payment::Model| {
        json!({
            "amount": row.amount, "way": row.way.to_value(), "state": row.state.to_value(),
            "home_id": row.home_id, "bills": row.bills, "note": row.note,
            "open_id": row.open_id, "transaction_id": row.transaction_id,
            "at": time(row.created_at), "paid_at": maybe(row.paid_at),
        })
    };
    Ok(rows.iter().map(view).collect())
}
