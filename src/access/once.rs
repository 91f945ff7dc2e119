//! Idempotency of the API: the answer to a POST is kept in the transaction of its effect, and given
//! again to every repeat of the same `Idempotency-Key`. Used by the nouns' `api.rs`, and by forms of the console that
//! make something new, whose mark is the key (`web/console/once.rs`).
//!
//! ```text
//! once.answer(&app, 201, async |tx| {
//!     let filed = actions::file(tx, …).await?;
//!     view(tx.db(), &filed).await
//! })
//! .await
//! ```
//! A fault stores nothing, since its transaction is rolled back: the repeat is tried anew.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::idempotency;
use poem::http::{StatusCode, header};
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait, TryInsertResult};
use serde::Serialize;

use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::store::Tx;

/// Header of the key.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Longest key.
const KEY_MOST: usize = 64;

/// What tells one request from another: method, path and body. Put into the request by
/// `web/limits.rs`, which reads the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print(String);

impl Print {
    /// Of one request.
    #[must_use]
    pub fn of(method: &str, path: &str, body: &[u8]) -> Self {
        let head = format!("{method} {path}\n");
        let bytes = [head.as_bytes(), body].concat();
        Self(STANDARD.encode(digest(&SHA256, &bytes).as_ref()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// One POST of one account. Without a key it lets everything pass.
#[derive(Clone, Debug)]
pub struct Once {
    scope: String,
    key: Option<String>,
    print: Print,
}

/// An answer of the API: status and JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON text.
    pub body: String,
    /// Whether it was given before.
    pub repeated: bool,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::builder()
            .status(StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK))
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8");
        if self.repeated {
            response = response.header("idempotency-replayed", "true");
        }
        response.body(self.body)
    }
}

impl Once {
    /// One form of the console, as a person sent it: its mark is the key.
    #[must_use]
    pub fn of_form(person_id: i64, mark: &str, print: Print) -> Self {
        Self {
            scope: format!("person:{person_id}"),
            key: Some(mark.to_owned()).filter(|mark| (1..=KEY_MOST).contains(&mark.len())),
            print,
        }
    }

    /// Does something once, in a transaction of its own: a repeat gets the answer of before, otherwise what
    /// `work` makes is kept beside its effect and answered with this status.
    ///
    /// # Errors
    /// As [`Once::enter`]; those of `work`, of which nothing stays then.
    pub async fn answer<T: Serialize>(
        &self,
        app: &App,
        status: u16,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, Fault>,
    ) -> Result<Answer, Fault> {
        let mut tx = app.store.begin(app.clock.now()).await?;
        if let Some(answer) = self.enter(&tx).await? {
            return Ok(answer);
        }
        let body = work(&mut tx).await?;
        let answer = self.leave(&tx, status, &body).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Begins inside the transaction of the effect: none to go on, or the answer that was given
    /// before. A twin that is under way on another instance is waited for by the database.
    ///
    /// # Errors
    /// `key_reused` when the key came with another request, `in_progress` when it has no answer.
    pub async fn enter(&self, tx: &Tx) -> Result<Option<Answer>, Fault> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let row = idempotency::ActiveModel {
            scope: Set(self.scope.clone()),
            key: Set(key.clone()),
            request_hash: Set(self.print.0.clone()),
            status: Set(None),
            body: Set(None),
            created_at: Set(tx.now()),
        };
        let stored = idempotency::Entity::insert_many([row])
            .on_conflict(
                OnConflict::columns([idempotency::Column::Scope, idempotency::Column::Key])
                    .do_nothing()
                    .to_owned(),
            )
            .try_insert()
            .exec_without_returning(tx.db())
            .await?;
        if matches!(stored, TryInsertResult::Inserted(count) if count > 0) {
            return Ok(None);
        }
        let before = idempotency::Entity::find_by_id((self.scope.clone(), key.clone()))
            .one(tx.db())
            .await?
            .ok_or_else(|| Fault::plain(Code::InProgress))?;
        if before.request_hash != self.print.0 {
            return Err(Fault::plain(Code::KeyReused));
        }
        match (before.status, before.body) {
            (Some(status), Some(body)) => Ok(Some(Answer {
                status: u16::try_from(status).unwrap_or(200),
                body,
                repeated: true,
            })),
            _ => Err(Fault::plain(Code::InProgress)),
        }
    }

    /// The answer that was given to this very request before, if any: for a request that asks
    /// somebody outside before it begins its transaction.
    ///
    /// # Errors
    /// The database's, and `key_reused` when the key came with another request.
    pub async fn earlier<C: ConnectionTrait>(&self, db: &C) -> Result<Option<Answer>, Fault> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let before = idempotency::Entity::find_by_id((self.scope.clone(), key.clone()))
            .one(db)
            .await?;
        let Some(before) = before else {
            return Ok(None);
        };
        if before.request_hash != self.print.0 {
            return Err(Fault::plain(Code::KeyReused));
        }
        let answer = before.status.zip(before.body);
        Ok(answer.map(|(status, body)| Answer {
            status: u16::try_from(status).unwrap_or(200),
            body,
            repeated: true,
        }))
    }

    /// Keeps the answer in the transaction of the effect, and hands it out for the response.
    ///
    /// # Errors
    /// The database's.
    pub async fn leave<T: Serialize>(
        &self,
        tx: &Tx,
        status: u16,
        body: &T,
    ) -> Result<Answer, Fault> {
        let answer = Answer {
            status,
            body: serde_json::to_string(body).map_err(Fault::internal)?,
            repeated: false,
        };
        if let Some(key) = &self.key {
            idempotency::Entity::update(idempotency::ActiveModel {
                scope: Set(self.scope.clone()),
                key: Set(key.clone()),
                status: Set(Some(i16::try_from(status).unwrap_or(200))),
                body: Set(Some(answer.body.clone())),
                ..Default::default()
            })
            .exec(tx.db())
            .await?;
        }
        Ok(answer)
    }
}

impl<'a> FromRequest<'a> for Once {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let caller = Caller::of(request)?;
        Ok(Self {
            scope: format!("account:{}", caller.account.id),
            key: read_key(request)?,
            print: request
                .data::<Print>()
                .cloned()
                .ok_or_else(|| Fault::internal("the body limit is missing before this route"))?,
        })
    }
}

/// The key, if one came: 1 to 64 visible ASCII characters, once.
pub(super) fn read_key(request: &Request) -> Result<Option<String>, Fault> {
    let wrong = || {
        Fault::invalid(
            IDEMPOTENCY_KEY,
            "Idempotency-Key 必须是 1 到 64 个可见字符。",
        )
    };
    let mut given = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = given.next() else {
        return Ok(None);
    };
    if given.next().is_some() {
        return Err(wrong());
    }
    let key = value.to_str().map_err(|_| wrong())?;
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=KEY_MOST).contains(&key.len()) {
        Ok(Some(key.to_owned()))
    } else {
        Err(wrong())
    }
}
