//! What everybody may see of giving in a compound: every drive that was opened, every donation that is there,
//! every use with the donations that it came out of. Not scoped; names as others may know them.

use std::collections::HashMap;

use entity::kinds::{DonationKind, DonationState, DriveState};
use entity::{donation, donation_use, donation_use_share, drive};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use crate::base::fault::Fault;
use crate::base::page::{Page, Slice};
use crate::fund::subject;
use crate::giving::PART;
use crate::giving::queries::donors;
use crate::moderation::queries::all_shown;
use crate::store::paging::newest;

/// Uses that are shown of a drive.
const MOST_USES: u64 = 200;
/// Drives that are shown.
const MOST_DRIVES: u64 = 50;

/// What was given, used and paid back, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What came in.
    pub given: i64,
    /// What of it was used.
    pub used: i64,
    /// What of it went back.
    pub returned: i64,
    /// Donations of money and goods.
    pub count: i64,
}

impl Sums {
    /// What is there to be used.
    #[must_use]
    pub const fn left(self) -> i64 {
        self.given - self.used - self.returned
    }
}

/// The sums of a compound by drive; under none what was given for none.
///
/// # Errors
/// The database's.
pub async fn sums<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<HashMap<Option<i64>, Sums>, Fault> {
    let money = |column: &str, name: &str| {
        format!(
            r#"CAST(COALESCE(SUM(CASE WHEN "kind" = 'money' THEN "{column}" ELSE 0 END), 0) AS BIGINT) AS "{name}""#
        )
    };
    let sql = format!(
        r#"SELECT "drive_id", {}, {}, {}, CAST(COUNT(*) AS BIGINT) AS "count" FROM "donation" WHERE "compound_id" = {compound_id} AND "state" = 'received' GROUP BY "drive_id""#,
        money("amount", "given"),
        money("used", "used"),
        money("returned", "returned"),
    );
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let mut all = HashMap::new();
    for row in db.query_all_raw(statement).await? {
        let number = |name: &str| row.try_get::<i64>("", name);
        let sums = Sums {
            given: number("given")?,
            used: number("used")?,
            returned: number("returned")?,
            count: number("count")?,
        };
        all.insert(row.try_get::<Option<i64>>("", "drive_id")?, sums);
    }
    Ok(all)
}

/// Drives that were opened, those that take donations first, then the newest.
///
/// # Errors
/// The database's.
pub async fn drives<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
) -> Result<Vec<drive::Model>, Fault> {
    let mut rows = drive::Entity::find()
        .filter(drive::COLUMN.compound_id.eq(compound_id))
        .filter(drive::COLUMN.state.ne(DriveState::Draft))
        .order_by_desc(drive::COLUMN.id)
        .limit(MOST_DRIVES)
        .all(db)
        .await?;
    rows.sort_by_key(|row| row.state != DriveState::Open);
    Ok(rows)
}

/// A donation as everybody may see it.
#[derive(Clone, Debug)]
pub struct Given {
    /// The row, without what is not for everybody: read the other fields in place of its words.
    pub row: donation::Model,
    /// `张**`, or that nobody is to know.
    pub who: String,
    /// What the goods are, and for which room, as far as it has passed.
    pub goods: String,
}

/// What is there for a drive, or for none, the newest first.
///
/// # Errors
/// The database's.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    drive_id: Option<i64>,
    slice: Slice,
) -> Result<Page<Given>, Fault> {
    let query = donation::Entity::find()
        .filter(donation::COLUMN.compound_id.eq(compound_id))
        .filter(donation::COLUMN.state.eq(DonationState::Received))
        .filter(match drive_id {
            Some(id) => donation::COLUMN.drive_id.eq(id),
            None => donation::COLUMN.drive_id.is_null(),
        });
    let page = newest(db, query, donation::Column::Id, slice, |row| row.id).await?;
    Ok(Page {
        items: given(db, page.items).await?,
        next: page.next,
    })
}

/// Goods for rooms of the compound that are there, the newest first (W5: shown with thanks).
///
/// # Errors
/// The database's.
pub async fn for_rooms<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    most: u64,
) -> Result<Vec<Given>, Fault> {
    let rows = donation::Entity::find()
        .filter(donation::COLUMN.compound_id.eq(compound_id))
        .filter(donation::COLUMN.state.eq(DonationState::Received))
        .filter(donation::COLUMN.kind.eq(DonationKind::Goods))
        .filter(donation::COLUMN.room.is_not_null())
        .order_by_desc(donation::COLUMN.id)
        .limit(most)
        .all(db)
        .await?;
    given(db, rows).await
}

async fn given<C: ConnectionTrait>(
    db: &C,
    rows: Vec<donation::Model>,
) -> Result<Vec<Given>, Fault> {
    let names = donors(db, &rows).await?;
    let goods = rows.iter().filter(|row| row.kind == DonationKind::Goods);
    let subjects = goods.map(|row| subject(row.id)).collect();
    let mut words = all_shown(db, subjects, PART).await?;
    let each = rows.into_iter().zip(names);
    let each = each.map(|(row, who)| Given {
        goods: words.remove(&subject(row.id)).unwrap_or_default(),
        who,
        row,
    });
    Ok(each.collect())
}

/// What was used of a drive, or of what was given for none, the newest first: each with the donations that it
/// came out of and their parts.
///
/// # Errors
/// The database's.
pub async fn uses<C: ConnectionTrait>(
    db: &C,
    compound_id: i64,
    drive_id: Option<i64>,
) -> Result<Vec<(donation_use::Model, Vec<(i64, i64)>)>, Fault> {
    let rows = donation_use::Entity::find()
        .filter(donation_use::COLUMN.compound_id.eq(compound_id))
        .filter(match drive_id {
            Some(id) => donation_use::COLUMN.drive_id.eq(id),
            None => donation_use::COLUMN.drive_id.is_null(),
        })
        .order_by_desc(donation_use::COLUMN.id)
        .limit(MOST_USES)
        .all(db)
        .await?;
    let mut shares: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
    let found = donation_use_share::Entity::find()
        .filter(
            donation_use_share::COLUMN
                .use_id
                .is_in(rows.iter().map(|row| row.id)),
        )
        .order_by_asc(donation_use_share::COLUMN.id)
        .all(db)
        .await?;
    for share in found {
        let of = shares.entry(share.use_id).or_default();
        of.push((share.donation_id, share.amount));
    }
    let with = rows.into_iter().map(|row| {
        let own = shares.remove(&row.id).unwrap_or_default();
        (row, own)
    });
    Ok(with.collect())
}
