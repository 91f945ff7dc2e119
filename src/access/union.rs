//! One human being, several accounts: the platform's `unionid` joins them (P3). Messages of the
//! official account do not bear it, so it is asked for when somebody signs in to the mini-program.
//! Used by `session.rs`.

use entity::kinds::Channel;
use entity::{account, binding};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{LIVE, TIED};
use crate::app::App;
use crate::base::fault::Fault;
use crate::store::Tx;

/// The platform tells of so many at once.
const BATCH: u64 = 100;
/// Times a minute that the platform is asked.
const PER_MINUTE: u32 = 60;
/// Stands in `account.union_id` for: asked, and linked to nothing.
const NONE: &str = "";

/// Finds out who the bound followers of the official account are, those who wrote last first, unless
/// somebody with this `unionid` is known there already. When the platform does not tell, signing in
/// goes on without.
///
/// # Errors
/// The database's.
pub(super) async fn learn(app: &App, union_id: &str) -> Result<(), Fault> {
    let official = || account::Entity::find().filter(account::COLUMN.channel.eq(Channel::Official));
    let known = official()
        .filter(account::COLUMN.union_id.eq(union_id))
        .one(app.store.read())
        .await?;
    if known.is_some() {
        return Ok(());
    }
    let unknown = official()
        .filter(account::COLUMN.union_id.is_null())
        .filter(account::COLUMN.person_id.is_not_null())
        .filter(account::COLUMN.followed.eq(true))
        .order_by_desc(account::COLUMN.last_inbound_at)
        .limit(BATCH)
        .all(app.store.read())
        .await?;
    if unknown.is_empty() || !app.limiter.take("union", PER_MINUTE).await {
        return Ok(());
    }
    let openids: Vec<String> = unknown.iter().map(|row| row.external_id.clone()).collect();
    let now = app.clock.now();
    match app
        .official_client
        .union_ids(&openids, now.timestamp())
        .await
    {
        Ok(told) => note(app, unknown, &told).await,
        Err(error) => {
            tracing::warn!(%error, "the platform does not tell who its followers are");
            Ok(())
        }
    }
}

async fn note(
    app: &App,
    asked: Vec<account::Model>,
    told: &[(String, String)],
) -> Result<(), Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    for row in asked {
        let found = told.iter().find(|(openid, _)| *openid == row.external_id);
        let union_id = found.map_or(NONE, |(_, union_id)| union_id);
        account::Entity::update_many()
            .set(account::ActiveModel {
                union_id: Set(Some(union_id.to_owned())),
                ..Default::default()
            })
            .filter(account::COLUMN.id.eq(row.id))
            .filter(account::COLUMN.union_id.is_null())
            .exec(tx.db())
            .await?;
    }
    tx.commit().await
}

/// Takes over the person, and the ties to homes, of another account of the same human being
/// (`unionid`). What was refused or released stays so.
pub(super) async fn join(tx: &Tx, account: account::Model) -> Result<account::Model, Fault> {
    let Some(union_id) = account.union_id.clone().filter(|id| id != NONE) else {
        return Ok(account);
    };
    let siblings = account::Entity::find()
        .filter(account::COLUMN.union_id.eq(union_id))
        .filter(account::COLUMN.id.ne(account.id))
        .filter(account::COLUMN.person_id.is_not_null())
        .order_by_asc(account::COLUMN.id)
        .all(tx.db())
        .await?;
    let Some(first) = siblings.first() else {
        return Ok(account);
    };
    if account.person_id.is_some() && account.person_id != first.person_id {
        // Bound to somebody else by hand: that word counts.
        return Ok(account);
    }
    let account_id = account.id;
    let (person_id, compound_id) = (first.person_id, account.compound_id.or(first.compound_id));
    let joined = if account.person_id == person_id && account.compound_id == compound_id {
        account
    } else {
        let mut change = account.into_active_model();
        change.person_id = Set(person_id);
        change.compound_id = Set(compound_id);
        change.update(tx.db()).await?
    };
    let of_person = siblings
        .iter()
        .filter(|sibling| sibling.person_id == person_id)
        .map(|sibling| sibling.id);
    copy_ties(tx, account_id, of_person.collect()).await?;
    Ok(joined)
}

async fn copy_ties(tx: &Tx, to: i64, from: Vec<i64>) -> Result<(), Fault> {
    let theirs = binding::Entity::find()
        .filter(binding::COLUMN.account_id.is_in(from))
        .filter(binding::COLUMN.state.is_in(TIED))
        .order_by_asc(binding::COLUMN.id)
        .all(tx.db())
        .await?;
    let own = binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(to))
        .all(tx.db())
        .await?;
    let mut homes = Vec::new();
    for tie in theirs {
        // A tie of its own counts, and so does a copy that ended; one that was made again since
        // is copied again.
        let decided = |own: &binding::Model| {
            own.place_id == tie.place_id && (own.id > tie.id || LIVE.contains(&own.state))
        };
        if homes.contains(&tie.place_id) || own.iter().any(decided) {
            continue;
        }
        homes.push(tie.place_id);
        let mut copy = tie.into_active_model().reset_all();
        copy.id = sea_orm::ActiveValue::NotSet;
        copy.account_id = Set(to);
        copy.created_at = Set(tx.now());
        copy.insert(tx.db()).await?;
    }
    Ok(())
}
