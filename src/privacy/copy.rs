//! The copy of everything kept of somebody: a ZIP of one JSON file and the photos that they sent. Lies
//! sealed in our storage for a day. Made by `privacy/remind.rs`.

mod giving;
mod life;
mod more;
mod stations;

use std::io::{Cursor, Write};

use entity::kinds::{ActorKind, AttachmentState};
use entity::{
    account, attachment, audit, binding, case, case_event, consent, correction, preference,
    residency, role, subscription, visit,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::app::App;
use crate::attachment::{is_proof, of_person};
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::case::{case_says, kind_says};
use crate::person::queries as people;
use crate::place::queries as places;

/// Rows of a growing table that a copy holds, the newest.
const MOST: u64 = 5_000;
/// Bytes of photos that a copy holds; the rest is named.
const MOST_PHOTOS: usize = 20 * 1024 * 1024;
/// What stands beside the data.
const READ_ME: &str = "这是邻里系统里保存的与您有关的全部资料（data.json），以及您发过的照片（photos 文件夹）。\r\n\
    资料有错，可以在对话里回复“更正 姓名 新姓名”或“更正 手机 新号码”；不想再用，可以回复“注销”。\r\n";

/// Makes it.
///
/// # Errors
/// The database's.
pub(super) async fn make(app: &App, person_id: i64) -> Result<Vec<u8>, Fault> {
    let db = app.store.read();
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.eq(person_id))
        .all(db)
        .await?;
    let ids: Vec<i64> = accounts.iter().map(|account| account.id).collect();
    let photos = attachment::Entity::find()
        .filter(of_person(person_id, &ids))
        .order_by_desc(attachment::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let data = json!({
        "person": person(app, person_id).await?,
        "accounts": accounts.iter().map(account_view).collect::<Vec<_>>(),
        "consents": consents(db, &ids).await?,
        "homes": homes(db, person_id, &ids).await?,
        "roles": roles(db, person_id).await?,
        "cases": cases(db, person_id).await?,
        "attachments": photos.iter().map(photo_view).collect::<Vec<_>>(),
        "preferences": preferences(db, person_id, &ids).await?,
        "visits": visits(db, person_id).await?,
        "corrections": corrections(db, person_id).await?,
        "joined_cases": more::joined(db, person_id).await?,
        "mediations": more::quarrels(db, person_id).await?,
        "handed_in": more::handed_in(db, person_id).await?,
        "wishes": more::wishes(db, person_id).await?,
        "lists": more::offers(db, person_id).await?,
        "giving": giving::all(db, person_id).await?,
        "activities": life::activities(db, person_id).await?,
        "volunteer": life::service(db, person_id).await?,
        "stations": stations::stations(db, person_id).await?,
        "asked": more::asked(db, person_id).await?,
        "notices": more::notices(db, person_id).await?,
        "console": more::console(db, person_id).await?,
        "payments": more::payments(db, person_id, &ids).await?,
        "actions": actions(db, person_id).await?,
    });
    let mut files = Vec::new();
    let mut bytes = 0;
    // What was uploaded for others in office, certificates and slips of residents among it, is named in the data alone.
    let own = |photo: &&attachment::Model| !photo.subject.as_deref().is_some_and(is_proof);
    for photo in photos.iter().filter(own) {
        let Some(path) = &photo.path else { continue };
        if photo.state != AttachmentState::Stored || bytes > MOST_PHOTOS {
            continue;
        }
        // One that cannot be read now is named in the data all the same.
        if let Ok(file) = app.files.get(path).await {
            bytes += file.len();
            let ending = path.rsplit_once('.').map_or("bin", |(_, ending)| ending);
            files.push((format!("photos/{}.{ending}", photo.id), file));
        }
    }
    let text = serde_json::to_vec_pretty(&data).map_err(Fault::internal)?;
    pack(&text, files).map_err(Fault::internal)
}

fn pack(data: &[u8], files: Vec<(String, Vec<u8>)>) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    zip.start_file("data.json", options)?;
    zip.write_all(data)?;
    zip.start_file("readme.txt", options)?;
    zip.write_all(READ_ME.as_bytes())?;
    for (name, bytes) in files {
        zip.start_file(name, options)?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

fn maybe(at: Option<Moment>) -> Option<String> {
    at.map(time)
}

async fn person(app: &App, id: i64) -> Result<Value, Fault> {
    let person = people::by_id(app.store.read(), id).await?;
    Ok(person.map_or(Value::Null, |person| {
        json!({
            "name": person.name,
            "phone": people::phone_of(&app.seal, &person).map(|phone| phone.digits().to_owned()),
            "party_member": person.party_member,
            "wecom_userid": person.wecom_userid,
            "known_since": time(person.created_at),
        })
    }))
}

fn account_view(row: &account::Model) -> Value {
    json!({
        "channel": row.channel.to_value(), "openid": row.external_id, "unionid": row.union_id,
        "follows": row.followed, "last_word": maybe(row.last_inbound_at),
        "known_since": time(row.created_at),
    })
}

fn photo_view(row: &attachment::Model) -> Value {
    json!({
        "id": row.id.to_string(), "kind": row.kind, "of": row.subject,
        "state": row.state.to_value(), "sent_at": time(row.created_at),
    })
}

async fn consents<C: ConnectionTrait>(db: &C, accounts: &[i64]) -> Result<Vec<Value>, Fault> {
    let rows = consent::Entity::find()
        .filter(consent::COLUMN.account_id.is_in(accounts.iter().copied()))
        .all(db)
        .await?;
    let view = |row: &consent::Model| {
        json!({
            "version": row.version, "told_at": time(row.told_at), "agreed_at": maybe(row.agreed_at),
        })
    };
    Ok(rows.iter().map(view).collect())
}

async fn homes<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    accounts: &[i64],
) -> Result<Value, Fault> {
    let lives = residency::Entity::find()
        .filter(residency::COLUMN.person_id.eq(person_id))
        .all(db)
        .await?;
    let bound = binding::Entity::find()
        .filter(binding::COLUMN.account_id.is_in(accounts.iter().copied()))
        .all(db)
        .await?;
    let mut of_roster = Vec::new();
    for row in lives {
        of_roster.push(json!({
            "home": code(db, row.place_id).await?, "relation": row.relation.to_value(),
            "share": row.share, "ended_at": maybe(row.ended_at),
        }));
    }
    let mut of_accounts = Vec::new();
    for row in bound {
        of_accounts.push(json!({
            "home": code(db, row.place_id).await?, "state": row.state.to_value(),
            "name_as_typed": row.claimed_name, "reason": row.reason, "at": time(row.created_at),
        }));
    }
    Ok(json!({ "roster": of_roster, "bindings": of_accounts }))
}

async fn code<C: ConnectionTrait>(db: &C, place_id: i64) -> Result<Option<String>, Fault> {
    Ok(places::by_id(db, place_id).await?.map(|place| place.code))
}

async fn roles<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Vec<Value>, Fault> {
    let rows = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person_id))
        .all(db)
        .await?;
    let mut views = Vec::new();
    for row in rows {
        let place = match row.place_id {
            Some(id) => code(db, id).await?,
            None => None,
        };
        views.push(json!({
            "role": row.role.to_value(), "place": place,
            "from": time(row.from_at), "to": maybe(row.to_at),
            "end_reason": row.end_reason,
        }));
    }
    Ok(views)
}

async fn cases<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Vec<Value>, Fault> {
    let rows = case::Entity::find()
        .filter(case::COLUMN.reporter_id.eq(person_id))
        .order_by_desc(case::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let mut views = Vec::new();
    for row in rows {
        // The residents' own words of the history; what staff noted is in the case itself.
        let events = case_event::Entity::find()
            .filter(case_event::COLUMN.case_id.eq(row.id))
            .filter(case_event::COLUMN.actor_id.eq(person_id))
            .filter(case_event::COLUMN.actor_kind.ne(ActorKind::System))
            .order_by_asc(case_event::COLUMN.id)
            .all(db)
            .await?;
        let said: Vec<Value> = events
            .iter()
            .map(|event| json!({ "what": event.action, "words": event.note, "at": time(event.at) }))
            .collect();
        views.push(json!({
            "number": row.id.to_string(), "kind": kind_says(row.kind), "text": row.text,
            "place": code(db, row.place_id).await?, "state": case_says(&row),
            "plan": row.plan, "result": row.result, "rating": row.rating,
            "rating_words": row.rating_text, "latitude": row.latitude, "longitude": row.longitude,
            "filed_at": time(row.created_at), "closed_at": maybe(row.closed_at), "own_words": said,
        }));
    }
    Ok(views)
}

async fn preferences<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    accounts: &[i64],
) -> Result<Value, Fault> {
    let off = preference::Entity::find()
        .filter(preference::COLUMN.person_id.eq(person_id))
        .all(db)
        .await?;
    let accepts = subscription::Entity::find()
        .filter(
            subscription::COLUMN
                .account_id
                .is_in(accounts.iter().copied()),
        )
        .all(db)
        .await?;
    let topic = |row: &preference::Model| json!({ "topic": row.topic, "off": row.off });
    let accept =
        |row: &subscription::Model| json!({ "template": row.template, "left": row.remaining });
    Ok(json!({
        "topics": off.iter().map(topic).collect::<Vec<_>>(),
        "accepts": accepts.iter().map(accept).collect::<Vec<_>>(),
    }))
}

async fn visits<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Vec<Value>, Fault> {
    let rows = visit::Entity::find()
        .filter(visit::COLUMN.person_id.eq(person_id))
        .order_by_desc(visit::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let view = |row: &visit::Model| json!({ "text": row.text, "result": row.result, "at": time(row.created_at), "done_at": maybe(row.done_at) });
    Ok(rows.iter().map(view).collect())
}

async fn corrections<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Vec<Value>, Fault> {
    let rows = correction::Entity::find()
        .filter(correction::COLUMN.person_id.eq(person_id))
        .all(db)
        .await?;
    let view = |row: &correction::Model| {
        json!({
            "field": row.field.to_value(), "state": row.state.to_value(), "reason": row.reason,
            "at": time(row.created_at),
        })
    };
    Ok(rows.iter().map(view).collect())
}

/// What the audit trail says that they did.
async fn actions<C: ConnectionTrait>(db: &C, person_id: i64) -> Result<Vec<Value>, Fault> {
    let rows = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(format!("person:{person_id}")))
        .order_by_desc(audit::COLUMN.id)
        .limit(MOST)
        .all(db)
        .await?;
    let view = |row: &audit::Model| json!({ "action": row.action, "at": time(row.at) });
    Ok(rows.iter().map(view).collect())
}
