//! Signing in: a mini-program's code, or a visitor of a page, becomes a token, a token becomes the
//! caller of a request. Used by `web/guard.rs`, `web/session.rs`, `web/oauth.rs`, `web/pages` and, for
//! [`Caller`], by the nouns' `api.rs`.

use chrono::TimeDelta;
use entity::kinds::Channel;
use entity::{account, idempotency, place, session};
use poem::{FromRequest, Request, RequestBody};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, TryInsertResult};
use secrecy::ExposeSecret;

use crate::access::again::{Again, STALE};
use crate::access::{Actor, load_actor, union};
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::{Code, Fault};
use crate::base::text::{clean, cut_bytes};
use crate::store::Tx;
use crate::wechat;

/// Days that a session holds.
const DAYS: i64 = 30;
/// Longest token that is looked up at all.
const TOKEN_MOST: usize = 128;

/// Who calls the API. Nouns' handlers take it as an argument.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The signed-in account.
    pub account: account::Model,
    /// On whose behalf.
    pub actor: Actor,
    /// Which session.
    pub session_id: i64,
}

impl Caller {
    /// Of a request that went through the guard.
    ///
    /// # Errors
    /// `unauthenticated` when it came without a token.
    pub fn of(request: &Request) -> Result<&Self, Fault> {
        request
            .data::<Self>()
            .ok_or_else(|| Fault::plain(Code::Unauthenticated))
    }
}

impl<'a> FromRequest<'a> for Caller {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request)?.clone())
    }
}

/// A new session. The token exists here and at the client only.
pub struct SignedIn {
    /// Bearer token, 256 bits.
    pub token: String,
    /// UTC.
    pub expires_at: Moment,
    /// Who signed in.
    pub actor: Actor,
    /// By which account.
    pub account: account::Model,
    /// Whether it was given before.
    pub repeated: bool,
}

/// Exchanges the code of `wx.login`; `scene` is what the scanned code of a place says, if one was:
/// then the account's homes are looked for in that compound.
///
/// # Errors
/// `invalid` for a code that the platform refuses, `too_many`, `forbidden`, `outside` as it answers.
pub async fn sign_in(app: &App, code: &str, scene: Option<&str>) -> Result<SignedIn, Fault> {
    exchange(app, code, scene, None).await
}

/// The same once: a repeat of the same request gets the session of before while the code lives.
///
/// # Errors
/// As [`sign_in`]; `in_progress` while a twin is under way.
pub async fn sign_in_once(
    app: &App,
    code: &str,
    scene: Option<&str>,
    again: &Again,
) -> Result<SignedIn, Fault> {
    if let Some(token) = again.enter(app).await? {
        let (session, account) = held(app, &token).await?;
        return Ok(SignedIn {
            actor: load_actor(app.store.read(), &account, app.clock.now()).await?,
            expires_at: session.expires_at,
            token,
            account,
            repeated: true,
        });
    }
    let signed = exchange(app, code, scene, Some(again)).await;
    if signed.is_err() {
        again.give_up(app).await;
    }
    signed
}

async fn exchange(
    app: &App,
    code: &str,
    scene: Option<&str>,
    again: Option<&Again>,
) -> Result<SignedIn, Fault> {
    let known = app.mini.code2session(code).await.map_err(explain)?;
    if let Some(union_id) = &known.unionid {
        union::learn(app, union_id).await?;
    }
    let token = app.dice.token();
    let sealed = app
        .seal
        .seal(&app.dice, known.session_key.expose_secret())?;
    let tx = app.store.begin(app.clock.now()).await?;
    let account = upsert(&tx, Channel::Mini, &known.openid, known.unionid.as_deref()).await?;
    let account = union::join(&tx, account).await?;
    let account = match scene {
        Some(scene) => remember_compound(&tx, account, scene).await?,
        None => account,
    };
    if let Some(again) = again {
        again.leave(app, &tx, &token).await?;
    }
    open(app, tx, account, token, Some(sealed)).await
}

/// Signs a visitor of a page in by the openid that the platform has named.
///
/// # Errors
/// The database's.
pub async fn sign_in_page(
    app: &App,
    openid: &str,
    union_id: Option<&str>,
) -> Result<SignedIn, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let account = upsert(&tx, Channel::Official, openid, union_id).await?;
    let account = union::join(&tx, account).await?;
    open(app, tx, account, app.dice.token(), None).await
}

/// Takes the state of a page's sign-in; false when it was taken before.
///
/// # Errors
/// The database's.
pub async fn spend_state(app: &App, state: &str) -> Result<bool, Fault> {
    let row = idempotency::ActiveModel {
        scope: Set("oauth".to_owned()),
        key: Set(state.to_owned()),
        request_hash: Set(String::new()),
        status: Set(None),
        body: Set(None),
        created_at: Set(app.clock.now()),
    };
    let known = [idempotency::Column::Scope, idempotency::Column::Key];
    let stored = idempotency::Entity::insert_many([row])
        .on_conflict(OnConflict::columns(known).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(app.store.write())
        .await?;
    Ok(matches!(stored, TryInsertResult::Inserted(count) if count > 0))
}

/// Opens a session for an account, and ends the transaction.
async fn open(
    app: &App,
    tx: Tx,
    account: account::Model,
    token: String,
    session_key_sealed: Option<String>,
) -> Result<SignedIn, Fault> {
    let expires_at = tx.now() + TimeDelta::days(DAYS);
    session::ActiveModel {
        token_index: Set(app.seal.index(&token)),
        account_id: Set(account.id),
        session_key_sealed: Set(session_key_sealed),
        expires_at: Set(expires_at),
        created_at: Set(tx.now()),
        ..Default::default()
    }
    .insert(tx.db())
    .await?;
    let actor = load_actor(tx.db(), &account, tx.now()).await?;
    tx.commit().await?;
    Ok(SignedIn {
        token,
        expires_at,
        actor,
        account,
        repeated: false,
    })
}

/// Notes in which compound a code was scanned (`GY/3`, `place=12`); a scene that names nothing is
/// no fault of the person's.
async fn remember_compound(
    tx: &Tx,
    account: account::Model,
    scene: &str,
) -> Result<account::Model, Fault> {
    let found = match scene.strip_prefix("place=").map(str::parse::<i64>) {
        Some(Ok(id)) => place::Entity::find_by_id(id).one(tx.db()).await?,
        Some(Err(_)) => None,
        None => {
            place::Entity::find()
                .filter(place::COLUMN.code.eq(cut_bytes(&clean(scene), 64)))
                .one(tx.db())
                .await?
        }
    };
    let compound = found.and_then(|place| place.compound_id);
    if compound.is_none() || account.compound_id == compound {
        return Ok(account);
    }
    let change = account::ActiveModel {
        id: Set(account.id),
        compound_id: Set(compound),
        ..Default::default()
    };
    Ok(account::Entity::update(change).exec(tx.db()).await?)
}

/// Who holds this token.
///
/// # Errors
/// `unauthenticated` when nobody does, or no longer.
pub async fn authenticate(app: &App, token: &str) -> Result<Caller, Fault> {
    let (session, account) = held(app, token).await?;
    let actor = load_actor(app.store.read(), &account, app.clock.now()).await?;
    Ok(Caller {
        account,
        actor,
        session_id: session.id,
    })
}

/// The session of this token, and whose it is.
async fn held(app: &App, token: &str) -> Result<(session::Model, account::Model), Fault> {
    let refused = || Fault::new(Code::Unauthenticated, "登录已失效,请重新登录。");
    if token.len() > TOKEN_MOST {
        return Err(refused());
    }
    let db = app.store.read();
    let session = session::Entity::find()
        .filter(session::COLUMN.token_index.eq(app.seal.index(token)))
        .filter(session::COLUMN.revoked_at.is_null())
        .filter(session::COLUMN.expires_at.gt(app.clock.now()))
        .one(db)
        .await?
        .ok_or_else(refused)?;
    let account = account::Entity::find_by_id(session.account_id)
        .one(db)
        .await?
        .ok_or_else(refused)?;
    Ok((session, account))
}

/// Ends a session.
///
/// # Errors
/// The database's.
pub async fn sign_out(tx: &Tx, session_id: i64) -> Result<(), Fault> {
    session::Entity::update_many()
        .set(session::ActiveModel {
            revoked_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(session::COLUMN.id.eq(session_id))
        .filter(session::COLUMN.revoked_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Ends all sessions of an account: it has left.
///
/// # Errors
/// The database's.
pub async fn sign_out_account(tx: &Tx, account_id: i64) -> Result<(), Fault> {
    session::Entity::update_many()
        .set(session::ActiveModel {
            revoked_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(session::COLUMN.account_id.eq(account_id))
        .filter(session::COLUMN.revoked_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}

/// The account of whoever opens a page, made when they sign in for the first time. Nothing can be pushed to a
/// mini-program without a subscription. Looking at a page of the official account is no word to us: it opens no
/// window for messages, and whoever comes so need not follow.
async fn upsert(
    tx: &Tx,
    channel: Channel,
    openid: &str,
    union_id: Option<&str>,
) -> Result<account::Model, Fault> {
    let heard = (channel == Channel::Mini).then(|| tx.now());
    let row = account::ActiveModel {
        channel: Set(channel),
        external_id: Set(openid.to_owned()),
        union_id: Set(union_id.map(str::to_owned)),
        followed: Set(false),
        window_left: Set(0),
        last_inbound_at: Set(heard),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    let mut conflict = OnConflict::columns([account::Column::Channel, account::Column::ExternalId]);
    conflict.update_column(match heard {
        Some(_) => account::Column::LastInboundAt,
        // Something has to change for the row to be handed back.
        None => account::Column::ExternalId,
    });
    if union_id.is_some() {
        conflict.update_column(account::Column::UnionId);
    }
    Ok(account::Entity::insert(row)
        .on_conflict(conflict)
        .exec_with_returning(tx.db())
        .await?)
}

/// The platform's answers in our words (protocols.md §3.1).
fn explain(error: wechat::Error) -> Fault {
    match &error {
        wechat::Error::Malformed(_) => Fault::invalid("code", STALE),
        wechat::Error::Platform { code, .. } => match code {
            40029 | 40163 => Fault::invalid("code", STALE),
            40226 => Fault::forbidden("微信限制了这个账号登录,请联系社区工作人员。"),
            45011 => Fault::too_many(60),
            _ => Fault::plain(Code::Outside).because(error),
        },
        _ => Fault::plain(Code::Outside).because(error),
    }
}
