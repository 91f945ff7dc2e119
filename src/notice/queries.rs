//! Reads of notices: one's own as a recipient, those that somebody leads, and how far one has come. The doors
//! that they are carried to are in `doors`.

mod doors;

pub use doors::{Building, Unread, buildings, lists, seen, unread, unread_page};

use std::collections::HashMap;

use entity::kinds::{NoticeState, ReminderState};
use entity::{attachment, notice, notice_recipient};
use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType,
    QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::attachment::queries as attachments;
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::notice::actions::send::told_key;
use crate::notice::audience::{Group, Scope};
use crate::notice::{HOLDS, OUT, subject};
use crate::place::ids;
use crate::place::queries::{self as places, within_reach};
use crate::store::paging::newest;
use doors::carried;

/// The same for what is not there and what is not theirs.
#[must_use]
pub fn no_such(id: i64) -> Fault {
    Fault::not_found(format!("没有找到公告 #{id}，回复“公告”看您收到的公告。"))
}

/// By key: not scoped, the caller asks whose it is.
///
/// # Errors
/// The database's.
pub async fn by_id<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<notice::Model>, Fault> {
    Ok(notice::Entity::find_by_id(id).one(db).await?)
}

/// One that the actor may lead: of a place where they publish, and no draft of somebody else.
///
/// # Errors
/// `not_found` for any other.
pub async fn led<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<notice::Model, Fault> {
    let row = by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    let place = places::by_id(db, row.place_id).await?;
    let own = actor.person_id() == Some(row.author_id);
    let theirs = place.is_some_and(|place| may(actor, Deed::PublishNotices, &place.path));
    if theirs && (own || row.state != NoticeState::Draft) {
        Ok(row)
    } else {
        Err(no_such(id))
    }
}

/// One that is out, to a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The notice.
    pub notice: notice::Model,
    /// Their part in it.
    pub own: notice_recipient::Model,
}

/// One that somebody has got.
///
/// # Errors
/// `not_found` for whoever is no recipient, and for one that is not out.
pub async fn received<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    id: i64,
) -> Result<Received, Fault> {
    let found = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.notice_id.eq(id))
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .one(db)
        .await?;
    let row = by_id(db, id).await?.filter(|row| OUT.contains(&row.state));
    match (row, found) {
        (Some(notice), Some(own)) => Ok(Received { notice, own }),
        _ => Err(no_such(id)),
    }
}

/// Those that somebody has got, newest first; of several versions the newest alone.
///
/// # Errors
/// The database's.
pub async fn inbox<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
    slice: Slice,
) -> Result<Page<Received>, Fault> {
    let shown = Query::select()
        .column(notice::Column::Id)
        .from(notice::Entity)
        .and_where(notice::Column::State.is_in(OUT))
        .and_where(notice::Column::State.ne(NoticeState::Corrected))
        .to_owned();
    let query = notice_recipient::Entity::find()
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .filter(notice_recipient::Column::NoticeId.in_subquery(shown));
    let key = notice_recipient::Column::NoticeId;
    let page = newest(db, query, key, slice, |own| own.notice_id).await?;
    if page.items.is_empty() {
        return Ok(Page::empty());
    }
    let ids = page.items.iter().map(|own| own.notice_id);
    let rows = notice::Entity::find()
        .filter(notice::COLUMN.id.is_in(ids))
        .all(db)
        .await?;
    let mut rows: HashMap<i64, notice::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let received = page.items.into_iter().filter_map(|own| {
        let notice = rows.remove(&own.notice_id)?;
        Some(Received { notice, own })
    });
    Ok(Page {
        items: received.collect(),
        next: page.next,
    })
}

/// The newest that somebody has got and not acknowledged.
///
/// # Errors
/// The database's.
pub async fn unacknowledged<C: ConnectionTrait>(
    db: &C,
    person_id: i64,
) -> Result<Option<notice::Model>, Fault> {
    let row = notice::Entity::find()
        .join(
            JoinType::InnerJoin,
            notice::Entity::belongs_to(notice_recipient::Entity)
                .from(notice::Column::Id)
                .to(notice_recipient::Column::NoticeId)
                .into(),
        )
        .filter(notice_recipient::COLUMN.person_id.eq(person_id))
        .filter(notice_recipient::COLUMN.acknowledged_at.is_null())
        .filter(notice::COLUMN.state.is_in(HOLDS))
        .order_by_desc(notice::Column::Id)
        .limit(1)
        .one(db)
        .await?;
    Ok(row)
}

/// Those of the places where the actor publishes; for whoever goes to doors also those that are carried there.
/// Newest first; drafts are their author's alone.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    slice: Slice,
) -> Result<Page<notice::Model>, Fault> {
    let publishes = within_reach(notice::Column::PlaceId, actor, Deed::PublishNotices);
    let leads = publishes.map(|publishes| {
        let shown = Condition::any()
            .add(notice::COLUMN.state.ne(NoticeState::Draft))
            .add(notice::Column::AuthorId.eq(actor.person_id()));
        Condition::all().add(publishes).add(shown)
    });
    let ways: Vec<Condition> = [leads, carried(actor)].into_iter().flatten().collect();
    if ways.is_empty() {
        return Ok(Page::empty());
    }
    let reach = ways.into_iter().fold(Condition::any(), Condition::add);
    let query = notice::Entity::find().filter(reach);
    newest(db, query, notice::Column::Id, slice, |row| row.id).await
}

/// How far a notice has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Recipients.
    pub people: i64,
    /// Those whom a channel may reach.
    pub reachable: i64,
    /// Have read it.
    pub read: i64,
    /// Have acknowledged it.
    pub acknowledged: i64,
    /// Messages of this round that a platform took, or that are told at the door.
    pub sent: i64,
    /// Messages that wait or are under way.
    pub waiting: i64,
    /// Messages that could not be sent.
    pub failed: i64,
    /// Messages that were no longer needed, or not wanted.
    pub dropped: i64,
    /// Reached before this round, which has no message for them: they have read it. With these five and those whom
    /// no channel reaches everybody is counted once.
    pub earlier: i64,
}

impl Progress {
    /// Whoever a channel may reach and of whom no message of this round says anything: while the round is still being
    /// written they wait for it, afterwards they were not to be told again; of one that holds no more nobody is.
    fn rest(&mut self, state: NoticeState) {
        let told = self.sent + self.waiting + self.failed + self.dropped;
        let rest = (self.reachable - told).max(0);
        match state {
            NoticeState::Sending => self.waiting += rest,
            NoticeState::Sent => self.earlier = rest,
            _ => self.dropped += rest,
        }
    }

    /// Messages whose end is known, in hundredths of those whom a channel may reach.
    #[must_use]
    pub fn percent(&self) -> i64 {
        let done = self.sent + self.failed + self.dropped;
        match self.sent + self.waiting + self.failed + self.dropped {
            0 => 0,
            all => (done * 100 / all.max(1)).clamp(0, 100),
        }
    }
}

#[derive(FromQueryResult)]
struct Counts {
    people: i64,
    reachable: i64,
    read: i64,
    acknowledged: i64,
}

#[derive(FromQueryResult)]
struct Told {
    state: String,
    many: i64,
}

/// How far it has come; before it is out, what was counted.
///
/// # Errors
/// The database's.
pub async fn progress<C: ConnectionTrait>(db: &C, row: &notice::Model) -> Result<Progress, Fault> {
    if !OUT.contains(&row.state) {
        return Ok(Progress {
            people: row.counted,
            reachable: row.reachable,
            ..Progress::default()
        });
    }
    let backend = db.get_database_backend();
    let counts = Statement::from_sql_and_values(
        backend,
        "SELECT COUNT(*) AS people, COUNT(CASE WHEN reachable THEN 1 END) AS reachable, \
         COUNT(read_at) AS read, COUNT(acknowledged_at) AS acknowledged \
         FROM notice_recipient WHERE notice_id = $1",
        [row.id.into()],
    );
    let counts = Counts::find_by_statement(counts).one(db).await?;
    let told = Statement::from_sql_and_values(
        backend,
        "SELECT told.state AS state, COUNT(*) AS many FROM notice_recipient AS own \
         JOIN reminder AS told ON told.dedupe_key = $1 || CAST(own.person_id AS text) \
         WHERE own.notice_id = $2 GROUP BY told.state",
        [told_key(row).into(), row.id.into()],
    );
    let mut progress = Progress::default();
    for told in Told::find_by_statement(told).all(db).await? {
        match ReminderState::try_from_value(&told.state) {
            Ok(ReminderState::Sent) => progress.sent = told.many,
            Ok(ReminderState::Failed) => progress.failed = told.many,
            Ok(ReminderState::Cancelled) => progress.dropped = told.many,
            _ => progress.waiting += told.many,
        }
    }
    if let Some(counts) = counts {
        progress.people = counts.people;
        progress.reachable = counts.reachable;
        progress.read = counts.read;
        progress.acknowledged = counts.acknowledged;
    }
    progress.rest(row.state);
    Ok(progress)
}

/// The newest that hold and are for everybody of a compound, its own and those of the places above it: what its
/// board may show.
///
/// # Errors
/// The database's.
pub async fn of_compound<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<notice::Model>, Fault> {
    let Some(compound) = places::by_id(db, compound_id).await? else {
        return Ok(Vec::new());
    };
    let mut rows = notice::Entity::find()
        .filter(notice::COLUMN.place_id.is_in(ids(&compound.path)))
        // What is published has pages of its own there.
        .filter(notice::COLUMN.about.is_null())
        .filter(notice::COLUMN.state.is_in(HOLDS))
        .order_by_desc(notice::Column::Id)
        // Some of them are for a group alone.
        .limit(most * 4)
        .all(db)
        .await?;
    rows.retain(is_for_everybody);
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(rows)
}

/// Whether it is for whoever lives at its place, and not for a list or a group.
#[must_use]
pub fn is_for_everybody(row: &notice::Model) -> bool {
    let scope: Option<Scope> = serde_json::from_value(row.scope.clone()).ok();
    scope.is_some_and(|scope| scope.places.is_empty() && scope.who.contains(&Group::Residents))
}

/// Its photos and other files. A correction that brought none of its own has those of the version before: it
/// corrects the words. One that was written after another has that one's likewise.
///
/// # Errors
/// The database's.
pub async fn files<C: ConnectionTrait>(
    db: &C,
    row: &notice::Model,
) -> Result<Vec<attachment::Model>, Fault> {
    let mut found = attachments::of_subject(db, &subject(row.id)).await?;
    let before_it = |row: &notice::Model| row.corrects.or(row.rewrites);
    let mut before = before_it(row);
    while let Some(id) = before.filter(|_| found.is_empty()) {
        found = attachments::of_subject(db, &subject(id)).await?;
        before = by_id(db, id).await?.as_ref().and_then(before_it);
    }
    Ok(found)
}

/// The version that has taken its place, if it is out.
///
/// # Errors
/// The database's.
pub async fn newer<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<notice::Model>, Fault> {
    let row = notice::Entity::find()
        .filter(notice::COLUMN.corrects.eq(id))
        .filter(notice::COLUMN.state.is_in(OUT))
        .order_by_desc(notice::Column::Id)
        .one(db)
        .await?;
    Ok(row)
}
