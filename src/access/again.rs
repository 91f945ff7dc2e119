//! Idempotency of signing in, where nobody is known yet: the answer is kept by address, key and code for as
//! long as a code lives, its token sealed. Used by `session.rs`; `web/session.rs` reads it from the request.

use std::net::IpAddr;

use chrono::TimeDelta;
use entity::idempotency;
use poem::Request;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, TryInsertResult};

use crate::access::once::{Print, read_key};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::store::Tx;

/// As stored in `idempotency.scope`.
const SCOPE: &str = "session";
/// The platform takes a code for so long (protocols.md §3.1).
const LIFE: TimeDelta = TimeDelta::minutes(5);
/// What a person reads whose code is bad, used or too old.
pub(super) const STALE: &str = "登录凭证已失效,请重新打开小程序再试。";
/// HTTP status of a new session.
const CREATED: i16 = 201;

/// One sign-in of somebody who may repeat it.
#[derive(Clone, Debug)]
pub struct Again {
    /// Of address, key and the whole request: opaque.
    key: String,
}

impl Again {
    /// Of a request that came with an `Idempotency-Key`; none without.
    ///
    /// # Errors
    /// `invalid` when the key cannot be one.
    pub fn of(
        app: &App,
        request: &Request,
        address: Option<IpAddr>,
    ) -> Result<Option<Self>, Fault> {
        let Some(key) = read_key(request)? else {
            return Ok(None);
        };
        let print = request
            .data::<Print>()
            .ok_or_else(|| Fault::internal("the body limit is missing before this route"))?;
        let address = address.map_or_else(String::new, |address| address.to_string());
        let whole = format!("{address}\n{key}\n{}", print.as_str());
        Ok(Some(Self {
            key: app.seal.index(&whole),
        }))
    }

    /// Takes the place of the answer; the token that was given before, if it was.
    ///
    /// # Errors
    /// `in_progress` while a twin is at it, `invalid` when the code's life is over.
    pub(super) async fn enter(&self, app: &App) -> Result<Option<String>, Fault> {
        let now = app.clock.now();
        let row = idempotency::ActiveModel {
            scope: Set(SCOPE.to_owned()),
            key: Set(self.key.clone()),
            request_hash: Set(String::new()),
            status: Set(None),
            body: Set(None),
            created_at: Set(now),
        };
        let known = [idempotency::Column::Scope, idempotency::Column::Key];
        let stored = idempotency::Entity::insert_many([row])
            .on_conflict(OnConflict::columns(known).do_nothing().to_owned())
            .try_insert()
            .exec_without_returning(app.store.write())
            .await?;
        if matches!(stored, TryInsertResult::Inserted(count) if count > 0) {
            return Ok(None);
        }
        let before = idempotency::Entity::find_by_id((SCOPE.to_owned(), self.key.clone()))
            .one(app.store.write())
            .await?
            .ok_or_else(|| Fault::plain(Code::InProgress))?;
        if now - before.created_at > LIFE {
            return Err(Fault::invalid("code", STALE));
        }
        match before.body {
            Some(sealed) => app.seal.open(&sealed).map(Some),
            None => Err(Fault::plain(Code::InProgress)),
        }
    }

    /// Keeps the token, in the transaction of its session.
    ///
    /// # Errors
    /// The database's, and when it cannot be sealed.
    pub(super) async fn leave(&self, app: &App, tx: &Tx, token: &str) -> Result<(), Fault> {
        idempotency::Entity::update(idempotency::ActiveModel {
            scope: Set(SCOPE.to_owned()),
            key: Set(self.key.clone()),
            status: Set(Some(CREATED)),
            body: Set(Some(app.seal.seal(&app.dice, token)?)),
            ..Default::default()
        })
        .exec(tx.db())
        .await?;
        Ok(())
    }

    /// Gives the place up: nothing came of it, and the same may be tried again.
    pub(super) async fn give_up(&self, app: &App) {
        let given = idempotency::Entity::delete_by_id((SCOPE.to_owned(), self.key.clone()))
            .exec(app.store.write())
            .await;
        if let Err(error) = given {
            tracing::warn!(%error, "a sign-in that failed could not be forgotten");
        }
    }
}
