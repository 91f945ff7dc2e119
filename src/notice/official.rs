//! Notices of what is published (公示): a month of the books, an expense before and after it is paid. The noun that
//! publishes has its notice written in the same transaction, for whoever has a home there; from then on it is told,
//! read, counted and carried to doors like any other. It stands beside the limits of people's notices: it waits for
//! no hour, can neither be undone nor recalled nor corrected by hand, and only the noun's next version takes its
//! place. Called by `disclosure` and `expense`.

use entity::kinds::NoticeState;
use entity::{notice, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::notice::actions::{close_visits, publish::take_back, read, send::replace};
use crate::notice::audience::{Group, Scope};
use crate::notice::{MOST_BODY, MOST_TITLE, remind};
use crate::reminder::enqueue;
use crate::store::Tx;

/// What is published.
#[derive(Clone, Debug)]
pub struct Published<'a> {
    /// Who published it.
    pub author_id: i64,
    /// In which compound.
    pub place: &'a place::Model,
    /// What it is, `disclosure:12`: told once, however often it is said.
    pub about: String,
    /// What it takes the place of, called in the same way.
    pub replaces: Option<String>,
    /// 1, or more for a correction.
    pub version: i32,
    /// One line; cut where it is too long.
    pub title: String,
    /// Plain text, what matters most first; cut where it is too long.
    pub body: String,
    /// Where it is shown to everybody: a path of ours.
    pub path: String,
}

/// The notice of something that was published, if there is one.
///
/// # Errors
/// The database's.
pub async fn of<C: ConnectionTrait>(db: &C, about: &str) -> Result<Option<notice::Model>, Fault> {
    let found = notice::Entity::find().filter(notice::COLUMN.about.eq(about));
    Ok(found.one(db).await?)
}

/// Has every home told of it: its notice goes out as soon as this transaction is committed. Done twice it is told once.
///
/// # Errors
/// The database's; `conflict` when somebody else publishes the same at this moment.
pub async fn publish(tx: &mut Tx, one: Published<'_>) -> Result<(), Fault> {
    if of(tx.db(), &one.about).await?.is_some() {
        return Ok(());
    }
    let before = match &one.replaces {
        Some(about) => of(tx.db(), about).await?,
        None => None,
    };
    let scope = Scope {
        places: Vec::new(),
        who: vec![Group::Residents],
    };
    let now = tx.now();
    let row = notice::ActiveModel {
        compound_id: Set(one.place.compound_id),
        place_id: Set(one.place.id),
        author_id: Set(one.author_id),
        title: Set(shorten(&one.title, MOST_TITLE)),
        body: Set(shorten(one.body.trim_end(), MOST_BODY)),
        urgent: Set(false),
        state: Set(NoticeState::Undoable),
        version: Set(one.version),
        corrects: Set(before.as_ref().map(|row| row.id)),
        about: Set(Some(one.about)),
        path: Set(Some(one.path)),
        scope: Set(serde_json::to_value(&scope).map_err(Fault::internal)?),
        // Counted when they are written down: nobody is asked to confirm how many they are.
        counted: Set(0),
        reachable: Set(0),
        round: Set(0),
        told_to: Set(0),
        published_at: Set(Some(now)),
        go_at: Set(Some(now)),
        created_at: Set(now),
        ..Default::default()
    };
    let row = notice::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    // At once, and not when this one goes out: what was wrong is told to nobody any more.
    if let Some(before) = before {
        replace(tx, before.id).await?;
    }
    enqueue(tx, vec![remind::begin(&row, now)]).await
}

/// Takes its notice back, because nothing comes of what was published: whoever has not been told is not told any more,
/// by no visit either, and a tombstone stays. Where there is none, or it stands no more, nothing happens.
///
/// # Errors
/// The database's.
pub async fn withdraw(tx: &mut Tx, about: &str) -> Result<(), Fault> {
    let Some(row) = of(tx.db(), about).await? else {
        return Ok(());
    };
    take_back(tx, &row, None, "公示已撤回，不用上门").await?;
    Ok(())
}

/// Nobody need go to a door for it any more: the time for which it was shown is over.
///
/// # Errors
/// The database's.
pub async fn over(tx: &Tx, about: &str) -> Result<(), Fault> {
    match of(tx.db(), about).await? {
        Some(row) => close_visits(tx, row.id, "公示期已满，不用上门").await,
        None => Ok(()),
    }
}

/// Notes that somebody has seen what was published in another way than by its notice. Whoever is no recipient leaves
/// no trace.
///
/// # Errors
/// The database's.
pub async fn seen(tx: &Tx, about: &str, person_id: i64) -> Result<(), Fault> {
    match of(tx.db(), about).await? {
        Some(row) => read(tx, row.id, person_id).await,
        None => Ok(()),
    }
}
