//! Sessions of the console. The token exists in the browser's cookie only; each step of signing in
//! gives a new one, so that a token that somebody knew before is worth nothing after. Called by
//! [`super`] and by `web/console`.

use chrono::TimeDelta;
use entity::console_session;
use entity::kinds::ConsoleWay;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::console::{Signed, Stage, credential};
use crate::access::{Actor, load_staff};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::store::Tx;

/// Hours that a session holds at most, and without being used.
const WHOLE_HOURS: i64 = 12;
const IDLE_HOURS: i64 = 2;
/// Minutes for the second factor.
const HALF_MINUTES: i64 = 10;
/// Seconds after which use is noted again.
const TOUCH_SECONDS: i64 = 60;
/// Characters kept of what the browser calls itself.
const AGENT: usize = 160;
/// Longest token that is looked up at all.
const TOKEN_MOST: usize = 128;
/// Sessions shown to their owner.
const MOST_SHOWN: u64 = 50;

/// A session that was opened or renewed.
#[derive(Debug)]
pub struct Opened {
    /// For the cookie, 256 bits.
    pub token: String,
}

fn index(app: &App, token: &str) -> String {
    app.seal.index(&format!("console session\n{token}"))
}

/// Opens one.
///
/// # Errors
/// The database's.
pub(super) async fn open(
    app: &App,
    tx: &Tx,
    person_id: i64,
    way: ConsoleWay,
    credential: Option<&entity::credential::Model>,
    agent: &str,
) -> Result<Opened, Fault> {
    let token = app.dice.token();
    let complete = match (way, credential) {
        (ConsoleWay::Work, _) => true,
        (ConsoleWay::Password, Some(credential)) => stage_of(app, credential, false) == Stage::In,
        (ConsoleWay::Password, None) => false,
    };
    let holds = if complete {
        TimeDelta::hours(WHOLE_HOURS)
    } else {
        TimeDelta::minutes(HALF_MINUTES)
    };
    console_session::ActiveModel {
        token_index: Set(index(app, &token)),
        person_id: Set(person_id),
        credential_id: Set(credential.map(|credential| credential.id)),
        way: Set(way),
        verified: Set(way == ConsoleWay::Work),
        agent: Set(shorten(agent, AGENT)),
        created_at: Set(tx.now()),
        seen_at: Set(tx.now()),
        expires_at: Set(tx.now() + holds),
        ended_at: Set(None),
        ..Default::default()
    }
    .insert(tx.db())
    .await?;
    Ok(Opened { token })
}

/// Gives a session a new token and its whole time: another step of signing in is done.
///
/// # Errors
/// `conflict` when the session has ended meanwhile.
pub(super) async fn renew(
    app: &App,
    tx: &Tx,
    session: &console_session::Model,
    verified: bool,
) -> Result<Opened, Fault> {
    let token = app.dice.token();
    let change = console_session::ActiveModel {
        token_index: Set(index(app, &token)),
        verified: Set(verified),
        seen_at: Set(tx.now()),
        expires_at: Set(session.created_at + TimeDelta::hours(WHOLE_HOURS)),
        ..Default::default()
    };
    let changed = console_session::Entity::update_many()
        .set(change)
        .filter(console_session::COLUMN.id.eq(session.id))
        .filter(
            console_session::COLUMN
                .token_index
                .eq(session.token_index.as_str()),
        )
        .filter(console_session::COLUMN.ended_at.is_null())
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 1 {
        Ok(Opened { token })
    } else {
        Err(Fault::plain(crate::base::fault::Code::Conflict))
    }
}

/// Who holds the token; none when nobody does, or no longer. Notes the use once a minute.
///
/// # Errors
/// The database's.
pub async fn authenticate(app: &App, token: &str) -> Result<Option<Signed>, Fault> {
    if token.len() > TOKEN_MOST {
        return Ok(None);
    }
    let now = app.clock.now();
    let db = app.store.read();
    let found = console_session::Entity::find()
        .filter(console_session::COLUMN.token_index.eq(index(app, token)))
        .filter(live(now))
        .one(db)
        .await?;
    match found {
        Some(session) => whole(app, session, now).await,
        None => Ok(None),
    }
}

/// The same session once more, as things stand now; for what goes on for long.
///
/// # Errors
/// The database's.
pub async fn again(app: &App, signed: &Signed) -> Result<Option<Signed>, Fault> {
    let now = app.clock.now();
    let found = console_session::Entity::find_by_id(signed.session.id)
        .filter(live(now))
        .one(app.store.read())
        .await?;
    match found {
        Some(session) => whole(app, session, now).await,
        None => Ok(None),
    }
}

async fn whole(
    app: &App,
    session: console_session::Model,
    now: Moment,
) -> Result<Option<Signed>, Fault> {
    let db = app.store.read();
    let credential = match session.credential_id {
        Some(id) => credential::by_id(db, id).await?,
        None => None,
    };
    let Some(stage) = stage(app, &session, credential.as_ref()) else {
        return Ok(None);
    };
    let Some(actor) = load_staff(db, session.person_id, now).await? else {
        return Ok(None);
    };
    if now - session.seen_at > TimeDelta::seconds(TOUCH_SECONDS) {
        touch(app, &session, now).await;
    }
    Ok(Some(Signed {
        session,
        credential,
        actor,
        stage,
    }))
}

fn live(now: Moment) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(console_session::COLUMN.ended_at.is_null())
        .add(console_session::COLUMN.expires_at.gt(now))
        .add(
            console_session::COLUMN
                .seen_at
                .gt(now - TimeDelta::hours(IDLE_HOURS)),
        )
}

/// None for a session by a name that is no more.
fn stage(
    app: &App,
    session: &console_session::Model,
    credential: Option<&entity::credential::Model>,
) -> Option<Stage> {
    if session.way == ConsoleWay::Work {
        return Some(Stage::In);
    }
    Some(stage_of(app, credential?, session.verified))
}

fn stage_of(app: &App, credential: &entity::credential::Model, verified: bool) -> Stage {
    let second = credential.totp_sealed.is_some();
    if second && !verified {
        Stage::Code
    } else if credential.one_time {
        Stage::NewPassword
    } else if !second && app.settings.console.second_factor {
        Stage::Enrol
    } else {
        Stage::In
    }
}

/// Whatever becomes of it: the next request notes it.
async fn touch(app: &App, session: &console_session::Model, now: Moment) {
    let change = console_session::ActiveModel {
        seen_at: Set(now),
        ..Default::default()
    };
    let noted = console_session::Entity::update_many()
        .set(change)
        .filter(console_session::COLUMN.id.eq(session.id))
        .filter(console_session::COLUMN.seen_at.lt(now))
        .exec(app.store.write())
        .await;
    if let Err(error) = noted {
        tracing::debug!(%error, "the use of a session was not noted");
    }
}

/// The person's sessions that are open, the last used first.
///
/// # Errors
/// The database's.
pub async fn of_person(app: &App, person_id: i64) -> Result<Vec<console_session::Model>, Fault> {
    Ok(console_session::Entity::find()
        .filter(console_session::COLUMN.person_id.eq(person_id))
        .filter(live(app.clock.now()))
        .order_by_desc(console_session::COLUMN.seen_at)
        .order_by_desc(console_session::COLUMN.id)
        .limit(MOST_SHOWN)
        .all(app.store.read())
        .await?)
}

/// Ends one session of the person. False when they have no such session open.
///
/// # Errors
/// The database's.
pub async fn end(tx: &Tx, actor: &Actor, session_id: i64) -> Result<bool, Fault> {
    let only = console_session::COLUMN.id.eq(session_id);
    Ok(end_where(tx, actor.require_person()?, only.into()).await? > 0)
}

/// Ends all sessions of the person but this one; how many.
///
/// # Errors
/// The database's.
pub async fn end_others(tx: &Tx, person_id: i64, keep: Option<i64>) -> Result<u64, Fault> {
    let others = keep.map_or_else(sea_orm::Condition::all, |keep| {
        sea_orm::Condition::all().add(console_session::COLUMN.id.ne(keep))
    });
    end_where(tx, person_id, others).await
}

async fn end_where(tx: &Tx, person_id: i64, which: sea_orm::Condition) -> Result<u64, Fault> {
    let ended = console_session::Entity::update_many()
        .set(console_session::ActiveModel {
            ended_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(console_session::COLUMN.person_id.eq(person_id))
        .filter(console_session::COLUMN.ended_at.is_null())
        .filter(which)
        .exec(tx.db())
        .await?;
    Ok(ended.rows_affected)
}
