//! Drives: written as a draft, opened for donations, closed by hand or by their last day. Whoever gave is
//! told what is left when one closes.

use chrono::NaiveDate;
use entity::kinds::{ActorKind, DonationState, DriveState};
use entity::{donation, drive, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::access::audit::{self, Entry};
use crate::access::permit::{Deed, may, require};
use crate::access::{Actor, named};
use crate::base::clock::china;
use crate::base::dates;
use crate::base::fault::{Code, Fault};
use crate::base::redact::redact;
use crate::giving::actions::public_words;
use crate::giving::queries::{self, drive_by_id};
use crate::giving::step::{Turn, turned};
use crate::giving::{MOST_TEXT, MOST_TITLE, drive_says, remind, subject};
use crate::person::queries as people;
use crate::reminder;
use crate::store::Tx;

/// The most that a drive hopes for, in fen: a hundred million yuan. What is more is a slip of the hand.
const MOST_GOAL: i64 = 10_000_000_000;
/// Days that a drive may last.
const MOST_DAYS: i64 = 3_660;
/// People that are told by one statement.
const TOGETHER: usize = 500;

/// What a drive says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In a few words.
    pub title: String,
    /// What for and for whom.
    pub text: String,
    /// Fen; none when any amount helps.
    pub goal: Option<i64>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day; none until somebody closes it.
    pub to: Option<NaiveDate>,
}

/// Writes a new draft, or an old one anew: `known` is its key and the version that the page showed.
///
/// # Errors
/// `forbidden` without the right, `not_found` for a drive of elsewhere, `invalid` for words, a goal or days
/// that cannot be, `wrong_step` once it is open, `conflict` when somebody else wrote meanwhile.
pub async fn save(
    tx: &mut Tx,
    actor: &Actor,
    compound: &place::Model,
    known: Option<(i64, i32)>,
    said: &Said,
) -> Result<drive::Model, Fault> {
    let by = actor.require_person()?;
    if let Some((id, seen)) = known {
        let (row, compound) = run(tx, actor, id).await?;
        let said = checked(tx, said).await?;
        let next = drive::ActiveModel {
            title: Set(said.title),
            text: Set(said.text),
            goal: Set(said.goal),
            from_day: Set(said.from),
            to_day: Set(said.to),
            ..Default::default()
        };
        let row = drive::Model {
            version: seen,
            ..row
        };
        return store(tx, actor, &row, Turn::Edit, next, &compound, "drive.edit").await;
    }
    require(actor, Deed::RunDrives, &compound.path)?;
    let said = checked(tx, said).await?;
    let row = drive::ActiveModel {
        compound_id: Set(compound.id),
        title: Set(said.title),
        text: Set(said.text),
        goal: Set(said.goal),
        from_day: Set(said.from),
        to_day: Set(said.to),
        state: Set(DriveState::Draft),
        created_by: Set(by),
        version: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let row = drive::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    record(tx, actor, &row, "drive.write");
    Ok(row)
}

/// Words without names of residents and without numbers, a goal and days that can be.
async fn checked(tx: &Tx, said: &Said) -> Result<Said, Fault> {
    let title = public_words(
        "title",
        &said.title,
        MOST_TITLE,
        "请写活动名称，例如：给独居老人添冬衣。",
    )?;
    let text = public_words("text", &said.text, MOST_TEXT, "请写清楚为谁、做什么用。")?;
    let names = named::residents_named(tx.db(), &format!("{title}\n{text}"), tx.now()).await?;
    if said
        .goal
        .is_some_and(|goal| !(1..=MOST_GOAL).contains(&goal))
    {
        return Err(Fault::invalid(
            "goal",
            "目标金额要大于0，最多一亿元；没有目标就不写。",
        ));
    }
    let today = china(tx.now()).date_naive();
    dates::day("from", said.from)?;
    if let Some(last) = said.to {
        dates::day("to", last)?;
        if last < said.from || last < today {
            return Err(Fault::invalid("to", "结束日期不能早于开始日期和今天。"));
        }
        if (last - said.from).num_days() > MOST_DAYS {
            return Err(Fault::invalid("to", "活动最长十年，请核对结束日期。"));
        }
    }
    Ok(Said {
        title: redact(&title, &names),
        text: redact(&text, &names),
        ..said.clone()
    })
}

/// The drive, if the actor runs drives there.
async fn run(tx: &Tx, actor: &Actor, id: i64) -> Result<(drive::Model, place::Model), Fault> {
    let (row, compound) = queries::drive(tx.db(), actor, id).await?;
    match may(actor, Deed::RunDrives, &compound.path) {
        true => Ok((row, compound)),
        false => Err(Fault::forbidden("您没有这项权限。")),
    }
}

/// The one way to store a change of a drive.
async fn store(
    tx: &mut Tx,
    actor: &Actor,
    row: &drive::Model,
    turn: Turn,
    mut next: drive::ActiveModel,
    compound: &place::Model,
    audited: &str,
) -> Result<drive::Model, Fault> {
    let state = turned(row.state, turn).ok_or_else(|| {
        Fault::wrong_step(format!(
            "活动“{}”现在是“{}”，不能这样操作，请刷新后再看。",
            row.title,
            drive_says(row.state)
        ))
    })?;
    next.state = Set(state);
    next.version = Set(row.version + 1);
    next.updated_at = Set(tx.now());
    let done = drive::Entity::update_many()
        .set(next)
        .filter(drive::COLUMN.id.eq(row.id))
        .filter(drive::COLUMN.state.eq(row.state))
        .filter(drive::COLUMN.version.eq(row.version))
        .exec(tx.db())
        .await?;
    if done.rows_affected != 1 {
        return Err(Fault::plain(Code::Conflict));
    }
    let stored = drive_by_id(tx.db(), row.id).await?;
    let stored = stored.ok_or_else(|| Fault::internal("a drive is gone"))?;
    debug_assert_eq!(stored.compound_id, compound.id);
    record(tx, actor, &stored, audited);
    Ok(stored)
}

fn record(tx: &Tx, actor: &Actor, row: &drive::Model, audited: &str) {
    let entry = Entry {
        action: audited,
        subject: subject(row.id),
        compound_id: Some(row.compound_id),
        detail: None,
    };
    audit::record(tx, actor, entry);
}

/// Opens a draft: it takes donations from its first day on, and closes by itself after its last.
///
/// # Errors
/// `not_found`, `forbidden` without the right, `wrong_step` when it is no draft or its days are over,
/// `conflict` when somebody was faster.
pub async fn open(tx: &mut Tx, actor: &Actor, id: i64) -> Result<drive::Model, Fault> {
    let (row, compound) = run(tx, actor, id).await?;
    let today = china(tx.now()).date_naive();
    if row.to_day.is_some_and(|last| last < today) {
        return Err(Fault::wrong_step("结束日期已经过了，请改好日期再发布。"));
    }
    let next = drive::ActiveModel {
        opened_at: Set(Some(tx.now())),
        ..Default::default()
    };
    let row = store(tx, actor, &row, Turn::Open, next, &compound, "drive.open").await?;
    if let Some(clock) = remind::end(&row) {
        reminder::enqueue(tx, vec![clock]).await?;
    }
    Ok(row)
}

/// Closes a drive: it takes no more, what is left is used on, and whoever gave is told how much that is.
///
/// # Errors
/// As [`open`].
pub async fn close(tx: &mut Tx, actor: &Actor, id: i64) -> Result<drive::Model, Fault> {
    let (row, compound) = run(tx, actor, id).await?;
    shut(tx, actor, &row, &compound).await
}

/// The last day is over. Nothing when it was closed by hand: says whether it was open.
///
/// # Errors
/// The database's.
pub async fn end(tx: &mut Tx, id: i64, version: i32) -> Result<bool, Fault> {
    let row = drive_by_id(tx.db(), id).await?;
    let open = |row: &drive::Model| row.state == DriveState::Open && row.version == version;
    let Some(row) = row.filter(open) else {
        return Ok(false);
    };
    let compound = crate::place::queries::by_id(tx.db(), row.compound_id).await?;
    let Some(compound) = compound else {
        return Ok(false);
    };
    shut(tx, &Actor::system(), &row, &compound).await?;
    Ok(true)
}

async fn shut(
    tx: &mut Tx,
    actor: &Actor,
    row: &drive::Model,
    compound: &place::Model,
) -> Result<drive::Model, Fault> {
    let by = actor
        .person_id()
        .filter(|_| actor.kind != ActorKind::System);
    let next = drive::ActiveModel {
        closed_at: Set(Some(tx.now())),
        closed_by: Set(by),
        ..Default::default()
    };
    let row = store(tx, actor, row, Turn::Close, next, compound, "drive.close").await?;
    let donors: Vec<i64> = donation::Entity::find()
        .select_only()
        .column(donation::Column::DonorId)
        .distinct()
        .filter(donation::COLUMN.drive_id.eq(row.id))
        .filter(donation::COLUMN.state.eq(DonationState::Received))
        .filter(donation::COLUMN.donor_id.is_not_null())
        .into_tuple()
        .all(tx.db())
        .await?;
    let reached = people::with_account(tx.db(), &donors).await?;
    for some in reached.chunks(TOGETHER) {
        let items = some.iter().map(|person| remind::closed(&row, *person));
        reminder::enqueue(tx, items.collect()).await?;
    }
    Ok(row)
}
