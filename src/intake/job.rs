//! An import by browser, from the side of whoever brings it: the files come in and are looked through, then
//! they are stored or not, by one more word. Each step is a compare-and-set of the job's state. Only whoever
//! brought it sees it: bad rows quote what stands in the files.

use entity::import_job;
use entity::kinds::ImportState;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::parcel::{File, pack};
use super::remind;
use crate::access::permit::{Deed, require_somewhere};
use crate::access::{Actor, audit};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::text::shorten;
use crate::store::Tx;

/// States in which a job keeps its files.
pub const OPEN: &[ImportState] = &[
    ImportState::Checking,
    ImportState::Checked,
    ImportState::Queued,
];
/// Jobs that somebody may have open at once.
const MOST_OPEN: u64 = 3;
/// Characters of the names that are kept.
const MOST_NAMES: usize = 200;

/// What an audit row or a reminder is about.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("import:{id}")
}

fn unknown() -> Fault {
    Fault::not_found("没有找到这次导入，可能是别人上传的。")
}

/// One's own job.
///
/// # Errors
/// `forbidden` for whoever administers nothing, `not_found` for anybody else's.
pub async fn own<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<import_job::Model, Fault> {
    require_somewhere(actor, Deed::Administer)?;
    let row = import_job::Entity::find_by_id(id)
        .filter(import_job::COLUMN.person_id.eq(actor.require_person()?))
        .one(db)
        .await?;
    row.ok_or_else(unknown)
}

/// One's own jobs, the newest first.
///
/// # Errors
/// `forbidden` for whoever administers nothing.
pub async fn lately<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    most: u64,
) -> Result<Vec<import_job::Model>, Fault> {
    require_somewhere(actor, Deed::Administer)?;
    Ok(import_job::Entity::find()
        .filter(import_job::COLUMN.person_id.eq(actor.require_person()?))
        .order_by_desc(import_job::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}

/// Takes files in, to be looked through. They are sealed before they leave this process.
///
/// # Errors
/// `forbidden`, `conflict` when too many wait already, `outside` when the storage does not answer.
pub async fn upload(app: &App, actor: &Actor, files: &[File]) -> Result<i64, Fault> {
    require_somewhere(actor, Deed::Administer)?;
    let person_id = actor.require_person()?;
    let path = format!("import/{}.sealed", app.dice.token());
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let names = shorten(&names.join("、"), MOST_NAMES);
    let sealed = app.seal.seal_bytes(&app.dice, pack(files))?;
    app.files.note(&path, sealed).await?;
    let stored = async {
        let mut tx = app.store.begin(app.clock.now()).await?;
        let id = insert(&mut tx, actor, person_id, names, path.clone()).await?;
        tx.commit().await?;
        Ok(id)
    };
    let stored: Result<i64, Fault> = stored.await;
    if stored.is_err()
        && let Err(fault) = app.files.delete(&path).await
    {
        tracing::warn!(
            ?fault,
            "a file of an import that was not taken stays behind"
        );
    }
    stored
}

async fn insert(
    tx: &mut Tx,
    actor: &Actor,
    person_id: i64,
    names: String,
    path: String,
) -> Result<i64, Fault> {
    let open = import_job::Entity::find()
        .filter(import_job::COLUMN.person_id.eq(person_id))
        .filter(import_job::COLUMN.state.is_in(OPEN.iter().copied()))
        .count(tx.db())
        .await?;
    if open >= MOST_OPEN {
        return Err(Fault::invalid(
            "files",
            "您还有几次导入没有做完，请先导入或放弃，再上传新的。",
        ));
    }
    let row = import_job::ActiveModel {
        person_id: Set(person_id),
        names: Set(names),
        path: Set(Some(path)),
        state: Set(ImportState::Checking),
        skip_bad: Set(false),
        bad: Set(0),
        attempts: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = import_job::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    remind::run(tx, row.id, "check").await?;
    remind::forget(tx, row.id, remind::UNUSED_HOURS).await?;
    note(tx, actor, row.id, "roster.upload");
    Ok(row.id)
}

/// The word to store what was looked through.
///
/// # Errors
/// As [`own`]; `wrong_step` when there are bad rows that are not to be skipped, `conflict` when it has been
/// said already.
pub async fn start(tx: &mut Tx, actor: &Actor, id: i64, skip_bad: bool) -> Result<(), Fault> {
    let row = own(tx.db(), actor, id).await?;
    if row.state != ImportState::Checked {
        return Err(over());
    }
    if row.bad > 0 && !skip_bad {
        return Err(Fault::wrong_step(
            "还有错误行。请改好文件重新上传，或选“跳过错误行”。",
        ));
    }
    let change = import_job::ActiveModel {
        state: Set(ImportState::Queued),
        skip_bad: Set(skip_bad),
        attempts: Set(0),
        ..Default::default()
    };
    if !change_state(tx, id, ImportState::Checked, change).await? {
        return Err(over());
    }
    remind::run(tx, id, "store").await?;
    note(tx, actor, id, "roster.start");
    Ok(())
}

/// Not wanted after all; says which files are to be removed after the commit.
///
/// # Errors
/// As [`own`]; `conflict` when it is no longer waiting for a word.
pub async fn give_up(tx: &Tx, actor: &Actor, id: i64) -> Result<Vec<String>, Fault> {
    let row = own(tx.db(), actor, id).await?;
    let change = import_job::ActiveModel {
        state: Set(ImportState::Dropped),
        path: Set(None),
        bad_path: Set(None),
        ..Default::default()
    };
    if !change_state(tx, id, ImportState::Checked, change).await? {
        return Err(over());
    }
    note(tx, actor, id, "roster.drop");
    Ok(files_of(&row))
}

fn over() -> Fault {
    Fault::new(
        Code::Conflict,
        "这次导入已经处理过了，没有再做一次。请看现在的情况。",
    )
}

/// Where the files of a job lie.
#[must_use]
pub fn files_of(row: &import_job::Model) -> Vec<String> {
    let paths = [&row.path, &row.bad_path];
    paths.into_iter().flatten().cloned().collect()
}

/// Moves a job on, if it still stands there.
pub(super) async fn change_state(
    tx: &Tx,
    id: i64,
    from: ImportState,
    change: import_job::ActiveModel,
) -> Result<bool, Fault> {
    let change = import_job::ActiveModel {
        updated_at: Set(tx.now()),
        ..change
    };
    let changed = import_job::Entity::update_many()
        .set(change)
        .filter(import_job::COLUMN.id.eq(id))
        .filter(import_job::COLUMN.state.eq(from))
        .exec(tx.db())
        .await?;
    Ok(changed.rows_affected == 1)
}

pub(super) fn note(tx: &Tx, actor: &Actor, id: i64, action: &'static str) {
    let entry = audit::Entry {
        action,
        subject: subject(id),
        compound_id: None,
        detail: None,
    };
    audit::record(tx, actor, entry);
}
