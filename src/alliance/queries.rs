//! Reads of alliances, all of them public: those of a compound and of the places above it, their members with what
//! each can give and has done, and the newest records.

use std::collections::BTreeMap;

use entity::{alliance_member, alliance_record, organisation, place};
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::alliance::KIND;
use crate::base::fault::Fault;
use crate::offer::chart::resources;
use crate::organisation::queries as organisations;
use crate::place::queries as places;

/// Members and records that are listed.
const MOST_MEMBERS: u64 = 200;
const MOST_RECORDS: u64 = 20;

/// An organisation in an alliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Of the organisation.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Resources that it offers now.
    pub resources: i64,
    /// Times that it did something.
    pub times: i64,
    /// People that it served.
    pub served: i64,
}

/// A record as everybody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The row.
    pub record: alliance_record::Model,
    /// Who did it.
    pub name: String,
}

/// An alliance with its members and its newest records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alliance {
    /// The alliance itself.
    pub organisation: organisation::Model,
    /// Who belongs to it now, who has served most people first.
    pub members: Vec<Member>,
    /// The newest first.
    pub records: Vec<Record>,
    /// Times and people, of all that ever belonged to it.
    pub total: (i64, i64),
}

pub(super) fn no_such() -> Fault {
    Fault::not_found("没有找到这个联盟。")
}

/// The alliance, with where it works.
///
/// # Errors
/// `not_found` for what is no alliance.
pub async fn found<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<(organisation::Model, place::Model), Fault> {
    let row = organisations::by_id(db, id).await?;
    let row = row.filter(|row| row.kind == KIND).ok_or_else(no_such)?;
    let place = places::by_id(db, row.place_id).await?;
    Ok((row, place.ok_or_else(no_such)?))
}

/// The same for whoever keeps it.
///
/// # Errors
/// `not_found`, also for an alliance that is not theirs to keep.
pub async fn kept<C: ConnectionTrait>(
    db: &C,
    actor: &Actor,
    id: i64,
) -> Result<(organisation::Model, place::Model), Fault> {
    let (row, place) = found(db, id).await?;
    if may(actor, Deed::KeepAgreements, &place.path) {
        Ok((row, place))
    } else {
        Err(no_such())
    }
}

/// The alliances of a compound and of the places above it, the higher first.
///
/// # Errors
/// The database's.
pub async fn around<C: ConnectionTrait>(
    db: &C,
    compound: &place::Model,
) -> Result<Vec<Alliance>, Fault> {
    let near = organisations::around(db, compound).await?;
    let mut all = Vec::new();
    for organisation in near.into_iter().filter(|row| row.kind == KIND) {
        all.push(whole(db, organisation).await?);
    }
    Ok(all)
}

async fn whole<C: ConnectionTrait>(
    db: &C,
    organisation: organisation::Model,
) -> Result<Alliance, Fault> {
    let belong: Vec<i64> = alliance_member::Entity::find()
        .select_only()
        .column(alliance_member::Column::OrganisationId)
        .filter(alliance_member::COLUMN.alliance_id.eq(organisation.id))
        .filter(alliance_member::COLUMN.left_on.is_null())
        .order_by_asc(alliance_member::COLUMN.id)
        .limit(MOST_MEMBERS)
        .into_tuple()
        .all(db)
        .await?;
    let rows = alliance_record::Entity::find()
        .filter(alliance_record::COLUMN.alliance_id.eq(organisation.id))
        .filter(alliance_record::COLUMN.removed_at.is_null())
        .order_by_desc(alliance_record::COLUMN.on_day)
        .order_by_desc(alliance_record::COLUMN.id)
        .limit(MOST_RECORDS)
        .all(db)
        .await?;
    let named = belong
        .iter()
        .copied()
        .chain(rows.iter().map(|row| row.organisation_id));
    let names = organisation::Entity::find()
        .filter(organisation::COLUMN.id.is_in(named))
        .all(db)
        .await?;
    let name = |id: i64| {
        let found = names.iter().find(|one| one.id == id);
        found.map(|one| one.name.clone()).unwrap_or_default()
    };
    let offers = resources(db, &belong).await?;
    let sums = sums(db, organisation.id).await?;
    let mut members: Vec<Member> = belong
        .iter()
        .map(|id| {
            let (times, served) = sums.get(id).copied().unwrap_or_default();
            Member {
                id: *id,
                name: name(*id),
                resources: offers.get(id).copied().unwrap_or(0),
                times,
                served,
            }
        })
        .collect();
    members.sort_by_key(|one| std::cmp::Reverse((one.served, one.times)));
    let total = sums
        .values()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    Ok(Alliance {
        members,
        records: rows
            .into_iter()
            .map(|record| Record {
                name: name(record.organisation_id),
                record,
            })
            .collect(),
        total,
        organisation,
    })
}

/// Times and people of each organisation.
async fn sums<C: ConnectionTrait>(
    db: &C,
    alliance_id: i64,
) -> Result<BTreeMap<i64, (i64, i64)>, Fault> {
    let rows: Vec<(i64, i64, i64)> = alliance_record::Entity::find()
        .select_only()
        .column(alliance_record::Column::OrganisationId)
        .column_as(alliance_record::COLUMN.id.count(), "times")
        // The same type on both databases.
        .column_as(
            Expr::col(alliance_record::Column::Served)
                .sum()
                .cast_as("bigint"),
            "served",
        )
        .filter(alliance_record::COLUMN.alliance_id.eq(alliance_id))
        .filter(alliance_record::COLUMN.removed_at.is_null())
        .group_by(alliance_record::Column::OrganisationId)
        .into_tuple()
        .all(db)
        .await?;
    let pair = |(id, times, served)| (id, (times, served));
    Ok(rows.into_iter().map(pair).collect())
}

/// Whether an organisation belongs to an alliance now.
///
/// # Errors
/// The database's.
pub async fn membership<C: ConnectionTrait>(
    db: &C,
    alliance_id: i64,
    organisation_id: i64,
) -> Result<Option<alliance_member::Model>, Fault> {
    Ok(alliance_member::Entity::find()
        .filter(alliance_member::COLUMN.alliance_id.eq(alliance_id))
        .filter(alliance_member::COLUMN.organisation_id.eq(organisation_id))
        .one(db)
        .await?)
}
