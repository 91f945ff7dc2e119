//! Reads of drives, donations and uses, scoped by who asks: whoever belongs to a compound sees its drives,
//! donors their donations, staff those of what they run or keep the money of. What a board shows to everybody
//! is in `public`. Nobody is named who gives in secret.

pub mod public;

use chrono::NaiveDate;
use entity::kinds::{DonationKind, DonationState, DriveState};
use entity::{donation, donation_use, donation_use_share, drive, person, place};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::fund::rows::{self, no_such};
use crate::giving::SECRET;
use crate::person::words::veiled;
use crate::place::queries::{self as places, in_own_compounds, within_reach};
use crate::store::paging::newest;

/// Whoever sees the donations of a compound, beside the donors.
const SEES: [Deed; 3] = [Deed::RunDrives, Deed::TakeMoney, Deed::SeeMoney];
/// Shares of a donation that are shown.
const MOST_USES: u64 = 20;

/// The same answer for a drive that is not there and for one that is not theirs.
#[must_use]
pub fn no_such_drive(id: i64) -> Fault {
    Fault::not_found(format!("没有找到捐赠活动 #{id}。回复“捐款”看现在的活动。"))
}

/// Whether staff sees what is given there.
fn sees(actor: &Actor, path: &str) -> bool {
    SEES.iter().any(|deed| may(actor, *deed, path))
}

/// Whether somebody runs drives in a compound.
#[must_use]
pub fn runs(actor: &Actor, compound: &place::Model) -> bool {
    may(actor, Deed::RunDrives, &compound.path)
}

/// The compound that somebody gives in: that of their first home, or of their post.
///
/// # Errors
/// `forbidden` for somebody who belongs to none.
pub async fn own_compound<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
) -> Result<place::Model, Fault> {
    let found = places::own_compound(db, actor).await?;
    found.ok_or_else(|| Fault::forbidden("要先绑定房号才能捐，回复:绑定 3-2-501 姓名 手机号。"))
}

/// A drive with its compound, if the actor may know of it: a draft is for those who run it.
///
/// # Errors
/// `not_found`, also when it is another compound's.
pub async fn drive<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<(drive::Model, place::Model), Fault> {
    let none = || no_such_drive(id);
    let row = drive::Entity::find_by_id(id).one(db).await?;
    let row = row.ok_or_else(none)?;
    let compound = places::by_id(db, row.compound_id).await?;
    let compound = compound.ok_or_else(none)?;
    let known = match row.state {
        DriveState::Draft => may(actor, Deed::RunDrives, &compound.path),
        _ => actor.belongs(compound.id, &compound.path) || sees(actor, &compound.path),
    };
    match known {
        true => Ok((row, compound)),
        false => Err(none()),
    }
}

/// Whether a drive takes donations on a day of China's calendar.
#[must_use]
pub fn takes(row: &drive::Model, today: NaiveDate) -> bool {
    row.state == DriveState::Open
        && row.from_day <= today
        && row.to_day.is_none_or(|last| today <= last)
}

/// Drives of the actor's compounds that take donations on a day, the newest first.
///
/// # Errors
/// The database's.
pub async fn open_drives<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    today: NaiveDate,
    most: u64,
) -> Result<Vec<drive::Model>, Fault> {
    let lasts = Condition::any()
        .add(drive::COLUMN.to_day.is_null())
        .add(drive::COLUMN.to_day.gte(today));
    Ok(drive::Entity::find()
        .filter(in_own_compounds(drive::Column::CompoundId, actor))
        .filter(drive::COLUMN.state.eq(DriveState::Open))
        .filter(drive::COLUMN.from_day.lte(today))
        .filter(lasts)
        .order_by_desc(drive::COLUMN.id)
        .limit(most)
        .all(db)
        .await?)
}

/// Drives that the actor may know of, the newest first: drafts where they run drives.
///
/// # Errors
/// The database's.
pub async fn drives<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    compound_id: Option<i64>,
    slice: Slice,
) -> Result<Page<drive::Model>, Fault> {
    let shown = Condition::all()
        .add(drive::COLUMN.state.ne(DriveState::Draft))
        .add(in_own_compounds(drive::Column::CompoundId, actor));
    let mut known = Condition::any().add(shown);
    if let Some(run) = within_reach(drive::Column::CompoundId, actor, Deed::RunDrives) {
        known = known.add(match run.is_empty() {
            // Everywhere; an empty part of «any» would be left out of it.
            true => drive::COLUMN.id.gt(0).into(),
            false => run,
        });
    }
    let mut query = drive::Entity::find().filter(known);
    if let Some(id) = compound_id {
        query = query.filter(drive::COLUMN.compound_id.eq(id));
    }
    newest(db, query, drive::Column::Id, slice, |row| row.id).await
}

/// What somebody has to do with a donation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It is theirs.
    Donor,
    /// Staff who sees what is given there.
    Staff,
}

/// A donation as somebody may see it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The row; whoever is no donor reads `who` and not the row's donor.
    pub row: donation::Model,
    /// Where.
    pub compound: place::Model,
    /// `张**`, or that nobody is to know.
    pub who: String,
    /// What it is for.
    pub purpose: String,
    /// Of the one who asks.
    pub side: Side,
}

/// One donation, if the actor may see it.
///
/// # Errors
/// `not_found`, also when it is somebody else's.
pub async fn seen<C: ConnectionTrait>(db: &C, actor: &Actor, id: i64) -> Result<Seen, Fault> {
    let row = rows::by_id(db, id).await?.ok_or_else(|| no_such(id))?;
    let mut all = show(db, actor, vec![row]).await?;
    all.pop().ok_or_else(|| no_such(id))
}

/// Which donations are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// One's own.
    Mine,
    /// Goods that wait to be taken in, where the actor runs drives.
    Waiting,
    /// Those of them that wait in a compound.
    WaitingIn(i64),
    /// What was given for a drive, or for none, in a compound.
    Of(i64, Option<i64>),
}

/// A page of donations, the newest first.
///
/// # Errors
/// `forbidden` for somebody who is bound to nothing, or may run drives nowhere; the database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    which: Which,
    slice: Slice,
) -> Result<Page<Seen>, Fault> {
    let person = actor.require_person()?;
    let wanted = match which {
        Which::Mine => Condition::all().add(donation::COLUMN.donor_id.eq(person)),
        Which::Waiting => waiting(actor)?,
        Which::WaitingIn(compound_id) => {
            waiting(actor)?.add(donation::COLUMN.compound_id.eq(compound_id))
        }
        Which::Of(compound_id, drive_id) => Condition::all()
            .add(donation::COLUMN.compound_id.eq(compound_id))
            .add(match drive_id {
                Some(id) => donation::COLUMN.drive_id.eq(id),
                None => donation::COLUMN.drive_id.is_null(),
            }),
    };
    let query = donation::Entity::find().filter(wanted);
    let page = newest(db, query, donation::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: show(db, actor, page.items).await?,
        next: page.next,
    })
}

/// The condition that goods wait where the actor runs drives.
fn waiting(actor: &Actor) -> Result<Condition, Fault> {
    let run = within_reach(donation::Column::CompoundId, actor, Deed::RunDrives)
        .ok_or_else(|| Fault::forbidden("您没有这项权限。"))?;
    Ok(Condition::all()
        .add(run)
        .add(donation::COLUMN.kind.eq(DonationKind::Goods))
        .add(donation::COLUMN.state.eq(DonationState::Pledged)))
}

/// How many goods wait to be taken in where the actor runs drives; none for whoever runs none.
///
/// # Errors
/// The database's.
pub async fn count_waiting<C: ConnectionTrait>(db: &C, actor: &Actor) -> Result<u64, Fault> {
    let Ok(wanted) = waiting(actor) else {
        return Ok(0);
    };
    Ok(donation::Entity::find().filter(wanted).count(db).await?)
}

/// Rows as the actor may see them; those that are not theirs to see are left out.
async fn show<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    found: Vec<donation::Model>,
) -> Result<Vec<Seen>, Fault> {
    let compounds = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(found.iter().map(|row| row.compound_id)),
        )
        .all(db)
        .await?;
    let names = donors(db, &found).await?;
    let drives = drive::Entity::find()
        .filter(
            drive::COLUMN
                .id
                .is_in(found.iter().filter_map(|row| row.drive_id)),
        )
        .all(db)
        .await?;
    let mut all = Vec::new();
    for (row, who) in found.into_iter().zip(names) {
        let compound = compounds.iter().find(|one| one.id == row.compound_id);
        let Some(compound) = compound.cloned() else {
            continue;
        };
        let own = row.donor_id.is_some() && row.donor_id == actor.person_id();
        let side = match own {
            true => Side::Donor,
            false if sees(actor, &compound.path) => Side::Staff,
            false => continue,
        };
        let drive = drives.iter().find(|drive| Some(drive.id) == row.drive_id);
        all.push(Seen {
            purpose: drive.map_or_else(|| super::FREE.to_owned(), |drive| drive.title.clone()),
            row,
            compound,
            who,
            side,
        });
    }
    Ok(all)
}

/// Who gave each of them, as others may know it: the family name, or that nobody is to know.
pub(super) async fn donors<C: ConnectionTrait>(
    db: &C,
    found: &[donation::Model],
) -> Result<Vec<String>, Fault> {
    let named = found.iter().filter(|row| !row.anonymous);
    let people = person::Entity::find()
        .filter(
            person::COLUMN
                .id
                .is_in(named.filter_map(|row| row.donor_id)),
        )
        .all(db)
        .await?;
    let who = |row: &donation::Model| {
        if row.anonymous {
            return SECRET.to_owned();
        }
        let known = people.iter().find(|one| Some(one.id) == row.donor_id);
        let known = known.filter(|one| one.erased_at.is_none());
        match (known, &row.donor_name) {
            (Some(person), _) => veiled(&person.name),
            (None, Some(name)) => veiled(name),
            (None, None) => SECRET.to_owned(),
        }
    };
    Ok(found.iter().map(who).collect())
}

/// What a donation was used for, the newest first: each use with this donation's part of it.
///
/// # Errors
/// The database's.
pub async fn uses_of<C: ConnectionTrait>(
    db: &C,
    donation_id: i64,
) -> Result<Vec<(donation_use::Model, i64)>, Fault> {
    let shares = donation_use_share::Entity::find()
        .filter(donation_use_share::COLUMN.donation_id.eq(donation_id))
        .order_by_desc(donation_use_share::COLUMN.id)
        .limit(MOST_USES)
        .all(db)
        .await?;
    let uses = donation_use::Entity::find()
        .filter(
            donation_use::COLUMN
                .id
                .is_in(shares.iter().map(|share| share.use_id)),
        )
        .all(db)
        .await?;
    let with = shares.iter().filter_map(|share| {
        let found = uses.iter().find(|one| one.id == share.use_id)?;
        Some((found.clone(), share.amount))
    });
    Ok(with.collect())
}

/// A use by key; not scoped.
///
/// # Errors
/// The database's.
pub async fn use_by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<donation_use::Model>, Fault> {
    Ok(donation_use::Entity::find_by_id(id).one(db).await?)
}

/// A drive by key; not scoped.
///
/// # Errors
/// The database's.
pub async fn drive_by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<drive::Model>, Fault> {
    Ok(drive::Entity::find_by_id(id).one(db).await?)
}
